"""A participant's page with a probe in it, in a Chromium whose profile is on disk: its caches survive a restart."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Playwright, sync_playwright

from tests.drivers.browser_driver import CHROMIUM_ARGS, ParticipantDriver, chromium_path
from tests.perf.measurement import Skipped

__all__ = ["GAME_SCENE", "opened_browser", "playwright_or_skip", "probe_of", "renderer_mb"]

GAME_SCENE = "mountain-car"


@contextmanager
def playwright_or_skip() -> Iterator[Playwright]:
    """Playwright, where Chromium is installed."""
    if chromium_path() is None:
        raise Skipped("Chromium is missing: install Debian's package chromium")
    with sync_playwright() as playwright:
        yield playwright


@contextmanager
def opened_browser(playwright: Playwright, profile: Path, port: int) -> Iterator[ParticipantDriver]:
    """Start the browser with this profile; what it stores and caches stays there."""
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=chromium_path(), args=CHROMIUM_ARGS, viewport={"width": 1280, "height": 720}
    )
    try:
        script = Path(__file__).with_name("page_probe.js").read_text(encoding="utf-8")
        context.add_init_script(script.replace("GAME_SCENE", GAME_SCENE))
        yield ParticipantDriver(context, port)
    finally:
        context.close()


def probe_of(participant: ParticipantDriver) -> dict[str, Any]:
    """What the probe has seen so far."""
    seen: dict[str, Any] = participant.page.evaluate("() => JSON.parse(JSON.stringify(window.mugProbe))")
    return seen


def renderer_mb() -> float:
    """Resident memory of the largest of our browser's page processes: page, worker and Python in it."""
    sizes = [0.0]
    for process in psutil.Process().children(recursive=True):
        try:
            if "--type=renderer" in process.cmdline():
                sizes.append(process.memory_info().rss / 1e6)
        except psutil.NoSuchProcess:
            continue
    return max(sizes)
