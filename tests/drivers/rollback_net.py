"""Matches of the bare rollback core on a virtual clock: worlds, players, a network that does what it is told.

Nothing here sleeps or reads a clock. The same `Match` run twice gives the same `digest`, bit for bit.
"""

import hashlib
import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from mug.play.chaos import ChaosLink, Conditions
from mug.play.rollback import CTRL, Advance, Event, Load, Request, Rollback, RollbackConfig, Save, Send

__all__ = ["IntegerWorld", "Match", "NumpyWorld", "Outage", "Player", "Setup", "World", "active_inputs"]

_MASK = 2**64 - 1
_RECENT = 256


class World(Protocol):
    """What is played: deterministic, saved and restored whole."""

    def reset(self, seed: int) -> None: ...
    def step(self, inputs: Sequence[bytes], dropped: Sequence[bool]) -> bool: ...
    def save(self) -> Any: ...
    def load(self, saved: Any) -> None: ...
    def digest(self) -> str: ...


class IntegerWorld:
    """One 64-bit number that every input of every frame changes for good.

    Args:
        length: Frames of an episode.
        ends: Another end: frame and number after the step -> whether the world ends.
    """

    def __init__(self, length: int = 2**60, ends: Callable[[int, int], bool] | None = None) -> None:
        self.length = length
        self.ends = ends
        self.frame = 0
        self.value = 0

    def reset(self, seed: int) -> None:
        self.frame = 0
        self.value = (seed * 0x9E3779B97F4A7C15 + 1) & _MASK

    def step(self, inputs: Sequence[bytes], dropped: Sequence[bool]) -> bool:
        value = self.value
        for place, given in enumerate(inputs):
            number = int.from_bytes(given, "little") * 2 + dropped[place]
            value = ((value ^ (number + place + 1)) * 0x5851F42D4C957F2D + 0x14057B7EF767814F) & _MASK
            value ^= value >> 29
        self.value = value
        self.frame += 1
        return self.frame >= self.length or (self.ends is not None and self.ends(self.frame - 1, value))

    def save(self) -> tuple[int, int]:
        return self.frame, self.value

    def load(self, saved: tuple[int, int]) -> None:
        self.frame, self.value = saved

    def digest(self) -> str:
        return f"{self.value:016x}"


class NumpyWorld:
    """Bodies with positions and speeds that inputs push, and a generator that draws a number of times that varies."""

    def __init__(self, length: int = 2**60) -> None:
        self.length = length
        self.frame = 0
        self.positions = np.zeros((8, 2))
        self.speeds = np.zeros((8, 2))
        self.rng = np.random.default_rng(0)

    def reset(self, seed: int) -> None:
        self.frame = 0
        self.rng = np.random.default_rng(seed)
        self.positions = self.rng.normal(size=(8, 2))
        self.speeds = np.zeros((8, 2))

    def step(self, inputs: Sequence[bytes], dropped: Sequence[bool]) -> bool:
        for place, given in enumerate(inputs):
            push = int.from_bytes(given, "little") % 7 - 3
            self.speeds[place] += (push * 0.1, -0.05 * dropped[place])
            for _ in range(abs(push)):
                self.speeds[4 + place] += self.rng.normal(size=2) * 0.01
        self.speeds -= np.sin(self.positions) * 0.02
        self.positions += self.speeds
        self.frame += 1
        return self.frame >= self.length

    def save(self) -> Any:
        return self.frame, self.positions.copy(), self.speeds.copy(), self.rng.bit_generator.state

    def load(self, saved: Any) -> None:
        self.frame, positions, speeds, state = saved
        self.positions, self.speeds = positions.copy(), speeds.copy()
        self.rng.bit_generator.state = state

    def digest(self) -> str:
        digest = hashlib.blake2b(self.positions.tobytes() + self.speeds.tobytes(), digest_size=8)
        digest.update(repr(self.rng.bit_generator.state["state"]).encode())
        return digest.hexdigest()


