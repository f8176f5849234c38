from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from play_worlds import CAR, config, counter_code, play

from mug.play.errors import IrreproducibleError
from mug.play.replay import Tail
from mug.play.session import GameSession


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(ticks=st.integers(0, 215))
def test_that_a_page_that_comes_back_at_any_frame_goes_on_as_if_nothing_had_happened(ticks: int) -> None:
    game = config(CAR, fps=10, num_episodes=2, max_steps=105)
    whole = play(game)
    before = play(game, ticks=ticks)
    before.session.close()
    after = play(game, stored=before.bodies, tail=before.tail, first_tick=ticks)
    assert before.bodies + after.bodies == whole.bodies
    ended = {
        event["episode"]: event["chain_hash"]
        for event in before.events("episode_ended") + after.events("episode_ended")
    }
    assert ended == {event["episode"]: event["chain_hash"] for event in whole.events("episode_ended")}
    assert after.outputs[-1].finished


def test_that_the_page_gets_the_first_and_the_present_picture() -> None:
    before = play(config(counter_code(30)), ticks=15)
    after = play(config(counter_code(30)), stored=before.bodies, tail=before.tail, ticks=0)
    assert [(view.episode, view.frame) for view in after.outputs[0].views] == [(0, 0), (0, 15)]
    assert after.events("episode_resumed") == [{"match_id": "match-1", "episode": 0, "frame": 15}]
    assert after.events("episode_started")[0]["again"] is True


def test_that_a_chunk_the_server_never_got_is_made_again() -> None:
    before = play(config(counter_code(30)), ticks=20)
    last_tail = [output.tail for output in before.outputs if output.tail is not None][-2]
    after = play(config(counter_code(30)), stored=before.bodies[:1], tail=last_tail, first_tick=19)
    assert after.chunks[0].first == 10
    assert after.bodies[0] == before.bodies[1]


def test_that_globals_at_the_start_of_the_episode_are_those_it_was_played_with() -> None:
    code = (
        counter_code(30)
        .replace('float(actions["human"])', "float(mug_globals['bonus'])")
        .replace("self.n += 1", "self.n += 1; mug_globals['bonus'] += 1")
    )
    before = play(config(code, mug_globals={"bonus": 5}), ticks=13)
    game = config(code, mug_globals=before.session.mug_globals)
    after = play(game, stored=before.bodies, tail=before.tail, first_tick=13)
    assert before.bodies + after.bodies == play(config(code, mug_globals={"bonus": 5})).bodies


def test_that_an_environment_whose_reset_depends_on_earlier_episodes_is_rebuilt_from_the_start() -> None:
    code = counter_code(12).replace(
        "self.n = 0\n        self.seen[:] = (0",
        "self.n = 0\n        self.past = getattr(self, 'past', 0) + 1\n        self.seen[:] = (self.past",
    )
    game = config(code, num_episodes=3)
    whole, before = play(game), play(game, ticks=28)
    assert before.session.world.episode == 2
    after = play(game, stored=before.bodies, tail=before.tail, first_tick=28)
    assert before.bodies + after.bodies == whole.bodies


@pytest.mark.parametrize("spoil", ["self.n += 1", "self.seen[:] = (self.n, self.rng.random())"])
def test_that_what_does_not_reproduce_is_said_with_the_first_difference(spoil: str) -> None:
    before = play(config(counter_code(40)), ticks=25)
    changed = counter_code(40).replace(spoil, spoil + "; self.hidden = 1")
    with pytest.raises(IrreproducibleError, match="state_hash at frame 9") as caught:
        GameSession(config(changed), root=Path()).open(before.bodies, before.tail)
    assert caught.value.frame == 0


def test_that_another_first_observation_is_found_even_without_a_chunk() -> None:
    before = play(config(counter_code(40)), ticks=4)
    changed = counter_code(40).replace("self.seen[:] = (0,", "self.seen[:] = (0.5,")
    with pytest.raises(IrreproducibleError, match="another first observation"):
        GameSession(config(changed), root=Path()).open(before.bodies, before.tail)


def test_that_another_way_within_the_tail_is_found() -> None:
    before = play(config(counter_code(40)), ticks=7)
    changed = counter_code(40).replace("self.n += 1", "self.n += 1 if self.n != 3 else 2")
    with pytest.raises(IrreproducibleError, match="frame 3 again gave another observation"):
        GameSession(config(changed), root=Path()).open(before.bodies, before.tail)


def _without(bodies: Sequence[bytes], index: int) -> list[bytes]:
    return [body for i, body in enumerate(bodies) if i != index]


def test_that_missing_and_damaged_chunks_are_told() -> None:
    game = config(counter_code(60))
    before = play(game, ticks=45)
    with pytest.raises(IrreproducibleError, match="frames 10 to 19 of episode 0 are not stored"):
        GameSession(game, root=Path()).open(_without(before.bodies, 1), before.tail)
    with pytest.raises(IrreproducibleError, match="frames 30 to 39 are missing"):
        GameSession(game, root=Path()).open(_without(before.bodies, 3), before.tail)
    with pytest.raises(IrreproducibleError, match="cannot be read"):
        GameSession(game, root=Path()).open([before.bodies[0][:-3]], before.tail)
    damaged = Tail(match_id="match-1", episode=0, first=40, entries=("%%%",))
    with pytest.raises(IrreproducibleError, match="what the page kept is damaged"):
        GameSession(game, root=Path()).open(before.bodies, damaged)


def test_that_what_is_stored_of_another_match_is_left_aside() -> None:
    before = play(config(counter_code(30), match_id="other"), ticks=15)
    after = play(config(counter_code(30)), stored=before.bodies, tail=before.tail)
    assert after.column("frame") == list(range(30))


def test_that_chunks_in_any_order_and_twice_are_taken_once() -> None:
    game = config(counter_code(30))
    before = play(game, ticks=25)
    after = play(game, stored=[*reversed(before.bodies), *before.bodies], tail=before.tail, first_tick=25)
    assert before.bodies + after.bodies == play(game).bodies
