"""`verify` finds what was changed, lost or contradicts itself, and names the place."""

import argparse
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from mug.records import RecordsError, RecordWriter, UnknownSessionError, library, records_path
from mug.records import facts as f
from mug.records.commands import add_export_arguments, add_verify_arguments, export_main, verify_main
from mug.records.verify import verify
from tests.drivers.recorded_session import AT, RecordedSession


def rows(count: int) -> dict[str, list[Any]]:
    return {"status.human": ["input"] * count, "actions.human": [1] * count, "rewards.human": [0.5] * count}


def record(data_dir: Path) -> Path:
    """A faultless session with two episodes, one of them not ended."""
    with RecordedSession(data_dir) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m1", {"human": "anna"})
        session.lines("anna", visit, "event", {"name": "episode_started", "match_id": "m1", "episode": 0})
        session.frames("anna", visit, "m1", 0, 0, rows(10))
        session.frames("anna", visit, "m1", 0, 10, rows(4))
        end = {"name": "episode_ended", "match_id": "m1", "episode": 0, "frames": 14, "end": "terminated"}
        session.lines("anna", visit, "event", end | {"chain_hash": session.chain["m1", 0]})
        session.frames("anna", visit, "m1", 1, 0, rows(3))
        finished = f.VisitFinished(
            at=AT, participant_id="anna", visit_id=visit, outcome="completed", counts={"frames": 3, "event": 2}
        )
        session.add(finished)
    return session.path


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def codes(path: Path) -> set[str]:
    return {problem.code for problem in verify(path).problems}


def test_that_faultless_records_have_no_problem(tmp_path: Path) -> None:
    report = verify(record(tmp_path))
    assert report.problems == []
    assert (report.frames, report.sessions) == (17, ["s1"])
    assert report.entries == 11


def test_that_what_pages_got_of_the_study_belongs_to_the_session(tmp_path: Path) -> None:
    study, lock = b"a zip", b"a lock"
    digests = [hashlib.sha256(body).hexdigest() for body in (study, lock)]
    opened = f.SessionOpened(
        at=AT,
        session_id="s1",
        experiment_id="x",
        study_hash="h",
        seed=1,
        zip_sha256=digests[0],
        lock_sha256=digests[1],
    )
    path = tmp_path / "records.sqlite"
    with RecordWriter.open(path) as writer:
        writer.append([opened], dict(zip(digests, (study, lock), strict=True)))
    assert codes(path) == set()
    gone = f"DELETE FROM body WHERE sha256 = '{digests[0]}'"
    changed = f"UPDATE body SET bytes = x'00' WHERE sha256 = '{digests[1]}'"
    change(path, gone, changed)
    assert codes(path) == {"body_missing", "body_changed"}


CHUNKS = "SELECT body_sha256 FROM journal WHERE kind = 'chunk_stored' LIMIT 1 OFFSET 1"
FRAMES = "substr(bytes, 1, 4) = x'4D554746'"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE body SET bytes = substr(bytes, 1, length(bytes) - 1) "
         "WHERE rowid = (SELECT max(rowid) FROM body WHERE {frames})", {"body_changed", "chunk_size"}),
        ("UPDATE body SET bytes = CAST(replace(bytes, 'anna', 'otto') AS BLOB) WHERE sha256 = ({chunks})",
         {"body_changed"}),
        ("DELETE FROM body WHERE rowid = (SELECT max(rowid) FROM body WHERE {frames})", {"body_missing"}),
        ("DELETE FROM journal WHERE seq = 7", {"entry_missing", "chain_broken"}),
        ("UPDATE journal SET at = '2027-01-01T00:00:00.000Z' WHERE seq = 5", {"entry_changed", "fact_differs"}),
        ("UPDATE journal SET kind = 'visit_started' WHERE seq = 7", {"entry_changed", "fact_differs"}),
        ("INSERT INTO body VALUES ('{zeros}', x'00')", {"body_stray"}),
    ],
    ids=["frames changed", "fact changed", "frames deleted", "entry deleted", "time changed", "kind changed", "stray"],
)  # fmt: skip
def test_that_tampering_is_found(tmp_path: Path, statement: str, expected: set[str]) -> None:
    path = record(tmp_path)
    change(path, statement.format(chunks=CHUNKS, frames=FRAMES, zeros="0" * 64))
    found = codes(path)
    assert expected <= found


def test_that_an_entry_added_behind_the_writers_back_is_found(tmp_path: Path) -> None:
    path = record(tmp_path)
    change(
        path,
        "INSERT INTO journal SELECT seq + 1, session, at, kind, body_sha256, hash, hash FROM journal "
        "ORDER BY seq DESC LIMIT 1",
    )
    assert "entry_changed" in codes(path)


