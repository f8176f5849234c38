"""The Seats page in the real window: the map by mouse and keys, undo, the file of the rooms, tiles in words."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QDropEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.room_file import read_rooms, write_rooms
from gui.models.room_plan import GRID, Place, Room, Rooms, desk_names, in_order, name_problem, next_name
from gui.models.seat_words import clock_words
from gui.runtime.rooms_writing import RoomsWriting
from gui.runtime.server_state import Outcome, ServerState
from gui.seats.dialogs import AddDesksDialog, ConfirmDialog, NameDialog
from gui.seats.page import SeatsPage
from gui.shell.settings import LabSettings
from mug.protocol.lab import LabBatch
from tests.drivers.seat_views import checks, seat, seats_batch, seats_snapshot

NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def page(lab: Lab) -> SeatsPage:
    """The page, in front, with four desks in two rows."""
    lab.window.show_page("seats")
    seats = lab.window.seats
    seats.document.add_desks(["PC-1", "PC-2", "PC-3", "PC-10"], 2)
    seats.view.setFocus()
    return seats


@pytest.fixture
def running(page: SeatsPage) -> SeatsPage:
    """The page, while a server runs."""
    page.show_outcome(Outcome(ServerState.READY, study="A study"))
    return page


def places(page: SeatsPage) -> dict[str, tuple[float, float]]:
    return {place.desk: (place.x, place.y) for place in page.document.room.desks}


def middle(page: SeatsPage, desk: str) -> QPoint:
    tile = page.scene.tile(desk)
    assert tile is not None
    return page.view.mapFromScene(tile.sceneBoundingRect().center())


def drag(page: SeatsPage, desk: str, by: QPoint, held: Qt.KeyboardModifier = NONE, *, release: bool = True) -> None:
    """Drag a tile by pixels of the screen."""
    port, start = page.view.viewport(), middle(page, desk)
    QTest.mousePress(port, Qt.MouseButton.LeftButton, held, start)
    for share in (0.3, 0.7, 1.0):
        _move(page, start + QPoint(round(by.x() * share), round(by.y() * share)), held)
    if release:
        QTest.mouseRelease(port, Qt.MouseButton.LeftButton, held, start + by)


def _move(page: SeatsPage, at: QPoint, held: Qt.KeyboardModifier) -> None:
    """Move with a button and a key held, which QTest's own moves know nothing of."""
    port = page.view.viewport()
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(at),
        QPointF(port.mapToGlobal(at)),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        held,
    )
    QApplication.sendEvent(port, event)


# --- the map ---------------------------------------------------------------------------------------------------------


def test_that_a_tile_is_dragged_to_the_grid_and_with_shift_anywhere(page: SeatsPage) -> None:
    before = places(page)
    by = round(70 * page.view.zoom)
    drag(page, "PC-2", QPoint(by, -by))
    x, y = places(page)["PC-2"]
    assert (x % GRID, y % GRID) == (0, 0)
    assert abs(x - before["PC-2"][0] - 70) <= GRID
    assert y < before["PC-2"][1]
    assert {name: at for name, at in places(page).items() if name != "PC-2"} == {
        name: at for name, at in before.items() if name != "PC-2"
    }
    drag(page, "PC-2", QPoint(by + 7, 0), SHIFT)
    assert places(page)["PC-2"][0] % GRID != 0
    assert [page.document.stack.text(k) for k in (1, 2)] == ["move PC-2", "move PC-2"]


def test_that_a_drag_is_taken_back_by_esc(page: SeatsPage) -> None:
    before = places(page)
    drag(page, "PC-1", QPoint(90, 50), release=False)
    tile = page.scene.tile("PC-1")
    assert tile is not None
    assert (tile.x(), tile.y()) != before["PC-1"]
    QTest.keyClick(page.view, Qt.Key.Key_Escape)
    QTest.mouseRelease(page.view.viewport(), Qt.MouseButton.LeftButton, NONE, middle(page, "PC-1") + QPoint(90, 50))
    assert places(page) == before
    assert (tile.x(), tile.y()) == before["PC-1"]


