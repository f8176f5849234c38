"""Messages between the server and a match's process."""

import io
import struct

import msgspec
import pytest

from mug.authority import wire


def test_that_messages_come_out_as_they_went_in() -> None:
    stream = io.BytesIO()
    messages = [
        wire.Start(config='{"match_seed": 18446744073709551616}', root="/study", stored=(b"a" * 100_000,)),
        wire.Keys(agent="left", n=3, held=("a", "ArrowLeft"), hidden=True),
        wire.Stop(),
    ]
    for message in messages:
        wire.write_message(stream, message)
    stream.seek(0)
    decoder = msgspec.msgpack.Decoder(wire.ToProcess)
    assert [wire.read_message(stream, decoder) for _ in messages] == messages
    assert wire.read_message(stream, decoder) is None


def test_that_half_a_message_is_the_end() -> None:
    stream = io.BytesIO()
    wire.write_message(stream, wire.Alive(late_frames=3))
    half = io.BytesIO(stream.getvalue()[:-1])
    assert wire.read_message(half, msgspec.msgpack.Decoder(wire.FromProcess)) is None


@pytest.mark.parametrize("said", [struct.pack("<I", 3) + b"\xc1\xc1\xc1", struct.pack("<I", 2**32 - 1)])
def test_that_what_is_no_message_is_refused(said: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        wire.read_message(io.BytesIO(said), msgspec.msgpack.Decoder(wire.FromProcess))
