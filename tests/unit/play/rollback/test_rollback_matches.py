"""Whole matches of the bare core on a virtual clock, over bad networks. Every player's inputs are active and seeded."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from rollback_matches import PROFILES, SMOOTH, NoRollback, a_match, all_over, check, replayed

from mug.play.chaos import Conditions
from mug.play.rollback import Rollback
from tests.drivers.rollback_net import Match, NumpyWorld, Outage

CALM = Conditions(delay_ms=60)
LOSSY = Conditions(delay_ms=100, loss=0.05, jitter_ms=10)


def finish(match: Match, *, limit_s: float = 600.0) -> Match:
    match.run(until_ms=limit_s * 1000.0, until=all_over)
    assert all_over(match), [player.core.stage for player in match.present]
    return match


@pytest.mark.parametrize("delay_ms", [50, 100, 200])
def test_that_constant_latency_gives_equal_rows(delay_ms: float) -> None:
    match = a_match(Conditions(delay_ms=delay_ms)).run(until_ms=60_000)
    check(match, rollbacks=100)
    assert min(player.total for player in match.present) > 1500
    assert all(replayed(match, player) for player in match.present)


@pytest.mark.parametrize("profile", PROFILES)
def test_that_every_kind_of_network_gives_equal_rows_and_a_second_run_is_the_same_bit_for_bit(profile: str) -> None:
    one, two = (a_match(PROFILES[profile], seed=3).run(until_ms=12_000) for _ in range(2))
    check(one, rollbacks=1 if profile == "lan" else 10)
    assert one.digest == two.digest
    assert min(player.total for player in one.present) >= (30 if profile == "terrible" else 150)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [11, 12, 13, 14])
@pytest.mark.parametrize("players", [2, 3])
@pytest.mark.parametrize("profile", PROFILES)
def test_that_every_kind_of_network_gives_equal_rows_at_full_length(profile: str, players: int, seed: int) -> None:
    one, two = (a_match(PROFILES[profile], players=players, seed=seed).run(until_ms=120_000) for _ in range(2))
    check(one, rollbacks=2 if profile == "lan" else 100)
    assert one.digest == two.digest
    assert all(replayed(one, player) for player in one.present)
    if profile in SMOOTH:
        assert min(player.total for player in one.present) >= 0.95 * 119 * 30


@pytest.mark.parametrize("profile", SMOOTH)
def test_that_ordinary_networks_make_their_frames_in_time(profile: str) -> None:
    match = a_match(PROFILES[profile], seed=5).run(until_ms=31_000)
    check(match, rollbacks=1 if profile == "lan" else 30)
    assert min(player.total for player in match.present) >= 0.95 * 30 * 30


@pytest.mark.parametrize("fps", [10, 60])
def test_that_other_rates_work_alike(fps: int) -> None:
    match = a_match(PROFILES["mobile_4g"], config={"fps": fps}).run(until_ms=20_000)
    check(match, rollbacks=20)
    assert min(player.total for player in match.present) >= 0.9 * 18 * fps


def test_that_an_asymmetric_path_gives_equal_rows_and_the_players_share_the_rollbacks() -> None:
    match = a_match([Conditions(delay_ms=10), Conditions(delay_ms=200)]).run(until_ms=60_000)
    check(match, rollbacks=100)
    means = [p.core.figures.depth_sum / p.core.figures.rollbacks for p in match.present]
    # What a round trip cannot see is split in halves: nobody carries the whole way.
    assert max(means) - min(means) <= 1.5
    assert all(p.core.figures.stalled_ticks < 0.02 * p.core.figures.ticks for p in match.present)


def test_that_clocks_of_other_speeds_and_starts_come_together() -> None:
    match = a_match(CALM, setups=[{"skew": 0.997}, {"skew": 1.003}], config={"fps": 60}).run(until_ms=60_000)
    check(match, rollbacks=100)
    fast = match[1]
    assert fast.core.speed > 1.0
    assert abs(match[0].core.frame - fast.core.frame) <= 2
    assert all(player.core.figures.stalled_ticks == 0 for player in match.present)
    depths = [p.core.figures.depth_sum / p.core.figures.rollbacks for p in match.present]
    assert max(depths) - min(depths) <= 1.5


def test_that_who_is_far_ahead_skips_whole_frames_and_rarely() -> None:
    """One program hangs for a moment: the other one is ahead, and waits for it instead of guessing deeply for ever."""
    match = a_match(CALM, setups=[{"frozen": ((10_000.0, 10_180.0),)}], config={"fps": 60}).run(until_ms=30_000)
    check(match, rollbacks=100)
    skipped = match[1].core.figures.skipped
    assert 3 <= skipped <= 20
    assert abs(match[0].core.frame - match[1].core.frame) <= 2


@pytest.mark.parametrize("players", [2, 3, 4])
def test_that_a_short_outage_is_only_a_stall(players: int) -> None:
    match = a_match(CALM, players=players, outages=[Outage(5_000, 5_250)]).run(until_ms=15_000)
    check(match, rollbacks=50)
    for player in match.present:
        assert player.named("interrupted") == player.named("lost") == []
        assert len(player.named("stalled")) == len(player.named("unstalled")) > 0


def test_that_an_outage_of_some_seconds_is_noticed_paused_and_gone_on_from() -> None:
    match = a_match(CALM, outages=[Outage(5_000, 8_500)]).run(until_ms=20_000)
    check(match, rollbacks=50)
    for player in match.present:
        names = [event.name for _ms, event in player.events]
        assert [name for name in names if name in ("interrupted", "lost", "resumed")] == [
            "interrupted",
            "lost",
            "resumed",
        ]
        at = {event.name: ms for ms, event in player.events}
        assert 5_750 <= at["interrupted"] <= 6_000
        assert 8_000 <= at["lost"] <= 8_250
        assert 8_500 <= at["resumed"] <= 8_900
        assert player.total > 30 * 14


def test_that_twenty_seconds_of_silence_pause_the_game_and_nothing_goes_on_by_itself() -> None:
    match = a_match(CALM, outages=[Outage(5_000, 25_000)]).run(until_ms=24_000)
    totals = [player.total for player in match.present]
    assert [player.core.stage for player in match.present] == ["paused", "paused"]
    assert max(totals) <= 150
    match.run(until_ms=35_000)
    check(match, rollbacks=50)
    assert min(player.total for player in match.present) > max(totals) + 200


def test_that_a_program_that_slept_does_not_blame_its_partner() -> None:
    match = a_match(CALM, setups=[{"frozen": ((5_000.0, 11_000.0),)}]).run(until_ms=20_000)
    check(match, rollbacks=50)
    assert match[0].named("interrupted") == []
    assert [data["player"] for data in match[1].named("lost")] == [0]
    assert min(player.total for player in match.present) > 300


@pytest.mark.parametrize("before", range(7))
def test_that_a_wrong_guess_in_each_of_the_last_frames_gives_the_same_end(before: int) -> None:
    """Player 1 holds a key and changes it exactly so many frames before the end: nobody can have guessed that."""
    length = 40
    for_frame = {"n": 0}

    def steady() -> bytes:
        for_frame["n"] += 1
        return b"\x01" if for_frame["n"] <= length - 1 - before else b"\x02"

    match = a_match(
        Conditions(delay_ms=100), length=length, episodes=1, setups=[{}, {"inputs": steady}], config={"window": 8}
    )
    finish(match)
    check(match, rollbacks=0, prefix=False)
    assert match[0].core.figures.rollbacks > 0
    assert [row[2][1] for row in match[0].rows].index(b"\x02") >= length - 2 - before
    assert {player.named("episode_agreed")[0]["frames"] for player in match.present} == {length}


def test_that_ends_that_exist_only_in_a_guessed_or_only_in_the_true_branch_are_agreed() -> None:
    """The world ends by chance of its state, so guessed branches end, and true ones, at other frames."""
    seen: list[tuple[int, bool]] = []

    class Watched(Match):
        def corrupt(self, player: Any, frame: int) -> None:
            seen.append((frame, ends(frame, player.world.value)))

    def ends(frame: int, value: int) -> bool:
        return frame > 20 and value % 29 == 0

    match = a_match(LOSSY, ends=ends, episodes=25, seed=9)
    match.__class__ = Watched
    finish(match)
    check(match, rollbacks=100, prefix=False)
    lengths = [data["frames"] for data in match[0].named("episode_agreed")]
    assert len(lengths) == 25
    assert sum(end for _frame, end in seen) > 2 * 25, "some ends have to be guessed ones that went away"
    for player in match.present:
        assert [data["frames"] for data in player.named("episode_agreed")] == lengths
        ended = [row for row in player.rows if ends(row[1], int(row[4], 16))]
        assert len(ended) == 25


def test_that_twenty_short_episodes_agree_one_by_one() -> None:
    match = finish(a_match(LOSSY, length=45, episodes=20))
    check(match, rollbacks=100, prefix=False)
    chains = match[0].chains
    assert match[1].chains == chains
    assert len(set(chains)) == 20
    for player in match.present:
        agreed = player.named("episode_agreed")
        assert [data["episode"] for data in agreed] == list(range(20))
        assert all(data["equal"] and data["frames"] == 45 and data["compared"] >= 4 for data in agreed)
        assert [row[0] for row in player.rows] == [episode for episode in range(20) for _ in range(45)]


@pytest.mark.parametrize("players", [3, 4])
def test_that_a_rollback_that_is_due_at_the_window_is_not_lost(players: int) -> None:
    """One player's packets come late: the others stand at the window with repairs of the punctual players pending."""
    late = [Conditions(delay_ms=20)] * (players - 1) + [Conditions(delay_ms=170, jitter_ms=60, loss=0.1)]
    at_window: list[int] = []

    class Watching(Rollback):
        def tick(self, local: bytes, now_ms: float) -> list[Any]:
            requests = super().tick(local, now_ms)
            if requests and all(getattr(request, "again", True) for request in requests):
                at_window.append(self.config.local)
            return requests

    match = a_match(late, players=players, config={"window": 4}, core=Watching).run(until_ms=30_000)
    check(match, rollbacks=100)
    assert len(at_window) >= 20
    assert min(player.core.figures.stalls for player in match.present[:-1]) >= 10


