"""Environments are read in a child process, which may be anything: right, wrong, endless, loud, dead."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.models.environment_info import EnvironmentInfo, SpaceInfo
from gui.places import examples
from gui.runtime.environment_inspection import EnvironmentInspection
from mug.study.files import read_study
from mug.study.game import EnvironmentSection, PoliciesSection, RuntimeSection
from mug.study.model import GymGame, Study
from tests.drivers.inspector_driver import InspectorDriver, ShowInspector, opened_study

DEADLINE_MS = 60_000

ENVIRONMENT = """\
import gymnasium as gym


class World:
    possible_agents = [0, 1]
    metadata = {{"render_fps": 25}}
    render_mode = "rgb_array"

    def __init__(self, walls=4):
        {inside}
        self.action_spaces = {{0: gym.spaces.Discrete(walls, start=1), 1: gym.spaces.Box(-1, 1, (2,))}}

    def reset(self, seed=None, options=None):
        return {{0: 0, 1: 0}}, {{}}

    def step(self, actions):
        raise NotImplementedError

    def render(self):
        import numpy as np
        return np.zeros((30, 40, 3), dtype=np.uint8)

    def action_meanings(self):
        return None


def make(**config):
    return World(**config)
"""


@pytest.fixture
def inspection(qtbot: QtBot) -> Iterator[EnvironmentInspection]:
    made = EnvironmentInspection()
    made.watch(True)
    yield made
    made.close()


def game(**config: Any) -> GymGame:
    return GymGame(scene_id="game", environment=EnvironmentSection(env_creator="env.py:make", env_config=config))


def write(folder: Path, inside: str = "pass") -> None:
    (folder / "env.py").write_text(ENVIRONMENT.format(inside=inside), encoding="utf-8")


def found(inspection: EnvironmentInspection, qtbot: QtBot, node: GymGame, folder: Path) -> EnvironmentInfo:
    study = Study(id="study", chain=(node,))
    with qtbot.waitSignal(inspection.inspected, timeout=DEADLINE_MS):
        inspection.ask(study, (0,), opened_study(study, folder))
    info = inspection.known(node)
    assert info is not None
    return info


def test_that_an_environment_tells_agents_spaces_and_pictures(
    inspection: EnvironmentInspection, qtbot: QtBot, tmp_path: Path
) -> None:
    write(tmp_path)
    info = found(inspection, qtbot, game(walls=5), tmp_path)
    assert info.error == ""
    assert info.name == "World"
    assert [agent.agent for agent in info.agents] == ["0", "1"]
    assert info.agents[0].action == SpaceInfo(kind="Discrete", n=5, start=1, dtype="int64")
    stick = info.agents[1].action
    assert stick is not None
    assert (stick.kind, stick.shape, stick.low, stick.high) == ("Box", (2,), (-1.0, -1.0), (1.0, 1.0))
    assert info.draws == "an image of 40 × 30 pixels"
    assert (info.render_mode, info.fps) == ("rgb_array", 25.0)
    assert "2 agents" in info.sentences[0]


def test_that_the_study_as_it_is_edited_counts(inspection: EnvironmentInspection, qtbot: QtBot, tmp_path: Path) -> None:
    write(tmp_path)
    first = found(inspection, qtbot, game(walls=5), tmp_path)
    second = found(inspection, qtbot, game(walls=7), tmp_path)
    sizes = [info.agents[0].action.n for info in (first, second) if info.agents[0].action is not None]
    assert sizes == [5, 7]
    assert inspection.known(game(walls=5)) == first  # kept


def test_that_what_it_does_not_depend_on_is_not_read_again(
    inspection: EnvironmentInspection, qtbot: QtBot, tmp_path: Path
) -> None:
    write(tmp_path)
    node = game()
    info = found(inspection, qtbot, node, tmp_path)
    other = msgspec.structs.replace(node, policies=PoliciesSection(policy_mapping={"0": "human", "x": "random"}))
    assert inspection.known(other) == info
    study = Study(id="study", chain=(other,))
    inspection.ask(study, (0,), opened_study(study, tmp_path))
    assert not inspection.is_busy


def test_that_the_agents_of_an_environment_without_names_are_the_studys(
    inspection: EnvironmentInspection, qtbot: QtBot, tmp_path: Path
) -> None:
    code = "import gymnasium\nenv = gymnasium.make('CartPole-v1')\n"
    node = GymGame(scene_id="game", runtime=RuntimeSection(environment_initialization_code=code))
    info = found(inspection, qtbot, node, tmp_path)
    assert info.error == ""
    assert [agent.agent for agent in info.agents] == ["human"]
    assert not info.names_agents
    assert info.action_space == SpaceInfo(kind="Discrete", n=2, dtype="int64")
    renamed = msgspec.structs.replace(node, policies=PoliciesSection(policy_mapping={"pilot": "human"}))
    assert inspection.known(renamed) is None


def test_that_an_exception_is_told_with_its_line(
    inspection: EnvironmentInspection, qtbot: QtBot, tmp_path: Path
) -> None:
    write(tmp_path, "raise ValueError('too many walls')")
    info = found(inspection, qtbot, game(), tmp_path)
    assert "too many walls" in info.error
    assert "env.py, line 10" in info.error
    assert "Traceback" in info.detail
    write(tmp_path)
    with qtbot.waitSignal(inspection.inspected, timeout=DEADLINE_MS):
        inspection.again()  # the file is another
    again = inspection.known(game())
    assert again is not None
    assert again.error == ""


def test_that_a_missing_package_is_told_apart(inspection: EnvironmentInspection, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "env.py").write_text("import no_such_package_here\n", encoding="utf-8")
    info = found(inspection, qtbot, game(), tmp_path)
    assert info.missing == "no_such_package_here"
    assert "not installed" in info.error


def test_that_a_missing_file_is_told(inspection: EnvironmentInspection, qtbot: QtBot, tmp_path: Path) -> None:
    assert "env.py" in found(inspection, qtbot, game(), tmp_path).error


def test_that_an_endless_environment_is_ended(inspection: EnvironmentInspection, qtbot: QtBot, tmp_path: Path) -> None:
    write(tmp_path, "while True: pass")
    inspection.timeout_ms = 2_500
    info = found(inspection, qtbot, game(), tmp_path)
    assert "endless loop" in info.error
    assert not inspection.is_busy


def test_that_a_hundred_megabytes_of_output_do_no_harm(
    inspection: EnvironmentInspection, qtbot: QtBot, tmp_path: Path
) -> None:
    write(
        tmp_path, "import os; [os.write(1, b'x' * 10**6) for _ in range(50)]; [print('y' * 10**6) for _ in range(50)]"
    )
    info = found(inspection, qtbot, game(walls=3), tmp_path)
    assert info.error == ""
    assert len(info.agents) == 2


def test_that_an_environment_that_ends_python_is_told(
    inspection: EnvironmentInspection, qtbot: QtBot, tmp_path: Path
) -> None:
    write(tmp_path, "import os; os._exit(7)")
    assert "ended Python itself (exit code 7)" in found(inspection, qtbot, game(), tmp_path).error


def test_that_nothing_is_read_while_nobody_looks(
    inspection: EnvironmentInspection, qtbot: QtBot, tmp_path: Path
) -> None:
    inspection.watch(False)
    study = Study(id="study", chain=(game(),))
    inspection.ask(study, (0,), opened_study(study, tmp_path))
    assert not inspection.is_busy


def test_that_the_example_for_two_is_read_in_the_panel(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    folder = next(path for path in examples() if path.name == "tag")
    study = read_study(folder / "study.toml")
    driver: InspectorDriver = show_inspector()
    driver.document.load(opened_study(study, folder))
    driver.document.select([(1,)])
    bar = driver.environment_bar("policies")
    QApplication.processEvents()
    qtbot.waitUntil(lambda: "2 agents" in bar.words.text(), timeout=DEADLINE_MS)
    assert "player_1, player_2" in bar.words.text()
    table = driver.editor("gameplay.action_mapping")
    assert all(entry.words == "" for entry in table.entries)
    driver.type_into(table.entries[0].action.line, "[3, 0]", anew=True)
    assert "from -1 to 1" in table.entries[0].words


def test_that_settings_that_the_creator_does_not_take_are_told_without_our_own_lines(
    inspection: EnvironmentInspection, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "env.py").write_text("def make(walls=1):\n    return None\n", encoding="utf-8")
    error = found(inspection, qtbot, game(doors=2), tmp_path).error
    assert "unexpected keyword argument 'doors'" in error
    assert "loading.py" not in error
