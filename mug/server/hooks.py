"""The study's own code on the server: scene hooks, page functions and GameCallbacks.

A game that runs in a browser reaches the server in chunks, so a GameCallback hears of it after the fact: episodes and
ticks are told in their order, from the stored rows, once per row. `on_game_tick_start` and `on_game_tick_end` are both
called for a row, the first with the game as it was before the step.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from mug.engine.effects import ObserveChunk, ObserveWaitroom
from mug.engine.matchmakers import FIND_MATCH, JUDGE_RTTS
from mug.ids import VisitId
from mug.play.chunks import FramesChunk, decode_chunk
from mug.server.callback import GameCallback
from mug.server.remote_game import ServerGame
from mug.server.study_matchmakers import StudyMatchmakers
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame

__all__ = ["StudyHooks"]


@dataclass
class _Observed:
    """What the callback of one visit has been told."""

    match_id: str = ""
    episode: int = -1
    tick: int = 0
    rewards: dict[str, float] = field(default_factory=dict)
    ended: dict[tuple[str, int], int] = field(default_factory=dict)
    is_open: bool = False


class StudyHooks:
    """Calls the functions that a study names; used on the call pools' threads only."""

    def __init__(self, loaded: LoadedStudy) -> None:
        self._loaded = loaded
        self._matchmakers = StudyMatchmakers(loaded)
        self._callbacks: dict[str, GameCallback] = {}
        self._observed: dict[VisitId, _Observed] = {}

    def call(self, kind: str, ref: str, context: dict[str, Any]) -> Any:
        """Call a scene's hook with its context, the function that makes a player's page, or a matchmaker."""
        if kind == FIND_MATCH:
            return self._matchmakers.find_match(ref, context)
        if kind == JUDGE_RTTS:
            return self._matchmakers.rejects(ref, context)
        function = self._loaded.resolve_callable(ref)
        if kind != "game_page_html_fn":
            return function(context)
        scene = context["game"]
        game = ServerGame(
            scene=scene,
            human_players=MappingProxyType(dict(context["human_players"])),
            fps=scene.rendering.fps,
            match_id=context["match_id"],
        )
        return function(game, context["subject_id"])

    def observe(self, chunk: ObserveChunk | ObserveWaitroom) -> None:
        """Call a GameCallback's hooks for what a stored chunk says, or for what happened in a waitroom."""
        callback = self._callback(chunk.ref)
        if isinstance(chunk, ObserveWaitroom):
            getattr(callback, f"on_waitroom_{chunk.hook}")(dict(chunk.context))
            return
        observed = self._observed.setdefault(chunk.visit_id, _Observed())
        telling = _Telling(callback, chunk, observed)
        if chunk.stream == "frames":
            telling.frames(decode_chunk(chunk.body))
        elif chunk.stream == "event":
            telling.events(chunk.body)
        else:
            telling.end()
            self._observed.pop(chunk.visit_id, None)

    def _callback(self, ref: str) -> GameCallback:
        known = self._callbacks.get(ref)
        if known is None:
            made: object = self._loaded.resolve_callable(ref)
            if not isinstance(made, GameCallback) and callable(made):
                made = made()
            if not isinstance(made, GameCallback):
                raise TypeError(f"{ref} gives a {type(made).__name__}, not a mug.server.callback.GameCallback")
            known = self._callbacks[ref] = made
        return known


class _Telling:
    """Tells one callback of one chunk."""

    def __init__(self, callback: GameCallback, chunk: ObserveChunk, observed: _Observed) -> None:
        self._callback = callback
        self._chunk = chunk
        self._observed = observed

    def frames(self, rows: FramesChunk) -> None:
        """Tell of every row that was not told yet."""
        observed = self._observed
        if (rows.match_id, rows.episode) != (observed.match_id, observed.episode):
            self._end_episode()
            observed.match_id, observed.episode, observed.tick = rows.match_id, rows.episode, 0
            observed.rewards = {}
            observed.is_open = True
            if rows.first == 0:  # else the server was started again in the middle of it
                self._tell(self._callback.on_episode_start)
        rewards = {
            name.removeprefix("rewards."): column
            for name, column in rows.columns.items()
            if name.startswith("rewards.")
        }
        for index in range(max(observed.tick - rows.first, 0), rows.last - rows.first + 1):
            self._tell(self._callback.on_game_tick_start)
            for agent, column in rewards.items():
                value = column[index]
                if isinstance(value, int | float | np.number):
                    observed.rewards[agent] = observed.rewards.get(agent, 0.0) + float(value)
            observed.tick = rows.first + index + 1
            self._tell(self._callback.on_game_tick_end)
        self._end_if_complete()

    def events(self, body: bytes) -> None:
        """Learn how long an episode was: its end is told after its last row, whichever comes first."""
        for line in body.splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict) and row.get("name") == "episode_ended":
                frames = row.get("frames")
                if isinstance(frames, int):
                    self._observed.ended[str(row.get("match_id")), int(row.get("episode") or 0)] = frames
        self._end_if_complete()

    def end(self) -> None:
        """The visit is over."""
        self._end_episode()
        self._tell(self._callback.on_game_end)

    def _end_if_complete(self) -> None:
        observed = self._observed
        frames = observed.ended.get((observed.match_id, observed.episode))
        if frames is not None and observed.tick >= frames:
            self._end_episode()

    def _end_episode(self) -> None:
        if self._observed.is_open:
            self._observed.is_open = False
            self._tell(self._callback.on_episode_end)

    def _tell(self, hook: Callable[[ServerGame], None]) -> None:
        observed = self._observed
        scene: GymGame = self._chunk.game
        hook(
            ServerGame(
                scene=scene,
                human_players=MappingProxyType(dict(self._chunk.people)),
                fps=scene.rendering.fps,
                match_id=observed.match_id,
                episode_num=max(observed.episode, 0),
                tick_num=observed.tick,
                episode_rewards=MappingProxyType(dict(observed.rewards)),
            )
        )
