"""Values as rows keep them: copies that no environment can change afterwards, plain, with exact numbers."""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

__all__ = ["SMALL_ARRAY", "json_value", "keep_infos", "own_copy"]

SMALL_ARRAY: Final = 256
"""An info may be an array of at most so many values."""


def own_copy(value: Any) -> Any:
    """Return a copy of an observation, action or reward that shares nothing mutable with it.

    Numpy scalars become Python numbers (exact), arrays are copied, tuples and dicts are rebuilt. What has no plain
    form (an object) becomes its ``repr``, so that a row never holds a reference into the environment.
    """
    kind = type(value)
    if value is None or kind in (float, int, bool, str, bytes):
        return value
    if kind is dict:
        return {key if type(key) is str else str(key): own_copy(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "O":
            return [own_copy(item) for item in value.tolist()]
        return np.array(value, order="C", copy=True, subok=False)
    if isinstance(value, np.generic):
        return value.item() if value.dtype.kind in "biufUS" and value.dtype.itemsize <= 8 else own_copy(value.tolist())
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else str(key): own_copy(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [own_copy(item) for item in value]
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    return str(value) if isinstance(value, str) else repr(value)


def keep_infos(infos: Mapping[Any, Any], left_out: set[str]) -> dict[str, Any]:
    """Return the infos that a row keeps: bool, int, float, str, None and small arrays of numbers.

    Args:
        infos: One agent's info dict.
        left_out: Gets the keys whose values are of other kinds.
    """
    kept = {}
    for key, value in infos.items():
        name = key if isinstance(key, str) else str(key)
        if isinstance(value, np.ndarray):
            fits = value.dtype.kind in "biuf" and value.size <= SMALL_ARRAY
        elif isinstance(value, (list, tuple)):
            fits = len(value) <= SMALL_ARRAY and all(isinstance(item, (bool, int, float, str)) for item in value)
        else:
            fits = value is None or isinstance(value, (bool, int, float, str, np.bool_, np.integer, np.floating))
        if fits:
            kept[name] = own_copy(value)
        else:
            left_out.add(name)
    return kept


def json_value(value: Any) -> Any:
    """Return `value` as JSON can carry it; NaN and the infinities become "NaN", "Infinity", "-Infinity"."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [json_value(item) for item in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return value.hex() if isinstance(value, bytes) else repr(value)
