"""The stored bytes of a session without a participant: frames with a blank agent, lines without what they told."""

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from mug.play.chunks import EMPTY_CHAIN, Column, FramesChunk, decode_chunk, encode_chunk
from mug.play.errors import ChunkError
from mug.records.withdrawn_facts import Subject

__all__ = ["WITHDRAWN", "FrameBlanking", "FrameCleaning", "cleaned_lines", "lines_without_agent"]

WITHDRAWN: Final = "withdrawn"
"""The status of an agent whose player withdrew."""

_BLANK: Final = ("actions", "rewards", "terminated", "truncated", "observations", "infos")
_BY_AGENT: Final = ("reset_observations", "reset_infos", "final_observations", "rewards")
_MAX_LEAVES: Final = 256
_PEOPLE: Final = ("participant_id", "participant", "participants", "partners", "visit_id")


class FrameBlanking:
    """Blanks the frames of matches that a withdrawn participant played with others.

    Chunks are chained by hash, so a track's chunks come in the order of their frames. Two pages that recorded the same
    rows get the same new bytes.

    Attributes:
        chains: (match, episode, chain hash before) -> chain hash now.
    """

    def __init__(self, agents: Mapping[str, tuple[str, ...]]) -> None:
        """Prepare it. `agents`: match -> the agents whose data go."""
        self.chains: dict[tuple[str, int, str], str] = {}
        self._agents = agents

    def blank(self, body: bytes, meta: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
        """Return a chunk without the data of the agents, and its meta.

        Raises:
            ChunkError: The bytes are no chunk.
        """
        chunk = decode_chunk(body)
        agents = self._agents.get(chunk.match_id)
        if agents is None:
            raise ChunkError("the chunk holds frames of another match than the journal says")
        columns: dict[str, Column] = {}
        for name, column in chunk.columns.items():
            what, _, agent = name.partition(".")
            columns[name] = _blank(what, column) if agent in agents else column
        return self.encode(chunk, columns, {k: v for k, v in chunk.context.items() if k != "mug_globals"}, meta)

    def encode(
        self, chunk: FramesChunk, columns: Mapping[str, Column], context: Mapping[str, Any], meta: Mapping[str, Any]
    ) -> tuple[bytes, dict[str, Any]]:
        """Return the chunk with other columns, after the new bytes of the one before it, and its meta."""
        place = chunk.match_id, chunk.episode
        before = chunk.previous_chain_hash
        made = encode_chunk(
            match_id=chunk.match_id,
            episode=chunk.episode,
            first=chunk.first,
            columns=columns,
            previous_chain_hash=before if before == EMPTY_CHAIN else self.chains.get((*place, before), before),
            context=context,
        )
        chain = made[22:38].hex()
        self.chains[*place, chunk.chain_hash] = chain
        return made, {**meta, "chain_hash": chain}


class FrameCleaning(FrameBlanking):
    """Takes what names a participant out of the texts in the frames of their matches; every other value stays."""

    def __init__(self, agents: Mapping[str, tuple[str, ...]], who: Subject) -> None:
        """Prepare it. `agents`: match -> the participant's agents."""
        super().__init__(agents)
        self._who = who

    def clean(self, body: bytes, meta: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]] | None:
        """Return a chunk in which nothing names the participant, and its meta; None where it can stay as it is.

        Raises:
            ChunkError: The bytes are no chunk.
        """
        chunk = decode_chunk(body)
        found: list[str] = []
        columns = {
            name: column if isinstance(column, np.ndarray) else [self._cleaned(value, found) for value in column]
            for name, column in chunk.columns.items()
        }
        context = self._cleaned(chunk.context, found)
        if not found and (chunk.match_id, chunk.episode, chunk.previous_chain_hash) not in self.chains:
            return None
        return self.encode(chunk, columns, context, meta)

    def _cleaned(self, value: Any, found: list[str]) -> Any:
        match value:
            case str():
                clean = self._who.clean(value)
                if clean != value:
                    found.append(value)
                return clean
            case dict():
                return {key: self._cleaned(item, found) for key, item in value.items()}
            case list() | tuple():
                return type(value)(self._cleaned(item, found) for item in value)
        return value


