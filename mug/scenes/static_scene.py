"""Pages to read, the first and last page of a study; forms come with a later version."""

from collections.abc import Sequence
from typing import Any, NoReturn, Self

from mug.configurations.configuration_constants import Given, NotProvided
from mug.errors import NotAvailableYetError
from mug.scenes.scene import Scene
from mug.study.model import CompletionCodePage, EndPage, StartPage, StaticPage

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


class _Unavailable(StaticScene):
    def __init__(self, *_: Any, **__: Any) -> None:
        self._refuse()

    @classmethod
    def _refuse(cls) -> NoReturn:
        raise NotAvailableYetError(f"{cls.__name__} (a form scene)")


class TextBox(_Unavailable):
    """A question with a text as its answer; not available yet."""


class OptionBoxesWithScalesAndTextBox(_Unavailable):
    """Options, scales and a text box on one page; not available yet."""


class ScalesAndTextBox(_Unavailable):
    """Scales and a text box on one page; not available yet."""


class MultipleChoice(_Unavailable):
    """Multiple-choice questions; not available yet."""