def active_inputs(seed: int, *, change: float = 0.3, values: int = 5) -> Callable[[], bytes]:
    """A player who changes what they press in a share of their frames."""
    rng = random.Random(seed)
    held = b"\x00"

    def sample() -> bytes:
        nonlocal held
        if rng.random() < change:
            held = bytes([rng.randrange(values)])
        return held

    return sample


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One player's circumstances. Times in ms of the true clock.

    Attributes:
        conditions: What is done to the packets they send.
        start_ms: When their program starts.
        offset_ms: Their clock's reading at the true 0. skew: how fast their clock runs.
        frozen: Spans in which their program does nothing at all.
        killed_ms: When it ends without a word.
        inputs: What they press; None: `active_inputs`.
        by_frame: What they press for the frame in which it takes effect, instead of `inputs`.
        reloads: (when, for how long): their program starts anew, and knows only what the records have.
    """

    conditions: Conditions = field(default_factory=Conditions)
    start_ms: float = 0.0
    offset_ms: float = 0.0
    skew: float = 1.0
    frozen: tuple[tuple[float, float], ...] = ()
    killed_ms: float | None = None
    inputs: Callable[[], bytes] | None = None
    by_frame: Callable[[int], bytes] | None = None
    reloads: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Outage:
    """Nothing passes from one player to another (None: any) for a while."""

    from_ms: float
    to_ms: float
    sender: int | None = None
    receiver: int | None = None

    def swallows(self, now_ms: float, sender: int, receiver: int) -> bool:
        return (
            self.from_ms <= now_ms < self.to_ms and self.sender in (None, sender) and self.receiver in (None, receiver)
        )


class Player:
    """The session of one player, as small as it can be: executes requests, writes rows of confirmed frames."""

    def __init__(self, match: "Match", number: int, setup: Setup, core: Rollback, world: World) -> None:
        self.match = match
        self.number = number
        self.setup = setup
        self.core = core
        self.world = world
        self.sample = setup.inputs or active_inputs(match.seed * 31 + number)
        self.saved: dict[int, Any] = {}
        self.pending: dict[int, tuple[Any, ...]] = {}
        self.recent: dict[int, tuple[Any, ...]] = {}
        self.rows: list[tuple[Any, ...]] = []
        self.chain = hashlib.blake2b(digest_size=16)
        self.chains: list[str] = []
        self.recorded = -1
        self.total = 0
        self.ended = False
        self.told_over = False
        self.events: list[tuple[float, Event]] = []
        self.largest: dict[str, int] = {}
        self.digest = hashlib.blake2b(digest_size=16)

    def local_ms(self, now_ms: float) -> float:
        """Our clock at a true time."""
        return self.setup.offset_ms + now_ms * self.setup.skew

    def work(self, now_ms: float, *, tick: bool) -> None:
        """One call of the core, and all that follows."""
        core = self.core
        local_ms = self.local_ms(now_ms)
        playing = tick and core.stage == "playing"
        requests = core.tick(self.press(), local_ms) if playing else core.poll(local_ms)
        if requests:
            self.execute(requests)
        self.record()
        self.handle(now_ms)
        self.measure()
        for send in core.take_sends():
            self.match.send(now_ms, self.number, send)

    def press(self) -> bytes:
        """What the player presses now."""
        if self.setup.by_frame is not None:
            return self.setup.by_frame(self.core.frame + self.core.input_delay)
        return self.sample()

    def measure(self) -> None:
        """Note the largest sizes of what has to stay small."""
        core, largest = self.core, self.largest
        sizes = core.sizes()
        sizes["saved"] = max(sizes["saved"], len(self.saved))
        sizes["pending"] = len(self.pending)
        for name, size in sizes.items():
            if size > largest.get(name, 0):
                largest[name] = size

    def execute(self, requests: list[Request]) -> None:
        ended = self.ended
        world = self.world
        frame = self.core.frame
        for request in requests:
            if isinstance(request, Load):
                world.load(self.saved[request.frame])
                frame = request.frame
                ended = False
            elif ended:
                continue
            elif isinstance(request, Save):
                assert request.frame == frame
                self.saved[frame] = world.save()
                for old in [kept for kept in self.saved if kept < request.oldest]:
                    del self.saved[old]
            else:
                assert isinstance(request, Advance)
                assert request.frame == frame
                ended = world.step(request.inputs, request.dropped)
                self.match.corrupt(self, frame)
                row = (frame, request.inputs, request.dropped, world.digest())
                if frame > self.recorded:
                    self.pending[frame] = row
                    assert not any(request.predicted) or frame > self.core.confirmed
                else:
                    # Between the saved state and the first wrong frame, confirmed ones may be stepped once more.
                    assert request.again
                    assert not any(request.predicted)
                    assert self.recent[frame] == row, "a recorded frame became another one"
                frame += 1
        self.ended = ended
        self.core.executed(frame, ended)

    def record(self) -> None:
        core = self.core
        epoch = core.epoch
        while self.recorded < core.confirmed:
            self.recorded += 1
            recent = self.pending.pop(self.recorded)
            self.recent[self.recorded] = recent
            self.recent.pop(self.recorded - _RECENT, None)
            row = (epoch, *recent)
            self.total += 1
            self.chain.update(repr(row).encode())
            if self.match.keep_rows:
                self.rows.append(row)
            if self.recorded % core.check_interval == 0:
                core.checked(self.recorded, row[-1])
        if self.ended and not self.told_over and core.confirmed == core.frame - 1 and core.stage != "over":
            self.told_over = True
            core.checked(core.confirmed, self.world.digest())
            core.episode_over(core.confirmed, self.world.digest(), self.chain.hexdigest())

    def come_back(self) -> None:
        """Begin the episode that the others are in, as it was begun."""
        epoch = self.core.return_epoch
        if epoch is None:
            return
        self.reset(epoch)
        self.core.rebuild(self.world.digest())

    def handle(self, now_ms: float) -> None:
        self.come_back()
        for event in self.core.take_events():
            self.events.append((now_ms, event))
            self.digest.update(repr((now_ms, event)).encode())
            agreed = event.name == "agreed" and self.core.stage != "returning"
            if agreed or (event.name == "episode_agreed" and self.core.stage != "over"):
                if event.name == "episode_agreed":
                    self.chains.append(self.chain.hexdigest())
                if self.core.epoch + 1 < self.match.episodes:
                    self.begin()
                else:
                    self.core.close("finished")

    def begin(self) -> None:
        epoch = self.core.epoch + 1
        self.reset(epoch)
        self.core.begin_episode(epoch, self.world.digest())

    def reset(self, epoch: int) -> None:
        """Begin an episode's world."""
        self.world.reset(self.match.seed * 1000 + epoch)
        self.saved.clear()
        self.pending.clear()
        self.recent.clear()
        self.recorded = -1
        self.ended = False
        self.told_over = False
        self.chain = hashlib.blake2b(digest_size=16)

    def named(self, name: str) -> list[dict[str, Any]]:
        """The data of all events of a name."""
        return [event.data for _ms, event in self.events if event.name == name]


