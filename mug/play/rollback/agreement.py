"""What the players compare in one episode: the world after its reset, states at fixed frames, the end."""

from dataclasses import dataclass, field
from typing import Final

__all__ = ["Agreement", "Ending"]

_KEPT: Final = 1024


@dataclass(frozen=True, slots=True)
class Ending:
    """How an episode ended for one player: the last frame, the state's hash after it, the chain hash of the rows.

    Without a hash, the world went on beyond `frame` though another player's had ended.
    """

    frame: int
    state: str
    rows: str

    def first_difference(self, other: "Ending") -> tuple[str, str, str]:
        """Return what differs ("frame", "state", "rows"), here and there; the last of them when nothing does."""
        what = next((name for name in ("frame", "state") if self._text(name) != other._text(name)), "rows")
        return what, self._text(what), other._text(what)

    def _text(self, what: str) -> str:
        if what == "frame":
            return str(self.frame) if self.state else "goes on"
        return self.state if what == "state" else self.rows


@dataclass
class Agreement:
    """One episode's comparisons.

    Attributes:
        epoch: The episode.
        ready: Hash of the world after the reset, by player.
        endings: How the episode ended, by player.
        compared: Hashes compared in this episode. differing: those that differed.
    """

    epoch: int
    ready: dict[int, str] = field(default_factory=dict)
    endings: dict[int, Ending] = field(default_factory=dict)
    compared: int = 0
    differing: int = 0
    _ours: dict[int, str] = field(default_factory=dict)
    _theirs: dict[int, dict[int, str]] = field(default_factory=dict)
    _done: set[tuple[int, int]] = field(default_factory=set)

    def check_ours(self, frame: int, value: str) -> list[tuple[int, str]]:
        """Take our hash of a confirmed frame; returns the players' hashes of it that were waiting for ours."""
        self._ours[frame] = value
        if len(self._ours) > _KEPT:
            del self._ours[next(iter(self._ours))]
        found = [(player, waiting.pop(frame)) for player, waiting in self._theirs.items() if frame in waiting]
        self._done.update((player, frame) for player, _value in found)
        return found

    def newest(self, count: int) -> list[tuple[int, str]]:
        """Return our hashes of the newest check frames, oldest first."""
        return sorted(self._ours.items())[-count:]

    def check_theirs(self, player: int, frame: int, value: str) -> str | None:
        """Take a player's hash; returns ours of the same frame, or None: there is none yet, or both were compared."""
        if (player, frame) in self._done:
            return None
        ours = self._ours.get(frame)
        if ours is None:
            waiting = self._theirs.setdefault(player, {})
            waiting[frame] = value
            if len(waiting) > _KEPT:
                del waiting[next(iter(waiting))]
        else:
            self._done.add((player, frame))
        return ours
