"""A list that is edited entry by entry: added, changed, moved, removed; by mouse and by keyboard."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from gui.design.inspector.editor import FieldEditor
from gui.design.inspector.inputs import ToolButton, ancestors
from gui.design.inspector.surroundings import Surroundings
from gui.widgets.basics import Button, label
from mug.study.catalog import FieldInfo
from mug.study.edits import RESET

__all__ = ["EntriesEditor", "Entry"]


class Entry(QFrame):
    """One entry of a list.

    Signals:
        changed: Its new value, and whether it is being typed.
        moved: By how many places the user moves it.
        removed: The user takes it out.
        doubled: The user wants another one like it.
        mistaken: Why what stands in it is no value; empty: it is one.

    Runs on: GUI thread.
    """

    changed = Signal(object, bool)
    moved = Signal(int)
    removed = Signal()
    doubled = Signal()
    mistaken = Signal(str)

    def __init__(self, around: Surroundings, what: str) -> None:
        super().__init__()
        self.around = around
        self.what = what
        self.place = (0, 1)
        self.remove_button = ToolButton(around.theme, "entry-delete", f"Delete {what}", self.removed.emit)
        self.menu_button = ToolButton(around.theme, "entry-menu", f"{what}: more", self._open_menu)

    def show_item(self, item: Any) -> None:
        """Show a value."""
        raise NotImplementedError

    def settle(self) -> None:
        """Show the value in its usual form."""

    def draft(self) -> str | None:
        """Return what stands there without being a value."""
        return None

    def kept(self) -> Any:
        """Return what `take_draft` needs to show it again; None: nothing."""
        return self.draft()

    def take_draft(self, kept: Any) -> None:
        """Show again what was typed before without being a value."""

    def forget(self) -> None:
        """Forget what stands there without being a value: it belongs to another node."""

    def add_actions(self, menu: QMenu) -> None:
        """Add to the menu of the entry what only its kind has."""

    def focus_inside(self) -> None:
        """Let the user change the entry."""
        target = self.focusProxy() or self
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        index, count = self.place
        up, down = menu.addAction("Move up"), menu.addAction("Move down")
        up.setEnabled(index > 0)
        down.setEnabled(index < count - 1)
        up.triggered.connect(lambda _checked=False: self.moved.emit(-1))
        down.triggered.connect(lambda _checked=False: self.moved.emit(1))
        self.add_actions(menu)
        menu.addAction("Duplicate").triggered.connect(lambda _checked=False: self.doubled.emit())
        menu.addSeparator()
        menu.addAction("Delete").triggered.connect(lambda _checked=False: self.removed.emit())
        menu.popup(self.menu_button.mapToGlobal(self.menu_button.rect().bottomLeft()))


class EntriesEditor(FieldEditor):
    """A list of entries with a button that adds one.

    Attributes:
        entries: The entries' widgets, in order.
        add_button: Adds an entry.

    Runs on: GUI thread.
    """

    def __init__(self, around: Surroundings, info: FieldInfo, *, add: str, keys: str = "Alt") -> None:
        """Make an empty list.

        Args:
            around: The study around it.
            info: What is known about the field.
            add: What the button says that adds an entry.
            keys: What is held with Up and Down to move an entry; a list of lists needs others for each.
        """
        super().__init__(around, info)
        self.entries: list[Entry] = []
        self.add_button = Button(around.theme, add, "entry-add", role="link", name=f"{info.title}: {add}")
        self.add_button.clicked.connect(self.add_entry)
        self._nothing = label("", "small", wrap=True)
        self._mistakes: dict[int, str] = {}
        self._said = ""
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        self._foot = QHBoxLayout()
        self._foot.setSpacing(4)
        self._foot.addWidget(self.add_button)
        self._foot.addStretch(1)
        layout = self._column(spacing=4)
        layout.addWidget(self._nothing)
        layout.addLayout(self._list)
        layout.addLayout(self._foot)
        for key, step in (("Up", -1), ("Down", 1)):
            shortcut = QShortcut(QKeySequence(f"{keys}+{key}"), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda step=step: self._move_focused(step))

    def add_foot(self, button: Button) -> None:
        """Put a button below the entries, at the right."""
        self._foot.addWidget(button)

    # --- for those that say what an entry is --------------------------------------------------------------------------

    def _make_entry(self) -> Entry:
        raise NotImplementedError

    def _fresh(self) -> Any:
        """Return the value of a new entry; None: nothing can be added."""
        raise NotImplementedError

    def _items(self) -> list[Any]:
        """Return the entries of the value."""
        return list(self.value or ())

    def _value_of(self, items: Sequence[Any]) -> Any:
        """Return the value that has these entries."""
        return tuple(items) if items or self.info.required else RESET

    # --- what the user does -------------------------------------------------------------------------------------------

    @Slot()
    def add_entry(self) -> None:
        """Add an entry at the end, and let the user type there."""
        fresh = self._fresh()
        if fresh is not None:
            self._change([*self._items(), fresh])
            self._focus(len(self._items()) - 1)

    def move_entry(self, index: int, step: int) -> None:
        """Move an entry by some places."""
        items = self._items()
        to = index + step
        if 0 <= index < len(items) and 0 <= to < len(items):
            items.insert(to, items.pop(index))
            self._change(items)
            self._focus(to)

    def remove_entry(self, index: int) -> None:
        """Take an entry out."""
        items = self._items()
        if index < len(items):
            del items[index]
            self._change(items)
            if items:
                self._focus(min(index, len(items) - 1))
            else:
                self.add_button.setFocus()

    def double_entry(self, index: int) -> None:
        """Put a copy behind an entry."""
        items = self._items()
        items.insert(index + 1, self._copy_of(items[index]))
        self._change(items)
        self._focus(index + 1)

    def _copy_of(self, item: Any) -> Any:
        return item

    def _replace(self, index: int, item: Any, is_typing: bool) -> None:
        items = self._items()
        if index < len(items):
            items[index] = item
            self._change(items, is_typing=is_typing)

    def _change(self, items: Sequence[Any], *, is_typing: bool = False) -> None:
        (self.typed if is_typing else self.chosen).emit(self._value_of(items))

    def _move_focused(self, step: int) -> None:
        focused = QApplication.focusWidget()
        for index, entry in enumerate(self.entries):
            if entry in ancestors(focused):
                self.move_entry(index, step)
                return

    def _focus(self, index: int) -> None:
        if 0 <= index < len(self.entries):
            entry = self.entries[index]
            entry.focus_inside()
            QTimer.singleShot(0, entry, lambda: self._bring_into_view(entry))

    @staticmethod
    def _bring_into_view(widget: QWidget) -> None:
        area = next((found for found in ancestors(widget) if isinstance(found, QScrollArea)), None)
        if area is not None:
            area.ensureWidgetVisible(widget, 0, 40)

    # --- what is shown ------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        items = [] if self.mixed else self._items()
        while len(self.entries) > len(items):
            entry = self.entries.pop()
            self._list.removeWidget(entry)
            entry.hide()
            entry.deleteLater()
            self._mistakes.pop(len(self.entries), None)
        while len(self.entries) < len(items):
            self._append()
        for index, (entry, item) in enumerate(zip(self.entries, items, strict=True)):
            entry.place = (index, len(items))
            entry.show_item(item)
        words = "They differ; adding an entry gives all of them this one list." if self.mixed else ""
        self._nothing.setText(words or self._nothing_words())
        self._nothing.setVisible(not items and bool(self._nothing.text()))
        self._say_mistakes()

    def _nothing_words(self) -> str:
        return "Empty." if self.info.required else ""

    def _append(self) -> None:
        entry, index = self._make_entry(), len(self.entries)
        entry.changed.connect(lambda item, is_typing: self._replace(self.entries.index(entry), item, is_typing))
        entry.moved.connect(lambda step: self.move_entry(self.entries.index(entry), step))
        entry.removed.connect(lambda: self.remove_entry(self.entries.index(entry)))
        entry.doubled.connect(lambda: self.double_entry(self.entries.index(entry)))
        entry.mistaken.connect(lambda words: self._take_mistake(self.entries.index(entry), words))
        self.entries.append(entry)
        self._list.insertWidget(index, entry)
        entry.show()  # at once, so that it can take the focus

    def settle(self) -> None:
        """Show the entries in their usual form."""
        for entry in self.entries:
            entry.settle()

    def kept(self) -> Any:
        """Return what is no value, by the entry's place."""
        found = {index: kept for index, entry in enumerate(self.entries) if (kept := entry.kept()) is not None}
        return found or None

    def take_draft(self, kept: Any) -> None:
        """Show again what was typed before without being a value, in the entries that are there still."""
        for index, text in kept.items():
            if index < len(self.entries):
                self.entries[index].take_draft(text)

    def forget(self) -> None:
        """Forget what stands there without being a value."""
        self._mistakes.clear()
        for entry in self.entries:
            entry.forget()

    def draft(self) -> str | None:
        """Return the first entry that is no value."""
        return next((found for entry in self.entries if (found := entry.draft()) is not None), None)

    def focus_inside(self) -> None:
        """Let the user change the first entry, or add one."""
        if self.entries:
            self._focus(0)
        else:
            self.add_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_place(self, place: str) -> None:
        """Let the user change the entry that a place names ("[2].keys")."""
        number = place.removeprefix("[").partition("]")[0]
        if number.isdecimal() and int(number) < len(self.entries):
            self._focus(int(number))
        else:
            self.focus_inside()

    def _take_mistake(self, index: int, words: str) -> None:
        if words:
            self._mistakes[index] = words
        else:
            self._mistakes.pop(index, None)
        self._say_mistakes()

    def _say_mistakes(self) -> None:
        words = next((f"Entry {index + 1}: {found}" for index, found in sorted(self._mistakes.items())), "")
        if words != self._said:
            self._said = words
            self.mistaken.emit(words)
