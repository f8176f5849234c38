"""The console against the real server: stages, actions, hands and notes, with participants without browsers."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.run.action_dialog import ActionDialog
from gui.run.hand_dialog import HandDialog, NoteDialog
from gui.run.session_dialog import NewSessionDialog
from gui.runtime.server_state import ServerState
from gui.shell.settings import LabSettings
from mug.data import load
from mug.protocol.care import ActionSeen, HandState, Held, Paused, RaiseHand, Told
from mug.protocol.messages import Closed, ShowScene
from tests.drivers.gui_driver import GuiDriver
from tests.drivers.server_driver import ParticipantClient

LEFT = Qt.MouseButton.LeftButton
PAGES = """\
format = 1
id = "pages"
title = "Pages"

[hosting]
port = 0

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

[[chain]]
kind = "static_page"
scene_id = "text"
scene_header = "A text"

[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "The end"
"""
"""A study without games: nothing is prepared for the browser."""


@pytest.fixture
def gui(lab: Lab, tmp_path: Path, qtbot: QtBot) -> Iterator[GuiDriver]:
    driver = GuiDriver(lab, qtbot)
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "study.toml").write_text(PAGES, encoding="utf-8")
    driver.open_study(tmp_path / "study")
    yield driver
    driver.stop()


def state_of(gui: GuiDriver, participant: str) -> list[tuple[str, str]]:
    """What was done to a participant and how far it is, the newest first."""
    model = gui.lab.window.run.people.actions_view.model
    return [(view.action, target.state) for view, target in model.of_participant(participant)]


def fill_lab_session(dialog: NewSessionDialog) -> None:
    dialog.label.setText("Monday 1")
    dialog.expected.setText("3")
    dialog.conditions.add("order", "AB")
    dialog.begins["prepared"].setChecked(True)
    dialog.pilot.setChecked(True)


def test_that_a_session_is_what_the_dialog_said_and_goes_by_stages(
    gui: GuiDriver, qtbot: QtBot, settings: LabSettings
) -> None:
    gui.start(answer=fill_lab_session)
    run = gui.lab.window.run
    stage = run.running.stage
    session = run.session
    assert session is not None
    assert (session.label, session.expected, session.conditions) == ("Monday 1", 3, {"order": "AB"})
    assert (session.pilot, session.stage, session.help) == (True, "prepared", True)
    assert run.head.pilot.isVisible()
    assert session.study_hash[:8] in run.head.study_hash.text()
    assert (settings.data_dir / session.experiment_id / "pilot.sqlite").is_file()
    with gui.participant("anna") as anna:
        anna.connect()
        anna.wait_for(Held, lambda held: held.why == "doors")
        assert stage.step.text() == "Open doors"
        qtbot.mouseClick(stage.step, LEFT)
        anna.wait_for(Held, lambda held: held.why == "start")
        gui.wait_until(lambda: stage.step.text() == "Start" and run.present() == 1)
        qtbot.mouseClick(stage.step, LEFT)
        question = run.start_dialog
        assert question is not None, "fewer are here than expected"
        qtbot.mouseClick(question.confirm, LEFT)
        anna.wait_for(ShowScene)
        gui.wait_until(lambda: stage.step.text() == "Pause all")
        qtbot.mouseClick(stage.step, LEFT)
        anna.wait_for(Paused, lambda paused: paused.paused)
        gui.wait_until(lambda: stage.step.text() == "Resume")
        qtbot.mouseClick(stage.step, LEFT)
        anna.wait_for(Paused, lambda paused: not paused.paused)
        gui.wait_until(lambda: stage.step.text() == "Pause all")
    wish = settings.wish(session.experiment_id)
    assert wish is not None
    assert (wish.label, wish.expected, wish.stage) == ("Monday 1", 3, "prepared")


def test_that_a_message_arrives_and_is_seen_to_be_shown_and_read(gui: GuiDriver, qtbot: QtBot) -> None:
    gui.start()
    run = gui.lab.window.run
    with gui.participant("anna") as anna, gui.participant("bert") as bert:
        anna.acknowledges = False
        anna.enter()
        bert.enter()
        gui.wait_until(lambda: run.present() == 2)
        run.participants.select(["anna"])
        qtbot.mouseClick(run.participants.tools.buttons["message"], LEFT)
        dialog = run.desk.dialog
        assert isinstance(dialog, ActionDialog)
        assert dialog.text is not None
        assert not dialog.confirm.isEnabled()
        qtbot.keyClicks(dialog.text, "Please look up")
        qtbot.keyClick(dialog.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        told = anna.wait_for(Told)
        assert told.text == "Please look up"
        gui.wait_until(lambda: state_of(gui, "anna") == [("message", "sent")])
        gui.wait_until(lambda: gui.row("anna")["unseen"] == "1")
        anna.send(ActionSeen(action_id=told.action_id, state="shown"))
        gui.wait_until(lambda: state_of(gui, "anna") == [("message", "shown")])
        anna.send(ActionSeen(action_id=told.action_id, state="read"))
        gui.wait_until(lambda: state_of(gui, "anna") == [("message", "read")])
        gui.wait_until(lambda: gui.row("anna")["unseen"] == "–")
        assert not any(isinstance(message, Told) for message in bert.received)


@pytest.mark.long
def test_that_some_are_paused_and_resumed_and_the_row_says_so(gui: GuiDriver, qtbot: QtBot) -> None:
    gui.start()
    run = gui.lab.window.run
    with gui.participant("anna") as anna, gui.participant("bert") as bert, gui.participant("cleo") as cleo:
        for person in (anna, bert, cleo):
            person.enter()
        gui.wait_until(lambda: run.present() == 3)
        run.participants.select(["anna", "bert"])
        qtbot.mouseClick(run.participants.tools.buttons["pause"], LEFT)
        gui.confirm("A question")
        for person in (anna, bert):
            paused = person.wait_for(Paused)
            assert paused.paused
        gui.wait_until(lambda: gui.row("anna")["phase"].startswith("Paused"))
        gui.wait_until(lambda: state_of(gui, "bert") == [("pause", "shown")])
        run.participants.show_only("paused")
        assert run.participants.table.model().rowCount() == 2
        qtbot.mouseClick(run.participants.tools.buttons["resume"], LEFT)
        gui.confirm()
        anna.wait_for(Paused, lambda paused: not paused.paused)
        gui.wait_until(lambda: not gui.row("anna")["phase"].startswith("Paused"))
        assert not any(isinstance(message, Paused) for message in cleo.received)


def test_that_a_raised_hand_is_told_answered_and_lowered(gui: GuiDriver, qtbot: QtBot) -> None:
    gui.start()
    window = gui.lab.window
    run = window.run
    with gui.participant("anna") as anna:
        anna.enter()
        gui.wait_until(lambda: run.present() == 1)
        window.show_page("data")
        anna.send(RaiseHand(hand_id="h1", text="It is stuck"))
        anna.wait_for(HandState, lambda state: state.state == "raised")
        gui.wait_until(lambda: "It is stuck" in window.toasts.text())
        [entry] = [b for b in window.navigation.findChildren(QToolButton) if b.text() == "Run"]
        assert entry.accessibleName() == "Run page, 1 hand raised"
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        qtbot.keyClick(window, Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier)
        dialog = run.desk.dialog
        assert isinstance(dialog, HandDialog)
        qtbot.mouseClick(dialog.replies[0], LEFT)
        qtbot.mouseClick(dialog.confirm, LEFT)
        told = anna.wait_for(Told)
        assert (told.hand_id, told.text) == ("h1", "I am coming to you.")
        gui.wait_until(lambda: gui.row("anna")["hand"] == "")
        assert run.running.attention.needs() == ()


@pytest.mark.long
def test_that_notes_are_kept_on_the_session_and_on_one_participant(gui: GuiDriver, qtbot: QtBot) -> None:
    gui.start()
    run = gui.lab.window.run
    with gui.participant("anna") as anna:
        anna.enter()
        gui.wait_until(lambda: run.present() == 1)
        for selected, words in ((["anna"], "Came late"), ([], "Fire drill")):
            run.participants.select(selected)
            run.people_desk.act("note")
            dialog = run.desk.dialog
            assert isinstance(dialog, NoteDialog)
            qtbot.keyClicks(dialog.text, words)
            qtbot.mouseClick(dialog.confirm, LEFT)
        gui.wait_until(lambda: len(run.people_desk.notes) == 2)
        assert {(note.text, note.participant_id) for note in run.people_desk.notes.values()} == {
            ("Came late", "anna"),
            ("Fire drill", None),
        }


def test_that_an_action_waits_for_the_server_and_is_done_once(gui: GuiDriver, qtbot: QtBot) -> None:
    gui.start()
    run = gui.lab.window.run
    with gui.participant("anna") as anna:
        anna.acknowledges = False
        anna.enter()
        gui.wait_until(lambda: run.present() == 1)
        address = gui.lab.control.address
        assert address is not None
        os.kill(address.pid, signal.SIGKILL)
        gui.wait_until(lambda: gui.lab.control.outcome.link == "gone" or not gui.lab.control.is_running)
        run.desk.ask("pause", ["anna"])
        gui.confirm()
        gui.wait_until(lambda: state_of(gui, "anna") == [("pause", "pending")])
        [waiting] = gui.lab.console.requests.waiting()
        gui.wait_until(lambda: gui.lab.control.outcome.state is ServerState.CRASHED)
        gui.start()
        gui.wait_until(lambda: state_of(gui, "anna") == [("pause", "sent")])
        again = ParticipantClient(gui.participant("anna").server, "anna", tab_id=anna.tab_id)
        with again:
            again.token, again.acknowledges = anna.token, False
            again.connect()
            paused = again.wait_for(Paused, lambda paused: paused.paused)
            assert paused.action_id == waiting.request.request_id
        assert gui.lab.console.requests.waiting() == ()
        assert [view.action_id for view in run.people.actions_view.model.views()] == [paused.action_id]


@pytest.mark.long
def test_that_an_action_that_is_not_delivered_can_be_taken_back(gui: GuiDriver) -> None:
    gui.start()
    run = gui.lab.window.run
    with gui.participant("anna") as anna:
        anna.enter()
        gui.wait_until(lambda: run.present() == 1)
        gui.lab._bridge.leave()
        run.desk.ask("pause", ["anna"])
        gui.confirm()
        gui.wait_until(lambda: state_of(gui, "anna") == [("pause", "pending")])
        assert "1 action is not delivered yet" in gui.lab.window._undelivered_text.text()
        [waiting] = gui.lab.console.requests.waiting()
        run.people.actions_view.take_back_asked.emit(waiting.request.request_id)
        assert state_of(gui, "anna") == [("pause", "failed")]
        assert gui.lab.window._undelivered_text.text() == ""
        assert gui.lab.control.address is not None
        gui.lab._bridge.follow(gui.lab.control.address)
        gui.wait_until(lambda: run.present() == 1 and gui.lab.control.outcome.link == "connected")
        assert not any(isinstance(message, Paused) for message in anna.received)


def test_that_the_panel_of_a_participant_opens_with_enter_and_closes_with_escape(gui: GuiDriver, qtbot: QtBot) -> None:
    gui.start()
    window = gui.lab.window
    run = window.run
    with gui.participant("anna") as anna:
        anna.enter()
        gui.wait_until(lambda: run.present() == 1)
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        run.participants.select(["anna"])
        table = run.participants.table
        table.setFocus()
        qtbot.keyClick(table, Qt.Key.Key_Return)
        detail = run.running.detail
        assert detail.isVisible()
        path = detail.tables["path"]
        gui.wait_until(lambda: path.isVisible() and path.model().rowCount() == 3)
        assert [path.model().index(row, 0).data() for row in range(3)] == ["welcome", "text", "end"]
        anna.finish()
        gui.wait_until(lambda: bool(path.model().index(0, 2).data()), 10_000)
        detail.pages.choose("events")
        gui.wait_until(lambda: detail.tables["events"].model().rowCount() > 0)
        detail.tables["events"].setFocus()
        qtbot.keyClick(detail.tables["events"], Qt.Key.Key_Escape)
        assert not detail.isVisible()
        assert table.hasFocus()
        qtbot.keyClick(table, Qt.Key.Key_Return)
        assert detail.isVisible()
        qtbot.keyClick(table, Qt.Key.Key_Escape)
        assert not detail.isVisible()


def test_that_who_is_excluded_reads_why_and_the_list_says_who_was_affected(gui: GuiDriver, qtbot: QtBot) -> None:
    gui.start()
    run = gui.lab.window.run
    with gui.participant("anna") as anna:
        anna.enter()
        gui.wait_until(lambda: run.present() == 1)
        run.participants.select(["anna"])
        run.people_desk.act("exclude")
        dialog = run.desk.dialog
        assert isinstance(dialog, ActionDialog)
        gui.wait_until(lambda: dialog.affected.text() == "Nobody else is affected.")
        assert not dialog.confirm.isEnabled(), "a reason is needed"
        assert dialog.pay is not None
        dialog.reason.setEditText("Used the phone")
        dialog.pay.setCurrentIndex(dialog.pay.findData("partial"))
        qtbot.mouseClick(dialog.confirm, LEFT)
        closed = anna.closed()
        assert closed.action_id
        gui.wait_until(lambda: gui.row("anna")["state"] == "Excluded")
        gui.wait_until(lambda: state_of(gui, "anna") == [("exclude", "shown")])
        [view] = run.people.actions_view.model.views()
        assert (view.reason, view.outcome, view.pay) == ("Used the phone", "excluded", "partial")


@pytest.mark.long
def test_that_who_is_advanced_gets_the_next_scene(gui: GuiDriver, qtbot: QtBot) -> None:
    gui.start()
    run = gui.lab.window.run
    with gui.participant("anna") as anna:
        anna.enter()
        gui.wait_until(lambda: run.present() == 1)
        run.participants.select(["anna"])
        run.people_desk.act("advance")
        dialog = run.desk.dialog
        assert isinstance(dialog, ActionDialog)
        dialog.reason.setEditText("The page did not go on")
        qtbot.mouseClick(dialog.confirm, LEFT)
        anna.wait_for(ShowScene, lambda shown: shown.scene_id == "text")
        gui.wait_until(lambda: gui.row("anna")["scene"].endswith("text"))


def test_that_a_whole_session_is_run_with_the_keyboard_alone(gui: GuiDriver, qtbot: QtBot) -> None:
    window = gui.lab.window
    run = window.run
    control = Qt.KeyboardModifier.ControlModifier
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)

    def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        target = QApplication.activeModalWidget() or window
        qtbot.keyClick(QApplication.focusWidget() or target, key, modifiers)

    press(Qt.Key.Key_3, control)
    press(Qt.Key.Key_R, control)
    gui.wait_until(lambda: gui.lab.session.new_session_dialog is not None)
    dialog = gui.lab.session.new_session_dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.confirm.hasFocus)
    press(Qt.Key.Key_Return)
    gui.wait_running()
    with gui.participant("anna") as anna, gui.participant("bert") as bert:
        anna.enter()
        bert.enter()
        gui.wait_until(lambda: run.present() == 2)
        window.activateWindow()  # this platform has no window manager that would do it after the dialog
        qtbot.waitUntil(window.isActiveWindow)
        press(Qt.Key.Key_Return, control)
        anna.wait_for(Paused, lambda paused: paused.paused)
        gui.wait_until(lambda: run.running.stage.step.text() == "Resume")
        press(Qt.Key.Key_Return, control)
        anna.wait_for(Paused, lambda paused: not paused.paused)
        run.start_stop.setFocus()
        press(Qt.Key.Key_F, control)
        assert run.participants.tools.words.hasFocus()
        qtbot.keyClicks(run.participants.tools.words, "bert")
        press(Qt.Key.Key_Down)
        assert run.participants.table.hasFocus()
        press(Qt.Key.Key_A, control)
        assert run.participants.selected() == ["bert"]
        press(Qt.Key.Key_M, control)
        gui.wait_until(lambda: isinstance(run.desk.dialog, ActionDialog))
        assert isinstance(run.desk.dialog, ActionDialog)
        assert run.desk.dialog.text is not None
        qtbot.waitUntil(run.desk.dialog.text.hasFocus)
        qtbot.keyClicks(run.desk.dialog.text, "Hello")
        press(Qt.Key.Key_Return, control)
        assert bert.wait_for(Told).text == "Hello"
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        run.participants.table.setFocus()
        press(Qt.Key.Key_P, control | Qt.KeyboardModifier.ShiftModifier)
        gui.wait_until(lambda: isinstance(run.desk.dialog, ActionDialog))
        pause = run.desk.dialog
        assert isinstance(pause, ActionDialog)
        qtbot.waitUntil(pause.reason.hasFocus)
        qtbot.keyClicks(QApplication.focusWidget(), "The door")
        press(Qt.Key.Key_Return)
        bert.wait_for(Paused, lambda paused: paused.paused)
        assert anna.paused is False
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        run.participants.table.setFocus()
        press(Qt.Key.Key_Period, control)
        gui.wait_until(lambda: not gui.lab.control.is_running)
    assert not any(isinstance(message, Closed) for message in anna.received)
    press(Qt.Key.Key_4, control)
    gui.wait_until(lambda: window.data.selected() is not None)
    press(Qt.Key.Key_E, control)
    gui.wait_until(lambda: "complete" in window.data.notice.text())
    folder = Path(window.data.notice.text().partition(": ")[2].splitlines()[0])
    console = load(folder)["console"]
    assert "The door" in set(console["reason"].dropna())
