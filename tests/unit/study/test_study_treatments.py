"""Treatments of a study: what is the same, what differs, what is refused, and who gets which."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.study import content_hash, dump_study, parse_study, validate, walk
from mug.study.allocation import draw_arm, letters
from mug.study.diff import diff_studies
from mug.study.errors import TreatmentError
from mug.study.game import GameplaySection, KeyBinding, PoliciesSection, RuntimeSection
from mug.study.model import EndPage, GymGame, Node, RandomizeOrder, StartPage, StaticPage, Study, Treatments
from mug.study.multiplayer_section import MultiplayerSection
from mug.study.plan import draw_plan
from mug.study.preview import preview_study
from mug.study.python_refusals import python_problems
from mug.study.traversal import human_agents
from mug.study.treatments import apply, arms_of, changed_scenes, every_version, versions_of
from mug.study.validation import Validator
from tests.drivers.random_studies import studies

PLACE = Path("study.toml")


def game(scene_id: str = "game", people: int = 2) -> GymGame:
    return GymGame(
        scene_id=scene_id,
        gameplay=GameplaySection(action_mapping=(KeyBinding(keys=("a",), action=0),), default_action=1),
        policies=PoliciesSection(policy_mapping={f"a{number}": "human" for number in range(people)}),
        runtime=RuntimeSection(environment_initialization_code="env = None"),
    )


def study_of(*nodes: Node, arms: dict[str, Any] | None = None, **fields: Any) -> Study:
    intro, end = StartPage(scene_id="intro", scene_header="Hi"), EndPage(scene_id="end", scene_header="Bye")
    return Study(id="s", chain=(intro, *(nodes or (game(),)), end), treatments=Treatments(arms=arms or {}, **fields))


def two(changes: dict[str, Any], *nodes: Node, **fields: Any) -> Study:
    return study_of(*nodes, arms={"same": {}, "other": {"changes": changes}}, **fields)


def scene(study: Study, scene_id: str = "game") -> Any:
    return next(node for _, node in walk(study) if getattr(node, "scene_id", None) == scene_id)


def told(study: Study) -> list[tuple[str | None, str]]:
    return [(problem.field, problem.code) for problem in validate(study) if problem.code.startswith("treatment")]


# ------------------------------------------------------------- what a treatment makes of a study


def test_that_a_treatment_changes_its_fields_and_nothing_else() -> None:
    study = two({"game": {"rendering.fps": 15, "gameplay.num_episodes": 3}, "intro": {"scene_body": "<p>x</p>"}})
    other = apply(study, "other")
    assert scene(other).rendering.fps == 15
    assert scene(other).gameplay.num_episodes == 3
    assert scene(other, "intro").scene_body == "<p>x</p>"
    assert apply(study, "same").chain == study.chain
    same = msgspec.structs.replace(scene(other), rendering=scene(study).rendering, gameplay=scene(study).gameplay)
    assert same == scene(study)
    assert other.treatments == Treatments()


def test_that_one_entry_of_a_table_can_be_changed() -> None:
    study = two(
        {"game": {"policies.policy_mapping.a1": "random", "environment.env_config.size.rows": 3}},
        msgspec.structs.replace(
            game(),
            environment=msgspec.structs.replace(game().environment, env_config={"size": {"rows": 1, "columns": 2}}),
        ),
    )
    other = scene(apply(study, "other"))
    assert other.policies.policy_mapping == {"a0": "human", "a1": "random"}
    assert other.environment.env_config == {"size": {"rows": 3, "columns": 2}}
    assert human_agents(other) == ("a0",)


def test_that_a_scene_in_wrappers_and_with_a_twin_is_changed_everywhere() -> None:
    page = StaticPage(scene_id="page", scene_body="a")
    study = two({"page": {"scene_body": "b"}}, RandomizeOrder(scenes=(page, page)))
    bodies = [node.scene_body for _, node in walk(apply(study, "other")) if getattr(node, "scene_id", "") == "page"]
    assert bodies == ["b", "b"]


def test_that_keys_are_written_as_in_a_file() -> None:
    study = two({"game": {"gameplay.action_mapping": [{"keys": ["x"], "action": 4}]}})
    assert scene(apply(study, "other")).gameplay.action_mapping == (KeyBinding(keys=("x",), action=4),)


def test_that_every_participant_has_the_same_way_whatever_the_treatment() -> None:
    study = two({"game": {"rendering.fps": 15}}, game(), RandomizeOrder(scenes=(game("b"), game("c"))))
    for seed in range(5):
        assert len({draw_plan(version, seed) for _, version in versions_of(study)}) == 1


@pytest.mark.parametrize(
    ("arm", "words"),
    [("othr", "did you mean 'other'"), ("other", "treatment 'other': scene 'game', rendering.fps Expected")],
)
def test_that_a_treatment_that_cannot_be_is_refused_in_words(arm: str, words: str) -> None:
    with pytest.raises(TreatmentError, match=words):
        apply(two({"game": {"rendering.fps": "fast"}}), arm)


def test_that_a_preview_shows_a_treatment() -> None:
    study = two({"intro": {"scene_body": "<p>x</p>"}})
    assert scene(preview_study(study, (0,), "scene", "other"), "intro").scene_body == "<p>x</p>"
    assert scene(preview_study(study, (0,), "scene", "gone"), "intro").scene_body is None
    assert not preview_study(study, ()).treatments.arms


# ------------------------------------------------------------- problems


@pytest.mark.parametrize(
    ("changes", "field", "code", "words"),
    [
        ({"gaem": {"rendering.fps": 1}}, "gaem", "treatment_unknown_scene", "did you mean 'game'"),
        (
            {"game": {"rendering.fsp": 1}},
            "game.rendering.fsp",
            "treatment_unknown_field",
            "did you mean 'rendering.fps'",
        ),
        ({"game": {"fps": 1}}, "game.fps", "treatment_unknown_field", "is no field"),
        ({"game": {"rendering": {"fps": 1}}}, "game.rendering", "treatment_unknown_field", "name one of its fields"),
        ({"game": {"scene_id": "x"}}, "game.scene_id", "treatment_fixed_field", "same under every treatment"),
        ({"game": {"rendering.fps": "x"}}, "game.rendering.fps", "treatment_wrong_type", "Expected int"),
        ({"game": {"rendering.fps": 0}}, "game.rendering.fps", "treatment_out_of_bounds", ""),
        ({"game": {"gameplay.input_mode": "mouse"}}, "game.gameplay.input_mode", "treatment_not_allowed", "allowed"),
        ({"game": {"rendering.fps.x": 1}}, "game.rendering.fps.x", "treatment_unknown_field", "has no parts"),
        (
            {"game": {"policies.policy_mapping": {"a0": "human"}, "policies.policy_mapping.a1": "random"}},
            "game.policies.policy_mapping.a1",
            "treatment_changed_twice",
            "changed twice",
        ),
        (
            {"game": {"gameplay.action_mapping": [{"key": "x"}]}},
            "game.gameplay.action_mapping",
            "treatment_wrong_type",
            "keys",
        ),
    ],
)
def test_that_what_cannot_be_changed_is_said_at_its_place(
    changes: dict[str, Any], field: str, code: str, words: str
) -> None:
    found = [p for p in validate(two(changes)) if p.code.startswith("treatment")]
    assert [(p.field, p.severity) for p in found] == [(f"treatments.arms.other.changes.{field}", "error")]
    assert found[0].code == code
    assert words in found[0].message


def test_that_a_whole_study_under_a_treatment_is_validated_and_names_it() -> None:
    study = two({"end": {"redirect_url": "https://example.org/{cod"}})
    (problem,) = (p for p in validate(study) if p.code.startswith("treatment"))
    assert problem.field == "treatments.arms.other.changes.end.redirect_url"
    study = two({"game": {"runtime.environment_initialization_code_filepath": "env.py"}})
    found = [p for p in validate(study) if p.code.startswith("treatment")]
    assert found
    assert all("other" in (p.field or "") for p in found)


@pytest.mark.parametrize(
    ("arms", "code"),
    [
        ({"a b": {}, "b": {"changes": {"intro": {"scene_body": "x"}}}}, "treatment_invalid_id"),
        ({"a": {"weight": 0}, "b": {}}, "treatment_out_of_range"),
        ({"a": {"weight": 1.5}, "b": {}}, "treatment_wrong_type"),
        ({"a": {"title": 4}, "b": {}}, "treatment_wrong_type"),
        ({"a": {"changes": 4}, "b": {}}, "treatment_wrong_type"),
        ({"a": {"changes": {"game": 4}}, "b": {}}, "treatment_wrong_type"),
        ({"a": {"wieght": 4}, "b": {"changes": {"intro": {"scene_body": "x"}}}}, "treatment_unknown_word"),
        ({"a": {}, "b": {}}, "treatment_same"),
    ],
)
def test_that_what_is_said_wrongly_of_a_treatment_is_found(arms: dict[str, Any], code: str) -> None:
    assert [found for _, found in told(study_of(arms=arms))] == [code]


def test_that_one_treatment_alone_compares_nothing() -> None:
    assert [p.code for p in validate(study_of(arms={"a": {}}))] == ["one_treatment"]


def test_that_a_study_with_two_good_treatments_has_nothing_to_say() -> None:
    for per in ("participant", "group"):
        assert validate(two({"game": {"rendering.fps": 15}, "end": {"scene_body": "x"}}, per=per)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"intro": {"scene_body": "x"}},
        {"game": {"waitroom.timeout": 5_000}},
        {"game": {"matchmaking.max_rtt": 100}},
        {"game": {"multiplayer.wait_for_known_group": True}},
        {"game": {"content.scene_header": "x"}},
        {"game": {"assets.assets_dir": "x"}},
    ],
)
def test_that_what_is_met_before_a_group_forms_cannot_differ_by_group(changes: dict[str, Any]) -> None:
    assert [code for _, code in told(two(changes, per="group"))] == ["treatment_before_group"]
    assert told(two(changes)) == []


def test_that_groups_have_one_size_and_need_a_game_of_several_people() -> None:
    alone = {"game": {"policies.policy_mapping": {"a0": "human", "a1": "random"}}}
    assert [code for _, code in told(two(alone, per="group"))] == ["treatment_group_size"]
    assert told(two(alone)) == []
    page = StaticPage(scene_id="page", scene_body="a")
    assert "treatment_no_group" in [code for _, code in told(two({"page": {"scene_body": "b"}}, page, per="group"))]


def test_that_a_random_order_is_drawn_for_the_same_people_under_every_treatment() -> None:
    order = RandomizeOrder(scenes=(game("x"), game("y")))
    alone = {name: {"policies.policy_mapping.a1": "random"} for name in "xy"}
    assert [code for _, code in told(two(alone, order))] == ["treatment_order_differs"]
    said = msgspec.structs.replace(order, per="participant")
    assert told(two(alone, said)) == []


def test_that_a_validator_finds_the_same_while_treatments_are_edited() -> None:
    validator = Validator()
    for fps in (5, 0, 20, "x"):
        for per in ("participant", "group"):
            study = two({"game": {"rendering.fps": fps}}, per=per)
            assert validator.validate(study) == validate(study)


@given(studies(valid=True))
def test_that_every_version_of_a_sound_study_is_sound(study: Study) -> None:
    assert not [p for p in validate(study) if p.severity == "error"]
    for _, version in versions_of(study):
        assert not [p for p in validate(version) if p.severity == "error"]
    assert {node.scene_id for arm, _, node in every_version(study) if arm} <= changed_scenes(study)  # type: ignore[union-attr]


@given(studies())
def test_that_no_study_breaks_what_reads_treatments(study: Study) -> None:
    validate(study)
    arms_of(study)
    every_version(study)
    content_hash(study)
    python_problems(study)


# ------------------------------------------------------------- files


def test_that_a_file_says_treatments_so_that_people_can_read_them() -> None:
    text = """\
