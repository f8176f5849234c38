"""The Overcooked example's environment: seeds decide all, frames can be taken back, three onions make a soup."""

import copy
import importlib
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("cogrid")

EXAMPLE = Path(__file__).parents[3] / "examples" / "overcooked"
MODULES = ("overcooked_env", "cook_features", "kitchen_picture", "kitchens", "partners")
LAYOUTS = ["cramped_room", "asymmetric_advantages", "coordination_ring", "forced_coordination", "counter_circuit"]
STAY, ACT = 5, 4


@pytest.fixture(scope="module")
def overcooked() -> Iterator[ModuleType]:
    sys.path.insert(0, str(EXAMPLE))
    try:
        yield importlib.import_module("overcooked_env")
    finally:
        sys.path.remove(str(EXAMPLE))
        for name in MODULES:
            sys.modules.pop(name, None)


def some_actions(seed: int, frames: int) -> list[dict[str, int]]:
    rng = np.random.default_rng(seed)
    return [{"blue": int(a), "orange": int(b)} for a, b in rng.integers(6, size=(frames, 2))]


def plain(answer: Any) -> Any:
    """A step's answer in a form that can be compared exactly."""
    observations, *rest = answer
    return {agent: seen.tobytes() for agent, seen in observations.items()}, rest


def walk(env: Any, cook: int, target: tuple[int, int]) -> dict[str, float]:
    """Bring a cook in front of a place and act there, as somebody who holds keys down; returns the last rewards."""
    agents = env.possible_agents
    for _ in range(60):
        scene = env.scene()
        if scene.fronts[cook] == target:
            break
        found = env.kitchen.way_to(scene.places[cook], scene.places[1 - cook], target)
        assert found is not None, f"there is no way to {target}"
        env.step({agent: found[1] if number == cook else STAY for number, agent in enumerate(agents)})
    else:
        raise AssertionError(f"cook {cook} does not get to {target}")
    rewards: dict[str, float] = env.step({a: ACT if number == cook else STAY for number, a in enumerate(agents)})[1]
    env.step(dict.fromkeys(agents, STAY))
    return rewards


@pytest.mark.parametrize("layout", LAYOUTS)
def test_that_a_seed_and_the_actions_decide_everything(overcooked: ModuleType, layout: str) -> None:
    runs = []
    for _ in range(2):
        env = overcooked.make_kitchen(layout)
        start = plain(env.reset(seed=5))
        runs.append([start, *(plain(env.step(actions)) for actions in some_actions(1, 150))])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("layout", ["cramped_room", "forced_coordination"])
def test_that_a_state_restored_gives_the_same_future(overcooked: ModuleType, layout: str) -> None:
    env = overcooked.make_kitchen(layout)
    env.reset(seed=7)
    actions = some_actions(4, 240)
    for frame in range(120):
        env.step(actions[frame])
    saved = env.get_state()
    kept = pickle.dumps(saved)
    first = [plain(env.step(action)) for action in actions[120:]]
    assert pickle.dumps(saved) == kept, "a saved state never changes afterwards"
    for _ in range(2):
        env.set_state(saved)
        assert [plain(env.step(action)) for action in actions[120:]] == first
    other = overcooked.make_kitchen(layout)
    other.reset(seed=99)
    other.set_state(copy.deepcopy(saved))
    assert [plain(other.step(action)) for action in actions[120:]] == first


@pytest.mark.parametrize("layout", LAYOUTS)
def test_that_observations_are_named_numbers_in_their_space(overcooked: ModuleType, layout: str) -> None:
    env = overcooked.make_kitchen(layout)
    names = sys.modules["cook_features"].FEATURES
    assert len(set(names)) == len(names)
    observations, _ = env.reset(seed=8)
    for actions in some_actions(9, 80):
        for agent in env.possible_agents:
            assert observations[agent].dtype == np.float32
            assert env.observation_space(agent).contains(observations[agent])
        observations = env.step(actions)[0]


def reached(env: Any, cook: int, places: list[tuple[int, int]]) -> tuple[int, int]:
    """The nearest of `places` for a cook."""
    here = env.scene().places[cook]
    ways = [(way[0], place) for place in places if (way := env.kitchen.way_to(here, None, place)) is not None]
    return min(ways)[1]


def test_that_two_cooks_who_divide_the_work_serve_a_soup(overcooked: ModuleType) -> None:
    env = overcooked.make_kitchen("asymmetric_advantages")
    env.reset(seed=2)
    kitchen = env.kitchen
    pot = kitchen.pots[0]
    for onions, cook in enumerate((0, 1, 0)):
        assert env.scene().pots[0][0] == onions
        walk(env, cook, reached(env, cook, kitchen.onions))
        assert env.scene().holds[cook] == "onion"
        assert walk(env, cook, pot) == {"blue": 0.0, "orange": 0.0}
    assert env.scene().pots[0][0] == 3
    walk(env, 1, reached(env, 1, kitchen.plates))
    walk(env, 1, pot)
    assert env.scene().holds[1] == "plate", "a soup that still cooks cannot be taken"
    waited = 0
    while env.scene().pots[0][1] > 0:
        env.step(dict.fromkeys(env.possible_agents, STAY))
        waited += 1
    assert 0 < waited <= 30
    walk(env, 1, pot)
    assert env.scene().holds[1] == "soup"
    assert env.scene().pots[0][0] == 0
    rewards = walk(env, 1, reached(env, 1, kitchen.deliveries))
    assert rewards == {"blue": overcooked.SOUP_POINTS, "orange": overcooked.SOUP_POINTS}, "both are paid for a soup"
    assert env.soups == 1
    assert env.scene().holds[1] is None


