"""What the small plots of the room and of the server show."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from gui.models.health import FIGURES, HealthHistory
from gui.models.markers import Markers
from gui.models.metrics import LOOKS, Metric, is_beyond
from gui.models.telemetry import GAP_S, Attention, Pulses, TelemetryHistory, thin
from gui.widgets.sparkline_grid import Sparkline

__all__ = ["health_cells", "metric_cells", "room_cells", "worst_line"]

Floats = npt.NDArray[np.float64]

_ATTENTION: Final = {
    Attention.FOCUSED: "focused",
    Attention.UNFOCUSED: "unfocused",
    Attention.HIDDEN: "hidden",
    Attention.LOST: "no connection",
}
_BUCKETS: Final = 300


def room_cells(
    history: TelemetryHistory,
    metric: Metric,
    people: Sequence[tuple[str, str, bool]],
    edges_s: tuple[float, float],
    markers: Markers,
    *,
    in_sight: range,
    width_px: int,
) -> list[Sparkline]:
    """Make one cell for each participant, all with the same scale; those out of sight have no line.

    Args:
        history: The pulses.
        metric: What is shown.
        people: Id, name, and whether pulses are expected.
        edges_s: The stretch of time, Unix seconds.
        markers: The experimenter's notes and actions.
        in_sight: The places whose lines are wanted.
        width_px: How wide a cell is.
    """
    start, end = edges_s
    cells: list[Sparkline] = []
    for place, (who, name, is_live) in enumerate(people):
        pulses = history.pulses(who)
        if place not in in_sight:
            cells.append(Sparkline(who, name, is_faint=not is_live))
            continue
        marks = tuple(mark.at_s for mark in markers.between(start, end, (who,)))
        cells.append(_cell(pulses, metric, (who, name), edges_s, width_px, is_live=is_live, marks=marks))
    top = max((float(np.fmax.reduce(cell.y, initial=cell.top)) for cell in cells), default=1.0)
    return [replace(cell, top=top) for cell in cells]


def metric_cells(pulses: Pulses, edges_s: tuple[float, float], width_px: int, *, is_live: bool) -> list[Sparkline]:
    """Make one cell for each figure of one participant."""
    return [
        _cell(pulses, metric, (look.key, look.title), edges_s, width_px, is_live=is_live)
        for metric, look in LOOKS.items()
    ]


def _cell(
    pulses: Pulses,
    metric: Metric,
    names: tuple[str, str],
    edges_s: tuple[float, float],
    width_px: int,
    *,
    is_live: bool,
    marks: tuple[float, ...] = (),
) -> Sparkline:
    look = LOOKS[metric]
    start, end = edges_s
    x, y = thin(pulses.at_s, pulses.values(metric), start, end, max(20, width_px // 3))
    now = _newest(pulses, metric, end)
    attention = _attention(pulses, end)
    said = look.text(now) if math.isfinite(now) else "–"
    is_beyond_limit = math.isfinite(now) and is_beyond(metric, now) and is_live
    return Sparkline(
        key=names[0],
        title=names[1],
        value=said if is_live else "gone",
        trouble=is_beyond_limit,
        x=x,
        y=y,
        top=look.least_top,
        limit=look.limit,
        marks=marks,
        tip=f"{names[1]}\n{look.title}: {said}{' (beyond the line)' if is_beyond_limit else ''}\n{attention}",
        is_faint=not is_live,
    )


def _newest(pulses: Pulses, metric: Metric, end_s: float) -> float:
    place = int(np.searchsorted(pulses.at_s, end_s, side="right")) - 1
    return float(pulses.values(metric)[place]) if place >= 0 and end_s - pulses.at_s[place] <= GAP_S else math.nan


def _attention(pulses: Pulses, end_s: float) -> str:
    place = int(np.searchsorted(pulses.at_s, end_s, side="right")) - 1
    if place < 0 or end_s - pulses.at_s[place] > GAP_S:
        return _ATTENTION[Attention.LOST].capitalize()
    word = _ATTENTION[Attention(int(pulses.attention[place]))].capitalize()
    return f"{word}, full screen" if pulses.fullscreen[place] else word


def health_cells(health: HealthHistory, start_s: float, end_s: float, width_px: int) -> list[Sparkline]:
    """Make one cell for each figure of the server."""
    cells = []
    for place, figure in enumerate(FIGURES):
        values = health.values(place)
        now = float(values[-1]) if len(values) else math.nan
        known = math.isfinite(now)
        x, y = thin(health.at_s, values, start_s, end_s, max(20, width_px // 3))
        beyond = known and figure.is_beyond(now)
        cells.append(
            Sparkline(
                key=figure.key,
                title=figure.title,
                value=figure.text(now) if known else "–",
                trouble=beyond,
                x=x,
                y=y,
                top=figure.limit / 4,
                limit=figure.limit,
                tip=f"{figure.title}: {figure.text(now) if known else 'not known'}"
                + (f"\n{figure.trouble}" if beyond else ""),
            )
        )
    return cells


def worst_line(history: TelemetryHistory, people: Sequence[str], metric: Metric) -> tuple[Floats, Floats, float]:
    """Return the worst value of all over everything that is kept: seconds, values, and since when.

    For a figure whose limit is a floor the least value is the worst; it is drawn as how far it is below the best.
    """
    kept = [pulses for pulses in map(history.pulses, people) if len(pulses)]
    if not kept:
        return np.zeros(0), np.zeros(0), math.inf
    begin = min(float(pulses.at_s[0]) for pulses in kept)
    end = max(float(pulses.at_s[-1]) for pulses in kept)
    edges = np.linspace(begin, max(end, begin + 1.0), _BUCKETS + 1)[:-1]
    worst = np.full(_BUCKETS, np.nan)
    floor = LOOKS[metric].is_floor
    for pulses in kept:
        at, values = pulses.at_s, pulses.values(metric)
        first = np.searchsorted(at, edges)
        filled = np.flatnonzero(np.diff(np.append(first, len(at))) > 0)
        if not len(filled):
            continue
        found = (np.fmin if floor else np.fmax).reduceat(values, first[filled])
        worst[filled] = (np.fmin if floor else np.fmax)(worst[filled], found)
    if floor:
        worst = np.fmax.reduce(worst, initial=0.0) - worst
    return edges, worst, begin
