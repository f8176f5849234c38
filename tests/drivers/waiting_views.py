"""Waiting rooms as a server tells MUG Lab of them, for the tests of what is shown."""

from typing import Any

from mug.protocol.lab import WaitingView, WaitroomView

__all__ = ["ROOM", "room_view", "waiting_view"]

ROOM = (1,)
"""The place of the room that `room_view` makes, unless it is told another."""


def waiting_view(name: str, **fields: Any) -> WaitingView:
    """Return somebody who waits, since a moment that is the same for everybody."""
    return WaitingView(participant_id=name, **{"since": "2026-01-01T10:00:00.000Z", **fields})


def room_view(*names: str, **fields: Any) -> WaitroomView:
    """Return a room for groups of two in which `names` wait; who is in a proposal is held."""
    held = {name for group in fields.get("proposals", ()) for name in group}
    waiting = tuple(waiting_view(name, state="held" if name in held else "waiting") for name in names)
    told = {"node_path": ROOM, "scene_id": "volley", "needed": 2, "waiting": waiting, **fields}
    return WaitroomView(**told)
