"""Names of folders that every operating system takes, and names made of a study's title."""

import re
import unicodedata
from typing import Final

import msgspec

from mug.ids import is_valid_id

__all__ = ["MAX_NAME_CHARS", "NameProblem", "folder_name_of", "folder_name_problem", "study_id_of"]

MAX_NAME_CHARS: Final = 80
"""Longest name of a study's folder: Windows allows 260 characters for a whole path, records and exports included."""

_FORBIDDEN: Final = '<>:"/\\|?*'
_DEVICES: Final = frozenset(
    (
        "con",
        "prn",
        "aux",
        "nul",
        "conin$",
        "conout$",
        *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789¹²³"),
    )
)


class NameProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a folder should not have a name.

    Attributes:
        message: In a sentence.
        suggestion: A name that is like it, and right.
    """

    message: str
    suggestion: str


def folder_name_problem(name: str) -> NameProblem | None:
    """Return what is wrong with a folder's name on Windows or elsewhere, or None.

    A study moves between machines, so the rules of all of them hold everywhere.
    """
    message = _problem(name)
    return None if message is None else NameProblem(message=message, suggestion=_made_right(name))


def folder_name_of(title: str) -> str:
    """Return a folder's name made of a title: small letters, digits, underscores; empty when nothing is left."""
    made = _slug(title, "_")[:48].rstrip("_")
    return f"{made}_study" if made in _DEVICES else made


def study_id_of(title: str) -> str:
    """Return an experiment's id made of a title: small letters, digits, hyphens; empty when nothing is left."""
    made = _slug(title, "-")[:48].rstrip("-")
    return made if is_valid_id(made) else ""


def _problem(name: str) -> str | None:
    if not name.strip():
        return "the folder has no name"
    if name in {".", ".."}:
        return f"{name!r} is not a name of its own"
    for character in name:
        if character in _FORBIDDEN:
            return f"{name!r} holds {character!r}, which Windows does not allow in names"
        if ord(character) < 32 or ord(character) == 127 or unicodedata.category(character) in {"Cc", "Cs"}:
            return f"{name!r} holds a character that cannot be seen"
    if name[-1] in ". ":
        what = "a dot" if name[-1] == "." else "a space"
        return f"{name!r} ends with {what}, which Windows does not allow"
    if name[0] == " ":
        return f"{name!r} begins with a space"
    if name[0] in ".-":
        what = "a dot: such folders are hidden" if name[0] == "." else "a hyphen: commands take it for an option"
        return f"{name!r} begins with {what}"
    if name.partition(".")[0].rstrip().lower() in _DEVICES:
        return f"{name!r} is the name of a device on Windows"
    if len(name) > MAX_NAME_CHARS or len(name.encode("utf-8", "surrogatepass")) > 2 * MAX_NAME_CHARS:
        return f"the name is too long: at most {MAX_NAME_CHARS} characters"
    return None


def _made_right(name: str) -> str:
    kept = "".join("_" if character in _FORBIDDEN else character for character in name if character.isprintable())
    kept = kept.strip(" .").lstrip("-")[: MAX_NAME_CHARS // 2].rstrip(" .")
    if kept.partition(".")[0].rstrip().lower() in _DEVICES:
        kept = f"study_{kept}"
    return kept if kept.strip("_") and _problem(kept) is None else "my_study"


def _slug(title: str, joint: str) -> str:
    # ß and the like have a form in ASCII only when case is folded first.
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", joint, plain).strip(joint)
