"""The questions about saving: what becomes of unsaved changes, where a script's study goes, where a copy goes."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from gui.models.save_target import SaveTarget
from gui.widgets.basics import Button, Elided, Notice, Segments, label
from gui.widgets.theme import Theme

__all__ = ["CopyDialog", "ReplaceQuestion", "SaveAsDialog", "ScriptSaveDialog", "UnsavedQuestion"]


class UnsavedQuestion(QMessageBox):
    """Asks what becomes of unsaved changes.

    Attributes:
        save, discard, stay: The answers.

    Runs on: GUI thread.
    """

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Unsaved changes")
        self.setIcon(QMessageBox.Icon.Question)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(f"Save the changes of “{title}”?")
        self.setInformativeText("What is not saved is lost.")
        self.save: QPushButton = self.addButton("Save", QMessageBox.ButtonRole.AcceptRole)
        self.discard: QPushButton = self.addButton("Don’t save", QMessageBox.ButtonRole.DestructiveRole)
        self.stay: QPushButton = self.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.save)
        self.setEscapeButton(self.stay)


class UnfinishedQuestion(QMessageBox):
    """Asks whether what was typed and is no value may be lost.

    Attributes:
        stay, leave: The answers.

    Runs on: GUI thread.
    """

    def __init__(self, fields: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Unfinished fields")
        self.setIcon(QMessageBox.Icon.Question)
        self.setText("One field is unfinished." if fields == 1 else f"{fields} fields are unfinished.")
        self.setInformativeText(
            "What you typed there is no value yet, so it is not a part of the study. It would be lost."
        )
        self.stay: QPushButton = self.addButton("Go back", QMessageBox.ButtonRole.RejectRole)
        self.leave: QPushButton = self.addButton("Lose it", QMessageBox.ButtonRole.DestructiveRole)
        self.setDefaultButton(self.stay)
        self.setEscapeButton(self.stay)


class ReplaceQuestion(QMessageBox):
    """Asks whether something that is there may be put aside.

    Attributes:
        replace, stay: The answers.

    Runs on: GUI thread.
    """

    def __init__(self, target: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Replace it?")
        self.setIcon(QMessageBox.Icon.Warning)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(f"{target} is there already.")
        kept = "the script" if target.suffix == ".py" else "the folder"
        self.setInformativeText(f"If you replace it, {kept} that is there is renamed and kept beside it.")
        self.replace: QPushButton = self.addButton("Replace it", QMessageBox.ButtonRole.DestructiveRole)
        self.stay: QPushButton = self.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.stay)
        self.setEscapeButton(self.stay)


class CopyDialog(QDialog):
    """Shows how far a copy is.

    Signals:
        rejected: The user gave it up (of `QDialog`).

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, target: Path, parent: QWidget) -> None:
        super().__init__(parent)
        layout = _frame(self, "Saving the study", width=440, spacing=12)
        self._text = Elided("muted")
        self._text.say(f"To {target}")
        layout.addWidget(self._text)
        self._bar = QProgressBar()
        self._bar.setAccessibleName("Files that are copied")
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        layout.addWidget(self._bar)
        row = QHBoxLayout()
        self._count = label("", "small")
        row.addWidget(self._count, 1)
        row.addWidget(Button(theme, "Cancel", on_click=self.reject))
        layout.addLayout(row)

    def show_progress(self, done: int, total: int) -> None:
        """Say how many files are there already."""
        if total:
            self._bar.setRange(0, total)
            self._bar.setValue(done)
            self._count.setText(f"{done} of {total} files")


