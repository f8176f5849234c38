"""Values of `policy_mapping` as the editor of an agent shows them: kind, file or function, a model's further names."""

import re
from collections.abc import Mapping
from typing import Any, Final

from gui.models.value_text import read_table, read_value, write_table, write_value
from mug.play.errors import PlayError
from mug.play.policies_kinds import framework_of

__all__ = ["DETAILS", "KINDS", "kind_of_policy", "line_of", "model_value", "text_of_detail", "with_line"]

KINDS: Final[Mapping[str, str]] = {
    "human": "A person",
    "random": "Chance",
    "onnx": "ONNX model",
    "python": "Python",
    "named": "By its name",
}
"""Kinds of policies with their names."""

DETAILS: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("obs_input", "Observation", "input", "The model's input for the observation"),
    ("logit_output", "Logits", "output", "The model's output with one number for each action"),
    ("sampling", "Action", "", "How an action follows from the logits"),
    ("state_inputs", "State in", "h_in, c_in", "A recurrent model's inputs for its state, in order"),
    ("state_outputs", "State out", "h_out, c_out", "Its outputs with the state that follows, in the same order"),
    ("state_shape", "State's shape", "1, 64", "The shape of each state"),
    ("fixed_inputs", "Constants", "{name: value}", "Further inputs that always get the same value"),
    ("custom_inference_fn", "Inference", "file.py:function", "A function that is called instead of our inference"),
)
"""A model's further fields: name, title, example, meaning."""

_MODEL_ORDER: Final = ("kind", "obs_input", "logit_output", "onnx_path")
_LISTS: Final = ("state_inputs", "state_outputs", "state_shape")


def kind_of_policy(policy: Any) -> str:
    """Return which of `KINDS` a value is; what can be no policy is called by its name."""
    try:
        return framework_of(policy)
    except PlayError:
        return "onnx" if isinstance(policy, Mapping) else "named"


def line_of(policy: Any) -> str:
    """Return the file, function or name of a policy; empty for people and chance."""
    if isinstance(policy, Mapping):
        return str(policy.get("onnx_path") or "")
    return "" if policy in ("human", "random") else str(policy)


def with_line(policy: Any, text: str) -> Any:
    """Return the value with another file, function or name; the names of a model stay as they are."""
    if isinstance(policy, Mapping):
        return _ordered({**policy, "onnx_path": text})
    return text


def text_of_detail(policy: Any, name: str) -> str:
    """Return a model's further field as it is shown and typed; empty where it is not given."""
    value = policy.get(name) if isinstance(policy, Mapping) else None
    if value is None:
        return ""
    if name in _LISTS:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else write_value(value)
    return write_table(value) if name == "fixed_inputs" and isinstance(value, Mapping) else str(value)


def model_value(policy: Any, texts: Mapping[str, str]) -> Any:
    """Return the model with these further fields; without any it is its path alone.

    Raises:
        ValueError: Why they make no model, in words for the user.
    """
    fields: dict[str, Any] = {}
    for name, text in texts.items():
        if (text := text.strip()) == "":
            continue
        if name == "state_shape":
            fields[name] = _shapes(text)
        elif name in _LISTS:
            fields[name] = [part.strip() for part in text.split(",") if part.strip()]
        else:
            fields[name] = read_table(text) if name == "fixed_inputs" else text
    path = line_of(policy)
    kept = {name: value for name, value in policy.items() if name not in texts} if isinstance(policy, Mapping) else {}
    further = set(kept) - {"kind", "onnx_path"}
    if not fields and not further:
        return path
    missing = [title for name, title, _, _ in DETAILS[:2] if name not in fields]
    if missing:
        raise ValueError(f"Name the model's {' and '.join(title.lower() for title in missing)}, too.")
    if len(fields.get("state_inputs", ())) != len(fields.get("state_outputs", ())):
        raise ValueError("State in and state out belong together: name as many of each.")
    if fields.get("state_inputs") and "state_shape" not in fields:
        raise ValueError("Give the state's shape, as 1, 64.")
    return _ordered({**kept, **fields, "onnx_path": path})


def _shapes(text: str) -> list[Any]:
    """Read one shape for all states, as 1, 64; or one for each, as [1, 64], [1, 32]."""
    parts = re.findall(r"[\[(]([^\[\]()]*)[\])]", text)
    if len(parts) > 1:
        return [_shapes(part) for part in parts]
    return [_length(part) for part in text.strip("[]()").split(",") if part.strip()]


def _length(text: str) -> int:
    value = read_value(text.strip())
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"The state's shape has whole numbers from 1, as 1, 64; not {text.strip()}.")
    return value


def _ordered(model: Mapping[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {"kind": "onnx", **{name: value for name, value in model.items() if name != "kind"}}
    first: dict[str, Any] = {name: whole[name] for name in _MODEL_ORDER if name in whole}
    return {**first, **{name: value for name, value in whole.items() if name not in first}}
