"""The players of a game are watched: warned, and excluded by what was measured."""

from typing import Any

import pytest
from engine_driver import GAME, Memory, rules_of, study_for

from mug.engine import fold
from mug.engine.effects import DropRoutes
from mug.ids import ParticipantId
from mug.protocol.lab import LabBatch
from mug.protocol.messages import Closed, FinishVisit, JoinMatch, MatchVerdict, PartnerAway, Pulse, ShowScene, Warned
from mug.records import facts as f
from mug.study.endings import Endings
from mug.study.model import EndPage, GymGame, StartPage, Study
from mug.study.multiplayer import focus_timeout_ms, is_monitored
from mug.study.multiplayer_section import MultiplayerSection


class Player:
    """One page that pulses once a second of the hand-held clock."""

    def __init__(self, memory: Memory, connection: str = "c") -> None:
        self.memory, self.connection = memory, connection
        self.n = 0
        self.phase = "playing"
        self.frame = 0
        self.episode = 0

    def pulse(self, ping: float | None = 20.0, *, fresh: bool = True, **fields: Any) -> None:
        self.n += 1
        number = self.n - 1 if fresh else self.n - 2
        said = {"phase": self.phase, "frame": self.frame, "episode": self.episode} | fields
        self.memory.say(self.connection, Pulse(n=self.n, client_ms=0, rtt_ms=ping, rtt_n=number, **said))

    def seconds(self, count: float, ping: float | None = 20.0, **fields: Any) -> None:
        """Time passes in tenths, with a pulse each second."""
        for tenth in range(round(count * 10)):
            if tenth % 10 == 0:
                self.pulse(ping, **fields)
            self.memory.tick()


def alone(**rules: Any) -> tuple[Memory, Player]:
    game = GymGame(scene_id="car", gameplay=GAME.gameplay, multiplayer=MultiplayerSection(**rules))
    study = Study(
        id="memory",
        chain=(StartPage(scene_id="start"), game, EndPage(scene_id="end")),
        endings=Endings(screened_out_code="OUT"),
    )
    memory = Memory(study=study)
    memory.hello("c", "ann")
    memory.finish("c")
    return memory, Player(memory)


def together(**rules: Any) -> tuple[Memory, Player, Player]:
    memory = Memory(study=study_for(2, multiplayer=rules_of(**rules)))
    for connection in ("c", "d"):
        memory.hello(connection, f"p-{connection}")
        memory.finish(connection)
        memory.say(connection, JoinMatch(visit_id=memory.scene(connection).visit_id))
    return memory, Player(memory, "c"), Player(memory, "d")


def outcomes(memory: Memory) -> list[tuple[str, str]]:
    assert fold(memory.written) == memory.run.state
    return [(fact.outcome, fact.reason) for fact in memory.written if isinstance(fact, f.ParticipantFinished)]


def warnings(memory: Memory, connection: str = "c") -> list[tuple[str, bool]]:
    return [(warned.kind, warned.active) for warned in memory.to(connection, Warned)]


def recorded(memory: Memory, kind: type[f.Fact]) -> list[Any]:
    return [fact for fact in memory.written if isinstance(fact, kind)]


# ---------------------------------------------------------------- ping


def test_that_a_violation_is_a_measurement_and_not_a_pulse_or_a_frame() -> None:
    memory, player = alone(continuous_max_ping=100)
    player.pulse(500)
    for _ in range(20):
        player.n += 1
        memory.say("c", Pulse(n=player.n, client_ms=0, rtt_ms=500, rtt_n=0, phase="playing", frame=player.n))
    assert outcomes(memory) == []
    assert warnings(memory) == []
    player.pulse(500)
    assert warnings(memory) == [("ping", True)]
    player.pulse(500)
    assert outcomes(memory) == [("excluded", "ping")]


def test_that_the_last_measurements_of_the_window_count() -> None:
    memory, player = alone(continuous_max_ping=100)
    for ping in (500, 500, 100, 100, 100, 500, 500, 100, 100, 100, 100):
        player.pulse(ping)
    assert outcomes(memory) == []
    assert warnings(memory) == [("ping", True), ("ping", False)]
    for ping in (500, 100, 500, 100, 500):
        player.pulse(ping)
    assert outcomes(memory) == [("excluded", "ping")]
    [end] = recorded(memory, f.ParticipantFinished)
    assert end.value == 500