def test_that_a_rubber_band_selects_several_and_they_move_together(page: SeatsPage) -> None:
    port = page.view.viewport()
    first, last = page.scene.tile("PC-1"), page.scene.tile("PC-2")
    assert first is not None
    assert last is not None
    start = page.view.mapFromScene(first.sceneBoundingRect().topLeft()) - QPoint(8, 8)
    end = page.view.mapFromScene(last.sceneBoundingRect().bottomRight()) + QPoint(4, 4)
    QTest.mousePress(port, Qt.MouseButton.LeftButton, NONE, start)
    _move(page, (start + end) / 2, NONE)
    _move(page, end, NONE)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, NONE, end)
    assert page.scene.selected_desks() == ("PC-1", "PC-2")
    before = places(page)
    drag(page, "PC-1", QPoint(0, -round(100 * page.view.zoom)))
    after = places(page)
    assert after["PC-1"][1] - before["PC-1"][1] == after["PC-2"][1] - before["PC-2"][1] < 0
    assert after["PC-3"] == before["PC-3"]
    assert page.document.stack.undoText() == "move 2 desks"


def test_that_arrows_move_desks_and_one_undo_takes_them_back(page: SeatsPage, lab: Lab) -> None:
    before = places(page)
    page.scene.select(["PC-1"])
    for _ in range(3):
        QTest.keyClick(page.view, Qt.Key.Key_Right)
    QTest.keyClick(page.view, Qt.Key.Key_Down, CTRL)
    assert places(page)["PC-1"] == (before["PC-1"][0] + 3 * GRID, before["PC-1"][1] + 5 * GRID)
    undo = next(action for action in lab.window.findChildren(QAction) if action.shortcut().toString() == "Ctrl+Z")
    assert undo.text() == "Undo move PC-1"
    undo.trigger()
    assert places(page) == before
    redo = next(action for action in lab.window.findChildren(QAction) if action.shortcut().toString() == "Ctrl+Shift+Z")
    redo.trigger()
    assert places(page)["PC-1"] != before["PC-1"]
    lab.window.show_page("design")
    assert not undo.isEnabled(), "on Design, undo is the study's"


def test_that_desks_are_selected_by_keys_alone(page: SeatsPage) -> None:
    QTest.keyClick(page.view, Qt.Key.Key_Home)
    assert page.scene.selected_desks() == ("PC-1",)
    QTest.keyClick(page.view, Qt.Key.Key_Right, ALT)
    assert page.scene.selected_desks() == ("PC-2",)
    QTest.keyClick(page.view, Qt.Key.Key_Down, ALT)
    assert page.scene.selected_desks() == ("PC-10",)
    QTest.keyClick(page.view, Qt.Key.Key_PageUp, SHIFT)
    assert page.scene.selected_desks() == ("PC-3", "PC-10")
    QTest.keyClick(page.view, Qt.Key.Key_A, CTRL)
    assert page.scene.selected_desks() == ("PC-1", "PC-2", "PC-3", "PC-10")
    QTest.keyClick(page.view, Qt.Key.Key_Escape)
    assert page.scene.selected_desks() == ()


