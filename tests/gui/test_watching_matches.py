"""Watching a match from MUG Lab: what is asked for, which page is opened, and a real replay of real records."""

from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from PySide6.QtCore import QPoint, QUrl
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.runtime.match_watching import MatchWatching
from gui.runtime.server_state import Outcome, ServerState
from mug.host import ServerAddress
from mug.protocol.lab import LabSnapshot, MatchView
from tests.drivers.match_views import match_view
from tests.drivers.recorded_session import RecordedSession
from tests.drivers.session_views import session_view

VIEW: MatchView = match_view("m-1", "anna", "bert")


class Browser:
    """What the system's browser is told to open."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.is_there = True

    def open(self, url: QUrl) -> bool:
        if self.is_there:
            self.opened.append(url.toString())
        return self.is_there


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def watching(qtbot: QtBot, browser: Browser) -> Iterator[MatchWatching]:
    made = MatchWatching(browser.open)
    yield made
    made.close()


def address(tmp_path: Path) -> ServerAddress:
    return ServerAddress(
        url="http://127.0.0.1:8000",
        port=8000,
        pid=1,
        token="to-ken",
        experiment_id="exp",
        session_id="s1",
        data_dir=tmp_path,
        version="0.1.0",
    )


def test_that_the_match_that_is_shown_and_any_in_the_table_can_be_asked_for(lab: Lab, qtbot: QtBot) -> None:
    run = lab.window.run
    lab.window.show_page("run")
    run.show_outcome(Outcome(ServerState.READY, study="A study"))
    assert run.match_live.watch.isHidden(), "no match is shown"
    run.show_snapshot(LabSnapshot(session=session_view(), participants=(), matches=(VIEW,)))
    run.people.choice.choose("matches")
    with qtbot.waitSignal(run.match_live.watch_asked) as asked:
        run.match_live.watch.click()
    assert asked.args == ["m-1"]

    on_server = match_view("m-2", "anna", "bert", mode="server_authoritative")
    run.match_live.show_match(on_server, 2)
    assert not run.match_live.watch.isHidden(), "matches on the server can be watched, too"
    assert "as its players see it" in run.match_live.watch.toolTip()
    run.match_live.show_match(VIEW, 1)
    assert "a second behind" in run.match_live.watch.toolTip()

    table = run.matches.table
    table.customContextMenuRequested.emit(QPoint(20, table.rowViewportPosition(0) + 5))
    menu = run.matches.findChild(QMenu)
    assert menu is not None
    watch = next(action for action in menu.findChildren(QAction) if action.text().startswith("Watch"))
    with qtbot.waitSignal(run.matches.watch_asked) as asked:
        watch.trigger()
    assert asked.args == ["m-1"]
    menu.close()


def test_that_a_live_match_is_opened_with_its_secret_in_the_fragment(
    watching: MatchWatching, browser: Browser, tmp_path: Path
) -> None:
    url = watching.watch(address(tmp_path), "m/1 2")
    assert url == "http://127.0.0.1:8000/_mug/watch#match=m%2F1%202&token=to-ken"
    assert len(browser.opened) == 1
    assert QUrl(browser.opened[0]) == QUrl(url)


def test_that_a_computer_without_a_browser_is_told(
    watching: MatchWatching, browser: Browser, tmp_path: Path, qtbot: QtBot
) -> None:
    browser.is_there = False
    with qtbot.waitSignal(watching.failed) as failed:
        watching.watch(address(tmp_path), "m-1")
    assert "browser" in failed.args[0]


def test_that_a_recorded_match_is_opened_from_a_server_of_its_own_that_ends_with_the_app(
    watching: MatchWatching, browser: Browser, tmp_path: Path, qtbot: QtBot
) -> None:
    study = {"format": 1, "id": "exp", "title": "An experiment", "chain": []}
    with RecordedSession(tmp_path, study=study) as session:
        session.together("m-1", {"a": "anna", "b": "bert"})
    with qtbot.waitSignal(watching.opened):
        watching.replay(tmp_path, "exp", "s1", "m-1")
    with qtbot.waitSignal(watching.opened):
        watching.replay(tmp_path, "exp", "s1")
    first, second = browser.opened
    assert "/_mug/watch#match=m-1&token=" in first
    assert "/_mug/watch#token=" in second
    assert first.partition("#")[0] == second.partition("#")[0], "one server for the session"
    place = first.partition("/_mug/watch")[0]
    with urlopen(f"{place}/_mug/health", timeout=60) as answer:
        assert answer.status == 200
    assert watching.replays == 1
    watching.close()
    assert watching.replays == 0
    with pytest.raises(OSError, match="refused"):
        urlopen(f"{place}/_mug/health", timeout=60)


def test_that_a_replay_of_no_records_says_why(watching: MatchWatching, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(watching.failed) as failed:
        watching.replay(tmp_path, "exp", "s1", "m-1")
    assert "exp" in failed.args[0]
    assert failed.args[0].startswith("The replay of session s1 failed: ")
    assert watching.replays == 0
