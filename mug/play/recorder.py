"""Rows of an episode, cut into chunks: one second each, or less where the bytes or the episode end earlier.

A row f holds the observation that each agent had when it acted, the action and how it came about, and what step f
returned. Where chunks are cut depends on the rows alone, so every peer, and every replay, makes the same chunks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from mug.play.chunks import EMPTY_CHAIN, MAX_CHUNK_BYTES, encode_chunk
from mug.play.errors import EnvironmentFailedError

__all__ = ["RecordedChunk", "Recorder", "Row"]

_ROOM: Final = 8_192
"""What a chunk's head and the columns' names may take."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One frame; every mapping is by agent, agents that no longer take part are absent.

    Attributes:
        statuses: "input", "default", "policy": how the action came about.
        state_hash: Hash of the world after the step, at check frames; else None.
    """

    frame: int
    statuses: Mapping[str, str]
    actions: Mapping[str, Any]
    rewards: Mapping[str, float]
    terminated: Mapping[str, bool]
    truncated: Mapping[str, bool]
    observations: Mapping[str, Any]
    infos: Mapping[str, Mapping[str, Any]]
    state_hash: str | None = None


@dataclass(frozen=True)
class RecordedChunk:
    """A finished chunk: its identity and its bytes."""

    meta: dict[str, Any]
    body: bytes


@dataclass
class Recorder:
    """Collects one episode's rows.

    Attributes:
        context: What the episode's first chunk carries besides rows (seed, `mug_globals` at the start).
        chain_hash: Hash of all rows cut so far.
    """

    match_id: str
    episode: int
    agents: Sequence[str]
    fps: int
    context: Mapping[str, Any] = field(default_factory=dict)
    chain_hash: str = EMPTY_CHAIN
    _rows: list[Row] = field(default_factory=list)
    _bytes: int = 0

    @property
    def waiting(self) -> Sequence[Row]:
        """The rows after the last cut."""
        return self._rows

    def add(self, row: Row) -> list[RecordedChunk]:
        """Keep a row; returns the chunks that are finished by it (at most two).

        Raises:
            EnvironmentFailedError: The row alone is more than a chunk may hold; the rows before it are kept.
        """
        size = _size(row.observations) + _size(row.infos) + _size(row.actions) + 40 * len(self.agents)
        room = MAX_CHUNK_BYTES - _ROOM
        if row.frame == 0:
            size += _size(self.context)
        if size > room and (packed := len(self._encoded([row]))) > room:
            raise EnvironmentFailedError(
                "step",
                f"what step returned in frame {row.frame} takes {packed // 1000} kB, but one frame may take at most "
                f"{room // 1000} kB: return smaller observations or infos",
                "",
            )
        chunks = []
        if self._rows and self._bytes + size > room:
            chunks.append(self._cut())
        self._rows.append(row)
        self._bytes += size
        if (row.frame + 1) % self.fps == 0:
            chunks.append(self._cut())
        return chunks

    def finish(self) -> list[RecordedChunk]:
        """Cut the tail at the episode's end."""
        return [self._cut()] if self._rows else []

    def _cut(self) -> RecordedChunk:
        rows, self._rows, self._bytes = self._rows, [], 0
        body = self._encoded(rows)
        self.chain_hash = body[22:38].hex()
        meta = {
            "match_id": self.match_id,
            "episode": self.episode,
            "first": rows[0].frame,
            "last": rows[-1].frame,
            "chain_hash": self.chain_hash,
            "agents": list(self.agents),
        }
        return RecordedChunk(meta, body)

    def _encoded(self, rows: Sequence[Row]) -> bytes:
        columns: dict[str, list[Any]] = {"frame": [row.frame for row in rows]}
        for name, part in (
            ("status", "statuses"),
            ("actions", "actions"),
            ("rewards", "rewards"),
            ("terminated", "terminated"),
            ("truncated", "truncated"),
            ("observations", "observations"),
            ("infos", "infos"),
        ):
            for agent in self.agents:
                columns[f"{name}.{agent}"] = [getattr(row, part).get(agent) for row in rows]
        columns["state_hash"] = [row.state_hash for row in rows]
        first = rows[0].frame
        return encode_chunk(
            match_id=self.match_id,
            episode=self.episode,
            first=first,
            columns=columns,
            previous_chain_hash=self.chain_hash,
            context=self.context if first == 0 else None,
        )


def _size(value: Any) -> int:
    if value is None or type(value) in (int, float, bool):
        return 9
    if isinstance(value, np.ndarray):
        return int(value.nbytes) + 16
    if isinstance(value, (str, bytes)):
        return len(value) + 4
    if isinstance(value, Mapping):
        return sum(len(str(key)) + 2 + _size(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return sum(map(_size, value)) + 2
    return 9
