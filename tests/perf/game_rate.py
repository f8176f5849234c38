"""One participant plays the example with keys: start, rate, Python's share of a frame, keys, memory."""

import itertools
import random
import time
from typing import Any

from tests.drivers.browser_driver import ParticipantDriver
from tests.perf.bench import Bench
from tests.perf.measurement import Row, Spread
from tests.perf.participant_page import opened_browser, playwright_or_skip, probe_of, renderer_mb

__all__ = ["measure"]

FPS = 30
RESET_FREEZE_MS = 500.0  # of the example
PLAY_S = 17.0
"""Less than the example's longest episode: the rate is that of frames without a pause between."""


def measure(bench: Bench) -> list[Row]:
    """Play for some seconds as a person does."""
    with (
        bench.server() as server,
        playwright_or_skip() as playwright,
        opened_browser(playwright, bench.folder / "profile", server.port) as participant,
    ):
        participant.open("player")
        participant.page.wait_for_function("() => window.mugProbe.marks.ready !== undefined", timeout=90_000)
        participant.press_continue()
        participant.wait_for_phase("playing")
        bench.say(f"playing for {PLAY_S:.0f} s")
        _play(participant)
        probe = probe_of(participant)
        session = participant.context.new_cdp_session(participant.page)
        session.send("Performance.enable")
        metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
        page_mb, heap_mb = renderer_mb(), metrics["JSHeapUsedSize"] / 1e6
    bench.details["probe"] = probe
    return [*_start(probe), *_rate(probe), *_keys(probe), *_memory(page_mb, heap_mb)]


def _play(participant: ParticipantDriver) -> None:
    """Press left and right in turn, for times that do not follow the game's clock; never long enough to win."""
    chance = random.Random(3)
    keyboard = participant.page.keyboard
    end = time.monotonic() + PLAY_S
    for key in itertools.cycle(("ArrowLeft", "ArrowRight")):
        if time.monotonic() > end:
            break
        keyboard.down(key)
        participant.page.wait_for_timeout(chance.uniform(90, 160))
        keyboard.up(key)
        participant.page.wait_for_timeout(chance.uniform(150, 260))


def _start(probe: dict[str, Any]) -> list[Row]:
    clicked = probe["clickedAt"]
    first = next(shown for shown in probe["shown"] if shown["visibleAt"] is not None)
    moving = next(shown for shown in probe["shown"] if shown["frame"] > 0 and shown["visibleAt"] is not None)
    return [
        Row(
            what="Start pressed until the first picture is visible",
            value=(first["visibleAt"] - clicked) / 1000,
            unit="s",
            budget=0.7,
            note=f"first picture that moves after {(moving['visibleAt'] - clicked) / 1000:.2f} s, "
            f"of which the example stands still for {RESET_FREEZE_MS / 1000:g} s",
        )
    ]


def _rate(probe: dict[str, Any]) -> list[Row]:
    shown = [s for s in probe["shown"] if s["episode"] == 0 and s["frame"] > 0]
    gaps = [after["at"] - before["at"] for before, after in itertools.pairwise(shown)]
    frames = shown[-1]["frame"] - shown[0]["frame"]
    rate = 1000 * frames / (shown[-1]["at"] - shown[0]["at"])
    ticks = Spread.of(probe["ticks"])
    missed = frames - (len(shown) - 1)
    return [
        Row(
            what=f"rate of a single player's game at {FPS} Hz",
            value=rate,
            unit="Hz",
            budget=29.9,
            at_least=True,
            note=f"between two pictures: {Spread.of(gaps).words()}; pictures skipped: {missed}",
        ),
        Row(what="step and drawing in Python, p50", value=ticks.p50, unit="ms", budget=4.0, note=ticks.words()),
        Row(what="step and drawing in Python, p95", value=ticks.p95, unit="ms", budget=8.0),
    ]


def _keys(probe: dict[str, Any]) -> list[Row]:
    visible = {(s["episode"], s["frame"]): s["visibleAt"] for s in probe["shown"] if s["visibleAt"] is not None}
    delays: list[float] = []
    pictures: list[float] = []
    for pressed, following in itertools.pairwise([*probe["keys"], float("inf")]):
        # The first action that a key gave; one in a second's last frame travels with the chunk and is seen one later.
        taken = next((i for i in probe["inputs"] if pressed < i["at"] < following), None)
        if taken is None:
            continue
        # The action of frame f is in the picture after it.
        seen = visible.get((taken["episode"], taken["frame"] + 1))
        if seen is not None:
            delays.append(seen - pressed)
            pictures.append(sum(1 for s in probe["shown"] if s["at"] > pressed and (s["visibleAt"] or 1e12) <= seen))
    if not delays:
        return []
    spread = Spread.of(delays)
    next_percent = 100 * pictures.count(1) / len(pictures)
    budget = 1000 / FPS
    return [
        Row(
            what="own key pressed until visible, input delay 0, p50",
            value=spread.p50,
            unit="ms",
            budget=round(budget, 1),
            note=f"{spread.words()}; in the next picture {next_percent:.0f} % of the time; "
            "with the wait for the next step and for the screen's refresh",
        )
    ]


def _memory(page_mb: float, heap_mb: float) -> list[Row]:
    return [
        Row(
            what="memory of the browser's process with the page, playing",
            value=page_mb,
            unit="MB",
            note=f"page, worker and Python together; the page's own JavaScript heap {heap_mb:.0f} MB",
        )
    ]
