"""Policies in games of several people: every page asks every policy, again after every rollback, and all agree."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from match_worlds import arena, match_config
from matches import PROFILES, assert_equal_records, on_all, play

from mug.play.config import GameConfig
from mug.play.errors import PolicyFailedError
from mug.play.models import use_models
from mug.policies.native import run_models_here
from tests.drivers.match_net import MatchNet, Play
from tests.drivers.models import feed_forward, not_a_number, recurrent, write

RECURRENT = {
    "kind": "onnx",
    "onnx_path": "models/partner.onnx",
    "obs_input": "obs",
    "logit_output": "logits",
    "state_inputs": ["h_in", "c_in"],
    "state_outputs": ["h_out", "c_out"],
    "state_shape": [1, 6],
}

PARTNERS = '''
import numpy as np
import random


class Follower:
    """Remembers where it was, in lists and arrays, and who it followed in earlier episodes."""

    def __init__(self):
        self.path = []
        self.mean = np.zeros(2)
        self.met = {}
        self.episodes = 0

    def reset(self):
        self.path.clear()
        self.mean[:] = 0
        self.episodes += 1

    def compute_action(self, observation, agent_id, rng):
        place = observation[:2]
        self.path.append(float(place[0]))
        self.mean += 0.1 * (place - self.mean)
        self.met[agent_id] = self.met.get(agent_id, 0) + 1
        if rng.random() < 0.3:
            return int(rng.integers(5))
        axis = int(abs(self.mean[1]) > abs(self.mean[0]))
        turn = (len(self.path) + self.met[agent_id] + self.episodes) % 3 == 0
        return 1 + 2 * axis + int((self.mean[axis] < 0) != turn)


class Own:
    """Has methods of its own for what it remembers, and something that nobody could save."""

    def __init__(self):
        import threading

        self.lock = threading.Lock()
        self.n = 0

    def get_state(self):
        return {"n": self.n}

    def set_state(self, state):
        self.n = state["n"]

    def compute_action(self, observation, agent_id, rng):
        self.n += 1
        return (self.n // 4 + int(rng.integers(2))) % 5


def chance(observation, agent_id, rng):
    return int(np.random.default_rng().integers(5)) if random.random() < 0.5 else int(rng.integers(5))


def load(name):
    return Own() if name == "own" else Follower()


def broken_later(observation, agent_id, rng):
    return int(rng.integers(5)) if abs(observation[:2]).sum() < 3.5 else 1 / 0
'''

OPAQUE = """
class Opaque:
    def __init__(self):
        self.numbers = (number for number in range(5))

    def compute_action(self, observation, agent_id, rng):
        return next(self.numbers)
"""


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Path]:
    """A study's folder with models and Python policies; models run natively."""
    write(tmp_path / "models/partner.onnx", recurrent(4, 5, states=2, scale=2.0))
    write(tmp_path / "models/simple.onnx", feed_forward(4, 5, scale=2.0))
    write(tmp_path / "models/nan.onnx", not_a_number(4, 5, above=1.5))
    (tmp_path / "partners.py").write_text(PARTNERS)
    run_models_here()
    yield tmp_path
    use_models(None)


def policies_config(seconds: float, policies: dict[str, object], **settings: object) -> GameConfig:
    code = arena(("a", "b", *policies), int(30 * seconds))
    return match_config(code, policies=policies, frame_skip=1, **settings)


def noisy(config: GameConfig, profile: str = "mobile_3g") -> GameConfig:
    return replace(config, network_conditions=on_all(config, PROFILES[profile]))


