"""Which session a server takes up: the newest open one of the same study, or a new one."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mug.engine.allocation import Allocation
from mug.engine.state import SessionState, fold
from mug.ids import ParticipantId, SessionId
from mug.records import facts as f
from mug.records.reader import RecordReader
from mug.records.recruiters import person_key
from mug.server.errors import SessionChoiceError
from mug.server.freeze import FrozenFiles

__all__ = ["Choice", "choose_session", "new_session_id", "port_of"]


@dataclass(frozen=True)
class Choice:
    """What a server starts from.

    Attributes:
        session_id: The session.
        state: Its durable part; empty for a new one.
        port: Where it listened last; 0 for a new one.
        finished_before: Ids that finished in the experiment's other sessions, and what recruiters call these people
            (`mug.records.recruiters.person_key`).
        completed_before: Of a new session: treatment -> its places that other sessions of the same study completed.
    """

    session_id: SessionId
    state: SessionState | None
    port: int
    finished_before: frozenset[str]
    completed_before: dict[str, int] = field(default_factory=dict)


def new_session_id() -> SessionId:
    """Make an id that sorts by time and can be read aloud."""
    now = datetime.now(UTC)
    return SessionId(f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}")


def choose_session(
    path: Path,
    files: FrozenFiles,
    mug_version: str,
    *,
    wanted: str | None = None,
    new: bool = False,
    pilot: bool = False,
) -> Choice:
    """Find the session to go on with, or make a new one.

    Args:
        path: The experiment's records; they need not exist.
        files: The study as it is now.
        mug_version: This MUG's version.
        wanted: The session that was asked for by name.
        new: A new session was asked for.
        pilot: Pilots may repeat: ids that finished in other sessions may start again.

    Raises:
        SessionChoiceError: The session is not there, is over, or is of another study or version.
    """
    if not path.is_file():
        if wanted is not None:
            raise SessionChoiceError(f"there is no session {wanted!r}: there are no records at {path} yet")
        return Choice(new_session_id(), None, 0, frozenset())
    with RecordReader(path) as reader:
        heads = reader.sessions()
        open_ids = [head.session_id for head in heads if head.is_open]
        chosen: str | None = None
        if wanted is not None:
            if wanted not in [head.session_id for head in heads]:
                raise SessionChoiceError(f"there is no session {wanted!r} in {path}; open ones: {_listed(open_ids)}")
            if wanted not in open_ids:
                raise SessionChoiceError(f"the session {wanted!r} is over; start a new one with --new-session")
            chosen = wanted
        elif not new and open_ids:
            chosen = open_ids[-1]
        finished: set[str] = set()
        if not pilot:
            for head in heads:
                if head.session_id != chosen:
                    finished |= _finished_in(reader, head.session_id)
        if chosen is None:
            completed = _completed_in(reader, [head.session_id for head in heads], files)
            return Choice(new_session_id(), None, 0, frozenset(finished), completed)
        state = fold(reader.facts(chosen))
        started = [fact for fact in reader.facts(chosen, ("server_started",)) if isinstance(fact, f.ServerStarted)]
    assert state.opened is not None
    _check_same(state.opened, files, mug_version)
    port = started[-1].port if started else state.opened.port
    return Choice(SessionId(chosen), state, port, frozenset(finished))


def _finished_in(reader: RecordReader, session_id: str) -> set[str]:
    """Who finished in a session: their ids there, and what a recruiter calls them."""
    people: dict[str, str] = {}
    finished: set[str] = set()
    for fact in reader.facts(session_id, ("participant_joined", "participant_finished")):
        if isinstance(fact, f.ParticipantJoined):
            people[fact.participant_id] = person_key(fact.recruiter)
        elif isinstance(fact, f.ParticipantFinished):
            finished.add(fact.participant_id)
    return finished | {people[who] for who in finished if people.get(who)}


def _completed_in(reader: RecordReader, sessions: list[str], files: FrozenFiles) -> dict[str, int]:
    """Count the completed places of the study's treatments over sessions that ran the very same study."""
    found: dict[str, int] = {}
    if not files.frozen.study.treatments.arms:
        return found
    kinds = ("session_opened", "treatment_assigned", "treatment_released", "participant_finished")
    for session_id in sessions:
        allocation, outcomes = Allocation(), dict[ParticipantId, str | None]()
        is_same = False
        for fact in reader.facts(session_id, kinds):
            match fact:
                case f.SessionOpened():
                    is_same = fact.study_hash == files.frozen.content_hash
                case f.TreatmentAssigned():
                    allocation.assigned(fact)
                case f.TreatmentReleased():
                    allocation.released(fact)
                case f.ParticipantFinished():
                    outcomes[ParticipantId(fact.participant_id)] = fact.outcome
        for treatment, count in allocation.completed(outcomes).items() if is_same else ():
            found[treatment] = found.get(treatment, 0) + count
    return found


def port_of(asked: int | None, choice: Choice, configured: int) -> int:
    """The port to listen on: what was asked for, else the session's, else the study's."""
    if asked is not None:
        return asked
    return choice.port or configured


def _check_same(opened: f.SessionOpened, files: FrozenFiles, mug_version: str) -> None:
    what = f"the open session {opened.session_id!r} of experiment {opened.experiment_id!r}"
    ways = "start another session with --new-session, or bring back what it was opened with"
    if opened.study_hash != files.frozen.content_hash:
        raise SessionChoiceError(
            f"{what} was opened with another version of this study ({opened.study_hash[:12]}, this one is "
            f"{files.frozen.content_hash[:12]}); a study is never changed under its participants: {ways}"
        )
    changed = sorted(
        path for path in opened.files.keys() | files.sha256s.keys() if opened.files.get(path) != files.sha256s.get(path)
    )
    if changed:
        raise SessionChoiceError(f"{what} was opened with other contents of {_listed(changed)}: {ways}")
    if opened.versions.get("mug", "") != mug_version:
        before = opened.versions.get("mug", "of an unknown version")
        raise SessionChoiceError(f"{what} was opened with MUG {before}, this is {mug_version}: {ways}")


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown or "none"