@pytest.mark.parametrize(("required", "window", "measurements"), [(1, 1, 1), (1, 5, 1), (2, 2, 2), (5, 5, 5)])
def test_that_exclusion_comes_with_the_required_violation(required: int, window: int, measurements: int) -> None:
    memory, player = alone(
        continuous_max_ping=100,
        continuous_ping_violation_window=window,
        continuous_ping_required_violations=required,
    )
    for number in range(measurements):
        assert outcomes(memory) == [], number
        player.pulse(101)
    assert outcomes(memory) == [("excluded", "ping")]


def test_that_an_excluded_participant_reads_the_studys_words_and_everything_is_recorded() -> None:
    words = {"ping": "Too slow.", "ping_warning": "Getting slow."}
    memory, player = alone(continuous_max_ping=100, continuous_exclusion_messages=words)
    for _ in range(3):
        player.pulse(300)
    closed = memory.last("c", Closed)
    assert (closed.reason, closed.message, closed.completion_code) == ("excluded", "Too slow.", "OUT")
    [warned] = recorded(memory, f.ParticipantWarned)
    assert (warned.kind, warned.value, warned.message) == ("ping", 300, "Getting slow.")
    assert warned.visit_id == memory.scene("c").visit_id
    assert [fact.outcome for fact in recorded(memory, f.VisitFinished)] == ["completed", "excluded"]
    assert [fact.outcome for fact in recorded(memory, f.MatchEnded)] == ["abandoned"]
    memory.lab_in()
    view = memory.run.console.participant_view(memory.run.state.participants[ParticipantId("ann")])
    assert (view.state, view.outcome, view.outcome_reason, view.warning) == ("excluded", "excluded", "ping", "")


@pytest.mark.parametrize("ping", [float("nan"), float("inf"), -5.0, 1e30, None])
def test_that_impossible_pings_count_for_nothing(ping: float | None) -> None:
    memory, player = alone(continuous_max_ping=100)
    for _ in range(10):
        player.pulse(ping)
    assert outcomes(memory) == []
    assert warnings(memory) == []


def test_that_nobody_is_watched_before_the_game_and_after_it() -> None:
    memory, player = alone(continuous_max_ping=100)
    for phase in ("page", "loading", "waiting", "ended", "made-up"):
        player.phase = phase
        player.seconds(12, 500, visible=False, focused=False)
    assert outcomes(memory) == []
    assert warnings(memory) == []
    memory.finish("c")
    player.phase = "playing"
    player.seconds(12, 500, visible=False)
    assert outcomes(memory) == [("complete", "")]


def test_that_a_warning_ends_with_the_game() -> None:
    memory, player = alone(continuous_max_ping=100)
    player.pulse(500)
    player.pulse(500)
    assert warnings(memory) == [("ping", True)]
    player.phase = "waiting"
    player.pulse(20)
    assert warnings(memory) == [("ping", True), ("ping", False)]


# ---------------------------------------------------------------- tab and focus


def test_that_a_hidden_tab_is_warned_and_then_excluded_by_the_servers_clock() -> None:
    memory, player = alone(continuous_monitoring_enabled=True)
    player.seconds(2)
    player.seconds(2.9, visible=False)
    assert warnings(memory) == []
    player.seconds(0.2, visible=False)
    assert warnings(memory) == [("tab", True)]
    player.seconds(2)
    assert warnings(memory) == [("tab", True), ("tab", False)]
    player.seconds(9.9, visible=False)
    assert outcomes(memory) == []
    player.seconds(0.2, visible=False)
    assert outcomes(memory) == [("excluded", "tab")]
    [end] = recorded(memory, f.ParticipantFinished)
    assert 10_000 <= end.value <= 10_200


def test_that_zero_switches_the_exclusion_of_hidden_tabs_off() -> None:
    memory, player = alone(continuous_tab_exclude_ms=0, focus_loss_timeout_ms=0)
    player.seconds(60, visible=False)
    assert outcomes(memory) == []
    assert warnings(memory) == [("tab", True)]


