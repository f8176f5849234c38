"""The second screen and the watching of matches, from the window's buttons to what a browser gets."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from PySide6.QtCore import Qt, QUrl
from pytestqt.qtbot import QtBot

from gui.app import Lab
from tests.drivers.gui_driver import GuiDriver
from tests.drivers.people_study import FORM, write_people_study


@pytest.fixture
def running(lab: Lab, tmp_path: Path, qtbot: QtBot) -> Iterator[GuiDriver]:
    driver = GuiDriver(lab, qtbot)
    driver.open_study(write_people_study(tmp_path / "study", [FORM]))
    driver.start()
    yield driver
    driver.stop()


def look(url: str) -> dict[str, object]:
    """What the page of a second screen is told."""
    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.netloc}/_mug/view/data"
    with urlopen(Request(address, headers={"Authorization": f"Bearer {parts.fragment}"}), timeout=60) as answer:
        told: dict[str, object] = json.load(answer)
        return told


def test_that_a_second_screen_is_made_shows_no_ids_and_ends(running: GuiDriver, qtbot: QtBot) -> None:
    flow = running.lab.second_screen
    running.lab.window.second_screen_asked.emit()
    dialog = flow.dialog
    assert dialog is not None
    with running.participant("anna-the-first") as anna:
        anna.enter()
        qtbot.mouseClick(dialog.make, Qt.MouseButton.LeftButton)
        running.wait_until(lambda: bool(dialog.url()))
        running.wait_until(lambda: "P-01" in json.dumps(look(dialog.url())))
        assert "anna-the-first" not in json.dumps(look(dialog.url()))
        with urlopen(dialog.url(), timeout=60) as page:
            assert page.status == 200
        url = dialog.url()
        qtbot.mouseClick(dialog.revoke, Qt.MouseButton.LeftButton)
        running.wait_until(lambda: not dialog.url())
        with pytest.raises(HTTPError) as refused:
            look(url)
        assert refused.value.code == 403
        refused.value.close()
    dialog.reject()
    running.wait_until(lambda: flow.dialog is None)


def test_that_a_second_screen_without_a_session_says_what_to_do(lab: Lab, qtbot: QtBot) -> None:
    with qtbot.waitSignal(lab.second_screen.said) as said:
        lab.second_screen.ask()
    assert "start one first" in said.args[0]
    assert lab.second_screen.dialog is None


def test_that_watch_opens_the_page_of_the_match_with_the_servers_token(
    running: GuiDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []
    lab = running.lab
    monkeypatch.setattr(lab.watching.watching, "_open_url", lambda url: not opened.append(url))
    lab.window.run.matches.watch_asked.emit("m-1")
    assert lab.control.address is not None
    assert opened[0].path() == "/_mug/watch"
    assert "match=m-1" in opened[0].fragment()
    assert lab.control.address.token in opened[0].fragment()
    with urlopen(opened[0].toString().partition("#")[0], timeout=60) as page:
        assert page.status == 200


def test_that_the_rooms_desks_are_proposed_as_a_new_sessions_seats(lab: Lab) -> None:
    lab.window.seats.document.add_desks(["PC-01", "PC-02"], 2)
    assert lab.session.desks == lab.window.seats.desks() == ("PC-01", "PC-02")