format = 1
id = "s"

[treatments]
per = "group"

# the partners answer late
[treatments.arms.slow]
title = "Slow"
weight = 2

[treatments.arms.slow.changes.game]
"rendering.fps" = 15

[treatments.arms.slow.changes.game."policies.policy_mapping"]
b = "human"
a = "human"

[treatments.arms.usual]
"""
    study = parse_study(text, PLACE)
    assert [(arm.name, arm.words, arm.weight) for arm in arms_of(study)] == [("slow", "Slow", 2), ("usual", "usual", 1)]
    assert dump_study(study, text) == text
    assert parse_study(dump_study(study), PLACE) == study
    other = msgspec.structs.replace(
        study,
        treatments=msgspec.structs.replace(
            study.treatments,
            arms={
                **study.treatments.arms,
                "slow": {"changes": {"game": {"policies.policy_mapping": {"a": "human", "b": "human"}}}},
            },
        ),
    )
    again = parse_study(dump_study(other, text), PLACE)
    assert again == other
    assert list(again.treatments.arms["slow"]["changes"]["game"]["policies.policy_mapping"]) == ["a", "b"]


def test_that_the_hash_knows_treatments_but_not_their_order() -> None:
    one = study_of(arms={"a": {}, "b": {"changes": {"game": {"rendering.fps": 3}}}})
    other = study_of(arms={"b": {"changes": {"game": {"rendering.fps": 3}}}, "a": {}})
    assert content_hash(one) == content_hash(other) != content_hash(study_of())
    orders = [
        content_hash(two({"game": {"policies.policy_mapping": dict.fromkeys(agents, "human")}}))
        for agents in (("a0", "a1"), ("a1", "a0"))
    ]
    assert orders[0] != orders[1]


def test_that_a_diff_says_which_field_of_which_treatment_has_changed() -> None:
    before, after = two({"game": {"rendering.fps": 3}}), two({"game": {"rendering.fps": 4}, "end": {"scene_body": "x"}})
    found = diff_studies(before, after)
    assert [(c.field, c.before, c.after) for c in found.study_fields] == [
        ("treatments.arms.other.changes.game.rendering.fps", 3, 4),
        ("treatments.arms.other.changes.end.scene_body", None, "x"),
    ]
    assert found.study_fields[0].title == "Treatments · other · game · rendering.fps"
    added = diff_studies(study_of(), two({"game": {"rendering.fps": 3}}))
    assert [c.field for c in added.study_fields] == [
        "treatments.arms.same",
        "treatments.arms.other.changes.game.rendering.fps",
    ]


# ------------------------------------------------------------- the draw


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 5), min_size=1),
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30)),
    st.integers(0, 2**64 - 1),
    st.integers(0, 1000),
)
def test_that_a_balanced_draw_takes_one_that_has_the_least_for_its_weight(
    weights: dict[str, int], counts: dict[str, int], seed: int, draw: int
) -> None:
    counts = {name: counts.get(name, 0) for name in weights}
    chosen = draw_arm(weights, counts, seed, draw, "balanced")
    assert counts[chosen] / weights[chosen] == min(counts[name] / weights[name] for name in weights)
    backwards = dict(reversed(weights.items()))
    assert draw_arm(backwards, counts, seed, draw, "balanced") == chosen
    assert draw_arm(weights, {**counts, chosen: 10_000}, seed, draw, "random") == draw_arm(
        weights, {}, seed, draw, "random"
    )


def test_that_draws_are_the_same_on_every_machine() -> None:
    weights = {"a": 1, "b": 1, "c": 2}
    drawn = "".join(draw_arm(weights, {}, 7, number, "random") for number in range(24))
    assert drawn == "".join(draw_arm(weights, {}, 7, number, "random") for number in range(24))
    assert drawn.count("c") > drawn.count("a")
    assert set(drawn) == {"a", "b", "c"}
    assert letters(dict.fromkeys(map(str, range(30))), 7).keys() == set(map(str, range(30)))
    assert sorted(letters({"x": 1, "y": 2, "z": 3}, 5).values()) == ["A", "B", "C"]
    assert "AD" in letters({str(number): None for number in range(30)}, 7).values()


def test_that_fields_of_several_people_stay_what_they_are() -> None:
    study = two({"game": {"multiplayer.dropout_policy": "void"}}, per="group")
    assert scene(apply(study, "other")).multiplayer == MultiplayerSection(dropout_policy="void")
