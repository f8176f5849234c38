"""Slime Volleyball for a person and a model, drawn with `mug.rendering`.

The game is the package `slimevb`, unchanged: David Ha's Slime Volleyball for Gymnasium. What is added here is the
picture, as in the example `slime_volleyball`.
"""

import math

from slime_volleyball.core.constants import REF_U, REF_W, REF_WALL_HEIGHT, REF_WALL_WIDTH
from slime_volleyball.core.physics import AGENT_RADIUS, BALL_RADIUS
from slime_volleyball.slimevolley_env import SlimeVolleyEnv

from mug.rendering import Surface

SCALE = 20
WIDTH, HEIGHT = int(REF_W * SCALE), 420
GROUND = HEIGHT - REF_U * SCALE

LEFT, RIGHT = "agent_left", "agent_right"
NAMES = {LEFT: "blue, on the left", RIGHT: "orange, on the right"}
COLORS = {LEFT: ("#2f6db5", "#1f4d85"), RIGHT: ("#e8932f", "#b46a14")}
EYE_ANGLES = {LEFT: math.pi / 3, RIGHT: math.pi * 2 / 3}


def to_pixels(x, y):
    """A point of the court (its middle is x = 0, y points up) in pixels from the top left corner."""
    return (x + REF_W / 2) * SCALE, HEIGHT - y * SCALE


class DrawnSlimeVolley(SlimeVolleyEnv):
    """Slime Volleyball whose `render()` returns a render packet.

    With `human_inputs` "left" means the left of the screen for both players; so what the network has learnt as
    "forward", towards the net, is action 1 where it plays: on the right.
    """

    def __init__(self):
        super().__init__(config={"human_inputs": True}, render_mode="mug")
        self.surface = Surface(WIDTH, HEIGHT)

    def render(self):
        if self._env_state is None:
            return None
        self._draw_court()
        ball = [float(value) for value in self._env_state.ball_pos]
        for number, agent in enumerate((LEFT, RIGHT)):
            x, y = (float(value) for value in self._env_state.agent_pos[number])
            self._draw_slime(agent, x, y, ball)
        self._draw_ball(*ball)
        return self.surface.commit().to_dict()

    def _draw_court(self):
        draw = self.surface
        draw.rect(0, 0, WIDTH, HEIGHT, color="#eaf3fa", id="sky", persistent=True, depth=-10)
        draw.circle(WIDTH - 110, 80, 34, color="#fbe7b2", id="sun", persistent=True, depth=-9)
        dunes = [(x, GROUND - 46 - 20 * math.sin(x / 120) - 12 * math.sin(x / 47)) for x in range(0, WIDTH + 1, 24)]
        draw.line(dunes, color="#d5e6ee", width=1, fill_below=True, id="dunes", persistent=True, depth=-8)
        draw.rect(0, GROUND, WIDTH, HEIGHT - GROUND, color="#e6cfa3", id="sand", persistent=True, depth=-7)
        draw.line([(0, GROUND), (WIDTH, GROUND)], color="#c4a56b", width=3, id="edge", persistent=True, depth=-6)
        width, top = REF_WALL_WIDTH * SCALE, HEIGHT - REF_WALL_HEIGHT * SCALE
        middle = WIDTH / 2
        draw.rect(
            middle - width / 2, top, width, GROUND - top + 2, color="#6b5b4d", id="net", persistent=True, depth=-5
        )
        draw.circle(middle, top, width / 2, color="#6b5b4d", id="net-top", persistent=True, depth=-5)

    def _draw_slime(self, agent, x, y, ball):
        draw, (color, edge) = self.surface, COLORS[agent]
        radius = AGENT_RADIUS * SCALE
        left, ground = to_pixels(x, y)
        draw.ellipse(left, GROUND + 6, radius * 0.95, 4, color="#cdb27d", id=f"{agent}-shadow", depth=-1)
        draw.arc(left, ground, radius, math.pi, 2 * math.pi, color=color, id=agent, depth=1)
        rim = [
            (left + radius * math.cos(turn * math.pi / 16), ground - radius * math.sin(turn * math.pi / 16))
            for turn in range(17)
        ]
        draw.line([*rim, rim[0]], color=edge, width=2, id=f"{agent}-rim", depth=2)

        angle = EYE_ANGLES[agent]
        eye_x, eye_y = x + 0.6 * AGENT_RADIUS * math.cos(angle), y + 0.6 * AGENT_RADIUS * math.sin(angle)
        look_x, look_y = ball[0] - eye_x, ball[1] - eye_y
        distance = math.sqrt(look_x * look_x + look_y * look_y) or 1.0
        draw.circle(*to_pixels(eye_x, eye_y), 8, color="white", id=f"{agent}-eye", depth=3)
        pupil = to_pixels(eye_x + 0.2 * look_x / distance, eye_y + 0.2 * look_y / distance)
        draw.circle(*pupil, 3.5, color="#1b2733", id=f"{agent}-pupil", depth=4)

    def _draw_ball(self, x, y):
        draw = self.surface
        left, top = to_pixels(x, y)
        radius = BALL_RADIUS * SCALE
        draw.ellipse(left, GROUND + 6, radius, 3, color="#cdb27d", id="ball-shadow", depth=-1)
        if top < -radius:  # above the picture: where it will come down from
            draw.polygon([(left - 9, 16), (left + 9, 16), (left, 4)], color="#c8384a", id="ball-above", depth=5)
            return
        draw.circle(left, top, radius, color="#c8384a", stroke_color="#8f2230", stroke_width=2, id="ball", depth=5)


def hud_text(game):
    """The line above the game: who one is, and how it stands."""
    own = next(iter(game.human_players), LEFT)
    balance = round(game.episode_rewards.get(own, 0.0))
    standing = "all square" if balance == 0 else f"{abs(balance)} {'ahead' if balance > 0 else 'behind'}"
    return f"You are {NAMES[own]} · {standing}"


env = DrawnSlimeVolley()
