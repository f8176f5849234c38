"""What a rollback core has to know of its match: the same on every peer, but for `local` and `identity`."""

import math
from dataclasses import dataclass, field
from typing import Final

__all__ = ["MAX_DELAY", "MAX_PLAYERS", "MAX_WINDOW", "RollbackConfig", "default_window"]

MAX_PLAYERS: Final = 4
MAX_WINDOW: Final = 60
MAX_DELAY: Final = 15


@dataclass(frozen=True, kw_only=True)
class RollbackConfig:
    """One match, seen from one peer. Times in ms.

    Attributes:
        match_id: The match.
        players: Agent ids of all people in the match's order; a player's number is the place here.
        local: Our own number.
        fps: Frames per second.
        default_input: The input of nobody: before the first frames (input delay), and of a dropped player.
        repeats: Prediction repeats the last confirmed input; else it is `default_input`.
        input_delay: Frames between sampling and effect, or "auto": from the RTT measured in the handshake (0 to 3).
        window: Frames that may be predicted; None: `default_window(fps)`.
        snapshot_interval: Largest distance of saved states.
        check_interval: Frames between compared state hashes; None: one second.
        identity: Names and values that all peers must have alike (study, program, snapshot level, packages); a
            difference refuses the match, in words.
        calibration: What this machine measured (step_ms, save_ms, load_ms); exchanged, for the records only.
        returns: How often each player's page has come back into the match so far, by number; empty: nobody's has. Where
            it is our own page that came back, the core begins as one that returns.
        gone: Players who were out of the match before our page came back.
    """

    match_id: str
    players: tuple[str, ...]
    local: int
    fps: int
    default_input: bytes
    repeats: bool = True
    input_delay: int | str = 0
    window: int | None = None
    snapshot_interval: int = 1
    check_interval: int | None = None
    identity: dict[str, str] = field(default_factory=dict)
    calibration: dict[str, float] = field(default_factory=dict)
    returns: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    keep_alive_ms: float = 200.0
    resend_ms: float = 100.0
    notify_ms: float = 750.0
    pause_ms: float = 3000.0

    def __post_init__(self) -> None:
        """Refuse what is no match.

        Raises:
            ValueError: A value is out of its range; the message says which.
        """
        if not 2 <= len(self.players) <= MAX_PLAYERS or len(set(self.players)) != len(self.players):
            raise ValueError(f"a match has 2 to {MAX_PLAYERS} different players, not {self.players}")
        if not 0 <= self.local < len(self.players):
            raise ValueError(f"{self.local} is no player's number")
        if self.returns and (len(self.returns) != len(self.players) or min(self.returns) < 0):
            raise ValueError(f"returns has a count for every player, not {self.returns}")
        if self.fps < 1 or self.snapshot_interval < 1 or (self.check_interval is not None and self.check_interval < 1):
            raise ValueError("fps, snapshot_interval and check_interval are at least 1")
        if self.window is not None and not 0 <= self.window <= MAX_WINDOW:
            raise ValueError(f"the window is 0 to {MAX_WINDOW} frames, not {self.window}")
        delay = self.input_delay
        if delay != "auto" and not (isinstance(delay, int) and 0 <= delay <= MAX_DELAY):
            raise ValueError(f'the input delay is "auto" or 0 to {MAX_DELAY} frames, not {delay!r}')

    @property
    def window_frames(self) -> int:
        """Frames that may be predicted."""
        return default_window(self.fps) if self.window is None else self.window

    def returns_of(self, player: int) -> int:
        """How often a player's page has come back."""
        return self.returns[player] if self.returns else 0


def default_window(fps: int) -> int:
    """Frames of 200 ms, at least 4 and at most 12 (GGPO and GGRS use 8 at 60 Hz, Slippi 7)."""
    return min(max(math.ceil(0.2 * fps), 4), 12)
