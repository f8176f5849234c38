"""What the playground and its environment's process say to each other: msgpack, each after its length in four bytes."""

import struct
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import msgspec

__all__ = [
    "Answer",
    "Frames",
    "PictureImage",
    "Printed",
    "Ready",
    "Request",
    "Reset",
    "Shown",
    "Step",
    "Stepped",
    "Trouble",
    "pack",
]

_LENGTH: Final = struct.Struct("<I")
MAX_MESSAGE_BYTES: Final = 256 * 1024 * 1024


class Reset(msgspec.Struct, frozen=True, kw_only=True, tag="reset"):
    """Begin episode 0 again, with the scene's seed replaced by `seed` where it is given."""

    seed: int | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True, tag="step"):
    """Make one frame with the keys held now, and pressed since the last one; after an episode's end begin the next."""

    held: tuple[str, ...] = ()
    pressed: tuple[str, ...] = ()


class PictureImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image: rows from the top, 4 bytes (RGBA) a pixel."""

    width: int
    height: int
    rgba: bytes


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """The environment is made and reset; `Stepped` follows.

    Attributes:
        agents: In the environment's order. spaces: Agent -> its action space in words.
        pictures: Name -> file, or file and atlas file; names that are paths of served files are absent.
        folders: How a served address begins -> the folder.
        background: A colour, or the file of a picture.
        first_objects: Wire objects that are there before the first frame.
        notes: What is done otherwise than in a session.
    """

    agents: tuple[str, ...]
    spaces: dict[str, str]
    pictures: dict[str, tuple[str, ...]]
    folders: dict[str, str]
    background: str
    first_objects: tuple[dict[str, Any], ...]
    animations: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One agent after a step, in words; `kind` says what its observation is (dtype and shape).

    `status` is how its action came about: input, default, policy; empty after a reset.
    """

    agent: str
    kind: str
    observation: str
    action: str = ""
    status: str = ""
    reward: float | None = None
    total: float = 0.0
    terminated: bool = False
    truncated: bool = False
    infos: str = ""


class Stepped(msgspec.Struct, frozen=True, kw_only=True, tag="stepped"):
    """The world after a step or reset. `ended`: terminated, truncated, max_steps, or None. Times in ms."""

    episode: int
    frame: int
    seed: int
    ended: str | None
    agents: tuple[Shown, ...]
    packet: dict[str, Any] | None = None
    image: PictureImage | None = None
    hud: str | None = None
    step_ms: float = 0.0
    render_ms: float = 0.0


class Trouble(msgspec.Struct, frozen=True, kw_only=True, tag="trouble"):
    """The environment cannot go on.

    Attributes:
        message: What happened, in a sentence; for an exception with the study's file and line.
        traceback: From the study's first line on, or empty.
        stage: What was being done (load, reset, step, render, …).
    """

    message: str
    traceback: str = ""
    stage: str = ""


class Printed(msgspec.Struct, frozen=True, kw_only=True, tag="printed"):
    """What the environment wrote to its standard output and error; of a flood, `skipped` bytes were left out before."""

    text: str
    skipped: int = 0


Request: TypeAlias = Reset | Step
Answer: TypeAlias = Ready | Stepped | Trouble | Printed


def pack(message: Request | Answer) -> bytes:
    """Return a message as it goes through the pipe."""
    body = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(body)) + body


class Frames:
    """Puts the pieces of a pipe together again."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the bodies of the messages that are complete.

        Raises:
            ValueError: What came is no message.
        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > MAX_MESSAGE_BYTES:
                raise ValueError("the environment's process sent something that is no message")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            yield body
