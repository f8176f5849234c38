"""Games for processes that step matches, and one who listens to their supervisor."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from mug.authority.supervisor import AuthorityInput, Limits, StudyPlace, Supervisor
from mug.engine.inputs import (
    AuthorityChanged,
    AuthorityChunk,
    AuthorityFailed,
    AuthorityFinished,
    AuthorityMeasured,
)
from mug.ids import MatchId
from mug.play.chunks import FramesChunk, decode_chunk
from mug.play.config import ActionBinding, GameConfig
from mug.play.view_deltas import SeenView, ViewDecoder
from mug.protocol.partners import ServerKeys, ServerView

__all__ = ["MATCH", "PULL", "Listener", "pull_code", "pull_game"]

MATCH = MatchId("m-1")

PULL = '''
import numpy as np
FIRST


class Pull:
    """Two pull at a ring; it has a memory of its own and is drawn with a persistent floor."""

    possible_agents = ["left", "right"]

    def __init__(self):
        self.length = LENGTH

    def reset(self, *, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.at = self.rng.random()
        self.n = 0
        self.drawn = False
        return self.seen(), {agent: {} for agent in self.possible_agents}

    def seen(self):
        return dict.fromkeys(self.possible_agents, np.array([self.at, self.n]))

    def step(self, actions):
        self.n += 1
        STEP
        self.at += (actions["right"] + actions["left"] - 2) / 50 + self.rng.normal() / 500
        over = dict.fromkeys(self.possible_agents, self.n >= self.length)
        rewards = {"left": -self.at, "right": self.at}
        return self.seen(), rewards, over, dict.fromkeys(self.possible_agents, False), {}

    def render(self):
        objects = [{"uuid": "ring", "object_type": "circle", "x": self.at, "y": 0.5, "radius": 0.1}]
        if not self.drawn:
            floor = {"object_type": "rect", "x": 0, "y": 0.9, "w": 1, "h": 0.1}
            objects.append({"uuid": "floor", "permanent": True, **floor})
            self.drawn = True
        return {"game_state_objects": objects, "removed": []}


env = Pull()
'''

T = TypeVar("T")


def pull_code(length: int = 40, *, first: str = "", step: str = "pass") -> str:
    """Return the environment's code; `first` runs when it is loaded, `step` at each step."""
    return PULL.replace("LENGTH", str(length)).replace("FIRST", first).replace("STEP", step)


def pull_game(code: str | None = None, **changes: Any) -> GameConfig:
    """Return a game of two."""
    values: dict[str, Any] = {
        "scene_id": "pull",
        "match_id": str(MATCH),
        "match_seed": 2**63 + 99,
        "subject_id": "",
        "human_agents": (),
        "players": ("left", "right"),
        "fps": 30,
        "num_episodes": 2,
        "action_mapping": (
            ActionBinding(keys=("ArrowLeft",), action=0),
            ActionBinding(keys=("ArrowRight",), action=2),
        ),
        "default_action": 1,
        "environment_code": pull_code() if code is None else code,
        "environment_filename": "pull.py",
        "mode": "server_authoritative",
        "countdown_ms": 0,
    }
    return GameConfig(**{**values, **changes})


class Listener:
    """A supervisor with someone who takes all that it says; views are acknowledged as pages do it.

    Attributes:
        heard: What was said, in order.
        bytes: Bytes of views by agent.
    """

    def __init__(self, folder: Path, limits: Limits | None = None, **place: Any) -> None:
        self.heard: list[AuthorityInput] = []
        self.pages: dict[tuple[MatchId, str], ViewDecoder] = {}
        self.views: list[tuple[MatchId, str, SeenView]] = []
        self.bytes: dict[str, int] = {}
        self.acknowledges = True
        self._changed = threading.Condition()
        self.supervisor = Supervisor(StudyPlace(root=folder, **place), tell=self._tell, show=self._show, limits=limits)

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        self.supervisor.close()

    def wait(self, what: Callable[[], T | None], timeout_s: float = 60.0) -> T:
        """Wait until something is so, and return it."""
        ends_s = time.monotonic() + timeout_s
        with self._changed:
            while not (found := what()):
                left_s = ends_s - time.monotonic()
                if left_s <= 0:
                    raise AssertionError(f"not within {timeout_s} s; heard: {str(self.heard[-5:])[-1000:]}")
                self._changed.wait(min(left_s, 0.05))
        return found

    def ready(self, match_id: MatchId = MATCH) -> AuthorityChanged:
        """Wait for a match's process."""
        return self.wait(lambda: self.stage("ready", match_id))

    def stage(self, stage: str, match_id: MatchId = MATCH) -> AuthorityChanged | None:
        """Return what was said last of a stage."""
        said = [item for item in self.heard if isinstance(item, AuthorityChanged)]
        return next((item for item in reversed(said) if item.stage == stage and item.match_id == match_id), None)

    def finished(self, match_id: MatchId = MATCH) -> AuthorityFinished:
        """Wait for a match's end; a failure is no end."""
        end = self.wait(lambda: self._end(match_id))
        assert isinstance(end, AuthorityFinished), end
        return end

    def failed(self, match_id: MatchId = MATCH) -> AuthorityFailed:
        """Wait for a match's failure."""
        end = self.wait(lambda: self._end(match_id))
        assert isinstance(end, AuthorityFailed), end
        return end

    def bodies(self, match_id: MatchId = MATCH) -> list[bytes]:
        """Return the bodies of the match's rows."""
        return [
            item.body
            for item in list(self.heard)
            if isinstance(item, AuthorityChunk) and item.stream == "frames" and item.match_id == match_id
        ]

    def chunks(self, match_id: MatchId = MATCH) -> list[FramesChunk]:
        """Return the match's rows."""
        return [decode_chunk(body) for body in self.bodies(match_id)]

    def column(self, name: str, episode: int = 0) -> list[Any]:
        """Return one column of an episode."""
        return [value for chunk in self.chunks() if chunk.episode == episode for value in list(chunk.columns[name])]

    def measured(self) -> list[AuthorityMeasured]:
        """Return the figures of policies."""
        return [item for item in self.heard if isinstance(item, AuthorityMeasured)]

    def press(self, agent: str, n: int, *held: str, hidden: bool = False) -> None:
        """Send an agent's keys."""
        keys = ServerKeys(match_id=str(MATCH), n=n, held=held, pressed=(), hidden=hidden)
        self.supervisor.keys(MATCH, agent, keys)

    def page(self, agent: str, match_id: MatchId = MATCH) -> ViewDecoder:
        """Give an agent a page."""
        decoder = self.pages[match_id, agent] = ViewDecoder()
        self.supervisor.attach(match_id, agent)
        return decoder

    def _end(self, match_id: MatchId) -> AuthorityFinished | AuthorityFailed | None:
        ends = [item for item in self.heard if isinstance(item, AuthorityFinished | AuthorityFailed)]
        return next((item for item in ends if item.match_id == match_id), None)

    def _tell(self, said: AuthorityInput) -> None:
        with self._changed:
            self.heard.append(said)
            self._changed.notify_all()

    def _show(self, match_id: MatchId, agent: str, view: ServerView) -> None:
        with self._changed:
            seen = self.pages[match_id, agent].take(view.n, view.body, view.image)
            self.views.append((match_id, agent, seen))
            self.bytes[agent] = self.bytes.get(agent, 0) + len(view.body) + len(view.image)
            self._changed.notify_all()
        if self.acknowledges:
            self.supervisor.seen(match_id, agent, view.n)
