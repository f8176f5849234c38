"""The real main window: pages, shortcuts, names for those who cannot see, what is remembered, what goes wrong."""

import logging
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QProgressBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui.app import Lab, main
from gui.models.action_words import ACTION_KINDS
from gui.models.session_wish import SessionWish
from gui.run.action_dialog import ActionDialog
from gui.run.dialogs import EndSessionDialog, ReachDialog, ReleaseModeDialog, StartAnywayDialog
from gui.run.hand_dialog import HandDialog, NoteDialog
from gui.run.log_view import LineDialog
from gui.run.second_screen_dialog import SecondScreenDialog
from gui.run.session_dialog import NewSessionDialog, ResumeDialog
from gui.runtime.open_sessions import OpenSession
from gui.runtime.server_state import Outcome, ServerState
from gui.seats.dialogs import AddDesksDialog, ConfirmDialog, NameDialog
from gui.shell.close_questions import CloseQuestion, UndeliveredQuestion
from gui.shell.settings import SETTINGS_VARIABLE, LabSettings
from gui.widgets.theme import ThemeChoice
from mug.protocol.lab import LabSnapshot, LogLine, ParticipantView, TelemetryPoint
from tests.drivers.session_views import session_view

SESSION = session_view(addresses=("http://192.168.1.20:8000/",))


def press(qtbot: QtBot, window: QMainWindow, keys: str) -> None:
    """Press a shortcut as the platform would hand it to the window."""
    action = next(action for action in window.findChildren(QAction) if action.shortcut() == QKeySequence(keys))
    assert action.isEnabled()
    action.trigger()


def test_that_the_pages_are_reached_by_rail_and_by_shortcut(lab: Lab, qtbot: QtBot) -> None:
    window = lab.window
    seen = [window.page()]
    for keys in ("Ctrl+4", "Ctrl+3", "Ctrl+2", "Ctrl+1"):
        press(qtbot, window, keys)
        seen.append(window.page())
    assert seen == ["design", "data", "run", "seats", "design"]
    buttons = {button.text(): button for button in window.navigation.findChildren(QAbstractButton)}
    assert list(buttons) == ["Design", "Seats", "Run", "Data"]
    qtbot.mouseClick(buttons["Data"], Qt.MouseButton.LeftButton)
    assert window.page() == "data"


def test_that_no_shortcut_is_used_twice(lab: Lab) -> None:
    keys = [
        action.shortcut().toString() for action in lab.window.findChildren(QAction) if not action.shortcut().isEmpty()
    ]
    assert sorted(keys) == sorted(set(keys))
    assert {"Ctrl+1", "Ctrl+2", "Ctrl+3", "Ctrl+4", "Ctrl+O", "Ctrl+R", "Ctrl+E", "Ctrl+Q"} <= set(keys)


CONTROLS = (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView, QProgressBar, QPlainTextEdit)


def nameless(root: QWidget) -> list[str]:
    controls = [widget for kind in CONTROLS for widget in root.findChildren(kind)]
    own = [widget for widget in controls if not widget.objectName().startswith("qt_")]
    return [f"{type(widget).__name__} {widget.objectName()}" for widget in own if not _name(widget)]


