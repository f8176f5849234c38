"""Treatments in the chain API: what a script says, what it is told, and that it comes back from a written script."""

from pathlib import Path
from typing import Any

import pytest

from mug.configurations.configuration_constants import ModelConfig
from mug.configurations.experiment_config import ExperimentConfig
from mug.configurations.treatment import Treatment
from mug.scenes.gym_scene import GymScene
from mug.scenes.stager import Stager
from mug.scenes.static_scene import EndScene, StartScene
from mug.study import load, validate
from mug.study.errors import PythonWriteError
from mug.study.model import Study, Treatments
from mug.study.python_writer import write_python
from mug.study.treatments import apply, arms_of
from tests.drivers.random_studies import random_study


def stager() -> Stager:
    game = (
        GymScene()
        .scene(scene_id="game")
        .policies(policy_mapping={"a": "human", "b": "human"})
        .gameplay(default_action=0, action_mapping={"ArrowLeft": 1})
        .runtime(environment_initialization_code="env = None")
    )
    intro = StartScene().scene(scene_id="intro").display(scene_header="Hi")
    return Stager(scenes=[intro, game, EndScene().scene(scene_id="end").display(scene_header="Bye")])


def config() -> ExperimentConfig:
    return ExperimentConfig().experiment(stager=stager(), experiment_id="s")


def built(made: ExperimentConfig) -> tuple[Study, dict[str, Any]]:
    study, callables, _ = made.build("experiment.py", Path("/study"))
    return study, callables


def test_that_a_script_says_treatments_as_a_file_does() -> None:
    made = config().treatments(
        [
            Treatment("usual"),
            Treatment("slow", changes={"game": {"rendering.fps": 15}}, title="Slow partner", weight=2),
        ],
        per="group",
        blind=True,
    )
    study, _ = built(made)
    assert study.treatments == Treatments(
        per="group",
        blind=True,
        arms={"usual": {}, "slow": {"title": "Slow partner", "weight": 2, "changes": {"game": {"rendering.fps": 15}}}},
    )
    assert validate(study) == []


def test_that_a_call_leaves_what_it_is_not_given() -> None:
    made = config().treatments([Treatment("a"), Treatment("b")]).treatments(allocation="random")
    study, _ = built(made)
    assert [arm.name for arm in arms_of(study)] == ["a", "b"]
    assert study.treatments.allocation == "random"


def test_that_a_script_may_change_its_tables_afterwards() -> None:
    changes: dict[str, Any] = {"game": {"environment.env_config": {"layout": ["ring"]}}}
    made = config().treatments([Treatment("a"), Treatment("b", changes=changes)])
    changes["game"]["environment.env_config"]["layout"].append("other")
    study, _ = built(made)
    assert study.treatments.arms["b"]["changes"] == {"game": {"environment.env_config": {"layout": ["ring"]}}}


def test_that_python_objects_are_given_as_to_the_scene_itself() -> None:
    def hello(context: Any) -> None:
        """Do nothing."""

    changes = {
        "intro": {"on_connect": hello},
        "game": {
            "gameplay.action_mapping": {"a": 0, ("a", "b"): (1, 2)},
            "policies.policy_mapping": {"a": "human", "b": ModelConfig("obs", "logits", onnx_path="b.onnx")},
        },
    }
    study, callables = built(config().treatments([Treatment("x"), Treatment("y", changes=changes)]))
    said = study.treatments.arms["y"]["changes"]
    ref = said["intro"]["on_connect"]
    assert callables[ref] is hello
    assert said["game"]["gameplay.action_mapping"] == [
        {"keys": ["a"], "action": 0},
        {"keys": ["a", "b"], "action": [1, 2]},
    ]
    assert said["game"]["policies.policy_mapping"]["b"]["onnx_path"] == "b.onnx"
    assert apply(study, "y").chain[0].on_connect == ref
    with pytest.raises(PythonWriteError, match="only the study's own script says"):
        write_python(study)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Treatment("a b"), ValueError, "name of a treatment"),
        (lambda: Treatment(3), TypeError, "must be a text"),
        (lambda: Treatment("a", weight=0), ValueError, "from 1 to"),
        (lambda: Treatment("a", weight=True), TypeError, "whole number"),
        (lambda: Treatment("a", title=3), TypeError, "title"),
        (lambda: Treatment("a", changes=[1]), TypeError, "must be a dict"),
        (lambda: Treatment("a", changes={"game": {"rendering.fps"}}), TypeError, "field → value"),
        (lambda: Treatment("a", changes={3: {}}), TypeError, "id of a scene"),
        (lambda: config().treatments([Treatment("a"), Treatment("a")]), ValueError, "two treatments called 'a'"),
        (lambda: config().treatments(["a"]), TypeError, "must be a Treatment"),
        (lambda: config().treatments({"a": {}}), TypeError, "must be a list"),
        (lambda: config().treatments(per="pair"), ValueError, "'participant', 'group'"),
        (lambda: built(bad({"game": {"rendering.fps": None}})), ValueError, "is None"),
        (
            lambda: built(bad({"game": {"rendering.fps": "x"}})),
            TypeError,
            "treatment 'bad', scene 'game', rendering.fps",
        ),
        (lambda: built(bad({"game": {"rendering.fps": 0}})), ValueError, "rendering.fps is 0"),
        (lambda: built(bad({"intro": {"scene_body": object()}})), TypeError, "treatment 'bad', scene 'intro'"),
    ],
)
def test_that_wrong_values_are_refused_in_words(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def bad(changes: dict[str, Any]) -> ExperimentConfig:
    return config().treatments([Treatment("good"), Treatment("bad", changes=changes)])


def test_that_what_is_not_there_is_left_to_the_validation() -> None:
    study, _ = built(bad({"gaem": {"x": 1}, "game": {"rendering.fsp": 1}}))
    assert [p.code for p in validate(study)] == ["treatment_unknown_scene", "treatment_unknown_field"]


def test_that_a_written_script_loads_to_the_same_treatments(tmp_path: Path) -> None:
    import random

    found = 0
    for seed in range(40):
        study = random_study(random.Random(seed), scenes=4)
        if not study.treatments.arms:
            continue
        found += 1
        script = tmp_path / f"experiment_{seed}.py"
        script.write_text(write_python(study, script_name=script.name), encoding="utf-8")
        assert load(script).study.treatments == study.treatments
    assert found > 5
