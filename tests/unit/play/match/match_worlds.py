"""Environments and configs of games of several people."""

from typing import Any

from mug.play.config import ActionBinding, GameConfig

ARENA = '''
import math
import numpy as np


class Arena:
    """People and robots push each other about; the wind is drawn from the environment's own generator."""

    def __init__(self, agents, length):
        self.possible_agents = list(agents)
        self.agents = list(agents)
        self.length = length

    def reset(self, *, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.agents = list(self.possible_agents)
        self.n = 0
        self.place = {a: self.rng.normal(size=2) for a in self.agents}
        self.speed = {a: np.zeros(2) for a in self.agents}
        self.right = dict.fromkeys(self.agents, 0)
        return self.seen(), {a: {} for a in self.agents}

    def seen(self):
        return {a: np.concatenate([self.place[a], self.speed[a]]) for a in self.agents}

    def step(self, actions):
        self.n += 1
        self.right = {a: self.right[a] + 1 if actions[a] == 2 else 0 for a in actions}
        for a, action in actions.items():
            push = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))[int(action)]
            wind = self.chance().normal(scale=0.01, size=2)
            self.speed[a] = 0.9 * self.speed[a] + 0.05 * np.asarray(push) + wind
        for a in actions:
            for b in actions:
                gap = self.place[a] - self.place[b]
                self.speed[a] = self.speed[a] + 0.01 * np.sin(gap) * math.exp(-float(gap @ gap))
            self.place[a] = self.place[a] + self.speed[a]
        over = self.over()
        rewards = {a: float(-abs(self.place[a]).sum()) for a in self.agents}
        ends = {a: over for a in self.agents}
        infos = {a: {"n": self.n, "far": bool(abs(self.place[a]).max() > 2)} for a in self.agents}
        return self.seen(), rewards, ends, {a: False for a in self.agents}, infos

    def over(self):
        return self.n >= self.length

    def chance(self):
        return self.rng

    def render(self):
        return [
            {"uuid": a, "object_type": "circle", "x": float(p[0]), "y": float(p[1]), "radius": 0.05}
            for a, p in self.place.items()
        ]


env = Arena(AGENTS, LENGTH)
'''

CARS = '''
import math


class Cars:
    """Two cars in a valley, as in MountainCar, with a spring between them; over when one is out of the valley."""

    possible_agents = agents = ["left", "right"]

    def reset(self, *, seed=None, options=None):
        self.cars = {"left": [-0.5, 0.0], "right": [-0.4, 0.0]}
        return {a: tuple(c) for a, c in self.cars.items()}, {}

    def step(self, actions):
        for a, (x, v) in self.cars.items():
            other = self.cars["right" if a == "left" else "left"][0]
            v += (int(actions[a]) - 1) * 0.004 - 0.0025 * math.cos(3 * x) + 0.0002 * (other - x)
            x = min(max(x + v, -1.2), 0.6)
            self.cars[a] = [x, 0.0 if x == -1.2 else v]
        out = any(x >= 0.5 for x, _ in self.cars.values())
        seen = {a: tuple(c) for a, c in self.cars.items()}
        return seen, dict.fromkeys(self.agents, -1.0), out, False, {}

    def render(self):
        return [{"uuid": a, "object_type": "circle", "x": c[0], "y": 0.5, "radius": 0.02} for a, c in self.cars.items()]


env = Cars()
'''

FRESH_CHANCE = ("return self.rng\n", "return np.random.default_rng()\n")
"""A new generator without a seed in every step, as cogrid 0.2.1 has it."""
GLOBAL_CHANCE = ("return self.rng\n", "return np.random\n")
LOCK = ("self.n = 0\n", "self.n = 0\n        import threading; self.lock = threading.Lock()\n")
"""A state that cannot be hashed."""


def arena(agents: tuple[str, ...] = ("a", "b"), length: int = 300, *changes: tuple[str, str]) -> str:
    code = ARENA.replace("AGENTS", repr(list(agents))).replace("LENGTH", repr(length))
    for old, new in changes:
        assert old in code
        code = code.replace(old, new)
    return code


def match_config(code: str | None = None, players: tuple[str, ...] = ("a", "b"), **changes: Any) -> GameConfig:
    values: dict[str, Any] = {
        "scene_id": "game",
        "match_id": "match-1",
        "match_seed": 2**63 + 4711,
        "subject_id": "",
        "human_agents": (),
        "players": players,
        "fps": 30,
        "num_episodes": 1,
        "max_steps": 100_000,
        "action_mapping": tuple(
            ActionBinding(keys=(key,), action=action)
            for action, key in enumerate(("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"), 1)
        ),
        "default_action": 0,
        "environment_code": arena(players) if code is None else code,
        "countdown_ms": 0,
        "snapshot_level": "walker",
    }
    return GameConfig(**{**values, **changes})


def cars_config(**changes: Any) -> GameConfig:
    mapping = (
        ActionBinding(keys=("ArrowLeft",), action=0),
        ActionBinding(keys=("ArrowRight",), action=2),
    )
    return match_config(CARS, ("left", "right"), **{"action_mapping": mapping, "default_action": 1, **changes})
