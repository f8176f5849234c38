"""ONNX models as policies ask them, in the browser's Python with onnxruntime-web, under Node."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mug.runtime import browser_part, find_distribution, prepare_study, study_zip
from mug.runtime.node import run_script
from mug.runtime.onnx_web import onnx_web_folder

MODELS = Path(__file__).resolve().parents[3] / "web_client" / "tests" / "onnx" / "models"

pytestmark = [pytest.mark.pyodide, pytest.mark.node]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What two fresh interpreters answered."""
    folder = tmp_path_factory.mktemp("models")
    prepared = prepare_study(["gymnasium"], lock_path=None)
    parts = {path.name: path.read_bytes() for path in MODELS.iterdir()}
    parts["models_in_page.py"] = Path(__file__).with_name("models_in_page.py").read_bytes()
    (folder / "lock.json").write_bytes(prepared.lock_for_node())
    (folder / "study.zip").write_bytes(study_zip({**parts, **browser_part()})[1])
    (folder / "spec.json").write_text("{}")
    models = onnx_web_folder()
    assert models is not None, "the web client is not built: run `npm run build` in web_client"
    arguments = {
        "folder": str(find_distribution().folder),
        "lock": str(folder / "lock.json"),
        "packages": list(prepared.packages),
        "zip": str(folder / "study.zip"),
        "spec": str(folder / "spec.json"),
        "studyFolder": "/study",
        "module": "models_in_page",
        "function": "answer",
        "models": str(models),
    }
    return [
        json.loads(run_script("run_in_python.mjs", arguments, progress=lambda *_: None)["answer"]) for _ in range(2)
    ]


def test_that_a_model_says_what_it_takes_and_is_loaded_once(found: list[dict[str, Any]]) -> None:
    assert found[0]["ports"] == {
        "inputs": [["obs", "float32", [-1, 4]]],
        "outputs": [["logits", "float32", [-1, 3]]],
        "once": True,
    }


def test_that_it_gives_the_same_bits_every_time_and_in_every_interpreter(found: list[dict[str, Any]]) -> None:
    one, other = found
    assert one["mlp"]["equal"]
    assert one["mlp"]["bits"] == other["mlp"]["bits"]
    assert one["mlp"]["shape"] == [5, 3]
    assert one["mlp"]["cut"] == [3, 3]


def test_that_it_gives_what_onnxruntime_gives_outside_a_browser(found: list[dict[str, Any]]) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(MODELS / "mlp.onnx", providers=["CPUExecutionProvider"])
    rows = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    np.testing.assert_allclose(found[0]["mlp"]["logits"], session.run(None, {"obs": rows})[0], rtol=1e-5, atol=1e-6)


def test_that_every_type_comes_back_as_it_went(found: list[dict[str, Any]]) -> None:
    types = ["float32", "float64", "int32", "int64", "bool", "uint8"]
    assert found[0]["types"] == {name: [name, True] for name in types}


def test_that_outputs_may_change_their_shape_and_be_empty(found: list[dict[str, Any]]) -> None:
    assert found[0]["places"] == [[[[1, 3]], [], 2], [[[]], [], 0], [[[0, 1]], [], 2], [[[]], [], 0]]


def test_that_failures_name_the_file_and_say_why(found: list[dict[str, Any]]) -> None:
    said = found[0]["failures"]
    assert said["shape"].startswith("the model 'mlp.onnx' cannot be run: Got invalid dimensions for input: obs")
    assert said["type"] == "the model 'mlp.onnx' cannot be run: its input 'obs' takes float32, not float64"
    assert said["missing"] == "the model 'mlp.onnx' cannot be run: its input 'obs' is missing"
    assert said["unknown"] == "the model 'mlp.onnx' cannot be run: it has no input 'extra'"
    assert said["truncated"].startswith("the model 'cut.onnx' cannot be loaded: ")
    assert said["no model"].startswith("the model 'page.onnx' cannot be loaded: ")
    assert said["text"] == "the model 'text.onnx' cannot be loaded: its input \"x\" is no array of numbers"
    assert said["afterwards"] == "(1, 3)"
