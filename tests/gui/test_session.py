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
from tests.drivers.server_driver import ParticipantClient, ServerDriver

STUDY = """\
format = 1
id = "first-flight"
title = "First flight"

[hosting]
port = 0

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

[[chain]]
kind = "gym_game"
scene_id = "car"

[chain.rendering]
fps = 10

[chain.gameplay]
action_mapping = [{keys = ["ArrowLeft"], action = 0}, {keys = ["ArrowRight"], action = 2}]
default_action = 1
num_episodes = 1

[chain.runtime]
run_through_pyodide = true
environment_initialization_code_filepath = "env.py"

[[chain]]
kind = "end_page"
scene_id = "end"
"""

DEADLINE_MS = 60_000


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    (folder / "env.py").write_text("env = object()\n", encoding="utf-8")
    return folder


@pytest.fixture
def open_lab(lab: Lab, study: Path, qtbot: QtBot) -> Lab:
    with qtbot.waitSignal(lab.studies.opened, timeout=DEADLINE_MS):
        lab.open_study(study)
    return lab


@pytest.fixture
def running(open_lab: Lab, qtbot: QtBot) -> Iterator[Lab]:
    open_lab.window.show_page("run")
    qtbot.mouseClick(open_lab.window.run.start_stop, Qt.MouseButton.LeftButton)
    assert open_lab.control.outcome.state is ServerState.STARTING
    wait_ready(open_lab, qtbot)
    yield open_lab
    stop(open_lab, qtbot)


def wait_ready(lab: Lab, qtbot: QtBot) -> None:
    def is_ready() -> bool:
        assert lab.control.outcome.state is not ServerState.CRASHED, lab.control.outcome
        return lab.window.run.session is not None

    qtbot.waitUntil(is_ready, timeout=DEADLINE_MS)


def stop(lab: Lab, qtbot: QtBot) -> None:
    if lab.control.is_running:
        lab.control.stop()
        qtbot.waitUntil(lambda: not lab.control.is_running, timeout=DEADLINE_MS)


def participant(lab: Lab, study: Path, name: str) -> ParticipantClient:
    address = lab.control.address
    assert address is not None
    driver = ServerDriver(study, address.data_dir, port=address.port)
    driver.token = address.token
    return ParticipantClient(driver, name)


def row_of(lab: Lab, name: str) -> dict[str, str]:
    model = lab.window.run.participants.model
    keys = ("state", "id", "scene", "phase", "ping", "focus", "rate", "stored", "errors")
    for row in range(model.rowCount()):
        texts = {key: model.index(row, column).data() for column, key in enumerate(keys)}
        if texts["id"] == name:
            return texts
    return {}


def test_that_a_session_is_started_watched_stopped_and_exported(running: Lab, study: Path, qtbot: QtBot) -> None:
    run = running.window.run
    assert run.state.text() == "Running"
    assert run.address.address().startswith("http://localhost:")
    assert run.session is not None

    with participant(running, study, "anna") as anna:
        anna.enter()
        qtbot.waitUntil(lambda: row_of(running, "anna").get("scene") == "1 of 3 · welcome", timeout=DEADLINE_MS)
        anna.finish()
        anna.play_episode(25)
        anna.settle()
        anna.pulse(0, focused=True, visible=True, rtt_ms=12.0)
        anna.pulse(1, focused=True, visible=False, rtt_ms=14.0)
        qtbot.waitUntil(lambda: row_of(running, "anna").get("stored") == "25", timeout=DEADLINE_MS)
        assert row_of(running, "anna")["scene"] == "2 of 3 · car"

        pulses = run.live.history.pulses("anna")
        qtbot.waitUntil(lambda: Attention.HIDDEN in pulses.attention.tolist(), timeout=DEADLINE_MS)
        qtbot.waitUntil(lambda: len(run.live.ping.drawn("anna")[0]) >= 1, timeout=DEADLINE_MS)
        seconds, milliseconds = run.live.ping.drawn("anna")
        assert np.all(np.diff(seconds) > 0)
        assert {12.0, 14.0} & set(milliseconds.tolist())
        segments = run.live.focus.segments("anna")
        assert segments is not None
        assert Attention.HIDDEN in segments.code.tolist()

    qtbot.waitUntil(lambda: row_of(running, "anna")["state"] == "Connection lost", timeout=DEADLINE_MS)
    assert any("anna" in (line.participant_id or line.text) for line in run.log.shown())
    qtbot.mouseClick(run.start_stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: running.control.outcome.state is ServerState.STOPPED, timeout=DEADLINE_MS)
    assert "saved" in running.control.outcome.sentence

    data = running.window.data
    running.window.show_page("data")
    qtbot.waitUntil(lambda: bool(data.model.rows()) and data.selected() is not None, timeout=DEADLINE_MS)
    summary = data.model.rows()[0]
    assert (summary.experiment_id, summary.participants, summary.rows["frames"]) == ("first-flight", 1, 25)
    qtbot.mouseClick(data.export, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "complete" in data.notice.text() or "failed" in data.notice.text(), timeout=DEADLINE_MS)
    assert "complete" in data.notice.text(), data.notice.text()
    folder = Path(data.notice.text().split(": ", 1)[1])
    assert (folder / "manifest.json").is_file()
    qtbot.waitUntil(lambda: data.preview.rowCount() == 25, timeout=DEADLINE_MS)


