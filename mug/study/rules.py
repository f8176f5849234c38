"""Which values a field allows, by what is known about it: one rule for files, the editor and the chain API."""

import math
import re
from typing import Any, Final

import msgspec

from mug.rendering.color import normalize_color
from mug.study.assets import is_color, is_picture_path
from mug.study.catalog import FieldInfo
from mug.study.problems import did_you_mean

__all__ = ["bounds_words", "refusal", "shown"]

_REFERENCE: Final = re.compile(r"[^:\n]+:[^:\n]+")
_URL: Final = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)


def refusal(info: FieldInfo, value: Any) -> tuple[str, str] | None:
    """Return (code, message) when `value` is none that the field allows."""
    if value is None and info.optional:
        return None
    if type(value) is not info.annotation:
        try:
            value = msgspec.convert(value, info.annotation)
        except (msgspec.ValidationError, TypeError, ValueError):
            return "wrong_type", f"must be {_article(info.type_words)}, got {shown(value)}"
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if numeric:
        return _out_of_bounds(info, value)
    if info.choices is not None and value not in info.choices:
        hint = did_you_mean(value, info.choices) if isinstance(value, str) else ""
        allowed = ", ".join(repr(choice) for choice in info.choices)
        if info.ge is not None or info.le is not None:
            allowed = f"a whole number {bounds_words(info)}, or {allowed}"
        return "not_allowed", f"is {shown(value)}{hint}; allowed: {allowed}"
    if isinstance(value, str):
        return _refused_text(info, value)
    if not _is_finite(value):
        return "not_finite", f"holds a number that is not finite, which no page can read: {shown(value)}"
    return None


def _is_finite(value: Any) -> bool:
    match value:
        case float():
            return math.isfinite(value)
        case dict():
            return all(_is_finite(item) for item in value.values())
        case list() | tuple():
            return all(_is_finite(item) for item in value)
    return True


def _out_of_bounds(info: FieldInfo, value: float) -> tuple[str, str] | None:
    fine = (
        (info.ge is None or value >= info.ge)
        and (info.gt is None or value > info.gt)
        and (info.le is None or value <= info.le)
    )
    if fine and math.isfinite(value):
        return None
    other = f", or {' or '.join(map(repr, info.choices))}" if info.choices else ""
    return "out_of_bounds", f"is {value!r}; it must be {bounds_words(info)}{other}"


def bounds_words(info: FieldInfo) -> str:
    """Return between which numbers a field's value must lie, as a sentence goes on with it."""
    low = info.ge if info.ge is not None else info.gt
    unit = f" {info.unit}" if info.unit else ""
    if low is not None and info.le is not None:
        return f"from {_number(low)} to {_number(info.le)}{unit}"
    if low is not None:
        return f"{'at least' if info.ge is not None else 'more than'} {_number(low)}{unit}"
    return f"at most {_number(info.le)}{unit}" if info.le is not None else "a number"


def _number(value: float) -> str:
    return f"{value:g}" if abs(value) < 100_000 else f"{value:,.0f}"


def _refused_text(info: FieldInfo, value: str) -> tuple[str, str] | None:
    match info.shape:
        case "color":
            try:
                normalize_color(value)
            except (ValueError, TypeError) as error:
                return "invalid_color", f"is no colour: {error}"
        case "background" if not is_picture_path(value) and not is_color(value):
            return (
                "invalid_background",
                f"is neither a colour nor a picture: Unrecognized color {value!r}; write a CSS colour name, '#rrggbb', "
                "'rgb(…)', or the path of a picture with its ending (.png, .jpg, .webp, .svg)",
            )
        case "url" if not _URL.fullmatch(value):
            return "invalid_url", f"is {shown(value)}; it must be a whole address that begins with http:// or https://"
        case "callable" if not _REFERENCE.fullmatch(value):
            return (
                "invalid_reference",
                f'is {shown(value)}; a function is named "module:function" or "file.py:function"',
            )
        case "path" if not value.strip() or "\0" in value:
            return "invalid_path", "is an empty path: name a file or folder, or leave the field out"
    return None


def _article(words: str) -> str:
    return words if words.startswith(("true", "any")) else f"a {words}"


def shown(value: Any) -> str:
    """Return `value` as a message shows it: short."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
