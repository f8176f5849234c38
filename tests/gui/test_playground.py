"""The playground: real environments in their own process, real key events, pictures compared pixel by pixel."""

import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.runtime.playground_control import PATIENCE_MS, PlaygroundState
from gui.widgets.theme import Theme
from tests.drivers.playground_driver import PlaygroundDriver, playing_with

REPOSITORY = Path(__file__).resolve().parents[2]
STUDY = """\
id = "own"
[[chain]]
kind = "start_page"
scene_id = "start"
scene_header = "Hello"
[[chain]]
kind = "gym_game"
scene_id = "game"
environment = {env_creator = "env.py:make", env_config = {}}
rendering = {fps = 60, game_width = 200, game_height = 100}
policies = {policy_mapping = {human = "human"}}
runtime = {run_through_pyodide = true, packages_to_install = ["gymnasium"]}
[chain.gameplay]
default_action = 0
max_steps = 50
action_mapping = [{keys = ["a"], action = 1}, {keys = [" "], action = 2}]
[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "Bye"
"""
ENVIRONMENT = """\
import numpy as np
import os, sys

class Env:
    possible_agents = ["human"]

    def __init__(self):
        self.count = 0
        self.last = 0

    def reset(self, seed=None, options=None):
        self.count = 0
        return np.array([0.0, float(seed)]), {}

    def step(self, actions):
        self.count += 1
        self.last = actions["human"]
        BODY
        return np.array([float(self.count), 0.0]), float(self.last), self.count >= 8, False, {"last": self.last}

    def render(self):
        image = np.zeros((100, 200, 3), dtype=np.uint8)
        image[:, : 10 * self.count + 5] = (255, 0, 0)
        return image

def make():
    return Env()
"""


def own_study(folder: Path, body: str = "pass") -> Path:
    study = folder / "own"
    study.mkdir()
    (study / "study.toml").write_text(STUDY, encoding="utf-8")
    write_environment(study, body)
    return study


def write_environment(study: Path, body: str) -> None:
    lines = textwrap.indent(textwrap.dedent(body), " " * 8).strip()
    (study / "env.py").write_text(ENVIRONMENT.replace("BODY", lines), encoding="utf-8")


@pytest.fixture
def mountain_car(qtbot: QtBot, theme: Theme) -> Iterator[PlaygroundDriver]:
    with playing_with(qtbot, theme, REPOSITORY / "examples" / "mountain_car") as driver:
        driver.start()
        driver.wait_ready()
        yield driver


def different_pixels(one: QImage, other: QImage) -> int:
    assert one.size() == other.size()
    points = ((x, y) for x in range(0, one.width(), 3) for y in range(0, one.height(), 3))
    return sum(one.pixel(x, y) != other.pixel(x, y) for x, y in points)


def test_that_a_person_drives_the_car_with_the_keys(mountain_car: PlaygroundDriver, qtbot: QtBot) -> None:
    window = mountain_car.window
    assert QApplication.focusWidget() is window.picture
    assert mountain_car.frame() == (0, 0)
    first = mountain_car.image()
    colours = {first.pixel(x, y) for x in range(0, first.width(), 7) for y in range(0, first.height(), 7)}
    assert len(colours) > 5, "the picture is empty"
    qtbot.keyPress(window.picture, Qt.Key.Key_Right)
    assert "→" in window._keys.words()
    mountain_car.step_until(12)
    assert window.side.agents.text_of("human", "action") == "2  ·  by key"
    assert window.side.agents.text_of("human", "reward") == "-1  ·  sum -12"
    assert "float32 (2,)" in window.side.agents.text_of("human", "observation")
    assert different_pixels(first, mountain_car.image()) > 20
    qtbot.keyRelease(window.picture, Qt.Key.Key_Right)
    mountain_car.step_until(13)
    assert window.side.agents.text_of("human", "action") == "1  ·  default action"
    window.side.parts.choose("log")
    assert "12  human: 2 -1" in window.side.log.text()
    qtbot.mouseClick(window.side.log.copy, Qt.MouseButton.LeftButton)
    assert "13  human: 1 -1" in QGuiApplication.clipboard().text()


