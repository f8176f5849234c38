"""Who plays with whom: matchmakers look at who arrives and who waits, and answer with a group or with None."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "FIFOMatchmaker",
    "GroupHistory",
    "GroupReunionMatchmaker",
    "LatencyFIFOMatchmaker",
    "MatchCandidate",
    "Matchmaker",
]


@dataclass(frozen=True)
class GroupHistory:
    """Whom a participant has played with.

    Attributes:
        previous_partners: Their subject ids.
        source_scene_id: The scene in which they were a group.
        group_id: The group they were.
    """

    previous_partners: Sequence[str]
    source_scene_id: str | None = None
    group_id: str | None = None


@dataclass(frozen=True)
class MatchCandidate:
    """Somebody who may be matched.

    Attributes:
        subject_id: The participant.
        rtt_ms: Round-trip time to the server in ms; None: not measured.
        group_history: Whom they have played with; None: with nobody yet.
    """

    subject_id: str
    rtt_ms: float | None = None
    group_history: GroupHistory | None = None


class Matchmaker(ABC):
    """Base of matchmakers; subclass it for one of your own.

    Args:
        max_p2p_rtt_ms: Largest round-trip time between partners, measured between their browsers; None: any.
    """

    def __init__(self, max_p2p_rtt_ms: float | None = None) -> None:
        _refuse_negative("max_p2p_rtt_ms", max_p2p_rtt_ms)
        self.max_p2p_rtt_ms = max_p2p_rtt_ms

    @abstractmethod
    def find_match(
        self, arriving: MatchCandidate, waiting: Sequence[MatchCandidate], group_size: int
    ) -> list[MatchCandidate] | None:
        """Return a group of exactly `group_size` with `arriving` in it, or None when it has to wait.

        Args:
            arriving: Who has just come.
            waiting: Who waits, the longest waiting first; never changed.
            group_size: How many people play together.
        """

    def rank_candidates(
        self, arriving: MatchCandidate, waiting: Sequence[MatchCandidate], group_size: int
    ) -> list[MatchCandidate]:
        """Return those of `waiting` who could play with `arriving`, the best first; here: all, in order."""
        return list(waiting)

    def should_reject_for_rtt(self, measured_rtt_ms: float | None) -> bool:
        """Say whether a pair is refused for its measured round-trip time.

        Without a threshold never; without a measurement always; else above the threshold.
        """
        if self.max_p2p_rtt_ms is None:
            return False
        return measured_rtt_ms is None or measured_rtt_ms > self.max_p2p_rtt_ms


class FIFOMatchmaker(Matchmaker):
    """First come, first served: the longest waiting, in order, then the arriving one."""

    def find_match(
        self, arriving: MatchCandidate, waiting: Sequence[MatchCandidate], group_size: int
    ) -> list[MatchCandidate] | None:
        """Return the first ``group_size - 1`` waiting and the arriving one."""
        return _group(self.rank_candidates(arriving, waiting, group_size), arriving, group_size)


class LatencyFIFOMatchmaker(Matchmaker):
    """First come, first served among those who are near enough.

    The round-trip time of a pair is estimated as the sum of both to the server. Above the limit a pair is not matched;
    an unknown time is never a reason against one.

    Args:
        max_server_rtt_ms: Largest estimated round-trip time of a pair.
        max_p2p_rtt_ms: Largest measured one; None: any.
    """

    def __init__(self, max_server_rtt_ms: float, max_p2p_rtt_ms: float | None = None) -> None:
        super().__init__(max_p2p_rtt_ms)
        _refuse_negative("max_server_rtt_ms", max_server_rtt_ms)
        self.max_server_rtt_ms = max_server_rtt_ms

    def rank_candidates(
        self, arriving: MatchCandidate, waiting: Sequence[MatchCandidate], group_size: int
    ) -> list[MatchCandidate]:
        """Return those who are near enough to `arriving`, in order."""
        return [candidate for candidate in waiting if self._near(arriving, candidate)]

    def find_match(
        self, arriving: MatchCandidate, waiting: Sequence[MatchCandidate], group_size: int
    ) -> list[MatchCandidate] | None:
        """Return a group in which every pair is near enough."""
        chosen: list[MatchCandidate] = []
        for candidate in self.rank_candidates(arriving, waiting, group_size):
            if len(chosen) < group_size - 1 and all(self._near(candidate, other) for other in chosen):
                chosen.append(candidate)
        return _group(chosen, arriving, group_size)

    def _near(self, one: MatchCandidate, other: MatchCandidate) -> bool:
        if one.rtt_ms is None or other.rtt_ms is None:
            return True
        return one.rtt_ms + other.rtt_ms <= self.max_server_rtt_ms


class GroupReunionMatchmaker(Matchmaker):
    """Former partners first, whichever of the two remembers the other.

    Args:
        max_p2p_rtt_ms: Largest measured round-trip time of a pair; None: any.
        fallback_to_fifo: Fill the group with the longest waiting where former partners are missing; False: wait for
            them.
    """

    def __init__(self, max_p2p_rtt_ms: float | None = None, fallback_to_fifo: bool = True) -> None:
        super().__init__(max_p2p_rtt_ms)
        self.fallback_to_fifo = fallback_to_fifo

    def rank_candidates(
        self, arriving: MatchCandidate, waiting: Sequence[MatchCandidate], group_size: int
    ) -> list[MatchCandidate]:
        """Return former partners in order, then, with the fallback, the others in order."""
        former = [candidate for candidate in waiting if _were_partners(arriving, candidate)]
        others = [candidate for candidate in waiting if not _were_partners(arriving, candidate)]
        return [*former, *others] if self.fallback_to_fifo else former

    def find_match(
        self, arriving: MatchCandidate, waiting: Sequence[MatchCandidate], group_size: int
    ) -> list[MatchCandidate] | None:
        """Return a group with as many former partners as there are."""
        return _group(self.rank_candidates(arriving, waiting, group_size), arriving, group_size)


def _group(ranked: list[MatchCandidate], arriving: MatchCandidate, group_size: int) -> list[MatchCandidate] | None:
    if group_size < 1:
        raise ValueError(f"group_size is {group_size}; it must be at least 1")
    return [*ranked[: group_size - 1], arriving] if len(ranked) >= group_size - 1 else None


def _were_partners(one: MatchCandidate, other: MatchCandidate) -> bool:
    return _remembers(one, other) or _remembers(other, one)


def _remembers(one: MatchCandidate, other: MatchCandidate) -> bool:
    return one.group_history is not None and other.subject_id in one.group_history.previous_partners


def _refuse_negative(name: str, value: float | None) -> None:
    if value is not None and not value >= 0:
        raise ValueError(f"{name} is {value!r}; it must be at least 0 ms")
