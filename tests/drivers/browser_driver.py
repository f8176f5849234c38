"""A participant's browser: Debian's Chromium through Playwright, on an insecure origin like a lab's.

The address is ``http://lab.test:PORT``, mapped to this machine: there, as in a real lab without certificates,
`crypto.subtle`, Web Locks and the Cache API do not exist. Every request is counted by host.
"""

import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    Request,
    sync_playwright,
)

__all__ = ["CHROMIUM_ARGS", "LAB_HOST", "START_MS", "BrowserDriver", "ParticipantDriver", "chromium_path"]

LAB_HOST = "lab.test"
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--host-resolver-rules=MAP {LAB_HOST} 127.0.0.1",
]
DEADLINE_MS = 60_000
START_MS = 120_000
"""Of a Chromium: on a machine that is busy its processes start slowly."""


def chromium_path() -> str | None:
    """Where Debian's Chromium is, or None."""
    return shutil.which("chromium")


_KEPT = """(stream) => new Promise((resolve) => {
    const open = indexedDB.open("mug-outbox");
    open.onsuccess = () => {
        const keys = open.result.transaction("chunks").objectStore("chunks").getAllKeys();
        keys.onsuccess = () => {
            open.result.close();
            resolve(keys.result.some((key) => key[3] === stream));
        };
    };
})"""


