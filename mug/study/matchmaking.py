"""Who plays with whom: matchmakers look at who arrives and who waits, and answer with a group or with None."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, islice

__all__ = [
    "FIFOMatchmaker",
    "GroupHistory",
    "GroupReunionMatchmaker",
    "LatencyFIFOMatchmaker",
    "MatchCandidate",
    "Matchmaker",
    "StrangersMatchmaker",
]


@dataclass(frozen=True)
class GroupHistory:
    """Whom a participant has played with.

    Attributes:
        previous_partners: The subject ids of those in the last group.
        source_scene_id: The scene in which they were that group.
        group_id: The group they were.
        role: The agent that the participant played in it.
        outcome: How that match ended; None: it is not over.
        earlier_partners: The subject ids of all who were in a group with the participant before that one.
    """

    previous_partners: Sequence[str]
    source_scene_id: str | None = None
    group_id: str | None = None
    role: str | None = None
    outcome: str | None = None
    earlier_partners: Sequence[str] = ()


@dataclass(frozen=True)
class MatchCandidate:
    """Somebody who may be matched.

    Attributes:
        subject_id: The participant.
        rtt_ms: Round-trip time to the server in ms; None: not measured.
        group_history: Whom they have played with; None: with nobody yet.
        waited_ms: How long they have waited.
    """

    subject_id: str
    rtt_ms: float | None = None
    group_history: GroupHistory | None = None
    waited_ms: float = 0.0


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
        widening_ms_per_s: So much the first limit grows with each second that the longer waiting of the two has waited.
    """

    def __init__(
        self, max_server_rtt_ms: float, max_p2p_rtt_ms: float | None = None, widening_ms_per_s: float = 0.0
    ) -> None:
        super().__init__(max_p2p_rtt_ms)
        _refuse_negative("max_server_rtt_ms", max_server_rtt_ms)
        _refuse_negative("widening_ms_per_s", widening_ms_per_s)
        self.max_server_rtt_ms = max_server_rtt_ms
        self.widening_ms_per_s = widening_ms_per_s

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
        waited_s = max(one.waited_ms, other.waited_ms) / 1000
        return one.rtt_ms + other.rtt_ms <= self.max_server_rtt_ms + self.widening_ms_per_s * waited_s


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


class StrangersMatchmaker(Matchmaker):
    """First come, first served among those who have never been in a group with each other.

    Args:
        max_p2p_rtt_ms: Largest measured round-trip time of a pair; None: any.
    """

    def rank_candidates(
        self, arriving: MatchCandidate, waiting: Sequence[MatchCandidate], group_size: int
    ) -> list[MatchCandidate]:
        """Return those who are strangers to `arriving`, in order."""
        return [candidate for candidate in waiting if not _have_met(arriving, candidate)]

    def find_match(
        self, arriving: MatchCandidate, waiting: Sequence[MatchCandidate], group_size: int
    ) -> list[MatchCandidate] | None:
        """Return a group in which nobody knows another from an earlier one: the longest waiting, as far as possible."""
        strangers = self.rank_candidates(arriving, waiting, group_size)
        chosen = _all_apart(strangers, group_size - 1)
        return _group(chosen, arriving, group_size) if chosen is not None else None


_MAX_TRIES = 2_000
"""Groups that a search among strangers looks at before it gives up until somebody else comes."""


def _all_apart(candidates: Sequence[MatchCandidate], size: int) -> list[MatchCandidate] | None:
    """Return the first `size` candidates, in order, of whom no two have met."""
    for chosen in islice(combinations(candidates, size), _MAX_TRIES):
        if not any(_have_met(one, other) for one, other in combinations(chosen, 2)):
            return list(chosen)
    return None


def _group(ranked: list[MatchCandidate], arriving: MatchCandidate, group_size: int) -> list[MatchCandidate] | None:
    if group_size < 1:
        raise ValueError(f"group_size is {group_size}; it must be at least 1")
    return [*ranked[: group_size - 1], arriving] if len(ranked) >= group_size - 1 else None


def _were_partners(one: MatchCandidate, other: MatchCandidate) -> bool:
    return _remembers(one, other) or _remembers(other, one)


def _remembers(one: MatchCandidate, other: MatchCandidate) -> bool:
    return one.group_history is not None and other.subject_id in one.group_history.previous_partners


def _have_met(one: MatchCandidate, other: MatchCandidate) -> bool:
    return _has_met(one, other.subject_id) or _has_met(other, one.subject_id)


def _has_met(one: MatchCandidate, subject_id: str) -> bool:
    history = one.group_history
    return history is not None and (subject_id in history.previous_partners or subject_id in history.earlier_partners)


def _refuse_negative(name: str, value: float | None) -> None:
    if value is not None and not value >= 0:
        raise ValueError(f"{name} is {value!r}; it must be at least 0 ms")
