"""MUG Lab beside 100 participants for ten minutes, its plots switched on the way: frame times, processor, memory."""

import importlib.util

from tests.perf.bench import Bench
from tests.perf.lab_window import BUDGET_CORE_PERCENT, BUDGET_FRAME_MS, PARTICIPANTS, run_lab
from tests.perf.measurement import Row, Skipped, Spread
from tests.perf.round_trip import generating

__all__ = ["measure"]

SECONDS = 600.0


def measure(bench: Bench) -> list[Row]:
    """Watch the real app for ten minutes; every twenty seconds another view, figure or stretch of time."""
    if importlib.util.find_spec("PySide6") is None:
        raise Skipped("PySide6 is not installed: python3 bootstrap.py setup")
    bench.say(f"MUG Lab beside a session with {PARTICIPANTS} participants, {SECONDS / 60:.0f} minutes")
    with bench.server() as server, generating(bench, server, PARTICIPANTS, SECONDS + 15) as result:
        started, watched = run_lab(server.data_dir, str(SECONDS), "tour")
        load = result()
    if watched["rows"] != PARTICIPANTS:
        raise RuntimeError(f"MUG Lab shows {watched['rows']} participants instead of {PARTICIPANTS}")
    busy, cpu = Spread.of(watched.pop("busy_ms")), Spread.of(watched.pop("cpu_ms"))
    bench.details.update({"watched": watched, "busy_ms": vars(busy), "cpu_ms": vars(cpu)})
    minutes = f"{SECONDS / 60:.0f} minutes, {PARTICIPANTS} participants"
    return [
        Row(
            what=f"console, {minutes}: longest time without a look at events",
            value=busy.longest,
            unit="ms",
            budget=BUDGET_FRAME_MS,
            note=f"{busy.words()}; processor time of the GUI thread at a stretch: longest {cpu.longest:.1f} ms, "
            f"p99 {cpu.p99:.1f} ms",
        ),
        Row(
            what=f"console, {minutes}: share of a core",
            value=100 * watched["cpu_share"],
            unit="%",
            budget=BUDGET_CORE_PERCENT,
        ),
        Row(
            what=f"console, {minutes}: memory at the end",
            value=watched["rss_mb"],
            unit="MB",
            note=f"{started['rss_mb']:.0f} MB when it started; server {load['peak_mb']:.0f} MB at most",
        ),
        Row(
            what=f"server beside it: round trip of a pulse, {PARTICIPANTS} participants, p99",
            value=Spread.of(load["pulse_ms"]).p99,
            unit="ms",
            budget=20.0,
        ),
    ]
