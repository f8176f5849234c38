"""What the rollback core asks its session to do, and what it tells.

The core never calls the environment, a clock or the network: it returns these values, in order, and is told the
results. Frames count from 0 in every episode; the state before frame f is what `Save(f)` keeps and `Load(f)` restores.
"""

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

__all__ = ["CTRL", "GAME", "Advance", "Event", "Load", "Request", "Save", "Send", "Stage"]

GAME: Final = 0
"""Channel: unordered, packets may be lost, doubled, late."""
CTRL: Final = 1
"""Channel: ordered and reliable while its path lasts; the core repeats what a change of paths swallowed."""

Stage: TypeAlias = str
"""connecting (handshake), returning (a page that came back rebuilds the episode), ready (agreed, waits for `begin`),
barrier, playing, ending (the episode's end is not agreed yet), paused (a player is lost or comes back), over."""


@dataclass(frozen=True, slots=True)
class Save:
    """Keep the state before `frame`; states before `oldest` are not needed any more."""

    frame: int
    oldest: int


@dataclass(frozen=True, slots=True)
class Load:
    """Restore the state before `frame`; rows and an end from `frame` on are void.

    With saved states further apart than one frame, `frame` may be a confirmed one: stepping it again gives the row that
    was recorded already.
    """

    frame: int


@dataclass(frozen=True, slots=True)
class Advance:
    """Step `frame`.

    Attributes:
        frame: The frame.
        inputs: Every player's input in the match's order, as bytes that the session understands.
        dropped: Whether each player is out of the match at this frame (the input is then the default one).
        predicted: Whether each player's input is a guess.
        again: The frame was stepped before (a rollback's re-simulation).
    """

    frame: int
    inputs: tuple[bytes, ...]
    dropped: tuple[bool, ...]
    predicted: tuple[bool, ...]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """Give bytes to the transport that leads to a player.

    Attributes:
        player: The player's number.
        channel: GAME or CTRL.
        body: The packet.
    """

    player: int
    channel: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened between the peers.

    Names and data: ``agreed`` (input_delay, window, rtt_ms by player, calibration by player), ``refused`` (player,
    reason), ``interrupted`` (player, silent_ms), ``resumed`` (player, silent_ms), ``lost`` (player, silent_ms: the game
    is paused), ``dropped`` (player, episode, frame: first frame without them, policy), ``desync`` (player, episode,
    frame, what: "reset" | "state" | "frame" | "rows", ours, theirs), ``episode_agreed`` (episode, frames: that all
    have, compared, equal: bool), ``stalled`` / ``unstalled`` (ms), ``protocol_error`` (player, reason), ``closed``
    (player, reason: they said goodbye), ``returning`` (player: their page was loaded again, the game waits for it),
    ``returned`` (player, episode, frame: the first frame of their new inputs; told by themselves, too),
    ``not_reproduced`` (reason: our own way back has failed).
    """

    name: str
    data: dict[str, Any] = field(default_factory=dict)


Request: TypeAlias = Save | Load | Advance
