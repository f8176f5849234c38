"""What the worst tick costs in Pyodide: a rollback over the whole window, in worlds of three sizes.

A state is restored, the window's frames are stepped again, each after saving its state where the interval asks for it,
then the new frame is saved and stepped. Run under Node with the program that browsers load.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

from mug.runtime import browser_part, find_distribution, prepare_study, study_zip
from mug.runtime.errors import RuntimeMissingError, RuntimeProblem
from mug.runtime.node import find_node
from tests.perf.bench import Bench
from tests.perf.measurement import Row, Skipped, Spread

__all__ = ["measure"]

SHARE = 0.6
"""Of a frame: what the worst tick may take."""


def measure(bench: Bench) -> list[Row]:
    """Measure step, save, load and the worst tick of three worlds."""
    worlds = _measured(bench)
    bench.details["worlds"] = worlds
    rows = []
    for world in worlds:
        if "error" in world:
            raise RuntimeError(f"{world['name']}: {world['error']}")
        fps, window = world["fps"], world["window"]
        worst = Spread.of(world["worst_ms"])
        parts = ", ".join(
            f"{part} {1000 * Spread.of(world[f'{part}_ms']).p50:.0f} µs" for part in ("step", "save", "load")
        )
        rows.append(
            Row(
                what=f"worst tick in Pyodide, {world['name']}, {fps} Hz, {window} frames again, p99",
                value=worst.p99,
                unit="ms",
                budget=round(SHARE * 1000 / fps, 1),
                note=f"{worst.words()}; {parts}; states saved as {world['level']!r}",
            )
        )
    return rows


def _measured(bench: Bench) -> list[dict[str, Any]]:
    node = find_node()
    if node is None:
        raise Skipped("Node is missing")
    try:
        distribution = find_distribution()
        prepared = prepare_study(["gymnasium", "cogrid==0.3.2"], lock_path=None)
    except (RuntimeMissingError, RuntimeProblem) as error:
        raise Skipped(str(error)) from error
    lock, archive, script = (bench.folder / name for name in ("lock.json", "study.zip", "script.json"))
    lock.write_bytes(prepared.lock_for_node())
    archive.write_bytes(study_zip(browser_part())[1])
    here = Path(__file__).parent
    content = {
        "folder": str(distribution.folder),
        "lock_file": str(lock),
        "packages": list(prepared.packages),
        "study_zip": str(archive),
        "program": (here / "rollback_worlds.py").read_text(encoding="utf-8"),
    }
    script.write_text(json.dumps(content), encoding="utf-8")
    bench.say("three worlds in Pyodide under Node")
    command = [str(node), str(here / "python_in_node.mjs"), str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-4000:])
    worlds: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return worlds
