"""`mug check` of policies: models and code are opened, asked in the environment, and taken back."""

import re
from pathlib import Path
from typing import Any

import pytest

from mug.check import check_study
from mug.check.environments import try_environment
from mug.policies.cards import STAND_IN, study_cards
from mug.runtime.study_parts import study_parts
from mug.server.freeze import freeze
from mug.study import load, walk
from mug.study.model import GymGame
from tests.drivers.models import feed_forward, not_a_number, not_onnx, recurrent, truncated, write

STUDY = """\
id = "s"

[[chain]]
kind = "start_page"
scene_id = "start"
scene_body = "Hello"

[[chain]]
kind = "gym_game"
scene_id = "game"

[chain.policies]
policy_mapping = {PEOPLE, r = POLICY}
frame_skip = 2

[chain.gameplay]
action_mapping = [{keys = ["a"], action = 0}, {keys = ["b"], action = 1}]
default_action = 1
max_steps = 30

[chain.runtime]
environment_initialization_code_filepath = "env.py"

[chain.multiplayer]
MULTIPLAYER

[[chain]]
kind = "end_page"
scene_id = "end"
scene_body = "Bye"
"""

ENVIRONMENT = """\
import numpy as np
from gymnasium import spaces

class Walk:
    possible_agents = agents = AGENTS
    action_spaces = {a: spaces.Discrete(3) for a in AGENTS}
    def reset(self, *, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.seen = {a: self.rng.normal(size=4) for a in self.agents}
        return dict(self.seen), {}
    def step(self, actions):
        for a, action in actions.items():
            self.seen[a] = 0.9 * self.seen[a] + 0.2 * (action - 1) + self.rng.normal(scale=0.1, size=4)
        done = dict.fromkeys(self.agents, False)
        return dict(self.seen), dict.fromkeys(self.agents, 0.0), done, done, {}
    def render(self):
        return []

env = Walk()
"""

PARTNERS = """\
_steps = 0

class Walker:
    def __init__(self):
        self.steps = 0
    def compute_action(self, observation, agent_id, rng):
        self.steps += 1
        return (self.steps // 3 + int(rng.integers(2))) % 3

def leaky(observation, agent_id, rng):
    global _steps
    _steps += 1
    return _steps % 3

def slow(observation, agent_id, rng):
    import time
    time.sleep(0.12)
    return 0

def endless(observation, agent_id, rng):
    while True:
        pass

def logits(session, feeds):
    return session.run(["logits"], feeds)[0]
"""

RECURRENT = (
    '{kind = "onnx", onnx_path = "models/rnn.onnx", obs_input = "obs", logit_output = "logits", '
    'state_inputs = ["h_in"], state_outputs = ["h_out"], state_shape = [6]}'
)


def study(folder: Path, policy: str, *, people: tuple[str, ...] = ("a",), multiplayer: str = "") -> Path:
    humans = ", ".join(f'{agent} = "human"' for agent in people)
    text = STUDY.replace("PEOPLE", humans).replace("POLICY", policy).replace("MULTIPLAYER", multiplayer)
    (folder / "study.toml").write_text(text)
    (folder / "env.py").write_text(ENVIRONMENT.replace("AGENTS", repr([*people, "r"])))
    (folder / "partners.py").write_text(PARTNERS)
    for name, data in {
        "rnn": recurrent(4, 3),
        "mlp": feed_forward(4, 3),
        "wide": feed_forward(4, 9),
        "other": feed_forward(6, 3),
        "nan": not_a_number(4, 3),
        "cut": truncated(),
        "page": not_onnx(),
    }.items():
        write(folder / f"models/{name}.onnx", data)
    (folder / "folder.onnx").mkdir()
    return folder


def found(folder: Path, **options: Any) -> list[tuple[str, str, str, str]]:
    problems = check_study(load(folder), runtime=lambda packages, *, lock_path: None, **options)
    return [(p.field, p.severity, p.code, p.message) for p in problems]


