"""Who gets which treatment: a draw that depends on the session's seed, and on what was given before, alone.

The same function draws while a session runs and when an export's allocation is checked.
"""

from collections.abc import Mapping
from typing import Final

from mug.study.draws import Words

__all__ = ["MAX_WEIGHT", "draw_arm", "letters"]

MAX_WEIGHT: Final = 1_000


def draw_arm(weights: Mapping[str, int], counts: Mapping[str, int], seed: int, draw: int, allocation: str) -> str:
    """Return the treatment that the next participant or group gets.

    Args:
        weights: Treatment -> weight. Their order means nothing.
        counts: Treatment -> how many that have it are completed or running; what is missing counts 0.
        seed: The session's seed.
        draw: How many were drawn before in this session.
        allocation: "balanced": the one that has the fewest for its weight, of equal ones by lot; "random": by lot.
            Lots are cast by the weights.
    """
    names = sorted(weights)
    if allocation == "balanced":
        # counts / weight, compared without fractions: a / v < b / w is a * w < b * v.
        least = names[0]
        for name in names[1:]:
            if counts.get(name, 0) * weights[least] < counts.get(least, 0) * weights[name]:
                least = name
        names = [name for name in names if counts.get(name, 0) * weights[least] == counts.get(least, 0) * weights[name]]
    word = Words(f"mug treatment:{seed}:{draw}").below(sum(weights[name] for name in names))
    for name in names:
        word -= weights[name]
        if word < 0:
            return name
    raise ValueError("a study without treatments has nothing to draw")


def letters(names: Mapping[str, object], seed: int) -> dict[str, str]:
    """Return the letter of each treatment in a session whose staff is blind: "A", "B", … in an order that is drawn."""
    order = sorted(names)
    Words(f"mug blind:{seed}").shuffle(order)
    return {name: _letter(place) for place, name in enumerate(order)}


def _letter(place: int) -> str:
    """Write a number as columns of a table are named: A … Z, AA, AB and so on."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
