"""A study that is not saved yet, as a recovery file keeps it: everything, also what TOML has no word for."""

import datetime as dt
import json
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from mug.study.decoding import decode_study, encode_study
from mug.study.model import Study

__all__ = [
    "UNSAVED_FORMAT",
    "UnsavedStudy",
    "exact_text",
    "study_of_exact_text",
    "unsaved_from_text",
    "unsaved_to_text",
]

UNSAVED_FORMAT: Final = 1
_MOMENT: Final = "$toml"


class UnsavedStudy(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of a study that are in no file of its own yet.

    Attributes:
        path: What was opened: the study's folder or script.
        source: The file that the study is saved to.
        base_sha256: SHA-256 of that file when the changes began, in hex; empty: it was not there.
        at: When this was kept, ISO-8601 UTC.
        study: The study with the changes.
    """

    path: Path
    source: Path
    base_sha256: str
    at: str
    study: Study

    @property
    def title(self) -> str:
        """The study's name for people."""
        return self.study.title or str(self.study.id)


def exact_text(study: Study) -> str:
    """Return a study as text that holds whatever a study can: not-a-number, dates, nothing inside of tables."""
    return json.dumps(encode_study(study), default=_moment)


def study_of_exact_text(text: str) -> Study | None:
    """Return the study of an `exact_text`; None when it is none."""
    try:
        return decode_study(json.loads(text, object_hook=_with_moments))[0]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def unsaved_to_text(unsaved: UnsavedStudy) -> str:
    """Return the text of a recovery file."""
    plain = {
        "unsaved_format": UNSAVED_FORMAT,
        "path": str(unsaved.path),
        "source": str(unsaved.source),
        "base_sha256": unsaved.base_sha256,
        "at": unsaved.at,
        "study": encode_study(unsaved.study),
    }
    return json.dumps(plain, default=_moment)


def unsaved_from_text(text: str) -> UnsavedStudy | None:
    """Return what a recovery file keeps; None when it is damaged, or of a newer MUG."""
    try:
        plain = json.loads(text, object_hook=_with_moments)
        if plain["unsaved_format"] != UNSAVED_FORMAT:
            return None
        study, _ = decode_study(plain["study"])
        if study is None:
            return None
        return UnsavedStudy(
            path=Path(plain["path"]),
            source=Path(plain["source"]),
            base_sha256=str(plain["base_sha256"]),
            at=dt.datetime.fromisoformat(plain["at"]).isoformat(timespec="seconds"),
            study=study,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _moment(value: Any) -> Any:
    """Unknown fields of a file may hold dates and times, for which JSON has no word."""
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return {_MOMENT: value.isoformat()}
    return msgspec.to_builtins(value)


def _with_moments(table: dict[str, Any]) -> Any:
    if set(table) == {_MOMENT} and isinstance(table[_MOMENT], str):
        return tomllib.loads(f"moment = {table[_MOMENT]}")["moment"]
    return table
