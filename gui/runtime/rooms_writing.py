"""Writing the rooms from several threads: the newest state is what stays in the file."""

import threading
from pathlib import Path

from gui.models.room_file import write_rooms
from gui.models.room_plan import Rooms

__all__ = ["RoomsWriting"]


class RoomsWriting:
    """One writes at a time. A write that comes late, after a newer one, is left out.

    Runs on: any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written = 0

    def write(self, path: Path, rooms: Rooms, number: int) -> None:
        """Write a state.

        Args:
            path: The file.
            rooms: The rooms.
            number: Higher for a newer state.

        Raises:
            OSError: It cannot be written.
        """
        with self._lock:
            if number > self._written:
                write_rooms(path, rooms)
                self._written = number
