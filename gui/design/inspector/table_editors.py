"""Editors of free tables, entry by entry with typed values."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from gui.design.inspector.editor import same, suggest
from gui.design.inspector.entries import EntriesEditor, Entry
from gui.design.inspector.inputs import Line, Switch, ToolButton
from gui.design.inspector.surroundings import Surroundings
from gui.design.inspector.value_editors import plain
from gui.models.value_text import KINDS, converted, kind_of, read_value, write_value
from gui.widgets.basics import Elided
from mug.study.catalog import FieldInfo
from mug.study.edits import RESET

__all__ = ["MessagesEditor", "TableEditor", "TablesEditor"]

_SIGNS: Final[Mapping[str, str]] = {
    "text": "Aa",
    "number": "12",
    "switch": "o/i",
    "list": "[ ]",
    "table": "{ }",
    "other": "…",
}


class TableEditor(EntriesEditor):
    """A table with keys and values of any kind."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info, add="Add an entry")

    @override
    def _make_entry(self) -> Entry:
        return _PairEntry(self.around, self.info, self._is_free)

    @override
    def _items(self) -> list[Any]:
        return list((self.value or {}).items())

    @override
    def _value_of(self, items: Sequence[Any]) -> Any:
        return dict(items) if items or self.info.required else RESET

    @override
    def _fresh(self) -> Any:
        return self._free_key(), ""

    @override
    def _copy_of(self, item: Any) -> Any:
        return self._free_key(item[0]), item[1]

    @override
    def _nothing_words(self) -> str:
        return ""

    def _free_key(self, wanted: str = "") -> str:
        used = {key for key, _ in self._items()}
        for key in self.info.suggested or ():
            if key not in used and not wanted:
                return key
        base = wanted or "name"
        number, key = 1, base
        while key in used:
            number += 1
            key = f"{base}_{number}"
        return key

    def _is_free(self, key: str, index: int) -> bool:
        return all(other != key or number == index for number, (other, _) in enumerate(self._items()))


class MessagesEditor(TableEditor):
    """A table of texts whose keys are mostly known ones."""

    @override
    def _make_entry(self) -> Entry:
        return _PairEntry(self.around, self.info, self._is_free, texts_only=True)


