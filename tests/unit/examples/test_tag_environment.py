"""The tag example's environment: what a game of several people asks of one."""

import copy
import importlib.util
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

TAG = Path(__file__).parents[3] / "examples" / "tag" / "tag_env.py"
ACTIONS = st.tuples(st.floats(-1, 1, width=32), st.floats(-1, 1, width=32))


@pytest.fixture(scope="module")
def tag() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("tag_env_tested", TAG)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def sticks(env: Any, seed: int, frames: int) -> list[dict[str, Any]]:
    """Random sticks that are held for a while, as people do."""
    rng = np.random.default_rng(seed)
    held = {agent: rng.uniform(-1, 1, 2).astype(np.float32) for agent in env.possible_agents}
    found = []
    for _ in range(frames):
        for agent in env.possible_agents:
            if rng.random() < 0.1:
                held[agent] = rng.uniform(-1, 1, 2).astype(np.float32)
        found.append(dict(held))
    return found


def still(env: Any, **moving: tuple[float, float]) -> dict[str, Any]:
    return {agent: np.array(moving.get(agent, (0.0, 0.0)), dtype=np.float32) for agent in env.possible_agents}


def plain(answer: Any) -> Any:
    """A step's answer in a form that can be compared exactly."""
    observations, *rest = answer
    return {agent: seen.tobytes() for agent, seen in observations.items()}, rest


@pytest.mark.parametrize("players", [2, 3, 4])
def test_that_a_seed_and_the_actions_decide_everything(tag: ModuleType, players: int) -> None:
    runs = []
    for _ in range(2):
        env = tag.make_tag(players)
        start = plain(env.reset(seed=5))
        runs.append([start, *(plain(env.step(actions)) for actions in sticks(env, 1, 600))])
    assert runs[0] == runs[1]
    env = tag.make_tag(players)
    assert plain(env.reset(seed=6)) != runs[0][0]


def test_that_the_environment_draws_random_numbers_in_mid_game(tag: ModuleType) -> None:
    env = tag.make_tag(3)
    env.reset(seed=2)
    before = env.np_random.bit_generator.state["state"]
    taken = 0
    for actions in sticks(env, 3, 900):
        was = len(env.stars)
        env.step(actions)
        taken += was > len(env.stars)
    assert env.np_random.bit_generator.state["state"] != before
    assert taken > 0, "nobody reached a star: the test shows too little"


@pytest.mark.parametrize("players", [2, 4])
def test_that_a_state_restored_gives_the_same_future(tag: ModuleType, players: int) -> None:
    env = tag.make_tag(players)
    env.reset(seed=7)
    actions = sticks(env, 4, 700)
    for frame in range(300):
        env.step(actions[frame])
    saved = env.get_state()
    kept = copy.deepcopy(saved)
    first = [plain(env.step(action)) for action in actions[300:]]
    assert saved == kept, "a saved state never changes afterwards"
    for _ in range(2):
        env.set_state(saved)
        assert [plain(env.step(action)) for action in actions[300:]] == first
    other = tag.make_tag(players)
    other.reset(seed=99)
    other.set_state(saved)
    assert [plain(other.step(action)) for action in actions[300:]] == first


def test_that_get_state_holds_every_attribute_that_a_step_changes(tag: ModuleType) -> None:
    env = tag.make_tag(4)
    env.reset(seed=3)
    before = {name: repr(value) for name, value in vars(env).items() if name != "_np_random"}
    for actions in sticks(env, 5, 600):
        env.step(actions)
    changed = {name for name, value in vars(env).items() if name in before and repr(value) != before[name]}
    assert changed <= set(env.get_state())
    assert {"place", "speed", "stars", "next_star", "tags", "hunter"} <= changed


def test_that_drawing_changes_nothing_but_the_surface(tag: ModuleType) -> None:
    env = tag.make_tag(4)
    env.reset(seed=3)
    for actions in sticks(env, 6, 200):
        env.step(actions)
        before = env.get_state()
        packet = env.render()
        assert env.get_state() == before
    names = {item["uuid"] for item in packet["game_state_objects"]}
    assert {f"player-{number}" for number in range(4)} <= names
    assert f"player-{env.hunter}-it" in names


