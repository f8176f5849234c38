"""What the thorough check found, carried along while the study is edited."""

from collections.abc import Sequence

import msgspec

from mug.study import Problem, node_id_of
from mug.study.model import Node, Study
from mug.study.traversal import NodePath, node_at, walk

__all__ = ["StandingProblems"]


class StandingProblems:
    """Problems of files, packages and environments, which only a child process finds.

    They hold as long as their node is the very one that was checked, wherever it moves; a changed node's are dropped
    until the next check, and so are the study's own when one of its settings changes.
    """

    def __init__(self) -> None:
        self._of_study: list[Problem] = []
        self._of_nodes: list[tuple[Node, Problem]] = []
        self._checked: Study | None = None

    def take(self, study: Study, checked: Sequence[Problem], told: Sequence[Problem]) -> None:
        """Take what the thorough check found.

        Args:
            study: The study that was checked.
            checked: All that was found.
            told: What the study's data alone tell: that is found anew after each edit.
        """
        known = {_identity(problem) for problem in told}
        self._checked = study
        self._of_study, self._of_nodes = [], []
        for problem in checked:
            if _identity(problem) in known:
                continue
            if problem.path:
                self._of_nodes.append((node_at(study, problem.path), problem))
            else:
                self._of_study.append(problem)

    def clear(self) -> None:
        """Forget everything."""
        self._of_study, self._of_nodes, self._checked = [], [], None

    def at(self, study: Study) -> list[Problem]:
        """Return what still holds for the study as it is now, at the nodes' present places."""
        if self._checked is None:
            return []
        same = _settings(study) == _settings(self._checked)
        found = list(self._of_study) if same else []
        if not self._of_nodes:
            return found
        places: dict[int, NodePath] = {id(node): path for path, node in walk(study)}
        for node, problem in self._of_nodes:
            path = places.get(id(node))
            if path is not None:
                found.append(msgspec.structs.replace(problem, path=path, node_id=node_id_of(path)))
        return found


def _settings(study: Study) -> Study:
    return msgspec.structs.replace(study, chain=(), layout={})


def _identity(problem: Problem) -> tuple[object, ...]:
    return problem.path, problem.field, problem.code, problem.message
