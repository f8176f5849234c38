"""A world in which every kind of policy acts for an agent, and sees what the people do.

With one person the game can wait for the person's hands: its HUD says which keys are to be held for the next frame, and
no frame is made before they are, and no others. So a hand that does what the HUD says gives the same input at the same
frame, however busy the computer is; the keys themselves go the way of all keys.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from tests.drivers import models
from tests.drivers.model_study import MEMORY, REFLEX
from tests.drivers.pair_study import LOCKS, write_pair_study

__all__ = ["FOLLOW_THE_HUD", "POLICIES", "write_policy_study"]

POLICIES: dict[str, Any] = {
    "chance": "random",
    "function": "partners.py:follow",
    "object": "partners.py:Walker",
    "named": "patient",
    "reflex": REFLEX,
    "largest": {
        "kind": "onnx",
        "onnx_path": REFLEX,
        "obs_input": "obs",
        "logit_output": "logits",
        "sampling": "argmax",
    },
    "memory": MEMORY,
    "custom": MEMORY | {"custom_inference_fn": "partners.py:cooler"},
}
"""Agents by the kind of policy that acts for them."""

FOLLOW_THE_HUD = """() => {
    const held = new Set();
    const send = (type, key) =>
        document.body.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, cancelable: true }));
    const follow = () => {
        const hud = document.querySelector('[data-mug="hud"]');
        const wanted = new Set((hud?.textContent ?? "").split(" ").filter((key) => key.startsWith("Arrow")));
        for (const key of [...held]) if (!wanted.has(key)) { held.delete(key); send("keyup", key); }
        for (const key of wanted) if (!held.has(key)) { held.add(key); send("keydown", key); }
    };
    new MutationObserver(follow).observe(document.body, { subtree: true, childList: true, characterData: true });
    follow();
}"""
"""A hand for a page: holds the keys that the HUD names, from now on."""

WORLD = '''\
"""People and policies push points about; each sees where the people are, and where it is itself."""

import math
import random
import sys

import numpy as np

from mug.rendering import Surface

WAYS = ((), ("ArrowLeft",), ("ArrowRight",), ("ArrowUp",), ("ArrowDown",), ("ArrowLeft", "ArrowUp"))


def wanted(script, episode, frame):
    """The keys of a script (a number) for a frame: they change every second to seventh frame."""
    rng = random.Random(1000 * script + episode)
    keys, left = (), 0
    for _ in range(frame + 1):
        if left == 0:
            keys, left = rng.choice(WAYS), rng.randint(2, 7)
        left -= 1
    return keys


class Points:
    def __init__(self, people, others, script):
        self.people, self.script = list(people), script
        self.possible_agents = [*people, *others]
        self.surface = Surface(400, 300)
        self.rng = np.random.default_rng(0)

    def reset(self, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.frame = 0
        self.at = {agent: [float(x) for x in self.rng.uniform(-1, 1, 2)] for agent in self.possible_agents}
        self.wind = 0.0
        return self.seen(), {}

    def seen(self):
        middle = sum(x - y for x, y in (self.at[person] for person in self.people))
        return {agent: [*self.at[agent], middle + self.wind] for agent in self.possible_agents}

    def step(self, actions):
        self.frame += 1
        if self.frame % 5 == 0:
            self.wind = float(self.rng.normal(0.0, 0.05))
        for agent in self.possible_agents:
            x, y = self.at[agent]
            push = 0.1 * int(actions[agent])
            self.at[agent] = [math.sin(x * 1.1 + push + self.wind), math.cos(y * 1.3 - push) * math.exp(-abs(x) * 0.1)]
        total = sum(x + y for x, y in self.at.values())
        over = dict.fromkeys(self.possible_agents, False)
        return self.seen(), dict.fromkeys(self.possible_agents, total), over, dict(over), {}

    def render(self):
        for number, agent in enumerate(self.possible_agents):
            x, y = self.at[agent]
            color = "#2f6db5" if agent in self.people else "#e8932f"
            self.surface.circle(200 + 150 * x, 150 + 100 * y, 14, color=color, id=agent)
        return self.surface.commit().to_dict()


def make(people, others, script=None):
    if script is not None and sys.platform == "emscripten":
        wait_for_hands(script)
    return Points(people, others, script)


def wait_for_hands(script):
    """From now on a game of one person makes no frame before the script's keys are held, and no others."""
    from mug.play.output import Output
    from mug.play.session import GameSession

    tick = getattr(GameSession, "hasty_tick", GameSession.tick)

    def patient_tick(self):
        world = self.world
        due = self._started and self._next == "step" and self._keyboard is not None
        if due and self._keyboard._held != frozenset(wanted(script, world.episode, world.next_frame)):
            self._keyboard.forget_presses()  # of keys on the way to the wanted ones
            return Output()
        return tick(self)

    GameSession.hasty_tick, GameSession.tick = tick, patient_tick