@pytest.mark.parametrize(
    "policy",
    ['"models/mlp.onnx"', '"partners.py:Walker"', RECURRENT, RECURRENT.replace("}", ', sampling = "argmax"}')],
    ids=["path", "class", "recurrent", "argmax"],
)
def test_that_policies_that_can_act_have_no_problems(tmp_path: Path, policy: str) -> None:
    assert found(study(tmp_path, policy)) == []


def test_that_a_policy_that_never_decides_is_ended_and_the_place_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mug.check.environments.SYNC_LIMIT_S", 4.0)
    loaded = load(study(tmp_path, '"partners.py:endless"'))
    game = next(node for _, node in walk(loaded.study) if node.scene_id == "game")
    assert isinstance(game, GymGame)
    ((_, severity, code, message),) = try_environment(loaded, game)
    assert (severity, code) == ("error", "environment_hangs")
    assert re.search(r"it stands in partners.py, line (19|20|21), in endless", message)


@pytest.mark.parametrize(
    ("policy", "code", "says"),
    [
        ('"models/mpl.onnx"', "missing_file", "no file 'models/mpl.onnx'.*did you mean 'models/mlp.onnx'"),
        ('"folder.onnx"', "missing_file", "'folder.onnx' is a folder"),
        ('"../mlp.onnx"', "outside_study", "outside the study's folder"),
        ('"models/cut.onnx"', "unreadable_model", "no ONNX model that can be run"),
        ('"models/page.onnx"', "unreadable_model", "no ONNX model that can be run"),
        (RECURRENT.replace('"logits"', '"logit"'), "unknown_output", "logit_output: .*did you mean 'logits'"),
        (RECURRENT.replace("[6]", "[1, 7]"), "wrong_state", "state_shape: state_shape is"),
        (RECURRENT.replace('"h_in"', '"h"'), "unknown_input", "state_inputs: .*no input 'h'"),
        ('"models/rnn.onnx"', "unknown_input", "several inputs"),
        ('"models/wide.onnx"', "policy_failed", "agent 'r' .*9 numbers, more than wanted"),
        ('"models/other.onnx"', "policy_failed", "4 numbers.*does not fit the model's input 'obs'"),
        ('"models/nan.onnx"', "policy_failed", "holds NaN"),
        ('"partners.py:Wlker"', "missing_function", "has no 'Wlker'.*did you mean 'Walker'"),
        ('"partner.py:Walker"', "missing_file", "no file 'partner.py'"),
        ('"../partners.py:Walker"', "outside_study", "outside the study's folder: copy"),
        ('"wanderer"', "unknown_policy", "nobody knows such a name"),
    ],
)
def test_that_a_policy_that_cannot_act_is_named_with_its_agent(
    tmp_path: Path, policy: str, code: str, says: str
) -> None:
    problems = found(study(tmp_path, policy))
    assert {(field, severity) for field, severity, _, _ in problems} == {("policies.policy_mapping.r", "error")}
    assert problems[0][2] == code
    assert re.search(says, problems[0][3], re.DOTALL)


def test_that_a_policy_that_keeps_something_outside_of_itself_is_found(tmp_path: Path) -> None:
    folder = study(tmp_path, '"partners.py:leaky"', people=("a", "b"))
    [problem] = [one for one in found(folder) if one[2].startswith("policy_")]
    assert problem[:3] == ("policies.policy_mapping.r", "error", "policy_not_restored")
    assert "after frames were taken back" in problem[3]


def test_that_a_slow_policy_is_a_warning(tmp_path: Path) -> None:
    folder = study(tmp_path, '"partners.py:slow"')
    text = (folder / "study.toml").read_text()
    (folder / "study.toml").write_text(text.replace("frame_skip = 2", "frame_skip = 20") + "")
    problems = found(folder)
    assert [one[:3] for one in problems] == [("policies.policy_mapping.r", "warning", "policy_slow")]


