"""How each match went over time: round trips of its pairs, rollbacks of its players; numpy rings for the plots."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from gui.models.matches import has_left, is_over
from gui.models.telemetry import PUT_BACK_S
from mug.protocol.lab import MatchView

__all__ = ["CAPACITY", "PAIR_FIGURES", "PLAYER_FIGURES", "MatchHistory", "MatchTrack"]

PAIR_FIGURES = ("rtt", "jitter", "loss")
"""Of each pair of players: round trip and its changes in ms, lost packets in %."""
PLAYER_FIGURES = ("depth", "rollbacks", "stall")
"""Of each player and second: frames of the deepest rollback, how many rollbacks, ms that the game stood still."""

CAPACITY = 7_200
"""Moments kept per match: half an hour of four players, each of whom reports once a second."""

_FIRST = 256
_SAME_S = 1.0
"""Figures that have not changed are written down this often all the same, so that the line goes on."""

Floats = npt.NDArray[np.float64]


class MatchTrack:
    """One match's figures, the newest `CAPACITY` moments.

    The buffer grows with the match up to twice the capacity; when that is full, the newest half moves to the front. So
    the newest moments are always one contiguous view, and a short match takes little memory.

    Attributes:
        pairs: The agents of each pair, in the order of the rows of a pair's figure.
        players: The agents of the players, in the order of the rows of a player's figure.
    """

    def __init__(self, view: MatchView) -> None:
        self.pairs = tuple(pair.agents for pair in view.pairs)
        self.players = tuple(player.agent for player in view.players)
        self._first = 0
        self._end = 0
        rows = 1 + len(PAIR_FIGURES) * len(self.pairs) + len(PLAYER_FIGURES) * len(self.players)
        self._buffer = np.zeros((rows, _FIRST), dtype=np.float64)

    def __len__(self) -> int:
        return self._end - self._first

    def fits(self, view: MatchView) -> bool:
        """Return whether the match still has the same pairs and players."""
        return self.pairs == tuple(pair.agents for pair in view.pairs) and self.players == tuple(
            player.agent for player in view.players
        )

    def remade(self, view: MatchView) -> "MatchTrack":
        """Return the same moments for the match's present pairs and players; NaN where one was not there before."""
        made = MatchTrack(view)
        rows = {key: 1 + row for row, key in enumerate(self._keys())}
        made._buffer = np.full((made._buffer.shape[0], self._buffer.shape[1]), np.nan)
        made._buffer[0] = self._buffer[0]
        for row, key in enumerate(made._keys()):
            if key in rows:
                made._buffer[1 + row] = self._buffer[rows[key]]
        made._first, made._end = self._first, self._end
        return made

    def append(self, at_s: float, view: MatchView) -> bool:
        """Write a moment down; returns False for one that is older than the newest, or says nothing new.

        Args:
            at_s: Unix seconds.
            view: The match then, with the pairs and players of this track.
        """
        values = [at_s]
        here = [not has_left(view, pair) for pair in view.pairs]
        for name in ("rtt_ms", "jitter_ms", "loss"):
            found = [getattr(pair, name) if stays else None for pair, stays in zip(view.pairs, here, strict=True)]
            values += [np.nan if value is None else value * (100.0 if name == "loss" else 1.0) for value in found]
        for name in ("depth_max", "rollbacks", "stalled_ms"):
            values += [np.nan if player.dropped else float(getattr(player, name)) for player in view.players]
        if len(self) and at_s <= self.at_s[-1] - PUT_BACK_S:  # the clock was put back
            self._end = self._first + int(np.searchsorted(self.at_s, at_s))
        if len(self):
            newest = self._buffer[:, self._end - 1]
            is_same = np.array_equal(newest[1:], values[1:], equal_nan=True)
            if at_s <= newest[0] or (is_same and at_s - newest[0] < _SAME_S):
                return False
        self._make_room()
        self._buffer[:, self._end] = values
        self._end += 1
        self._first = max(0, self._end - CAPACITY)
        return True

    def _make_room(self) -> None:
        size = self._buffer.shape[1]
        if self._end < size:
            return
        if size < 2 * CAPACITY:
            grown = np.zeros((self._buffer.shape[0], min(2 * size, 2 * CAPACITY)), dtype=np.float64)
            grown[:, :size] = self._buffer
            self._buffer = grown
            return
        kept = len(self)
        self._buffer[:, :kept] = self._buffer[:, self._first : self._end]
        self._first, self._end = 0, kept

    @property
    def at_s(self) -> Floats:
        """Unix seconds, ascending: (n,) float64, a view."""
        return self._buffer[0, self._first : self._end]

    def of_pairs(self, figure: str) -> Floats:
        """One of `PAIR_FIGURES`, NaN where none was measured: (n_pairs, n) float64, a view."""
        first = 1 + PAIR_FIGURES.index(figure) * len(self.pairs)
        return self._buffer[first : first + len(self.pairs), self._first : self._end]

    def of_players(self, figure: str) -> Floats:
        """One of `PLAYER_FIGURES`: (n_players, n) float64, a view."""
        before = 1 + len(PAIR_FIGURES) * len(self.pairs)
        first = before + PLAYER_FIGURES.index(figure) * len(self.players)
        return self._buffer[first : first + len(self.players), self._first : self._end]

    def _keys(self) -> list[tuple[str, object]]:
        """What each row of the buffer is, from the second one on."""
        pairs = [(figure, pair) for figure in PAIR_FIGURES for pair in self.pairs]
        return [*pairs, *((figure, player) for figure in PLAYER_FIGURES for player in self.players)]


class MatchHistory:
    """The tracks of all matches of the session."""

    def __init__(self) -> None:
        self._tracks: dict[str, MatchTrack] = {}

    def clear(self) -> None:
        """Forget everything, as with a new session."""
        self._tracks.clear()

    def keep(self, match_ids: Iterable[str]) -> None:
        """Forget all matches but these."""
        kept = set(match_ids)
        self._tracks = {match_id: track for match_id, track in self._tracks.items() if match_id in kept}

    def add(self, views: Iterable[MatchView], at_s: float) -> set[str]:
        """Write matches down as they stand.

        Args:
            views: The matches; those that have ended say nothing new.
            at_s: Unix seconds.

        Returns:
            The ids of those that have more to draw than before.
        """
        changed: set[str] = set()
        for view in views:
            if is_over(view):
                continue
            track = self._tracks.get(view.match_id)
            if track is None:
                track = self._tracks[view.match_id] = MatchTrack(view)
            elif not track.fits(view):
                track = self._tracks[view.match_id] = track.remade(view)
            if track.append(at_s, view):
                changed.add(view.match_id)
        return changed

    def track(self, match_id: str) -> MatchTrack | None:
        """Return a match's figures; None when it is not known."""
        return self._tracks.get(match_id)
