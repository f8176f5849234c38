"""Models in CPython: onnxruntime on one thread of the processor, so that the same inputs give the same outputs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mug.play.errors import PlayError
from mug.play.models import Array, ModelPort, use_models
from mug.play.models_operators import refuse_chance

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["NativeModel", "NativeModels", "run_models_here"]

_TYPES: Final = {
    "float": "float32",
    "double": "float64",
    "float16": "float16",
    "bool": "bool",
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}


class NativeModel:
    """A loaded model.

    Args:
        name: The file, for messages.
        session: onnxruntime's session.
    """

    def __init__(self, name: str, session: "onnxruntime.InferenceSession") -> None:
        self._name = name
        self._session = session
        self._inputs = tuple(_port(name, argument) for argument in session.get_inputs())
        self._outputs = tuple(_port(name, argument) for argument in session.get_outputs())
        self._names = [port.name for port in self._outputs]

    @property
    def inputs(self) -> tuple[ModelPort, ...]:
        """What it takes."""
        return self._inputs

    @property
    def outputs(self) -> tuple[ModelPort, ...]:
        """What it gives."""
        return self._outputs

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Return all outputs by name.

        Raises:
            PlayError: When the model cannot be run with these inputs.
        """
        try:
            values = self._session.run(self._names, dict(feeds))
        except Exception as error:
            raise PlayError(f"the model {self._name!r} cannot be run with these inputs: {_words(error)}") from error
        return {name: np.asarray(value) for name, value in zip(self._names, values, strict=True)}


class NativeModels:
    """Runs models with onnxruntime, loaded when the first model is."""

    def load(self, name: str, data: bytes) -> NativeModel:
        """Load a model.

        Raises:
            PlayError: When it is no model that can be run here.
        """
        try:
            import onnxruntime
        except ImportError as error:
            raise PlayError(f"the model {name!r} needs the package onnxruntime, which is not installed") from error
        refuse_chance(name, data)
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.use_deterministic_compute = True
        options.log_severity_level = 4  # it says everything again in its exceptions
        try:
            session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise PlayError(
                f"the file {name!r} ({len(data)} bytes) is no ONNX model that can be run: {_words(error)}; if it was "
                "downloaded or copied, look whether it is whole, else export it again"
            ) from error
        return NativeModel(name, session)


def run_models_here() -> None:
    """Let games in this interpreter run their models with onnxruntime."""
    use_models(NativeModels())


def _port(name: str, argument: Any) -> ModelPort:
    kind = str(argument.type).removeprefix("tensor(").removesuffix(")")
    if kind not in _TYPES:
        raise PlayError(f"the model {name!r} has {argument.name!r} of the type {argument.type}, which is not supported")
    shape = tuple(length if isinstance(length, int) and length >= 0 else -1 for length in argument.shape)
    return ModelPort(str(argument.name), _TYPES[kind], shape)


def _words(error: Exception) -> str:
    """Return what onnxruntime says, in one line, without its prefix."""
    text = " ".join(str(error).split())
    return text.rpartition("[ONNXRuntimeError] : ")[2].split(" : ", 2)[-1][:300].rstrip(". ")
