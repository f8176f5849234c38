"""Players who are lost for good: all survivors cut at the same frame, and nobody recorded anything beyond it."""

import random
from dataclasses import replace
from typing import Any

import pytest
from rollback_matches import PROFILES, a_match, all_over, check

from mug.play.chaos import Conditions
from mug.play.rollback.cut import Claim, CutRound, agreed_cut
from tests.drivers.rollback_net import Match, Player

NETWORKS = [PROFILES[name] for name in ("mobile_4g", "wifi_congested", "wifi_average", "mobile_3g")]


def survivors(match: Match) -> list[Player]:
    return [player for player in match.present if not match.is_dead(player)]


def verdict(match: Match, at_ms: float, lost: list[int], policy: str) -> None:
    """Tell everybody who lives, each a little later than the last."""
    for number in range(len(match.config.players)):

        def tell(number: int = number) -> None:
            player = match.players[number]
            if player is not None and not match.is_dead(player):
                player.core.drop(lost, policy)
                player.work(match.now_ms, tick=False)

        match.at(at_ms + 130.0 * number, tell)


def killed(
    players: int, lost: dict[int, float], policy: str, *, seed: int = 1, gap_ms: float = 4_000.0, **kinds: Any
) -> Match:
    """Play, kill players at these times, give a verdict on each one `gap_ms` later."""
    setups = [{"killed_ms": lost.get(number)} for number in range(players)]
    match = a_match(NETWORKS[:players], players=players, seed=seed, setups=setups, **kinds)
    for number, ms in lost.items():
        verdict(match, ms + gap_ms, [number], policy)
    return match


@pytest.mark.parametrize("players", [2, 3, 4])
@pytest.mark.parametrize("policy", ["end", "void"])
def test_that_the_match_ends_at_a_frame_that_all_survivors_have_recorded(players: int, policy: str) -> None:
    match = killed(players, {1: 6_000.0}, policy).run(until_ms=40_000, until=all_over)
    assert all_over(match)
    check(match, rollbacks=15)
    cuts = {tuple(sorted(data.items())) for player in survivors(match) for data in player.named("dropped")}
    assert len(cuts) == 1
    cut = dict(next(iter(cuts)))
    assert cut["player"] == 1
    for player in survivors(match):
        assert len(player.rows) == cut["frame"] > 100
        assert not any(row[3][1] for row in player.rows)
    assert len(match[1].rows) <= cut["frame"]


@pytest.mark.parametrize("players", [2, 3, 4])
@pytest.mark.parametrize("policy", ["default_action", "policy"])
@pytest.mark.parametrize("interval", [1, 7])
def test_that_the_match_goes_on_with_the_default_from_the_cut_on(players: int, policy: str, interval: int) -> None:
    match = killed(
        players, {players - 1: 6_000.0}, policy, length=250, episodes=2, config={"snapshot_interval": interval}
    ).run(until_ms=60_000, until=all_over)
    assert all_over(match)
    check(match, rollbacks=20)
    lost = players - 1
    for player in survivors(match):
        (data,) = player.named("dropped")
        assert (data["player"], data["episode"], data["policy"]) == (lost, 0, policy)
        for row in player.rows:
            out = row[0] > 0 or row[1] >= data["frame"]
            assert row[3][lost] == out
            assert not out or row[2][lost] == b"\x00"
        assert len(player.rows) == 500
        assert [agreed["equal"] for agreed in player.named("episode_agreed")] == [True, True]


def test_that_two_who_are_lost_at_once_are_cut_alike() -> None:
    match = killed(4, {1: 6_000.0, 3: 6_000.0}, "default_action", length=300).run(until_ms=60_000, until=all_over)
    assert all_over(match)
    check(match, rollbacks=20)
    assert match[0].named("dropped") == match[2].named("dropped")
    assert len(match[0].rows) == len(match[2].rows) == 300


@pytest.mark.parametrize("second_ms", [9_800.0, 10_050.0, 10_200.0, 13_000.0])
def test_that_a_second_loss_while_the_first_is_being_settled_gives_one_cut(second_ms: float) -> None:
    """The verdict on player 1 comes at 10 s; player 2 dies just before, during, or after the claims on it."""
    match = killed(4, {1: 6_000.0, 2: second_ms}, "default_action", length=400).run(until_ms=90_000, until=all_over)
    assert all_over(match)
    check(match, rollbacks=20)
    assert match[0].named("dropped") == match[3].named("dropped")
    assert [row[3] for row in match[0].rows] == [row[3] for row in match[3].rows]
    assert len(match[0].rows) == len(match[3].rows) == 400


@pytest.mark.parametrize("lost_ms", [500.0, 5_300.0, 5_450.0, 5_600.0, 5_750.0, 5_900.0, 6_100.0])
@pytest.mark.parametrize("policy", ["end", "default_action"])
def test_that_a_loss_in_the_handshake_at_the_end_and_at_the_barrier_is_settled(lost_ms: float, policy: str) -> None:
    """Survivors may stand on both sides of an episode's end when the verdict comes."""
    match = killed(3, {1: lost_ms}, policy, length=140, episodes=3).run(until_ms=60_000, until=all_over)
    assert all_over(match), [player.core.stage for player in match.present]
    rows = [player.rows for player in survivors(match)]
    assert rows[0] == rows[1]
    assert match[1].rows == rows[0][: len(match[1].rows)]
    assert all(player.named("desync") == [] for player in match.present)
    assert policy == "end" or len(rows[0]) == 3 * 140


