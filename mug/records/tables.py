"""The tables that are small enough to be made in one go: participants, visits, episodes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from mug.play.chunks import Column, flatten_columns
from mug.records import facts as f
from mug.records.allocation import treatment_columns
from mug.records.arrays import MAX_ROW_VALUES, ArrayStore
from mug.records.console import ended_by, paused_seconds, times_told
from mug.records.ends import chosen_end, misfit
from mug.records.episodes import EpisodeFrames
from mug.records.frames import hold_large_values
from mug.records.history import MatchStory, SessionHistory, VisitStory
from mug.records.lines import EpisodeMark
from mug.records.matches import MatchFigures, figures_of
from mug.records.recruiters import split_parameters
from mug.records.spool import json_text

__all__ = ["Rows", "episode_columns", "participant_rows", "visit_rows"]

Rows = list[dict[str, Any]]

_CUT_SHORT: Final = ("partner_left", "void", "refused", "desync")
"""Ends that are none of the game's own."""
_OF_TREATMENT: Final = ("treatment", "treatment_assigned_at", "treatment_exposed_at", "treatment_released")
"""Columns that only sessions of a study with treatments have."""
_NOT_NUMBERS: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def participant_rows(history: SessionHistory, episodes: Sequence[EpisodeFrames]) -> Rows:
    """Return one row for each participant, in the order in which they joined."""
    frames_of_match: dict[str, int] = {}
    for episode in episodes:
        frames_of_match[episode.match_id] = frames_of_match.get(episode.match_id, 0) + episode.frames
    seen = [happening.fact for happening in history.server_events]
    told, paused = times_told(history), paused_seconds(history)
    treatments = treatment_columns(history)
    rows: Rows = []
    for participant_id, story in history.participants.items():
        visits = [visit for visit in history.visits.values() if visit.participant_id == participant_id]
        played = [
            match_id for match_id, match in history.matches.items() if participant_id in match.formed.agents.values()
        ]
        row: dict[str, Any] = {
            "session_id": history.opened.session_id,
            "participant_id": participant_id,
            "joined_at": story.joined.at,
            "finished_at": story.finished.at if story.finished else None,
            "outcome": story.finished.outcome if story.finished else None,
            "outcome_message": (story.finished.message or None) if story.finished else None,
            "outcome_reason": (story.finished.reason or None) if story.finished else None,
            "seed": str(story.joined.seed),
            "plan": json_text([visit.scene_id for visit in story.plan.visits]) if story.plan else None,
            "visits_planned": len(story.plan.visits) if story.plan else 0,
            "visits_started": len(visits),
            "visits_finished": sum(visit.finished is not None for visit in visits),
            "frames": sum(frames_of_match.get(match_id, 0) for match_id in played),
            "connections": sum(isinstance(x, f.Connected) and x.participant_id == participant_id for x in seen),
            "errors": sum(isinstance(x, f.ErrorReported) and x.participant_id == participant_id for x in seen),
        }
        row |= {
            "seat": story.joined.seat or None,
            "withdrawn": story.withdrawn.how if story.withdrawn else None,
            "paused_s": paused.get(participant_id, 0.0),
            "messages": told[participant_id],
            "hands": sum(
                isinstance(happening.fact, f.HandRaised) and happening.fact.participant_id == participant_id
                for happening in history.console
            ),
            "ended_by": ended_by(history, participant_id),
        }
        if treatments:
            row |= dict.fromkeys(_OF_TREATMENT) | treatments.get(participant_id, {})
        row |= {f"condition.{key}": value for key, value in history.opened.conditions.items()}
        row |= {f"environment.{key}": _cell(value) for key, value in story.joined.environment.items()}
        free, _ = split_parameters(story.joined.params)  # records of older versions hold the recruiter's among them
        row |= {f"params.{key}": value for key, value in free.items()}
        row |= {f"globals.{key}": _cell(value) for key, value in story.mug_globals.items()}
        rows.append(row)
    return rows


