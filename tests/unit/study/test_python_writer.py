"""A study written as Python is the same study again, in a script that a person would write."""

import datetime
import inspect
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from mug.configurations import configuration_constants
from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes.scene import Scene
from mug.study import (
    AssetsSection,
    CompletionCodePage,
    ContentSection,
    EndPage,
    EnvironmentSection,
    GameplaySection,
    GymGame,
    Hosting,
    KeyBinding,
    MatchmakingSection,
    MultiplayerSection,
    MultipleChoiceForm,
    PoliciesSection,
    RandomizeOrder,
    RenderingSection,
    Repeat,
    RuntimeSection,
    StartPage,
    StaticPage,
    Study,
    TextBoxForm,
    content_hash,
    load,
    python_writer,
    walk,
)
from mug.study.catalog import NODE_KINDS, sections, struct_fields
from mug.study.errors import PythonWriteError
from mug.study.model import EntryScreening
from mug.study.python_refusals import python_problems
from mug.study.python_source import WIDTH
from mug.study.python_writer import write_python
from tests.drivers.random_studies import generators, random_edit, random_study, studies

EXAMPLES = Path(__file__).parents[3] / "examples"
START = StartPage(scene_id="start", scene_header="Hello")
END = EndPage(scene_id="end", scene_header="Bye")


