"""Who is out of a match for good: what the pages report of silent partners, and when that is decided."""

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final

from mug.ids import MatchId

__all__ = ["MAX_REPORTED_SILENCE_MS", "Reports", "Returns"]

MAX_REPORTED_SILENCE_MS: Final = 60_000.0
"""Of a longer silence a page cannot speak: it reports after a few seconds, and its match may have begun later."""

_EARLY_MS: Final = 1.0
"""A timer may fire so much too soon."""


@dataclass(slots=True)
class Reports:
    """What the players of all matches say of each other's silence. Times in Unix ms; agents name the players.

    It is gathered again after a restart of the server: as long as its game stands still, a page says so with every
    pulse.
    """

    _since: dict[MatchId, dict[tuple[str, str], float]] = field(default_factory=dict)

    def lost(self, match_id: MatchId, reporter: str, agent: str, silent_ms: float, now_ms: float) -> float:
        """Take up that `agent` is silent; returns since when `reporter` has heard nothing."""
        silent = min(max(silent_ms, 0.0), MAX_REPORTED_SILENCE_MS)
        said = self._since.setdefault(match_id, {})
        since = said.setdefault((reporter, agent), now_ms - silent)
        said[reporter, agent] = min(since, now_ms - silent)
        return said[reporter, agent]

    def heard(self, match_id: MatchId, reporter: str, agent: str) -> None:
        """Take back what `reporter` said of `agent`."""
        self._since.get(match_id, {}).pop((reporter, agent), None)

    def came_back(self, match_id: MatchId, reporter: str, latest_ms: float) -> bool:
        """`reporter` is connected again, and may have heard more since: what it said is young enough at `latest_ms`.

        Returns whether it had said anything.
        """
        said = self._since.get(match_id, {})
        pairs = [pair for pair in said if pair[0] == reporter]
        for pair in pairs:
            said[pair] = max(said[pair], latest_ms)
        return bool(pairs)

    def forget_match(self, match_id: MatchId) -> None:
        """The match is over."""
        self._since.pop(match_id, None)

    def forget_player(self, match_id: MatchId, agent: str) -> None:
        """A player's page is another one now: what was said of the earlier one, and by it, is void."""
        said = self._since.get(match_id, {})
        for pair in [pair for pair in said if agent in pair]:
            del said[pair]

    def due(
        self, match_id: MatchId, timeout_ms: float, now_ms: float, reporters: Container[str]
    ) -> tuple[frozenset[str], bool]:
        """Return who has been silent for `timeout_ms`, and whether they say the same of those who report it.

        When the players report each other, nobody can say who it is that cannot be reached: all of them are named.
        Only `reporters`, who are connected to the server, count: what others said they could not take back.
        """
        said = {pair: since for pair, since in self._since.get(match_id, {}).items() if pair[0] in reporters}
        late = {pair for pair, since in said.items() if now_ms - since >= timeout_ms - _EARLY_MS}
        mutual = {pair for pair in late if (pair[1], pair[0]) in said}
        named = {agent for _, agent in late} | {agent for pair in mutual for agent in pair}
        return frozenset(named), bool(mutual)


@dataclass(slots=True)
class Returns:
    """Until when the pages that come back may take to rebuild their match. Times in Unix ms."""

    _until: dict[MatchId, dict[str, tuple[float, float]]] = field(default_factory=dict)

    def begin(self, match_id: MatchId, agent: str, now_ms: float, timeout_ms: float) -> float:
        """A page comes back; returns until when it may take.

        One that is loaded again on its way back begins anew, but all of it takes twice the time at most: the others do
        not wait without an end.
        """
        returning = self._until.setdefault(match_id, {})
        last_ms = returning[agent][1] if agent in returning else now_ms + 2.0 * timeout_ms
        returning[agent] = (min(now_ms + timeout_ms, last_ms), last_ms)
        return returning[agent][0]

    def hold(self, match_id: MatchId, held_ms: float) -> float | None:
        """The match was paused for so long, which does not count; returns until when the first of them may take."""
        until = self._until.get(match_id, {})
        for agent, (due_ms, last_ms) in until.items():
            until[agent] = (due_ms + held_ms, last_ms + held_ms)
        return min((due_ms for due_ms, _ in until.values()), default=None)

    def end(self, match_id: MatchId, agent: str) -> None:
        """The page is back."""
        self._until.get(match_id, {}).pop(agent, None)

    def late(self, match_id: MatchId, now_ms: float) -> frozenset[str]:
        """Return who has taken too long."""
        until = self._until.get(match_id, {})
        return frozenset(agent for agent, (due_ms, _) in until.items() if now_ms >= due_ms - _EARLY_MS)

    def forget_match(self, match_id: MatchId) -> None:
        """The match is over."""
        self._until.pop(match_id, None)
