"""The history panel: every change since the study was opened; a click goes back, or forward, to it."""

from PySide6.QtCore import QSize, Slot
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QUndoView, QVBoxLayout, QWidget

from gui.widgets.basics import label
from gui.widgets.theme import Theme

__all__ = ["HistoryView"]


class HistoryView(QWidget):
    """The steps of an undo stack, the oldest first; the mark shows what is in the file.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, stack: QUndoStack) -> None:
        super().__init__()
        self._theme = theme
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.setSpacing(8)
        layout.addWidget(label("History", "heading"))
        layout.addWidget(
            label(
                "Choose a step to go back to it, or forward again. The disk marks the saved state.", "small", wrap=True
            )
        )
        self.steps = QUndoView(stack)
        self.steps.setEmptyLabel("As it was opened")
        self.steps.setAccessibleName("History of changes")
        self.steps.setProperty("kind", "bare")
        self.steps.setIconSize(QSize(16, 16))  # as high as the words, so that all rows are
        layout.addWidget(self.steps, 1)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def let_go(self) -> None:
        """Show no history any more."""
        self.steps.setStack(QUndoStack(self))

    @Slot()
    def _on_theme_changed(self) -> None:
        self.steps.setCleanIcon(self._theme.icon("save", "accent"))
