"""The table of the episodes of embedded builds: from what pages told of them and the scores that the study gave."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from mug.records.history import SessionHistory
from mug.records.spool import json_text

__all__ = ["BUILD_MARKS", "BuildMark", "build_episode_rows"]

STARTED: Final = "build_episode_started"
ENDED: Final = "build_episode_ended"
BUILD_MARKS: Final = (STARTED, ENDED)
"""Events of which the table is made."""


@dataclass(frozen=True)
class BuildMark:
    """One of the events `BUILD_MARKS`, as a participant's page told it."""

    participant_id: str
    visit_id: str
    row: dict[str, Any]


@dataclass
class _Episode:
    starts: list[dict[str, Any]] = field(default_factory=list)
    end: dict[str, Any] | None = None


def build_episode_rows(history: SessionHistory, marks: Iterable[BuildMark]) -> list[dict[str, Any]]:
    """Return one row for each episode that a build began, in the order of participants' ways.

    An episode that was begun anew after a reload is one row with several attempts; what ended it first holds.
    """
    found: dict[tuple[str, str, int], _Episode] = {}
    for mark in marks:
        number = mark.row.get("episode")
        if type(number) is not int or number < 0 or not history.takes(mark.participant_id):
            continue
        episode = found.setdefault((mark.participant_id, mark.visit_id, number), _Episode())
        if mark.row["name"] == STARTED:
            episode.starts.append(mark.row)
        elif episode.end is None:
            episode.end = mark.row
    return [_row(history, *key, episode) for key, episode in found.items()]


def _row(history: SessionHistory, participant_id: str, visit_id: str, number: int, episode: _Episode) -> dict[str, Any]:
    end = episode.end or {}
    start = episode.starts[-1] if episode.starts else {}
    reported = _number(end.get("score"))
    given = history.build_scores.get((visit_id, number))
    return {
        "session_id": history.opened.session_id,
        "participant_id": participant_id,
        "visit_id": visit_id,
        "scene_id": history.scene_of(visit_id),
        "episode": number,
        "attempts": len(episode.starts),
        "started_at": _text(start.get("at")),
        "ended_at": _text(end.get("at")),
        "duration_s": _duration(start, end),
        "score": reported if given is None else given,
        "reported_score": reported,
        "start_data": _data(start),
        "data": _data(end),
    }


def _duration(start: dict[str, Any], end: dict[str, Any]) -> float | None:
    """Both times are of one page: after a reload its clock begins anew, and the episode with it."""
    begun, over = _number(start.get("at_ms")), _number(end.get("at_ms"))
    if begun is None or over is None or over < begun:
        return None
    return round((over - begun) / 1000, 4)


def _data(row: dict[str, Any]) -> str | None:
    data = row.get("data")
    return json_text(data) if isinstance(data, dict) and data else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
