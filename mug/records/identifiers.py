"""What in a session's records says who somebody is outside of it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mug.records import facts as f
from mug.records.history import SessionHistory
from mug.records.recruiters import split_parameters

__all__ = ["masked_study", "secrets_of"]

MASK: Final = "[kept out of exports]"
"""What stands in an exported study in place of codes, addresses and passwords."""

_ENDINGS: Final = ("complete", "screened_out", "partner_left", "technical")
_LEAST: Final = 4
"""Texts shorter than this say nothing about anybody, and stand everywhere."""


def secrets_of(history: SessionHistory) -> Iterator[str]:
    """Yield all texts that must not be found in an anonymised export besides ids: how others know these people."""
    for story in history.participants.values():
        free, older = split_parameters(story.joined.params)
        values = [*story.joined.recruiter.values(), *older.values(), *free.values(), story.joined.token_sha256]
        if story.plan is not None:
            values.append(story.plan.completion_code or "")
        if story.finished is not None:
            values += [story.finished.completion_code or "", story.finished.redirect_url or ""]
        yield from (value for value in values if len(value) >= _LEAST)
    for happening in history.server_events:
        match happening.fact:
            case f.Connected(tab_id=value) | f.TokenRenewed(token_sha256=value) if len(value) >= _LEAST:
                yield value
    yield from (value for value in study_secrets(history.opened.study) if len(value) >= _LEAST)
    if len(history.opened.label) >= _LEAST:
        yield history.opened.label


def study_secrets(study: Mapping[str, Any]) -> list[str]:
    """Return the codes, addresses and passwords that a study holds."""
    found: list[str] = []
    _masked(study, found, ())
    return found


def masked_study(study: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study without its completion codes, the addresses people are sent to, and passwords of TURN servers."""
    masked = _masked(study, [], ())
    assert isinstance(masked, dict)
    return masked


def _masked(value: Any, found: list[str], path: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _masked(item, found, (*path, str(key))) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, found, path) for item in value]
    if isinstance(value, str) and value and _is_secret(path):
        found.append(value)
        return MASK
    return value


def _is_secret(path: tuple[str, ...]) -> bool:
    name = path[-1] if path else ""
    if name in ("turn_username", "turn_credential", "credential", "username", "password", "completion_code"):
        return True
    if name in ("redirect_url", "completion_url"):
        return True
    kind, _, what = name.rpartition("_")
    return "endings" in path and kind in _ENDINGS and what in ("code", "url")
