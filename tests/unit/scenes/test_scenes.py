"""The chain API's scenes: what is set stays, what is wrong is refused in words, copies stand on their own."""

import copy
import inspect
from pathlib import Path

import numpy as np
import pytest

from mug.configurations.configuration_constants import ModelConfig, PolicyTypes
from mug.scenes import gym_scene, scene, stager, static_scene
from mug.scenes.values import Building
from mug.study.catalog import struct_fields
from mug.study.model import (
    CompletionCodePage,
    EndPage,
    GymGame,
    KeyBinding,
    RandomizeOrder,
    Repeat,
    StartPage,
    StaticPage,
)
from mug.study.waitrooms import hides_lobby_count, matchmaker_of, max_rtt_of


def built(thing, folder=Path("/study")):
    return thing.build_node(Building("script.py", folder))


def game(**values):
    return gym_scene.GymScene().scene("g", **values)


def test_that_pages_become_nodes():
    page = static_scene.StaticScene().scene("p", experiment_config={"a": (1, 2)}, should_export_metadata=True)
    page.display(scene_header="H", scene_subheader="S", scene_body=("one", "two"))
    assert built(page) == StaticPage(
        scene_id="p",
        scene_header="H",
        scene_subheader="S",
        scene_body="one\ntwo",
        experiment_config={"a": [1, 2]},
        should_export_metadata=True,
    )
    assert built(static_scene.StartScene().scene("s")) == StartPage(scene_id="s")
    end = static_scene.EndScene().scene("e").redirect("https://example.org", append_subject_id=True)
    assert built(end) == EndPage(scene_id="e", redirect_url="https://example.org", append_subject_id=True)
    assert built(static_scene.CompletionCodeScene().scene("c")) == CompletionCodePage(scene_id="c")


def test_that_a_completion_code_scene_is_an_end_scene():
    assert issubclass(static_scene.CompletionCodeScene, static_scene.EndScene)
    assert issubclass(static_scene.StartScene, scene.Scene)
    assert issubclass(gym_scene.GymScene, scene.Scene)


def test_that_a_setter_leaves_what_it_is_not_given():
    it = game().rendering(fps=30, game_width=800).rendering(game_height=500).gameplay(num_episodes=3)
    it.gameplay(max_steps=10)
    node = built(it)
    assert (node.rendering.fps, node.rendering.game_width, node.rendering.game_height) == (30, 800, 500)
    assert (node.gameplay.num_episodes, node.gameplay.max_steps) == (3, 10)


def test_that_a_scene_without_settings_is_all_defaults():
    assert built(game()) == GymGame(scene_id="g")


SETTERS = [
    (gym_scene.GymScene, name, info.section)
    for info in struct_fields(GymGame)
    if info.section is not None
    for name in [info.name]
]


@pytest.mark.parametrize(("kind", "name", "section"), SETTERS)
def test_that_every_method_takes_every_field_of_its_section_by_keyword(kind, name, section):
    parameters = list(inspect.signature(getattr(kind, name)).parameters)[1:]
    assert parameters == [info.name for info in struct_fields(section)]