class ScriptSaveDialog(QDialog):
    """Asks, at the first save of a study that was opened from a Python script, what is to be written.

    Attributes:
        choices: The choices by their keys: folder, elsewhere, script, replace.
        confirm: Goes on with the choice.

    Signals:
        answered: The key of the choice.

    Runs on: GUI thread.
    """

    answered = Signal(str)

    def __init__(
        self, theme: Theme, script: Path, python_only: list[str], folder_problem: str, parent: QWidget
    ) -> None:
        """Ask.

        Args:
            theme: The look.
            script: The script.
            python_only: What only Python can say in it, by name; empty: nothing.
            folder_problem: Why no ``study.toml`` can be written beside it; empty: it can.
            parent: The window.
        """
        super().__init__(parent)
        layout = _frame(self, "Save a study that is a script", width=620, spacing=6)
        layout.addWidget(
            label(
                f"You opened {script.name}. MUG Lab changes studies, not programs, so it asks once what to write.",
                "muted",
                wrap=True,
            )
        )
        layout.addSpacing(6)
        if python_only:
            listed = "\n".join(f"•  {name}" for name in python_only[:8])
            more = f"\n…  and {len(python_only) - 8} more" if len(python_only) > 8 else ""
            notice = Notice(theme)
            notice.say(f"Only the script can say:\n{listed}{more}", "python", "accent")
            layout.addWidget(notice)
            layout.addSpacing(6)
        lost = "a written script could not say what only this one can" if python_only else ""
        keeps = "The script stays as it is" + (
            ", and the study refers to it for what only Python can say." if python_only else "."
        )
        self._group = QButtonGroup(self)
        self.choices: dict[str, QRadioButton] = {}
        self._add(
            layout, "folder", "As a study folder, here", f"Writes study.toml beside the script. {keeps}", folder_problem
        )
        self._add(
            layout,
            "elsewhere",
            "As a study folder, elsewhere…",
            f"A new folder with study.toml and the study’s files. {keeps}",
            "",
        )
        self._add(
            layout,
            "script",
            "As a new script…",
            f"Writes the study as another script. {script.name} stays as it is.",
            lost,
        )
        self._add(
            layout,
            "replace",
            f"Replace {script.name}",
            f"Comments, loops and functions of the script are lost; it is kept beside as {script.stem}.before-mug.py.",
            lost,
        )
        first = next(key for key, choice in self.choices.items() if choice.isEnabled())
        self.choices[first].setChecked(True)
        row = QHBoxLayout()
        row.addStretch(1)
        self.leave = Button(theme, "Leave it alone", on_click=self.reject)
        self.leave.setAutoDefault(False)
        row.addWidget(self.leave)
        self.confirm = Button(theme, "Save", "check", role="primary", on_click=self._confirm)
        self.confirm.setDefault(True)
        row.addWidget(self.confirm)
        layout.addSpacing(6)
        layout.addLayout(row)
        self.resize(self.minimumWidth(), layout.totalHeightForWidth(self.minimumWidth()))
        self.choices[first].setFocus(Qt.FocusReason.OtherFocusReason)

    def _add(self, layout: QVBoxLayout, key: str, title: str, text: str, problem: str) -> None:
        choice = QRadioButton(title)
        words = f"Not possible: {problem}." if problem else text
        choice.setAccessibleDescription(words)
        choice.setEnabled(not problem)
        self._group.addButton(choice)
        self.choices[key] = choice
        layout.addWidget(choice)
        sentence = label(words, "muted", wrap=True)
        sentence.setContentsMargins(26, 0, 0, 8)
        layout.addWidget(sentence)

    def _confirm(self) -> None:
        self.accept()
        self.answered.emit(next(key for key, choice in self.choices.items() if choice.isChecked()))


