"""Gymnasium's Lunar Lander, as the server steps it.

Box2D is compiled code that does not exist for browsers: so this environment runs on the server, and the participant's
page gets its images. The environment is Gymnasium's own, unchanged; `SingleAgent` gives it the form that MUG steps
(actions in a dict, agent id -> action).
"""

import gymnasium

from mug.play import SingleAgent


def make_env(gravity=-10.0):
    """Called with `env_config`; its images are 600 by 400 pixels."""
    return SingleAgent(gymnasium.make("LunarLander-v3", render_mode="rgb_array", gravity=gravity))


def hud_text(game):
    """The line above the game: how fast the lander falls, and the seconds that are left."""
    lander = game.env.unwrapped.lander
    falling = 0.0 if lander is None else max(0.0, -lander.linearVelocity.y)
    left = (game.scene.max_steps - game.tick_num) / game.fps
    return f"Falling: {falling:.1f} m/s · Time left: {max(0.0, left):.0f} s"
