"""Makes the small models beside it, with seeded weights: ``python web_client/tests/onnx/make_models.py``."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).parent / "models"
FLOAT, DOUBLE, INT32, INT64 = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT32, TensorProto.INT64
BOOL, UINT8, STRING = TensorProto.BOOL, TensorProto.UINT8, TensorProto.STRING
rng = np.random.default_rng(20)


def save(name, nodes, inputs, outputs, weights=()):
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(*port) for port in inputs],
        [helper.make_tensor_value_info(*port) for port in outputs],
        [numpy_helper.from_array(value, label) for label, value in weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def weight(*shape):
    return rng.normal(0, 0.4, shape).astype(np.float32)


FOLDER.mkdir(exist_ok=True)
save(
    "mlp",
    [
        helper.make_node("Gemm", ["obs", "w1", "b1"], ["a"]),
        helper.make_node("Tanh", ["a"], ["h"]),
        helper.make_node("Gemm", ["h", "w2", "b2"], ["logits"]),
    ],
    [("obs", FLOAT, ["batch", 4])],
    [("logits", FLOAT, ["batch", 3])],
    [("w1", weight(4, 16)), ("b1", weight(16)), ("w2", weight(16, 3)), ("b2", weight(3))],
)
save(
    "recurrent",
    [
        helper.make_node("Concat", ["obs", "state_in"], ["x"], axis=1),
        helper.make_node("Gemm", ["x", "w", "b"], ["a"]),
        helper.make_node("Tanh", ["a"], ["state_out"]),
        helper.make_node("MatMul", ["state_out", "v"], ["logits"]),
    ],
    [("obs", FLOAT, [1, 4]), ("state_in", FLOAT, [1, 8])],
    [("logits", FLOAT, [1, 3]), ("state_out", FLOAT, [1, 8])],
    [("w", weight(12, 8)), ("b", weight(8)), ("v", weight(8, 3))],
)
KINDS = {"float32": FLOAT, "float64": DOUBLE, "int32": INT32, "int64": INT64, "bool": BOOL, "uint8": UINT8}
save(
    "types",
    [helper.make_node("Identity", [name], [f"{name}_out"]) for name in KINDS],
    [(name, kind, [2, 3]) for name, kind in KINDS.items()],
    [(f"{name}_out", kind, [2, 3]) for name, kind in KINDS.items()],
)
save(
    "places",
    [helper.make_node("NonZero", ["x"], ["where"]), helper.make_node("Size", ["where"], ["count"])],
    [("x", FLOAT, ["n"])],
    [("where", INT64, [1, "m"]), ("count", INT64, [])],
)
save(
    "reshape",
    [helper.make_node("Reshape", ["x", "to"], ["y"])],
    [("x", FLOAT, [6]), ("to", INT64, [2])],
    [("y", FLOAT, ["a", "b"])],
)
save("text", [helper.make_node("Identity", ["x"], ["y"])], [("x", STRING, [1])], [("y", STRING, [1])])
