"""Messages between the participants' pages, the server and MUG Lab: types, codec, TypeScript generator."""

from mug.protocol.codec import (
    decode_lab_message,
    decode_lab_request,
    decode_participant_message,
    decode_server_message,
    encode,
)
from mug.protocol.errors import InvalidMessageError, ProtocolError, UnknownOpError
from mug.protocol.messages import PROTOCOL_VERSION
from mug.protocol.parts import Message

__all__ = [
    "PROTOCOL_VERSION",
    "InvalidMessageError",
    "Message",
    "ProtocolError",
    "UnknownOpError",
    "decode_lab_message",
    "decode_lab_request",
    "decode_participant_message",
    "decode_server_message",
    "encode",
]