def test_that_focus_counts_in_a_game_of_one_person_only_with_monitoring() -> None:
    memory, player = alone()
    player.seconds(90, focused=False)
    assert outcomes(memory) == []
    memory, player = alone(continuous_max_ping=1000, focus_loss_timeout_ms=4_000, focus_loss_message="You were away.")
    player.seconds(1)
    player.seconds(2.2, focused=False)
    assert warnings(memory) == [("focus", True)]
    player.seconds(1)
    assert warnings(memory) == [("focus", True), ("focus", False)]
    player.seconds(4.2, focused=False)
    assert outcomes(memory) == [("excluded", "focus")]
    assert memory.last("c", Closed).message == "You were away."


def test_that_focus_counts_in_a_game_of_several_people_without_monitoring() -> None:
    memory, player, partner = together()
    for _ in range(29):
        player.seconds(0.5, focused=False)
        partner.seconds(0.5)
    assert outcomes(memory) == []
    for _ in range(32):
        player.seconds(0.5, focused=False)
        partner.seconds(0.5)
    assert outcomes(memory) == [("excluded", "focus")]
    assert memory.to("d", Closed) == []


def test_that_a_page_that_falls_silent_while_it_is_hidden_is_lost_and_not_excluded() -> None:
    memory, player = alone(continuous_monitoring_enabled=True)
    player.pulse(visible=False)
    for _ in range(200):
        memory.tick()
    assert outcomes(memory) == []
    view = memory.run.console.participant_view(memory.run.state.participants[ParticipantId("ann")])
    assert view.state == "lost"
    player.pulse(visible=False)
    assert outcomes(memory) == [("excluded", "tab")], "it was hidden all the time, as it says now"


def test_that_a_new_page_begins_with_a_clean_slate_and_is_warned_anew() -> None:
    memory, player = alone(continuous_max_ping=100)
    player.pulse(500)
    player.pulse(500)
    memory.hello("x", "ann", tab="c", token=memory.token("c"))
    fresh = Player(memory, "x")
    fresh.pulse(500)
    assert outcomes(memory) == []
    fresh.pulse(500)
    assert warnings(memory, "x") == [("ping", True)]


# ---------------------------------------------------------------- several people


@pytest.mark.parametrize("policy", ["end", "default_action", "void"])
def test_that_an_excluded_player_is_dropped_by_the_scenes_policy(policy: str) -> None:
    memory, player, partner = together(continuous_max_ping=100, dropout_policy=policy)
    for _ in range(3):
        partner.pulse(20)
        player.pulse(500)
    facts = [type(fact).__name__ for fact in memory.written]
    assert facts.index("PlayerDropped") < len(facts) - 1 - facts[::-1].index("VisitFinished")
    [dropped] = recorded(memory, f.PlayerDropped)
    assert (dropped.participant_id, dropped.policy, dropped.reason) == ("p-c", policy, "excluded (ping)")
    assert outcomes(memory) == [("excluded", "ping")]
    verdict = memory.last("d", MatchVerdict)
    assert (verdict.dropped, verdict.policy, verdict.ends) == (("a0",), policy, policy == "end")
    assert memory.to("c", MatchVerdict) == []
    outcome = {"end": "partner_left", "void": "void", "default_action": "completed"}[policy]
    memory.say("d", FinishVisit(visit_id=memory.scene("d").visit_id, outcome=outcome))
    if policy == "end":
        assert outcomes(memory) == [("excluded", "ping"), ("partner_left", "partner_left")]
    else:
        assert memory.scene("d").scene_id == "end"
    assert isinstance(memory.others[-1], DropRoutes)
    [ended] = recorded(memory, f.MatchEnded)
    assert ended.outcome == outcome


def test_that_the_last_player_may_be_excluded_too() -> None:
    memory, player, partner = together(continuous_max_ping=100, dropout_policy="default_action")
    for one in (player, partner):
        for _ in range(3):
            one.pulse(500)
    assert outcomes(memory) == [("excluded", "ping"), ("excluded", "ping")]
    assert [fact.outcome for fact in recorded(memory, f.MatchEnded)] == ["abandoned"]


def test_that_between_two_episodes_people_are_watched_too() -> None:
    memory, player, _ = together(focus_loss_timeout_ms=3_000)
    player.episode, player.frame = 1, 0
    player.seconds(3.2, focused=False)
    assert outcomes(memory) == [("excluded", "focus")]