def test_that_missing_chunks_and_frames_are_told(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m1", {"human": "anna"})
        session.frames("anna", visit, "m1", 0, 0, rows(10))
        session.seq[visit, "frames"] = 2
        session.frames("anna", visit, "m1", 0, 20, rows(10))
        session.lines("anna", visit, "event", {"name": "episode_ended", "match_id": "m1", "episode": 0, "frames": 30})
    report = verify(session.path)
    assert {problem.code for problem in report.problems} >= {"chunk_missing", "frames", "frames_missing"}
    assert any("chunks 1 are missing" in problem.message for problem in report.problems)
    assert any("frames 10 to 19 are missing" in problem.message for problem in report.problems)


def test_that_rows_that_do_not_follow_each_other_are_told(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m1", {"human": "anna"})
        session.frames("anna", visit, "m1", 0, 0, rows(10))
        session.frames("anna", visit, "m1", 0, 10, rows(10), chain="11" * 16)
    assert codes(session.path) == {"frames_chain"}


def parse(add: Any, *argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add(parser)
    return parser.parse_args(argv)


def test_that_the_commands_say_what_they_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path)
    data = ("--data", str(tmp_path), "--experiment", "exp")
    assert verify_main(parse(add_verify_arguments, *data)) == 0
    assert "whole; 11 entries" in capsys.readouterr().out
    assert export_main(parse(add_export_arguments, *data, "--out", str(tmp_path / "out"))) == 0
    assert "frames 17" in capsys.readouterr().out
    assert (tmp_path / "out" / "provenance" / "manifest.json").is_file()
    assert export_main(parse(add_export_arguments, *data, "--out", str(tmp_path / "out"))) == 1
    assert "exists already" in capsys.readouterr().err


def test_that_progress_comes_as_json_lines_and_ends_with_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path)
    args = parse(add_export_arguments, "--data", str(tmp_path), "--experiment", "exp", "--session", "s1", "--progress")
    assert export_main(args) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    fractions = [line["progress"] for line in lines if "progress" in line]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == 1
    done = Path(lines[-1]["done"])
    assert done.parent == tmp_path / "exp" / "exports"
    assert done.name.startswith("exp_s1_")
    assert (done / "data").is_dir()
    assert export_main(args) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["done"] == f"{done}_2"


def test_that_all_sessions_are_exported_when_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    RecordedSession(tmp_path, "s1").writer.close()
    RecordedSession(tmp_path, "s2").writer.close()
    args = parse(add_export_arguments, "--data", str(tmp_path), "--experiment", "exp", "--out", str(tmp_path / "out"))
    assert export_main(args) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["s1", "s2"]
    assert [session.session_id for session in library(tmp_path)] == ["s1", "s2"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--experiment", "none"), "no records at"),
        (("--experiment", "../x"), "is not allowed"),
        (("--experiment", "exp", "--session", "s9"), "no session 's9': it has s1"),
        (("--experiment", "exp", "--pilot"), "leave out --pilot"),
    ],
)
def test_that_a_wrong_request_gets_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], words: str
) -> None:
    record(tmp_path)
    for add, main in ((add_export_arguments, export_main), (add_verify_arguments, verify_main)):
        assert main(parse(add, "--data", str(tmp_path), *argv)) == 1
        assert words in capsys.readouterr().err


def test_that_verify_finds_tampering_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = record(tmp_path)
    change(path, "DELETE FROM journal WHERE seq = 7")
    assert verify_main(parse(add_verify_arguments, "--data", str(tmp_path), "--experiment", "exp")) == 1
    assert "entry_missing" in capsys.readouterr().out


@pytest.mark.parametrize("table", ["journal", "body"])
def test_that_a_file_damaged_in_its_middle_is_said_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str
) -> None:
    path = record(tmp_path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    connection.close()
    content = bytearray(path.read_bytes())
    content[(root - 1) * page_size : root * page_size] = b"\xff" * page_size
    path.write_bytes(content)

    arguments = ("--data", str(tmp_path), "--experiment", "exp")
    assert export_main(parse(add_export_arguments, *arguments, "--out", str(tmp_path / "out"))) == 1
    said = capsys.readouterr().err
    assert str(path) in said
    assert "malformed" in said
    assert not (tmp_path / "out").exists()
    assert verify_main(parse(add_verify_arguments, *arguments)) == 1


def test_that_unreadable_records_are_listed_with_the_reason_and_others_still_shown(tmp_path: Path) -> None:
    record(tmp_path)
    other = records_path(tmp_path, "broken")
    other.parent.mkdir()
    other.write_bytes(b"no database " * 100)
    (tmp_path / "not an id!").mkdir()
    listed = library(tmp_path)
    assert [(session.experiment_id, session.state) for session in listed] == [("exp", "open"), ("broken", "unreadable")]
    assert "not a SQLite file" in listed[1].problem
    assert library(tmp_path / "nothing") == []
    with pytest.raises(RecordsError):
        verify(other)
    with pytest.raises(UnknownSessionError):
        verify(records_path(tmp_path, "exp"), "s7")