def test_that_the_check_of_every_frame_finds_no_false_difference() -> None:
    """The very first input is guessed wrongly and every confirmed frame is compared (GGRS #63, #86)."""
    match = a_match(
        Conditions(delay_ms=150),
        config={"check_interval": 1, "input_delay": 0},
        setups=[{"inputs": changing(0)}, {"inputs": changing(1)}],
    ).run(until_ms=20_000)
    check(match, rollbacks=100)
    assert match[0].rows[0][2] == (b"\x01", b"\x02")
    assert min(player.core.figures.compared for player in match.present) > 400


def changing(number: int) -> Any:
    def values() -> Iterator[bytes]:
        frame = 0
        while True:
            yield bytes([(frame // 2 * 3 + number) % 5 + 1])
            frame += 1

    source = values()
    return lambda: next(source)


@pytest.mark.parametrize("interval", [1, 6])
def test_that_a_damaged_state_is_told_once_a_check_on_each_side_with_both_hashes(interval: int) -> None:
    """Inputs are held steady, or the next rollback would repair the damage."""
    steady: list[dict[str, Any]] = [{"inputs": lambda: b"\x01"}, {"inputs": lambda: b"\x02"}]
    match = a_match(CALM, setups=steady, config={"check_interval": 30, "snapshot_interval": interval})

    def damage(player: Any, frame: int) -> None:
        if player.number == 1 and frame == 100:
            player.world.value ^= 1

    match.corruption = damage
    match.run(until_ms=5_300)
    for player in match.present:
        (desync,) = player.named("desync")
        assert (desync["frame"], desync["what"], desync["episode"]) == (120, "state", 0)
    ours, theirs = match[0].named("desync")[0], match[1].named("desync")[0]
    assert (ours["ours"], ours["theirs"]) == (theirs["theirs"], theirs["ours"])


def test_that_worlds_that_end_at_other_frames_do_not_block_each_other() -> None:
    match = a_match(CALM, length=80, episodes=2)

    def damage(player: Any, frame: int) -> None:
        if player.number == 1 and player.core.epoch == 0:
            player.world.length = 60

    match.corruption = damage
    finish(match)
    for player in match.present:
        first, second = player.named("episode_agreed")
        assert (first["episode"], first["equal"], first["frames"]) == (0, False, 60)
        assert "frame" in [data["what"] for data in player.named("desync")]
        assert second["episode"] == 1


@pytest.mark.parametrize("delay_ms", [5, 400])
def test_that_who_starts_ten_seconds_late_is_met(delay_ms: float) -> None:
    """400 ms each way: a round trip is far longer than the handshake's repeats."""
    match = a_match(
        Conditions(delay_ms=delay_ms),
        players=3,
        setups=[{}, {"start_ms": 10_000.0}, {"start_ms": 3_000.0}],
        config={"input_delay": "auto"},
    ).run(until_ms=20_000)
    check(match, rollbacks=1)
    assert {player.core.input_delay for player in match.present} == {0 if delay_ms == 5 else 3}
    assert all(player.named("lost") == [] for player in match.present)


def test_that_the_handshake_survives_the_loss_of_all_first_packets() -> None:
    match = a_match(CALM, outages=[Outage(0, 2_900)], setups=[{}, {"start_ms": 700.0}]).run(until_ms=12_000)
    check(match, rollbacks=20)
    assert all(player.events[0][1].name == "agreed" for player in match.present)


def test_that_lockstep_never_guesses() -> None:
    match = a_match(LOSSY, config={"window": 0, "input_delay": 3}, length=100, episodes=2)
    finish(match)
    check(match, rollbacks=0, prefix=False)
    assert all(player.core.figures.rollbacks == 0 for player in match.present)


def test_that_a_world_of_floats_with_its_own_generator_stays_equal() -> None:
    match = a_match(LOSSY, world=lambda: NumpyWorld(60), episodes=2, config={"snapshot_interval": 4})
    finish(match)
    check(match, rollbacks=15, prefix=False)
    assert all(replayed(match, player) for player in match.present)


def test_that_three_and_four_players_on_bad_networks_stay_equal() -> None:
    kinds = [PROFILES[name] for name in ("lan", "mobile_4g", "wifi_congested", "wifi_average")]
    for players in (3, 4):
        match = finish(a_match(kinds[:players], players=players, length=150, episodes=2))
        check(match, rollbacks=40, prefix=False)


def test_that_a_change_of_paths_loses_nothing() -> None:
    """Everything on the way is swallowed when the path changes, the control channel's messages, too."""
    match = a_match(CALM, length=60, episodes=4)
    for at_ms in range(2_000, 12_000, 700):
        match.outages = [*match.outages, Outage(at_ms, at_ms + 130)]
        for number in (0, 1):
            path = "relay" if at_ms // 700 % 2 else "p2p"
            match.at(at_ms + 130, lambda number=number, path=path: match[number].core.set_path(1 - number, path))
    finish(match)
    check(match, rollbacks=20, prefix=False)
    assert len(match[0].chains) == 4


class TestControlWithoutRollback:
    """The same matches with a core that never rolls back have to fail, or they would prove nothing."""

    def test_that_constant_latency_goes_apart(self) -> None:
        match = a_match(Conditions(delay_ms=50), core=NoRollback).run(until_ms=10_000)
        assert match[0].rows != match[1].rows
        assert all(player.named("desync") for player in match.present)
        with pytest.raises(AssertionError):
            check(match, rollbacks=0)

    def test_that_a_wrong_guess_near_the_end_is_seen(self) -> None:
        pressed = {"n": 0}

        def steady() -> bytes:
            pressed["n"] += 1
            return b"\x01" if pressed["n"] < 38 else b"\x02"

        setups: list[dict[str, Any]] = [{"inputs": lambda: b"\x01"}, {"inputs": steady}]
        match = a_match(Conditions(delay_ms=100), length=40, setups=setups, core=NoRollback)
        finish(match)
        assert all(not player.named("episode_agreed")[0]["equal"] for player in match.present)


def test_that_both_directions_have_their_own_chance() -> None:
    match = a_match(replace(LOSSY, loss=0.5)).run(until_ms=8_000)
    a, b = (player.core.figures for player in match.present)
    assert a.players[1].loss > 0.2
    assert b.players[0].loss > 0.2
    assert a.players[1].loss != b.players[0].loss
