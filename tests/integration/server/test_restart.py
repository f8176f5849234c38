"""What survives: ``kill -9`` in the middle of an episode, restarts, a full disk."""

import os
import resource
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mug.play.chunks import decode_chunk
from mug.protocol.lab import LabBatch, LabSnapshot, StopServer
from mug.protocol.messages import ChunkAck, ErrorReply, RestartMatch, ShowScene, StoredFrames
from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.game_study import write_game_study
from tests.drivers.server_driver import LabDriver, ParticipantClient, ServerDriver


@pytest.fixture
def game(tmp_path: Path) -> Path:
    folder = write_game_study(tmp_path / "study", "import helper_of_env\nenv = helper_of_env.make()\n")
    (folder / "helper_of_env.py").write_text("def make():\n    return object()\n", encoding="utf-8")
    (folder / "test_env.py").write_text("", encoding="utf-8")
    return folder


@pytest.fixture
def server(game: Path, tmp_path: Path) -> Iterator[ServerDriver]:
    with ServerDriver(game, tmp_path / "data") as driver:
        yield driver


def stored_frames(data_dir: Path) -> list[tuple[str, int, int]]:
    """Every stored row of the frames stream as (match, episode, frame), repeated rows left out."""
    with RecordReader(records_path(data_dir, "game")) as reader:
        rows = []
        for head in reader.sessions():
            for fact in reader.facts(head.session_id, ("chunk_stored",)):
                assert isinstance(fact, f.ChunkStored)
                if fact.stream == "frames" and not fact.meta.get("repeated"):
                    chunk = decode_chunk(reader.body(fact.sha256))
                    rows += [(chunk.match_id, chunk.episode, int(frame)) for frame in chunk.columns["frame"]]
        return rows


@pytest.mark.pyodide
def test_that_kill_minus_nine_in_mid_episode_loses_and_doubles_no_frame(server: ServerDriver) -> None:
    people = [ParticipantClient(server, name) for name in ("ann", "bob", "cat")]
    try:
        for person in people:
            person.enter()
            person.finish()
            person.play_episode(35)
        # One has everything acknowledged, the others have chunks on the way when the power fails.
        people[0].settle()
        visits = [person.scene.visit_id for person in people if person.scene is not None]
        matches = [person.game.config.match_id for person in people]
        port = server.port
        server.kill()
        for person in people:
            # The page plays on while the server is away: the last chunk was of 5 rows, the next ones follow it.
            person.play_episode(120, episode=1, send=False)
        server.start()
        assert server.port == port
        for person, visit, match in zip(people, visits, matches, strict=True):
            shown = person.come_back()
            assert shown.visit_id == visit
            assert person.game.config.match_id == match
            assert person.game.resume_match
            person.settle()
            stored = person.stored_frames()
            assert [decode_chunk(c).episode for c in stored.chunks] == [0] * 4 + [1] * 12
            assert person.finish().scene_id == "end"
    finally:
        for person in people:
            person.drop()
    server.interrupt()
    expected = [(match, 0, frame) for match in matches for frame in range(35)]
    expected += [(match, 1, frame) for match in matches for frame in range(120)]
    assert sorted(stored_frames(server.data_dir)) == sorted(expected)


@pytest.mark.pyodide
def test_that_the_consoles_plots_survive_a_restart(server: ServerDriver) -> None:
    with ParticipantClient(server, "ann") as person:
        person.enter()
        stamps = [datetime.fromtimestamp(time.time() - 5 + n, UTC).isoformat() for n in range(5)]
        person.put_rows(
            "telemetry",
            *(
                {"at": at, "at_ms": n, "rtt_ms": 10.0 + n, "focused": n > 2, "visible": True}
                for n, at in enumerate(stamps)
            ),
        )
        person.settle()
        server.kill()
        server.start()
        with LabDriver(server) as lab:
            full = lab.wait_for(LabSnapshot, lambda snapshot: len(snapshot.telemetry) >= 5)
    assert [point.rtt_ms for point in full.telemetry] == [10.0, 11.0, 12.0, 13.0, 14.0]
    assert [point.focused for point in full.telemetry] == [False, False, False, True, True]