def test_that_a_policy_whose_package_is_not_installed_here_is_a_warning(tmp_path: Path) -> None:
    folder = study(tmp_path, '"heavy.py:Walker"')
    (folder / "heavy.py").write_text("import surely_not_installed\n\n\nclass Walker:\n    pass\n")
    [problem] = found(folder)
    assert problem[:3] == ("policies.policy_mapping.r", "warning", "policy_not_tried")
    assert "'surely_not_installed' is not installed" in problem[3]


def test_that_an_agent_that_the_environment_does_not_have_is_named(tmp_path: Path) -> None:
    folder = study(tmp_path, '"models/mlp.onnx"')
    code = (folder / "env.py").read_text()
    (folder / "env.py").write_text(code.replace("'r'", "'robot'"))
    [problem] = found(folder)
    assert problem[:3] == ("policies.policy_mapping.r", "error", "environment_does_not_fit")
    assert "names the agent 'r', but the environment's agents are 'a', 'robot'" in problem[3]


def test_that_the_stand_in_of_a_dropout_is_tried(tmp_path: Path) -> None:
    rules = 'dropout_policy = "policy"\ndropout_agent_policy = "models/wide.onnx"'
    folder = study(tmp_path, '"random"', people=("a", "b"), multiplayer=rules)
    assert [one[:3] for one in found(folder)] == [("multiplayer.dropout_agent_policy", "error", "policy_failed")]


def test_that_models_and_modules_go_to_the_browsers_and_into_the_frozen_hashes(tmp_path: Path) -> None:
    rules = 'dropout_policy = "policy"\ndropout_agent_policy = "models/mlp.onnx"'
    policy = RECURRENT.replace("}", ', custom_inference_fn = "partners.py:logits"}')
    folder = study(tmp_path, policy, people=("a", "b"), multiplayer=rules)
    loaded = load(folder)
    parts, problems = study_parts(loaded, [node for _, node in walk(loaded.study) if isinstance(node, GymGame)])
    assert problems == []
    assert {"env.py", "partners.py", "models/rnn.onnx", "models/mlp.onnx"} == set(parts)
    before = freeze(loaded)
    write(folder / "models/mlp.onnx", feed_forward(4, 3, seed=1))
    after = freeze(load(folder))
    assert before.sha256s["models/mlp.onnx"] != after.sha256s["models/mlp.onnx"]
    assert before.zip_sha256 != after.zip_sha256


def test_that_cards_say_what_policies_are(tmp_path: Path) -> None:
    rules = 'dropout_policy = "policy"\ndropout_agent_policy = "partners.py:Walker"'
    folder = study(tmp_path, RECURRENT, people=("a", "b"), multiplayer=rules)
    cards = {(scene, agent): card for scene, agent, _, card in study_cards(load(folder))}
    model = cards["game", "r"]
    assert (model["name"], model["framework"], model["file"]) == ("rnn", "onnx", "models/rnn.onnx")
    assert (model["recurrent"], model["sampling"], model["frame_skip"]) == (True, "sample", 2)
    assert model["size"] == (folder / "models/rnn.onnx").stat().st_size
    assert model["inputs"] == [
        {"name": "obs", "dtype": "float32", "shape": [-1, 4]},
        {"name": "h_in", "dtype": "float32", "shape": [-1, 6]},
    ]
    code = cards["game", STAND_IN]
    assert (code["name"], code["framework"], code["file"]) == ("Walker", "python", "partners.py")
    assert len(code["sha256"]) == 64


def test_that_a_treatment_s_own_policy_has_a_card_of_its_own(tmp_path: Path) -> None:
    folder = study(tmp_path, '"models/mlp.onnx"')
    arms = (
        "\n[treatments.arms.plain]\n\n"
        '[treatments.arms.other.changes.game]\n"policies.policy_mapping.r" = "partners.py:Walker"\n'
    )
    (folder / "study.toml").write_text((folder / "study.toml").read_text() + arms)
    cards = study_cards(load(folder))
    assert [(agent, treatment, card["name"]) for _, agent, treatment, card in cards] == [
        ("r", "", "mlp"),
        ("r", "other", "Walker"),
    ]