def test_that_infos_say_what_a_cook_did(overcooked: ModuleType) -> None:
    env = overcooked.make_kitchen("asymmetric_advantages")
    env.reset(seed=2)
    did: list[str] = []
    original = env.step

    def step(actions: dict[str, int]) -> Any:
        answer = original(actions)
        did.extend(filter(None, (info["did"] for info in answer[4].values())))
        return answer

    env.step = step
    kitchen = env.kitchen
    walk(env, 0, reached(env, 0, kitchen.onions))
    counter = reached(env, 0, kitchen.counters)
    walk(env, 0, counter)
    walk(env, 0, counter)
    walk(env, 0, kitchen.pots[0])
    assert did == ["take_onion", "put_onion", "take_onion", "fill_pot"]


def test_that_the_space_bar_acts_once_for_each_press(overcooked: ModuleType) -> None:
    env = overcooked.make_kitchen("asymmetric_advantages")
    env.reset(seed=2)
    walk(env, 0, reached(env, 0, env.kitchen.onions))
    counter = reached(env, 0, env.kitchen.counters)
    walk(env, 0, counter)
    for _ in range(5):  # the bar is held down: the onion is taken, and not put back
        env.step({"blue": ACT, "orange": STAY})
    assert env.scene().holds[0] == "onion"
    env.step({"blue": STAY, "orange": STAY})
    env.step({"blue": ACT, "orange": STAY})
    assert env.scene().holds[0] is None


def test_that_a_step_takes_two_frames(overcooked: ModuleType) -> None:
    env = overcooked.make_kitchen("asymmetric_advantages")
    env.reset(seed=3)
    row, column = env.scene().places[0]
    walked = []
    for _ in range(5):
        env.step({"blue": 3, "orange": STAY})  # right, the key is held
        walked.append(env.scene().places[0][1] - column)
    assert walked == [1, 1, 2, 2, 2], "the pot is in the way of a third cell"
    assert env.scene().places[0][0] == row


def test_that_nothing_is_put_on_the_floor(overcooked: ModuleType) -> None:
    env = overcooked.make_kitchen("asymmetric_advantages")
    env.reset(seed=3)
    walk(env, 0, reached(env, 0, env.kitchen.onions))
    while env.kitchen.kind(env.scene().fronts[0]) != " ":
        env.step({"blue": 1, "orange": STAY})  # down, away from the onions
        env.step({"blue": 3, "orange": STAY})
    env.step({"blue": ACT, "orange": STAY})
    assert env.scene().holds[0] == "onion"


def test_that_an_episode_ends_after_its_seconds(overcooked: ModuleType) -> None:
    env = overcooked.make_kitchen("cramped_room", seconds=2)
    env.reset(seed=1)
    for frame in range(1, 2 * overcooked.FPS + 1):
        truncated = env.step({"blue": STAY, "orange": STAY})[3]
        assert all(over == (frame == 2 * overcooked.FPS) for over in truncated.values())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_that_drawing_changes_nothing_but_the_surface(overcooked: ModuleType, layout: str) -> None:
    env = overcooked.make_kitchen(layout)
    env.reset(seed=3)
    whole = env.render()
    for actions in some_actions(6, 60):
        env.step(actions)
        before = pickle.dumps(env.get_state())
        packet = env.render()
        assert pickle.dumps(env.get_state()) == before
        for item in packet["game_state_objects"]:
            assert item["permanent"], f"{item['uuid']} would be sent in every frame"
    assert len(whole["game_state_objects"]) > 50
    assert env.render() == {"game_state_objects": [], "removed": []}, "what has not changed is not sent again"


def test_that_what_is_carried_away_leaves_the_picture(overcooked: ModuleType) -> None:
    env = overcooked.make_kitchen("asymmetric_advantages")
    env.reset(seed=2)
    walk(env, 0, reached(env, 0, env.kitchen.onions))
    shown = {item["uuid"] for item in env.render()["game_state_objects"]}
    assert "cook0-holds-onion" in shown
    walk(env, 0, env.kitchen.pots[0])
    packet = env.render()
    assert "cook0-holds-onion" in packet["removed"]
    assert "pot0-onion0" in {item["uuid"] for item in packet["game_state_objects"]}


def test_that_wrong_settings_are_refused_in_words(overcooked: ModuleType) -> None:
    with pytest.raises(ValueError, match="there is no kitchen 'bathroom'"):
        overcooked.make_kitchen("bathroom")
    with pytest.raises(ValueError, match="cannot wear 'plaid'"):
        overcooked.make_kitchen(colors=["blue", "plaid"])


def test_that_the_server_s_example_cooks_in_the_very_same_kitchens() -> None:
    there = EXAMPLE.with_name("overcooked_server")
    for name in (*(f"{module}.py" for module in MODULES), "team_cook.onnx", "pages/instructions.html"):
        assert (there / name).read_bytes() == (EXAMPLE / name).read_bytes(), f"copy {name} from examples/overcooked"
