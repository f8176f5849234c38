"""How a participation ends: the code that a participant hands in, and the address that the participant is sent to."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final
from urllib.parse import quote

from mug.study.fields import Severity, about
from mug.study.problems import did_you_mean
from mug.study.settings import Section

__all__ = ["OUTCOMES", "PLACEHOLDERS", "Endings", "address_problems", "code_for", "filled_address", "url_for"]

PLACEHOLDERS: Final = ("code", "subject_id", "session_id", "outcome")
"""What an address may name besides the parameters with which a participant came."""

OUTCOMES: Final[Mapping[str, str]] = {
    "complete": "complete",
    "screened_out": "screened_out",
    "excluded": "screened_out",
    "partner_left": "partner_left",
    "no_partner": "partner_left",
    "technical": "technical",
}
"""Outcome of a participation -> the settings that hold for it (``<name>_code``, ``<name>_url``)."""

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_PARAMETER: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")

_CODE: Final = "Not given: a fresh code for each participant."
_URL: Final = (
    "May hold {code}, {subject_id}, {session_id}, {outcome}, and any parameter of the address with which the "
    "participant came, as {PROLIFIC_PID}."
)


class Endings(Section, frozen=True, kw_only=True):
    """What participants get when their participation is over: a completion code, and an address to go on to."""

    complete_code: Annotated[str | None, about("Code: complete", f"For who came to the end. {_CODE}")] = None
    screened_out_code: Annotated[
        str | None, about("Code: screened out", f"For who is turned away or excluded. {_CODE}")
    ] = None
    partner_left_code: Annotated[
        str | None, about("Code: no partner", f"For whom no partner came, or whose partner left. {_CODE}")
    ] = None
    technical_code: Annotated[str | None, about("Code: technical", f"For whom the study could not go on. {_CODE}")] = (
        None
    )
    complete_url: Annotated[
        str | None, about("Address: complete", f"Where who came to the end goes on. {_URL}", shape="url")
    ] = None
    screened_out_url: Annotated[
        str | None, about("Address: screened out", "Where who is turned away or excluded goes on.", shape="url")
    ] = None
    partner_left_url: Annotated[
        str | None, about("Address: no partner", "Where who lost the partner, or found none, goes on.", shape="url")
    ] = None
    technical_url: Annotated[
        str | None, about("Address: technical", "Where who could not go on is sent.", shape="url")
    ] = None
    redirect_after_s: Annotated[
        int | None,
        about(
            "Go on by itself",
            "How long after everything is saved the page goes to the address by itself. Not given: only by its button.",
            unit="s",
            ge=0,
            le=3600,
        ),
    ] = None


def code_for(endings: Endings, outcome: str) -> str | None:
    """Return the study's own code for an outcome; None: each participant gets a fresh one."""
    code: str | None = getattr(endings, f"{OUTCOMES[outcome]}_code")
    return code


def url_for(endings: Endings, outcome: str) -> str | None:
    """Return the study's address for an outcome, with its placeholders."""
    url: str | None = getattr(endings, f"{OUTCOMES[outcome]}_url")
    return url


def filled_address(url: str, values: Mapping[str, str]) -> str:
    """Return an address with its placeholders filled, each value quoted; what is not known becomes empty."""
    return _PLACEHOLDER.sub(lambda found: quote(values.get(found[1], ""), safe=""), url)


def address_problems(url: str) -> Iterator[tuple[str, str, Severity]]:
    """Yield what is wrong with the placeholders of an address, as (code, message, severity)."""
    rest = _PLACEHOLDER.sub("", url)
    if "{" in rest or "}" in rest:
        yield "invalid_placeholder", "has a brace without its partner: write a placeholder as {code}", "error"
    host = re.match(r"https?://[^/?#]*", url, re.IGNORECASE)
    if host and "{" in host[0]:
        yield (
            "invalid_placeholder",
            "has a placeholder in the name of the server: whoever writes the address of the study could send people "
            "anywhere; put it behind the first '/' or '?'",
            "error",
        )
    for name in dict.fromkeys(_PLACEHOLDER.findall(url)):
        if not _PARAMETER.fullmatch(name):
            yield (
                "invalid_placeholder",
                f"has the placeholder {{{name}}}; write {', '.join(f'{{{known}}}' for known in PLACEHOLDERS)}, or the "
                "name of a parameter: letters, digits, '-', '_', '.'",
                "error",
            )
        elif name not in PLACEHOLDERS and (hint := did_you_mean(name, PLACEHOLDERS)):
            yield (
                "unknown_placeholder",
                f"has the placeholder {{{name}}}{hint}; as it stands it is filled with the parameter {name} of the "
                "address with which a participant comes",
                "warning",
            )
