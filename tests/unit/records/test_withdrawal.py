"""A participant who withdraws is gone from the records, for good; the partner's data and the chain stay whole."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from mug.data import read_export
from mug.engine.state import fold
from mug.records import RecordReader, RecordsInUseError, RecordWriter, WithdrawalError
from mug.records import facts as f
from mug.records.export import export_session
from mug.records.history import read_history
from mug.records.keys import write_keys
from mug.records.library import library
from mug.records.verify import verify
from mug.records.withdrawal import How, withdraw
from tests.drivers.withdrawn_session import ANSWERS, SECRETS, record_pair


def raw_bytes(path: Path) -> bytes:
    """All bytes of the file and of what SQLite keeps beside it."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def found_in(path: Path, *texts: str) -> list[str]:
    raw = raw_bytes(path)
    return [text for text in texts if text.encode() in raw]


def test_that_the_records_hold_before_what_is_searched_for_after(tmp_path: Path) -> None:
    path = record_pair(tmp_path)
    texts = [*SECRETS, *ANSWERS]
    assert found_in(path, *texts) == texts
    assert verify(path).problems == []


@pytest.mark.parametrize("how", ["removed", "anonymised"])
def test_that_no_byte_of_what_identifies_is_left(tmp_path: Path, how: How) -> None:
    path = record_pair(tmp_path)
    done = withdraw(path, "s1", "ann", how, reason="asked by mail")
    assert found_in(path, *SECRETS[:-1]) == []
    assert verify(path).problems == []
    assert done.bodies > 5
    if how == "removed":
        assert found_in(path, *SECRETS, *ANSWERS) == []
        assert done.matches == ("m1",)
    else:
        assert found_in(path, '"ann"', "v-ann-0", "ann-hand", "ann-note", "tab-of-ann") == []
        assert found_in(path, "ann-likes-tea", "ann-global") == ["ann-likes-tea", "ann-global"]
    [told] = verify(path).withdrawn
    assert told.startswith(f"{done.participant_id} was {how} on request")


def test_that_the_partner_keeps_every_value_and_the_other_agent_is_blank(tmp_path: Path) -> None:
    path = record_pair(tmp_path)
    export_session(path, "s1", tmp_path / "before")
    withdraw(path, "s1", "ann", "removed")
    result = export_session(path, "s1", tmp_path / "after")
    assert result.problems == ()
    before, after = (read_export(tmp_path / name) for name in ("before", "after"))
    then, now = (tables["frames"][tables["frames"]["match_id"] == "m1"] for tables in (before, after))
    partner = [name for name in then.columns if ".B" in name] + ["frame", "episode", "state_hash"]
    pd.testing.assert_frame_equal(
        now[partner].reset_index(drop=True), then[partner].reset_index(drop=True), check_dtype=False
    )
    assert set(now["status.A"]) == {"withdrawn"}
    for name in now.columns:
        if ".A" in name and name != "status.A":
            assert now[name].isna().all(), name
    assert "m2" not in set(after["frames"]["match_id"])
    assert set(after["forms"]["participant_id"]) == {"bob"}
    assert set(after["telemetry"]["participant_id"]) == {"bob"}
    people = after["participants"].set_index("participant_id")
    assert people.loc["ann", "outcome"] == "complete"
    assert list(after["episodes"]["agreement"]) == ["agreed"]
    assert not [name for name in after["episodes"].columns if ".A" in name]
    assert before["episodes"]["final_observations.B.0"].iloc[0] == after["episodes"]["final_observations.B.0"].iloc[0]


def test_that_anonymised_data_are_the_same_under_another_name(tmp_path: Path) -> None:
    path = record_pair(tmp_path)
    export_session(path, "s1", tmp_path / "before")
    done = withdraw(path, "s1", "ann", "anonymised")
    assert export_session(path, "s1", tmp_path / "after").problems == ()
    before, after = (read_export(tmp_path / name) for name in ("before", "after"))
    assert before["frames"].equals(after["frames"])
    assert set(after["participants"]["participant_id"]) == {done.participant_id, "bob"}
    answers = dict(zip(after["forms"]["answer"], after["forms"]["participant_id"], strict=True))
    assert answers["ann-likes-tea"] == done.participant_id
    for table in after.values():
        text = table.to_csv()
        assert "v-ann" not in text
        assert not [name for name in SECRETS[:-1] if name in text]


@pytest.mark.parametrize("how", ["removed", "anonymised"])
def test_that_the_session_can_still_be_folded_and_listed(tmp_path: Path, how: How) -> None:
    path = record_pair(tmp_path, ended=False)
    done = withdraw(path, "s1", "ann", how)
    with RecordReader(path) as reader:
        state = fold(reader.facts("s1"))
        history = read_history(reader, "s1")
    assert set(state.participants) == {done.participant_id, "bob"}
    assert set(history.participants) == {done.participant_id, "bob"}
    assert history.withdrawn[done.participant_id].how == how
    [summary] = library(tmp_path)
    assert (summary.participants, summary.rows["forms"]) == (2, 1 if how == "removed" else 3)
    with RecordWriter.open(path) as writer:
        writer.append([f.SessionEnded(at="2026-03-01T12:00:00.000Z", reason="over")])
    assert verify(path).problems == []


