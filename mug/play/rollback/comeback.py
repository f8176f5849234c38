"""A player whose page was loaded again: what the others tell it, where it goes on, and the inputs that it asks for.

The page that returns has no state of its own and never takes another page's. It knows the inputs of confirmed frames
from the server's records; each of the others says how far it holds everybody's inputs (`Back`), and on being asked
gives those that are missing, as runs of equal ones. Stepping them from the episode's seed makes the state again.

The page goes on after the last of its own earlier inputs that anybody holds: so nobody has to give up an input that it
said to hold, and what some of the others lack, the page sends to them as ever. Inputs that nobody holds are lost; they
are in no record, because a frame is confirmed only when everybody holds its inputs. Where nobody has stayed, the game
goes on after what the server's records have.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mug.play.rollback.config import RollbackConfig
from mug.play.rollback.inputs import NEVER, InputQueue, runs_of
from mug.play.rollback.timeline import Timeline

__all__ = ["MAX_QUESTIONS", "Back", "Comeback", "Rejoined", "log_pieces"]

MAX_QUESTIONS: Final = 16
"""Questions for inputs that one life of a page may ask of another."""
_PIECE_CHARS: Final = 4096
_PIECE_RUNS: Final = 512
_RUN_FRAMES: Final = 4096
_UNCUT: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Back:
    """What another page says to the one that comes back.

    Attributes:
        delay: The input delay that is agreed; -1: none is yet.
        epoch: The episode that it is in; -1: before the first.
        held: The last frame of each player's input that it holds there.
        cuts: The last frame with their own input, of players who are out of the match.
        gone: The players who are out.
        away: It is coming back itself, and knows what the server's records have.
        reset: Hash of the episode's world after its reset; "" where it does not know.
    """

    delay: int
    epoch: int
    held: tuple[int, ...]
    cuts: dict[int, int]
    gone: frozenset[int]
    away: bool
    reset: str

    @classmethod
    def read(cls, message: Mapping[str, Any], players: int) -> "Back | None":
        """Make one of a message; None where it is not about this match's players."""
        held, cuts, gone = message["held"], message["cuts"], message["gone"]
        if len(held) != players or len(cuts) != players or not set(gone) <= set(range(players)):
            return None
        settled = {player: last for player, last in enumerate(cuts) if last != _UNCUT}
        return cls(
            message["delay"],
            message["epoch"],
            tuple(held),
            settled,
            frozenset(gone),
            bool(message["away"]),
            message["reset"],
        )

    def message(self) -> dict[str, Any]:
        """Return the fields of the message ``back``."""
        return {
            "delay": self.delay,
            "epoch": self.epoch,
            "held": list(self.held),
            "cuts": [self.cuts.get(player, _UNCUT) for player in range(len(self.held))],
            "gone": sorted(self.gone),
            "away": int(self.away),
            "reset": self.reset,
        }


@dataclass(frozen=True, slots=True)
class Rejoined:
    """A player goes on in `epoch`, and holds everybody's inputs up to the frames `held`."""

    epoch: int
    held: tuple[int, ...]


