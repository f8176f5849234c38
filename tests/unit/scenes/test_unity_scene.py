"""UnityScene and HtmlGameScene: what they build, what they refuse."""

from pathlib import Path

import pytest

from mug.scenes.unity_scene import HtmlGameScene, UnityScene
from mug.scenes.values import Building
from mug.study.model import HtmlGame, UnityGame


def build(scene):
    return scene.build_node(Building("experiment.py", Path()))


def test_that_the_three_methods_set_what_they_are_given_and_leave_the_rest():
    scene = UnityScene().scene(scene_id="maze").display(scene_header="The maze")
    scene.webgl(build_name="maze", height=300, width=400, allow_continue_on="always", preload_game=True)
    scene.webgl(webgl_base_url="builds").game(num_episodes=3)
    node = build(scene.game(score_fn="scoring:score"))
    assert isinstance(node, UnityGame)
    assert (node.webgl.build_name, node.webgl.webgl_base_url) == ("maze", "builds")
    assert (node.webgl.width, node.webgl.height) == (400, 300)
    assert node.webgl.allow_continue_on == "always"
    assert node.webgl.preload_game
    assert (node.game.num_episodes, node.game.score_fn) == (3, "scoring:score")
    assert node.scene_header == "The maze"


def test_that_an_html_game_is_built_in_the_same_way():
    node = build(HtmlGameScene().scene(scene_id="r").webgl(build_name="reaction"))
    assert isinstance(node, HtmlGame)
    assert node.webgl.allow_continue_on == "episodes_done"
    assert node.game.num_episodes == 1


def test_that_hooks_may_be_given_or_be_methods_of_a_subclass():
    class Adaptive(UnityScene):
        def on_unity_episode_end(self, context):
            return {"level": 2}

    building = Building("experiment.py", Path())
    scene = Adaptive().scene(scene_id="maze").webgl(build_name="maze").hooks(on_unity_episode_start="hooks:started")
    node = scene.build_node(building)
    assert node.on_unity_episode_start == "hooks:started"
    assert building.callables[node.on_unity_episode_end]({}) == {"level": 2}
    again = Building("experiment.py", Path())
    assert scene.build_node(again) == node, "building changes nothing of the scene"
    over = build(Adaptive().scene(scene_id="maze").hooks(on_unity_episode_end="hooks:ended"))
    assert over.on_unity_episode_end == "hooks:ended", "what is given goes before a method"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda s: s.webgl(width=0), ValueError, r"width=…\) is 0"),
        (lambda s: s.webgl(allow_continue_on="later"), ValueError, "allow_continue_on=….*allowed: 'episodes_done'"),
        (lambda s: s.webgl(build_name=3), TypeError, "build_name"),
        (lambda s: s.game(num_episodes=0), ValueError, "num_episodes"),
        (lambda s: s.game(score_fn=3), TypeError, "score_fn=…"),
        (lambda s: s.hooks(on_unity_episode_start=[]), TypeError, "on_unity_episode_start"),
        (lambda s: s.display(scene_body="a", scene_body_filepath="b"), ValueError, "exclude each other"),
    ],
)
def test_that_wrong_values_are_refused_with_parameter_and_value(call, error, words):
    with pytest.raises(error, match=words):
        call(UnityScene().scene(scene_id="maze"))