@pytest.mark.parametrize(("kind", "name", "section"), SETTERS)
def test_that_every_method_returns_its_scene(kind, name, section):
    it = game()
    assert getattr(it, name)() is it
    assert built(it) == GymGame(scene_id="g")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: game().rendering(fps=0), ValueError, r"rendering\(fps=…\) is 0; it must be from 1 to 240 Hz"),
        (lambda: game().rendering(fps="fast"), TypeError, r"rendering\(fps=…\) must be a whole number, got 'fast'"),
        (lambda: game().rendering(fps=True), TypeError, "fps"),
        (lambda: game().rendering(fps=None), TypeError, "fps"),
        (lambda: game().rendering(background="blurple"), ValueError, "background.*Unrecognized color"),
        (
            lambda: game().rendering(location_representation="pixel"),
            ValueError,
            "is 'pixel'; did you mean 'pixels'.*allowed: 'relative', 'pixels'",
        ),
        (lambda: game().rendering(hud_text_fn=3), TypeError, r"hud_text_fn=…\) is 3; it must be a function"),
        (lambda: game().rendering(hud_text_fn="no reference"), ValueError, "module:function"),
        (lambda: game().gameplay(input_mode="keys"), ValueError, "'pressed_keys', 'single_keystroke'"),
        (lambda: game().gameplay(action_population_method="none"), ValueError, "allowed: 'default_action'"),
        (lambda: game().gameplay(action_mapping=["a"]), TypeError, "must be a dict"),
        (lambda: game().gameplay(action_mapping={3: 0}), TypeError, r"has the key 3; allowed is a JavaScript"),
        (lambda: game().gameplay(action_mapping={(): 0}), TypeError, "KeyboardEvent.key"),
        (lambda: game().gameplay(action_mapping={"a": None}), ValueError, "must be an action"),
        (lambda: game().gameplay(action_mapping={"a": object()}), TypeError, "studies hold"),
        (lambda: game().gameplay(num_episodes=0), ValueError, "num_episodes"),
        (lambda: game().gameplay(reset_freeze_s=-1), ValueError, "reset_freeze_s.* s"),
        (lambda: game().environment(env_config={"x": {1, 2}}), TypeError, r"env_config=…\)\['x'\] is a set"),
        (lambda: game().environment(seed=-1), ValueError, "seed"),
        (lambda: game().policies(frame_skip=0), ValueError, "frame_skip"),
        (lambda: game().policies(policy_mapping="human"), TypeError, "policy_mapping"),
        (lambda: game().runtime(packages_to_install="numpy"), TypeError, "must be a list of text"),
        (lambda: game().runtime(packages_to_install=[1]), TypeError, "packages_to_install"),
        (lambda: game().waitroom(timeout=-5), ValueError, "timeout"),
        (lambda: game().waitroom(timeout_redirect_url="x"), ValueError, "http"),
        (lambda: game().matchmaking(matchmaker=1), TypeError, "matchmaker"),
        (lambda: game().multiplayer(mode="server"), ValueError, "'p2p', 'server_authoritative'"),
        (lambda: game().multiplayer(dropout_policy="x"), ValueError, "'end', 'default_action', 'policy', 'void'"),
        (lambda: game().multiplayer(input_delay=-1), ValueError, "input_delay"),
        (lambda: game().multiplayer(input_delay="automatic"), ValueError, "auto"),
        (lambda: scene.Scene().scene("a b"), ValueError, "scene_id 'a b' is not allowed"),
        (lambda: scene.Scene().scene(3), TypeError, "scene_id"),
        (lambda: static_scene.StaticScene().scene("p").display(scene_body=3), TypeError, "scene_body"),
        (lambda: static_scene.EndScene().redirect("javascript:x"), ValueError, "redirect"),
        (lambda: static_scene.EndScene().redirect(3), TypeError, "redirect"),
    ],
)
def test_that_wrong_values_are_refused_with_parameter_value_and_what_is_allowed(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_that_a_refused_value_leaves_the_scene_as_it_was():
    it = game().rendering(fps=20)
    with pytest.raises(ValueError, match="game_width"):
        it.rendering(fps=30, game_width=0)
    assert built(it).rendering.fps == 20


def test_that_unknown_parameters_are_refused():
    with pytest.raises(TypeError, match="fpps"):
        game().rendering(fpps=3)


@pytest.mark.parametrize(
    "both",
    [
        lambda: static_scene.StaticScene().display(scene_body="x", scene_body_filepath="y"),
        lambda: static_scene.StaticScene().display(scene_body="x").display(scene_body_filepath="y"),
        lambda: game().content(scene_body="x", scene_body_filepath="y"),
        lambda: game().content(in_game_scene_body="x", in_game_scene_body_filepath="y"),
        lambda: game().runtime(environment_initialization_code="x", environment_initialization_code_filepath="y"),
    ],
)
def test_that_a_text_and_its_file_exclude_each_other(both):
    with pytest.raises(ValueError, match="exclude each other"):
        both()


def test_that_none_takes_a_setting_back():
    page = static_scene.StaticScene().scene("p").display(scene_body="x").display(scene_body=None)
    page.display(scene_body_filepath="y")
    assert built(page) == StaticPage(scene_id="p", scene_body_filepath="y")


def test_that_none_switches_smoothing_and_focus_timeout_off():
    node = built(game().rendering(rollback_smoothing_duration=None).multiplayer(focus_loss_timeout_ms=None))
    assert node.rendering.rollback_smoothing_duration == 0
    assert node.multiplayer.focus_loss_timeout_ms == 0


def test_that_keys_and_chords_become_bindings():
    node = built(
        game().gameplay(action_mapping={"ArrowLeft": np.int64(0), ("a", "b"): (1, 2), " ": np.array([0.5])}, human_id=0)
    )
    assert node.gameplay.action_mapping == (
        KeyBinding(keys=("ArrowLeft",), action=0),
        KeyBinding(keys=("a", "b"), action=[1, 2]),
        KeyBinding(keys=(" ",), action=[0.5]),
    )
    assert node.gameplay.human_id == "0"
    assert type(node.gameplay.action_mapping[0].action) is int


def test_that_agent_ids_become_texts():
    node = built(game().policies(policy_mapping={0: PolicyTypes.Human, "1": PolicyTypes.Random}))
    assert node.policies.policy_mapping == {"0": "human", "1": "random"}


def test_that_a_model_becomes_data():
    model = ModelConfig(
        "obs", "logits", onnx_path="m.onnx", state_inputs=["h"], state_outputs=["h2"], state_shape=(1, 4)
    )
    node = built(game().policies(policy_mapping={"a": model}))
    assert node.policies.policy_mapping["a"] == {
        "kind": "onnx",
        "obs_input": "obs",
        "logit_output": "logits",
        "onnx_path": "m.onnx",
        "state_inputs": ["h"],
        "state_outputs": ["h2"],
        "state_shape": [1, 4],
    }


def test_that_giving_code_or_a_file_switches_the_browser_on():
    assert built(game().runtime(environment_initialization_code="x")).runtime.run_through_pyodide
    assert built(game().runtime(environment_initialization_code_filepath="x.py")).runtime.run_through_pyodide
    assert not built(game().runtime(packages_to_install=["numpy"])).runtime.run_through_pyodide


def test_that_any_monitoring_value_switches_monitoring_on():
    assert built(game().multiplayer(continuous_max_ping=200)).multiplayer.continuous_monitoring_enabled
    assert not built(game().multiplayer(input_delay=2)).multiplayer.continuous_monitoring_enabled
    off = game().multiplayer(continuous_max_ping=200, continuous_monitoring_enabled=False)
    assert not built(off).multiplayer.continuous_monitoring_enabled


def test_that_required_violations_fit_in_the_window():
    with pytest.raises(ValueError, match=r"is 6; it must be at most the window, continuous_ping_violation_window=5"):
        game().multiplayer(continuous_ping_required_violations=6)
    it = game().multiplayer(continuous_ping_violation_window=10, continuous_ping_required_violations=6)
    with pytest.raises(ValueError, match="continuous_ping_violation_window=4"):
        it.multiplayer(continuous_ping_violation_window=4)


def test_that_the_last_of_two_methods_wins_for_settings_they_share():
    one = built(game().matchmaking(max_rtt=100).multiplayer(max_rtt=200))
    other = built(game().multiplayer(max_rtt=200).matchmaking(max_rtt=100))
    assert (max_rtt_of(one), max_rtt_of(other)) == (200, 100)
    assert (one.matchmaking.max_rtt, other.multiplayer.max_rtt) == (None, None), "said in one place only"
    hidden = built(game().multiplayer(hide_lobby_count=True).matchmaking(hide_lobby_count=False))
    assert not hides_lobby_count(hidden)
    kept = built(game().multiplayer(matchmaker="own:m", max_rtt=50).matchmaking(roles="swap"))
    assert (matchmaker_of(kept), max_rtt_of(kept)) == ("own:m", 50)


def test_that_a_copy_can_be_set_again_without_changing_the_first():
    first = game().gameplay(action_mapping={"a": 0}, num_episodes=2).rendering(hud_text_fn=lambda game: "x")
    second = copy.deepcopy(first).scene("h").gameplay(num_episodes=5)
    assert (built(first).scene_id, built(first).gameplay.num_episodes) == ("g", 2)
    assert (built(second).scene_id, built(second).gameplay.num_episodes) == ("h", 5)
    assert built(second).gameplay.action_mapping == built(first).gameplay.action_mapping


def test_that_two_functions_for_one_place_are_kept_apart():
    building = Building("script.py", Path("/study"))
    refs = [building.reference(value, "g.game_page_html_fn") for value in (lambda: 1, lambda: 2)]
    assert refs == ["script.py:g.game_page_html_fn", "script.py:g.game_page_html_fn~2"]
    assert [building.callables[ref]() for ref in refs] == [1, 2]


def test_that_a_scene_without_an_id_cannot_be_built():
    with pytest.raises(ValueError, match=r"GymScene has no scene_id: call \.scene"):
        built(gym_scene.GymScene())


def test_that_wrappers_nest():
    a, b = (static_scene.StaticScene().scene(name) for name in "ab")
    node = built(scene.RandomizeOrder([scene.RepeatScene(a, n=2), b], keep_n=1, per="participant"))
    assert node == RandomizeOrder(
        scenes=(Repeat(scenes=(StaticPage(scene_id="a"),), n=2), StaticPage(scene_id="b")), keep_n=1, per="participant"
    )


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda a: scene.RandomizeOrder([a], keep_n=2), ValueError, "keep_n=….* is 2; allowed is 1 to 1"),
        (lambda a: scene.RandomizeOrder([a], keep_n=0), ValueError, "keep_n"),
        (lambda a: scene.RandomizeOrder([a], keep_n=1.5), TypeError, "keep_n"),
        (lambda a: scene.RandomizeOrder([a], per="people"), ValueError, "'participant', 'group'"),
        (lambda a: scene.RepeatScene([a], n=0), ValueError, "n=…"),
        (lambda a: scene.RepeatScene([a], n="2"), TypeError, "n=…"),
        (lambda a: scene.RandomizeOrder([]), ValueError, "at least one scene"),
        (lambda a: scene.RandomizeOrder([a, "b"]), TypeError, r"\[1\] is 'b'"),
        (lambda a: scene.RandomizeOrder([static_scene.StaticScene]), TypeError, "make an instance"),
        (lambda a: scene.RandomizeOrder("scenes"), TypeError, "scenes"),
        (lambda a: stager.Stager([]), ValueError, "at least one scene"),
        (lambda a: stager.Stager([a, static_scene.EndScene()]), ValueError, "the first must be a StartScene"),
        (lambda a: stager.Stager([static_scene.StartScene(), a]), ValueError, "the last must be an EndScene"),
        (lambda a: stager.Stager(scenes=[static_scene.StartScene(), 3]), TypeError, r"\[1\] is 3"),
    ],
)
def test_that_wrong_wrappers_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(static_scene.StaticScene().scene("a"))


