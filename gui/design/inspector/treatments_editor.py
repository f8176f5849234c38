"""The treatments of a study: their names and weights, and what differs in which scene under each of them."""

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout
from typing_extensions import override

from gui.design.inspector.change_rows import ChangeRow, FieldPicker, MakeEditor
from gui.design.inspector.entries import EntriesEditor, Entry
from gui.design.inspector.inputs import Line
from gui.design.inspector.simple_editors import NumberEditor, TextEditor
from gui.design.inspector.surroundings import Surroundings
from gui.design.inspector.treatment_differences import DifferencesDialog
from gui.models.treatment_fields import first_value, scene_of
from gui.widgets.basics import Button, label
from mug.ids import is_valid_id
from mug.study.allocation import MAX_WEIGHT
from mug.study.catalog import FieldInfo
from mug.study.edits import RESET, Reset

__all__ = ["TreatmentsEditor"]

_WEIGHT: Final = FieldInfo(
    name="weight",
    annotation=int,
    type_words="whole number",
    title="Weight",
    description="",
    default=1,
    ge=1,
    le=MAX_WEIGHT,
)
_TITLE: Final = FieldInfo(
    name="title",
    annotation=str | None,
    type_words="text",
    title="Name for people",
    description="",
    optional=True,
)


class TreatmentsEditor(EntriesEditor):
    """A list of treatments, each with the fields that it changes.

    Attributes:
        compare_button: Opens the table of what differs.
        dialog: That table, while it is open.
    """

    def __init__(self, around: Surroundings, info: FieldInfo, make: MakeEditor) -> None:
        super().__init__(around, info, add="Add a treatment")
        self._make = make
        self.dialog: DifferencesDialog | None = None
        self.compare_button = Button(
            around.theme, "What differs", "compare", role="link", name="What differs between the treatments"
        )
        self.compare_button.clicked.connect(self.compare)
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.addWidget(self.compare_button, 0, Qt.AlignmentFlag.AlignLeft)  # the foot is full in a narrow panel

    @override
    def _nothing_words(self) -> str:
        return (
            "Everybody meets the study as it is. Add two treatments to compare them: each participant or group gets "
            "one, and in each some fields of some scenes are different."
        )

    @override
    def _make_entry(self) -> Entry:
        return _TreatmentEntry(self.around, self._make, self._is_free)

    @override
    def _items(self) -> list[Any]:
        return list((self.value or {}).items())

    @override
    def _value_of(self, items: Sequence[Any]) -> Any:
        return dict(items) if items else RESET

    @override
    def _fresh(self) -> Any:
        return self._free_name("treatment" if self._items() else "control"), {}

    @override
    def _copy_of(self, item: Any) -> Any:
        return self._free_name(item[0]), {word: value for word, value in item[1].items() if word != "title"}

    @override
    def _show(self) -> None:
        super()._show()
        self.compare_button.setVisible(any(said.get("changes") for _, said in self._items()))

    @Slot()
    def compare(self) -> None:
        """Show in one table what differs."""
        study = self.around.document.study
        if study is None:
            return
        self.dialog = DifferencesDialog(self.around.theme, study, self.window())
        self.dialog.open()

    @override
    def focus_part(self, name: str, place: str) -> None:
        del place
        named = name.removeprefix("treatments.arms").removeprefix(".")
        for index, (arm, _) in enumerate(self._items()):
            if named == arm or named.startswith(f"{arm}."):
                self._focus(index)
                return
        self.focus_inside()

    def _free_name(self, wanted: str) -> str:
        used = {name for name, _ in self._items()}
        name, number = wanted, 1
        while name in used:
            number += 1
            name = f"{wanted}_{number}"
        return name

    def _is_free(self, name: str, index: int) -> bool:
        return all(other != name or number == index for number, (other, _) in enumerate(self._items()))


