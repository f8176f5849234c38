"""Observations as a model's input, and a model's output as an action.

An observation becomes an array of the input's dtype like this:

- a number: as it is where the input takes one number; where it takes n, an integer is written one-hot (0 to n-1);
- a list or an array: as it is; nested lists must be regular;
- a dict: all its values flattened, one after the other, in the order of their sorted names (Gymnasium's order); where a
  key is the name of one of the model's inputs, that value goes to that input instead;
- axes of length 1 are put in front until the number of axes is the input's (batch, and time where there is one);
- a picture height × width × channels goes to an input with the channels first with its axes moved;
- anything is flattened (row by row) for an input that is one vector.

Numbers are never scaled: a picture's bytes stay 0 to 255. A number with a fraction is refused by an input of integers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mug.play.errors import PlayError
from mug.play.models import Array, ModelPort
from mug.play.seeding import derive_seed

__all__ = ["as_input", "choose_action", "port_words", "shape_words"]


def shape_words(shape: Sequence[int]) -> str:
    """Return a shape as text: "(any, 4)"."""
    inner = ", ".join("any" if length < 0 else str(length) for length in shape)
    return f"({inner}{',' if len(shape) == 1 else ''})"


def port_words(port: ModelPort) -> str:
    """Return a port as text: "'obs' (float32, shape (any, 4))"."""
    return f"{port.name!r} ({port.dtype}, shape {shape_words(port.shape)})"


def as_input(value: Any, port: ModelPort, what: str = "the observation") -> Array:
    """Return a value as an array that a model's input takes.

    Args:
        value: The observation, a fixed value or a state.
        port: The input.
        what: What the value is, for messages.

    Raises:
        PlayError: When it does not fit.
    """
    array = _array(value, what)
    length = _fixed_size(port.shape)
    if array.ndim == 0 and array.dtype.kind in "iub" and length > 1:
        array = _one_hot(int(array), length, port, what)
    shaped = _shaped(array, port.shape)
    if shaped is None:
        raise PlayError(
            f"{what} has {array.size} numbers, shape {shape_words(array.shape)}, which does not fit the model's input "
            f"{port_words(port)}: use a model that was trained on this environment's observations, or convert them in "
            "custom_inference_fn"
        )
    return _cast(shaped, port, what)


def choose_action(output: Array, space: Any, *, sampling: str, seed: int, name: str = "the model's output") -> Any:
    """Return the action that a model's output gives.

    Discrete: one logit for each action; MultiDiscrete: the logits of all parts, one after the other; MultiBinary: one
    logit (log odds) for each bit; Box: the output is the action. An output of integers with as many numbers as the
    action has is the action itself. Minus infinity is a logit of an action that is never taken.

    Args:
        output: What the model gave, of any shape; the batch axis is 1.
        space: The agent's action space, or None: the place of the logit is the action.
        sampling: "sample" or "argmax".
        seed: What is drawn with.
        name: The output, for messages.

    Raises:
        PlayError: For numbers that are none, or too few or too many.
    """
    flat = np.asarray(output).reshape(-1)
    if flat.dtype.kind not in "fiub":
        raise PlayError(f"{name} holds {flat.dtype}, not numbers")
    if hasattr(space, "nvec"):
        return _multi_discrete(flat, space, sampling, seed, name)
    if space is not None and hasattr(space, "low") and hasattr(space, "high"):
        return _box(flat, space, name)
    if hasattr(space, "n") and not hasattr(space, "start") and getattr(space, "shape", None):
        return _multi_binary(flat, space, sampling, seed, name)
    if space is not None and not hasattr(space, "n"):
        raise PlayError(
            f"{name} cannot be turned into an action of the space {space}: give custom_inference_fn, which returns "
            "{'action': …}, or write the policy in Python"
        )
    start, count = (int(space.start), int(space.n)) if space is not None else (0, flat.size)
    if flat.dtype.kind in "iub" and flat.size == 1:
        return int(flat[0])
    _require_size(flat, count, f"the action space {space} has {count} actions", name)
    return start + _draw(flat, sampling, seed, 0, name)


def _array(value: Any, what: str) -> Array:
    if isinstance(value, np.ndarray):
        array = value
    elif isinstance(value, Mapping):
        parts = [_array(value[key], f"{what}'s {key!r}").reshape(-1) for key in sorted(value, key=str)]
        array = np.concatenate(parts) if parts else np.zeros(0)
    else:
        try:
            array = np.asarray(value)
        except ValueError:
            array = np.asarray(None)
        if array.dtype.kind == "O" and isinstance(value, (list, tuple)):
            array = np.concatenate([_array(item, what).reshape(-1) for item in value])
    if array.dtype.kind not in "fiub":
        shown = repr(value)
        raise PlayError(f"{what} is {shown if len(shown) <= 60 else shown[:57] + '...'}: a model takes only numbers")
    return array


def _fixed_size(shape: Sequence[int]) -> int:
    return int(np.prod([length for length in shape if length > 0], dtype=np.int64))


def _one_hot(value: int, length: int, port: ModelPort, what: str) -> Array:
    if not 0 <= value < length:
        raise PlayError(f"{what} is {value}, but the model's input {port_words(port)} knows 0 to {length - 1}")
    row = np.zeros(length, dtype=np.float32)
    row[value] = 1.0
    return row


def _shaped(array: Array, shape: tuple[int, ...]) -> Array | None:
    for candidate in _candidates(array):
        lead = len(shape) - candidate.ndim
        fits = lead >= 0 and all(length in (1, -1) for length in shape[:lead])
        if fits and all(w in (-1, g) for w, g in zip(shape[lead:], candidate.shape, strict=True)):
            return candidate.reshape((1,) * lead + candidate.shape)
    return _flattened(array, shape)


def _candidates(array: Array) -> list[Array]:
    return [array, np.moveaxis(array, -1, -3)] if array.ndim >= 3 else [array]


def _flattened(array: Array, shape: tuple[int, ...]) -> Array | None:
    """One vector from anything, or anything that is one vector: between two shapes of several axes, no guess."""
    wanted = [1 if length < 0 else length for length in shape]
    if shape and shape[-1] < 0 and len(shape) > 1:
        wanted[-1] = array.size
    one_axis = sum(length > 1 for length in wanted) <= 1 or sum(length > 1 for length in array.shape) <= 1
    if not one_axis or int(np.prod(wanted, dtype=np.int64)) != array.size:
        return None
    return array.reshape(wanted)


def _cast(array: Array, port: ModelPort, what: str) -> Array:
    dtype = np.dtype(port.dtype)
    if dtype.kind in "iu" and array.dtype.kind == "f" and not np.array_equal(array, np.rint(array)):
        raise PlayError(f"{what} has numbers with fractions, but the model's input {port_words(port)} takes integers")
    return np.ascontiguousarray(array, dtype=dtype)


def _require_size(flat: Array, wanted: int, because: str, name: str) -> None:
    if flat.size != wanted:
        more = "more" if flat.size > wanted else "fewer"
        raise PlayError(
            f"{name} has {flat.size} numbers, {more} than wanted: {because}; use the model that was trained for this "
            "environment, or name another output in logit_output"
        )


def _checked(logits: Array, name: str) -> Array:
    values = logits.astype(np.float64)
    if np.isnan(values).any() or np.isposinf(values).any() or not np.isfinite(values).any():
        wrong = (
            "NaN" if np.isnan(values).any() else ("infinity" if np.isposinf(values).any() else "minus infinity only")
        )
        raise PlayError(
            f"{name} holds {wrong}: look for a division by zero or a number that is too large in the model, and at the "
            "observation that it was given"
        )
    return values


def _draw(logits: Array, sampling: str, seed: int, part: int, name: str) -> int:
    values = _checked(logits, name)
    if sampling == "argmax":
        return int(np.argmax(values))
    sums = np.cumsum(np.exp(values - values.max()))
    place = int(np.searchsorted(sums, _uniform(seed, part) * sums[-1], side="right"))
    while place >= values.size or values[place] == -np.inf:
        place -= 1
    return place


def _uniform(seed: int, part: int) -> float:
    """A number from 0 up to 1, below 1, from a seed: the same on every machine."""
    return (derive_seed(seed, "logits", part) >> 11) * 2.0**-53


def _multi_discrete(flat: Array, space: Any, sampling: str, seed: int, name: str) -> Array:
    nvec = np.asarray(space.nvec)
    counts = [int(count) for count in nvec.reshape(-1)]
    if flat.dtype.kind in "iub" and flat.size == len(counts):
        return flat.reshape(nvec.shape)
    _require_size(flat, sum(counts), f"the parts of the action space {space} have {sum(counts)} choices together", name)
    start = np.asarray(getattr(space, "start", np.zeros_like(nvec)))
    chosen, first = [], 0
    for part, count in enumerate(counts):
        chosen.append(_draw(flat[first : first + count], sampling, seed, part, name))
        first += count
    values: Array = np.asarray(chosen).reshape(nvec.shape) + start
    return values


def _multi_binary(flat: Array, space: Any, sampling: str, seed: int, name: str) -> Array:
    bits = int(np.prod(space.shape))
    _require_size(flat, bits, f"the action space {space} has {bits} bits", name)
    if flat.dtype.kind in "iub":
        return flat.reshape(space.shape)
    values = _checked(flat, name)
    if sampling == "argmax":
        chosen = values > 0
    else:
        chances = 1.0 / (1.0 + np.exp(-np.clip(values, -700, 700)))
        chosen = np.array([_uniform(seed, bit) < chance for bit, chance in enumerate(chances)])
    return chosen.astype(np.int8).reshape(space.shape)


def _box(flat: Array, space: Any, name: str) -> Array:
    size = int(np.prod(space.shape))
    _require_size(flat, size, f"the action space {space} has {size} numbers", name)
    if flat.dtype.kind == "f" and not np.isfinite(flat).all():
        raise PlayError(f"{name} holds {'NaN' if np.isnan(flat).any() else 'infinity'}, which is no action")
    return flat.reshape(space.shape)
