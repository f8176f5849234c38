"""A player's page that lies about its rows: the partner's rows are exported all the same, and the lie is told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mug.data import read_export
from mug.play.chunks import encode_chunk
from mug.records.export import export_session
from mug.records.verify import verify
from tests.drivers.recorded_session import AT, RecordedSession

AGENTS = {"left": "anna", "right": "bert"}


def world(frames: int) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    columns: dict[str, Any] = {f"status.{agent}": ["input"] * frames for agent in AGENTS}
    return columns | {f"actions.{agent}": rng.integers(0, 6, frames) for agent in AGENTS}


def chunk(rows: int, **columns: Any) -> bytes:
    made = columns or {name: column[:rows] for name, column in world(rows).items()}
    return encode_chunk(match_id="m1", episode=0, first=0, columns={"frame": list(range(rows)), **made})


@pytest.mark.parametrize(
    ("body", "first", "last"),
    [
        (b"no rows at all", 0, 9_999),
        (chunk(10), 0, 9_999),
        (chunk(10), 0, 4),
        (chunk(30), 30, 59),
        (chunk(10), 2**62, 2**62 + 9),
        (chunk(10), 2**63, 2**63 + 9),
    ],
)
def test_that_no_page_hides_its_partners_rows_behind_rows_that_it_has_not(
    body: bytes, first: int, last: int, tmp_path: Path
) -> None:
    columns = world(100)
    with RecordedSession(tmp_path) as session:
        visits = session.together("m1", AGENTS)
        session.track("bert", "m1", 0, columns)
        meta = {"match_id": "m1", "episode": 0, "first": first, "last": last, "chain_hash": "ab"}
        session.chunk("anna", visits["anna"], "frames", body, meta)
        session.writer.flush()
        result = export_session(session.path, "s1", tmp_path / "out")
    tables = read_export(tmp_path / "out")
    frames = tables["frames"]
    assert list(frames["frame"]) == list(range(100))
    assert list(frames["actions.right"]) == list(columns["actions.right"])
    (problem,) = result.problems
    assert f"chunk {visits['anna']}/frames/0 of anna is left out" in problem
    assert [found.code for found in verify(session.path).problems] == ["frames"]


def test_that_columns_that_nobody_knows_are_exported_last(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        visits = session.together("m1", AGENTS)
        session.track("bert", "m1", 0, world(100))
        body = chunk(10, **{"wat": [{"a": [1, 2]}] * 10, "match_id": ["other"] * 10, "actions.left": ["x"] * 10})
        meta = {"match_id": "m1", "episode": 0, "first": 0, "last": 9, "chain_hash": "ab"}
        session.chunk("anna", visits["anna"], "frames", body, meta)
        session.writer.flush()
        export_session(session.path, "s1", tmp_path / "out")
    tables = read_export(tmp_path / "out")
    assert len(tables["frames"]) == 100
    theirs = tables["frames_disagreeing"]
    assert len(theirs) == 10
    assert set(theirs["match_id"]) == {"m1"}
    assert [name for name in theirs.columns if name.startswith("wat")] == list(theirs.columns)[-2:]


@pytest.mark.parametrize("episode", ["x", None, [1], {"a": 1}, True, 1.5])
def test_that_an_end_of_no_episode_is_no_end(episode: object, tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        visits = session.together("m1", AGENTS)
        for who in AGENTS.values():
            session.track(who, "m1", 0, world(60))
        end = {"name": "episode_ended", "at": AT, "match_id": "m1", "episode": episode, "frames": 60}
        session.lines("anna", visits["anna"], "event", end)
        session.writer.flush()
        assert verify(session.path).ok
        export_session(session.path, "s1", tmp_path / "out")
    assert len(read_export(tmp_path / "out")["frames"]) == 60
