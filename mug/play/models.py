"""Models that policies ask: what a policy sees of them, whoever runs them.

This package runs no model itself. Who starts a game says what runs them here (`use_models`): onnxruntime-web in a
browser's worker and in Node (`mug.play.models_browser`), onnxruntime in CPython (`mug.policies`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mug.play.errors import PlayError

__all__ = ["Array", "Model", "ModelPort", "Models", "models", "runs_models", "use_models"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class ModelPort:
    """One input or output.

    Attributes:
        name: Its name in the model's graph.
        dtype: numpy's name of its type ("float32", "int64", "bool", …).
        shape: Its shape; -1: any length.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]


class Model(Protocol):
    """A loaded model: the same inputs give the same outputs, always, and nothing is kept between two calls."""

    @property
    def inputs(self) -> tuple[ModelPort, ...]:
        """What it takes."""

    @property
    def outputs(self) -> tuple[ModelPort, ...]:
        """What it gives."""

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Return all outputs by name, as fresh arrays.

        Args:
            feeds: One C-contiguous array for every input, of its dtype.

        Raises:
            PlayError: When the model cannot be run with these inputs; it says why.
        """


class Models(Protocol):
    """What runs models in this interpreter, at once and on one thread."""

    def load(self, name: str, data: bytes) -> Model:
        """Load a model.

        Args:
            name: The file's name in the study, for messages.
            data: The file.

        Raises:
            PlayError: When it is no model that can be run here; it says why.
        """


_current: list[Models] = []


def use_models(runs: Models | None) -> None:
    """Say what runs models in this interpreter from now on; None: nothing does."""
    _current[:] = [] if runs is None else [runs]


def runs_models() -> bool:
    """Whether this interpreter runs models."""
    return bool(_current)


def models() -> Models:
    """Return what runs models here.

    Raises:
        PlayError: When nothing does.
    """
    if not _current:
        raise PlayError("this interpreter runs no ONNX models: onnxruntime was not loaded before the game")
    return _current[0]
