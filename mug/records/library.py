"""The sessions of a data folder, at a glance: from indexed counts, without reading what was recorded."""

from dataclasses import dataclass, field
from pathlib import Path

from mug.ids import is_valid_id
from mug.records.errors import RecordsError
from mug.records.places import PILOT_FILE, RECORDS_FILE, records_path
from mug.records.reader import RecordReader, SessionHead
from mug.records.tally import COUNTED_TABLES

__all__ = ["SessionSummary", "library", "participants_by_hash"]


@dataclass(frozen=True)
class SessionSummary:
    """One session in a list of sessions.

    Attributes:
        experiment_id: The experiment.
        session_id: The session; empty when the file cannot be read (`problem` says why).
        state: open, ended or unreadable.
        started_at: ISO-8601 UTC.
        ended_at: The same; empty while it is open.
        participants: How many joined.
        finished: How many are done, in whichever way.
        rows: Rows stored per table, in the order of the reference.
        pilot: Whether it is a pilot.
        path: The file of records.
        study_hash: Hash of the frozen study.
        problem: Why the file cannot be read; empty when it can.
    """

    experiment_id: str
    session_id: str
    state: str
    started_at: str
    path: Path
    pilot: bool = False
    ended_at: str = ""
    participants: int = 0
    finished: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    study_hash: str = ""
    problem: str = ""


def library(data_dir: Path) -> list[SessionSummary]:
    """Return all sessions under a data folder, the newest first. A folder that is not there holds none."""
    found: list[SessionSummary] = []
    if not data_dir.is_dir():
        return found
    for folder in sorted(data_dir.iterdir()):
        if not folder.is_dir() or not is_valid_id(folder.name):
            continue
        for name in (RECORDS_FILE, PILOT_FILE):
            if (folder / name).is_file():
                found += _sessions_of(folder / name, folder.name, pilot=name == PILOT_FILE)
    return sorted(found, key=lambda session: session.started_at, reverse=True)


def _sessions_of(path: Path, experiment_id: str, *, pilot: bool) -> list[SessionSummary]:
    try:
        with RecordReader(path) as reader:
            tally = reader.tally()
            return [_summary(path, head, tally.get(head.session_id, {})) for head in reader.sessions()]
    except RecordsError as error:
        return [SessionSummary(experiment_id, "", "unreadable", "", path, pilot=pilot, problem=str(error))]


def _summary(path: Path, head: SessionHead, tally: dict[str, int]) -> SessionSummary:
    return SessionSummary(
        experiment_id=head.experiment_id,
        session_id=head.session_id,
        state="open" if head.is_open else "ended",
        started_at=head.started_at,
        path=path,
        pilot=head.pilot,
        ended_at=head.ended_at,
        participants=tally.get("participants", 0),
        finished=tally.get("finished", 0),
        rows={table: tally.get(table, 0) for table in COUNTED_TABLES},
        study_hash=head.study_hash,
    )


def participants_by_hash(data_dir: Path, experiment_id: str) -> dict[str, int]:
    """Return how many real participants each version of a study has, by the hash of its content; pilots do not count.

    Only reads; a version without participants is left out, and so is an experiment without records.

    Raises:
        RecordsError: The records are there, but cannot be read.
    """
    if not is_valid_id(experiment_id):
        return {}
    path = records_path(data_dir, experiment_id)
    if not path.is_file():
        return {}
    counts: dict[str, int] = {}
    with RecordReader(path) as reader:
        tally = reader.tally()
        for head in reader.sessions():
            joined = tally.get(head.session_id, {}).get("participants", 0)
            if joined and not head.pilot:
                counts[head.study_hash] = counts.get(head.study_hash, 0) + joined
    return counts
