"""What a treatment changes: one row for each field, with that field's own editor."""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from gui.design.inspector.editor import FieldEditor, changed_words, suggest
from gui.design.inspector.inputs import Combo, Line, ToolButton
from gui.design.inspector.simple_editors import MessageEditor
from gui.design.inspector.subject import ShownField
from gui.design.inspector.surroundings import Surroundings
from gui.design.inspector.value_editors import ValueEditor
from gui.models.treatment_fields import field_choices, scene_of, scenes_of, title_of
from gui.models.value_text import write_value
from gui.widgets.basics import Button, Elided
from mug.study.catalog import FieldInfo
from mug.study.decoding import decode_field, encode_value
from mug.study.edits import Reset
from mug.study.treatments import ChangePlace, change_place, given_value

__all__ = ["ChangeRow", "FieldPicker", "MakeEditor"]

MakeEditor: TypeAlias = Callable[[Surroundings, ShownField], FieldEditor]

_AS_TEXT = frozenset({"html", "code"})
"""Shapes whose editors have windows of their own, which belong to a scene's field."""


class ChangeRow(QFrame):
    """One field of a scene that is otherwise under a treatment.

    Attributes:
        scene_id, field: What it changes.
        editor: Where its value is edited.

    Signals:
        edited: The value, as a study file has it, and whether it is being typed.
        removed: The change is to be taken out.
        mistaken: Why what stands there is no value; empty: it is one.

    Runs on: GUI thread.
    """

    edited = Signal(object, bool)
    removed = Signal()
    mistaken = Signal(str)

    def __init__(self, around: Surroundings, make: MakeEditor, scene_id: str, field: str) -> None:
        super().__init__()
        self.scene_id, self.field = scene_id, field
        self._around = around
        node = scene_of(around.document.study, scene_id)
        self.struct = type(node) if node is not None else None
        place = change_place(self.struct, field) if self.struct is not None else None
        self._info = place.info if isinstance(place, ChangePlace) and not place.inside else None
        title = title_of(self.struct, field)
        self._head = Elided("field")
        self._head.say(f"{scene_id}: {title}")
        self._head.setToolTip(f"{scene_id}, {field}")
        self._note = Elided("small")
        self.remove_button = ToolButton(
            around.theme, "entry-delete", f"Take out the change of {title} in {scene_id}", self.removed.emit
        )
        self.editor = self._made(around, make, title)
        self.editor.setAccessibleName(f"{title} in {scene_id}")
        self.editor.typed.connect(lambda value: self._take(value, True))
        self.editor.chosen.connect(lambda value: self._take(value, False))
        self.editor.mistaken.connect(self.mistaken)
        line = QHBoxLayout()
        line.setSpacing(3)
        line.addWidget(self._head, 1)
        line.addWidget(self.remove_button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 2, 0, 2)
        outer.setSpacing(3)
        outer.addLayout(line)
        outer.addWidget(self.editor, 0, Qt.AlignmentFlag.AlignLeft if self.editor.compact else Qt.AlignmentFlag(0))
        outer.addWidget(self._note)
        self.setFocusProxy(self.editor)

    def _made(self, around: Surroundings, make: MakeEditor, title: str) -> FieldEditor:
        if self._info is None:
            info = FieldInfo(
                name=self.field, annotation=Any, type_words="any value", title=title, description="", required=True
            )
            return ValueEditor(around, info)
        # Here nothing stands for a default: who wants that takes the change out.
        info = msgspec.structs.replace(self._info, required=True, default=None, title=title)
        if info.shape in _AS_TEXT:
            return MessageEditor(around, info)
        return make(around, ShownField(self.field, info))

    def show_change(self, value: Any) -> None:
        """Show the value under the treatment, and what the scene itself says."""
        shown, problem = (value, "") if self._info is None else decode_field(self._info, value)
        self.editor.show_value(value if problem else shown)
        node = scene_of(self._around.document.study, self.scene_id)
        place = change_place(type(node), self.field) if node is not None else None
        if node is None or not isinstance(place, ChangePlace):
            self._note.say("The study has no such scene." if node is None else "This scene has no such field.")
            return
        own = encode_value(given_value(node, place))
        words = "nothing" if own in (None, "", [], {}) else _one_line(own)
        self._note.say(f"The scene itself says: {words}")

    def _take(self, value: Any, is_typing: bool) -> None:
        if value is None or isinstance(value, Reset):
            return  # a change that says nothing is taken out instead
        self.edited.emit(encode_value(value), is_typing)

    def settle(self) -> None:
        """Show the value in its usual form."""
        self.editor.settle()


