"""Studies for tests of several people: the examples with other numbers, and a small world that is quick to load."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

__all__ = ["CHAOS", "FRAMES", "LOCKS", "PROFILES", "example_study", "write_pair_study"]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LOCKS = Path(__file__).resolve().parent / "pair_locks"
"""Locks of studies that tests play again and again: their packages, and how states are saved. Where a game differs from
them, or the rules have changed, the server finds it out anew, in half a minute; `mug check` then writes them."""

PROFILES: dict[str, dict[str, Any]] = {
    "lan": {"delay_ms": 1, "jitter_ms": 1},
    "wifi_average": {
        "delay_ms": 15,
        "jitter_ms": 15,
        "loss": 0.05,
        "reorder": 0.02,
        "reorder_ms": 30,
        "duplicate": 0.01,
    },
    "mobile_4g": {
        "delay_ms": 50,
        "jitter_ms": 25,
        "loss": 0.08,
        "reorder": 0.03,
        "reorder_ms": 60,
        "duplicate": 0.01,
        "burst": 0.01,
        "burst_length": 2,
    },
    "intercontinental": {"delay_ms": 150, "jitter_ms": 20, "loss": 0.02},
    "far": {"delay_ms": 100, "jitter_ms": 50, "loss": 0.05},
}
"""One-way conditions, for each player; `far` is a round trip of 200 ms with 50 ms jitter and 5 % loss."""

CHAOS = PROFILES["far"]

FRAMES = 240
"""Of an episode of the small world, unless a test wants another length; `LOCKS` has this one."""

WORLD = '''\
"""Two to four points that people push about: floats that do not forgive, and chance in mid-game."""

import math

import numpy as np

from mug.rendering import Surface

PLACES = ("north", "east", "south", "west")
COLORS = ("#2f6db5", "#e8932f", "#2f9e77", "#8b5fbf")


class Points:
    def __init__(self, players):
        self.possible_agents = list(PLACES[:players])
        self.surface = Surface(400, 300)
        self.rng = np.random.default_rng(0)

    def reset(self, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.frame = 0
        self.at = {agent: [float(x) for x in self.rng.uniform(-1, 1, 2)] for agent in self.possible_agents}
        self.wind = 0.0
        return self.seen(), {agent: {} for agent in self.possible_agents}

    def seen(self):
        return {agent: [*self.at[agent], self.wind] for agent in self.possible_agents}

    def step(self, actions):
        self.frame += 1
        if self.frame % 5 == 0:
            self.wind = float(self.rng.normal(0.0, 0.05))
        for agent in self.possible_agents:
            x, y = self.at[agent]
            push = 0.05 * int(actions[agent])
            self.at[agent] = [math.sin(x * 1.1 + push + self.wind), math.cos(y * 1.3 - push) * math.exp(-abs(x) * 0.1)]
        total = sum(x + y for x, y in self.at.values())
        over = dict.fromkeys(self.possible_agents, False)
        return self.seen(), dict.fromkeys(self.possible_agents, total), over, dict(over), {}

    def render(self):
        for number, agent in enumerate(self.possible_agents):
            x, y = self.at[agent]
            self.surface.circle(200 + 150 * x, 150 + 100 * y, 14, color=COLORS[number], id=agent)
        return self.surface.commit().to_dict()


def make(players):
    return Points(players)


def hud(game):
    return f"You are {next(iter(game.human_players), '')}"
'''

STUDY = """\
format = 1
id = "points"
title = "Points"

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

[[chain]]
kind = "gym_game"
scene_id = "points"

[chain.environment]
env_creator = "points_env.py:make"

[chain.rendering]
fps = 30
game_width = 400
game_height = 300
hud_text_fn = "points_env.py:hud"

[chain.policies]

[chain.gameplay]
action_mapping = [
    {keys = ["ArrowLeft", "ArrowUp"], action = 3},
    {keys = ["ArrowLeft"], action = 1},
    {keys = ["ArrowRight"], action = -1},
    {keys = ["ArrowUp"], action = 2},
    {keys = ["ArrowDown"], action = -2},
]
default_action = 0
num_episodes = 1
max_steps = 300

[chain.multiplayer]

[chain.runtime]
run_through_pyodide = true

[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "Thank you"
"""


def write_pair_study(
    folder: Path,
    *,
    players: int = 2,
    episodes: int = 1,
    frames: int = FRAMES,
    fps: int = 30,
    conditions: Mapping[str, Any] | None = None,
    webrtc: Mapping[str, Any] | None = None,
    **multiplayer: Any,
) -> Path:
    """Write the small world's study.

    Args:
        folder: Made; the study's folder.
        players: Human agents.
        episodes: Episodes of a match.
        frames: Their length.
        fps: Frames per second.
        conditions: What is done to every player's packets (`mug.play.chaos.Conditions`), or by agent.
        webrtc: The study's section of this name.
        multiplayer: Fields of the game's section of this name.
    """
    folder.mkdir(parents=True)
    (folder / "points_env.py").write_text(WORLD, encoding="utf-8")
    document = tomlkit.parse(STUDY)
    game = next(node for node in document["chain"] if node["kind"] == "gym_game")  # type: ignore[union-attr]
    game["environment"]["env_config"] = {"players": players}
    game["rendering"]["fps"] = fps
    game["policies"]["policy_mapping"] = dict.fromkeys(("north", "east", "south", "west")[:players], "human")
    game["gameplay"].update({"num_episodes": episodes, "max_steps": frames})
    game["multiplayer"].update(multiplayer | ({"network_conditions": dict(conditions)} if conditions else {}))
    if webrtc:
        document["webrtc"] = dict(webrtc)
    (folder / "study.toml").write_text(tomlkit.dumps(document), encoding="utf-8")
    lock = LOCKS / f"points_at_{fps}.json"
    shutil.copy(lock if lock.exists() else LOCKS / "points.json", folder / "study.lock.json")
    return folder


def example_study(
    name: str,
    folder: Path,
    *,
    conditions: Mapping[str, Any] | None = None,
    players: int | None = None,
    gameplay: Mapping[str, Any] | None = None,
    **multiplayer: Any,
) -> Path:
    """Copy an example with other numbers.

    Args:
        name: The example's folder.
        folder: Made; the copy.
        conditions: As in `write_pair_study`.
        players: Human agents of tag.
        gameplay: Fields of the game's section of this name.
        multiplayer: Fields of the game's section of this name.
    """
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("__pycache__", "data"))
    file = folder / "study.toml"
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    game = next(node for node in document["chain"] if node["kind"] == "gym_game")  # type: ignore[union-attr]
    game["gameplay"].update(dict(gameplay or {}))
    if fields := multiplayer | ({"network_conditions": dict(conditions)} if conditions else {}):
        game["multiplayer"].update(fields)
    if players is not None:
        game["environment"]["env_config"] = {"players": players}
        game["policies"]["policy_mapping"] = {f"player_{number + 1}": "human" for number in range(players)}
        shutil.copy(LOCKS / "short_tag_of_three.json", folder / "study.lock.json")
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return folder
