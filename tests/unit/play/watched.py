"""A watched match as its page would have it: every lasting object kept until it is removed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mug.play.config import GameConfig
from mug.play.watching import WatchedMatch

__all__ = ["Watcher", "straight"]


class Watcher:
    """Watches a match, and keeps what is in the picture by the same rule as the page."""

    def __init__(self, config: GameConfig, bodies: Sequence[bytes], root: Path) -> None:
        self.match = WatchedMatch(config, root=root)
        for body in bodies:
            self.match.rows.add(body)
        self._on_page: dict[str, Any] = {}

    def at(self, episode: int, frame: int) -> tuple[Any, ...]:
        """Go there; returns all that the page shows."""
        assert self.match.go(episode, frame)
        assert self.match.place == (episode, frame)
        return self.now()

    def now(self) -> tuple[Any, ...]:
        """What the page shows."""
        view = self.match.view()
        packet = view.picture.packet
        if packet is not None:
            for name in packet["removed"]:
                self._on_page.pop(name, None)
            sent = {item["uuid"] for item in packet["game_state_objects"]}
            for name, item in list(self._on_page.items()):
                if not item.get("permanent") and name not in sent:
                    del self._on_page[name]
            for item in packet["game_state_objects"]:
                self._on_page[item["uuid"]] = item
        shown = sorted(self._on_page.items())
        return view.episode, view.frame, shown, view.hud, view.score, view.picture.image


def straight(config: GameConfig, bodies: Sequence[bytes], root: Path) -> dict[tuple[int, int], tuple[Any, ...]]:
    """Every picture of a match, in the order in which it was played."""
    watcher = Watcher(config, bodies, root)
    rows = watcher.match.rows
    pictures = {
        (episode, frame): watcher.at(episode, frame)
        for episode in rows.episodes
        for frame in range(rows.frames(episode) + 1)
    }
    assert watcher.match.told is None
    watcher.match.close()
    return pictures
