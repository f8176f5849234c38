"""Parameters of an address by which a recruiter knows a person: kept apart from the data."""

from collections.abc import Mapping
from typing import Final

__all__ = ["is_recruiter_parameter", "person_key", "split_parameters"]

_PERSON: Final = ("prolific_pid", "workerid")
"""They name the person: who comes again with the same one is the same participant."""
_OTHERS: Final = ("study_id", "session_id", "assignmentid", "hitid", "turksubmitto")
"""They name the person's task at the recruiter's."""


def is_recruiter_parameter(name: str) -> bool:
    """Whether a parameter of an address comes from a recruiter (Prolific, Mechanical Turk)."""
    return name.lower() in (*_PERSON, *_OTHERS)


def split_parameters(params: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the free parameters, and those of the recruiter."""
    free = {name: value for name, value in params.items() if not is_recruiter_parameter(name)}
    return free, {name: value for name, value in params.items() if name not in free}


def person_key(recruiter: Mapping[str, str]) -> str:
    """Return the same text for the same person; empty where the recruiter names none. It is no participant's id."""
    lowered = {name.lower(): value for name, value in recruiter.items()}
    return next((f"{name}={lowered[name]}" for name in _PERSON if lowered.get(name)), "")
