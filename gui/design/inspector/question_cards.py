"""The editor of a form's questions: a card for each, with its text, name, answers and pictures."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QVBoxLayout
from typing_extensions import override

from gui.design.inspector.answer_list import AnswerList
from gui.design.inspector.card_drag import CardDrag
from gui.design.inspector.entries import EntriesEditor, Entry
from gui.design.inspector.question_card import QuestionCard
from gui.design.inspector.subject import Several, ShownField, value_in
from gui.design.inspector.surroundings import Surroundings
from gui.models.question_list import QuestionList
from gui.widgets.basics import Segments, label
from mug.study.catalog import FieldInfo, struct_fields
from mug.study.model import Section

__all__ = ["QuestionCards"]


class QuestionCards(EntriesEditor):
    """All questions of a form; whatever is done changes all of the form's lists in one step.

    Attributes:
        questions: What is shown.
        sharing: Whether they share their answers.
        shared_answers: The answers of all questions, while they share them.
    """

    def __init__(self, around: Surroundings, field: ShownField) -> None:
        """Make an empty list of questions for a form whose lists `field` names."""
        super().__init__(around, field.info, add="Add a question", keys="Alt+Shift")
        self._parts: Mapping[str, str] = field.parts
        self._infos: dict[str, FieldInfo] = {}
        self.questions = QuestionList(items=())
        self._shared_box = QFrame()
        self._shared_box.setProperty("kind", "entry")
        self.shared_answers = AnswerList(around, "Answer")
        self._shared_title = label("", "field", wrap=True)
        self.sharing = Segments((("shared", "The same for all"), ("own", "Each its own")), name="Answers")
        self.sharing.chosen.connect(self._on_sharing_chosen)
        self._build_shared()
        self.shared_answers.edited.connect(self._on_shared_edited)

    def _build_shared(self) -> None:
        inside = QVBoxLayout(self._shared_box)
        inside.setContentsMargins(10, 8, 6, 8)
        inside.setSpacing(6)
        inside.addWidget(self._shared_title)
        inside.addWidget(self.sharing)
        inside.addWidget(self.shared_answers)
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.addWidget(self._shared_box)
        layout.setSpacing(6)
        self._list.setSpacing(7)
        self._shared_box.setVisible("answers" in self._parts)

    # --- what is shown ------------------------------------------------------------------------------------------------

    @override
    def _show(self) -> None:
        form: Section = self.value
        if not self._infos:
            self._infos = {info.name: info for info in struct_fields(type(form))}
        self.questions = QuestionList.of(self._parts, lambda part: value_in(form, self._parts[part]))
        super()._show()
        if "answers" not in self._parts:
            return
        is_shared = self.questions.shared is not None
        info = self._infos[self._parts["answers"]]
        self._shared_title.setText(info.title)
        self._shared_title.setToolTip(info.description)
        self.sharing.show_choice("shared" if is_shared else "own")
        self.shared_answers.setVisible(is_shared)
        if is_shared:
            self.shared_answers.show_answers(self.questions.shared or ())

    @override
    def _items(self) -> list[Any]:
        return [(self.questions, index) for index in range(len(self.questions.items))]

    @override
    def _make_entry(self) -> Entry:
        card = QuestionCard(self.around)
        card.edited.connect(self._emit)
        card.grip.setToolTip("Drag to another place, or press Alt+Shift+Up or Down")
        CardDrag(card.grip, lambda: list(self.entries), self.move_entry)
        return card

    @override
    def _nothing_words(self) -> str:
        return "Nothing is asked yet."

    # --- what the user does -------------------------------------------------------------------------------------------

    @override
    @Slot()
    def add_entry(self) -> None:
        self._emit(self.questions.with_question(), "Add a question", False)
        self._focus(len(self.entries) - 1)

    @override
    def move_entry(self, index: int, step: int) -> None:
        to = index + step
        if step and 0 <= to < len(self.questions.items):
            self._emit(self.questions.moved(index, to), "Move a question", False)
            self._focus(to)

    @override
    def remove_entry(self, index: int) -> None:
        self._emit(self.questions.without(index), "Delete a question", False)
        if self.entries:
            self._focus(min(index, len(self.entries) - 1))
        else:
            self.add_button.setFocus()

    @override
    def double_entry(self, index: int) -> None:
        self._emit(self.questions.duplicated(index), "Duplicate a question", False)
        self._focus(index + 1)

    @Slot(str)
    def _on_sharing_chosen(self, key: str) -> None:
        label_of = "Share the answers" if key == "shared" else "Give each question its own answers"
        self._emit(self.questions.with_shared_answers(on=key == "shared"), label_of, False)

    @Slot(str, int, object, bool)
    def _on_shared_edited(self, what: str, number: int, value: object, is_typing: bool) -> None:
        changed = self.shared_answers.apply(self.questions, 0, what, number, value)
        self._emit(changed, "Change the answers", is_typing)

    @Slot(object, str, bool)
    def _emit(self, questions: QuestionList, words: str, is_typing: bool) -> None:
        """Say which of the form's lists are others now."""
        before = {part: value_in(self.value, name) for part, name in self._parts.items()}
        values = {self._parts[part]: value for part, value in questions.values().items() if value != before.get(part)}
        if values:
            (self.typed if is_typing else self.chosen).emit(Several(values, words))

    # --- places -------------------------------------------------------------------------------------------------------

    def focus_part(self, name: str, place: str) -> None:
        """Let the user type at a place of one of the form's lists, as a problem names it."""
        part = next((part for part, known in self._parts.items() if known == name), "question")
        numbers = [int(text) for text in place.replace("]", "[").split("[") if text.isdecimal()]
        if part == "answers" and self.questions.shared is not None:
            self.shared_answers.focus_answer(numbers[0] if numbers else 0)
            return
        if not self.entries:
            self.add_button.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        card = self.entries[numbers[0] if numbers and numbers[0] < len(self.entries) else 0]
        assert isinstance(card, QuestionCard)
        card.focus_part(part, numbers[1] if len(numbers) > 1 else 0)
