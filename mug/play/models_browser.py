"""ONNX models in a browser's worker and in Node: onnxruntime-web, called at once (`web_client/src/onnx`).

Between Python and JavaScript go no values but bytes, numbers and short texts: one copy in, one call, one copy out.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from mug.play.errors import PlayError
from mug.play.models import Array, ModelPort, use_models
from mug.play.models_operators import refuse_chance

__all__ = ["OnnxWebModels", "use_onnx_web"]

_ALIGNMENT: Final = 16
"""Arrays begin at multiples of it, on both sides."""


def use_onnx_web(onnx: Any) -> None:
    """Let models be run by an `OnnxModels` of JavaScript from now on."""
    use_models(OnnxWebModels(onnx))


class OnnxWebModels:
    """Runs models with an `OnnxModels` of JavaScript. The same file is loaded once, whoever asks for it.

    Args:
        onnx: The `OnnxModels`.
    """

    def __init__(self, onnx: Any) -> None:
        self._onnx = onnx
        self._loaded: dict[str, _OnnxWebModel] = {}

    def load(self, name: str, data: bytes) -> "_OnnxWebModel":
        """Load a model.

        Args:
            name: The file's name in the study, for messages.
            data: The file.

        Raises:
            PlayError: When it is no model that can be run here; it says why.
        """
        refuse_chance(name, data)
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self._loaded:
            from pyodide.ffi import to_js

            model = self._onnx.load(to_js(data))
            if model is None:
                raise PlayError(f"the model {name!r} cannot be loaded: {self._onnx.error}")
            self._loaded[digest] = _OnnxWebModel(name, model)
        return self._loaded[digest]


class _OnnxWebModel:
    """An `OnnxModel` of JavaScript as a `Model`."""

    def __init__(self, name: str, model: Any) -> None:
        self._name = name
        self._model = model
        self._run = model.run  # each look-up of a method makes a new proxy: once is enough
        ports = json.loads(model.ports)
        self.inputs: tuple[ModelPort, ...] = tuple(_port(port) for port in ports["inputs"])
        self.outputs: tuple[ModelPort, ...] = tuple(_port(port) for port in ports["outputs"])
        self._ports = [(port.name, np.dtype(port.dtype)) for port in self.inputs]
        self._names = {port.name for port in self.inputs}
        self._shapes: list[tuple[int, ...]] | None = None
        self._inbox = self._outbox = bytearray()
        self._into: list[Array] = []
        self._write: Any = None
        self._read: Any = None
        self._layout = 0
        self._placed: list[Array] = []

    def __copy__(self) -> "_OnnxWebModel":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "_OnnxWebModel":
        """Keeps nothing between two calls, so a copy of what refers to it may refer to it, too."""
        return self

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Return all outputs by name, as fresh arrays.

        Args:
            feeds: One C-contiguous array for every input, of its dtype.

        Raises:
            PlayError: When the model cannot be run with these inputs; it says why.
        """
        if feeds.keys() != self._names:
            raise self._failed(self._what_is_wrong(feeds))
        given = [feeds[name] for name, _ in self._ports]
        if any(array.dtype != dtype for array, (_, dtype) in zip(given, self._ports, strict=True)):
            raise self._failed(self._what_is_wrong(feeds))
        shapes = [array.shape for array in given]
        if shapes != self._shapes:
            self._plan(shapes)
        for place, array in zip(self._into, given, strict=True):
            place[...] = array
        self._write(self._inbox)
        layout = self._run()
        if layout != self._layout:
            self._place(layout)
        self._read(self._outbox)
        return {port.name: place.copy() for port, place in zip(self.outputs, self._placed, strict=True)}

    def _plan(self, shapes: list[tuple[int, ...]]) -> None:
        """Make room for inputs of these shapes, here and there."""
        self._shapes = None
        there = self._model.plan(json.dumps(shapes))
        if there is None:
            raise self._failed(self._model.error)
        self._write = there.assign
        self._inbox = bytearray(there.byteLength)
        self._into, at = [], 0
        for (_, dtype), shape in zip(self._ports, shapes, strict=True):
            array = _view(self._inbox, dtype, shape, at)
            self._into.append(array)
            at += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
        self._shapes = shapes

    def _place(self, layout: int) -> None:
        """Take outputs of other shapes than before, or say why there are none."""
        if layout < 0:
            raise self._failed(self._model.error)
        there = self._model.outbox
        self._read = there.assign_to
        self._outbox = bytearray(there.byteLength)
        self._placed = [
            _view(self._outbox, np.dtype(port.dtype), tuple(placed["shape"]), placed["at"])
            for port, placed in zip(self.outputs, json.loads(self._model.layout), strict=True)
        ]
        self._layout = layout

    def _what_is_wrong(self, feeds: Mapping[str, Array]) -> str:
        for name, dtype in self._ports:
            if name not in feeds:
                return f"its input {name!r} is missing"
            if feeds[name].dtype != dtype:
                return f"its input {name!r} takes {dtype}, not {feeds[name].dtype}"
        return f"it has no input {next((name for name in feeds if name not in self._names), '')!r}"

    def _failed(self, reason: str) -> PlayError:
        return PlayError(f"the model {self._name!r} cannot be run: {reason}")


def _port(port: Mapping[str, Any]) -> ModelPort:
    return ModelPort(port["name"], port["dtype"], tuple(port["shape"]))


def _view(block: bytearray, dtype: np.dtype[Any], shape: tuple[int, ...], at: int) -> Array:
    count = 1
    for length in shape:
        count *= length
    if count == 0:
        return np.empty(shape, dtype)
    return np.frombuffer(block, dtype, count, at).reshape(shape)