def test_that_recurrent_models_and_python_classes_decide_the_same_on_both_pages(study: Path) -> None:
    policies = {"model": RECURRENT, "class": "partners.py:Follower", "simple": "models/simple.onnx"}
    config = noisy(policies_config(40, policies), "mobile_4g")
    net = play(config, root=study)
    assert_equal_records(net, rollbacks=50, root=study)
    assert sum(page.rollbacks for page in net.pages) >= 100
    assert any(net.pages[0].column("state_hash"))
    for agent in policies:
        assert len({int(action) for action in net.pages[0].column(f"actions.{agent}")}) >= 3
        assert set(net.pages[0].column(f"status.{agent}")) == {"policy"}
    figures = {one["agent"]: one for one in net.pages[0].policy_figures}
    assert set(figures) == set(policies)
    assert all(one["decisions"] > 1200 and 0 < one["median_ms"] <= one["p99_ms"] for one in figures.values())


@pytest.mark.parametrize(
    ("policies", "settings"),
    [
        ({"r": "partners.py:Own"}, {}),
        ({"r": "partners.py:chance"}, {}),
        ({"r": "own"}, {"load_policy_fn": "partners.py:load"}),
        ({"r": {**RECURRENT, "sampling": "argmax"}, "s": RECURRENT}, {}),
        ({"r": "partners.py:Follower", "s": "partners.py:Follower"}, {"frame_skip": 4}),
        ({"r": RECURRENT}, {"frame_skip": 3, "action_population_method": "previous_submitted_action"}),
    ],
    ids=["own methods", "chance of all kinds", "named", "argmax and sample", "frame skip", "previous action"],
)
def test_that_every_kind_of_policy_decides_the_same_on_both_pages(
    study: Path, policies: dict[str, object], settings: dict[str, object]
) -> None:
    config = noisy(replace(policies_config(6, policies), **settings), "mobile_4g")
    net = play(config, root=study)
    assert_equal_records(net, rollbacks=10, root=study)
    again = play(config, root=study)
    assert again.pages[0].bodies == net.pages[0].bodies


def test_that_what_a_policy_carries_into_the_next_episode_is_there_for_who_comes_back(study: Path) -> None:
    config = policies_config(3, {"r": "partners.py:Follower", "m": RECURRENT}, num_episodes=3)
    config = noisy(config, "wifi_average")
    net = play(config, root=study, plays={1: Play(reloads=((5000.0, 800.0),))})
    assert_equal_records(net, root=study)
    assert net.pages[1].heard("returned")


def test_that_a_policy_takes_over_from_who_has_left_on_all_pages(study: Path) -> None:
    players = ("a", "b", "c")
    config = match_config(
        arena(players, 240), players, dropout_policy="policy", dropout_agent_policy=RECURRENT, frame_skip=4
    )
    net = MatchNet(noisy(config, "wifi_average"), root=study, plays={2: Play(dead_ms=3000.0)}, lost_after_ms=1500.0)
    net.run(120_000)
    net.close()
    first, second, _ = net.pages
    assert first.bodies == second.bodies
    statuses = first.column("status.c")
    assert statuses[-1] == "policy"
    taken_over = statuses.index("policy")
    assert "policy" not in statuses[:taken_over]
    assert len(set(map(int, first.column("actions.c")[taken_over:]))) >= 2


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("models/nan.onnx", r"the policy 'nan' of agent 'r' failed at frame \d+ of episode 0: .*NaN"),
        ("partners.py:broken_later", r"'broken_later' of agent 'r' failed at frame \d+ .*ZeroDivisionError.*line \d+"),
    ],
)
def test_that_a_policy_that_fails_ends_the_match_with_words_once_its_frame_is_certain(
    study: Path, policy: str, says: str
) -> None:
    config = noisy(policies_config(60, {"r": policy}), "mobile_4g")
    with pytest.raises(PolicyFailedError, match=says) as caught:
        play(config, root=study)
    assert caught.value.stage == "policy"
    assert caught.value.frame > 0


def test_that_what_cannot_be_saved_is_said_before_the_first_frame(study: Path) -> None:
    (study / "opaque.py").write_text(OPAQUE)
    with pytest.raises(PolicyFailedError, match=r"policy\.numbers \(generator\) cannot be saved.*get_state"):
        play(policies_config(2, {"r": "opaque.py:Opaque"}), root=study)
