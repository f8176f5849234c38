"""An anonymised participant's names, wherever the session had written them."""

from pathlib import Path

import numpy as np

import mug.data
from mug.records import facts as f
from mug.records.export import export_session
from mug.records.history import read_history
from mug.records.keys import write_keys
from mug.records.reader import RecordReader
from mug.records.verify import verify
from mug.records.withdrawal import withdraw
from tests.drivers.recorded_session import AT, RecordedSession
from tests.drivers.whole_session import record_whole_session

SESSION = "s-2026-03-01"


def test_that_an_anonymised_participant_is_named_in_no_frame_and_no_answer(tmp_path: Path) -> None:
    path = record_whole_session(tmp_path)
    before = mug.data.load(export_session(path, SESSION, tmp_path / "before").folder)
    done = withdraw(path, SESSION, "anna-lena", "anonymised")
    assert b"anna-lena" not in path.read_bytes().lower()
    assert verify(path).problems == []
    result = export_session(path, SESSION, tmp_path / "after")
    assert result.problems == ()  # both players' records are alike still
    after = mug.data.load(result.folder)
    assert set(after["frames"]["infos.left.who"]) == {done.participant_id}
    for column in ("rewards.left", "actions.right", "state_hash", "infos.left.said"):
        assert after["frames"][column].tolist() == before["frames"][column].tolist()
    assert withdraw(path, SESSION, "anna-lena", "anonymised").again


def test_that_half_a_key_file_of_a_killed_process_goes_with_a_withdrawal(tmp_path: Path) -> None:
    path = record_whole_session(tmp_path)
    keys = write_keys(path, SESSION, tmp_path)
    half = keys.with_name(f".{keys.name}.{2**22 + 1}")  # no process has this number
    half.write_text("anna-lena,5f1e0badc0de", encoding="utf-8")
    withdraw(path, SESSION, "anna-lena", "removed")
    assert [file.name for file in keys.parent.iterdir()] == [keys.name]
    assert "anna-lena" not in keys.read_text(encoding="utf-8")


def test_that_frames_which_name_nobody_keep_their_bytes(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        session.together("m1", {"a": "somebody", "b": "partner"})
        columns = {"rewards.a": [0.5, 1.5], "infos.a": [{"said": "hello"}] * 2, "infos.b": [{"said": "hi"}] * 2}
        for who in ("somebody", "partner"):
            session.track(who, "m1", 0, columns)
        session.add(f.SessionEnded(at=AT, reason="done"))
    kept = _frames(session.path)
    withdraw(session.path, "s1", "somebody", "anonymised")
    assert _frames(session.path) == kept


def test_that_what_the_experimenter_wrote_elsewhere_names_a_removed_participant_no_more(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        session.join("somebody", completion_code="CODE-1234")
        session.join("partner")
        session.add(
            f.StageSet(at=AT, stage="paused", reason="code-1234 asked for a break"),
            f.ActionTaken(
                at=AT, action_id="a-1", action="message", participants=("partner",), reason="CODE-1234 came late"
            ),
            f.SessionEnded(at=AT, reason="done"),
        )
    withdraw(session.path, "s1", "somebody", "removed")
    assert b"code-1234" not in session.path.read_bytes().lower()
    assert verify(session.path).problems == []


def test_that_a_removed_players_dicts_keep_their_columns_without_any_value(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        session.together("m1", {"a": "somebody", "b": "partner"})
        seen = [{"place": np.full(2, number, np.float32), "lives": 3, "held": "key"} for number in range(3)]
        columns = {"observations.a": seen, "observations.b": seen, "actions.a": [{"move": 1}, None, {"move": 2}]}
        for who in ("somebody", "partner"):
            session.track(who, "m1", 0, columns)
        session.add(f.SessionEnded(at=AT, reason="done"))
    before = mug.data.load(export_session(session.path, "s1", tmp_path / "before").folder)["frames"]
    withdraw(session.path, "s1", "somebody", "removed")
    assert verify(session.path).problems == []
    after = mug.data.load(export_session(session.path, "s1", tmp_path / "after").folder)["frames"]
    assert list(after.columns) == list(before.columns)
    gone = [name for name in after.columns if name.startswith(("observations.a", "actions.a"))]
    assert len(gone) == 5
    assert after[gone].isna().all(axis=None)
    kept = [name for name in after.columns if name.startswith("observations.b")]
    assert after[kept].equals(before[kept])


def _frames(path: Path) -> list[str]:
    with RecordReader(path) as reader:
        return [chunk.sha256 for chunk in read_history(reader, "s1").chunks if chunk.stream == "frames"]
