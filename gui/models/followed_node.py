"""Following one node of a study through edits."""

from gui.models.chain_document import Change
from mug.study.model import Node
from mug.study.traversal import NodePath, walk

__all__ = ["path_after"]


def path_after(change: Change, path: NodePath, node: Node) -> NodePath | None:
    """Return where a node is after an edit: the very same one, else what was made of it; None: it is gone.

    Args:
        change: What the edit did.
        path: The node's path before.
        node: The node before.
    """
    nodes = list(walk(change.study))
    for found, candidate in nodes:
        if candidate is node:
            return found
    here = dict(nodes).get(path)
    scene_id = getattr(node, "scene_id", None)
    if here is not None and here.kind == node.kind:
        same_scene = getattr(here, "scene_id", None) == scene_id
        if same_scene or path in change.touched:
            return path
    if scene_id is None:
        return None
    return next((found for found, candidate in nodes if getattr(candidate, "scene_id", None) == scene_id), None)
