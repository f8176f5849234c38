"""Matches under the conditions of real networks: whatever packets do, both players' records are the same bytes."""

from dataclasses import replace

import pytest
from match_worlds import FRESH_CHANCE, GLOBAL_CHANCE, LOCK, arena, cars_config, match_config
from matches import PROFILES, WithoutRollback, assert_equal_records, assert_repeatable, frames_of, on_all, play

from mug.play.config import GameConfig
from tests.drivers.match_net import MatchNet, Play

SECONDS = 8


def arena_config(seconds: float = SECONDS, *changes: tuple[str, str], **settings: object) -> GameConfig:
    players = settings.get("players", ("a", "b"))
    assert isinstance(players, tuple)
    policies = settings.get("policies", {})
    assert isinstance(policies, dict)
    return match_config(arena((*players, *policies), int(30 * seconds), *changes), **settings)


@pytest.mark.parametrize("delay_ms", [50, 100, 200])
def test_that_constant_delay_leaves_both_records_equal(delay_ms: int, is_long: bool) -> None:
    config = arena_config(60 if is_long else SECONDS)
    net = assert_repeatable(lambda: play(config, delay_ms=delay_ms))
    assert_equal_records(net, rollbacks=100 if is_long else 25)


@pytest.mark.parametrize("profile", ["wifi_average", "mobile_4g", "bursty"])
def test_that_real_networks_leave_both_records_equal(profile: str) -> None:
    config = arena_config()
    net = play(replace(config, network_conditions=on_all(config, PROFILES[profile])))
    assert_equal_records(net, rollbacks=15)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_that_every_profile_leaves_both_records_equal(profile: str, seed: int) -> None:
    config = arena_config(60)
    config = replace(config, network_conditions=on_all(config, PROFILES[profile], seed))
    net = assert_repeatable(lambda: play(config, seed=seed))
    assert_equal_records(net, rollbacks=0 if profile == "lan" else 50)
    longest = max(page.finished_ms for page in net.pages)
    if profile in ("lan", "wifi_good", "wifi_average", "wifi_congested", "mobile_4g"):
        assert 0.95 * (longest - 2000) <= 60_000


def test_that_one_slow_direction_leaves_both_records_equal() -> None:
    net = play(arena_config(), delay_ms={(0, 1): 10.0, (1, 0): 200.0})
    assert_equal_records(net, rollbacks=15)


