"""A whole session in memory: the engine, a clock that is set by hand, a disk that commits when it is told to."""

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from mug.engine import ConnectionId, Effect, FrozenStudy, SessionState, StudyRun, fold
from mug.engine.effects import Call, Close, LabUpdate, Record, Schedule, Send, SendFrames, Stop, TellAuthority
from mug.engine.inputs import (
    CallFailed,
    CallResult,
    Input,
    LabAsked,
    LabConnected,
    PageLost,
    PageMessage,
    Tick,
    Wake,
)
from mug.protocol import Message
from mug.protocol.lab import LabBatch, LabReply, LabSnapshot
from mug.protocol.lab_console import Act, ActionView, SetStage
from mug.protocol.messages import PROTOCOL_VERSION, BuildFile, FinishVisit, Hello, PutChunk, ShowScene, Welcome
from mug.records import facts as f
from mug.study.game import PoliciesSection
from mug.study.matchmaking import Matchmaker
from mug.study.model import (
    CompletionCodePage,
    EndPage,
    GameplaySection,
    GymGame,
    KeyBinding,
    RandomizeOrder,
    StartPage,
    StaticPage,
    Study,
)
from mug.study.multiplayer_section import MultiplayerSection
from mug.study.settings import WebRtc

_T = TypeVar("_T", bound=Message)

GAME = GymGame(
    scene_id="car",
    gameplay=GameplaySection(action_mapping=(KeyBinding(keys=("a",), action=0),), default_action=1, num_episodes=2),
)
STUDY = Study(
    id="memory",
    chain=(
        StartPage(scene_id="start"),
        RandomizeOrder(scenes=(StaticPage(scene_id="a"), StaticPage(scene_id="b"), StaticPage(scene_id="c"))),
        GAME,
        CompletionCodePage(scene_id="end"),
    ),
)
SHORT = Study(id="memory", chain=(StartPage(scene_id="start"), GAME, EndPage(scene_id="end")))

TIMEOUT_MS = 5_000
"""How long a partner may be silent in the studies of several people."""


def study_for(people: int = 2, *, webrtc: WebRtc | None = None, callback: str | None = None, **sections: Any) -> Study:
    mapping = {**{f"a{number}": "human" for number in range(people)}, "bot": "random"}
    game = GymGame(
        scene_id="duel",
        gameplay=GameplaySection(
            action_mapping=(KeyBinding(keys=("a",), action=0),), default_action=1, callback=callback
        ),
        policies=PoliciesSection(policy_mapping=mapping),
        **sections,
    )
    return Study(
        id="memory", chain=(StartPage(scene_id="start"), game, EndPage(scene_id="end")), webrtc=webrtc or WebRtc()
    )


def rules_of(**fields: Any) -> MultiplayerSection:
    return MultiplayerSection(reconnection_timeout_ms=TIMEOUT_MS, **fields)


@dataclass
class HandClock:
    ms: float = 1_700_000_000_000.0

    def now_ms(self) -> float:
        return self.ms


