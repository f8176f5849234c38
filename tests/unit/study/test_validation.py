"""All problems of a study at once, each with node, field and how to fix it."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from mug.study import (
    CompletionCodePage,
    EndPage,
    GymGame,
    RandomizeOrder,
    Repeat,
    StartPage,
    StaticPage,
    Study,
    validate,
    walk,
)
from mug.study.catalog import NODE_KINDS, fields, struct_fields
from mug.study.model import (
    EntryScreening,
    EnvironmentSection,
    GameplaySection,
    Hosting,
    HtmlGame,
    KeyBinding,
    MatchmakingSection,
    MultiplayerSection,
    MultipleChoiceForm,
    OptionBoxesForm,
    PoliciesSection,
    RuntimeSection,
    ScalesForm,
    TextBoxForm,
    UnityGame,
    WaitroomSection,
    WebglSection,
    WebRtc,
)
from mug.study.rules import refusal
from tests.drivers.random_studies import STUDIES

START = StartPage(scene_id="start", scene_body="Hello")
END = EndPage(scene_id="end", scene_body="Bye")
KEYS = (KeyBinding(keys=("ArrowLeft",), action=0),)
MODEL = {"kind": "onnx", "obs_input": "obs", "logit_output": "logits", "onnx_path": "models/model.onnx"}
GAME = GymGame(
    scene_id="game",
    gameplay=GameplaySection(action_mapping=KEYS, default_action=1),
    runtime=RuntimeSection(environment_initialization_code="env = None", run_through_pyodide=True),
)


def study(*nodes: Any, **values: Any) -> Study:
    return Study(id="s", chain=(START, *nodes, END), **values)


def codes(checked: Study) -> list[tuple[str | None, str | None, str]]:
    return [(problem.node_id, problem.field, problem.code) for problem in validate(checked)]


def game(**values: Any) -> GymGame:
    return msgspec.structs.replace(GAME, **values)


def gameplay(**values: Any) -> GymGame:
    return game(gameplay=msgspec.structs.replace(GAME.gameplay, **values))


def test_that_a_right_study_has_no_problems():
    assert validate(study(GAME, RandomizeOrder(scenes=(StaticPage(scene_id="p", scene_body="x"),), keep_n=1))) == []


def test_that_problems_name_node_field_and_label():
    (problem,) = validate(study(StaticPage(scene_id="p", scene_body="x"), gameplay(num_episodes=0)))
    assert (problem.node_id, problem.path, problem.label) == ("2", (2,), "game")
    assert (problem.field, problem.severity, problem.code) == ("gameplay.num_episodes", "error", "out_of_bounds")
    assert str(problem) == "error: scene 'game', gameplay.num_episodes: is 0; it must be from 1 to 1,000,000"


def test_that_an_empty_chain_is_a_problem():
    assert codes(Study(id="s")) == [(None, "chain", "empty_chain")]


def test_that_the_chain_begins_with_a_start_page_and_ends_with_an_end_page():
    page = StaticPage(scene_id="p", scene_body="x")
    assert codes(Study(id="s", chain=(page, END))) == [("0", None, "first_is_no_start")]
    assert codes(Study(id="s", chain=(START, page))) == [("1", None, "last_is_no_end")]
    assert codes(Study(id="s", chain=(START, CompletionCodePage(scene_id="c", scene_body="x")))) == []


def test_that_start_and_end_pages_belong_to_the_ends():
    checked = study(
        StartPage(scene_id="again", scene_body="x"), Repeat(n=2, scenes=(EndPage(scene_id="early", scene_body="x"),))
    )
    assert codes(checked) == [("1", None, "start_not_first"), ("2.0", None, "end_not_last")]


@pytest.mark.parametrize("wrong", ["", "a b", "../etc", "-a", "a" * 65, "é", "a/b", "a."])
def test_that_ids_are_checked(wrong):
    assert (None, "id", "invalid_id") in codes(msgspec.structs.replace(study(), id=wrong))
    assert ("1", "scene_id", "invalid_id") in codes(study(StaticPage(scene_id=wrong, scene_body="x")))


def test_that_one_id_for_two_scenes_is_a_warning_once():
    page = StaticPage(scene_id="p", scene_body="x")
    (problem,) = validate(study(page, Repeat(n=1, scenes=(page,))))
    assert (problem.node_id, problem.code, problem.severity) == ("1", "duplicate_scene_id", "warning")


def test_that_wrappers_hold_scenes_and_keep_what_they_have():
    checked = study(
        RandomizeOrder(scenes=()),
        RandomizeOrder(scenes=(StaticPage(scene_id="p", scene_body="x"),), keep_n=2),
        RandomizeOrder(scenes=(StaticPage(scene_id="q", scene_body="x"),), keep_n=0, per="people"),
        Repeat(scenes=(StaticPage(scene_id="r", scene_body="x"),), n=0),
    )
    assert codes(checked) == [
        ("1", "scenes", "empty_wrapper"),
        ("2", "keep_n", "keep_n_too_large"),
        ("3", "keep_n", "out_of_bounds"),
        ("3", "per", "not_allowed"),
        ("4", "n", "out_of_bounds"),
    ]


def together(people: int = 2, scene_id: str = "together", **values: Any) -> GymGame:
    mapping = {f"a{number}": "human" for number in range(people)}
    return game(scene_id=scene_id, policies=PoliciesSection(policy_mapping=mapping), **values)


def test_that_a_groups_order_is_of_games_for_one_number_of_people():
    page = StaticPage(scene_id="q", scene_body="x")
    assert codes(study(RandomizeOrder(scenes=(page,), per="group"))) == [("1", "per", "no_group")]
    mixed = RandomizeOrder(scenes=(together(2, "two"), together(3, "three")), per="group")
    assert codes(study(mixed)) == [("1", "per", "group_sizes_differ")]
    assert codes(study(RandomizeOrder(scenes=(page, together(), GAME), per="group"))) == []


def test_that_a_groups_order_draws_everything_in_it():
    inner = RandomizeOrder(scenes=(together(2, "one"), together(2, "two")))
    assert codes(study(RandomizeOrder(scenes=(inner, together(2, "three"))))) == []
    for per in ("participant", "group"):
        nested = RandomizeOrder(scenes=(Repeat(n=2, scenes=(msgspec.structs.replace(inner, per=per),)),), per="group")
        assert codes(study(nested)) == [("1.0.0", "per", "nested_group_order")]


def test_that_an_order_of_each_participants_own_should_hold_no_games_of_several_people():
    own = RandomizeOrder(scenes=(Repeat(n=2, scenes=(together(),)),), per="participant")
    (problem,) = validate(study(own))
    assert (problem.node_id, problem.code, problem.severity) == ("1", "order_splits_groups", "warning")
    mixed = RandomizeOrder(scenes=(GAME, together()))
    assert codes(study(mixed)) == [("1", None, "order_splits_groups")]
    assert codes(study(RandomizeOrder(scenes=(GAME,)))) == []
    assert codes(study(msgspec.structs.replace(own, per=None))) == []


@pytest.mark.parametrize(
    ("chain", "found"),
    [
        ((together(waitroom=WaitroomSection(timeout_scene_id="after")), "after"), []),
        (("after", together(waitroom=WaitroomSection(timeout_scene_id="after"))), ["not_later"]),
        ((together(waitroom=WaitroomSection(timeout_scene_id="together")),), ["not_later"]),
        ((Repeat(n=1, scenes=(StaticPage(scene_id="after", scene_body="x"), "game")),), ["not_later"]),
        ((Repeat(n=2, scenes=(StaticPage(scene_id="after", scene_body="x"), "game")),), []),
        (
            (RandomizeOrder(scenes=(StaticPage(scene_id="after", scene_body="x"), "game"), per="participant"),),
            ["split"],
        ),
    ],
)
def test_that_the_scene_after_the_timeout_comes_later(chain: Any, found: list[str]):
    pages = {"after": StaticPage(scene_id="after", scene_body="x")}
    waits = together(waitroom=WaitroomSection(timeout_scene_id="after"))

    def node(item: Any) -> Any:
        if isinstance(item, Repeat | RandomizeOrder):
            return msgspec.structs.replace(item, scenes=tuple(waits if s == "game" else s for s in item.scenes))
        return pages.get(item, item) if isinstance(item, str) else item

    expected = {"not_later": "not_later", "split": "order_splits_groups"}
    assert [code for _, _, code in codes(study(*map(node, chain)))] == [expected[word] for word in found]


def test_that_settings_of_waiting_without_effect_are_warned_of():
    waitroom = WaitroomSection(timeout_scene_id="end", timeout_redirect_url="https://example.org/")
    found = validate(study(together(waitroom=waitroom, matchmaking=MatchmakingSection(max_rtt_widening=5.0))))
    assert [(problem.field, problem.code, problem.severity) for problem in found] == [
        ("waitroom.timeout_redirect_url", "no_effect", "warning"),
        ("matchmaking.max_rtt_widening", "no_effect", "warning"),
    ]
    assert codes(study(together(matchmaking=MatchmakingSection(max_rtt=80, max_rtt_widening=5.0)))) == []


def test_that_a_plan_has_an_end():
    page = StaticPage(scene_id="p", scene_body="x")
    checked = study(Repeat(n=1000, scenes=(Repeat(n=1000, scenes=(page,)),)))
    assert codes(checked) == [(None, "chain", "too_long")]


def test_that_body_and_file_exclude_each_other():
    page = StaticPage(scene_id="p", scene_body="x", scene_body_filepath="pages/p.html")
    assert codes(study(page)) == [("1", "scene_body_filepath", "both_given")]
    content = msgspec.structs.replace(
        GAME.content, in_game_scene_body="x", in_game_scene_body_filepath="y", scene_body="x", scene_body_filepath="y"
    )
    assert codes(study(game(content=content))) == [
        ("1", "content.scene_body_filepath", "both_given"),
        ("1", "content.in_game_scene_body_filepath", "both_given"),
    ]


def test_that_an_empty_page_is_a_warning():
    (problem,) = validate(study(StaticPage(scene_id="p")))
    assert (problem.code, problem.severity) == ("empty_page", "warning")
    assert codes(Study(id="s", chain=(START, EndPage(scene_id="e", redirect_url="https://example.org")))) == []


@pytest.mark.parametrize("url", ["javascript:alert(1)", "example.org", "https://", "ftp://x", "//example.org"])
def test_that_a_redirect_is_a_whole_address(url):
    checked = Study(id="s", chain=(START, EndPage(scene_id="e", scene_body="x", redirect_url=url)))
    assert codes(checked) == [("1", "redirect_url", "invalid_url")]


def test_that_a_game_has_one_environment():
    nothing = game(runtime=RuntimeSection())
    assert codes(study(nothing)) == [("1", "runtime", "no_environment")]
    two = game(environment=EnvironmentSection(env_creator="envs.py:make"))
    assert codes(study(two)) == [("1", "runtime.environment_initialization_code", "two_environments")]
    one = game(
        environment=EnvironmentSection(env_creator="envs.py:make", env_config={"a": 1}), runtime=RuntimeSection()
    )
    assert codes(study(one)) == []
    unused = game(environment=EnvironmentSection(env_config={"a": 1}))
    assert codes(study(unused)) == [("1", "environment.env_config", "no_effect")]


def test_that_code_must_compile_and_its_line_is_told():
    broken = game(runtime=RuntimeSection(environment_initialization_code="x = 1\ny = = 2\n", on_game_step_code="if"))
    problems = validate(study(broken))
    assert [problem.code for problem in problems] == ["code_does_not_compile"] * 2
    assert "line 2: y = = 2" in problems[0].message


def test_that_packages_are_requirements_by_name():
    checked = game(
        runtime=msgspec.structs.replace(
            GAME.runtime, packages_to_install=("gymnasium>=1.0", "not a name", "x @ https://example.org/x.whl")
        )
    )
    assert codes(study(checked)) == [
        ("1", "runtime.packages_to_install[1]", "invalid_requirement"),
        ("1", "runtime.packages_to_install[2]", "requirement_with_url"),
    ]


def test_that_a_game_needs_a_default_action():
    for method in ("default_action", "previous_submitted_action"):
        checked = gameplay(default_action=None, action_population_method=method)
        assert codes(study(checked)) == [("1", "gameplay.default_action", "no_default_action")]
    assert codes(study(gameplay(default_action=0))) == []


def test_that_a_game_without_keys_is_a_warning():
    (problem,) = validate(study(gameplay(action_mapping=())))
    assert (problem.code, problem.severity) == ("no_keys", "warning")


def test_that_keys_are_named_once_and_have_actions():
    checked = gameplay(
        action_mapping=(
            KeyBinding(keys=("a", "b"), action=0),
            KeyBinding(keys=("b", "a"), action=1),
            KeyBinding(keys=("c", "c"), action=1),
            KeyBinding(keys=(), action=1),
            KeyBinding(keys=("d",), action=None),
            KeyBinding(keys=("left",), action=1),
            KeyBinding(keys=("A",), action=1),
        )
    )
    assert codes(study(checked)) == [
        ("1", "gameplay.action_mapping[1].keys", "duplicate_keys"),
        ("1", "gameplay.action_mapping[2].keys", "repeated_key"),
        ("1", "gameplay.action_mapping[3].keys", "no_key"),
        ("1", "gameplay.action_mapping[4].action", "missing"),
        ("1", "gameplay.action_mapping[5].keys", "unknown_key"),
    ]


@pytest.mark.parametrize(
    ("mapping", "human_id", "expected"),
    [
        ({"a": "human", "b": "random"}, None, []),
        ({"a": "human"}, "a", []),
        ({}, "a", []),
        ({"a": "random"}, None, [("policies.policy_mapping", "no_human")]),
        ({"a": "human"}, "b", [("gameplay.human_id", "human_id_is_no_human")]),
        ({"a": "human", "b": "humann"}, None, [("policies.policy_mapping.b", "unknown_policy")]),
        ({"a": "human", "b": "models/model.onnx"}, None, []),
        ({"a": "human", "b": "partners.py:Walker"}, None, []),
        ({"a": "human", "b": MODEL}, None, []),
        ({"a": "human", "b": "model.onx"}, None, [("policies.policy_mapping.b", "unknown_policy")]),
        ({"a": "human", "b": ["random"]}, None, [("policies.policy_mapping.b", "unknown_policy")]),
        ({"a": "human", "b": {"kind": "torch"}}, None, [("policies.policy_mapping.b", "unknown_policy")]),
        ({"a": "human", "b": {**MODEL, "sampling": "agmax"}}, None, [("policies.policy_mapping.b", "invalid_model")]),
        ({"a": "human", "b": {**MODEL, "state_inputs": ["h"]}}, None, [("policies.policy_mapping.b", "invalid_model")]),
        ({"a": "human", "b": {**MODEL, "obs_imput": "o"}}, None, [("policies.policy_mapping.b", "unknown_field")]),
        ({"a": "human", "b": {"kind": "onnx"}}, None, [("policies.policy_mapping.b", "incomplete_model")]),
        ({"a": "human", "b": "human"}, None, []),
        ({"a": "human", "b": "human"}, "b", [("gameplay.human_id", "no_effect")]),
        (dict.fromkeys("abcd", "human") | {"e": "random"}, None, []),
        (dict.fromkeys("abcde", "human"), None, [("policies.policy_mapping", "too_many_humans")]),
    ],
)
def test_that_agents_are_people_or_policies_that_are_there(mapping, human_id, expected):
    checked = game(
        policies=PoliciesSection(policy_mapping=mapping),
        gameplay=msgspec.structs.replace(GAME.gameplay, human_id=human_id),
    )
    assert [(field, code) for _, field, code in codes(study(checked))] == expected


def test_that_the_waitroom_leads_to_a_scene_that_is_there():
    checked = game(waitroom=WaitroomSection(timeout_scene_id="ende"))
    problems = {problem.code: problem for problem in validate(study(checked))}
    assert "did you mean 'end'?" in problems["unknown_scene"].message


def test_that_more_violations_than_the_window_are_refused():
    checked = game(multiplayer=MultiplayerSection(continuous_ping_required_violations=6))
    assert ("1", "multiplayer.continuous_ping_required_violations", "violations_exceed_window") in codes(study(checked))


def test_that_unknown_fields_are_warnings_with_a_guess():
    node = game(rendering=msgspec.structs.replace(GAME.rendering, extra={"fpss": 3}))
    (problem,) = validate(study(node))
    assert (problem.field, problem.code, problem.severity) == ("rendering.fpss", "unknown_field", "warning")
    assert "did you mean 'fps'?" in problem.message


def test_that_numbers_that_no_page_can_read_are_refused():
    node = game(
        environment=EnvironmentSection(env_creator="a:b", env_config={"x": [float("nan")]}), runtime=RuntimeSection()
    )
    assert codes(study(node)) == [("1", "environment.env_config", "not_finite")]


# --- every field, by what is known about it ---------------------------------------------------------------------------

EVERY_STRUCT = [Study, Hosting, WebRtc, EntryScreening, *(kind.struct for kind in NODE_KINDS.values())]
EVERY_FIELD = [
    pytest.param(struct, name, info, id=f"{struct.__name__}.{name}")
    for struct in (Study, *(kind.struct for kind in NODE_KINDS.values()))
    for name, info in fields(struct)
]


def _with(struct: type, name: str, value: Any) -> Study:
    section, _, field = name.rpartition(".")
    base: Any = {
        Study: study(),
        GymGame: GAME,
        StartPage: START,
        EndPage: END,
        CompletionCodePage: CompletionCodePage(scene_id="end", scene_body="x"),
        StaticPage: StaticPage(scene_id="p", scene_body="x"),
        TextBoxForm: TextBoxForm(scene_id="p", text_box_header="Why?"),
        MultipleChoiceForm: MultipleChoiceForm(scene_id="p", questions=("Which?",), choices=("a", "b")),
        ScalesForm: ScalesForm(scene_id="p", scale_questions=("It was fun.",), text_box_header="More?"),
        OptionBoxesForm: OptionBoxesForm(
            scene_id="p",
            options=("a", "b"),
            option_box_header="Which?",
            scale_questions=("It was fun.",),
            text_box_header="More?",
        ),
        UnityGame: UnityGame(scene_id="p", webgl=WebglSection(build_name="maze")),
        HtmlGame: HtmlGame(scene_id="p", webgl=WebglSection(build_name="maze")),
        RandomizeOrder: RandomizeOrder(scenes=(GAME,)),
        Repeat: Repeat(scenes=(GAME,), n=1),
    }[struct]
    if section:
        changed = msgspec.structs.replace(getattr(base, section), **{field: value})
        base = msgspec.structs.replace(base, **{section: changed})
    else:
        base = msgspec.structs.replace(base, **{field: value})
    if struct is Study:
        return base
    if struct is StartPage:
        return Study(id="s", chain=(base, END))
    if struct in (EndPage, CompletionCodePage):
        return Study(id="s", chain=(START, base))
    return study(base)


@pytest.mark.parametrize(("struct", "name", "info"), EVERY_FIELD)
def test_that_every_field_is_described(struct, name, info):
    assert info.title
    assert info.description.endswith(".") or info.description.endswith(")")
    assert info.type_words


@pytest.mark.parametrize(("struct", "name", "info"), EVERY_FIELD)
def test_that_every_field_refuses_values_outside_what_is_known_about_it(struct, name, info):
    wrong: list[Any] = []
    if info.ge is not None:
        wrong.append(info.ge - 1)
    if info.le is not None:
        wrong.append(info.le + 1)
    if info.choices is not None:
        wrong.append("surely-not-this")
    if info.annotation is not Any and info.name not in ("chain", "scenes", "action_mapping"):
        wrong.append(object())
    for value in wrong:
        found = [problem for problem in validate(_with(struct, name, value)) if problem.field == name]
        assert any(problem.severity == "error" for problem in found), value


@given(STUDIES)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_that_validation_never_fails_whatever_a_study_holds(random_study):
    problems = validate(random_study)
    paths = {path for path, _ in walk(random_study)}
    for problem in problems:
        assert problem.severity in ("error", "warning")
        assert problem.message
        assert problem.path == () or problem.path in paths
        assert problem.node_id == (".".join(map(str, problem.path)) if problem.path else None)


def test_that_no_field_has_both_a_default_and_a_legal_none():
    for struct in EVERY_STRUCT:
        for info in struct_fields(struct):
            assert not info.optional or info.default is None, info.name


def test_that_every_default_is_allowed():
    for struct in EVERY_STRUCT:
        for name, info in fields(struct):
            if not info.required and info.default is not None:
                assert refusal(info, info.default) is None, name
