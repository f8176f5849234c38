"""What a page is told of a game that the server steps: its stage, and a sentence where there is something to say."""

from typing import Final

from mug.engine.live import Core
from mug.engine.state import MatchState
from mug.engine.stepped import SteppedGame
from mug.ids import ParticipantId
from mug.protocol.partners import ServerStatus
from mug.study.model import GymGame

__all__ = ["status_for"]

_COUNTDOWN_MS: Final = 3_000.0

_RESTORING: Final = "The game was interrupted. It is being restored, and goes on in a moment."
_DROPPED: Final = (
    "Your connection was interrupted for too long, and the others could not wait any longer. What you did before is "
    "saved. The study goes on with the next page."
)
_OVER: Final = {
    "completed": "",
    "partner_left": "{Partner} has left, so the game ends here. This is not your fault, and everything you did is "
    "saved.",
    "void": "The game could not be finished. This is not your fault, and everything you did is saved.",
    "failed": "The game could not go on because of a technical problem. This is not your fault, and everything you did "
    "is saved. The study goes on with the next page.",
}
_ENDS: Final = ("completed", "partner_left", "void", "failed")
"""Ways in which a page can finish its visit."""


def status_for(
    core: Core, match: MatchState, game: SteppedGame | None, who: ParticipantId, scene: GymGame
) -> ServerStatus:
    """Return how a match stands for one of its players.

    Args:
        core: The session.
        match: The match.
        game: Process and pages; None: there is no process, and it was not asked for.
        who: The player.
        scene: The game.
    """
    own = match.agent_of(who)
    partner = "your partner" if len(match.players) == 2 else "a partner"
    if own in match.dropped and match.dropped[own] not in ("end", "void"):
        return ServerStatus(
            match_id=match.match_id, stage="over", outcome="partner_left", message=_DROPPED, dropped=True
        )
    if match.outcome is not None:
        return _over(match, own, partner, scene)
    if game is None or not game.is_loaded:
        again = game is None or bool(game.from_rows)
        return ServerStatus(
            match_id=match.match_id,
            stage="restoring" if again else "preparing",
            message=_RESTORING if again else "",
        )
    stage, message = _stage(core, match, game, own, partner)
    return ServerStatus(
        match_id=match.match_id,
        stage=stage,
        message=message or _left(match, partner, scene),
        episode=game.episode,
        countdown_ms=_COUNTDOWN_MS if stage == "countdown" else 0.0,
        asset_specs=game.asset_specs,
    )


def _over(match: MatchState, own: str | None, partner: str, scene: GymGame) -> ServerStatus:
    outcome = match.outcome if match.outcome in _ENDS else "failed"
    assert outcome is not None
    message = _OVER[outcome].format(Partner=partner.capitalize())
    dropped = own in match.dropped
    if dropped:
        message = _DROPPED
    elif outcome == "partner_left":
        message = scene.multiplayer.partner_disconnect_message or message
    # As of `Matches.ends_participation`.
    shows_code = scene.multiplayer.partner_disconnect_show_completion_code
    ends = not dropped and outcome == "partner_left" and "end" in match.dropped.values() and shows_code
    return ServerStatus(
        match_id=match.match_id, stage="over", outcome=outcome, message=message, dropped=dropped, ends=ends
    )


def _stage(core: Core, match: MatchState, game: SteppedGame, own: str | None, partner: str) -> tuple[str, str]:
    """The stage of a loaded game, and what there is to say about it."""
    others = [agent for agent in match.players if agent != own and agent not in match.dropped]
    missing = [
        agent
        for agent in others
        if agent not in game.present and core.state.visits[match.visits[match.players[agent]]].outcome is None
    ]
    if not game.is_begun:
        if missing:
            return "waiting", f"Waiting for {partner}."
        return ("paused", "") if game.paused else ("preparing", "")
    if game.paused:
        hidden = game.paused.removeprefix("hidden:")
        if hidden == own:
            return "paused", "The game waits until this page is in front again."
        if hidden in match.players:
            return "paused", f"{partner.capitalize()} is not at the game at present. It waits."
        return "paused", ""
    stage = game.stage if game.stage in ("countdown", "playing", "paused", "between") else "preparing"
    if missing:
        return stage, f"The connection of {partner} is interrupted. The game goes on meanwhile."
    return stage, ""


def _left(match: MatchState, partner: str, scene: GymGame) -> str:
    """The words of a game that goes on without a player."""
    if not match.dropped:
        return ""
    said = scene.multiplayer.partner_disconnect_message
    return said or f"{partner.capitalize()} has left the game. It goes on without them."
