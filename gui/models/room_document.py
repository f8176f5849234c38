"""The rooms while they are open: one value, changed by commands that can be undone."""

from collections.abc import Callable, Iterable
from typing import cast

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack
from typing_extensions import override

from gui.models.room_plan import Place, Room, Rooms, Sign

__all__ = ["RoomDocument"]

_MERGES = 7_301


class RoomDocument(QObject):
    """Holds the rooms; every change of them is a step of `stack`.

    Attributes:
        stack: The undo stack of the rooms.
        rooms: As they are.

    Signals:
        changed: The rooms are others: another desk, place, name, or room in sight. They want to be saved.

    Runs on: GUI thread.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stack = QUndoStack(self)
        self.rooms = Rooms()

    @property
    def room(self) -> Room:
        """The room in sight."""
        return self.rooms.room

    def load(self, rooms: Rooms) -> None:
        """Take what a file says, and forget the steps before."""
        self.stack.clear()
        self.take(rooms)

    def take(self, rooms: Rooms) -> None:
        """Hold other rooms, without a step."""
        if rooms != self.rooms:
            self.rooms = rooms
            self.changed.emit()

    def choose(self, name: str) -> None:
        """Bring another room in sight; that is no step to undo."""
        if name in self.rooms.names():
            self.take(Rooms(self.rooms.rooms, name))

    def add_desks(self, names: list[str], per_row: int) -> None:
        """Add desks in rows."""
        words = f"add {names[0]}" if len(names) == 1 else f"add {len(names)} desks"
        self._push(words, lambda room: room.with_desks(names, per_row))

    def add_desk(self, desk: str, at: tuple[float, float] | None = None) -> None:
        """Add one desk, at a place or at the first free one."""
        x, y = at if at is not None else self.room.free_place()
        self._push(f"add {desk}", lambda room: room.with_desk(desk, x, y))

    def place_all(self, desks: Iterable[str]) -> None:
        """Add desks, each at the first free place."""
        room, count = self.room, 0
        for desk in desks:
            room, count = room.with_desk(desk, *room.free_place()), count + 1
        if count:
            self._push(f"add {count} desks", lambda _room: room)

    def remove_desks(self, names: tuple[str, ...]) -> None:
        """Take desks out of the room."""
        words = f"remove {names[0]}" if len(names) == 1 else f"remove {len(names)} desks"
        self._push(words, lambda room: room.without_desks(names))

    def rename_desk(self, desk: str, name: str) -> None:
        """Give a desk another name."""
        self._push(f"rename {desk}", lambda room: room.renamed_desk(desk, name))

    def move_desks(self, places: list[Place], *, by_keys: bool = False) -> None:
        """Put desks elsewhere; moves of the same desks by keys, one after the other, are one step."""
        words = f"move {places[0].desk}" if len(places) == 1 else f"move {len(places)} desks"
        merge = " ".join(sorted(place.desk for place in places)) if by_keys else ""
        self._push(words, lambda room: room.moved(places), merge)

    def put_sign(self, sign: Sign, word: str) -> None:
        """Put a sign into the room, or elsewhere in it."""
        self._push(f"place the sign “{word}”", lambda room: room.with_sign(sign))

    def remove_sign(self, kind: str, word: str) -> None:
        """Take a sign away."""
        self._push(f"remove the sign “{word}”", lambda room: room.without_sign(kind))

    def add_room(self, name: str) -> None:
        """Add an empty room, and show it."""
        self._push_rooms(f"add the room {name}", self.rooms.with_new(name))

    def rename_room(self, name: str) -> None:
        """Give the room in sight another name."""
        room = self.room
        self._push_rooms(f"rename {room.name}", self.rooms.with_room(Room(name, room.desks, room.signs)))

    def remove_room(self) -> None:
        """Take the room in sight away, with its desks."""
        self._push_rooms(f"remove the room {self.room.name}", self.rooms.without_chosen())

    def _push(self, words: str, change: Callable[[Room], Room], merge: str = "") -> None:
        self._push_rooms(words, self.rooms.with_room(change(self.room)), merge)

    def _push_rooms(self, words: str, after: Rooms, merge: str = "") -> None:
        if after != self.rooms:
            self.stack.push(_Step(self, words, after, merge))


class _Step(QUndoCommand):
    """One change of the rooms: both values are kept, what is alike in them is there once."""

    def __init__(self, document: RoomDocument, words: str, after: Rooms, merge: str) -> None:
        super().__init__(words)
        self._document, self._merge = document, merge
        self._before, self._after = document.rooms, after

    @override
    def id(self) -> int:
        return _MERGES if self._merge else -1

    @override
    def mergeWith(self, other: QUndoCommand) -> bool:
        step = cast("_Step", other)
        if not self._merge or step._merge != self._merge or step._before.chosen != self._after.chosen:
            return False
        self._after = step._after
        return True

    @override
    def undo(self) -> None:
        self._document.take(self._before)

    @override
    def redo(self) -> None:
        self._document.take(self._after)
