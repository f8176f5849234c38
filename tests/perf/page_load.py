"""From opening the address to a game that can start, with gymnasium and numpy, on the example study."""

import statistics
from pathlib import Path
from typing import Any

from playwright.sync_api import Playwright

from tests.drivers.server_driver import ServerDriver
from tests.perf.bench import Bench
from tests.perf.measurement import Row
from tests.perf.participant_page import opened_browser, playwright_or_skip, probe_of

__all__ = ["measure"]

PROFILES = 3
BUDGET_COLD_S = 5.0
BUDGET_WARM_S = 3.0


def measure(bench: Bench) -> list[Row]:
    """Open the study with new profiles, then again with the same ones."""
    with bench.server() as server, playwright_or_skip() as playwright:
        profiles = [bench.folder / f"profile-{number}" for number in range(PROFILES)]
        bench.say(f"cold, {PROFILES} new profiles")
        cold = [_open(playwright, server, profile, f"cold-{i}") for i, profile in enumerate(profiles)]
        # A browser keeps compiled WebAssembly after the second visit at the earliest.
        bench.say("warm, the same profiles again")
        warm = [_open(playwright, server, profile, f"warm-{i}") for i, profile in enumerate(profiles)]
    bench.details["cold"], bench.details["warm"] = cold, warm
    return [
        _row("page opened until the game can start, new browser profile", cold, BUDGET_COLD_S),
        _row("page opened until the game can start, profile used before", warm, BUDGET_WARM_S),
    ]


def _open(playwright: Playwright, server: ServerDriver, profile: Path, subject_id: str) -> dict[str, float]:
    with opened_browser(playwright, profile, server.port) as participant:
        participant.open(subject_id)
        participant.page.wait_for_function("() => window.mugProbe.marks.ready !== undefined", timeout=90_000)
        marks: dict[str, float] = probe_of(participant)["marks"]
    return marks


def _row(what: str, runs: list[dict[str, float]], budget: float) -> Row:
    times = [run["ready"] / 1000 for run in runs]
    names = ["phase: page", "python: packages", "python: study", "python: booted", "python: loaded"]
    middle: dict[str, Any] = {
        name: statistics.median([run[name] for run in runs if name in run])
        for name in names
        if any(name in run for run in runs)
    }
    steps = ", ".join(f"{name.split(': ')[1]} {ms / 1000:.1f}" for name, ms in middle.items())
    note = f"median of {' '.join(f'{time:.2f}' for time in times)}; on the way: {steps} s"
    return Row(what=what, value=statistics.median(times), unit="s", budget=budget, note=note)
