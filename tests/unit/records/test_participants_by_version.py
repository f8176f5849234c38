"""How many real participants each version of a study has."""

from pathlib import Path

import pytest

from mug.records import RecordsError, RecordWriter, participants_by_hash, records_path
from mug.records import facts as f
from tests.drivers.recorded_session import AT, RecordedSession

OLD, NEW = "ab" * 32, "cd" * 32


def opened(session_id: str, study_hash: str, *, pilot: bool = False) -> f.SessionOpened:
    return f.SessionOpened(
        at=AT, session_id=session_id, experiment_id="exp", study_hash=study_hash, seed=1, pilot=pilot
    )


def test_that_real_participants_are_counted_by_the_studys_hash(tmp_path: Path) -> None:
    for session, people in (("s1", ("anna", "ben")), ("s2", ("carl",)), ("empty", ())):
        with RecordedSession(tmp_path, session) as recorded:
            for person in people:
                recorded.join(person)
    with RecordWriter.open(records_path(tmp_path, "exp")) as writer:
        writer.append([opened("s3", NEW)], {})
    assert participants_by_hash(tmp_path, "exp") == {OLD: 3}
    before = records_path(tmp_path, "exp").read_bytes()
    participants_by_hash(tmp_path, "exp")
    assert records_path(tmp_path, "exp").read_bytes() == before


def test_that_pilots_do_not_lock_a_version(tmp_path: Path) -> None:
    with RecordWriter.open(records_path(tmp_path, "exp", pilot=True)) as writer:
        writer.append([opened("p1", OLD, pilot=True)], {})
    assert participants_by_hash(tmp_path, "exp") == {}


def test_that_what_is_not_there_has_nobody_and_what_is_no_record_says_so(tmp_path: Path) -> None:
    assert participants_by_hash(tmp_path / "nowhere", "exp") == {}
    assert participants_by_hash(tmp_path, "../exp") == {}
    records_path(tmp_path, "exp").parent.mkdir()
    records_path(tmp_path, "exp").write_text("not a database, but long enough to be read as one" * 40)
    with pytest.raises(RecordsError):
        participants_by_hash(tmp_path, "exp")
