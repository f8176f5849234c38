"""The answers to choose from, a line each, with a picture where the form shows some."""

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from gui.design.inspector.inputs import Line, ToolButton, ancestors
from gui.design.inspector.picture_button import PictureButton
from gui.design.inspector.surroundings import Surroundings
from gui.models.question_list import QuestionList
from gui.widgets.basics import Button

__all__ = ["AnswerList"]


class AnswerList(QWidget):
    """Answers; Enter in a line adds one below it, Alt+Up and Alt+Down move it.

    Signals:
        edited: What is done (text, add, remove, move, picture), with which answer, with what, whether it is typed.

    Runs on: GUI thread.
    """

    edited = Signal(str, int, object, bool)

    def __init__(self, around: Surroundings, what: str) -> None:
        super().__init__()
        self._around = around
        self._what = what
        self.lines: list[_Answer] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(3)
        self.add_button = Button(around.theme, f"Add an {what.lower()}", "entry-add", role="link")
        self.add_button.clicked.connect(self._on_add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(self._list)
        layout.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)
        for key, step in (("Up", -1), ("Down", 1)):
            shortcut = QShortcut(QKeySequence(f"Alt+{key}"), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda step=step: self._move_focused(step))

    def show_answers(self, answers: tuple[str, ...], pictures: tuple[str, ...] | None = None) -> None:
        """Show answers, with the pictures that they have; None: they can have none."""
        while len(self.lines) > len(answers):
            line = self.lines.pop()
            self._list.removeWidget(line)
            line.hide()
            line.deleteLater()
        while len(self.lines) < len(answers):
            self._append()
        for index, (line, text) in enumerate(zip(self.lines, answers, strict=True)):
            picture = None if pictures is None else pictures[index] if index < len(pictures) else ""
            line.show_answer(text, picture, f"{self._what} {index + 1}")

    def focus_answer(self, index: int) -> None:
        """Let the user type an answer."""
        if self.lines:
            self.lines[min(index, len(self.lines) - 1)].text.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.add_button.setFocus(Qt.FocusReason.OtherFocusReason)

    @staticmethod
    def apply(questions: QuestionList, index: int, what: str, number: int, value: Any) -> QuestionList:
        """Return the questions after what `edited` says, of the answers of question `index`."""
        match what:
            case "text":
                return questions.with_changed_answer(index, number, value)
            case "add":
                return questions.with_answer(index, at=number)
            case "remove":
                return questions.without_answer(index, number)
            case "move":
                return questions.with_moved_answer(index, number, value)
            case "picture":
                return questions.with_answer_picture(index, number, value)
        raise ValueError(what)

    def _append(self) -> None:
        line = _Answer(self._around)
        line.text.textEdited.connect(lambda text: self.edited.emit("text", self.lines.index(line), text, True))
        line.text.returnPressed.connect(lambda: self._add(self.lines.index(line) + 1))
        line.remove_button.clicked.connect(lambda: self._remove(self.lines.index(line)))
        line.picture.chosen.connect(lambda path: self.edited.emit("picture", self.lines.index(line), path, False))
        self.lines.append(line)
        self._list.addWidget(line)
        line.show()  # at once, so that it can take the focus

    @Slot()
    def _on_add(self) -> None:
        self._add(len(self.lines))

    def _add(self, at: int) -> None:
        self.edited.emit("add", at, None, False)
        QTimer.singleShot(0, self, lambda: self.focus_answer(at))

    def _remove(self, index: int) -> None:
        self.edited.emit("remove", index, None, False)
        self.focus_answer(index)

    def _move_focused(self, step: int) -> None:
        focused = QApplication.focusWidget()
        index = next((number for number, line in enumerate(self.lines) if line in ancestors(focused)), None)
        if index is not None and 0 <= index + step < len(self.lines):
            self.edited.emit("move", index, index + step, False)
            self.focus_answer(index + step)


class _Answer(QFrame):
    """One answer."""

    def __init__(self, around: Surroundings) -> None:
        super().__init__()
        self.text = Line("Answer", "Write an answer")
        self.picture = PictureButton(around)
        self.remove_button = ToolButton(around.theme, "close", "Delete the answer", size=14)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.picture)
        layout.addWidget(self.remove_button)

    def show_answer(self, text: str, picture: str | None, name: str) -> None:
        """Show an answer."""
        if self.text.text() != text:
            with QSignalBlocker(self.text):
                at = self.text.cursorPosition()
                self.text.setText(text)
                self.text.setCursorPosition(min(at, len(text)) if self.text.hasFocus() else 0)
        self.text.setAccessibleName(name)
        self.remove_button.setAccessibleName(f"Delete {name.lower()}")
        self.picture.setVisible(picture is not None)
        self.picture.show_picture(picture or "", name)
