"""What a plot of a match shows."""

from dataclasses import dataclass

__all__ = ["PlotKind"]


@dataclass(frozen=True)
class PlotKind:
    """What a plot shows.

    Attributes:
        name: What a screen reader calls it.
        axis: The words along its axis.
        least_top: The axis goes at least so far up.
        whole: Whether the values are whole numbers.
        limit: Where it begins to be a trouble: drawn as a line.
    """

    name: str
    axis: str
    least_top: float
    whole: bool
    limit: float
