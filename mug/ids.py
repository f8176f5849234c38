"""The identifiers that every layer shares, and the one rule for ids that come from outside.

Each id is its own type for mypy, a plain ``str`` or ``int`` at run time, so that it travels through
JSON, SQLite and Pyodide unchanged.
"""

import re
from typing import Final, NewType

from mug.errors import InvalidIdError

__all__ = [
    "ID_PATTERN",
    "AgentId",
    "EpisodeIndex",
    "ExperimentId",
    "FrameIndex",
    "MatchId",
    "NodeId",
    "ParticipantId",
    "SceneId",
    "SessionId",
    "VisitId",
    "check_id",
    "is_valid_id",
]

ExperimentId = NewType("ExperimentId", str)
SessionId = NewType("SessionId", str)
ParticipantId = NewType("ParticipantId", str)
SceneId = NewType("SceneId", str)
NodeId = NewType("NodeId", str)
VisitId = NewType("VisitId", str)
MatchId = NewType("MatchId", str)
AgentId = NewType("AgentId", str)
EpisodeIndex = NewType("EpisodeIndex", int)
FrameIndex = NewType("FrameIndex", int)

ID_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""Letters, digits, ``-``, ``_`` and ``.``; 1 to 64 characters; the first is a letter or a digit."""

_ID: Final = re.compile(ID_PATTERN)


def is_valid_id(value: str) -> bool:
    """Say whether `value` may be used as an id, and so as a part of a path or a file name."""
    return _ID.fullmatch(value) is not None and not value.endswith(".") and ".." not in value


def check_id(value: str, what: str) -> str:
    """Return `value` when it is a valid id.

    Args:
        value: The text to check.
        what: What the id names, in words for the message ("experiment id").

    Raises:
        InvalidIdError: When it is not; the message says what is allowed.
    """
    if not is_valid_id(value):
        raise InvalidIdError(what, value)
    return value
