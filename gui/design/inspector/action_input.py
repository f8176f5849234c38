"""An action: chosen among the environment's where they are few, else written as a value."""

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from gui.design.inspector.editor import FieldEditor, same
from gui.design.inspector.inputs import Combo, Line
from gui.design.inspector.surroundings import Surroundings
from gui.design.inspector.value_editors import plain
from gui.models.environment_info import SpaceInfo
from gui.models.value_text import read_value, write_value
from mug.study.catalog import FieldInfo
from mug.study.edits import RESET
from mug.study.model import GymGame
from mug.study.traversal import human_agents

__all__ = ["ActionEditor", "ActionInput", "human_space"]


def human_space(around: Surroundings) -> SpaceInfo | None:
    """Return the action space of the agents that people play, when it is known and one for all of them."""
    info, paths = around.environment, around.paths
    if info is None or info.error or len(paths) != 1:
        return None
    try:
        node = around.document.node(paths[0])
    except LookupError:
        return None
    agents = human_agents(node) if isinstance(node, GymGame) else ()
    spaces = [space for agent in agents if (space := info.space_of(agent)) is not None]
    if not spaces:
        return info.action_space
    return spaces[0] if all(space == spaces[0] for space in spaces) else None


class ActionInput(QWidget):
    """One action.

    Attributes:
        line: Takes any value.
        combo: Offers the values of a small discrete space, with what they mean.

    Signals:
        changed: The action (None: empty), and whether it is being typed.
        mistaken: Why what stands there is no value; empty: it is one.

    Runs on: GUI thread.
    """

    changed = Signal(object, bool)
    mistaken = Signal(str)

    def __init__(self, around: Surroundings, name: str, *, optional: bool = False) -> None:
        super().__init__()
        self._around = around
        self._optional = optional
        self._value: Any = None
        self._wrong = False
        self._choices: tuple[tuple[int, str], ...] = ()
        self.line = Line(name, "action")
        self.line.textEdited.connect(self._on_edited)
        self.line.dropped.connect(self._on_dropped)
        self.combo = Combo(name)
        self.combo.hide()
        self.combo.activated.connect(self._on_activated)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line)
        layout.addWidget(self.combo)
        self.setFocusProxy(self.line)
        around.environment_changed.connect(self._on_environment_changed)
        self._take_space()

    def show_action(self, value: Any, *, words: str = "action") -> None:
        """Show an action."""
        self._value = value
        self.line.setPlaceholderText(words)
        self._show()

    def read(self, text: str) -> Any:
        """Return the action that a text stands for; numbers with commas are a list where the space is one.

        Raises:
            ValueError: When it is no value.
        """
        space = human_space(self._around)
        wants_list = space is not None and space.kind in ("Box", "MultiDiscrete", "MultiBinary") and bool(space.shape)
        text = text.strip()
        if wants_list and "," in text and not text.startswith(("[", "(", "{")):
            text = f"[{text.rstrip(', ')}]"
        return read_value(text)

    def settle(self) -> None:
        """Show the action in its usual form."""
        if not self._wrong:
            shown = "" if self._value is None else write_value(plain(self._value))
            with QSignalBlocker(self.line):
                if self.line.text() != shown:
                    self.line.setText(shown)
                    self.line.setCursorPosition(0)

    def draft(self) -> str | None:
        """Return what stands there without being a value."""
        return self.line.text() if self._wrong else None

    def forget(self) -> None:
        """Forget what stands there without being a value."""
        self._wrong = False

    def take_draft(self, kept: Any) -> None:
        """Show again what was typed before without being a value."""
        self.line.setText(kept)
        self._on_edited(kept)

    @Slot()
    def _on_environment_changed(self) -> None:
        self._take_space()
        self._show()

    def _take_space(self) -> None:
        space = human_space(self._around)
        choices = space.choices if space is not None else ()
        if choices == self._choices:
            return
        self._choices = choices
        self.combo.clear()
        if self._optional and choices:
            self.combo.addItem("Not given", None)
        for value, meaning in choices:
            self.combo.addItem(f"{value}: {meaning}" if meaning else str(value), value)

    def _show(self) -> None:
        fits = any(same(value, self._value) for value, _ in self._choices) or self._value is None
        as_choice = bool(self._choices) and fits and not self._wrong
        had_focus = self.line.hasFocus() and as_choice
        if not (self.line.hasFocus() and not self.line.isHidden()):
            self.combo.setVisible(as_choice)
            self.line.setVisible(not as_choice)
            self.setFocusProxy(self.combo if as_choice else self.line)
        if as_choice:
            index = next((i for i in range(self.combo.count()) if same(self.combo.itemData(i), self._value)), -1)
            self.combo.setCurrentIndex(index)
            self.combo.setPlaceholderText("action")
        if had_focus or self.line.hasFocus() or self._wrong:
            try:
                if same(plain(self.read(self.line.text())), plain(self._value)):
                    self._right()
                    return
            except ValueError:
                if self._value is None and not self.line.text().strip():
                    return
        self._right()
        self.settle()

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        value = self.combo.itemData(index, Qt.ItemDataRole.UserRole)
        if not same(value, self._value):
            self.changed.emit(value, False)

    @Slot(str)
    def _on_edited(self, text: str) -> None:
        if not text.strip() and self._optional:
            self._right()
            self.changed.emit(None, True)
            return
        try:
            value = self.read(text)
        except ValueError as error:
            self._wrong = True
            self.mistaken.emit(str(error))
            return
        self._right()
        self.changed.emit(value, True)

    @Slot()
    def _on_dropped(self) -> None:
        self._right()
        self.settle()

    def _right(self) -> None:
        if self._wrong:
            self._wrong = False
            self.mistaken.emit("")


class ActionEditor(FieldEditor):
    """An action as a field of its own."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info)
        self.input = ActionInput(around, info.title, optional=not info.required)
        self.input.changed.connect(self._on_changed)
        self.input.mistaken.connect(self.mistaken)
        self._row(self.input)
        self.setFocusProxy(self.input)

    @Slot(object, bool)
    def _on_changed(self, value: object, is_typing: bool) -> None:
        wanted = RESET if value is None else value
        (self.typed if is_typing else self.chosen).emit(wanted)

    @override
    def _show(self) -> None:
        self.input.show_action(self.value, words=self.default_words)

    @override
    def settle(self) -> None:
        self.input.settle()

    @override
    def forget(self) -> None:
        self.input.forget()

    @override
    def draft(self) -> str | None:
        return self.input.draft()

    @override
    def take_draft(self, kept: Any) -> None:
        self.input.take_draft(kept)
