"""Pages to read, pages with questions, the first and last page of a study."""

from collections.abc import Sequence
from typing import Any, Self

from mug.configurations.configuration_constants import Given, NotProvided
from mug.scenes.scene import Scene
from mug.study.form_validation import faults_of_form
from mug.study.forms import LIKERT_LABELS
from mug.study.model import (
    CompletionCodePage,
    EndPage,
    FormPage,
    MultipleChoiceForm,
    OptionBoxesForm,
    ScalesForm,
    StartPage,
    StaticPage,
    TextBoxForm,
)

__all__ = [
    "CompletionCodeScene",
    "EndScene",
    "MultipleChoice",
    "OptionBoxesWithScalesAndTextBox",
    "ScalesAndTextBox",
    "StartScene",
    "StaticScene",
    "TextBox",
]

Html = str | Sequence[str] | None


class StaticScene(Scene):
    """A page to read, with a button that goes on."""

    _struct = StaticPage

    def display(
        self,
        scene_header: Given[Html] = NotProvided,
        scene_subheader: Given[Html] = NotProvided,
        scene_body: Given[Html] = NotProvided,
        scene_body_filepath: Given[str | None] = NotProvided,
    ) -> Self:
        """Say what the page shows, as HTML.

        Args:
            scene_header: Heading.
            scene_subheader: Second heading.
            scene_body: The text; a list or tuple of texts is joined.
            scene_body_filepath: An HTML file with the text; excludes `scene_body`.

        Raises:
            ValueError: When both body and file are given.
        """
        self._give(
            "display",
            scene_header=joined(scene_header),
            scene_subheader=joined(scene_subheader),
            scene_body=joined(scene_body),
            scene_body_filepath=scene_body_filepath,
        )
        refuse_both("display", self._own, "scene_body", "scene_body_filepath")
        return self


class StartScene(StaticScene):
    """The first page of a study."""

    _struct = StartPage


class EndScene(StaticScene):
    """The last page of a study; may send the participant on to another address."""

    _struct = EndPage

    def redirect(self, url: Given[str | None] = NotProvided, append_subject_id: Given[bool] = NotProvided) -> Self:
        """Send the participant to another address.

        Args:
            url: The address, with http:// or https://.
            append_subject_id: Put the participant's id at the end of the address.
        """
        if url is not NotProvided and url is not None and not isinstance(url, str):
            raise TypeError(f"redirect(url=…) is {url!r}; it must be a text")
        return self._give("redirect", redirect_url=url, append_subject_id=append_subject_id)


class CompletionCodeScene(EndScene):
    """An end page that shows a fresh code per participant, kept in its data."""

    _struct = CompletionCodePage


def joined(html: Given[Html]) -> Any:
    """Return HTML given as one text or as several; the pieces go on lines of their own."""
    if isinstance(html, list | tuple) and all(isinstance(part, str) for part in html):
        return "\n".join(html)
    return html


def refuse_both(method: str, values: dict[str, Any], first: str, second: str) -> None:
    """Raise ValueError when two settings are given that exclude each other; the second is then taken back."""
    if values.get(first) is not None and values.get(second) is not None:
        path = values.pop(second)
        raise ValueError(
            f"{method}({second}=…) is {path!r}, but {first} is given too; they exclude each other: give one, or None "
            "for the other"
        )


class _FormScene(StaticScene):
    """A page with questions. The answers are always kept, whether or not `should_export_metadata` is set."""

    _struct: type[StaticPage] = FormPage

    def _ask(self, **given: Any) -> None:
        name = type(self).__name__
        self._give(name, **given)
        struct: Any = self._struct
        for field, _, message in faults_of_form(struct(scene_id="form", **self._own)):
            parameter, bracket, index = field.partition("[")
            raise ValueError(f"{name}({parameter}=…){bracket}{index} {message}")


class TextBox(_FormScene):
    """One question that is answered with a text.

    Args:
        text_box_header: What is asked; HTML.
        required: The participant goes on only when the text is more than spaces.

    Raises:
        ValueError: For an empty question.
        TypeError: For values of another type.
    """

    _struct = TextBoxForm

    def __init__(self, text_box_header: str, required: bool = True) -> None:
        super().__init__()
        self._ask(text_box_header=text_box_header, required=required)


