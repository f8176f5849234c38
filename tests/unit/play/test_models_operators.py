"""Models that draw by themselves are known by their operators."""

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from mug.play.errors import PlayError
from mug.play.models_operators import operators, refuse_chance
from tests.drivers import models


def model_of(*nodes: onnx.NodeProto) -> bytes:
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
    )
    return bytes(helper.make_model(graph).SerializeToString())


def test_that_a_models_operators_are_found() -> None:
    assert operators(models.feed_forward()) == {"Gemm", "Tanh"}
    assert operators(models.recurrent(states=2)) >= {"MatMul", "Tanh", "Mul"}
    refuse_chance("partner.onnx", models.feed_forward())


@pytest.mark.parametrize("operator", ["RandomNormalLike", "RandomUniformLike", "Bernoulli", "Multinomial"])
def test_that_a_model_that_draws_is_refused_by_name(operator: str) -> None:
    data = model_of(helper.make_node(operator, ["x"], ["y"]))
    with pytest.raises(PlayError, match=f"the model 'partner.onnx' draws by itself \\({operator}\\)"):
        refuse_chance("partner.onnx", data)


def test_that_a_branch_that_draws_is_found() -> None:
    def branch(operator: str) -> onnx.GraphProto:
        out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])
        return helper.make_graph([helper.make_node(operator, ["x"], ["y"])], operator, [], [out])

    choice = helper.make_node(
        "If", ["yes"], ["y"], then_branch=branch("Identity"), else_branch=branch("RandomNormalLike")
    )
    yes = helper.make_node("Constant", [], ["yes"], value=numpy_helper.from_array(np.array(True), "yes"))
    assert operators(model_of(yes, choice)) == {"Constant", "If", "Identity", "RandomNormalLike"}


@given(st.binary(max_size=300) | st.integers(0, 400).map(lambda end: models.feed_forward()[:end]))
def test_that_what_is_no_model_is_left_to_who_loads_it(data: bytes) -> None:
    refuse_chance("partner.onnx", data)
