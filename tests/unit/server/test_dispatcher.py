"""The thread that owns the engine: order, acknowledgements after the commit, contained failures."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mug.engine import ConnectionId, FrozenStudy, SessionState, StudyRun
from mug.engine.effects import DropRoutes, SetRoutes
from mug.engine.inputs import LabConnected, PageLost, PageMessage
from mug.protocol.lab import LabBatch
from mug.protocol.messages import PROTOCOL_VERSION, ChunkAck, Hello, PutChunk, ShowScene, Welcome
from mug.protocol.parts import Message
from mug.records import RecordReader, RecordWriter
from mug.records import facts as f
from mug.server.dispatcher import Dispatcher
from mug.study.model import EndPage, StartPage, StaticPage, Study

DEADLINE_S = 60.0
STUDY = Study(
    id="x",
    chain=(
        StartPage(scene_id="start", on_connect="script.py:hello"),
        StaticPage(scene_id="middle"),
        EndPage(scene_id="end"),
    ),
)


class Outlet:
    def __init__(self) -> None:
        self.sent: list[tuple[str | None, Message]] = []
        self.broken_for: set[str] = set()
        self.changed = threading.Condition()

    def send(self, connection: ConnectionId, message: Message) -> None:
        if connection in self.broken_for:
            raise RuntimeError("this socket is broken")
        self._add(connection, message)

    def send_lab(self, message: Message, connection: ConnectionId | None = None) -> None:
        self._add(connection, message)

    def close(self, connection: ConnectionId) -> None:
        return None

    def route(self, change: SetRoutes | DropRoutes) -> None:
        return None

    def _add(self, connection: str | None, message: Message) -> None:
        with self.changed:
            self.sent.append((connection, message))
            self.changed.notify_all()

    def wait(self, what: Callable[[list[tuple[str | None, Message]]], Any]) -> Any:
        with self.changed:
            assert self.changed.wait_for(lambda: what(self.sent), DEADLINE_S), self.sent
            return what(self.sent)


class Clock:
    def now_ms(self) -> float:
        return time.time() * 1000


@pytest.fixture
def outlet() -> Outlet:
    return Outlet()


@pytest.fixture
def calls() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def dispatcher(tmp_path: Path, outlet: Outlet, calls: list[tuple[str, str]]) -> Iterator[Dispatcher]:
    path = tmp_path / "r.sqlite"
    with RecordWriter.open(path) as writer:
        opened = f.SessionOpened(at="now", session_id="s", experiment_id="x", study_hash="h", seed=1)
        writer.append([opened])
        state = SessionState()
        state.apply(opened)
        run = StudyRun(FrozenStudy(study=STUDY, content_hash="h"), state, clock=Clock(), rng=random.Random(1))

        def code(kind: str, ref: str, context: dict[str, Any]) -> Any:
            calls.append((kind, ref))
            return {"met": context["subject_id"]}

        made = Dispatcher(run, writer, path, code=code, observe=lambda chunk: None, on_stop=lambda reason: None)
        made.start(outlet)
        yield made
        made.stop()


def hello(dispatcher: Dispatcher, connection: str, who: str) -> None:
    message = Hello(protocol=PROTOCOL_VERSION, build="", tab_id=connection, subject_id=who)
    dispatcher.put(PageMessage(ConnectionId(connection), message))


def of(kind: type[Message], connection: str) -> Callable[[list[tuple[str | None, Message]]], list[Any]]:
    return lambda sent: [message for where, message in sent if where == connection and isinstance(message, kind)]


def test_that_what_is_acknowledged_is_on_disk(dispatcher: Dispatcher, outlet: Outlet, tmp_path: Path) -> None:
    hello(dispatcher, "c", "ann")
    shown = outlet.wait(of(ShowScene, "c"))[0]
    chunk = PutChunk(visit_id=shown.visit_id, stream="event", seq=0, body=b"{}\n")
    dispatcher.put(PageMessage(ConnectionId("c"), chunk))
    assert outlet.wait(of(ChunkAck, "c"))[0].next_seq == 1
    with RecordReader(tmp_path / "r.sqlite") as reader:
        assert [type(fact).__name__ for fact in reader.facts("s", ("chunk_stored",))] == ["ChunkStored"]


def test_that_a_scenes_hook_runs_and_its_answer_becomes_globals(
    dispatcher: Dispatcher, outlet: Outlet, calls: list[tuple[str, str]]
) -> None:
    hello(dispatcher, "c", "ann")
    outlet.wait(of(ShowScene, "c"))
    outlet.wait(lambda _: calls == [("on_connect", "script.py:hello")])
    token = outlet.wait(of(Welcome, "c"))[0].token
    again = Hello(protocol=PROTOCOL_VERSION, build="", tab_id="c", subject_id="ann", token=token)

    def came_back_with_globals(_: Any) -> bool:
        return any(welcome.mug_globals == {"met": "ann"} for welcome in of(Welcome, "d")(outlet.sent))

    deadline = time.monotonic() + DEADLINE_S
    while not came_back_with_globals(None) and time.monotonic() < deadline:
        dispatcher.put(PageLost(ConnectionId("d")))
        dispatcher.put(PageMessage(ConnectionId("d"), again))
        with outlet.changed:
            outlet.changed.wait(0.2)
    assert came_back_with_globals(None)


def test_that_one_participants_broken_socket_is_shown_and_the_others_go_on(
    dispatcher: Dispatcher, outlet: Outlet
) -> None:
    dispatcher.put(LabConnected(ConnectionId("lab")))
    outlet.broken_for.add("c")
    hello(dispatcher, "c", "ann")
    hello(dispatcher, "d", "bob")
    assert outlet.wait(of(ShowScene, "d"))
    outlet.wait(
        lambda sent: any(
            "please report" in line.text and "this socket is broken" in line.traceback
            for _, message in sent
            if isinstance(message, LabBatch)
            for line in message.log
        )
    )
