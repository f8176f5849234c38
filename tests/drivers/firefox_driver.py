"""A participant in Debian's Firefox, driven over its own WebDriver BiDi socket: Playwright cannot drive this one.

The address is ``http://127.0.0.1:PORT``, as Firefox maps no names.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import websocket

from tests.drivers.pair_driver import _HANDS, ARROWS

__all__ = ["FirefoxDriver", "firefox_participant", "firefox_path"]

DEADLINE_S = 120.0
POLL_S = 0.2

# Nothing is fetched but the study.
PREFERENCES = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}


def firefox_path() -> str | None:
    """Where Debian's Firefox is, or None."""
    return shutil.which("firefox-esr")


@contextmanager
def firefox_participant(port: int, profile: Path) -> Iterator["FirefoxDriver"]:
    """Sit a participant down at a Firefox of their own.

    Args:
        port: The lab's port.
        profile: A folder for the browser; made.
    """
    path = firefox_path()
    assert path is not None, "Firefox is missing: install Debian's package firefox-esr"
    profile.mkdir(parents=True)
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines) + "\n", encoding="utf-8")
    process = subprocess.Popen(
        [path, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port=0", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"ws://127.0.0.1:{_remote_port(profile, process)}/session"
        connection = websocket.create_connection(address, timeout=DEADLINE_S, suppress_origin=True)
        try:
            yield FirefoxDriver(connection, port)
        finally:
            connection.close()
    finally:
        _end(process)


def _remote_port(profile: Path, process: "subprocess.Popen[bytes]") -> int:
    """Firefox writes the port it took into its profile."""
    file = profile / "WebDriverBiDiServer.json"
    until = time.monotonic() + DEADLINE_S
    while time.monotonic() < until:
        assert process.poll() is None, "Firefox ended while it started"
        with suppress(OSError, ValueError):
            return int(json.loads(file.read_text(encoding="utf-8"))["ws_port"])
        time.sleep(POLL_S)
    raise AssertionError("Firefox did not open its WebDriver BiDi port")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a Firefox and the processes that it started."""
    family = []
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(20)
    for left in psutil.wait_procs(family, timeout=5)[1]:
        with suppress(psutil.NoSuchProcess):
            left.kill()


class FirefoxDriver:
    """One participant in Firefox: opens the address, reads, presses keys.

    Attributes:
        capabilities: What Firefox says of itself.
    """

    def __init__(self, connection: websocket.WebSocket, port: int) -> None:
        self._connection = connection
        self._port = port
        self._calls = 0
        self.capabilities: dict[str, Any] = self._call("session.new", {"capabilities": {}})["capabilities"]
        # The first window of a Firefox without a screen has not got the focus, and a page without it is one that
        # its player has looked away from; a window that is made later has.
        self._context = self._call("browsingContext.create", {"type": "window"})["context"]

    def _call(self, method: str, parameters: dict[str, Any]) -> Any:
        self._calls += 1
        self._connection.send(json.dumps({"id": self._calls, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._connection.recv())
            if answer.get("id") == self._calls:
                assert answer["type"] == "success", f"{method}: {answer}"
                return answer["result"]

    def evaluate(self, function: str, argument: Any = None) -> Any:
        """Call a JavaScript function in the page; argument and result go as JSON."""
        called = f"(async () => JSON.stringify((await ({function})({json.dumps(argument)})) ?? null))()"
        answer = self._call(
            "script.evaluate", {"expression": called, "target": {"context": self._context}, "awaitPromise": True}
        )
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return json.loads(answer["result"]["value"])

    def wait_for(self, function: str, argument: Any = None, deadline_s: float = DEADLINE_S) -> None:
        """Wait until a JavaScript function in the page returns something true."""
        until = time.monotonic() + deadline_s
        while not self.evaluate(function, argument):
            assert time.monotonic() < until, f"{function} did not become true of {argument!r}; {self.state()}"
            time.sleep(POLL_S)

    def open(self, subject_id: str = "") -> None:
        """Open the study's address."""
        url = f"http://127.0.0.1:{self._port}/{subject_id}"
        self._call("browsingContext.navigate", {"context": self._context, "url": url, "wait": "complete"})
        self._call("browsingContext.activate", {"context": self._context})
        self.wait_for("() => document.hasFocus()")

    def wait_for_phase(self, *phases: str, deadline_s: float = DEADLINE_S) -> None:
        """Wait until the page is in one of `phases`."""
        self.wait_for("(wanted) => wanted.includes(document.body.dataset.mugPhase)", list(phases), deadline_s)

    def scene(self) -> str | None:
        """The scene that the page shows now."""
        found: str | None = self.evaluate("() => document.body.dataset.mugScene")
        return found

    def press_continue(self) -> None:
        """Press the continue button, as soon as it can be pressed."""
        self.wait_for("() => document.querySelector('[data-mug=\"continue\"]:not(:disabled)') !== null")
        self.evaluate("() => document.querySelector('[data-mug=\"continue\"]').click()")

    def walk_in(self, scene_id: str) -> None:
        """Read every page before the game, and press Start."""
        while True:
            self.wait_for_phase("page")
            scene = self.scene()
            self.press_continue()
            if scene == scene_id:
                return
            self.wait_for("(before) => document.body.dataset.mugScene !== before", scene)

    def press_at_random(self, seed: int, every_ms: int = 130) -> None:
        """Press keys at random from now on, as `pair_driver.hands` does."""
        self.evaluate(_HANDS, [seed, list(ARROWS), every_ms])

    def finish(self) -> None:
        """Wait until the study has ended and everything is saved."""
        self.wait_for_phase("ended", "error")
        self.wait_for("() => document.body.innerText.includes('Everything is saved.')")

    def state(self) -> str:
        """What the page says, for a failure's message."""
        return str(
            self.evaluate("() => [document.body.dataset.mugPhase ?? '', document.body.innerText.slice(0, 600)].join()")
        )
