"""A page that is loaded again comes back into its match: it rebuilds the episode, and both records stay the same."""

import pytest
from match_worlds import arena, match_config
from matches import assert_equal_records, assert_repeatable, frames_of, play

from mug.play.config import GameConfig
from tests.drivers.match_net import MatchNet, Play


def arena_config(seconds: float = 6.0, **settings: object) -> GameConfig:
    players = settings.get("players", ("a", "b"))
    assert isinstance(players, tuple)
    return match_config(arena(players, int(30 * seconds)), **settings)


def assert_returned(net: MatchNet, number: int, times: int = 1) -> None:
    """Everybody was told that the player is back, at the same frame, and hashes were compared afterwards."""
    agent = net.config.players[number]
    own = net.pages[number].heard("returned")
    assert [data["agent"] for data in own] == [agent] * times
    for page in net.pages:
        told = [data for data in page.heard("returned") if data["agent"] == agent]
        assert told[-1]["frame"] == own[-1]["frame"]
        assert told[-1]["episode"] == own[-1]["episode"]
        assert page.heard("not_reproduced") == []


@pytest.mark.parametrize("at_ms", [700.0, 2500.0, 4010.0])
def test_that_a_reload_in_mid_episode_leaves_both_records_equal(at_ms: float) -> None:
    plays = {1: Play(reloads=[(at_ms, 4000.0)])}
    net = assert_repeatable(lambda: play(arena_config(), delay_ms=60.0, plays=plays, limit_ms=60_000))
    assert_equal_records(net)
    assert_returned(net, 1)
    assert net.pages[0].rollbacks > 5
    assert net.pages[1].heard("returned")[0]["frame"] > at_ms / 1000 * 30 - 60
    assert len(frames_of(net.pages[1])) == 180


def test_that_statuses_are_input_again_after_a_return() -> None:
    hands = Play(hands=lambda episode, frame: ["ArrowUp"], reloads=[(2500.0, 4000.0)])
    net = play(arena_config(), delay_ms=30.0, plays={0: Play(hands=hands.hands), 1: hands}, limit_ms=60_000)
    assert_equal_records(net)
    assert set(net.pages[0].column("status.b")[3:]) == {"input"}
