"""A small game with a policy's agent in it, and policies for it."""

from pathlib import Path
from typing import Any

from mug.play.actors import Actors
from mug.play.config import ActionBinding, GameConfig
from mug.play.inputs import STATUS_INPUT, Given
from mug.play.snapshots import Snapshots
from mug.play.world import World
from tests.drivers.models import feed_forward, recurrent, write

GAME = '''
import gymnasium as gym
import numpy as np


class Pull:
    """Two agents pull a point about; both see where it is."""

    possible_agents = ["a", "r"]
    action_spaces = {"a": gym.spaces.Discrete(3), "r": gym.spaces.Discrete(5)}

    def reset(self, *, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.seen = self.rng.normal(size=4).astype(np.float32)
        self.n = 0
        return {"a": self.seen, "r": self.seen}, {}

    def step(self, actions):
        self.n += 1
        push = np.array([actions["a"] - 1, actions["r"] - 2, 0, 0], dtype=np.float32)
        self.seen = (0.8 * self.seen + 0.4 * push + self.rng.normal(scale=0.05, size=4)).astype(np.float32)
        over = self.n >= LENGTH
        return {"a": self.seen, "r": self.seen}, {"a": 1.0, "r": 1.0}, over, False, {}

    def render(self):
        return []


env = Pull()
'''

PARTNERS = '''
import collections
import random
import threading

import numpy as np

GATE = threading.Event()


class Learner:
    """Remembers in every kind of container, and over episodes."""

    def __init__(self):
        self.counts = collections.Counter()
        self.trace = np.zeros(4)
        self.last = collections.deque(maxlen=3)
        self.nested = {"best": [0.0, {"at": (0, 0)}]}
        self.own = np.random.default_rng(3)

    def reset(self):
        self.last.clear()
        self.trace[:] = 0

    def compute_action(self, observation, agent_id, rng):
        self.trace = 0.9 * self.trace + observation
        self.last.append(float(observation[0]))
        action = int(rng.integers(5)) if rng.random() < 0.4 else int(abs(self.trace).argmax())
        if self.trace.sum() > self.nested["best"][0]:
            self.nested["best"][0] = float(self.trace.sum())
            self.nested["best"][1]["at"] = (len(self.last), self.counts[action])
        self.counts[action] += 1
        shift = self.nested["best"][1]["at"][1] + int(self.own.integers(2))
        return (action + self.counts[action] // 3 + shift) % 5


class Slots:
    __slots__ = ("n", "seen")

    def __init__(self):
        self.n, self.seen = 0, []

    def compute_action(self, observation, agent_id, rng):
        self.n += 1
        self.seen.append(self.n)
        return (sum(self.seen) + int(rng.integers(2))) % 5


class Own:
    def __init__(self):
        self.lock = (value for value in ())
        self.hidden = [0]

    def get_state(self):
        return {"hidden": self.hidden}

    def set_state(self, state):
        self.hidden = state["hidden"]

    def compute_action(self, observation, agent_id, rng):
        self.hidden.append(int(10 * observation[1]))
        return (len(self.hidden) + self.hidden[-1]) % 5


_count = 0


def leaky(observation, agent_id, rng):
    global _count
    _count += 1
    return _count % 5


def unseeded(observation, agent_id, rng):
    return int(np.random.default_rng().integers(5))


def chance(observation, agent_id, rng):
    return (random.randrange(5) + int(rng.integers(5))) % 5


def gated(observation, agent_id, rng):
    if not GATE.wait(60):
        raise TimeoutError("nobody opened the gate")
    return 3


def changes(observation, agent_id, rng):
    observation[:] = 7
    return 1


def outside(observation, agent_id, rng):
    return 5


def nothing(observation, agent_id, rng):
    return None


def fraction(observation, agent_id, rng):
    return 1.5


def raises(observation, agent_id, rng):
    return [][3]


def wrong_arguments(observation):
    return 1


class NeedsArguments:
    def __init__(self, size):
        pass

    def compute_action(self, observation, agent_id, rng):
        return 0


def load(name):
    return {"one": Learner, "two": Own}[name]()


def infer(observation, policy):
    return 2 if policy == "fixed" else policy.compute_action(observation, "r", np.random.default_rng(0))


def run_with(session, feeds, rng):
    logits, state = session.run(["logits", "h_out"], feeds)
    logits[0, int(rng.integers(5))] += 3
    return {"logits": logits, "h_out": state}


def act_with(session, feeds):
    logits, state = session.run(None, feeds)
    return {"action": int(logits.argmax()), "h_out": state}
'''

