"""Python source of values and calls, laid out over lines as common formatters do."""

import datetime
import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

__all__ = ["WIDTH", "Group", "Source", "assignment", "call", "chain", "import_line", "literal", "text_literal"]

WIDTH: Final = 88
"""Columns that a line may take where it can be broken."""

_INDENT: Final = 4


class Group(NamedTuple):
    """Something in brackets: on one line where it fits, else one item a line.

    Attributes:
        opening: What stands before the items, the bracket included ("[", "RepeatScene(").
        items: What stands before each item ("n=", "'a': "), and the item.
        closing: The bracket.
    """

    opening: str
    items: "tuple[tuple[str, Source], ...]"
    closing: str


Source: TypeAlias = str | Group
"""An expression; a text stays as it is, over several lines too."""


def literal(value: Any) -> Source:
    """Return the source of plain data: None, numbers, texts, dates, lists and tables of those.

    Raises:
        TypeError: When it holds something else.
    """
    match value:
        case None | bool() | int():
            return repr(value)
        case float():
            return repr(value).replace("e+", "e") if math.isfinite(value) else f'float("{value}")'
        case str():
            return text_literal(value)
        case datetime.datetime() | datetime.date() | datetime.time():
            return repr(value)
        case Mapping():
            items = []
            for key, item in value.items():
                if not isinstance(key, str):
                    raise TypeError(f"has the key {key!r}: keys must be texts")
                items.append((f"{_one_line(key)}: ", literal(item)))
            return Group("{", tuple(items), "}")
        case list() | tuple():
            return Group("[", tuple(("", literal(item)) for item in value), "]")
    raise TypeError(f"holds {value!r}, which is no plain data")


def text_literal(text: str) -> str:
    """Return the source of a text: over several lines, as HTML is read, where that says exactly the same."""
    plain = all(character in "\n\t" or character.isprintable() for character in text)
    if "\n" not in text.rstrip("\n") or not plain or '"""' in text or text.endswith('"'):
        return _one_line(text)
    return '"""\\\n' + text.replace("\\", "\\\\") + '"""'


def _one_line(text: str) -> str:
    quote = "'" if text.count('"') > text.count("'") else '"'
    shown = repr(text)
    inner = shown[1:-1].replace("\\'", "'") if shown[0] == "'" else shown[1:-1]
    return quote + inner.replace(quote, "\\" + quote) + quote


def call(name: str, arguments: Iterable[tuple[str, Source]]) -> Group:
    """Return a call; an argument without a name is given by its place."""
    return Group(f"{name}(", tuple((f"{key}=" if key else "", source) for key, source in arguments), ")")


def chain(name: str, head: Source, calls: Sequence[Group]) -> str:
    """Return the statement that gives `name` an object on which methods are called: on one line, or one a line."""
    if not calls:
        return assignment(name, head)
    if len(calls) == 1:
        return f"{name} = {_one_call(head, calls[0], len(name) + 3)}"
    parts = [_flat(head), *map(_flat, calls)]
    flat = ".".join(part for part in parts if part is not None) if None not in parts else None
    if flat is not None and len(name) + 3 + _columns(flat) <= WIDTH:
        return f"{name} = {flat}"
    if flat is not None and _INDENT + _columns(flat) <= WIDTH:
        return f"{name} = (\n{' ' * _INDENT}{flat}\n)"
    lines = [f"{name} = (", " " * _INDENT + _laid_out(head, _INDENT, _INDENT, 0)]
    lines += [f"{' ' * _INDENT}.{_laid_out(method, _INDENT, _INDENT + 1, 0)}" for method in calls]
    return "\n".join([*lines, ")"])


def _one_call(head: Source, method: Group, used: int) -> str:
    """Return an object on which one method is called: a line, or the one in brackets that is too long is broken."""
    start, end = _flat(head), _flat(method)
    if start is not None and used + _columns(f"{start}.{end if end is not None else method.opening}") <= WIDTH:
        return _laid_out(method._replace(opening=f"{start}.{method.opening}"), 0, used, 0)
    first = _laid_out(head, 0, WIDTH, 0)
    last = first.rpartition("\n")[2]
    return f"{first}.{_laid_out(method, 0, _columns(last) + 1, 0)}"


def assignment(name: str, source: Source) -> str:
    """Return the statement that gives `name` a value."""
    return f"{name} = {_laid_out(source, 0, len(name) + 3, 0)}"


def import_line(module: str, names: Iterable[str]) -> str:
    """Return the statement that imports names from a module."""
    listed = sorted(names)
    line = f"from {module} import {', '.join(listed)}"
    if len(line) <= WIDTH:
        return line
    return _laid_out(Group(f"from {module} import (", tuple(("", name) for name in listed), ")"), 0, WIDTH, 0)


def _flat(source: Source) -> str | None:
    """Return the source on one line; None: it has several."""
    if isinstance(source, str):
        return source if "\n" not in source else None
    parts = []
    for before, item in source.items:
        flat = _flat(item)
        if flat is None:
            return None
        parts.append(before + flat)
    return source.opening + ", ".join(parts) + source.closing


def _laid_out(source: Source, indent: int, used: int, after: int) -> str:
    """Return the source as it stands in a line.

    Args:
        source: The expression.
        indent: Where its lines begin.
        used: The columns before it in its first line.
        after: The columns that something behind it takes.
    """
    flat = _flat(source)
    if isinstance(source, str) or not source.items:
        return source if isinstance(source, str) else source.opening + source.closing
    if flat is not None and used + _columns(flat) + after <= WIDTH:
        return flat
    inner = indent + _INDENT
    lines = [source.opening]
    for before, item in source.items:
        lines.append(" " * inner + before + _laid_out(item, inner, inner + _columns(before), 1) + ",")
    return "\n".join([*lines, " " * indent + source.closing])


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
