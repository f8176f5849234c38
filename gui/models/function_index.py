"""The functions and classes of a study's Python files, found by reading them: nothing of a study runs."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

__all__ = ["FoundFunction", "find_functions"]

MAX_FILES: Final = 300
MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 3
_LEFT_OUT: Final = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "env", "build", "dist"})


class FoundFunction(msgspec.Struct, frozen=True):
    """One function or class that a field may name.

    Attributes:
        reference: As a study names it ("env.py:make_env").
        signature: Its name with its parameters.
        summary: The first line of its docstring.
        is_class: Whether it is a class.
    """

    reference: str
    signature: str
    summary: str = ""
    is_class: bool = False


def find_functions(folder: Path) -> tuple[FoundFunction, ...]:
    """Return what the Python files in `folder`, and not too far below it, define at their top.

    Files that are too large, cannot be read, or are no Python are left out.
    """
    found: list[FoundFunction] = []
    for file in _python_files(folder):
        try:
            if file.stat().st_size > MAX_BYTES:
                continue
            tree = ast.parse(file.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue
        name = file.relative_to(folder).as_posix()
        found += [
            _found(name, node) for node in tree.body if isinstance(node, _NAMED) and not node.name.startswith("_")
        ]
        found += [_lambda(name, node) for node in tree.body if _is_lambda(node)]
    return tuple(found)


_NAMED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _python_files(folder: Path) -> Iterator[Path]:
    count = 0
    for place, folders, files in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(
            name for name in folders if depth < MAX_DEPTH and name not in _LEFT_OUT and not name.startswith(".")
        )
        for name in sorted(files):
            if name.endswith(".py"):
                count += 1
                if count > MAX_FILES:
                    return
                yield Path(place) / name


def _found(file: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> FoundFunction:
    doc = (ast.get_docstring(node) or "").strip().split("\n")[0]
    if isinstance(node, ast.ClassDef):
        return FoundFunction(f"{file}:{node.name}", f"class {node.name}", doc, is_class=True)
    return FoundFunction(f"{file}:{node.name}", f"{node.name}({ast.unparse(node.args)})", doc)


def _is_lambda(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda) and isinstance(node.targets[0], ast.Name)


def _lambda(file: str, node: ast.stmt) -> FoundFunction:
    assert isinstance(node, ast.Assign)
    assert isinstance(node.value, ast.Lambda)
    assert isinstance(node.targets[0], ast.Name)
    name = node.targets[0].id
    return FoundFunction(f"{file}:{name}", f"{name}({ast.unparse(node.value.args)})")
