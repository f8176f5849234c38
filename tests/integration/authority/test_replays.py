"""Matches that are stepped again in processes of their own: bounded, and ended with their pages."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mug.authority import replays as module
from mug.authority.limits import Limits
from mug.authority.place import StudyPlace
from mug.authority.replays import Recorded, Replays, TooManyReplaysError
from mug.play.authority import AuthoritySession
from tests.drivers.authority_games import pull_code, pull_game
from tests.drivers.waiting import until


@pytest.fixture
def chunks(tmp_path: Path) -> tuple[bytes, ...]:
    """The rows of a match of the game of two."""
    with closing(AuthoritySession(pull_game(), root=tmp_path)) as session:
        outputs = [session.open()]
        session.start()
        while not outputs[-1].finished:
            outputs.append(session.tick())
        return tuple(chunk.body for output in outputs for chunk in output.chunks)


@pytest.fixture
def replays() -> Iterator[Replays]:
    made = Replays(Limits(memory_bytes=300 * 1024**2, seconds_between_looks=0.05))
    yield made
    made.close()


def show(replays: Replays, recorded: Recorded, episode: int, frame: int) -> dict[str, Any]:
    """Ask until a frame is there, or why it will not be."""
    ends_s = time.monotonic() + 30
    while time.monotonic() < ends_s:
        answer = replays.look("page", lambda: recorded, episode=episode, frame=frame)
        if "failed" in answer or (answer["looked"] and answer["looked"]["view"]):
            return answer
    raise AssertionError("nothing was shown")


def test_that_a_frame_is_shown_and_the_process_ends_with_its_page(
    replays: Replays, chunks: tuple[bytes, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = Recorded(pull_game(), chunks, StudyPlace(root=tmp_path))
    answer = show(replays, recorded, 1, 12)
    assert (answer["looked"]["view"]["frame"], answer["looked"]["told"]) == (12, "")
    assert answer["opened"]["agents"] == ["left", "right"]
    monkeypatch.setattr(module, "MAX_REPLAYS", 1)
    with pytest.raises(TooManyReplaysError, match="close the page"):
        replays.look("another page", lambda: recorded)
    monkeypatch.setattr(module, "IDLE_S", 0.2)
    until(lambda: replays.count() == 0, "who does not ask any more is gone")


def test_that_a_game_that_crashes_or_eats_memory_is_ended_and_said(
    replays: Replays, chunks: tuple[bytes, ...], tmp_path: Path
) -> None:
    crashes = pull_code(first="import os", step="self.n < 12 or os._exit(7)")
    answer = show(replays, Recorded(pull_game(crashes), chunks, StudyPlace(root=tmp_path)), 1, 40)
    assert "exit code 7" in answer["failed"]
    replays.end("page")
    eats = pull_code(step="self.eaten = [*getattr(self, 'eaten', []), np.ones(2_000_000)]")
    answer = show(replays, Recorded(pull_game(eats), chunks, StudyPlace(root=tmp_path)), 1, 40)
    assert "may take 300 MB" in answer["failed"]
