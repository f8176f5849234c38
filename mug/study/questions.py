"""What a form asks, question by question, and which answers a question takes."""

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from mug.study.forms import FormPage, MultipleChoiceForm, OptionBoxesForm, ScalesForm, TextBoxForm, TextsOrLists

__all__ = [
    "MAX_TEXT_CHARS",
    "OPTION_ID",
    "TEXT_ID",
    "Answered",
    "Question",
    "answer_problem",
    "judge",
    "pictures_of",
    "questions_of",
]

MAX_TEXT_CHARS: Final = 10_000
"""Longest answer in a text box, in characters."""

TEXT_ID: Final = "text"
OPTION_ID: Final = "option"

Answered = Literal["given", "empty", "wrong"]
"""What became of a question: answered, left empty, or answered with what the question does not take."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question of a form.

    Attributes:
        question_id: Its name in the data, unique within the scene.
        kind: text, choice (one of `levels`), choices (any of them), scale (a whole number from 1 to `points`).
        text: What is asked, as the study says it; may hold HTML.
        required: Whether the participant must answer it.
        levels: The answers to choose from; of a scale its labels, spread from the first point to the last.
        boxes: The choices are shown as boxes side by side.
        image: Picture of the question, as the study writes it; empty: none.
        level_images: Picture of each choice; empty: none.
    """

    question_id: str
    kind: Literal["text", "choice", "choices", "scale"]
    text: str
    required: bool
    levels: tuple[str, ...] = ()
    points: int | None = None
    boxes: bool = False
    image: str = ""
    level_images: tuple[str, ...] = ()


def questions_of(form: FormPage) -> tuple[Question, ...]:
    """Return what a form asks, in the order of the page."""
    match form:
        case TextBoxForm():
            return (Question(question_id=TEXT_ID, kind="text", text=form.text_box_header, required=form.required),)
        case MultipleChoiceForm():
            return tuple(_choices(form))
        case OptionBoxesForm():
            options = Question(
                question_id=OPTION_ID,
                kind="choice",
                text=form.option_box_header,
                required=form.required,
                levels=form.options,
                boxes=True,
            )
            return (options, *_scales(form))
        case ScalesForm():
            return tuple(_scales(form))
    return ()


def _choices(form: MultipleChoiceForm) -> Iterator[Question]:
    for index, text in enumerate(form.questions):
        image = form.images[index] if index < len(form.images) else ""
        yield Question(
            question_id=_id_of(form.question_ids, index),
            kind="choices" if form.multi_select else "choice",
            text=text,
            required=form.required,
            levels=_list_of(form.choices, index),
            image=image if isinstance(image, str) else "",
            level_images=() if isinstance(image, str) else image,
        )


def _scales(form: ScalesForm) -> Iterator[Question]:
    for index, text in enumerate(form.scale_questions):
        yield Question(
            question_id=_id_of(form.question_ids, index),
            kind="scale",
            text=text,
            required=form.required,
            levels=_list_of(form.scale_labels, index),
            points=form.scale_size,
        )
    yield Question(question_id=TEXT_ID, kind="text", text=form.text_box_header, required=form.text_box_required)


def _id_of(given: tuple[str, ...], index: int) -> str:
    return given[index] if index < len(given) else f"q{index + 1}"


def _list_of(given: TextsOrLists, index: int) -> tuple[str, ...]:
    """Return the list that holds for a question: its own, or the one for all."""
    if all(isinstance(item, str) for item in given):
        return tuple(str(item) for item in given)
    own = given[index] if index < len(given) else ()
    return own if isinstance(own, tuple) else ()


def pictures_of(form: FormPage) -> Iterator[tuple[str, str]]:
    """Go through the pictures of a form: where it stands in the study, and its path as the study writes it."""
    for index, item in enumerate(form.images if isinstance(form, MultipleChoiceForm) else ()):
        if isinstance(item, str):
            yield f"images[{index}]", item
        else:
            yield from ((f"images[{index}][{number}]", path) for number, path in enumerate(item))


def judge(question: Question, answer: Any) -> Answered:
    """Say what an answer, as it comes from a page, is to its question."""
    if answer_problem(question, answer) is not None:
        return "wrong"
    match answer:
        case None:
            return "empty"
        case str() if question.kind == "text":
            return "given" if answer.strip() else "empty"
        case []:
            return "empty"
    return "given"


def answer_problem(question: Question, answer: Any) -> str | None:
    """Return why a question does not take an answer, in words; None when it does. No answer (None) is no problem."""
    if answer is None:
        return None
    match question.kind:
        case "text":
            if not isinstance(answer, str):
                return "must be a text"
            if len(answer) > MAX_TEXT_CHARS:
                return f"has {len(answer)} characters; at most {MAX_TEXT_CHARS} are possible"
        case "choice":
            if not isinstance(answer, str) or answer not in question.levels:
                return "must be one of the choices"
        case "choices":
            chosen = answer if isinstance(answer, list) else [None]
            if len(chosen) > len(question.levels):
                return "has more answers than there are choices"
            if not all(isinstance(item, str) and item in question.levels for item in chosen):
                return "must be a list of some of the choices"
            if len(set(chosen)) < len(chosen):
                return "names a choice twice"
        case "scale":
            points = question.points or 0
            if type(answer) is not int or not 1 <= answer <= points:
                return f"must be a whole number from 1 to {points}"
    return None
