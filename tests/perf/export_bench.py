"""How long the export of a long session takes, and how much memory: ``python tests/perf/export_bench.py [FRAMES]``.

Makes real records (two agents, four observed numbers each, 24 columns, chunks of one second at 30 Hz), exports them
in a process of its own and prints a table beside the budgets.
"""

import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from mug.play.chunks import EMPTY_CHAIN, decode_chunk, encode_chunk
from mug.records import RecordWriter
from mug.records import facts as f

AT = "2026-03-01T10:00:00.000Z"
FPS = 30
FRAMES_PER_EPISODE = 9_000
BUDGET_S = 10.0
BUDGET_MB = 500.0

EXPORT = """
import json, resource, sys, time
from pathlib import Path
from mug.records.export import ExportOptions, export_session
began = time.perf_counter()
options = ExportOptions(formats=tuple(sys.argv[3].split(",")))
result = export_session(Path(sys.argv[1]), "s1", Path(sys.argv[2]), options)
seconds = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_SELF)
peak, cpu = used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
measured = {"seconds": seconds, "cpu_seconds": cpu, "peak_mb": peak}
print(json.dumps(measured | {"counts": result.counts, "problems": result.problems[:3]}))
"""


def make_records(path: Path, frames: int) -> None:
    """Write a session with so many frames."""
    rng = np.random.default_rng(1)
    statuses = random.Random(1).choices(["input", "default"], k=10_000)
    with RecordWriter.open(path) as writer:
        writer.append([f.SessionOpened(at=AT, session_id="s1", experiment_id="bench", study_hash="h", seed=1)])
        writer.append([f.ParticipantJoined(at=AT, participant_id="p", seed=1, token_sha256="t")])
        planned = f.PlannedVisit(visit_id="v", scene_id="game", node_path=(1,), kind="gym_game")
        writer.append([f.PlanDrawn(at=AT, participant_id="p", visits=(planned,))])
        writer.append([f.VisitStarted(at=AT, participant_id="p", visit_id="v")])
        agents = {"left": "p", "right": "policy:random"}
        writer.append([f.MatchFormed(at=AT, match_id="m", visit_id="v", scene_id="game", seed=3, agents=agents)])
        seq = 0
        for episode in range(-(-frames // FRAMES_PER_EPISODE)):
            chain = EMPTY_CHAIN
            for first in range(0, min(FRAMES_PER_EPISODE, frames - episode * FRAMES_PER_EPISODE), FPS):
                rows = min(FPS, frames - episode * FRAMES_PER_EPISODE - first)
                columns = {"frame": list(range(first, first + rows))}
                for agent in agents:
                    columns[f"status.{agent}"] = statuses[first % 9000 : first % 9000 + rows]
                for agent in agents:
                    columns[f"actions.{agent}"] = rng.integers(0, 3, rows).tolist()
                for agent in agents:
                    columns[f"rewards.{agent}"] = rng.normal(size=rows).tolist()
                for name in ("terminated", "truncated"):
                    for agent in agents:
                        columns[f"{name}.{agent}"] = [False] * rows
                for agent in agents:
                    columns[f"observations.{agent}"] = list(rng.normal(size=(rows, 4)).astype(np.float32))
                for agent in agents:
                    columns[f"infos.{agent}"] = [{} for _ in range(rows)]
                columns["state_hash"] = [f"{number:032x}" for number in range(first, first + rows)]
                body = encode_chunk(
                    match_id="m", episode=episode, first=first, columns=columns, previous_chain_hash=chain
                )
                chunk = decode_chunk(body)
                chain = chunk.chain_hash
                digest = hashlib.sha256(body).hexdigest()
                stored = f.ChunkStored(
                    at=AT, participant_id="p", visit_id="v", stream="frames", seq=seq, sha256=digest, size=len(body),
                    meta=chunk.meta,
                )  # fmt: skip
                writer.append([stored], {digest: body})
                seq += 1
        if not writer.flush(600):
            raise SystemExit("the records could not be written")


def main() -> None:
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="mug-export-bench-") as folder:
        path = Path(folder) / "bench" / "records.sqlite"
        began = time.perf_counter()
        make_records(path, frames)
        print(f"made {frames:,} frames in {time.perf_counter() - began:.1f} s, {path.stat().st_size / 1e6:.0f} MB")
        command = [sys.executable, "-c", EXPORT, str(path), str(Path(folder) / "out"), "csv"]
        result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        size = sum(file.stat().st_size for file in (Path(folder) / "out").rglob("*") if file.is_file())
    scale = frames / 1_000_000
    print(f"{'what':40} {'measured':>12} {'budget':>12}")
    print(f"{f'export of {frames:,} frame rows':40} {result['seconds']:10.1f} s {BUDGET_S * scale:10.1f} s")
    print(f"{'  of it, computing (all threads)':40} {result['cpu_seconds']:10.1f} s")
    print(f"{'peak memory of the exporting process':40} {result['peak_mb']:9.0f} MB {BUDGET_MB:9.0f} MB")
    print(f"{'size of the export':40} {size / 1e6:9.0f} MB")
    if result["problems"] or result["counts"]["frames"] != frames:
        raise SystemExit(f"the export is not right: {result}")


if __name__ == "__main__":
    main()
