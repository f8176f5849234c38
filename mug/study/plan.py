"""Drawing a participant's way through the study: which scenes, in which order."""

from typing import Final

import msgspec

from mug.ids import SceneId
from mug.study.draws import Words
from mug.study.group_orders import draws_for_group, order_scene_id
from mug.study.model import Node, RandomizeOrder, Repeat, Study
from mug.study.traversal import NodePath, node_at

__all__ = ["GROUP_ORDER", "PlannedNode", "draw_group_order", "draw_order", "draw_plan"]

GROUP_ORDER: Final = "group_order"
"""Kind of a planned visit at whose place a group draws the order of a node's scenes."""


class PlannedNode(msgspec.Struct, frozen=True, kw_only=True):
    """One visit of a participant's plan.

    Attributes:
        node_path: The scene's place: its index in the chain, then in each wrapper's scenes.
        repetition: The round (from 0) of each Repeat on the way, outermost first.
        scene_id: The scene's label.
        kind: The scene's kind.
    """

    node_path: tuple[int, ...]
    repetition: tuple[int, ...] = ()
    scene_id: SceneId
    kind: str


def draw_order(
    seed: int, node_path: tuple[int, ...], repetition: tuple[int, ...], count: int, keep_n: int | None
) -> tuple[int, ...]:
    """Return the order of a RandomizeOrder's scenes: `keep_n` (or all) of 0 … `count` - 1, shuffled.

    Each wrapper and each round of a Repeat around it has an order of its own, so that a change elsewhere in the
    chain does not change it.
    """
    path, rounds = (".".join(map(str, part)) for part in (node_path, repetition))
    words = Words(f"mug order:{seed}:{path}:{rounds}")
    order = list(range(count))
    words.shuffle(order)
    return tuple(order if keep_n is None else order[:keep_n])


def draw_plan(study: Study, seed: int) -> tuple[PlannedNode, ...]:
    """Draw the scenes that the participant with `seed` visits, in order.

    A random order that a group draws stands in the plan as one visit of the kind `GROUP_ORDER`: the wait for the group.
    Pure: the same study and seed give the same plan, on every machine.
    """
    plan: list[PlannedNode] = []
    for index, node in enumerate(study.chain):
        _draw(plan, seed, node, (index,), (), in_group=False)
    return tuple(plan)


def draw_group_order(study: Study, path: NodePath, seed: int) -> tuple[PlannedNode, ...]:
    """Draw the scenes of the group's random order at `path` for the group with `seed`.

    Everything random inside is drawn for the group too. Repetitions are counted from the node on.
    """
    plan: list[PlannedNode] = []
    _draw(plan, seed, node_at(study, path), path, (), in_group=True)
    return tuple(plan)


def _draw(
    plan: list[PlannedNode], seed: int, node: Node, path: NodePath, repetition: tuple[int, ...], *, in_group: bool
) -> None:
    match node:
        case RandomizeOrder() if draws_for_group(node) and not in_group:
            plan.append(
                PlannedNode(node_path=path, repetition=repetition, scene_id=order_scene_id(path), kind=GROUP_ORDER)
            )
        case RandomizeOrder():
            for index in draw_order(seed, path, repetition, len(node.scenes), node.keep_n):
                _draw(plan, seed, node.scenes[index], (*path, index), repetition, in_group=in_group)
        case Repeat():
            for turn in range(node.n):
                for index, inner in enumerate(node.scenes):
                    _draw(plan, seed, inner, (*path, index), (*repetition, turn), in_group=in_group)
        case _:
            plan.append(PlannedNode(node_path=path, repetition=repetition, scene_id=node.scene_id, kind=node.kind))