def hud(game):
    script = game.env.script
    return "" if script is None else " ".join(("Hold:", *wanted(script, game.episode_num, game.tick_num)))
'''

PARTNERS = '''\
import numpy as np


def follow(observation, agent_id, rng):
    x, y, middle = observation
    return int(rng.integers(-1, 2)) if abs(middle - x) < 0.3 else (2 if middle > x else -2)


class Walker:
    """Remembers what it saw, and how often chance had its way."""

    def __init__(self):
        self.seen = []
        self.turns = {"left": 0, "right": 0}

    def reset(self):
        self.seen.clear()

    def compute_action(self, observation, agent_id, rng):
        self.seen.append(observation[2])
        side = "left" if sum(self.seen[-6:]) + rng.normal(scale=0.2) < 0 else "right"
        self.turns[side] += 1
        return (self.turns["left"] - self.turns["right"]) % 5 - 2


class Patient:
    def __init__(self, name):
        self.name, self.sum = name, 0.0

    def reset(self):
        self.sum = 0.0

    def get_state(self):
        return self.sum

    def set_state(self, state):
        self.sum = state


def load(name):
    return Patient(name)


def infer(observation, policy):
    policy.sum = 0.8 * policy.sum + observation[2]
    return max(-2, min(2, round(policy.sum)))


def cooler(session, feeds, rng):
    """Logits at half the temperature, and noise."""
    names = [port.name for port in session.get_outputs()]
    outputs = dict(zip(names, session.run(None, feeds)))
    outputs["logits"] = outputs["logits"] * 2 + rng.normal(scale=0.1, size=outputs["logits"].shape)
    return outputs
'''


def write_policy_study(
    folder: Path,
    *,
    people: int = 1,
    script: int | None = None,
    episodes: int = 2,
    frames: int = 60,
    frame_skip: int = 2,
    **multiplayer: Any,
) -> Path:
    """Write the study.

    Args:
        folder: Made; the study's folder.
        people: How many agents are people's.
        script: With one person: which keys the HUD asks for and the game waits for; None: it waits for nobody.
        episodes: Episodes of the game.
        frames: Their length.
        frame_skip: A policy decides every n-th frame.
        multiplayer: Fields of the game's section of this name.
    """
    write_pair_study(folder, episodes=episodes, frames=frames, **multiplayer)
    (folder / "points_env.py").write_text(WORLD, encoding="utf-8")
    (folder / "partners.py").write_text(PARTNERS, encoding="utf-8")
    models.write(folder / "memory.onnx", models.recurrent(3, 5, hidden=16, seed=4, states=2, scale=1.5))
    models.write(folder / REFLEX, models.feed_forward(3, 5, seed=5, scale=1.5))
    file = folder / "study.toml"
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    document["id"], document["title"] = "every-policy", "Every kind of policy"
    game: Any = next(node for node in document["chain"] if node["kind"] == "gym_game")  # type: ignore[union-attr]
    humans = [f"person_{number + 1}" for number in range(people)]
    config: dict[str, Any] = {"people": humans, "others": list(POLICIES)}
    game["environment"]["env_config"] = config | ({} if script is None else {"script": script})
    mapping: Mapping[str, Any] = {**dict.fromkeys(humans, "human"), **POLICIES}
    game["policies"].update(
        {
            "policy_mapping": dict(mapping),
            "frame_skip": frame_skip,
            "load_policy_fn": "partners.py:load",
            "policy_inference_fn": "partners.py:infer",
        }
    )
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    lock, kept = LOCKS / f"every_policy_{people}.json", folder / "study.lock.json"
    if lock.exists():
        shutil.copy(lock, kept)
    else:
        kept.unlink()
    return folder
