"""A crowd of 300 through a whole study: arrival in a burst, forms, the waitroom, matches, chunks, the end."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import tomlkit

from mug.play.chunks import decode_chunk
from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.pair_study import FRAMES, write_pair_study
from tests.drivers.server_driver import ServerDriver
from tests.perf.bench import ROOT, Bench, process_mb, process_seconds
from tests.perf.measurement import Row, Spread

__all__ = ["measure"]

PEOPLE = 300
BURST = 100
"""So many arrive at one moment, as a class that is told to begin does."""
PER_SECOND = 15.0
"""The others, one after the other."""
DEADLINE_S = 300.0

FORMS = """
[[chain]]
kind = "text_box"
scene_id = "before"
scene_header = "Before you begin"
text_box_header = "What do you expect?"

[[chain]]
kind = "multiple_choice"
scene_id = "about"
scene_header = "About you"
questions = ["Do you play games?", "Have you played this one?"]
choices = ["often", "sometimes", "never"]
"""


def measure(bench: Bench) -> list[Row]:
    """Let the crowd through; every row that a participant was told is on disk must be there afterwards."""
    study = _study(bench.folder / "points")
    data = bench.folder / "data"
    bench.say(f"{PEOPLE} participants: {BURST} at once, then {PER_SECOND:g} a second")
    with ServerDriver(study, data).start(deadline_s=240) as server:
        idle_mb, cpu_s = process_mb(server.pid), process_seconds(server.pid)
        command = [sys.executable, "-m", "tests.perf.crowd_generator", "--port", str(server.port)]
        command += ["--build", server.build(), "--study", str(study), "--people", str(PEOPLE)]
        command += ["--burst", str(BURST), "--per-second", str(PER_SECOND)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=DEADLINE_S, check=False)
        if done.returncode:
            raise RuntimeError(f"the participants failed: {done.stderr[-3000:]}\nserver: {server.log[-3000:]}")
        seen: dict[str, Any] = json.loads(done.stdout)
        server_share = (process_seconds(server.pid) - cpu_s) / seen["seconds"]
        peak_mb = process_mb(server.pid)
        warnings = [line for line in server.log.splitlines() if " ERROR " in line or " WARNING " in line]
    if warnings:
        raise RuntimeError(f"the server's log says: {warnings[:5]}")
    lost = _lost(data, seen)
    spreads = {name: Spread.of(seen.pop(f"{name}_ms")) for name in ("pulse", "ack", "enter", "scene", "wait")}
    matches = seen.pop("match_ids")
    bench.details["crowd"] = {**seen, **{name: vars(spread) for name, spread in spreads.items()}}
    load = f"server {100 * server_share:.0f} % and participants {100 * seen['cpu_share']:.0f} % of a core"
    return [
        _row("round trip of a pulse", spreads["pulse"], load, budget=100.0),
        _row("a chunk on disk and acknowledged", spreads["ack"], f"{seen['rows']:,} rows of frames", budget=100.0),
        _row("hello to the first scene", spreads["enter"], f"{BURST} of them at one moment"),
        _row("finished a scene to the next one", spreads["scene"], f"{seen['answers']} answers of forms"),
        _row("waited for a partner", spreads["wait"], f"{len(set(matches))} matches, nobody in two"),
        Row(
            what=f"rows lost, crowd of {PEOPLE}",
            value=lost,
            unit="rows",
            budget=0.0,
            note="acknowledged by the server, but not in the records",
        ),
        Row(
            what=f"memory of the server, crowd of {PEOPLE}",
            value=peak_mb,
            unit="MB",
            note=f"{(peak_mb - idle_mb) / PEOPLE:.2f} MB a participant; the whole took {seen['seconds']:.0f} s",
        ),
    ]


def _row(what: str, spread: Spread, note: str, budget: float | None = None) -> Row:
    return Row(
        what=f"{what}, crowd of {PEOPLE}, p99",
        value=spread.p99,
        unit="ms",
        budget=budget,
        note=f"{spread.words()}; {note}",
    )


def _study(folder: Path) -> Path:
    write_pair_study(folder)
    file = folder / "study.toml"
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    chain = document["chain"]
    forms = tomlkit.parse(FORMS)["chain"]
    assert isinstance(chain, list)
    assert isinstance(forms, list)
    for place, form in enumerate(list(forms), start=1):
        chain.insert(place, form)
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return folder


def _lost(data: Path, seen: dict[str, Any]) -> int:
    """How many rows of frames and answers participants were told of, but the records do not have."""
    matched: Counter[str] = Counter()
    rows = answers = 0
    finished = set()
    with RecordReader(records_path(data, "points")) as reader:
        for head in reader.sessions():
            for fact in reader.facts(head.session_id):
                match fact:
                    case f.MatchFormed():
                        matched.update(list(fact.visits))
                    case f.ChunkStored(stream="frames"):
                        chunk = decode_chunk(reader.body(fact.sha256))
                        rows += chunk.last - chunk.first + 1
                    case f.ChunkStored(stream="form"):
                        answers += len(reader.body(fact.sha256).splitlines())
                    case f.ParticipantFinished(outcome="complete"):
                        finished.add(fact.participant_id)
    twice = [who for who, count in matched.items() if count != 1]
    if twice or len(finished) != PEOPLE or seen["rows"] != PEOPLE * FRAMES:
        raise RuntimeError(
            f"{len(finished)} of {PEOPLE} came to the end, {len(twice)} were in no or in two matches, "
            f"{seen['rows']} rows were acknowledged"
        )
    return max(0, int(seen["rows"]) - rows) + max(0, int(seen["answers"]) - answers)
