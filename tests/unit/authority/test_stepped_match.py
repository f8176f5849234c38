"""A match that the server stepped, stepped again: what is shown, what differs, and what is told of a failure."""

import dataclasses
import queue
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from mug.authority import wire
from mug.authority.kept_views import KeptViews
from mug.authority.replay_loop import ReplayLoop
from mug.authority.sceneries import Sceneries
from mug.authority.stepped_match import SteppedMatch
from mug.play.authority import AuthoritySession
from mug.play.config import GameConfig
from mug.play.determinism import NativeEntropy
from mug.play.view_deltas import SeenView
from tests.drivers.authority_games import pull_code, pull_game

HUD = """
def hud(view):
    return f"{next(iter(view.human_players))} at {view.tick_num}"
"""


def played(config: GameConfig, root: Path) -> tuple[list[bytes], dict[tuple[int, int, str], SeenView]]:
    """Play a match as its process does; returns its rows and all that its players saw."""
    sceneries = Sceneries()
    seen: dict[tuple[int, int, str], SeenView] = {}
    chunks: list[bytes] = []
    with closing(AuthoritySession(config, root=root)) as session:
        outputs = [session.open()]
        session.start()
        session.take_keys("left", 0, ["ArrowRight"], ["ArrowRight"])
        while not outputs[-1].finished:
            outputs.append(session.tick())
        for output in outputs:
            chunks += [chunk.body for chunk in output.chunks]
            for first in range(0, len(output.views), len(config.players)):
                for agent, view in sceneries.take(output.views[first : first + len(config.players)])[0].items():
                    seen[view.episode, view.frame, agent] = view
    return chunks, seen


def as_a_page_has_it(view: SeenView) -> SeenView:
    return dataclasses.replace(view, score=round(view.score, 5))


@contextmanager
def again(config: GameConfig, chunks: Sequence[bytes], root: Path, **views: Any) -> Iterator[SteppedMatch]:
    kept = KeptViews(**views)
    entropy = NativeEntropy(config.match_seed, config.fps)
    match = SteppedMatch(config, chunks, root=root, entropy=entropy, views=kept)
    try:
        yield match
    finally:
        match.close()
        kept.close()


def step_to_the_end(match: SteppedMatch) -> None:
    while not match.is_over:
        match.step_on()


def test_that_every_view_of_every_player_comes_again(tmp_path: Path) -> None:
    (tmp_path / "hud.py").write_text(HUD, encoding="utf-8")
    config = pull_game(hud_text_fn="hud.py:hud")
    chunks, seen = played(config, tmp_path)
    with again(config, chunks, tmp_path) as match:
        assert match.viewers == ("left", "right"), "their texts differ"
        step_to_the_end(match)
        assert (match.told, match.problem, match.frames, match.hashes) == (None, "", 80, 4)
        for (episode, frame, agent), was in reversed(seen.items()):
            assert match.view(episode, frame, agent) == as_a_page_has_it(was)
        assert len(seen) == 2 * 2 * 41
        left, right = match.agents_at(1, 5)
        assert (left["action"], left["keys"], left["status"]) == (2, "ArrowRight", "input")
        assert (right["action"], right["status"]) == (1, "default")
        assert match.agents_at(1, 0)[0]["action"] is None
        assert match.view(0, 3) == match.view(0, 3, "left") == match.view(0, 3, "nobody")


def test_that_the_first_difference_is_told_by_column_and_frame(tmp_path: Path) -> None:
    chunks, _ = played(pull_game(), tmp_path)
    other = pull_game(pull_code(step="self.at += 1e-9 * (self.n == 35)"))
    with again(other, chunks, tmp_path) as match:
        step_to_the_end(match)
        assert match.told is not None
        assert (match.told.episode, match.told.frame, match.told.column) == (0, 34, "rewards.left")
        assert match.frames < 80


def test_that_an_episode_that_ends_earlier_or_fails_is_said_and_what_was_stepped_stays(tmp_path: Path) -> None:
    chunks, seen = played(pull_game(), tmp_path)
    with again(pull_game(pull_code(20)), chunks, tmp_path) as match:
        step_to_the_end(match)
        assert match.told is not None
        assert match.told.frame == 19
        assert match.view(0, 18) is not None
    fails = pull_code().replace("    def render(self):", "    def render(self):\n        assert self.n < 12")
    with again(pull_game(fails), chunks, tmp_path) as match:
        step_to_the_end(match)
        assert "cannot be stepped beyond frame 12" in match.problem
        assert match.view(0, 11) == as_a_page_has_it(seen[0, 11, "left"])


def test_that_rows_that_are_missing_are_said(tmp_path: Path) -> None:
    chunks, _ = played(pull_game(), tmp_path)
    with again(pull_game(), chunks[1:], tmp_path) as match:
        assert "are not stored" in match.problem
    with again(pull_game(), [], tmp_path) as match:
        assert match.is_over
        assert match.view(0, 0) is None


def test_that_a_place_that_was_not_kept_is_stepped_anew(tmp_path: Path) -> None:
    chunks, seen = played(pull_game(), tmp_path)
    said: list[wire.FromProcess] = []
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def say(message: wire.FromProcess) -> None:
        said.append(message)
        if isinstance(message, wire.Looked):
            looked = msgspec.json.decode(message.body)
            if message.n == 0 and looked["done"]:
                heard.put(wire.Look(n=1, episode=0, frame=35))
            elif message.n == 0:
                heard.put(wire.Look(n=0, episode=1, frame=40))
            elif looked["view"] is not None:
                heard.put(wire.Stop())
            else:
                heard.put(wire.Look(n=1, episode=0, frame=35))

    with again(pull_game(), chunks, tmp_path, max_bytes=3_000) as match:
        heard.put(wire.Look(n=0, episode=1, frame=40))
        ReplayLoop(match, heard=heard, say=say, clock_s=time.perf_counter).run()
        assert match.frames == 80
    opened = next(message for message in said if isinstance(message, wire.Opened))
    rounds = msgspec.json.decode(opened.about)["rounds"]
    assert [(told["episode"], told["frames"]) for told in rounds] == [(0, 40), (1, 40)]
    last = [message for message in said if isinstance(message, wire.Looked)][-1]
    shown = msgspec.json.decode(last.body)["view"]
    assert (shown["frame"], shown["objects"]) == (35, list(seen[0, 35, "left"].objects.values()))
