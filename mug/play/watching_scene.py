"""What lies in the picture that a watcher sees, so that a jump shows the same picture as the way there.

Objects of an environment may stay until they are removed, and are sent once. Going back in time, or on over frames
that nobody sees, what has been sent is not what should be there: here it is kept, and the page is told the difference.
"""

from typing import Any

from mug.play.picture import Picture

__all__ = ["ShownScene"]


class ShownScene:
    """The lasting objects of the world's picture, and those that the page has."""

    def __init__(self) -> None:
        self._lasting: dict[str, dict[str, Any]] = {}
        self._on_page: dict[str, dict[str, Any]] = {}
        self._jumped = False

    def save(self) -> dict[str, dict[str, Any]]:
        """Return the lasting objects as they are now."""
        return dict(self._lasting)

    def load(self, lasting: dict[str, dict[str, Any]]) -> None:
        """The world stands where these lasting objects were in its picture."""
        self._lasting = dict(lasting)
        self._jumped = True

    def take(self, picture: Picture) -> None:
        """Take up what the world has drawn."""
        packet = picture.packet
        if packet is None:
            return
        for name in packet["removed"]:
            self._lasting.pop(str(name), None)
        for item in packet["game_state_objects"]:
            name = str(item["uuid"])
            if item.get("permanent"):
                self._lasting[name] = item
            else:
                self._lasting.pop(name, None)

    def told(self, picture: Picture) -> Picture:
        """Return the picture as the page needs it, which then has all of it."""
        packet = picture.packet
        if packet is None:
            return picture
        passing = [item for item in packet["game_state_objects"] if not item.get("permanent")]
        if self._jumped:
            # All of them again, in their order: which lies above which follows from when they came.
            removed, lasting = list(self._on_page), list(self._lasting.values())
        else:
            removed = [name for name in self._on_page if name not in self._lasting]
            lasting = [item for name, item in self._lasting.items() if self._on_page.get(name) != item]
        self._jumped = False
        self._on_page = dict(self._lasting)
        return Picture(packet={"game_state_objects": [*lasting, *passing], "removed": removed})
