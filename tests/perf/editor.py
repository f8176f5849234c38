"""The editor with long chains: how long from what a person does until its canvas, or the whole window, shows it."""

import importlib.util
import json
import subprocess
import sys
from typing import Any

from tests.perf.bench import ROOT, Bench
from tests.perf.measurement import Row, Skipped, Spread

__all__ = ["measure"]

CASES = (
    ("canvas", 200, (1280, 800)),
    ("window", 200, (1920, 1080)),
    ("canvas", 500, (2560, 1440)),
    ("window", 500, (2560, 1440)),
)
"""What is shown, scenes of the chain, size of the window."""
BUDGET_MS = 50.0


def measure(bench: Bench) -> list[Row]:
    """Let a real window on an offscreen display be edited with real mouse events."""
    if importlib.util.find_spec("PySide6") is None:
        raise Skipped("PySide6 is not installed: python3 bootstrap.py setup")
    rows: list[Row] = []
    for where, scenes, (width, height) in CASES:
        bench.say(f"editing a chain of {scenes} scenes, {where}, {width}x{height}")
        taken = _run(where, scenes, width, height)
        bench.details[f"{where} {scenes}"] = {what: [list(pair) for pair in pairs] for what, pairs in taken.items()}
        for what, pairs in taken.items():
            spread, cpu = Spread.of([wall for wall, _ in pairs]), Spread.of([cpu for _, cpu in pairs])
            budget = None if what == "open" else BUDGET_MS
            for name, value, used in (("median", spread.p50, cpu.p50), ("p99", spread.p99, cpu.p99)):
                rows.append(
                    Row(
                        what=f"{where} with {scenes} scenes: {what} until painted, {name}",
                        value=value,
                        unit="ms",
                        budget=budget,
                        note=f"processor time {used:.1f} ms, {spread.count} samples",
                    )
                )
    return rows


def _run(where: str, scenes: int, width: int, height: int) -> dict[str, list[tuple[float, float]]]:
    command = [sys.executable, "-m", "tests.perf.editor_process", where, str(scenes), str(width), str(height)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the editor did not run: {done.stderr[-3000:]}")
    found: Any = json.loads(done.stdout.splitlines()[-1])
    return {str(what): [(wall, cpu) for wall, cpu in pairs] for what, pairs in found.items()}