# ---------------------------------------------------------------- the study's function


def asked(interval: int = 30, **rules: Any) -> tuple[Memory, Player]:
    return alone(continuous_callback="watch.py:look", continuous_callback_interval_frames=interval, **rules)


def test_that_the_function_is_called_by_frames_with_the_documented_context() -> None:
    memory, player = asked()
    player.frame = 29
    player.pulse(20)
    assert memory.calls == []
    player.frame = 30
    player.pulse(21.5, visible=False)
    memory.clock.ms += 700
    [call] = memory.calls
    assert (call.kind, call.ref) == ("continuous_callback", "watch.py:look")
    assert dict(call.context) == {
        "ping": 21.5,
        "is_tab_hidden": True,
        "tab_hidden_duration_ms": 0.0,
        "frame_number": 30,
        "episode_number": 0,
        "subject_id": "ann",
        "scene_id": "car",
    }
    player.frame = 90
    player.pulse(visible=False)
    assert len(memory.calls) == 1, "never two at once"
    memory.answer(call, None)
    player.pulse(visible=False)
    assert dict(memory.calls[1].context)["tab_hidden_duration_ms"] == 700
    memory.answer(memory.calls[1], {})
    player.frame, player.episode = 40, 1
    player.pulse()
    assert dict(memory.calls[2].context)["episode_number"] == 1


def test_that_it_excludes_and_warns_in_its_words() -> None:
    memory, player = asked(interval=1)
    player.frame = 1
    player.pulse()
    memory.answer(memory.calls[-1], {"warn": True, "message": "Wake up."})
    assert (memory.last("c", Warned).message, warnings(memory)) == ("Wake up.", [("callback", True)])
    player.frame = 2
    player.pulse()
    memory.answer(memory.calls[-1], {"warn": False})
    assert warnings(memory) == [("callback", True), ("callback", False)]
    player.frame = 3
    player.pulse()
    memory.answer(memory.calls[-1], {"exclude": True, "message": "Enough."})
    assert memory.last("c", Closed).message == "Enough."
    assert outcomes(memory) == [("excluded", "callback")]


@pytest.mark.parametrize("answer", [3, "exclude", {"exclude": "true"}, {"warn": 1}, {"exclude": True, "message": []}])
def test_that_a_wrong_answer_has_no_effect_and_is_reported(answer: Any) -> None:
    memory, player = asked(interval=1)
    player.frame = 1
    player.pulse()
    memory.answer(memory.calls[0], answer)
    assert outcomes(memory) == []
    assert warnings(memory) == []
    [error] = recorded(memory, f.ErrorReported)
    assert (error.kind, "continuous_callback watch.py:look" in error.message) == ("callback", True)
    player.frame = 2
    player.pulse()
    assert len(memory.calls) == 2


def test_that_a_failing_function_is_reported_and_called_again() -> None:
    memory, player = asked(interval=1)
    player.frame = 1
    player.pulse()
    memory.fail(memory.calls[0], "ZeroDivisionError: division by zero")
    assert "ZeroDivisionError" in recorded(memory, f.ErrorReported)[0].message
    player.frame = 2
    player.pulse()
    assert len(memory.calls) == 2


def test_that_a_late_answer_about_a_game_that_is_over_has_no_effect() -> None:
    memory, player = asked(interval=1)
    player.frame = 1
    player.pulse()
    memory.finish("c")
    assert memory.scene("c").scene_id == "end"
    memory.answer(memory.calls[0], {"exclude": True})
    assert outcomes(memory) == [("complete", "")]


@pytest.mark.parametrize(("frame", "episode"), [(-5, 0), (10**12, 0), (50, -1), (None, 0), (50, None)])
def test_that_impossible_frames_call_nothing(frame: int | None, episode: int | None) -> None:
    memory, player = asked()
    player.pulse(frame=frame, episode=episode)
    assert memory.calls == []


# ---------------------------------------------------------------- presence