@pytest.mark.parametrize(
    ("what", "config"),
    [
        ("a state that cannot be hashed", arena_config(4, LOCK)),
        ("a new generator in every step", arena_config(4, FRESH_CHANCE)),
        ("numpy's own generator", arena_config(4, GLOBAL_CHANCE)),
        ("cars in a valley", cars_config(max_steps=240)),
        ("a robot", arena_config(4, policies={"robot": "random"})),
        ("saved by pickle", arena_config(4, snapshot_level="pickle")),
        ("saved by deepcopy", arena_config(4, snapshot_level="deepcopy")),
        ("keys repeated", arena_config(4, action_population_method="previous_submitted_action")),
        ("an input delay", arena_config(4, input_delay=2)),
        ("an input delay that is agreed", arena_config(4, input_delay="auto")),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "",
)
def test_that_all_kinds_of_worlds_leave_both_records_equal(what: str, config: GameConfig) -> None:
    config = replace(config, network_conditions=on_all(config, PROFILES["mobile_4g"]))
    net = play(config)
    assert_equal_records(net, rollbacks=0 if config.input_delay else 6)
    hashes = [value for value in net.pages[0].column("state_hash") if value]
    assert bool(hashes) == (what != "a state that cannot be hashed")


@pytest.mark.parametrize("players", [("a", "b", "c"), ("a", "b", "c", "d")])
def test_that_the_window_may_fill_while_a_rollback_is_due(players: tuple[str, ...]) -> None:
    config = arena_config(3, players=players, window=4)
    config = replace(config, network_conditions=on_all(config, {"delay_ms": 140, "jitter_ms": 60, "loss": 0.15}))
    net = play(config)
    assert_equal_records(net, rollbacks=10)
    for page in net.pages:
        assert page.session.core is not None
        assert page.session.core.figures.stalled_ticks > 10


def test_that_a_first_guess_that_is_wrong_is_no_desync() -> None:
    config = arena_config(5, input_delay=0, fps=10)
    hands = {number: Play(hands=lambda episode, frame: ["ArrowUp"]) for number in (0, 1)}
    net = play(config, delay_ms=150, plays=hands)
    assert_equal_records(net, rollbacks=1)
    assert net.pages[0].column("actions.b")[0] == 3


@pytest.mark.parametrize("delay_ms", [5.0, 300.0])
def test_that_a_late_partner_and_lost_first_packets_are_waited_for(delay_ms: float) -> None:
    config = arena_config(2)
    plays = {1: Play(start_ms=10_000.0)}
    net = play(config, delay_ms=delay_ms, plays=plays, outages=[(0, 700.0), (10_000.0, 10_900.0)])
    assert_equal_records(net, rollbacks=1)


@pytest.mark.parametrize("outage_ms", [250.0, 3500.0, 20_000.0])
def test_that_an_outage_is_waited_out(outage_ms: float) -> None:
    net = play(arena_config(6), delay_ms=40.0, outages=[(3000.0, 3000.0 + outage_ms)])
    assert_equal_records(net, rollbacks=10)
    for page in net.pages:
        assert len(page.heard("lost")) == len(page.heard("resumed")) * (outage_ms > 3000) == (outage_ms > 3000)
        stages = {live["stage"] for live in page.lives}
        assert ("paused" in stages) == (outage_ms > 3000)
        assert max(live["waitingMs"] for live in page.lives) >= outage_ms - 400


def test_that_a_page_that_freezes_comes_back_with_everything() -> None:
    plays = {1: Play(frozen=[(4000.0, 6000.0)])}
    assert_equal_records(play(arena_config(8), delay_ms=40.0, plays=plays), rollbacks=10)


@pytest.mark.parametrize("episodes", [8, pytest.param(20, marks=pytest.mark.long)])
def test_that_short_episodes_follow_each_other(episodes: int) -> None:
    config = arena_config(1.2, num_episodes=episodes)
    net = play(replace(config, network_conditions=on_all(config, {"delay_ms": 100, "loss": 0.05})))
    assert_equal_records(net, rollbacks=episodes)
    for page in net.pages:
        started, ended = page.named("episode_started"), page.named("episode_ended")
        assert [data["episode"] for data in started] == [data["episode"] for data in ended] == list(range(episodes))
        assert len({data["seed"] for data in started}) == episodes
        assert {data["agreement"] for data in ended} == {"agreed"}
        assert [len(frames_of(page, episode)) for episode in range(episodes)] == [36] * episodes
    chains = [[data["chain_hash"] for data in page.named("episode_ended")] for page in net.pages]
    assert chains[0] == chains[1]


@pytest.mark.parametrize("conditions", [{"delay_ms": 100}, {"delay_ms": 100, "jitter_ms": 50, "loss": 0.05}])
def test_that_without_rollback_the_records_differ(
    conditions: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mug.play.match.Rollback", WithoutRollback)
    config = arena_config(5)
    net = play(replace(config, network_conditions=on_all(config, conditions)), limit_ms=60_000)
    one, other = net.pages
    assert one.bodies != other.bodies
    assert one.heard("desync")
    assert other.heard("desync")


SCRIPT = {number: Play(hands=lambda episode, frame, number=number: HANDS[number](frame)) for number in (0, 1)}
HANDS = [
    lambda frame: [("ArrowLeft", "ArrowUp", "ArrowRight")[frame // 3 % 3]] if frame % 11 < 6 else [],
    lambda frame: [("ArrowDown", "ArrowRight")[frame // 5 % 2]] if frame % 7 < 5 else [],
]


def scripted(seed: int = 1, delay_ms: float = 60.0, **settings: object) -> MatchNet:
    """A match in which what the persons do depends on the frame alone."""
    config = arena_config(4, **settings)
    config = replace(
        config, network_conditions=on_all(config, {"delay_ms": delay_ms, "jitter_ms": 25, "loss": 0.05}, seed)
    )
    return play(config, plays=SCRIPT, seed=seed)


def test_that_window_snapshots_and_packets_do_not_change_what_is_recorded() -> None:
    base = scripted()
    assert_equal_records(base, rollbacks=15)
    for other in (
        scripted(window=4, snapshot_interval=1),
        scripted(window=12, snapshot_interval=9),
        scripted(seed=5, delay_ms=140.0),
    ):
        assert_equal_records(other, rollbacks=10)
        assert other.pages[0].bodies == base.pages[0].bodies
