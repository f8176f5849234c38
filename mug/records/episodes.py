"""Which stored chunk gives which frames, so that every frame is taken exactly once.

A page that comes back may send frames that are stored already, in the same chunks or in others that overlap: the
first stored ones count. What is missing or differs becomes a problem in words.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from mug.records import facts as f

__all__ = ["EpisodeFrames", "FramesPart", "collect_episodes"]


@dataclass(frozen=True)
class FramesPart:
    """The rows `first` to `last` of one episode, from one chunk that may hold more before them."""

    chunk: f.ChunkStored
    first: int
    last: int

    @property
    def skip(self) -> int:
        """How many rows at the chunk's beginning are taken from an earlier chunk."""
        return self.first - int(self.chunk.meta["first"])


@dataclass(frozen=True)
class EpisodeFrames:
    """The stored frames of one episode, in order.

    Attributes:
        parts: Where the rows come from; no row twice.
        recorders: The participants whose browsers recorded them.
        copies: Chunks that say the same again, or something else (`problems` tells).
    """

    match_id: str
    episode: int
    parts: tuple[FramesPart, ...]
    copies: int
    recorders: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def frames(self) -> int:
        """How many different frames are stored."""
        return sum(part.last - part.first + 1 for part in self.parts)

    @property
    def chain_hash(self) -> str:
        """The chain hash at the last stored frame."""
        return str(self.parts[-1].chunk.meta.get("chain_hash", "")) if self.parts else ""


def collect_episodes(chunks: Iterable[f.ChunkStored]) -> tuple[list[EpisodeFrames], list[str]]:
    """Sort the frames chunks of a session into episodes (in the order of their first chunk).

    Returns:
        The episodes, and sentences about chunks that belong to none.
    """
    groups: dict[tuple[str, int], list[f.ChunkStored]] = defaultdict(list)
    stray: list[str] = []
    for chunk in chunks:
        if chunk.stream != "frames":
            continue
        meta = chunk.meta
        numbers = [meta.get(name) for name in ("episode", "first", "last")]
        if not isinstance(meta.get("match_id"), str) or not all(type(number) is int for number in numbers):
            stray.append(f"chunk {chunk.visit_id}/frames/{chunk.seq} does not say which frames it holds")
            continue
        groups[meta["match_id"], meta["episode"]].append(chunk)
    return [_collect(match_id, episode, group) for (match_id, episode), group in groups.items()], stray


def _collect(match_id: str, episode: int, chunks: list[f.ChunkStored]) -> EpisodeFrames:
    where = f"match {match_id}, episode {episode}"
    problems: list[str] = []
    parts: list[FramesPart] = []
    copies = 0
    expected = 0
    hash_at: dict[int, str] = {}
    # The engine marks what it held already; sorting is stable, so of equal chunks the first stored comes first.
    ordered = sorted(chunks, key=lambda chunk: (chunk.meta["first"], bool(chunk.meta.get("repeated"))))
    for chunk in ordered:
        first, last = int(chunk.meta["first"]), int(chunk.meta["last"])
        chain_hash = str(chunk.meta.get("chain_hash", ""))
        if last in hash_at and hash_at[last] != chain_hash:
            problems.append(f"{where}: two chunks disagree about the frames up to {last}")
        hash_at.setdefault(last, chain_hash)
        if last < expected:
            copies += 1
            continue
        if first > expected:
            problems.append(f"{where}: frames {expected} to {first - 1} are missing")
        parts.append(FramesPart(chunk, max(first, expected), last))
        expected = last + 1
    recorders = tuple(dict.fromkeys(chunk.participant_id for chunk in chunks))
    return EpisodeFrames(match_id, episode, tuple(parts), copies, recorders, tuple(problems))
