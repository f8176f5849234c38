"""The problems of waiting for partners: what comes after the wait, and orders that a group draws."""

from collections.abc import Iterator, Mapping, Sequence

from mug.study.group_orders import draws_for_group, group_sizes
from mug.study.model import GymGame, Node, RandomizeOrder, Repeat, Study
from mug.study.places import problem_at
from mug.study.problems import Problem, did_you_mean
from mug.study.traversal import NodePath
from mug.study.waitrooms import matchmaker_of, max_rtt_of

__all__ = ["problems_of_order", "problems_of_waiting"]


def problems_of_waiting(
    study: Study, path: NodePath, node: GymGame, places: Mapping[str, Sequence[NodePath]]
) -> Iterator[Problem]:
    """Return what is wrong with a game's waitroom and matchmaking.

    Args:
        study: The study.
        path: The game's place.
        node: The game.
        places: Where each scene id stands in the study.
    """
    target = node.waitroom.timeout_scene_id
    if target is not None and target not in places:
        yield problem_at(
            node,
            path,
            "waitroom.timeout_scene_id",
            "unknown_scene",
            f"names the scene {target!r}, which the study does not have{did_you_mean(target, places)}",
        )
    elif target is not None and not any(_may_follow(study, path, other) for other in places[target]):
        yield problem_at(
            node,
            path,
            "waitroom.timeout_scene_id",
            "not_later",
            f"names the scene {target!r}, which does not come after this game: name one that does, as nobody goes back",
        )
    if target is not None and node.waitroom.timeout_redirect_url is not None:
        yield problem_at(
            node,
            path,
            "waitroom.timeout_redirect_url",
            "no_effect",
            f"has no effect, because after the timeout the study goes on with {target!r}: leave one of the two out",
            "warning",
        )
    if node.matchmaking.max_rtt_widening and max_rtt_of(node) is None and matchmaker_of(node) is None:
        yield problem_at(
            node,
            path,
            "matchmaking.max_rtt_widening",
            "no_effect",
            "has no effect without a largest round trip: give max_rtt",
            "warning",
        )


def _may_follow(study: Study, path: NodePath, other: NodePath) -> bool:
    """Whether the scene at `other` can come after the one at `path`, in some order that may be drawn."""
    nodes: Sequence[Node] = study.chain
    wrapper: Node | None = None
    for own, others in zip(path, other, strict=False):
        if own != others:
            in_some_order = isinstance(wrapper, RandomizeOrder) or (isinstance(wrapper, Repeat) and wrapper.n > 1)
            return others > own or in_some_order
        wrapper = nodes[own]
        if isinstance(wrapper, Repeat) and wrapper.n > 1:
            return True
        nodes = wrapper.scenes if isinstance(wrapper, RandomizeOrder | Repeat) else ()
    return False


def problems_of_order(path: NodePath, node: RandomizeOrder) -> Iterator[Problem]:
    """Return what is wrong with the people of a random order: it is drawn for each of them, or for a group."""
    sizes = sorted(group_sizes(node))
    if not draws_for_group(node):
        if sizes:
            yield problem_at(
                node,
                path,
                None,
                "order_splits_groups",
                "holds games of several people, but every participant has an order of their own: partners may wait for "
                'each other at different scenes; give per = "group", or put such games beside the random order',
                "warning",
            )
        return
    if not sizes:
        yield problem_at(
            node,
            path,
            "per",
            "no_group",
            'is "group", but there is no game of several people in it: put one into it, or use "participant"',
        )
    elif len(sizes) > 1:
        yield problem_at(
            node,
            path,
            "per",
            "group_sizes_differ",
            f'is "group", but its games are for {" and ".join(map(str, sizes))} people: a group stays together, so '
            "all of them need one number of humans",
        )
    for place, inner in _orders_inside(node, path):
        if inner.per is not None:
            yield problem_at(
                inner,
                place,
                "per",
                "nested_group_order",
                f'is "{inner.per}", but the order around it is drawn for a group, with all inside: leave this out',
            )


def _orders_inside(node: RandomizeOrder | Repeat, path: NodePath) -> Iterator[tuple[NodePath, RandomizeOrder]]:
    for index, inner in enumerate(node.scenes):
        if isinstance(inner, RandomizeOrder):
            yield (*path, index), inner
        if isinstance(inner, RandomizeOrder | Repeat):
            yield from _orders_inside(inner, (*path, index))