class BrowserDriver:
    """One Chromium process; each participant gets a context (a computer of their own) in it."""

    def __init__(self) -> None:
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def __enter__(self) -> Self:
        path = chromium_path()
        if path is None:
            raise RuntimeError("Chromium is missing: install Debian's package chromium")
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS, timeout=START_MS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._browser is not None:
            self._browser.close()
        if self._playwright is not None:
            self._playwright.stop()

    @contextmanager
    def participant(self, port: int, **context_options: Any) -> Iterator["ParticipantDriver"]:
        """Sit a participant down at a computer of their own (new context, empty storage)."""
        assert self._browser is not None
        options: dict[str, Any] = {"viewport": {"width": 1280, "height": 720}} | context_options
        context = self._browser.new_context(**options)
        try:
            yield ParticipantDriver(context, port)
        finally:
            context.close()

    @contextmanager
    def hideable_participant(
        self, port: int, profile: Path, *, prefix: tuple[str, ...] = ()
    ) -> Iterator["ParticipantDriver"]:
        """Sit a participant down at a Chromium of their own, whose tabs can really be hidden and which can be killed.

        Playwright keeps every page of a browser that it starts visible; one that it is connected to it leaves alone.

        Args:
            port: The lab's port.
            profile: A folder for the browser.
            prefix: What the command line begins with, such as a program that enters a network namespace.
        """
        assert self._playwright is not None
        path = chromium_path()
        assert path is not None
        arguments = [path, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", *CHROMIUM_ARGS]
        process = subprocess.Popen(
            [*prefix, *arguments, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            browser = self._playwright.chromium.connect_over_cdp(
                f"http://127.0.0.1:{_debugging_port(profile, process)}", no_defaults=True, timeout=START_MS
            )
            try:
                yield ParticipantDriver(browser.contexts[0], port, process)
            finally:
                with suppress(Error):  # it may have been killed
                    browser.close()
        finally:
            for found in _family(process):
                with suppress(psutil.NoSuchProcess):
                    found.resume()
            process.terminate()
            process.wait(20)


def _family(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """A browser's processes, its own first."""
    try:
        own = psutil.Process(process.pid)
        return [own, *own.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _debugging_port(profile: Path, process: "subprocess.Popen[bytes]", deadline_s: float = START_MS / 1000) -> int:
    """Chromium writes the port it took into its profile."""
    file = profile / "DevToolsActivePort"
    until = time.monotonic() + deadline_s
    while time.monotonic() < until:
        assert process.poll() is None, "Chromium ended while it started"
        if file.exists() and (lines := file.read_text().split()):
            return int(lines[0])
        time.sleep(0.05)
    raise AssertionError("Chromium did not open its debugging port")


class ParticipantDriver:
    """One participant: opens the address, reads, presses keys. Everything the page says is kept for a failure.

    Attributes:
        hosts: How many requests went to which host name.
        console: What the page wrote to the console, as "type: text".
        sent: The binary attachments that the page sent (bodies of its chunks), in order, resent ones again.
    """

    def __init__(self, context: BrowserContext, port: int, process: "subprocess.Popen[bytes] | None" = None) -> None:
        self.context = context
        self.port = port
        self._process = process
        self.hosts: Counter[str] = Counter()
        self.console: list[str] = []
        self.sent: list[bytes] = []
        self.page_errors: list[str] = []
        context.on("request", self._on_request)
        self.page = self.new_tab()

    def new_tab(self) -> Page:
        """Open another tab of the same browser."""
        page = self.context.new_page()
        page.set_default_timeout(DEADLINE_MS)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        page.on("websocket", lambda socket: socket.on("framesent", self._on_frame_sent))
        return page

    def _on_frame_sent(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            self.sent.append(payload)

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"}:
            self.hosts[parts.hostname or ""] += 1

    def _on_console(self, message: ConsoleMessage) -> None:
        self.console.append(f"{message.type}: {message.text}")

    def address(self, subject_id: str = "", query: str = "") -> str:
        """The participant's address at this lab."""
        return f"http://{LAB_HOST}:{self.port}/{subject_id}{query}"

    def open(self, subject_id: str = "", query: str = "") -> None:
        """Open the study's address."""
        self.page.goto(self.address(subject_id, query))

    def observe(self, script: str) -> None:
        """Run a script in the page as it is now, and in every one that is loaded later."""
        self.page.evaluate(script)
        self.context.add_init_script(script)

    def wait_for_phase(self, *phases: str, page: Page | None = None, timeout_ms: int = DEADLINE_MS) -> str:
        """Wait until the page is in one of `phases`; return which."""
        target = page or self.page
        try:
            target.wait_for_function(
                "(wanted) => wanted.includes(document.body.dataset.mugPhase)", arg=list(phases), timeout=timeout_ms
            )
        except Exception as error:
            raise AssertionError(f"no phase of {phases}; {self.state(target)}") from error
        return str(self.phase(target))

    def wait_for_scene(self, scene_id: str, page: Page | None = None, timeout_ms: int = DEADLINE_MS) -> None:
        """Wait until the page shows `scene_id`."""
        target = page or self.page
        try:
            target.wait_for_function(
                "(wanted) => document.body.dataset.mugScene === wanted", arg=scene_id, timeout=timeout_ms
            )
        except Exception as error:
            raise AssertionError(f"scene {scene_id!r} did not come; {self.state(target)}") from error

    def phase(self, page: Page | None = None) -> str | None:
        """The page's phase now."""
        return (page or self.page).evaluate("() => document.body.dataset.mugPhase ?? null")

    def scene(self, page: Page | None = None) -> str | None:
        """The scene that the page shows now."""
        return (page or self.page).evaluate("() => document.body.dataset.mugScene ?? null")

    def press_continue(self, page: Page | None = None) -> None:
        """Press the continue button."""
        (page or self.page).locator('[data-mug="continue"]').click()

    def press_keys_by_frame(self, episode: int, *presses: tuple[str, int]) -> None:
        """Hold one key after the other, each until the game shows the given frame of `episode`, or the episode ends."""
        for key, until_frame in presses:
            self.page.keyboard.down(key)
            try:
                self.wait_for_frame(episode, until_frame)
            finally:
                self.page.keyboard.up(key)

    def wait_for_frame(self, episode: int, frame: int) -> None:
        """Wait until the game shows `frame` of `episode`, or is past it, or the study has ended."""
        try:
            self.page.wait_for_function(
                """([episode, frame]) => {
                    const game = document.querySelector('[data-mug="game"]');
                    if (document.body.dataset.mugPhase === "ended") return true;
                    if (game === null || document.body.dataset.mugPhase !== "playing") return false;
                    const [e, f] = [Number(game.dataset.mugEpisode), Number(game.dataset.mugFrame)];
                    return e > episode || (e === episode && f >= frame);
                }""",
                arg=[episode, frame],
            )
        except Exception as error:
            raise AssertionError(f"frame {frame} of episode {episode} did not come; {self.state()}") from error

    def game_attribute(self, name: str) -> str | None:
        """A ``data-mug-<name>`` attribute of the game element."""
        return self.page.locator('[data-mug="game"]').get_attribute(f"data-mug-{name}")

    def wait_until_kept(self, stream: str) -> None:
        """Wait until the browser's storage holds a chunk of a stream, which the server does not have yet."""
        self.page.wait_for_function(_KEPT, arg=stream)

    def state(self, page: Page | None = None) -> str:
        """What the page says, for a failure's message."""
        target = page or self.page
        text = target.evaluate("() => document.body.innerText.slice(0, 600)")
        return (
            f"phase={self.phase(target)} scene={self.scene(target)} text={text!r} "
            f"errors={self.page_errors[-3:]} console={self.console[-8:]}"
        )

    def resize(self, width: int, height: int) -> None:
        """Give the window another size, and wait until the page has it."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_function(
            "([width, height]) => window.innerWidth === width && window.innerHeight === height", arg=[width, height]
        )

    def hide_tab(self) -> Page:
        """Bring another tab to the front; returns it."""
        other = self.context.new_page()
        other.bring_to_front()
        self.page.wait_for_function("() => document.visibilityState === 'hidden'", polling=200)
        return other

    def show_tab(self) -> None:
        """Bring the study's tab to the front again."""
        self.page.bring_to_front()
        self.page.wait_for_function("() => document.visibilityState === 'visible'", polling=200)

    def kill_browser(self) -> None:
        """End this participant's browser as a power cut would."""
        assert self._process is not None, "only a participant with a browser of their own can lose it"
        family = _family(self._process)
        for found in family:
            with suppress(psutil.NoSuchProcess):
                found.kill()
        self._process.wait(20)
        psutil.wait_procs(family, timeout=20)

    def freeze_browser(self) -> None:
        """Stop this participant's browser, all its processes, until `thaw_browser`."""
        self._signal(signal.SIGSTOP)

    def thaw_browser(self) -> None:
        """Let a frozen browser go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None, "only a participant with a browser of their own can be frozen"
        for found in _family(self._process):
            with suppress(ProcessLookupError):
                os.kill(found.pid, number)

    def screenshot(self, path: Path) -> None:
        """Keep a picture of the page."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)
