"""Where two chunks of the same frames differ: what is told when stepping again gave something else."""

from dataclasses import dataclass

from mug.play.chunks import FramesChunk, decode_chunk
from mug.play.encoding import encode
from mug.play.recorder import RecordedChunk
from mug.play.values import own_copy

__all__ = ["Difference", "first_difference"]


@dataclass(frozen=True)
class Difference:
    """The first place where stepping again gave something else.

    Attributes:
        column: The column, or what else differs.
        recorded: The recorded value, as text.
        again: What stepping again gave.
    """

    episode: int
    frame: int
    column: str
    recorded: str
    again: str


def first_difference(known: FramesChunk, made: RecordedChunk) -> Difference | None:
    """Name the first frame, and in it the first column, in which two chunks of the same frames differ."""
    again = decode_chunk(made.body)
    for row in range(known.last - known.first + 1):
        for name, column in known.columns.items():
            other = again.columns.get(name)
            frame = known.first + row
            if other is None or len(other) <= row:
                return Difference(known.episode, frame, name, "recorded", "missing")
            ours, theirs = own_copy(column[row]), own_copy(other[row])
            if encode(ours) != encode(theirs):
                return Difference(known.episode, frame, name, repr(ours)[:200], repr(theirs)[:200])
    return None
