"""What is known about each field of a study: title, meaning, unit, bounds, choices.

The same words drive validation, the property panel of MUG Lab, ``mug check`` and the reference pages. Bounds are
told here and checked by `mug.study.validation`, not while decoding, so that a file with a wrong value still opens and
every problem in it can be shown.
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

__all__ = ["Format", "Part", "Severity", "about"]

Format = Literal[
    "text",
    "message",
    "html",
    "path",
    "callable",
    "code",
    "color",
    "url",
    "key",
    "policy",
    "id",
    "scene",
    "action",
    "background",
]
"""What a field holds. message: sentences for people, perhaps several lines; scene: the id of a scene of the study;
action: what an agent's action space accepts."""

Part = Literal["question", "question_id", "answers", "picture"]
"""What of a question a list holds, where a form keeps what belongs to one question in several lists."""

Severity = Literal["error", "warning"]


def about(
    title: str,
    description: str,
    *,
    unit: str | None = None,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    choices: Sequence[str] | None = None,
    shape: Format | None = None,
    part: Part | None = None,
    suggested: Sequence[str] | None = None,
    advanced: bool = False,
) -> msgspec.Meta:
    """Describe one field of a study.

    Args:
        title: A few words, for a form's label.
        description: What it does, in a sentence or two.
        unit: Unit of a number, as shown beside it ("ms", "px").
        ge: Smallest allowed value.
        gt: Bound that the value must exceed.
        le: Largest allowed value.
        choices: The allowed texts.
        shape: What a text holds, where it is more than a text.
        part: What of a question a list holds.
        suggested: Texts of a list, or keys of a table, that mean something; others are possible.
        advanced: Rarely needed; shown folded.
    """
    extra: dict[str, Any] = {
        "unit": unit,
        "ge": ge,
        "gt": gt,
        "le": le,
        "choices": tuple(choices) if choices is not None else None,
        "shape": shape,
        "part": part,
        "suggested": tuple(suggested) if suggested is not None else None,
        "advanced": advanced or None,
    }
    return msgspec.Meta(
        title=title, description=description, extra={name: value for name, value in extra.items() if value is not None}
    )
