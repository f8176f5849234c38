"""A lab room as data: where its desks stand, and the signs (door, screen, experimenter) that help to find one's way."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, Self

import msgspec

from mug.ids import is_valid_id

__all__ = [
    "DESK_SIZE",
    "GRID",
    "SIGNS",
    "Place",
    "Room",
    "Rooms",
    "Sign",
    "desk_names",
    "in_order",
    "name_problem",
    "next_name",
    "snapped",
]

GRID: Final = 20.0
"""The distance of the grid's lines, in the plan's units (pixels at 100 %)."""
DESK_SIZE: Final = (160.0, 80.0)
_PITCH: Final = (DESK_SIZE[0] + GRID, DESK_SIZE[1] + GRID)
SIGNS: Final = {"door": "Door", "screen": "Screen", "experimenter": "Experimenter"}
"""What can be marked in a room: its kind, and its word."""
_MOST_DESKS: Final = 500


class Place(msgspec.Struct, frozen=True):
    """Where a desk stands: its upper left corner."""

    desk: str
    x: float
    y: float


class Sign(msgspec.Struct, frozen=True):
    """A sign in the room; `kind`: one of SIGNS."""

    kind: str
    x: float
    y: float


class Room(msgspec.Struct, frozen=True):
    """One room. Desks keep the order in which they were added."""

    name: str
    desks: tuple[Place, ...] = ()
    signs: tuple[Sign, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the desks' names, PC-2 before PC-10."""
        return tuple(in_order(place.desk for place in self.desks))

    def place_of(self, desk: str) -> Place | None:
        """Return where a desk stands, if it is here."""
        return next((place for place in self.desks if place.desk == desk), None)

    def with_desks(self, names: Sequence[str], per_row: int) -> Self:
        """Add desks in rows, below what is there."""
        top = max((place.y + _PITCH[1] for place in self.desks), default=0.0)
        left = min((place.x for place in self.desks), default=0.0)
        made = (
            Place(name, left + (k % per_row) * _PITCH[0], snapped(top) + (k // per_row) * _PITCH[1])
            for k, name in enumerate(names)
        )
        return msgspec.structs.replace(self, desks=(*self.desks, *made))

    def with_desk(self, desk: str, x: float, y: float) -> Self:
        """Add one desk, at a place."""
        return msgspec.structs.replace(self, desks=(*self.desks, Place(desk, x, y)))

    def without_desks(self, names: Iterable[str]) -> Self:
        """Take desks out."""
        gone = set(names)
        return msgspec.structs.replace(self, desks=tuple(place for place in self.desks if place.desk not in gone))

    def moved(self, places: Iterable[Place]) -> Self:
        """Put desks elsewhere."""
        new = {place.desk: place for place in places}
        return msgspec.structs.replace(self, desks=tuple(new.get(place.desk, place) for place in self.desks))

    def renamed_desk(self, desk: str, name: str) -> Self:
        """Give a desk another name."""
        desks = (Place(name, place.x, place.y) if place.desk == desk else place for place in self.desks)
        return msgspec.structs.replace(self, desks=tuple(desks))

    def with_sign(self, sign: Sign) -> Self:
        """Put a sign somewhere; there is one of each kind."""
        return msgspec.structs.replace(self, signs=(*self.without_sign(sign.kind).signs, sign))

    def without_sign(self, kind: str) -> Self:
        """Take a sign away."""
        return msgspec.structs.replace(self, signs=tuple(sign for sign in self.signs if sign.kind != kind))

    def free_place(self) -> tuple[float, float]:
        """Return a place for one more desk: the first of the rows that no desk touches."""
        left = min((place.x for place in self.desks), default=0.0)
        top = min((place.y for place in self.desks), default=0.0)
        right = max((place.x for place in self.desks), default=3 * _PITCH[0])
        columns = max(1, round((right - left) / _PITCH[0]) + 1)
        for k in range(len(self.desks) * 4 + columns):
            x, y = left + (k % columns) * _PITCH[0], top + (k // columns) * _PITCH[1]
            if all(abs(place.x - x) >= DESK_SIZE[0] or abs(place.y - y) >= DESK_SIZE[1] for place in self.desks):
                return x, y
        return left, max((place.y for place in self.desks), default=0.0) + _PITCH[1]


class Rooms(msgspec.Struct, frozen=True):
    """All rooms of this lab; there is one at least. `chosen`: the name of the one in sight."""

    rooms: tuple[Room, ...] = (Room("Lab"),)
    chosen: str = "Lab"

    @property
    def room(self) -> Room:
        """The chosen room; the first where the name leads nowhere."""
        return next((room for room in self.rooms if room.name == self.chosen), self.rooms[0])

    def names(self) -> tuple[str, ...]:
        """Return the rooms' names."""
        return tuple(room.name for room in self.rooms)

    def desks(self) -> frozenset[str]:
        """Return the desks of all rooms."""
        return frozenset(place.desk for room in self.rooms for place in room.desks)

    def room_of(self, desk: str) -> str:
        """Return the name of the room a desk stands in, or nothing."""
        return next((room.name for room in self.rooms if room.place_of(desk) is not None), "")

    def with_room(self, room: Room) -> Self:
        """Put another state in the place of the chosen room, and keep it chosen."""
        now = self.room.name
        rooms = tuple(room if other.name == now else other for other in self.rooms)
        return msgspec.structs.replace(self, rooms=rooms, chosen=room.name)

    def with_new(self, name: str) -> Self:
        """Add an empty room, and choose it."""
        return msgspec.structs.replace(self, rooms=(*self.rooms, Room(name)), chosen=name)

    def without_chosen(self) -> Self:
        """Take the chosen room away; the last one leaves an empty room behind."""
        rooms = tuple(room for room in self.rooms if room.name != self.room.name) or (Room("Lab"),)
        return msgspec.structs.replace(self, rooms=rooms, chosen=rooms[0].name)


def snapped(value: float) -> float:
    """Return the grid's line nearest to `value`."""
    return round(value / GRID) * GRID


def in_order(names: Iterable[str]) -> list[str]:
    """Sort names as people do: PC-2 before PC-10."""
    return sorted(names, key=_pieces)


def _pieces(name: str) -> tuple[tuple[int, int, str], ...]:
    parts = re.split(r"(\d+)", name)
    return tuple((0, int(part), part) if part.isdigit() else (1, 0, part.casefold()) for part in parts if part)


def desk_names(first: str, count: int) -> list[str]:
    """Count on from a name: the last number in it goes up and keeps its width (PC-08, PC-09, PC-10).

    Args:
        first: The first name; without a number, numbers are put behind it.
        count: How many names.
    """
    match = re.search(r"(\d+)(\D*)$", first)
    if match is None:
        if count == 1:
            return [first]
        joint = "" if first.endswith(("-", "_", ".")) else "-"
        width = max(2, len(str(count)))
        return [f"{first}{joint}{number:0{width}d}" for number in range(1, count + 1)]
    digits, tail = match.groups()
    head, start = first[: match.start()], int(digits)
    return [f"{head}{number:0{len(digits)}d}{tail}" for number in range(start, start + min(count, _MOST_DESKS))]


def next_name(taken: Iterable[str]) -> str:
    """Propose a name for one more desk: after the last of those there are, in their manner."""
    known = in_order(taken)
    if not known:
        return "PC-01"
    there = set(known)
    for name in desk_names(known[-1], len(known) + 2)[1:]:
        if name not in there:
            return name
    return ""


def name_problem(name: str, taken: Iterable[str]) -> str:
    """Say why a desk cannot have this name; empty: it can."""
    if not name:
        return "The desk needs a name."
    if not is_valid_id(name):
        return (
            f"“{name}” cannot be part of an address. Use letters, digits, “-”, “_” and “.”; begin with a letter or a "
            "digit; 64 characters at most."
        )
    if name in set(taken):
        return f"There is a desk {name} already."
    return ""
