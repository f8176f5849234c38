"""Tags and notes on sessions: a file of the experimenter's beside the records, no part of the journal.

``data/<experiment>/annotations.json`` is written as a whole under another name and then put in its place, so that there
is never half a file. It can be edited by hand.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mug.records.errors import RecordsError
from mug.records.places import experiment_dir

__all__ = ["ANNOTATIONS_FILE", "Annotation", "annotate", "clean_tags", "read_annotations"]

ANNOTATIONS_FILE: Final = "annotations.json"
_FORMAT: Final = 1
_TAG_LETTERS: Final = 40


@dataclass(frozen=True)
class Annotation:
    """What the experimenter wrote to a session."""

    tags: tuple[str, ...] = ()
    notes: str = ""


def read_annotations(data_dir: Path, experiment_id: str) -> dict[tuple[bool, str], Annotation]:
    """Return (pilot, session) -> what was written to it. No file: nothing was.

    Raises:
        RecordsError: The file is there and cannot be understood.
    """
    sessions = _read(experiment_dir(data_dir, experiment_id) / ANNOTATIONS_FILE)["sessions"]
    return {
        (kind == "pilot", session_id): Annotation(_tags(said.get("tags")), _notes(said.get("notes")))
        for kind in ("real", "pilot")
        for session_id, said in sessions.get(kind, {}).items()
        if isinstance(said, dict)
    }


def annotate(data_dir: Path, experiment_id: str, session_id: str, annotation: Annotation, *, pilot: bool) -> None:
    """Write tags and notes of one session; an empty one is taken out.

    Raises:
        RecordsError: The file cannot be understood (it is not written over then), or the disk refused.
    """
    path = experiment_dir(data_dir, experiment_id) / ANNOTATIONS_FILE
    data = _read(path)
    sessions: dict[str, Any] = data["sessions"].setdefault("pilot" if pilot else "real", {})
    tags = clean_tags(annotation.tags)
    if tags or annotation.notes:
        known = sessions.get(session_id)
        sessions[session_id] = {**(known if isinstance(known, dict) else {}), "tags": tags, "notes": annotation.notes}
    else:
        sessions.pop(session_id, None)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
        part.replace(path)
    except (OSError, UnicodeEncodeError) as error:
        part.unlink(missing_ok=True)
        raise RecordsError(f"the tags and notes could not be written to {path}: {error}") from error


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags without blanks around them, cut to a sensible length, each once (whatever its case)."""
    found: dict[str, str] = {}
    for tag in tags:
        words = " ".join(tag.replace(",", " ").split())[:_TAG_LETTERS].strip()
        if words:
            found.setdefault(words.casefold(), words)
    return tuple(found.values())


def _tags(written: object) -> tuple[str, ...]:
    """Return the tags of a file that somebody may have edited: a single one may stand without its list."""
    tags = [written] if isinstance(written, str) else written if isinstance(written, list) else []
    return clean_tags(tag for tag in tags if isinstance(tag, str))


def _notes(written: object) -> str:
    return written if isinstance(written, str) else ""


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"format": _FORMAT, "sessions": {}}
    except (OSError, ValueError, RecursionError) as error:
        raise RecordsError(
            f"the tags and notes in {path} cannot be read ({error}): mend the file, or move it away"
        ) from error
    sessions = data.get("sessions") if isinstance(data, dict) else None
    if not isinstance(sessions, dict) or data.get("format") != _FORMAT:
        raise RecordsError(f"{path} does not hold tags and notes of this version of MUG: mend it, or move it away")
    if not all(isinstance(said, dict) for said in sessions.values()):
        raise RecordsError(f"{path} does not hold tags and notes of this version of MUG: mend it, or move it away")
    whole: dict[str, Any] = data
    return whole
