"""The live plots in the real window: window in time, limits, marks, the room, the server's health."""

import math
import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.models.health import CAPACITY, FIGURES, HealthHistory, troubles
from gui.models.markers import Markers
from gui.models.metrics import LOOKS, Metric, is_beyond, values_of
from gui.models.telemetry import TelemetryHistory
from gui.models.time_window import LONGEST_S, SHORTEST_S, TimeWindow
from gui.run.live_view import LiveView
from gui.run.sparklines import room_cells, worst_line
from gui.widgets.theme import Theme, ThemeChoice
from mug.protocol.lab import ParticipantView, TelemetryPoint
from mug.protocol.lab_console import ActionTarget, ActionView, HealthView, NoteView


def point(who: str, at_s: float, **values: object) -> TelemetryPoint:
    fields: dict[str, object] = {"rtt_ms": 20.0, "focused": True, "visible": True, **values}
    return TelemetryPoint(participant_id=who, at_ms=at_s * 1000, **fields)  # type: ignore[arg-type]  # built for tests


def iso(at_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at_s)) + "+00:00"


class TestTheWindowInTime:
    def test_that_it_follows_now_until_it_is_held(self) -> None:
        clock = [1000.0]
        window = TimeWindow(120.0, now=lambda: clock[0])
        assert window.edges() == (880.0, 1000.0)
        clock[0] = 1010.0
        assert window.edges() == (890.0, 1010.0)
        window.hold()
        clock[0] = 1100.0
        assert window.edges() == (890.0, 1010.0)
        window.follow()
        assert window.edges() == (980.0, 1100.0)

    def test_that_zooming_keeps_the_moment_under_the_pointer(self) -> None:
        window = TimeWindow(100.0, now=lambda: 1000.0)
        window.zoom(0.5, 925.0)
        start, end = window.edges()
        assert end - start == pytest.approx(50.0)
        assert (925.0 - start) / (end - start) == pytest.approx(0.25)
        assert not window.follows

    def test_that_it_never_leaves_its_bounds(self) -> None:
        rng = np.random.default_rng(3)
        window = TimeWindow(now=lambda: 50_000.0)
        for _ in range(2_000):
            match int(rng.integers(0, 4)):
                case 0:
                    window.zoom(float(rng.uniform(0.1, 10)), float(rng.uniform(40_000, 51_000)))
                case 1:
                    window.pan(float(rng.uniform(-9_000, 9_000)))
                case 2:
                    window.show(float(rng.uniform(30_000, 60_000)), float(rng.uniform(30_000, 60_000)))
                case _:
                    window.hold() if rng.integers(0, 2) else window.follow()
            start, end = window.edges()
            assert SHORTEST_S - 1e-6 <= end - start <= LONGEST_S + 1e-6
            assert 50_000.0 - LONGEST_S <= end <= 50_000.0

    def test_that_panning_to_now_follows_again(self) -> None:
        window = TimeWindow(100.0, now=lambda: 1000.0)
        window.pan(-50.0)
        assert window.edges() == (850.0, 950.0)
        window.pan(60.0)
        assert window.follows


class TestFigures:
    def test_that_a_pulse_has_a_value_for_each_figure(self) -> None:
        plays = point("a", 1.0, jitter_ms=3.0, loss=0.2, match_id="m", rollbacks=4, depth_max=2, stalled_ms=50.0)
        values = dict(zip(Metric, values_of(plays), strict=True))
        assert (values[Metric.LOSS], values[Metric.ROLLBACKS], values[Metric.STALL]) == (20.0, 4.0, 50.0)
        alone = dict(zip(Metric, values_of(point("a", 1.0)), strict=True))
        assert math.isnan(alone[Metric.ROLLBACKS])
        assert math.isnan(alone[Metric.FRAME_RATE])

    def test_that_a_low_frame_rate_and_a_high_ping_are_beyond_their_limits(self) -> None:
        assert is_beyond(Metric.FRAME_RATE, 12.0)
        assert not is_beyond(Metric.FRAME_RATE, 60.0)
        assert is_beyond(Metric.PING, 400.0)
        assert not is_beyond(Metric.PING, 40.0)

    def test_that_the_worst_of_all_is_found_over_everything_that_is_kept(self) -> None:
        history = TelemetryHistory()
        history.add(point("a", float(second), rtt_ms=10.0) for second in range(7_000))
        history.add(point("b", float(second), rtt_ms=900.0 if second == 3_000 else 20.0) for second in range(7_000))
        x, y, begin = worst_line(history, ["a", "b"], Metric.PING)
        assert begin == 0.0
        assert np.nanmax(y) == 900.0
        assert abs(x[int(np.nanargmax(y))] - 3_000.0) <= 7_000 / len(x)

    def test_that_only_cells_in_sight_have_lines(self) -> None:
        history = TelemetryHistory()
        history.add(point(who, float(second)) for second in range(50) for who in ("a", "b"))
        people = [("a", "PC-1 · a", True), ("b", "b", True)]
        cells = room_cells(history, Metric.PING, people, (0.0, 49.0), Markers(), in_sight=range(1), width_px=150)
        assert len(cells[0].x) > 10
        assert cells[0].value == "20 ms"
        assert len(cells[1].x) == 0


