"""The writer and the reader of a session's records, on real files."""

import hashlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mug.errors import InvalidIdError
from mug.records import (
    RecordReader,
    RecordsDamagedError,
    RecordsError,
    RecordsFormatError,
    RecordsInUseError,
    RecordsNotFoundError,
    RecordWriter,
    UnknownSessionError,
    records_path,
)
from mug.records import facts as f
from mug.records.journal import FORMAT, GENESIS, entry_hash

AT = "2026-03-01T10:00:00.000Z"


def opened(session_id: str = "s1") -> f.SessionOpened:
    return f.SessionOpened(at=AT, session_id=session_id, experiment_id="exp", study_hash="h", seed=2**64 - 1)


def joined(participant_id: str) -> f.ParticipantJoined:
    return f.ParticipantJoined(at=AT, participant_id=participant_id, seed=1, token_sha256="t")


def event_chunk(seq: int, body: bytes) -> tuple[f.ChunkStored, dict[str, bytes]]:
    digest = hashlib.sha256(body).hexdigest()
    fact = f.ChunkStored(
        at=AT, participant_id="p", visit_id="v", stream="event", seq=seq, sha256=digest, size=len(body)
    )
    return fact, {digest: body}


def test_that_facts_and_bodies_come_back_as_they_were_given(tmp_path: Path) -> None:
    chunk, bodies = event_chunk(0, b'{"name":"focus"}\n')
    with RecordWriter.open(records_path(tmp_path, "exp")) as writer:
        writer.append([opened(), joined("anna")])
        writer.append([chunk], bodies)
    with RecordReader(records_path(tmp_path, "exp")) as reader:
        assert list(reader.facts("s1")) == [opened(), joined("anna"), chunk]
        assert reader.body(chunk.sha256) == b'{"name":"focus"}\n'
        assert [session.session_id for session in reader.sessions()] == ["s1"]


def test_that_an_acknowledgement_comes_after_the_commit_and_in_order(tmp_path: Path) -> None:
    path = records_path(tmp_path, "exp")
    seen: list[tuple[int, int]] = []

    def acknowledge(number: int) -> Callable[[], None]:
        def look() -> None:
            with RecordReader(path) as reader:
                seen.append((number, reader.head.seq))

        return look

    with RecordWriter.open(path) as writer:
        writer.append([opened()])
        for number in range(20):
            writer.append([joined(f"p{number}")], on_commit=acknowledge(number))
        assert writer.flush()
    assert [number for number, _ in seen] == list(range(20))
    assert all(head >= number + 2 for number, head in seen)


def test_that_facts_from_many_threads_are_all_kept_in_one_chain(tmp_path: Path) -> None:
    path = records_path(tmp_path, "exp")
    with RecordWriter.open(path) as writer:
        writer.append([opened()])

        def add(thread: int) -> None:
            for number in range(25):
                writer.append([joined(f"p{thread}-{number}")])

        threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with RecordReader(path) as reader:
        entries = list(reader.entries())
        people = [fact.participant_id for fact in reader.facts("s1") if isinstance(fact, f.ParticipantJoined)]
    assert sorted(people) == sorted(f"p{thread}-{number}" for thread in range(8) for number in range(25))
    prev = GENESIS
    for number, entry in enumerate(entries, 1):
        assert entry.seq == number
        assert entry.prev == prev
        prev = entry_hash(entry.seq, entry.session, entry.at, entry.kind, entry.body_sha256, prev)
        assert entry.hash == prev


def test_that_one_call_is_stored_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = records_path(tmp_path, "exp")
    chunk, bodies = event_chunk(0, b"x")
    with RecordWriter.open(path) as writer:
        writer.append([opened()])
        with pytest.raises(RecordsError, match="missing"):
            writer.append([joined("anna"), chunk])
        with pytest.raises(RecordsError, match="another SHA-256"):
            writer.append([chunk], {chunk.sha256: b"changed"})
        with pytest.raises(RecordsError, match="cannot be stored"):
            writer.append([f.GlobalsSet(at=AT, participant_id="p", values={"a": object()})])
        writer.append([chunk], bodies)
    with RecordReader(path) as reader:
        assert list(reader.facts("s1")) == [opened(), chunk]


def test_that_facts_without_a_session_are_refused(tmp_path: Path) -> None:
    with RecordWriter.open(tmp_path / "r.sqlite") as writer, pytest.raises(RecordsError, match="opening"):
        writer.append([joined("anna")])