@given(actions=st.lists(st.lists(ACTIONS, min_size=4, max_size=4), min_size=1, max_size=60), seed=st.integers(0, 2**31))
def test_that_nobody_leaves_the_field_or_enters_an_obstacle(
    tag: ModuleType, actions: list[list[tuple[float, float]]], seed: int
) -> None:
    env = tag.make_tag(4)
    env.reset(seed=seed)
    for sticks_now in actions:
        env.step({a: np.array(s, dtype=np.float32) for a, s in zip(env.possible_agents, sticks_now, strict=True)})
        for x, y in env.place:
            assert tag.RADIUS - 1e-9 <= x <= tag.FIELD_WIDTH - tag.RADIUS + 1e-9
            assert tag.RADIUS - 1e-9 <= y <= tag.FIELD_HEIGHT - tag.RADIUS + 1e-9
            for cx, cy, radius in tag.CIRCLES:
                assert math.dist((x, y), (cx, cy)) >= radius + tag.RADIUS - 0.02
            for wx, wy, width, height in tag.WALLS:
                assert not (wx < x < wx + width and wy < y < wy + height)


def test_that_a_player_slides_along_a_pillar_instead_of_entering_it(tag: ModuleType) -> None:
    env = tag.make_tag(2)
    env.reset(seed=1)
    x, y, radius = tag.CIRCLES[0]
    env.hunter, env.stands = 1, [0.0, 0.0]
    env.place = [[x - radius - tag.RADIUS - 0.5, y - 0.3], [14.0, 8.0]]
    for _ in range(60):
        env.step(still(env, player_1=(1.0, 0.0)))
        assert math.dist(env.place[0], (x, y)) >= radius + tag.RADIUS - 1e-9
    assert env.place[0][0] > x, "it went around"


def test_that_two_players_who_meet_do_not_overlap(tag: ModuleType) -> None:
    env = tag.make_tag(3)
    env.reset(seed=1)
    env.hunter, env.stands = 2, [0.0, 0.0, 9.0]
    env.place = [[7.0, 7.5], [9.0, 7.5], [2.0, 2.0]]
    for _ in range(60):
        env.step(still(env, player_1=(1.0, 0.0), player_2=(-1.0, 0.0)))
        assert math.dist(env.place[0], env.place[1]) >= 2 * tag.RADIUS - 1e-9
    env.place[0] = list(env.place[1])
    env.step(still(env))
    assert math.dist(env.place[0], env.place[1]) >= 2 * tag.RADIUS - 1e-9


def test_that_who_is_touched_stands_still_and_is_it_from_then_on(tag: ModuleType) -> None:
    env = tag.make_tag(2)
    env.reset(seed=1)
    env.hunter, env.stands = 0, [0.0, 0.0]
    env.place = [[2.0, 4.5], [3.2, 4.5]]
    env.next_star = 100.0
    for _ in range(30):
        _, rewards, _, _, infos = env.step(still(env, player_1=(1.0, 0.0)))
        if infos["player_2"]["tagged"]:
            break
    assert env.hunter == 1
    assert rewards["player_1"] == tag.TAG_POINTS
    assert env.tags == [1, 0]
    env.step(still(env))
    assert env.hunter == 1, "who was tagged does not tag back at once"
    where = list(env.place[1])
    env.place[0], env.speed = [14.0, 4.5], [[0.0, 0.0], [0.0, 0.0]]
    env.step(still(env, player_2=(1.0, 0.0)))
    assert env.place[1] == where, "who was tagged stands"


def test_that_a_star_gives_points_and_makes_fast(tag: ModuleType) -> None:
    env = tag.make_tag(2)
    env.reset(seed=1)
    env.hunter, env.stands, env.next_star = 1, [0.0, 0.0], 100.0
    env.place, env.stars = [[2.0, 8.0], [14.0, 2.0]], [[2.5, 8.0]]
    rewards = env.step(still(env, player_1=(1.0, 0.0)))[1]
    assert rewards["player_1"] == pytest.approx(tag.STAR_POINTS + tag.HUNTED_POINTS * tag.FRAME_TIME)
    assert env.stars == []
    for _ in range(30):
        env.step(still(env, player_1=(1.0, 0.0)))
    assert tag.SPEED < env.speed[0][0] <= tag.FAST


def test_that_actions_and_observations_are_in_their_spaces(tag: ModuleType) -> None:
    env = tag.make_tag(3)
    observations, _ = env.reset(seed=8)
    for actions in sticks(env, 9, 100):
        for agent in env.possible_agents:
            assert env.observation_space(agent).contains(observations[agent])
            assert env.action_space(agent).contains(actions[agent])
        observations = env.step(actions)[0]


def test_that_other_numbers_of_players_are_refused(tag: ModuleType) -> None:
    with pytest.raises(ValueError, match="2 to 4 players"):
        tag.make_tag(5)
