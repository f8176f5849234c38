"""The lower edge of the editor: how the study is, in a word, and the list of its problems."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout

from gui.design.live_check import LiveCheck
from gui.design.problems_view import ProblemsView
from gui.models.chain_document import ChainDocument
from gui.widgets.basics import Button, Pill, label
from gui.widgets.theme import Theme
from mug.study import Problem
from mug.study.quick_fixes import QuickFix, quick_fix

__all__ = ["ProblemsPanel"]


class ProblemsPanel(QFrame):
    """All problems of the document, live.

    Signals:
        chosen: The problem to go to.
        list_shown: Whether the list is to be seen now, or only the line above it.

    Runs on: GUI thread.
    """

    chosen = Signal(object)
    list_shown = Signal(bool)

    def __init__(self, theme: Theme, document: ChainDocument, check: LiveCheck) -> None:
        super().__init__()
        self._document, self._check = document, check
        self._open = True
        self.setProperty("kind", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(label("Problems", "heading"))
        self.state = Pill(theme)
        head.addWidget(self.state)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setFixedWidth(70)
        self._busy.setAccessibleName("Working on the study")
        self._busy.hide()
        head.addWidget(self._busy)
        self.words = label("", "small", wrap=True)
        head.addWidget(self.words, 1)
        self.toggle = Button(theme, "", "chevron-down", role="icon", name="Fold the problems", on_click=self._toggle)
        head.addWidget(self.toggle, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(head)
        self.list = ProblemsView(theme, self._fix)
        self.list.setProperty("kind", "bare")
        self.list.setMinimumHeight(76)
        self.list.hide()
        self.list.chosen.connect(self.chosen)
        self.list.fix_asked.connect(self._apply)
        layout.addWidget(self.list, 1)
        self._busy_text = ""
        document.problems_changed.connect(self.refresh)
        check.looked.connect(self.refresh)
        self.refresh()

    def show_busy(self, text: str) -> None:
        """Say what is being done with the study; empty: nothing."""
        self._busy_text = text
        self._busy.setVisible(bool(text))
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the document's problems."""
        problems = self._document.problems
        errors = sum(problem.severity == "error" for problem in problems)
        warnings = len(problems) - errors
        counted = [
            f"{count} {word}{'' if count == 1 else 's'}"
            for count, word in ((errors, "error"), (warnings, "warning"))
            if count
        ]
        tone = "error" if errors else "warning" if warnings else "good"
        icon = "check-circle" if tone == "good" else tone
        self.state.show_state(" · ".join(counted) or "No problems", icon, tone)
        self.words.setText(self._busy_text or self._words(errors))
        self.list.show_problems(problems)
        self._show_list()

    def _words(self, errors: int) -> str:
        if errors:
            return "A study with errors cannot be started."
        if self._check.is_thorough:
            return "The chain, the files, the packages and the environments were checked."
        return "Files, packages and environments are checked when you save."

    def _show_list(self) -> None:
        has_some = bool(self._document.problems)
        self.toggle.setVisible(has_some)
        shown = has_some and self._open
        if self.list.isVisibleTo(self) != shown:
            self.list.setVisible(shown)
            self.list_shown.emit(shown)

    def _toggle(self) -> None:
        self._open = not self._open
        words = "Fold the problems" if self._open else "Show the problems"
        self.toggle.show_as("", "chevron-down" if self._open else "chevron-up", "icon")
        self.toggle.setAccessibleName(words)
        self.toggle.setToolTip(words)
        self._show_list()

    def _fix(self, problem: Problem) -> QuickFix | None:
        study = self._document.study
        return quick_fix(study, problem) if study is not None else None

    @Slot(object)
    def _apply(self, fix: QuickFix) -> None:
        self._document.push(fix.edit)
