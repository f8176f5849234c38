"""Somebody who watches a match in Chromium, and ``mug replay`` in a process of its own."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page

from tests.drivers.browser_driver import ParticipantDriver
from tests.drivers.server_driver import ServerDriver

__all__ = ["WatchDriver", "replaying", "watch_address"]

DEADLINE_MS = 60_000


def watch_address(server: ServerDriver, match_id: str) -> str:
    """The watching page's address of a match."""
    return f"{server.url}/_mug/watch#match={quote(match_id, safe='')}&token={server.token}"


class WatchDriver:
    """The watching page in a context of its own.

    Attributes:
        page: The tab.
    """

    def __init__(self, someone: ParticipantDriver, address: str) -> None:
        self.page: Page = someone.page
        self.errors = someone.page_errors
        self.console = someone.console
        self.page.goto(address)

    def wait_for_phase(self, phase: str) -> None:
        """Wait until the page is in a phase: showing, waiting, failed."""
        self.wait_for("(wanted) => document.body.dataset.watchPhase === wanted", phase)

    def wait_for_frame(self, frame: int, episode: int = 0) -> None:
        """Wait until exactly this frame is shown."""
        self.wait_for("(wanted) => JSON.stringify(wanted) === JSON.stringify((" + _SHOWN + ")())", [episode, frame])

    def wait_past(self, frame: int, episode: int = 0) -> None:
        """Wait until a frame beyond this one is shown."""
        script = "([e, f]) => { const [a, b] = (" + _SHOWN + ")(); return a > e || (a === e && b > f); }"
        self.wait_for(script, [episode, frame])

    def wait_for_replay(self) -> None:
        """Wait until the page shows a match again that it showed live."""
        self.wait_for("() => document.querySelector('.badge').innerText.startsWith('Replay')")

    def scrub(self, frame: int, last: int) -> None:
        """Go to a frame (a multiple of 10), to the last one and back, and see that a frame always looks the same."""
        jumps = ["Shift+ArrowRight"] * (frame // 10)
        self.press("ArrowLeft", "Home")  # a step pauses
        self.wait_for_frame(0)
        self.press(*jumps)
        self.wait_for_frame(frame)
        there = self.picture()
        self.press("End")
        self.wait_for_frame(last)
        assert self.picture() != there
        self.press("Home", *jumps, "ArrowRight", "ArrowLeft")
        self.wait_for_frame(frame)
        assert self.picture() == there, "the same frame looks the same, wherever the watcher came from"

    def wait_for(self, script: str, arg: Any = None) -> None:
        """Wait until a script is true."""
        try:
            self.page.wait_for_function(script, arg=arg, timeout=DEADLINE_MS)
        except Exception as error:
            raise AssertionError(f"{script} ({arg}) did not come true; {self.state()}") from error

    def shown(self) -> tuple[int, int]:
        """Episode and frame of the picture."""
        episode, frame = self.page.evaluate(_SHOWN)
        return int(episode), int(frame)

    def picture(self) -> bytes:
        """What the game looks like, once nothing moves in it any more."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self.page.locator('[data-watch="stage"]').screenshot()

    def text(self, name: str) -> str:
        """One of the page's texts: told, say, place, proof."""
        return self.page.locator(f'[data-watch="{name}"]').inner_text()

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def state(self) -> str:
        """What the page says, for a failure's message."""
        text = self.page.evaluate("() => document.body.innerText.slice(0, 800)")
        phase = self.page.evaluate("() => document.body.dataset.watchPhase")
        return f"phase={phase} text={text!r} errors={self.errors[-3:]} console={self.console[-8:]}"


_SHOWN = """() => {
    const stage = document.querySelector('[data-watch="stage"]');
    return [Number(stage?.dataset.watchEpisode ?? -1), Number(stage?.dataset.watchFrame ?? -1)];
}"""


@contextmanager
def replaying(data_dir: Path, experiment: str, *options: str, deadline_s: float = 60.0) -> Iterator[dict[str, Any]]:
    """Run ``mug replay`` as long as the block lasts; gives its line."""
    command = [sys.executable, "-m", "mug", "replay", "--data", str(data_dir), "--experiment", experiment, *options]
    log = (data_dir / "replay.log").open("ab")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        stdout = process.stdout
        threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
        line = lines.get(timeout=deadline_s)
        assert line, (data_dir / "replay.log").read_text(encoding="utf-8")
        yield json.loads(line)
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()
        log.close()
