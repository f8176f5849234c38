"""What the server and a match's process say to each other: msgpack, each message after its length (4 bytes)."""

import struct
from typing import IO, Any, Final, TypeVar

import msgspec

__all__ = [
    "Alive",
    "Attach",
    "Begun",
    "Changed",
    "Chunk",
    "Detach",
    "Failed",
    "Finished",
    "FromProcess",
    "Keys",
    "Look",
    "Looked",
    "Measured",
    "Opened",
    "Seen",
    "Start",
    "Stop",
    "Tell",
    "ToProcess",
    "Unwatch",
    "View",
    "Watch",
    "WatchSeen",
    "WatchView",
    "read_message",
    "write_message",
]

MAX_BYTES: Final = 512 * 1024 * 1024


class _Wire(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    pass


# ---------------------------------------------------------------- server -> process


class Start(_Wire, frozen=True, kw_only=True, array_like=True, tag="start"):
    """The match. `config` is a `GameConfig` as JSON (its numbers may be larger than msgpack has them).

    `again`: it is over, and is to be stepped again for somebody who watches.
    """

    config: str
    root: str
    paths: tuple[str, ...] = ()
    stored: tuple[bytes, ...] = ()
    dropped: tuple[str, ...] = ()
    address_space: int = 0
    again: bool = False


class Tell(_Wire, frozen=True, kw_only=True, array_like=True, tag="tell"):
    """As TellAuthority."""

    what: str
    agent: str = ""
    policy: str = ""


class Keys(_Wire, frozen=True, kw_only=True, array_like=True, tag="keys"):
    """As ServerKeys, of an agent's page."""

    agent: str
    n: int
    held: tuple[str, ...] = ()
    pressed: tuple[str, ...] = ()
    hidden: bool = False


class Attach(_Wire, frozen=True, kw_only=True, array_like=True, tag="attach"):
    """An agent has a page; `life` counts its pages."""

    agent: str
    life: int


class Detach(_Wire, frozen=True, kw_only=True, array_like=True, tag="detach"):
    """An agent's page is gone."""

    agent: str


class Seen(_Wire, frozen=True, kw_only=True, array_like=True, tag="seen"):
    """A page has taken in its view `n`."""

    agent: str
    n: int


class Watch(_Wire, frozen=True, kw_only=True, array_like=True, tag="watch"):
    """Somebody watches, as an agent sees the game; "": as the first player does. They see, and say nothing."""

    watcher: int
    agent: str = ""


class WatchSeen(_Wire, frozen=True, kw_only=True, array_like=True, tag="watch_seen"):
    """A watcher has taken in view `n`."""

    watcher: int
    n: int


class Unwatch(_Wire, frozen=True, kw_only=True, array_like=True, tag="unwatch"):
    """A watcher is gone."""

    watcher: int


class Look(_Wire, frozen=True, kw_only=True, array_like=True, tag="look"):
    """Show a frame of a match that is stepped again, as an agent saw it; answered by `Looked` with the same `n`."""

    n: int
    episode: int
    frame: int
    agent: str = ""


class Stop(_Wire, frozen=True, kw_only=True, array_like=True, tag="stop"):
    """Hand over what is recorded, and end."""


ToProcess = Start | Tell | Keys | Attach | Detach | Seen | Watch | WatchSeen | Unwatch | Look | Stop


# ---------------------------------------------------------------- process -> server


class Begun(_Wire, frozen=True, kw_only=True, array_like=True, tag="begun"):
    """The process runs our program."""

    pid: int


class Alive(_Wire, frozen=True, kw_only=True, array_like=True, tag="alive"):
    """A sign of life, a few times a second where nothing else is said."""

    late_frames: int = 0


class Changed(_Wire, frozen=True, kw_only=True, array_like=True, tag="changed"):
    """As AuthorityChanged."""

    stage: str
    episode: int = 0
    frame: int = 0
    hz: float = 0.0
    agents: tuple[str, ...] = ()
    asset_specs: tuple[dict[str, Any], ...] = ()
    mug_globals: dict[str, Any] | None = None
    late_frames: int = 0


class Chunk(_Wire, frozen=True, kw_only=True, array_like=True, tag="chunk"):
    """As AuthorityChunk."""

    stream: str
    meta: dict[str, Any]
    body: bytes


class View(_Wire, frozen=True, kw_only=True, array_like=True, tag="view"):
    """A view of an agent's page with this life."""

    agent: str
    life: int
    n: int
    body: bytes
    image: bytes = b""


class WatchView(_Wire, frozen=True, kw_only=True, array_like=True, tag="watch_view"):
    """A view for a watcher. `about`: what the agents did, as JSON (`Pages`)."""

    watcher: int
    n: int
    body: bytes
    image: bytes = b""
    about: bytes = b""


class Opened(_Wire, frozen=True, kw_only=True, array_like=True, tag="opened"):
    """A match that is stepped again is loaded. `about`: agents, viewers, asset_specs and rounds, as JSON."""

    about: bytes


class Looked(_Wire, frozen=True, kw_only=True, array_like=True, tag="looked"):
    """A frame, or how far it is (`ReplayLoop`), as JSON; the picture beside it."""

    n: int
    body: bytes
    image: bytes = b""


class Measured(_Wire, frozen=True, kw_only=True, array_like=True, tag="measured"):
    """As AuthorityMeasured."""

    agent: str
    decisions: int
    median_ms: float
    p99_ms: float
    late: int = 0


class Finished(_Wire, frozen=True, kw_only=True, array_like=True, tag="finished"):
    """As AuthorityFinished; the process ends after it."""

    outcome: str = "completed"
    reason: str = ""


class Failed(_Wire, frozen=True, kw_only=True, array_like=True, tag="failed"):
    """As AuthorityFailed; the process ends after it."""

    kind: str
    message: str
    traceback: str = ""


FromProcess = Begun | Alive | Changed | Chunk | View | WatchView | Opened | Looked | Measured | Finished | Failed

M = TypeVar("M")

_LENGTH: Final = struct.Struct("<I")
_ENCODER: Final = msgspec.msgpack.Encoder()


def write_message(out: IO[bytes], message: msgspec.Struct) -> None:
    """Write one message.

    Raises:
        OSError: When nobody reads any more.
        ValueError: When the stream is closed.
    """
    body = _ENCODER.encode(message)
    out.write(_LENGTH.pack(len(body)) + body)
    out.flush()


def read_message(source: IO[bytes], decoder: msgspec.msgpack.Decoder[M]) -> M | None:
    """Read one message; None at the stream's end.

    Raises:
        msgspec.MsgspecError: When it is none that the other side may send.
    """
    head = _read(source, _LENGTH.size)
    if head is None:
        return None
    (size,) = _LENGTH.unpack(head)
    if size > MAX_BYTES:
        raise msgspec.DecodeError(f"a message of {size} bytes")
    body = _read(source, size)
    return None if body is None else decoder.decode(body)


def _read(source: IO[bytes], size: int) -> bytes | None:
    """Read exactly so much; None: the stream ended before."""
    parts: list[bytes] = []
    left = size
    while left:
        part = source.read(left)
        if not part:
            return None
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
