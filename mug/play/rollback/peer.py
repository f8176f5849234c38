"""One other player, as seen from here: what they hold, how long they are silent, what is to be sent to them."""

from collections import deque
from typing import Final

from mug.play.rollback.config import RollbackConfig
from mug.play.rollback.control import ControlLine
from mug.play.rollback.packets import Inputs
from mug.play.rollback.quality import RoundTrips, SequenceWindow
from mug.play.rollback.requests import Event
from mug.play.rollback.time_sync import TimeSync

__all__ = ["Peer"]

_PONGS: Final = 16
_EARLY_PACKETS: Final = 32


class Peer:
    """The way to one other player.

    Attributes:
        path: "p2p", "relay", "" (none: nothing is sent), or "?" (nobody said).
        live: The player is in the match.
        views: The last frame of every player's input that they are known to hold, in this episode.
        heard_ms: When they were last heard; None: never.
        interrupted: Their silence was told. lost: it paused the game. left: they said goodbye.
        pongs: Pings to answer: name and arrival.
        early: Packets of the next episode.
        pinged_ms: When we last pinged them. inputs_ms: when we last sent our inputs; None: never on this path.
        newest: The newest frame of their own that they told of.
        magic: What packets between the two of us begin with.
        returns: How often their page has come back. away: it is rebuilding the game, and the others wait.
        asked: Their questions for inputs that were not answered yet: the episode and the first frame.
    """

    def __init__(self, player: int, players: int, *, magic: int, returns: int = 0) -> None:
        self.player = player
        self.magic = magic
        self.returns = returns
        self.away = False
        self.asked: deque[tuple[int, int]] = deque()
        self.questions = 0
        self.path = "?"
        self.live = True
        self.views = [-1] * players
        self.line = ControlLine()
        self.trips = RoundTrips()
        self.window = SequenceWindow()
        self.sync = TimeSync()
        self.heard_ms: float | None = None
        self.interrupted = False
        self.lost = False
        self.left = False
        self.pongs: deque[tuple[int, float]] = deque(maxlen=_PONGS)
        self.early: deque[tuple[Inputs, float]] = deque(maxlen=_EARLY_PACKETS)
        self.pinged_ms: float | None = None
        self.inputs_ms: float | None = None
        self.newest = -1
        self._sequence = 0

    def next_sequence(self) -> int:
        """Return the number of the next packet on the game channel."""
        self._sequence = self._sequence % 0xFFFFFFFF + 1
        return self._sequence

    def begin_episode(self, delay: int) -> None:
        """Forget what was known of the last episode; the first `delay` inputs are everybody's."""
        self.views = [delay - 1] * len(self.views)
        self.newest = delay - 1
        self.sync.clear()

    def see(self, views: tuple[int, ...]) -> None:
        """Take what they hold; packets may come late, so nothing ever shrinks."""
        mine = self.views
        for player, last in enumerate(views):
            if last > mine[player]:
                mine[player] = last

    def hear(self, at_ms: float) -> list[Event]:
        """Note that something came; who was missed is back."""
        silent_ms = self.silent_ms(at_ms)
        if self.heard_ms is None or at_ms > self.heard_ms:
            self.heard_ms = at_ms
        if not self.interrupted:
            return []
        self.interrupted = self.lost = False
        return [Event("resumed", {"player": self.player, "silent_ms": silent_ms})]

    def watch(self, now_ms: float, config: RollbackConfig) -> list[Event]:
        """Say what their silence means by now; nothing before they were first heard."""
        silent_ms = self.silent_ms(now_ms)
        events = []
        if silent_ms > config.notify_ms and not self.interrupted:
            self.interrupted = True
            events.append(Event("interrupted", {"player": self.player, "silent_ms": silent_ms}))
        if silent_ms > config.pause_ms and not self.lost:
            self.lost = True
            events.append(Event("lost", {"player": self.player, "silent_ms": silent_ms}))
        return events

    def excuse(self, gap_ms: float, now_ms: float) -> None:
        """Do not count a time in which we ourselves did not listen."""
        if self.heard_ms is not None:
            self.heard_ms = min(self.heard_ms + gap_ms, now_ms)

    def silent_ms(self, now_ms: float) -> float:
        """How long nothing was heard of them; 0 before the first packet."""
        return 0.0 if self.heard_ms is None else max(now_ms - self.heard_ms, 0.0)