class MultipleChoice(_FormScene):
    """Questions that are answered by choosing.

    Args:
        pre_questions_header: Stands above the questions; HTML.
        questions: The questions; may hold HTML.
        choices: What to choose from: one list for all questions, or one list for each.
        multi_select: Any number of choices can be chosen for each question.
        images: One picture for each question, or one list for each question with a picture for each choice; "" leaves
            one out. Paths begin with a folder of `ExperimentConfig.static_files`.
        required: Each question must have an answer.
        question_ids: Names of the questions in the data; not given: q1, q2, …

    Raises:
        ValueError: When lists do not fit together, or a question or choice is empty or given twice.
        TypeError: For values of another type.
    """

    _struct = MultipleChoiceForm

    def __init__(
        self,
        pre_questions_header: Html,
        questions: Sequence[str],
        choices: Sequence[str] | Sequence[Sequence[str]],
        multi_select: bool = False,
        images: Sequence[str] | Sequence[Sequence[str]] | None = None,
        required: bool = True,
        question_ids: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self._ask(
            pre_questions_header=joined(pre_questions_header),
            questions=questions,
            choices=choices,
            multi_select=multi_select,
            images=images,
            required=required,
            question_ids=question_ids,
        )


class ScalesAndTextBox(_FormScene):
    """Statements that are rated on scales, and a text box below them.

    Args:
        text_box_header: Stands above the text box; HTML.
        pre_scale_header: Stands above the scales; HTML.
        scale_questions: What is rated, one text for each scale; may hold HTML.
        scale_size: How many points each scale has, from 2 to 101.
        scale_labels: Stand below the scale, spread evenly from its first point to its last: one list for all scales,
            or one list for each.
        required: Each scale must be rated.
        text_box_required: The text box must be filled in.
        question_ids: Names of the scales in the data; not given: q1, q2, …

    Raises:
        ValueError: When lists do not fit together, or a question is empty or given twice.
        TypeError: For values of another type.
    """

    _struct = ScalesForm

    def __init__(
        self,
        text_box_header: str,
        pre_scale_header: Html,
        scale_questions: Sequence[str],
        scale_size: int = 21,
        scale_labels: Sequence[str] | Sequence[Sequence[str]] = LIKERT_LABELS,
        required: bool = True,
        text_box_required: bool = False,
        question_ids: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self._ask(
            text_box_header=text_box_header,
            pre_scale_header=joined(pre_scale_header),
            scale_questions=scale_questions,
            scale_size=scale_size,
            scale_labels=scale_labels,
            required=required,
            text_box_required=text_box_required,
            question_ids=question_ids,
        )


class OptionBoxesWithScalesAndTextBox(_FormScene):
    """A choice between options that are shown as boxes, then scales, then a text box.

    Args:
        options: The boxes; one of them is chosen.
        text_box_header: Stands above the text box; HTML.
        pre_scale_header: Stands above the scales; HTML.
        scale_questions: What is rated, one text for each scale; may hold HTML.
        option_box_header: Stands above the boxes; HTML.
        scale_size: How many points each scale has, from 2 to 101.
        scale_labels: As in `ScalesAndTextBox`.
        required: An option must be chosen and each scale rated.
        text_box_required: The text box must be filled in.
        question_ids: Names of the scales in the data; not given: q1, q2, …

    Raises:
        ValueError: When lists do not fit together, or a question or option is empty or given twice.
        TypeError: For values of another type.
    """

    _struct = OptionBoxesForm

    def __init__(
        self,
        options: Sequence[str],
        text_box_header: str,
        pre_scale_header: Html,
        scale_questions: Sequence[str],
        option_box_header: str,
        scale_size: int = 21,
        scale_labels: Sequence[str] | Sequence[Sequence[str]] = LIKERT_LABELS,
        required: bool = True,
        text_box_required: bool = False,
        question_ids: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self._ask(
            options=options,
            text_box_header=text_box_header,
            pre_scale_header=joined(pre_scale_header),
            scale_questions=scale_questions,
            option_box_header=option_box_header,
            scale_size=scale_size,
            scale_labels=scale_labels,
            required=required,
            text_box_required=text_box_required,
            question_ids=question_ids,
        )
