"""Random orders that a group draws together: which they are, how many people make a group, whose settings hold."""

from collections.abc import Iterator

from mug.ids import SceneId
from mug.study.model import GymGame, Node, RandomizeOrder, Repeat
from mug.study.multiplayer import is_multiplayer
from mug.study.traversal import NodePath, human_agents

__all__ = ["draws_for_group", "first_game", "group_sizes", "order_scene_id", "scenes_inside"]


def scenes_inside(node: Node) -> Iterator[Node]:
    """Iterate over the scenes in a node, however deep; a scene is its own."""
    if isinstance(node, RandomizeOrder | Repeat):
        for inner in node.scenes:
            yield from scenes_inside(inner)
    else:
        yield node


def group_sizes(node: Node) -> set[int]:
    """Return how many people the games in a node are for; games of one person do not count."""
    return {len(human_agents(game)) for game in _games(node)}


def draws_for_group(node: RandomizeOrder) -> bool:
    """Return whether people who play together share the order that is drawn at `node`.

    The study says so, or it says nothing and all its scenes are games of several people, for one number of them.
    """
    if node.per is not None:
        return node.per == "group"
    scenes = list(scenes_inside(node))
    together = [scene for scene in scenes if isinstance(scene, GymGame) and is_multiplayer(scene)]
    return bool(scenes) and len(together) == len(scenes) and len(group_sizes(node)) == 1


def first_game(node: Node) -> GymGame | None:
    """Return the first game of several people in a node: its settings hold for the waitroom of a group's order."""
    return next(_games(node), None)


def order_scene_id(path: NodePath) -> SceneId:
    """Return the id under which the wait at a group's order is shown and recorded."""
    return SceneId(f"order-{'.'.join(map(str, path))}")


def _games(node: Node) -> Iterator[GymGame]:
    for scene in scenes_inside(node):
        if isinstance(scene, GymGame) and is_multiplayer(scene):
            yield scene
