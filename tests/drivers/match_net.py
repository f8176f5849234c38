"""Two to four match sessions with real environments in one process: a virtual clock, packets in memory, random hands.

Every session runs as in a page: ticks by its own frame clock (with its own origin, and a little too fast or slow),
polls when packets come while the game stands, and every 50 ms otherwise. What the study's network conditions do to
packets happens in the sessions' own send path; the driver adds a way's length, outages, pauses and losses of players.
The same arguments give the same run, bit by bit.
"""

import heapq
import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from mug.play.chunks import FramesChunk, decode_chunk
from mug.play.config import GameConfig
from mug.play.match import MatchSession
from mug.play.output import Event, Output, View
from mug.play.recorder import RecordedChunk
from mug.play.transports import Incoming, Outgoing

__all__ = ["MatchNet", "Page", "Play"]

POLL_MS: Final = 50.0
HELLO_MS: Final = 300.0
"""From a reload to the new page's first word to the server."""
BASE_DELAY_MS: Final = 0.4
"""What a packet takes at least, so that nothing arrives in the moment in which it is sent."""


@dataclass(kw_only=True)
class Play:
    """How one player's page and person are.

    Attributes:
        offset_ms: Origin of the page's clock. rate: Speed of the clock, around 1.
        start_ms: When the page begins to take part. frozen: (from, to) in which the page does nothing at all.
        dead_ms: When the page vanishes. hidden: (from, to) in which nobody sees the page.
        held: (from, to) in which the experimenter has paused the page.
        hands: (episode, frame) -> the keys that are held when this frame is sampled; None: a random person.
        taps: (episode, frame) -> the keys that are pressed and let go before this frame is first offered.
        reloads: (when, for how long): the page is loaded again, and takes so long until it can play.
    """

    offset_ms: float = 0.0
    rate: float = 1.0
    start_ms: float = 0.0
    frozen: Sequence[tuple[float, float]] = ()
    hidden: Sequence[tuple[float, float]] = ()
    held: Sequence[tuple[float, float]] = ()
    dead_ms: float = float("inf")
    hands: Callable[[int, int], Sequence[str]] | None = None
    taps: Callable[[int, int], Sequence[str]] | None = None
    reloads: Sequence[tuple[float, float]] = ()


@dataclass
class Page:
    """One player's page: its session, and everything that came out of it."""

    number: int
    session: MatchSession
    play: Play
    keys: Sequence[str]
    seed: int
    outputs: int = 0
    ticks: int = 0
    events: list[Event] = field(default_factory=list)
    peers: list[Event] = field(default_factory=list)
    recorded: list[RecordedChunk] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    lives: list[dict[str, Any]] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    mailbox: list[Incoming] = field(default_factory=list)
    stage: str = ""
    finished: bool = False
    outcome: str | None = None
    reason: str = ""
    policy_figures: list[dict[str, Any]] = field(default_factory=list)
    finished_ms: float = 0.0
    next_tick_ms: float = 0.0
    life: int = 0
    gone: bool = False

    def __post_init__(self) -> None:
        self._person = random.Random(self.seed)
        self._held: list[str] = []
        self._tapped_at: set[tuple[int, int]] = set()

    @property
    def chunks(self) -> list[FramesChunk]:
        """The recorded chunks, decoded."""
        return [decode_chunk(chunk.body) for chunk in self.recorded]

    @property
    def bodies(self) -> list[bytes]:
        """The recorded chunks as they would travel."""
        return [chunk.body for chunk in self.recorded]

    def named(self, name: str) -> list[dict[str, Any]]:
        """Data of the recorded events of this name."""
        return [event.data for event in self.events if event.name == name]

    def heard(self, name: str) -> list[dict[str, Any]]:
        """Data of what was told between the peers under this name."""
        return [event.data for event in self.peers if event.name == name]

    def column(self, name: str, episode: int = 0) -> list[Any]:
        """One column of an episode's rows."""
        return [value for chunk in self.chunks if chunk.episode == episode for value in list(chunk.columns[name])]

    @property
    def rollbacks(self) -> int:
        """Rollbacks so far."""
        core = self.session.core
        return 0 if core is None else core.figures.rollbacks

    @property
    def compared(self) -> int:
        """Hashes compared so far."""
        core = self.session.core
        return 0 if core is None else core.figures.compared

    def clock(self, now_ms: float) -> float:
        """The page's own clock."""
        return self.play.offset_ms + now_ms * self.play.rate

    @property
    def place(self) -> tuple[int, int]:
        """Episode and frame that the person acts for."""
        core = self.session.core
        return (0, 0) if core is None else (max(core.epoch, 0), core.frame)

    def tapped(self) -> Sequence[str]:
        """The keys pressed since the last tick: once for every frame, however often it is waited for."""
        if self.play.taps is None or self.place in self._tapped_at or self.stage not in ("playing", "stalled"):
            return []
        self._tapped_at.add(self.place)
        return self.play.taps(*self.place)

    def held(self) -> Sequence[str]:
        """The keys that the person holds now: some of them, for a while each."""
        if self.play.hands is not None:
            return self.play.hands(*self.place)
        if self._person.random() < 0.2:
            self._held = [key for key in self.keys if self._person.random() < 0.4]
        return self._held

    def keep(self, output: Output, now_ms: float) -> None:
        """Keep what came out of one call."""
        self.outputs += 1
        self.events += output.events
        self.peers += output.peers
        self.recorded += output.chunks
        self.rows += output.rows
        self.policy_figures = output.policy_figures or self.policy_figures
        self.views += [View(v.episode, v.frame, v.picture, v.hud, v.score, v.corrected) for v in output.views]
        if output.live is not None:
            self.lives.append(output.live)
        self.stage = output.stage
        if output.finished and not self.finished:
            self.finished, self.outcome, self.reason = True, output.outcome, output.reason
            self.finished_ms = now_ms


