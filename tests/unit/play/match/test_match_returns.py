"""A page that is loaded again comes back into its match: it rebuilds the episode, and the records stay the same."""

import builtins
import random
from dataclasses import replace

import pytest
from match_worlds import arena, match_config
from matches import PROFILES, assert_equal_records, assert_repeatable, frames_of, on_all, play

from mug.play.config import GameConfig
from tests.drivers.match_net import MatchNet, Play

COUNT = """
        builtins.worlds_made += 1
        self.bias = 0.5 if builtins.worlds_made > 2 else 0.0
"""


def arena_config(seconds: float = 6.0, **settings: object) -> GameConfig:
    players = settings.get("players", ("a", "b"))
    assert isinstance(players, tuple)
    return match_config(arena(players, int(30 * seconds)), **settings)


def assert_returned(net: MatchNet, number: int, times: int = 1) -> None:
    """Everybody was told that the player is back, at the same frame, and hashes were compared afterwards."""
    agent = net.config.players[number]
    own = [data for data in net.pages[number].heard("returned") if data["agent"] == agent]
    assert len(own) == times
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


@pytest.mark.parametrize("players", [("a", "b", "c"), ("a", "b", "c", "d")])
def test_that_one_of_several_comes_back_on_a_bad_network(players: tuple[str, ...]) -> None:
    config = arena_config(players=players)
    config = replace(config, network_conditions=on_all(config, PROFILES["wifi_average"]))
    net = play(config, plays={2: Play(reloads=[(3000.0, 3000.0)])}, limit_ms=90_000)
    assert_equal_records(net)
    assert_returned(net, 2)


@pytest.mark.parametrize("boots", [(3000.0, 3000.0), (2000.0, 6000.0), (6000.0, 2000.0)])
@pytest.mark.parametrize("input_delay", [0, "auto"])
def test_that_two_who_reload_at_once_go_on_after_what_is_stored(
    boots: tuple[float, float], input_delay: int | str
) -> None:
    plays = {number: Play(reloads=[(3040.0 + 20 * number, boots[number])]) for number in (0, 1)}
    net = play(arena_config(input_delay=input_delay), delay_ms=50.0, plays=plays, limit_ms=90_000)
    assert_equal_records(net)
    for number in (0, 1):
        assert net.pages[number].heard("returned")
        assert len(frames_of(net.pages[number])) == 180


@pytest.mark.parametrize("boots", [(3000.0, 3000.0), (2000.0, 6000.0), (6000.0, 2000.0)])
def test_that_two_of_three_come_back_at_the_same_time(boots: tuple[float, float]) -> None:
    config = arena_config(players=("a", "b", "c"), num_episodes=2)
    config = replace(config, network_conditions=on_all(config, {"delay_ms": 60, "jitter_ms": 20, "loss": 0.03}))
    plays = {number: Play(reloads=[(3000.0 + 100 * number, boots[number])]) for number in (0, 1)}
    net = play(config, plays=plays, limit_ms=90_000)
    assert_equal_records(net)
    for number in (0, 1):
        assert_returned(net, number)


def test_that_a_page_which_reloads_while_it_comes_back_begins_its_way_anew() -> None:
    plays = {1: Play(reloads=[(2500.0, 2000.0), (4000.0, 2000.0), (4550.0, 3000.0), (9000.0, 1000.0)])}
    net = play(arena_config(), delay_ms=60.0, plays=plays, limit_ms=90_000)
    assert_equal_records(net)
    assert len(net.pages[1].heard("returned")) == 2


@pytest.mark.parametrize("at_ms", [45.0, 120.0, 250.0, 400.0, 600.0])
def test_that_a_reload_while_the_pages_connect_or_begin_is_no_loss(at_ms: float) -> None:
    for players in (("a", "b"), ("a", "b", "c")):
        net = play(
            arena_config(2.0, players=players, countdown_ms=500, input_delay="auto"),
            delay_ms=60.0,
            plays={0: Play(reloads=[(at_ms, 2000.0)])},
            limit_ms=60_000,
        )
        assert_equal_records(net)