@dataclass
class Comeback:
    """The way back of our own page.

    Attributes:
        config: The match.
        stored_epoch: The newest episode in the records; -1: nothing is there.
        stored: Inputs of its frames from 0 on, by player.
        stored_cuts: Players who were out in it, and the last frame with their own input.
        backs: What the others said last, by player.
        rejoined: Other pages that came back before us.
        epoch: The episode to go on in, once it is known. delay: its input delay.
        waiting: Players whose inputs are still on their way.
        begun: The episode's world was reset. target: the frame at which we go on; None: not known yet. frame: the first
            one of our new inputs.
    """

    config: RollbackConfig
    stored_epoch: int = -1
    stored: list[list[bytes]] = field(default_factory=list)
    stored_cuts: dict[int, int] = field(default_factory=dict)
    backs: dict[int, Back] = field(default_factory=dict)
    rejoined: dict[int, Rejoined] = field(default_factory=dict)
    epoch: int = -1
    waiting: set[int] = field(default_factory=set)
    begun: bool = False
    target: int | None = None
    frame: int = 0

    def known(self, epoch: int) -> int:
        """Return how many frames of an episode are known from the records."""
        return len(self.stored[self.config.local]) if self.stored and epoch == self.stored_epoch else 0

    def own_back(self, gone: Iterable[int]) -> Back:
        """Return what we say to another page that comes back at the same time."""
        last = self.known(self.stored_epoch) - 1
        held = tuple(last for _ in self.config.players)
        return Back(-1, self.stored_epoch, held, dict(self.stored_cuts), frozenset(gone), True, "")

    def survivors(self, live: Iterable[int], gone: Iterable[int]) -> dict[int, Back] | None:
        """Return what those who stayed have said; None while somebody's word is missing, or older than the last loss.

        Args:
            live: The other players in the match.
            gone: Who is out of it.
        """
        lost = frozenset(gone)
        backs = {player: self.backs.get(player) for player in live}
        if any(back is None or back.gone != lost for back in backs.values()):
            return None
        return {player: back for player, back in backs.items() if back is not None and not back.away}

    def episode(self) -> int:
        """Return the newest episode that anybody knows of; -1: none has begun."""
        return max([self.stored_epoch, *(back.epoch for back in self.backs.values())])

    def begin(self, live: Iterable[int], gone: Iterable[int], delay: int) -> Timeline:
        """Make the episode's timeline of what is known, and find out whom to ask for the rest."""
        config, epoch = self.config, self.epoch
        players = range(len(config.players))
        queues = [InputQueue(config.default_input, repeats=config.repeats, delay=delay) for _ in players]
        window = config.window_frames
        timeline = Timeline(queues, config.default_input, window=window, interval=config.snapshot_interval)
        for player in players:
            if self.known(epoch) > 0:
                _extend(queues[player], 0, self.stored[player])
        there = {p: back for p, back in self.backs.items() if p in set(live) and back.epoch == epoch}
        for player in gone:
            cuts = [back.cuts[player] for back in there.values() if player in back.cuts]
            if epoch == self.stored_epoch and player in self.stored_cuts:
                cuts.append(self.stored_cuts[player])
            timeline.cut(player, min(cuts, default=-1 if set(live) else queues[player].last))
        stayed = {p for p, back in there.items() if not back.away}
        self.waiting = stayed or set(there)
        self.target = None
        return timeline

    def take(self, player: int, message: Mapping[str, Any], timeline: Timeline) -> bool:
        """Take a piece of the inputs that we asked `player` for; False when it does not fit."""
        owner, first = message["player"], message["frame"]
        if owner >= len(timeline.queues) or player not in self.waiting:
            return False
        queue = timeline.queues[owner]
        limit = max((back.held[owner] for back in self.backs.values()), default=-1)
        if first > queue.last + 1:
            return False
        for count, text in message["runs"]:
            end = min(first + count, limit + 1)
            value = bytes.fromhex(text)
            _extend(queue, first, [value] * (end - first))
            first += count
        return True

    def settle(self, live: Iterable[int], timeline: Timeline, delay: int) -> str:
        """All inputs are in: find where we go on; returns what is wrong, or ""."""
        local = self.config.local
        there = [back for p, back in self.backs.items() if p in set(live) and back.epoch == self.epoch]
        queue = timeline.queues[local]
        last = max((back.held[local] for back in there), default=-1)
        if queue.last < last:
            return f"inputs from frame {queue.last + 1} to {last} of our own are missing"
        for player, other_queue in enumerate(timeline.queues):
            cut = timeline.cut_of(player)
            if cut != NEVER and other_queue.last < cut:
                return f"inputs from frame {other_queue.last + 1} to {cut} of player {player} are missing"
        self.frame = queue.last + 1
        self.target = max(self.frame - delay, 0)
        return ""


def log_pieces(epoch: int, queues: Sequence[InputQueue], first: int) -> Iterator[dict[str, Any]]:
    """Yield the fields of the messages ``log`` that tell all inputs from frame `first` on."""
    for player, queue in enumerate(queues):
        frame = first
        piece: list[list[Any]] = []
        size = frames = 0
        for count, value in runs_of(queue.all_from(first)):
            text = value.hex()
            while count:
                part = min(count, _RUN_FRAMES)
                if piece and (size + len(text) > _PIECE_CHARS or len(piece) >= _PIECE_RUNS):
                    yield {"epoch": epoch, "player": player, "frame": frame, "runs": piece}
                    frame, piece, size, frames = frame + frames, [], 0, 0
                piece.append([part, text])
                size, frames, count = size + len(text) + 8, frames + part, count - part
        if piece:
            yield {"epoch": epoch, "player": player, "frame": frame, "runs": piece}


def _extend(queue: InputQueue, first: int, values: Sequence[bytes]) -> None:
    """Hold those of the inputs that are not held yet."""
    for frame in range(max(queue.last + 1, first), first + len(values)):
        queue.add(frame, values[frame - first])


def cut_of(timeline: Timeline, player: int) -> int | None:
    """Return the last frame with the own input of a player who is out; None for who is in the match."""
    cut = timeline.cut_of(player)
    return None if cut == NEVER else cut
