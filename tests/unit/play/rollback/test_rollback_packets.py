import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.play.rollback.messages import MessageError, decode_message, encode_message
from mug.play.rollback.packets import (
    MAX_INPUT_BYTES,
    MAX_INPUTS,
    MAX_PACKET_BYTES,
    Control,
    Inputs,
    PacketError,
    Ping,
    Pong,
    decode,
    encode_control,
    encode_inputs,
    encode_ping,
    encode_pong,
    magic_of,
)

VECTORS = json.loads((Path(__file__).parents[3] / "vectors" / "rollback_packets.json").read_text())
MAGIC = magic_of("match")
VALUE = st.binary(max_size=12) | st.sampled_from([b"\x00", b"\x01"])


def reason_of(data: bytes, *, sender: int = 1, players: int = 2) -> str:
    with pytest.raises(PacketError) as caught:
        decode(data, MAGIC, sender, players)
    return caught.value.reason


def some_inputs(values: list[bytes], *, start: int = 3) -> bytes:
    return encode_inputs(MAGIC, 1, 9, 2, (4, start + len(values) - 1), -1.5, start, values)[0]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_that_the_golden_vectors_are_read_and_written(vector: dict[str, object]) -> None:
    data = bytes.fromhex(str(vector["hex"]))
    magic = magic_of(str(vector["match_id"]))
    sender, players = vector["sender"], vector["players"]
    assert isinstance(sender, int)
    assert isinstance(players, int)
    fields = vector["fields"]
    assert isinstance(fields, dict)
    packet = decode(data, magic, sender, players)
    match packet:
        case Inputs():
            assert vector["kind"] == "inputs"
            values = [bytes.fromhex(value) for value in fields["values"]]
            assert packet == Inputs(
                fields["sequence"],
                fields["epoch"],
                tuple(fields["views"]),
                fields["advantage"],
                fields["start"],
                values,
            )
            again, count = encode_inputs(
                magic, sender, packet.sequence, packet.epoch, packet.views, packet.advantage, packet.start, values
            )
            assert count == len(values)
        case Ping():
            assert packet == Ping(fields["sequence"], fields["ident"])
            again = encode_ping(magic, sender, packet.sequence, packet.ident)
        case Pong():
            assert packet == Pong(fields["sequence"], fields["ident"], fields["hold_us"])
            again = encode_pong(magic, sender, packet.sequence, packet.ident, packet.hold_us)
        case Control():
            assert packet == Control(fields["number"], fields["acknowledged"], fields["body"].encode())
            again = encode_control(magic, sender, packet.number, packet.acknowledged, packet.body)
    assert again == data


@given(
    st.lists(VALUE, max_size=MAX_INPUTS + 20), st.integers(2, 4), st.integers(0, 2**31 - 200), st.floats(-3000, 3000)
)
def test_that_what_is_written_is_read(values: list[bytes], players: int, start: int, advantage: float) -> None:
    views = tuple(range(-1, players - 1))
    data, count = encode_inputs(MAGIC, 0, 7, 2**31 - 1, views, advantage, start, values)
    packet = decode(data, MAGIC, 0, players)
    assert isinstance(packet, Inputs)
    assert (packet.sequence, packet.epoch, packet.views, packet.start) == (7, 2**31 - 1, views, start)
    assert packet.values == values[:count]
    assert abs(packet.advantage - min(max(advantage, -2048), 2047.9375)) <= 1 / 32
    assert count <= MAX_INPUTS
    assert len(data) <= 1200
    assert count == len(values) or count == MAX_INPUTS or len(data) > 1150


def test_that_held_keys_cost_nothing_and_long_inputs_go_one_by_one() -> None:
    assert len(some_inputs([b"\x01"] * 128)) == 35
    long = bytes(MAX_INPUT_BYTES)
    data, count = encode_inputs(MAGIC, 1, 9, 2, (4, 4), 0.0, 3, [long, b"x"])
    assert count == 1
    packet = decode(data, MAGIC, 1, 2)
    assert isinstance(packet, Inputs)
    assert packet.values == [long]


