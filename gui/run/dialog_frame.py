"""What the dialogs of the Run page have in common: margins, heading, answers, small parts of forms."""

from collections.abc import Iterable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.widgets.basics import Button, label
from gui.widgets.theme import Theme

HEADING = "dialog heading"

__all__ = ["HEADING", "add_answers", "fit", "frame", "remembering_line"]


def frame(dialog: QDialog, title: str, *, width: int, spacing: int, heading: str = "") -> QVBoxLayout:
    """Give a dialog its title, its margins and its heading; what it holds goes into the layout."""
    dialog.setWindowTitle(title)
    dialog.setMinimumWidth(width)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(28, 26, 28, 22)
    layout.setSpacing(spacing)
    made = label(heading or title, "title", wrap=True)
    made.setObjectName(HEADING)
    layout.addWidget(made)
    return layout


def add_answers(theme: Theme, dialog: QDialog, layout: QVBoxLayout, *confirm: Button, cancel: str = "Cancel") -> None:
    """Add the last row: cancel, or confirm."""
    row = QHBoxLayout()
    row.addStretch(1)
    away = Button(theme, cancel, on_click=dialog.reject)
    away.setAutoDefault(False)
    row.addWidget(away)
    for button in confirm:
        row.addWidget(button)
    layout.addLayout(row)
    before: QWidget = away
    for button in confirm:
        QWidget.setTabOrder(before, button)
        before = button


def fit(dialog: QDialog, layout: QVBoxLayout) -> None:
    """Let the dialog be as high as its wrapped texts need at its width; Qt's own guess is too high."""

    def resize() -> None:
        width = dialog.minimumWidth()
        dialog.resize(width, max(layout.totalHeightForWidth(width), layout.totalMinimumSize().height()))

    resize()
    QTimer.singleShot(0, dialog, resize)  # once what was changed inside is laid out


def remembering_line(name: str, past: Iterable[str], placeholder: str = "") -> QComboBox:
    """Make a line to type in that proposes what was typed before."""
    box = QComboBox()
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.setAccessibleName(name)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    box.addItems(list(past))
    box.setCurrentIndex(-1)
    line = box.lineEdit()
    assert line is not None
    line.setAccessibleName(name)
    line.setPlaceholderText(placeholder)
    line.setMaxLength(500)
    line.clear()
    return box
