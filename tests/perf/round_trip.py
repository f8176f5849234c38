"""Round trips and memory of the server with many participants at once."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.drivers.server_driver import ServerDriver
from tests.perf.bench import ROOT, Bench, process_mb, process_seconds
from tests.perf.measurement import Row, Spread

__all__ = ["generating", "measure"]

SECONDS = 22.0
"""The first two are not counted."""

BUDGET_P99_MS = {100: 20.0, 300: 100.0}


def measure(bench: Bench) -> list[Row]:
    """Have 100, then 300 participants pulse and send a chunk a second each."""
    rows: list[Row] = []
    for participants, budget in BUDGET_P99_MS.items():
        rows += _measure_with(bench, participants, budget)
    return rows


def _measure_with(bench: Bench, participants: int, budget: float) -> list[Row]:
    bench.say(f"{participants} participants for {SECONDS:.0f} s")
    with bench.server() as server:
        idle_mb = process_mb(server.pid)
        with generating(bench, server, participants, SECONDS) as finish:
            result = finish()
        warnings = [line for line in server.log.splitlines() if " ERROR " in line or " WARNING " in line]
    pulse, ack = Spread.of(result.pop("pulse_ms")), Spread.of(result.pop("ack_ms"))
    late = Spread.of(result.pop("late_ms"))
    if result["unanswered"] or warnings:
        raise RuntimeError(
            f"{result['unanswered']} messages were never answered; the server's log says: {warnings[:5]}"
        )
    bench.details[f"participants_{participants}"] = {
        **result,
        "idle_mb": idle_mb,
        "pulse_ms": vars(pulse),
        "ack_ms": vars(ack),
        "late_ms": vars(late),
    }
    load = (
        f"server {100 * result['server_cpu_share']:.0f} % and participants {100 * result['cpu_share']:.0f} % of a core"
    )
    rows = [
        Row(
            what=f"round trip of a pulse, {participants} participants, p99",
            value=pulse.p99,
            unit="ms",
            budget=budget,
            note=f"{pulse.words()}; {load}; sent late by p99 {late.p99:.2g} ms",
        ),
        Row(
            what=f"a chunk on disk and acknowledged, {participants} participants, p99",
            value=ack.p99,
            unit="ms",
            budget=budget,
            note=f"{ack.words()}; {result['chunk_bytes']:.0f} bytes each",
        ),
        Row(
            what=f"memory of the server, {participants} participants",
            value=result["peak_mb"],
            unit="MB",
            note=f"{(result['peak_mb'] - idle_mb) / participants:.2f} MB a participant; all came in within "
            f"{result['entered_s']:.1f} s",
        ),
    ]
    if participants == min(BUDGET_P99_MS):
        rows.append(Row(what="memory of the server, nobody there", value=idle_mb, unit="MB"))
    return rows


@contextmanager
def generating(
    bench: Bench, server: ServerDriver, participants: int, seconds: float
) -> Iterator[Callable[[], dict[str, Any]]]:
    """Have participants come in and play for some seconds; what is yielded waits for their end and what they saw."""
    command = [sys.executable, "-m", "tests.perf.load_generator", "--port", str(server.port)]
    command += ["--build", server.build(), "--study", str(bench.study())]
    command += ["--participants", str(participants), "--seconds", str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as generator:
        assert generator.stdin is not None
        assert generator.stdout is not None

        def result() -> dict[str, Any]:
            assert generator.stdout is not None
            line = generator.stdout.readline()
            if not line:
                raise RuntimeError(f"the participants failed; the server's log:\n{server.log[-4000:]}")
            seen: dict[str, Any] = json.loads(line)
            seen["server_cpu_share"] = (process_seconds(server.pid) - cpu_s) / seconds
            seen["peak_mb"] = process_mb(server.pid)
            return seen

        try:
            if not generator.stdout.readline():
                raise RuntimeError(f"the participants could not come in; the server's log:\n{server.log[-4000:]}")
            cpu_s = process_seconds(server.pid)
            generator.stdin.write("go\n")
            generator.stdin.flush()
            yield result
        except BaseException:
            generator.kill()
            raise