def test_that_each_way_of_being_wrong_has_its_name() -> None:
    good = some_inputs([b"a", b"b"])
    assert reason_of(b"") == "truncated"
    assert reason_of(bytes(MAX_PACKET_BYTES + 1)) == "huge"
    assert reason_of(b"\x00" + good[1:]) == "foreign"
    assert reason_of(good[:4] + b"\x09" + good[5:]) == "version"
    assert reason_of(good[:5] + b"\x63" + good[6:]) == "kind"
    assert reason_of(good, sender=0) == "sender"
    assert reason_of(good, players=3) == "malformed"
    assert reason_of(good + b"\x00") == "malformed"
    assert reason_of(good[:-1]) == "truncated"
    head = good[:30]
    assert reason_of(head + struct.pack("<B", 129)) == "malformed"
    assert reason_of(head + struct.pack("<BBH", 1, 0, 0)) == "malformed"
    assert reason_of(head + struct.pack("<BBH", 1, 2, 0)) == "malformed"
    assert reason_of(head + struct.pack("<BBH", 1, 1, MAX_INPUT_BYTES + 1)) == "malformed"
    assert reason_of(head + struct.pack("<BBH", 1, 1, 5)) == "truncated"


@given(st.binary(max_size=200), st.booleans(), st.sampled_from([1, 2, 3, 4, 77]))
def test_that_no_bytes_do_more_than_be_refused(data: bytes, with_header: bool, kind: int) -> None:
    if with_header:
        data = struct.pack("<IBBB", MAGIC, 1, kind, 1) + data
    try:
        packet = decode(data, MAGIC, 1, 3)
    except PacketError:
        return
    if isinstance(packet, Inputs):
        assert len(packet.values) <= MAX_INPUTS
        assert len(packet.views) == 3


@given(st.lists(VALUE, max_size=20), st.data())
def test_that_damaged_packets_are_refused_or_well_formed(values: list[bytes], chosen: st.DataObject) -> None:
    data = bytearray(some_inputs(values))
    for _ in range(chosen.draw(st.integers(1, 4))):
        data[chosen.draw(st.integers(0, len(data) - 1))] = chosen.draw(st.integers(0, 255))
    del data[chosen.draw(st.integers(0, len(data))) :]
    try:
        packet = decode(bytes(data), MAGIC, 1, 2)
    except PacketError:
        return
    if isinstance(packet, Inputs):
        assert packet.start >= 0
        assert packet.epoch >= 0
        assert min(packet.views) >= -1
        assert all(len(value) <= MAX_INPUT_BYTES for value in packet.values)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
)
NAMES = st.sampled_from(["epoch", "frame", "hash", "value", "state", "rows", "players", "frames", "delay", "reason"])


@given(
    st.binary(max_size=100)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.builds(
        lambda op, fields: json.dumps({"op": op, **fields}).encode(),
        st.sampled_from(["hello", "propose", "ready", "hash", "over", "claim", "bye", "x"]),
        st.dictionaries(NAMES, JSON, max_size=6),
    )
)
def test_that_no_control_message_does_more_than_be_refused(body: bytes) -> None:
    try:
        message = decode_message(body)
    except MessageError:
        return
    assert isinstance(message["op"], str)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 50_000,
        b'{"op":"hash","epoch":' + b"9" * 5000 + b',"frame":1,"value":"x"}',
        b'{"op":"hash","epoch":true,"frame":1,"value":"x"}',
        b'{"op":"hash","epoch":1,"frame":-2,"value":"x"}',
        b'{"op":"propose","delay":1,"rtt_ms":NaN}',
        b'{"op":["hash"]}',
        b'{"op":"claim","epoch":0,"players":[1,1,1,1,1],"frames":[]}',
        b"\xff\xfe",
    ],
)
def test_that_cunning_messages_are_refused(body: bytes) -> None:
    with pytest.raises(MessageError):
        decode_message(body)


def test_that_a_message_comes_back() -> None:
    assert decode_message(encode_message("hash", epoch=1, frame=30, value="é")) == {
        "op": "hash",
        "epoch": 1,
        "frame": 30,
        "value": "é",
    }
