"""What the network may not do: foreign data, foreign files, too much of anything, foreign consoles."""

import json
import os
from pathlib import Path

import pytest
import socketio

from mug.host import find_running
from mug.protocol.lab import LabBatch, LabSnapshot
from mug.protocol.messages import ErrorReply, FinishVisit, PutChunk
from mug.server.addresses import participant_addresses
from tests.drivers.server_driver import LabDriver, ParticipantClient, ServerDriver


def test_that_a_chunk_for_anothers_visit_is_refused(shared: ServerDriver) -> None:
    with ParticipantClient(shared, "ann-10") as ann, ParticipantClient(shared, "bob-10") as bob:
        anns = ann.enter()
        bob.enter()
        chunk = PutChunk(visit_id=anns.visit_id, stream="event", seq=0, body=b"{}\n")
        assert bob.error(chunk).code == "foreign_visit"
        assert bob.error(FinishVisit(visit_id=anns.visit_id)).code == "foreign_visit"
        assert ann.come_back().next_seq == {}


def test_that_an_oversized_chunk_is_refused_and_the_connection_goes_on(shared: ServerDriver) -> None:
    with ParticipantClient(shared, "ann-11") as person:
        shown = person.enter()
        large = PutChunk(visit_id=shown.visit_id, stream="event", seq=0, body=b"x" * (256 * 1024 + 1))
        reply = person.error(large)
        assert (reply.code, reply.path) == ("too_large", "body")
        wide = {"op": "globals.set", "values": {f"k{i}": "x" * 100 for i in range(5_000)}}
        assert person.error(wide).code == "too_large"
        assert person.pulse(1).n == 1


def test_that_a_message_beyond_all_bounds_closes_the_connection_only(shared: ServerDriver) -> None:
    with ParticipantClient(shared, "ann-12") as person:
        person.enter()
        person.send_raw({"op": "globals.set", "values": {"x": "y" * 3_000_000}})
        person.wait_until(lambda: not person.connected, "the connection is closed")
    with ParticipantClient(shared, "bob-12") as other:
        other.enter()
        assert other.pulse(1).n == 1


def test_that_unknown_and_invalid_messages_are_counted_and_answered_by_path(shared: ServerDriver) -> None:
    with ParticipantClient(shared, "ann-13") as person, LabDriver(shared) as lab:
        person.enter()
        person.send_raw({"op": "participant.fly", "height": 3})
        reply = person.error({"op": "visit.finish", "visit_id": 7})
        assert (reply.code, reply.about) == ("invalid", "visit.finish")
        assert reply.path.startswith("visit_id")
        for nonsense in (None, 7, "text", [], {"op": 3}, {"visit_id": "x"}):
            person.send_raw(nonsense)
        assert person.pulse(1).n == 1
        lab.wait_for(
            LabBatch,
            lambda batch: (
                batch.counts.get("refused.unknown_op", 0) == 1 and batch.counts.get("refused.invalid", 0) >= 6
            ),
        )


def test_that_a_flood_is_slowed_down_in_words(shared: ServerDriver) -> None:
    with ParticipantClient(shared, "ann-14") as person:
        person.enter()
        for n in range(200):
            person.send_raw({"op": "participant.phase", "phase": "page", "detail": str(n)})
        assert person.wait_for(ErrorReply).code == "rate"
        assert person.pulse(1).n == 1


@pytest.mark.parametrize("token", ["", "é"])
def test_that_the_console_needs_the_token(shared: ServerDriver, token: str) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError), LabDriver(shared, token):
        pass
    assert shared.get("/_mug/lab", {"Authorization": f"Bearer {token}"} if token.isascii() else {})[0] == 403


def test_that_the_token_opens_the_console(shared: ServerDriver) -> None:
    status, _, body = shared.get("/_mug/lab", {"Authorization": f"Bearer {shared.token}"})
    assert status == 200
    assert json.loads(body)["experiment_id"] == "pages"
    with LabDriver(shared) as lab:
        assert isinstance(lab.snapshot, LabSnapshot)


def test_that_pages_of_other_origins_cannot_connect(shared: ServerDriver) -> None:
    own = shared.url
    path = "/_mug/socket.io/?EIO=4&transport=polling"
    assert shared.get(path, {"Origin": own})[0] == 200
    assert shared.get(path, {"Origin": "http://elsewhere.example"})[0] == 400


@pytest.fixture
def with_files(pages: Path, tmp_path: Path) -> Path:
    text = (pages / "study.toml").read_text(encoding="utf-8")
    (pages / "study.toml").write_text(text.replace("[[chain]]", 'static_files = ["static"]\n\n[[chain]]', 1), "utf-8")
    (pages / "static" / "deep").mkdir(parents=True)
    (pages / "static" / "deep" / "note.txt").write_text("served", encoding="utf-8")
    (pages / "static" / ".secret").write_text("hidden", encoding="utf-8")
    (pages / "secret.txt").write_text("secret", encoding="utf-8")
    if os.name == "posix":
        (pages / "static" / "link.txt").symlink_to(pages / "secret.txt")
    return pages


def test_that_only_the_static_folders_files_are_served(with_files: Path, tmp_path: Path) -> None:
    with ServerDriver(with_files, tmp_path / "data") as server:
        assert server.get("/static/deep/note.txt")[2] == b"served"
        for path in (
            "/static/../secret.txt",
            "/static/%2e%2e/secret.txt",
            "/static/..%2fsecret.txt",
            "/static//etc/passwd",
            "/static/deep/../../secret.txt",
            "/static/.secret",
            "/static/link.txt",
            "/static/",
            "/static/deep",
            "/static/..\\secret.txt",
            "/_mug/client/../server/serve.py",
            "/_mug/client/%2e%2e/serve.py",
            "/_mug/study/0000.zip",
            "/_mug/runtime/x/pyodide.mjs",
            "/data/pages/records.sqlite",
            "/study/study.toml",
        ):
            status, _, body = server.get(path)
            assert status in (404, 400, 308), path
            assert b"secret" not in body, path


def test_that_every_answer_carries_the_policy(shared: ServerDriver) -> None:
    for path in ("/", "/ann", "/_mug/health", "/nothing/here"):
        _, headers, _ = shared.get(path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self' 'wasm-unsafe-eval';" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


def test_that_a_console_on_this_machine_is_let_in_when_the_server_listens_on_a_network_address(
    pages: Path, tmp_path: Path
) -> None:
    own = participant_addresses("0.0.0.0", 1)[0].removeprefix("http://").partition(":")[0]
    if own == "localhost":
        pytest.skip("this machine has no network")
    with ServerDriver(pages, tmp_path / "data", "--host", own) as server:
        [address] = find_running(tmp_path / "data")
        assert address.url == f"http://{own}:{server.port}"