RECURRENT: dict[str, Any] = {
    "kind": "onnx",
    "onnx_path": "rnn.onnx",
    "obs_input": "obs",
    "logit_output": "logits",
    "state_inputs": ["h_in"],
    "state_outputs": ["h_out"],
    "state_shape": [6],
}

STATEFUL: dict[str, Any] = {
    "class": "partners.py:Learner",
    "slots": "partners.py:Slots",
    "own methods": "partners.py:Own",
    "function": "partners.py:chance",
    "recurrent": RECURRENT,
    "recurrent, argmax": {**RECURRENT, "sampling": "argmax"},
    "recurrent, custom": {**RECURRENT, "custom_inference_fn": "partners.py:run_with"},
    "recurrent, custom action": {**RECURRENT, "custom_inference_fn": "partners.py:act_with"},
    "model": "mlp.onnx",
    "random": "random",
    "named": "one",
}


def write_study(folder: Path) -> Path:
    """Write the policies' files."""
    (folder / "partners.py").write_text(PARTNERS)
    write(folder / "rnn.onnx", recurrent(4, 5, scale=2.0))
    write(folder / "mlp.onnx", feed_forward(4, 5, scale=2.0))
    return folder


def config(policy: Any, **changes: Any) -> GameConfig:
    """A game of one person with the agent "r" played by `policy`."""
    length = changes.pop("length", 20)
    values: dict[str, Any] = {
        "scene_id": "pull",
        "match_id": "match",
        "match_seed": 77,
        "subject_id": "p",
        "human_agents": ("a",),
        "policies": {"r": policy},
        "frame_skip": 1,
        "fps": 10,
        "num_episodes": 2,
        "action_mapping": (ActionBinding(keys=("x",), action=2), ActionBinding(keys=("y",), action=0)),
        "default_action": 1,
        "environment_code": GAME.replace("LENGTH", str(length)),
        "load_policy_fn": "partners.py:load" if policy in ("one", "two") else None,
    }
    return GameConfig(**{**values, **changes})


class Game:
    """A world and its actors, stepped and taken back as a rollback core does."""

    def __init__(self, game: GameConfig, root: Path) -> None:
        self.world = World(game, root=root, mug_globals={})
        self.world.reset(0)
        self.actors = Actors(game, self.world.agent_env, self.world)
        self.actors.begin_episode()
        self.actors.warm_up(self.world.observations)
        self.world.first_picture()
        self.snapshots = Snapshots(self.world, "walker")

    def step(self, given: int) -> int:
        """One frame; returns what "r" did."""
        world = self.world
        if world.ended is not None:
            world.reset(world.episode + 1)
            self.actors.begin_episode()
        people = {"a": Given(STATUS_INPUT, given)}
        actions, statuses = self.actors.decide(world.episode, world.next_frame, world.observations, people)
        world.step(actions, statuses)
        assert statuses["r"] == "policy"
        return int(actions["r"])

    def save(self) -> tuple[object, object]:
        return self.snapshots.save(), self.actors.save()

    def load(self, saved: tuple[object, object]) -> None:
        self.snapshots.load(saved[0])
        self.actors.load(saved[1])

    def close(self) -> None:
        self.world.close()
