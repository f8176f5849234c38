"""What one frame may hold."""

import numpy as np
import pytest

from mug.play.chunks import MAX_CHUNK_BYTES
from mug.play.errors import EnvironmentFailedError
from mug.play.recorder import Recorder, Row


def row(frame: int, observation: np.ndarray) -> Row:
    return Row(
        frame=frame,
        statuses={"a": "input"},
        actions={"a": 0},
        rewards={"a": 0.0},
        terminated={"a": False},
        truncated={"a": False},
        observations={"a": observation},
        infos={"a": {}},
    )


def test_that_a_frame_too_large_to_store_is_said_and_the_frames_before_it_are_kept() -> None:
    recorder = Recorder(match_id="m", episode=0, agents=["a"], fps=10)
    recorder.add(row(0, np.zeros(3)))
    with pytest.raises(EnvironmentFailedError, match=r"frame 1 takes \d+ kB, but one frame may take at most 247 kB"):
        recorder.add(row(1, np.random.default_rng(1).random(100_000)))
    (kept,) = recorder.finish()
    assert (kept.meta["first"], kept.meta["last"]) == (0, 0)


def test_that_a_large_frame_that_packs_well_is_stored() -> None:
    recorder = Recorder(match_id="m", episode=0, agents=["a"], fps=10)
    recorder.add(row(0, np.zeros(100_000)))
    (chunk,) = recorder.finish()
    assert len(chunk.body) < MAX_CHUNK_BYTES


def test_that_an_episodes_context_counts_too() -> None:
    recorder = Recorder(match_id="m", episode=0, agents=["a"], fps=30, context={"mug_globals": {"text": "x" * 60_000}})
    noise = np.random.default_rng(1)
    chunks = [chunk for frame in range(30) for chunk in recorder.add(row(frame, noise.random(4_000)))]
    assert max(len(chunk.body) for chunk in [*chunks, *recorder.finish()]) <= MAX_CHUNK_BYTES