def test_that_a_connected_page_that_says_nothing_is_shown_as_lost_within_three_seconds() -> None:
    memory, player = alone()
    memory.lab_in()
    player.pulse()
    memory.tick()
    memory.lab.clear()
    for _ in range(29):
        memory.tick()
    views = [view for batch in memory.lab if isinstance(batch, LabBatch) for view in batch.participants]
    assert [view.state for view in views] == ["lost"], "told once"
    player.pulse()
    memory.tick()
    [batch] = [batch for batch in memory.lab[-1:] if isinstance(batch, LabBatch)]
    assert batch.participants[0].state == "connected"


def test_that_the_console_sees_a_warning_while_it_lasts() -> None:
    memory, player = alone(continuous_max_ping=100)
    ann = memory.run.state.participants[ParticipantId("ann")]
    player.pulse(500, lost=3)
    player.pulse(500, lost=3)
    view = memory.run.console.participant_view(ann)
    assert (view.warning, view.lost_probes) == ("ping", 3)


def test_that_pulses_after_the_end_change_nothing() -> None:
    memory, player = alone(continuous_max_ping=100)
    for _ in range(8):
        player.pulse(500)
    player.seconds(20, 500, visible=False)
    assert outcomes(memory) == [("excluded", "ping")]
    assert len(memory.to("c", Closed)) == 1
    assert len(memory.to("c", ShowScene)) == 2


# ---------------------------------------------------------------- settings


def test_that_any_continuous_value_switches_monitoring_on() -> None:
    for rules, watched in (
        ({}, False),
        ({"focus_loss_timeout_ms": 5_000}, False),
        ({"continuous_max_ping": 10}, True),
        ({"continuous_tab_warning_ms": 1}, True),
        ({"continuous_monitoring_enabled": True}, True),
        ({"continuous_callback": "a.py:b"}, True),
    ):
        game = GymGame(scene_id="car", multiplayer=MultiplayerSection(**rules))
        assert is_monitored(game) == watched, rules
        assert focus_timeout_ms(game) == (game.multiplayer.focus_loss_timeout_ms if watched else 0)


# ---------------------------------------------------------------- pauses


def test_that_nothing_counts_in_a_pause_and_what_was_counted_before_is_forgotten() -> None:
    memory, player = alone(
        continuous_max_ping=100,
        continuous_ping_required_violations=2,
        continuous_tab_exclude_ms=3_000,
        focus_loss_timeout_ms=3_000,
    )
    player.pulse()
    player.pulse(500)
    assert warnings(memory) == [("ping", True)]
    memory.act("pause", "ann")
    player.seconds(30, 500, visible=False, focused=False)
    assert warnings(memory) == [("ping", True), ("ping", False)]
    memory.act("resume", "ann")
    player.pulse(500, visible=False, focused=False)  # measured in the pause
    memory.tick(2_000)
    player.pulse(500)
    assert outcomes(memory) == []
    player.pulse(500)
    assert outcomes(memory) == [("excluded", "ping")]


def test_that_a_single_slow_ping_of_a_pause_excludes_nobody() -> None:
    memory, player = alone(continuous_max_ping=100, continuous_ping_required_violations=1)
    memory.set_stage("paused")
    player.seconds(5, 500)
    memory.set_stage("running")
    player.pulse(500)
    assert outcomes(memory) == []
    player.pulse(500)
    assert outcomes(memory) == [("excluded", "ping")]


def test_that_a_hidden_page_is_judged_anew_after_a_pause() -> None:
    memory, player = alone(continuous_monitoring_enabled=True, continuous_tab_exclude_ms=3_000)
    player.seconds(2, visible=False, focused=False)
    memory.act("pause", "ann")
    player.seconds(60, visible=False, focused=False)
    memory.act("resume", "ann")
    player.seconds(2, visible=False, focused=False)
    assert outcomes(memory) == []
    player.seconds(3, visible=False, focused=False)
    assert outcomes(memory) == [("excluded", "tab")]


def test_that_partners_are_not_left_with_somebody_who_is_away_after_a_pause() -> None:
    memory, player, partner = together(pause_on_partner_background=True)
    partner.pulse()
    player.pulse(visible=False, focused=False)
    memory.act("pause", "p-c")
    player.pulse()
    partner.pulse()
    memory.act("resume", "p-d")
    player.pulse()
    assert [told.away for told in memory.to("d", PartnerAway)] == [True, False]
