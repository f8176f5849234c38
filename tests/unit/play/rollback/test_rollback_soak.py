"""A very long match: nothing grows, nothing goes apart."""

import pytest
from rollback_matches import a_match, check

from mug.play.chaos import Conditions
from tests.drivers.rollback_net import Match

NETWORK = Conditions(delay_ms=100, loss=0.05, jitter_ms=10)


def soak(frames: int) -> Match:
    match = a_match(NETWORK, seed=2, keep_rows=False)
    match.run(until_ms=1e12, until=lambda m: all(p is not None and p.total >= frames for p in m.players))
    return match


def hold_to(match: Match, frames: int) -> None:
    check(match, rollbacks=frames // 20)
    for player in match.present:
        figures = player.core.figures
        assert player.total >= frames
        assert figures.compared >= frames // 30 - 2
        assert figures.stalled_ticks < 0.01 * figures.ticks
        assert player.largest["saved"] <= 24
        assert player.largest["pending"] <= 24
        assert player.largest["queue"] <= 32
        assert player.largest["line"] <= 8
        assert player.largest.get("early", 0) <= 32


def test_that_a_few_minutes_leave_nothing_behind() -> None:
    hold_to(soak(6_000), 6_000)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_that_a_million_confirmed_frames_have_no_desync_and_bounded_queues() -> None:
    hold_to(soak(1_000_000), 1_000_000)