class MatchNet:
    """A match.

    Args:
        config: The game; `human_agents` and `subject_id` are set for each player.
        delay_ms: Length of every way, each direction; or by (sender, receiver).
        plays: By player number.
        seed: Of people, clocks and phases.
        session: Makes a player's session.
        lost_after_ms: The server's verdict on a player falls so long after the partners have reported the loss.
        outages: (from, to) in which no packet arrives anywhere.
        changes: By player number, what differs in that page's config.
        root: The study's folder.
    """

    def __init__(
        self,
        config: GameConfig,
        *,
        delay_ms: float | Mapping[tuple[int, int], float] = 0.0,
        plays: Mapping[int, Play] | None = None,
        seed: int = 1,
        session: Callable[..., MatchSession] = MatchSession,
        lost_after_ms: float | None = None,
        outages: Sequence[tuple[float, float]] = (),
        changes: Mapping[int, Mapping[str, Any]] | None = None,
        root: Path = Path(),
    ) -> None:
        self.config = config
        self.now_ms = 0.0
        self.on_call: Callable[[Page], None] = lambda _page: None
        self._delay_ms = delay_ms
        self._lost_after_ms = lost_after_ms
        self._outages = outages
        self._order = itertools.count()
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._verdicts: set[frozenset[int]] = set()
        self._reported: dict[int, set[int]] = {}
        self._dropped: list[int] = []
        self._returns: dict[str, int] = {}
        self._root = root
        self._make_session = session
        chance = random.Random(seed)
        keys = sorted({key for binding in config.action_mapping for key in binding.keys})
        self.pages: list[Page] = []
        for number, agent in enumerate(config.players):
            own = replace(
                config,
                human_agents=(agent,),
                subject_id=f"subject-{number}",
                mug_globals={"me": 0},
                **dict((changes or {}).get(number, {})),
            )
            made = session(own, root=root, clock=self._seconds)
            play = (plays or {}).get(number) or Play(
                offset_ms=chance.uniform(0, 1e6), rate=1.0 + chance.uniform(-2e-5, 2e-5)
            )
            page = Page(number, made, play, keys, chance.getrandbits(32))
            self.pages.append(page)
            begin_ms = play.start_ms + chance.uniform(0.0, 40.0)
            self._at(begin_ms, lambda page=page: self._open(page))  # type: ignore[misc]
            for at_ms, boot_ms in play.reloads:
                self._at(at_ms, lambda page=page, boot_ms=boot_ms: self._reload(page, boot_ms))  # type: ignore[misc]

    def run(self, limit_ms: float = 600_000.0) -> "MatchNet":
        """Run until every page that is alive has finished; at most for `limit_ms` of the match's time."""
        while self._queue and self._queue[0][0] <= limit_ms and not self.over:
            self.now_ms, _, work = heapq.heappop(self._queue)
            work()
        return self

    @property
    def over(self) -> bool:
        """Whether nobody plays any more."""
        return all(page.finished or self.now_ms >= page.play.dead_ms for page in self.pages)

    def close(self) -> None:
        """Close the sessions."""
        for page in self.pages:
            page.session.close()

    def _seconds(self) -> float:
        return self.now_ms / 1000.0

    def _at(self, time_ms: float, work: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (max(time_ms, self.now_ms), next(self._order), work))

    def _reload(self, page: Page, boot_ms: float) -> None:
        """The page is gone at once; a moment later the server knows of the new one, which takes its time to load."""
        if page.finished:
            return
        page.life, page.gone, page.stage = page.life + 1, True, ""
        page.mailbox = []
        page.outputs = 0
        page.session.close()
        self._at(self.now_ms + HELLO_MS, lambda: self._say_returning(page))
        life = page.life
        self._at(self.now_ms + max(boot_ms, 2 * HELLO_MS), lambda: self._come_back(page, life))

    def _say_returning(self, page: Page) -> None:
        agent = self.config.players[page.number]
        self._returns[agent] = self._returns.get(agent, 0) + 1
        note = {"kind": "returning", "player": page.number, "returns": self._returns[agent]}
        self._reported.pop(page.number, None)
        for other in self.pages:
            if other is not page and not other.gone and not other.finished:
                other.session.note(note)

    def _come_back(self, page: Page, life: int) -> None:
        if page.life != life or page.number in self._dropped:
            return
        sent: dict[str, int] = {}
        for chunk in page.recorded:
            sent[str(chunk.meta["episode"])] = chunk.meta["last"] + 1
        config = replace(
            page.session.config,
            returns=dict(self._returns),
            dropped=tuple(self.config.players[number] for number in self._dropped),
            sent=sent,
        )
        page.session = self._make_session(config, root=self._root, clock=self._seconds)
        page.gone = False
        self._open(page, self.stored)

    @property
    def stored(self) -> list[bytes]:
        """What the server has: one copy of every chunk."""
        found: dict[tuple[int, int], bytes] = {}
        for page in self.pages:
            for chunk in page.recorded:
                found.setdefault((chunk.meta["episode"], chunk.meta["first"]), chunk.body)
        return [found[place] for place in sorted(found)]

    def _open(self, page: Page, stored: Sequence[bytes] = ()) -> None:
        output = page.session.open(stored)
        page.keep(output, self.now_ms)
        for other in range(len(self.pages)):
            if other != page.number:
                page.session.note({"kind": "path", "player": other, "path": "p2p", "pair": "host/host"})
        for kind, spans in (("hidden", page.play.hidden), ("held", page.play.held)):
            for moment, note in (
                (at, {"kind": kind, kind: on}) for span in spans for at, on in zip(span, (True, False), strict=True)
            ):
                self._at(moment, lambda note=note: page.session.note(note))  # type: ignore[misc]
        page.keep(page.session.start(), self.now_ms)
        page.next_tick_ms = self.now_ms
        self._tick(page)
        self._poll_later(page)

    def _alive(self, page: Page) -> bool:
        return not page.finished and not page.gone and self.now_ms < page.play.dead_ms

    def _frozen_until(self, page: Page) -> float | None:
        for begin, end in page.play.frozen:
            if begin <= self.now_ms < end:
                return end
        return None

    def _tick(self, page: Page, life: int | None = None) -> None:
        if not self._alive(page) or (life is not None and page.life != life):
            return
        life = page.life
        frozen = self._frozen_until(page)
        if frozen is not None:
            page.next_tick_ms = frozen
            self._at(frozen, lambda: self._tick(page, life))
            return
        page.ticks += 1
        page.session.keys(page.held(), page.tapped())
        output = self._call(page, page.session.tick)
        frame_ms = 1000.0 / self.config.fps / page.play.rate
        page.next_tick_ms = max(page.next_tick_ms + frame_ms * output.speed, self.now_ms)
        self._at(page.next_tick_ms, lambda: self._tick(page, life))

    def _poll_later(self, page: Page) -> None:
        life = page.life

        def poll() -> None:
            if not self._alive(page) or page.life != life:
                return
            if page.stage not in ("playing", "stalled") and self._frozen_until(page) is None:
                self._call(page, page.session.poll)
            self._poll_later(page)

        self._at(self.now_ms + POLL_MS, poll)

    def _call(self, page: Page, call: Callable[..., Output]) -> Output:
        packets, page.mailbox = page.mailbox, []
        output = call(page.clock(self.now_ms), packets)
        page.keep(output, self.now_ms)
        for packet in output.packets:
            self._send(page, packet)
        for event in output.peers:
            if event.name in ("lost", "resumed"):
                self._report(page, event)
            if event.name == "not_reproduced":
                self._judge(page.number)
        self.on_call(page)
        return output

    def _send(self, page: Page, packet: Outgoing) -> None:
        way_ms = (
            self._delay_ms
            if isinstance(self._delay_ms, (int, float))
            else self._delay_ms.get((page.number, packet.player), 0.0)
        )
        arrival_ms = self.now_ms + packet.delay_ms + way_ms + BASE_DELAY_MS
        if any(begin <= arrival_ms < end for begin, end in self._outages):
            return
        self._at(arrival_ms, lambda: self._arrive(page.number, packet))

    def _arrive(self, sender: int, packet: Outgoing) -> None:
        page = self.pages[packet.player]
        if not self._alive(page) or self.now_ms < page.play.start_ms:
            return
        page.mailbox.append(Incoming(sender, packet.channel, page.clock(self.now_ms), packet.body))
        if page.stage not in ("", "playing") and self._frozen_until(page) is None and page.outputs:
            self._call(page, page.session.poll)

    def _report(self, page: Page, event: Event) -> None:
        """The server: whoever is reported lost, and not heard again, is out after a while."""
        lost = int(event.data["player"])
        reporters = self._reported.setdefault(lost, set())
        if event.name == "resumed":
            reporters.discard(page.number)
            return
        reporters.add(page.number)
        if self._lost_after_ms is None:
            return

        def decide() -> None:
            if self._reported.get(lost):
                self._judge(lost)

        self._at(self.now_ms + self._lost_after_ms, decide)

    def _judge(self, lost: int) -> None:
        if frozenset((lost,)) in self._verdicts:
            return
        self._verdicts.add(frozenset((lost,)))
        self._dropped.append(lost)
        note = {"kind": "verdict", "dropped": [lost], "policy": self.config.dropout_policy}
        for survivor in self.pages:
            if self._alive(survivor) and survivor.outputs and survivor.number != lost:
                survivor.session.note(note)
