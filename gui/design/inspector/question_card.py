"""One question of a form, as a card."""

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout
from typing_extensions import override

from gui.design.inspector.answer_list import AnswerList
from gui.design.inspector.entries import Entry
from gui.design.inspector.inputs import Growing, Line, ToolButton
from gui.design.inspector.picture_button import PictureButton
from gui.design.inspector.surroundings import Surroundings
from gui.models.question_list import QuestionItem, QuestionList
from gui.widgets.basics import label

__all__ = ["QuestionCard"]


class QuestionCard(Entry):
    """A question's text, its name in the data, its picture, and its answers where they are its own.

    Attributes:
        grip: What it is dragged by.
        text, name: The inputs.
        answers: Its own answers.

    Signals:
        edited: All questions (`QuestionList`) with this one changed, what is done, whether it is being typed.

    Runs on: GUI thread.
    """

    edited = Signal(object, str, bool)

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around, "Question")
        self.setProperty("kind", "entry")
        self._questions = QuestionList(items=())
        self._index = 0
        self.grip = ToolButton(around.theme, "entry-grip", "Move the question")
        self._number = label("", "sectionTitle")
        self.name = Line("Name in the data")
        self.name.setMaximumWidth(120)
        self.name.textEdited.connect(self._on_name)
        self.picture = PictureButton(around)
        self.picture.chosen.connect(self._on_picture)
        self.text = Growing("Question", least=1, most=6)
        self.text.setPlaceholderText("Write the question")
        self.text.typed.connect(self._on_text)
        self.answers = AnswerList(around, "Answer")
        self.answers.edited.connect(self._on_answers)
        self._picture_line = Line("Picture", "path of the picture")
        self._picture_line.textEdited.connect(self._on_picture_typed)
        line = QHBoxLayout()
        line.setSpacing(3)
        line.addWidget(self.grip)
        line.addWidget(self._number)
        line.addSpacing(4)
        line.addWidget(self.name)
        line.addStretch(1)
        line.addWidget(self.picture)
        line.addWidget(self.menu_button)
        line.addWidget(self.remove_button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 5, 4, 7)
        outer.setSpacing(5)
        outer.addLayout(line)
        inside = QVBoxLayout()
        inside.setContentsMargins(5, 0, 5, 0)
        inside.setSpacing(5)
        inside.addWidget(self.text)
        inside.addWidget(self._picture_line)
        inside.addWidget(self.answers)
        outer.addLayout(inside)
        self.setFocusProxy(self.text)

    @property
    def item(self) -> QuestionItem:
        """The question."""
        return self._questions.items[self._index]

    @override
    def show_item(self, item: Any) -> None:
        questions, index = item
        self._questions, self._index = questions, index
        own = self.item
        self._number.setText(str(index + 1))
        self.text.show_text(own.text)
        self.text.setAccessibleName(f"Question {index + 1}")
        self.name.setVisible("question_id" in questions.parts)
        self.name.setPlaceholderText(questions.name_of(index))
        self.name.setToolTip("Name of the question in the data")
        self.name.setAccessibleName(f"Name of question {index + 1} in the data")
        _show(self.name, own.question_id)
        has_pictures = "picture" in questions.parts
        of_answers = isinstance(own.picture, tuple) and any(own.picture)
        path = own.picture if isinstance(own.picture, str) else ""
        self.picture.setVisible(has_pictures and not of_answers)
        self.picture.show_picture(path, f"question {index + 1}")
        self._picture_line.setVisible(bool(path) or self._picture_line.hasFocus())
        self._picture_line.setAccessibleName(f"Picture of question {index + 1}")
        _show(self._picture_line, path)
        is_own = "answers" in questions.parts and questions.shared is None
        self.answers.setVisible(is_own or of_answers)
        if is_own or of_answers:
            pictures = own.picture if isinstance(own.picture, tuple) else ()
            self.answers.show_answers(questions.answers_of(index), pictures if has_pictures and not path else None)
        self.remove_button.setAccessibleName(f"Delete question {index + 1}")
        self.menu_button.setAccessibleName(f"Question {index + 1}: more")
        self.grip.setAccessibleName(f"Move question {index + 1}")

    def focus_part(self, part: str, number: int) -> None:
        """Let the user change one part of the question."""
        match part:
            case "question_id":
                self.name.setFocus(Qt.FocusReason.OtherFocusReason)
            case "answers":
                self.answers.focus_answer(number)
            case "picture" if self._picture_line.isVisible():
                self._picture_line.setFocus(Qt.FocusReason.OtherFocusReason)
            case "picture":
                self.picture.setFocus(Qt.FocusReason.OtherFocusReason)
            case _:
                self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _on_text(self) -> None:
        self._emit(self._questions.changed(self._index, text=self.text.toPlainText()), "Change a question", True)

    @Slot(str)
    def _on_name(self, text: str) -> None:
        self._emit(self._questions.changed(self._index, question_id=text.strip()), "Name a question", True)

    @Slot(str)
    def _on_picture(self, path: str) -> None:
        self._emit(self._questions.changed(self._index, picture=path), "Change a picture", False)

    @Slot(str)
    def _on_picture_typed(self, path: str) -> None:
        self._emit(self._questions.changed(self._index, picture=path), "Change a picture", True)

    @Slot(str, int, object, bool)
    def _on_answers(self, what: str, number: int, value: object, is_typing: bool) -> None:
        changed = AnswerList.apply(self._questions, self._index, what, number, value)
        self._emit(changed, "Change the answers", is_typing)

    def _emit(self, questions: QuestionList, words: str, is_typing: bool) -> None:
        self.edited.emit(questions, words, is_typing)


def _show(line: Line, text: str) -> None:
    if line.text() != text:
        with QSignalBlocker(line):
            at = line.cursorPosition()
            line.setText(text)
            line.setCursorPosition(min(at, len(text)) if line.hasFocus() else 0)
