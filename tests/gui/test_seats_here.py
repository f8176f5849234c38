"""Seats opened as browsers on this machine: found, opened with profiles of their own, closed again, and no others."""

import http.server
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.runtime.browser_search import FoundBrowser, WindowPlace, browser_command, find_browsers, tiled
from gui.runtime.kiosk_browsers import KioskBrowsers
from gui.seats.dialogs import OpenSeatsDialog

SCREEN = WindowPlace(0, 0, 1200, 800)
CHROMIUM = next((browser for browser in find_browsers() if browser.family == "chromium"), None)


class _Page(http.server.BaseHTTPRequestHandler):
    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.path)
        body = b"<!doctype html><title>seat</title>here"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def pages() -> Iterator[tuple[str, list[str]]]:
    """A web server, and the paths that were asked of it."""
    seen: list[str] = []
    handler = type("_Seen", (_Page,), {"seen": seen})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="pages", daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
        server.shutdown()
        thread.join()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_that_browsers_are_found_those_that_can_be_placed_first() -> None:
    there = {"firefox-esr": "/usr/bin/firefox-esr", "chromium-browser": "/usr/bin/chromium-browser"}
    assert find_browsers(there.get, "linux") == (
        FoundBrowser("Chromium", "chromium", "/usr/bin/chromium-browser"),
        FoundBrowser("Firefox", "firefox", "/usr/bin/firefox-esr"),
    )
    assert find_browsers(lambda _name: None, "linux") == ()


def test_that_a_browser_shows_one_page_with_a_profile_of_its_own(tmp_path: Path) -> None:
    chromium, firefox = FoundBrowser("Chromium", "chromium", "c"), FoundBrowser("Firefox", "firefox", "f")
    words = browser_command(chromium, "http://127.0.0.1:1/seat/PC-1", tmp_path, WindowPlace(10, 20, 300, 400))
    assert words[0] == "--app=http://127.0.0.1:1/seat/PC-1"
    assert {f"--user-data-dir={tmp_path}", "--window-position=10,20", "--window-size=300,400"} <= set(words)
    assert ("--no-sandbox" in words) is (os.geteuid() == 0)
    assert browser_command(firefox, "http://x", tmp_path, SCREEN)[-1] == "http://x"


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 12])
def test_that_windows_cover_the_screen_and_not_one_another(count: int) -> None:
    places = tiled(count, SCREEN)
    assert len({(place.x, place.y) for place in places}) == count
    for place in places:
        assert place.x + place.width <= SCREEN.width
        assert place.y + place.height <= SCREEN.height
        assert place.width >= SCREEN.width // (count + 1)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_that_seats_are_opened_and_closed_again(
    lab: Lab, qtbot: QtBot, pages: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CHROMIUM is not None
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    browsers, (base, seen) = lab.seats.browsers, pages
    browsers.headless = True
    browsers.open(CHROMIUM, [(desk, f"{base}/seat/{desk}") for desk in ("PC-1", "PC-2")], SCREEN)
    pids = browsers.pids
    assert browsers.desks == ("PC-1", "PC-2")
    qtbot.waitUntil(lambda: {"/seat/PC-1", "/seat/PC-2"} <= set(seen))
    browsers.open(CHROMIUM, [("PC-1", f"{base}/seat/PC-1")], SCREEN)
    assert browsers.pids == pids, "a seat that is open is not opened twice"
    lab.window.show_page("seats")
    assert lab.window.seats.bar.close_here.isVisible()
    lab.window.seats.bar.close_here.click()
    qtbot.waitUntil(lambda: browsers.desks == ())
    assert not any(map(is_alive, pids))
    qtbot.waitUntil(lambda: list(tmp_path.glob("mug-seat-*")) == [])
    assert not lab.window.seats.bar.close_here.isVisible()


