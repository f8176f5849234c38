"""A problem that one change obviously solves has that change; it solves the problem and brings no other."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mug.study
from mug.study import (
    CompletionCodePage,
    EndPage,
    GymGame,
    Problem,
    RandomizeOrder,
    Repeat,
    StartPage,
    StaticPage,
    Study,
    WebRtc,
    node_at,
    validate,
)
from mug.study.edits import field_value
from mug.study.field_places import find_place, with_value_inside
from mug.study.model import (
    AssetsSection,
    ContentSection,
    Endings,
    EntryScreening,
    EnvironmentSection,
    GameplaySection,
    Hosting,
    KeyBinding,
    MultiplayerSection,
    MultipleChoiceForm,
    PoliciesSection,
    RenderingSection,
    RuntimeSection,
    UnityGame,
    WaitroomSection,
    WebglSection,
)
from mug.study.quick_fixes import _FIELD_FIXES, quick_fix
from mug.study.structure_fixes import STRUCTURE_FIXES, valid_id
from tests.drivers.random_studies import generators, random_edit, studies

START = StartPage(scene_id="start", scene_header="Hello")
END = EndPage(scene_id="end", scene_header="Bye")
PAGE = StaticPage(scene_id="page", scene_header="Read")


def chain_of(*nodes: Any, **values: Any) -> Study:
    return Study(id="s", chain=(START, *nodes, END), **values)


def game(scene_id: str = "g", **values: Any) -> GymGame:
    values.setdefault("gameplay", GameplaySection(default_action=0, action_mapping=KEYS))
    values.setdefault("runtime", RuntimeSection(environment_initialization_code_filepath="env.py"))
    return GymGame(scene_id=scene_id, **values)


def keys(*bindings: tuple[tuple[str, ...], Any], **values: Any) -> GymGame:
    mapping = tuple(KeyBinding(keys=found, action=action) for found, action in bindings)
    return game(gameplay=GameplaySection(default_action=0, action_mapping=mapping, **values))


KEYS = (KeyBinding(keys=("a",), action=1),)
PAIR = PoliciesSection(policy_mapping={"left": "human", "right": "human"})
ALONE = PoliciesSection(policy_mapping={"left": "human"})


def choices(**values: Any) -> MultipleChoiceForm:
    given_values = {"questions": ("Q?", "R?"), "choices": ("x", "y", "z"), **values}
    return MultipleChoiceForm(scene_id="f", **given_values)


FIXES: list[tuple[str, Study, str, tuple[tuple[int, ...], str, Any]]] = [
    ("empty_chain", Study(id="s"), "Add a start page and an end page", ((0,), "kind", "start_page")),
    ("first_is_no_start", Study(id="s", chain=(PAGE, END)), "Make it the start page", ((0,), "kind", "start_page")),
    (
        "first_is_no_start",
        Study(id="s", chain=(game("start"), END)),
        "Put a start page before it",
        ((0,), "scene_id", "start_2"),
    ),
    (
        "first_is_no_start",
        Study(id="s", chain=(PAGE, START, END)),
        "Move “start” to the beginning",
        ((0,), "scene_id", "start"),
    ),
    (
        "start_not_first",
        Study(id="s", chain=(PAGE, START, END)),
        "Move “start” to the beginning",
        ((1,), "scene_id", "page"),
    ),
    (
        "start_not_first",
        chain_of(StartPage(scene_id="x", scene_body="text", extra={"new": 1})),
        "Make it a page to read",
        ((1,), "scene_body", "text"),
    ),
    ("last_is_no_end", Study(id="s", chain=(START, PAGE)), "Make it the end page", ((1,), "kind", "end_page")),
    ("last_is_no_end", Study(id="s", chain=(START, game())), "Put an end page after it", ((2,), "scene_id", "end")),
    ("last_is_no_end", Study(id="s", chain=(START, END, PAGE)), "Move “end” to the end", ((2,), "scene_id", "end")),
    ("last_is_no_end", Study(id="s", chain=(START,)), "Put an end page after it", ((1,), "scene_id", "end")),
    ("end_not_last", Study(id="s", chain=(START, END, PAGE)), "Move “end” to the end", ((1,), "scene_id", "page")),
    (
        "end_not_last",
        chain_of(Repeat(n=2, scenes=(CompletionCodePage(scene_id="x", scene_header="h", redirect_url="http://a.b"),))),
        "Make it a page to read",
        ((1, 0), "scene_header", "h"),
    ),
    ("empty_wrapper", chain_of(Repeat(n=2, scenes=())), "Remove it", ((1,), "scene_id", "end")),
    (
        "empty_wrapper",
        chain_of(RandomizeOrder(keep_n=2, scenes=(PAGE, Repeat(n=1, scenes=())))),
        "Remove it",
        ((1,), "keep_n", 1),
    ),
    ("empty_wrapper", chain_of(Repeat(n=1, scenes=(Repeat(n=1, scenes=()),))), "Remove it", ((1,), "scene_id", "end")),
    ("keep_n_too_large", chain_of(RandomizeOrder(keep_n=3, scenes=(PAGE,))), "Keep 1", ((1,), "keep_n", 1)),
    (
        "duplicate_scene_id",
        chain_of(PAGE, Repeat(n=2, scenes=(PAGE,))),
        "Give the others fresh ids",
        ((2, 0), "scene_id", "page_2"),
    ),
    ("invalid_id", Study(id="my study!", chain=(START, END)), "Call it 'my_study'", ((), "id", "my_study")),
    ("invalid_id", chain_of(StaticPage(scene_id="été", scene_body="x")), "Call it 't'", ((1,), "scene_id", "t")),
    (
        "invalid_id",
        chain_of(game(waitroom=WaitroomSection(timeout_scene_id="a b")), StaticPage(scene_id="a b", scene_body="x")),
        "Call it 'a_b'",
        ((1,), "waitroom.timeout_scene_id", "a_b"),
    ),
    ("invalid_id", chain_of(choices(question_ids=("a b", "c"))), "Call it 'a_b'", ((1,), "question_ids", ("a_b", "c"))),
    (
        "reserved_id",
        chain_of(choices(question_ids=("text", "c"))),
        "Call it 'text_2'",
        ((1,), "question_ids", ("text_2", "c")),
    ),
    ("duplicate_id", chain_of(choices(question_ids=("c", "c"))), "Call it 'c_2'", ((1,), "question_ids", ("c", "c_2"))),
    (
        "unknown_field",
        chain_of(game(extra={"should_export_metdata": True})),
        "Rename to 'should_export_metadata'",
        ((1,), "should_export_metadata", True),
    ),
    (
        "unknown_field",
        chain_of(game(rendering=RenderingSection(extra={"game_widht": 300, "new": 1}))),
        "Rename to 'game_width'",
        ((1,), "rendering.game_width", 300),
    ),
    ("unknown_field", chain_of(hosting=Hosting(extra={"prot": 1})), "Rename to 'port'", ((), "hosting.port", 1)),
    ("unknown_field", chain_of(extra={"tittle": "T"}), "Rename to 'title'", ((), "title", "T")),
    (
        "unknown_field",
        chain_of(game(extra={"renderin": {"fps": 30, "game_width": 5}})),
        "Rename to 'rendering'",
        ((1,), "rendering.fps", 30),
    ),
    ("out_of_bounds", chain_of(hosting=Hosting(port=70_000)), "Use 65535", ((), "hosting.port", 65535)),
    ("out_of_bounds", chain_of(game(rendering=RenderingSection(fps=0))), "Use 1", ((1,), "rendering.fps", 1)),
    (
        "out_of_bounds",
        chain_of(game(policies=PAIR, multiplayer=MultiplayerSection(network_conditions={"left": {"loss": 1.5}}))),
        "Use 1",
        ((1,), "multiplayer.network_conditions", {"left": {"loss": 1.0}}),
    ),
    (
        "not_allowed",
        chain_of(game(matchmaking=game().matchmaking.__class__(roles="swop"))),
        "Use 'swap'",
        ((1,), "matchmaking.roles", "swap"),
    ),
    (
        "not_allowed",
        chain_of(game(assets=AssetsSection(state_init=({"uuid": "a", "object_type": "circel"},)))),
        "Use 'circle'",
        ((1,), "assets.state_init", ({"uuid": "a", "object_type": "circle"},)),
    ),
    (
        "not_allowed",
        chain_of(game(multiplayer=MultiplayerSection(dropout_policy="policy", dropout_agent_policy="human"))),
        "Let a random policy take over",
        ((1,), "multiplayer.dropout_agent_policy", "random"),
    ),
    (
        "missing",
        chain_of(game(multiplayer=MultiplayerSection(dropout_policy="policy"))),
        "Let a random policy take over",
        ((1,), "multiplayer.dropout_agent_policy", "random"),
    ),
    ("wrong_type", chain_of(game(rendering=RenderingSection(fps="30"))), "Use 30", ((1,), "rendering.fps", 30)),
    (
        "unknown_policy",
        chain_of(game(policies=PoliciesSection(policy_mapping={"a": "human", "b": "randon"}))),
        "Use 'random'",
        ((1,), "policies.policy_mapping", {"a": "human", "b": "random"}),
    ),
    (
        "no_effect",
        chain_of(game(multiplayer=MultiplayerSection(mode="server_authoritative", input_delay=3))),
        "Leave “Input delay” out",
        ((1,), "multiplayer.input_delay", 0),
    ),
    (
        "invalid_background",
        chain_of(game(rendering=RenderingSection(background="Orang"))),
        "Use 'orange'",
        ((1,), "rendering.background", "orange"),
    ),
    (
        "invalid_url",
        chain_of(endings=Endings(complete_url="example.org/done?c={code}")),
        "Write https:// before it",
        ((), "endings.complete_url", "https://example.org/done?c={code}"),
    ),
    (
        "invalid_reference",
        chain_of(StaticPage(scene_id="p", scene_body="x", on_connect="lab.hooks.arrive")),
        "Use 'lab.hooks:arrive'",
        ((1,), "on_connect", "lab.hooks:arrive"),
    ),
    (
        "invalid_path",
        chain_of(StaticPage(scene_id="p", scene_header="x", scene_body_filepath=" ")),
        "Leave “Body file” out",
        ((1,), "scene_body_filepath", None),
    ),
    (
        "both_given",
        chain_of(StaticPage(scene_id="p", scene_body="x", scene_body_filepath="y")),
        "Keep “Body”, leave “Body file” out",
        ((1,), "scene_body_filepath", None),
    ),
    (
        "both_given",
        chain_of(game(content=ContentSection(in_game_scene_body="x", in_game_scene_body_filepath="y"))),
        "Keep “Text beside the game”, leave “Text file beside the game” out",
        ((1,), "content.in_game_scene_body_filepath", None),
    ),
    (
        "two_environments",
        chain_of(game(environment=EnvironmentSection(env_creator="m:f"))),
        "Keep “Environment creator”, leave “Environment code file” out",
        ((1,), "runtime.environment_initialization_code_filepath", None),
    ),
    (
        "no_effect",
        chain_of(game(environment=EnvironmentSection(env_config={"a": 1}))),
        "Leave “Environment settings” out",
        ((1,), "environment.env_config", {}),
    ),
    (
        "no_effect",
        chain_of(webrtc=WebRtc(turn_username="u")),
        "Leave “TURN user” out",
        ((), "webrtc.turn_username", None),
    ),
    (
        "no_redirect",
        chain_of(EndPage(scene_id="e", scene_header="x", append_subject_id=True)),
        "Leave “Append the subject id” out",
        ((1,), "append_subject_id", False),
    ),
    (
        "empty_code",
        chain_of(endings=Endings(complete_code=" ")),
        "Leave “Code: complete” out",
        ((), "endings.complete_code", None),
    ),
    (
        "human_id_is_no_human",
        chain_of(game(policies=ALONE, gameplay=GameplaySection(default_action=0, action_mapping=KEYS, human_id="lft"))),
        "Leave “Human's agent” out",
        ((1,), "gameplay.human_id", None),
    ),
    (
        "no_human",
        chain_of(game(policies=PoliciesSection(policy_mapping={"a": "random"}))),
        "Let a person play 'a'",
        ((1,), "policies.policy_mapping", {"a": "human"}),
    ),
    (
        "unknown_key",
        chain_of(keys((("left", "Enter"), 1))),
        "Use 'ArrowLeft' + 'Enter'",
        ((1,), "gameplay.action_mapping", (KeyBinding(keys=("ArrowLeft", "Enter"), action=1),)),
    ),
    ("repeated_key", chain_of(keys((("a", "a"), 1))), "Use 'a'", ((1,), "gameplay.action_mapping", KEYS)),
    (
        "duplicate_keys",
        chain_of(keys((("a",), 1), (("a",), 1))),
        "Leave this one out",
        ((1,), "gameplay.action_mapping", KEYS),
    ),
    (
        "too_few_humans",
        chain_of(game(multiplayer=MultiplayerSection(multiplayer=True))),
        "Leave “Multiplayer” out",
        ((1,), "multiplayer.multiplayer", None),
    ),
    (
        "several_humans",
        chain_of(game(policies=PAIR, multiplayer=MultiplayerSection(multiplayer=False))),
        "Leave “Multiplayer” out",
        ((1,), "multiplayer.multiplayer", None),
    ),
    (
        "violations_exceed_window",
        chain_of(game(multiplayer=MultiplayerSection(continuous_ping_violation_window=2))),
        "Use 2",
        ((1,), "multiplayer.continuous_ping_required_violations", 2),
    ),
    (
        "unknown_agent",
        chain_of(game(policies=PAIR, multiplayer=MultiplayerSection(network_conditions={"lefft": {"loss": 0.5}}))),
        "Rename to 'left'",
        ((1,), "multiplayer.network_conditions", {"left": {"loss": 0.5}}),
    ),
    (
        "unknown_agent",
        chain_of(
            game(
                policies=PAIR,
                multiplayer=MultiplayerSection(network_conditions={"x.y": {"loss": 0.5}, "left": {"seed": 1}}),
            )
        ),
        "Rename to 'right'",
        ((1,), "multiplayer.network_conditions", {"right": {"loss": 0.5}, "left": {"seed": 1}}),
    ),
    (
        "unknown_condition",
        chain_of(game(policies=PAIR, multiplayer=MultiplayerSection(network_conditions={"delay": 5}))),
        "Rename to 'delay_ms'",
        ((1,), "multiplayer.network_conditions", {"delay_ms": 5}),
    ),
    (
        "unknown_reason",
        chain_of(screening=EntryScreening(exclusion_messages={"mobil": "x", "zzz": "y"})),
        "Rename to 'mobile'",
        ((), "screening.exclusion_messages", {"mobile": "x", "zzz": "y"}),
    ),
    (
        "unknown_browser",
        chain_of(screening=EntryScreening(browser_requirements=("chrome", "firefx>=100"))),
        "Use 'firefox>=100'",
        ((), "screening.browser_requirements", ("chrome", "firefox>=100")),
    ),
    (
        "unknown_requirement",
        chain_of(screening=EntryScreening(requirements=("webgl", "web-assembly"))),
        "Use 'webassembly'",
        ((), "screening.requirements", ("webgl", "webassembly")),
    ),
    (
        "unknown_placeholder",
        chain_of(endings=Endings(complete_url="https://a.b/?c={cod}&x={PROLIFIC_PID}")),
        "Use {code}",
        ((), "endings.complete_url", "https://a.b/?c={code}&x={PROLIFIC_PID}"),
    ),
    (
        "unknown_scene",
        chain_of(game(waitroom=WaitroomSection(timeout_scene_id="pgae")), PAGE),
        "Use 'page'",
        ((1,), "waitroom.timeout_scene_id", "page"),
    ),
    (
        "no_group",
        chain_of(RandomizeOrder(per="group", scenes=(PAGE,))),
        "Draw it for each participant",
        ((1,), "per", "participant"),
    ),
    (
        "nested_group_order",
        chain_of(RandomizeOrder(per="group", scenes=(RandomizeOrder(per="group", scenes=(game(policies=PAIR),)),))),
        "Leave “Drawn for” out",
        ((1, 0), "per", None),
    ),
    (
        "order_splits_groups",
        chain_of(RandomizeOrder(scenes=(PAGE, game(policies=PAIR)))),
        "Draw it for the group",
        ((1,), "per", "group"),
    ),
    (
        "duplicate_choice",
        chain_of(choices(choices=("x", "y", "x"))),
        "Leave this choice out",
        ((1,), "choices", ("x", "y")),
    ),
    (
        "empty_choice",
        chain_of(choices(choices=(("x", "y"), ("x", " ", "y")))),
        "Leave this choice out",
        ((1,), "choices", (("x", "y"), ("x", "y"))),
    ),
    (
        "requirement_with_url",
        chain_of(
            game(
                runtime=RuntimeSection(
                    environment_initialization_code="e = 1", packages_to_install=("numpy @ https://a.b/x",)
                )
            )
        ),
        "Use 'numpy'",
        ((1,), "runtime.packages_to_install", ("numpy",)),
    ),
    (
        "invalid_ice_server",
        chain_of(webrtc=WebRtc(ice_servers=({"url": "stun:a.b"},))),
        "Rename to 'urls'",
        ((), "webrtc.ice_servers", ({"urls": "stun:a.b"},)),
    ),
]


def value_at(study: Study, path: tuple[int, ...], field: str) -> Any:
    return node_at(study, path).kind if field == "kind" else field_value(study, path, field)


@pytest.mark.parametrize(
    ("code", "study", "label", "result"), FIXES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_that_the_obvious_change_solves_the_problem(code, study, label, result):
    before = validate(study)
    fixes = [(problem, quick_fix(study, problem)) for problem in before if problem.code == code]
    fixable = [(problem, fix) for problem, fix in fixes if fix is not None]
    assert fixable, [str(problem) for problem in before]
    _, fix = fixable[0]
    assert fix is not None
    assert fix.label == label
    changed, inverse = fix.edit.apply(study)
    assert inverse.apply(changed)[0] == study
    path, field, value = result
    assert value_at(changed, path, field) == value
    after = validate(changed)
    assert Counter(problem.code for problem in after)[code] == Counter(problem.code for problem in before)[code] - 1
    assert [str(one) for one in after if one.severity == "error" and one.code not in {p.code for p in before}] == []


NOTHING = [
    ("unknown_field", chain_of(extra={"from_the_future": 1})),
    ("unknown_field", chain_of(title="T", extra={"tittle": "other"})),
    ("unknown_field", chain_of(extra={"tittle": 3})),
    ("unknown_field", chain_of(game(extra={"renderin": 3}))),
    ("unknown_field", chain_of(game(extra={"rendering.fsp": 3}))),
    ("out_of_bounds", chain_of(game(gameplay=GameplaySection(default_action=0, reset_freeze_s=float("nan"))))),
    ("not_allowed", chain_of(game(rendering=RenderingSection(location_representation="metres")))),
    ("no_human", chain_of(game(policies=PoliciesSection(policy_mapping={"a": "random", "b": "random"})))),
    ("duplicate_keys", chain_of(keys((("a",), 1), (("a",), 2)))),
    ("duplicate_scene_id", chain_of(game(waitroom=WaitroomSection(timeout_scene_id="page")), PAGE, PAGE)),
    ("duplicate_choice", chain_of(choices(choices=("x", "x")))),
    ("duplicate_choice", chain_of(choices(questions=("Q?",), choices=("x", "x", "y"), images=(("a", "b", "c"),)))),
    ("unknown_scene", chain_of(PAGE, game(waitroom=WaitroomSection(timeout_scene_id="pgae")))),
    ("invalid_url", chain_of(endings=Endings(complete_url="done"))),
    ("invalid_reference", chain_of(StaticPage(scene_id="p", scene_body="x", on_connect="hooks.py"))),
    ("wrong_type", chain_of(game(rendering=RenderingSection(fps="fast")))),
    ("no_environment", chain_of(game(runtime=RuntimeSection()))),
    ("empty_wrapper", Study(id="s", chain=(Repeat(n=1, scenes=()),))),
    (
        "order_splits_groups",
        chain_of(RandomizeOrder(scenes=(PAGE, game(policies=PAIR), RandomizeOrder(per="participant", scenes=(PAGE,))))),
    ),
]


@pytest.mark.parametrize(("code", "study"), NOTHING)
def test_that_what_could_be_meant_in_several_ways_is_left_to_people(code, study):
    found = [problem for problem in validate(study) if problem.code == code]
    assert found
    assert [quick_fix(study, problem) for problem in found] == [None] * len(found)


@given(st.one_of(studies(), studies(valid=True, scenes=8)), generators())
def test_that_each_fix_takes_its_problem_away_and_brings_no_error(study, rng):
    for _ in range(rng.randint(0, 5)):
        study, _ = random_edit(rng, study).apply(study)
    before = validate(study)
    codes = Counter(problem.code for problem in before)
    for problem in rng.sample(before, min(6, len(before))):
        fix = quick_fix(study, problem)
        if fix is None:
            continue
        changed, inverse = fix.edit.apply(study)
        after = validate(changed)
        assert Counter(one.code for one in after)[problem.code] < codes[problem.code]
        # An id or a number that is allowed now may be judged further: that is no new fault.
        judged = {"not_later", "too_long", "keep_n_too_large", "unknown_scene", "duplicate_scene_id"}
        assert [str(one) for one in after if one.severity == "error" and one.code not in {*codes, *judged}] == []
        assert inverse.apply(changed)[0] == study


def test_that_an_old_problem_has_no_fix():
    problem = next(p for p in validate(chain_of(Repeat(n=2, scenes=()))) if p.code == "empty_wrapper")
    assert quick_fix(Study(id="s"), problem) is None
    assert quick_fix(chain_of(), msgspec.structs.replace(problem, code="no_effect", field="nothing.here")) is None
    assert quick_fix(chain_of(), Problem("7", "scene_id", "error", "invalid_id", "x", None, (7,))) is None


def test_that_a_misspelt_file_or_function_takes_the_name_that_was_found():
    study = chain_of(
        StaticPage(scene_id="p", scene_body_filepath="pages/intro.htm", on_connect="hooks.py:ariv"),
    )
    missing = Problem(
        "1",
        "scene_body_filepath",
        "error",
        "missing_file",
        "there is no file 'pages/intro.htm' in /s; did you mean 'intro.html'?",
        "p",
        (1,),
    )
    fix = quick_fix(study, missing)
    assert fix is not None
    assert field_value(fix.edit.apply(study)[0], (1,), "scene_body_filepath") == "pages/intro.html"
    function = Problem(
        "1",
        "on_connect",
        "error",
        "missing_function",
        "'hooks.py:ariv': hooks.py has no 'ariv'; did you mean 'arrive'?",
        "p",
        (1,),
    )
    fix = quick_fix(study, function)
    assert fix is not None
    assert field_value(fix.edit.apply(study)[0], (1,), "on_connect") == "hooks.py:arrive"
    assert quick_fix(study, msgspec.structs.replace(missing, message="there is no file")) is None


def test_that_the_build_is_named_that_was_probably_meant():
    scene = UnityGame(scene_id="maze", webgl=WebglSection(build_name="mzae"))
    study = Study(id="s", chain=(START, scene, END))
    words = "there is no folder 'mzae' in './static/webgl/'; did you mean 'maze'?"
    missing = Problem("1", "webgl.build_name", "error", "missing_build", words, "maze", (1,))
    fix = quick_fix(study, missing)
    assert fix is not None
    assert field_value(fix.edit.apply(study)[0], (1,), "webgl.build_name") == "maze"


WITHOUT = {
    *("code_does_not_compile", "empty_page", "empty_question", "foreign_picture", "given_twice"),
    *("duplicate_question", "group_sizes_differ", "invalid_color", "invalid_placeholder", "invalid_requirement"),
    *("mixed_conditions", "mixed_lists", "no_default_action", "no_environment", "no_key", "no_keys", "no_questions"),
    *("no_build", "not_a_folder", "other_host"),
    *("not_finite", "not_in_the_browser", "not_later", "too_few_choices", "too_long", "too_many_choices"),
    *("too_many_humans", "too_many_labels", "too_many_questions", "warning_after_exclusion", "wrong_number"),
}
"""Codes whose problems people solve: what is to be written, or which of several ways is right, only they know."""


def _codes(file: Path) -> Iterator[str]:
    """Read which codes a module of validation tells: where `problem_at` takes one, and in what it yields or returns."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id="problem_at"), args=[_, _, _, code, *_]):
                places: list[ast.expr] = [code]
            case ast.Yield(value=ast.Tuple(elts=[first, second, _])):
                places = [second] if file.name != "endings.py" else [first]
            case ast.Return(value=ast.Tuple(elts=[first, _])) if file.name == "rules.py":
                places = [first]
            case _:
                continue
        for place in places:
            yield from (one.value for one in ast.walk(place) if isinstance(one, ast.Constant) and one.value)


