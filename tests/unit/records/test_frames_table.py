"""The frames of many chunks, put together, are the frames of each chunk alone."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mug.data import read_array, read_export, read_manifest
from mug.play.chunks import decode_chunk, encode_chunk, flatten_columns
from mug.records.export import export_session
from mug.records.reader import RecordReader
from tests.drivers.recorded_session import RecordedSession

COLUMNS = {
    "actions.a": st.integers(0, 3),
    "rewards.a": st.none() | st.floats(width=32) | st.integers(-9, 9),
    "terminated.a": st.booleans() | st.none(),
    "status.a": st.sampled_from(["input", "default"]) | st.none(),
    "state_hash": st.none() | st.sampled_from(["", "NA", "äß"]),
}
INFOS = st.sampled_from([{}, {"x": 1}, {"x": 2, "y": "t"}, {"z": [1, 2]}, {"z": {"k": 0.5}}])


def chunk_rows(count: int, **more: list[Any]) -> dict[str, list[Any]]:
    return {"status.human": ["input"] * count, "actions.human": list(range(count)), **more}


def exported(session: RecordedSession, out: Path) -> dict[str, pd.DataFrame]:
    session.writer.flush()
    export_session(session.path, session.session_id, out)
    return read_export(out, dtype_backend="pyarrow")


def plain(value: Any) -> Any:
    """A missing value is None; numbers that are equal are the same."""
    if value is None or value is pd.NA:
        return None
    return "nan" if isinstance(value, float) and math.isnan(value) else value


@given(st.data(), st.lists(st.integers(1, 4), min_size=1, max_size=6))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_that_chunks_of_changing_columns_give_the_rows_of_each_of_them(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, counts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("export")
    expected: list[dict[str, Any]] = []
    with RecordedSession(folder) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m", {"a": "anna"})
        for episode, count in enumerate(counts):
            names = data.draw(st.sets(st.sampled_from(sorted(COLUMNS)), min_size=1))
            columns = {
                name: data.draw(st.lists(COLUMNS[name], min_size=count, max_size=count)) for name in sorted(names)
            }
            columns["infos.a"] = data.draw(st.lists(INFOS, min_size=count, max_size=count))
            stored = session.frames("anna", visit, "m", episode, 0, columns)
            session.writer.flush()
            with RecordReader(session.path) as reader:
                flat = flatten_columns(decode_chunk(reader.body(stored.sha256)).columns)
            for row in range(count):
                values = {name: list(column)[row] for name, column in flat.items()}
                expected.append({"episode": episode, **values})
        frames = exported(session, folder / "out")["frames"]
    assert len(frames) == len(expected)
    told = {name for values in expected for name, value in values.items() if plain(value) is not None}
    assert told <= set(frames.columns)
    for row, values in enumerate(expected):
        for name in frames.columns[3:]:
            read, wanted = plain(frames[name].iloc[row]), plain(values.get(name))
            assert read == wanted, (name, row)


def test_that_short_episodes_are_put_together_and_large_values_stay_with_their_episode(tmp_path: Path) -> None:
    images = np.arange(4 * 300, dtype=np.float64).reshape(4, 300)
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m", {"human": "anna"})
        for episode in range(3):
            pictures = list(images * (episode + 1))
            session.frames("anna", visit, "m", episode, 0, chunk_rows(4, **{"observations.human": pictures}))
        frames = exported(session, tmp_path / "out")["frames"]
    assert frames["episode"].tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert frames["frame"].tolist() == [0, 1, 2, 3] * 3
    for episode, frame, place in frames[["episode", "frame", "observations.human.array"]].itertuples(index=False):
        assert place == f"arrays/match-m_episode-{episode}.npz:observations.human.{frame}"
        array = read_array(tmp_path / "out", place)
        assert isinstance(array, np.ndarray)
        assert array.tolist() == (images[frame] * (episode + 1)).tolist()


def test_that_texts_without_utf_8_stay_readable(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m", {"human": "anna"})
        session.frames("anna", visit, "m", 0, 0, chunk_rows(3, state_hash=["a", "\ud800", None]))
        frames = exported(session, tmp_path / "out")["frames"]
    assert [plain(value) for value in frames["state_hash"]] == ["a", "?", None]


def test_that_a_chunk_cannot_name_another_session_or_match(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m", {"human": "anna"})
        session.frames("anna", visit, "m", 0, 0, chunk_rows(2, session_id=["x", "y"], match_id=["x", "y"]))
        frames = exported(session, tmp_path / "out")["frames"]
    assert set(frames["session_id"]) == {"s1"}
    assert set(frames["match_id"]) == {"m"}


def test_that_a_chunk_of_another_layout_is_told_and_the_rest_exported(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m", {"human": "anna"})
        session.frames("anna", visit, "m", 0, 0, chunk_rows(2))
        body = bytearray(encode_chunk(match_id="m", episode=0, first=2, columns=chunk_rows(2)))
        body[4] = 1
        meta = {"match_id": "m", "episode": 0, "first": 2, "last": 3, "chain_hash": "", "agents": ["human"]}
        session.chunk("anna", visit, "frames", bytes(body), meta)
        frames = exported(session, tmp_path / "out")["frames"]
    assert frames["frame"].tolist() == [0, 1]
    assert "version 1" in json.dumps(read_manifest(tmp_path / "out")["problems"])
