"""Which stored chunk gives which frames, so that every frame is taken exactly once.

A page that comes back may send frames that are stored already, in the same chunks or in others that overlap: the
first stored ones count. In a game of several people every player's page sends all frames: `Track` is what one of them
sent, and the canonical rows are one track, with the frames that it lacks taken from others that say the same. Where a
player left early there is nothing to miss, as long as another one has the frames. What is missing or differs becomes
a problem in words.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mug.records import facts as f

__all__ = ["Difference", "EpisodeFrames", "FramesPart", "Track", "collect_episodes", "cover"]


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
class Track:
    """The rows of one episode as one player's page recorded them, in order and no row twice.

    Attributes:
        copies: Chunks that say the same again, or something else (`problems` tells).
    """

    participant_id: str
    parts: tuple[FramesPart, ...]
    copies: int = 0
    problems: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """How many different frames it has."""
        return sum(part.last - part.first + 1 for part in self.parts)

    @property
    def chain_hash(self) -> str:
        """The chain hash at its last frame."""
        return str(self.parts[-1].chunk.meta.get("chain_hash", "")) if self.parts else ""


@dataclass(frozen=True)
class Difference:
    """A player whose rows are not the canonical ones.

    Attributes:
        frame: The first frame that differs.
        column: The first column that differs there ("context": what holds for the whole episode, as its seed).
        parts: That player's rows from `frame` on.
    """

    participant_id: str
    frame: int
    column: str
    parts: tuple[FramesPart, ...]

    @property
    def frames(self) -> int:
        """How many rows the player has from there on."""
        return sum(part.last - part.first + 1 for part in self.parts)


@dataclass(frozen=True)
class EpisodeFrames:
    """The stored frames of one episode, in order.

    Attributes:
        parts: Where the canonical rows come from; no row twice.
        tracks: What each player's page recorded; the one that the canonical rows are taken from comes first.
        differences: The players whose rows are not the canonical ones.
        gaps: Frames that nobody recorded, (first, last) each.
        problems: What one page said twice and differently, what could not be compared, in words.
    """

    match_id: str
    episode: int
    parts: tuple[FramesPart, ...] = ()
    tracks: tuple[Track, ...] = ()
    differences: tuple[Difference, ...] = ()
    gaps: tuple[tuple[int, int], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """How many different frames are stored."""
        return sum(part.last - part.first + 1 for part in self.parts)

    @property
    def chain_hash(self) -> str:
        """The chain hash at the last stored frame."""
        return str(self.parts[-1].chunk.meta.get("chain_hash", "")) if self.parts else ""

    @property
    def copies(self) -> int:
        """How many chunks say again what their sender had said already, or something else."""
        return sum(track.copies for track in self.tracks)

    @property
    def by_server(self) -> bool:
        """Whether the server itself stepped and recorded it; its rows are in the first player's visit."""
        return any(part.chunk.meta.get("by") == "server" for part in self.parts)

    @property
    def pages(self) -> int:
        """How many players' pages recorded it."""
        return 0 if self.by_server else len(self.tracks)

    @property
    def recorders(self) -> tuple[str, ...]:
        """The participants in whose visits the episode is recorded."""
        return tuple(track.participant_id for track in self.tracks)

    @property
    def missing(self) -> list[str]:
        """Say which frames nobody recorded."""
        return [f"frames {first} to {last} are missing" for first, last in self.gaps]

    @property
    def disagreements(self) -> list[str]:
        """Say whose rows are not the canonical ones, and from where on."""
        return [
            f"the rows of {difference.participant_id} differ from those of {self.tracks[0].participant_id} from frame "
            f"{difference.frame} on (first in {difference.column}); they are in frames_disagreeing"
            for difference in self.differences
        ]

    def track_of(self, participant_id: str) -> Track | None:
        """Return what one participant's page recorded."""
        return next((track for track in self.tracks if track.participant_id == participant_id), None)


class Compare(Protocol):
    """How what several players recorded is compared."""

    def __call__(self, canonical: Track, other: Track, /) -> tuple[Difference | None, Sequence[str]]:
        """Return where `other` differs from the canonical track, and what could not be compared, in words."""
        ...

    def holds(self, chunk: f.ChunkStored, /) -> bool:
        """Whether the chunk's bytes are rows, and those that the journal says."""
        ...


