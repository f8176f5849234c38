"""Columns come back exactly from one pack and from many read at once; pieces that do not fit are refused."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mug.play.columns import whole_values
from mug.play.encoding import decode, encode
from mug.play.errors import ChunkError, NotCanonicalError
from mug.play.packing import Packed, check_packed, pack, unpack

NUMBER = st.booleans() | st.integers(-(2**70), 2**70) | st.floats()
TEXT = st.text(st.characters(), max_size=6) | st.sampled_from(["", "é", "\ud800", "x" * 300])
SHAPE = st.sampled_from([(), (2,), (2, 3), (0,)])
ARRAY = st.tuples(st.sampled_from(["<f4", "<f8", ">i2", "|u1", "|b1"]), SHAPE, st.integers(0, 1)).map(
    lambda parts: np.full(parts[1], parts[2], dtype=parts[0])
)
VALUE = st.recursive(
    st.none() | NUMBER | TEXT | st.binary(max_size=3) | ARRAY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "é"]), inner, max_size=3),
    max_leaves=6,
)


def column_of(rows: int) -> st.SearchStrategy[list[Any]]:
    """Columns as games make them: mostly of one kind, some with None between, some of anything."""
    return st.one_of(
        *(st.lists(kind, min_size=rows, max_size=rows) for kind in (st.booleans(), st.floats(), TEXT, VALUE)),
        st.lists(st.integers(-5, 5) | st.none(), min_size=rows, max_size=rows),
        st.lists(st.floats() | st.none(), min_size=rows, max_size=rows),
        st.lists(TEXT | st.none(), min_size=rows, max_size=rows),
        st.lists(st.fixed_dictionaries({"b": NUMBER, "a": TEXT | st.none()}), min_size=rows, max_size=rows),
        st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=rows, max_size=rows),
        ARRAY.flatmap(lambda array: st.just([array.copy() for _ in range(rows)])),
    )


def same(given_value: Any, read: Any) -> bool:
    """Compare exactly; a column of numbers comes back as an array, so its numbers are numpy's."""
    if isinstance(read, np.generic):
        read = read.item()
    if isinstance(given_value, np.ndarray) and given_value.ndim == 0:
        given_value = given_value.item()
        read = read.item() if isinstance(read, np.ndarray) else read
    return encode(given_value) == encode(read)


@given(st.integers(1, 5).flatmap(lambda rows: st.lists(column_of(rows), min_size=1, max_size=4)))
@example([[None, None], [{}, {}], ["", None], ["x" * 255, "y"]])
@example([[2**63], [-(2**63)]])
def test_that_every_column_comes_back_exactly(columns: list[list[Any]]) -> None:
    named = {f"c{place}": column for place, column in enumerate(columns)}
    packed = pack(named, len(columns[0]))
    again = check_packed(packed.rows, packed.layout, packed.fixed, packed.parts)
    for one in (packed, again):
        for name, column in named.items():
            read = whole_values(unpack([one], name))
            assert len(read) == len(column)
            for given_value, value in zip(column, read, strict=True):
                assert same(given_value, value)


@given(st.lists(st.integers(1, 4), min_size=2, max_size=5), st.data())
def test_that_many_packs_read_at_once_are_the_same_as_one_after_the_other(
    counts: list[int], data: st.DataObject
) -> None:
    def rows(count: int) -> dict[str, list[Any]]:
        def some(kind: st.SearchStrategy[Any]) -> list[Any]:
            return data.draw(st.lists(kind, min_size=count, max_size=count))

        return {
            "n": some(st.floats()),
            "?": [None, *some(st.booleans())][:count],
            "s": some(st.text(max_size=3) | st.none()),
            "m": [{"k": value, "t": "é"} for value in some(st.integers(0, 9))],
            "a": [np.array([value, 1], np.float32) for value in some(st.floats(width=32))],
        }

    packs = [pack(rows(count), count) for count in counts]
    for name in packs[0].names:
        alike = [one for one in packs if one.spec(name) == packs[0].spec(name)]
        together = list(whole_values(unpack(alike, name)))
        apart = [value for one in alike for value in whole_values(unpack([one], name))]
        assert encode(together) == encode(apart)