@pytest.fixture(autouse=True)
def _own_interpreter_state(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("written")


def loaded_again(study: Study, folder: Path) -> Study:
    script = folder / "experiment.py"
    script.write_text(write_python(study), encoding="utf-8")
    loaded = load(script)
    assert (loaded.callables, loaded.generated) == ({}, {})
    return loaded.study


def chain_of(*nodes, **values) -> Study:
    return Study(id="s", chain=(START, *nodes, END), **values)


def game(**values: Any) -> GymGame:
    return GymGame(scene_id="g", **values)


# --- the same study again -------------------------------------------------------------------------------------------


@given(studies(valid=True, scenes=12))
def test_that_any_study_without_errors_survives_its_script(folder, study):
    again = loaded_again(study, folder)
    assert again == study
    assert content_hash(again) == content_hash(study)


@given(studies(valid=True, scenes=5), generators())
def test_that_an_edited_study_survives_or_is_refused(folder, study, rng):
    for _ in range(rng.randint(1, 6)):
        study, _ = random_edit(rng, study).apply(study)
    if python_problems(study):
        with pytest.raises(PythonWriteError):
            write_python(study)
        return
    again = loaded_again(study, folder)
    assert again == study
    assert content_hash(again) == content_hash(study)


@given(studies())
@settings(max_examples=30)
def test_that_a_wild_study_survives_or_is_refused(folder, study):
    try:
        again = loaded_again(study, folder)
    except PythonWriteError:
        return
    assert again == study
    assert content_hash(again) == content_hash(study)


@pytest.mark.parametrize("name", sorted(path.parent.name for path in EXAMPLES.glob("*/study.toml")))
def test_that_every_example_survives(folder, name):
    study = load(EXAMPLES / name).study
    assert loaded_again(study, folder) == study


def test_that_writing_is_always_the_same(folder):
    study = random_study(random.Random(4), scenes=30)
    text = write_python(study)
    assert text == write_python(study)
    assert text == write_python(loaded_again(study, folder)), "a written script is written the same again"


UNUSUAL = {
    "code that does not switch the browser on": game(
        runtime=RuntimeSection(environment_initialization_code="env = 1"), environment=EnvironmentSection(seed=0)
    ),
    "code that is empty": game(runtime=RuntimeSection(environment_initialization_code="", run_through_pyodide=True)),
    "monitoring values without monitoring": game(multiplayer=MultiplayerSection(continuous_max_ping=5)),
    "a monitoring callback without monitoring": game(multiplayer=MultiplayerSection(continuous_callback="m:f")),
    "monitoring without values": game(multiplayer=MultiplayerSection(continuous_monitoring_enabled=True)),
    "monitoring with values": game(
        multiplayer=MultiplayerSection(continuous_monitoring_enabled=True, continuous_tab_warning_ms=1)
    ),
    "a violation window": game(
        multiplayer=MultiplayerSection(
            continuous_ping_violation_window=2, continuous_ping_required_violations=1, continuous_max_ping=9
        )
    ),
    "matchmaking alone": game(matchmaking=MatchmakingSection(max_rtt=5, hide_lobby_count=True, matchmaker="m:f")),
    "multiplayer alone": game(multiplayer=MultiplayerSection(max_rtt=5, hide_lobby_count=True, matchmaker="m:f")),
    "both the same": game(
        matchmaking=MatchmakingSection(max_rtt=5, hide_lobby_count=True),
        multiplayer=MultiplayerSection(max_rtt=5, hide_lobby_count=True),
    ),
    "both, and different": game(
        matchmaking=MatchmakingSection(max_rtt=5, matchmaker="m:f", roles="swap"),
        multiplayer=MultiplayerSection(max_rtt=6, matchmaker="m:g", input_delay=2),
    ),
    "an input delay in words": game(multiplayer=MultiplayerSection(input_delay="auto", multiplayer=False)),
    "numbers as agent ids": game(
        policies=PoliciesSection(policy_mapping={"1": "human", "0": "human", "2": "random"}),
        gameplay=GameplaySection(human_id="0"),
    ),
    "policies of every kind": game(
        policies=PoliciesSection(
            policy_mapping={
                "a": "human",
                "b": "models/partner.onnx",
                "c": {"kind": "onnx", "obs_input": "obs", "logit_output": "logits", "state_inputs": []},
                "d": {
                    "kind": "onnx",
                    "obs_input": "o",
                    "logit_output": "l",
                    "state_inputs": ["h"],
                    "state_outputs": ["h2"],
                    "state_shape": [1, 2],
                    "fixed_inputs": {"t": 1.5},
                    "custom_inference_fn": "m:f",
                },
                "e": {"kind": "onnx", "obs_input": "o", "logit_output": "l", "temperature": 2},
                "f": {"kind": "onnx", "obs_input": "", "logit_output": "l"},
                "g": {"kind": "onnx", "obs_input": "o", "logit_output": "l", "onnx_path": None},
                "h": {"kind": "onnx", "obs_input": "o", "logit_output": "l", "state_inputs": ["h"]},
                "i": {"kind": "other", "n": [1, {"x": None}]},
                "j": None,
                "k": 3,
            }
        ),
        multiplayer=MultiplayerSection(
            dropout_policy="policy", dropout_agent_policy={"kind": "onnx", "obs_input": "o", "logit_output": "l"}
        ),
    ),
    "chords": game(
        gameplay=GameplaySection(
            action_mapping=(
                KeyBinding(keys=("b", "a"), action=[1, [2, 3]]),
                KeyBinding(keys=("a", "b"), action={"x": 0.5}),
                KeyBinding(keys=("a", "a"), action=True),
                KeyBinding(keys=('"',), action="'"),
                KeyBinding(keys=("\\", "ä"), action=0),
            ),
            default_action=[],
            input_mode="single_keystroke",
            action_population_method="previous_submitted_action",
        )
    ),
    "no smoothing, no limit": game(
        rendering=RenderingSection(rollback_smoothing_duration=0),
        multiplayer=MultiplayerSection(focus_loss_timeout_ms=0),
    ),
    "empty texts": game(content=ContentSection(scene_header="", scene_body="")),
    "pictures": game(
        assets=AssetsSection(
            preload_specs=({"name": "a", "frames": [1, [2]]},), assets_to_preload=("b.png",), state_init=({},)
        )
    ),
    "a picture for each choice": MultipleChoiceForm(
        scene_id="f",
        questions=("one", "two"),
        choices=(("a", "b"), ("c", "d")),
        images=(("a.png", ""), ()),
        pre_questions_header="",
    ),
    "hooks": TextBoxForm(scene_id="f", text_box_header="?", on_connect="m:f", on_client_callback="hooks.py:A.b"),
    "a start page and an end page in between": RandomizeOrder(
        scenes=(StartPage(scene_id="again"), CompletionCodePage(scene_id="done", append_subject_id=True)), per="group"
    ),
    "wrappers in wrappers": Repeat(n=2, scenes=(Repeat(n=1, scenes=(RandomizeOrder(scenes=(game(),), keep_n=1),)),)),
    "wrappers with unknown fields": Repeat(
        n=2, extra={"a": 1}, scenes=(RandomizeOrder(scenes=(game(),), extra={"b": {"c": [None]}, "kind-of": "x"}),)
    ),
    "unknown fields of all kinds": game(
        extra={"new": datetime.date(2030, 1, 2), "when": [datetime.datetime(2030, 1, 2, 3, tzinfo=datetime.UTC)]},
        gameplay=GameplaySection(extra={"kind": "k", "extra": 1, "": 2, "a.b": datetime.time(1, 2)}),
        environment=EnvironmentSection(env_creator="m:f", env_config={"day": datetime.date(2030, 1, 2), "n": None}),
        waitroom=msgspec.structs.replace(game().waitroom, extra={"big": 10**30, "huge": float("inf")}),
    ),
    "words that would break a script": StaticPage(
        scene_id="p", scene_header='"""', scene_body="\\\r\n\x00\u2028\ud800'''\"", scene_subheader="a\n\\\n\t\"b'"
    ),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_that_unusual_nodes_survive(folder, name):
    study = chain_of(UNUSUAL[name])
    again = loaded_again(study, folder)
    assert again == study
    assert content_hash(again) == content_hash(study)


def test_that_settings_layout_and_unknown_fields_survive(folder):
    study = chain_of(
        title='A "good" study',
        save_experiment_data=False,
        static_files=("a", "b c"),
        layout={"zoom": 1.0, "cards": {"0": [1, 2]}},
        hosting=Hosting(host="0.0.0.0", port=0, max_ping=5, extra={"ipv6": True}),
        screening=EntryScreening(entry_callback="m:f", exclusion_messages={"ping": "slow"}, extra={"kind": 1}),
        extra={"kind": "x", "lab": {"room": "B12"}},
    )
    again = loaded_again(study, folder)
    assert (again, again.layout) == (study, study.layout)


@pytest.mark.parametrize(
    "scene_ids",
    [
        ("class", "class_scene", "print", "run", "config", "stager", "match", "StaticScene", "datetime", "type"),
        ("a-b", "a.b", "a_b", "A_b", "a--b", "a_b_2", "2nd", "2", "scene_2"),
        ("same", "same", "same"),
        ("order", "rounds", "x" * 64, "a-", "None", "True", "__name__", "mug", "_scene"),
    ],
)
def test_that_every_scene_has_a_variable_of_its_own(folder, scene_ids):
    valid = [name for name in scene_ids if not name.startswith("_")]
    inner = tuple(StaticPage(scene_id=name, extra={"n": n}) for n, name in enumerate(valid))
    study = chain_of(RandomizeOrder(scenes=inner, extra={"a": 1}), Repeat(scenes=(END,), n=2, extra={"b": 1}))
    assert loaded_again(study, folder) == study


# --- what cannot be said ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("study", "places"),
    [
        (Study(id="s"), [(None, "chain", "empty_chain")]),
        (Study(id="a b", chain=(START, END)), [(None, "id", "invalid_id")]),
        (
            Study(id="s", chain=(END, START)),
            [("0", None, "first_is_no_start"), ("1", None, "last_is_no_end")],
        ),
        (chain_of(hosting=Hosting(port=-1)), [(None, "hosting.port", "out_of_bounds")]),
        (chain_of(Repeat(scenes=(), n=0)), [("1", "n", "out_of_bounds"), ("1", "scenes", "empty_wrapper")]),
        (chain_of(RandomizeOrder(scenes=(END,), keep_n=2)), [("1", "keep_n", "keep_n_too_large")]),
        (chain_of(StaticPage(scene_id="a b")), [("1", "scene_id", "invalid_id")]),
        (
            chain_of(StaticPage(scene_id="a", scene_body="x", scene_body_filepath="y")),
            [("1", "scene_body_filepath", "both_given")],
        ),
        (
            chain_of(
                game(
                    runtime=RuntimeSection(
                        environment_initialization_code="", environment_initialization_code_filepath="y"
                    )
                )
            ),
            [("1", "runtime.environment_initialization_code_filepath", "both_given")],
        ),
        (chain_of(TextBoxForm(scene_id="a", text_box_header=" ")), [("1", "text_box_header", "empty_question")]),
        (
            chain_of(game(rendering=RenderingSection(background="no colour"))),
            [("1", "rendering.background", "invalid_background")],
        ),
        (
            chain_of(game(multiplayer=MultiplayerSection(continuous_ping_violation_window=1))),
            [("1", "multiplayer.continuous_ping_required_violations", "violations_exceed_window")],
        ),
        (
            chain_of(game(multiplayer=MultiplayerSection(network_conditions={"delay": 1}))),
            [("1", "multiplayer.network_conditions.delay", "unknown_condition")],
        ),
        (
            chain_of(
                game(
                    gameplay=GameplaySection(
                        action_mapping=(
                            KeyBinding(keys=(), action=1),
                            KeyBinding(keys=("a",), action=None),
                            KeyBinding(keys=("a",), action=2),
                            KeyBinding(keys=("",), action={1: 2}),
                        )
                    )
                )
            ),
            [
                ("1", "gameplay.action_mapping[0].keys", "no_key"),
                ("1", "gameplay.action_mapping[1].action", "missing"),
                ("1", "gameplay.action_mapping[2].keys", "duplicate_keys"),
                ("1", "gameplay.action_mapping[3].keys", "no_key"),
                ("1", "gameplay.action_mapping[3].action", "wrong_type"),
            ],
        ),
        (
            chain_of(StaticPage(scene_id="a", scene_body_filepath="/etc/x")),
            [("1", "scene_body_filepath", "absolute_path")],
        ),
        (
            chain_of(StaticPage(scene_id="a", scene_body_filepath="C:\\x")),
            [("1", "scene_body_filepath", "absolute_path")],
        ),
        (chain_of(extra={"new": object()}), [(None, "new", "wrong_type")]),
        (chain_of(game(gameplay=GameplaySection(reset_freeze_s=1))), [("1", "gameplay.reset_freeze_s", "wrong_type")]),
        (chain_of(game(gameplay=GameplaySection(num_episodes="x"))), [("1", "gameplay.num_episodes", "wrong_type")]),
        (
            chain_of(game(policies=PoliciesSection(policy_mapping=[1]))),
            [("1", "policies.policy_mapping", "wrong_type")],
        ),
        (
            chain_of(StaticPage(scene_id="a", on_connect="x.py:a.on_connect")),
            [("1", "on_connect", "only_in_python")],
        ),
        (
            chain_of(screening=EntryScreening(entry_callback="x.py:screening.entry_callback~2")),
            [(None, "screening.entry_callback", "only_in_python")],
        ),
        (
            chain_of(
                game(rendering=RenderingSection(hud_text_fn="mug_script_hud_text_fn_0123456789ab.py:hud_text_fn"))
            ),
            [("1", "rendering.hud_text_fn", "only_in_python")],
        ),
        (
            chain_of(
                game(
                    policies=PoliciesSection(
                        policy_mapping={
                            "a": "x.py:g.policy_mapping.a",
                            "b": {"custom_inference_fn": "x.py:g.policy_mapping.b.custom_inference_fn"},
                        }
                    )
                )
            ),
            [
                ("1", "policies.policy_mapping.a", "only_in_python"),
                ("1", "policies.policy_mapping.b", "only_in_python"),
            ],
        ),
    ],
)
def test_that_what_the_chain_api_cannot_say_is_told(study, places):
    with pytest.raises(PythonWriteError) as caught:
        write_python(study)
    found = [(problem.node_id, problem.field, problem.code) for problem in caught.value.problems]
    assert sorted(found, key=str) == sorted(places, key=str)
    assert f"({len(places)} place" in str(caught.value)


def test_that_an_object_of_the_script_is_known_after_its_scene_got_another_id():
    study = chain_of(StaticPage(scene_id="renamed", on_connect="x.py:before.on_connect"))
    assert "x.py:before.on_connect" in write_python(study)
    with pytest.raises(PythonWriteError, match="save the study as a folder"):
        write_python(study, in_script=["x.py:before.on_connect"])


# --- as a researcher would write it ---------------------------------------------------------------------------------

READABLE = '''\
"""Duel.

Run it with ``python duel.py``, or ``mug serve duel.py``.
"""

from mug.configurations.configuration_constants import InputModes, PolicyTypes
from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes.gym_scene import GymScene
from mug.scenes.scene import RandomizeOrder
from mug.scenes.stager import Stager
from mug.scenes.static_scene import EndScene, StartScene
from mug.server.app import run

welcome = (
    StartScene()
    .scene(scene_id="welcome")
    .display(
        scene_header="Welcome",
        scene_body="""\\
<p>You play with somebody.</p>
<p>Let us begin.</p>
""",
    )
)

duel = (
    GymScene()
    .scene(scene_id="duel")
    .rendering(fps=30)
    .policies(policy_mapping={"left": PolicyTypes.Human, "right": PolicyTypes.Human})
    .gameplay(
        action_mapping={"ArrowLeft": 0, ("ArrowLeft", "ArrowUp"): [1, 0]},
        default_action=2,
        input_mode=InputModes.SingleKeystroke,
    )
    .runtime(environment_initialization_code_filepath="duel_env.py")
)

end = EndScene().scene(scene_id="end").redirect(url="https://example.org/?c={code}")

stager = Stager(scenes=[welcome, RandomizeOrder(scenes=[duel]), end])

config = (
    ExperimentConfig()
    .experiment(stager=stager, experiment_id="duel-1", title="Duel")
    .hosting(port=8100)
)

if __name__ == "__main__":
    run(config)
'''


def test_that_the_script_reads_as_a_researcher_would_write_it():
    body = "<p>You play with somebody.</p>\n<p>Let us begin.</p>\n"
    duel = GymGame(
        scene_id="duel",
        rendering=RenderingSection(fps=30),
        policies=PoliciesSection(policy_mapping={"left": "human", "right": "human"}),
        gameplay=GameplaySection(
            action_mapping=(
                KeyBinding(keys=("ArrowLeft",), action=0),
                KeyBinding(keys=("ArrowLeft", "ArrowUp"), action=[1, 0]),
            ),
            default_action=2,
            input_mode="single_keystroke",
        ),
        runtime=RuntimeSection(environment_initialization_code_filepath="duel_env.py", run_through_pyodide=True),
    )
    study = Study(
        id="duel-1",
        title="Duel",
        chain=(
            StartPage(scene_id="welcome", scene_header="Welcome", scene_body=body),
            RandomizeOrder(scenes=(duel,)),
            EndPage(scene_id="end", redirect_url="https://example.org/?c={code}"),
        ),
        hosting=Hosting(port=8100),
    )
    assert write_python(study, script_name="duel.py") == READABLE


@pytest.mark.parametrize(
    ("title", "script_name", "first", "second"),
    [
        (None, "experiment.py", '"""s.', "``python experiment.py``"),
        ('say """', "a b\\.py", '"""s.', "``python experiment.py``"),
        ("Größe.", "my-study_2.py", '"""Größe.', "``python my-study_2.py``"),
        ("x" * 100, "x.py", '"""s.', "``python x.py``"),
        ("two\nlines", "x.py", '"""s.', "``python x.py``"),
    ],
)
def test_that_the_beginning_is_sound_whatever_the_title(title, script_name, first, second):
    lines = write_python(chain_of(title=title), script_name=script_name).splitlines()
    assert lines[0] == first
    assert second in lines[2]


def test_that_common_formatters_and_linters_have_nothing_to_say(tmp_path):
    for seed in range(25):
        study = random_study(random.Random(seed), scenes=10)
        (tmp_path / f"study_{seed}.py").write_text(write_python(study), encoding="utf-8")
    for index, node in enumerate(UNUSUAL.values()):
        (tmp_path / f"unusual_{index}.py").write_text(write_python(chain_of(node)), encoding="utf-8")
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    assert ruff is not None
    options = ["--isolated", "--no-cache", "--target-version", "py311", str(tmp_path)]
    formatted = subprocess.run(
        [ruff, "format", "--diff", "--line-length", str(WIDTH), *options], capture_output=True, text=True, check=False
    )
    assert formatted.stdout == ""
    checked = subprocess.run(
        [ruff, "check", "--select", "E4,E7,E9,F,I,Q", *options], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_that_the_script_of_the_manual_is_what_the_writer_writes(folder):
    page = (EXAMPLES.parent / "docs" / "reference" / "python-scripts.md").read_text(encoding="utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    (folder / "manual.py").write_text(code, encoding="utf-8")
    study = load(folder / "manual.py").study
    assert loaded_again(study, folder) == study
    for line in ('welcome = StartScene().scene(scene_id="welcome").display(scene_header="Welcome")', "    run(config)"):
        assert line in code
        assert line in write_python(study)


# --- the writer and the chain API say the same ------------------------------------------------------------------------


def parameters(function: Any) -> dict[str, inspect.Parameter]:
    found = dict(inspect.signature(function).parameters)
    found.pop("self", None)
    return found


def scene_class(struct: type) -> type:
    module, name = python_writer.SCENE_CLASSES[struct]
    found: type = getattr(__import__(module, fromlist=[name]), name)
    return found


def test_that_every_kind_of_node_has_its_class():
    assert set(python_writer.SCENE_CLASSES) == {kind.struct for kind in NODE_KINDS.values()}
    for struct in python_writer.SCENE_CLASSES:
        assert scene_class(struct)._struct is struct


@pytest.mark.parametrize("struct", [kind.struct for kind in NODE_KINDS.values()], ids=lambda s: s.kind)
def test_that_every_field_of_a_node_has_a_parameter(struct):
    made = scene_class(struct)
    constructor = python_writer.CONSTRUCTOR_FIELDS.get(struct, ())
    taken = parameters(made.__init__) if constructor else {}
    assert list(constructor) == list(taken), "the constructor's parameters, in its order"
    needed = {name for name, parameter in taken.items() if parameter.default is inspect.Parameter.empty}
    for info in struct_fields(struct):
        name = python_writer.PARAMETERS.get(info.name, info.name)
        if info.name in constructor:
            assert info.name not in needed or info.required or info.name in python_writer.ALWAYS_GIVEN
        elif info.section is not None:
            method = parameters(getattr(made, info.name))
            assert {inner.name for inner in struct_fields(info.section)} == set(method)
        elif info.name in python_writer.HOOKS:
            known = {one.name for one in struct_fields(struct)}
            assert set(parameters(made.hooks)) == set(python_writer.HOOKS) & known
        else:
            methods = [key for key, names in python_writer.SCENE_METHODS.items() if info.name in names]
            assert len(methods) == 1
            assert name in parameters(getattr(made, methods[0]))


def test_that_every_field_of_the_study_has_a_parameter():
    for info in struct_fields(Study):
        name = python_writer.PARAMETERS.get(info.name, info.name)
        if info.section is not None:
            method = parameters(getattr(ExperimentConfig, python_writer.SECTION_METHODS[info.name]))
            assert {inner.name for inner in struct_fields(info.section)} == set(method)
        elif info.name not in ("format", "chain", "layout"):
            methods = [key for key, names in python_writer.CONFIG_METHODS.items() if info.name in names]
            assert len(methods) == 1
            assert name in parameters(getattr(ExperimentConfig, methods[0]))
    assert set(python_writer.SECTION_METHODS) == set(sections(Study))
    assert (
        list(parameters(ExperimentConfig.study_fields)) == list(parameters(Scene.study_fields)) == ["fields", "section"]
    )


def test_that_named_values_are_what_they_stand_for():
    for (_, value), (group, member) in python_writer.NAMED_VALUES.items():
        assert getattr(getattr(configuration_constants, group), member) == value
    assert set(python_writer.MODEL_FIELDS) == set(parameters(configuration_constants.ModelConfig))


def test_that_values_said_twice_are_the_shared_ones():
    both = {info.name for info in struct_fields(MatchmakingSection)} & {
        info.name for info in struct_fields(MultiplayerSection)
    }
    assert set(python_writer.SHARED) == both


def test_that_a_big_study_is_written_whole(folder):
    study = random_study(random.Random(1), scenes=200)
    again = loaded_again(study, folder)
    assert again == study
    assert len(list(walk(again))) == len(list(walk(study)))