class TestHealth:
    def test_that_two_hours_are_kept_in_order(self) -> None:
        health = HealthHistory()
        for second in range(CAPACITY + 500):
            health.add(HealthView(at_ms=second * 1000.0, cpu=0.5, disk_free_bytes=50_000_000_000))
        assert len(health) == CAPACITY
        assert health.at_s[0] == 500.0
        assert np.all(np.diff(health.at_s) > 0)
        assert health.values(0).tolist() == [50.0] * CAPACITY

    def test_that_a_clock_that_is_put_back_begins_anew(self) -> None:
        health = HealthHistory()
        for at_s in (5000.0, 5001.0, 5000.5, 1000.0, 1001.0):
            health.add(HealthView(at_ms=1000 * at_s, cpu=0.5))
        assert health.at_s.tolist() == [1000.0, 1001.0]

    def test_that_every_trouble_is_said_in_a_sentence(self) -> None:
        fine = HealthView(at_ms=1.0, cpu=0.1, machine_cpu=0.3, disk_free_bytes=90_000_000_000, memory_bytes=10**8)
        assert troubles(fine) == []
        bad = HealthView(
            at_ms=1.0,
            cpu=1.0,
            machine_cpu=1.0,
            memory_bytes=10**10,
            disk_free_bytes=10**8,
            queue=5_000,
            handled_max_ms=900.0,
            commit_max_ms=2_000.0,
            rtt_p95_ms=800.0,
        )
        assert len(troubles(bad)) == len(FIGURES)


@pytest.fixture
def live(qapp: QApplication, qtbot: QtBot) -> LiveView:
    view = LiveView(Theme(qapp, ThemeChoice.LIGHT))
    qtbot.addWidget(view)
    view.resize(900, 420)
    view.show()
    now = time.time()
    view.show_participants(
        [
            ParticipantView(participant_id=who, state="connected", seat=seat)
            for who, seat in (("anna", "PC-01"), ("bert", ""))
        ]
    )
    view.add(
        point(who, now - 300 + second, rtt_ms=200.0 if who == "bert" else 20.0)
        for second in range(300)
        for who in ("anna", "bert")
    )
    return view


def drawn(live: LiveView, qtbot: QtBot) -> None:
    before = live.repaints
    for _ in range(6):
        live.draw_due()
    qtbot.waitUntil(lambda: live.repaints > before)


def test_that_the_wheel_zooms_dragging_moves_and_a_double_click_follows(live: LiveView, qtbot: QtBot) -> None:
    drawn(live, qtbot)
    plot = live.lines.widget
    place = QPointF(plot.width() / 2, plot.height() / 2)
    turn = QWheelEvent(
        place,
        QPointF(plot.mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(plot.viewport(), turn)
    assert live.time.span_s == pytest.approx(96.0)
    assert not live.time.follows
    start = live.time.edges()[0]
    viewport, middle = plot.viewport(), place.toPoint()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(viewport, middle + QPoint(60, 0))
    qtbot.mouseMove(viewport, middle + QPoint(120, 0))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=middle + QPoint(120, 0))
    assert live.time.edges()[0] < start
    qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=middle)
    assert live.time.follows


