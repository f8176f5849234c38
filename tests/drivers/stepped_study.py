"""A study whose game the server steps, and participants who play it by messages, as its pages do.

The environment keeps a log of its own of everything that it was given and gave, so that an export can be compared with
what really happened.
"""

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeAlias

import tomlkit

from mug.play.errors import PlayError
from mug.play.view_deltas import SeenView, ViewDecoder
from mug.protocol import Message
from mug.protocol.messages import MatchReady, ShowScene
from mug.protocol.partners import ServerKeys, ServerReady, ServerSeen, ServerStatus, ServerView
from tests.drivers.server_driver import DEADLINE_S, ParticipantClient, ServerDriver

__all__ = ["LOG", "SteppedClient", "logged_rows", "write_stepped_study"]

LOG = "own_log.jsonl"
"""What the environment itself wrote down, in the study's folder."""

WORLD = '''\
"""Points on a line that people push about, with chance in the middle; every step is written down."""

import json
import os
from pathlib import Path

import numpy as np

PLACES = ("north", "east", "south", "west")


class Line:
    def __init__(self, players, fails_at=(), fails_by="exception", by_agent=False):
        self.by_agent = by_agent
        if by_agent:
            self.render = self.render_for
        self.possible_agents = list(PLACES[:players])
        self.fails_at, self.fails_by = list(fails_at), fails_by

    def reset(self, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.seed, self.frame = seed, 0
        self.at = {agent: float(x) for agent, x in zip(self.possible_agents, self.rng.uniform(-1, 1, 4))}
        return self.seen(), {agent: {} for agent in self.possible_agents}

    def seen(self):
        return {agent: np.array([self.at[agent], self.frame], dtype=np.float64) for agent in self.possible_agents}

    def step(self, actions):
        self._fail()
        for agent in self.possible_agents:
            self.at[agent] += 0.05 * int(actions[agent]) + float(self.rng.normal(0, 0.01))
        rewards = {agent: round(self.at[agent], 6) for agent in self.possible_agents}
        given = {agent: int(actions[agent]) for agent in self.possible_agents}
        row = {"seed": int(self.seed), "frame": self.frame, "actions": given, "rewards": rewards}
        with open("own_log.jsonl", "a") as log:
            log.write(json.dumps(row) + "\\n")
        self.frame += 1
        over = dict.fromkeys(self.possible_agents, False)
        return self.seen(), rewards, over, dict(over), {}

    def _fail(self):
        """Fail at a frame, as often as the study says: each time leaves a mark."""
        for number, frame in enumerate(self.fails_at):
            mark = Path(f"failed_{number}")
            if self.frame == frame and not mark.exists():
                mark.write_text("")
                if self.fails_by == "exit":
                    os._exit(9)
                raise RuntimeError(f"the world broke at frame {frame}")

    def drawn_at(self, agent):
        """Somewhere in the picture, however far it goes."""
        return 0.5 + 0.45 * self.at[agent] / (1 + abs(self.at[agent]))

    def render(self):
        return [
            {"uuid": agent, "object_type": "circle", "x": self.drawn_at(agent), "y": 0.3 + place / 8, "radius": 0.05,
             "color": "#1f6f78"}
            for place, agent in enumerate(self.possible_agents)
        ]


    def render_for(self, agent_id):
        """Each sees itself darker than the others."""
        return [{**item, "color": "#123" if item["uuid"] == agent_id else "#abc"} for item in Line.render(self)]


def make(players, **how):
    return Line(players, **how)
'''

STUDY = """\
format = 1
id = "line"
title = "A line"

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

[[chain]]
kind = "gym_game"
scene_id = "line"

[chain.environment]
env_creator = "line_env.py:make"

[chain.rendering]
fps = 30

[chain.policies]

[chain.gameplay]
action_mapping = [{keys = ["ArrowLeft"], action = -1}, {keys = ["ArrowRight"], action = 1}]
default_action = 0

[chain.multiplayer]
mode = "server_authoritative"

[chain.runtime]

[[chain]]
kind = "static_page"
scene_id = "after"
scene_header = "After the game"

[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "Thank you"
"""


def write_stepped_study(
    folder: Path,
    *,
    players: int = 1,
    episodes: int = 1,
    frames: int = 60,
    fps: int = 30,
    env: dict[str, Any] | None = None,
    **multiplayer: Any,
) -> Path:
    """Write the study.

    Args:
        folder: Made; the study's folder.
        players: Human agents.
        episodes: Episodes of a match.
        frames: Their length.
        fps: Frames per second.
        env: More arguments of the environment.
        multiplayer: Fields of the game's section of this name.
    """
    folder.mkdir(parents=True)
    (folder / "line_env.py").write_text(WORLD, encoding="utf-8")
    document = tomlkit.parse(STUDY)
    game = next(node for node in document["chain"] if node["kind"] == "gym_game")  # type: ignore[union-attr]
    game["environment"]["env_config"] = {"players": players, **(env or {})}
    game["rendering"]["fps"] = fps
    game["policies"]["policy_mapping"] = dict.fromkeys(("north", "east", "south", "west")[:players], "human")
    game["gameplay"].update({"num_episodes": episodes, "max_steps": frames})
    game["multiplayer"].update(multiplayer)
    (folder / "study.toml").write_text(tomlkit.dumps(document), encoding="utf-8")
    return folder


