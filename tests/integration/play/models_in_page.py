"""Runs in the browser's Python: asks models as policies do, and answers with what came of it, as JSON."""

import copy
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mug.play.errors import PlayError
from mug.play.models import models

FOLDER = Path("/study")
TIMED_RUNS = 2000


def answer(_spec: str, _begin: Any, _end: Any, _tell: Any) -> str:
    return json.dumps({name: work() for name, work in PARTS.items()})


def _load(name: str) -> Any:
    return models().load(f"{name}.onnx", (FOLDER / f"{name}.onnx").read_bytes())


def _ports() -> dict[str, Any]:
    model = _load("mlp")
    return {
        "inputs": [[port.name, port.dtype, port.shape] for port in model.inputs],
        "outputs": [[port.name, port.dtype, port.shape] for port in model.outputs],
        "once": model is _load("mlp") and model is copy.deepcopy({"policy": model})["policy"],
    }


def _mlp() -> dict[str, Any]:
    model, rng = _load("mlp"), np.random.default_rng(1)
    rows = rng.normal(size=(5, 4)).astype(np.float32)
    together = model.run({"obs": rows})["logits"]
    one_by_one = [model.run({"obs": row[None]})["logits"] for row in rows]
    first = one_by_one[0].copy()
    one_by_one[0][:] = 7  # what was given away is the caller's
    again = model.run({"obs": rows[:1]})["logits"]
    return {
        "bits": together.tobytes().hex(),
        "logits": together.tolist(),
        "shape": together.shape,
        "equal": bool((np.vstack([first, *one_by_one[1:]]) == together).all() and again.tobytes() == first.tobytes()),
        "cut": model.run({"obs": rows[::2]})["logits"].shape,
    }


def _types() -> dict[str, Any]:
    model, rng = _load("types"), np.random.default_rng(2)
    feeds: dict[str, Any] = {}
    for port in model.inputs:
        values = rng.integers(0, 200, port.shape)
        feeds[port.name] = (values > 100) if port.dtype == "bool" else values.astype(port.dtype)
    feeds["int64"][0, 0] = -(2**62) - 1
    feeds["float64"][0, 0] = 1e-300
    found = model.run(feeds)
    return {
        name: [str(found[f"{name}_out"].dtype), found[f"{name}_out"].tobytes() == value.tobytes()]
        for name, value in feeds.items()
    }


def _places() -> list[Any]:
    model = _load("places")
    found = [model.run({"x": np.array(values, np.float32)}) for values in ([0, 1, 0, 2], [0, 0, 0, 0], [1, 1], [])]
    return [[each["where"].tolist(), each["count"].shape, int(each["count"])] for each in found]


def _failures() -> dict[str, str]:
    model = _load("mlp")
    good = np.zeros((1, 4), np.float32)
    found: dict[str, str] = {}

    def tried(name: str, work: Callable[[], Any]) -> None:
        try:
            work()
        except PlayError as error:
            found[name] = str(error)
        else:
            found[name] = "nothing was raised"

    tried("shape", lambda: model.run({"obs": np.zeros((1, 5), np.float32)}))
    tried("type", lambda: model.run({"obs": np.zeros((1, 4))}))
    tried("missing", lambda: model.run({}))
    tried("unknown", lambda: model.run({"obs": good, "extra": good}))
    data = (FOLDER / "mlp.onnx").read_bytes()
    tried("truncated", lambda: models().load("cut.onnx", data[:300]))
    tried("no model", lambda: models().load("page.onnx", b"<!doctype html>"))
    tried("text", lambda: _load("text"))
    found["afterwards"] = str(model.run({"obs": good})["logits"].shape)
    return found


def _cost() -> dict[str, float]:
    """ms of one decision of the smallest models, nearly all of which is the way to onnxruntime and back."""
    found = {}
    for name, feeds in (
        ("mlp", {"obs": np.zeros((1, 4), np.float32)}),
        ("recurrent", {"obs": np.zeros((1, 4), np.float32), "state_in": np.zeros((1, 8), np.float32)}),
    ):
        model = _load(name)
        times = []
        for _ in range(TIMED_RUNS):
            began = time.perf_counter()
            model.run(feeds)
            times.append(1000 * (time.perf_counter() - began))
        found[name] = sorted(times)[TIMED_RUNS // 2]
    return found


PARTS: dict[str, Callable[[], Any]] = {
    "ports": _ports,
    "mlp": _mlp,
    "types": _types,
    "places": _places,
    "failures": _failures,
    "cost": _cost,
}