@dataclass
class Memory:
    """Plays a session; `written` are the facts on disk, `pending` those that are not yet."""

    study: Study = STUDY
    hold_disk: bool = False
    clock: HandClock = field(default_factory=HandClock)
    written: list[f.AnyFact] = field(default_factory=list)
    recorded: list[f.AnyFact] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)
    waiting: list[tuple[Record, tuple[Effect, ...]]] = field(default_factory=list)
    sent: list[tuple[str, Message]] = field(default_factory=list)
    sent_to: defaultdict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    lab: list[Message] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    others: list[Effect] = field(default_factory=list)
    timers: list[tuple[float, str]] = field(default_factory=list)
    stopped: str = ""
    acts: int = 0
    seed: int = 1
    finished_before: frozenset[str] = frozenset()
    matchmakers: dict[str, Matchmaker] = field(default_factory=dict)
    release: str = "automatic"
    details: dict[str, Any] = field(default_factory=dict)
    builds: dict[str, tuple[BuildFile, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        opened = f.SessionOpened(
            at="2026-01-01T00:00:00.000Z",
            session_id="s1",
            experiment_id="memory",
            study_hash="h",
            seed=self.seed,
            release=self.release,
            **self.details,
        )
        state = SessionState()
        state.apply(opened)
        self.written.append(opened)
        self.recorded.append(opened)
        self.run = self._new_run(state)

    def _new_run(self, state: SessionState) -> StudyRun:
        return StudyRun(
            FrozenStudy(study=self.study, content_hash="h", builds=self.builds),
            state,
            clock=self.clock,
            rng=random.Random(self.seed),
            finished_before=self.finished_before,
            matchmakers=self.matchmakers,
        )

    def crash_and_restart(self) -> None:
        """Only what was written survives; every connection is gone."""
        self.waiting.clear()
        self.recorded = list(self.written)
        self.seed += 1
        self.run = self._new_run(fold(self.written))

    def take(self, happened: Input) -> None:
        self._perform(self.run.handle(happened))

    def commit(self) -> None:
        """The disk writes everything that waits."""
        while self.waiting:
            record, then = self.waiting.pop(0)
            # As the journal would: through bytes and back.
            self.written += [msgspec.json.decode(msgspec.json.encode(fact), type=f.AnyFact) for fact in record.facts]
            self.bodies.update(record.bodies)
            self._perform(then)

    def _perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send():
                    self.sent.append((effect.connection, effect.message))
                    self.sent_to[effect.connection].append(effect.message)
                case Record():
                    self.recorded += effect.facts
                    self.waiting.append((effect, effect.then))
                    if not self.hold_disk:
                        self.commit()
                case LabUpdate():
                    self.lab.append(effect.message)
                case Close():
                    self.closed.append(effect.connection)
                case Call():
                    self.calls.append(effect)
                case Schedule():
                    self.timers.append((self.clock.ms + effect.after_ms, effect.name))
                case Stop():
                    self.stopped = effect.reason
                case _:
                    self.others.append(effect)

    # ------------------------------------------------------------- what people do

    def hello(self, connection: str, subject_id: str = "", *, tab: str = "", **fields: Any) -> None:
        hello = Hello(protocol=PROTOCOL_VERSION, build="", tab_id=tab or connection, subject_id=subject_id, **fields)
        self.say(connection, hello)

    def say(self, connection: str, message: Any) -> None:
        self.take(PageMessage(ConnectionId(connection), message))

    def drop(self, connection: str) -> None:
        self.take(PageLost(ConnectionId(connection)))

    def tick(self, ms: float = 100.0) -> None:
        self.clock.ms += ms
        self.take(Tick())

    def later(self, ms: float) -> None:
        """Time passes, and what was scheduled happens."""
        until = self.clock.ms + ms
        while self.timers and min(self.timers)[0] <= until:
            at, name = min(self.timers)
            self.timers.remove((at, name))
            self.clock.ms = max(self.clock.ms, at)
            self.take(Wake(name))
        self.clock.ms = until

    def lab_in(self, connection: str = "lab") -> None:
        self.take(LabConnected(ConnectionId(connection)))

    def ask(self, request: Any, connection: str = "lab") -> None:
        self.take(LabAsked(ConnectionId(connection), request))

    def reply_to(self, request: Any) -> LabReply:
        """Ask, with the disk writing, and return the answer."""
        self.ask(request)
        self.commit()
        found = [m for m in self.lab if isinstance(m, LabReply) and m.request_id == request.request_id]
        return found[-1]

    def act(self, action: str, *who: str, request_id: str = "", **fields: Any) -> LabReply:
        """Do something to participants; the request has an id of its own unless one is given."""
        self.acts += 1
        return self.reply_to(
            Act(request_id=request_id or f"act-{self.acts}", action=action, participants=who, **fields)
        )

    def set_stage(self, stage: str, reason: str = "") -> str:
        """Move the session on; returns what is wrong."""
        return self.reply_to(SetStage(request_id="stage", stage=stage, reason=reason)).error

    def action(self, action_id: str) -> ActionView:
        """An action as a console that connects now sees it."""
        return next(view for view in self.snapshot().actions if view.action_id == action_id)

    def snapshot(self) -> LabSnapshot:
        """What a console that connects now sees."""
        self.lab_in("fresh")
        return [m for m in self.lab if isinstance(m, LabSnapshot)][-1]

    def batch(self) -> LabBatch:
        """What the consoles are told at the next tick."""
        self.tick()
        return [m for m in self.lab if isinstance(m, LabBatch)][-1]

    def answer(self, call: Call, value: Any) -> None:
        self.take(CallResult(call.call_id, value))

    def fail(self, call: Call, error: str) -> None:
        self.take(CallFailed(call.call_id, error))

    # ------------------------------------------------------------- what was seen

    def to(self, connection: str, kind: type[_T]) -> list[_T]:
        """Every message of a kind that went to a connection."""
        return [message for message in self.sent_to[connection] if isinstance(message, kind)]

    def last(self, connection: str, kind: type[_T]) -> _T:
        for message in reversed(self.sent_to[connection]):
            if isinstance(message, kind):
                return message
        raise AssertionError(f"{connection} got no {kind.__name__}: {self.sent_to[connection]}")

    def scene(self, connection: str) -> ShowScene:
        return self.last(connection, ShowScene)

    def token(self, connection: str) -> str:
        return self.last(connection, Welcome).token

    def put(self, connection: str, stream: str, seq: int, body: bytes = b"{}\n", **meta: Any) -> None:
        self.say(
            connection,
            PutChunk(visit_id=self.scene(connection).visit_id, stream=stream, seq=seq, body=body, meta=meta),
        )

    def finish(self, connection: str, **counts: int) -> None:
        self.say(connection, FinishVisit(visit_id=self.scene(connection).visit_id, counts=counts))

    def told(self, *whats: str) -> list[tuple[str, str]]:
        """What the processes of matches were told: (what, agent), those of some kinds only."""
        effects = [effect for effect in self.others if isinstance(effect, TellAuthority)]
        return [(effect.what, effect.agent) for effect in effects if not whats or effect.what in whats]

    def frames_sent(self) -> list[SendFrames]:
        return [effect for effect in self.others if isinstance(effect, SendFrames)]
