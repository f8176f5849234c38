"""Opening what is no study, or a script that misbehaves: a sentence, the open study stays, the window goes on."""

import os
from pathlib import Path

import psutil
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.runtime.study_loading import StudyLoading
from mug.study import write_study
from tests.drivers.study_files import STUDY, StudyFilesDriver, long_study, script_of


@pytest.fixture
def driver(lab: Lab, qtbot: QtBot, tmp_path: Path) -> StudyFilesDriver:
    return StudyFilesDriver(lab, qtbot, tmp_path)


def script(tmp_path: Path, text: str, name: str = "experiment.py") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def details(driver: StudyFilesDriver) -> str:
    buttons = driver.lab.window.design.findChildren(QPushButton)
    button = next(button for button in buttons if button.text() == "Details")
    button.click()
    return driver.lab.window.design._trace_text.text()


def test_that_a_study_of_a_newer_mug_is_said(driver: StudyFilesDriver) -> None:
    driver.file.write_text(STUDY.replace("format = 1", "format = 99"), encoding="utf-8")
    assert "newer MUG" in driver.refused(driver.folder)


def test_that_toml_errors_are_said_with_their_line(driver: StudyFilesDriver) -> None:
    driver.file.write_text(STUDY.replace('kind = "end_page"', "kind = end_page"), encoding="utf-8")
    line = STUDY.splitlines().index('kind = "end_page"') + 1
    assert f"line {line}" in driver.refused(driver.folder)


def test_that_all_wrong_types_are_listed(driver: StudyFilesDriver) -> None:
    text = STUDY.replace('title = "Orders"', "title = 3").replace('scene_header = "Welcome"', "scene_header = 7")
    driver.file.write_text(text, encoding="utf-8")
    sentence = driver.refused(driver.folder)
    assert "2 problems" in sentence
    assert "title" in sentence
    assert "scene_header" in sentence


def test_that_unknown_fields_are_warned_about_and_kept(driver: StudyFilesDriver) -> None:
    more = "shoe_size = 43\nborn = 1990-05-01"
    driver.file.write_text(STUDY.replace("format = 1", f"format = 1\n{more}"), encoding="utf-8")
    opened = driver.open()
    assert any("shoe_size" in str(problem) and problem.severity == "warning" for problem in opened.problems)
    driver.edit("Changed")
    driver.save()
    assert more in driver.file.read_text(encoding="utf-8")


def test_that_a_refused_script_leaves_the_open_study_and_shows_its_traceback(
    driver: StudyFilesDriver, tmp_path: Path
) -> None:
    driver.open()
    sentence = driver.refused(script(tmp_path, "def f():\n    return 1 / 0\n\nf()\n"))
    assert "line 2" in sentence
    assert "ZeroDivisionError" in sentence
    assert "Traceback" in details(driver)
    assert driver.title == "Orders"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import sys\nsys.exit(4)\n", "sys.exit(4)"),
        ("x = 1\n", "never calls mug.server.app.run"),
        ("name = input('Your name? ')\n", "asks for input()"),
        ("import os\nos._exit(3)\n", "exit code 3"),
        ("import os\nos.kill(os.getpid(), 9)\n", "crashed"),
    ],
    ids=["exits", "never runs", "asks", "leaves", "is killed"],
)
def test_that_scripts_that_give_no_study_are_said(
    driver: StudyFilesDriver, tmp_path: Path, text: str, words: str
) -> None:
    sentence = driver.refused(script(tmp_path, text))
    assert "experiment.py" in sentence
    assert words in sentence


def test_that_a_script_that_hangs_can_be_cancelled(driver: StudyFilesDriver, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    driver.open()
    text = f"import os, pathlib, time\npathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\ntime.sleep(600)\n"
    driver.lab.open_study(script(tmp_path, text))
    driver.wait(lambda: pid.exists() and bool(pid.read_text()))
    driver.answer("opening", "Cancel")
    driver.wait(lambda: not psutil.pid_exists(int(pid.read_text())))
    assert not driver.has_banner("opening")
    assert driver.lab.window.design.failure() == ""
    assert driver.title == "Orders"


@pytest.mark.long
def test_that_a_script_that_hangs_is_said_to_be_slow_and_then_ended(driver: StudyFilesDriver, tmp_path: Path) -> None:
    driver.lab.loading.load_timeout_ms = 12_000
    driver.lab.open_study(script(tmp_path, "import time\ntime.sleep(600)\n"))
    driver.wait(lambda: "still running after 10 s" in driver.lab.window.design.banner.text("opening"))
    driver.wait(lambda: bool(driver.lab.window.design.failure()))
    assert "still running after 12 s" in driver.lab.window.design.failure()
    assert not driver.has_banner("opening")


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param("os.write(1, b'y' * 100)", id="written"),
        pytest.param("print('x' * 99, file=sys.stderr)", id="to the error stream", marks=pytest.mark.long),
        pytest.param("print('x' * 99)", id="printed", marks=pytest.mark.long),
    ],
)
def test_that_of_a_script_that_prints_100_mb_only_the_end_is_kept_and_the_window_looks_at_no_line(
    driver: StudyFilesDriver, tmp_path: Path, flood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = f"import os, sys\nfor _ in range(1_000_000):\n    {flood}"
    process = psutil.Process(os.getpid())
    before = process.memory_info().rss
    lines: list[str] = []
    monkeypatch.setattr(StudyLoading, "_on_line", lambda _self, line: lines.append(line))
    opened = driver.open(script(tmp_path, script_of(more)))
    assert opened.study.id == "scripted"
    assert process.memory_info().rss - before < 60 * 1024**2
    assert len(lines) < 100


def test_that_500_scenes_open(driver: StudyFilesDriver) -> None:
    write_study(long_study(500), driver.file)
    assert len(driver.open().study.chain) == 502


def test_that_values_come_through_that_json_has_no_word_for(driver: StudyFilesDriver) -> None:
    more = "limit = inf\nhuge = 123456789012345678901234567890\nwhen = 2026-01-02T03:04:05"
    driver.file.write_text(STUDY.replace("format = 1", f"format = 1\n{more}"), encoding="utf-8")
    driver.open()
    driver.edit("Changed")
    driver.save()
    assert more in driver.file.read_text(encoding="utf-8")
