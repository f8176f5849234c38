"""The cooks that are no people: what they serve with themselves, with each other, and alone."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("cogrid")
EXAMPLE = Path(__file__).parents[3] / "examples" / "overcooked"
MODULES = ("overcooked_env", "cook_features", "kitchen_picture", "kitchens", "partners", "train_partner")


@pytest.fixture(scope="module")
def training() -> Iterator[ModuleType]:
    pytest.importorskip("onnx")
    for name in MODULES:
        sys.modules.pop(name, None)  # of another study
    sys.path.insert(0, str(EXAMPLE))
    try:
        yield importlib.import_module("train_partner")
    finally:
        sys.path.remove(str(EXAMPLE))
        for name in MODULES:
            sys.modules.pop(name, None)


class OnnxCook:
    """The committed model, run with onnxruntime, its actions drawn from the logits."""

    def __init__(self) -> None:
        runtime = pytest.importorskip("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = runtime.InferenceSession(str(EXAMPLE / "team_cook.onnx"), options)

    def compute_action(self, observation: Any, agent_id: str, rng: np.random.Generator) -> int:
        [logits] = self.session.run(["logits"], {"observation": observation[None]})
        grown = np.exp(logits[0].astype(np.float64) - logits[0].max())
        return int(rng.choice(6, p=grown / grown.sum()))


def soups(training: ModuleType, layout: str, *cooks: Any, seeds: range = range(2)) -> float:
    return float(np.mean([training.episode(layout, cooks, seed) for seed in seeds]))


def test_that_two_team_cooks_serve_soups_where_they_must_pass_things_over(training: ModuleType) -> None:
    assert soups(training, "forced_coordination", training.TeamCook(), training.TeamCook()) >= 8


def test_that_a_solo_cook_serves_soups_without_any_help(training: ModuleType) -> None:
    assert soups(training, "asymmetric_advantages", training.Idle(), training.SoloCook(), seeds=range(1)) >= 4


def test_that_the_committed_model_cooks_as_well_as_its_figures_say(training: ModuleType) -> None:
    figures = json.loads((EXAMPLE / "figures.json").read_text())["soups"]
    cook = OnnxCook()
    for name, partner in (("network + network", cook), ("network + SoloCook", training.SoloCook())):
        expected = figures[name]["cramped_room"]
        assert soups(training, "cramped_room", cook, partner) >= expected - 3, name


def test_that_a_solo_cook_keeps_its_pot_and_pauses_after_a_job(training: ModuleType) -> None:
    cook, rng = training.SoloCook(), np.random.default_rng(1)
    env = training.make_kitchen("asymmetric_advantages")
    observations, _ = env.reset(seed=1)
    pots, actions = set(), []
    for _ in range(200):
        action = cook.compute_action(observations["blue"], "blue", rng)
        pots.add(cook.pot)
        actions.append(action)
        observations = env.step({"blue": action, "orange": training.STAY})[0]
    assert len(pots - {0}) == 1
    assert actions.count(training.STAY) > 5
    cook.reset()
    assert (cook.pot, cook.pause, cook.held) == (0, 0, None)


def test_that_training_with_one_seed_gives_one_file(training: ModuleType) -> None:
    files = []
    for _ in range(2):
        rng = np.random.default_rng(3)
        notes: list[Any] = []
        training.episode(
            "cramped_room", (training.TeamCook(), training.SoloCook()), 1, seconds=10, noise=0.1, notes=notes
        )
        network = training.Network(rng, len(notes[0][0]), 6)
        training.train(network, notes, rng, 3, 2e-3)
        files.append(network.model().SerializeToString())
    assert files[0] == files[1]
