"""The browsers of this machine that can show a desk's page, and how each is told to."""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["FoundBrowser", "WindowPlace", "browser_command", "find_browsers", "tiled"]


@dataclass(frozen=True)
class FoundBrowser:
    """A browser of this machine. `family`: chromium or firefox."""

    name: str
    family: str
    path: str


@dataclass(frozen=True)
class WindowPlace:
    """Where a window stands on the screen, in pixels."""

    x: int
    y: int
    width: int
    height: int


_ON_PATH: Final = (
    ("Chromium", "chromium", ("chromium", "chromium-browser")),
    ("Chrome", "chromium", ("google-chrome", "google-chrome-stable", "chrome")),
    ("Edge", "chromium", ("microsoft-edge", "microsoft-edge-stable", "msedge")),
    ("Firefox", "firefox", ("firefox", "firefox-esr")),
)
_ON_WINDOWS: Final = (
    ("Chrome", "chromium", r"Google\Chrome\Application\chrome.exe"),
    ("Edge", "chromium", r"Microsoft\Edge\Application\msedge.exe"),
    ("Firefox", "firefox", r"Mozilla Firefox\firefox.exe"),
)
_ON_MAC: Final = (
    ("Chromium", "chromium", "/Applications/Chromium.app/Contents/MacOS/Chromium"),
    ("Chrome", "chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    ("Edge", "chromium", "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge"),
    ("Firefox", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"),
)
_QUIET: Final = (
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-session-crashed-bubble",
    "--password-store=basic",
    # Several windows lie over one another on one screen: none of them may be slowed down for that.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)


def find_browsers(
    which: Callable[[str], str | None] = shutil.which, platform: str = sys.platform
) -> tuple[FoundBrowser, ...]:
    """Look for browsers, those of the Chromium family first: their windows can be placed."""
    found: dict[str, FoundBrowser] = {}
    for name, family, commands in _ON_PATH:
        path = next((path for command in commands if (path := which(command))), None)
        if path:
            found[name] = FoundBrowser(name, family, path)
    places: list[tuple[str, str, Path]] = []
    if platform == "win32":
        roots = [os.environ.get(name) for name in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData")]
        places = [(name, family, Path(root) / tail) for name, family, tail in _ON_WINDOWS for root in roots if root]
    elif platform == "darwin":
        places = [(name, family, Path(path)) for name, family, path in _ON_MAC]
    for name, family, file in places:
        if name not in found and file.is_file():
            found[name] = FoundBrowser(name, family, str(file))
    return tuple(sorted(found.values(), key=lambda browser: browser.family != "chromium"))


def browser_command(
    browser: FoundBrowser, address: str, profile: Path, place: WindowPlace, *, headless: bool = False
) -> list[str]:
    """Return what follows the program's name, so that it shows one page and nothing else.

    Args:
        browser: The browser.
        address: Of the page.
        profile: An empty folder of its own: nothing of the person's own browser is touched.
        place: Of its window.
        headless: Show no window at all.
    """
    if browser.family == "firefox":
        words = ["--new-instance", "--no-remote", "--profile", str(profile)]
        words += ["--headless"] if headless else ["--width", str(place.width), "--height", str(place.height)]
        return [*words, address]
    words = [f"--app={address}", f"--user-data-dir={profile}", *_QUIET]
    words += [f"--window-position={place.x},{place.y}", f"--window-size={place.width},{place.height}"]
    if headless:
        words += ["--headless=new", "--disable-gpu"]
    if getattr(os, "geteuid", lambda: 1)() == 0:
        words += ["--no-sandbox", "--test-type"]  # as root it does not start with one, and warns of that for ever
    return words


def tiled(count: int, area: WindowPlace) -> list[WindowPlace]:
    """Divide a screen among windows, in rows that are about as wide as the screen is."""
    columns = 1
    while columns * max(1, round(columns * area.height / area.width)) < count:
        columns += 1
    rows = -(-count // columns)
    width, height = area.width // columns, area.height // rows
    return [
        WindowPlace(area.x + (k % columns) * width, area.y + (k // columns) * height, width, height)
        for k in range(count)
    ]
