"""The sessions of a data folder, at a glance: from indexed counts, without reading what was recorded."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from mug.ids import is_valid_id
from mug.records.annotations import Annotation, read_annotations
from mug.records.errors import RecordsError
from mug.records.places import PILOT_FILE, RECORDS_FILE, records_path
from mug.records.reader import RecordReader, SessionHead
from mug.records.tally import COUNTED_TABLES

__all__ = ["SessionSummary", "library", "participants_by_hash", "search"]


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
        label: The session's, as it was opened.
        tags: The experimenter's. notes: likewise.
        head: Hash of the file's last entry: as long as it is the same, nothing was recorded.
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
    label: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""
    head: str = ""


def library(data_dir: Path) -> list[SessionSummary]:
    """Return all sessions under a data folder, the newest first. A folder that is not there holds none."""
    found: list[SessionSummary] = []
    if not data_dir.is_dir():
        return found
    for folder in sorted(data_dir.iterdir()):
        if not folder.is_dir() or not is_valid_id(folder.name):
            continue
        sessions = [
            session
            for name in (RECORDS_FILE, PILOT_FILE)
            if (folder / name).is_file()
            for session in _sessions_of(folder / name, folder.name, pilot=name == PILOT_FILE)
        ]
        found += _annotated(sessions, data_dir, folder.name) if sessions else []
    return sorted(found, key=lambda session: session.started_at, reverse=True)


def search(sessions: Iterable[SessionSummary], words: str) -> list[SessionSummary]:
    """Return the sessions in which every word is found: in experiment, session, label, tags, notes, or the dates.

    A word is found anywhere, whatever its case; dates are written as 2026-03-01, in this computer's time.
    """
    wanted = words.casefold().split()
    return [session for session in sessions if all(word in _text_of(session) for word in wanted)]


def _text_of(session: SessionSummary) -> str:
    days = [day for at in (session.started_at, session.ended_at) if (day := _day(at))]
    kind = "pilot" if session.pilot else "real"
    parts = (session.experiment_id, session.session_id, session.label, *session.tags, session.notes, *days, kind)
    return "\n".join((*parts, session.state)).casefold()


def _day(at: str) -> str:
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d")
    except ValueError:
        return ""


def _annotated(sessions: list[SessionSummary], data_dir: Path, experiment_id: str) -> list[SessionSummary]:
    try:
        said = read_annotations(data_dir, experiment_id)
    except RecordsError:
        return sessions  # it is told when somebody wants to write tags
    empty = Annotation()
    return [
        replace(session, tags=own.tags, notes=own.notes)
        for session in sessions
        for own in [said.get((session.pilot, session.session_id), empty)]
    ]


def _sessions_of(path: Path, experiment_id: str, *, pilot: bool) -> list[SessionSummary]:
    try:
        with RecordReader(path) as reader:
            tally = reader.tally()
            last = reader.head.hash
            return [_summary(path, head, tally.get(head.session_id, {}), last) for head in reader.sessions()]
    except RecordsError as error:
        return [SessionSummary(experiment_id, "", "unreadable", "", path, pilot=pilot, problem=str(error))]


def _summary(path: Path, head: SessionHead, tally: dict[str, int], last: str) -> SessionSummary:
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
        label=head.label,
        head=last,
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
