from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st
from pettingzoo import ParallelEnv

from mug.play import SingleAgent
from mug.play.environment import AgentEnvironment
from mug.play.errors import PlayError
from mug.play.spaces import fit_action, sample_action

SPACES = [
    spaces.Discrete(5, start=-2),
    spaces.MultiDiscrete([3, 4]),
    spaces.MultiBinary(4),
    spaces.Box(-1.0, 1.0, (2, 3), np.float32),
    spaces.Box(-np.inf, np.inf, (2,), np.float64),
    spaces.Box(np.array([0.0, -np.inf]), np.array([np.inf, 1.0]), dtype=np.float64),
    spaces.Box(0, 255, (3,), np.uint8),
    spaces.Dict({"move": spaces.Discrete(3), "aim": spaces.Box(0.0, 1.0, (2,))}),
    spaces.Tuple((spaces.Discrete(2), spaces.MultiDiscrete([2, 2]))),
]


@pytest.mark.parametrize("space", SPACES, ids=str)
@given(seed=st.integers(0, 2**64 - 1))
def test_that_a_random_action_is_one_of_the_space_and_depends_on_the_seed_alone(space: Any, seed: int) -> None:
    action = sample_action(space, seed)
    assert space.contains(action)
    assert repr(sample_action(space, seed)) == repr(action)


@pytest.mark.parametrize(
    ("space", "action"),
    [
        (SPACES[0], 2),
        (SPACES[1], [2, 3]),
        (SPACES[2], [0, 1, 1, 0]),
        (SPACES[3], [[0, 0, 0], [1, -1, 0.5]]),
        (SPACES[7], {"move": 1, "aim": [0.5, 1]}),
        (SPACES[8], [1, [0, 1]]),
    ],
)
def test_that_json_actions_become_actions_of_the_space(space: Any, action: Any) -> None:
    assert space.contains(fit_action(space, action))


class Pair(ParallelEnv[int, Any, int]):
    """Two agents with numbers as ids; the first leaves after two steps."""

    metadata: dict[str, Any] = {"name": "pair"}  # noqa: RUF012

    def __init__(self) -> None:
        self.possible_agents = [0, 1]
        self.agents: list[int] = []
        self.given: list[dict[int, int]] = []

    def action_space(self, agent: int) -> spaces.Space[Any]:
        return spaces.Discrete(2 + agent)

    def reset(self, seed: int | None = None, options: Any = None) -> tuple[dict[int, Any], dict[int, dict[str, Any]]]:
        self.agents = [0, 1]
        self.n = 0
        return {0: np.zeros(1), 1: np.ones(1)}, {0: {}, 1: {}}

    def step(self, actions: dict[int, int]) -> Any:
        self.given.append(actions)
        self.n += 1
        here = list(self.agents)
        done = {agent: (agent == 0 and self.n == 2) or self.n == 4 for agent in here}
        self.agents = [agent for agent in here if not done[agent]]
        values = {agent: np.full(1, self.n) for agent in here}
        return (
            values,
            dict.fromkeys(here, 1.5),
            done,
            dict.fromkeys(here, False),
            {agent: {"n": self.n} for agent in here},
        )


def test_that_a_parallel_environment_keeps_its_own_ids_inside() -> None:
    env = AgentEnvironment(Pair(), ["0", "1"])
    observations, _ = env.reset(1)
    assert env.agents == ("0", "1")
    assert set(observations) == {"0", "1"}
    env.step({"0": 1, "1": 2})
    assert env.env.given == [{0: 1, 1: 2}]
    assert env.action_space("1").n == 3


def test_that_an_episode_goes_on_until_the_last_agent_left() -> None:
    env = AgentEnvironment(Pair(), ["0", "1"])
    env.reset(1)
    ends = []
    while env.live_agents:
        ends.append((env.live_agents, env.step(dict.fromkeys(env.live_agents, 0)).ended))
    assert ends == [(("0", "1"), None), (("0", "1"), None), (("1",), None), (("1",), "terminated")]


def test_that_single_agent_passes_everything_through_and_unpacks_the_action() -> None:
    env = SingleAgent(gymnasium.make("CartPole-v1"))
    adapter = AgentEnvironment(env, ["human"])
    observations, infos = adapter.reset(5)
    result = adapter.step({"human": adapter.fit("human", 1)})
    assert env.action_space.n == 2
    assert env.unwrapped.state is not None
    assert observations["human"].shape == (4,)
    assert infos == {"human": {}}
    assert result.rewards == {"human": 1.0}
    assert result.ended is None


def test_that_a_dict_observation_of_one_agent_is_not_taken_for_many_agents() -> None:
    class OneDict:
        def reset(self, *, seed: int) -> Any:
            return {"image": np.zeros(2), "mission": "go"}, {"level": 1}

        def step(self, actions: Any) -> Any:
            return {"image": np.ones(2), "mission": "go"}, 0, True, False, {"level": 2}

    env = AgentEnvironment(OneDict(), ["human"])
    observations, infos = env.reset(1)
    assert observations["human"]["mission"] == "go"
    assert infos == {"human": {"level": 1}}
    assert env.step({"human": 0}).ended == "terminated"


def test_that_ids_are_learnt_from_the_answers_when_the_environment_lists_none() -> None:
    class Unlisted:
        def reset(self, *, seed: int) -> Any:
            return {7: 0, 8: 0}, {}

        def step(self, actions: Any) -> Any:
            assert set(actions) == {7, 8}
            return {7: 1, 8: 1}, {7: 0, 8: 1}, {"__all__": False, 7: False, 8: False}, {7: False, 8: False}, {}

    env = AgentEnvironment(Unlisted(), ["8", "7"])
    env.reset(1)
    assert env.agents == ("7", "8")
    assert env.step({"7": 0, "8": 0}).rewards == {"7": 0.0, "8": 1.0}


@pytest.mark.parametrize(
    ("agents", "sentence"),
    [(["human"], "names the agent 'human'"), (["0"], "nobody acts for the environment's agent '1'")],
)
def test_that_agents_that_do_not_fit_are_said(agents: list[str], sentence: str) -> None:
    env = AgentEnvironment(Pair(), agents)
    with pytest.raises(PlayError, match=sentence):
        env.reset(1)


@pytest.mark.parametrize("answer", [None, 1, (1, 2, 3, 4), (0, "many", False, False, {})])
def test_that_a_wrong_answer_of_step_is_described(answer: Any) -> None:
    class Wrong:
        def reset(self, *, seed: int) -> Any:
            return 0, {}

        def step(self, actions: Any) -> Any:
            return answer

    env = AgentEnvironment(Wrong(), ["human"])
    env.reset(1)
    with pytest.raises(PlayError, match=r"env\.step must return|the reward of agent 'human' must be a number"):
        env.step({"human": 0})


def test_that_an_object_that_is_no_environment_is_refused() -> None:
    with pytest.raises(PlayError, match="without a method 'reset'"):
        AgentEnvironment(object(), ["human"])
