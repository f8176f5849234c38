import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.play.chunks import EMPTY_CHAIN, decode_chunk, encode_chunk, flatten_columns
from mug.play.errors import ChunkError

CELL = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5)


def a_chunk(**changes: Any) -> bytes:
    values: dict[str, Any] = {
        "match_id": "m",
        "episode": 0,
        "first": 0,
        "columns": {"frame": [0, 1], "status.a": ["input", "default"], "rewards.a": [0.5, math.nan]},
    }
    return encode_chunk(**{**values, **changes})


@given(st.integers(1, 6).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1, max_size=4)))
def test_that_whole_values_come_back_exactly(columns: list[list[Any]]) -> None:
    named = {f"observations.{i}": column for i, column in enumerate(columns)}
    chunk = decode_chunk(a_chunk(columns=named, first=30))
    assert (chunk.first, chunk.last) == (30, 30 + len(columns[0]) - 1)
    for name, column in named.items():
        for given_value, read in zip(column, list(chunk.columns[name]), strict=True):
            if isinstance(given_value, float) and math.isnan(given_value):
                assert math.isnan(read)
            else:
                assert given_value == read


def test_that_not_a_number_and_the_infinities_survive() -> None:
    chunk = decode_chunk(a_chunk(columns={"rewards.a": [math.nan, math.inf, -math.inf, -0.0]}))
    values = list(chunk.columns["rewards.a"])
    assert math.isnan(values[0])
    assert values[1:3] == [math.inf, -math.inf]
    assert math.copysign(1, values[3]) == -1


def test_that_the_same_rows_give_the_same_bytes() -> None:
    assert a_chunk() == a_chunk()


def test_that_the_hash_chains_what_came_before() -> None:
    first = decode_chunk(a_chunk())
    after = decode_chunk(a_chunk(first=2, previous_chain_hash=first.chain_hash))
    elsewhere = decode_chunk(a_chunk(first=2))
    assert first.previous_chain_hash == EMPTY_CHAIN
    assert after.previous_chain_hash == first.chain_hash
    assert after.chain_hash != elsewhere.chain_hash


def test_that_a_large_chunk_is_compressed_and_its_hash_does_not_depend_on_that() -> None:
    observations = np.zeros((30, 64, 64, 3), dtype=np.uint8)
    body = a_chunk(columns={"observations.a": observations})
    assert len(body) < observations.nbytes / 10
    assert np.array_equal(decode_chunk(body).columns["observations.a"], observations)


@given(st.data())
def test_that_a_damaged_chunk_is_refused(data: st.DataObject) -> None:
    body = bytearray(a_chunk())
    index = data.draw(st.sampled_from([i for i in range(len(body)) if i != 5]))
    body[index] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ChunkError):
        decode_chunk(bytes(body))


@pytest.mark.parametrize("columns", [{}, {"frame": []}, {"frame": [0], "rewards.a": [1.0, 2.0]}])
def test_that_columns_must_be_equally_long_and_not_empty(columns: dict[str, list[Any]]) -> None:
    with pytest.raises(ChunkError, match="equally long"):
        a_chunk(columns=columns)


def test_that_flat_columns_are_named_by_index_and_key_and_numbers_stay_numbers() -> None:
    flat = flatten_columns(
        {
            "frame": [0, 1],
            "observations.a": np.arange(8, dtype=np.float32).reshape(2, 2, 2),
            "observations.b": [{"image": np.array([1, 2]), "mode": "x"}, {"mode": "y", "extra": 3}],
            "actions.a": [[1, 2], [3, 4]],
            "infos.a": [{}, {"success": True}],
        }
    )
    assert list(flat["observations.a.1.0"]) == [2.0, 6.0]
    assert flat["observations.b.image.1"] == [2, None]
    assert flat["observations.b.mode"] == ["x", "y"]
    assert flat["observations.b.extra"] == [None, 3]
    assert flat["actions.a.1"] == [2, 4]
    assert flat["infos.a.success"] == [None, True]
    assert "infos.a" not in flat


def test_that_large_values_can_be_left_whole() -> None:
    columns: dict[str, Any] = {"observations.a": np.zeros((2, 20, 20)), "observations.b": np.zeros((2, 3))}
    flat = flatten_columns(columns, max_values=256)
    assert flat["observations.a"] is columns["observations.a"]
    assert "observations.b.2" in flat
