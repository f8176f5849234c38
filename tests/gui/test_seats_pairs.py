"""The connections between the desks: the table keeps Qt's rules, and everything is said in words too."""

import itertools

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.seat_pairs import PAIR_ROLE, SeatPairsModel, pair_look, pair_words
from gui.runtime.server_state import Outcome, ServerState
from mug.protocol.lab_console import SeatPairView
from tests.drivers.seat_views import pair, seat, seats_batch, seats_snapshot

MODE = QAbstractItemModelTester.FailureReportingMode.Fatal
DESKS = ("A", "B", "C")


def by_desks(*pairs: SeatPairView) -> dict[tuple[str, str], SeatPairView]:
    return {(found.desks[0], found.desks[1]): found for found in pairs}


def test_that_the_table_keeps_qts_rules_and_tells_what_changed_alone(qtbot: QtBot) -> None:
    model = SeatPairsModel()
    tester = QAbstractItemModelTester(model, MODE)
    model.show(DESKS, {})
    changed: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, _last: changed.append((first.row(), first.column())))
    model.show(DESKS, by_desks(pair("A", "C", 12.0)))
    assert sorted(changed) == [(0, 2), (2, 0)]
    changed.clear()
    model.show(DESKS, by_desks(pair("A", "C", 12.0)))
    assert changed == []
    model.show((*DESKS, "D"), by_desks(pair("A", "C", 12.0)))
    model.show((), {})
    assert tester.model() is model


def test_that_a_connection_is_told_by_text_colour_and_shape() -> None:
    looks = [
        pair_look(found)
        for found in (
            pair("A", "B", 1.25),
            pair("A", "B", 60.0),
            pair("A", "B", 140.0, "relay"),
            pair("A", "B", None, "", "failed"),
            pair("A", "B", None, "", "probing"),
            None,
        )
    ]
    assert [(look.text, look.tone, look.shape) for look in looks] == [
        ("1.2", "good", "direct"),
        ("60", "warning", "direct"),
        ("140", "error", "relay"),
        ("none", "error", "none"),
        ("…", "accent", "waiting"),
        ("–", "neutral", "waiting"),
    ]
    assert pair_words("A", "B", pair("A", "B", 1.25)) == "A – B: 1.2 ms round trip, good; direct, browser to browser."
    assert "no connection was found" in pair_words("A", "B", pair("A", "B", None, "", "failed"))


def test_that_the_worst_come_first_and_the_table_is_copied_as_text() -> None:
    model = SeatPairsModel()
    model.show(DESKS, by_desks(pair("A", "B", 50.0), pair("A", "C", None, "", "failed"), pair("B", "C", 3.0, "relay")))
    assert [(one, other) for one, other, _pair in model.worst(9)] == [("A", "C"), ("B", "C"), ("A", "B")]
    assert model.as_text().splitlines() == [
        "round trip in ms\tA\tB\tC",
        "A\t\t50\tnone",
        "B\t50\t\t3.0 (relay)",
        "C\tnone\t3.0 (relay)\t",
    ]


def test_that_a_test_shows_its_progress_and_its_result(lab: Lab, qtbot: QtBot) -> None:
    page = lab.window.seats
    lab.window.show_page("seats")
    page.document.add_desks(["A", "B", "C"], 3)
    page.show_outcome(Outcome(ServerState.READY, study="A study"))
    page.show_snapshot(seats_snapshot(*(seat(desk) for desk in DESKS)))
    asked: list[tuple[str, ...]] = []
    page.probe_asked.disconnect()
    page.probe_asked.connect(asked.append)
    page.actions_.test.trigger()
    assert asked == [()]
    assert page.pairs.isVisible()
    waiting = [pair(a, b, None, "", "waiting") for a, b in itertools.combinations(DESKS, 2)]
    page.show_batch(seats_batch(pairs=tuple(waiting)))
    qtbot.waitUntil(page.pairs.progress.isVisible)
    page.show_batch(seats_batch(pairs=(pair("A", "B", 2.0),)))
    qtbot.waitUntil(lambda: page.pairs.sum.words() == "1 of 3 pairs measured")
    page.show_batch(seats_batch(pairs=(pair("A", "C", 9.0, "relay"), pair("B", "C", None, "", "failed"))))
    qtbot.waitUntil(lambda: page.pairs.sum.words() == "1 direct · 1 by relay · 1 without connection")
    assert not page.pairs.progress.isVisible()
    assert page.pairs.worst.count() == 2
    page.pairs.worst.itemActivated.emit(page.pairs.worst.item(0))
    assert page.pairs.cell.words().startswith("B – C: no connection was found")
    qtbot.keyClick(page.pairs.table, Qt.Key.Key_Up)
    assert (
        page.pairs.cell.words() == "A – C: 9.0 ms round trip, good; relayed by the server, as no direct way was found."
    )
    assert page.pairs.table.currentIndex().data(PAIR_ROLE).shape == "relay"
    page.pairs.copy.click()
    assert QApplication.clipboard().text() == page.pairs.model.as_text()
