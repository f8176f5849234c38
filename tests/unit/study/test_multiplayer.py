"""Games of several people: who plays, what is done to their network, and what is wrong with it in words."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mug.configurations.configuration_constants import ModelConfig
from mug.engine import needs_runtime
from mug.play.chaos import Conditions
from mug.scenes.gym_scene import GymScene
from mug.scenes.values import Building
from mug.study import EndPage, GymGame, Problem, StartPage, Study, validate
from mug.study.files import dump_study, parse_study
from mug.study.game import GameplaySection, KeyBinding, PoliciesSection, RenderingSection, RuntimeSection
from mug.study.hashing import content_hash
from mug.study.model import Treatments, WebRtc
from mug.study.multiplayer import conditions_for, is_multiplayer
from mug.study.multiplayer_section import MultiplayerSection
from mug.study.traversal import human_agents

PAIR = {"left": "human", "right": "human", "ball": "random"}


def game(mapping: dict[str, Any] | None = None, **multiplayer: Any) -> GymGame:
    return GymGame(
        scene_id="game",
        gameplay=GameplaySection(action_mapping=(KeyBinding(keys=("a",), action=0),), default_action=1),
        runtime=RuntimeSection(environment_initialization_code="env = None", run_through_pyodide=True),
        policies=PoliciesSection(policy_mapping=PAIR if mapping is None else mapping),
        multiplayer=MultiplayerSection(**multiplayer),
    )


def study(*nodes: Any, **values: Any) -> Study:
    start, end = StartPage(scene_id="start", scene_body="x"), EndPage(scene_id="end", scene_body="x")
    return Study(id="s", chain=(start, *nodes, end), **values)


def problems(checked: GymGame) -> list[Problem]:
    return validate(study(checked))


def test_that_all_settings_of_a_game_of_several_people_are_available() -> None:
    checked = game(
        multiplayer=True,
        input_delay="auto",
        snapshot_interval=1,
        input_confirmation_timeout_ms=250,
        hide_lobby_count=True,
        reconnection_timeout_ms=1000,
        partner_disconnect_message="Your partner left.",
        network_conditions={"delay_ms": 75, "jitter_ms": 50, "loss": 0.05, "seed": 7},
        dropout_policy="policy",
        dropout_agent_policy="random",
    )
    webrtc = WebRtc(
        turn_username="u",
        turn_credential="c",
        force_relay=True,
        ice_servers=({"urls": "turn:turn.example.org", "username": "u", "credential": "c"},),
    )
    assert validate(study(checked, webrtc=webrtc)) == []


def test_that_two_to_four_people_play_together_in_the_mappings_order() -> None:
    assert is_multiplayer(game())
    assert human_agents(game({"b": "human", "x": "random", "a": "human"})) == ("b", "a")
    assert not is_multiplayer(game({"left": "human", "right": "random"}))
    assert problems(game(dict.fromkeys("abcd", "human"))) == []
    (problem,) = problems(game(dict.fromkeys("abcde", "human")))
    assert problem.field == "policies.policy_mapping"
    assert problem.message == ("has 5 humans (a, b, c, d, e); at most 4 people play together: give the others a policy")


@pytest.mark.parametrize(
    ("mapping", "said", "code", "words"),
    [
        ({"a": "human", "b": "random"}, True, "too_few_humans", "the game has 1 human agent: give every person's"),
        ({}, True, "too_few_humans", 'the value "human" in policies.policy_mapping'),
        (PAIR, False, "several_humans", "left, right are human"),
    ],
)
def test_that_what_is_said_of_people_agrees_with_who_is_human(
    mapping: dict[str, Any], said: bool, code: str, words: str
) -> None:
    (problem,) = problems(game(mapping, multiplayer=said))
    assert (problem.field, problem.code, problem.severity) == ("multiplayer.multiplayer", code, "error")
    assert words in problem.message


def test_that_a_game_on_the_server_may_be_for_several_people_or_for_one() -> None:
    assert problems(game(mode="server_authoritative")) == []
    assert problems(game({"a": "human", "b": "random"}, mode="server_authoritative")) == []


def test_that_what_is_about_games_in_pages_has_no_effect_on_the_server() -> None:
    checked = game(
        mode="server_authoritative",
        network_conditions={"delay_ms": 75},
        input_delay=3,
        max_rtt=200,
        snapshot_interval=2,
    )
    found = problems(msgspec.structs.replace(checked, rendering=RenderingSection(rollback_smoothing_duration=50)))
    assert {(problem.code, problem.severity) for problem in found} == {("no_effect", "warning")}
    assert {problem.field for problem in found} == {
        "multiplayer.network_conditions",
        "multiplayer.input_delay",
        "multiplayer.max_rtt",
        "multiplayer.snapshot_interval",
        "rendering.rollback_smoothing_duration",
    }


def test_that_a_study_whose_games_all_run_on_the_server_needs_no_python_in_browsers() -> None:
    on_server = game(mode="server_authoritative")
    assert not needs_runtime(study(on_server))
    assert needs_runtime(study(on_server, game()))
    arms = {"a": {}, "b": {"changes": {on_server.scene_id: {"multiplayer.mode": "p2p"}}}}
    assert needs_runtime(msgspec.structs.replace(study(on_server), treatments=Treatments(arms=arms)))


@pytest.mark.parametrize("delay", [-1, 61, "often", "5"])
def test_that_an_input_delay_says_what_it_may_be(delay: Any) -> None:
    (problem,) = problems(game(input_delay=delay))
    assert problem.field == "multiplayer.input_delay"
    assert "from 0 to 60 frames, or 'auto'" in problem.message


@pytest.mark.parametrize(
    ("policy", "takes_over", "code", "severity"),
    [
        ("policy", None, "missing", "error"),
        ("policy", "human", "not_allowed", "error"),
        ("policy", "model.onx", "unknown_policy", "error"),
        ("policy", {"kind": "onnx"}, "incomplete_model", "error"),
        ("end", "random", "no_effect", "warning"),
    ],
)
def test_that_the_policy_of_a_dropout_is_one_that_can_take_over(
    policy: str, takes_over: Any, code: str, severity: str
) -> None:
    (problem,) = problems(game(dropout_policy=policy, dropout_agent_policy=takes_over))
    assert (problem.field, problem.code) == ("multiplayer.dropout_agent_policy", code)
    assert problem.severity == severity


@pytest.mark.parametrize(
    ("conditions", "field", "code", "words"),
    [
        ({"delay_ms": -1}, ".delay_ms", "out_of_bounds", "is -1; it must be from 0 to 60000 ms"),
        ({"loss": 5}, ".loss", "out_of_bounds", "is 5; it must be from 0 to 1"),
        ({"left": {"loss": 1.5}}, ".left.loss", "out_of_bounds", "is 1.5; it must be from 0 to 1"),
        ({"los": 0.1}, ".los", "unknown_condition", "did you mean 'loss'?; there are delay_ms, jitter_ms"),
        ({"loss": "5 %"}, ".loss", "wrong_type", "it must be a number from 0 to 1"),
        ({"loss": True}, ".loss", "wrong_type", "is True"),
        ({"burst_length": 1.5}, ".burst_length", "wrong_type", "a whole number"),
        ({"burst_length": 0}, ".burst_length", "out_of_bounds", "from 1 to"),
        ({"seed": -3}, ".seed", "out_of_bounds", "is -3"),
        ({"lefty": {"loss": 0.1}}, ".lefty", "unknown_agent", "did you mean 'left'?; human agents: left, right"),
        ({"ball": {"loss": 0.1}}, ".ball", "unknown_agent", "which no participant plays"),
        ({"left": {"loss": 0.1}, "delay_ms": 5}, ".delay_ms", "mixed_conditions", "either"),
        ({"left": {"loss": 0.1}, "right": 5}, ".right", "mixed_conditions", "one such table for each human agent"),
    ],
)
def test_that_wrong_conditions_say_what_where_and_how(
    conditions: dict[str, Any], field: str, code: str, words: str
) -> None:
    (problem,) = problems(game(network_conditions=conditions))
    assert (problem.field, problem.code) == (f"multiplayer.network_conditions{field}", code)
    assert words in problem.message


def test_that_conditions_of_one_person_have_no_effect() -> None:
    alone = game({"left": "human", "ball": "random"}, network_conditions={"loss": 0.1})
    (problem,) = problems(alone)
    assert (problem.code, problem.severity) == ("no_effect", "warning")
    assert conditions_for(alone) == {}


def test_that_conditions_hold_for_all_players_or_for_each_its_own() -> None:
    alike = conditions_for(game(network_conditions={"delay_ms": 75, "loss": 0.05, "seed": 7}))
    assert list(alike) == ["left", "right"]
    assert alike["left"] == alike["right"] == asdict(Conditions(delay_ms=75.0, loss=0.05, seed=7))
    assert isinstance(alike["left"]["delay_ms"], float)
    own = conditions_for(game(network_conditions={"right": {"jitter_ms": 20}}))
    assert own == {"right": asdict(Conditions(jitter_ms=20.0))}
    assert conditions_for(game()) == {}
    assert Conditions.from_dict(own["right"]) == Conditions(jitter_ms=20)


def test_that_conditions_survive_the_way_through_a_study_file() -> None:
    first = game(network_conditions={"left": {"delay_ms": 80, "loss": 0.01}})
    again = parse_study(dump_study(study(first)), Path("study.toml")).chain[1]
    assert isinstance(again, GymGame)
    assert conditions_for(again) == conditions_for(first)


def test_that_the_order_of_people_is_a_part_of_the_study() -> None:
    swapped = {"right": "human", "left": "human", "ball": "random"}
    one, other = study(game(PAIR)), study(game(swapped))
    assert content_hash(one) != content_hash(other)
    before = dump_study(one).replace('scene_id = "game"', 'scene_id = "game"  # the real one')
    text = dump_study(other, before)
    assert "# the real one" in text
    again = parse_study(text, Path("study.toml"))
    assert isinstance(again.chain[1], GymGame)
    assert human_agents(again.chain[1]) == ("right", "left")
    policies = {"ball": "random", "left": "human", "right": "human"}
    assert content_hash(study(game(policies))) == content_hash(one), "where policies stand does not matter"


def test_that_a_game_that_people_play_alone_keeps_its_hash() -> None:
    alone = [study(game(mapping)) for mapping in ({"a": "human", "b": "random"}, {"b": "random", "a": "human"})]
    assert content_hash(alone[0]) == content_hash(alone[1])


# --- the chain API ----------------------------------------------------------------------------------------------------


def built(scene: GymScene) -> GymGame:
    node = scene.build_node(Building("script.py", Path()))
    assert isinstance(node, GymGame)
    return node


def test_that_the_chain_api_takes_conditions_by_agent_and_for_all() -> None:
    scene = GymScene().scene("game").policies(policy_mapping={0: "human", 1: "human"})
    scene.multiplayer(network_conditions={0: {"delay_ms": 80}, 1: {"delay_ms": 20}})
    assert {agent: found["delay_ms"] for agent, found in conditions_for(built(scene)).items()} == {"0": 80, "1": 20}
    scene.multiplayer(network_conditions={"delay_ms": 30})
    assert {agent: found["delay_ms"] for agent, found in conditions_for(built(scene)).items()} == {"0": 30, "1": 30}
    scene.multiplayer(network_conditions=None)
    assert conditions_for(built(scene)) == {}


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"loss": 2}, ValueError, r"multiplayer\(network_conditions=…\)\['loss'\] is 2; it must be from 0 to 1"),
        ({0: {"los": 0.1}}, ValueError, r"\['0'\]\['los'\] 'los' is no network condition; did you mean 'loss'"),
        ({"loss": "much"}, TypeError, r"\['loss'\] is 'much'; it must be a number"),
        (0.5, TypeError, "must be a table"),
    ],
)
def test_that_the_chain_api_refuses_wrong_conditions_at_once(given: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        GymScene().scene("game").multiplayer(network_conditions=given)


def test_that_the_chain_api_takes_any_policy_for_a_dropout() -> None:
    scene = GymScene().scene("game").multiplayer(dropout_policy="policy", dropout_agent_policy="random")
    assert built(scene).multiplayer.dropout_agent_policy == "random"
    scene.multiplayer(dropout_agent_policy=ModelConfig(obs_input="obs", logit_output="out", onnx_path="a.onnx"))
    assert built(scene).multiplayer.dropout_agent_policy == {
        "kind": "onnx",
        "obs_input": "obs",
        "logit_output": "out",
        "onnx_path": "a.onnx",
    }


def test_that_an_ice_server_needs_an_address() -> None:
    webrtc = WebRtc(ice_servers=({"url": "stun:stun.example.org"}, {"urls": ["http://x"]}))
    found = validate(msgspec.structs.replace(study(game()), webrtc=webrtc))
    assert [(problem.field, problem.code) for problem in found] == [
        ("webrtc.ice_servers[0]", "invalid_ice_server"),
        ("webrtc.ice_servers[1].urls", "invalid_ice_server"),
    ]


def test_that_turn_names_without_a_turn_server_are_told() -> None:
    webrtc = WebRtc(turn_username="u", ice_servers=({"urls": "stun:stun.example.org"},))
    (problem,) = validate(msgspec.structs.replace(study(game()), webrtc=webrtc))
    assert (problem.field, problem.code, problem.severity) == ("webrtc.turn_username", "no_effect", "warning")
