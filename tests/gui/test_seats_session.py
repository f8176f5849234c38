"""The Seats page with the real server: desks that speak the protocol, and a real browser's page."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.seat_pairs import PAIR_ROLE
from gui.runtime.browser_search import find_browsers
from gui.seats.page import SeatsPage
from tests.drivers.gui_driver import GuiDriver
from tests.drivers.seat_client import SeatClient
from tests.drivers.server_driver import ServerDriver

CHROMIUM = next((browser for browser in find_browsers() if browser.family == "chromium"), None)

STUDY = """\
format = 1
id = "seats"
title = "Seats"

[hosting]
port = 0

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

[[chain]]
kind = "end_page"
scene_id = "thanks"
scene_header = "Thank you"
"""


class Room:
    """MUG Lab with a running session, and the desks that come to it."""

    def __init__(self, driver: GuiDriver, server: ServerDriver, stack: ExitStack) -> None:
        self.driver, self._server, self._stack = driver, server, stack
        self.page: SeatsPage = driver.lab.window.seats

    def desk(self, name: str, **answers: str) -> SeatClient:
        """A desk's page, not connected yet; it stays at home when the doors are open."""
        stays = {"begin": "it stays at home for this test"}
        return self._stack.enter_context(SeatClient(self._server, name, answers={**stays, **answers}))

    def word(self, desk: str) -> str:
        """How a desk's tile tells its state."""
        tile = self.page.scene.tile(desk)
        assert tile is not None
        return tile.look.word

    def wait_word(self, desk: str, word: str) -> None:
        """Wait until a desk's tile says something."""
        self.driver.wait_until(lambda: self.word(desk) == word)


@pytest.fixture
def room(lab: Lab, qtbot: QtBot, tmp_path: Path) -> Iterator[Room]:
    study = tmp_path / "study"
    study.mkdir()
    (study / "study.toml").write_text(STUDY, encoding="utf-8")
    driver = GuiDriver(lab, qtbot)
    driver.open_study(study)
    address = driver.start()
    server = ServerDriver(study, address.data_dir, port=address.port)
    lab.window.show_page("seats")
    lab.window.seats.document.add_desks(["PC-1", "PC-2", "PC-3"], 3)
    with ExitStack() as stack:
        yield Room(driver, server, stack)
    driver.stop()


def test_that_desks_are_seen_coming_going_and_in_trouble(room: Room) -> None:
    page = room.page
    one, two = room.desk("PC-1").come(), room.desk("PC-2").come(bad={"frame_rate": "Only 31 pictures a second."})
    room.wait_word("PC-1", "Ready")
    room.wait_word("PC-2", "Trouble")
    room.driver.wait_until(lambda: page.counts.words() == "1 of 3 ready · 1 in trouble · 1 absent")
    page.scene.select(["PC-2"])
    assert "Only 31 pictures a second." in page.panel.words()
    assert page.panel.address.text.text().endswith("/seat/PC-2")
    two.say(clock_offset_ms=12_400.0)
    room.wait_word("PC-2", "Ready")
    room.driver.wait_until(lambda: page.panel.figures().get("Clock") == "12.4 s ahead")
    one.drop()
    room.wait_word("PC-1", "Connection lost")
    room.desk("LAPTOP").come()
    room.driver.wait_until(lambda: page.tray.desks() == ["LAPTOP"])
    room.driver.stop()
    room.wait_word("PC-2", "Absent")
    assert not page.tray.isVisible()


def test_that_every_desk_answers_for_itself_what_it_was_asked(room: Room, qtbot: QtBot) -> None:
    page = room.page
    one = room.desk("PC-1").come()
    two = room.desk("PC-2", fullscreen="needs a click at the desk").come()
    room.wait_word("PC-1", "Ready")
    room.wait_word("PC-2", "Ready")
    room.driver.lab.window.activateWindow()
    room.driver.wait_until(room.driver.lab.window.isActiveWindow)
    page.view.setFocus()
    QTest.keyClick(page.view, Qt.Key.Key_F, Qt.KeyboardModifier.ShiftModifier)
    wanted = "Full screen: 1 of 2 done · PC-2: needs a click at the desk"
    room.driver.wait_until(lambda: page.panel.asked.text() == wanted)
    page.scene.select(["PC-1", "PC-3"])
    QTest.keyClick(page.view, Qt.Key.Key_I)
    room.driver.wait_until(lambda: page.panel.asked.text() == "Identify: 1 of 1 done · no page at PC-3")
    assert [what for what in one.asked if what != "begin"] == ["fullscreen", "identify"]
    assert [what for what in two.asked if what != "begin"] == ["fullscreen"]


def test_that_the_connections_between_all_desks_are_measured(room: Room) -> None:
    page = room.page
    one, two, three = (room.desk(name) for name in ("PC-1", "PC-2", "PC-3"))
    for desk, path in ((one, "p2p"), (two, "p2p"), (three, "relay")):
        desk.path, desk.rtt_ms = path, 60.0 if path == "relay" else 4.0
        desk.come()
    for name in page.desks():
        room.wait_word(name, "Ready")
    page.actions_.test.trigger()
    room.driver.wait_until(lambda: page.pairs.sum.words() == "1 direct · 2 by relay · 0 without connection")
    looks = {(r, c): page.pairs.model.index(r, c).data(PAIR_ROLE) for r in range(3) for c in range(3) if r < c}
    assert [(look.text, look.shape) for look in looks.values()] == [("4.0", "direct"), ("60", "relay"), ("60", "relay")]
    assert page.pairs.worst.count() == 2
    for desk in (one, two, three):
        desk.drop()
    room.wait_word("PC-1", "Connection lost")
    page.actions_.test.trigger()
    said = room.driver.lab.window.toasts
    room.driver.wait_until(lambda: "fewer than two are" in said.text())


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_that_a_seat_opened_here_warms_up_and_takes_part(room: Room) -> None:
    assert CHROMIUM is not None
    page, flow = room.page, room.driver.lab.seats
    flow.browsers.headless = True
    assert room.driver.lab.control.address is not None
    page.open_here_asked.emit(["PC-1"], CHROMIUM)
    room.driver.wait_until(lambda: room.word("PC-1") in ("Trouble", "Ready", "Taking part"))
    page.scene.select(["PC-1"])
    room.driver.wait_until(lambda: page.panel.figures().get("Browser", "").startswith("Chrom"))
    if room.word("PC-1") != "Taking part":  # it begins by itself where every check is good
        page.ask("begin")
    room.wait_word("PC-1", "Taking part")
    participant = page.book.view_of("PC-1").participant_id
    assert participant is not None
    room.driver.wait_until(lambda: room.driver.row(participant) != {})
    page.close_here_asked.emit()
    room.wait_word("PC-1", "Connection lost")
    assert flow.browsers.desks == ()
