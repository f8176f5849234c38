"""Hooks of a study's own that are called on the server as games go on."""

from collections.abc import Iterable, Sequence
from typing import Any

from mug.server.remote_game import ServerGame

__all__ = ["GameCallback", "MultiCallback"]


class GameCallback:
    """Base of callbacks: override what you need. Hooks run on the server, within two seconds each.

    A game that runs in a browser arrives here in chunks, about a second later; a tick hook is called once for every
    frame, with the game as it was then.

    The hooks of a waitroom get a dict: `scene_id`, `subject_ids` (whom it is about), `waiting` (who waits then),
    `needed` and `waited_ms`.
    """

    def on_episode_start(self, game: ServerGame) -> None:
        """An episode has begun."""

    def on_episode_end(self, game: ServerGame) -> None:
        """An episode is over."""

    def on_game_tick_start(self, game: ServerGame) -> None:
        """A frame is about to be stepped."""

    def on_game_tick_end(self, game: ServerGame) -> None:
        """A frame was stepped."""

    def on_game_end(self, game: ServerGame) -> None:
        """The last episode is over, or the game was left."""

    def on_waitroom_start(self, context: Any) -> None:
        """Somebody has come into an empty waitroom."""

    def on_waitroom_join(self, context: Any) -> None:
        """A participant has come into a waitroom, for the first time in this visit."""

    def on_waitroom_end(self, context: Any) -> None:
        """A group leaves the waitroom to play."""

    def on_waitroom_timeout(self, context: Any) -> None:
        """A participant has waited too long."""


class MultiCallback(GameCallback):
    """Several callbacks as one: each hook calls theirs, in order.

    Args:
        callbacks: The callbacks.
    """

    def __init__(self, callbacks: Iterable[GameCallback]) -> None:
        self.callbacks: Sequence[GameCallback] = tuple(callbacks)
        for callback in self.callbacks:
            if not isinstance(callback, GameCallback):
                raise TypeError(f"MultiCallback(callbacks=…) holds {callback!r}; allowed are GameCallback objects")

    def on_episode_start(self, game: ServerGame) -> None:
        """Call each callback's hook."""
        for callback in self.callbacks:
            callback.on_episode_start(game)

    def on_episode_end(self, game: ServerGame) -> None:
        """Call each callback's hook."""
        for callback in self.callbacks:
            callback.on_episode_end(game)

    def on_game_tick_start(self, game: ServerGame) -> None:
        """Call each callback's hook."""
        for callback in self.callbacks:
            callback.on_game_tick_start(game)

    def on_game_tick_end(self, game: ServerGame) -> None:
        """Call each callback's hook."""
        for callback in self.callbacks:
            callback.on_game_tick_end(game)

    def on_game_end(self, game: ServerGame) -> None:
        """Call each callback's hook."""
        for callback in self.callbacks:
            callback.on_game_end(game)

    def on_waitroom_start(self, context: Any) -> None:
        """Call each callback's hook."""
        for callback in self.callbacks:
            callback.on_waitroom_start(context)

    def on_waitroom_join(self, context: Any) -> None:
        """Call each callback's hook."""
        for callback in self.callbacks:
            callback.on_waitroom_join(context)

    def on_waitroom_end(self, context: Any) -> None:
        """Call each callback's hook."""
        for callback in self.callbacks:
            callback.on_waitroom_end(context)

    def on_waitroom_timeout(self, context: Any) -> None:
        """Call each callback's hook."""
        for callback in self.callbacks:
            callback.on_waitroom_timeout(context)