def logged_rows(folder: Path) -> list[dict[str, Any]]:
    """What the environment wrote down, of each (seed, frame) what came last: a match that goes on after a failure steps
    some frames again, and those that were not stored otherwise."""
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    for line in (folder / LOG).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        rows[row["seed"], row["frame"]] = row
    return [rows[key] for key in sorted(rows)]


_Way: TypeAlias = "queue.SimpleQueue[tuple[float, Callable[[], None]] | None]"


class SteppedClient(ParticipantClient):
    """A participant of games that the server steps: shows views, acknowledges them, presses keys.

    Attributes:
        seen_views: Every view of the present page, decoded.
        latency_s: How long each message takes, each way.
    """

    def __init__(self, server: ServerDriver, subject_id: str = "", *, latency_s: float = 0.0, **page: Any) -> None:
        super().__init__(server, subject_id, **page)
        self.seen_views: list[SeenView] = []
        self.whole_views = 0
        self.latency_s = latency_s
        self._decoder = ViewDecoder()
        self._keys_n = 0
        self._late: _Way = queue.SimpleQueue()
        self._incoming: _Way = queue.SimpleQueue()
        if latency_s:
            for way in (self._late, self._incoming):
                threading.Thread(target=self._carry, args=(way,), daemon=True).start()

    def __exit__(self, *how: Any) -> None:
        super().__exit__(*how)
        for way in (self._late, self._incoming):
            way.put(None)

    @staticmethod
    def _carry(way: "_Way") -> None:
        """Deliver each message at its time, in order."""
        while (entry := way.get()) is not None:
            due_s, deliver = entry
            time.sleep(max(due_s - time.monotonic(), 0.0))
            deliver()

    def send_raw(self, data: Any) -> None:
        """Send anything, as late as this network is."""
        if not self.latency_s:
            super().send_raw(data)
            return
        client = self._client
        self._late.put((time.monotonic() + self.latency_s, lambda: self._send_late(client, data)))

    @staticmethod
    def _send_late(client: Any, data: Any) -> None:
        if client is not None and client.connected:
            client.emit("m", data)

    def _on_message(self, data: Any) -> None:
        if self.latency_s:
            self._incoming.put((time.monotonic() + self.latency_s, lambda: self._take(data)))
        else:
            self._take(data)

    def _take(self, data: Any) -> None:
        super()._on_message(data)
        message = self.received[-1]
        with self._changed:
            if isinstance(message, ServerView):
                self._show(message)
            self._changed.notify_all()
        if isinstance(message, ServerView) and self.connected:
            self.send(ServerSeen(match_id=message.match_id, n=message.n))

    def _show(self, message: ServerView) -> None:
        self.whole_views += json.loads(message.body)["base"] == -1
        with contextlib.suppress(PlayError):  # it changes a view of before this page said that it was ready
            self.seen_views.append(self._decoder.take(message.n, message.body, message.image))

    # ------------------------------------------------------------- what its page does

    def play(self) -> Self:
        """Come in and begin the game, as far as this participant does."""
        self.enter()
        self.finish()
        self.join()
        return self

    def be_ready(self) -> None:
        """The page can show the game."""
        self._decoder, self._keys_n = ViewDecoder(), 0
        self.send(ServerReady(match_id=self.config.match_id))

    def press(self, *held: str) -> None:
        """Hold these keys from now on, and no others."""
        self.send(ServerKeys(match_id=self.config.match_id, n=self._keys_n, held=held, pressed=held))
        self._keys_n += 1

    def wait_for_match(self) -> MatchReady:
        """Wait for the match of the present scene, and be ready for it."""
        self.matched()
        self.be_ready()
        return [m for m in self.received if isinstance(m, MatchReady)][-1]

    def wait_for_stage(self, *stages: str, after: int = 0, deadline_s: float = DEADLINE_S) -> ServerStatus:
        """Wait until the game is at one of these stages."""
        return self.wait_for(ServerStatus, lambda status: status.stage in stages, after=after, deadline_s=deadline_s)

    def wait_for_frame(self, frame: int, episode: int = 0) -> None:
        """Wait until the page has shown a frame."""
        self.wait_until(
            lambda: (
                bool(self.seen_views) and (self.seen_views[-1].episode, self.seen_views[-1].frame) >= (episode, frame)
            ),
            f"frame {frame} of episode {episode}",
        )

    def over(self, *, after: int = 0, deadline_s: float = DEADLINE_S) -> ServerStatus:
        """Wait until the game is over for this page."""
        return self.wait_for_stage("over", after=after, deadline_s=deadline_s)

    def messages(self, kind: type[Message]) -> list[Any]:
        """Every message of a kind that came."""
        return [message for message in self.received if isinstance(message, kind)]

    def go_on(self) -> ShowScene:
        """Finish the visit when the game is over, as the page does by itself."""
        return self.finish(self.over().outcome)
