"""The real main window, with settings and records of its own for every test, and nothing left behind by any."""

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if os.environ.get("QT_QPA_PLATFORM", "offscreen") == "offscreen":
    # Its own screen is 800 pixels wide, and nothing is found to lie beyond: no window of ours would fit.
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={Path(__file__).with_name('screen.json')}"

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.shell.settings import LabSettings
from gui.widgets.theme import Theme, ThemeChoice
from mug.study.model import Study
from tests.drivers.inspector_driver import InspectorDriver, ShowInspector
from tests.drivers.patient_bot import PatientBot


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, ThemeChoice.LIGHT)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


@pytest.fixture(autouse=True)
def garbage_is_collected_on_the_gui_thread() -> Iterator[None]:
    gc.disable()  # a Qt object that a worker's allocation collects ends the process
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = {
        thread for thread in set(threading.enumerate()) - before if thread.is_alive() and thread.name.startswith("lab-")
    }
    assert not left, f"threads were left running: {sorted(thread.name for thread in left)}"


@pytest.fixture
def settings(tmp_path: Path) -> LabSettings:
    made = LabSettings(tmp_path / "lab.ini")
    made.data_dir = tmp_path / "data"
    made.reach = "machine"
    return made


@pytest.fixture
def lab(qtbot: QtBot, qapp: QApplication, settings: LabSettings) -> Iterator[Lab]:
    made = Lab(qapp, settings)
    made.window.resize(1280, 860)
    with qtbot.waitExposed(made.window):
        made.window.show()
    yield made
    made.session.leave_everything()
    made.close()
    made.window.hide()
    made.window.deleteLater()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()


@pytest.fixture
def show_inspector(qtbot: QtBot, theme: Theme, tmp_path: Path) -> Iterator[ShowInspector]:
    """Open the property panel on a study of these nodes, whose folder is `tmp_path`."""
    made: list[InspectorDriver] = []

    def show(*nodes: Any, in_python: tuple[str, ...] = (), **values: Any) -> InspectorDriver:
        driver = InspectorDriver(qtbot, theme, Study(id="study", chain=nodes, **values), tmp_path, in_python=in_python)
        made.append(driver)
        return driver

    yield show
    for driver in made:
        driver.close()