def visit_rows(history: SessionHistory) -> Rows:
    """Return one row for each visit that was started, in the order of their start."""
    rows: Rows = []
    for visit_id, visit in history.visits.items():
        if not history.takes(visit.participant_id):
            continue
        matches = history.matches_of(visit_id)
        agents = matches[-1].formed.agents if matches else {}
        own = [agent for agent, who in agents.items() if who == visit.participant_id]
        rows.append(
            {
                "session_id": history.opened.session_id,
                "participant_id": visit.participant_id,
                "visit_id": visit_id,
                "scene_id": visit.planned.scene_id,
                "kind": visit.planned.kind,
                "visit_index": visit.index,
                "node_path": ".".join(map(str, visit.planned.node_path)),
                "repetition": ".".join(map(str, visit.planned.repetition)) or None,
                "started_at": visit.started_at,
                "finished_at": visit.finished.at if visit.finished else None,
                "outcome": visit.finished.outcome if visit.finished else None,
                "repeats": visit.repeats or None,
                "match_id": matches[-1].formed.match_id if matches else None,
                "agent_id": " ".join(own) or None,
                "waited_s": _waited_s(visit, matches),
                "group_id": visit.group_id or next((m.formed.group_id for m in matches if m.formed.group_id), None),
                "partners": json_text(partners) if (partners := _partners(visit, matches)) else None,
                "match_outcome": matches[-1].ended.outcome if matches and matches[-1].ended else None,
            }
        )
    return rows


def _waited_s(visit: VisitStory, matches: Sequence[MatchStory]) -> float | None:
    """How long the participant was in the waitroom; None where nobody was waited for, or the wait has no end yet."""
    end = visit.group_formed_at or (matches[-1].formed.at if matches else None)
    if end is None and visit.finished is not None:
        end = visit.finished.at
    if visit.waiting_since is None or end is None:
        return None
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(visit.waiting_since)).total_seconds(), 3)


def _partners(visit: VisitStory, matches: Sequence[MatchStory]) -> list[str]:
    """The others of the visit's match, in the order of their agents; at a group's order, the others of the group."""
    people = visit.members if visit.members else matches[-1].participants if matches else ()
    return [who for who in people if who != visit.participant_id]


