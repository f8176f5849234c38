"""How the server is reaches the consoles: measured for real, once a second, without anybody waiting for it."""

import time
from pathlib import Path

from mug.authority.supervisor import ProcessFigures
from mug.engine.inputs import ServerMeasured
from mug.ids import MatchId
from mug.server.health import Busyness, HealthSampler

DEADLINE_S = 60.0


def sampler(records: Path, put: object, busyness: Busyness | None = None) -> HealthSampler:
    return HealthSampler(
        put,  # type: ignore[arg-type]
        busyness or Busyness(),
        queue=lambda: 7,
        pages=lambda: 3,
        records=records,
        now_ms=lambda: 5.0,
    )


def test_that_busyness_tells_the_longest_since_it_was_asked_last() -> None:
    busyness = Busyness()
    for took_s in (0.001, 0.004, 0.002):
        busyness.handled(took_s)
    busyness.committed(0.25)
    assert busyness.take() == (4.0, 250.0)
    assert busyness.take() == (0.0, 0.0)


def test_that_a_sample_holds_what_this_process_uses(tmp_path: Path) -> None:
    busyness = Busyness()
    busyness.handled(0.5)
    health = sampler(tmp_path / "not" / "yet" / "there.sqlite", print, busyness).sample()
    assert (health.at_ms, health.queue, health.pages, health.handled_max_ms) == (5.0, 7, 3, 500.0)
    assert health.memory_bytes > 1_000_000
    assert health.disk_free_bytes > 0
    assert 0 <= health.machine_cpu <= 1


def test_that_what_the_processes_of_matches_take_counts_as_the_servers(tmp_path: Path) -> None:
    alone = sampler(tmp_path, print).sample()
    figures = ProcessFigures(
        match_id=MatchId("m"), pid=1, stage="playing", cpu=3.5, memory_bytes=10**12, hz=30.0, late_frames=0
    )
    together = HealthSampler(
        print,
        Busyness(),
        queue=lambda: 0,
        pages=lambda: 0,
        records=tmp_path,
        now_ms=lambda: 0.0,
        processes=lambda: (figures, figures),
    ).sample()
    assert together.memory_bytes > 2 * 10**12 > alone.memory_bytes
    assert together.cpu >= 7.0


def test_that_samples_come_by_themselves_until_it_is_stopped(tmp_path: Path) -> None:
    given: list[ServerMeasured] = []
    measuring = sampler(tmp_path, given.append)
    measuring.start()
    ends = time.monotonic() + DEADLINE_S
    while not any(measured.health.cpu > 0 for measured in list(given)):  # working meanwhile: something to be measured
        assert time.monotonic() < ends, given
    measuring.stop()
