"""Runs in Pyodide: times step, save, load and a rollback over the window for three worlds; the value is JSON.

The last expression is the program's value.
"""

import json
import time
from pathlib import Path

from mug.play.config import GameConfig
from mug.play.rollback import default_window
from mug.play.snapshots import LEVELS, SnapshotError, Snapshots
from mug.play.world import World

TICKS = 120
INTERVAL = 5  # snapshot_interval as a study has it when it says nothing

CAR = """
import gymnasium
from mug.play import SingleAgent
env = SingleAgent(gymnasium.make("MountainCar-v0", disable_env_checker=True, max_episode_steps=100000))
"""

HUNDRED = """
import math
import numpy as np

class Entity:
    def __init__(self, number, rng):
        self.number, self.x, self.y = number, float(rng.uniform(0, 100)), float(rng.uniform(0, 100))
        self.vx, self.vy, self.energy, self.alive, self.trail = 0.1, -0.1, 100.0, True, []

    def step(self, push):
        self.vx = self.vx * 0.99 + 0.01 * push
        self.x, self.y = (self.x + self.vx) % 100.0, (self.y + self.vy) % 100.0
        self.energy -= 0.01 * math.sqrt(self.vx * self.vx + self.vy * self.vy)
        self.trail = [*self.trail[-3:], self.x]

class Hundred:
    possible_agents = ["a", "b"]

    def reset(self, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.entities = [Entity(number, self.rng) for number in range(100)]
        return {"a": [0.0], "b": [0.0]}, {"a": {}, "b": {}}

    def step(self, actions):
        for entity in self.entities:
            entity.step(int(actions["a"] if entity.number % 2 else actions["b"]))
        if self.rng.random() < 0.1:
            self.entities[int(self.rng.integers(100))].energy += 1.0
        seen = {agent: [self.entities[0].x] for agent in self.possible_agents}
        over = dict.fromkeys(self.possible_agents, False)
        return seen, dict.fromkeys(self.possible_agents, 0.0), over, dict(over), {}

env = Hundred()
"""

KITCHEN = """
import cogrid.envs
from cogrid.envs import registry
env = registry.make("Overcooked-CrampedRoom-V0")
"""

WORLDS = (
    ("Mountain Car", CAR, ("human",), 60, [0, 2, 1]),
    ("100 entities", HUNDRED, ("a", "b"), 30, [0, 1, 2]),
    ("Overcooked (cogrid)", KITCHEN, None, 10, [0, 1, 2, 3, 4]),
)


def timed(times, work, *arguments):
    began = time.perf_counter()
    answer = work(*arguments)
    times.append((time.perf_counter() - began) * 1000.0)
    return answer


def measured(name, code, agents, fps, actions):
    if agents is None:
        namespace = {}
        exec(code, namespace)
        env = namespace["env"]
        agents = tuple(str(agent) for agent in getattr(env, "possible_agents", env.agents))
    config = GameConfig(
        scene_id="perf", match_id="perf", match_seed=3, subject_id="perf", human_agents=agents[:1], players=agents,
        fps=fps, max_steps=10**9, default_action=actions[0], environment_code=code,
    )  # fmt: skip
    world = World(config, root=Path("/study"), mug_globals={})
    world.reset(0)
    snapshots, level = None, ""
    for level in LEVELS:
        try:
            snapshots = Snapshots(world, level)
            snapshots.load(snapshots.save())
            break
        except SnapshotError:
            continue
    assert snapshots is not None, "no level can save this world"
    window = default_window(fps)
    step_ms, save_ms, load_ms, worst_ms = [], [], [], []

    def step(frame):
        if world.ended is not None:
            world.reset(world.episode + 1)
        acts = {
            agent: world.agent_env.fit(agent, actions[(frame + 3 * i) // 4 % len(actions)])
            for i, agent in enumerate(agents)
        }
        world.step(acts, {})

    for frame in range(60):
        timed(step_ms, step, frame)
        saved = timed(save_ms, snapshots.save)
        timed(load_ms, snapshots.load, saved)
    for tick in range(TICKS):
        saved = snapshots.save()
        for frame in range(window):
            step(frame)
        began = time.perf_counter()
        snapshots.load(saved)
        for frame in range(window):
            if frame % INTERVAL == 0 or frame == 1:
                snapshots.save()
            step(frame + tick % 2)
        snapshots.save()
        step(window)
        worst_ms.append((time.perf_counter() - began) * 1000.0)
    world.close()
    return {
        "name": name, "fps": fps, "window": window, "level": level,
        "step_ms": step_ms[10:], "save_ms": save_ms[10:], "load_ms": load_ms[10:], "worst_ms": worst_ms[10:],
    }  # fmt: skip


def attempt(world):
    try:
        return measured(*world)
    except Exception as error:
        return {"name": world[0], "error": repr(error)}


json.dumps([attempt(world) for world in WORLDS])
