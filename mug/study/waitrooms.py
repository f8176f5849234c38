"""The waitrooms of a study: where people wait for partners, how many play together, which settings hold there."""

from dataclasses import dataclass

from mug.study.group_orders import draws_for_group, first_game, order_scene_id
from mug.study.model import GymGame, RandomizeOrder, Study
from mug.study.multiplayer import is_multiplayer, runs_on_server
from mug.study.traversal import NodePath, human_agents, node_at

__all__ = ["WaitroomRules", "game_for_one", "hides_lobby_count", "matchmaker_of", "max_rtt_of", "waitroom_at"]


@dataclass(frozen=True, slots=True)
class WaitroomRules:
    """What holds in one waitroom.

    Attributes:
        node_path: The node's place in the chain.
        scene_id: Its label.
        game: The scene whose settings hold: the scene itself, or the first game of a group's order.
        is_order: Whether a group that draws an order is waited for, and not yet a match.
        needed: How many people make a group.
        timeout_ms: The longest wait; None: no limit.
        max_rtt_ms: The largest round trip between partners; None: any.
        widening_ms_per_s: So much that grows with each second of waiting.
        matchmaker: Reference of the matchmaker; None: first come, first served.
        hidden: Whether the number of those who wait is not told.
    """

    node_path: NodePath
    scene_id: str
    game: GymGame
    is_order: bool
    needed: int
    timeout_ms: float | None
    max_rtt_ms: float | None
    widening_ms_per_s: float
    matchmaker: str | None
    hidden: bool


def waitroom_at(study: Study, path: NodePath) -> WaitroomRules | None:
    """Return the waitroom of a node: of a game of several people, or of a random order that a group draws."""
    node = node_at(study, path)
    match node:
        case GymGame() if is_multiplayer(node):
            return _rules(path, node.scene_id, node, is_order=False)
        case RandomizeOrder() if draws_for_group(node):
            game = first_game(node)
            return _rules(path, order_scene_id(path), game, is_order=True) if game is not None else None
    return None


def game_for_one(study: Study, path: NodePath) -> GymGame | None:
    """Return the game of a node that the server steps for one person: its match is formed without a wait."""
    node = node_at(study, path)
    return node if isinstance(node, GymGame) and runs_on_server(node) and not is_multiplayer(node) else None


def max_rtt_of(game: GymGame) -> int | None:
    """Return the largest round trip between partners, of the two places where the study may say it."""
    return game.multiplayer.max_rtt if game.multiplayer.max_rtt is not None else game.matchmaking.max_rtt


def matchmaker_of(game: GymGame) -> str | None:
    """Return the reference of the matchmaker, of the two places where the study may say it."""
    return game.multiplayer.matchmaker if game.multiplayer.matchmaker is not None else game.matchmaking.matchmaker


def hides_lobby_count(game: GymGame) -> bool:
    """Return whether the study does not want people to see how many wait."""
    return game.matchmaking.hide_lobby_count or game.multiplayer.hide_lobby_count


def _rules(path: NodePath, scene_id: str, game: GymGame, *, is_order: bool) -> WaitroomRules:
    max_rtt = max_rtt_of(game)
    return WaitroomRules(
        node_path=path,
        scene_id=scene_id,
        game=game,
        is_order=is_order,
        needed=len(human_agents(game)),
        timeout_ms=float(game.waitroom.timeout) if game.waitroom.timeout > 0 else None,
        max_rtt_ms=None if max_rtt is None else float(max_rtt),
        widening_ms_per_s=game.matchmaking.max_rtt_widening,
        matchmaker=matchmaker_of(game),
        hidden=hides_lobby_count(game),
    )
