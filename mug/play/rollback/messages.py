"""What the control messages between the players say: JSON objects with an ``op``, checked when they are read."""

import json
import math
import re
from typing import Any, Final

from mug.play.rollback.packets import MAX_INPUT_BYTES

__all__ = ["MessageError", "decode_message", "encode_message"]

_TEXT_CHARS: Final = 4096
_FRAMES: Final = 2**31 - 1
_NUMBERS: Final = 2**53
_FIGURES: Final = 16
_FIGURE_CHARS: Final = 64
_RUNS: Final = 1024
_RUN_FRAMES: Final = 4096
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*")

_FIELDS: Final[dict[str, dict[str, str]]] = {
    "hello": {"identity": "texts", "settings": "texts", "calibration": "numbers"},
    "propose": {"delay": "count", "rtt_ms": "number"},
    "ready": {"epoch": "count", "hash": "text"},
    "hash": {"epoch": "count", "frame": "count", "value": "text"},
    "over": {"epoch": "count", "frame": "frame", "state": "text", "rows": "text"},
    "claim": {"epoch": "frame", "players": "frames", "frames": "frames"},
    "bye": {"reason": "text"},
    "back": {
        "delay": "frame",
        "epoch": "frame",
        "held": "frames",
        "cuts": "frames",
        "gone": "frames",
        "away": "count",
        "reset": "text",
    },
    "ask": {"epoch": "count", "frame": "count"},
    "log": {"epoch": "count", "player": "count", "frame": "count", "runs": "runs"},
    "logged": {"epoch": "count"},
    "rejoin": {"epoch": "frame", "frame": "count", "held": "frames"},
}


class MessageError(ValueError):
    """Bytes that are no control message."""


def encode_message(op: str, **fields: Any) -> bytes:
    """Return the message's bytes."""
    assert fields.keys() == _FIELDS[op].keys()
    return json.dumps({"op": op, **fields}, separators=(",", ":"), allow_nan=False).encode()


def decode_message(body: bytes) -> dict[str, Any]:
    """Read a message: all its fields are there, of their types, within their bounds.

    Raises:
        MessageError: It is none.
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise MessageError("not JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("op"), str) or message["op"] not in _FIELDS:
        raise MessageError("an unknown op")
    for name, kind in _FIELDS[message["op"]].items():
        if not _is(kind, message.get(name)):
            raise MessageError(f"{message['op']} with a bad {name}")
    return message


def _is(kind: str, value: Any) -> bool:
    match kind:
        case "text":
            return isinstance(value, str) and len(value) <= _TEXT_CHARS
        case "count":
            return type(value) is int and 0 <= value <= _FRAMES
        case "frame":
            return type(value) is int and -1 <= value <= _FRAMES
        case "number":
            # Whole numbers have no bound in Python; beyond this one, a float does not hold them.
            return math.isfinite(value) if type(value) is float else type(value) is int and abs(value) <= _NUMBERS
        case "texts":
            return isinstance(value, dict) and all(_is("text", key) and _is("text", one) for key, one in value.items())
        case "numbers":
            return (
                isinstance(value, dict)
                and len(value) <= _FIGURES
                and all(len(key) <= _FIGURE_CHARS and _is("number", one) for key, one in value.items())
            )
        case "runs":
            return isinstance(value, list) and len(value) <= _RUNS and all(map(_is_run, value))
        case _:
            return isinstance(value, list) and len(value) <= 4 and all(_is("frame", one) for one in value)


def _is_run(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    count, text = value
    if type(count) is not int or not 1 <= count <= _RUN_FRAMES or not isinstance(text, str):
        return False
    return len(text) <= 2 * MAX_INPUT_BYTES and _HEX.fullmatch(text) is not None
