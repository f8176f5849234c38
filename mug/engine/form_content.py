"""From a form of the study to what a page shows of it."""

from collections.abc import Iterator
from urllib.parse import quote

from mug.engine.payload import FrozenStudy, body_text
from mug.protocol.messages import ChoiceQuestion, FormContent, FormHeading, ScaleQuestion, TextQuestion
from mug.study.assets import form_picture
from mug.study.model import FormPage, MultipleChoiceForm, ScalesForm
from mug.study.questions import MAX_TEXT_CHARS, Question, questions_of

__all__ = ["form_content"]

FormItem = FormHeading | TextQuestion | ChoiceQuestion | ScaleQuestion


def form_content(frozen: FrozenStudy, form: FormPage, submissions: int) -> FormContent:
    """Build the view of a form.

    Args:
        frozen: The session's study.
        form: The scene.
        submissions: How often this visit's answers were handed in.
    """
    return FormContent(
        scene_header=form.scene_header or "",
        scene_subheader=form.scene_subheader or "",
        body_html=body_text(frozen, form.scene_body, form.scene_body_filepath),
        items=tuple(_items(frozen, form)),
        submissions=submissions,
    )


def _items(frozen: FrozenStudy, form: FormPage) -> Iterator[FormItem]:
    questions = questions_of(form)
    heading = _heading(form)
    before = next((question for question in questions if question.kind == "scale"), None) or questions[0]
    for question in questions:
        if heading and question is before:
            yield FormHeading(html=heading)
        yield _item(frozen, question)


def _heading(form: FormPage) -> str | None:
    """The text above a form's questions; on a page with scales it stands above the first of them."""
    match form:
        case MultipleChoiceForm():
            return form.pre_questions_header
        case ScalesForm():
            return form.pre_scale_header
    return None


def _item(frozen: FrozenStudy, question: Question) -> FormItem:
    name, label, required = question.question_id, question.text, question.required
    match question.kind:
        case "text":
            return TextQuestion(question_id=name, label_html=label, required=required, max_chars=MAX_TEXT_CHARS)
        case "scale":
            assert question.points is not None
            return ScaleQuestion(
                question_id=name, label_html=label, required=required, points=question.points, labels=question.levels
            )
    return ChoiceQuestion(
        question_id=name,
        label_html=label,
        required=required,
        choices=question.levels,
        multiple=question.kind == "choices",
        boxes=question.boxes,
        image=_address(frozen, question.image),
        images=tuple(_address(frozen, image) for image in question.level_images),
    )


def _address(frozen: FrozenStudy, path: str) -> str:
    if not path or path.startswith("data:"):
        return path
    return frozen.static_base + quote(form_picture(path))