@pytest.mark.pyodide
def test_that_the_study_zip_holds_the_environment_and_what_lies_beside_it_and_nothing_else(
    server: ServerDriver,
) -> None:
    import io
    import zipfile

    with ParticipantClient(server, "ann") as person:
        person.enter()
        assert person.welcome is not None
        assert person.welcome.runtime is not None
        runtime = person.welcome.runtime
    status, headers, body = server.get(runtime.study_url)
    assert status == 200
    assert "immutable" in headers["cache-control"]
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        own = sorted(name for name in archive.namelist() if not name.startswith("mug/"))
        assert own == ["env.py", "helper_of_env.py"]
        assert "mug/play/config.py" in archive.namelist()
    for url in (runtime.index_url + "pyodide.mjs", runtime.lock_url):
        status, headers, _ = server.get(url)
        assert status == 200, url
        assert "immutable" in headers["cache-control"]
    assert server.get(runtime.index_url + "../../../../../etc/passwd")[0] == 404


@pytest.mark.pyodide
def test_that_a_chunk_sent_twice_is_stored_once_and_a_gap_is_asked_for(server: ServerDriver) -> None:
    with ParticipantClient(server, "ann") as person:
        person.enter()
        person.finish()
        person.play_episode(30, send=False)
        chunks = list(person._outboxes[person.scene.visit_id].held.values())  # type: ignore[union-attr]
        seen = len(person.received)
        person.send(chunks[1])
        assert person.wait_for(ChunkAck, after=seen).next_seq == 0
        for chunk in (chunks[0], chunks[1], chunks[0], chunks[2], chunks[2]):
            person.send(chunk)
        person.wait_for(ChunkAck, lambda ack: ack.next_seq == 3)
        person.settle()
        stored = person.stored_frames()
        assert isinstance(stored, StoredFrames)
        assert [decode_chunk(c).first for c in stored.chunks] == [0, 10, 20]
    server.interrupt()
    assert len(stored_frames(server.data_dir)) == 30


@pytest.mark.pyodide
def test_that_a_match_that_does_not_reproduce_is_flagged_and_begun_anew(server: ServerDriver) -> None:
    with ParticipantClient(server, "ann") as person:
        person.enter()
        person.finish()
        old = person.game.config.match_id
        person.play_episode(20)
        person.settle()
        assert person.scene is not None
        seen = len(person.received)
        person.send(RestartMatch(visit_id=person.scene.visit_id, match_id=old, reason="state hash differs at 7"))
        shown = person.wait_for(ShowScene, after=seen)
        assert shown.visit_id == person.scene.visit_id
        new = person.game.config
        assert new.match_id != old
        person.play_episode(10)
        person.settle()
    server.interrupt()
    with RecordReader(records_path(server.data_dir, "game")) as reader:
        facts = list(reader.facts(reader.sessions()[-1].session_id))
    flagged = [fact for fact in facts if isinstance(fact, f.MatchFlagged)]
    assert [(fact.match_id, fact.flag) for fact in flagged] == [(old, "not_reproduced")]
    assert [fact.outcome for fact in facts if isinstance(fact, f.MatchEnded)] == ["restarted"]


def test_that_a_restart_takes_up_the_open_session_on_its_port(pages: Path, tmp_path: Path) -> None:
    with ServerDriver(pages, tmp_path / "data") as server, ParticipantClient(server, "ann") as person:
        first = person.enter()
        port, session = server.port, person.welcome.session_id if person.welcome else ""
        assert server.interrupt() == 0
        server.port = 0
        # Without --port the session's own one is taken.
        command = [part for part in server.command() if part not in ("--port", "0")]
        server.command = lambda *_options: command  # type: ignore[method-assign]
        server.start()
        assert server.port == port
        shown = person.come_back()
        assert shown.visit_id == first.visit_id
        assert person.welcome is not None
        assert person.welcome.session_id == session


