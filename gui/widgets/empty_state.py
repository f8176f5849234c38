"""What a page shows when there is nothing yet: a picture, a sentence, and what to do next."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gui.widgets.basics import IconTile, card, label
from gui.widgets.theme import Theme

__all__ = ["EmptyState", "empty_card"]

_ALL = 1_000
"""A stretch beside which the others get what is left."""


def empty_card(theme: Theme, icon: str, title: str, text: str) -> QWidget:
    """Make a panel for the place of a table that has no row yet: what will be here, in a sentence or two."""
    panel, layout = card(margins=14)
    row = QHBoxLayout()
    row.setSpacing(18)
    row.addStretch(1)
    row.addWidget(IconTile(theme, icon, size=56), 0, Qt.AlignmentFlag.AlignVCenter)
    texts = QVBoxLayout()
    texts.setSpacing(4)
    texts.addStretch(1)
    texts.addWidget(label(title, "heading"))
    words = label(text, "muted", wrap=True)
    words.setMinimumWidth(420)
    texts.addWidget(words)
    texts.addStretch(1)
    row.addLayout(texts)
    row.addStretch(1)
    layout.addLayout(row)
    return panel


class EmptyState(QWidget):
    """A calm centre of an empty page.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, icon: str, title: str, text: str, *buttons: QPushButton) -> None:
        super().__init__()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 24, 24, 24)
        outer.addStretch(2)
        outer.addWidget(IconTile(theme, icon, size=64), 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addSpacing(14)
        self.title = label(title, "heading")
        self.title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.text = label(text, "muted", wrap=True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.text.setMinimumWidth(320)
        self.text.setMaximumWidth(460)
        outer.addWidget(self.title)
        outer.addSpacing(4)
        words = QHBoxLayout()  # not an alignment: with one the lines are counted for another width than they have
        words.addStretch(1)
        words.addWidget(self.text, _ALL)
        words.addStretch(1)
        outer.addLayout(words)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addStretch(1)
        for button in buttons:
            row.addWidget(button)
        row.addStretch(1)
        if buttons:
            outer.addSpacing(16)
            outer.addLayout(row)
        self.extra = QVBoxLayout()
        outer.addLayout(self.extra)
        outer.addStretch(3)

    def say(self, title: str, text: str) -> None:
        """Show other words."""
        self.title.setText(title)
        self.text.setText(text)