def test_that_the_map_is_zoomed_by_wheel_and_keys_and_f_shows_all(page: SeatsPage) -> None:
    fitted = page.view.zoom
    at = middle(page, "PC-1")
    held = page.view.mapToScene(at)
    event = QWheelEvent(
        QPointF(at),
        QPointF(page.view.viewport().mapToGlobal(at)),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        CTRL,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(page.view.viewport(), event)
    assert page.view.zoom > fitted
    moved = page.view.mapToScene(at) - held
    assert abs(moved.x()) < 3
    assert abs(moved.y()) < 3
    QTest.keyClick(page.view, Qt.Key.Key_Minus, CTRL)
    QTest.keyClick(page.view, Qt.Key.Key_F)
    assert page.view.zoom == pytest.approx(fitted)


def test_that_desks_are_added_by_a_pattern_and_a_count(page: SeatsPage) -> None:
    page.actions_.add_desks.trigger()
    dialog = page.editing.dialog
    assert isinstance(dialog, AddDesksDialog)
    assert dialog.first.text() == "PC-11", "it goes on where the names are"
    dialog.first.setText("PC-10")
    assert not dialog.confirm.isEnabled()
    assert dialog.preview.text() == "There is a desk PC-10 already."
    dialog.first.setText("Left 1")
    assert "cannot be part of an address" in dialog.preview.text()
    dialog.first.setText("L-08")
    dialog.count.setValue(5)
    dialog.per_row.setValue(3)
    assert dialog.preview.text() == "L-08, L-09, … L-12"
    dialog.confirm.click()
    assert page.desks()[:5] == ("L-08", "L-09", "L-10", "L-11", "L-12")
    at = places(page)
    assert at["L-08"][1] == at["L-10"][1] < at["L-11"][1]
    assert len({*at.values()}) == 9, "no two desks at one place"
    assert page.scene.selected_desks() == page.desks()[:5]


def test_that_a_desk_is_renamed_and_its_address_is_said_to_change(page: SeatsPage) -> None:
    page.scene.select(["PC-2"])
    QTest.keyClick(page.view, Qt.Key.Key_F2)
    dialog = page.editing.dialog
    assert isinstance(dialog, NameDialog)
    dialog.name.selectAll()
    QTest.keyClicks(dialog.name, "PC-3")
    assert dialog.problem.text() == "There is a desk PC-3 already."
    dialog.name.selectAll()
    QTest.keyClicks(dialog.name, "WINDOW")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert page.desks() == ("PC-1", "PC-3", "PC-10", "WINDOW")
    assert page.scene.selected_desks() == ("WINDOW",)


def test_that_a_desk_that_is_there_is_not_removed_unasked(running: SeatsPage) -> None:
    running.show_snapshot(seats_snapshot(seat("PC-1")))
    running.scene.select(["PC-2"])
    QTest.keyClick(running.view, Qt.Key.Key_Delete)
    assert running.desks() == ("PC-1", "PC-3", "PC-10")
    running.scene.select(["PC-1"])
    QTest.keyClick(running.view, Qt.Key.Key_Delete)
    dialog = running.editing.dialog
    assert isinstance(dialog, ConfirmDialog)
    assert "PC-1 is here at the moment" in dialog.text.text()
    assert "PC-1" in running.desks()
    dialog.confirm.click()
    assert running.desks() == ("PC-3", "PC-10")
    running.document.stack.undo()
    assert "PC-1" in running.desks()


def test_that_desks_that_are_on_no_map_are_dragged_from_the_tray(running: SeatsPage, qtbot: QtBot) -> None:
    running.show_snapshot(seats_snapshot(seat("PC-1"), seat("NEW-2"), seat("NEW-1", "warming"), seat("OLD", "absent")))
    running.show_due()
    assert running.tray.isVisible()
    assert running.tray.desks() == ["NEW-1", "NEW-2"]
    running.tray.list.setCurrentRow(0)
    data: QMimeData = running.tray.list.cargo()
    at = QPointF(middle(running, "PC-2") + QPoint(0, round(-120 * running.view.zoom)))
    drop = QDropEvent(at, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, NONE)
    running.view.dropEvent(drop)
    assert running.desks() == ("NEW-1", "PC-1", "PC-2", "PC-3", "PC-10")
    assert running.scene.selected_desks() == ("NEW-1",)
    qtbot.waitUntil(lambda: running.tray.desks() == ["NEW-2"])
    running.tray.list.setCurrentRow(0)
    QTest.keyClick(running.tray.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not running.tray.isVisible())
    assert "NEW-2" in running.desks()


def test_that_a_new_session_is_proposed_the_desks_of_the_room_in_sight(page: SeatsPage, lab: Lab) -> None:
    assert lab.session.desks == ("PC-1", "PC-2", "PC-3", "PC-10")
    page.document.rename_desk("PC-2", "WINDOW")
    assert lab.session.desks == ("PC-1", "PC-3", "PC-10", "WINDOW")
    page.document.add_room("Second lab")
    assert lab.session.desks == ()
    page.document.choose("Lab")
    assert len(lab.session.desks) == 4


def test_that_signs_are_put_on_the_map_and_taken_away(page: SeatsPage) -> None:
    page.editing.toggle_sign("door")
    sign = page.scene.sign("door")
    assert sign is not None
    assert page.document.stack.undoText() == "place the sign “Door”"
    page.scene.clearSelection()
    sign.setSelected(True)
    QTest.keyClick(page.view, Qt.Key.Key_Delete)
    assert page.scene.sign("door") is None
    assert len(page.desks()) == 4


# --- the file --------------------------------------------------------------------------------------------------------


def test_that_rooms_are_there_again_after_a_restart(page: SeatsPage, lab: Lab, qtbot: QtBot) -> None:
    page.editing.add_room()
    assert isinstance(page.editing.dialog, NameDialog)
    QTest.keyClicks(page.editing.dialog.name, "Second lab")
    page.editing.dialog.confirm.click()
    page.document.add_desks(["B-1", "B-2"], 2)
    assert page.bar.rooms.currentText() == "Second lab"
    path = lab.seats.rooms_path
    qtbot.waitUntil(lambda: path.exists() and read_rooms(path)[0] == page.document.rooms)
    again, trouble = read_rooms(path)
    assert trouble == ""
    assert again.names() == ("Lab", "Second lab")
    assert again.room.names() == ("B-1", "B-2")
    page.bar.rooms.setCurrentIndex(0)
    page.bar.rooms.activated.emit(0)
    assert page.desks() == ("PC-1", "PC-2", "PC-3", "PC-10")
    page.document.stack.undo()
    assert page.document.room.name == "Second lab", "the change that is undone comes in sight"


def test_that_a_write_that_comes_late_does_not_bring_an_older_state_back(tmp_path: Path) -> None:
    writing, path = RoomsWriting(), tmp_path / "rooms.json"
    older, newer = (Rooms(rooms=(Room(name=name),), chosen=name) for name in ("Old", "New"))
    writing.write(path, newer, 2)
    writing.write(path, older, 1)
    assert read_rooms(path)[0] == newer


def test_that_a_change_just_before_the_end_is_saved(page: SeatsPage, lab: Lab) -> None:
    page.document.add_desk("LAST")
    lab.seats.close()
    assert "LAST" in read_rooms(lab.seats.rooms_path)[0].desks()


@pytest.mark.parametrize(
    "damage", [b"", b"{", b'{"format": 1, "rooms": 3}', b"\xff\xfe", b'{"format": 9, "rooms": []}']
)
def test_that_a_damaged_file_is_put_aside_and_the_state_before_is_shown(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "rooms.json"
    first = Rooms((Room("Lab", (Place("PC-1", 0, 0),)),), "Lab")
    write_rooms(path, first)
    write_rooms(path, Rooms((Room("Lab", (Place("PC-2", 0, 0),)),), "Lab"))
    path.write_bytes(damage)
    rooms, trouble = read_rooms(path)
    assert rooms == first
    assert "rooms.damaged-1.json" in trouble
    assert (tmp_path / "rooms.damaged-1.json").read_bytes() == damage
    write_rooms(path, rooms)
    assert read_rooms(path) == (first, "")


def test_that_what_no_room_can_have_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "rooms.json"
    desks = [{"desk": name, "x": 0, "y": 0} for name in ("PC-1", "PC-1", "../x", "")]
    desks.append({"desk": "FAR", "x": 1e300, "y": 0})
    rooms = [{"name": "A", "desks": desks, "signs": [{"kind": "sofa", "x": 0, "y": 0}]}, {"name": "A"}, {"name": " "}]
    path.write_text(json.dumps({"format": 1, "rooms": rooms, "chosen": "nowhere"}), encoding="utf-8")
    assert read_rooms(path) == (Rooms((Room("A", (Place("PC-1", 0, 0),)),), "A"), "")


def test_that_a_damaged_file_is_no_obstacle_to_the_app(settings: LabSettings, qapp: QApplication) -> None:
    settings.path.with_name("rooms.json").write_text("not json", encoding="utf-8")
    made = Lab(qapp, settings)
    try:
        assert "cannot be read" in made.window.seats.trouble.text()
        assert made.window.seats.desks() == ()
    finally:
        made.close()
        made.window.deleteLater()
        made.deleteLater()


def test_that_rooms_that_cannot_be_saved_are_said_and_kept(page: SeatsPage, lab: Lab, qtbot: QtBot) -> None:
    path = lab.seats.rooms_path
    qtbot.waitUntil(path.exists)
    lab.seats.rooms_path = lab.settings.path / "below-a-file" / "rooms.json"
    lab.settings.save()
    page.document.add_desk("MORE")
    qtbot.waitUntil(lambda: "could not be saved" in page.trouble.text())
    assert "MORE" in page.desks()


# --- names -----------------------------------------------------------------------------------------------------------


def test_that_names_count_on_in_their_manner() -> None:
    assert desk_names("PC-08", 3) == ["PC-08", "PC-09", "PC-10"]
    assert desk_names("7b", 2) == ["7b", "8b"]
    assert desk_names("Desk", 3) == ["Desk-01", "Desk-02", "Desk-03"]
    assert desk_names("Desk", 1) == ["Desk"]
    assert in_order(["PC-10", "PC-9", "a-1", "PC-1"]) == ["a-1", "PC-1", "PC-9", "PC-10"]
    assert next_name(["PC-1", "PC-3"]) == "PC-4"
    assert next_name([]) == "PC-01"
    assert name_problem("ok", []) == ""
    assert name_problem("a/b", []) != ""


# --- tiles in words --------------------------------------------------------------------------------------------------


def word(page: SeatsPage, desk: str) -> tuple[str, str, str, str]:
    tile = page.scene.tile(desk)
    assert tile is not None
    return tile.look.word, tile.look.tone, tile.look.icon, tile.line


def test_that_every_state_has_its_word_shape_and_colour(running: SeatsPage, qtbot: QtBot) -> None:
    bad = checks(frame_rate={"state": "bad", "value": 31.0}, focus={"state": "bad"})
    running.show_snapshot(
        seats_snapshot(
            seat("PC-1", "warming", checks=checks(runtime={"state": "wait", "value": 0.4})),
            seat("PC-2", "trouble", checks=bad),
            seat("PC-3"),
        )
    )
    running.show_due()
    assert word(running, "PC-1") == ("Warming up 40 %", "accent", "seat-warming", "Python")
    assert word(running, "PC-2") == ("Trouble", "warning", "warning", "Frame rate, In front")
    assert word(running, "PC-3")[:3] == ("Ready", "good", "check-circle")
    assert word(running, "PC-10")[:3] == ("Absent", "neutral", "seat-absent")
    assert running.counts.words() == "1 of 4 ready · 1 warming up · 1 in trouble · 1 absent"
    running.show_batch(
        seats_batch(
            seat("PC-1", "taking_part", participant_id="anna"),
            seat("PC-2", "lost"),
            seat("PC-3", "finished", participant_id="bert"),
            seat("PC-10", "of_a_newer_server"),
        )
    )
    qtbot.waitUntil(lambda: word(running, "PC-10")[0] == "Of a newer server")
    assert word(running, "PC-1") == ("Taking part", "accent", "user", "anna")
    assert word(running, "PC-2")[:3] == ("Connection lost", "error", "lost")
    assert word(running, "PC-3")[0::3] == ("Finished", "bert")
    icons = {word(running, desk)[2] for desk in running.desks()}
    assert len(icons) == 4, "no state is told by its colour alone"


def test_that_a_tile_seen_from_afar_says_what_is_wrong(running: SeatsPage) -> None:
    bad = {"frame_rate": {"state": "bad", "value": 31.0}}
    worse = checks(**bad, focus={"state": "bad"})
    desks = (seat("PC-1", "trouble", checks=checks(**bad)), seat("PC-2"), seat("PC-3", "trouble", checks=worse))
    running.show_snapshot(seats_snapshot(*desks))
    running.show_due()
    tiles = [tile for desk in ("PC-1", "PC-2", "PC-3") if (tile := running.scene.tile(desk)) is not None]
    assert [tile.seen_word(far=True) for tile in tiles] == ["Frame rate", "Ready", "2 troubles"]
    assert [tile.seen_word(far=False) for tile in tiles] == ["Trouble", "Ready", "Trouble"]


def test_that_a_clock_that_is_far_off_is_told_in_units_that_one_can_picture() -> None:
    offsets = (0.2, -12.0, 1_500.0, -59_900.0, 3_723_000.0, -7_200_000.0, 90_000_000.0, 3.2e10)
    assert [clock_words(offset) for offset in offsets] == [
        "exact", "12 ms behind", "1.5 s ahead", "59.9 s behind", "1 h 2 min ahead", "2 h behind", "1 d 1 h ahead",
        "370 d 8 h ahead",
    ]  # fmt: skip


def test_that_a_desk_is_green_only_when_every_check_is_good(running: SeatsPage) -> None:
    running.show_snapshot(
        seats_snapshot(
            seat("PC-1", checks=checks(webrtc={"state": "bad"})), seat("PC-2", checks=checks(clock={"state": "wait"}))
        )
    )
    running.show_due()
    assert word(running, "PC-1")[1] == "warning"
    assert word(running, "PC-2")[1] == "accent"
    assert running.counts.words().startswith("0 of 4 ready")


def test_that_it_is_said_what_is_wrong_and_what_helps(running: SeatsPage) -> None:
    wrong = checks(
        page={"state": "bad"},
        clock={"state": "bad", "value": 12_400.0},
        frame_rate={"state": "bad", "value": 31.0},
        webrtc={"state": "bad"},
        focus={"state": "bad", "text": "another window has the keyboard: click on this page"},
    )
    view = seat(
        "PC-1",
        "trouble",
        checks=wrong,
        clock_offset_ms=12_400.0,
        rtt_ms=3.25,
        jitter_ms=0.5,
        browser="Chromium 156",
        asked="reload",
        asked_state="the page is hidden",
    )
    running.show_snapshot(seats_snapshot(view))
    running.scene.select(["PC-1"])
    running.show_due()
    words = running.panel.words()
    for sentence in (
        "The page is older than the server. Reload the page (R).",
        "The desk's clock is 12.4 s ahead. MUG corrects for it: there is nothing to do.",
        "The page is drawn only 31 times a second. Close other programs at the desk, and plug its power in.",
        "The server relays between browsers instead",
        "Another window has the keyboard: click on this page.",
    ):
        assert sentence in words
    figures = running.panel.figures()
    assert (figures["Ping"], figures["Clock"]) == ("3.2 ms, varies by 0.5 ms", "12.4 s ahead")
    assert figures["Asked"] == "Reload: the page is hidden"
    assert running.panel.address.text.text() == "http://192.168.1.20:8000/seat/PC-1"
    tile = running.scene.tile("PC-1")
    assert tile is not None
    assert "12.4 s ahead" in tile.toolTip()
    assert tile.line == "Reload: the page is hidden"
    running.panel.address.copy_button.click()
    assert QApplication.clipboard().text() == "http://192.168.1.20:8000/seat/PC-1"


def test_that_several_desks_are_shown_in_sum(running: SeatsPage) -> None:
    slow = seat("PC-2", "trouble", checks=checks(frame_rate={"state": "bad", "value": 20.0}))
    running.show_snapshot(seats_snapshot(seat("PC-1"), slow))
    running.scene.select(["PC-1", "PC-2"])
    assert running.panel.title.text() == "2 desks"
    assert running.panel.words().startswith("1 of 2 ready · 1 in trouble.")
    assert "PC-2: The page is drawn only 20 times a second." in running.panel.words()


# --- what is asked ---------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(running: SeatsPage) -> Iterator[list[tuple[str, tuple[str, ...]]]]:
    seen: list[tuple[str, tuple[str, ...]]] = []
    running.ask_asked.disconnect()
    running.ask_asked.connect(lambda what, desks: seen.append((what, desks)))
    running.show_snapshot(seats_snapshot(seat("PC-1"), seat("PC-2"), seat("PC-3", "taking_part", participant_id="a")))
    return seen  # type: ignore[return-value]


def test_that_keys_ask_one_some_or_all(
    running: SeatsPage, asked: list[tuple[str, tuple[str, ...]]], lab: Lab, qtbot: QtBot
) -> None:
    lab.window.activateWindow()
    qtbot.waitUntil(lab.window.isActiveWindow)
    running.view.setFocus()
    running.scene.select(["PC-1"])
    QTest.keyClick(running.view, Qt.Key.Key_I)
    running.scene.select(["PC-1", "PC-2", "PC-10"])
    QTest.keyClick(running.view, Qt.Key.Key_F, SHIFT)
    assert "no page at PC-10" in running.panel.asked.text()
    running.scene.select([])
    QTest.keyClick(running.view, Qt.Key.Key_B)
    assert asked == [("identify", ("PC-1",)), ("fullscreen", ("PC-1", "PC-2")), ("begin", ())]
    QTest.keyClick(running.view, Qt.Key.Key_R)
    assert running.question is not None
    assert "1 participant is taking part" in running.question.text.text()
    assert len(asked) == 3
    running.question.confirm.click()
    assert asked[-1] == ("reload", ())


def test_that_every_desk_acknowledges_and_failures_are_in_words(
    running: SeatsPage, asked: list[tuple[str, tuple[str, ...]]], qtbot: QtBot
) -> None:
    running.scene.select(["PC-1", "PC-2"])
    running.panel.buttons["fullscreen"].click()
    assert running.panel.asked.text() == "Full screen: 0 of 2 done · waiting for PC-1, PC-2"
    running.asked(("PC-1", "PC-2"), {})
    running.show_batch(seats_batch(seat("PC-1", asked="fullscreen", asked_state="sent")))
    running.show_batch(
        seats_batch(
            seat("PC-1", asked="fullscreen", asked_state="done"),
            seat("PC-2", asked="fullscreen", asked_state="the browser wants a click first"),
        )
    )
    wanted = "Full screen: 1 of 2 done · PC-2: the browser wants a click first"
    qtbot.waitUntil(lambda: running.panel.asked.text() == wanted)
    assert word(running, "PC-1")[3] == "Full screen: done"
    assert word(running, "PC-2")[3] == "Full screen: the browser wants a click first"


def test_that_what_the_server_leaves_out_is_named_with_its_reason(
    running: SeatsPage, asked: list[tuple[str, tuple[str, ...]]]
) -> None:
    running.scene.select(["PC-1", "PC-3"])
    running.ask("home")
    assert asked == [("home", ("PC-1", "PC-3"))]
    running.asked(("PC-1",), {"PC-3": "somebody takes part there, and would be interrupted"})
    wanted = "waiting for PC-1 · PC-3: somebody takes part there, and would be interrupted"
    assert running.panel.asked.text() == f"Back to home: 0 of 2 done · {wanted}"
    running.refuse("The session is over.")
    assert running.panel.asked.text() == "The session is over."


def test_that_a_clock_that_is_far_off_is_told_of_although_the_desk_is_ready(running: SeatsPage) -> None:
    running.show_snapshot(seats_snapshot(seat("PC-1", clock_offset_ms=-12_400.0)))
    running.scene.select(["PC-1"])
    running.show_due()
    assert word(running, "PC-1") == ("Ready", "good", "check-circle", "Clock 12.4 s behind")
    assert "The desk's clock is 12.4 s behind. MUG corrects for it: there is nothing to do." in running.panel.words()


def test_that_checks_from_before_are_not_held_against_who_takes_part(running: SeatsPage) -> None:
    old = checks(focus={"state": "bad"})
    running.show_snapshot(seats_snapshot(seat("PC-1", "taking_part", participant_id="anna", checks=old)))
    running.scene.select(["PC-1"])
    running.show_due()
    assert running.panel.words() == "Takes part as anna."


def test_that_desks_that_the_session_is_not_for_say_so(running: SeatsPage, qtbot: QtBot) -> None:
    snapshot = seats_snapshot(seat("PC-1"), seat("PC-2"))
    session = msgspec.structs.replace(snapshot.session, seats=("PC-1", "PC-3"))
    running.show_snapshot(msgspec.structs.replace(snapshot, session=session))
    running.show_due()
    assert [word(running, desk)[3] for desk in ("PC-1", "PC-2", "PC-3")] == ["", "Not in this session", ""]
    running.show_batch(LabBatch(session=msgspec.structs.replace(session, seats=())))
    qtbot.waitUntil(lambda: word(running, "PC-2")[3] == "")


def test_that_everything_on_the_page_is_reached_with_tab_alone(running: SeatsPage, lab: Lab, qtbot: QtBot) -> None:
    running.show_snapshot(seats_snapshot(seat("PC-1"), seat("NEW")))
    running.scene.select(["PC-1"])
    running.show_due()
    lab.window.activateWindow()
    for key, parts in (("room", {running.view, running.tray.list, running.bar.more}), ("pairs", {running.pairs.table})):
        running.show_view(key)
        start = running.bar.rooms if key == "room" else running.pairs.test
        start.setFocus()
        reached: set[QWidget] = set()
        for _ in range(80):
            widget = QApplication.focusWidget()
            if widget is None or widget in reached:
                break
            reached.add(widget)
            QTest.keyClick(widget, Qt.Key.Key_Tab)
        buttons = [button for button in running.findChildren(QAbstractButton) if button.isVisible()]
        missing = {button.accessibleName() for button in buttons if button.isEnabled() and button not in reached}
        assert {name for name in missing if ": " not in name} - {""} == set()
        assert parts <= reached


def test_that_nothing_can_be_asked_without_a_server(page: SeatsPage, qtbot: QtBot) -> None:
    assert not any(button.isEnabled() for button in page.panel.buttons.values())
    assert "Desks warm up as soon as there is one" in page.notice.text()
    page.show_outcome(Outcome(ServerState.READY, study="A study"))
    page.show_snapshot(seats_snapshot(seat("PC-1")))
    assert all(button.isEnabled() for button in page.panel.buttons.values())
    page.show_outcome(Outcome(ServerState.STOPPED))
    qtbot.waitUntil(lambda: word(page, "PC-1")[0] == "Absent")


def test_that_an_empty_room_explains_itself(lab: Lab) -> None:
    page = lab.window.seats
    lab.window.show_page("seats")
    assert page.add_first.isVisible()
    page.add_first.click()
    dialog = page.editing.dialog
    assert isinstance(dialog, AddDesksDialog)
    assert dialog.preview.text() == "PC-01, PC-02, … PC-20"
    dialog.confirm.click()
    assert len(page.desks()) == 20
    assert not page.add_first.isVisible()
    [go] = [button for button in page.notice.findChildren(type(page.add_first)) if button.text() == "Go to Run"]
    go.click()
    assert lab.window.page() == "run"


def test_that_tiles_that_did_not_change_are_not_painted_again(running: SeatsPage) -> None:
    running.show_snapshot(seats_snapshot(*(seat(desk) for desk in running.desks())))
    running.show_due()
    before = [tile.repaints for tile in running.scene.tiles()]
    running.show_batch(seats_batch(*(seat(desk, rtt_ms=7.0) for desk in running.desks())))
    running.show_due()
    assert [tile.repaints for tile in running.scene.tiles()] == before
    looks = running.repaints
    running.hide()
    running.show_batch(seats_batch(seat("PC-1", "lost")))
    running.show_due()
    assert running.repaints == looks, "out of sight nothing is painted"
