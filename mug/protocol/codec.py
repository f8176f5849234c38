"""The only place where messages become Python objects, and back.

A message travels as a dict with ``op`` whose bytes are binary attachments. JSON has neither NaN nor infinity, and a
browser's numbers are exact only up to 2^53: both are refused here, in either direction, instead of arriving as
something else. Seeds are 64 bits wide and therefore travel as decimal texts (see `SEED_FIELDS`).
"""

import math
from typing import Any, Final, TypeVar

import msgspec

from mug.protocol.errors import InvalidMessageError, UnknownOpError
from mug.protocol.lab import LabMessage, LabRequest
from mug.protocol.messages import ParticipantMessage, ServerMessage
from mug.protocol.parts import Message

__all__ = [
    "LARGEST_EXACT_INTEGER",
    "MAX_DEPTH",
    "SEED_FIELDS",
    "decode_lab_message",
    "decode_lab_request",
    "decode_participant_message",
    "decode_server_message",
    "encode",
    "ops_of",
    "why_unsendable",
]

LARGEST_EXACT_INTEGER: Final = 2**53 - 1
"""JavaScript's ``Number.MAX_SAFE_INTEGER``."""

MAX_DEPTH: Final = 64
"""How deep dicts and lists inside a message may be nested."""

SEED_FIELDS: Final = ("match_seed", "environment_seed")
"""Fields of `GameConfig` that travel as decimal text, so that the page hands on all 64 bits."""

_BYTES: Final = (bytes, bytearray, memoryview)

_T = TypeVar("_T")


def ops_of(union: Any) -> dict[str, type[Message]]:
    """Return the message types of a union, by their ``op``."""
    members = getattr(union, "__args__", (union,))
    return {str(member.__struct_config__.tag): member for member in members}


_PARTICIPANT_OPS: Final = ops_of(ParticipantMessage)
_SERVER_OPS: Final = ops_of(ServerMessage)
_LAB_REQUEST_OPS: Final = ops_of(LabRequest)
_LAB_MESSAGE_OPS: Final = ops_of(LabMessage)

# WORKAROUND msgspec 0.22.0: it describes a type to itself at the first use, and two threads that do so at once end the
# process (seen: a null pointer in `_core`). The import lock lets one thread do it here, before any message comes.
for _union in (ParticipantMessage, ServerMessage, LabRequest, LabMessage):
    msgspec.json.Decoder(_union)