def test_that_a_session_left_running_is_found_again(
    running: Lab, study: Path, settings: LabSettings, qapp: QApplication, qtbot: QtBot
) -> None:
    session = running.window.run.session
    process = running.control.launched
    assert process is not None
    with participant(running, study, "bert") as bert:
        bert.enter()
        qtbot.waitUntil(lambda: running.window.run.present() == 1, timeout=DEADLINE_MS)
        running.window.close()
        question = running.session.close_question
        assert question is not None
        assert question.leave is not None
        assert running.window.isVisible()
        qtbot.mouseClick(question.leave, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: not running.window.isVisible(), timeout=DEADLINE_MS)
        assert bert.connected

        again = Lab(qapp, settings)
        try:
            again.window.show()
            wait_ready(again, qtbot)
            assert again.control.outcome.attached
            assert again.window.run.session == session
            assert row_of(again, "bert")["state"] == "Connected"
            assert "found again" in again.control.outcome.sentence
        finally:
            stop(again, qtbot)
            again.close()
            again.window.hide()
    assert again.control.outcome.state is ServerState.STOPPED
    assert process.stop() == 0


def test_that_closing_without_participants_only_offers_to_stop(running: Lab, qtbot: QtBot) -> None:
    running.window.close()
    question = running.session.close_question
    assert question is not None
    assert question.leave is None
    qtbot.mouseClick(question.stay, Qt.MouseButton.LeftButton)
    assert running.control.outcome.state is ServerState.READY
    assert running.window.isVisible()


def test_that_ending_the_session_needs_a_reason_and_is_for_good(running: Lab, study: Path, qtbot: QtBot) -> None:
    run = running.window.run
    with participant(running, study, "cleo") as cleo:
        cleo.enter()
        qtbot.waitUntil(lambda: run.unfinished() == 1, timeout=DEADLINE_MS)
        qtbot.mouseClick(run.end_session, Qt.MouseButton.LeftButton)
        dialog = run.end_dialog
        assert dialog is not None
        assert not dialog.confirm.isEnabled()
        qtbot.keyClicks(dialog.reason, "Fire alarm")
        qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
        cleo.closed()
        qtbot.waitUntil(lambda: run.session is not None and run.session.state == "ended", timeout=DEADLINE_MS)
        assert not run.end_session.isEnabled()
        assert "has ended" in run.sentence.text()


def test_that_somebody_turned_away_can_be_let_in(running: Lab, study: Path, qtbot: QtBot) -> None:
    run = running.window.run
    with participant(running, study, "dora") as dora:
        dora.enter()
        dora.drop()
        with participant(running, study, "dora") as other:
            other.refusal()
            qtbot.waitUntil(lambda: any(view.wants_in for view in run.participants.model.rows()), timeout=DEADLINE_MS)
            with qtbot.waitSignal(running.session.said, timeout=DEADLINE_MS) as said:
                run.participants.let_in_asked.emit("dora")
            assert "dora" in said.args[0]
            other.drop()
            shown = other.enter()
            assert shown.scene_id == "welcome"


def test_that_a_killed_server_is_told_and_the_session_goes_on(running: Lab, qtbot: QtBot) -> None:
    first = running.window.run.session
    address = running.control.address
    assert first is not None
    assert address is not None
    os.kill(address.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: running.control.outcome.state is ServerState.CRASHED, timeout=DEADLINE_MS)
    assert "saved" in running.window.run.notice.text()
    qtbot.mouseClick(running.window.run.start_stop, Qt.MouseButton.LeftButton)
    wait_ready(running, qtbot)
    assert running.window.run.session is not None
    assert running.window.run.session.session_id == first.session_id


def test_that_a_port_in_use_is_said_in_words(open_lab: Lab, study: Path, tmp_path: Path, qtbot: QtBot) -> None:
    with ServerDriver(study, tmp_path / "other") as other:
        text = STUDY.replace("port = 0", f"port = {other.port}")
        (study / "study.toml").write_text(text, encoding="utf-8")
        with qtbot.waitSignal(open_lab.studies.opened, timeout=DEADLINE_MS):
            open_lab.studies.reload()
        open_lab.session.start()
        qtbot.waitUntil(lambda: open_lab.control.outcome.state is ServerState.CRASHED, timeout=DEADLINE_MS)
    assert str(other.port) in open_lab.window.run.notice.text()
    assert "Traceback" not in open_lab.window.run.notice.text()
