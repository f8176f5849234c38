"""The key file of a session: who the participants are to a recruiter, their seats, codes and pay, and their new ids.

It stays out of the export.
"""

import csv
import io
import os
from pathlib import Path
from typing import Final

from mug.ids import check_id
from mug.records import facts as f
from mug.records.anonymise import Anonymiser
from mug.records.errors import ExportError
from mug.records.export_place import process_began
from mug.records.history import SessionHistory, read_history
from mug.records.places import keys_path
from mug.records.pseudonyms import KEY_FILE, read_key
from mug.records.reader import RecordReader
from mug.records.recruiters import split_parameters

__all__ = ["KEY_COLUMNS", "drop_key_row", "write_keys"]

KEY_COLUMNS: Final = (
    "session_id",
    "participant_id",
    "joined_at",
    "finished_at",
    "outcome",
    "outcome_reason",
    "completion_code",
    "pay",
    "seat",
    "anonymised_id",
    "anonymised_session_id",
)
"""Columns of a key file; the last two are empty until an anonymised export was made. Those of the recruiter's
parameters follow, as ``recruiter.PROLIFIC_PID``."""


def write_keys(records: Path, session_id: str, data_dir: Path) -> Path:
    """Write the key file of a session over the one that is there, readable by this user only; returns its path.

    Args:
        records: The file of records; it is only read.
        session_id: The session.
        data_dir: The data folder: the key file lies beside the exports, in ``<experiment>/keys/``.

    Raises:
        RecordsError: The records cannot be read, or do not hold the session.
        ExportError: The disk refused.
    """
    with RecordReader(records) as reader:
        history = read_history(reader, session_id)
    has_key = (records.parent / "keys" / KEY_FILE).exists()
    anonymiser = Anonymiser(history, read_key(records.parent / "keys")) if has_key else None
    opened = history.opened
    check_id(opened.session_id, "session id")
    check_id(opened.experiment_id, "experiment id")
    path = keys_path(data_dir, opened.experiment_id, opened.session_id)
    _write(path, _table(history, anonymiser))
    return path


def drop_key_row(records: Path, session_id: str, participant_id: str) -> bool:
    """Take a participant's row out of the session's key file, if there is one; returns whether there was such a row.

    Raises:
        ExportError: The file could not be read or written.
    """
    path = records.parent / "keys" / f"{check_id(session_id, 'session id')}_keys.csv"
    _remove_left_behind(path)
    if not path.is_file():
        return False
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file)) or [[]]
    except (OSError, ValueError, csv.Error) as error:
        raise ExportError(f"the key file {path} could not be read: {error}") from error
    place = header.index("participant_id") if "participant_id" in header else None
    kept = [row for row in rows if place is None or len(row) <= place or row[place] != participant_id]
    if len(kept) == len(rows):
        return False
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([header, *kept])
    _write(path, out.getvalue())
    return True


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_left_behind(path)
        part = path.with_name(f".{path.name}.{os.getpid()}")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        part.replace(path)
    except OSError as error:
        raise ExportError(f"the key file {path} could not be written: {error}") from error


def _remove_left_behind(path: Path) -> None:
    """Remove what was being written in the file's place by processes that are gone: it says who people are."""
    for part in path.parent.glob(f".{path.name}.*"):
        pid = part.suffix.removeprefix(".")
        if pid.isdecimal() and not process_began(int(pid)):
            part.unlink(missing_ok=True)


def _table(history: SessionHistory, anonymiser: Anonymiser | None) -> str:
    chain = history.opened.study.get("chain") or [{}]
    shows_code = chain[-1].get("kind") == "completion_code_page"
    rows: list[dict[str, str]] = []
    for participant_id, story in history.participants.items():
        _, older = split_parameters(story.joined.params)
        finished = story.finished
        code = finished.completion_code if finished else None
        if code is None and finished is not None and finished.outcome == "complete" and shows_code and story.plan:
            code = story.plan.completion_code  # as records of older versions have it
        rows.append(
            {
                "session_id": history.opened.session_id,
                "participant_id": participant_id,
                "joined_at": story.joined.at,
                "finished_at": finished.at if finished else "",
                "outcome": finished.outcome if finished else "",
                "outcome_reason": finished.reason if finished else "",
                "completion_code": code or "",
                "pay": _pay(history, participant_id),
                "seat": story.joined.seat,
                "anonymised_id": anonymiser.new_id("p", participant_id) if anonymiser else "",
                "anonymised_session_id": anonymiser.new_id("s", history.opened.session_id) if anonymiser else "",
                **{f"recruiter.{name}": value for name, value in {**older, **story.joined.recruiter}.items()},
            }
        )
    names = [*KEY_COLUMNS, *sorted({name for row in rows for name in row} - set(KEY_COLUMNS))]
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _pay(history: SessionHistory, participant_id: str) -> str:
    """Return what the experimenter said of a participant's pay: full, partial, none; empty: nothing."""
    finished = history.participants[participant_id].finished
    if finished is not None and finished.pay:
        return finished.pay
    said = [
        fact.pay
        for happening in history.console
        if isinstance(fact := happening.fact, f.ActionTaken)
        and fact.pay
        and participant_id in fact.participants
        and participant_id not in fact.skipped
    ]
    return said[-1] if said else ""
