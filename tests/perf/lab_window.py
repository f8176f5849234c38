"""MUG Lab: how fast its window is there, what it needs, and what it does with 100 live participants."""

import importlib.util
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.perf.bench import ROOT, Bench
from tests.perf.measurement import Row, Skipped, Spread
from tests.perf.round_trip import generating

__all__ = ["BUDGET_CORE_PERCENT", "BUDGET_FRAME_MS", "PARTICIPANTS", "measure", "run_lab"]

STARTS = 3
PARTICIPANTS = 100
WATCHED_S = 15.0
BUDGET_FRAME_MS = 50.0
BUDGET_CORE_PERCENT = 15.0


def measure(bench: Bench) -> list[Row]:
    """Start the real app on an offscreen display, alone and beside a session with 100 participants."""
    if importlib.util.find_spec("PySide6") is None:
        raise Skipped("PySide6 is not installed: python3 bootstrap.py setup")
    bench.say(f"starting MUG Lab {STARTS} times")
    starts = [run_lab(bench.folder / f"lab-{number}")[0] for number in range(STARTS)]
    shown = [start["shown_s"] for start in starts]
    rows = [
        Row(
            what="MUG Lab started until its window is painted",
            value=statistics.median(shown),
            unit="s",
            note=f"median of {' '.join(f'{time:.2f}' for time in shown)}; of it imports "
            f"{statistics.median(start['imported_s'] for start in starts):.2f} s",
        ),
        Row(
            what="memory of MUG Lab, just started",
            value=statistics.median(start["rss_mb"] for start in starts),
            unit="MB",
        ),
    ]
    bench.say(f"MUG Lab beside a session with {PARTICIPANTS} participants, {WATCHED_S:.0f} s")
    with bench.server() as server, generating(bench, server, PARTICIPANTS, WATCHED_S + 12) as result:
        watched = run_lab(server.data_dir, str(WATCHED_S))[1]
        result()
    if watched["rows"] != PARTICIPANTS:
        raise RuntimeError(f"MUG Lab shows {watched['rows']} participants instead of {PARTICIPANTS}")
    busy, cpu = Spread.of(watched.pop("busy_ms")), Spread.of(watched.pop("cpu_ms"))
    bench.details.update({"starts": starts, "watched": watched, "busy_ms": vars(busy), "cpu_ms": vars(cpu)})
    return [
        *rows,
        Row(
            what=f"window with {PARTICIPANTS} live participants: longest time without a look at events",
            value=busy.longest,
            unit="ms",
            budget=BUDGET_FRAME_MS,
            note=f"{busy.words()}; processor time of the GUI thread at a stretch: longest {cpu.longest:.1f} ms, "
            f"p99 {cpu.p99:.1f} ms",
        ),
        Row(
            what=f"window with {PARTICIPANTS} live participants: share of a core",
            value=100 * watched["cpu_share"],
            unit="%",
            budget=BUDGET_CORE_PERCENT,
        ),
        Row(what=f"memory of MUG Lab with {PARTICIPANTS} participants", value=watched["rss_mb"], unit="MB"),
    ]


def run_lab(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """Run MUG Lab in a process of its own; returns its lines: how it started, and what it saw, if it was to watch."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.perf.lab_process", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=1_200, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"MUG Lab did not run: {done.stderr[-3000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]
