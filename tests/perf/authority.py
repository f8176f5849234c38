"""Matches that the server steps, at 30 Hz: what each costs in a process of its own, how late frames are, what travels.

Every process is a real one, watched by a real supervisor; a page is what takes its views and acknowledges them. The
pages' keys change at random five times a second. Lateness is what the processes themselves record (``frame_clock``).
"""

import json
import random
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from mug.engine.inputs import AuthorityChunk
from mug.ids import MatchId
from mug.play.authority import AuthoritySession
from mug.play.view_deltas import Scenery, SeenView, ViewEncoder
from mug.protocol.partners import ServerKeys
from tests.drivers.authority_games import Listener
from tests.perf.authority_worlds import FPS, WORLDS, AuthorityWorld
from tests.perf.bench import Bench
from tests.perf.measurement import Row

__all__ = ["measure"]

SECONDS = 10.0
TOGETHER = (2, 4, 8)
KEY_CHANGES_HZ = 5.0


@dataclass(frozen=True)
class Cost:
    """What matches of one kind cost while they were played."""

    matches: int
    ready_s: float
    cpu: float
    memory_mb: float
    median_ms: float
    p99_ms: float
    worst_ms: float
    late: float
    bytes_a_second: float


def measure(bench: Bench) -> list[Row]:
    """Play every world alone, then several matches at once."""
    rows: list[Row] = []
    cores = psutil.cpu_count() or 1
    for world in WORLDS:
        bench.say(f"{world.name}: one match, {SECONDS:.0f} s")
        alone = _played(bench, world, 1)
        bench.details[world.name] = vars(alone)
        # A match uses one core at most, so a core holds as many as its share of it says.
        rows += [
            Row(
                what=f"{world.name}: matches a core holds",
                value=1 / alone.cpu,
                unit="",
                note=f"each {100 * alone.cpu:.1f} % of a core at {FPS} Hz",
            ),
            Row(
                what=f"{world.name}: lateness of frames, p99",
                value=alone.p99_ms,
                unit="ms",
                budget=1000 / FPS / 2,
                note=f"median {alone.median_ms:.2f}, worst {alone.worst_ms:.1f} ms, {100 * alone.late:.1f} % late",
            ),
            Row(what=f"{world.name}: memory of the process", value=alone.memory_mb, unit="MB"),
            Row(what=f"{world.name}: from start to ready", value=alone.ready_s, unit="s"),
            Row(
                what=f"{world.name}: to one participant",
                value=alone.bytes_a_second / 1000,
                unit="kB/s",
                note=_whole(world),
            ),
        ]
    for world in (WORLDS[0], WORLDS[1]):
        for matches in TOGETHER:
            bench.say(f"{world.name}: {matches} matches at once on {cores} cores")
            together = _played(bench, world, matches)
            bench.details[f"{world.name}, {matches} at once"] = vars(together)
            rows.append(
                Row(
                    what=f"{world.name}: {matches} matches at once, lateness p99",
                    value=together.p99_ms,
                    unit="ms",
                    note=f"of the worst match; {100 * together.late:.1f} % late, each {100 * together.cpu:.1f} % of a "
                    f"core, {cores} cores",
                )
            )
    return rows


def _played(bench: Bench, world: AuthorityWorld, matches: int) -> Cost:
    """Play so many matches at once; figures are means, of lateness the worst match's."""
    ids = [MatchId(f"m-{n}") for n in range(matches)]
    rng = random.Random(1)
    with Listener(bench.folder) as it:
        began = time.perf_counter()
        for match_id in ids:
            it.supervisor.start(match_id, world.game(match_id, SECONDS))
        for match_id in ids:
            it.ready(match_id)
        ready_s = (time.perf_counter() - began) / matches
        for match_id in ids:
            for agent in world.players:
                it.page(agent, match_id)
        processes = [psutil.Process(figures.pid) for figures in it.supervisor.running()]
        before = [_cpu_s(process) for process in processes]
        for match_id in ids:
            it.supervisor.tell(match_id, "begin")
        memory, cpu, played_s = 0.0, [0.0] * matches, 0.0
        began, n = time.perf_counter(), 0
        while played_s < SECONDS - 0.5:
            for match_id in ids:
                for agent in world.players:
                    held = (f"k{rng.randrange(world.actions)}",)
                    keys = ServerKeys(match_id=match_id, n=n, held=held)
                    it.supervisor.keys(match_id, agent, keys)
            n += 1
            time.sleep(1 / KEY_CHANGES_HZ)
            played_s = time.perf_counter() - began
            cpu = [_cpu_s(process) - base for process, base in zip(processes, before, strict=True)]
            memory = sum(process.memory_info().rss for process in processes) / matches / 1e6
        for match_id in ids:
            it.finished(match_id)
        clocks = [clock for match_id in ids for clock in _clocks(it, match_id)]
        participants = matches * len(world.players)
        return Cost(
            matches=matches,
            ready_s=ready_s,
            cpu=sum(cpu) / matches / played_s,
            memory_mb=memory,
            median_ms=max(clock["lateness_median_ms"] for clock in clocks),
            p99_ms=max(clock["lateness_p99_ms"] for clock in clocks),
            worst_ms=max(clock["lateness_worst_ms"] for clock in clocks),
            late=sum(clock["late_frames"] for clock in clocks) / sum(clock["frames"] for clock in clocks),
            bytes_a_second=sum(it.bytes.values()) / participants / SECONDS,
        )


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _clocks(it: Listener, match_id: MatchId) -> list[dict[str, Any]]:
    return [
        row
        for chunk in it.heard
        if isinstance(chunk, AuthorityChunk) and chunk.stream == "event" and chunk.match_id == match_id
        for row in map(json.loads, chunk.body.splitlines())
        if row["name"] == "frame_clock"
    ]


def _whole(world: AuthorityWorld) -> str:
    """Say what the same views would be whole, every time, of a world that is stepped here."""
    session = AuthoritySession(replace(world.game("m", 2.0)), root=Path())
    rng = random.Random(1)
    whole = pixels = frames = 0
    try:
        session.open()
        output = session.start()
        scenery = Scenery()
        while not output.finished:
            for agent in world.players:
                session.take_keys(agent, frames, [f"k{rng.randrange(world.actions)}"], [])
            output = session.tick()
            view = output.views[0]
            frames += 1
            if view.picture.image is not None:
                pixels += 3 * view.picture.image.width * view.picture.image.height
            elif view.picture.packet is not None:
                scenery.take(view.picture.packet)
                seen = SeenView(episode=0, frame=view.frame, score=view.score, objects=scenery.objects)
                whole += len(ViewEncoder().encode(seen, at_ms=1000.0 * view.frame / FPS)[0])
    finally:
        session.close()
    if pixels:
        return f"as pixels it would be {FPS * pixels / frames / 1e6:.1f} MB/s"
    return f"whole packets would be {FPS * whole / frames / 1000:.0f} kB/s"
