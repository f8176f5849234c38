"""Policies in the chain API: functions, classes, paths and models become what a study's file can hold."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mug.configurations.configuration_constants import ModelConfig, PolicyTypes
from mug.scenes.gym_scene import GymScene
from mug.study import LoadedStudy, load, validate
from mug.study.model import GymGame
from mug.study.python_writer import write_python

SCRIPT = '''
from pathlib import Path

from mug.configurations.configuration_constants import ModelConfig, PolicyTypes
from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes.gym_scene import GymScene
from mug.scenes.stager import Stager
from mug.scenes.static_scene import EndScene, StartScene
from mug.server.app import run
from partners import Walker, walk

LIMIT = 3


def helper(number):
    return number % LIMIT


class Base:
    def reset(self):
        self.steps = 0


class Mine(Base):
    """Counts."""

    def compute_action(self, observation, agent_id, rng):
        self.steps += 1
        return helper(self.steps)


def prepare(session, feeds):
    return session.run(["logits"], feeds)[0]


def make():
    secret = object()

    def hidden(observation, agent_id, rng):
        return id(secret) % LIMIT

    return hidden


game = (
    GymScene()
    .scene("game")
    .gameplay(action_mapping={"a": 0}, default_action=0)
    .runtime(environment_initialization_code="env = None")
    .policies(policy_mapping={"human": PolicyTypes.Human, "r": POLICY}, frame_skip=1)
)
start = StartScene().scene("start").display(scene_body="Hello")
end = EndScene().scene("end").display(scene_body="Bye")
run(ExperimentConfig().experiment(stager=Stager([start, game, end]), experiment_id="study"))
'''

PARTNERS = """
class Walker:
    def compute_action(self, observation, agent_id, rng):
        return 1


def walk(observation, agent_id, rng):
    return 2
"""


@pytest.fixture(autouse=True)
def no_module_of_a_study_stays(tmp_path: Path) -> Iterator[None]:
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def loaded(folder: Path, policy: str) -> LoadedStudy:
    (folder / "partners.py").write_text(PARTNERS)
    (folder / "study.py").write_text(SCRIPT.replace("POLICY", policy))
    return load(folder / "study.py")


def policy_of(study: LoadedStudy) -> object:
    game = next(node for node in study.study.chain if isinstance(node, GymGame))
    return game.policies.policy_mapping["r"]


@pytest.mark.parametrize(
    ("policy", "held"),
    [
        ("Walker", "partners:Walker"),
        ("walk", "partners:walk"),
        ('"partners.py:Walker"', "partners.py:Walker"),
        ("PolicyTypes.Random", "random"),
        ('Path("models") / "a.onnx"', "models/a.onnx"),
        ('str(Path(__file__).parent / "models" / "a.onnx")', "models/a.onnx"),
    ],
)
def test_that_a_policy_is_held_by_its_name(tmp_path: Path, policy: str, held: str) -> None:
    study = loaded(tmp_path, policy)
    assert policy_of(study) == held
    assert [problem for problem in validate(study.study) if problem.severity == "error"] == []
    text = write_python(study.study)
    (tmp_path / "again.py").write_text(text)
    assert load(tmp_path / "again.py").study == study.study


@pytest.mark.parametrize(("policy", "name"), [("Mine", "Mine"), ("lambda o, a, rng: helper(7)", "policy")])
def test_that_what_the_script_defines_goes_to_the_browser_in_a_module(tmp_path: Path, policy: str, name: str) -> None:
    study = loaded(tmp_path, policy)
    file, _, found = str(policy_of(study)).partition(":")
    assert found == name
    namespace: dict[str, object] = {}
    exec(study.generated[file], namespace)
    target = namespace[name]
    if isinstance(target, type):
        made = target()
        made.reset()
        assert [made.compute_action(None, "r", None) for _ in range(4)] == [1, 2, 0, 1]
    else:
        assert callable(target)
        assert target(None, "r", None) == 1
    assert [problem for problem in validate(study.study) if problem.severity == "error"] == []


def test_that_a_model_s_own_function_goes_with_it(tmp_path: Path) -> None:
    study = loaded(
        tmp_path,
        'ModelConfig("obs", "logits", onnx_path="a.onnx", custom_inference_fn=prepare, sampling="argmax")',
    )
    policy = policy_of(study)
    assert isinstance(policy, dict)
    assert policy["sampling"] == "argmax"
    assert policy["custom_inference_fn"].partition(":")[0] in study.generated


def test_that_what_closes_over_an_object_is_refused_in_words(tmp_path: Path) -> None:
    study = loaded(tmp_path, "make()")
    [problem] = [problem for problem in validate(study.study) if problem.severity == "error"]
    assert (problem.field, problem.code) == ("policies.policy_mapping.r", "not_in_the_browser")


def test_that_an_object_is_refused_where_its_class_is_meant() -> None:
    class Walker:
        def compute_action(self, observation: object, agent_id: str, rng: object) -> int:
            return 1

    with pytest.raises(TypeError, match="give its class"):
        GymScene().scene("game").policies(policy_mapping={"r": Walker()})


def test_that_a_model_s_sampling_is_one_that_there_is() -> None:
    with pytest.raises(ValueError, match="sampling is 'max'"):
        ModelConfig("obs", "logits", sampling="max")
    assert ModelConfig("obs", "logits").sampling is None
    assert PolicyTypes.Random
