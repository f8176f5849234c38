"""Values of free tables as text and back: JSON, TOML and Python's notation are all understood."""

import ast
import datetime
import json
import math
import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

import tomlkit

__all__ = [
    "KINDS",
    "converted",
    "kind_of",
    "read_list",
    "read_table",
    "read_value",
    "write_list",
    "write_table",
    "write_value",
]

KINDS: Final[Mapping[str, str]] = {
    "text": "Text",
    "number": "Number",
    "switch": "True / false",
    "list": "List",
    "table": "Table",
    "other": "Date / time",
}
"""Kinds of values with their names."""

_BARE: Final = re.compile(r"[^\W\d][\w .,:/%+-]*")


def kind_of(value: Any) -> str:
    """Return which of `KINDS` a value is."""
    match value:
        case bool():
            return "switch"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list() | tuple():
            return "list"
        case dict():
            return "table"
    return "other"


def write_value(value: Any) -> str:
    """Return a value as one line; a text is in quotes."""
    if value is None:
        return ""
    if _has_dates(value):
        return str(tomlkit.item(value).as_string())
    return json.dumps(value, ensure_ascii=False)


def read_value(text: str) -> Any:
    """Return the value that a line stands for; a plain word is a text. Lists are lists, never tuples.

    Raises:
        ValueError: When it is no value; the message says how to write one.
    """
    text = text.strip()
    if not text:
        raise ValueError("Write a value.")
    found = _parsed(text)
    if found is _NOTHING:
        if _BARE.fullmatch(text) and not text.endswith((",", ":")):
            return text
        raise ValueError(_how(text))
    _refuse_unwritable(found)
    return found


_NOTHING: Final = object()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    if "\n" not in text:
        try:
            return tomllib.loads(f"x = {text}")["x"]
        except ValueError:
            pass
    try:
        return _lists(ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return _NOTHING


def _lists(value: Any) -> Any:
    match value:
        case tuple() | list():
            return [_lists(item) for item in value]
        case dict():
            return {key: _lists(item) for key, item in value.items()}
        case str() | bool() | int() | float() | None:
            return value
    raise ValueError(f"{value!r} is no value that a study file holds")


def _how(text: str) -> str:
    if text.startswith(("[", "{")):
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            return f"This is not complete: {_plain(error.msg)} at character {error.pos + 1}."
    return f"“{text[:40]}” is no value: write a number, true, false, a text in quotes, [a list], or {{a: table}}."


def _plain(message: str) -> str:
    return message[:1].lower() + message[1:]


def _refuse_unwritable(value: Any, place: str = "") -> None:
    where = f" at {place}" if place else ""
    match value:
        case None:
            raise ValueError(f"Nothing (null){where} cannot stand in a study file: leave the entry out.")
        case float() if not math.isfinite(value):
            raise ValueError(f"{value}{where} is no finite number.")
        case list():
            for index, item in enumerate(value):
                _refuse_unwritable(item, f"{place}[{index}]")
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise ValueError(f"The key {key!r}{where} must be a text.")
                _refuse_unwritable(item, f"{place}.{key}" if place else key)


def _has_dates(value: Any) -> bool:
    match value:
        case datetime.date() | datetime.time():
            return True
        case dict():
            return any(_has_dates(item) for item in value.values())
        case list() | tuple():
            return any(_has_dates(item) for item in value)
    return False


def converted(value: Any, kind: str) -> Any:
    """Return what comes nearest to a value in another kind."""
    text = value if isinstance(value, str) else write_value(value)
    match kind:
        case "text":
            return text
        case "number":
            try:
                found = read_value(text)
            except ValueError:
                return 0
            return int(found) if isinstance(found, bool) else found if isinstance(found, int | float) else 0
        case "switch":
            return text.strip().lower() in ("true", "yes", "on", "1")
        case "list":
            found = _parsed(text) if text.strip().startswith("[") else _NOTHING
            return found if isinstance(found, list) else [value] if value not in ("", None) else []
        case "table":
            found = _parsed(text) if text.strip().startswith("{") else _NOTHING
            return found if isinstance(found, dict) else {}
    return value


def write_table(table: Mapping[str, Any]) -> str:
    """Return a table as TOML, an entry a line."""
    return tomlkit.dumps(dict(table)).strip()


def read_table(text: str) -> dict[str, Any]:
    """Return the table that TOML, or JSON in braces, stands for.

    Raises:
        ValueError: With what is wrong, and in which line.
    """
    found: Any
    if text.lstrip().startswith("{"):
        found = _parsed(text.strip())
        if not isinstance(found, dict):
            raise ValueError(_json_fault(text))
    else:
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"This is not TOML: {_plain(str(error))}.") from error
    _refuse_unwritable(found)
    table: dict[str, Any] = found
    return table


def write_list(tables: "list[Any] | tuple[Any, ...]") -> str:
    """Return a list of tables, or of texts, as JSON, an entry a line."""
    if not tables:
        return "[]"
    return "[\n" + ",\n".join(f"  {write_value(item)}" for item in tables) + "\n]"


def read_list(text: str) -> list[Any]:
    """Return the list that JSON, TOML or Python notation stands for.

    Raises:
        ValueError: With what is wrong, and in which line.
    """
    if not text.strip():
        return []
    found = _parsed(text.strip())
    if found is _NOTHING:
        try:
            found = tomllib.loads(f"x = {text.strip()}")["x"]
        except ValueError as error:
            raise ValueError(_json_fault(text)) from error
    if not isinstance(found, list):
        raise ValueError("Write a list: [ … ].")
    _refuse_unwritable(found)
    return found


def _json_fault(text: str) -> str:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"Line {error.lineno}, character {error.colno}: {_plain(error.msg)}."
    return "This is no table: write {key: value, …}."
