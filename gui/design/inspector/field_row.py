"""One field in the panel: title, editor, unit, help, reset, and what is wrong with it."""

import json
from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from gui.design.inspector.choosing import editor_for
from gui.design.inspector.editor import same
from gui.design.inspector.inputs import MenuGiver, ToolButton
from gui.design.inspector.simple_editors import SwitchEditor
from gui.design.inspector.subject import ShownField, Subject
from gui.design.inspector.surroundings import Surroundings
from gui.widgets.basics import Icon, label, restyle
from mug.study.edits import RESET
from mug.study.problems import Problem
from mug.study.rules import bounds_words, refusal

__all__ = ["FieldRow", "help_words"]

_FLASH_MS = 1_400


def help_words(field: ShownField) -> tuple[str, ...]:
    """Return what is to be known about a field, a sentence or two a line."""
    info = field.info
    found = [info.description] if info.description else []
    facts = [info.type_words[:1].upper() + info.type_words[1:]]
    if any(bound is not None for bound in (info.ge, info.gt, info.le)):
        facts.append(bounds_words(info))
    elif info.unit:
        facts.append(f"in {info.unit}")
    if info.required:
        facts.append("must be given")
    elif info.default is not None:
        facts.append(f"default: {_literal(info.default)}")
    else:
        facts.append("default: not given")
    found.append("; ".join(facts) + ".")
    section, _, own = field.name.rpartition(".")
    python = f".{section}({own}=…)" if section else f"{own}=…"
    found.append(f"In study.toml: {field.name}. In Python: {python}")
    return tuple(found)


def _literal(value: Any) -> str:
    if value in ((), {}):
        return "empty"
    return json.dumps(value, ensure_ascii=False, default=str)


