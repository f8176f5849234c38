"""Players whose program starts anew in mid-match: where they go on, and that nobody's rows change for it."""

from dataclasses import replace
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from rollback_matches import a_config, a_match, all_over
from test_rollback_properties import CONDITIONS, FIRST_PRESSED, LENGTH, expected, pressed

from mug.play.chaos import Conditions
from mug.play.rollback import CTRL, Rollback
from mug.play.rollback.comeback import MAX_QUESTIONS
from mug.play.rollback.inputs import InputQueue, runs_of
from mug.play.rollback.messages import encode_message
from mug.play.rollback.packets import encode_control, magic_of
from tests.drivers.rollback_net import Match

RELOADS = st.tuples(st.floats(0.0, 6000.0), st.floats(0.0, 2500.0))


def assert_rows(match: Match, players: int, seed: int) -> None:
    """All are through; what each recorded in all its lives is what seed and inputs give."""
    assert all_over(match), [(player.number, player.core.stage, player.core.epoch) for player in match.present]
    wanted = expected(players, seed)
    for player in match.present:
        assert player.named("desync") == []
        assert player.named("not_reproduced") == []
        first = player.rows[0][:2]
        assert player.rows == [row for row in wanted if row[:2] >= first]
    for player in match.earlier:
        assert player.rows == [row for row in wanted if row[:2] in {known[:2] for known in player.rows}]


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    players=st.integers(2, 4),
    conditions=st.lists(CONDITIONS, min_size=4, max_size=4),
    reloads=st.lists(st.tuples(st.integers(0, 3), RELOADS), min_size=1, max_size=4),
    window=st.integers(1, 14),
    delay=st.integers(0, FIRST_PRESSED),
    interval=st.integers(1, 12),
    seed=st.integers(0, 2**32),
)
def test_that_rows_depend_on_nothing_but_seed_and_inputs_whoever_comes_back_and_when(
    players: int,
    conditions: list[Conditions],
    reloads: list[tuple[int, tuple[float, float]]],
    window: int,
    delay: int,
    interval: int,
    seed: int,
) -> None:
    by_player: list[list[tuple[float, float]]] = [[] for _ in range(players)]
    for number, reload in reloads:
        by_player[number % players].append(reload)
    setups: list[dict[str, Any]] = [
        {"by_frame": lambda frame, player=player: pressed(player, frame), "reloads": tuple(by_player[player])}
        for player in range(players)
    ]
    match = a_match(
        [replace(one, seed=number) for number, one in enumerate(conditions[:players])],
        players=players,
        seed=seed,
        length=LENGTH,
        episodes=2,
        setups=setups,
        config={"window": window, "input_delay": delay, "snapshot_interval": interval, "fps": 20},
    )
    match.run(until_ms=300_000, until=all_over)
    assert_rows(match, players, seed)


def test_that_past_inputs_are_kept_as_runs() -> None:
    queue = InputQueue(b"-", repeats=True, delay=1)
    values = [b"-", b"a", b"a", b"b", b"b", b"b", b"a"]
    for frame, value in enumerate(values[1:], 1):
        queue.add(frame, value)
    queue.discard(5)
    assert len(queue) == 2
    for first in range(8):
        assert queue.all_from(first) == values[first:]
        assert queue.held(first, 3) == values[first : first + 3]
    assert runs_of(values) == [(1, b"-"), (2, b"a"), (3, b"b"), (1, b"a")]


def _hear(core: Rollback, sender: int, op: str, **fields: Any) -> None:
    pair = (core.config.returns_of(0), core.config.returns_of(sender))
    line = core._peers[sender].line
    packet = encode_control(magic_of("match", pair), sender, line.received + 1, 0, encode_message(op, **fields))
    core.receive(sender, CTRL, packet, 1.0)


def test_that_packets_of_an_earlier_life_are_foreign() -> None:
    core = Rollback(a_config(), 0.0)
    before = encode_control(magic_of("match"), 1, 1, 0, encode_message("bye", reason="x"))
    core.returning(1, 1)
    core.returning(1, 1)
    assert [event.name for event in core.take_events()] == ["returning"]
    core.receive(1, CTRL, before, 1.0)
    assert core.figures.bad_packets["foreign"] == 1
    assert core.take_events() == []
    assert core.away == [1]


def test_that_words_about_returns_that_nobody_makes_change_nothing() -> None:
    core = Rollback(a_config(), 0.0)
    for _ in range(MAX_QUESTIONS + 2):
        _hear(core, 1, "ask", epoch=0, frame=0)
    _hear(core, 1, "log", epoch=0, player=0, frame=0, runs=[[4096, "00"]] * 3)
    _hear(core, 1, "logged", epoch=0)
    _hear(core, 1, "rejoin", epoch=0, frame=7, held=[1, 1])
    _hear(core, 1, "back", delay=0, epoch=9, held=[1, 1], cuts=[0, 0], gone=[], away=0, reset="")
    _hear(core, 1, "back", delay=0, epoch=9, held=[1], cuts=[0], gone=[3], away=0, reset="")
    assert core.stage == "connecting"
    assert core.poll(2.0) == []
    assert core.figures.bad_packets["too many questions"] == 2


def test_that_a_return_that_does_not_follow_what_is_held_is_not_taken() -> None:
    match = a_match(Conditions(delay_ms=20.0), seed=3, length=LENGTH, episodes=1).run(until_ms=1500.0)
    core = match[0].core
    core.returning(1, 1)
    core.config = replace(core.config, returns=(0, 1))
    core.take_events()
    confirmed = core.confirmed
    _hear(core, 1, "rejoin", epoch=core.epoch, frame=confirmed, held=[5, 5])
    _hear(core, 1, "rejoin", epoch=core.epoch, frame=confirmed, held=[5])
    assert [event.name for event in core.take_events()] == ["protocol_error"] * 2
    assert core.away == [1]
    assert core.confirmed >= confirmed
