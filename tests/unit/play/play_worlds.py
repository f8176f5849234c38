"""Environments and configs for the tests of `mug.play`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mug.play.chunks import FramesChunk, decode_chunk
from mug.play.config import ActionBinding, GameConfig
from mug.play.output import Output
from mug.play.session import GameSession

CAR = """
import gymnasium
from mug.play import SingleAgent


class Drawn(gymnasium.Wrapper):
    def render(self):
        position, _ = self.unwrapped.state
        ball = {"uuid": "car", "object_type": "circle", "x": float(position), "y": 0.5, "radius": 0.05}
        return {"game_state_objects": [ball], "removed": []}


env = SingleAgent(Drawn(gymnasium.make("MountainCar-v0")))
"""

COUNTER = '''
import numpy as np


class Counter:
    """Counts; gives the same array again and again, changed in place."""

    def __init__(self, length):
        self.length = length
        self.seen = np.zeros(2)
        self.n = 0

    def reset(self, *, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.n = 0
        self.seen[:] = (0, self.rng.random())
        return self.seen, {}

    def step(self, actions):
        self.n += 1
        self.seen[:] = (self.n, self.rng.random())
        return self.seen, float(actions["human"]), self.n >= self.length, False, {"n": self.n}

    def render(self):
        return {"game_state_objects": [], "removed": []}


env = Counter(LENGTH)
'''


def counter_code(length: int) -> str:
    return COUNTER.replace("LENGTH", str(length))


def config(code: str = CAR, **changes: Any) -> GameConfig:
    values: dict[str, Any] = {
        "scene_id": "game",
        "match_id": "match-1",
        "match_seed": 2**63 + 12345,
        "subject_id": "anna",
        "human_agents": ("human",),
        "fps": 10,
        "num_episodes": 1,
        "max_steps": 100,
        "action_mapping": (
            ActionBinding(keys=("ArrowLeft",), action=0),
            ActionBinding(keys=("ArrowRight",), action=2),
        ),
        "default_action": 1,
        "environment_code": code,
        "environment_filename": "environment.py",
    }
    return GameConfig(**{**values, **changes})


class Played:
    """A game played by a script of keys, with everything that came out."""

    def __init__(self, session: GameSession, outputs: Sequence[Output]) -> None:
        self.session = session
        self.outputs = list(outputs)

    @property
    def bodies(self) -> list[bytes]:
        return [chunk.body for output in self.outputs for chunk in output.chunks]

    @property
    def chunks(self) -> list[FramesChunk]:
        return [decode_chunk(body) for body in self.bodies]

    @property
    def tail(self) -> Any:
        return next(output.tail for output in reversed(self.outputs) if output.tail is not None)

    def events(self, name: str) -> list[dict[str, Any]]:
        return [event.data for output in self.outputs for event in output.events if event.name == name]

    def column(self, name: str, episode: int = 0) -> list[Any]:
        return [value for chunk in self.chunks if chunk.episode == episode for value in list(chunk.columns[name])]


def held_at(tick: int) -> list[str]:
    return [[], ["ArrowLeft"], ["ArrowRight"]][tick // 7 % 3]


def play(
    game: GameConfig,
    *,
    root: Path = Path(),
    ticks: int = 100_000,
    first_tick: int = 0,
    stored: Sequence[bytes] = (),
    tail: Any = None,
) -> Played:
    """Play until the end, or for `ticks` ticks."""
    session = GameSession(game, root=root)
    outputs = [session.open(stored, tail), session.start()]
    for tick in range(first_tick, first_tick + ticks):
        if outputs[-1].finished:
            break
        session.keys(held_at(tick), [])
        outputs.append(session.tick())
    return Played(session, outputs)
