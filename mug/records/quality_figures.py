"""What `mug.records.quality` says of a session, of its matches and its people: plain values, light to import."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import msgspec

__all__ = ["Figures", "MatchQuality", "PersonQuality", "SessionQuality"]

_RANK: Final = {"good": 0, "look": 1, "bad": 2}


@dataclass
class Figures:
    """What is measured of a session and of a match alike.

    Attributes:
        frames: Different frames that are stored.
        missing_frames: Frames that nobody recorded.
        dropouts: Players who were lost for good; in a session the participants who did not come to an end.
        exclusions: Participants who were excluded.
        desyncs: Compared state hashes that differed.
        disagreeing: Episodes in which the players' records are not alike.
        rollback_share: Steps that were made again, of all steps. None: nothing was measured.
        stall_share: Time for which the game waited for a partner's input.
        unfocused_share: Seconds in which a page was hidden or had no keyboard.
        ping_median_ms: Round trip to the server, all participants together. ping_p95_ms: its 95th percentile.
        verdict: good, look, bad.
        reasons: Why it is not good, in sentences.
    """

    frames: int = 0
    missing_frames: int = 0
    dropouts: int = 0
    exclusions: int = 0
    desyncs: int = 0
    disagreeing: int = 0
    rollback_share: float | None = None
    stall_share: float | None = None
    unfocused_share: float | None = None
    ping_median_ms: float | None = None
    ping_p95_ms: float | None = None
    verdict: str = "good"
    reasons: list[str] = field(default_factory=list)

    def say(self, verdict: str, reason: str) -> None:
        """Add a reason; the verdict is the worst of all."""
        self.reasons.append(reason)
        self.verdict = max(self.verdict, verdict, key=_RANK.__getitem__)


@dataclass
class MatchQuality(Figures):
    """One match. `flags`: what the server marked it with; `ended`: whether it is over, so that it can be replayed."""

    match_id: str = ""
    scene_id: str = ""
    participants: tuple[str, ...] = ()
    formed_at: str = ""
    outcome: str = ""
    episodes: int = 0
    flags: tuple[str, ...] = ()
    ended: bool = False


@dataclass
class PersonQuality:
    """One participant. `withdrawn`: removed, anonymised, or empty; `outcome`: empty while the participation goes on."""

    participant_id: str
    joined_at: str
    outcome: str = ""
    reason: str = ""
    visits: int = 0
    matches: int = 0
    errors: int = 0
    unfocused_share: float | None = None
    ping_median_ms: float | None = None
    withdrawn: str = ""


@dataclass
class SessionQuality(Figures):
    """One session. `head`: the hash of the journal's last entry, from which all of it was made."""

    session_id: str = ""
    head: str = ""
    is_open: bool = False
    participants: int = 0
    complete: int = 0
    withdrawn: int = 0
    errors: int = 0
    problems: list[str] = field(default_factory=list)
    matches: list[MatchQuality] = field(default_factory=list)
    people: list[PersonQuality] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        data: dict[str, Any] = asdict(self)
        return data

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "SessionQuality":
        """Return what `as_data` gave.

        Raises:
            msgspec.ValidationError: It is something else.
        """
        return msgspec.convert(data, cls)
