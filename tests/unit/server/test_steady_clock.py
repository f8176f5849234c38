"""The clock of a session: true at the start, and no leap of the computer's clock changes how long people wait."""

import time

from mug.server.clock import SteadyClock


def test_that_a_session_begins_at_the_true_time_and_its_clock_runs_on() -> None:
    before = time.time() * 1000
    clock = SteadyClock()
    begun = clock.now_ms()
    assert before - 1 <= begun <= time.time() * 1000 + 1
    earlier = clock.now_ms()
    while clock.now_ms() == earlier:
        time.sleep(0.001)
    assert clock.now_ms() > earlier


def test_that_setting_the_computers_clock_moves_nobodys_time() -> None:
    wall, elapsed = [1_700_000_000.0], [50.0]
    clock = SteadyClock(lambda: wall[0], lambda: elapsed[0])
    assert clock.now_ms() == 1_700_000_000_000.0
    for leap_s in (-3_600.0, 7_200.0):
        wall[0] += leap_s
        elapsed[0] += 0.5
    assert clock.now_ms() == 1_700_000_001_000.0
