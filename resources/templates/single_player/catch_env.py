"""Catch: fruit falls from the top, a basket at the bottom catches it. One player, an ordinary Gymnasium environment.

This file runs in the participant's browser. Put your own environment in its place: any environment with Gymnasium's
`reset` and `step`. `render` says how it looks; an environment that renders images (`rgb_array`) needs none of that.
"""

import gymnasium
import numpy as np

from mug.play import SingleAgent
from mug.rendering import Surface

WIDTH, HEIGHT = 600, 400
GROUND = 360
FRUIT, BASKET = 14, 90
"""Radius of a fruit and width of the basket, in pixels."""
FALL, STEP = 5.0, 9.0
"""How far a fruit falls, and the basket moves, in one frame."""
COLORS = ("#d1495b", "#e8932f", "#8b5fbf")


class Catch(gymnasium.Env):
    """Action: 0 left, 1 stay, 2 right. Observation: basket x, fruit x, fruit y, each from 0 to 1.

    Reward: 1 for a fruit that is caught. An episode has no end of its own: the scene's `max_steps` sets it.
    """

    render_mode = "mug"

    def __init__(self):
        self.action_space = gymnasium.spaces.Discrete(3)
        self.observation_space = gymnasium.spaces.Box(0.0, 1.0, (3,), np.float32)
        self.surface = Surface(WIDTH, HEIGHT)
        self.basket = WIDTH / 2
        self.fruit = [WIDTH / 2, 0.0]
        self.fallen = self.caught = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)  # all chance comes from self.np_random, so that an episode can be played again
        self.basket = WIDTH / 2
        self.fallen = self.caught = 0
        self._let_fall()
        return self._observation(), {}

    def step(self, action):
        self.basket = min(max(self.basket + STEP * (int(action) - 1), BASKET / 2), WIDTH - BASKET / 2)
        self.fruit[1] += FALL
        reward = 0.0
        if self.fruit[1] >= GROUND - FRUIT:
            if abs(self.fruit[0] - self.basket) <= BASKET / 2:
                reward = 1.0
                self.caught += 1
            self.fallen += 1
            self._let_fall()
        # What stands here is recorded in every frame, beside observation, action and reward.
        info = {"fallen": self.fallen, "caught": self.caught}
        return self._observation(), reward, False, False, info

    def _let_fall(self):
        self.fruit = [float(self.np_random.uniform(FRUIT, WIDTH - FRUIT)), -FRUIT]

    def _observation(self):
        seen = (self.basket / WIDTH, self.fruit[0] / WIDTH, max(self.fruit[1], 0.0) / HEIGHT)
        return np.array(seen, dtype=np.float32)

    def render(self):
        draw = self.surface
        # Persistent shapes have an id and are sent once; the others are drawn anew in every frame.
        draw.rect(0, GROUND, WIDTH, HEIGHT - GROUND, color="#8fb996", id="meadow", persistent=True)
        draw.circle(self.fruit[0], self.fruit[1], FRUIT, color=COLORS[self.fallen % len(COLORS)], depth=1)
        left, top = self.basket - BASKET / 2, GROUND - 22
        corners = [(left, top), (left + BASKET, top), (left + BASKET - 12, top + 26), (left + 12, top + 26)]
        draw.polygon(corners, color="#a97142", stroke_color="#7c4f2a", stroke_width=2, depth=2)
        return draw.commit().to_dict()


def make_env():
    """What the study names as its environment; the one agent is called "human"."""
    return SingleAgent(Catch())


def hud_text(game):
    """The line above the game."""
    left = max(0.0, (game.scene.max_steps - game.tick_num) / game.fps)
    return f"Caught: {game.env.caught} of {game.env.fallen} · {left:.0f} s"
