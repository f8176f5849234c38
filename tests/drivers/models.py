"""Small ONNX models for tests, made with `onnx.helper`: the same bytes for the same arguments, always.

Every function returns the bytes of a model; `write` puts them into a folder. Inputs and outputs are called "obs" and
"logits" unless named otherwise; the batch axis comes first and has any length.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = [
    "acting",
    "feed_forward",
    "images",
    "infinite",
    "not_a_number",
    "not_onnx",
    "recurrent",
    "sequences",
    "slow",
    "truncated",
    "write",
]

IR_VERSION = 8
OPSET = 17

Array = np.ndarray[Any, Any]


def write(path: Path, data: bytes) -> Path:
    """Write a model; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def feed_forward(
    observations: int = 4,
    actions: int = 3,
    *,
    hidden: int = 8,
    seed: int = 0,
    obs_input: str = "obs",
    logit_output: str = "logits",
    scale: float = 1.0,
) -> bytes:
    """Two layers with tanh between them: float32 (batch, observations) -> float32 (batch, actions)."""
    rng = np.random.default_rng(seed)
    weights = [
        _constant("w1", rng.normal(0, 1, (observations, hidden))),
        _constant("b1", rng.normal(0, 0.1, hidden)),
        _constant("w2", rng.normal(0, scale, (hidden, actions))),
        _constant("b2", rng.normal(0, 0.1, actions)),
    ]
    nodes = [
        helper.make_node("Gemm", [obs_input, "w1", "b1"], ["h1"]),
        helper.make_node("Tanh", ["h1"], ["h2"]),
        helper.make_node("Gemm", ["h2", "w2", "b2"], [logit_output]),
    ]
    return _model(
        nodes, [_port(obs_input, ("batch", observations))], [_port(logit_output, ("batch", actions))], weights
    )


def recurrent(
    observations: int = 4,
    actions: int = 3,
    *,
    hidden: int = 6,
    seed: int = 0,
    states: int = 1,
    scale: float = 1.0,
) -> bytes:
    """A recurrent cell: (obs, h_in, …) -> (logits, h_out, …); each state (batch, hidden), the logits from the first.

    With two states they are called h and c: "h_in", "c_in", "h_out", "c_out"; c is a slow mean of h.
    """
    rng = np.random.default_rng(seed)
    weights = [
        _constant("wx", rng.normal(0, 1, (observations, hidden))),
        _constant("wh", rng.normal(0, 1.2, (hidden, hidden))),
        _constant("wy", rng.normal(0, scale, (hidden, actions))),
    ]
    nodes = [
        helper.make_node("MatMul", ["obs", "wx"], ["x1"]),
        helper.make_node("MatMul", ["h_in", "wh"], ["x2"]),
        helper.make_node("Add", ["x1", "x2"], ["x3"]),
    ]
    inputs = [_port("obs", ("batch", observations)), _port("h_in", ("batch", hidden))]
    outputs = [_port("logits", ("batch", actions)), _port("h_out", ("batch", hidden))]
    if states == 2:
        weights += [_constant("slow", np.array(0.9)), _constant("fast", np.array(0.1))]
        nodes += [
            helper.make_node("Add", ["x3", "c_in"], ["x4"]),
            helper.make_node("Tanh", ["x4"], ["h_out"]),
            helper.make_node("Mul", ["c_in", "slow"], ["c1"]),
            helper.make_node("Mul", ["h_out", "fast"], ["c2"]),
            helper.make_node("Add", ["c1", "c2"], ["c_out"]),
        ]
        inputs.append(_port("c_in", ("batch", hidden)))
        outputs.append(_port("c_out", ("batch", hidden)))
    else:
        nodes.append(helper.make_node("Tanh", ["x3"], ["h_out"]))
    nodes.append(helper.make_node("MatMul", ["h_out", "wy"], ["logits"]))
    return _model(nodes, inputs, outputs, weights)


