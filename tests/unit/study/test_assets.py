"""A game's pictures as the study says them: addresses, backgrounds, animations, first objects."""

from typing import Any

import pytest

from mug.study import EndPage, GymGame, StartPage, Study, validate
from mug.study.assets import animations, background, first_objects, preloaded, served_path, served_roots
from mug.study.model import AssetsSection, GameplaySection, KeyBinding, RenderingSection, RuntimeSection


def game(rendering: dict[str, Any] | None = None, **assets: Any) -> GymGame:
    return GymGame(
        scene_id="game",
        rendering=RenderingSection(**(rendering or {})),
        assets=AssetsSection(**assets),
        gameplay=GameplaySection(action_mapping=(KeyBinding(keys=("a",), action=0),), default_action=1),
        runtime=RuntimeSection(environment_initialization_code="env = None", run_through_pyodide=True),
    )


def study(node: GymGame, **values: Any) -> Study:
    return Study(
        id="s",
        chain=(StartPage(scene_id="start", scene_body="Hello"), node, EndPage(scene_id="end", scene_body="Bye")),
        **values,
    )


def codes(node: GymGame) -> list[tuple[str | None, str]]:
    return [(problem.field, problem.code) for problem in validate(study(node))]


def test_that_a_path_is_in_the_served_folder_that_it_names_else_below_the_assets_folder():
    node = game(assets_dir="./art/")
    whole = study(node, static_files=("static/more", "../outside", "."))
    assert served_roots(whole) == {"static/more": "static/more", "art": "./art/"}
    assert served_path(whole, node, "static/more/a.png") == "static/more/a.png"
    assert served_path(whole, node, "./icons/a.png") == "art/icons/a.png"
    assert served_path(whole, node, "art/a.png") == "art/a.png"
    assert served_path(whole, node, "data:image/png;base64,AA") == "data:image/png;base64,AA"
    given = game(
        assets_dir="art", preload_specs=({"name": "b", "img_path": "b.png"},), assets_to_preload=("a.png", "b")
    )
    assert preloaded(study(given), given) == (
        {"name": "b", "img_path": "art/b.png"},
        {"object_type": "img_spec", "name": "a.png", "img_path": "art/a.png"},
    )


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("#FFFFFF", "#ffffff"),
        (" Tomato ", "#ff6347"),
        ("#abc", "#aabbcc"),
        ("rgb(1, 2, 3)", "rgb(1, 2, 3)"),
        ("hsl(120deg 50% 50%)", "hsl(120deg 50% 50%)"),
        ("sky.png", "static/assets/sky.png"),
        ("more/Sky.JPEG", "static/assets/more/Sky.JPEG"),
    ],
)
def test_that_a_background_is_a_colour_or_a_picture(written: str, shown: str):
    node = game({"background": written})
    assert codes(node) == []
    assert background(study(node), node) == shown


@pytest.mark.parametrize("written", ["blurple", "", "#12345", "sky", "http://elsewhere/sky.png", "rgb(red)"])
def test_that_a_background_that_is_neither_is_a_problem(written: str):
    assert codes(game({"background": written})) == [("rendering.background", "invalid_background")]


def test_that_first_objects_stay_and_have_plain_colours_and_coordinates():
    wire = {"uuid": "g", "object_type": "rect", "x": 60, "y": 40, "w": 300, "h": 400, "color": [255, 0, 0]}
    [shown] = first_objects(game({"location_representation": "pixels"}, state_init=(wire,)))
    assert shown == {
        "uuid": "g",
        "object_type": "rect",
        "x": 0.1,
        "y": 0.1,
        "w": 0.5,
        "h": 1.0,
        "color": "#ff0000",
        "depth": 0,
        "permanent": True,
        "tween": False,
        "tween_duration": None,
    }
    [shown] = first_objects(game(state_init=({"uuid": "g", "object_type": "text", "x": 0.5, "color": "Red"},)))
    assert (shown["x"], shown["color"]) == (0.5, "#ff0000")


def test_that_what_is_wrong_with_first_objects_is_told_at_its_place():
    node = game(
        state_init=(
            {"object_type": "rect"},
            {"uuid": "a", "object_type": "rectangle"},
            {"uuid": "a", "object_type": "rect", "color": "blurple", "stroke_color": 7},
        )
    )
    assert codes(node) == [
        ("assets.state_init[0].uuid", "missing"),
        ("assets.state_init[1].object_type", "not_allowed"),
        ("assets.state_init[2].color", "invalid_color"),
        ("assets.state_init[2].stroke_color", "invalid_color"),
        ("assets.state_init[2].uuid", "given_twice"),
    ]


def test_that_animations_repeat_by_default_and_their_problems_are_told_at_their_place():
    right = {"name": "walk", "image": "chef", "frames": ["a", 1], "frame_rate": 8}
    assert codes(game(animation_configs=(right,))) == []
    assert animations(game(animation_configs=(right,))) == ({**right, "repeat": True},)
    wrong = (
        {**right, "frames": []},
        {"image": "chef", "frames": [1.5], "frame_rate": 0},
        {**right, "name": "b", "frame_rate": "fast", "repeat": 3},
    )
    assert codes(game(animation_configs=wrong)) == [
        ("assets.animation_configs[0].frames", "missing"),
        ("assets.animation_configs[1].name", "missing"),
        ("assets.animation_configs[1].frames[0]", "wrong_type"),
        ("assets.animation_configs[1].frame_rate", "out_of_bounds"),
        ("assets.animation_configs[2].frame_rate", "missing"),
        ("assets.animation_configs[2].repeat", "wrong_type"),
    ]


def test_that_a_spec_needs_a_name_and_a_picture():
    assert codes(game(preload_specs=({"object_type": "img_spec"},))) == [
        ("assets.preload_specs[0].name", "missing"),
        ("assets.preload_specs[0].img_path", "missing"),
    ]
