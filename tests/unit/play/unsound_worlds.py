"""Environments for the sync test: one that is sound, and changes that make it unsound, one each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from play_worlds import config

from mug.play.determinism import Entropy
from mug.play.world import World

SOUND = '''
import numpy as np

HEAD = None


class Chase:
    """Two agents on a ring; rewards draw from a generator that lives as long as the environment."""

    possible_agents = ("a", "b")

    def __init__(self):
        self.field = np.zeros(8, dtype=np.int64)
        self.count = 0

    def reset(self, *, seed=None, options=None):
        self.agents = list(self.possible_agents)
        self.rng = np.random.default_rng(seed)
        self.places = {"a": 0, "b": 4}
        self.trail = []
        self.frame = 0
        self.extra = 0
        self.field[:] = 0
        self.begin()
        return self.seen(), {}

    def begin(self):
        pass

    def more(self, actions):
        pass

    def seen(self):
        own = [self.places["a"], self.places["b"], self.frame, self.extra]
        return {agent: np.array([*own, *self.field], dtype=np.float64) for agent in self.agents}

    def step(self, actions):
        self.frame += 1
        for agent, action in actions.items():
            self.places[agent] = (self.places[agent] + int(action) - 1) % 8
            self.field[self.places[agent]] += 1
        self.trail.append(dict(self.places))
        self.more(actions)
        reward = float(self.rng.integers(100))
        end = self.frame >= 60
        agents = list(self.agents)
        answer = (
            self.seen(),
            dict.fromkeys(agents, reward),
            dict.fromkeys(agents, end),
            dict.fromkeys(agents, False),
            {agent: {"n": len(self.trail)} for agent in agents},
        )
        if end:
            self.agents = []
        return answer

    def render(self):
        return {"game_state_objects": [], "removed": []}


env = Chase()
'''

BEGIN = "    def begin(self):\n        pass"
MORE = "    def more(self, actions):\n        pass"


def changed(*, head: str = "", begin: str = "pass", more: str = "pass", methods: str = "", render: str = "") -> str:
    """The sound environment with other code in its openings; `more` sets `self.extra`, which agents see."""
    code = SOUND.replace("HEAD = None", head)
    code = code.replace(BEGIN, f"    def begin(self):\n        {begin}").replace(
        MORE, f"    def more(self, actions):\n        {more}"
    )
    return code.replace("    def render(self):\n", f"{methods}\n    def render(self):\n        {render or 'pass'}\n")


NOTHING_BESIDE = Path(__file__).parent / "nothing_beside"
"""A study's folder without other code: tests run where thousands of modules lie."""


def maker(code: str, root: Path = NOTHING_BESIDE, **changes: Any) -> Callable[[Entropy | None], World]:
    """Make worlds of it, for two people."""
    game = config(code, **{"human_agents": ("a",), "players": ("a", "b"), "max_steps": 1000, **changes})

    def make(entropy: Entropy | None = None) -> World:
        return World(game, root=root, mug_globals={}, entropy=entropy)

    return make
