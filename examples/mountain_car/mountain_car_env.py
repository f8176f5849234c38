"""Gymnasium's Mountain Car, drawn for people.

This module runs in the participant's browser. The environment itself is Gymnasium's own, unchanged: the wrapper only
draws it, and `SingleAgent` gives it the form that MUG steps (actions in a dict, agent id -> action).
"""

import math

import gymnasium

from mug.play import SingleAgent
from mug.rendering import Surface

WIDTH, HEIGHT = 600, 400
MAX_STEPS = 600

LEFT, RIGHT = -1.2, 0.6
FLAG = 0.5
SCALE = WIDTH / (RIGHT - LEFT)
WHEEL = 9


def hill(x):
    """Height of the hill at `x`, in the environment's units (the curve that Gymnasium draws)."""
    return math.sin(3 * x) * 0.45 + 0.55


def to_pixels(x):
    """The point of the hill at `x`, in pixels from the top left corner."""
    return (x - LEFT) * SCALE, HEIGHT - hill(x) * SCALE


RIDGE = [to_pixels(LEFT + (RIGHT - LEFT) * step / 90) for step in range(91)]


class DrawnMountainCar(gymnasium.Wrapper):
    """Mountain Car whose `render()` returns a render packet.

    The scenery is persistent: it is sent with the first frame only. The car is new in every frame.
    """

    def __init__(self):
        super().__init__(gymnasium.make("MountainCar-v0", max_episode_steps=MAX_STEPS, disable_env_checker=True))
        self.surface = Surface(WIDTH, HEIGHT)

    @property
    def render_mode(self):
        return "mug"

    def render(self):
        self._draw_scenery()
        self._draw_car(float(self.unwrapped.state[0]))
        return self.surface.commit().to_dict()

    def _draw_scenery(self):
        draw = self.surface
        draw.circle(150, 80, 26, color="#fbe7b2", id="sun", persistent=True, depth=-4)
        far = [
            (0, HEIGHT),
            (0, 210),
            (90, 165),
            (190, 215),
            (300, 150),
            (420, 225),
            (520, 180),
            (WIDTH, 235),
            (WIDTH, HEIGHT),
        ]
        draw.polygon(far, color="#cfe0ea", id="far-hills", persistent=True, depth=-3)

        draw.polygon([(0, HEIGHT), *RIDGE, (WIDTH, HEIGHT)], color="#8fb996", id="hill", persistent=True, depth=-2)
        draw.line(RIDGE, color="#4f7a5b", width=4, id="road", persistent=True, depth=-1)

        x, y = to_pixels(FLAG)
        draw.line([(x, y), (x, y - 52)], color="#5b4636", width=3, id="pole", persistent=True, depth=-1)
        draw.polygon(
            [(x, y - 52), (x + 30, y - 43), (x, y - 34)], color="#d1495b", id="flag", persistent=True, depth=-1
        )

    def _draw_car(self, position):
        draw = self.surface
        x, y = to_pixels(position)
        slope = math.atan(math.cos(3 * position) * 3 * 0.45)
        along, up = (math.cos(slope), -math.sin(slope)), (-math.sin(slope), -math.cos(slope))

        def at(forward, above):
            return x + forward * along[0] + above * up[0], y + forward * along[1] + above * up[1]

        body = [at(-24, 9), at(24, 9), at(24, 19), at(14, 22), at(8, 31), at(-12, 31), at(-17, 22), at(-24, 20)]
        draw.polygon(body, color="#2f6690", stroke_color="#1d4a6b", stroke_width=2, depth=2)
        draw.polygon([at(-9, 22), at(5, 22), at(3, 28), at(-8, 28)], color="#d9edf7", depth=3)
        turn = (position - LEFT) * SCALE / WHEEL
        for forward in (-14, 14):
            wheel_x, wheel_y = at(forward, WHEEL)
            spoke = (WHEEL - 3) * math.cos(turn), (WHEEL - 3) * math.sin(turn)
            draw.circle(wheel_x, wheel_y, WHEEL, color="#263238", depth=4)
            draw.line(
                [(wheel_x - spoke[0], wheel_y - spoke[1]), (wheel_x + spoke[0], wheel_y + spoke[1])],
                color="#b0bec5",
                width=2,
                depth=5,
            )


def hud_text(game):
    """The line above the game: the seconds that are left."""
    return f"Time left: {max(0.0, (MAX_STEPS - game.tick_num) / game.fps):.0f} s"


env = SingleAgent(DrawnMountainCar())
