"""What is wrong with a form, whatever files there are."""

from collections.abc import Iterator, Sequence
from typing import Final

from mug.ids import is_valid_id
from mug.study.forms import FormPage, MultipleChoiceForm, OptionBoxesForm, ScalesForm, TextBoxForm, TextsOrLists
from mug.study.places import problem_at
from mug.study.problems import Problem
from mug.study.questions import OPTION_ID, TEXT_ID, pictures_of
from mug.study.traversal import NodePath

__all__ = ["Fault", "faults_of_form", "problems_of_form"]

Fault = tuple[str, str, str]
"""Field, code, message."""

MAX_QUESTIONS: Final = 200
MAX_CHOICES: Final = 200


def problems_of_form(path: NodePath, form: FormPage) -> Iterator[Problem]:
    """Return what is wrong with the questions of `form`, which is at `path`."""
    for field, code, message in faults_of_form(form):
        yield problem_at(form, path, field, code, message)


def faults_of_form(form: FormPage) -> Iterator[Fault]:
    """Return what is wrong with the questions of a form, in words that say how to mend it."""
    match form:
        case TextBoxForm():
            yield from _header("text_box_header", form.text_box_header)
        case MultipleChoiceForm():
            yield from _questions("questions", form.questions, form.question_ids)
            yield from _choices(form)
            yield from _images(form)
        case ScalesForm():
            if isinstance(form, OptionBoxesForm):
                yield from _header("option_box_header", form.option_box_header)
                yield from _options("options", form.options)
            yield from _questions("scale_questions", form.scale_questions, form.question_ids)
            yield from _labels(form)
            yield from _header("text_box_header", form.text_box_header)


def _header(field: str, text: str) -> Iterator[Fault]:
    if not text.strip():
        yield field, "empty_question", "is empty: write what is asked, screen readers read it with the answer"


def _questions(field: str, questions: Sequence[str], ids: Sequence[str]) -> Iterator[Fault]:
    if not questions:
        yield field, "no_questions", "is empty: give at least one question"
    if len(questions) > MAX_QUESTIONS:
        yield (
            field,
            "too_many_questions",
            f"holds {len(questions)} questions; a page has at most {MAX_QUESTIONS}: divide them among several pages",
        )
    yield from _distinct(field, questions, "question")
    if not ids:
        return
    if len(ids) != len(questions):
        yield (
            "question_ids",
            "wrong_number",
            f"holds {len(ids)} ids for {len(questions)} questions: give one for each, or none",
        )
    for index, one in enumerate(ids):
        place = f"question_ids[{index}]"
        if one in (TEXT_ID, OPTION_ID):
            yield place, "reserved_id", f"is {one!r}, which names the {_RESERVED[one]}: give it another name"
        elif not is_valid_id(one):
            yield (
                place,
                "invalid_id",
                f"is {one!r}; use 1 to 64 letters, digits, '-', '_' or '.', starting with a letter or a digit",
            )
        elif one in ids[:index]:
            yield place, "duplicate_id", f"is {one!r}, as question_ids[{list(ids).index(one)}]: give each its own"


_RESERVED: Final = {TEXT_ID: "text box", OPTION_ID: "choice between option boxes"}


def _distinct(field: str, texts: Sequence[str], what: str) -> Iterator[Fault]:
    for index, text in enumerate(texts):
        if not text.strip():
            yield f"{field}[{index}]", f"empty_{what}", f"is an empty {what}: write it, or leave it out"
        elif text in texts[:index]:
            first = list(texts).index(text)
            yield (
                f"{field}[{index}]",
                f"duplicate_{what}",
                f"is {text!r}, as {field}[{first}]: say the {what} once, or differently",
            )


def _options(field: str, options: Sequence[str]) -> Iterator[Fault]:
    if len(options) < 2:
        how_many = "no choices" if not options else "one choice"
        yield field, "too_few_choices", f"holds {how_many}: give at least two to choose from"
    if len(options) > MAX_CHOICES:
        yield field, "too_many_choices", f"holds {len(options)} choices; at most {MAX_CHOICES} are possible"
    yield from _distinct(field, options, "choice")


def _lists(field: str, given: TextsOrLists, questions: Sequence[str]) -> Iterator[Fault]:
    """Report what is neither one list for all questions nor one list for each."""
    nested = [item for item in given if not isinstance(item, str)]
    if not nested:
        return
    if len(nested) < len(given):
        yield field, "mixed_lists", "mixes texts and lists: give one list of texts, or one list for each question"
    elif len(given) != len(questions):
        yield (
            field,
            "wrong_number",
            f"holds {len(given)} lists for {len(questions)} questions: give one for each question, or a single list "
            "of texts for all",
        )


def _each(field: str, given: TextsOrLists) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Go through the lists with their places; one list for all stands at the field itself."""
    if all(isinstance(item, str) for item in given):
        yield field, tuple(str(item) for item in given)
        return
    for index, item in enumerate(given):
        if not isinstance(item, str):
            yield f"{field}[{index}]", item


def _choices(form: MultipleChoiceForm) -> Iterator[Fault]:
    yield from _lists("choices", form.choices, form.questions)
    for place, choices in _each("choices", form.choices):
        if form.multi_select and len(choices) == 1:
            continue  # a box to tick
        yield from _options(place, choices)


def _images(form: MultipleChoiceForm) -> Iterator[Fault]:
    if not form.images:
        return
    flat = all(isinstance(item, str) for item in form.images)
    if flat and len(form.images) != len(form.questions):
        yield (
            "images",
            "wrong_number",
            f"holds {len(form.images)} pictures for {len(form.questions)} questions: give one for each question, or, "
            "for pictures of the choices, one list for each question",
        )
    yield from _lists("images", form.images, form.questions)
    choices = dict(enumerate(choices for _, choices in _each("choices", form.choices)))
    for index, item in enumerate(form.images):
        if not isinstance(item, str) and index < len(form.questions):
            own = choices.get(index if len(choices) > 1 else 0, ())
            if item and len(item) != len(own):
                yield (
                    f"images[{index}]",
                    "wrong_number",
                    f"holds {len(item)} pictures for {len(own)} choices: give one for each choice, or an empty list",
                )
    for place, path in pictures_of(form):
        if "://" in path or path.startswith("//"):
            yield (
                place,
                "foreign_picture",
                f"is {path!r}; participants' pages load nothing from other hosts: put the picture into a folder of "
                "static_files",
            )


def _labels(form: ScalesForm) -> Iterator[Fault]:
    yield from _lists("scale_labels", form.scale_labels, form.scale_questions)
    for place, labels in _each("scale_labels", form.scale_labels):
        if len(labels) == 1:
            yield place, "wrong_number", "holds one label: give at least two, for the ends of the scale, or none"
        if len(labels) > form.scale_size:
            yield (
                place,
                "too_many_labels",
                f"holds {len(labels)} labels for {form.scale_size} points: give at most one for each point, or make "
                "scale_size larger",
            )
