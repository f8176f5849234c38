"""The editor of a list of texts, a line each."""

from typing import Any

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QHBoxLayout
from typing_extensions import override

from gui.design.inspector.editor import suggest
from gui.design.inspector.entries import EntriesEditor, Entry
from gui.design.inspector.inputs import Line
from gui.design.inspector.surroundings import Surroundings
from mug.study.catalog import FieldInfo

__all__ = ["TextList"]


class TextList(EntriesEditor):
    """A list of texts; Enter in a line adds the next."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info, add="Add")

    @override
    def _make_entry(self) -> Entry:
        entry = _TextEntry(self.around, self.info)
        entry.line.returnPressed.connect(self.add_entry)
        return entry

    @override
    def _fresh(self) -> Any:
        return ""


class _TextEntry(Entry):
    """One text."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info.title)
        self.line = Line(info.title)
        if info.suggested:
            suggest(self.line, info.suggested)
            completer = self.line.completer()
            assert completer is not None
            completer.activated.connect(self._on_edited)
        self.line.textEdited.connect(self._on_edited)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.menu_button)
        layout.addWidget(self.remove_button)
        self.setFocusProxy(self.line)

    @Slot(str)
    def _on_edited(self, text: str) -> None:
        self.changed.emit(text, True)

    @override
    def show_item(self, item: Any) -> None:
        self.line.setAccessibleName(f"{self.what} {self.place[0] + 1}")
        if self.line.text() != item:
            with QSignalBlocker(self.line):
                self.line.setText(item)