@pytest.mark.parametrize("how", ["removed", "anonymised"])
def test_that_asking_again_changes_nothing(tmp_path: Path, how: How) -> None:
    path = record_pair(tmp_path)
    first = withdraw(path, "s1", "ann", how)
    with RecordReader(path) as reader:
        head = reader.head
    again = withdraw(path, "s1", "ann", how)
    assert (again.again, again.participant_id) == (True, first.participant_id)
    with RecordReader(path) as reader:
        assert reader.head == head


def test_that_both_players_can_withdraw_one_after_the_other(tmp_path: Path) -> None:
    path = record_pair(tmp_path)
    withdraw(path, "s1", "bob", "anonymised")
    withdraw(path, "s1", "ann", "removed")
    assert verify(path).problems == []
    with RecordReader(path) as reader:
        [bob] = set(read_history(reader, "s1").participants) - {"ann"}
    withdraw(path, "s1", bob, "removed")
    assert verify(path).problems == []
    export_session(path, "s1", tmp_path / "out")
    assert len(read_export(tmp_path / "out")["frames"]) == 0
    assert found_in(path, *SECRETS, *ANSWERS, "bob-likes-coffee", '"bob"') == []


def test_that_equal_lines_of_somebody_else_stay(tmp_path: Path) -> None:
    path = record_pair(tmp_path)
    withdraw(path, "s1", "ann", "removed")
    export_session(path, "s1", tmp_path / "out")
    telemetry = read_export(tmp_path / "out")["telemetry"]
    assert list(telemetry["rtt_ms"]) == [12.5]  # the same bytes as ann's


def test_that_a_running_session_refuses_in_words(tmp_path: Path) -> None:
    path = record_pair(tmp_path)
    with RecordWriter.open(path), pytest.raises(RecordsInUseError, match="being written by"):
        withdraw(path, "s1", "ann", "removed")
    command = [sys.executable, "-m", "mug", "records", "withdraw", "--data", str(tmp_path), "--experiment", "exp"]
    with RecordWriter.open(path):
        refused = subprocess.run(
            [*command, "--participant", "ann", "--yes"], capture_output=True, text=True, check=False
        )
    assert refused.returncode == 1
    assert "stop the server" in refused.stderr
    done = subprocess.run([*command, "--participant", "ann", "--yes"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ann is removed now" in done.stdout
    wrong = subprocess.run([*command, "--participant", "anne"], capture_output=True, text=True, check=False)
    assert "--yes" in wrong.stderr


def test_that_nobody_unknown_or_still_taking_part_is_withdrawn(tmp_path: Path) -> None:
    path = record_pair(tmp_path)
    with pytest.raises(WithdrawalError, match="did you mean 'ann'"):
        withdraw(path, "s1", "anna", "removed")
    with RecordWriter.open(path) as writer:
        opened = f.SessionOpened(
            at="2026-03-02T10:00:00.000Z", session_id="s2", experiment_id="exp", study_hash="h", seed=1
        )
        joined = f.ParticipantJoined(
            at="2026-03-02T10:00:00.000Z", participant_id="ann", seed=1, token_sha256="token-of-ann"
        )
        writer.append([opened, joined])
    with pytest.raises(WithdrawalError, match="still takes part"):
        withdraw(path, "s2", "ann", "removed")


def test_that_the_key_file_loses_the_row_and_what_is_left_is_named(tmp_path: Path) -> None:
    path = record_pair(tmp_path)
    keys = write_keys(path, "s1", tmp_path)
    export = tmp_path / "exp" / "exports" / "exp_s1_2026-03-01"
    export_session(path, "s1", export)
    log = tmp_path / "exp" / "logs" / "server.log"
    log.parent.mkdir()
    log.write_text("ann connected\n", encoding="utf-8")
    done = withdraw(path, "s1", "ann", "anonymised")
    text = keys.read_text(encoding="utf-8")
    assert "bob" in text
    assert "ann" not in text
    assert {leftover.path for leftover in done.leftovers} == {export, log}


KILLED = """\
import os, signal, sys
from pathlib import Path
from mug.records import withdrawal

if sys.argv[2] == "before":
    withdrawal._Pass._count_again = lambda self: os.kill(os.getpid(), signal.SIGKILL)
else:
    withdrawal._give_back = lambda connection, records: os.kill(os.getpid(), signal.SIGKILL)
withdrawal.withdraw(Path(sys.argv[1]), "s1", "ann", "anonymised")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a process by a signal")
@pytest.mark.parametrize("when", ["before", "after"])
def test_that_a_kill_in_the_middle_leaves_it_undone_or_finished_by_the_next_try(tmp_path: Path, when: str) -> None:
    path = record_pair(tmp_path)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), when], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert verify(path).problems == []
    with RecordReader(path) as reader:
        assert ("ann" in read_history(reader, "s1").participants) == (when == "before")
    done = withdraw(path, "s1", "ann", "anonymised")
    assert done.again == (when == "after")
    assert found_in(path, *SECRETS[:-1], '"ann"') == []
    assert verify(path).problems == []


def test_that_bytes_that_were_exchanged_without_a_tombstone_are_found(tmp_path: Path) -> None:
    path = record_pair(tmp_path)
    withdraw(path, "s1", "ann", "removed")
    connection = sqlite3.connect(path)
    row = connection.execute("SELECT body_sha256 FROM journal WHERE kind = 'match_ended'").fetchone()
    connection.execute("DELETE FROM body WHERE sha256 = ?", row)
    connection.execute("INSERT INTO replaced VALUES (?, '')", row)
    connection.commit()
    connection.close()
    assert {problem.code for problem in verify(path).problems} == {"body_replaced"}
