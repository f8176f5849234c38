"""What a server says of desks, as values for tests of the Seats page."""

from typing import Any

from mug.protocol.lab import LabBatch, LabSnapshot
from mug.protocol.lab_console import SeatPairView, SeatView
from mug.protocol.seats import SEAT_CHECKS, SeatCheck
from tests.drivers.session_views import session_view

__all__ = ["checks", "pair", "seat", "seats_batch", "seats_snapshot"]


def checks(**others: dict[str, Any]) -> tuple[SeatCheck, ...]:
    """All checks, good unless named: ``checks(clock={"state": "bad"})``."""
    return tuple(SeatCheck(name=name, **{"state": "good", **others.get(name, {})}) for name in SEAT_CHECKS)


def seat(desk: str, state: str = "ready", **fields: Any) -> SeatView:
    """One desk, with good checks unless given."""
    return SeatView(desk=desk, state=state, **{"checks": checks(), **fields})


def pair(one: str, other: str, rtt_ms: float | None = 1.0, path: str = "p2p", state: str = "done") -> SeatPairView:
    """The connection of two desks."""
    return SeatPairView(desks=tuple(sorted((one, other))), state=state, rtt_ms=rtt_ms, path=path)


def seats_snapshot(*seats: SeatView, pairs: tuple[SeatPairView, ...] = ()) -> LabSnapshot:
    """A snapshot with these desks, of a session in the lab's network."""
    session = session_view(addresses=("http://192.168.1.20:8000/",))
    return LabSnapshot(session=session, participants=(), seats=seats, seat_pairs=pairs)


def seats_batch(*seats: SeatView, pairs: tuple[SeatPairView, ...] = ()) -> LabBatch:
    """A batch of what changed."""
    return LabBatch(seats=seats, seat_pairs=pairs)
