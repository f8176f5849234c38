"""A research assistant builds a study from nothing with mouse and keys, and runs it."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.design.inspector.environment_bar import EnvironmentBar
from gui.places import examples
from mug.study import dump_study, read_study
from tests.drivers.design_driver import DesignDriver
from tests.drivers.gui_driver import GuiDriver

TAG = next(path for path in examples() if path.name == "tag")
ARROWS = (
    ((Qt.Key.Key_Left, Qt.Key.Key_Up), "[-0.7071, -0.7071]"),
    ((Qt.Key.Key_Right, Qt.Key.Key_Up), "[0.7071, -0.7071]"),
    ((Qt.Key.Key_Left, Qt.Key.Key_Down), "[-0.7071, 0.7071]"),
    ((Qt.Key.Key_Right, Qt.Key.Key_Down), "[0.7071, 0.7071]"),
    ((Qt.Key.Key_Left,), "[-1.0, 0.0]"),
    ((Qt.Key.Key_Right,), "[1.0, 0.0]"),
    ((Qt.Key.Key_Up,), "[0.0, -1.0]"),
    ((Qt.Key.Key_Down,), "[0.0, 1.0]"),
)
TRIED_WITHIN_MS = 300_000


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A study with an environment and pages, and no scene."""
    folder = tmp_path / "tag"
    folder.mkdir()
    for name in ("tag_env.py", "study.lock.json"):
        shutil.copy(TAG / name, folder)
    shutil.copytree(TAG / "pages", folder / "pages")
    (folder / "study.toml").write_text(
        '# Ours\nformat = 1\nid = "tag"\ntitle = "Tag"\n\n[hosting]\nport = 0\n', encoding="utf-8"
    )
    return folder


@pytest.fixture
def driver(lab: Lab, qtbot: QtBot) -> Iterator[DesignDriver]:
    made = DesignDriver(lab, qtbot)
    yield made
    made.document.stack.setClean()


def insert_by_drag(driver: DesignDriver, kind: str) -> None:
    """Drag a kind behind all that is there."""
    before = len(driver.study.chain)
    middle = driver.canvas.mapTo(driver.window, driver.canvas.rect().center())
    driver.drag(driver.kind(kind), (lambda: driver.gap((before,))) if before else middle)
    assert len(driver.study.chain) == before + 1
    assert driver.study.chain[-1].kind == kind


def build_tag(driver: DesignDriver) -> None:
    """Build the example `tag` by hand."""
    for kind in ("start_page", "gym_game", "completion_code_page"):
        insert_by_drag(driver, kind)
    for path, scene_id, header, file in (
        ((0,), "welcome", "Welcome", "pages/welcome.html"),
        ((2,), "end", "Thank you", "pages/end.html"),
    ):
        driver.choose(path)
        driver.type_into(driver.field("scene_id").line, scene_id)
        driver.type_into(driver.field("scene_header").text, header)
        body = driver.editor.inspector.row("scene_body")
        assert body is not None
        if body.can_be_reset:
            driver.field("scene_body")
            driver.click_widget(body.reset_button)
        driver.type_into(driver.field("scene_body_filepath").line, file)
    driver.choose((1,))
    build_game(driver)


def build_game(driver: DesignDriver) -> None:
    """Fill in the game that is selected."""
    driver.type_into(driver.field("scene_id").line, "tag")
    driver.type_into(driver.field("environment.env_creator").line, "tag_env.py:make_tag")
    config = driver.field("environment.env_config")
    driver.click_widget(config.source_button)
    driver.type_into(config.source.text, "players = 2")
    driver.field("policies.policy_mapping")
    bars = driver.editor.inspector.findChildren(EnvironmentBar)
    bar = next(bar for bar in bars if bar.isVisible() and "Policies" in section_of(bar))
    driver.wait(bar.humans_button.isVisible)
    driver.click_widget(bar.humans_button)
    driver.type_into(driver.field("rendering.fps").box, "30")
    driver.type_into(driver.field("rendering.game_width").box, "960")
    driver.type_into(driver.field("rendering.game_height").box, "540")
    driver.type_into(driver.field("rendering.background").line, "#eef3e8")
    driver.type_into(driver.field("rendering.hud_text_fn").line, "tag_env.py:hud_text")
    for index, (keys, action) in enumerate(ARROWS):
        table = driver.field("gameplay.action_mapping")
        driver.click_widget(table.add_button)
        driver.chord(table.entries[index].capture, *keys)
        driver.type_into(table.entries[index].action.line, action)
    driver.type_into(driver.field("gameplay.default_action").input.line, "[0.0, 0.0]")
    for name, value in (("num_episodes", "2"), ("max_steps", "1350"), ("reset_freeze_s", "0.5")):
        driver.type_into(driver.field(f"gameplay.{name}").box, value)
    driver.type_into(driver.field("content.scene_header").text, "Tag")
    driver.type_into(
        driver.field("content.scene_body").text,
        "<p>Two rounds of 45 seconds. The game begins when everybody is ready.</p>",
    )
    driver.type_into(driver.field("content.in_game_scene_body_filepath").line, "pages/controls.html")
    driver.click_widget(driver.field("runtime.run_through_pyodide").switch)
    packages = driver.field("runtime.packages_to_install")
    driver.click_widget(packages.add_button)
    driver.type_into(packages.entries[0].focusProxy(), "gymnasium>=1.0")
    driver.type_into(driver.field("multiplayer.input_delay").box, "auto")
    policy = driver.field("multiplayer.dropout_policy").combo
    driver.qtbot.keyClick(policy, Qt.Key.Key_Down)


def section_of(bar: EnvironmentBar) -> str:
    """The name of the section in which the bar stands."""
    return bar._section.title()


def test_that_the_tag_study_is_built_from_nothing_and_runs(driver: DesignDriver, empty: Path) -> None:
    driver.open(empty)
    build_tag(driver)
    example = read_study(TAG / "study.toml")
    assert driver.study.chain == example.chain
    driver.wait(lambda: not [problem for problem in driver.document.problems if problem.severity == "error"])

    built = driver.study
    text = (empty / "study.toml").read_text(encoding="utf-8")
    while driver.document.stack.canUndo():
        driver.canvas.focus()
        driver.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert dump_study(driver.study, text) == text
    while driver.document.stack.canRedo():
        driver.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert driver.study == built
    driver.save()
    assert (empty / "study.toml").read_text(encoding="utf-8").startswith("# Ours")
    assert read_study(empty / "study.toml") == built

    run = GuiDriver(driver.lab, driver.qtbot)
    run.open_study(empty)
    run.start(TRIED_WITHIN_MS)
    with ExitStack() as stack:
        people = [stack.enter_context(run.participant(name)) for name in ("ada", "bob")]
        for person in people:
            person.enter()
            person.finish()
            person.join()
        run.wait_until(lambda: len(driver.lab.presence.counts) > 0)
        agents = {str(agent) for person in people for agent in person.matched().human_agents}
        assert agents == {"player_1", "player_2"}
        item = driver.canvas.items_by_path()[(1,)]
        run.wait_until(lambda: item.present == 2)
    run.stop()