def _name(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    parent = widget.parentWidget()
    around = {parent, parent.parentWidget() if parent is not None else None}
    inside = any(isinstance(part, QAbstractItemView | QComboBox | QLineEdit) for part in around)  # Qt's own parts
    return widget.accessibleName() or text or ("inside" if inside else "")


def test_that_every_control_has_a_name(lab: Lab) -> None:
    lab.window.run.show_outcome(Outcome(ServerState.READY, study="A study"))
    lab.window.run.show_snapshot(LabSnapshot(session=SESSION, participants=()))
    lab.show_settings()
    assert lab.settings_dialog is not None
    dialogs: list[QDialog] = [
        lab.settings_dialog,
        ReachDialog(lab.theme, lab.window),
        EndSessionDialog(lab.theme, 3, lab.window),
        ReleaseModeDialog(lab.theme, "automatic", 2, lab.window),
        StartAnywayDialog(lab.theme, "2 are missing", lab.window),
        NewSessionDialog(lab.theme, SessionWish(conditions={"order": "AB"}), lab.window, desks=("PC-1", "PC-2")),
        ResumeDialog(lab.theme, OpenSession(session_id="s", label="Monday", started_at=""), lab.window),
        HandDialog(lab.theme, "anna", "How?", "", "PC-1", lab.window),
        NoteDialog(lab.theme, ["anna"], lab.window),
        *(ActionDialog(lab.theme, kind, ["a", "b"], lab.window, texts=["Hello"]) for kind in ACTION_KINDS.values()),
        CloseQuestion(1, lab.window, ["Message to anna: “Hello”"]),
        UndeliveredQuestion(["Message to anna: “Hello”"], lab.window),
        LineDialog(lab.theme, LogLine(at="", level="error", text="Wrong", traceback="…"), lab.window),
        SecondScreenDialog(lab.theme, lab.window),
        AddDesksDialog(lab.theme, ["PC-1"], lab.window),
        NameDialog(lab.theme, "Room", "Its name", "Name it", lambda _name: "", parent=lab.window),
        ConfirmDialog(lab.theme, "Remove?", "It is there.", "Remove", lab.window),
    ]
    assert [name for root in (lab.window, *dialogs) for name in nameless(root)] == []


def test_that_everything_on_the_run_page_is_reached_with_tab_alone(lab: Lab, qtbot: QtBot) -> None:
    run = lab.window.run
    lab.window.show_page("run")
    run.show_outcome(Outcome(ServerState.READY, study="A study"))
    run.show_snapshot(
        LabSnapshot(session=SESSION, participants=(ParticipantView(participant_id="a", state="connected"),))
    )
    lab.window.activateWindow()
    run.start_stop.setFocus()
    reached: set[QWidget] = set()
    for _ in range(60):
        widget = QApplication.focusWidget()
        if widget is None or widget in reached:
            break
        reached.add(widget)
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    buttons = {
        widget for widget in run.findChildren(QAbstractButton) if widget.isVisibleTo(lab.window) and widget.isEnabled()
    }
    unreached = {widget.accessibleName() for widget in buttons - reached if widget.accessibleName()}
    # Of a group of segments only the chosen one is a tab stop; arrows move inside.
    assert {name for name in unreached if ": " not in name} == set()
    assert run.participants.table in reached


def test_that_look_and_places_are_remembered(lab: Lab, settings: LabSettings, tmp_path: Path) -> None:
    lab.show_settings()
    assert lab.settings_dialog is not None
    lab.settings_dialog.look.choose("dark")
    lab.settings_dialog.reach.choose("network")
    lab.settings_dialog.take_data_dir(str(tmp_path / "elsewhere"))
    assert lab.theme.is_dark
    assert str(tmp_path / "elsewhere") in lab.window.statusBar().findChildren(QWidget)[-1].text()  # type: ignore[attr-defined]
    settings.save()
    again = LabSettings(settings.path)
    assert (again.theme, again.reach, again.data_dir) == (ThemeChoice.DARK, "network", tmp_path / "elsewhere")
    lab.theme.choose(ThemeChoice.LIGHT)


def test_that_the_tables_columns_are_remembered(lab: Lab, settings: LabSettings) -> None:
    header = lab.window.run.participants.table.horizontalHeader()
    header.moveSection(4, 1)
    lab.window.close()
    again = LabSettings(settings.path)
    assert again.state("participants") == header.saveState()


def test_that_settings_can_be_isolated_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTINGS_VARIABLE, str(tmp_path / "own.ini"))
    assert LabSettings().path == tmp_path / "own.ini"
    assert LabSettings().data_dir == Path.cwd() / "data"


