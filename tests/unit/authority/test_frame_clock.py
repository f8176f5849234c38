"""Frames at an even pace, and honest figures of how late they came."""

import pytest

from mug.authority.frame_clock import FrameClock


def play(clock: FrameClock, took_s: list[float], waits_s: list[float] | None = None) -> list[float]:
    """Let frames take so long; returns when each began."""
    now_s, began = clock.due_s, []
    for place, work_s in enumerate(took_s):
        now_s = max(now_s, clock.due_s)
        began.append(now_s)
        clock.begun(now_s)
        now_s += work_s
        clock.catch_up(now_s, 0.0 if waits_s is None else waits_s[place])
    return began


def test_that_what_frames_take_does_not_add_up() -> None:
    clock = FrameClock(10, 5.0)
    began = play(clock, [0.03, 0.09, 0.0, 0.05])
    assert began == pytest.approx([5.0, 5.1, 5.2, 5.3])
    assert clock.late_frames == 0


def test_that_a_slow_frame_is_made_good_by_those_after_it() -> None:
    clock = FrameClock(10, 0.0)
    assert play(clock, [0.25, 0.01, 0.01, 0.01]) == pytest.approx([0.0, 0.25, 0.26, 0.3])
    lateness = clock.take_lateness()
    assert (lateness.frames, lateness.late, lateness.lost_ms) == (4, 2, 0.0)
    assert lateness.worst_ms == pytest.approx(150.0)
    assert clock.late_frames == 2
    assert clock.take_lateness().frames == 0


def test_that_a_game_that_is_far_behind_does_not_hurry() -> None:
    clock = FrameClock(10, 0.0)
    assert play(clock, [1.0, 0.01, 0.01]) == pytest.approx([0.0, 1.0, 1.1])
    assert clock.take_lateness().lost_ms == pytest.approx(900.0)


def test_that_a_freeze_is_no_lateness() -> None:
    clock = FrameClock(10, 0.0)
    assert play(clock, [0.01, 0.01, 0.01], [2.0, 0.0, 0.0]) == pytest.approx([0.0, 2.1, 2.2])
    assert clock.take_lateness().late == 0
    clock.go_on(9.0, 0.5)
    assert clock.due_s == 9.5
