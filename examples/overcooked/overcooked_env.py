"""Overcooked for two cooks, on cogrid, drawn for people.

The game is the package `cogrid`: two cooks put three onions into a pot, wait for the soup, take it with a plate and
carry it to the counter with the green arrow. What is added here:

- a pace for people: a step to the next cell takes two frames, and the space bar acts once for each time it is pressed;
- nothing is put on the floor, as in Carroll et al.'s Overcooked;
- short observations (`cook_features.py`), which policies and records share;
- words for what a cook did (``infos.<cook>.did``);
- the picture (`kitchen_picture.py`).

All that a step reads is in `get_state`, so a frame can be taken back and played again.
"""

import functools

import gymnasium
import numpy as np
from cogrid.cogrid_env import CoGridEnv
from cogrid.core.objects.registry import object_to_idx
from cogrid.envs.overcooked.agent import OvercookedAgent
from cogrid.envs.overcooked.rewards import DeliveryReward
from cook_features import FEATURES, features
from kitchen_picture import Picture
from kitchens import DELIVERY, FLOOR, MOVES, POT, kitchen

FPS = 12
STEP_FRAMES = 2
"""So many frames a cook takes from cell to cell."""
SOUP_POINTS = 20.0

COOKS = ("blue", "orange")
UP, DOWN, LEFT, RIGHT, ACT, STAY = range(6)
COGRID_ACTIONS = (0, 1, 2, 3, 4, 6)
"""The same in cogrid's numbers."""
FACING = (RIGHT, DOWN, LEFT, UP)
"""cogrid's directions as moves."""


@functools.cache
def things():
    """cogrid's numbers of what can be carried -> our names."""
    names = {"onion": "onion", "plate": "plate", "onion_soup": "soup"}
    return {object_to_idx(name, scope="overcooked"): ours for name, ours in names.items()}