class _PairEntry(Entry):
    """A key and its value."""

    def __init__(self, around: Surroundings, info: FieldInfo, is_free: Any, *, texts_only: bool = False) -> None:
        super().__init__(around, "Entry")
        self._is_free = is_free
        self._pair: tuple[str, Any] = ("", "")
        self._kind = "text"
        self._has_kind = self._guesses = False
        self._wrong: tuple[str, str] = ("", "")
        self.key = Line("Name", "name")
        self.key.textEdited.connect(self._on_key)
        self.key.dropped.connect(self._on_dropped)
        if info.suggested:
            suggest(self.key, info.suggested)
            completer = self.key.completer()
            assert completer is not None
            completer.activated.connect(self._on_key)
        self.line = Line("Value", "value")
        self.line.textEdited.connect(self._on_value)
        self.line.dropped.connect(self._on_dropped)
        self.switch = Switch(around.theme, "Value")
        self.switch.hide()
        self.switch.clicked.connect(self._on_switched)
        self.kind_button = QToolButton()
        self.kind_button.setProperty("role", "small")
        self.kind_button.setFixedWidth(30)
        self.kind_button.clicked.connect(self._open_kinds)
        self._texts_only = texts_only
        line = QHBoxLayout()
        line.setSpacing(3)
        line.addWidget(self.key, 4)
        if not texts_only:
            line.addWidget(self.line, 5)
            line.addWidget(self.switch)
            self._gap = QWidget()
            self._gap.hide()
            line.addWidget(self._gap, 5)
            line.addWidget(self.kind_button)
        line.addWidget(self.menu_button)
        line.addWidget(self.remove_button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(3)
        outer.addLayout(line)
        if texts_only:
            outer.addWidget(self.line)
            outer.setContentsMargins(0, 0, 0, 4)
        self.setFocusProxy(self.key)

    @override
    def show_item(self, item: Any) -> None:
        key, value = item
        self._has_kind = self._has_kind and key == self._pair[0]
        self._guesses = not self._has_kind and (value == "" or (self._guesses and self.line.hasFocus()))
        # what is wrong stays until the same part is changed elsewhere
        kept = self._pair[0] == key, same(value, self._pair[1])
        self._wrong = self._wrong[0] if kept[0] else "", self._wrong[1] if kept[1] else ""
        self._pair = key, value
        self._kind = kind_of(value)
        if not self._wrong[0]:
            _show_text(self.key, key)
        if self._wrong[1]:
            return
        is_switch = self._kind == "switch" and not self._texts_only
        if not self._texts_only:
            self.switch.setVisible(is_switch)
            self._gap.setVisible(is_switch)
            self.line.setVisible(not is_switch)
        with QSignalBlocker(self.switch):
            self.switch.setChecked(bool(value))
        if not is_switch and not (self.line.hasFocus() and self._means(value)):
            _show_text(self.line, str(value) if self._kind == "text" else write_value(plain(value)))
        self.kind_button.setText(_SIGNS[self._kind])
        self.kind_button.setToolTip(f"{KINDS[self._kind]}: choose another kind of value")
        self.kind_button.setAccessibleName(f"{key}: {KINDS[self._kind]}")
        self.line.setAccessibleName(f"Value of {key}")
        self.switch.setAccessibleName(f"Value of {key}")
        self.remove_button.setAccessibleName(f"Delete {key}")

    def _means(self, value: Any) -> bool:
        try:
            return same(plain(self._read(self.line.text())), plain(value))
        except ValueError:
            return False

    def _read(self, text: str) -> Any:
        """Return the value of a text, of the entry's kind; an empty entry takes the kind that the text looks like."""
        if self._texts_only:
            return text
        if self._guesses:
            try:
                found = read_value(text)
            except ValueError:
                return text
            return text if isinstance(found, str) and not text.startswith(('"', "'")) else found
        if self._kind == "text":
            return text
        found = read_value(text)
        if self._kind == "number" and kind_of(found) != "number":
            raise ValueError(f"“{text}” is not a number.")
        if self._kind in ("list", "table") and kind_of(found) != self._kind:
            raise ValueError(f"“{text[:40]}” is not a {self._kind}.")
        return found

    @Slot(str)
    def _on_value(self, text: str) -> None:
        try:
            value = self._read(text)
        except ValueError as error:
            self._wrong = self._wrong[0], text or " "
            self.mistaken.emit(str(error))
            return
        self._wrong = self._wrong[0], ""
        self.mistaken.emit("")
        self.changed.emit((self._pair[0], value), True)

    @Slot(str)
    def _on_key(self, text: str) -> None:
        key = text.strip()
        if not key or not self._is_free(key, self.place[0]):
            self._wrong = text or " ", self._wrong[1]
            self.mistaken.emit(f"There is an entry {key} already." if key else "Give the entry a name.")
            return
        self._wrong = "", self._wrong[1]
        self.mistaken.emit("")
        self.changed.emit((key, self._pair[1]), True)

    @Slot()
    def _on_switched(self) -> None:
        self.changed.emit((self._pair[0], self.switch.isChecked()), False)

    @Slot()
    def _on_dropped(self) -> None:
        self._wrong = "", ""
        self.mistaken.emit("")
        self.show_item(self._pair)

    def _open_kinds(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for kind, words in KINDS.items():
            if kind == "other":
                continue
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(kind == self._kind)
            action.triggered.connect(lambda _checked=False, kind=kind: self.take_kind(kind))
        menu.popup(self.kind_button.mapToGlobal(self.kind_button.rect().bottomLeft()))

    def take_kind(self, kind: str) -> None:
        """Let the value be of another kind."""
        self._has_kind, self._guesses = True, False
        if kind != self._kind:
            self._wrong = self._wrong[0], ""
            self.changed.emit((self._pair[0], converted(plain(self._pair[1]), kind)), False)

    @override
    def settle(self) -> None:
        if not any(self._wrong):
            self.show_item(self._pair)

    @override
    def kept(self) -> Any:
        return self._wrong if any(self._wrong) else None

    @override
    def take_draft(self, kept: Any) -> None:
        for line, text, take in zip((self.key, self.line), kept, (self._on_key, self._on_value), strict=True):
            if text:
                line.setText(text)
                take(text)

    @override
    def forget(self) -> None:
        self._wrong = "", ""

    @override
    def draft(self) -> str | None:
        return next((text for text in self._wrong if text), None)


def _show_text(line: Line, text: str) -> None:
    if line.text() != text:
        with QSignalBlocker(line):
            at = line.cursorPosition()
            line.setText(text)
            line.setCursorPosition(min(at, len(text)) if line.hasFocus() else 0)


class TablesEditor(EntriesEditor):
    """A list of tables, each folded into a line that names it."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info, add="Add a table", keys="Alt+Shift")

    @override
    def _make_entry(self) -> Entry:
        return _TableEntry(self.around)

    @override
    def _fresh(self) -> Any:
        """Return a table with the keys of the last one, so that a list of like things is written down fast."""
        items = self._items()
        return {key: converted("", kind_of(value)) for key, value in items[-1].items()} if items else {"name": ""}

    @override
    def _change(self, items: Sequence[Any], *, is_typing: bool = False) -> None:
        super()._change([plain(item) for item in items], is_typing=is_typing)


class _TableEntry(Entry):
    """One table of a list."""

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around, "Table")
        self.setProperty("kind", "entry")
        info = FieldInfo(
            name="table",
            annotation=dict[str, Any],
            type_words="table",
            title="Table",
            description="",
            required=True,
        )
        self.table: TableEditor | None = None
        self._info = info
        self._item: Any = {}
        self._words = Elided()
        self.fold_button = ToolButton(around.theme, "fold-closed", "Open", self.toggle)
        self.fold_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        line = QHBoxLayout()
        line.setSpacing(3)
        line.addWidget(self.fold_button)
        line.addWidget(self._words, 1)
        line.addWidget(self.menu_button)
        line.addWidget(self.remove_button)
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(4, 3, 4, 3)
        self._outer.setSpacing(4)
        self._outer.addLayout(line)
        self.setFocusProxy(self.fold_button)

    def toggle(self) -> None:
        """Open or fold the table."""
        if self.table is None:
            self.table = TableEditor(self.around, self._info)
            self.table.typed.connect(lambda value: self.changed.emit(value, True))
            self.table.chosen.connect(lambda value: self.changed.emit(value, False))
            self.table.mistaken.connect(self.mistaken)
            self.table.setContentsMargins(4, 0, 0, 2)
            self._outer.addWidget(self.table)
            self.table.show()
            self.table.show_value(self._item)
        else:
            self.table.setVisible(self.table.isHidden())
        shown = not self.table.isHidden()
        self.fold_button.show_icon("fold-open" if shown else "fold-closed", "Fold" if shown else "Open")

    @override
    def show_item(self, item: Any) -> None:
        self._item = item
        self._words.say(_named(item) or f"Table {self.place[0] + 1}")
        if self.table is not None:
            self.table.show_value(item)

    @override
    def settle(self) -> None:
        if self.table is not None:
            self.table.settle()

    @override
    def kept(self) -> Any:
        return self.table.kept() if self.table is not None else None

    @override
    def take_draft(self, kept: Any) -> None:
        if self.table is None or self.table.isHidden():
            self.toggle()
        if self.table is not None:
            self.table.take_draft(kept)

    @override
    def forget(self) -> None:
        if self.table is not None:
            self.table.forget()

    @override
    def draft(self) -> str | None:
        return self.table.draft() if self.table is not None else None


def _named(item: Mapping[str, Any]) -> str:
    """Return the line that stands for a table: what names it first, then the rest."""
    first = [key for key in ("name", "uuid", "urls", "id") if item.get(key)]
    rest = [key for key in item if key not in first]
    parts = [str(item[key]) for key in first[:1]]
    parts += [f"{key}: {item[key]}" for key in rest[:3]]
    return " · ".join(parts)
