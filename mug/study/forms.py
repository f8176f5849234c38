"""Pages with questions: a text, choices, scales. Fields have the names of the chain API's parameters."""

from typing import Annotated, ClassVar, Final

from mug.study.fields import about
from mug.study.pages import StaticPage

__all__ = [
    "LIKERT_LABELS",
    "FormPage",
    "MultipleChoiceForm",
    "OptionBoxesForm",
    "ScalesForm",
    "TextBoxForm",
    "Texts",
    "TextsOrLists",
]

Texts = tuple[str, ...]
TextsOrLists = tuple[str | tuple[str, ...], ...]
"""One list for all questions, or a list of lists, one for each question."""

LIKERT_LABELS: Final[TextsOrLists] = ("Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree")


class FormPage(StaticPage, frozen=True, kw_only=True):
    """What all pages with questions are: they show what a page shows, and the questions below it."""


class _ListedQuestions(FormPage, frozen=True, kw_only=True):
    question_ids: Annotated[
        Texts,
        about(
            "Question ids",
            "Names of the questions in the data, one for each question, in their order; not given: q1, q2, … The "
            'choice of a page with option boxes is "option", a text box is "text".',
            part="question_id",
            advanced=True,
        ),
    ] = ()


class TextBoxForm(FormPage, frozen=True, kw_only=True, tag="text_box"):
    """One question that is answered with a text of the participant's own."""

    kind: ClassVar[str] = "text_box"
    text_box_header: Annotated[str, about("Question", "Stands above the text box and names it.", shape="html")]
    required: Annotated[
        bool, about("Answer required", "The participant goes on only when the text is more than spaces.")
    ] = True


class MultipleChoiceForm(_ListedQuestions, frozen=True, kw_only=True, tag="multiple_choice"):
    """Questions that are answered by choosing one, or some, of several answers."""

    kind: ClassVar[str] = "multiple_choice"
    pre_questions_header: Annotated[
        str | None, about("Text before the questions", "Stands above the first question.", shape="html")
    ] = None
    questions: Annotated[Texts, about("Questions", "One for each choice to be made; may hold HTML.", part="question")]
    choices: Annotated[
        TextsOrLists,
        about(
            "Choices",
            "The answers to choose from: one list for all questions, or one list for each.",
            part="answers",
        ),
    ]
    multi_select: Annotated[
        bool, about("Several answers", "Any number of a question's choices can be chosen, not just one.")
    ] = False
    images: Annotated[
        TextsOrLists,
        about(
            "Pictures",
            'One picture for each question, or one list for each question with a picture for each choice; "" leaves '
            "one out. Paths as the study serves them: they begin with a folder of static_files.",
            part="picture",
        ),
    ] = ()
    required: Annotated[
        bool, about("Answers required", "The participant goes on only when each question has an answer.")
    ] = True


class ScalesForm(_ListedQuestions, frozen=True, kw_only=True, tag="scales_and_text_box"):
    """Statements that are rated on scales, and a text box below them."""

    kind: ClassVar[str] = "scales_and_text_box"
    text_box_header: Annotated[str, about("Text box", "Stands above the text box and names it.", shape="html")]
    pre_scale_header: Annotated[
        str | None, about("Text before the scales", "Stands above the first scale.", shape="html")
    ] = None
    scale_questions: Annotated[Texts, about("Statements", "One for each scale; may hold HTML.", part="question")]
    scale_size: Annotated[int, about("Points", "How many points each scale has.", ge=2, le=101)] = 21
    scale_labels: Annotated[
        TextsOrLists,
        about(
            "Labels",
            "What stands below the scale, spread evenly from its first point to its last: one list for all scales, or "
            "one list for each. Empty: no labels.",
            part="answers",
        ),
    ] = LIKERT_LABELS
    required: Annotated[bool, about("Ratings required", "The participant goes on only when each scale is rated.")] = (
        True
    )
    text_box_required: Annotated[
        bool, about("Text required", "The participant goes on only when the text box holds more than spaces.")
    ] = False


class OptionBoxesForm(ScalesForm, frozen=True, kw_only=True, tag="option_boxes_with_scales_and_text_box"):
    """A choice between options that are shown as boxes, then scales, then a text box."""

    kind: ClassVar[str] = "option_boxes_with_scales_and_text_box"
    options: Annotated[Texts, about("Options", "The boxes; one of them is chosen.")]
    option_box_header: Annotated[str, about("Question of the boxes", "Stands above the boxes.", shape="html")]
    required: Annotated[
        bool,
        about("Answers required", "The participant goes on only when an option is chosen and each scale is rated."),
    ] = True