class Overcooked(gymnasium.Env):
    """Overcooked for the agents ``blue`` and ``orange``.

    Action: 0 up, 1 down, 2 left, 3 right (turn, and walk where there is room), 4 act (take, put, serve), 5 stay.
    Observation: float32, see `cook_features.py`.
    Reward: `SOUP_POINTS` for both for every soup served.
    An episode ends after `seconds`.

    Args:
        layout: Name of the kitchen, see `kitchens.LAYOUTS`.
        seconds: Length of an episode.
        colors: What the two cooks wear, see `kitchen_picture.COLORS`.
    """

    render_mode = "mug"

    def __init__(self, layout="cramped_room", seconds=60, colors=COOKS):
        self.kitchen = kitchen(layout)
        self.frames = seconds * FPS
        self.possible_agents = list(COOKS)
        self.agents = list(COOKS)
        self.action_spaces = {cook: gymnasium.spaces.Discrete(6) for cook in COOKS}
        space = gymnasium.spaces.Box(-1.0, 1.0, (len(FEATURES),), np.float32)
        self.observation_spaces = dict.fromkeys(COOKS, space)
        config = {
            "name": "overcooked",
            "scope": "overcooked",
            "num_agents": 2,
            "action_set": "cardinal_actions",
            "features": ["agent_dir"],  # ours are made here; this is cogrid's shortest
            "rewards": [DeliveryReward(coefficient=SOUP_POINTS, common_reward=True)],
            "grid": {"layout": f"overcooked_{layout}_v0"},
            "max_steps": 2**31 - 1,
            "pickupable_types": ["onion", "onion_soup", "plate"],
        }
        self.cogrid = CoGridEnv(config=config, agent_class=OvercookedAgent)
        self.rests = [0, 0]
        self.acted = [False, False]
        self.soups = 0
        self.picture = Picture(self.kitchen, colors)

    def action_space(self, agent):
        return self.action_spaces[agent]

    def observation_space(self, agent):
        return self.observation_spaces[agent]

    # --- state -----------------------------------------------------------------------------------------------------

    def get_state(self):
        """Return all that a step reads.

        cogrid keeps its world in one frozen value, which a step replaces and never changes: it needs no copy. Its own
        `get_state` turns the world into lists and numbers, and gives back some of them in other types.
        """
        return {
            "world": self.cogrid._env_state,
            "frame": self.cogrid.t,
            "score": self.cogrid.cumulative_score,
            "generator": self.cogrid.np_random.bit_generator.state,
            "rests": list(self.rests),
            "acted": list(self.acted),
            "soups": self.soups,
        }

    def set_state(self, state):
        """Take a state of `get_state`; the same one can be taken again."""
        self.cogrid._env_state = state["world"]
        self.cogrid.t = state["frame"]
        self.cogrid.cumulative_score = state["score"]
        self.cogrid.np_random.bit_generator.state = state["generator"]
        self.rests = list(state["rests"])
        self.acted = list(state["acted"])
        self.soups = state["soups"]

    # --- the game --------------------------------------------------------------------------------------------------

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.cogrid.reset(seed=int(self.np_random.integers(2**31)) if seed is None else int(seed))
        self.cogrid.set_state(
            self.cogrid.get_state()
        )  # with arrays of its own: at first it shares some with its settings
        self.rests, self.acted, self.soups = [0, 0], [False, False], 0
        return self._observations(self.scene()), {cook: {"did": ""} for cook in COOKS}

    def step(self, actions):
        before = self.scene()
        wanted = [int(actions[cook]) for cook in COOKS]
        moves = {number: COGRID_ACTIONS[self._allowed(number, wanted[number], before)] for number in range(2)}
        _, rewards, _, _, _ = self.cogrid.step(moves)
        after = self.scene()

        for number in range(2):
            walked = before.places[number] != after.places[number]
            self.rests[number] = STEP_FRAMES - 1 if walked else max(0, self.rests[number] - 1)
            self.acted[number] = wanted[number] == ACT
        did = {cook: self._did(number, before, after) for number, cook in enumerate(COOKS)}
        self.soups += sum(deed == "serve" for deed in did.values())
        over = after.frame >= self.frames
        return (
            self._observations(after),
            {cook: rewards[number] for number, cook in enumerate(COOKS)},
            dict.fromkeys(COOKS, False),
            dict.fromkeys(COOKS, over),
            {cook: {"did": deed} for cook, deed in did.items()},
        )

    def _allowed(self, number, action, scene):
        """The action that counts: nobody walks on while still on the way, or acts twice with one press."""
        if action < ACT and self.rests[number] > 0:
            return STAY
        if action == ACT and (self.acted[number] or self.kitchen.kind(scene.fronts[number]) == FLOOR):
            return STAY
        return action

    def _did(self, number, before, after):
        """What a cook did in a step, as a word; "" for walking and waiting."""
        had, has = before.holds[number], after.holds[number]
        if had == has:
            return ""
        front = self.kitchen.kind(before.fronts[number])
        if front == POT:
            return "take_soup" if has == "soup" else "fill_pot"
        if front == DELIVERY:
            return "serve"
        return f"take_{has}" if has else f"put_{had}"

    def scene(self):
        """The state in plain words."""
        return Scene(self.kitchen, self.cogrid._env_state)

    def _observations(self, scene):
        left = max(0.0, 1.0 - scene.frame / self.frames)
        return {cook: features(scene, number, self.rests[number], left) for number, cook in enumerate(COOKS)}

    # --- the picture -----------------------------------------------------------------------------------------------

    def render(self):
        scene = self.scene()
        seconds = -(-(self.frames - scene.frame) // FPS)
        return self.picture.draw(scene, self.soups, max(0, seconds), 1000 * STEP_FRAMES / FPS)


class Scene:
    """What cogrid's state says, read once: places, what cooks hold, pots, and what lies on counters.

    Attributes:
        places: Where the cooks stand. fronts: the cells before them. facing: the move that leads there.
        holds: "onion", "plate", "soup" or None for each cook.
        pots: For each pot (onions in it, frames it still cooks).
        lies: Counter -> what lies on it.
        frame: Steps made.
    """

    def __init__(self, room, world):
        names, extra = things(), world.extra_state
        self.kitchen = room
        self.places = [(row, column) for row, column in world.agent_pos.tolist()]
        self.facing = [FACING[direction] for direction in world.agent_dir.tolist()]
        self.fronts = [
            (place[0] + MOVES[move][0], place[1] + MOVES[move][1])
            for place, move in zip(self.places, self.facing, strict=True)
        ]
        self.holds = [names.get(held[0]) for held in world.agent_inv.tolist()]
        inside = [sum(item != -1 for item in pot) for pot in extra["overcooked.pot_contents"].tolist()]
        self.pots = list(zip(inside, extra["overcooked.pot_timer"].tolist(), strict=True))
        on_counters = world.object_state_map.tolist()
        self.lies = {c: names[on_counters[c[0]][c[1]]] for c in room.counters if on_counters[c[0]][c[1]] in names}
        self.frame = int(world.time)


def make_kitchen(layout="cramped_room", seconds=60, colors=COOKS):
    """What the study calls with its ``env_config``."""
    return Overcooked(layout, seconds, tuple(colors))


def hud_text(game):
    """The line above the game: who one is, what has been served, the time that is left."""
    own = next(iter(game.human_players), COOKS[0])
    color = game.env.picture.colors[COOKS.index(own)]
    soups = game.env.soups
    served = "no soup yet" if soups == 0 else "1 soup" if soups == 1 else f"{soups} soups"
    left = max(0.0, (game.env.frames - game.tick_num) / game.fps)
    return f"You are the {color} cook · {served} · {left:.0f} s"
