"""What a process may take, and when it takes too much."""

from dataclasses import dataclass
from typing import Final

from mug.authority.process import MatchProcess, Outcome

__all__ = ["Limits", "address_space", "fault_of"]

ADDRESS_SPACE_BESIDES: Final = 4 * 1024 * 1024 * 1024
"""What a process may reserve, besides the memory that it may use: libraries reserve much of which they use little."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a match's process may take.

    Attributes:
        memory_bytes: Resident memory; above it the process is ended ("memory"). Where the platform can, the process
            may not even ask for a good deal more than this.
        start_s: From start to "ready"; while stored rows are stepped again, from one sign of life to the next.
        hang_s: Without a sign of life for so long, the process counts as hung and is ended.
        stop_s: How long a process may take to hand over what it has recorded, once it is told to stop.
        seconds_between_looks: How often memory and CPU are measured.
    """

    memory_bytes: int = 1024 * 1024 * 1024
    start_s: float = 60.0
    hang_s: float = 10.0
    stop_s: float = 5.0
    seconds_between_looks: float = 0.5


def address_space(limits: Limits) -> int:
    """Return how much memory a process may reserve."""
    return limits.memory_bytes + ADDRESS_SPACE_BESIDES


def fault_of(process: MatchProcess, limits: Limits, now_s: float) -> Outcome | None:
    """Return why a process must be ended; None: it keeps to its limits."""
    if process.memory_bytes > limits.memory_bytes:
        return Outcome(
            "memory",
            f"the game took {_megabytes(process.memory_bytes)} of memory, and may take "
            f"{_megabytes(limits.memory_bytes)}",
        )
    if process.stage == "starting":
        if now_s - process.heard_s > limits.start_s:
            return Outcome("start", f"the game was not ready within {limits.start_s:g} s")
    elif now_s - process.heard_s > limits.hang_s:
        return Outcome(
            "hung", f"the game gave no sign for {limits.hang_s:g} s: a step of it waits, or does not come to an end"
        )
    return None


def _megabytes(size: int) -> str:
    return f"{size / 1024**2:.0f} MB"
