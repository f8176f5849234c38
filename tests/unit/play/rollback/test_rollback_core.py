"""The core alone, packet by packet: who it plays with, what it refuses, what it tells."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollback_matches import a_config, a_match, all_over, check

from mug.play.chaos import Conditions
from mug.play.rollback import CTRL, GAME, Rollback, RollbackConfig, default_window
from mug.play.rollback.handshake import auto_delay, differences
from mug.play.rollback.messages import encode_message
from mug.play.rollback.packets import encode_control, encode_inputs, magic_of
from tests.drivers.rollback_net import Match, Outage

CALM = Conditions(delay_ms=30)


def playing(until_ms: float = 3_000.0, **kinds: Any) -> Match:
    return a_match(CALM, **kinds).run(until_ms=until_ms)


def pair(ours: RollbackConfig, theirs: RollbackConfig) -> tuple[Rollback, Rollback]:
    """Two cores that talk without delay for two seconds."""
    cores = (Rollback(ours, 0.0), Rollback(replace(theirs, local=1), 0.0))
    for now_ms in range(0, 2_000, 20):
        for number, core in enumerate(cores):
            core.poll(float(now_ms))
            for send in core.take_sends():
                cores[1 - number].receive(number, send.channel, send.body, float(now_ms))
    return cores


@pytest.mark.parametrize(("fps", "window"), [(5, 4), (10, 4), (25, 5), (30, 6), (60, 12), (120, 12)])
def test_that_the_window_is_200_ms_within_its_bounds(fps: int, window: int) -> None:
    assert default_window(fps) == window


@pytest.mark.parametrize(
    ("rtt_ms", "fps", "delay"),
    [(0, 60, 0), (10, 60, 0), (50, 60, 2), (100, 60, 3), (400, 60, 3), (100, 30, 2), (90, 10, 0), (200, 10, 1)],
)
def test_that_the_automatic_delay_hides_the_way_of_an_input(rtt_ms: float, fps: int, delay: int) -> None:
    assert auto_delay(rtt_ms, fps) == delay


def test_that_the_largest_proposal_is_everybodys_delay() -> None:
    kinds = [Conditions(delay_ms=5), Conditions(delay_ms=5), Conditions(delay_ms=80)]
    match = a_match(kinds, players=3, config={"input_delay": "auto", "fps": 60}).run(until_ms=3_000)
    assert {player.core.input_delay for player in match.present} == {3}
    check(match, rollbacks=0)
    assert all(row[2] == (b"\x00",) * 3 for row in match[0].rows[:3])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"identity": {"study": "b1"}}, "study differs: a0 here, b1 there"),
        ({"identity": {}}, "study differs: a0 here, nothing there"),
        ({"fps": 60}, "number of frames a second differs: 30 here, 60 there"),
        ({"default_input": b"\x07"}, "default input differs: 00 here, 07 there"),
    ],
)
def test_that_peers_that_are_not_alike_refuse_each_other_in_words(changes: dict[str, Any], words: str) -> None:
    ours = a_config(identity={"study": "a0"})
    for core in pair(ours, a_config(**{"identity": {"study": "a0"}, **changes})):
        (event,) = core.take_events()
        assert (event.name, core.stage) == ("refused", "over")
        assert event.data["player"] == 1 - core.config.local
        assert core.config.local == 1 or event.data["reason"] == words


def test_that_peers_that_are_alike_agree_and_tell_what_they_measured() -> None:
    ours, theirs = pair(a_config(calibration={"step_ms": 0.5}), a_config(calibration={"step_ms": 2}))
    (event,) = ours.take_events()
    assert event.name == "agreed"
    assert event.data["calibration"] == {1: {"step_ms": 2.0}}
    assert (ours.stage, theirs.stage, ours.epoch) == ("ready", "ready", -1)


def test_that_differences_are_told_by_name() -> None:
    assert differences({"a": "1", "b": "2"}, {"a": "1", "b": "2"}) == []
    assert len(differences({"a": "1"}, {"b": "2"})) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"players": ("a",)},
        {"players": ("a", "a")},
        {"players": tuple("abcde")},
        {"local": 2},
        {"fps": 0},
        {"window": 61},
    ]
    + [{"input_delay": delay} for delay in (-1, 16, "soon")]
    + [{"snapshot_interval": 0}, {"check_interval": 0}],
)
def test_that_a_config_that_is_no_match_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"players|number|least|window|delay"):
        RollbackConfig(
            **{"match_id": "m", "players": ("a", "b"), "local": 0, "fps": 30, "default_input": b"", **changes}
        )


def test_that_packets_of_strangers_and_other_matches_are_counted_and_change_nothing() -> None:
    match = playing()
    core = match[0].core
    before = (core.frame, core.confirmed)
    foreign = encode_inputs(magic_of("other"), 1, 9_999, 0, (5, 5), 0.0, 5, [b"x"])[0]
    own_magic = encode_inputs(magic_of("match"), 0, 9_999, 0, (5, 5), 0.0, 5, [b"x"])[0]
    for sender, body in ((7, foreign), (0, foreign), (1, foreign), (1, own_magic), (1, b""), (1, bytes(100_000))):
        core.receive(sender, GAME, body, 8_000.0)
    bad = core.figures.bad_packets
    assert {name: bad[name] for name in ("stranger", "foreign", "sender", "truncated", "huge")} == {
        "stranger": 2,
        "foreign": 1,
        "sender": 1,
        "truncated": 1,
        "huge": 1,
    }
    assert (core.frame, core.confirmed) == before
    match.run(until_ms=6_000)
    check(match, rollbacks=10)


def test_that_old_packets_come_to_nothing_when_they_are_sent_again() -> None:
    recorded: list[tuple[int, int, bytes]] = []
    receive = Rollback.receive

    class Recording(Rollback):
        def receive(self, player: int, channel: int, body: bytes, at_ms: float) -> None:
            recorded.append((self.config.local, channel, body))
            receive(self, player, channel, body, at_ms)

    match = a_match(CALM, length=60, episodes=3, core=Recording)

    def replay() -> None:
        for receiver, channel, body in list(recorded):
            receive(match[receiver].core, 1 - receiver, channel, body, match[receiver].local_ms(match.now_ms))

    for at_ms in (1_500, 2_500, 4_200, 5_100):
        match.at(at_ms, replay)
    match.run(until_ms=60_000, until=all_over)
    assert all_over(match)
    check(match, rollbacks=10, prefix=False)
    assert match[0].core.figures.bad_packets["replayed"] > 50
    assert match[0].chains == match[1].chains


def test_that_impossible_claims_are_dropped() -> None:
    match = playing()
    core = match[0].core
    magic, epoch = magic_of("match"), core.epoch
    frame = core.frame
    cases = {
        "impossible": encode_inputs(magic, 1, 5_000, epoch, (frame + 50, frame), 0.0, frame + 1, [])[0],
        "ahead": encode_inputs(magic, 1, 5_001, epoch, (0, frame + 2_000), 0.0, frame + 1_990, [b"x"] * 5)[0],
        "gap": encode_inputs(magic, 1, 5_002, epoch, (0, frame + 90), 0.0, frame + 80, [b"x"] * 5)[0],
        "stale": encode_inputs(magic, 1, 5_003, epoch, (0, frame), 0.0, frame, [b"x"])[0],
        "future": encode_inputs(magic, 1, 5_004, epoch + 2, (0, frame), 0.0, frame, [b"x"])[0],
        "jump": encode_inputs(magic, 1, 5_004 + 2**20, epoch, (0, frame), 0.0, frame, [b"x"])[0],
    }
    for reason, body in cases.items():
        before = core.figures.bad_packets.get(reason, 0)
        core.receive(1, GAME, body, 8_000.0)
        if reason != "stale":
            assert core.figures.bad_packets.get(reason, 0) == before + 1, reason
    core.receive(1, CTRL, encode_control(magic, 1, 0, 999, b""), 8_000.0)
    assert core.figures.bad_packets["impossible"] == 2


def test_that_packets_of_the_next_episode_wait_for_it_in_a_bounded_place() -> None:
    core, _other = pair(a_config(), a_config())
    for number in range(50):
        body = encode_inputs(magic_of("match"), 1, 100 + number, 0, (-1, 1), 0.0, 0, [b"x", b"y"])[0]
        core.receive(1, GAME, body, 2_000.0)
    assert core.sizes()["early"] == 32
    core.begin_episode(0, "hash")
    assert core.sizes()["early"] == 0
    body = encode_inputs(magic_of("match"), 1, 200, 0, (-1, 2), 0.0, 2, [b"z"])[0]
    core.receive(1, GAME, body, 2_000.0)
    assert "gap" not in core.figures.bad_packets


def test_that_a_message_that_is_none_is_told_once_and_the_match_goes_on() -> None:
    match = playing()
    core = match[0].core
    line = core._peers[1].line
    for _ in range(3):
        packet = encode_control(magic_of("match"), 1, line.received + 1, 0, b"no message")
        core.receive(1, CTRL, packet, match[0].local_ms(match.now_ms))
    assert [event.name for event in core.take_events()] == ["protocol_error"]
    assert core.figures.bad_packets["message"] == 3
    assert core.stage == "playing"


def test_that_bogus_claims_take_no_memory() -> None:
    core = Rollback(a_config(3), 0.0)
    for number in range(1, 60):
        body = encode_message("claim", epoch=0, players=[number + 5], frames=[3])
        core.receive(1, CTRL, encode_control(magic_of("match"), 1, number, 0, body), 1.0)
    assert core.figures.bad_packets["message"] == 59
    assert len(core.take_events()) == 1


@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 3), st.binary(max_size=80), st.booleans()), max_size=40))
def test_that_nothing_from_outside_ever_raises(packets: list[tuple[int, int, bytes, bool]]) -> None:
    match = a_match(CALM).run(until_ms=1_500)
    core = match[0].core
    header = magic_of("match").to_bytes(4, "little") + b"\x01"
    for number, (sender, channel, body, ours) in enumerate(packets):
        data = header + bytes([number % 4 + 1, max(sender, 0)]) + body if ours else body
        core.receive(sender, channel, data, 10_000.0 + number)
        if core.stage == "playing":
            requests = core.tick(b"\x01", 10_000.0 + number)
            if requests:
                core.executed(requests[-1].frame + 1, False)
    sizes = core.sizes()
    assert sizes["queue"] <= 256 + 64
    assert sizes["line"] <= 4096 + 64
    assert sizes["early"] <= 32


def test_that_a_dead_path_is_not_sent_to_and_a_new_one_gets_all_at_once() -> None:
    match = playing()
    core = match[0].core
    now_ms = match[0].local_ms(match.now_ms)
    core.set_path(1, "")
    core.poll(now_ms + 500.0)
    assert core.take_sends() == []
    core.set_path(1, "relay")
    core.poll(now_ms + 501.0)
    assert {send.channel for send in core.take_sends()} == {GAME, CTRL}
    assert core.figures.players[1].path == "relay"


def test_that_nobody_is_missed_while_a_countdown_lets_no_frame_pass() -> None:
    cores = pair(a_config(), a_config())
    for core in cores:
        core.take_events()
        core.begin_episode(0, "hash")
    for now_ms in range(2_000, 8_000, 50):
        for number, core in enumerate(cores):
            core.poll(float(now_ms))
            for send in core.take_sends():
                cores[1 - number].receive(number, send.channel, send.body, float(now_ms))
    assert [core.stage for core in cores] == ["playing", "playing"]
    assert [core.take_events() for core in cores] == [[], []]
    assert [type(request).__name__ for request in cores[0].tick(b"a", 8_033.0)] == ["Save", "Advance"]


def test_that_a_tick_before_the_last_list_was_executed_is_a_mistake_of_the_session() -> None:
    match = playing()
    player = match[0]
    now_ms = player.local_ms(match.now_ms)
    assert player.core.tick(b"\x01", now_ms + 40.0)
    with pytest.raises(RuntimeError, match="executed"):
        player.core.tick(b"\x01", now_ms + 80.0)


def test_that_a_goodbye_is_told_and_the_last_words_are_repeated() -> None:
    match = a_match(CALM, outages=[Outage(3_000, 6_000)]).run(until_ms=3_100)
    match[0].core.close("left")
    match.run(until_ms=9_000)
    assert match[0].core.stage == "over"
    assert match[1].named("closed") == [{"player": 0, "reason": "left"}]


def test_that_inputs_of_any_length_travel() -> None:
    """Up to 4,096 bytes an input, another one each frame."""
    counts = [0, 0]

    def long(number: int) -> bytes:
        counts[number] += 1
        return bytes([counts[number] % 251]) * (counts[number] * 97 % 4097)

    match = a_match(
        Conditions(delay_ms=30, loss=0.05),
        length=120,
        setups=[{"inputs": lambda: long(0)}, {"inputs": lambda: long(1)}],
    ).run(until_ms=60_000, until=all_over)
    assert all_over(match)
    check(match, rollbacks=20, prefix=False)
    assert max(len(row[2][0]) for row in match[0].rows) > 3_900
    with pytest.raises(ValueError, match="4096"):
        match[0].core.tick(bytes(4097), 0.0)
