"""Editors of texts, numbers, switches and choices."""

import re
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QPushButton
from typing_extensions import override

from gui.design.inspector.editor import MIXED, NOT_GIVEN, DraftingEditor, FieldEditor, changed_words, same, suggest
from gui.design.inspector.inputs import Combo, Growing, Line, NumberBox, Switch
from gui.design.inspector.surroundings import Surroundings
from gui.widgets.basics import label
from mug.study.catalog import FieldInfo
from mug.study.edits import RESET

__all__ = ["ChoiceEditor", "MessageEditor", "NumberEditor", "SceneEditor", "SwitchEditor", "TextEditor", "spoken"]

_BOX_PX = 98
_LONG_CHOICE = 14
_WHOLE = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def spoken(word: str) -> str:
    """Return a choice as people read it: ``previous_submitted_action`` → Previous submitted action."""
    words = word.replace("_", " ")
    return words[:1].upper() + words[1:] if word.islower() or "_" in word else words


class TextEditor(FieldEditor):
    """One line of text; empty stands for the default."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info)
        self.line = Line(info.title)
        self.line.textEdited.connect(self._on_edited)
        self.line.dropped.connect(self.settle)
        self._row(self.line)
        self.setFocusProxy(self.line)

    @Slot(str)
    def _on_edited(self, text: str) -> None:
        self.typed.emit(text or self._empty())

    @override
    def _show(self) -> None:
        self.line.setPlaceholderText(self.default_words)
        text = "" if self.mixed or self.value is None else str(self.value)
        shown = "" if self.is_default else text
        if self.line.hasFocus() and self.line.text() == text:
            return
        if self.line.text() != shown:
            with QSignalBlocker(self.line):
                at = self.line.cursorPosition()
                self.line.setText(shown)
                self.line.setCursorPosition(min(at, len(shown)) if self.line.hasFocus() else 0)

    @Slot()
    @override
    def settle(self) -> None:
        with QSignalBlocker(self.line):
            shown = "" if self.mixed or self.value is None or self.is_default else str(self.value)
            if self.line.text() != shown:
                self.line.setText(shown)
        if not self.line.hasFocus():
            self.line.setCursorPosition(0)


class SceneEditor(TextEditor):
    """The id of a scene of the study, with the ids that there are."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info)
        self._words = suggest(self.line, ())
        completer = self.line.completer()
        assert completer is not None
        completer.activated.connect(self._on_edited)

    @override
    def _show(self) -> None:
        super()._show()
        changed_words(self._words, self.around.scene_ids())


