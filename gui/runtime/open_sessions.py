"""The session of an experiment that the next start would go on with, at a glance."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["OpenSession", "newest_open"]


@dataclass(frozen=True)
class OpenSession:
    """An open session in the records.

    Attributes:
        session_id: The session.
        started_at: ISO-8601 UTC.
        pilot: Whether it is a pilot.
        label: What people call it.
        stage: Where it stands.
        joined, unfinished: How many participants came, and how many of them have not finished.
    """

    session_id: str
    started_at: str
    pilot: bool = False
    label: str = ""
    stage: str = "running"
    joined: int = 0
    unfinished: int = 0


def newest_open(data_dir: Path, experiment_id: str) -> OpenSession | None:
    """Return the open session that began last, real or pilot; None when there is none.

    Reads files: not for the GUI thread.
    """
    from mug.records import records_path

    found = [
        session
        for pilot in (False, True)
        if (session := _newest_in(records_path(data_dir, experiment_id, pilot))) is not None
    ]
    return max(found, key=lambda session: session.started_at, default=None)


def _newest_in(path: Path) -> OpenSession | None:
    from mug.records import RecordReader
    from mug.records import facts as f

    if not path.is_file():
        return None
    with RecordReader(path) as reader:
        heads = [head for head in reader.sessions() if head.is_open]
        if not heads:
            return None
        head = heads[-1]
        counts = reader.tally().get(head.session_id, {})
        joined, finished = counts.get("participants", 0), counts.get("finished", 0)
        label, stage = "", "running"
        for fact in reader.facts(head.session_id, ("session_opened", "stage_set")):
            match fact:
                case f.SessionOpened():
                    label, stage = fact.label, fact.stage
                case f.StageSet():
                    stage = fact.stage
                case _:
                    pass
        return OpenSession(
            session_id=head.session_id,
            started_at=head.started_at,
            pilot=head.pilot,
            label=label,
            stage=stage,
            joined=joined,
            unfinished=max(0, joined - finished),
        )
