"""Moves by keys: a place earlier or later, out of a wrapper, into the next one. None: there is no such way."""

from collections.abc import Sequence

from mug.study.edits import Splice, move
from mug.study.model import Node, RandomizeOrder, Repeat, Study
from mug.study.traversal import NodePath, node_at

__all__ = ["earlier", "into_next", "later", "out"]


def earlier(study: Study, selection: Sequence[NodePath]) -> Splice | None:
    """Return the move of all selected nodes to before the one that comes before the first of them."""
    if not _are_siblings(selection) or selection[0][-1] == 0:
        return _gathered(study, selection)
    return move(study, selection, (*selection[0][:-1], selection[0][-1] - 1))


def later(study: Study, selection: Sequence[NodePath]) -> Splice | None:
    """Return the move of all selected nodes to behind the one that comes after the last of them."""
    if not _are_siblings(selection):
        return None
    parent, last = selection[-1][:-1], selection[-1][-1]
    count = len(_inside(study, parent))
    return move(study, selection, (*parent, min(last + 2, count)))


def out(study: Study, selection: Sequence[NodePath]) -> Splice | None:
    """Return the move out of the wrapper: before it from its beginning, else behind it."""
    if not _are_siblings(selection) or len(selection[0]) < 2:
        return None
    parent = selection[0][:-1]
    begins = [path[-1] for path in selection] == list(range(len(selection)))
    is_all = len(selection) == len(_inside(study, parent))
    return move(study, selection, parent if begins and not is_all else (*parent[:-1], parent[-1] + 1))


def into_next(study: Study, selection: Sequence[NodePath]) -> Splice | None:
    """Return the move to the beginning of the next wrapper that comes after the selected nodes in their row."""
    if not _are_siblings(selection):
        return None
    parent, last = selection[-1][:-1], selection[-1][-1]
    for index, node in enumerate(_inside(study, parent)):
        if index > last and isinstance(node, RandomizeOrder | Repeat):
            return move(study, selection, (*parent, index, 0))
    return None


def _gathered(study: Study, selection: Sequence[NodePath]) -> Splice | None:
    """Nodes that cannot go earlier come together behind the first of them."""
    return move(study, selection, selection[0]) if _are_siblings(selection) and len(selection) > 1 else None


def _are_siblings(selection: Sequence[NodePath]) -> bool:
    return bool(selection) and len({path[:-1] for path in selection}) == 1


def _inside(study: Study, parent: NodePath) -> tuple[Node, ...]:
    if not parent:
        return study.chain
    wrapper = node_at(study, parent)
    assert isinstance(wrapper, RandomizeOrder | Repeat)
    return wrapper.scenes