def test_that_a_profile_goes_although_a_process_of_the_browser_still_writes_there(
    lab: Lab, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    failed = threading.Event()
    remove = shutil.rmtree

    def while_something_is_written(folder: Path, ignore_errors: bool = False) -> None:
        remove(folder, ignore_errors=ignore_errors)
        if not failed.is_set() and Path(folder).name.startswith("mug-seat-"):
            failed.set()
            (folder / "Default").mkdir(parents=True)
            (folder / "Default" / "Network Persistent State").write_text("{}", encoding="utf-8")

    monkeypatch.setattr("gui.runtime.kiosk_browsers.shutil.rmtree", while_something_is_written)
    ends_at_once = FoundBrowser("A browser", "chromium", "/bin/true")
    lab.seats.browsers.open(ends_at_once, [("PC-1", "http://127.0.0.1:1/seat/PC-1")], SCREEN)
    qtbot.waitUntil(lambda: failed.is_set() and list(tmp_path.glob("mug-seat-*")) == [])


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_that_seats_end_with_the_app(lab: Lab, qtbot: QtBot, pages: tuple[str, list[str]]) -> None:
    assert CHROMIUM is not None
    browsers, (base, seen) = lab.seats.browsers, pages
    browsers.headless = True
    browsers.open(CHROMIUM, [("PC-1", f"{base}/seat/PC-1")], SCREEN)
    qtbot.waitUntil(lambda: "/seat/PC-1" in seen)
    [pid] = browsers.pids
    lab.seats.close()
    assert not is_alive(pid)


def test_that_a_browser_that_does_not_start_is_said(lab: Lab, qtbot: QtBot) -> None:
    browsers = lab.seats.browsers
    with qtbot.waitSignal(browsers.failed) as failed:
        browsers.open(FoundBrowser("Chromium", "chromium", "/no/such/browser"), [("PC-1", "http://x")], SCREEN)
    assert failed.args[0].startswith("Chromium could not be started: ")
    assert browsers.desks == ()


STANDS_IN = """#!/bin/sh
trap '' TERM
while :; do sleep 0.1; done
"""
"""A browser that does not close when it is asked to."""


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="the browser of this test is a script")
def test_that_a_crash_is_said_and_closing_takes_no_seat_that_was_opened_since(
    lab: Lab, qtbot: QtBot, tmp_path: Path
) -> None:
    script = tmp_path / "browser"
    script.write_text(STANDS_IN, encoding="utf-8")
    script.chmod(0o755)
    browser, browsers = FoundBrowser("Stubborn", "chromium", str(script)), lab.seats.browsers
    browsers.open(browser, [("PC-1", "http://x"), ("PC-2", "http://x")], SCREEN)
    qtbot.waitUntil(lambda: all(browsers.pids))
    with qtbot.waitSignal(browsers.failed) as failed:
        os.kill(browsers.pids[1], signal.SIGKILL)
    assert failed.args[0] == "The browser of PC-2 crashed. Open the seat again."
    assert browsers.desks == ("PC-1",)
    told: list[str] = []
    browsers.failed.connect(told.append)
    browsers.close_all()
    browsers.open(browser, [("PC-1", "http://x")], SCREEN)
    assert browsers.desks == ("PC-1", "PC-1"), "the seat can be opened again while the one before goes"
    qtbot.waitUntil(lambda: len(browsers.desks) == 1)
    [pid] = browsers.pids
    assert is_alive(pid)
    assert told == []


def test_that_it_is_asked_how_many_and_words_are_said_where_there_is_no_browser(
    lab: Lab, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = lab.window.seats
    lab.window.show_page("seats")
    with qtbot.waitSignal(lab.seats.said) as said:
        page.actions_.open_here.trigger()
    assert "Prepare a session first" in said.args[0]
    monkeypatch.setattr(KioskBrowsers, "found", lambda _self: ())
    lab.control.address = object()  # type: ignore[assignment]
    with qtbot.waitSignal(lab.seats.said) as said:
        page.actions_.open_here.trigger()
    assert "No browser was found" in said.args[0]
    lab.control.address = None
    page.document.add_desks(["PC-1", "PC-2", "PC-3"], 3)
    page.ask_open_here([FoundBrowser("Chromium", "chromium", "c")])
    dialog = page.open_dialog
    assert isinstance(dialog, OpenSeatsDialog)
    assert dialog.which.text() == "PC-1, PC-2"
    answers: list[list[str]] = []
    dialog.answered.connect(lambda desks, _browser: answers.append(desks))
    dialog.count.setValue(3)
    dialog.confirm.click()
    assert answers == [["PC-1", "PC-2", "PC-3"]]