def test_that_it_runs_pauses_and_begins_again_by_keys_alone(mountain_car: PlaygroundDriver, qtbot: QtBot) -> None:
    window = mountain_car.window
    first = mountain_car.image()
    mountain_car.press(Qt.Key.Key_Space)
    mountain_car.wait(lambda: mountain_car.frame()[1] > 25)
    assert "frames a second" in mountain_car.figures()
    mountain_car.press(Qt.Key.Key_Space)
    mountain_car.wait(lambda: window.control.state is PlaygroundState.IDLE)
    stopped = window._newest
    assert stopped is not None
    mountain_car.wait(lambda: mountain_car.frame() == (stopped.episode, stopped.frame))
    mountain_car.press(Qt.Key.Key_Period)
    mountain_car.wait(lambda: mountain_car.frame() != (stopped.episode, stopped.frame))
    assert mountain_car.frame() == (stopped.episode, stopped.frame + 1), "no frame came in between"
    qtbot.keyClick(mountain_car.focused(), Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    mountain_car.wait(lambda: mountain_car.frame() == (0, 0))
    assert different_pixels(first, mountain_car.image()) == 0
    window.controls.seed.setFocus()
    qtbot.keyClicks(window.controls.seed, "7")
    own = window._newest
    qtbot.keyClick(window.controls.seed, Qt.Key.Key_Return)
    mountain_car.wait(lambda: window._newest is not own)
    assert own is not None
    assert window._newest is not None
    assert window._newest.seed != own.seed
    window.controls.seed.clear()
    qtbot.keyClick(window.controls.seed, Qt.Key.Key_Return)
    mountain_car.wait(lambda: window._newest is not None and window._newest.seed == own.seed)


def test_that_one_plays_either_agent_of_tag(qtbot: QtBot, theme: Theme) -> None:
    with playing_with(qtbot, theme, REPOSITORY / "examples" / "tag") as driver:
        driver.start()
        driver.wait_ready()
        window = driver.window
        window.head.others.setCurrentIndex(1)
        window.head.agent.setCurrentIndex(1)
        driver.wait(lambda: window.control.state is PlaygroundState.LOADING)
        driver.wait(lambda: window.control.state is PlaygroundState.IDLE and driver.frame() == (0, 0))
        window.picture.setFocus()
        before = driver.image()
        qtbot.keyPress(window.picture, Qt.Key.Key_Up)
        qtbot.keyPress(window.picture, Qt.Key.Key_Left)
        assert window.picture.held == ("ArrowUp", "ArrowLeft")
        driver.step_until(5)
        assert window.side.agents.text_of("player_2", "action").startswith("[-0.7071 -0.7071]")
        assert window.side.agents.text_of("player_1", "action") == "[0. 0.]  ·  default action"
        assert different_pixels(before, driver.image()) > 20
        window.controls.setFocus()
        window.controls.run.setFocus()
        assert window.picture.held == ()


def test_that_an_episode_ends_and_the_next_begins(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    with playing_with(qtbot, theme, own_study(tmp_path)) as driver:
        driver.start()
        driver.wait_ready()
        window = driver.window
        qtbot.keyPress(window.picture, Qt.Key.Key_Space)  # a key of this game: it does not run the environment
        driver.step_until(1)
        assert window.side.agents.text_of("human", "action") == "2  ·  by key"
        assert window.side.agents.text_of("human", "infos") == "last: 2"
        qtbot.keyRelease(window.picture, Qt.Key.Key_Space)
        red = driver.image()
        assert red.pixelColor(red.width() // 40, red.height() // 2).red() == 255
        driver.step_until(8)
        assert "Episode over (terminated)" in driver.figures()
        assert window.side.agents.text_of("human", "ended") == "terminated"
        driver.press(Qt.Key.Key_Period)
        driver.wait(lambda: driver.frame() == (1, 0))


def test_that_an_exception_is_shown_with_its_line_and_restart_goes_on(
    qtbot: QtBot, theme: Theme, tmp_path: Path
) -> None:
    study = own_study(tmp_path, "if self.count == 3:\n    raise ValueError('three is too many')")
    with playing_with(qtbot, theme, study) as driver:
        driver.start()
        driver.wait_ready()
        window = driver.window
        window.side.parts.choose("output")
        for _ in range(3):
            driver.press(Qt.Key.Key_Period)
            driver.wait(lambda: window.control.state in {PlaygroundState.IDLE, PlaygroundState.BROKEN})
        driver.wait(window.trouble.isVisible)
        assert "three is too many" in window.trouble.text()
        assert "env.py" in window.trouble.text()
        assert "raise ValueError" in window.trouble.text()
        write_environment(study, "print('step', self.count)")
        assert QApplication.focusWidget() is window.trouble.restart
        qtbot.mouseClick(window.trouble.restart, Qt.MouseButton.LeftButton)
        driver.wait(lambda: window.control.state is PlaygroundState.IDLE and driver.frame() == (0, 0))
        assert window.notice.text() == ""
        assert QApplication.focusWidget() is window.picture
        driver.step_until(2)
        driver.wait(lambda: "step 2" in window.side.output.text())
        qtbot.waitUntil(lambda: window._files._seen is not None)
        write_environment(study, "print('another', self.count)")
        driver.wait(lambda: "Files of the study have changed" in window.notice.text())


def test_that_a_hanging_step_is_told_and_stopped(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    with playing_with(qtbot, theme, own_study(tmp_path, "while self.count == 2: pass")) as driver:
        driver.start()
        driver.wait_ready()
        window = driver.window
        assert PATIENCE_MS == 5_000
        window.control._patience.setInterval(500)
        driver.step_until(1)
        qtbot.mouseClick(window.controls.run, Qt.MouseButton.LeftButton)
        driver.wait(lambda: "has not answered for 5 s" in window.notice.text())
        qtbot.mouseClick(window._stop_hanging, Qt.MouseButton.LeftButton)
        driver.wait(window.trouble.isVisible)
        assert window.control.state is PlaygroundState.OFF
        assert "was stopped" in window.trouble.text()


def test_that_a_flood_of_prints_does_no_harm(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    body = """
        if self.count == 1:
            for _ in range(100):
                os.write(1, b"x" * 1_000_000)
            print("after the flood")
        """
    with playing_with(qtbot, theme, own_study(tmp_path, body)) as driver:
        driver.start()
        driver.wait_ready()
        window = driver.window
        driver.step_until(2)
        driver.wait(lambda: "after the flood" in window.side.output.text())
        assert "MB in between were left out" in window.side.output.note()
        assert len(window.side.output.text()) < 3_000_000
        assert max(map(len, window.side.output.text().splitlines())) <= 1_000


@pytest.mark.parametrize(
    ("body", "words"),
    [("os._exit(7)", "exit code 7"), ("sys.exit(3)", "SystemExit"), ("os.abort()", "ended Python itself")],
)
def test_that_an_environment_that_ends_python_is_told(
    qtbot: QtBot, theme: Theme, tmp_path: Path, body: str, words: str
) -> None:
    with playing_with(qtbot, theme, own_study(tmp_path, body)) as driver:
        driver.start()
        driver.wait_ready()
        driver.press(Qt.Key.Key_Period)
        driver.wait(driver.window.trouble.isVisible)
        assert words in driver.window.trouble.text()


def test_that_a_package_that_is_only_in_the_browser_is_named(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    study = own_study(tmp_path)
    (study / "env.py").write_text("import only_in_pyodide.things\ndef make(): ...\n", encoding="utf-8")
    with playing_with(qtbot, theme, study) as driver:
        driver.start()
        driver.wait(driver.window.trouble.isVisible)
        text = driver.window.trouble.text()
        assert "“only_in_pyodide” is not installed" in text
        assert "gymnasium" in text
        assert "preview" in text


def test_that_edits_of_the_scene_offer_a_restart(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    study = tmp_path / "car"
    shutil.copytree(REPOSITORY / "examples" / "mountain_car", study)
    with playing_with(qtbot, theme, study) as driver:
        driver.start()
        driver.wait_ready()
        window = driver.window
        driver.change((0,), "scene_header", "Another scene")
        assert window.notice.text() == ""
        driver.change((2,), "gameplay.default_action", 0)
        assert "settings have changed" in window.notice.text()
        driver.document.undo()
        assert window.notice.text() == ""
        driver.document.redo()
        qtbot.mouseClick(window._renew, Qt.MouseButton.LeftButton)
        driver.wait(lambda: window.control.state is PlaygroundState.IDLE and driver.frame() == (0, 0))
        window.picture.setFocus()
        driver.step_until(1)
        assert window.side.agents.text_of("human", "action").startswith("0")
        driver.document.load(None)
        assert not window.isVisible()
        assert window.control.state is PlaygroundState.OFF