def collect_episodes(
    chunks: Iterable[f.ChunkStored], players: Mapping[str, Sequence[str]], compare: Compare
) -> tuple[list[EpisodeFrames], list[str]]:
    """Sort the frames chunks of a session into episodes (in the order of their first chunk).

    Args:
        chunks: The chunks in the order in which they were stored.
        players: Match -> its participants in the match's order.
        compare: See `Compare`; called only where several players recorded an episode.

    Returns:
        The episodes, and sentences about chunks that belong to none.
    """
    groups: dict[tuple[str, int], dict[str, list[f.ChunkStored]]] = defaultdict(lambda: defaultdict(list))
    stray: list[str] = []
    for chunk in chunks:
        if chunk.stream != "frames":
            continue
        meta = chunk.meta
        numbers = [meta.get(name) for name in ("episode", "first", "last")]
        if not isinstance(meta.get("match_id"), str) or not all(type(number) is int for number in numbers):
            stray.append(f"chunk {chunk.visit_id}/frames/{chunk.seq} does not say which frames it holds")
            continue
        groups[meta["match_id"], meta["episode"]][chunk.participant_id].append(chunk)
    episodes = []
    for (match_id, number), by_player in groups.items():
        order = {who: place for place, who in enumerate(players.get(match_id, ()))}
        ranked = sorted(by_player, key=lambda who: order.get(who, len(order)))
        left_out = _without_lies(by_player, compare) if len(ranked) > 1 else []
        tracks = [_track(who, by_player[who]) for who in ranked]
        episodes.append(_episode(match_id, number, tracks, compare, left_out))
    return episodes, stray


def _without_lies(by_player: dict[str, list[f.ChunkStored]], compare: Compare) -> list[str]:
    """Take out the chunks whose bytes are not what they say, so that no page hides another one's rows behind them.

    A chunk that two players sent alike needs no look. When nothing would be left, all stay: they are told as damaged.
    """
    senders = Counter(known for chunks in by_player.values() for known in {_said(chunk) for chunk in chunks})
    kept: dict[str, list[f.ChunkStored]] = {}
    problems = []
    for who, chunks in by_player.items():
        kept[who] = [chunk for chunk in chunks if senders[_said(chunk)] > 1 or compare.holds(chunk)]
        problems += [
            f"chunk {chunk.visit_id}/frames/{chunk.seq} of {who} is left out: its bytes are not the frames it says"
            for chunk in chunks
            if chunk not in kept[who]
        ]
    if not any(kept.values()):
        return []
    by_player.update(kept)
    return problems


def _said(chunk: f.ChunkStored) -> tuple[str, int, int]:
    return chunk.sha256, chunk.meta["first"], chunk.meta["last"]


def cover(tracks: Sequence[Track]) -> tuple[tuple[FramesPart, ...], list[tuple[int, int]]]:
    """Return parts with every frame once, each from the first track that has it, and the gaps (first, last)."""
    parts: list[FramesPart] = []
    gaps: list[tuple[int, int]] = []
    places = [0] * len(tracks)
    expected = 0
    while True:
        following: int | None = None
        for index, track in enumerate(tracks):
            while places[index] < len(track.parts) and track.parts[places[index]].last < expected:
                places[index] += 1
            if places[index] == len(track.parts):
                continue
            part = track.parts[places[index]]
            if part.first <= expected:
                parts.append(FramesPart(part.chunk, expected, part.last))
                expected = part.last + 1
                break
            following = part.first if following is None else min(following, part.first)
        else:
            if following is None:
                return tuple(parts), gaps
            gaps.append((expected, following - 1))
            expected = following


def _track(participant_id: str, chunks: list[f.ChunkStored]) -> Track:
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
            problems.append(f"two chunks disagree about the frames up to {last}")
        hash_at.setdefault(last, chain_hash)
        if last < expected:
            copies += 1
            continue
        parts.append(FramesPart(chunk, max(first, expected), last))
        expected = last + 1
    return Track(participant_id, tuple(parts), copies, tuple(problems))


def _episode(
    match_id: str, number: int, tracks: list[Track], compare: Compare, left_out: Sequence[str]
) -> EpisodeFrames:
    # The fullest track is the canonical one, of equal ones the first player's.
    canonical = max(tracks, key=lambda track: track.frames)
    alike, differences = [canonical], []
    problems = [*left_out, *(problem for track in tracks for problem in track.problems)]
    for track in tracks:
        if track is canonical:
            continue
        difference, notes = compare(canonical, track)
        problems += notes
        if difference is None:
            alike.append(track)
            continue
        differences.append(difference)
    parts, gaps = cover(alike)
    ranked = (canonical, *(track for track in tracks if track is not canonical))
    return EpisodeFrames(match_id, number, parts, ranked, tuple(differences), tuple(gaps), tuple(problems))
