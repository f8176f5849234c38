"""Export of a million frames in a process of its own (`export_bench` makes the records)."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.perf.bench import ROOT, Bench
from tests.perf.export_bench import BUDGET_MB, BUDGET_S, EXPORT, make_records
from tests.perf.measurement import Row

__all__ = ["measure"]

FRAMES = 1_000_000
MORE_FRAMES = 2_000_000


def measure(bench: Bench) -> list[Row]:
    """Make records, export them as CSV, with Parquet beside it, and twice as many."""
    rows = []
    for frames, formats in ((FRAMES, "csv"), (FRAMES, "csv,parquet"), (MORE_FRAMES, "csv")):
        path = bench.folder / f"bench-{frames}" / "records.sqlite"
        if not path.exists():
            bench.say(f"making records of {frames:,} frames")
            make_records(path, frames)
        rows += _export(bench, path, frames, formats)
    return rows


def _export(bench: Bench, path: Path, frames: int, formats: str) -> list[Row]:
    bench.say(f"exporting {frames:,} frames as {formats}")
    out = bench.folder / f"out-{frames}-{formats.replace(',', '-')}"
    command = [sys.executable, "-c", EXPORT, str(path), str(out), formats]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    result = json.loads(done.stdout)
    if result["problems"] or result["counts"]["frames"] != frames:
        raise RuntimeError(f"the export is not right: {result}")
    bench.details[f"{frames} {formats}"] = result
    what = f"export of {frames:,} frame rows{', Parquet too' if 'parquet' in formats else ''}"
    sizes = f"records of {path.stat().st_size / 1e6:.0f} MB become {_size_mb(out):.0f} MB"
    shutil.rmtree(out)
    budget = BUDGET_S * frames / FRAMES
    return [
        Row(what=what, value=result["seconds"], unit="s", budget=budget, note=f"24 columns; {sizes}"),
        Row(what="… largest memory", value=result["peak_mb"], unit="MB", budget=BUDGET_MB),
    ]


def _size_mb(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
