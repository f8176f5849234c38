"""How matches end, and how they do not: ends that were only guessed, lost partners, programs that differ."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from match_worlds import arena, match_config
from matches import WithoutRollback, assert_equal_records, assert_replays, frames_of, on_all, play

from mug.play.config import GameConfig
from mug.play.errors import EnvironmentFailedError
from mug.play.match import MatchSession
from mug.play.output import Output
from tests.drivers.match_net import MatchNet, Page, Play

LOSS = {"delay_ms": 80.0, "jitter_ms": 20.0, "loss": 0.05}
HELD_END = ("return self.n >= self.length", "return self.n >= self.length or self.right['b'] >= HELD")


def ends_when_b_holds(frames: int, length: int = 90, **settings: Any) -> GameConfig:
    """An episode that ends as soon as b has held "right" for so many frames in a row."""
    held = (HELD_END[0], HELD_END[1].replace("HELD", str(frames)))
    return match_config(arena(("a", "b"), length, held), **settings)


def hands(keys: dict[int, str], default: str = "") -> Play:
    """A person who holds keys from certain frames on."""

    def held(episode: int, frame: int) -> list[str]:
        key = next((key for first, key in sorted(keys.items(), reverse=True) if frame >= first), default)
        return [key] if key else []

    return Play(hands=held)


@pytest.mark.parametrize("before_end", [0, 1, 2, 3, 4, 5, 6])
def test_that_a_wrong_guess_just_before_the_end_changes_nothing(before_end: int) -> None:
    config = match_config(arena(("a", "b"), 40))
    plays = {1: hands({39 - before_end: "ArrowUp"}), 0: hands({39 - before_end: "ArrowDown"})}
    net = play(config, delay_ms=90.0, plays=plays)
    assert_equal_records(net, rollbacks=1)
    for page in net.pages:
        assert [e["frames"] for e in page.named("episode_ended")] == [40]
        assert page.column("actions.b")[39 - before_end] == 3
        assert page.column("actions.b")[38 - before_end] == 0


def test_that_an_end_that_was_only_guessed_does_not_happen() -> None:
    # b lets go after 5 frames; a, who hears of it 4 frames later, has guessed the sixth.
    config = ends_when_b_holds(6, length=60)
    net = play(config, delay_ms=120.0, plays={1: hands({20: "ArrowRight", 25: ""}), 0: hands({})})
    assert_equal_records(net)
    assert net.pages[0].rollbacks >= 2
    assert net.pages[0].named("episode_ended")[0]["frames"] == 60
    shown = [view.frame for view in net.pages[0].views]
    assert shown.count(26) >= 1
    assert 26 in [live["frame"] for live in net.pages[0].lives if live["stage"] == "between"]


def test_that_an_end_that_nobody_had_guessed_happens() -> None:
    config = ends_when_b_holds(2, length=60)
    net = play(config, delay_ms=120.0, plays={1: hands({30: "ArrowRight"}), 0: hands({})})
    assert_equal_records(net)
    assert net.pages[0].rollbacks >= 1
    assert [page.named("episode_ended")[0]["frames"] for page in net.pages] == [32, 32]
    assert max(view.frame for view in net.pages[0].views) > 32


def test_that_ends_differ_without_rollback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mug.play.match.Rollback", WithoutRollback)
    config = ends_when_b_holds(2, length=60)
    net = play(config, delay_ms=120.0, plays={1: hands({30: "ArrowRight"}), 0: hands({})}, limit_ms=30_000)
    ends = [[data["frames"] for data in page.named("episode_ended")] for page in net.pages]
    assert ends[0] != ends[1] or net.pages[0].bodies != net.pages[1].bodies
    assert all(page.heard("desync") for page in net.pages)


# ---------------------------------------------------------------------- lost partners


@pytest.mark.parametrize(("policy", "outcome"), [("end", "partner_left"), ("void", "void")])
@pytest.mark.parametrize("players", [("a", "b"), ("a", "b", "c")])
def test_that_a_lost_partner_ends_the_match_where_all_agree(
    policy: str, outcome: str, players: tuple[str, ...]
) -> None:
    config = match_config(arena(players, 3000), players, dropout_policy=policy, num_episodes=3)
    config = replace(config, network_conditions=on_all(config, LOSS))
    net = play(config, plays={1: Play(dead_ms=4000.0)}, lost_after_ms=1000.0)
    lost = net.pages.pop(1)
    assert_equal_records(net, rollbacks=5, outcome=outcome)
    for page in net.pages:
        (ended,) = page.named("episode_ended")
        assert ended["end"] == outcome
        assert ended["agreement"] == "unknown"
        assert ended["frames"] == len(frames_of(page)) > 60
        assert page.heard("dropped")[0]["frame"] == ended["frames"]
        assert page.finished_ms < 4000 + 3000 + 1000 + 500
    assert_prefix(lost, net.pages[0])


@pytest.mark.parametrize(("policy", "status"), [("default_action", "dropped"), ("policy", "policy")])
@pytest.mark.parametrize("players", [("a", "b"), ("a", "b", "c")])
def test_that_the_match_goes_on_without_a_lost_partner(policy: str, status: str, players: tuple[str, ...]) -> None:
    config = match_config(
        arena(players, 150), players, dropout_policy=policy, num_episodes=2, action_population_method="default_action"
    )
    config = replace(config, network_conditions=on_all(config, LOSS))
    net = play(config, plays={1: Play(dead_ms=3000.0)}, lost_after_ms=500.0)
    lost = net.pages.pop(1)
    survivors = net.pages
    first = survivors[0]
    for page in survivors:
        assert (page.finished, page.outcome) == (True, "completed")
        assert page.bodies == first.bodies
        assert page.heard("desync") == []
        assert [data["frames"] for data in page.named("episode_ended")] == [150, 150]
        assert page.named("episode_ended")[0]["agreement"] == "agreed"
        assert page.lives[-1]["silent"] == [], "nothing is to be heard of who is out: nobody waits for it"
    cut = first.heard("dropped")[0]["frame"]
    assert {page.heard("dropped")[0]["frame"] for page in survivors} == {cut}
    statuses = first.column("status.b")
    assert set(statuses[cut:]) == {status} == set(first.column("status.b", 1))
    assert status not in statuses[:cut]
    if policy == "default_action":
        assert set(first.column("actions.b", 1)) == {0}
    assert_replays(config, first)
    assert_prefix(lost, first)


def assert_prefix(lost: Page, survivor: Page) -> None:
    """What the lost page had recorded is the beginning of what the others have."""
    assert survivor.bodies[: len(lost.bodies)] == lost.bodies
    lost.recorded += lost.session.flush().chunks
    assert len(frames_of(lost)) <= len(frames_of(survivor))
    assert lost.column("actions.b") == survivor.column("actions.b")[: len(frames_of(lost))]


def test_that_a_dropped_page_stops_with_what_was_confirmed() -> None:
    net = MatchNet(match_config(arena(("a", "b"), 3000)), delay_ms=50.0)
    net.run(4000.0)
    net.pages[1].session.note({"kind": "verdict", "dropped": [1], "policy": "end"})
    net.pages[0].session.note({"kind": "verdict", "dropped": [1], "policy": "end"})
    net.run(8000.0)
    one, other = net.pages
    assert (other.outcome, other.reason) == ("partner_left", "dropped")
    assert (one.outcome, one.reason) == ("partner_left", "b left")
    assert len(frames_of(other)) <= len(frames_of(one))
    assert other.named("episode_ended")[0]["frames"] == len(frames_of(other)) > 60
    net.close()


def test_that_a_page_that_leaves_hands_over_what_was_confirmed_and_nothing_else() -> None:
    net = MatchNet(match_config(arena(("a", "b"), 3000)), delay_ms=100.0)
    net.run(4321.0)
    page = net.pages[0]
    assert page.session.core is not None
    confirmed, next_frame = page.session.core.confirmed, page.session.world.next_frame
    page.recorded += page.session.flush().chunks
    assert frames_of(page)[-1] == confirmed < next_frame - 1
    assert page.session.flush().chunks == []
    net.close()


# ---------------------------------------------------------------------- differences


def test_that_a_corrupted_state_is_told_on_both_sides_at_the_next_check() -> None:
    still = {number: hands({}) for number in (0, 1)}
    config = match_config(arena(("a", "b"), 200))
    net = MatchNet(config, delay_ms=60.0, plays=still)
    corrupted: list[int] = []

    def corrupt(page: Page) -> None:
        world = page.session.world
        if page.number == 1 and not corrupted and world.next_frame == 100:
            world.env.place["a"][0] = float(world.env.place["a"][0]) + 1e-12
            corrupted.append(world.next_frame)

    net.on_call = corrupt
    net.run()
    net.close()
    assert corrupted == [100]
    for page in net.pages:
        assert page.finished
        first = page.heard("desync")[0]
        assert (first["episode"], first["frame"], first["agent"]) == (0, 119, "b" if page.number == 0 else "a")
        assert first["ours"] != first["theirs"]
        (ended,) = page.named("episode_ended")
        assert ended["agreement"] == "differs"
        assert ended["desyncs"] > 0
    assert net.pages[0].heard("desync")[0]["ours"] == net.pages[1].heard("desync")[0]["theirs"]
    same = [one == other for one, other in zip(net.pages[0].bodies, net.pages[1].bodies, strict=True)]
    assert same == [True] * 3 + [False] * 4


def test_that_worlds_that_end_apart_are_told_and_the_match_goes_on() -> None:
    still = {number: hands({}) for number in (0, 1)}
    net = MatchNet(match_config(arena(("a", "b"), 70), num_episodes=2), delay_ms=60.0, plays=still)

    def corrupt(page: Page) -> None:
        world = page.session.world
        if page.number == 1 and world.episode == 0 and world.next_frame == 40 and world.env.n == 40:
            world.env.n += 10

    net.on_call = corrupt
    net.run(60_000)
    net.close()
    one, other = net.pages
    for page in net.pages:
        assert page.outcome == "completed"
        assert page.heard("desync")
        assert [data["agreement"] for data in page.named("episode_ended")] == ["differs", "agreed"]
        assert len(frames_of(page, 0)) == page.named("episode_ended")[0]["frames"]
    assert other.named("episode_ended")[0]["end"] == "terminated"
    assert other.named("episode_ended")[0]["frames"] == 60
    assert one.named("episode_ended")[0]["end"] in ("desync", "terminated")
    assert one.column("frame", 1) == other.column("frame", 1) == list(range(70))


@pytest.mark.parametrize(
    ("change", "word"),
    [({"environment_code": arena(("a", "b"), 301)}, "settings of the match"), ({"study_hash": "other"}, "study")],
)
def test_that_programs_that_differ_do_not_play(change: dict[str, Any], word: str) -> None:
    net = play(match_config(), delay_ms=20.0, changes={1: change})
    for page in net.pages:
        assert page.outcome == "refused"
        assert f"{word} differs" in page.reason
        assert page.recorded == []
        assert page.named("episode_started") == []


def test_that_a_failure_in_a_guess_is_no_failure_and_a_confirmed_one_is() -> None:
    fails = ("self.n += 1\n", "self.n += 1\n        if self.right['b'] >= 6: raise RuntimeError('too far')\n")
    config = match_config(arena(("a", "b"), 60, fails))
    net = play(config, delay_ms=120.0, plays={1: hands({20: "ArrowRight", 25: ""}), 0: hands({})})
    assert_equal_records(net)
    failing = MatchNet(config, delay_ms=120.0, plays={1: hands({20: "ArrowRight"}), 0: hands({})})
    with pytest.raises(EnvironmentFailedError, match="too far"):
        failing.run(60_000)
    page = next(page for page in failing.pages if page.session.core is not None and page.session.core.confirmed >= 26)
    page.recorded += page.session.flush().chunks
    assert frames_of(page) == list(range(26))
    failing.close()


def test_that_globals_cannot_be_changed_in_a_step_but_can_be_read() -> None:
    reads = ("self.n += 1\n", "self.n += 1\n        mug_globals.get('me')\n")
    assert_equal_records(play(match_config(arena(("a", "b"), 30, reads)), delay_ms=20.0))
    writes = ("self.n += 1\n", "self.n += 1\n        mug_globals['n'] = self.n\n")
    with pytest.raises(EnvironmentFailedError, match="mug_globals cannot be changed in a step"):
        play(match_config(arena(("a", "b"), 30, writes)), delay_ms=20.0)


# ---------------------------------------------------------------------- people


def test_that_a_hidden_player_acts_neutrally_and_everybody_knows() -> None:
    config = match_config(arena(("a", "b"), 150), action_population_method="previous_submitted_action")
    config = replace(config, network_conditions=on_all(config, LOSS))
    hidden = Play(hands=lambda episode, frame: ["ArrowUp"] if frame < 100 else [], hidden=[(2000.0, 3000.0)])
    net = play(config, plays={1: hidden})
    assert_equal_records(net, rollbacks=2)
    statuses, actions = net.pages[0].column("status.b"), net.pages[0].column("actions.b")
    unseen = [frame for frame, status in enumerate(statuses) if status == "hidden"]
    assert 20 <= len(unseen) <= 40
    assert unseen == list(range(unseen[0], unseen[-1] + 1))
    assert {actions[frame] for frame in unseen} == {0}
    assert actions[unseen[-1] + 1] == 3


@pytest.mark.parametrize("hidden", [[(2500.0, 8000.0)], [(300.0, 6000.0)], [(2000.0, 3000.0), (3500.0, 8000.0)]])
@pytest.mark.parametrize("episodes", [1, 3])
def test_that_the_game_pauses_for_all_while_a_player_is_hidden(
    hidden: list[tuple[float, float]], episodes: int
) -> None:
    config = match_config(arena(("a", "b"), 120 // episodes), num_episodes=episodes, pause_on_partner_background=True)
    config = replace(config, network_conditions=on_all(config, LOSS))
    net = play(config, plays={1: Play(hidden=hidden)})
    assert_equal_records(net, rollbacks=1)
    for page in net.pages:
        assert [end["frames"] for end in page.named("episode_ended")] == [120 // episodes] * episodes
        assert page.heard("lost") == [], "a hidden page is heard all the time"
        assert page.finished_ms >= hidden[-1][1]
    statuses = [status for episode in range(episodes) for status in net.pages[0].column("status.b", episode)]
    assert "hidden" not in statuses, "nobody plays for somebody who does not see the game"
    assert max(live["waitingMs"] for live in net.pages[0].lives) >= 2000


@pytest.mark.parametrize("spans", [(4000.0, 4000.0), (4000.0, 4060.0), (4000.0, 9000.0)])
@pytest.mark.parametrize("begin", [40.0, 500.0, 2500.0])
def test_that_a_match_that_the_experimenter_pauses_goes_on_without_a_jump(
    begin: float, spans: tuple[float, float]
) -> None:
    config = match_config(arena(("a", "b"), 60), num_episodes=2, countdown_ms=3000, reset_freeze_s=1.0)
    config = replace(config, network_conditions=on_all(config, LOSS))
    plays = [Play(held=[(begin, begin + span)]) for span in spans]
    net = play(config, plays=dict(enumerate(plays)))
    assert_equal_records(net, rollbacks=1)
    played_ms = 3000 + 1000 + 2 * 60 * 1000 / config.fps
    for page in net.pages:
        assert [end["frames"] for end in page.named("episode_ended")] == [60, 60]
        assert page.heard("lost") == [], "a paused page is heard all the time"
        # No countdown and no frame ran meanwhile, and no time is made up.
        assert page.finished_ms >= max(spans) + played_ms - 100
        assert any(live["stage"] == "paused" and live["held"] for live in page.lives)


def test_that_a_page_that_is_paused_alone_is_waited_for() -> None:
    config = match_config(arena(("a", "b"), 90))
    net = MatchNet(config, delay_ms=20.0, plays={1: Play(held=[(2000.0, 60_000.0)])})
    net.run(12_000.0)
    stood = [page.session.world.next_frame for page in net.pages]
    net.run(40_000.0)
    assert [page.session.world.next_frame for page in net.pages] == stood
    assert [page.stage for page in net.pages] == ["stalled", "paused"]
    net.run(120_000.0)
    assert_equal_records(net)
    assert [page.outcome for page in net.pages] == ["completed", "completed"]


def test_that_a_hidden_player_who_is_dropped_holds_nobody() -> None:
    config = match_config(arena(("a", "b"), 90), pause_on_partner_background=True, dropout_policy="default_action")
    net = MatchNet(config, delay_ms=20.0, plays={1: Play(hidden=[(2000.0, 60_000.0)])})
    net.run(6_000.0)
    stood = net.pages[0].session.world.next_frame
    assert 0 < stood < 90
    for page in net.pages:
        page.session.note({"kind": "verdict", "dropped": [1], "policy": "default_action"})
    net.run(20_000.0)
    assert net.pages[0].outcome == "completed"
    assert net.pages[0].named("episode_ended")[0]["frames"] == 90
    net.close()


@pytest.mark.parametrize("input_delay", [0, 2])
@pytest.mark.parametrize("method", ["default_action", "previous_submitted_action"])
def test_that_no_keystroke_is_lost_or_doubled_while_the_game_stalls(method: str, input_delay: int) -> None:
    config = match_config(
        arena(("a", "b"), 120),
        input_mode="single_keystroke",
        action_population_method=method,
        input_delay=input_delay,
        window=4,
    )
    keys = ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown")
    taps = {
        number: Play(
            hands=lambda episode, frame: [],
            taps=lambda episode, frame: [keys[frame // 4 % 4]] if frame % 4 == 0 and frame else [],
        )
        for number in (0, 1)
    }
    net = play(config, delay_ms=170.0 + 60.0 * input_delay, plays=taps)
    assert_equal_records(net, rollbacks=5)
    statuses, actions = net.pages[0].column("status.a"), net.pages[0].column("actions.a")
    pressed = [frame for frame, status in enumerate(statuses) if status == "input"]
    assert pressed == [frame + input_delay for frame in range(4, 120 - input_delay, 4)]
    assert [actions[frame] for frame in pressed] == [1 + index % 4 for index in range(1, len(pressed) + 1)]
    following = [actions[frame + 1] for frame in pressed if frame + 1 < 120]
    assert following == (
        [0] * len(following) if method == "default_action" else [actions[frame] for frame in pressed if frame + 1 < 120]
    )
    assert net.pages[0].session.core is not None
    assert net.pages[0].session.core.figures.stalled_ticks > 20


# ---------------------------------------------------------------------- what else comes out


def test_that_the_first_load_only_warms_up_and_measures() -> None:
    config = replace(match_config(), match_id="")
    session = MatchSession(config, root=Path())
    output = session.open()
    assert (output.views, output.events, output.chunks) == ([], [], [])
    assert session.agents == ("a", "b")
    assert set(session.calibration.figures()) == {"step_ms", "save_ms", "load_ms"}
    assert session.start().stage == "connecting"
    assert session.tick(0.0) == Output(stage="connecting")
    session.close()


def test_that_the_episodes_events_tell_how_it_was_played() -> None:
    config = match_config(arena(("a", "b"), 60), num_episodes=2, input_delay=1, window=5)
    net = play(replace(config, network_conditions=on_all(config, LOSS)))
    for page in net.pages:
        for episode, ended in enumerate(page.named("episode_ended")):
            assert ended["episode"] == episode
            assert (ended["frames"], ended["end"], ended["agreement"]) == (60, "terminated", "agreed")
            assert (ended["input_delay"], ended["window"], ended["snapshot_level"]) == (1, 5, "walker")
            assert ended["compared"] >= 2 * (episode + 1)
            assert ended["desyncs"] == 0
        assert sum(ended["rollbacks"] for ended in page.named("episode_ended")) == page.rollbacks > 0
        (agreed,) = page.heard("agreed")
        assert agreed["input_delay"] == 1
        assert agreed["snapshot_level"] == "walker"


def test_that_telemetry_counts_every_tick_and_every_rollback() -> None:
    config = match_config(arena(("a", "b"), 150), num_episodes=2)
    net = play(replace(config, network_conditions=on_all(config, LOSS)))
    for page in net.pages:
        ticks = [row for row in page.rows if row["table"] == "ticks"]
        network = [row for row in page.rows if row["table"] == "network"]
        fresh = [
            (row["episode"], frame)
            for row in ticks
            for frame, stalled in zip(row["frame"], row["stalled"], strict=True)
            if not stalled
        ]
        assert fresh == [(episode, frame) for episode in (0, 1) for frame in range(150)]
        assert {row["first"] for row in ticks if row["episode"] == 0} <= set(range(160))
        assert sum(row["rollbacks"] for row in network) == page.rollbacks
        assert sum(sum(row["depth"]) for row in ticks) <= sum(row["resimulated"] for row in network)
        assert {row["partner"] for row in network} == {"b" if page.number == 0 else "a"}
        assert {row["path"] for row in network} == {"p2p"}
        rtts = [row["rtt_ms"] for row in network if row["rtt_ms"]]
        assert rtts
        assert 120 < sum(rtts) / len(rtts) < 200
        assert sum(row["bytes_sent"] for row in network) > 10_000
        assert any(any(row["predicted"]) for row in ticks)


def test_that_the_countdown_is_told_and_frames_wait_for_it() -> None:
    config = match_config(arena(("a", "b"), 30), countdown_ms=2000, reset_freeze_s=1.0, num_episodes=2)
    net = play(config, delay_ms=30.0)
    assert_equal_records(net)
    for page in net.pages:
        stages = [live["stage"] for live in page.lives]
        assert stages[0] == "connecting"
        assert [stage for stage in dict.fromkeys(stages) if stage != "stalled"] == [
            "connecting",
            "countdown",
            "playing",
            "between",
            "over",
        ]
        counted = [live["countdownMs"] for live in page.lives if live["stage"] == "countdown"]
        assert counted == sorted(counted, reverse=True)
        assert counted[0] > 1900
        assert 2000 + 1000 + 1000 + 1000 < page.finished_ms < 7000


def test_that_what_came_before_a_failing_picture_is_handed_over() -> None:
    broken = ("return [\n", "if self.n >= 60: raise RuntimeError('no picture')\n        return [\n")
    net = MatchNet(match_config(arena(("a", "b"), 90, broken)), delay_ms=20.0)
    with pytest.raises(EnvironmentFailedError, match="no picture"):
        net.run(60_000)
    for page in net.pages:
        page.recorded += page.session.flush().chunks
        assert page.session.core is not None
        assert len(frames_of(page)) == page.session.core.confirmed + 1
    net.close()
