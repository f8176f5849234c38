"""The main window against the real server, with a participant that speaks the protocol."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.telemetry import Attention
from gui.runtime.server_state import ServerState
from gui.shell.settings import LabSettings
from mug.protocol.lab_console import AddNote
from tests.drivers.game_study import game_study, write_game_study
from tests.drivers.gui_driver import DEADLINE_MS, GuiDriver
from tests.drivers.server_driver import ServerDriver

ENVIRONMENT = """\
class Walk:
    def reset(self, seed=None, options=None):
        self.place = 0
        return [0], {}

    def step(self, actions):
        self.place += next(iter(actions.values())) - 1
        return [self.place], -1.0, False, False, {}

    def render(self):
        return {"game_state_objects": [], "removed": []}


env = Walk()
"""


def first_flight(port: int = 0) -> str:
    return game_study("first-flight", "First flight", episodes=1, port=port)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_game_study(tmp_path / "study", ENVIRONMENT, study=first_flight())


@pytest.fixture
def gui(lab: Lab, study: Path, qtbot: QtBot) -> GuiDriver:
    driver = GuiDriver(lab, qtbot)
    driver.open_study(study)
    return driver


@pytest.fixture
def running(gui: GuiDriver) -> Iterator[GuiDriver]:
    gui.start()
    yield gui
    gui.stop()


def test_that_a_session_is_started_watched_stopped_and_exported(running: GuiDriver) -> None:
    run, control = running.lab.window.run, running.lab.control
    assert run.state.text() == "Running"
    assert run.address.address().startswith("http://localhost:")

    with running.participant("anna") as anna:
        anna.enter()
        running.wait_until(lambda: running.row("anna").get("scene") == "1 of 3 · welcome")
        anna.finish()
        anna.play_episode(25)
        anna.settle()
        anna.pulse(0, focused=True, visible=True, rtt_ms=12.0)
        anna.pulse(1, focused=True, visible=False, rtt_ms=14.0)
        running.wait_until(lambda: running.row("anna").get("stored") == "25")
        assert running.row("anna")["scene"] == "2 of 3 · car"

        pulses = run.live.history.pulses("anna")
        running.wait_until(lambda: Attention.HIDDEN in pulses.attention.tolist())
        running.wait_until(lambda: len(run.live.lines.drawn("anna")[0]) >= 1)
        seconds, milliseconds = run.live.lines.drawn("anna")
        assert np.all(np.diff(seconds) > 0)
        assert {12.0, 14.0} & set(milliseconds.tolist())
        segments = run.live.focus.segments("anna")
        assert segments is not None
        assert Attention.HIDDEN in segments.code.tolist()

    running.wait_until(lambda: running.row("anna")["state"] == "Connection lost")
    assert any("anna" in (line.participant_id or line.text) for line in run.log.shown())
    running.stop()
    assert control.outcome.state is ServerState.STOPPED
    assert "saved" in control.outcome.sentence

    folder = running.export()
    data = running.lab.window.data
    summary = data.library.model.rows()[0]
    assert (summary.experiment_id, summary.participants, summary.rows["frames"]) == ("first-flight", 1, 25)
    assert (folder / "provenance" / "manifest.json").is_file()
    tables = data.detail.tables
    data.detail.tabs.setCurrentWidget(tables)
    tables.choice.setCurrentText("frames")
    running.wait_until(lambda: tables.model.rowCount() == 25)


def test_that_a_session_left_running_is_found_again(
    running: GuiDriver, settings: LabSettings, qapp: QApplication, qtbot: QtBot
) -> None:
    window = running.lab.window
    session = window.run.session
    process = running.lab.control.launched
    assert process is not None
    with running.participant("bert") as bert:
        bert.enter()
        running.wait_until(lambda: window.run.present() == 1)
        window.close()
        question = running.lab.session.close_question
        assert question is not None
        assert question.leave is not None
        assert window.isVisible()
        qtbot.mouseClick(question.leave, Qt.MouseButton.LeftButton)
        running.wait_until(lambda: not window.isVisible())
        assert bert.connected

        again = GuiDriver(Lab(qapp, settings), qtbot)
        try:
            again.lab.window.show()
            again.wait_running()
            assert again.lab.control.outcome.attached
            assert again.lab.window.run.session == session
            bert.pulse(0, focused=True, visible=True)  # a page that is silent for long is shown as lost
            again.wait_until(lambda: again.row("bert")["state"] == "Connected")
            assert "found again" in again.lab.control.outcome.sentence
        finally:
            again.stop()
            again.lab.close()
            again.lab.window.hide()
    assert again.lab.control.outcome.state is ServerState.STOPPED
    assert process.stop() == 0


def test_that_closing_without_participants_only_offers_to_stop(running: GuiDriver, qtbot: QtBot) -> None:
    running.lab.window.close()
    question = running.lab.session.close_question
    assert question is not None
    assert question.leave is None
    qtbot.mouseClick(question.stay, Qt.MouseButton.LeftButton)
    assert running.lab.control.outcome.state is ServerState.READY
    assert running.lab.window.isVisible()


def test_that_stopping_is_no_dead_end_where_the_server_ended_while_that_was_asked(
    running: GuiDriver, qtbot: QtBot
) -> None:
    running.lab.window.close()
    question = running.lab.session.close_question
    assert question is not None
    assert running.lab.control.address is not None
    os.kill(running.lab.control.address.pid, signal.SIGKILL)
    running.wait_until(lambda: running.lab.control.outcome.state is ServerState.CRASHED)
    qtbot.mouseClick(question.stop, Qt.MouseButton.LeftButton)
    running.wait_until(lambda: not running.lab.window.isVisible())


def test_that_closing_says_what_no_server_got_and_loses_nothing_silently(running: GuiDriver, qtbot: QtBot) -> None:
    window, flow = running.lab.window, running.lab.session
    with running.participant("anna") as anna:
        anna.enter()
        running.wait_until(lambda: window.run.present() == 1)
        running.lab._bridge.leave()
        window.run.desk.ask("pause", ["anna"])
        running.confirm()
        note = AddNote(request_id="note-1", text="<b>Late</b>")
        window.run.desk.note_added.emit(note)
        running.wait_until(lambda: len(running.lab.console.requests.waiting()) == 2)
        window.close()
        asked = flow.close_question
        assert asked is not None
        words = asked.informativeText()
        assert "2 things are not delivered yet, and are lost when MUG Lab closes" in words
        assert "Paused: anna" in words
        assert "Note: “<b>Late</b>”" in words
        assert asked.defaultButton() is asked.stay
        qtbot.mouseClick(asked.stay, Qt.MouseButton.LeftButton)
        assert running.lab.control.address is not None
        os.kill(running.lab.control.address.pid, signal.SIGKILL)
        running.wait_until(lambda: running.lab.control.outcome.state is ServerState.CRASHED)
    window.close()
    question = flow.undelivered_question
    assert question is not None, "no server runs any more, but it is lost all the same"
    assert "Paused: anna" in question.informativeText()
    qtbot.mouseClick(question.stay, Qt.MouseButton.LeftButton)
    assert window.isVisible()
    assert len(running.lab.console.requests.waiting()) == 2
    window.close()
    assert flow.undelivered_question is not None
    qtbot.mouseClick(flow.undelivered_question.leave, Qt.MouseButton.LeftButton)
    running.wait_until(lambda: not window.isVisible())


def test_that_ending_the_session_needs_a_reason_and_is_for_good(running: GuiDriver, qtbot: QtBot) -> None:
    run = running.lab.window.run
    with running.participant("cleo") as cleo:
        cleo.enter()
        running.wait_until(lambda: run.unfinished() == 1)
        qtbot.mouseClick(run.end_session, Qt.MouseButton.LeftButton)
        dialog = run.end_dialog
        assert dialog is not None
        assert not dialog.confirm.isEnabled()
        qtbot.keyClicks(dialog.reason, "Fire alarm")
        qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
        cleo.closed()
        running.wait_until(lambda: run.session is not None and run.session.state == "ended")
        assert not run.end_session.isEnabled()
        assert "has ended" in run.sentence.text()


def test_that_somebody_turned_away_can_be_let_in(running: GuiDriver, qtbot: QtBot) -> None:
    run = running.lab.window.run
    with running.participant("dora") as dora:
        dora.enter()
        dora.drop()
        with running.participant("dora") as other:
            other.refusal()
            running.wait_until(lambda: any(view.wants_in for view in run.participants.model.rows()))
            with qtbot.waitSignal(running.lab.session.said, timeout=DEADLINE_MS) as said:
                run.participants.let_in_asked.emit("dora")
            assert "dora" in said.args[0]
            other.drop()
            assert other.enter().scene_id == "welcome"


def test_that_a_killed_server_is_told_and_the_session_goes_on(running: GuiDriver) -> None:
    run = running.lab.window.run
    first, address = run.session, running.lab.control.address
    assert first is not None
    assert address is not None
    os.kill(address.pid, signal.SIGKILL)
    running.wait_until(lambda: running.lab.control.outcome.state is ServerState.CRASHED)
    assert "saved" in run.notice.text()
    running.start()
    assert run.session is not None
    assert run.session.session_id == first.session_id


def test_that_a_port_in_use_is_said_in_words(gui: GuiDriver, study: Path, tmp_path: Path) -> None:
    with ServerDriver(study, tmp_path / "other") as other:
        (study / "study.toml").write_text(first_flight(other.port), encoding="utf-8")
        gui.open_study(study)
        gui.press_start()
        gui.wait_until(lambda: gui.lab.control.outcome.state is ServerState.CRASHED)
    notice = gui.lab.window.run.notice.text()
    assert str(other.port) in notice
    assert "Traceback" not in notice
