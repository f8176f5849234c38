"""What is known of a match besides its rows: how its players agreed, what was compared, what was done on purpose."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mug.records.episodes import EpisodeFrames
from mug.records.history import MatchStory, SessionHistory
from mug.records.lines import EpisodeMark
from mug.records.spool import json_text
from mug.study.conditions import CONDITIONS

__all__ = ["MatchFigures", "condition_columns", "figures_of", "match_rows"]

Rows = list[dict[str, Any]]

_ALWAYS: Final = ("delay_ms", "jitter_ms", "loss")


@dataclass
class MatchFigures:
    """What the players' pages told of one match.

    Attributes:
        input_delay: Frames, as they agreed. window: likewise.
        snapshot_level: How they saved states.
        compared: Episode -> state hashes that were compared; of the player who compared most.
        desyncs: Episode -> compared hashes that differed, likewise.
    """

    input_delay: int | None = None
    window: int | None = None
    snapshot_level: str | None = None
    compared: dict[int, int] = field(default_factory=dict)
    desyncs: dict[int, int] = field(default_factory=dict)


def figures_of(marks: Iterable[EpisodeMark]) -> dict[str, MatchFigures]:
    """Return what the events of players' pages say of each match.

    The end of an episode has the match's sums so far, so that an episode counts too that ended with the match; what the
    players agreed on at an episode's end has that episode's own.
    """
    found: dict[str, MatchFigures] = defaultdict(MatchFigures)
    sums: dict[tuple[str, str], dict[int, Mapping[str, Any]]] = defaultdict(dict)
    differing: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for mark in marks:
        match_id, place = mark.row.get("match_id"), mark.episode
        if not isinstance(match_id, str) or mark.name == "episode_started":
            continue
        figures = found[match_id]
        if mark.name in ("match_agreed", "episode_ended"):
            figures.input_delay = _whole(mark.row.get("input_delay"), figures.input_delay)
            figures.window = _whole(mark.row.get("window"), figures.window)
            level = mark.row.get("snapshot_level")
            figures.snapshot_level = level if isinstance(level, str) else figures.snapshot_level
        if place is None:
            continue
        if mark.name == "episode_ended":
            sums[match_id, mark.participant_id][place[1]] = mark.row
        elif mark.name == "match_episode_agreed":
            _raise_to(figures.compared, place[1], _whole(mark.row.get("compared"), 0))
        elif mark.name == "match_desync":
            differing[place][mark.participant_id] += 1
    for (match_id, episode), counts in differing.items():
        _raise_to(found[match_id].desyncs, episode, max(counts.values()))
    for (match_id, _), by_episode in sums.items():
        for name in ("compared", "desyncs"):
            before = 0
            for episode in sorted(by_episode):
                so_far = _whole(by_episode[episode].get(name))
                if so_far is not None:
                    _raise_to(getattr(found[match_id], name), episode, so_far - before)
                    before = so_far
    return dict(found)


def _raise_to(counts: dict[int, int], episode: int, value: int | None) -> None:
    counts[episode] = max(counts.get(episode, 0), value or 0)


def match_rows(
    history: SessionHistory,
    episodes: Sequence[EpisodeFrames],
    figures: Mapping[str, MatchFigures],
    paths: Mapping[str, Iterable[str]],
) -> Rows:
    """Return one row for each match, in the order in which they were formed.

    Args:
        history: The session.
        episodes: What is stored of its episodes.
        figures: As `figures_of` gives them.
        paths: Match -> how its players reached each other.
    """
    conditions = condition_columns(history, with_seed=True)
    rows: Rows = []
    for match_id, match in history.matches.items():
        played = [episode for episode in episodes if episode.match_id == match_id]
        pages = (episode.recorders for episode in played if not episode.by_server)
        recorders = dict.fromkeys(who for page in pages for who in page)
        flags = [{"at": flag.at, "flag": flag.flag, "detail": flag.detail} for flag in match.flags]
        words = [flag.flag for flag in match.flags]
        if any(episode.differences for episode in played):
            words.append("frames_differ")
        row: dict[str, Any] = {
            "session_id": history.opened.session_id,
            "scene_id": match.formed.scene_id,
            "match_id": match_id,
            "visit_id": match.formed.visit_id,
            "formed_at": match.formed.at,
            "ended_at": match.ended.at if match.ended else None,
            "outcome": match.ended.outcome if match.ended else None,
            "reason": (match.ended.reason or None) if match.ended else None,
            "seed": str(match.formed.seed),
            "treatment": match.formed.settings.get("treatment"),
            "episodes": len(played),
            "frames": sum(episode.frames for episode in played),
            "players": len(match.players),
            "mode": "server_authoritative" if match.is_on_server else "p2p",
            "recorders": len(recorders),
            "flags": " ".join(dict.fromkeys(words)) or None,
            "flag_details": json_text(flags) if flags else None,
        }
        if len(match.players) > 1:
            row |= _together(match, figures.get(match_id, MatchFigures()), paths.get(match_id, ()))
        row |= {f"agents.{agent}": who for agent, who in match.formed.agents.items()}
        visits = match.formed.visits
        row |= {f"visits.{agent}": visits.get(match.formed.agents[agent]) for agent in match.players if visits}
        rows.append(row | conditions.get(match_id, {}))
    return rows


def _together(match: MatchStory, figures: MatchFigures, paths: Iterable[str]) -> dict[str, Any]:
    """Return what only a match of several people has."""
    settings, peers = match.formed.settings, not match.is_on_server
    dropped = [
        {"at": drop.at, "agent": drop.agent, "policy": drop.policy, "reason": drop.reason} for drop in match.dropped
    ]
    desyncs = sum(figures.desyncs.values())
    if not desyncs and any(flag.flag == "desync" for flag in match.flags):
        desyncs = 1  # the page's own event is not there, but it had told the server
    level = figures.snapshot_level or settings.get("snapshot_level")
    return {
        "group_id": match.formed.group_id or None,
        "released_by": match.formed.released_by,
        "input_delay": figures.input_delay if figures.input_delay is not None else _whole(settings.get("input_delay")),
        "window": figures.window if figures.window is not None else _whole(settings.get("window")),
        "snapshot_level": level if isinstance(level, str) else None,
        "transport": " ".join(sorted(paths)) or None,
        "compared": sum(figures.compared.values()) if peers else None,
        "desyncs": desyncs if peers else None,
        "dropped": " ".join(dict.fromkeys(drop.agent for drop in match.dropped)) or None,
        "dropped_details": json_text(dropped) if dropped else None,
    }


def condition_columns(history: SessionHistory, *, with_seed: bool = False) -> dict[str, dict[str, Any]]:
    """Return for each match with network conditions its columns ``delay_ms.<agent>`` and so on, with their values.

    Delay, jitter and loss always have their columns, other conditions where a match of the session uses them. Players
    of whom the study says nothing have the values that change nothing.

    Args:
        history: The session.
        with_seed: With ``condition_seed.<agent>``.
    """
    given: dict[str, dict[str, Mapping[str, Any]]] = {}
    for match_id, match in history.matches.items():
        conditions = match.formed.settings.get("network_conditions")
        if isinstance(conditions, Mapping) and conditions:
            by_agent = {agent: conditions.get(agent) for agent in match.players}
            given[match_id] = {agent: own if isinstance(own, Mapping) else {} for agent, own in by_agent.items()}
    used = {
        name
        for by_agent in given.values()
        for own in by_agent.values()
        for name, value in own.items()
        if name in CONDITIONS and value != CONDITIONS[name]
    }
    names = [name for name in CONDITIONS if name != "seed" and (name in _ALWAYS or name in used)]
    columns: dict[str, dict[str, Any]] = {}
    for match_id, players in given.items():
        own = columns[match_id] = {}
        for name in names:
            own |= {f"{name}.{agent}": float(said.get(name, CONDITIONS[name])) for agent, said in players.items()}
        if with_seed:
            own |= {f"condition_seed.{agent}": _whole(said.get("seed"), 0) for agent, said in players.items()}
    return columns


def _whole(value: Any, otherwise: int | None = None) -> int | None:
    return value if type(value) is int else otherwise
