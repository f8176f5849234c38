"""Functions that a script defines itself and that run in the participant's browser, where the script is not.

Such a function is written into a module of its own, with what it needs: constants, imports, other functions of the
script. What cannot be written so (it closes over an object, it is a method) is left to validation, which says so.
"""

import ast
import dis
import hashlib
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

__all__ = ["module_of"]


_NOTHING: Final = object()


class _NotWritableError(Exception):
    """The function needs something that cannot be written as source."""


def module_of(target: Callable[..., Any], name: str) -> tuple[str, str] | None:
    """Return the name and the source of a module in which `target`, a function or class, is called `name`.

    The file's name holds a hash of the source, so that another function is another study.

    Returns:
        None when it cannot stand alone.
    """
    if isinstance(target, type):
        methods = [item for item in vars(target).values() if isinstance(item, types.FunctionType)]
        if not methods:
            return None
        writer = _Writer(methods[0].__globals__)
    elif isinstance(target, types.FunctionType):
        writer = _Writer(target.__globals__)
    else:
        return None
    try:
        if isinstance(target, type):
            writer.write_class(target, name)
        else:
            writer.write(target, name)
    except (_NotWritableError, OSError, SyntaxError, ValueError, KeyError):
        return None
    source = "\n".join(["from __future__ import annotations", *writer.parts, ""])
    digest = hashlib.sha256(source.encode()).hexdigest()[:12]
    return f"mug_script_{name}_{digest}.py", source


class _Writer:
    def __init__(self, namespace: dict[str, Any]) -> None:
        self.parts: list[str] = []
        self._namespace = namespace
        self._written: dict[str, Any] = {}

    def write(self, function: types.FunctionType, name: str) -> None:
        """Write a function and, before it, all that it needs."""
        if name in self._written:
            if self._written[name] is not function:
                raise _NotWritableError(name)
            return
        self._written[name] = function
        node = _definition(function)
        self._give_defaults(node, function)
        for used in sorted({*_globals_of(function.__code__)} & self._namespace.keys()):
            self._need(used, self._namespace[used])
        for used, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self._need(used, cell.cell_contents)
        if isinstance(node, ast.Lambda):
            self.parts.append(f"{name} = {ast.unparse(node)}")
            return
        node.decorator_list = []
        self.parts.append(ast.unparse(node))
        if node.name != name:
            self.parts.append(f"{name} = {node.name}")

    def write_class(self, target: type, name: str) -> None:
        """Write a class and, before it, all that it needs."""
        if name in self._written:
            if self._written[name] is not target:
                raise _NotWritableError(name)
            return
        self._written[name] = target
        if target.__name__ != target.__qualname__:
            raise _NotWritableError(name)  # its methods may close over what surrounds it
        node = _class_definition(target, self._namespace)
        code = compile(ast.Module([node], []), "<class>", "exec", dont_inherit=True)
        for used in sorted({*_globals_of(code)} & self._namespace.keys() - {target.__name__, "__name__"}):
            self._need(used, self._namespace[used])
        self.parts.append(ast.unparse(node))
        if node.name != name:
            self.parts.append(f"{name} = {node.name}")

    def _give_defaults(self, node: ast.Lambda | ast.FunctionDef, function: types.FunctionType) -> None:
        """Write the defaults as they are: their source may name the variable of a loop, which is another one now."""
        given, keywords = node.args, function.__kwdefaults__ or {}
        given.defaults = [
            self._default(source, value)
            for source, value in zip(given.defaults, function.__defaults__ or (), strict=True)
        ]
        given.kw_defaults = [
            None if source is None else self._default(source, keywords[argument.arg])
            for argument, source in zip(given.kwonlyargs, given.kw_defaults, strict=True)
        ]

    def _default(self, source: ast.expr, value: Any) -> ast.expr:
        if isinstance(source, ast.Name) and self._namespace.get(source.id, _NOTHING) is value:
            self._need(source.id, value)
            return source
        return ast.parse(_literal(ast.unparse(source), value), mode="eval").body

    def _need(self, name: str, value: Any) -> None:
        if name in self._written:
            if self._written[name] is not value:
                raise _NotWritableError(name)
            return
        if name.startswith("__"):
            raise _NotWritableError(name)  # the script's own name and place mean nothing in the browser
        if isinstance(value, types.ModuleType):
            self._written[name] = value
            self.parts.append(f"import {value.__name__}" if value.__name__ == name else _import_as(value, name))
            return
        module = getattr(value, "__module__", None)
        if isinstance(value, types.FunctionType) and value.__globals__ is self._namespace:
            self.write(value, name)
        elif isinstance(value, type) and module == self._namespace.get("__name__") and module == "__main__":
            self.write_class(value, name)
        elif isinstance(value, type | types.FunctionType | types.BuiltinFunctionType):
            if not module or module == "__main__" or "." in value.__qualname__:
                raise _NotWritableError(name)
            self._written[name] = value
            self.parts.append(f"from {module} import {value.__qualname__} as {name}")
        else:
            self._written[name] = value
            self.parts.append(f"{name} = {_literal(name, value)}")


def _import_as(module: types.ModuleType, name: str) -> str:
    return f"import {module.__name__} as {name}"


def _literal(name: str, value: Any) -> str:
    text = repr(value)
    try:
        same = ast.literal_eval(text) == value
    except (ValueError, SyntaxError):
        same = False
    if not same:
        raise _NotWritableError(name)
    return text


def _definition(function: types.FunctionType) -> ast.Lambda | ast.FunctionDef:
    """Find the function's own piece of the script's source."""
    code = function.__code__
    tree = ast.parse(Path(code.co_filename).read_bytes())
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda | ast.FunctionDef) and _is(node, code)]
    if not found or (isinstance(found[0], ast.FunctionDef) and found[0].decorator_list):
        raise _NotWritableError(function.__qualname__)
    return found[0]


def _class_definition(target: type, namespace: dict[str, Any]) -> ast.ClassDef:
    """Find a class's own piece of the script's source."""
    tree = ast.parse(Path(str(namespace["__file__"])).read_bytes())
    found = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == target.__name__]
    if len(found) != 1:
        raise _NotWritableError(target.__qualname__)
    return found[0]


def _is(node: ast.Lambda | ast.FunctionDef, code: types.CodeType) -> bool:
    if isinstance(node, ast.FunctionDef):
        return node.name == code.co_name and node.lineno == code.co_firstlineno
    if code.co_name != "<lambda>" or node.lineno != code.co_firstlineno:
        return False
    if code.co_freevars:
        first = next((position for position in code.co_positions() if position[2] is not None), None)
        return first is None or node.col_offset <= (first[2] or 0) <= (node.end_col_offset or 0)
    again = compile(ast.Expression(node), code.co_filename, "eval").co_consts
    return any(isinstance(part, types.CodeType) and _same(part, code) for part in again)


def _same(one: types.CodeType, other: types.CodeType) -> bool:
    return (one.co_code, one.co_names, one.co_varnames) == (other.co_code, other.co_names, other.co_varnames) and [
        repr(value) for value in one.co_consts if not isinstance(value, types.CodeType)
    ] == [repr(value) for value in other.co_consts if not isinstance(value, types.CodeType)]


def _globals_of(code: types.CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(instruction.argval)
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _globals_of(inner)
