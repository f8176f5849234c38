"""What every editor of a field is: it shows a value, and says which other one the user wants."""

from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QApplication, QCompleter, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from gui.design.inspector.inputs import ancestors
from gui.design.inspector.surroundings import Surroundings
from mug.study.catalog import FieldInfo
from mug.study.edits import RESET

__all__ = ["MIXED", "NOT_GIVEN", "DraftingEditor", "FieldEditor", "same", "suggest"]

NOT_GIVEN = "not given"
MIXED = "differs"


def same(one: Any, other: Any) -> bool:
    """Whether two values of a field are the same in a file, too: true is not 1, and 1 is not 1.0."""
    if one is other:
        return True
    if type(one) is not type(other):
        text = isinstance(one, str) and isinstance(other, str)
        return text and one == other
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


class FieldEditor(QWidget):
    """Shows the value of one field and lets the user change it.

    Attributes:
        info: What is known about the field.
        compact: Whether it fits beside the field's title.

    Signals:
        typed: Another value, or `RESET`, while the user types: one step of undoing for a whole word.
        chosen: Another value, or `RESET`, that is a step of its own.
        mistaken: Why what stands in the editor is no value of the field; empty: it is one.

    Runs on: GUI thread.
    """

    typed = Signal(object)
    chosen = Signal(object)
    mistaken = Signal(str)

    compact: bool = False

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__()
        self.around = around
        self.info = info
        self.value: Any = None
        self.mixed = False

    def show_value(self, value: Any) -> None:
        """Show the field's value. What stands there stays as it is when it means the same."""
        self.value, self.mixed = value, False
        self._show()

    def show_mixed(self) -> None:
        """Say that the selected scenes have several values."""
        self.value, self.mixed = None, True
        self._show()

    def settle(self) -> None:
        """Show the value in its usual form: the user has left the editor."""

    def draft(self) -> str | None:
        """Return what stands there without being a value; None: nothing."""
        return None

    def kept(self) -> Any:
        """Return what `take_draft` needs to show it again; None: nothing."""
        return self.draft()

    def take_draft(self, kept: Any) -> None:
        """Show again what was typed before without being a value."""

    def forget(self) -> None:
        """Forget what stands there without being a value: it belongs to another node."""

    def focus_inside(self) -> None:
        """Let the user type or choose."""
        target = self.focusProxy() or next(
            (child for child in self.findChildren(QWidget) if child.focusPolicy() & Qt.FocusPolicy.TabFocus), self
        )
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_place(self, place: str) -> None:
        """Let the user type or choose at a place within the value, as a problem names it ("[0].keys")."""
        del place
        self.focus_inside()

    def focus_part(self, name: str, place: str) -> None:
        """Let the user type in the field `name`, one of those that are edited here, at a place within it."""
        del name
        if place:
            self.focus_place(place)
        else:
            self.focus_inside()

    def has_focus_inside(self) -> bool:
        """Whether the user is in this editor."""
        return self in ancestors(QApplication.focusWidget())

    @property
    def is_default(self) -> bool:
        """Whether the value is the field's default."""
        return not self.mixed and not self.info.required and same(self.value, self.info.default)

    @property
    def default_words(self) -> str:
        """The default, as an empty input shows it."""
        if self.mixed:
            return MIXED
        if self.info.required:
            return ""
        return NOT_GIVEN if self.info.default in (None, "") else str(self.info.default)

    def _show(self) -> None:
        raise NotImplementedError

    def _row(self, *widgets: QWidget, spacing: int = 6) -> QHBoxLayout:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(spacing)
        for index, widget in enumerate(widgets):
            layout.addWidget(widget, 1 if index == 0 else 0)
        return layout

    def _column(self, *widgets: QWidget, spacing: int = 6) -> QVBoxLayout:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(spacing)
        for widget in widgets:
            layout.addWidget(widget)
        return layout

    def _empty(self) -> Any:
        """Return what an empty text stands for."""
        return "" if self.info.required else RESET


def suggest(line: QLineEdit, words: Iterable[str]) -> QStringListModel:
    """Let a line propose words while the user types, and all of them with the Down key; returns their model."""
    model = QStringListModel(list(words), line)
    completer = QCompleter(model, line)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    completer.setMaxVisibleItems(9)
    line.setCompleter(completer)
    return model


def changed_words(model: QStringListModel, words: Sequence[str]) -> None:
    """Let a line propose other words."""
    if model.stringList() != list(words):
        model.setStringList(list(words))


class DraftingEditor(FieldEditor):
    """An editor in which may stand what is no value; then `_wrong` holds, and the study has what it had before."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info)
        self._wrong = False

    def _mistake(self, words: str) -> None:
        self._wrong = True
        self.mistaken.emit(words)

    def _right(self) -> None:
        if self._wrong:
            self._wrong = False
            self.mistaken.emit("")

    @override
    def forget(self) -> None:
        self._wrong = False