def test_that_a_second_writer_is_told_who_holds_the_records(tmp_path: Path) -> None:
    path = records_path(tmp_path, "exp")
    with RecordWriter.open(path):
        with pytest.raises(RecordsInUseError, match=r"process \d+") as caught:
            RecordWriter.open(path)
        code = f"from pathlib import Path; from mug.records import RecordWriter; RecordWriter.open(Path({str(path)!r}))"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert caught.value.holder["pid"]
    assert other.returncode != 0
    assert "RecordsInUseError" in other.stderr
    assert caught.value.holder["pid"] in other.stderr
    RecordWriter.open(path).close()


def test_that_a_new_writer_goes_on_with_the_newest_session_or_the_one_it_is_told(tmp_path: Path) -> None:
    path = records_path(tmp_path, "exp")
    with RecordWriter.open(path) as writer:
        writer.append([opened("s1")])
        writer.append([opened("s2")])
    with RecordWriter.open(path) as writer:
        assert writer.session_id == "s2"
        writer.append([joined("late")])
        writer.continue_session("s1")
        writer.append([joined("early")])
        with pytest.raises(UnknownSessionError, match="s1, s2"):
            writer.continue_session("s3")
    with RecordReader(path) as reader:
        assert list(reader.facts("s1", ["participant_joined"])) == [joined("early")]
        assert list(reader.facts("s2", ["participant_joined"])) == [joined("late")]


def test_that_a_reader_keeps_its_place_until_it_is_refreshed(tmp_path: Path) -> None:
    path = records_path(tmp_path, "exp")
    with RecordWriter.open(path) as writer:
        writer.append([opened()])
        assert writer.flush()
        with RecordReader(path) as reader:
            writer.append([joined("anna")])
            assert writer.flush()
            assert len(list(reader.facts("s1"))) == 1
            reader.refresh()
            assert len(list(reader.facts("s1"))) == 2


def test_that_the_tally_counts_what_was_stored(tmp_path: Path) -> None:
    path = records_path(tmp_path, "exp")
    events = b'{"name":"episode_started","match_id":"m","episode":0}\n{"name":"focus"}\n'
    chunk, bodies = event_chunk(0, events)
    again, more = event_chunk(1, events + b'{"name":"blur"}\n')
    frames = b"frames"
    digest = hashlib.sha256(frames).hexdigest()
    with RecordWriter.open(path) as writer:
        writer.append([opened(), joined("anna"), chunk, again], bodies | more)
        for seq, last in enumerate((29, 59, 59)):
            meta = {"match_id": "m", "episode": 0, "first": last - 29, "last": last}
            stored = f.ChunkStored(
                at=AT, participant_id="p", visit_id="v", stream="frames", seq=seq, sha256=digest, size=6, meta=meta
            )
            writer.append([stored], {digest: frames})
    with RecordReader(path) as reader:
        tally = reader.tally()["s1"]
    assert tally == {"console": 1, "participants": 1, "events": 5, "episodes": 1, "frames": 60}


def test_that_a_newer_format_and_foreign_files_are_refused_in_words(tmp_path: Path) -> None:
    newer = tmp_path / "newer.sqlite"
    RecordWriter.open(newer).close()
    connection = sqlite3.connect(newer)
    connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()
    foreign = tmp_path / "foreign.sqlite"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE mine (x)")
    connection.commit()
    connection.close()
    text = tmp_path / "text.sqlite"
    text.write_text("this is not a database, but it is long enough to have a header" * 20)
    for path, words in ((newer, "newer MUG"), (foreign, "another program"), (text, "not a SQLite file")):
        with pytest.raises(RecordsFormatError, match=words):
            RecordReader(path)
        with pytest.raises(RecordsFormatError, match=words):
            RecordWriter.open(path)
    with pytest.raises(RecordsNotFoundError, match="data folder"):
        RecordReader(tmp_path / "none.sqlite")


def test_that_a_missing_fact_is_named_with_its_place(tmp_path: Path) -> None:
    path = records_path(tmp_path, "exp")
    with RecordWriter.open(path) as writer:
        writer.append([opened(), joined("anna")])
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM body WHERE sha256 = (SELECT body_sha256 FROM journal WHERE seq = 2)")
    connection.commit()
    connection.close()
    with RecordReader(path) as reader, pytest.raises(RecordsDamagedError, match="entry 2"):
        list(reader.facts("s1"))


def test_that_ids_are_checked_before_they_become_paths(tmp_path: Path) -> None:
    with pytest.raises(InvalidIdError):
        records_path(tmp_path, "../elsewhere")
    assert records_path(tmp_path, "exp", pilot=True) == tmp_path / "exp" / "pilot.sqlite"


def test_that_closing_twice_and_writing_after_closing_are_harmless(tmp_path: Path) -> None:
    writer = RecordWriter.open(tmp_path / "r.sqlite")
    writer.append([opened()])
    writer.close()
    writer.close()
    with pytest.raises(RecordsError, match="closed"):
        writer.append([joined("anna")])