def test_that_a_settings_file_of_nonsense_is_no_obstacle(tmp_path: Path) -> None:
    file = tmp_path / "lab.ini"
    file.write_text("[look]\ntheme=purple\n[run]\nreach=moon\n[studies]\nrecent=/no/such/place\n", encoding="utf-8")
    settings = LabSettings(file)
    assert (settings.theme, settings.reach, settings.recent) == (ThemeChoice.SYSTEM, "", [])


def test_that_an_uncaught_exception_is_shown_with_the_log_and_the_app_goes_on(
    lab: Lab, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("gui.test").warning("something before")
    error = RuntimeError("a bug")
    lab.crashes.on_uncaught(RuntimeError, error, None)
    dialog = lab.crashes.dialog
    assert dialog is not None
    assert "RuntimeError: a bug" in dialog.details()
    assert "something before" in dialog.details()
    lab.crashes.on_uncaught(RuntimeError, RuntimeError("a second one"), None)
    assert lab.crashes.dialog is dialog
    dialog.accept()
    qtbot.waitUntil(lambda: lab.crashes.dialog is None)
    press(qtbot, lab.window, "Ctrl+3")
    assert lab.window.page() == "run"
    caplog.clear()


def test_that_a_toast_is_said_and_goes_away_without_the_focus(lab: Lab, qtbot: QtBot) -> None:
    before = QApplication.focusWidget()
    lab.window.toasts.say("Address copied")
    assert lab.window.toasts.text() == "Address copied"
    assert QApplication.focusWidget() is before


@pytest.mark.parametrize("size", [(1100, 700), (1600, 1000)])
@pytest.mark.parametrize("page", ["design", "run", "data"])
def test_that_every_page_fits(lab: Lab, qtbot: QtBot, page: str, size: tuple[int, int]) -> None:
    window = lab.window
    window.run.show_outcome(Outcome(ServerState.READY, study="A study"))
    people = tuple(ParticipantView(participant_id=f"p{n}", state="connected") for n in range(30))
    window.run.show_snapshot(LabSnapshot(session=SESSION, participants=people))
    window.resize(*size)
    window.show_page(page)
    qtbot.waitUntil(lambda: (window.width(), window.height()) == size)
    QApplication.processEvents()
    shown = {"design": window.design, "run": window.run, "data": window.data}[page]
    for button in shown.findChildren(QAbstractButton):
        if button.isVisible() and button.accessibleName() and not button.visibleRegion().isEmpty():
            right = button.mapTo(window, QPoint(button.width(), 0)).x()
            assert right <= window.width(), button.accessibleName()
            assert button.width() >= button.minimumSizeHint().width(), button.accessibleName()


def test_that_only_visible_plots_are_repainted(lab: Lab, qtbot: QtBot) -> None:
    run = lab.window.run
    run.show_outcome(Outcome(ServerState.READY, study="A study"))
    run.show_snapshot(
        LabSnapshot(session=SESSION, participants=(ParticipantView(participant_id="a", state="connected"),))
    )
    lab.window.show_page("run")
    qtbot.waitUntil(lambda: run.live.repaints > 0)
    lab.window.show_page("design")
    before = run.live.repaints
    run.live.add([TelemetryPoint(participant_id="a", at_ms=1.0, rtt_ms=1.0, focused=True, visible=True)])
    run.live.draw_due()
    assert run.live.repaints == before


def test_that_texts_of_participants_are_never_read_as_html(lab: Lab) -> None:
    run = lab.window.run
    run.log.show_line(LogLine(at="2026-01-01T10:00:00.000Z", level="error", text="<b>bold</b>", traceback="<i>t</i>"))
    assert run.log.dialog is not None
    assert run.log.dialog.text.toPlainText() == "<i>t</i>"
    run.log.dialog.reject()


def test_that_without_a_display_a_sentence_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert main([]) == 2
    assert "mug serve" in capsys.readouterr().err
