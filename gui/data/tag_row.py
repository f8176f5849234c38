"""The tags of a session as chips: one press takes one away, a word and Return adds one."""

from collections.abc import Iterable

from PySide6.QtCore import QStringListModel, Qt, Signal, Slot
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QWidget

from gui.widgets.basics import Button
from gui.widgets.theme import Theme
from mug.records.annotations import clean_tags

__all__ = ["TagRow"]


class TagRow(QWidget):
    """Shows and edits tags.

    Attributes:
        entry: Where a new tag is written.

    Signals:
        changed: All tags (a tuple), after the user changed them.

    Runs on: GUI thread.
    """

    changed = Signal(tuple)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._tags: tuple[str, ...] = ()
        self._chips: dict[str, Button] = {}
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self.entry = QLineEdit()
        self.entry.setPlaceholderText("Add a tag")
        self.entry.setAccessibleName("Add a tag to the session")
        self.entry.setMaxLength(40)
        self.entry.setFixedWidth(130)
        self._known = QStringListModel(self)
        completer = QCompleter(self._known, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.entry.setCompleter(completer)
        self.entry.returnPressed.connect(self._on_entered)
        self._layout.addWidget(self.entry)
        self._layout.addStretch(1)

    def tags(self) -> tuple[str, ...]:
        """Return the tags that are shown."""
        return self._tags

    def chip(self, tag: str) -> Button:
        """Return the chip of a tag."""
        return self._chips[tag]

    def show_tags(self, tags: Iterable[str], known: Iterable[str] = ()) -> None:
        """Show these; `known` are proposed while one is written."""
        fresh = tuple(tags)
        self._known.setStringList(sorted({*known}, key=str.casefold))
        if fresh == self._tags:
            return
        self._tags = fresh
        for chip in self._chips.values():
            self._layout.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._chips = {}
        for place, tag in enumerate(fresh):
            chip = Button(
                self._theme,
                tag,
                "close",
                role="chip",
                name=f"Tag {tag}: press to take it away",
                tip="Take this tag away",
            )
            chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
            chip.clicked.connect(lambda _checked=False, tag=tag: self._drop(tag))
            self._chips[tag] = chip
            self._layout.insertWidget(place, chip)

    @Slot()
    def _on_entered(self) -> None:
        tags = clean_tags((*self._tags, self.entry.text()))
        self.entry.clear()
        self._take(tags)

    def _drop(self, tag: str) -> None:
        self._take(tuple(other for other in self._tags if other != tag))
        self.entry.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take(self, tags: tuple[str, ...]) -> None:
        if tags != self._tags:
            self.show_tags(tags, self._known.stringList())
            self.changed.emit(tags)