def encode(message: Message) -> dict[str, Any]:
    """Turn a message into the dict that Socket.IO sends: plain values, lists and bytes.

    Raises:
        InvalidMessageError: When it holds a value that would not arrive as it is (NaN, an infinity, an integer above
            2^53, something that is not data). The path names it.
    """
    op = str(message.__struct_config__.tag)
    try:
        data = msgspec.to_builtins(message, str_keys=True, builtin_types=_BYTES)
    except (TypeError, ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise InvalidMessageError("", str(error), op) from error
    _, config = _game_config_in(data, op)
    for name in SEED_FIELDS:
        if config.get(name) is not None:
            config[name] = str(config[name])
    plain = _as_plain(data, "", op, 0)
    assert isinstance(plain, dict)
    return plain


def decode_participant_message(obj: object) -> ParticipantMessage:
    """Decode what a participant's page sent.

    Raises:
        UnknownOpError: The ``op`` is not one of ours.
        InvalidMessageError: Anything else that is not as agreed; it names the path.
    """
    message: ParticipantMessage = _decode(obj, _PARTICIPANT_OPS, ParticipantMessage)
    return message


def decode_server_message(obj: object) -> ServerMessage:
    """Decode what the server sent to a page: for participants that are programs.

    Raises:
        UnknownOpError: The ``op`` is not one of ours.
        InvalidMessageError: Anything else that is not as agreed; it names the path.
    """
    message: ServerMessage = _decode(obj, _SERVER_OPS, ServerMessage)
    return message


def decode_lab_request(obj: object) -> LabRequest:
    """Decode what MUG Lab asked for.

    Raises:
        UnknownOpError: The ``op`` is not one of ours.
        InvalidMessageError: Anything else that is not as agreed; it names the path.
    """
    message: LabRequest = _decode(obj, _LAB_REQUEST_OPS, LabRequest)
    return message


def decode_lab_message(obj: object) -> LabMessage:
    """Decode what the server sent to MUG Lab.

    Raises:
        UnknownOpError: The ``op`` is not one of ours.
        InvalidMessageError: Anything else that is not as agreed; it names the path.
    """
    message: LabMessage = _decode(obj, _LAB_MESSAGE_OPS, LabMessage)
    return message


def why_unsendable(value: object, name: str) -> str:
    """Say why a value could not be sent as the field `name` of a message; empty when it can."""
    try:
        _as_plain(value, name, "", MAX_DEPTH // 8)
    except InvalidMessageError as error:
        return f"{error.path}: {error.reason}"
    return ""


def _decode(obj: object, ops: dict[str, type[Message]], union: Any) -> Any:
    if not isinstance(obj, dict):
        raise InvalidMessageError("", f"expected an object, got {type(obj).__name__}")
    op = obj.get("op")
    if not isinstance(op, str):
        raise InvalidMessageError("op", "expected a text")
    if op not in ops:
        raise UnknownOpError(op)
    plain = _as_plain(obj, "", op, 0)
    assert isinstance(plain, dict)
    _take_integer_seeds(plain, op)
    try:
        return msgspec.convert(plain, union, builtin_types=_BYTES)
    except msgspec.ValidationError as error:
        reason, _, where = str(error).partition(" - at `")
        path = where.rstrip("`").removeprefix("$").removeprefix(".")
        raise InvalidMessageError(path, reason, op) from error


def _as_plain(value: object, path: str, op: str, depth: int) -> object:
    """Copy `value` with lists for tuples (Socket.IO finds bytes in lists and dicts), refusing what JSON alters."""
    if isinstance(value, str):
        return value if value.isascii() else _whole_characters(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST_EXACT_INTEGER:
            raise InvalidMessageError(path, f"{value} is beyond 2^53, where a browser's numbers stop being exact", op)
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidMessageError(path, f"{value} cannot be sent: JSON has only finite numbers", op)
        return value
    if isinstance(value, _BYTES):
        return bytes(value)
    if depth >= MAX_DEPTH:
        raise InvalidMessageError(path, f"nested deeper than {MAX_DEPTH} levels", op)
    if isinstance(value, dict):
        copy: dict[str, object] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise InvalidMessageError(path, f"expected text keys, got {type(key).__name__}", op)
            copy[_whole_characters(key)] = _as_plain(item, f"{path}.{key}" if path else key, op, depth + 1)
        return copy
    if isinstance(value, list | tuple):
        return [_as_plain(item, f"{path}[{index}]", op, depth + 1) for index, item in enumerate(value)]
    raise InvalidMessageError(path, f"{type(value).__name__} is not data that can be sent", op)


def _whole_characters(text: str) -> str:
    """Put the replacement character in place of half a surrogate pair: a page that cuts a text may leave one.

    It has no UTF-8, so it could be neither recorded nor sent.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _game_config_in(message: dict[str, Any], op: str) -> tuple[str, dict[str, Any]]:
    """Where a message's `GameConfig` is, and its dict; an empty one when the message has none."""
    match op:
        case "scene.show":
            content = message.get("content")
            path, config = "content.config", content.get("config") if isinstance(content, dict) else None
        case "match.ready":
            path, config = "config", message.get("config")
        case _:
            return "", {}
    return path, config if isinstance(config, dict) else {}


def _take_integer_seeds(message: dict[str, Any], op: str) -> None:
    path, config = _game_config_in(message, op)
    for name in SEED_FIELDS:
        text = config.get(name)
        if isinstance(text, str):
            try:
                config[name] = int(text)
            except ValueError as error:
                raise InvalidMessageError(f"{path}.{name}", "expected a whole number as text", op) from error
