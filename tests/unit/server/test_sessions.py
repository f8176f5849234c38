"""Which session is taken up."""

from dataclasses import replace
from pathlib import Path

import pytest

from mug.engine import FrozenStudy
from mug.records import RecordWriter
from mug.records import facts as f
from mug.server.errors import SessionChoiceError
from mug.server.freeze import FrozenFiles
from mug.server.sessions import choose_session, port_of
from mug.study.model import Study

AT = "2026-01-01T00:00:00.000Z"
FILES = FrozenFiles(FrozenStudy(study=Study(id="x"), content_hash="h" * 64), {"env.py": "1"})


def opened(session: str, **fields: object) -> f.SessionOpened:
    values: dict[str, object] = {"study_hash": "h" * 64, "versions": {"mug": "1"}, "files": {"env.py": "1"}, **fields}
    return f.SessionOpened(at=AT, session_id=session, experiment_id="x", seed=1, port=8000, **values)  # type: ignore[arg-type]


def write(path: Path, *facts: f.AnyFact) -> Path:
    with RecordWriter.open(path) as writer:
        writer.append(facts)
    return path


def test_that_the_newest_open_session_goes_on_at_its_last_port(tmp_path: Path) -> None:
    path = write(tmp_path / "r.sqlite", opened("s1"), opened("s2"), f.ServerStarted(at=AT, pid=1, port=8123))
    choice = choose_session(path, FILES, "1")
    assert choice.session_id == "s2"
    assert choice.state is not None
    assert port_of(None, choice, 9000) == 8123
    assert port_of(0, choice, 9000) == 0


def test_that_an_ended_session_is_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "r.sqlite", opened("s1"), f.SessionEnded(at=AT, reason="done"))
    choice = choose_session(path, FILES, "1")
    assert choice.state is None
    assert choice.session_id != "s1"
    assert port_of(None, choice, 9000) == 9000
    with pytest.raises(SessionChoiceError, match="is over"):
        choose_session(path, FILES, "1", wanted="s1")


def test_that_a_session_can_be_named_and_a_new_one_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "r.sqlite", opened("s1"), opened("s2"))
    assert choose_session(path, FILES, "1", wanted="s1").session_id == "s1"
    assert choose_session(path, FILES, "1", new=True).state is None
    with pytest.raises(SessionChoiceError, match="'s1', 's2'"):
        choose_session(path, FILES, "1", wanted="s3")
    with pytest.raises(SessionChoiceError, match="no records"):
        choose_session(tmp_path / "none.sqlite", FILES, "1", wanted="s1")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"study_hash": "other"}, "another version of this study"),
        ({"files": {"env.py": "2"}}, "'env.py'"),
        ({"files": {}}, "'env.py'"),
        ({"versions": {"mug": "0.9"}}, "MUG 0.9"),
    ],
)
def test_that_another_study_or_version_is_refused_in_words(
    tmp_path: Path, fields: dict[str, object], word: str
) -> None:
    path = write(tmp_path / "r.sqlite", opened("s1", **fields))
    with pytest.raises(SessionChoiceError, match=word) as caught:
        choose_session(path, FILES, "1")
    assert "--new-session" in str(caught.value)
    assert choose_session(path, replace(FILES), "1", new=True).state is None


def test_that_who_finished_elsewhere_in_the_experiment_is_known_except_to_pilots(tmp_path: Path) -> None:
    path = write(
        tmp_path / "r.sqlite",
        opened("s1"),
        f.ParticipantJoined(at=AT, participant_id="ann", seed=1, token_sha256=""),
        f.ParticipantFinished(at=AT, participant_id="ann", outcome="complete"),
        opened("s2"),
    )
    assert choose_session(path, FILES, "1").finished_before == {"ann"}
    assert choose_session(path, FILES, "1", wanted="s1").finished_before == frozenset()
    assert choose_session(path, FILES, "1", pilot=True).finished_before == frozenset()
