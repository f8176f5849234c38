"""Treatments of a study: the conditions that are compared between participants, as they stand in its file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from mug.study.fields import about
from mug.study.settings import Section

__all__ = ["ARM_FIELDS", "Arm", "Treatments", "arms_in"]

ARM_FIELDS: Final = ("title", "weight", "changes")
"""What a study file may say of a treatment."""


class Treatments(Section, frozen=True, kw_only=True):
    """Conditions that are compared between participants, and how people come into them."""

    per: Annotated[
        str,
        about(
            "Drawn for",
            '"participant": each has a treatment of their own from the first scene on, and plays only with people of '
            'the same one; "group": it is drawn when a group forms, and the group keeps it to the end.',
            choices=("participant", "group"),
        ),
    ] = "participant"
    allocation: Annotated[
        str,
        about(
            "Allocation",
            '"balanced": the next place goes to the treatment that has the fewest completed and running ones for its '
            'weight, equal ones are drawn; "random": each is drawn by the weights alone.',
            choices=("balanced", "random"),
        ),
    ] = "balanced"
    blind: Annotated[
        bool,
        about(
            "Blind",
            "Whoever runs the session sees letters in the place of the treatments' names, until they are asked for "
            "with a reason, or the session is over.",
        ),
    ] = False
    arms: Annotated[
        dict[str, dict[str, Any]],
        about(
            "Treatments",
            "Each by its name: title, weight (a whole number), changes (scene id → field → value).",
        ),
    ] = {}


@dataclass(frozen=True, slots=True)
class Arm:
    """One treatment.

    Attributes:
        name: Its id, as the records have it.
        title: Its name for people, or None.
        weight: How many places it gets for each one of a treatment of weight 1.
        changes: Scene id -> field ("rendering.fps") -> the value under this treatment, as a study file has it.
    """

    name: str
    title: str | None = None
    weight: int = 1
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """How people call it: its title, else its name."""
        return self.title or self.name


def arms_in(treatments: Treatments) -> tuple[Arm, ...]:
    """Return the treatments in the order of the study; what a file says wrongly of one is left out."""
    arms = treatments.arms
    return tuple(_arm(name, said) for name, said in arms.items()) if isinstance(arms, Mapping) else ()


def _arm(name: str, said: Any) -> Arm:
    said = said if isinstance(said, Mapping) else {}
    title, weight, changes = (said.get(word) for word in ARM_FIELDS)
    return Arm(
        name,
        title if isinstance(title, str) and title.strip() else None,
        weight if isinstance(weight, int) and not isinstance(weight, bool) and weight >= 1 else 1,
        {scene: fields for scene, fields in changes.items() if isinstance(fields, Mapping)}
        if isinstance(changes, Mapping)
        else {},
    )
