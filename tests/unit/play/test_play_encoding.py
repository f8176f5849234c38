import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mug.play.encoding import decode, encode
from mug.play.errors import ChunkError, NotCanonicalError

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return struct.pack("<d", a) == struct.pack("<d", b)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return bool(a == b)


@given(PLAIN)
def test_that_every_plain_value_comes_back_exactly(value: Any) -> None:
    assert same(decode(encode(value)), value)


@given(
    hnp.arrays(
        hnp.scalar_dtypes().filter(lambda d: d.kind in "biuf" and d.byteorder != ">"), hnp.array_shapes(min_dims=0)
    )
)
def test_that_arrays_come_back_with_dtype_shape_and_bits(array: np.ndarray[Any, Any]) -> None:
    assert same(decode(encode(array)), np.asarray(array))


@given(st.dictionaries(st.text(), st.integers(), max_size=8))
def test_that_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert encode(value) == encode(dict(reversed(list(value.items()))))


def test_that_different_things_that_compare_equal_are_told_apart() -> None:
    values = [0, 0.0, -0.0, False, np.float32(0), np.zeros(1), None, "", b"", [], (), {}]
    assert len({encode(value) for value in values}) == len(values)


def test_that_nans_keep_their_bits() -> None:
    odd_nan = struct.unpack("<d", b"\x01\x00\x00\x00\x00\x00\xf8\x7f")[0]
    assert math.isnan(decode(encode(odd_nan)))
    assert encode(odd_nan) != encode(math.nan)


def test_that_a_value_without_an_encoding_is_named_with_its_place() -> None:
    with pytest.raises(NotCanonicalError, match=r"\['a'\]\[1\].*object"):
        encode({"a": [1, object()]})


def test_that_a_cycle_is_an_error_and_no_endless_loop() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(NotCanonicalError, match="nested"):
        encode(loop)


@given(st.binary(max_size=60))
def test_that_foreign_bytes_are_refused_and_never_crash(data: bytes) -> None:
    try:
        value = decode(data)
    except ChunkError:
        return
    decode(encode(value))


@given(PLAIN, st.data())
def test_that_a_cut_encoding_is_refused(value: Any, data: st.DataObject) -> None:
    whole = encode(value)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ChunkError):
        decode(whole[:cut])