def episode_columns(
    history: SessionHistory, episodes: Sequence[EpisodeFrames], marks: Sequence[EpisodeMark], arrays: ArrayStore
) -> tuple[dict[str, list[Any] | Any], int, list[str]]:
    """Return the table of episodes as columns, its number of rows, and what is wrong, in words."""
    stored = {(episode.match_id, episode.episode): episode for episode in episodes}
    begins: dict[tuple[str, int], dict[str, dict[str, Any]]] = defaultdict(dict)
    ends: dict[tuple[str, int], dict[str, dict[str, Any]]] = defaultdict(dict)
    for mark in marks:
        if mark.episode is None:
            continue
        if mark.name == "episode_started":
            begins[mark.episode].setdefault(mark.participant_id, mark.row)
        elif mark.name == "episode_ended":
            ends[mark.episode][mark.participant_id] = mark.row
    figures = figures_of(marks)
    order = {match_id: index for index, match_id in enumerate(history.matches)}
    keys = sorted(begins.keys() | stored.keys() | ends.keys(), key=lambda key: (order.get(key[0], len(order)), key))
    started: dict[tuple[str, int], Mapping[str, Any]] = {}
    ended: dict[tuple[str, int], Mapping[str, Any]] = {}
    rows: Rows = []
    problems: list[str] = []
    for key in keys:
        match_id, number = key
        frames = stored.get(key, EpisodeFrames(match_id, number))
        where = f"match {match_id}, episode {number}"
        seeds = {str(row["seed"]) for row in begins[key].values() if row.get("seed") is not None}
        if len(seeds) > 1:
            problems.append(f"{where}: its players began it with different seeds ({', '.join(sorted(seeds))})")
        begin = started[key] = _first_of(begins[key], frames.recorders)
        end = chosen_end(frames, ends[key])
        ended[key] = end or {}
        for who, told in ends[key].items():
            match misfit(frames, who, told):
                case "frames_missing":
                    problems.append(
                        f"{where}: it ended after {told.get('frames')} frames, and {frames.frames} are stored"
                    )
                case "frames_chain":
                    problems.append(f"{where}: the hash of its frames is not the one it ended with")
        match = history.matches.get(match_id)
        together = match is not None and len(match.players) > 1 and not match.is_on_server
        figure = figures.get(match_id, MatchFigures())
        rows.append(
            {
                "session_id": history.opened.session_id,
                "scene_id": match.formed.scene_id if match else None,
                "match_id": match_id,
                "episode": number,
                "seed": str(begin["seed"]) if begin.get("seed") is not None else None,
                "started_at": _text_or_none(begin.get("at")),
                "ended_at": _text_or_none(end.get("at")) if end else None,
                "frames": frames.frames,
                "end": _text_or_none(end.get("end")) if end else None,
                "complete": end is not None
                and end.get("end") not in _CUT_SHORT
                and not frames.gaps
                and end.get("frames") == frames.frames,
                "chain_hash": frames.chain_hash or None,
                "agreement": _agreement(frames, match.flags if match else []),
                "recorders": frames.pages,
                "disagrees_from": min((difference.frame for difference in frames.differences), default=None),
                "compared": figure.compared.get(number, 0) if together else None,
                "desyncs": figure.desyncs.get(number, 0) if together else None,
            }
        )
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in (rows[0] if rows else {})}
    whole: dict[str, Column] = {}
    for row, key in enumerate(keys):
        for source, name in (
            (started.get(key, {}), "reset_observations"),
            (started.get(key, {}), "reset_infos"),
            (ended.get(key, {}), "final_observations"),
        ):
            values = source.get(name)
            if isinstance(values, Mapping):
                for agent, value in values.items():
                    column = whole.setdefault(f"{name}.{agent}", [None] * len(keys))
                    column[row] = _numbers_back(value)
    flat: dict[str, Column] = {}
    for name, column in whole.items():
        flat |= flatten_columns({name: column}, max_values=MAX_ROW_VALUES)
    for name, column in flat.items():
        for row, (match_id, number) in enumerate(keys):
            one = hold_large_values({name: [column[row]]}, arrays, match_id, [number], [number])
            for flat_name, values in one.items():
                columns.setdefault(flat_name, [None] * len(keys))[row] = values[0]
    return columns, len(rows), problems


def _agreement(frames: EpisodeFrames, flags: Sequence[f.MatchFlagged]) -> str | None:
    if not frames.parts:
        return None
    if frames.differences or any(track.problems for track in frames.tracks):
        return "differs"
    if frames.by_server:
        return "server"
    if len(frames.recorders) > 1:
        return "agreed"  # row by row, which the server's look at hashes is not
    mark = f"episode {frames.episode},"
    flagged = any(flag.flag == "frames_differ" and flag.detail.startswith(mark) for flag in flags)
    return "differs" if flagged else "single"


def _first_of(told: Mapping[str, Mapping[str, Any]], ranked: Sequence[str]) -> Mapping[str, Any]:
    """Return what the first of the ranked participants told, or else anybody."""
    for who in (*ranked, *told):
        if who in told:
            return told[who]
    return {}


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else json_text(value)


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _numbers_back(value: Any) -> Any:
    """Return a JSON value as it was before: NaN and the infinities as numbers, lists of numbers as arrays."""
    if isinstance(value, str):
        return _NOT_NUMBERS.get(value, value)
    if isinstance(value, Mapping):
        return {str(key): _numbers_back(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers_back(item) for item in value]
    return value