def test_that_every_code_of_a_problem_was_thought_of():
    folder = Path(mug.study.__file__).parent
    files = [*folder.glob("*validation.py"), *(folder / f"{name}.py" for name in OTHERS)]
    said = {code for file in files for code in _codes(file)} - {"empty_", "duplicate_"}
    said = {code for code in said if re.fullmatch(r"[a-z]+(_[a-z]+)*", code)} - {"missing_"}
    assert len(said) > 60
    solved = set(STRUCTURE_FIXES) | set(_FIELD_FIXES) | {"unknown_field"}
    assert said - solved - WITHOUT == set()
    assert WITHOUT - said - {"duplicate_question"} == set()
    assert not solved & WITHOUT
    assert solved - {code for code, *_ in FIXES} == {"missing_build", "missing_file", "missing_function"}


OTHERS = ("rules", "conditions", "endings", "assets", "places")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a b", "a_b"),
        ("  x  ", "x"),
        ("..a..b..", "a.b"),
        ("é", "z"),
        ("", "z"),
        ("-1", "1"),
        ("a" * 80, "a" * 64),
        ("ok", "ok"),
    ],
)
def test_that_a_valid_id_is_made_of_any_text(text, found):
    assert valid_id(text, "z") == found


def test_that_places_inside_of_values_are_found_and_changed():
    node = game(
        assets=AssetsSection(preload_specs=({"a.b": {"c": [1, 2]}, "a": 1},)),
        gameplay=GameplaySection(action_mapping=KEYS),
    )
    place = find_place(node, "assets.preload_specs[0].a.b.c[1]")
    assert place is not None
    assert (place.field, place.steps, place.value) == ("assets.preload_specs", (0, "a.b", "c", 1), 2)
    assert with_value_inside(place.root, place.steps, 9) == ({"a.b": {"c": [1, 9]}, "a": 1},)
    key = find_place(node, "gameplay.action_mapping[0].keys")
    assert key is not None
    assert key.value == ("a",)
    for nowhere in ("assets", "nothing", "assets.nothing", "scene_id.x", "assets.preload_specs[1]", "scene_id[0]"):
        assert find_place(node, nowhere) is None, nowhere
    assert find_place(chain_of(), "hosting.port") is not None
