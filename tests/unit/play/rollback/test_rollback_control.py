from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.play.rollback.control import ControlLine, ControlOverflowError


@given(st.lists(st.integers(0, 5), max_size=200), st.integers(1, 60))
def test_that_every_message_arrives_once_and_in_order_whatever_the_channel_does(fates: list[int], count: int) -> None:
    """A fate per packet: lost, on time, doubled, or held back behind the next ones; then the channel heals."""
    sender, receiver = ControlLine(), ControlLine()
    got: list[bytes] = []
    held: list[tuple[int, bytes]] = []
    said = 0
    now_ms = 0.0
    fate = iter(fates)
    for _ in range(400):
        now_ms += 60.0
        if said < count:
            sender.say(str(said).encode())
            said += 1
        arriving = []
        for packet in sender.due(now_ms, 100.0):
            match next(fate, 1):
                case 0:
                    pass
                case 2:
                    arriving += [packet, packet]
                case 3 | 4:
                    held.append(packet)
                case _:
                    arriving.append(packet)
        if len(held) > 4 or said == count:
            arriving += reversed(held)
            held.clear()
        for number, body in arriving:
            got += receiver.receive(number, body) or []
        if next(fate, 1):
            assert sender.acknowledge(receiver.received)
        assert len(sender) <= count
        assert receiver.early <= 64
    assert got == [str(number).encode() for number in range(count)]
    assert len(sender) == 0


def test_that_a_new_path_gets_everything_again_at_once() -> None:
    line = ControlLine()
    line.say(b"a")
    assert line.due(0.0, 100.0) == [(1, b"a")]
    assert line.due(50.0, 100.0) == []
    line.resend()
    assert line.due(51.0, 100.0) == [(1, b"a")]


def test_that_repeats_become_rarer_on_a_dead_path() -> None:
    line = ControlLine()
    line.say(b"a")
    sent = [ms for ms in range(0, 60_000, 10) if line.due(float(ms), 100.0)]
    assert 55 <= len(sent) <= 75
    assert sent[1] == 100
    assert max(b - a for a, b in pairwise(sent)) <= 1000


def test_that_what_is_kept_is_bounded_on_both_sides() -> None:
    sender, receiver = ControlLine(), ControlLine()
    for _ in range(4096):
        sender.say(b"x")
    with pytest.raises(ControlOverflowError):
        sender.say(b"x")
    assert len(sender) == 4096
    assert len(sender.due(0.0, 100.0)) == 32
    assert receiver.receive(66, b"far") is None
    assert receiver.receive(64, b"near") == []
    assert receiver.early == 1


def test_that_an_acknowledgement_of_what_was_never_said_is_refused() -> None:
    line = ControlLine()
    line.say(b"a")
    assert not line.acknowledge(2)
    assert len(line) == 1
