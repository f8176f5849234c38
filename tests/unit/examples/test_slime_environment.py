"""The Slime Volleyball example: the picture around the package's own game."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from mug.play.game_view import GameView, SceneView
from mug.runtime import cache_folder
from mug.runtime.study_lock import StudyLock

EXAMPLE = Path(__file__).parents[3] / "examples" / "slime_volleyball"

pytestmark = pytest.mark.pyodide


@pytest.fixture(scope="module")
def slime() -> Iterator[ModuleType]:
    """The example's module; its package comes from the wheel that the browsers load.

    The package is not installed in this Python: it brings a package `tests` along, which would hide ours.
    """
    lock = StudyLock.read(EXAMPLE / "study.lock.json")
    assert lock is not None
    [package] = [package for package in lock.packages if package.name == "slimevb"]
    wheel = cache_folder() / "wheels" / package.sha256 / package.file
    assert wheel.is_file(), "run `mug check examples/slime_volleyball` once: it fetches the package"
    spec = importlib.util.spec_from_file_location("slime_env_tested", EXAMPLE / "slime_env.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.append(str(wheel))
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(wheel))
        for name in [name for name in sys.modules if name.startswith(("slime_volleyball", spec.name))]:
            del sys.modules[name]


def test_that_the_game_is_the_packages_own_whatever_is_drawn(slime: ModuleType) -> None:
    drawn, plain = slime.DrawnSlimeVolley(), slime.SlimeVolleyEnv(config={"human_inputs": True})
    assert (
        drawn.reset(seed=4)[0]["agent_left"]["obs"].tobytes() == plain.reset(seed=4)[0]["agent_left"]["obs"].tobytes()
    )
    for frame in range(200):
        drawn.render()
        actions = {"agent_left": frame // 9 % 6, "agent_right": frame // 7 % 6}
        ours, theirs = drawn.step(actions), plain.step(actions)
        for agent in actions:
            assert ours[0][agent]["obs"].tobytes() == theirs[0][agent]["obs"].tobytes()
        assert ours[1:] == theirs[1:]
        if ours[2]["__all__"]:
            break


@pytest.mark.parametrize("agent", ["agent_left", "agent_right"])
def test_that_left_is_the_left_of_the_screen_for_both_players(slime: ModuleType, agent: str) -> None:
    env = slime.DrawnSlimeVolley()
    env.reset(seed=1)
    other = "agent_right" if agent == "agent_left" else "agent_left"
    number = ("agent_left", "agent_right").index(agent)
    before = float(env._env_state.agent_pos[number, 0])
    env.step({agent: 1, other: 0})
    assert float(env._env_state.agent_pos[number, 0]) < before


def test_that_the_picture_holds_both_slimes_and_the_ball(slime: ModuleType) -> None:
    env = slime.DrawnSlimeVolley()
    env.reset(seed=1)
    first = {item["uuid"]: item for item in env.render()["game_state_objects"]}
    assert {"agent_left", "agent_right", "ball", "net", "sand"} <= set(first)
    assert first["agent_left"]["x"] < 0.5 < first["agent_right"]["x"]
    env.step({"agent_left": 5, "agent_right": 1})
    second = {item["uuid"]: item for item in env.render()["game_state_objects"]}
    assert "net" not in second, "the scenery travels once"
    assert second["agent_left"]["x"] > first["agent_left"]["x"]


def test_that_the_line_above_the_game_says_who_one_is_and_how_it_stands(slime: ModuleType) -> None:
    view = GameView(
        episode_rewards={"agent_left": -2.0, "agent_right": 2.0},
        tick_num=0,
        episode_num=3,
        env=None,
        scene=SceneView("volleyball", 7, 900),
        human_players={"agent_right": "ann"},
        fps=30,
        mug_globals={},
    )
    assert slime.hud_text(view) == "You are orange, on the right · 2 ahead"
