"""Observations as a model's input, and a model's output as an action."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mug.play.errors import PlayError
from mug.play.models import ModelPort
from mug.play.policies_arrays import as_input, choose_action
from mug.play.policies_kinds import framework_of, model_settings, policy_name
from mug.play.policies_ports import find_ports


def port(*shape: int, dtype: str = "float32") -> ModelPort:
    return ModelPort("obs", dtype, shape)


PICTURE = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)


@pytest.mark.parametrize(
    ("value", "wanted", "made"),
    [
        ([1, 2, 3, 4], port(-1, 4), [[1, 2, 3, 4]]),
        ([1, 2, 3, 4], port(4), [1, 2, 3, 4]),
        ([[1, 2, 3, 4]], port(-1, 4), [[1, 2, 3, 4]]),
        ([1, 2], port(-1, -1, 2), [[[1, 2]]]),
        ([1, 2], port(-1, -1), [[1, 2]]),
        (3, port(-1, 1), [[3]]),
        (3, port(), 3),
        (2, port(-1, 4), [[0, 0, 1, 0]]),
        (True, port(1, 2), [[0, 1]]),
        (2.5, port(-1, 1), [[2.5]]),
        ([[1, 2], [3, 4]], port(-1, 4), [[1, 2, 3, 4]]),
        ([[1, 2], [3]], port(-1, 3), [[1, 2, 3]]),
        ({"b": [3], "a": [1, 2]}, port(-1, 3), [[1, 2, 3]]),
        ({"b": {"y": 4, "x": 3}, "a": [1, 2]}, port(-1, 4), [[1, 2, 3, 4]]),
        (np.array([1, 2], dtype=np.float64), port(-1, 2, dtype="int64"), [[1, 2]]),
        (PICTURE, port(-1, 3, 4, 5, dtype="uint8"), np.moveaxis(PICTURE, -1, 0)[None]),
        (PICTURE, port(-1, 4, 5, 3), PICTURE[None]),
        (PICTURE, port(-1, 60), PICTURE.reshape(1, 60)),
        (PICTURE[None], port(-1, 3, 4, 5), np.moveaxis(PICTURE, -1, 0)[None]),
        (np.arange(6), port(1, 2, 3), np.arange(6).reshape(1, 2, 3)),
    ],
)
def test_that_an_observation_becomes_the_model_s_input(value: Any, wanted: ModelPort, made: Any) -> None:
    array = as_input(value, wanted)
    assert array.dtype == wanted.dtype
    assert array.flags.c_contiguous
    np.testing.assert_array_equal(array, made)


@pytest.mark.parametrize(
    ("value", "wanted", "says"),
    [
        ([1, 2, 3], port(-1, 4), "has 3 numbers, shape \\(3,\\).*float32, shape \\(any, 4\\)"),
        (PICTURE, port(-1, 3, 5, 4), "does not fit"),
        (PICTURE, port(-1, 5, 4, 3), "does not fit"),
        ([0.5], port(-1, 1, dtype="int64"), "fractions"),
        (7, port(-1, 4), "is 7, but .* knows 0 to 3"),
        (-1, port(-1, 4), "is -1, but"),
        ("left", port(-1, 4), "takes only numbers"),
        (None, port(-1, 4), "takes only numbers"),
        ({"a": [1, 2], "b": "x"}, port(-1, 3), "the observation's 'b'"),
    ],
)
def test_that_an_observation_that_does_not_fit_is_described(value: Any, wanted: ModelPort, says: str) -> None:
    with pytest.raises(PlayError, match=says):
        as_input(value, wanted)


SPACES = {
    "discrete": (gym.spaces.Discrete(4), [0.1, 2.0, -1.0, 1.9], 1),
    "discrete from 3": (gym.spaces.Discrete(4, start=3), [0.1, 2.0, -1.0, 1.9], 4),
    "equal logits": (gym.spaces.Discrete(3), [1.0, 1.0, 0.0], 0),
    "never": (gym.spaces.Discrete(3), [-np.inf, -5.0, -np.inf], 1),
    "no space": (None, [0.0, 3.0], 1),
    "several": (gym.spaces.MultiDiscrete([2, 3]), [0.0, 1.0, 5.0, 0.0, 0.0], [1, 0]),
    "bits": (gym.spaces.MultiBinary(3), [-1.0, 0.5, 2.0], [0, 1, 1]),
    "box": (gym.spaces.Box(-1, 1, (2,)), [0.25, -0.5], [0.25, -0.5]),
}


@pytest.mark.parametrize(("space", "logits", "action"), SPACES.values(), ids=SPACES)
def test_that_the_largest_logit_gives_the_action(space: Any, logits: list[float], action: Any) -> None:
    output = np.array([logits], dtype=np.float32)
    np.testing.assert_array_equal(choose_action(output, space, sampling="argmax", seed=1), action)


@pytest.mark.parametrize("space", [gym.spaces.Discrete(5), gym.spaces.MultiDiscrete([3, 2])])
@given(
    logits=st.lists(st.floats(-80, 80, width=32) | st.just(-np.inf), min_size=5, max_size=5),
    seed=st.integers(0, 2**64 - 1),
)
@settings(max_examples=100, deadline=None)
def test_that_what_is_drawn_lies_in_the_space_and_follows_from_the_seed(space: Any, logits: Any, seed: int) -> None:
    output = np.array(logits, dtype=np.float32)
    parts = [output] if isinstance(space, gym.spaces.Discrete) else [output[:3], output[3:]]
    if any(not np.isfinite(part).any() for part in parts):
        with pytest.raises(PlayError, match="minus infinity only"):
            choose_action(output, space, sampling="sample", seed=seed)
        return
    action = choose_action(output, space, sampling="sample", seed=seed)
    assert space.contains(action if isinstance(action, int) else action.astype(space.dtype))
    np.testing.assert_array_equal(action, choose_action(output, space, sampling="sample", seed=seed))
    chosen = [action] if isinstance(action, int) else list(action)
    assert all(np.isfinite(part[place]) for part, place in zip(parts, chosen, strict=True))


def test_that_what_is_drawn_has_the_softmax_s_chances() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.2], dtype=np.float32))
    drawn = [choose_action(logits, gym.spaces.Discrete(3), sampling="sample", seed=seed) for seed in range(4000)]
    shares = np.bincount(drawn, minlength=3) / len(drawn)
    np.testing.assert_allclose(shares, [0.5, 0.3, 0.2], atol=0.03)


def test_that_an_output_of_integers_is_the_action() -> None:
    discrete, several = gym.spaces.Discrete(4), gym.spaces.MultiDiscrete([4, 4])
    assert choose_action(np.array([[2]]), discrete, sampling="sample", seed=0) == 2
    np.testing.assert_array_equal(choose_action(np.array([[2, 3]]), several, sampling="sample", seed=0), [2, 3])


@pytest.mark.parametrize(
    ("output", "space", "says"),
    [
        ([1.0, 2.0], gym.spaces.Discrete(3), "2 numbers, fewer than wanted"),
        ([1.0, 2.0], gym.spaces.MultiDiscrete([2, 2]), "2 numbers, fewer than wanted"),
        ([1.0, 2.0], gym.spaces.Box(-1, 1, (3,)), "has 3 numbers"),
        ([np.nan, 2.0], gym.spaces.Box(-1, 1, (2,)), "holds NaN"),
        ([np.nan, 2.0], gym.spaces.Discrete(2), "holds NaN"),
        ([np.inf, 2.0], gym.spaces.Discrete(2), "holds infinity"),
        ([1.0, 2.0], gym.spaces.Dict({"a": gym.spaces.Discrete(2)}), "cannot be turned into an action"),
    ],
)
def test_that_an_output_that_is_no_action_is_described(output: list[float], space: Any, says: str) -> None:
    with pytest.raises(PlayError, match=says):
        choose_action(np.array(output, dtype=np.float32), space, sampling="sample", seed=0)


@pytest.mark.parametrize(
    ("policy", "framework", "name"),
    [
        ("human", "human", "human"),
        ("random", "random", "random"),
        ("models/big one.onnx", "onnx", "big one"),
        ({"kind": "onnx", "onnx_path": "m/a.onnx"}, "onnx", "a"),
        ("partners.py:Walker", "python", "Walker"),
        ("ai/partners.py:make.Walker", "python", "Walker"),
        ("my_lab.partners:Walker", "python", "Walker"),
        ("best", "named", "best"),
        ("v1:best", "python", "best"),
        ("level 1: easy", "named", "level 1: easy"),
    ],
)
def test_that_a_value_says_what_it_is(policy: Any, framework: str, name: str) -> None:
    assert (framework_of(policy), policy_name(policy)) == (framework, name)


def test_that_all_that_does_not_fit_is_found_at_once() -> None:
    settings_ = model_settings(
        {
            "kind": "onnx",
            "onnx_path": "a.onnx",
            "obs_input": "o",
            "logit_output": "l",
            "state_inputs": ["h"],
            "state_outputs": ["k"],
            "state_shape": [3],
        }
    )
    inputs = [ModelPort("obs", "float32", (-1, 4)), ModelPort("h", "float32", (-1, 6))]
    outputs = [ModelPort("logits", "float32", (-1, 4)), ModelPort("h_out", "float32", (-1, 6))]
    ports, problems = find_ports(settings_, inputs, outputs)
    assert ports is None
    assert [(problem.field, problem.code) for problem in problems] == [
        ("state_outputs", "unknown_output"),
        ("obs_input", "unknown_input"),
        ("logit_output", "unknown_output"),
    ]
