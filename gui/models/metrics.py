"""What is measured of a participant once a second, and how the plots show it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from mug.protocol.lab import TelemetryPoint

__all__ = ["LOOKS", "Metric", "MetricLook", "is_beyond", "values_of"]


class Metric(IntEnum):
    """One figure of a pulse; its number is its row in the buffers."""

    PING = 0
    JITTER = 1
    LOSS = 2
    FRAME_RATE = 3
    ROLLBACKS = 4
    DEPTH = 5
    STALL = 6


@dataclass(frozen=True)
class MetricLook:
    """How a figure is shown.

    Attributes:
        key: A stable word, for settings.
        title: Its name for people.
        axis: The words along the axis, with the unit.
        meaning: What it is, in a sentence.
        least_top: The axis goes at least so far up.
        limit: Where it begins to be a trouble, in the metric's unit: drawn as a line.
        is_floor: Whether values below the limit are the trouble.
        text: A value in words.
    """

    key: str
    title: str
    axis: str
    meaning: str
    least_top: float
    limit: float
    is_floor: bool
    text: Callable[[float], str]


def _ms(value: float) -> str:
    return f"{value:,.0f} ms"


LOOKS: Final = {
    Metric.PING: MetricLook(
        "ping", "Ping", "Ping (ms)", "Round trip between the page and the server.", 40.0, 150.0, False, _ms
    ),
    Metric.JITTER: MetricLook(
        "jitter", "Jitter", "Jitter (ms)", "How much the ping changes from one to the next.", 20.0, 30.0, False, _ms
    ),
    Metric.LOSS: MetricLook(
        "loss",
        "Loss",
        "Unanswered (%)",
        "Pings without an answer among the last ten.",
        20.0,
        10.0,
        False,
        lambda value: f"{value:.0f} %",
    ),
    Metric.FRAME_RATE: MetricLook(
        "frame_rate",
        "Frame rate",
        "Pictures (per s)",
        "How often the browser draws; below the line a game looks uneven.",
        60.0,
        25.0,
        True,
        lambda value: f"{value:.0f} Hz",
    ),
    Metric.ROLLBACKS: MetricLook(
        "rollbacks",
        "Rollbacks",
        "Rollbacks (per s)",
        "How often a partner's input came after its frame had been guessed, so that frames were stepped again.",
        5.0,
        10.0,
        False,
        lambda value: f"{value:.0f}/s",
    ),
    Metric.DEPTH: MetricLook(
        "depth",
        "Rollback depth",
        "Depth (frames)",
        "The most frames that were stepped again at once.",
        4.0,
        6.0,
        False,
        lambda value: f"{value:.0f} frame{'' if value == 1 else 's'}",
    ),
    Metric.STALL: MetricLook(
        "stall",
        "Stalls",
        "Stalled (ms per s)",
        "How long the game stood still because a partner's input was missing.",
        100.0,
        100.0,
        False,
        _ms,
    ),
}
"""The limits are rules of thumb for play at 30 Hz; a study's own rules are its settings."""

_NONE: Final = math.nan


def values_of(point: TelemetryPoint) -> tuple[float, ...]:
    """Return a pulse's figures in the order of `Metric`; NaN where nothing was measured, or no game of several runs."""
    plays = bool(point.match_id)
    return (
        _NONE if point.rtt_ms is None else point.rtt_ms,
        _NONE if point.jitter_ms is None else point.jitter_ms,
        _NONE if point.loss is None else 100.0 * point.loss,
        _NONE if point.frame_rate_hz is None or not point.visible else point.frame_rate_hz,
        float(point.rollbacks) if plays else _NONE,
        float(point.depth_max) if plays else _NONE,
        point.stalled_ms if plays else _NONE,
    )


def is_beyond(metric: Metric, value: float) -> bool:
    """Return whether a value is on the wrong side of its limit."""
    look = LOOKS[metric]
    return value < look.limit if look.is_floor else value > look.limit