class Match:
    """Players, their network and one true clock.

    Args:
        config: The match; `local` is set here.
        setups: One a player.
        world: Makes a world.
        seed: What inputs, chaos and worlds come from.
        episodes: How many to play.
        outages: When nothing passes.
        core: The core's class.
        keep_rows: Keep all rows; else only their chain.
    """

    def __init__(
        self,
        config: RollbackConfig,
        setups: Sequence[Setup],
        *,
        world: Callable[[], World] = IntegerWorld,
        seed: int = 1,
        episodes: int = 1,
        outages: Sequence[Outage] = (),
        core: Callable[[RollbackConfig, float], Rollback] = Rollback,
        keep_rows: bool = True,
    ) -> None:
        self.config = config
        self.seed = seed
        self.episodes = episodes
        self.outages = outages
        self.keep_rows = keep_rows
        self.corruption: Callable[[Player, int], None] | None = None
        self.now_ms = 0.0
        self.bytes_sent = 0
        self._make_core = core
        self.make_world = world
        self._setups = list(setups)
        self._links = {
            (a, b): ChaosLink(setup.conditions, seed, a, b)
            for a, setup in enumerate(setups)
            for b in range(len(setups))
            if a != b
        }
        self._order = 0
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self.players: list[Player | None] = [None] * len(setups)
        self.earlier: list[Player] = []
        self._returns = [0] * len(setups)
        for number, setup in enumerate(setups):
            self.at(setup.start_ms, lambda number=number: self._start(number))  # type: ignore[misc]
            for at_ms, boot_ms in setup.reloads:
                self.at(at_ms, lambda number=number, boot_ms=boot_ms: self._reload(number, boot_ms))  # type: ignore[misc]

    def __getitem__(self, number: int) -> Player:
        player = self.players[number]
        assert player is not None
        return player

    def at(self, ms: float, do: Callable[[], None]) -> None:
        """Do something at a true time."""
        self._order += 1
        heapq.heappush(self._queue, (ms, self._order, do))

    def run(self, *, until_ms: float, until: Callable[["Match"], bool] | None = None) -> "Match":
        """Let time pass, until then or until something holds."""
        while self._queue and self._queue[0][0] <= until_ms:
            self.now_ms, _order, do = heapq.heappop(self._queue)
            do()
            if until is not None and until(self):
                break
        return self

    def send(self, now_ms: float, sender: int, send: Send) -> None:
        """Pass a packet on, or not."""
        self.bytes_sent += len(send.body)
        delays = self._links[sender, send.player].delays(now_ms, reliable=send.channel == CTRL)
        if any(outage.swallows(now_ms, sender, send.player) for outage in self.outages):
            return
        for delay in delays:
            self.at(now_ms + float(delay), lambda: self._arrive(sender, send))

    def corrupt(self, player: Player, frame: int) -> None:
        """Hand a just stepped world to whoever wants to damage it."""
        if self.corruption is not None:
            self.corruption(player, frame)

    @property
    def present(self) -> list[Player]:
        """The players whose program has started."""
        return [player for player in self.players if player is not None]

    @property
    def digest(self) -> str:
        """All that happened, as one hash."""
        whole = hashlib.blake2b(digest_size=16)
        for player in self.present:
            whole.update(player.digest.digest())
            whole.update(repr((player.rows, player.chains, player.chain.hexdigest(), player.core.figures)).encode())
        return whole.hexdigest()

    def _start(self, number: int) -> None:
        setup = self._setups[number]
        config = replace(self.config, local=number)
        core = self._make_core(config, setup.offset_ms + self.now_ms * setup.skew)
        self.players[number] = Player(self, number, setup, core, self.make_world())
        self._tick(number)

    def _reload(self, number: int, boot_ms: float) -> None:
        """The program is gone; the others hear soon that a new one is on its way, which knows only the records."""
        player = self.players[number]
        if player is None or player.core.stage == "over":
            return
        self.earlier.append(player)
        self.players[number] = None
        self._returns[number] += 1
        times = self._returns[number]

        def tell() -> None:
            for other in self.present:
                if other.number != number:
                    other.core.returning(number, times)

        self.at(self.now_ms + 20.0, tell)
        self.at(self.now_ms + 20.0 + boot_ms, lambda: self._return(number))

    def stored(self) -> tuple[int, list[list[bytes]]]:
        """What the records have of the newest episode: whole seconds of it, or all of one that has ended."""
        rows: dict[tuple[int, int], tuple[Any, ...]] = {}
        for player in (*self.earlier, *self.present):
            for row in player.rows:
                assert rows.setdefault(row[:2], row) == row, "a recorded frame became another one"
        if not rows:
            return -1, [[] for _ in self.players]
        epoch = max(rows)[0]
        ordered = [rows[place] for place in sorted(rows) if place[0] == epoch]
        whole = ordered[: len(ordered) // self.config.fps * self.config.fps]
        return epoch, [[row[2][number] for row in whole] for number in range(len(self.players))]

    def _return(self, number: int) -> None:
        if self.players[number] is not None:
            return
        setup = self._setups[number]
        config = replace(self.config, local=number, returns=tuple(self._returns))
        core = self._make_core(config, setup.offset_ms + self.now_ms * setup.skew)
        core.remember(*self.stored(), {})
        self.players[number] = Player(self, number, setup, core, self.make_world())
        self._tick(number)

    def _tick(self, number: int, whose: Player | None = None) -> None:
        player = self.players[number]
        if player is None or (whose or player) is not player or self.is_dead(player):
            return
        thaws_ms = self._frozen_until(player)
        if thaws_ms is not None:
            self.at(thaws_ms, lambda: self._tick(number, player))
            return
        player.work(self.now_ms, tick=True)
        interval_ms = 1000.0 / self.config.fps * player.core.speed / player.setup.skew
        self.at(self.now_ms + interval_ms, lambda: self._tick(number, player))

    def _arrive(self, sender: int, send: Send) -> None:
        player = self.players[send.player]
        if player is None or self.is_dead(player):
            return
        thaws_ms = self._frozen_until(player)
        if thaws_ms is not None:
            self.at(thaws_ms, lambda: self._arrive(sender, send))
            return
        player.core.receive(sender, send.channel, send.body, player.local_ms(self.now_ms))
        if player.core.stage != "playing":
            player.work(self.now_ms, tick=False)

    def is_dead(self, player: Player) -> bool:
        """Whether the player's program was ended."""
        return player.setup.killed_ms is not None and self.now_ms >= player.setup.killed_ms

    def _frozen_until(self, player: Player) -> float | None:
        for start_ms, end_ms in player.setup.frozen:
            if start_ms <= self.now_ms < end_ms:
                return end_ms
        return None
