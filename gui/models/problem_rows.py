"""The rows of the problems panel: every problem of the open study, errors first, with its quick fix."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from mug.study import Problem
from mug.study.quick_fixes import QuickFix

__all__ = ["FIX_ROLE", "PLACE_ROLE", "PROBLEM_ROLE", "ProblemRows", "problem_place"]

PROBLEM_ROLE = Qt.ItemDataRole.UserRole + 1
PLACE_ROLE = Qt.ItemDataRole.UserRole + 2
FIX_ROLE = Qt.ItemDataRole.UserRole + 3

Index = QModelIndex | QPersistentModelIndex


class ProblemRows(QAbstractListModel):
    """A list of problems; fixes are looked for when they are asked for.

    Runs on: GUI thread.
    """

    def __init__(self, find_fix: Callable[[Problem], QuickFix | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._find_fix = find_fix
        self._rows: tuple[Problem, ...] = ()
        self._fixes: dict[int, QuickFix | None] = {}

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Show these instead."""
        rows = tuple(sorted(problems, key=lambda problem: (problem.severity != "error", problem.path)))
        if rows == self._rows:
            self._fixes.clear()  # the study may have changed around them
            return
        self.beginResetModel()
        self._rows = rows
        self._fixes.clear()
        self.endResetModel()

    def problem(self, row: int) -> Problem:
        """Return the problem of a row."""
        return self._rows[row]

    def fix(self, row: int) -> QuickFix | None:
        """Return how a row's problem is fixed, where there is one obvious way."""
        if row not in self._fixes:
            self._fixes[row] = self._find_fix(self._rows[row])
        return self._fixes[row]

    @override
    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        problem = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return problem.message
            case Qt.ItemDataRole.AccessibleTextRole:
                return str(problem)
            case _ if role == PROBLEM_ROLE:
                return problem
            case _ if role == PLACE_ROLE:
                return problem_place(problem)
            case _ if role == FIX_ROLE:
                return self.fix(index.row())
        return None


def problem_place(problem: Problem) -> str:
    """Return where a problem is, in words."""
    where = problem.label or (f"Scene {problem.node_id}" if problem.node_id else "Study")
    return f"{where} · {problem.field}" if problem.field else where
