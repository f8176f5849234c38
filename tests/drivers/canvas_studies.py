"""Small studies of new nodes, and chains as nested lists, for tests of the editor."""

from mug.ids import ExperimentId
from mug.study.edits import insert
from mug.study.model import Node, RandomizeOrder, Repeat, Study
from mug.study.starters import starter
from mug.study.traversal import NodePath

__all__ = ["outline", "sample"]


def sample(*kinds: object) -> Study:
    """Return a study of new nodes: a text is a kind, a list a wrapper's kind and what is in it."""
    study = Study(id=ExperimentId("sample"))

    def add(at: NodePath, what: object) -> None:
        nonlocal study
        kind = what if isinstance(what, str) else what[0]  # type: ignore[index]  # a list, then
        study, _ = insert(at, (starter(study, kind),)).apply(study)
        if isinstance(what, list):
            for index, inner in enumerate(what[1:]):
                add((*at, index), inner)

    for index, what in enumerate(kinds):
        add((index,), what)
    return study


def outline(study: Study | None) -> list[object]:
    """Return the chain as ids, wrappers as lists that begin with their kind."""

    def of(nodes: tuple[Node, ...]) -> list[object]:
        return [
            [node.kind, *of(node.scenes)] if isinstance(node, RandomizeOrder | Repeat) else str(node.scene_id)
            for node in nodes
        ]

    return of(study.chain) if study is not None else []