def test_that_the_keyboard_moves_the_window_and_the_brush_shows_it(live: LiveView, qtbot: QtBot) -> None:
    drawn(live, qtbot)
    live.brush.setFocus()
    qtbot.keyClick(live.brush, Qt.Key.Key_Left)
    assert not live.time.follows
    assert live.follow.text().strip() == "Follow"
    qtbot.keyClick(live.brush, Qt.Key.Key_Plus)
    assert live.time.span_s == pytest.approx(96.0)
    qtbot.keyClick(live.brush, Qt.Key.Key_End)
    assert live.time.follows
    qtbot.keyClick(live.brush, Qt.Key.Key_Space)
    assert not live.time.follows
    begin, end = live.brush.range_s()
    assert end - begin >= 600.0


def test_that_held_plots_stand_still_while_pulses_go_on_arriving(live: LiveView, qtbot: QtBot) -> None:
    live.time.hold()
    drawn(live, qtbot)
    before = live.lines.drawn("anna")[0].tolist()
    live.add([point("anna", time.time() + 1.0)])
    for _ in range(6):
        live.draw_due()
    assert live.lines.drawn("anna")[0].tolist() == before
    assert live.history.pulses("anna").at_s[-1] > before[-1]


def test_that_notes_and_actions_are_marks_of_their_own_shape(live: LiveView, qtbot: QtBot) -> None:
    now = time.time()
    live.add_marks(
        [
            ActionView(
                action_id="a1",
                action="pause",
                at=iso(now - 30),
                reason="fire drill",
                targets=(ActionTarget(participant_id="anna", state="shown"),),
            )
        ],
        [NoteView(note_id="n1", at=iso(now - 20), text="the door opened"), NoteView(note_id="n2", at="?", text="x")],
    )
    drawn(live, qtbot)
    assert live.lines.marks() == ["Pause: fire drill", "the door opened"]
    assert live.lines.named() == []
    live.choose(["bert"])
    drawn(live, qtbot)
    assert live.lines.marks() == ["the door opened"]
    assert live.lines.named() == ["bert"], "a chosen line has its name beside it, whatever its colour"
    live.add_marks([], [NoteView(note_id="n1", at=iso(now - 20), text="the door opened")])
    assert len(live.markers.between(0, math.inf)) == 2


def test_that_the_room_shows_each_participant_with_trouble_as_a_sign(live: LiveView, qtbot: QtBot) -> None:
    chosen: list[str] = []
    live.participant_chosen.connect(chosen.append)
    live.mode.choose("room")
    drawn(live, qtbot)
    anna, bert = live.room.cells()
    assert (anna.title, anna.value, anna.trouble) == ("PC-01 · anna", "20 ms", False)
    assert (bert.value, bert.trouble) == ("200 ms", True)
    cells = live.room.widget.widget()
    cells.setFocus()
    qtbot.keyClick(cells, Qt.Key.Key_Down)
    qtbot.keyClick(cells, Qt.Key.Key_Right)
    qtbot.keyClick(cells, Qt.Key.Key_Return)
    assert chosen == ["bert"]
    live.figure.setCurrentIndex(live.figure.findData(int(Metric.LOSS)))
    drawn(live, qtbot)
    assert live.room.cells()[0].value == "–"


def test_that_the_servers_health_is_plotted_and_its_trouble_said(live: LiveView, qtbot: QtBot) -> None:
    now = time.time()
    for second in range(20):
        live.add_health(HealthView(at_ms=(now - 20 + second) * 1000, cpu=0.2, disk_free_bytes=9 * 10**10))
    assert live.server_state.text() == "Server fine"
    live.mode.choose("server")
    drawn(live, qtbot)
    assert [cell.key for cell in live.server.cells()] == [figure.key for figure in FIGURES]
    assert live.server.cells()[0].value == "20 % of a core"
    live.add_health(HealthView(at_ms=(now + 1) * 1000, cpu=0.2, disk_free_bytes=10**8))
    assert live.server_state.text() == "Server in trouble"
    assert "disk" in live.server_state.toolTip()


def test_that_every_figure_can_be_drawn(live: LiveView, qtbot: QtBot) -> None:
    for metric, look in LOOKS.items():
        live.figure.setCurrentIndex(live.figure.findData(int(metric)))
        drawn(live, qtbot)
        assert live.lines.metric is metric
        assert look.title in live.lines.widget.accessibleName()