def sequences(observations: int = 4, actions: int = 3, *, hidden: int = 6, seed: int = 0) -> bytes:
    """As RLlib exports them: obs (batch, time, observations), h_in (batch, hidden), int32 seq_lens (batch,).

    Outputs "logits" (batch, actions) and "h_out". `seq_lens` is a fixed input ([1]).
    """
    rng = np.random.default_rng(seed)
    weights = [
        _constant("wx", rng.normal(0, 1, (observations, hidden))),
        _constant("wh", rng.normal(0, 1.2, (hidden, hidden))),
        _constant("wy", rng.normal(0, 1, (hidden, actions))),
        numpy_helper.from_array(np.array([1], dtype=np.int64), "time_axis"),
    ]
    nodes = [
        helper.make_node("ReduceMean", ["obs"], ["flat"], axes=[1], keepdims=0),
        helper.make_node("Cast", ["seq_lens"], ["lengths"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["lengths", "time_axis"], ["column"]),
        helper.make_node("Mul", ["flat", "column"], ["weighted"]),
        helper.make_node("MatMul", ["weighted", "wx"], ["x1"]),
        helper.make_node("MatMul", ["h_in", "wh"], ["x2"]),
        helper.make_node("Add", ["x1", "x2"], ["x3"]),
        helper.make_node("Tanh", ["x3"], ["h_out"]),
        helper.make_node("MatMul", ["h_out", "wy"], ["logits"]),
    ]
    return _model(
        nodes,
        [
            _port("obs", ("batch", "time", observations)),
            _port("h_in", ("batch", hidden)),
            _port("seq_lens", ("batch",), TensorProto.INT32),
        ],
        [_port("logits", ("batch", actions)), _port("h_out", ("batch", hidden))],
        weights,
    )


def images(height: int = 8, width: int = 6, actions: int = 3, *, channels: int = 3, seed: int = 0) -> bytes:
    """A picture in bytes, channels first: uint8 (batch, channels, height, width) -> logits."""
    rng = np.random.default_rng(seed)
    weights = [
        _constant("k", rng.normal(0, 0.2, (4, channels, 3, 3))),
        _constant("w", rng.normal(0, 0.2, (4, actions))),
        _constant("by", np.array(255.0)),
    ]
    nodes = [
        helper.make_node("Cast", ["obs"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["f", "by"], ["g"]),
        helper.make_node("Conv", ["g", "k"], ["c"], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["q"]),
        helper.make_node("MatMul", ["q", "w"], ["logits"]),
    ]
    return _model(
        nodes,
        [_port("obs", ("batch", channels, height, width), TensorProto.UINT8)],
        [_port("logits", ("batch", actions))],
        weights,
    )


def acting(observations: int = 4, actions: int = 3, *, seed: int = 0) -> bytes:
    """A model that says the action itself: int64 "action" (batch,), the largest of its logits."""
    rng = np.random.default_rng(seed)
    weights = [_constant("w", rng.normal(0, 1, (observations, actions)))]
    nodes = [
        helper.make_node("MatMul", ["obs", "w"], ["l"]),
        helper.make_node("ArgMax", ["l"], ["action"], axis=1, keepdims=0),
    ]
    return _model(
        nodes,
        [_port("obs", ("batch", observations))],
        [_port("action", ("batch",), TensorProto.INT64)],
        weights,
    )


def not_a_number(observations: int = 4, actions: int = 3, *, above: float | None = None) -> bytes:
    """Logits that are NaN: always, or as soon as the observation's numbers together are more than `above`."""
    limit = -1e30 if above is None else above
    weights = [_constant("limit", np.array(limit)), _constant("w", np.zeros((observations, actions)))]
    nodes = [
        helper.make_node("ReduceSum", ["obs"], ["sum"], keepdims=1),
        helper.make_node("Sub", ["limit", "sum"], ["left"]),
        helper.make_node("Sqrt", ["left"], ["root"]),
        helper.make_node("MatMul", ["obs", "w"], ["zeros"]),
        helper.make_node("Add", ["zeros", "root"], ["logits"]),
    ]
    return _model(nodes, [_port("obs", ("batch", observations))], [_port("logits", ("batch", actions))], weights)


def infinite(observations: int = 4, actions: int = 3) -> bytes:
    """Logits that are plus infinity."""
    weights = [_constant("w", np.zeros((observations, actions))), _constant("top", np.array(np.inf))]
    nodes = [
        helper.make_node("MatMul", ["obs", "w"], ["zeros"]),
        helper.make_node("Add", ["zeros", "top"], ["logits"]),
    ]
    return _model(nodes, [_port("obs", ("batch", observations))], [_port("logits", ("batch", actions))], weights)


def slow(observations: int = 4, actions: int = 3, *, size: int = 256, rounds: int = 40) -> bytes:
    """A model that takes its time: `rounds` products of matrices of size × size for every decision."""
    weights = [
        _constant("w", np.full((observations, actions), 0.1)),
        _constant("zero", np.array(0.0)),
        _constant("m", np.eye(size) * 0.5),
    ]
    nodes = [
        helper.make_node("ReduceSum", ["obs"], ["sum"], keepdims=1),
        helper.make_node("Add", ["m", "sum"], ["m0"]),
    ]
    nodes += [helper.make_node("MatMul", [f"m{i}", "m"], [f"m{i + 1}"]) for i in range(rounds)]
    nodes += [
        helper.make_node("ReduceSum", [f"m{rounds}"], ["all"], keepdims=1),
        helper.make_node("Mul", ["all", "zero"], ["nothing"]),
        helper.make_node("MatMul", ["obs", "w"], ["l"]),
        helper.make_node("Add", ["l", "nothing"], ["logits"]),
    ]
    return _model(nodes, [_port("obs", ("batch", observations))], [_port("logits", ("batch", actions))], weights)


def truncated(data: bytes | None = None) -> bytes:
    """The first two thirds of a model, as a download that was cut."""
    data = feed_forward() if data is None else data
    return data[: 2 * len(data) // 3]


def not_onnx() -> bytes:
    """A file that is no model at all."""
    return b"<!doctype html><title>404</title>\n" * 20


def _constant(name: str, value: Array) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value, dtype=np.float32), name)


def _port(name: str, shape: tuple[int | str, ...], kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(shape))


def _model(nodes: list[Any], inputs: list[Any], outputs: list[Any], weights: list[Any]) -> bytes:
    graph = helper.make_graph(nodes, "model", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="mug tests")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString(deterministic=True)
    return data