def test_that_hooks_are_given_without_a_subclass():
    class Greeting(static_scene.StaticScene):
        def on_connect(self, context):
            return "from the class"

    building = Building("script.py", Path("/study"))
    node = Greeting().scene("p").hooks(on_connect=lambda context: "given").build_node(building)
    assert building.callables[node.on_connect](None) == "given"
    named = built(static_scene.StaticScene().scene("p").hooks(on_client_callback="hooks.py:answer"))
    assert (named.on_connect, named.on_client_callback) == (None, "hooks.py:answer")
    with pytest.raises(TypeError, match="it must be a function"):
        static_scene.StaticScene().hooks(on_connect=3)


def test_that_study_fields_are_kept_known_and_unknown():
    it = game().runtime(environment_initialization_code="env = 1")
    it.study_fields({"run_through_pyodide": False, "gpu": [1]}, section="runtime").study_fields({"colour": "red"})
    node = built(copy.deepcopy(it))
    assert not node.runtime.run_through_pyodide
    assert (node.runtime.extra, node.extra) == ({"gpu": [1]}, {"colour": "red"})
    both = built(game().matchmaking(max_rtt=1).study_fields({"max_rtt": 2}, section="multiplayer"))
    assert (both.matchmaking.max_rtt, both.multiplayer.max_rtt) == (1, 2)
    order = scene.RandomizeOrder(game()).study_fields({"weights": [1]})
    assert built(order).extra == {"weights": [1]}
    assert built(scene.RepeatScene(game(), 2).study_fields({"pause": 3})).extra == {"pause": 3}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: game().study_fields({}, section="gamplay"), "did you mean 'gameplay'"),
        (lambda: game().study_fields({"gameplay": {}}), "section='gameplay'"),
        (lambda: game().study_fields({"fps": 0}, section="rendering"), "must be from 1 to 240"),
        (lambda: game().study_fields({"scene_id": "a b"}), "is not allowed"),
        (lambda: game().study_fields({"kind": "x"}), "no field that can be set so"),
        (lambda: game().study_fields({"new": {1, 2}}), "is a set"),
        (lambda: scene.RepeatScene(game(), 2).study_fields({"n": 3}), "give it to RepeatScene itself"),
        (lambda: scene.RepeatScene(game(), 2).study_fields({"scenes": 3}), "no field that can be set so"),
        (lambda: static_scene.StaticScene().study_fields({}, section="gameplay"), "none here"),
    ],
)
def test_that_study_fields_that_cannot_be_are_refused(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()