class _TreatmentEntry(Entry):
    """One treatment.

    Attributes:
        name, title, weight: What it is called, and how often it is given.
        rows: What it changes.
        picker: Where another field is chosen.
    """

    def __init__(self, around: Surroundings, make: MakeEditor, is_free: Any) -> None:
        super().__init__(around, "Treatment")
        self.setProperty("kind", "entry")
        self._make = make
        self._is_free = is_free
        self._item: tuple[str, dict[str, Any]] = ("", {})
        self._wrong_name = ""
        self.rows: list[ChangeRow] = []
        self.name = Line("Name of the treatment", "name")
        self.name.textEdited.connect(self._on_name)
        self.name.dropped.connect(self._on_dropped)
        self.title = TextEditor(around, _TITLE)
        self.title.typed.connect(lambda value: self._say("title", value, True))
        self.weight = NumberEditor(around, _WEIGHT)
        self.weight.box.setFixedWidth(74)
        self.weight.typed.connect(lambda value: self._say("weight", value, True))
        self.weight.chosen.connect(lambda value: self._say("weight", value, False))
        self.weight.mistaken.connect(self.mistaken)
        self._changes = QVBoxLayout()
        self._changes.setSpacing(4)
        self._none = label("Changes nothing: the study as it is.", "small", wrap=True)
        self.picker = FieldPicker(around)
        self.picker.picked.connect(self._on_picked)
        self.picker.mistaken.connect(self.mistaken)
        top = QHBoxLayout()
        top.setSpacing(3)
        top.addWidget(self.name, 1)
        top.addWidget(self.menu_button)
        top.addWidget(self.remove_button)
        named = QHBoxLayout()
        named.setSpacing(6)
        named.addWidget(self.title, 1)
        named.addWidget(label("Weight", "small"))
        named.addWidget(self.weight)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(8, 6, 6, 8)
        outer.setSpacing(6)
        outer.addLayout(top)
        outer.addLayout(named)
        outer.addWidget(self._none)
        outer.addLayout(self._changes)
        outer.addWidget(self.picker)
        self.setFocusProxy(self.name)

    @override
    def show_item(self, item: Any) -> None:
        self._item = item
        name, said = item
        if self.name.text() != name and not (self._wrong_name and self.name.hasFocus()):
            self._wrong_name = ""
            with QSignalBlocker(self.name):
                self.name.setText(name)
        self.remove_button.setAccessibleName(f"Delete treatment {name}")
        self.menu_button.setAccessibleName(f"Treatment {name}: more")
        title, weight = said.get("title"), said.get("weight", 1)
        self.title.line.setAccessibleName(f"Name for people of treatment {name}")
        self.title.line.setToolTip("Its name for people")
        self.title.show_value(title if isinstance(title, str) else None)
        self.title.line.setPlaceholderText("name for people")
        self.weight.box.setAccessibleName(f"Weight of treatment {name}")
        self.weight.box.setToolTip("How many places it gets for each one of a treatment of weight 1")
        self.weight.show_value(weight if isinstance(weight, int) else 1)
        self.picker.show_scenes()
        self._show_changes()

    def _show_changes(self) -> None:
        wanted = [(scene, field) for scene, fields in self._all().items() for field in fields]
        study = self.around.document.study
        kinds = {scene: type(node) if (node := scene_of(study, scene)) is not None else None for scene, _ in wanted}
        for row in self.rows[:]:
            if (row.scene_id, row.field) not in wanted or row.struct is not kinds[row.scene_id]:
                self.rows.remove(row)
                self._changes.removeWidget(row)
                row.hide()
                row.deleteLater()
        known = {(row.scene_id, row.field): row for row in self.rows}
        self.rows = []
        for index, (scene, field) in enumerate(wanted):
            row = known.get((scene, field)) or self._made(scene, field)
            if self._changes.indexOf(row) != index:
                self._changes.insertWidget(index, row)
            row.show_change(self._all()[scene][field])
            row.show()
            self.rows.append(row)
        self._none.setVisible(not wanted)

    def _made(self, scene: str, field: str) -> ChangeRow:
        row = ChangeRow(self.around, self._make, scene, field)
        row.edited.connect(lambda value, is_typing: self._change(scene, field, value, is_typing))
        row.removed.connect(lambda: self._take_out(scene, field))
        row.mistaken.connect(self.mistaken)
        return row

    def _all(self) -> dict[str, dict[str, Any]]:
        changes = self._item[1].get("changes")
        if not isinstance(changes, dict):
            return {}
        return {scene: fields for scene, fields in changes.items() if isinstance(fields, dict)}

    # --- what the user does -------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_name(self, text: str) -> None:
        name = text.strip()
        if not is_valid_id(name):
            self._wrong_name = "A name has letters, digits, “-”, “_” or “.”, and begins with a letter or a digit."
        elif not self._is_free(name, self.place[0]):
            self._wrong_name = f"Another treatment is called “{name}”."
        else:
            self._wrong_name = ""
        self.mistaken.emit(self._wrong_name)
        if not self._wrong_name and name != self._item[0]:
            self.changed.emit((name, self._item[1]), True)

    @Slot()
    def _on_dropped(self) -> None:
        self._wrong_name = ""
        self.mistaken.emit("")
        self.settle()

    def _say(self, word: str, value: Any, is_typing: bool) -> None:
        said = dict(self._item[1])
        if value is None or isinstance(value, Reset) or value == "":
            said.pop(word, None)
        else:
            said[word] = value
        self.changed.emit((self._item[0], said), is_typing)

    def _with_changes(self, changes: dict[str, dict[str, Any]], is_typing: bool) -> None:
        said = {word: value for word, value in self._item[1].items() if word != "changes"}
        if kept := {scene: fields for scene, fields in changes.items() if fields}:
            said["changes"] = kept
        self.changed.emit((self._item[0], said), is_typing)

    def _change(self, scene: str, field: str, value: Any, is_typing: bool) -> None:
        changes = {name: dict(fields) for name, fields in self._all().items()}
        changes.setdefault(scene, {})[field] = value
        self._with_changes(changes, is_typing)

    def _take_out(self, scene: str, field: str) -> None:
        changes = {name: dict(fields) for name, fields in self._all().items()}
        changes.get(scene, {}).pop(field, None)
        self._with_changes(changes, False)

    @Slot(str, str)
    def _on_picked(self, scene: str, field: str) -> None:
        node = scene_of(self.around.document.study, scene)
        if node is not None and field not in self._all().get(scene, {}):
            self._change(scene, field, first_value(node, field), False)
        row = next((row for row in self.rows if (row.scene_id, row.field) == (scene, field)), None)
        if row is not None:
            row.editor.focus_inside()

    # --- what stands there without being a value ----------------------------------------------------------------------

    @override
    def settle(self) -> None:
        if not self._wrong_name and self.name.text() != self._item[0]:
            with QSignalBlocker(self.name):
                self.name.setText(self._item[0])
        for row in self.rows:
            row.settle()

    @override
    def draft(self) -> str | None:
        return self.name.text() if self._wrong_name else None

    @override
    def take_draft(self, kept: Any) -> None:
        self.name.setText(kept)
        self._on_name(kept)

    @override
    def forget(self) -> None:
        self._wrong_name = ""
