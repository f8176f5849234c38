"""What an action space asks of an action, read from the space itself (this package imports no environment library).

Known by their attributes: Discrete (`n`, `start`), MultiDiscrete (`nvec`), MultiBinary (`n` and a `shape` that is not
empty), Box (`low`, `high`), Dict and Tuple (`spaces`). Other spaces get the action as it is.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mug.play.seeding import derive_seed

__all__ = ["fit_action", "sample_action"]


def fit_action(space: Any, action: Any) -> Any:
    """Return `action`, a JSON-like value, in the form and dtype that `space` contains."""
    parts = getattr(space, "spaces", None)
    if isinstance(parts, Mapping) and isinstance(action, Mapping):
        return {key: fit_action(part, action[key]) if key in action else None for key, part in parts.items()}
    if isinstance(parts, (tuple, list)) and isinstance(action, (tuple, list)) and len(parts) == len(action):
        return tuple(fit_action(part, item) for part, item in zip(parts, action, strict=True))
    if action is None or space is None:
        return action
    if (hasattr(space, "low") and hasattr(space, "high")) or hasattr(space, "nvec") or _is_multi_binary(space):
        array = np.asarray(action, dtype=getattr(space, "dtype", None))
        shape = tuple(getattr(space, "shape", None) or array.shape)
        return array.reshape(shape) if array.size == int(np.prod(shape)) else array
    if hasattr(space, "n") and hasattr(space, "start") and isinstance(action, (float, np.generic)):
        return int(action) if float(action).is_integer() else action
    return action


def sample_action(space: Any, seed: int) -> Any:
    """Return a random action of `space` that depends on `seed` alone.

    Raises:
        TypeError: When the kind of space is not known.
    """
    parts = getattr(space, "spaces", None)
    if isinstance(parts, Mapping):
        return {key: sample_action(part, derive_seed(seed, str(key))) for key, part in parts.items()}
    if isinstance(parts, (tuple, list)):
        return tuple(sample_action(part, derive_seed(seed, index)) for index, part in enumerate(parts))
    if hasattr(space, "n") and hasattr(space, "start"):
        return int(space.start) + seed % int(space.n)
    rng = np.random.Generator(np.random.PCG64(seed))
    if hasattr(space, "low") and hasattr(space, "high"):
        return _sample_box(space, rng)
    if hasattr(space, "nvec"):
        nvec = np.asarray(space.nvec)
        start = np.asarray(getattr(space, "start", np.zeros_like(nvec)))
        return (rng.integers(0, nvec) + start).astype(getattr(space, "dtype", np.int64))
    if _is_multi_binary(space):
        return rng.integers(0, 2, size=space.shape).astype(np.int8)
    raise TypeError(f"actions of a {type(space).__name__} cannot be drawn at random")


def _is_multi_binary(space: Any) -> bool:
    return hasattr(space, "n") and not hasattr(space, "start") and bool(getattr(space, "shape", None))


def _sample_box(space: Any, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    low = np.asarray(space.low, dtype=np.float64)
    high = np.asarray(space.high, dtype=np.float64)
    dtype = np.dtype(space.dtype)
    if dtype.kind in "iub":
        return rng.integers(low.astype(np.int64), high.astype(np.int64), endpoint=True).astype(dtype)
    bounded_low, bounded_high = np.isfinite(low), np.isfinite(high)
    uniform, tail, normal = rng.random(low.shape), rng.exponential(size=low.shape), rng.normal(size=low.shape)
    both = np.where(bounded_low & bounded_high, low, 0.0), np.where(bounded_low & bounded_high, high, 1.0)
    value = np.where(bounded_low & bounded_high, both[0] + uniform * (both[1] - both[0]), normal)
    value = np.where(bounded_low & ~bounded_high, np.where(bounded_low, low, 0.0) + tail, value)
    value = np.where(~bounded_low & bounded_high, np.where(bounded_high, high, 0.0) - tail, value)
    clipped: np.ndarray[Any, Any] = np.clip(value.astype(dtype), space.low, space.high)
    return clipped
