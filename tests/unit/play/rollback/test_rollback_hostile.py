"""A partner whose program lies: the match may end badly, but nothing breaks, grows, or overwrites what is recorded."""

from typing import Any

import pytest
from rollback_matches import a_config, a_match

from mug.play.chaos import Conditions
from mug.play.rollback import CTRL, Event, Rollback
from mug.play.rollback.handshake import differences
from mug.play.rollback.messages import MessageError, decode_message, encode_message
from mug.play.rollback.packets import encode_control, magic_of
from mug.play.rollback.requests import Advance, Load
from tests.drivers.rollback_net import Match, Player


def playing(players: int, **kinds: Any) -> Match:
    return a_match(Conditions(delay_ms=60), players=players, **kinds).run(until_ms=4_000)


def lie(player: Player, liar: int, op: str, **fields: Any) -> None:
    """Give a player one more message, as if `liar` had said it."""
    core = player.core
    number = core._peers[liar].line.received + 1
    packet = encode_control(magic_of("match"), liar, number, 0, encode_message(op, **fields))
    core.receive(liar, CTRL, packet, core._now_ms)


def named(core: Rollback, name: str) -> list[Event]:
    return [event for event in core.take_events() if event.name == name]


@pytest.mark.parametrize(
    "body",
    [
        b'{"op":"propose","delay":1,"rtt_ms":1' + b"0" * 400 + b"}",
        b'{"op":"hello","identity":{},"settings":{},"calibration":{"step_ms":1' + b"0" * 400 + b"}}",
        encode_message("hello", identity={}, settings={}, calibration={f"figure {n}": 1.0 for n in range(17)}),
        encode_message("hello", identity={}, settings={}, calibration={"f" * 65: 1.0}),
    ],
)
def test_that_figures_beyond_all_measure_are_refused(body: bytes) -> None:
    with pytest.raises(MessageError):
        decode_message(body)
    core = Rollback(a_config(), 0.0)
    core.receive(1, CTRL, encode_control(magic_of("match"), 1, 1, 0, body), 1.0)
    assert core.figures.bad_packets == {"message": 1}


def test_that_a_refusal_stays_short_whatever_the_other_side_says() -> None:
    words = differences({}, {f"name {n}" * 100: "value" * 1000 for n in range(1000)})
    assert len(words) == 9
    assert words[-1] == "and 992 more"
    assert len("; ".join(words)) < 3000


def test_that_a_hash_is_compared_once_however_often_it_is_said() -> None:
    match = playing(2)
    core = match[0].core
    core.take_events()
    compared, frame = core.figures.compared, core.check_interval - 1
    core.checked(1_000_000, "ours")
    for number in range(200):
        lie(match[0], 1, "hash", epoch=0, frame=1_000_000, value=f"theirs {number}")
        lie(match[0], 1, "hash", epoch=0, frame=frame, value=f"theirs {number}")
    assert core.figures.compared <= compared + 2
    assert len(named(core, "desync")) <= 2


def test_that_a_goodbye_is_told_once() -> None:
    match = playing(2)
    core = match[0].core
    core.take_events()
    for _ in range(100):
        lie(match[0], 1, "bye", reason="again")
    assert len(named(core, "closed")) == 1


@pytest.mark.parametrize("interval", [1, 5])
@pytest.mark.parametrize(("epoch", "claimed"), [(0, -1), (0, 3), (-1, 40)])
@pytest.mark.parametrize("policy", ["default_action", "end"])
def test_that_no_claim_takes_back_a_confirmed_frame(interval: int, epoch: int, claimed: int, policy: str) -> None:
    match = playing(3, config={"snapshot_interval": interval})
    core = match[0].core
    confirmed = core.confirmed
    assert confirmed > 40
    core.take_events()
    core.drop([2], policy)
    lie(match[0], 1, "claim", epoch=epoch, players=[2], frames=[claimed])
    events = core.take_events()
    (dropped,) = [event for event in events if event.name == "dropped"]
    assert dropped.data["frame"] >= confirmed + 1
    assert [event.data["player"] for event in events if event.name == "protocol_error"] == [2]
    for tick in range(3):
        requests = core.tick(b"\x01", core._now_ms + 20.0 * tick)
        assert all(request.frame > confirmed - interval for request in requests if isinstance(request, Load))
        for request in requests:
            if isinstance(request, Advance) and request.frame <= confirmed:
                assert not request.dropped[2]
        if requests:
            core.executed(core.frame if core.stage == "over" else requests[-1].frame + 1, False)