class MessageEditor(FieldEditor):
    """Sentences for people, of several lines; empty stands for the default."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info)
        self.text = Growing(info.title, least=2, most=8)
        self.text.typed.connect(self._on_typed)
        self._column(self.text)
        self.setFocusProxy(self.text)

    @Slot()
    def _on_typed(self) -> None:
        self.typed.emit(self.text.toPlainText() or self._empty())

    @override
    def _show(self) -> None:
        self.text.setPlaceholderText(self.default_words)
        shown = "" if self.mixed or self.value is None or self.is_default else str(self.value)
        self.text.show_text(shown)


class NumberEditor(DraftingEditor):
    """A number with its unit; where the field takes a word too ("auto"), a button gives it.

    What is typed and breaks the bounds is a value all the same: it is a problem of the study. What is no number stays
    in the box and is said.
    """

    compact = True

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info)
        self.box = NumberBox(info.title)
        self.box.typed.connect(self._on_typed)
        self.box.stepped.connect(self._on_stepped)
        self.box.dropped.connect(self._on_dropped)
        self._whole = "whole number" in info.type_words
        self.box.setReadOnly(info.ge is not None and info.ge == info.le)
        self.box.setFixedWidth(_BOX_PX)
        widgets: list[Any] = [self.box]
        self.word: QPushButton | None = None
        if info.choices:
            self.word = QPushButton(info.choices[0])
            self.word.setCheckable(True)
            self.word.setProperty("role", "chip")
            self.word.setAccessibleName(f"{info.title}: {info.choices[0]}")
            self.word.clicked.connect(self._on_word)
            widgets.append(self.word)
        if info.unit:
            widgets.append(label(info.unit, "muted"))
        self._row(*widgets).addStretch(1)
        self.setFocusProxy(self.box)

    def read(self, text: str) -> Any:
        """Return the value that a text stands for.

        Raises:
            ValueError: When it is none; the message says why.
        """
        text = text.strip().replace("\u2212", "-")
        if not text:
            return self._empty()
        if self.info.choices and text.lower() in self.info.choices:
            return text.lower()
        if _WHOLE.fullmatch(text):
            return int(text) if self._whole else float(text)
        if self._whole and _NUMBER.fullmatch(text):
            if float(text).is_integer() and abs(float(text)) < 1e15:
                return int(float(text))
            raise ValueError(f"{text} is not a whole number.")
        if _NUMBER.fullmatch(text):
            return float(text)
        if _NUMBER.fullmatch(text.replace(",", ".")) and "," in text:
            raise ValueError(f"{text}: write the decimals behind a point, as {text.replace(',', '.')}.")
        what = "whole number" if self._whole else "number"
        words = f", nor “{self.info.choices[0]}”" if self.info.choices else ""
        raise ValueError(f"“{text}” is not a {what}{words}.")

    @Slot()
    def _on_typed(self) -> None:
        try:
            value = self.read(self.box.lineEdit().text())
        except ValueError as error:
            self._mistake(str(error))
            return
        if value == "":
            self._mistake("Write a number.")
            return
        self._right()
        self.typed.emit(value)

    @Slot(int)
    def _on_stepped(self, steps: int) -> None:
        low, high = self.info.ge, self.info.le
        try:
            value = self.read(self.box.lineEdit().text())
        except ValueError:
            value = self.value
        if not isinstance(value, int | float) or isinstance(value, bool):
            value = self.info.default if isinstance(self.info.default, int | float) else None
        if value is None:
            value = (low if low is not None else 1) - steps
        stride = 1 if self._whole or abs(value) >= 10 or (high is not None and high > 10) else 0.1
        moved = round(value + steps * stride, 10)
        moved = max(moved, low) if low is not None else moved
        moved = min(moved, high) if high is not None else moved
        moved = int(moved) if self._whole else float(moved)
        self._write(_written(moved))
        self._right()
        self.typed.emit(moved)

    @Slot()
    def _on_dropped(self) -> None:
        self._right()
        self.settle()
        self.box.selectAll()

    @Slot()
    def _on_word(self) -> None:
        assert self.word is not None
        assert self.info.choices is not None
        self._right()
        if self.word.isChecked():
            self.chosen.emit(self.info.choices[0])
        else:
            self.chosen.emit(RESET if self.info.default != self.info.choices[0] else int(self.info.ge or 0))

    def _write(self, text: str) -> None:
        line = self.box.lineEdit()
        if line.text() != text:
            line.setText(text)

    @override
    def _show(self) -> None:
        is_word = isinstance(self.value, str)
        if self.word is not None:
            self.word.setChecked(is_word)
        self.box.lineEdit().setPlaceholderText(str(self.value) if is_word else self.default_words)
        if self.box.hasFocus() or self._wrong:
            try:
                current = self.read(self.box.lineEdit().text())
            except ValueError:
                current = MIXED
            meant = self.info.default if current is RESET else current
            if not self.mixed and same(meant, self.value):
                return
        self._right()
        self.settle()

    @override
    def settle(self) -> None:
        if self._wrong:
            return
        plain = self.mixed or self.value is None or isinstance(self.value, str) or self.is_default
        self._write("" if plain else _written(self.value))

    @override
    def forget(self) -> None:
        if self._wrong:
            self.box.lineEdit().clear()
        super().forget()

    @override
    def draft(self) -> str | None:
        return self.box.lineEdit().text() if self._wrong else None

    @override
    def take_draft(self, kept: Any) -> None:
        self._write(kept)
        self._on_typed()


def _written(value: float) -> str:
    return repr(int(value)) if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15) else repr(value)


class SwitchEditor(FieldEditor):
    """Off or on."""

    compact = True

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info)
        self.switch = Switch(around.theme, info.title)
        self.switch.clicked.connect(self._on_clicked)
        layout = self._row(self.switch)
        layout.setAlignment(self.switch, Qt.AlignmentFlag.AlignRight)
        self.setFocusProxy(self.switch)

    @Slot()
    def _on_clicked(self) -> None:
        self.switch.setTristate(False)
        self.chosen.emit(self.switch.isChecked())

    @override
    def _show(self) -> None:
        with QSignalBlocker(self.switch):
            self.switch.setTristate(self.mixed)
            if self.mixed:
                self.switch.setCheckState(Qt.CheckState.PartiallyChecked)
            else:
                self.switch.setChecked(bool(self.value))
        self.switch.update()


class ChoiceEditor(FieldEditor):
    """One of several values, in words; a wrong one that the file has is shown, too."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info)
        self.combo = Combo(info.title)
        self._known: list[tuple[Any, str]] = []
        if info.optional:
            self._known.append((None, "Not given"))
        if info.choices:
            self._known += [(choice, spoken(choice)) for choice in info.choices]
        else:
            self._known += [(True, "Yes"), (False, "No")]
        self.compact = all(len(words) <= _LONG_CHOICE for _, words in self._known)
        for value, words in self._known:
            self.combo.addItem(words, value)
            if isinstance(value, str):
                self.combo.setItemData(self.combo.count() - 1, value, Qt.ItemDataRole.ToolTipRole)
        self.combo.activated.connect(self._on_activated)
        self._row(self.combo)
        self.setFocusProxy(self.combo)

    def choose(self, value: Any) -> None:
        """Choose a value as the user does."""
        index = next(index for index, (known, _) in enumerate(self._known) if same(known, value))
        self.combo.setCurrentIndex(index)
        self._on_activated(index)

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        if index < len(self._known):
            value = self._known[index][0]
            if self.mixed or not same(value, self.value):
                self.chosen.emit(RESET if value is None else value)

    @override
    def _show(self) -> None:
        while self.combo.count() > len(self._known):
            self.combo.removeItem(self.combo.count() - 1)
        if self.mixed:
            self.combo.setCurrentIndex(-1)
            self.combo.setPlaceholderText(MIXED)
            return
        index = next((index for index, (known, _) in enumerate(self._known) if same(known, self.value)), -1)
        if index < 0:
            self.combo.addItem(f"{self.value} (not allowed)" if self.value is not None else NOT_GIVEN)
            index = self.combo.count() - 1
        self.combo.setCurrentIndex(index)
