"""What was stored of a match, in order, ready to be stepped again.

Chunks and tail give the confirmed actions; stepping them again must make the same chunks, hash by hash. Whatever does
not fit (a gap, another hash) is said as an `IrreproducibleError`, never patched.
"""

import base64
import binascii
import functools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mug.play.chunks import EMPTY_CHAIN, Column, FramesChunk, decode_chunk
from mug.play.encoding import decode
from mug.play.errors import ChunkError, IrreproducibleError
from mug.play.values import own_copy

__all__ = ["StoredFrame", "StoredGame", "Tail"]


@dataclass(frozen=True, kw_only=True)
class Tail:
    """The rows after the last cut chunk, as the page keeps them.

    Attributes:
        first: Frame of the first entry, or the next frame when there are none.
        entries: One text per frame; opaque outside this package.
        context: What the episode's first chunk will carry (JSON), while that chunk is not cut; else "".
    """

    match_id: str
    episode: int
    first: int
    entries: tuple[str, ...]
    context: str = ""


@dataclass(frozen=True)
class StoredFrame:
    """One frame's input.

    Attributes:
        seen_hash: For frames of the tail, a short hash of what the agents saw afterwards.
    """

    frame: int
    actions: dict[str, Any]
    statuses: dict[str, str]
    seen_hash: bytes | None = None


@dataclass(frozen=True)
class StoredGame:
    """All that is stored of one match, checked to be without gaps.

    Attributes:
        chunks: By episode, in order.
        tail: The page's tail, when it goes beyond the chunks.
    """

    chunks: dict[int, list[FramesChunk]]
    tail: Tail | None

    @classmethod
    def read(cls, match_id: str, stored: Sequence[bytes], tail: Tail | None) -> "StoredGame":
        """Decode, order and check what is stored; chunks of other matches are left aside.

        Raises:
            IrreproducibleError: When a chunk is damaged, missing, or does not follow the one before.
        """
        episodes: dict[int, dict[int, FramesChunk]] = {}
        for body in stored:
            try:
                chunk = decode_chunk(bytes(body))
            except ChunkError as error:
                raise IrreproducibleError(f"a stored chunk cannot be read: {error}", 0, 0) from error
            if chunk.match_id == match_id:
                episodes.setdefault(chunk.episode, {}).setdefault(chunk.first, chunk)
        ordered = {episode: [found[first] for first in sorted(found)] for episode, found in sorted(episodes.items())}
        for episode, chunks in ordered.items():
            _check_chain(episode, chunks)
        if tail is not None and tail.match_id != match_id:
            tail = None
        return cls(ordered, tail)

    @property
    def is_empty(self) -> bool:
        """Whether no frame and no beginning of an episode is stored."""
        return not self.chunks and (self.tail is None or (self.tail.episode == 0 and not self.tail.entries))

    @property
    def last_episode(self) -> int:
        """The newest episode that anything is stored of."""
        newest = max(self.chunks, default=0)
        return newest if self.tail is None else max(newest, self.tail.episode)

    def context(self, episode: int) -> dict[str, Any]:
        """What held at the episode's start (seed, `mug_globals`), or nothing when its beginning is not stored."""
        chunks = self.chunks.get(episode)
        if chunks:
            return chunks[0].context
        if self.tail is not None and self.tail.episode == episode and self.tail.context:
            context: dict[str, Any] = json.loads(self.tail.context)
            return context
        return {}

    def chunk(self, episode: int, first: int) -> FramesChunk | None:
        """Return the stored chunk that begins at `first`."""
        return next((chunk for chunk in self.chunks.get(episode, ()) if chunk.first == first), None)

    def ends_at(self, episode: int, frame: int) -> bool:
        """Whether a stored chunk ends with this frame."""
        return (episode, frame) in self._ends

    @functools.cached_property
    def _ends(self) -> frozenset[tuple[int, int]]:
        return frozenset((episode, chunk.last) for episode, chunks in self.chunks.items() for chunk in chunks)

    def frames(self, episode: int) -> Iterator[StoredFrame]:
        """Yield the episode's frames from 0 on.

        Raises:
            IrreproducibleError: When frames are missing between the chunks and the tail, or the tail is damaged.
        """
        next_frame = 0
        for chunk in self.chunks.get(episode, ()):
            for row in range(chunk.last - chunk.first + 1):
                yield _row(chunk, row)
            next_frame = chunk.last + 1
        tail = self.tail
        if tail is None or tail.episode != episode:
            return
        if tail.first > next_frame:
            raise IrreproducibleError(
                f"frames {next_frame} to {tail.first - 1} are missing between what is stored and what the page kept",
                episode,
                next_frame,
            )
        for entry in tail.entries[next_frame - tail.first :]:
            yield _tail_frame(entry, episode, next_frame)
            next_frame += 1

    def rewards(self, episode: int) -> dict[str, float]:
        """Return the sums of the episode's stored rewards by agent."""
        sums: dict[str, float] = {}
        for chunk in self.chunks.get(episode, ()):
            for agent in chunk.agents:
                for value in chunk.columns[f"rewards.{agent}"]:
                    if value is not None:
                        sums[agent] = sums.get(agent, 0.0) + float(value)
        return sums


def _check_chain(episode: int, chunks: Sequence[FramesChunk]) -> None:
    next_frame, chain = 0, EMPTY_CHAIN
    for chunk in chunks:
        if chunk.first != next_frame:
            raise IrreproducibleError(
                f"frames {next_frame} to {chunk.first - 1} of episode {episode} are not stored", episode, next_frame
            )
        if chunk.previous_chain_hash != chain:
            raise IrreproducibleError(
                f"the chunk at frame {chunk.first} of episode {episode} does not follow the one before it",
                episode,
                chunk.first,
            )
        next_frame, chain = chunk.last + 1, chunk.chain_hash


def _row(chunk: FramesChunk, row: int) -> StoredFrame:
    actions, statuses = {}, {}
    for agent in chunk.agents:
        status = _cell(chunk.columns[f"status.{agent}"], row)
        if status is not None:
            statuses[agent] = status
            actions[agent] = _cell(chunk.columns[f"actions.{agent}"], row)
    return StoredFrame(chunk.first + row, actions, statuses)


def _cell(column: Column, row: int) -> Any:
    return own_copy(column[row]) if isinstance(column, np.ndarray) else column[row]


def _tail_frame(entry: str, episode: int, expected: int) -> StoredFrame:
    try:
        frame, actions, statuses, seen_hash = decode(base64.b64decode(entry, validate=True))
    except (binascii.Error, ChunkError, ValueError, TypeError) as error:
        raise IrreproducibleError(f"what the page kept is damaged: {error}", episode, expected) from error
    if frame != expected:
        raise IrreproducibleError(f"what the page kept continues at frame {frame}, not {expected}", episode, expected)
    return StoredFrame(frame, actions, statuses, seen_hash)
