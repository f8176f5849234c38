"""The app's side: starting a real server, finding it again, speaking to it."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mug.host import LabClient, LaunchedServer, ServerAddress, ServerStartError, find_running, launch
from mug.protocol.lab import LabBatch, LabMessage, LabSnapshot, LetIn, StopServer
from tests.drivers.server_driver import ParticipantClient, ServerDriver

DEADLINE_S = 60.0


class Console:
    """Collects what a LabClient delivers."""

    def __init__(self) -> None:
        self.messages: list[LabMessage] = []
        self.states: list[str] = []
        self.changed = threading.Condition()

    def message(self, message: LabMessage) -> None:
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()

    def state(self, state: str) -> None:
        with self.changed:
            self.states.append(state)
            self.changed.notify_all()

    def wait_state(self, state: str, times: int = 1) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.states.count(state) >= times, DEADLINE_S), self.states

    def wait_kind(self, kind: type[LabMessage]) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: any(isinstance(m, kind) for m in self.messages), DEADLINE_S)


@pytest.fixture
def launched(pages: Path, tmp_path: Path) -> Iterator[LaunchedServer]:
    server = launch(pages, data_dir=tmp_path / "data", port=0)
    yield server
    server.stop()


def test_that_a_launched_server_is_ready_found_and_stopped(launched: LaunchedServer, tmp_path: Path) -> None:
    address = launched.wait_ready()
    assert address.experiment_id == "pages"
    assert find_running(tmp_path / "data") == [address]
    handshake = tmp_path / "data" / "pages" / "records.server.json"
    if os.name == "posix":
        assert handshake.stat().st_mode & 0o777 == 0o600
    assert launched.poll() is None
    assert launched.stop() == 0
    assert find_running(tmp_path / "data") == []
    assert not handshake.exists()


def seen_by_a_console(address: ServerAddress) -> LabSnapshot:
    console = Console()
    client = LabClient(address, console.message, console.state)
    client.connect()
    try:
        console.wait_kind(LabSnapshot)
    finally:
        client.close()
    return next(m for m in console.messages if isinstance(m, LabSnapshot))


def test_that_who_lets_groups_go_is_given_at_the_start_and_stays_with_the_session(pages: Path, tmp_path: Path) -> None:
    first = launch(pages, data_dir=tmp_path / "data", port=0, release="experimenter")
    try:
        seen = seen_by_a_console(first.wait_ready())
        with ParticipantClient(ServerDriver(pages, tmp_path / "data", port=first.wait_ready().port), "ann") as ann:
            ann.enter()
    finally:
        first.stop()
    second = launch(pages, data_dir=tmp_path / "data", port=0)
    try:
        again = seen_by_a_console(second.wait_ready())
    finally:
        second.stop()
    assert seen.session.release == again.session.release == "experimenter"
    assert seen.session.session_id == again.session.session_id


def test_that_a_handshake_left_by_a_killed_server_is_not_a_running_one(pages: Path, tmp_path: Path) -> None:
    with ServerDriver(pages, tmp_path / "data") as server:
        assert len(find_running(tmp_path / "data")) == 1
        server.kill()
        assert (tmp_path / "data" / "pages" / "records.server.json").exists()
        assert find_running(tmp_path / "data") == []
        # Another server on the same port does not know the token.
        with ServerDriver(pages, tmp_path / "elsewhere", port=server.port):
            assert find_running(tmp_path / "data") == []


def test_that_a_server_that_cannot_start_gives_its_own_sentence(tmp_path: Path) -> None:
    launched = launch(tmp_path / "nothing", data_dir=tmp_path / "data", port=0)
    with pytest.raises(ServerStartError, match="there is no study at") as caught:
        launched.wait_ready()
    assert caught.value.exit_code == 2
    assert launched.poll() == 2


def test_that_a_console_sees_a_participant_and_comes_back_after_a_restart(pages: Path, tmp_path: Path) -> None:
    with ServerDriver(pages, tmp_path / "data") as server:
        console = Console()
        client = LabClient(find_running(tmp_path / "data")[0], console.message, console.state)
        client.connect()
        try:
            console.wait_state("connected")
            console.wait_kind(LabSnapshot)
            with ParticipantClient(server, "ann") as person:
                person.enter()
                person.pulse(1, rtt_ms=12.5, focused=False)
                console.wait_kind(LabBatch)
                with console.changed:
                    assert console.changed.wait_for(
                        lambda: any(
                            point.rtt_ms == 12.5 and not point.focused
                            for m in console.messages
                            if isinstance(m, LabBatch)
                            for point in m.telemetry
                        ),
                        DEADLINE_S,
                    )
            reply = client.request(LetIn(request_id="1", participant_id="nobody")).result(DEADLINE_S)
            assert "nobody" in reply.error
            server.kill()
            console.wait_state("gone")
            failed = client.request(LetIn(request_id="2", participant_id="ann"))
            assert "no connection" in str(failed.exception(DEADLINE_S))
            server.start()
            console.wait_state("refused")
        finally:
            client.close()
        fresh = Console()
        again = LabClient(find_running(tmp_path / "data")[0], fresh.message, fresh.state)
        again.connect()
        try:
            fresh.wait_kind(LabSnapshot)
            snapshot = next(m for m in fresh.messages if isinstance(m, LabSnapshot))
            assert [p.participant_id for p in snapshot.participants] == ["ann"]
            again.request(StopServer(request_id="3")).result(DEADLINE_S)
            assert server.wait_until_gone() == 0
        finally:
            again.close()
