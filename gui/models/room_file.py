"""The file of the rooms: written whole or not at all, with the state before it beside it, and read with patience."""

import os
import shutil
from pathlib import Path
from typing import Any, Final

import msgspec

from gui.models.room_plan import SIGNS, Place, Room, Rooms
from mug.ids import is_valid_id

__all__ = ["FORMAT", "read_rooms", "write_rooms"]

FORMAT: Final = 1
"""Of ``rooms.json``; another number is another layout of the file."""


class _File(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    rooms: tuple[Room, ...] = ()
    chosen: str = ""


def write_rooms(path: Path, rooms: Rooms) -> None:
    """Write the file: first beside it, then in its place; what was there before is kept as the backup.

    Raises:
        OSError: It cannot be written; what was there is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    body = msgspec.json.format(
        msgspec.json.encode(_File(format=FORMAT, rooms=rooms.rooms, chosen=rooms.room.name)), indent=2
    )
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(body + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        copy = path.with_name(f"{path.name}.copy")
        shutil.copyfile(path, copy)
        copy.replace(_backup(path))
    new.replace(path)


def read_rooms(path: Path) -> tuple[Rooms, str]:
    """Read the file, or the backup where it cannot be read; a damaged file is put aside, never overwritten.

    Returns:
        The rooms, and what the person should know: empty when all is well.
    """
    try:
        return _read(path), ""
    except FileNotFoundError:
        if not _backup(path).exists():
            return Rooms(), ""
        why = "is not there any more"
    except (OSError, ValueError) as error:
        why = f"cannot be read ({error})"
    kept = _put_aside(path)
    aside = f" It was kept as {kept.name}." if kept is not None else ""
    try:
        rooms = _read(_backup(path))
    except (OSError, ValueError):
        return Rooms(), f"The file of the rooms, {path}, {why}.{aside} There is no room yet, until you add desks."
    return rooms, f"The file of the rooms, {path}, {why}.{aside} The state before the last change is shown."


def _read(path: Path) -> Rooms:
    try:
        raw: Any = msgspec.json.decode(path.read_bytes())
        if isinstance(raw, dict) and isinstance(raw.get("format"), int) and raw["format"] != FORMAT:
            raise ValueError(f"it has format {raw['format']}, and this MUG Lab knows format {FORMAT}")
        file = msgspec.convert(raw, _File)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
    return _sound(file)


def _sound(file: _File) -> Rooms:
    """Leave out what no room can have: names that are no address, desks that stand twice, signs nobody knows."""
    rooms: list[Room] = []
    seen: set[str] = set()
    for room in file.rooms:
        name = room.name.strip()
        if not name or any(other.name == name for other in rooms):
            continue
        desks: list[Place] = []
        for place in room.desks:
            if is_valid_id(place.desk) and place.desk not in seen and _is_near(place.x, place.y):
                seen.add(place.desk)
                desks.append(place)
        signs = {sign.kind: sign for sign in room.signs if sign.kind in SIGNS and _is_near(sign.x, sign.y)}
        rooms.append(Room(name, tuple(desks), tuple(signs.values())))
    if not rooms:
        return Rooms()
    return Rooms(tuple(rooms), file.chosen if any(room.name == file.chosen for room in rooms) else rooms[0].name)


def _is_near(x: float, y: float) -> bool:
    return abs(x) < 1e6 and abs(y) < 1e6


def _backup(path: Path) -> Path:
    return path.with_name(f"{path.stem}.backup{path.suffix}")


def _put_aside(path: Path) -> Path | None:
    if not path.is_file():
        return None
    for number in range(1, 1000):
        kept = path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")
        if not kept.exists():
            try:
                path.replace(kept)
            except OSError:
                return None
            return kept
    return None
