import numpy as np
import pytest

from gui.models.metrics import Metric
from gui.models.telemetry import CAPACITY, Attention, Pulses, TelemetryHistory, attention_segments, thin
from gui.run.time_axis import clock_ticks
from mug.protocol.lab import TelemetryPoint


def figures(ping_ms: float) -> list[float]:
    return [ping_ms, *[float("nan")] * (len(Metric) - 1)]


def filled(codes: list[Attention], start: float = 1000.0) -> Pulses:
    pulses = Pulses(0)
    for second, code in enumerate(codes):
        pulses.append(start + second, figures(20.0), code)
    return pulses


def stretches(pulses: Pulses, now: float, *, live: bool = True) -> list[tuple[float, float, Attention]]:
    found = attention_segments(pulses, now, live=live)
    return [
        (float(start), float(end), Attention(int(code)))
        for start, end, code in zip(found.start_s, found.end_s, found.code, strict=True)
    ]


def test_that_the_ring_keeps_the_newest_two_hours_in_order() -> None:
    pulses = Pulses(0)
    for second in range(CAPACITY + 1234):
        pulses.append(float(second), figures(float(second)), Attention.FOCUSED)
    assert len(pulses) == CAPACITY
    assert np.array_equal(pulses.at_s, np.arange(1234, CAPACITY + 1234, dtype=float))
    assert np.array_equal(pulses.values(Metric.PING), pulses.at_s)


def test_that_a_clock_that_is_put_back_forgets_what_was_beyond() -> None:
    pulses = filled([Attention.FOCUSED] * 100, start=5000.0)
    pulses.append(5020.5, figures(7.0), Attention.HIDDEN)
    assert pulses.at_s.tolist() == [*(5000.0 + second for second in range(21)), 5020.5]
    pulses.append(1000.0, figures(7.0), Attention.FOCUSED)
    pulses.append(1001.0, figures(7.0), Attention.FOCUSED)
    assert pulses.at_s.tolist() == [1000.0, 1001.0]
    assert stretches(pulses, 1002.0) == [(1000.0, 1002.0, Attention.FOCUSED)]


def test_that_numbers_that_are_none_leave_a_gap() -> None:
    pulses = Pulses(0)
    for second, wrong in enumerate((float("inf"), float("-inf"), float("nan"), 1e300)):
        pulses.append(1000.0 + second, figures(wrong), Attention.FOCUSED)
    assert np.isnan(pulses.values(Metric.PING)).all()


def test_that_a_pulse_from_the_past_is_dropped() -> None:
    pulses = filled([Attention.FOCUSED] * 3)
    pulses.append(1001.0, figures(5.0), Attention.HIDDEN)
    assert pulses.at_s.tolist() == [1000.0, 1001.0, 1002.0]


def test_that_a_missing_ping_is_a_hole_in_the_line() -> None:
    history = TelemetryHistory()
    history.add([TelemetryPoint(participant_id="p", at_ms=1000, rtt_ms=None, focused=True, visible=True)])
    assert np.isnan(history.pulses("p").values(Metric.PING)[0])


def test_that_hidden_wins_over_unfocused() -> None:
    history = TelemetryHistory()
    history.add(
        [
            TelemetryPoint(participant_id="p", at_ms=1000, rtt_ms=1, focused=True, visible=True),
            TelemetryPoint(participant_id="p", at_ms=2000, rtt_ms=1, focused=False, visible=True),
            TelemetryPoint(participant_id="p", at_ms=3000, rtt_ms=1, focused=False, visible=False),
        ]
    )
    assert history.pulses("p").attention.tolist() == [Attention.FOCUSED, Attention.UNFOCUSED, Attention.HIDDEN]


def test_that_equal_pulses_make_one_stretch_each() -> None:
    pulses = filled([Attention.FOCUSED] * 3 + [Attention.HIDDEN] * 2 + [Attention.FOCUSED])
    assert stretches(pulses, 1006.0) == [
        (1000.0, 1003.0, Attention.FOCUSED),
        (1003.0, 1005.0, Attention.HIDDEN),
        (1005.0, 1006.0, Attention.FOCUSED),
    ]


def test_that_silence_becomes_a_lost_stretch() -> None:
    pulses = filled([Attention.FOCUSED] * 2)
    pulses.append(1020.0, figures(20.0), Attention.FOCUSED)
    assert stretches(pulses, 1021.0) == [
        (1000.0, 1002.0, Attention.FOCUSED),
        (1002.0, 1020.0, Attention.LOST),
        (1020.0, 1021.0, Attention.FOCUSED),
    ]


def test_that_silence_up_to_now_is_lost_only_while_pulses_are_expected() -> None:
    pulses = filled([Attention.FOCUSED] * 2)
    assert stretches(pulses, 1010.0)[-1] == (1002.0, 1010.0, Attention.LOST)
    assert stretches(pulses, 1010.0, live=False) == [(1000.0, 1002.0, Attention.FOCUSED)]


def test_that_stretches_never_overlap_and_never_run_backwards() -> None:
    rng = np.random.default_rng(7)
    for _ in range(50):
        pulses = Pulses(0)
        at = 0.0
        for _ in range(60):
            at += float(rng.choice([1.0, 1.0, 1.0, 9.0]))
            pulses.append(at, figures(1.0), Attention(int(rng.integers(0, 3))))
        found = attention_segments(pulses, at + float(rng.choice([0.2, 30.0])), live=bool(rng.integers(0, 2)))
        assert np.all(found.end_s > found.start_s)
        assert np.allclose(found.start_s[1:], found.end_s[:-1])


def test_that_thinning_keeps_every_peak() -> None:
    x = np.arange(7200, dtype=float)
    y = np.full(7200, 20.0)
    y[4321] = 900.0
    thinned_x, thinned_y = thin(x, y, 0.0, 7200.0, 400)
    assert len(thinned_x) <= 3 * 400
    assert thinned_y.max() == 900.0
    assert thinned_x[int(np.argmax(thinned_y))] == 4321.0


def test_that_thinning_breaks_the_line_where_nothing_arrived() -> None:
    x = np.array([0.0, 1.0, 2.0, 30.0, 31.0])
    _, y = thin(x, np.ones(5), 0.0, 60.0, 600)
    assert np.isnan(y).sum() == 1


def test_that_thinning_keeps_one_point_outside_on_either_side() -> None:
    x = np.arange(100, dtype=float)
    thinned_x, _ = thin(x, x, 10.5, 20.5, 500)
    assert (thinned_x[0], thinned_x[-1]) == (10.0, 21.0)


@pytest.mark.parametrize("span", [30.0, 120.0, 600.0, 7200.0])
def test_that_the_axis_has_a_few_round_times(span: float) -> None:
    ticks = clock_ticks(1_760_000_000.0, 1_760_000_000.0 + span, 600)
    assert 1 <= len(ticks) <= 7
    assert len({text for _moment, text in ticks}) == len(ticks)
