"""What must not change the rows: the window, the delay, how often is saved, how packets travel."""

from dataclasses import replace

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from rollback_matches import a_match, all_over, check

from mug.play.chaos import Conditions
from tests.drivers.rollback_net import IntegerWorld

LENGTH = 90
FIRST_PRESSED = 4

CONDITIONS = st.builds(
    Conditions,
    delay_ms=st.sampled_from([0.0, 10.0, 60.0, 150.0]),
    jitter_ms=st.sampled_from([0.0, 20.0, 80.0]),
    loss=st.sampled_from([0.0, 0.1, 0.3]),
    reorder=st.sampled_from([0.0, 0.3]),
    reorder_ms=st.just(120.0),
    duplicate=st.sampled_from([0.0, 0.2]),
    burst=st.sampled_from([0.0, 0.03]),
    burst_length=st.just(4),
)


def pressed(player: int, frame: int) -> bytes:
    """What a player's input of a frame is, however the match goes; nothing before any delay could let it through."""
    return bytes([(frame // 3 * (player + 1) + player) % 5]) if frame >= FIRST_PRESSED else b"\x00"


def expected(players: int, seed: int) -> list[tuple[int, int, tuple[bytes, ...], tuple[bool, ...], str]]:
    """The rows of a match without any network."""
    world = IntegerWorld(LENGTH)
    rows = []
    for epoch in range(2):
        world.reset(seed * 1000 + epoch)
        for frame in range(LENGTH):
            inputs = tuple(pressed(player, frame) for player in range(players))
            world.step(inputs, (False,) * players)
            rows.append((epoch, frame, inputs, (False,) * players, world.digest()))
    return rows


@settings(max_examples=12, phases=(Phase.explicit, Phase.reuse, Phase.generate))  # a match is slow to shrink
@given(
    players=st.integers(2, 4),
    conditions=st.lists(CONDITIONS, min_size=4, max_size=4),
    window=st.integers(1, 14),
    delay=st.integers(0, FIRST_PRESSED),
    interval=st.integers(1, 12),
    repeats=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_that_rows_depend_on_nothing_but_seed_and_inputs(
    players: int,
    conditions: list[Conditions],
    window: int,
    delay: int,
    interval: int,
    repeats: bool,
    seed: int,
) -> None:
    match = a_match(
        [replace(one, seed=number) for number, one in enumerate(conditions[:players])],
        players=players,
        seed=seed,
        length=LENGTH,
        episodes=2,
        setups=[{"by_frame": lambda frame, player=player: pressed(player, frame)} for player in range(players)],
        config={"window": window, "input_delay": delay, "snapshot_interval": interval, "repeats": repeats, "fps": 60},
    )
    match.run(until_ms=300_000, until=all_over)
    assert all_over(match)
    check(match, rollbacks=0, prefix=False)
    assert match[0].rows == expected(players, seed)


def test_that_the_deepest_guesses_and_none_give_the_same_rows() -> None:
    """The property above with a stated minimum of rollbacks."""
    rows = []
    for delay_ms, window, interval in ((0.0, 4, 1), (140.0, 12, 1), (140.0, 9, 5)):
        match = a_match(
            Conditions(delay_ms=delay_ms, loss=0.1 if delay_ms else 0.0),
            seed=4,
            length=LENGTH,
            episodes=2,
            setups=[{"by_frame": lambda frame, player=player: pressed(player, frame)} for player in range(2)],
            config={"window": window, "snapshot_interval": interval, "fps": 60},
        ).run(until_ms=60_000, until=all_over)
        check(match, rollbacks=40 if delay_ms else 0, prefix=False)
        rows.append(match[0].rows)
    assert rows[0] == rows[1] == rows[2] == expected(2, 4)