def _blank(what: str, column: Column) -> Column:
    rows = len(column)
    if what == "status":
        return [WITHDRAWN] * rows
    if what == "infos":
        return [{}] * rows
    if what not in _BLANK:
        return column
    if isinstance(column, np.ndarray) and column.ndim > 1 and int(np.prod(column.shape[1:])) <= _MAX_LEAVES:
        return [_nothing(column.shape[1:])] * rows  # so that the table keeps its columns
    if what in ("actions", "observations") and isinstance(column, list):
        return [_emptied(value) for value in column]
    return [None] * rows


def _emptied(value: Any) -> Any:
    """Return a value of several parts with the same parts, all empty; of large ones, and of all else, nothing."""
    match value:
        case dict() if _leaves(value) <= _MAX_LEAVES:
            return {key: _emptied(item) for key, item in value.items()}
        case list() | tuple() if _leaves(value) <= _MAX_LEAVES:
            return [_emptied(item) for item in value]
        case np.ndarray() if value.ndim and value.size <= _MAX_LEAVES:
            return _nothing(value.shape)
    return None


def _leaves(value: Any) -> int:
    match value:
        case dict():
            return sum(_leaves(item) for item in value.values())
        case list() | tuple():
            return sum(_leaves(item) for item in value)
        case np.ndarray():
            return int(value.size)
    return 1


def _nothing(shape: tuple[int, ...]) -> list[Any]:
    return [_nothing(shape[1:]) if len(shape) > 1 else None for _ in range(shape[0])]


def lines_without_agent(body: bytes, agents: Mapping[str, tuple[str, ...]], blanking: FrameBlanking) -> bytes:
    """Return a partner's events without what they told of the agents: observations, infos, rewards.

    Chain hashes are those of the blanked rows. Lines that say nothing of it keep their bytes.
    """
    lines = []
    for line in body.splitlines(keepends=True):
        row = _object(line)
        if row is None or row.get("match_id") not in agents:
            lines.append(line)
            continue
        gone = agents[row["match_id"]]
        made = dict(row)
        for name in _BY_AGENT:
            if isinstance(row.get(name), dict):
                made[name] = {agent: value for agent, value in row[name].items() if agent not in gone}
        if isinstance(row.get("chain_hash"), str) and isinstance(row.get("episode"), int):
            place = row["match_id"], row["episode"], row["chain_hash"]
            made["chain_hash"] = blanking.chains.get(place, row["chain_hash"])
        lines.append(line if made == row else _text(made, line))
    return b"".join(lines)


def cleaned_lines(body: bytes, who: Subject, *, own: bool) -> bytes:
    """Return lines with the new pseudonym; in the participant's own lines no text names them either."""
    lines = []
    for line in body.splitlines(keepends=True):
        row = _object(line)
        if row is None:
            text = line.decode("utf-8", "surrogateescape")
            lines.append(who.clean(text).encode("utf-8", "surrogateescape") if own else line)
            continue
        made = _walk(row, who, own, "")
        lines.append(line if made == row else _text(made, line))
    return b"".join(lines)


def _walk(value: Any, who: Subject, own: bool, key: str) -> Any:
    match value:
        case str() if key in _PEOPLE:
            return who.names.get(value, value)
        case str():
            return who.clean(value) if own else value
        case list():
            return [_walk(item, who, own, key) for item in value]
        case dict():
            return {name: _walk(item, who, own, name) for name, item in value.items()}
    return value


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _text(row: dict[str, Any], line: bytes) -> bytes:
    return json.dumps(row).encode("ascii") + (b"\n" if line.endswith(b"\n") else b"")