def _one_line(value: Any) -> str:
    text = value if isinstance(value, str) else write_value(value)
    return " ".join(text.split())


class FieldPicker(QWidget):
    """Where a scene and one of its fields are chosen, to be changed.

    Attributes:
        scene: The scenes.
        line: The field: typed with proposals.

    Signals:
        picked: A scene's id and a field's name.
        mistaken: Why it cannot be changed; empty: it can.

    Runs on: GUI thread.
    """

    picked = Signal(str, str)
    mistaken = Signal(str)

    def __init__(self, around: Surroundings) -> None:
        super().__init__()
        self._around = around
        self.scene = Combo("Scene to change")
        self.line = Line("Field to change", "field, as fps")
        self._words = suggest(self.line, ())
        completer = self.line.completer()
        assert completer is not None
        completer.activated.connect(self._on_proposal)
        self.line.returnPressed.connect(self.pick)
        self.line.textEdited.connect(self._on_edited)
        self.line.dropped.connect(self._on_dropped)
        self.scene.currentIndexChanged.connect(self._on_scene)
        self.add_button = Button(around.theme, "Change", "entry-add", role="link", name="Change this field")
        self.add_button.clicked.connect(self.pick)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self.scene, 4)
        line.addWidget(self.line, 6)
        line.addWidget(self.add_button)

    def show_scenes(self) -> None:
        """Offer the scenes that there are now."""
        ids = [str(getattr(node, "scene_id", "")) for node in scenes_of(self._around.document.study)]
        if ids != [self.scene.itemText(index) for index in range(self.scene.count())]:
            chosen = self.scene.currentText()
            self.scene.blockSignals(True)
            self.scene.clear()
            self.scene.addItems(ids)
            self.scene.setCurrentIndex(max(0, self.scene.findText(chosen)))
            self.scene.blockSignals(False)
        self._on_scene()

    @Slot()
    def _on_scene(self) -> None:
        node = scene_of(self._around.document.study, self.scene.currentText())
        choices = field_choices(type(node)) if node is not None else ()
        changed_words(self._words, [f"{title}  ({name})" for name, title in choices])

    @Slot(str)
    def _on_proposal(self, text: str) -> None:
        self.line.setText(_field_in(text))
        self.pick()

    @Slot()
    def _on_edited(self) -> None:
        self.mistaken.emit("")

    @Slot()
    def _on_dropped(self) -> None:
        self.line.clear()
        self.mistaken.emit("")

    @Slot()
    def pick(self) -> None:
        """Change the field that stands there."""
        scene_id, field = self.scene.currentText(), _field_in(self.line.text())
        node = scene_of(self._around.document.study, scene_id)
        if node is None:
            self.mistaken.emit("The study has no scene yet: add one first.")
            return
        if not field:
            self.line.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        named = next((name for name, title in field_choices(type(node)) if field.lower() == title.lower()), field)
        place = change_place(type(node), named)
        if not isinstance(place, ChangePlace):
            self.mistaken.emit(f"“{field}” {place[1]}.")
            return
        self.mistaken.emit("")
        self.line.clear()
        self.picked.emit(scene_id, named)

    @override
    def focusInEvent(self, event: Any) -> None:
        super().focusInEvent(event)
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)


def _field_in(text: str) -> str:
    """The field's name in a proposal ("Frames per second  (rendering.fps)"), or what was typed."""
    text = text.strip()
    return text.rpartition("(")[2][:-1] if text.endswith(")") and "(" in text else text
