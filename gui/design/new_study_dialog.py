"""The questions before a new study: from which template, what it is called, where it goes."""

from pathlib import Path

import msgspec
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.design.chain_strip import NamedChainStrip
from gui.widgets.basics import Button, IconTile, Notice, label, restyle
from gui.widgets.card_button import CardButton
from gui.widgets.theme import Theme
from mug.errors import MugError
from mug.ids import is_valid_id
from mug.study.errors import NewStudyError
from mug.study.folder_names import folder_name_of, study_id_of
from mug.study.templates import TEMPLATES, Template, new_folder_problem

__all__ = ["NewStudyDialog", "NewStudyRequest"]


class NewStudyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for: the arguments of `mug.study.templates.create_study`."""

    template_key: str
    folder: Path
    study_id: str
    title: str


class NewStudyDialog(QDialog):
    """Asks for a new study; what is wrong is said beside the field. It stays open until it is accepted by its caller.

    Attributes:
        title, folder_name, study_id, place: The fields.
        confirm: The button that answers.

    Signals:
        answered: A `NewStudyRequest`. The caller makes the study beside the GUI thread, then calls `accept`, or
            `say_failure`.

    Runs on: GUI thread.
    """

    answered = Signal(object)

    def __init__(
        self, theme: Theme, parent_folder: Path, template_key: str = "", parent: QWidget | None = None
    ) -> None:
        """Make it.

        Args:
            theme: The look.
            parent_folder: Where the study's folder goes, unless another place is chosen.
            template_key: The template that is chosen first; empty: the first one.
            parent: The window.
        """
        super().__init__(parent)
        self._theme = theme
        self._own_folder = self._own_id = False
        self.setWindowTitle("New study")
        self.setMinimumSize(880, 560)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(28, 24, 28, 20)
        outer.setSpacing(16)
        outer.addWidget(label("New study", "title"))
        sides = QHBoxLayout()
        sides.setSpacing(28)
        sides.addLayout(self._make_choices(), 0)
        right = QVBoxLayout()
        right.setSpacing(18)
        right.addWidget(self._previews)
        right.addLayout(self._make_fields(parent_folder))
        right.addStretch(1)
        sides.addLayout(right, 1)
        outer.addLayout(sides, 1)
        self.failure = Notice(theme, icon="error", tone="error")
        outer.addWidget(self.failure)
        outer.addLayout(self._make_buttons())
        self.choose_template(template_key or TEMPLATES[0].key)
        self._judge()
        self.title.setFocus()

    @property
    def template_key(self) -> str:
        """The key of the chosen template."""
        return TEMPLATES[self._choices.checkedId()].key

    @property
    def folder(self) -> Path:
        """Where the study would go."""
        return Path(self.place.text()).expanduser() / self.folder_name.text()

    def chosen_template(self) -> QAbstractButton:
        """Return the card of the chosen template."""
        button = self._choices.checkedButton()
        assert button is not None
        return button

    def choose_template(self, key: str) -> None:
        """Choose another template; an unknown one changes nothing."""
        for index, template in enumerate(TEMPLATES):
            if template.key == key:
                self._choices.button(index).setChecked(True)

    @Slot(str)
    def say_failure(self, sentence: str) -> None:
        """Say why the study could not be made; the dialog can be answered again."""
        self.failure.say(sentence, "error", "error")
        self._set_busy(False)
        self._judge()

    @Slot()
    def choose_place(self) -> None:
        """Open the question for the place."""
        dialog = QFileDialog(self, "Where the study's folder goes", self.place.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.place.setText)
        dialog.open()

    def _make_choices(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        self._choices = QButtonGroup(self)
        self._previews = QStackedWidget()
        for index, template in enumerate(TEMPLATES):
            made = CardButton(f"Template: {template.title}", margins=12, spacing=12, row=True)
            made.setCheckable(True)
            made.setMinimumWidth(230)
            made.content.addWidget(IconTile(self._theme, template.icon, size=36))
            made.content.addWidget(label(template.title, "heading"), 1)
            made.settle()
            self._choices.addButton(made, index)
            column.addWidget(made)
            self._previews.addWidget(self._make_preview(template))
        self._choices.idToggled.connect(self._on_template_toggled)
        column.addStretch(1)
        return column

    def _make_preview(self, template: Template) -> QWidget:
        preview = QWidget()
        layout = QVBoxLayout(preview)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(14)
        layout.addWidget(label(template.description, wrap=True))
        try:
            layout.addWidget(NamedChainStrip(self._theme, template.study().chain))
        except MugError as error:
            layout.addWidget(label(str(error), "muted", wrap=True))
        layout.addStretch(1)
        return preview

    def _make_fields(self, parent_folder: Path) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.title, self.study_id = QLineEdit(), QLineEdit()
        self.folder_name, self.place = QLineEdit(), QLineEdit(str(parent_folder))
        self.title.setPlaceholderText("What participants and colleagues know it as")
        self.title.setMaxLength(200)
        self.title.textChanged.connect(self._on_title_changed)
        self.study_id.textEdited.connect(self._on_id_edited)
        self.folder_name.textEdited.connect(self._on_folder_edited)
        for field in (self.study_id, self.folder_name, self.place):
            field.textChanged.connect(self._judge)
        self.id_note = _FieldNote(self._theme, "Names the study's records and exports.")
        self.folder_note = _FieldNote(self._theme, "The study's files go into a folder of its own.")
        self.folder_note.suggested.connect(self._take_folder_name)
        self.id_note.suggested.connect(self._take_id)
        place = QHBoxLayout()
        place.setSpacing(8)
        place.addWidget(self.place, 1)
        place.addWidget(Button(self._theme, "Choose…", "folder", name="Choose the place", on_click=self.choose_place))
        for row, (text, name, field, below) in enumerate(
            (
                ("Title", "Title", self.title, None),
                ("Experiment id", "Experiment id", self.study_id, self.id_note),
                ("Folder", "Name of the folder", self.folder_name, self.folder_note),
                ("In", "Where the folder goes", self.place, None),
            )
        ):
            field.setAccessibleName(name)
            words = label(text)
            words.setBuddy(field)
            grid.addWidget(words, 2 * row, 0)
            if field is self.place:
                grid.addLayout(place, 2 * row, 1)
            else:
                grid.addWidget(field, 2 * row, 1)
            if below is not None:
                grid.addWidget(below, 2 * row + 1, 1)
            grid.setRowMinimumHeight(2 * row + 1, 10)
        return grid

    def _make_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addStretch(1)
        row.addWidget(Button(self._theme, "Cancel", on_click=self.reject))
        self.confirm = Button(self._theme, "Create study", "check", role="primary", on_click=self._answer)
        self.confirm.setDefault(True)
        row.addWidget(self.confirm)
        return row

    @Slot(int, bool)
    def _on_template_toggled(self, index: int, checked: bool) -> None:
        if checked:
            self._previews.setCurrentIndex(index)
            if hasattr(self, "title"):
                self._derive()

    @Slot()
    def _on_title_changed(self) -> None:
        self._derive()
        self._judge()

    @Slot(str)
    def _on_id_edited(self, text: str) -> None:
        self._own_id = bool(text)

    @Slot(str)
    def _on_folder_edited(self, text: str) -> None:
        self._own_folder = bool(text)

    @Slot(str)
    def _take_folder_name(self, name: str) -> None:
        self._own_folder = True
        self.folder_name.setText(name)
        self.folder_name.setFocus()

    @Slot(str)
    def _take_id(self, name: str) -> None:
        self._own_id = True
        self.study_id.setText(name)
        self.study_id.setFocus()

    def _derive(self) -> None:
        """Make id and folder of the title, as long as nobody has given others."""
        title = self.title.text().strip()
        otherwise = self.template_key if title else ""  # a title in another script leaves nothing
        if not self._own_id:
            self.study_id.setText(study_id_of(title) or otherwise.replace("_", "-"))
        if not self._own_folder:
            self.folder_name.setText(folder_name_of(title) or otherwise)

    @Slot()
    def _judge(self) -> None:
        """Say what is wrong, beside the fields; only a right answer can be given."""
        study_id = self.study_id.text()
        id_wrong = bool(study_id) and not is_valid_id(study_id)
        self.id_note.say("Use letters, digits, “-”, “_” and “.” only." if id_wrong else "", study_id_of(study_id))
        problem = self._place_problem()
        if problem is not None and self.folder_name.text():
            self.folder_note.say(_sentence(problem), problem.suggestion or self._free_name(problem))
        else:
            self.folder_note.say("")
        complete = bool(self.title.text().strip() and study_id and self.folder_name.text())
        self.confirm.setEnabled(complete and not id_wrong and problem is None)

    def _place_problem(self) -> NewStudyError | None:
        if not self.folder_name.text():
            return None
        if not self.place.text().strip():
            return NewStudyError("", "choose where the folder goes")
        return new_folder_problem(self.folder)

    def _free_name(self, problem: NewStudyError) -> str:
        """Return the name with the next number that is free, where something else has the name."""
        if not problem.taken:
            return ""
        for number in range(2, 100):
            folder = self.folder.with_name(f"{self.folder.name}_{number}")
            if new_folder_problem(folder) is None:
                return folder.name
        return ""

    def _set_busy(self, busy: bool) -> None:
        self.confirm.setText("Creating…" if busy else "Create study")
        self.confirm.setEnabled(not busy)

    def _answer(self) -> None:
        self.failure.say("")
        self._set_busy(True)
        request = NewStudyRequest(
            template_key=self.template_key,
            folder=self.folder,
            study_id=self.study_id.text(),
            title=self.title.text().strip(),
        )
        self.answered.emit(request)


class _FieldNote(QWidget):
    """A line below a field: what it is for, or what is wrong with it and a better value to take.

    Signals:
        suggested: The better value was taken.
    """

    suggested = Signal(str)

    def __init__(self, theme: Theme, hint: str) -> None:
        super().__init__()
        self._hint, self._better = hint, ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 6)
        row.setSpacing(8)
        self._text = label(hint, "small", wrap=True)
        self._button = Button(theme, "", role="link", on_click=lambda: self.suggested.emit(self._better))
        self._button.setAutoDefault(False)
        row.addWidget(self._text, 1)
        row.addWidget(self._button, 0, Qt.AlignmentFlag.AlignTop)
        self.setMinimumHeight(self._button.sizeHint().height() + 8)  # nothing jumps when a problem comes or goes
        self._button.hide()

    def problem(self) -> str:
        """Return what is wrong; empty: nothing."""
        return self._text.text() if self._text.property("kind") == "problem" else ""

    def suggestion(self) -> Button | None:
        """Return the button with the better value, while there is one."""
        return None if self._button.isHidden() else self._button

    def say(self, problem: str, better: str = "") -> None:
        """Say what is wrong; an empty text: what the field is for."""
        self._text.setText(problem or self._hint)
        self._text.setAccessibleName(problem or self._hint)
        self._text.setProperty("kind", "problem" if problem else "small")
        restyle(self._text)
        self._better = better
        self._button.setText(f"Use “{better}”")
        self._button.setAccessibleName(f"Use “{better}”")
        self._button.setVisible(bool(problem and better))


def _sentence(problem: NewStudyError) -> str:
    text = str(problem).partition("; try ")[0].replace(str(problem.path), f"“{problem.path.name}”")
    return f"{text[:1].upper()}{text[1:]}."