def test_that_an_environment_whose_reset_depends_on_earlier_episodes_is_stepped_from_the_first_one() -> None:
    carried = ("self.rng = np.random.default_rng(seed)\n", "self.rng = np.random.default_rng([seed, self.wear])\n")
    begun = ("self.length = length\n", "self.length = length\n        self.wear = 0\n")
    worn = ("        self.n += 1\n", "        self.n += 1\n        self.wear += sum(map(int, actions.values()))\n")
    config = match_config(arena(("a", "b"), 75, carried, begun, worn), num_episodes=3)
    net = play(config, delay_ms=40.0, plays={1: Play(reloads=[(7500.0, 2000.0)])}, limit_ms=60_000)
    assert_returned(net, 1)
    assert net.pages[1].heard("returned")[0]["episode"] == 2
    assert net.pages[0].bodies == net.pages[1].bodies
    assert {page.outcome for page in net.pages} == {"completed"}


def test_that_a_world_which_cannot_be_rebuilt_is_given_up_without_touching_the_records() -> None:
    counted = ("self.length = length\n", "self.length = length\n        import builtins\n" + COUNT)
    other = ("self.n += 1\n", "self.n += 1\n        self.place['a'] = self.place['a'] + self.bias\n")
    builtins.worlds_made = 0  # type: ignore[attr-defined]
    try:
        config = match_config(arena(("a", "b"), 180, counted, other))
        net = play(config, delay_ms=40.0, plays={1: Play(reloads=[(3000.0, 2000.0)])}, limit_ms=60_000)
    finally:
        del builtins.worlds_made  # type: ignore[attr-defined]
    survivor, lost = net.pages
    assert len(lost.heard("not_reproduced")) == 1
    assert (survivor.outcome, lost.outcome) == ("partner_left", "partner_left")
    assert lost.bodies == survivor.bodies[: len(lost.bodies)]
    assert survivor.heard("desync") == []


@pytest.mark.parametrize("seed", range(6))
def test_that_whenever_a_page_is_reloaded_the_records_stay_equal(seed: int) -> None:
    chance = random.Random(seed)
    players = ("a", "b", "c")[: chance.choice([2, 3])]
    settings = {"input_delay": chance.choice([0, 2, "auto"]), "fps": 20, "countdown_ms": 300}
    config = match_config(arena(players, 40), players, num_episodes=4, **settings)
    delay_ms = chance.choice([2.0, 60.0, 150.0])
    way = {"delay_ms": delay_ms, "jitter_ms": delay_ms / 3, "loss": chance.choice([0.0, 0.1])}
    config = replace(config, network_conditions=on_all(config, way, seed))
    at_ms, boot_ms = chance.uniform(30.0, 7000.0), chance.uniform(600.0, 4000.0)
    reloads = [(at_ms, boot_ms), (at_ms + chance.uniform(100.0, 6000.0), boot_ms)]
    plays = {chance.randrange(len(players)): Play(reloads=reloads)}
    assert_equal_records(play(config, plays=plays, seed=seed, limit_ms=120_000))


@pytest.mark.parametrize("policy", ["end", "default_action"])
def test_that_a_verdict_on_the_way_back_leaves_no_rows_that_nobody_else_has(policy: str) -> None:
    config = arena_config(players=("a", "b", "c"), dropout_policy=policy)
    plays = {1: Play(reloads=[(3000.0, 5000.0)]), 2: Play(dead_ms=5000.0)}
    net = play(config, delay_ms=40.0, plays=plays, lost_after_ms=500.0, limit_ms=90_000)
    first, back, _ = net.pages
    outcome = "partner_left" if policy == "end" else "completed"
    assert (first.outcome, back.outcome) == (outcome, outcome)
    assert back.bodies == first.bodies[: len(back.bodies)]
    if policy == "default_action":
        assert back.bodies == first.bodies
        assert first.heard("returned")
        statuses = first.column("status.c")
        assert set(statuses[statuses.index("dropped") :]) == {"dropped"}