def test_that_a_changed_study_is_refused_in_words(pages: Path, tmp_path: Path) -> None:
    with ServerDriver(pages, tmp_path / "data") as server:
        with ParticipantClient(server, "ann") as person:
            person.enter()
        server.interrupt()
        file = pages / "study.toml"
        file.write_text(file.read_text(encoding="utf-8").replace("Welcome", "Hello"), encoding="utf-8")
        refused = server.run_refused()
        assert refused.returncode == 2
        assert "another version of this study" in refused.stderr
        assert "--new-session" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert refused.stdout == ""
        server.start("--new-session")


def test_that_a_clean_stop_closes_the_session_when_nobody_is_unfinished(pages: Path, tmp_path: Path) -> None:
    with ServerDriver(pages, tmp_path / "data") as server:
        with LabDriver(server) as lab:
            assert lab.ask(StopServer(request_id="1")).error == ""
        assert server.wait_until_gone() == 0
    with RecordReader(records_path(tmp_path / "data", "pages")) as reader:
        assert [head.is_open for head in reader.sessions()] == [False]


def test_that_the_lifeline_stops_a_server_without_participants_only(pages: Path, tmp_path: Path) -> None:
    with ServerDriver(pages, tmp_path / "data", "--lifeline") as server:
        server.close_lifeline()
        assert server.wait_until_gone() == 0
        server.start("--new-session")
        with ParticipantClient(server, "ann") as person:
            person.enter()
            server.close_lifeline()
            assert person.pulse(1).n == 1
            assert server.is_running


def test_that_a_port_in_use_is_a_sentence(server: ServerDriver, game: Path, tmp_path: Path) -> None:
    other = ServerDriver(game, tmp_path / "other", port=server.port)
    refused = other.run_refused()
    assert refused.returncode == 2
    assert f"127.0.0.1:{server.port}" in refused.stderr
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_that_two_servers_do_not_write_the_same_records(server: ServerDriver, game: Path) -> None:
    refused = ServerDriver(game, server.data_dir).run_refused()
    assert refused.returncode == 2
    assert "being written by" in refused.stderr


def test_that_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "study.toml").write_text("id = ", encoding="utf-8")
    lost = tmp_path / "nothing"
    raising = tmp_path / "raising.py"
    raising.write_text("raise RuntimeError('the machine is on fire')\n", encoding="utf-8")
    for study, word in ((broken, "study.toml"), (lost, "nothing"), (raising, "on fire")):
        refused: subprocess.CompletedProcess[str] = ServerDriver(study, tmp_path / "data").run_refused()
        assert refused.returncode == 2
        assert word in refused.stderr
        assert "Traceback" not in refused.stderr
        assert refused.stdout == ""


@pytest.mark.skipif(os.name != "posix" or not hasattr(resource, "prlimit"), reason="needs prlimit")
def test_that_a_disk_that_takes_nothing_loses_nothing(pages: Path, tmp_path: Path) -> None:
    with ServerDriver(pages, tmp_path / "data") as server, LabDriver(server) as lab:
        with ParticipantClient(server, "ann") as person:
            person.enter()
            person.put_rows("event", {"name": "before"})
            person.settle()
            _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
            # Less than one page of the journal's log: after a checkpoint it is written from its beginning again.
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1024, hard))
            seen = len(person.received)
            person.put_rows("event", {"name": "during", "text": "x" * 10_000})
            lab.wait_for(LabBatch, lambda batch: any("cannot be written" in line.text for line in batch.log))
            person.put_rows("event", {"name": "during 2"})
            assert person.wait_for(ErrorReply, after=seen).code == "storage"
            assert person.unacked() == 2
            assert not [m for m in person.received[seen:] if isinstance(m, ChunkAck)]
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (hard, hard))
            lab.wait_for(LabBatch, lambda batch: any("written again" in line.text for line in batch.log))
            shown = person.scene
            assert shown is not None
            person.wait_for(ChunkAck, lambda ack: ack.next_seq == 2, after=seen)
            person.resend(shown)
            person.settle()
        server.interrupt()
    with RecordReader(records_path(tmp_path / "data", "pages")) as reader:
        session = reader.sessions()[-1].session_id
        chunks = [fact for fact in reader.facts(session, ("chunk_stored",)) if isinstance(fact, f.ChunkStored)]
        assert [chunk.seq for chunk in chunks] == [0, 1, 2]