def test_that_packs_of_other_kinds_are_not_read_as_one() -> None:
    numbers, texts = pack({"x": [1]}, 1), pack({"x": ["1"]}, 1)
    with pytest.raises(ValueError, match="not packed alike"):
        unpack([numbers, texts], "x")
    with pytest.raises(ValueError, match="not packed alike"):
        unpack([numbers, pack({"y": [1]}, 1)], "x")


def test_that_the_first_rows_can_be_left_out() -> None:
    packed = pack({"x": [1, 2, 3], "t": ["a", None, "c"], "d": [{}, {"k": 1}, {}]}, 3).without_first(1)
    assert packed.rows == 2
    assert {name: list(whole_values(unpack([packed], name))) for name in packed.names} == {
        "x": [2, 3],
        "t": [None, "c"],
        "d": [{"k": 1}, {}],
    }


def test_that_the_order_of_keys_does_not_change_the_bytes() -> None:
    assert pack({"x": [{"a": 1, "b": 2}]}, 1) == pack({"x": [{"b": 2, "a": 1}]}, 1)


def test_that_the_signs_and_bits_of_numbers_survive() -> None:
    values = [-0.0, math.inf, -math.inf, 5e-324, math.nan]
    read = whole_values(unpack([pack({"x": values}, 5)], "x"))
    assert encode([float(value) for value in read]) == encode(values)


def test_that_what_is_no_plain_value_is_refused_with_its_place() -> None:
    with pytest.raises(NotCanonicalError, match="object"):
        pack({"infos.a": [{"k": np.array([object()])}]}, 1)
    with pytest.raises(NotCanonicalError):
        pack({"infos.a": [object()]}, 1)


def test_that_a_value_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(NotCanonicalError):
        pack({"x": [loop]}, 1)


GOOD = pack({"x": [1, 2], "t": ["ab", None], "o": [1, "b"]}, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 0},
        {"rows": 3},
        {"rows": 10**9},
        {"fixed": GOOD.fixed[:-1]},
        {"fixed": GOOD.fixed[:16] + b"\x04\x00"},
        {"parts": GOOD.parts[:1]},
        {"parts": [b"abc", GOOD.parts[1]]},
        {"parts": [GOOD.parts[0], encode([1])]},
        {"parts": [GOOD.parts[0], encode({"a": 1})]},
        {"parts": [GOOD.parts[0], GOOD.parts[1][:-1]]},
    ],
)
def test_that_pieces_that_do_not_fit_are_refused(change: dict[str, Any]) -> None:
    pieces = {"rows": GOOD.rows, "layout": GOOD.layout, "fixed": GOOD.fixed, "parts": GOOD.parts} | change
    with pytest.raises((ValueError, ChunkError)):
        check_packed(**pieces)


@pytest.mark.parametrize(
    "specs",
    [
        (("x", ("z",)),),
        (("x", ("a", "O", ())),),
        (("x", ("a", "nonsense", ())),),
        (("x", ("a", "<f8", (-1, -1))),),
        (("x", ("s", 3)),),
        (("x", ("m", (), ())),),
        (("x", ("m", ("a", "b"), (("n",),))),),
        ((1, ("n",)),),
        (("x", ()),),
    ],
)
def test_that_unknown_layouts_are_refused(specs: tuple[Any, ...]) -> None:
    with pytest.raises((ValueError, TypeError)):
        check_packed(1, encode(specs), b"", [])


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_that_any_bytes_are_refused_or_read_but_never_crash(layout: bytes, fixed: bytes) -> None:
    for written in (layout, GOOD.layout):
        try:
            packed: Packed = check_packed(2, written, fixed, GOOD.parts)
            for name in packed.names:
                whole_values(unpack([packed], name))
        except (ValueError, TypeError, ChunkError):
            continue


def test_that_the_layout_is_readable_by_the_canonical_decoder() -> None:
    assert decode(GOOD.layout) == (("x", ("a", "<i8", ())), ("t", ("s", 1)), ("o", ("v",)))