class FieldRow(MenuGiver):
    """One field with its editor.

    Attributes:
        field: What is shown.
        editor: Its editor.

    Signals:
        edited: The field's name, the new value, and whether it is being typed.

    Runs on: GUI thread.
    """

    edited = Signal(str, object, bool)

    def __init__(self, around: Surroundings, field: ShownField) -> None:
        super().__init__()
        self.field = field
        self.editor = editor_for(around, field)
        self._around = around
        self._subject: Subject | None = None
        self._values: tuple[Any, ...] | None = None
        self._mistake = ""
        self._problems: tuple[Problem, ...] = ()
        self._shown_problems: tuple[tuple[str, str], ...] = ()
        self._help: QLabel | None = None
        self._is_narrow = False
        self.setObjectName("fieldRow")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._build()
        self.editor.typed.connect(self._on_typed)
        self.editor.chosen.connect(self._on_chosen)
        self.editor.mistaken.connect(self.show_mistake)
        self._flash = QTimer(self)
        self._flash.setSingleShot(True)
        self._flash.setInterval(_FLASH_MS)
        self._flash.timeout.connect(self._end_flash)

    # --- what is shown ------------------------------------------------------------------------------------------------

    def show_subject(self, subject: Subject, *, moved: bool = False, again: bool = False) -> None:
        """Show the field of a node, of several, or of the study.

        Args:
            subject: What is shown.
            moved: It is another than before: what was typed for that and is no value does not belong to it.
            again: Show it even when the value is the same: the study around it is another.
        """
        values = tuple(value for name in self.field.names for value in subject.values(name))
        known = self._values
        self._subject = subject
        unchanged = known is not None and len(known) == len(values) and all(map(_is, known, values))
        stale = moved and self.editor.draft() is not None
        if unchanged and not again and not stale:
            return
        self._values = values
        if moved or again:
            self.editor.forget()
        own = subject.values(self.field.name)
        if self.field.parts:
            assert subject.one is not None
            self.editor.show_value(subject.one)
        elif all(same(value, own[0]) for value in own):
            self.editor.show_value(own[0])
        else:
            self.editor.show_mixed()
        if self.editor.draft() is None:
            self._mistake = ""
        self._show_changed()
        self._show_faults()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show what is known to be wrong with the field."""
        found = tuple(problems)
        if found != self._problems:
            self._problems = found
            self._show_faults()

    @Slot(str)
    def show_mistake(self, words: str) -> None:
        """Say why what stands in the editor is not taken; empty: it is."""
        if words != self._mistake:
            self._mistake = words
            self._show_faults()

    def faults(self) -> tuple[str, ...]:
        """Return the sentences below the editor."""
        return tuple(words for _, words in self._shown_problems)

    @property
    def is_changed(self) -> bool:
        """Whether the field has another value than its default, in one of the nodes at least."""
        if self._subject is None or self.field.info.required:
            return False
        return any(not same(value, self.field.info.default) for value in self._subject.values(self.field.name))

    @property
    def can_be_reset(self) -> bool:
        """Whether there is a default to go back to."""
        return self.is_changed and not self.field.parts

    # --- what the user does -------------------------------------------------------------------------------------------

    @Slot()
    def reset(self) -> None:
        """Go back to the default."""
        if self.can_be_reset:
            self.edited.emit(self.field.name, RESET, False)

    @Slot()
    def toggle_help(self) -> None:
        """Show what is to be known about the field below its editor, or hide it."""
        if self._help is None:
            self._help = label("\n".join(help_words(self.field)), "help", wrap=True, selectable=True)
            self._help.setAccessibleName(f"Help: {self.field.info.title}")
            self._outer.addWidget(self._help)
            self._help.show()
            return
        self._help.setVisible(self._help.isHidden())

    def flash(self) -> None:
        """Point at the field for a moment."""
        self.setProperty("flash", True)
        restyle(self)
        self._flash.start()

    @Slot()
    def _end_flash(self) -> None:
        self.setProperty("flash", False)
        restyle(self)

    @override
    def menu_actions(self) -> list[QAction]:
        reset = QAction("Reset to default", self)
        reset.setEnabled(self.can_be_reset)
        reset.triggered.connect(self.reset)
        copy = QAction(f"Copy name “{self.field.name}”", self)
        copy.triggered.connect(lambda _checked=False: QGuiApplication.clipboard().setText(self.field.name))
        explain = QAction("Help", self)
        explain.triggered.connect(self.toggle_help)
        return [reset, copy, explain]

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F1:
            self.toggle_help()
        else:
            super().keyPressEvent(event)

    @override
    def event(self, event: QEvent) -> bool:
        is_help = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_F1
        if is_help and event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    @Slot(object)
    def _on_typed(self, value: object) -> None:
        self.edited.emit(self.field.name, value, True)

    @Slot(object)
    def _on_chosen(self, value: object) -> None:
        self.edited.emit(self.field.name, value, False)

    # --- how ----------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        info, theme = self.field.info, self._around.theme
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(6, 3, 4, 3)
        self._outer.setSpacing(4)
        self._head = head = QHBoxLayout()
        head.setSpacing(2)
        title = f"{info.title} *" if info.required else info.title
        self.title = label(title, "field", wrap=True)
        self.title.setToolTip("\n".join(help_words(self.field)))
        self.title.setBuddy(self.editor)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.editor.setToolTip(info.description)
        self.editor.setAccessibleDescription(info.description)
        head.addWidget(self.title, 10)
        if self.editor.compact:
            head.addWidget(self.editor)
            self._take_width(is_narrow=False)
        self.reset_button = ToolButton(theme, "reset", f"Reset {info.title} to its default", self.reset)
        policy = self.reset_button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset_button.setSizePolicy(policy)
        self.reset_button.setVisible(False)
        self.help_button = ToolButton(theme, "help", f"About {info.title} (F1)", self.toggle_help)
        for button in (self.reset_button, self.help_button):
            button.setFixedSize(QSize(24, 24))
            head.addWidget(
                button, 0, Qt.AlignmentFlag.AlignTop if not self.editor.compact else Qt.AlignmentFlag.AlignVCenter
            )
        self._outer.addLayout(head)
        if not self.editor.compact:
            self._outer.addWidget(self.editor)
        self._faults: QWidget | None = None

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = event.size().width() < _NARROW_PX
        if self.editor.compact and not isinstance(self.editor, SwitchEditor) and is_narrow != self._is_narrow:
            self._take_width(is_narrow=is_narrow)

    def _take_width(self, *, is_narrow: bool) -> None:
        """Let a small editor stand beside the title, or below it where there is too little room."""
        self._is_narrow = is_narrow
        self.editor.setFixedWidth(_SWITCH_PX if isinstance(self.editor, SwitchEditor) else _COMPACT_PX)
        if is_narrow:
            self._head.removeWidget(self.editor)
            self._outer.insertWidget(1, self.editor)
        elif self._head.indexOf(self.editor) < 0:
            self._outer.removeWidget(self.editor)
            self._head.insertWidget(1, self.editor)

    def _show_changed(self) -> None:
        changed = self.is_changed
        self.reset_button.setVisible(self.can_be_reset)
        if self.title.property("changed") != changed:
            self.title.setProperty("changed", changed)
            restyle(self.title)

    def _show_faults(self) -> None:
        found: list[tuple[str, str]] = []
        if self._mistake:
            found.append(("error", f"{self._mistake} {self._said_value()}"))
        found += [(problem.severity, _sentence(self.field, problem)) for problem in self._problems]
        if not self._problems and self._subject is not None and not self.field.parts:
            refused = (refusal(self.field.info, value) for value in self._subject.values(self.field.name))
            found += [("error", _said(self.field.info.title, fault[1])) for fault in refused if fault is not None][:1]
        shown = tuple(dict.fromkeys(found))
        if shown == self._shown_problems:
            return
        self._shown_problems = shown
        if self._faults is not None:
            self._outer.removeWidget(self._faults)
            self._faults.hide()
            self._faults.deleteLater()
            self._faults = None
        if shown:
            self._faults = _Faults(self._around, shown)
            index = self._outer.indexOf(self._help) if self._help is not None else self._outer.count()
            self._outer.insertWidget(index, self._faults)
        tone = "error" if any(tone == "error" for tone, _ in shown) else "warning" if shown else ""
        if self.property("problem") != tone:
            self.setProperty("problem", tone)

    def _said_value(self) -> str:
        value = self._subject.values(self.field.name)[0] if self._subject is not None else None
        if value is None:
            return "Not taken yet: the study has no value here."
        text = _literal(value)
        shown = text if len(text) <= 40 else text[:39] + "…"
        return f"Not taken yet: the study still has {shown}."


_COMPACT_PX = 158
_SWITCH_PX = 46
_NARROW_PX = 300
"""A row narrower than this has no room for a title beside an editor."""


class _Faults(QWidget):
    """Sentences with an icon each."""

    def __init__(self, around: Surroundings, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 2)
        layout.setSpacing(2)
        for tone, words in faults[:4]:
            line = QHBoxLayout()
            line.setSpacing(6)
            line.addWidget(Icon(around.theme, tone, tone, 15), 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(label(words, f"fault-{tone}", wrap=True, selectable=True), 1)
            layout.addLayout(line)
        if len(faults) > 4:
            layout.addWidget(label(f"and {len(faults) - 4} more", "small"))


def _is(one: Any, other: Any) -> bool:
    return one is other


def _sentence(field: ShownField, problem: Problem) -> str:
    name = problem.field or ""
    own = next((known for known in field.names if name == known or name.startswith((f"{known}[", f"{known}."))), name)
    title = field.info.title if own == field.name else own.rpartition(".")[2]
    return _said(f"{title}{name[len(own) :]}", problem.message)


def _said(subject: str, message: str) -> str:
    """Make a sentence of a message; most go on from the field's name."""
    if message.partition(" ")[0] in _VERBS:
        return f"{subject} {message}"
    return message[:1].upper() + message[1:]


_VERBS: Final = frozenset(
    {"is", "are", "must", "has", "have", "holds", "needs", "names", "mixes", "begins", "excludes", "does", "cannot"}
    | {"can", "takes", "leads", "gives", "wants", "says", "ends", "contains", "differs", "keeps", "refers", "repeats"}
)