def test_that_the_last_player_plays_on_alone_without_guessing() -> None:
    match = killed(3, {0: 5_000.0, 2: 5_500.0}, "policy", length=400).run(until_ms=60_000, until=all_over)
    (alone,) = survivors(match)
    assert len(alone.rows) == 400
    check(match, rollbacks=10)
    before = alone.core.figures.rollbacks
    assert alone.core.confirmed == 399
    assert before == alone.core.figures.rollbacks


def test_that_who_is_dropped_and_lives_stops_with_a_prefix_of_the_rows() -> None:
    match = a_match(NETWORKS[:3], players=3, length=300)
    verdict(match, 6_000.0, [2], "default_action")
    match.run(until_ms=60_000, until=all_over)
    check(match, rollbacks=20)
    assert match[2].core.stage == "over"
    assert match[2].named("dropped")[0]["player"] == 2
    assert len(match[2].rows) < len(match[0].rows) == len(match[1].rows) == 300


def test_that_the_smallest_claim_is_the_cut_whoever_made_it() -> None:
    claims = {0: Claim(2, {3: 40}), 1: Claim(2, {3: 37}), 2: Claim(2, {3: 44})}
    assert agreed_cut(3, claims, 2) == 37
    ahead = {**claims, 1: Claim(3, {3: -1})}
    assert agreed_cut(3, ahead, 2) is None
    assert agreed_cut(3, ahead, 3) == -1


def test_that_a_claim_that_comes_before_the_verdict_is_kept() -> None:
    cuts = CutRound()
    cuts.add(1, Claim(0, {2: 5}))
    assert cuts.complete([0, 1]) is None
    cuts.lost |= {2}
    cuts.add(0, Claim(0, {2: 7}))
    claims = cuts.complete([0, 1])
    assert claims is not None
    assert agreed_cut(2, claims, 0) == 5


@pytest.mark.parametrize("seed", range(6))
def test_that_any_order_of_losses_outages_and_verdicts_leaves_the_survivors_alike(seed: int) -> None:
    a_storm(seed)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_that_a_thousand_storms_leave_the_survivors_alike() -> None:
    rollbacks = sum(a_storm(seed) for seed in range(100, 1100))
    assert rollbacks > 100_000


def a_storm(seed: int) -> int:
    """One random match: networks, window, delay, saves, losses, verdicts; returns how often was rolled back."""
    chance = random.Random(seed)
    players = chance.choice([2, 3, 4])
    policy = chance.choice(["end", "void", "default_action", "policy"])
    conditions = [
        Conditions(
            delay_ms=chance.choice([1, 15, 50, 100]),
            jitter_ms=chance.choice([0, 5, 30, 60]),
            loss=chance.choice([0, 0.05, 0.15, 0.25]),
            reorder=chance.choice([0, 0.1]),
            reorder_ms=80,
            duplicate=chance.choice([0, 0.05]),
            burst=chance.choice([0, 0.02]),
            burst_length=4,
        )
        for _ in range(players)
    ]
    config = {
        "fps": chance.choice([20, 30, 60]),
        "input_delay": chance.choice([0, 1, 3, "auto"]),
        "window": chance.choice([None, 8, 4, 1]),
        "snapshot_interval": chance.choice([1, 3, 5, 20]),
        "repeats": chance.random() < 0.7,
        "check_interval": chance.choice([None, 1, 7]),
    }
    lost = {number: chance.uniform(0, 12_000) for number in chance.sample(range(players), chance.randrange(players))}
    if chance.random() < 0.3:
        lost = dict.fromkeys(lost, 7_000.0)
    quick = chance.choice([500.0, 2_000.0, 6_000.0])
    ends = chance.choice([None, lambda frame, value: frame > 20 and value % 41 == 0])
    starts = [{"start_ms": chance.choice([0.0, 0.0, 2_000.0]), "killed_ms": lost.get(n)} for n in range(players)]
    match = a_match(
        [replace(one, seed=chance.randrange(1000)) for one in conditions],
        players=players,
        seed=seed,
        setups=starts,
        config=config,
        length=chance.choice([40, 100, 300]),
        ends=ends,
        episodes=4,
    )
    for number, ms in lost.items():
        verdict(match, max(ms + quick, 2_100.0), [number], policy)
    match.run(until_ms=300_000, until=lambda match: match.now_ms > 13_000 and all_over(match))
    assert all_over(match), [player.core.stage for player in match.present]
    longest = max((player.rows for player in match.present), key=len)
    alive = survivors(match)
    for player in match.present:
        assert player.rows == longest[: len(player.rows)]
        assert player.named("desync") == player.named("protocol_error") == []
        assert all(data["equal"] for data in player.named("episode_agreed"))
        assert player not in alive or len(player.rows) == len(alive[0].rows)
    return sum(player.core.figures.rollbacks for player in match.present)
