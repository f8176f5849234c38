"""What a withdrawal does not reach: files beside the records that may hold a participant's data."""

import json
from dataclasses import dataclass
from pathlib import Path

from mug.records.export_layout import manifest_of
from mug.records.export_place import remove_left_behind
from mug.records.pseudonyms import anonymised_session

__all__ = ["Leftover", "leftovers_of"]

_BLOCK: int = 1 << 20


@dataclass(frozen=True)
class Leftover:
    """A file or a folder that somebody must look at.

    Attributes:
        path: Where it is.
        why: What it may hold, as the end of a sentence.
    """

    path: Path
    why: str


def leftovers_of(records: Path, session_id: str, participant_id: str) -> tuple[Leftover, ...]:
    """Return exports of the session that were made before, and logs and notes that name the participant."""
    folder = records.parent
    remove_left_behind(folder / "exports")
    sessions = (session_id, anonymised_session(folder / "keys", session_id))
    found = [
        Leftover(export, "an export that was made before: delete it, and export again")
        for export in sorted((folder / "exports").glob("*"))
        if export.is_dir() and not export.name.startswith(".") and _is_of(export, sessions)
    ]
    found += [
        Leftover(
            part, "an export that is being made, or that another computer did not finish: delete it when it is over"
        )
        for part in sorted((folder / "exports").glob(".*.partial-*"))
        if part.is_dir()
    ]
    names = participant_id.encode()
    for pattern, why in (
        ("logs/*", "a log of the server that names the participant"),
        ("*annotations.json", "notes on sessions that name the participant"),
    ):
        found += [
            Leftover(path, why) for path in sorted(folder.glob(pattern)) if path.is_file() and _names(path, names)
        ]
    return tuple(found)


def _is_of(export: Path, session_ids: tuple[str, ...]) -> bool:
    path = manifest_of(export)
    try:
        manifest = json.loads(path.read_text(encoding="utf-8")) if path is not None else None
    except (OSError, ValueError):
        manifest = None
    if not isinstance(manifest, dict):
        return (export / "data").is_dir()  # what is left of an export, of whichever session
    return manifest.get("session_id") in (*session_ids, None)


def _names(path: Path, name: bytes) -> bool:
    rest = b""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                if name in rest + block:
                    return True
                rest = block[-len(name) :]
    except OSError:
        return True
    return False
