"""``python -m tests.perf [NAME …]``: run the benchmarks and print one table beside their budgets."""

import argparse
import importlib
import json
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from tests.perf import machine
from tests.perf.bench import Bench
from tests.perf.measurement import Row, Skipped, table

BENCHMARKS = {
    "own-javascript": ("own_javascript", "size of our own JavaScript"),
    "tick": ("tick", "what a tick costs in Pyodide besides the environment"),
    "onnx": ("onnx_decisions", "what a decision of an ONNX policy takes, in a page and natively"),
    "rollback": ("rollback_ticks", "the worst tick in Pyodide: a rollback over the whole window, three worlds"),
    "networks": ("rollback_profiles", "rollbacks, depth, waiting and bandwidth of networks, on a virtual clock"),
    "policies": ("policies", "decisions of policies in CPython, saving and restoring them"),
    "pair": ("pair_rate", "two pages of one game on this machine: rate, ticks, waiting, rollbacks"),
    "authority": ("authority", "matches that the server steps at 30 Hz: a core holds, lateness, memory, bytes"),
    "load": ("page_load", "page opened to game ready, cold and warm"),
    "game": ("game_rate", "rate, Python's share of a frame, keys, start of a game in a browser"),
    "round-trip": ("round_trip", "server with 100 and 300 participants: round trips, memory"),
    "crowd": ("crowd", "300 participants through arrival, forms, waitroom, matches; rows lost"),
    "export": ("export_rows", "export of a million frames"),
    "editor": ("editor", "the editor's canvas with 200 and 500 scenes: open, insert, drag, undo, field change"),
    "lab": ("lab_window", "MUG Lab: start, memory, window with 100 live participants"),
    "console": ("console_hours", "MUG Lab beside 100 participants for ten minutes"),
    "panel": ("property_panel", "MUG Lab's editor: selecting scenes, typing into the property panel"),
    "seats": ("seats_map", "MUG Lab's Seats page with 100 desks, and the table of their connections"),
}


def main() -> int:
    """Run what was chosen; returns 1 when a benchmark failed. A budget that is missed is no failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.perf", description=__doc__)
    names = "\n".join(f"{name}: {what}" for name, (_, what) in BENCHMARKS.items())
    parser.add_argument("benchmarks", nargs="*", metavar="NAME", help=f"which to run (all): {names}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write rows, details and the machine there")
    args = parser.parse_args()
    unknown = [name for name in args.benchmarks if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(BENCHMARKS)}")
    described = machine.describe()
    for name, text in described.items():
        sys.stderr.write(f"{name}: {text}\n")
    busy = machine.load_average()
    if busy > 0.5:
        sys.stderr.write(f"Other programs are at work here (load {busy:.1f}): the numbers will be worse for it.\n")
    rows: list[Row] = []
    remarks: list[str] = []
    details: dict[str, Any] = {}
    failed = False
    for name in args.benchmarks or BENCHMARKS:
        began = time.perf_counter()
        sys.stderr.write(f"{name}: {BENCHMARKS[name][1]}\n")
        with tempfile.TemporaryDirectory(prefix="mug-perf-", ignore_cleanup_errors=True) as folder:
            bench = Bench(Path(folder))
            try:
                rows += importlib.import_module(f"tests.perf.{BENCHMARKS[name][0]}").measure(bench)
            except Skipped as error:
                remarks.append(f"{name} was not run: {error}")
            except Exception as error:
                traceback.print_exc()
                remarks.append(f"{name} failed: {error}")
                failed = True
            details[name] = {**bench.details, "seconds": time.perf_counter() - began, "load": machine.load_average()}
    print("\n".join([table(rows), *remarks]))
    if args.json is not None:
        content = {
            "machine": described,
            "load_before": busy,
            "rows": [row.as_json() for row in rows],
            "remarks": remarks,
            "details": details,
        }
        args.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
