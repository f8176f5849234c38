"""Who is out of the match, and after which frame: all survivors take the same.

Every survivor claims the last frame of the lost player's input that it holds, and takes no later one from then on. The
cut is the smallest claim, so everybody holds the inputs up to it; and as nobody, the lost player included, confirms a
frame whose inputs are not known to be held by all, no recorded frame lies beyond it. A second loss while claims are
out begins a new round over all lost players; whoever had cut already claims its cut, so both rounds give the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["Claim", "CutRound", "agreed_cut"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One survivor's word on the lost players.

    Attributes:
        epoch: The episode that the survivor is in; -1: before the first.
        frames: The last frame of each lost player's input that it holds in that episode.
    """

    epoch: int
    frames: dict[int, int]


class CutRound:
    """The claims that are out.

    Args:
        gone: Players who were out before this page came back.

    Attributes:
        lost: All players who are out.
        settled: Those whose cut is agreed.
    """

    def __init__(self, gone: Iterable[int] = ()) -> None:
        self.lost: frozenset[int] = frozenset(gone)
        self.settled: set[int] = set(self.lost)
        self._claims: dict[frozenset[int], dict[int, Claim]] = {}

    @property
    def open(self) -> bool:
        """Claims are awaited."""
        return not self.lost <= self.settled

    def add(self, player: int, claim: Claim) -> None:
        """Take a survivor's claim; the verdict it belongs to may reach us later."""
        self._claims.setdefault(frozenset(claim.frames), {})[player] = claim

    def complete(self, survivors: Iterable[int]) -> Mapping[int, Claim] | None:
        """Return the survivors' claims when all are in."""
        claims = self._claims.get(self.lost, {})
        wanted = list(survivors)
        if not self.open or any(player not in claims for player in wanted):
            return None
        return {player: claims[player] for player in wanted}


def agreed_cut(player: int, claims: Mapping[int, Claim], epoch: int) -> int | None:
    """Return the last frame of `epoch` with the lost player's own input; None: the whole episode has it.

    Somebody who is still in the last episode keeps this one from having begun: nothing of it was played. Somebody who
    is in the next one has confirmed this one to its end, and knows that all held all its inputs.
    """
    if any(claim.epoch < epoch for claim in claims.values()):
        return -1
    if any(claim.epoch > epoch for claim in claims.values()):
        return None
    return min(claim.frames[player] for claim in claims.values())
