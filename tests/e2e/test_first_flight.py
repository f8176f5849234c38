"""The main job: an experimenter starts a session in MUG Lab, a participant plays in Chromium, the data is exported."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.telemetry import Attention
from gui.shell.settings import LabSettings
from mug.data import read_export, read_manifest
from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.export_checks import check_mountain_car
from tests.drivers.gui_driver import GuiDriver
from tests.e2e.conftest import MOUNTAIN_CAR

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]

SWINGS = (22, 59, 133, 176, 253, 294, 326, 379, 421, 468, 543, 578, 600)
"""Right until the first of these frames, then left, and so on: brings the car to the flag from every start.

It takes some hundred frames. On a busy machine, where keys are half a second late, the later swings make up for it.
"""
IS_OVER = """(episode) => {
    const game = document.querySelector('[data-mug="game"]');
    return document.body.dataset.mugPhase !== "playing" || Number(game?.dataset.mugEpisode ?? -1) > episode;
}"""


@pytest.fixture
def experimenter(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[GuiDriver]:
    gc.disable()  # a Qt object that a worker's allocation collects ends the process
    settings = LabSettings(tmp_path / "lab.ini")
    settings.data_dir = tmp_path / "data"
    settings.reach = "machine"
    lab = Lab(qapp, settings)
    lab.window.resize(1440, 900)
    lab.window.show()
    qtbot.waitExposed(lab.window)
    driver = GuiDriver(lab, qtbot)
    yield driver
    driver.stop()
    lab.close()
    lab.window.hide()
    lab.window.deleteLater()
    lab.deleteLater()
    qapp.processEvents()
    gc.enable()


def screenshot(experimenter: GuiDriver, path: Path) -> None:
    QApplication.processEvents()
    assert experimenter.lab.window.grab().save(str(path))


def test_that_a_participant_plays_mountain_car_and_the_experimenter_has_the_data(
    browser: BrowserDriver, experimenter: GuiDriver, tmp_path: Path, artifacts: Path
) -> None:
    experimenter.open_study(MOUNTAIN_CAR)
    screenshot(experimenter, artifacts / "lab-design.png")
    port = experimenter.start().port

    with browser.hideable_participant(port, tmp_path / "profile") as anna:
        anna.open("anna")
        anna.wait_for_scene("welcome")
        anna.screenshot(artifacts / "page-welcome.png")
        anna.press_continue()
        anna.wait_for_scene("instructions")
        anna.page.keyboard.press("Enter")
        anna.wait_for_scene("mountain-car")
        experimenter.wait_until(lambda: "mountain-car" in experimenter.row("anna").get("scene", ""))
        anna.wait_for_phase("page")
        hide_and_show(experimenter, anna)
        anna.press_continue()
        play_round(anna, 0)
        anna.screenshot(artifacts / "page-game.png")
        play_round(anna, 1)
        anna.wait_for_phase("ended")
        anna.page.get_by_text("Everything is saved.").wait_for()
        assert anna.scene() == "end"
        anna.screenshot(artifacts / "page-end.png")
        experimenter.wait_until(lambda: experimenter.row("anna")["state"] == "Finished")
        watch_the_plots(experimenter)
        screenshot(experimenter, artifacts / "lab-run.png")
        assert set(anna.hosts) == {"lab.test"}, f"requests went to other hosts: {anna.hosts}"
        assert anna.page_errors == []
        code = anna.page.locator("body").inner_text()

    folder = experimenter.export()
    screenshot(experimenter, artifacts / "lab-data.png")
    tables, manifest = read_export(folder), read_manifest(folder)
    frames = check_mountain_car(tables, episodes=2, max_steps=600)
    assert "terminated" in list(tables["episodes"]["end"]), "no round reached the flag"
    assert set(frames["status.human"]) == {"input", "default"}
    assert frames["state_hash"].notna().sum() >= 6, "a state hash every second"
    assert list(tables["participants"]["participant_id"]) == ["anna"]
    assert "completion_code" not in tables["participants"], "codes are in the key file only"
    assert "Your completion code" in code
    assert not tables["telemetry"].empty
    assert {"hidden", "visible"} <= set(tables["events"]["name"])
    assert manifest["tables"]["frames"]["rows"] == len(frames)


def play_round(someone: ParticipantDriver, episode: int) -> None:
    someone.wait_for_phase("playing", "ended")
    someone.wait_for_frame(episode, 3)  # no key yet: these frames have the default action
    for number, frame in enumerate(SWINGS):
        if someone.page.evaluate(IS_OVER, episode):
            return
        someone.press_keys_by_frame(episode, ("ArrowLeft" if number % 2 else "ArrowRight", frame))


def hide_and_show(experimenter: GuiDriver, someone: ParticipantDriver) -> None:
    history = experimenter.lab.window.run.live.history
    other = someone.hide_tab()
    experimenter.wait_until(lambda: Attention.HIDDEN in history.pulses("anna").attention.tolist())
    experimenter.wait_until(lambda: "idden" in experimenter.row("anna")["focus"])
    someone.show_tab()
    other.close()
    experimenter.wait_until(lambda: history.pulses("anna").attention.tolist()[-1] != Attention.HIDDEN)


def watch_the_plots(experimenter: GuiDriver) -> None:
    live = experimenter.lab.window.run.live
    # The first pulses are sent before any answer: they have no ping.
    experimenter.wait_until(lambda: np.isfinite(live.lines.drawn("anna")[1]).sum() >= 5)
    seconds, milliseconds = live.lines.drawn("anna")
    known = milliseconds[~np.isnan(milliseconds)]
    assert np.all(np.diff(seconds) > 0)
    assert len(known) >= 5
    assert np.all(known > 0)

    def hidden_and_back() -> bool:
        segments = live.focus.segments("anna")
        codes = [] if segments is None else segments.code.tolist()
        return Attention.HIDDEN in codes and codes[-1] != Attention.HIDDEN

    experimenter.wait_until(hidden_and_back)
