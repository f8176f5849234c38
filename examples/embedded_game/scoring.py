"""What an episode is worth, and how the next one is: called on the server."""

from typing import Any


def score(context: dict[str, Any]) -> float:
    """Ten points for each apple that was caught."""
    return 10.0 * float(context["data"].get("caught", 0))


def adapt(context: dict[str, Any]) -> dict[str, Any]:
    """Let the apples fall faster when most of the last ones were caught; the build reads `speed` from `mug_globals`."""
    data = context["data"]
    caught, of = float(data.get("caught", 0)), float(data.get("of", 1)) or 1.0
    return {"speed": 0.9 if caught / of > 0.5 else 0.6}
