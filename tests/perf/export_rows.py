"""Export of a million frames in a process of its own (`export_bench` makes the records)."""

import json
import subprocess
import sys
from pathlib import Path

from tests.perf.bench import ROOT, Bench
from tests.perf.export_bench import BUDGET_MB, BUDGET_S, EXPORT, make_records
from tests.perf.measurement import Row

__all__ = ["measure"]

FRAMES = 1_000_000


def measure(bench: Bench) -> list[Row]:
    """Make the records, export them, look at the result."""
    path = bench.folder / "bench" / "records.sqlite"
    bench.say(f"making records of {FRAMES:,} frames")
    make_records(path, FRAMES)
    bench.say("exporting them")
    out = bench.folder / "out"
    command = [sys.executable, "-c", EXPORT, str(path), str(out)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    result = json.loads(done.stdout)
    if result["problems"] or result["counts"]["frames"] != FRAMES:
        raise RuntimeError(f"the export is not right: {result}")
    bench.details.update(result)
    return [
        Row(
            what="export of 1,000,000 frame rows",
            value=result["seconds"],
            unit="s",
            budget=BUDGET_S,
            note=f"24 columns; records of {path.stat().st_size / 1e6:.0f} MB become {_size_mb(out):.0f} MB",
        ),
        Row(what="largest memory of the export", value=result["peak_mb"], unit="MB", budget=BUDGET_MB),
    ]


def _size_mb(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
