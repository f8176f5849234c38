"""Matches as a server tells MUG Lab of them, for the tests of what is shown."""

from itertools import combinations
from typing import Any

import msgspec

from mug.protocol.lab import MatchView, PairView, PlayerView

__all__ = ["AGENTS", "match_view", "with_pairs", "with_players"]

AGENTS = ("left", "right", "up", "down")


def match_view(match_id: str, *names: str, **fields: Any) -> MatchView:
    """Return a match in which `names` play the agents in their order, every pair directly connected."""
    agents = AGENTS[: len(names)]
    players = tuple(
        PlayerView(agent=agent, participant_id=name, stage="playing", frame=120)
        for agent, name in zip(agents, names, strict=True)
    )
    pairs = tuple(PairView(agents=pair, path="p2p", rtt_ms=20.0, jitter_ms=2.0) for pair in combinations(agents, 2))
    told = {"scene_id": "volley", "state": "playing", "formed_at": f"2026-01-01T10:00:00.000Z{match_id}", **fields}
    return MatchView(**{"match_id": match_id, "players": players, "pairs": pairs, "compared": 10, **told})


def with_players(view: MatchView, **fields: Any) -> MatchView:
    """Return the match with every player's figures changed; a tuple gives each player its own."""
    return msgspec.structs.replace(view, players=_each(view.players, fields))


def with_pairs(view: MatchView, **fields: Any) -> MatchView:
    """Return the match with every pair's figures changed; a tuple gives each pair its own."""
    return msgspec.structs.replace(view, pairs=_each(view.pairs, fields))


def _each(parts: tuple[Any, ...], fields: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(
        msgspec.structs.replace(
            part, **{name: value[place] if isinstance(value, tuple) else value for name, value in fields.items()}
        )
        for place, part in enumerate(parts)
    )
