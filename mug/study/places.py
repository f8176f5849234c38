"""Problems at their place in the chain."""

from collections.abc import Iterator

from mug.study.fields import Severity
from mug.study.model import Node, RandomizeOrder, Repeat, Section
from mug.study.problems import Problem, node_id_of
from mug.study.traversal import NodePath

__all__ = ["exclusive", "problem_at"]


def problem_at(
    node: Node | None,
    path: NodePath,
    field: str | None,
    code: str,
    message: str,
    severity: Severity = "error",
) -> Problem:
    """Return a problem of `node`, which is at `path`; None and an empty path: of the study itself."""
    label = None if node is None or isinstance(node, RandomizeOrder | Repeat) else node.scene_id
    return Problem(node_id_of(path) if path else None, field, severity, code, message, label, path)


def exclusive(node: Node, path: NodePath, first: str, second: str, section: Section) -> Iterator[Problem]:
    """Report two fields of one section that may not both be given."""
    one, other = (name.rpartition(".")[2] for name in (first, second))
    if getattr(section, one) is not None and getattr(section, other) is not None:
        yield problem_at(
            node, path, second, "both_given", f"{one} and {other} exclude each other, and both are given: keep one"
        )
