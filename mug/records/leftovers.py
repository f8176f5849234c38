"""What a withdrawal does not reach: files beside the records that may hold a participant's data."""

import json
from dataclasses import dataclass
from pathlib import Path

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
    found = [
        Leftover(export, "an export that was made before: delete it, and export again")
        for export in sorted((folder / "exports").glob("*"))
        if export.is_dir() and not export.name.startswith(".") and _is_of(export, session_id)
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


def _is_of(export: Path, session_id: str) -> bool:
    try:
        manifest = json.loads((export / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return (export / "data").is_dir()
    return not isinstance(manifest, dict) or manifest.get("session_id") in (session_id, None)


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
