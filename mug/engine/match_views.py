"""A match as the console shows it: what its pages, or the process that steps it, last said of it, put together."""

from itertools import combinations
from typing import Final

from mug.engine.live import Core
from mug.engine.state import MatchState
from mug.engine.stepped import SteppedGame
from mug.protocol.lab import MatchView, PairView, PlayerView
from mug.protocol.parts import MatchStatus, PeerStatus

__all__ = ["match_view"]

_PLAYING: Final = ("countdown", "playing", "stalled", "between", "over")


def match_view(core: Core, match: MatchState) -> MatchView:
    """Build the row of one match."""
    if match.is_on_server:
        return _on_server(core, match)
    said = _said(core, match)
    live = [said[agent] for agent in match.players if agent in said and agent not in match.dropped]
    counting = max(said.values(), key=lambda status: status.compared, default=None)
    ahead = max(live or said.values(), key=lambda status: (status.episode, status.frame), default=None)
    return MatchView(
        match_id=match.match_id,
        scene_id=match.scene_id,
        state=_state(core, match, live),
        formed_at=match.formed_at,
        players=tuple(_player(match, agent, said.get(agent)) for agent in match.players),
        policies=tuple(agent for agent in match.agents if agent not in match.players),
        pairs=tuple(_pair(one, other, said) for one, other in combinations(match.players, 2)),
        episode=ahead.episode if ahead is not None else 0,
        frame=ahead.frame if ahead is not None else 0,
        input_delay=_input_delay(match, said),
        compared=counting.compared if counting is not None else 0,
        desyncs=max((status.desyncs for status in said.values()), default=0),
        flags=tuple(dict.fromkeys(match.flags)),
    )


def _on_server(core: Core, match: MatchState) -> MatchView:
    """The row of a match that a process of the server steps."""
    game = core.stepped.get(match.match_id)
    episode = game.episode if game is not None and game.is_loaded else max(match.next_frame, default=0)
    frame = game.frame if game is not None and game.is_loaded else match.next_frame.get(episode, 0)
    return MatchView(
        match_id=match.match_id,
        scene_id=match.scene_id,
        state=_ended(match) or _stepping(game),
        formed_at=match.formed_at,
        players=tuple(
            PlayerView(
                agent=agent,
                participant_id=who,
                stage=_player_stage(game, agent) if match.outcome is None else "",
                frame=frame,
                dropped=agent in match.dropped,
            )
            for agent, who in match.players.items()
        ),
        policies=tuple(agent for agent in match.agents if agent not in match.players),
        episode=episode,
        frame=frame,
        flags=tuple(dict.fromkeys(match.flags)),
        mode="server_authoritative",
        hz=game.hz if game is not None and game.stage == "playing" and match.outcome is None else 0.0,
    )


def _stepping(game: SteppedGame | None) -> str:
    if game is None or not game.is_running:
        return "paused"
    if not game.is_begun:
        return "connecting"
    return "paused" if game.paused or game.stage == "paused" else "playing"


def _player_stage(game: SteppedGame | None, agent: str) -> str:
    if game is None or agent not in game.present:
        return "away" if game is None or game.is_begun else "connecting"
    return "playing" if game.is_begun else "connecting"


def _said(core: Core, match: MatchState) -> dict[str, MatchStatus]:
    """Agent -> what its page said last of this match."""
    found = {agent: core.presence(who).match for agent, who in match.players.items()}
    return {
        agent: status for agent, status in found.items() if status is not None and status.match_id == match.match_id
    }


def _ended(match: MatchState) -> str:
    """The word for a match that is over; empty: it is not."""
    if match.outcome == "abandoned":
        return "partner_left" if len(match.players) > 1 else "called_off"
    if match.outcome in ("sent_back", "repaired"):
        return "called_off"
    return match.outcome or ""


def _state(core: Core, match: MatchState, live: list[MatchStatus]) -> str:
    if ended := _ended(match):
        return ended
    pages = [core.presence(who) for agent, who in match.players.items() if agent not in match.dropped]
    if any(core.is_paused(who) for agent, who in match.players.items() if agent not in match.dropped):
        return "paused"
    if all(page.connection is None for page in pages) or any(status.stage == "paused" for status in live):
        return "paused"
    return "playing" if any(status.stage in _PLAYING for status in live) else "connecting"


def _player(match: MatchState, agent: str, status: MatchStatus | None) -> PlayerView:
    who, dropped = match.players[agent], agent in match.dropped
    if status is None:
        return PlayerView(agent=agent, participant_id=who, dropped=dropped)
    return PlayerView(
        agent=agent,
        participant_id=who,
        stage=status.stage[:32],
        frame=status.frame,
        rollbacks=status.rollbacks,
        depth_mean=status.depth_mean,
        depth_max=status.depth_max,
        stalled_ms=status.stalled_ms,
        dropped=dropped,
    )


def _pair(one: str, other: str, said: dict[str, MatchStatus]) -> PairView:
    seen = [
        peer
        for agent, partner in ((one, other), (other, one))
        for peer in (said[agent].peers if agent in said else ())
        if peer.agent == partner
    ]
    return PairView(
        agents=(one, other),
        path=_path(seen),
        rtt_ms=_worst([peer.rtt_ms for peer in seen]),
        jitter_ms=_worst([peer.jitter_ms for peer in seen]),
        loss=_worst([peer.loss for peer in seen]),
    )


def _path(seen: list[PeerStatus]) -> str:
    """The worse of the two ways: none, then the relay, then the direct one."""
    paths = {peer.path for peer in seen}
    if not paths or "" in paths:
        return ""
    return "relay" if "relay" in paths else "p2p"


def _worst(values: list[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _input_delay(match: MatchState, said: dict[str, MatchStatus]) -> int | None:
    """The delay that the study pins, or the one that the pages agreed on when they began to play."""
    pinned = match.settings.get("input_delay")
    if isinstance(pinned, int):
        return pinned
    return next((status.input_delay for status in said.values() if status.stage != "connecting"), None)