class SaveAsDialog(QDialog):
    """Asks for the place of a copy: a new study folder, or a Python script.

    Attributes:
        kind: The choice between the two.
        name, place: The fields.
        confirm: Goes on.

    Signals:
        answered: A `SaveTarget`.

    Runs on: GUI thread.
    """

    answered = Signal(object)

    def __init__(
        self, theme: Theme, target: SaveTarget, *, script_problem: str, only: str = "", parent: QWidget
    ) -> None:
        """Ask.

        Args:
            theme: The look.
            target: What is proposed.
            script_problem: Why the study cannot be a script; empty: it can.
            only: Offer this kind only, folder or script.
            parent: The window.
        """
        super().__init__(parent)
        self._script_problem = script_problem
        layout = _frame(self, "Save the study as…", width=600, spacing=8)
        self.kind = Segments(
            (("folder", "Study folder"), ("script", "Python script")), name="Kind", current=target.kind
        )
        self.kind.setVisible(not only)
        self.kind.chosen.connect(self._on_kind)
        layout.addWidget(self.kind)
        layout.addSpacing(2)
        self._what = label("", "muted", wrap=True)
        layout.addWidget(self._what)
        layout.addSpacing(6)
        self.name = QLineEdit(target.name)
        self._name_label = label("", "small")
        self._name_label.setBuddy(self.name)
        layout.addWidget(self._name_label)
        layout.addWidget(self.name)
        place_label = label("In the folder", "small")
        layout.addWidget(place_label)
        row = QHBoxLayout()
        self.place = QLineEdit(str(target.parent))
        self.place.setAccessibleName("In the folder")
        place_label.setBuddy(self.place)
        row.addWidget(self.place, 1)
        row.addWidget(Button(theme, "Browse…", "folder-open", on_click=self._browse))
        layout.addLayout(row)
        self._notice = Notice(theme)
        layout.addSpacing(4)
        layout.addWidget(self._notice)
        answers = QHBoxLayout()
        answers.addStretch(1)
        cancel = Button(theme, "Cancel", on_click=self.reject)
        cancel.setAutoDefault(False)
        answers.addWidget(cancel)
        self.confirm = Button(theme, "Save", "check", role="primary", on_click=self._confirm)
        self.confirm.setDefault(True)
        answers.addWidget(self.confirm)
        layout.addStretch(1)
        layout.addLayout(answers)
        self.name.textChanged.connect(self._check)
        self.place.textChanged.connect(self._check)
        self._on_kind(target.kind)
        self.name.setFocus()
        self.name.selectAll()

    def problem(self) -> str:
        """Return the sentence why it cannot be saved there, as it is shown; empty: it can."""
        return "" if self.confirm.isEnabled() else self._notice.text()

    def _target(self) -> SaveTarget:
        return SaveTarget(
            kind=self.kind.current(), parent=Path(self.place.text().strip()).expanduser(), name=self.name.text()
        )

    @Slot(str)
    def _on_kind(self, kind: str) -> None:
        if kind == "script":
            self._name_label.setText("Name of the script")
            self._what.setText(
                "A program in MUG’s Python API that makes the same study. Pages and modules stay where they are."
            )
            if not self.name.text().endswith(".py"):
                self.name.setText(f"{self.name.text()}.py")
        else:
            self._name_label.setText("Name of the new folder")
            self._what.setText(
                "A folder with study.toml and a copy of the study’s files: pages, modules, assets. Recorded data stays "
                "where it is."
            )
            self.name.setText(self.name.text().removesuffix(".py"))
        self.name.setAccessibleName(self._name_label.text())
        self._check()

    @Slot()
    def _check(self) -> None:
        target = self._target()
        problem = self._script_problem if target.kind == "script" and self._script_problem else target.problem()
        self.confirm.setEnabled(not problem)
        if problem:
            self._notice.say(problem, "error", "error")
        elif target.is_taken():
            self._notice.say(
                "There is something of this name. You are asked before it is put aside.", "warning", "warning"
            )
        else:
            self._notice.say("")

    @Slot()
    def _browse(self) -> None:
        dialog = QFileDialog(self, "Where to save", self.place.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.place.setText)
        dialog.open()

    def _confirm(self) -> None:
        self.accept()
        self.answered.emit(self._target())


def _frame(dialog: QDialog, title: str, *, width: int, spacing: int) -> QVBoxLayout:
    """Give a dialog its title, its margins and its heading; what it holds goes into the layout."""
    dialog.setWindowTitle(title)
    dialog.setMinimumWidth(width)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(28, 26, 28, 22)
    layout.setSpacing(spacing)
    layout.addWidget(label(title, "title"))
    return layout
