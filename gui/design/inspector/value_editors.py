"""Editors of any value: one line for a single one, source text for tables and lists."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSignalBlocker, Slot
from typing_extensions import override

from gui.design.inspector.editor import DraftingEditor, same
from gui.design.inspector.inputs import Growing, Line
from gui.design.inspector.surroundings import Surroundings
from gui.models.value_text import read_list, read_table, read_value, write_list, write_table, write_value
from mug.study.catalog import FieldInfo
from mug.study.edits import RESET

__all__ = ["SourceValueEditor", "ValueEditor", "plain"]


def plain(value: Any) -> Any:
    """Return a value with lists in the place of tuples, as a file gives it back."""
    match value:
        case tuple() | list():
            return [plain(item) for item in value]
        case dict():
            return {key: plain(item) for key, item in value.items()}
    return value


class ValueEditor(DraftingEditor):
    """Any value in one line: a number, true, a text, [a list], {a: table}; empty stands for the default."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info)
        self.line = Line(info.title)
        self.line.textEdited.connect(self._on_edited)
        self.line.dropped.connect(self._on_dropped)
        self._row(self.line)
        self.setFocusProxy(self.line)

    @Slot(str)
    def _on_edited(self, text: str) -> None:
        if not text.strip():
            self._right()
            self.typed.emit(self._empty())
            return
        try:
            value = read_value(text)
        except ValueError as error:
            self._mistake(str(error))
            return
        self._right()
        self.typed.emit(value)

    @Slot()
    def _on_dropped(self) -> None:
        self._right()
        self.settle()

    @override
    def _show(self) -> None:
        self.line.setPlaceholderText(self.default_words)
        if self.line.hasFocus() or self._wrong:
            try:
                text = self.line.text()
                current = read_value(text) if text.strip() else self.info.default
            except ValueError:
                current = _NO_VALUE
            if same(plain(current), plain(self.value)):
                return
        self._right()
        self.settle()

    @override
    def settle(self) -> None:
        if self._wrong:
            return
        shown = "" if self.mixed or self.value is None or self.is_default else write_value(plain(self.value))
        with QSignalBlocker(self.line):
            if self.line.text() != shown:
                self.line.setText(shown)

    @override
    def draft(self) -> str | None:
        return self.line.text() if self._wrong else None

    @override
    def take_draft(self, kept: Any) -> None:
        self.line.setText(kept)
        self._on_edited(kept)


_NO_VALUE = object()


class SourceValueEditor(DraftingEditor):
    """A table or list as source text: TOML for a table, JSON for a list; both are understood everywhere."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info)
        self._is_list = info.type_words.startswith("list")
        self.text = Growing(f"{info.title}: source", least=3, most=14, code=True)
        self.text.typed.connect(self._on_typed)
        self.text.dropped.connect(self._on_dropped)
        self._column(self.text)
        self.setFocusProxy(self.text)
        self.text.setPlaceholderText("[ … ]" if self._is_list else "key = value")

    @property
    def _read(self) -> Callable[[str], Any]:
        return read_list if self._is_list else read_table

    @Slot()
    def _on_typed(self) -> None:
        try:
            value = self._read(self.text.toPlainText())
        except ValueError as error:
            self._mistake(str(error))
            return
        self._right()
        self.typed.emit(value if value or self.info.required else RESET)

    @Slot()
    def _on_dropped(self) -> None:
        self._right()
        self.settle()

    @override
    def _show(self) -> None:
        try:
            current = self._read(self.text.toPlainText())
        except ValueError:
            current = _NO_VALUE
        if not self.mixed and same(plain(current), plain(self.value)):
            self._right()
            return
        self._right()
        self.settle()

    @override
    def settle(self) -> None:
        if self._wrong:
            return
        if self.mixed or not self.value:
            self.text.show_text("")
            return
        self.text.show_text(write_list(plain(self.value)) if self._is_list else write_table(plain(self.value)))

    @override
    def draft(self) -> str | None:
        return self.text.toPlainText() if self._wrong else None

    @override
    def take_draft(self, kept: Any) -> None:
        self.text.show_text(kept)
        self._on_typed()
