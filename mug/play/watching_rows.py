"""The rows of a match as they come in, for a watcher: by frame, with sums of rewards and what stands out."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mug.play.chunks import EMPTY_CHAIN, Column, FramesChunk, decode_chunk
from mug.play.errors import ChunkError
from mug.play.inputs import STATUS_INPUT
from mug.play.values import own_copy

__all__ = ["RecordedRows", "Run", "WatchedRow"]


@dataclass(frozen=True)
class WatchedRow:
    """One recorded frame; every mapping is by agent, agents that no longer took part are absent."""

    frame: int
    statuses: Mapping[str, str]
    actions: Mapping[str, Any]
    rewards: Mapping[str, float]
    columns: Mapping[str, Any]


@dataclass
class Run:
    """Frames in a row, `first` to `last`, in which an agent's action came about otherwise than by its person's keys."""

    agent: str
    status: str
    first: int
    last: int


@dataclass
class _Episode:
    chunks: list[FramesChunk] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    before: list[dict[str, float]] = field(default_factory=list)
    sums: dict[str, float] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)

    @property
    def frames(self) -> int:
        return self.chunks[-1].last + 1 if self.chunks else 0


class RecordedRows:
    """All rows of one match that have come so far, in order.

    Args:
        match_id: The match; chunks of others are left aside.

    Attributes:
        problem: What is wrong with the stored rows themselves, in words; empty when nothing is.
    """

    def __init__(self, match_id: str) -> None:
        self.problem = ""
        self._match_id = match_id
        self._episodes: dict[int, _Episode] = {}

    @property
    def episodes(self) -> list[int]:
        """The episodes that have rows, in order."""
        return sorted(self._episodes)

    def frames(self, episode: int) -> int:
        """How many frames of an episode are here."""
        known = self._episodes.get(episode)
        return 0 if known is None else known.frames

    def runs(self, episode: int) -> list[Run]:
        """Frames of an episode whose actions are not a person's own."""
        known = self._episodes.get(episode)
        return [] if known is None else known.runs

    def context(self, episode: int) -> dict[str, Any]:
        """What held at the episode's start, as its first chunk says."""
        known = self._episodes.get(episode)
        return {} if known is None or not known.chunks else known.chunks[0].context

    def add(self, body: bytes) -> int | None:
        """Take a chunk; returns the episode that has more rows by it.

        Rows that do not follow each other, or are damaged, are said in `problem`.
        """
        try:
            chunk = decode_chunk(body)
        except ChunkError as error:
            self._say(f"A stored chunk of rows cannot be read: {error}.")
            return None
        if chunk.match_id != self._match_id:
            return None
        episode = self._episodes.setdefault(chunk.episode, _Episode())
        if chunk.last < episode.frames:
            return None
        if chunk.first != episode.frames:
            self._say(f"Rows {episode.frames} to {chunk.first - 1} of round {chunk.episode + 1} are not stored.")
            return None
        chain = episode.chunks[-1].chain_hash if episode.chunks else EMPTY_CHAIN
        if chunk.previous_chain_hash != chain:
            self._say(
                f"The stored rows of round {chunk.episode + 1} do not follow each other at frame {chunk.first}: "
                "they were changed after they had been recorded."
            )
        _append(episode, chunk)
        return chunk.episode

    def row(self, episode: int, frame: int) -> WatchedRow:
        """Return a recorded frame, which must be here."""
        chunk, place = self._find(episode, frame)
        columns = {name: _cell(column, place) for name, column in chunk.columns.items()}
        statuses = {agent: columns[f"status.{agent}"] for agent in chunk.agents}
        live = [agent for agent in chunk.agents if statuses[agent] is not None]
        return WatchedRow(
            frame,
            {agent: statuses[agent] for agent in live},
            {agent: columns[f"actions.{agent}"] for agent in live},
            {agent: columns[f"rewards.{agent}"] for agent in live},
            columns,
        )

    def rewards(self, episode: int, frame: int) -> dict[str, float]:
        """Return the sums of the rewards of the episode's first `frame` frames, by agent."""
        known = self._episodes.get(episode)
        if known is None or not known.chunks or frame <= 0:
            return {}
        index = bisect_right(known.firsts, min(frame, known.frames) - 1) - 1
        chunk, sums = known.chunks[index], dict(known.before[index])
        _add(sums, chunk, frame - chunk.first)
        return sums

    def _find(self, episode: int, frame: int) -> tuple[FramesChunk, int]:
        known = self._episodes[episode]
        chunk = known.chunks[bisect_right(known.firsts, frame) - 1]
        return chunk, frame - chunk.first

    def _say(self, problem: str) -> None:
        self.problem = self.problem or problem


def _append(episode: _Episode, chunk: FramesChunk) -> None:
    episode.chunks.append(chunk)
    episode.firsts.append(chunk.first)
    episode.before.append(dict(episode.sums))
    _add(episode.sums, chunk, chunk.last - chunk.first + 1)
    for agent, status, first, last in _runs(chunk):
        before = next((run for run in reversed(episode.runs) if run.agent == agent), None)
        if before is not None and before.status == status and before.last == first - 1:
            before.last = last
        else:
            episode.runs.append(Run(agent, status, first, last))


def _runs(chunk: FramesChunk) -> Iterator[tuple[str, str, int, int]]:
    for agent in chunk.agents:
        statuses = list(chunk.columns[f"status.{agent}"])
        begun = 0
        for row in range(1, len(statuses) + 1):
            if row == len(statuses) or statuses[row] != statuses[begun]:
                if statuses[begun] not in (None, STATUS_INPUT):
                    yield agent, str(statuses[begun]), chunk.first + begun, chunk.first + row - 1
                begun = row


def _add(sums: dict[str, float], chunk: FramesChunk, rows: int) -> None:
    for agent in chunk.agents:
        for value in list(chunk.columns[f"rewards.{agent}"][:rows]):
            if value is not None:
                sums[agent] = sums.get(agent, 0.0) + float(value)


def _cell(column: Column, row: int) -> Any:
    return own_copy(column[row]) if isinstance(column, np.ndarray) else column[row]
