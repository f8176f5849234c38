"""Scenes with a build in MUG Lab: dragged from the palette, filled in, checked, saved."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.node_looks import KIND_LOOKS, look_of_node
from gui.places import examples
from mug.study import read_study
from mug.study.model import HtmlGame, UnityGame, WebglSection
from tests.drivers.design_driver import DesignDriver

EXAMPLE = next(path for path in examples() if path.name == "embedded_game")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """The example without its games."""
    folder = tmp_path / "embedded_game"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("data", "__pycache__"))
    text = (folder / "study.toml").read_text(encoding="utf-8")
    first, _, rest = text.partition("# A build with the files")
    _, _, end = rest.rpartition("[[chain]]")
    (folder / "study.toml").write_text(f"{first}[[chain]]{end}", encoding="utf-8")
    return folder


@pytest.fixture
def driver(lab: Lab, qtbot: QtBot) -> Iterator[DesignDriver]:
    made = DesignDriver(lab, qtbot)
    yield made
    made.document.stack.setClean()


def test_that_a_unity_game_is_dragged_from_the_palette_filled_in_and_checked(driver: DesignDriver, study: Path) -> None:
    driver.open(study)
    driver.drag(driver.kind("unity_game"), lambda: driver.gap((1,)))
    assert [node.kind for node in driver.study.chain] == ["start_page", "unity_game", "completion_code_page"]
    driver.wait(lambda: any(problem.code == "no_build" for problem in driver.document.problems))
    driver.choose((1,))
    driver.type_into(driver.field("scene_id").line, "catch")
    driver.type_into(driver.field("scene_header").text, "Catch the apples")
    driver.type_into(driver.field("webgl.build_name").line, "cathc")
    driver.type_into(driver.field("webgl.webgl_base_url").line, "static/webgl")
    driver.type_into(driver.field("webgl.width").box, "640")
    driver.click_widget(driver.field("webgl.preload_game").switch)
    driver.type_into(driver.field("game.num_episodes").box, "2")
    driver.save()
    driver.wait(lambda: [problem.code for problem in driver.document.problems] == ["missing_build"])
    assert "did you mean 'catch'" in driver.document.problems[0].message
    driver.type_into(driver.field("webgl.build_name").line, "catch")
    driver.save()
    driver.wait(lambda: not driver.document.problems)
    saved = read_study(study / "study.toml").chain[1]
    assert isinstance(saved, UnityGame)
    assert saved.webgl == WebglSection(build_name="catch", webgl_base_url="static/webgl", width=640, preload_game=True)
    assert saved.game.num_episodes == 2


def test_that_a_card_says_which_build_it_shows() -> None:
    unity = UnityGame(scene_id="maze", webgl=WebglSection(build_name="maze", preload_game=True))
    look = look_of_node(unity)
    assert (look.kind, look.title, look.summary) == (
        "Unity game",
        "maze",
        "maze · 1 episode · 960 × 600 px · loaded ahead",
    )
    assert look_of_node(HtmlGame(scene_id="h")).summary.startswith("No build yet")
    assert len({KIND_LOOKS[kind].icon for kind in ("gym_game", "unity_game", "html_game")}) == 3
