from pathlib import Path

import pytest
from play_worlds import CAR, config, counter_code, play

from mug.play.chunks import decode_chunk, encode_chunk
from mug.play.errors import IrreproducibleError
from mug.play.resimulate import resimulate
from mug.play.values import own_copy


def test_that_a_recorded_match_stepped_again_gives_every_row(tmp_path: Path) -> None:
    game = config(CAR, num_episodes=2, max_steps=55)
    again = resimulate(game, play(game).bodies, root=tmp_path)
    assert (again.episodes, again.frames, again.difference) == (2, 110, None)
    assert again.hashes == 12  # each second, and the end of each episode


def test_that_an_episode_that_was_broken_off_is_compared_as_far_as_it_is_stored(tmp_path: Path) -> None:
    game = config(counter_code(30))
    played = play(game, ticks=25)
    tail = [chunk.body for chunk in played.session.flush().chunks]
    assert resimulate(game, played.bodies + tail, root=tmp_path).frames == 25


def test_that_the_first_difference_is_named(tmp_path: Path) -> None:
    game = config(counter_code(30))
    first, second, third = play(game).bodies
    chunk = decode_chunk(second)
    columns = {name: [own_copy(value) for value in column] for name, column in chunk.columns.items()}
    columns["rewards.human"][4] = 99.0
    forged = encode_chunk(
        match_id=chunk.match_id,
        episode=0,
        first=chunk.first,
        columns=columns,
        previous_chain_hash=chunk.previous_chain_hash,
    )
    third = encode_chunk(
        match_id=chunk.match_id,
        episode=0,
        first=20,
        columns={name: [own_copy(value) for value in column] for name, column in decode_chunk(third).columns.items()},
        previous_chain_hash=decode_chunk(forged).chain_hash,
    )
    again = resimulate(game, [first, forged, third], root=tmp_path)
    assert again.difference is not None
    assert (again.difference.frame, again.difference.column) == (14, "rewards.human")
    assert (again.difference.recorded, again.frames) == ("99.0", 10)


def test_that_another_seed_is_noticed(tmp_path: Path) -> None:
    bodies = play(config(counter_code(30))).bodies
    again = resimulate(config(counter_code(30), match_seed=3), bodies, root=tmp_path)
    assert again.difference is not None
    assert again.difference.column == "seed"


def test_that_a_gap_is_said(tmp_path: Path) -> None:
    game = config(counter_code(30))
    with pytest.raises(IrreproducibleError, match="frames 10 to 19"):
        resimulate(game, [play(game).bodies[0], play(game).bodies[2]], root=tmp_path)
