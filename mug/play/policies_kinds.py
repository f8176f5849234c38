"""What the values of `policy_mapping` mean, read from the value alone: a framework, a name, the settings of a model.

A value is "human", "random", a path ending in ``.onnx``, the data of a `ModelConfig`
(``{"kind": "onnx", "onnx_path": …}``), a reference (``"file.py:Name"`` or ``"package.module:Name"``) of a function or
class, or any other name, which `load_policy_fn` or `policy_inference_fn` has to know.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from mug.play.errors import PlayError

__all__ = [
    "FRAMEWORKS",
    "SAMPLINGS",
    "ModelSettings",
    "framework_of",
    "model_settings",
    "nearest",
    "policy_name",
    "reference_parts",
]

FRAMEWORKS: Final = ("human", "random", "python", "onnx", "named")
SAMPLINGS: Final = ("sample", "argmax")
"""How an action comes from logits: drawn with their softmax as probabilities, or the largest."""

_REFERENCE: Final = re.compile(r"(?P<place>[^:\n]+):(?P<attribute>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*)")
_MODULE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


@dataclass(frozen=True)
class ModelSettings:
    """How a model is asked: the data of a `ModelConfig`.

    Attributes:
        path: The file in the study.
        obs_input: Input for the observation; None: the model has one input.
        logit_output: Output with the logits; None: the model has one output.
        state_inputs: Inputs for the state of a recurrent model.
        state_outputs: Its outputs, in the same order.
        state_shapes: Shape of each state.
        fixed_inputs: Further inputs with constant values.
        custom_inference_fn: Reference of a function that runs the model in the built-in way's place.
        sampling: One of `SAMPLINGS`.
    """

    path: str
    obs_input: str | None = None
    logit_output: str | None = None
    state_inputs: tuple[str, ...] = ()
    state_outputs: tuple[str, ...] = ()
    state_shapes: tuple[tuple[int, ...], ...] = ()
    fixed_inputs: dict[str, Any] = field(default_factory=dict)
    custom_inference_fn: str | None = None
    sampling: str = "sample"


def reference_parts(text: str) -> tuple[str, str] | None:
    """Return place and attribute of ``"file.py:Name"`` or ``"package.module:Name"``; None: it is no reference."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        return None
    place = found["place"]
    return (place, found["attribute"]) if place.endswith(".py") or _MODULE.fullmatch(place) else None


def framework_of(policy: Any) -> str:
    """Return one of `FRAMEWORKS`.

    Raises:
        PlayError: When the value can be no policy.
    """
    if isinstance(policy, Mapping):
        if policy.get("kind", "onnx") != "onnx":
            raise PlayError(f"a policy of the kind {policy['kind']!r} is not known; allowed as a table: kind = 'onnx'")
        return "onnx"
    if not isinstance(policy, str) or not policy:
        raise PlayError(f"a policy cannot be {policy!r}: give a text or a ModelConfig")
    if policy in ("human", "random"):
        return policy
    if policy.lower().endswith(".onnx"):
        return "onnx"
    return "python" if reference_parts(policy) is not None else "named"


def policy_name(policy: Any) -> str:
    """Return the short name of a policy: the stem of its file, or the name of its function or class."""
    if isinstance(policy, Mapping):
        return PurePosixPath(str(policy.get("onnx_path") or "model")).stem
    if not isinstance(policy, str):
        return "model"
    if policy.lower().endswith(".onnx"):
        return PurePosixPath(policy).stem
    parts = reference_parts(policy)
    return policy if parts is None else parts[1].rpartition(".")[2]


def model_settings(policy: Any) -> ModelSettings:
    """Return how the model of a policy is asked.

    Raises:
        PlayError: When the settings are not usable; it says which.
    """
    if isinstance(policy, str):
        return ModelSettings(path=policy)
    if not isinstance(policy, Mapping) or not policy.get("onnx_path"):
        raise PlayError("the policy is a model without a file: give onnx_path")
    inputs, outputs = _names(policy, "state_inputs"), _names(policy, "state_outputs")
    if len(inputs) != len(outputs):
        raise PlayError(
            f"state_inputs and state_outputs come in pairs, but there are {len(inputs)} ({', '.join(inputs) or 'none'})"
            f" and {len(outputs)} ({', '.join(outputs) or 'none'})"
        )
    sampling = policy.get("sampling") or "sample"
    if sampling not in SAMPLINGS:
        raise PlayError(f"sampling is {sampling!r}{nearest(str(sampling), SAMPLINGS)}; allowed: {', '.join(SAMPLINGS)}")
    fixed = policy.get("fixed_inputs") or {}
    if not isinstance(fixed, Mapping):
        raise PlayError(f"fixed_inputs is {fixed!r}; it must be a table: input's name → value")
    custom = policy.get("custom_inference_fn")
    return ModelSettings(
        path=str(policy["onnx_path"]),
        obs_input=_text(policy, "obs_input"),
        logit_output=_text(policy, "logit_output"),
        state_inputs=inputs,
        state_outputs=outputs,
        state_shapes=_shapes(policy.get("state_shape"), len(inputs)),
        fixed_inputs=dict(fixed),
        custom_inference_fn=None if custom is None else str(custom),
        sampling=str(sampling),
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """Return " (did you mean …?)" for the known name that is most like a wrong one, or nothing."""
    close = difflib.get_close_matches(name, list(known), 1, 0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _text(policy: Mapping[str, Any], name: str) -> str | None:
    value = policy.get(name)
    return None if value is None else str(value)


def _names(policy: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = policy.get(name) or ()
    if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(item, str) for item in value):
        raise PlayError(f"{name} is {value!r}; it must be a list of names")
    return tuple(value)


def _shapes(value: Any, states: int) -> tuple[tuple[int, ...], ...]:
    """One shape is that of every state; a list of shapes has one for each."""
    if not states:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) == 0:
        raise PlayError(
            f"state_shape is {value!r}; with state_inputs it must be the shape of one state, for example [1, 64]"
        )
    shapes = [value] * states if all(_is_length(item) for item in value) else list(value)
    for shape in shapes:
        if not isinstance(shape, Sequence) or isinstance(shape, str) or not all(_is_length(item) for item in shape):
            raise PlayError(f"state_shape is {value!r}; a shape is a list of lengths, for example [1, 64]")
    if len(shapes) != states:
        raise PlayError(f"state_shape has {len(shapes)} shapes, but there are {states} states")
    return tuple(tuple(int(length) for length in shape) for shape in shapes)


def _is_length(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
