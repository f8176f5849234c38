"""The table of keys: which keys, pressed together, give which action."""

from collections.abc import Sequence
from typing import Any

import msgspec
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout
from typing_extensions import override

from gui.design.inspector.action_input import ActionInput, human_space
from gui.design.inspector.entries import EntriesEditor, Entry
from gui.design.inspector.key_capture import KeyCapture
from gui.design.inspector.surroundings import Surroundings
from gui.models.key_names import same_chord, shown_chord
from gui.widgets.basics import label
from mug.study.catalog import FieldInfo
from mug.study.model import KeyBinding

__all__ = ["KeyTable"]


class KeyTable(EntriesEditor):
    """A table of key bindings."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info, add="Add a key")
        around.environment_changed.connect(self._on_environment_changed)

    @override
    def _nothing_words(self) -> str:
        return "No keys yet: people could not act. Add one, then press it."

    @override
    def _make_entry(self) -> Entry:
        return _BindingEntry(self.around)

    @override
    def _fresh(self) -> Any:
        return KeyBinding(keys=(), action=self._next_action())

    def _next_action(self) -> Any:
        """Return an action that no keys give yet."""
        given = [binding.action for binding in self._items()]
        space = human_space(self.around)
        if space is None:
            return max((action for action in given if type(action) is int), default=-1) + 1
        for value, _ in space.choices:
            if value not in given:
                return value
        if space.choices or space.kind == "Discrete":
            return space.start
        size = 1
        for length in space.shape:
            size *= length
        return [0.0 if space.kind == "Box" else 0] * size

    @override
    def _copy_of(self, item: Any) -> Any:
        return msgspec.structs.replace(item, keys=())

    @override
    @Slot()
    def add_entry(self) -> None:
        super().add_entry()
        if self.entries:
            entry = self.entries[-1]
            assert isinstance(entry, _BindingEntry)
            entry.capture.record()

    @override
    def _show(self) -> None:
        super()._show()
        self._show_conflicts()

    @Slot()
    def _on_environment_changed(self) -> None:
        self._show_conflicts()

    def _show_conflicts(self) -> None:
        items: Sequence[KeyBinding] = [] if self.mixed else self._items()
        space = human_space(self.around)
        for index, (entry, binding) in enumerate(zip(self.entries, items, strict=True)):
            assert isinstance(entry, _BindingEntry)
            words = ""
            other = next(
                (number for number, known in enumerate(items[:index]) if same_chord(known.keys, binding.keys)), None
            )
            refused = space.refuses(binding.action) if space is not None else None
            if not binding.keys:
                words = "No keys: press Enter here, then the keys."
            elif other is not None:
                words = f"{shown_chord(binding.keys)} gives the action of line {other + 1} already."
            elif refused is not None:
                words = f"The action {refused}."
            entry.say(words)


class _BindingEntry(Entry):
    """Keys and the action they give."""

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around, "Key")
        self._binding = KeyBinding(keys=(), action=0)
        self.capture = KeyCapture("Keys")
        self.capture.recorded.connect(self._on_recorded)
        self.action = ActionInput(around, "Action of the keys")
        self.action.changed.connect(self._on_action)
        self.action.mistaken.connect(self.mistaken)
        self._words = label("", "fault-warning", wrap=True)
        self._words.hide()
        line = QHBoxLayout()
        line.setSpacing(3)
        line.addWidget(self.capture, 5)
        line.addWidget(label("→", "muted"), 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.action, 6)
        line.addWidget(self.menu_button)
        line.addWidget(self.remove_button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(2)
        outer.addLayout(line)
        outer.addWidget(self._words)
        self.setFocusProxy(self.capture)

    def say(self, words: str) -> None:
        """Say what is remarkable about the keys; empty: nothing."""
        self._words.setText(words)
        self._words.setVisible(bool(words))

    @property
    def words(self) -> str:
        """What is said."""
        return self._words.text()

    @override
    def show_item(self, item: Any) -> None:
        self._binding = item
        self.capture.show_keys(tuple(item.keys))
        self.action.show_action(item.action)
        name = shown_chord(item.keys) or f"key {self.place[0] + 1}"
        self.action.line.setAccessibleName(f"Action of {name}")
        self.action.combo.setAccessibleName(f"Action of {name}")
        self.remove_button.setAccessibleName(f"Delete {name}")
        self.menu_button.setAccessibleName(f"{name}: more")

    @Slot(object)
    def _on_recorded(self, keys: tuple[str, ...]) -> None:
        if keys != tuple(self._binding.keys):
            self.changed.emit(msgspec.structs.replace(self._binding, keys=keys), False)

    @Slot(object, bool)
    def _on_action(self, value: object, is_typing: bool) -> None:
        self.changed.emit(msgspec.structs.replace(self._binding, action=value), is_typing)

    @override
    def settle(self) -> None:
        self.action.settle()

    @override
    def take_draft(self, kept: Any) -> None:
        self.action.take_draft(kept)

    @override
    def forget(self) -> None:
        self.action.forget()

    @override
    def add_actions(self, menu: QMenu) -> None:
        menu.addAction("Keys by name…").triggered.connect(self.capture.open_menu)
        menu.addSeparator()

    @override
    def draft(self) -> str | None:
        return self.action.draft()
