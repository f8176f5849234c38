"""What can go wrong while a game runs, as types: whose fault it is decides who is told what."""

from mug.errors import MugError

__all__ = ["ChunkError", "EnvironmentFailedError", "IrreproducibleError", "NotCanonicalError", "PlayError"]


class PlayError(MugError):
    """Root of this package's errors: the game's settings do not fit its environment."""


class EnvironmentFailedError(PlayError):
    """The study's own code raised.

    Attributes:
        stage: What was being done: "load", "reset", "step", "render", "hud_text_fn", "on_game_step_code".
        traceback: The traceback from the study's first line on, naming the study's file and line.
    """

    def __init__(self, stage: str, message: str, traceback: str) -> None:
        self.stage = stage
        self.traceback = traceback
        super().__init__(message)


class IrreproducibleError(PlayError):
    """Stepping the stored frames again gave something else than what was stored.

    Attributes:
        episode: The episode that differs.
        frame: The first frame of the part that differs.
    """

    def __init__(self, reason: str, episode: int, frame: int) -> None:
        self.episode = episode
        self.frame = frame
        super().__init__(reason)


class NotCanonicalError(PlayError):
    """A value has no canonical encoding.

    Attributes:
        path: Where the value is, from the root on.
        type_name: Its type.
    """

    def __init__(self, path: str, type_name: str) -> None:
        self.path = path
        self.type_name = type_name
        super().__init__(f"{path or 'the value'} is of type {type_name}, which cannot be written canonically")


class ChunkError(PlayError):
    """Bytes that should be a frames chunk are not, or are damaged."""
