"""The Lunar Lander of the example: Gymnasium's own, in the form that the server steps, with images."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np

from mug.play.config import GameConfig
from mug.play.world import World

EXAMPLE = Path(__file__).parents[3] / "examples" / "lunar_lander_server"


def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lunar_lander_env", EXAMPLE / "lunar_lander_env.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def world() -> World:
    config = GameConfig(
        scene_id="lunar-lander",
        match_id="m",
        match_seed=5,
        subject_id="anna",
        human_agents=("human",),
        fps=30,
        max_steps=900,
        env_creator="lunar_lander_env.py:make_env",
        env_config={"gravity": -6.0},
        hud_text_fn="lunar_lander_env.py:hud_text",
    )
    return World(config, root=EXAMPLE, mug_globals={})


def test_that_the_keys_do_what_the_participants_read() -> None:
    makes = module().make_env
    turned = {}
    for name, action in (("left", 1), ("up", 2), ("right", 3), ("nothing", 0)):
        env = makes(gravity=-6.0)
        env.reset(seed=3)
        for _ in range(20):
            observations, *_ = env.step({"human": action})
        turned[name] = observations
        env.close()
    assert turned["left"][2] < turned["nothing"][2] < turned["right"][2], "sideways"
    assert turned["left"][4] > turned["nothing"][4] > turned["right"][4], "turned"
    assert turned["up"][3] > turned["nothing"][3], "falls more slowly"


def test_that_it_is_drawn_as_images_and_comes_again_from_its_seed() -> None:
    ran = []
    for _ in range(2):
        game = world()
        game.reset(0)
        image = game.first_picture().image
        assert image is not None
        assert (image.width, image.height) == (600, 400)
        assert (game.hud_text() or "").endswith("Time left: 30 s")
        rows = [game.step({"human": frame // 7 % 4}, {"human": "input"}) for frame in range(60)]
        assert game.picture().image != image
        ran.append(np.array([row.observations["human"] for row in rows]))
        game.close()
    assert np.array_equal(*ran)
