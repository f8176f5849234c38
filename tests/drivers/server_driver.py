"""A real ``mug serve`` process, and a participant that speaks its protocol without a browser."""

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.request import Request, urlopen

import msgspec
import socketio

from mug.play.chunks import EMPTY_CHAIN, decode_chunk, encode_chunk
from mug.play.config import GameConfig
from mug.protocol import Message, decode_lab_message, decode_server_message, encode
from mug.protocol.care import ActionSeen, HandState, Paused, RaiseHand, Told
from mug.protocol.lab import LabBatch, LabReply, LabSnapshot
from mug.protocol.lab_console import Act, ActionView, AddNote, AnswerHand, SetStage
from mug.protocol.messages import (
    PROTOCOL_VERSION,
    ChunkAck,
    Closed,
    ErrorReply,
    FetchFrames,
    FinishVisit,
    GameContent,
    Hello,
    JoinMatch,
    MatchReady,
    PageContent,
    Pulse,
    PulseEcho,
    PutChunk,
    Refused,
    ShowScene,
    StoredFrames,
    Welcome,
)
from mug.protocol.parts import ResumeCandidate

__all__ = ["LabDriver", "ParticipantClient", "ServerDriver", "free_port"]

DEADLINE_S = 60.0

_T = TypeVar("_T", bound=Message)


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerDriver:
    """Starts, kills and restarts the real server of a study; its log is in every failure.

    Attributes:
        port: Where it listens, once started.
        token: Of the lab namespace.
    """

    def __init__(self, study: Path, data_dir: Path, *options: str, port: int = 0, cwd: Path | None = None) -> None:
        self.study = study
        self.data_dir = data_dir
        self.options = options
        self.port = port
        self.token = ""
        self.pid = 0
        self.cwd = cwd
        self.ready: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._log = data_dir / "server.log"

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What the server said on stderr, all runs."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def command(self, *options: str) -> list[str]:
        """The command line."""
        serve = [sys.executable, "-m", "mug", "serve", str(self.study), "--data", str(self.data_dir)]
        return [*serve, "--port", str(self.port), *self.options, *options]

    def start(self, *options: str, deadline_s: float = 240.0) -> Self:
        """Start it and wait for its first line; the port stays the same from the first start on."""
        assert self._process is None, "the server is running"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(*options), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=self.cwd
            )
        line = self._first_line(deadline_s)
        self.ready = json.loads(line)
        self.port, self.token, self.pid = self.ready["port"], self.ready["token"], self.ready["pid"]
        return self

    def run_refused(self, *options: str, deadline_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Start it where it must not start; returns what it said."""
        return subprocess.run(
            self.command(*options), capture_output=True, text=True, timeout=deadline_s, check=False, cwd=self.cwd
        )

    def _first_line(self, deadline_s: float) -> str:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        stdout = process.stdout
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
        try:
            line = lines.get(timeout=deadline_s)
        except queue.Empty:
            line = b""
        if not line:
            process.kill()
            process.wait(DEADLINE_S)
            self._close()
            raise AssertionError(f"the server did not get ready; its log:\n{self.log}")
        return line.decode()

    def kill(self) -> None:
        """End it as a power cut would: no clean-up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(DEADLINE_S)
        self._close()

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
        code = self._process.wait(DEADLINE_S)
        self._close()
        return code

    def close_lifeline(self) -> None:
        """Close the server's stdin, as the system does when the app dies."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()

    def wait_until_gone(self, deadline_s: float = DEADLINE_S) -> int:
        """Wait until it ended by itself; returns the exit code."""
        assert self._process is not None
        code = self._process.wait(deadline_s)
        self._close()
        return code

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def _close(self) -> None:
        assert self._process is not None
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._process = None

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """Fetch an address of the server as it is written; returns status, headers (lower case) and body."""
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        try:
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def build(self) -> str:
        """The client build that the server wants pages to have."""
        with urlopen(Request(f"{self.url}/_mug/health"), timeout=DEADLINE_S) as response:
            health: dict[str, str] = json.loads(response.read())
        return health["build"]

    def __enter__(self) -> Self:
        return self if self._process is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            if self.is_running:
                self._process.terminate()
                try:
                    self._process.wait(DEADLINE_S)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait(DEADLINE_S)
            self._close()
        if value is not None:
            value.add_note(f"log of the server:\n{self.log[-8000:]}")


@dataclass
class _Outgoing:
    """A participant's numbered chunks of one visit, kept until acknowledged."""

    next_seq: dict[str, int] = field(default_factory=dict)
    held: dict[tuple[str, int], PutChunk] = field(default_factory=dict)


class ParticipantClient:
    """A participant without a browser: says hello, keeps an outbox, reads pages, plays frames that it makes up.

    Attributes:
        received: Every message of the server, oldest first.
        welcome: The latest welcome. token: What resumes this participant.
        scene: The scene shown at present.
        acknowledges: Whether it acknowledges by itself what the experimenter does, as a page does.
        paused: Whether the experimenter pauses it.
    """

    def __init__(
        self, server: ServerDriver, subject_id: str = "", *, tab_id: str = "", build: str | None = None
    ) -> None:
        self.server = server
        self.subject_id = subject_id
        self.tab_id = tab_id or uuid.uuid4().hex
        self.token: str | None = None
        self.params: dict[str, str] = {}
        self.candidates: tuple[ResumeCandidate, ...] = ()
        self.received: list[Message] = []
        self.welcome: Welcome | None = None
        self.scene: ShowScene | None = None
        self.acknowledges = True
        self.paused = False
        self._build = build
        self._outboxes: dict[str, _Outgoing] = {}
        self._changed = threading.Condition()
        self._client: socketio.Client | None = None
        self._websocket: Any = None

    # ------------------------------------------------------------- connection

    def connect(self, *, hello: bool = True, deadline_s: float = DEADLINE_S) -> Self:
        """Connect, trying until the server is there, and say hello."""
        deadline = time.monotonic() + deadline_s
        while True:
            client = socketio.Client(reconnection=False)
            _take_in_order(client)
            client.on("m", self._on_message)
            client.on("disconnect", self._on_disconnect)
            try:
                client.connect(
                    self.server.url, socketio_path="/_mug/socket.io", transports=["websocket"], wait_timeout=DEADLINE_S
                )
                break
            except socketio.exceptions.ConnectionError:
                client.shutdown()
                if time.monotonic() > deadline:
                    raise
                threading.Event().wait(0.1)
        self._client, self._websocket = client, client.eio.ws
        if hello:
            self.say_hello()
        return self

    def say_hello(self) -> None:
        """Ask to be let in."""
        self.send(
            Hello(
                protocol=PROTOCOL_VERSION,
                build=self.server.build() if self._build is None else self._build,
                tab_id=self.tab_id,
                subject_id=self.subject_id,
                token=self.token,
                candidates=self.candidates,
                params=self.params,
            )
        )

    def enter(self) -> ShowScene:
        """Connect and wait for the first scene."""
        seen = len(self.received)
        self.connect()
        return self.wait_for(ShowScene, after=seen)

    def drop(self) -> None:
        """Close the connection, as a closed laptop does."""
        if self._client is not None:
            _disconnect(self._client, self._websocket)
            self._client = None

    def come_back(self) -> ShowScene:
        """Connect again with the same tab and token; what the server does not have goes up again."""
        self.drop()
        shown = self.enter()
        self.resend(shown)
        return shown

    def resend(self, shown: ShowScene) -> None:
        """Send what is held from the number on that the server expects."""
        box = self._outboxes.setdefault(shown.visit_id, _Outgoing())
        for (stream, seq), chunk in sorted(box.held.items()):
            if seq >= shown.next_seq.get(stream, 0):
                self.send(chunk)
            else:
                box.held.pop((stream, seq), None)

    def adopt(self, other: "ParticipantClient") -> None:
        """Take over what another page of this browser holds: the outbox outlives the page."""
        self._outboxes = other._outboxes

    @property
    def connected(self) -> bool:
        """Whether the socket stands."""
        return self._client is not None and self._client.connected

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(Exception):
            self.drop()

    # ------------------------------------------------------------- messages

    def send(self, message: Message) -> None:
        """Send a message as it is."""
        self.send_raw(encode(message))

    def send_raw(self, data: Any) -> None:
        """Send anything."""
        assert self._client is not None
        self._client.emit("m", data)

    def _on_disconnect(self, *_: object) -> None:
        with self._changed:
            self._changed.notify_all()

    def _on_message(self, data: Any) -> None:
        message = decode_server_message(data)
        with self._changed:
            self.received.append(message)
            match message:
                case Welcome():
                    self.welcome, self.token = message, message.token
                    self.subject_id = message.participant_id
                case ShowScene():
                    self.scene = message
                    box = self._outboxes.setdefault(message.visit_id, _Outgoing())
                    for stream, seq in message.next_seq.items():
                        box.next_seq[stream] = max(box.next_seq.get(stream, 0), seq)
                case ChunkAck():
                    box = self._outboxes.setdefault(message.visit_id, _Outgoing())
                    for stream, seq in [*box.held]:
                        if stream == message.stream and seq < message.next_seq:
                            del box.held[stream, seq]
                case Paused():
                    self.paused = message.paused
            self._changed.notify_all()
        action_id = getattr(message, "action_id", "")
        if self.acknowledges and action_id and isinstance(message, (Told, Paused, ShowScene, Closed)):
            self.seen(action_id)

    def wait_for(
        self,
        kind: type[_T],
        when: Callable[[_T], bool] = lambda _message: True,
        *,
        after: int = 0,
        deadline_s: float = DEADLINE_S,
    ) -> _T:
        """Wait for a message of a kind among those from number `after` on."""
        found: list[_T] = []

        def is_there() -> bool:
            found[:] = [m for m in self.received[after:] if isinstance(m, kind) and when(m)]
            return bool(found)

        with self._changed:
            if not self._changed.wait_for(is_there, deadline_s):
                raise AssertionError(
                    f"no {kind.__name__} came; came: {[type(m).__name__ for m in self.received[after:]]}"
                )
        return found[0]

    def wait_until(self, condition: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
        """Wait until something holds that messages bring about."""
        with self._changed:
            if not self._changed.wait_for(condition, deadline_s):
                raise AssertionError(f"{what}: did not happen; last messages: {self.received[-5:]}")

    def refusal(self) -> Refused:
        """Connect where entry must be refused."""
        seen = len(self.received)
        self.connect()
        return self.wait_for(Refused, after=seen)

    def error(self, message: Message | dict[str, Any]) -> ErrorReply:
        """Send something that must not be taken; returns the server's answer."""
        seen = len(self.received)
        self.send_raw(message if isinstance(message, dict) else encode(message))
        return self.wait_for(ErrorReply, after=seen)

    def seen(self, action_id: str, state: str = "shown") -> None:
        """Acknowledge what the experimenter did."""
        self.send(ActionSeen(action_id=action_id, state=state))

    def raise_hand(self, text: str = "", hand_id: str = "") -> str:
        """Ask for the experimenter; returns the hand's id once the server knows it."""
        hand_id = hand_id or uuid.uuid4().hex
        self.send(RaiseHand(hand_id=hand_id, text=text))
        self.wait_for(HandState, lambda hand: (hand.hand_id, hand.state) == (hand_id, "raised"))
        return hand_id

    def pulse(self, n: int = 0, **fields: Any) -> PulseEcho:
        """Send the second's status and wait for its echo."""
        seen = len(self.received)
        self.send(Pulse(n=n, client_ms=float(n), **fields))
        return self.wait_for(PulseEcho, lambda echo: echo.n == n, after=seen)

    # ------------------------------------------------------------- the way through a study

    def put(self, stream: str, body: bytes, meta: dict[str, Any] | None = None, *, send: bool = True) -> PutChunk:
        """Add a chunk to the present visit's outbox and send it."""
        assert self.scene is not None
        box = self._outboxes.setdefault(self.scene.visit_id, _Outgoing())
        seq = box.next_seq.get(stream, 0)
        box.next_seq[stream] = seq + 1
        chunk = PutChunk(visit_id=self.scene.visit_id, stream=stream, seq=seq, body=body, meta=meta or {})
        with self._changed:
            box.held[stream, seq] = chunk
        if send and self.connected:
            self.send(chunk)
        return chunk

    def put_rows(self, stream: str, *rows: dict[str, Any]) -> PutChunk:
        """Add rows of JSON as one chunk."""
        return self.put(stream, b"".join(msgspec.json.encode(row) + b"\n" for row in rows))

    def unacked(self) -> int:
        """Chunks that the server has not acknowledged."""
        return sum(len(box.held) for box in self._outboxes.values())

    def settle(self) -> None:
        """Wait until the server has everything on disk."""
        self.wait_until(lambda: self.unacked() == 0, "every chunk acknowledged")

    def finish(self, outcome: str = "completed") -> ShowScene:
        """Finish the present scene as a page does, and wait for the next one."""
        assert self.scene is not None
        self.settle()
        before = self.scene
        box = self._outboxes.setdefault(before.visit_id, _Outgoing())
        self.send(FinishVisit(visit_id=before.visit_id, counts=dict(box.next_seq), outcome=outcome))
        self.wait_until(lambda: self.scene is not None and self.scene.visit_id != before.visit_id, "the next scene")
        assert self.scene is not None
        return self.scene

    def end(self, outcome: str) -> Closed:
        """Finish the present scene as a page does, when the participation ends with it."""
        assert self.scene is not None
        self.settle()
        box = self._outboxes.setdefault(self.scene.visit_id, _Outgoing())
        self.send(FinishVisit(visit_id=self.scene.visit_id, counts=dict(box.next_seq), outcome=outcome))
        return self.closed()

    def closed(self) -> Closed:
        """Wait for the server's word that it is over."""
        return self.wait_for(Closed)

    @property
    def game(self) -> GameContent:
        """The present scene's game."""
        assert self.scene is not None
        assert isinstance(self.scene.content, GameContent)
        return self.scene.content

    @property
    def page(self) -> PageContent:
        """The present scene's page."""
        assert self.scene is not None
        assert isinstance(self.scene.content, PageContent)
        return self.scene.content

    def join(self) -> None:
        """Ask for partners, as the page of a game of several people does when its start is pressed."""
        assert self.scene is not None
        self.send(JoinMatch(visit_id=self.scene.visit_id))

    def matched(self, *, deadline_s: float = DEADLINE_S) -> GameConfig:
        """Wait until partners are found; returns what holds for this player."""
        assert self.scene is not None
        visit_id = self.scene.visit_id
        return self.wait_for(MatchReady, lambda ready: ready.visit_id == visit_id, deadline_s=deadline_s).config

    @property
    def config(self) -> GameConfig:
        """The present game as it is played: with its match, once there is one."""
        assert self.scene is not None
        ready = [m for m in self.received if isinstance(m, MatchReady) and m.visit_id == self.scene.visit_id]
        return ready[-1].config if ready else self.game.config

    def play_episode(
        self, frames: int, *, episode: int = 0, first: int = 0, send: bool = True, rewards: float = -1.0
    ) -> str:
        """Send rows `first` to `frames` - 1 of an episode that was not really played; returns the chain hash."""
        assert self.welcome is not None
        config = self.config
        agents = config.players or config.human_agents
        chain = EMPTY_CHAIN
        step = config.fps
        for start in range(0, frames, step):
            last = min(start + step, frames) - 1
            body, chain = made_up_chunk(config.match_id, episode, start, last, chain, *agents, rewards=rewards)
            if start >= first:
                meta = {
                    "match_id": config.match_id,
                    "episode": episode,
                    "first": start,
                    "last": last,
                    "chain_hash": chain,
                    "agents": list(agents),
                }
                self.put("frames", body, meta, send=send)
        return chain

    def stored_frames(self) -> StoredFrames:
        """Ask for the rows that the server has of the present match."""
        assert self.scene is not None
        seen = len(self.received)
        self.send(FetchFrames(visit_id=self.scene.visit_id, match_id=self.config.match_id))
        return self.wait_for(StoredFrames, after=seen)


def made_up_chunk(
    match_id: str, episode: int, first: int, last: int, chain: str, *agents: str, rewards: float = -1.0
) -> tuple[bytes, str]:
    """A frames chunk with rows as a recorder makes them; returns its bytes and the chain hash after it."""
    frames = list(range(first, last + 1))
    columns: dict[str, Any] = {"frame": frames}
    for name, values in {
        "status": ["input"] * len(frames),
        "actions": [frame % 3 for frame in frames],
        "rewards": [rewards] * len(frames),
        "terminated": [False] * len(frames),
        "truncated": [False] * len(frames),
        "observations": [[frame / 100, 0.0] for frame in frames],
        "infos": [{} for _ in frames],
    }.items():
        columns |= {f"{name}.{agent}": values for agent in agents}
    columns["state_hash"] = [f"{frame:032x}" for frame in frames]
    body = encode_chunk(match_id=match_id, episode=episode, first=first, columns=columns, previous_chain_hash=chain)
    return body, decode_chunk(body).chain_hash


def _take_in_order(client: socketio.Client) -> None:
    """Have messages handled one after the other, as a page does; the library gives each one a thread of its own.

    A message with bytes comes in several pieces, which such threads take up in any order when there are many.
    """
    trigger = client.eio._trigger_event

    def in_order(event: str, *args: Any, **how: Any) -> Any:
        return trigger(event, *args, **(how | {"run_async": False} if event == "message" else how))

    client.eio._trigger_event = in_order


def _disconnect(client: socketio.Client, websocket: Any) -> None:
    def close() -> None:
        # The library would wait 3 s for an answer to its closing frame, and leave a dead server's socket open.
        if websocket.sock is not None:
            with contextlib.suppress(OSError):
                websocket.sock.shutdown(socket.SHUT_RDWR)
            websocket.shutdown()

    websocket.close = close
    client.disconnect()
    client.shutdown()
    close()


class LabDriver:
    """A console without a window: what MUG Lab's connection sees."""

    def __init__(self, server: ServerDriver, token: str | None = None) -> None:
        self.received: list[Message] = []
        self._server = server
        self._token = server.token if token is None else token
        self._changed = threading.Condition()
        self._client = socketio.Client(reconnection=False)
        self._websocket: Any = None
        self._client.on("m", self._on_message, namespace="/lab")

    def __enter__(self) -> Self:
        self._client.connect(
            self._server.url,
            socketio_path="/_mug/socket.io",
            transports=["websocket"],
            namespaces=["/lab"],
            auth={"token": self._token},
            wait_timeout=DEADLINE_S,
        )
        self._websocket = self._client.eio.ws
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        _disconnect(self._client, self._websocket)

    def _on_message(self, data: Any) -> None:
        with self._changed:
            self.received.append(decode_lab_message(data))
            self._changed.notify_all()

    def wait_for(self, kind: type[_T], when: Callable[[_T], bool] = lambda _message: True) -> _T:
        """Wait for a message of a kind."""
        found: list[_T] = []

        def is_there() -> bool:
            found[:] = [m for m in self.received if isinstance(m, kind) and when(m)]
            return bool(found)

        with self._changed:
            if not self._changed.wait_for(is_there, DEADLINE_S):
                raise AssertionError(f"no {kind.__name__} came; came: {self.received[-5:]}")
        return found[0]

    @property
    def snapshot(self) -> LabSnapshot:
        """What came on connecting."""
        return self.wait_for(LabSnapshot)

    def act(self, action: str, *participants: str, request_id: str = "", **fields: Any) -> ActionView:
        """Do something to participants, as the experimenter; it must be possible."""
        request = Act(request_id=request_id or uuid.uuid4().hex, action=action, participants=participants, **fields)
        answer = self.ask(request)
        assert answer.error == "", answer.error
        return msgspec.convert(answer.data, ActionView)

    def set_stage(self, stage: str, reason: str = "") -> None:
        """Move the session on."""
        answer = self.ask(SetStage(request_id=uuid.uuid4().hex, stage=stage, reason=reason))
        assert answer.error == "", answer.error

    def add_note(self, text: str, participant_id: str | None = None) -> None:
        """Keep a note."""
        answer = self.ask(AddNote(request_id=uuid.uuid4().hex, text=text, participant_id=participant_id))
        assert answer.error == "", answer.error

    def answer_hand(self, participant_id: str, text: str = "", request_id: str = "") -> str:
        """Answer a raised hand; returns the request's id."""
        request_id = request_id or uuid.uuid4().hex
        answer = self.ask(AnswerHand(request_id=request_id, participant_id=participant_id, text=text))
        assert answer.error == "", answer.error
        return request_id

    def wait_for_action(self, action_id: str, participant_id: str, state: str) -> ActionView:
        """Wait until the console is shown that an action is so far with a participant."""

        def is_so_far(view: ActionView) -> bool:
            return view.action_id == action_id and any(
                target.participant_id == participant_id and target.state == state for target in view.targets
            )

        def shown(message: LabBatch | LabSnapshot) -> ActionView | None:
            return next((view for view in message.actions if is_so_far(view)), None)

        found: list[ActionView] = []

        def is_there() -> bool:
            messages = [m for m in self.received if isinstance(m, (LabBatch, LabSnapshot))]
            found[:] = [view for view in map(shown, messages) if view is not None]
            return bool(found)

        with self._changed:
            if not self._changed.wait_for(is_there, DEADLINE_S):
                raise AssertionError(f"the action {action_id} was not {state} with {participant_id}")
        return found[-1]

    def ask(self, request: Message) -> LabReply:
        """Send a request and wait for its reply."""
        data = encode(request)
        self._client.emit("m", data, namespace="/lab")
        return self.wait_for(LabReply, lambda reply: reply.request_id == data["request_id"])
