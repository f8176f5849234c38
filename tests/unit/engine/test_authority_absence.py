"""Games that the server steps: who is away, who comes back, who is out, and what stands still meanwhile."""

import pytest
from engine_driver import TIMEOUT_MS, Memory
from stepped_driver import (
    back,
    drops,
    ends,
    flags,
    formed,
    leave,
    loaded,
    outcomes,
    playing,
    process,
    pulse,
    ready,
    rows,
    stages,
    starts,
    status,
    stops,
    the_match,
    view,
)

from mug.engine import fold
from mug.engine.effects import SetRoutes
from mug.protocol.lab_console import Act
from mug.protocol.messages import Closed, GameContent, JoinMatch, MatchReady, PartnerAway, Pulse
from mug.records import facts as f


def later(memory: Memory, ms: float) -> None:
    """Time passes, and everybody who is connected pulses as pages do."""
    until = memory.clock.ms + ms
    while memory.clock.ms < until:
        memory.tick(min(500.0, until - memory.clock.ms))


def routes(memory: Memory) -> SetRoutes:
    return [effect for effect in memory.others if isinstance(effect, SetRoutes)][-1]


# ---------------------------------------------------------------- away and back


def test_that_a_page_that_is_gone_acts_neutrally_and_the_others_read_why() -> None:
    memory = playing(2)
    memory.drop("d")
    assert memory.told("away") == [("away", "a1")]
    memory.tick()
    assert status(memory, "c").stage == "playing"
    assert "interrupted" in status(memory, "c").message
    assert routes(memory).routes["a1"] is None
    assert drops(memory) == []


def test_that_a_page_that_is_connected_again_in_time_plays_on() -> None:
    memory = playing(2)
    memory.drop("d")
    later(memory, TIMEOUT_MS - 1_000)
    back(memory, "d", "g")
    assert memory.last("g", MatchReady).config.human_agents == ("a1",)
    assert routes(memory).routes["a1"] == "g"
    later(memory, TIMEOUT_MS - 500)
    ready(memory, "g")
    assert memory.told("away", "back")[-2:] == [("away", "a1"), ("back", "a1")]
    assert (status(memory, "g").stage, status(memory, "c").message) == ("playing", "")
    later(memory, 60_000)
    assert drops(memory) == []


def test_that_a_page_that_was_loaded_again_has_the_time_to_show_the_game() -> None:
    memory = playing(2)
    memory.drop("d")
    later(memory, 2_000)
    back(memory, "d", "g", reloaded=True)
    content = memory.scene("g").content
    assert isinstance(content, GameContent)
    assert content.resume_match
    assert content.config.match_id == the_match(memory)
    later(memory, 15_000)
    assert drops(memory) == []
    ready(memory, "g")
    assert memory.told("back")[-1] == ("back", "a1")
    later(memory, 60_000)
    assert drops(memory) == []
    assert not [fact for fact in memory.recorded if isinstance(fact, f.PlayerReturning)]


def test_that_another_page_takes_the_place_of_one_that_is_still_connected() -> None:
    memory = playing(2)
    back(memory, "d", "g", reloaded=True)
    memory.drop("d")
    assert memory.told("away") == [("away", "a1")]
    assert routes(memory).routes["a1"] == "g"
    ready(memory, "g")
    assert memory.told("away", "back")[-1] == ("back", "a1")
    later(memory, 30_000)
    assert drops(memory) == []


def test_that_a_page_that_falls_silent_is_away_until_it_says_something() -> None:
    memory = playing(2, reconnection_timeout_ms=20_000)
    pulse(memory, "d")
    later(memory, 6_500)
    assert memory.told("away") == [("away", "a1")]
    pulse(memory, "d", n=1)
    memory.tick()
    assert memory.told("away", "back")[-1] == ("back", "a1")
    later(memory, 26_500)
    assert drops(memory) == [("a1", "end")]


def test_that_nobody_is_on_their_way_back_without_an_end() -> None:
    memory = playing(2)
    memory.drop("d")
    for attempt in range(8):
        page = f"d{attempt}"
        back(memory, "d", page, reloaded=True)
        later(memory, 15_000)
        memory.drop(page)
    assert drops(memory) == [("a1", "end")]


def test_that_who_is_away_is_out_though_another_one_looks_elsewhere() -> None:
    memory = playing(3, pause_on_partner_background=True, dropout_policy="default_action")
    pulse(memory, "c", visible=False)
    memory.drop("e")
    memory.tick()
    assert memory.told("pause") == [("pause", "")]
    memory.clock.ms += TIMEOUT_MS
    pulse(memory, "c", visible=False, n=1)
    memory.tick(500.0)
    assert drops(memory) == [("a2", "default_action")]


# ---------------------------------------------------------------- out of the match


@pytest.mark.parametrize("policy", ["default_action", "policy"])
def test_that_the_game_goes_on_without_who_does_not_come_back(policy: str) -> None:
    memory = playing(2, dropout_policy=policy, dropout_agent_policy="random" if policy == "policy" else None)
    memory.drop("d")
    later(memory, TIMEOUT_MS + 500)
    assert drops(memory) == [("a1", policy)]
    assert memory.told("drop") == [("drop", "a1")]
    assert outcomes(memory) == []
    assert "goes on without them" in status(memory, "c").message
    rows(memory, 0, 29)
    ends(memory)
    leave(memory, "c")
    assert memory.scene("c").scene_id == "end"
    assert fold(memory.written) == memory.run.state


def test_that_who_comes_back_too_late_goes_on_with_the_next_scene() -> None:
    memory = playing(2, dropout_policy="default_action")
    memory.drop("d")
    later(memory, TIMEOUT_MS + 500)
    back(memory, "d", "g")
    assert (status(memory, "g").stage, status(memory, "g").outcome) == ("over", "partner_left")
    assert "too long" in status(memory, "g").message
    assert memory.to("g", MatchReady) == []
    leave(memory, "g")
    assert memory.scene("g").scene_id == "end"
    assert [fact.outcome for fact in memory.recorded if isinstance(fact, f.VisitFinished)][-1] == "partner_left"
    assert outcomes(memory) == []


def test_that_the_game_ends_with_who_does_not_come_back_where_the_study_says_so() -> None:
    memory = playing(2, dropout_policy="end", partner_disconnect_message="Sorry!")
    memory.drop("d")
    later(memory, TIMEOUT_MS + 500)
    assert (drops(memory), outcomes(memory)) == ([("a1", "end")], ["partner_left"])
    assert len(stops(memory)) == 1
    assert (status(memory, "c").stage, status(memory, "c").message) == ("over", "Sorry!")
    leave(memory, "c", "partner_left")
    assert memory.last("c", Closed).reason == "partner_left"


def test_that_the_others_go_on_where_the_study_does_not_end_with_the_game() -> None:
    memory = playing(2, dropout_policy="end", partner_disconnect_show_completion_code=False)
    memory.drop("d")
    later(memory, TIMEOUT_MS + 500)
    leave(memory, "c", "partner_left")
    assert memory.scene("c").scene_id == "end"


def test_that_a_void_match_says_so() -> None:
    memory = playing(2, dropout_policy="void")
    memory.drop("d")
    later(memory, TIMEOUT_MS + 500)
    assert outcomes(memory) == ["void"]
    assert status(memory, "c").outcome == "void"


def test_that_rows_which_the_process_had_left_are_stored_after_the_end() -> None:
    memory = playing(2, dropout_policy="end")
    rows(memory, 0, 29)
    memory.drop("d")
    later(memory, TIMEOUT_MS + 500)
    rows(memory, 30, 41)
    assert memory.run.state.matches[the_match(memory)].frames == 42


def test_that_nobody_is_out_while_nobody_is_there_to_wait() -> None:
    memory = playing(2)
    memory.drop("c")
    memory.drop("d")
    memory.tick()
    assert memory.told("pause") == [("pause", "")]
    later(memory, 60_000)
    assert drops(memory) == []
    back(memory, "c", "g")
    ready(memory, "g")
    assert memory.told("go_on") == [("go_on", "")]
    later(memory, TIMEOUT_MS - 500)
    assert drops(memory) == []
    back(memory, "d", "h")
    ready(memory, "h")
    later(memory, 60_000)
    assert drops(memory) == []


def test_that_a_game_of_one_person_stands_still_while_they_are_away() -> None:
    memory = playing(1)
    memory.drop("c")
    memory.tick()
    assert memory.told("pause") == [("pause", "")]
    assert view(memory).state == "paused"
    later(memory, 120_000)
    back(memory, "c", "g", reloaded=True)
    ready(memory, "g")
    assert memory.told("go_on") == [("go_on", "")]
    assert (drops(memory), outcomes(memory), flags(memory)) == ([], [], [])


# ---------------------------------------------------------------- without a process


def test_that_a_game_in_which_nobody_is_there_for_long_needs_no_process() -> None:
    memory = playing(1)
    rows(memory, 0, 29)
    memory.drop("c")
    later(memory, 301_000)
    assert len(stops(memory)) == 1
    rows(memory, 30, 39)
    later(memory, 301_000)
    assert len(stops(memory)) == 1
    back(memory, "c", "g")
    assert status(memory, "g").stage == "restoring"
    assert len(starts(memory)) == 2
    assert [memory.bodies[sha256] for sha256 in starts(memory)[1].stored] == [b"0-0-29-x", b"0-30-39-x"]
    ready(memory, "g")
    loaded(memory, frame=40)
    assert memory.told("begin")[-1] == ("begin", "")
    assert flags(memory) == ["server_resumed"]
    assert outcomes(memory) == []


def test_that_a_match_goes_on_from_its_rows_after_a_restart_of_the_server() -> None:
    memory = playing(2)
    rows(memory, 0, 29)
    memory.crash_and_restart()
    memory.tick()
    assert len(starts(memory)) == 1
    assert view(memory).state == "paused"
    back(memory, "c", "g")
    assert len(starts(memory)) == 2
    assert len(starts(memory)[1].stored) == 1
    ready(memory, "g")
    loaded(memory, frame=30)
    assert status(memory, "g").stage == "waiting"
    later(memory, 25_000)
    assert drops(memory) == []
    back(memory, "d", "h")
    assert len(starts(memory)) == 2
    ready(memory, "h")
    assert memory.told("begin")[-1] == ("begin", "")
    process(memory, "playing", frame=31)
    assert [stages(memory, connection)[-1] for connection in "gh"] == ["playing", "playing"]
    assert flags(memory) == ["server_resumed"]
    ends(memory)
    for connection in "gh":
        leave(memory, connection)
        assert memory.scene(connection).scene_id == "end"
    assert fold(memory.written) == memory.run.state


def test_that_who_is_out_stays_out_after_a_restart_of_the_server() -> None:
    memory = playing(2, dropout_policy="default_action")
    memory.drop("d")
    later(memory, TIMEOUT_MS + 500)
    memory.crash_and_restart()
    back(memory, "c", "g")
    assert starts(memory)[-1].dropped == ("a1",)
    loaded(memory)
    ready(memory, "g")
    assert memory.told("begin")[-1] == ("begin", "")


def test_that_a_match_that_was_over_is_not_started_after_a_restart_of_the_server() -> None:
    memory = playing(1)
    ends(memory)
    memory.crash_and_restart()
    back(memory, "c", "g")
    assert len(starts(memory)) == 1
    assert status(memory, "g").stage == "over"


def test_that_who_does_not_come_back_after_a_restart_is_out() -> None:
    memory = playing(2, dropout_policy="default_action")
    memory.crash_and_restart()
    back(memory, "c", "g")
    loaded(memory)
    ready(memory, "g")
    later(memory, 31_000)
    assert drops(memory) == [("a1", "default_action")]
    assert memory.told("begin")[-1] == ("begin", "")


# ---------------------------------------------------------------- pauses


def test_that_the_experimenters_pause_stands_over_everything() -> None:
    memory = playing(2)
    assert memory.act("pause", "p-c").error == ""
    memory.tick()
    assert memory.told("pause") == [("pause", "")]
    assert [status(memory, c).stage for c in "cd"] == ["paused", "paused"]
    assert view(memory).state == "paused"
    memory.drop("d")
    later(memory, 60_000)
    assert drops(memory) == []
    assert memory.act("resume", "p-c", "p-d").error == ""
    memory.tick()
    assert memory.told("go_on") == [("go_on", "")]
    later(memory, TIMEOUT_MS - 1_000)
    assert drops(memory) == []
    later(memory, 2_000)
    assert drops(memory) == [("a1", "end")]


def test_that_a_paused_game_begins_when_it_is_let_go_on() -> None:
    memory = formed(2)
    assert memory.act("pause", "p-c").error == ""
    loaded(memory)
    ready(memory, "c", "d")
    memory.tick()
    assert memory.told("begin") == []
    assert status(memory, "c").stage == "paused"
    assert memory.act("resume", "p-c").error == ""
    memory.tick()
    assert memory.told("begin", "pause", "go_on") == [("begin", "")]


def test_that_a_hidden_page_stops_the_game_where_the_study_says_so() -> None:
    memory = playing(2, pause_on_partner_background=True)
    pulse(memory, "c")
    pulse(memory, "d", visible=False)
    memory.tick()
    assert memory.told("pause") == [("pause", "")]
    assert "not at the game" in status(memory, "c").message
    assert "this page" in status(memory, "d").message
    assert memory.to("c", PartnerAway) == []
    pulse(memory, "d", n=1)
    memory.tick()
    assert memory.told("go_on") == [("go_on", "")]
    assert status(memory, "c").stage == "playing"


def test_that_a_hidden_page_does_not_stop_the_game_else() -> None:
    memory = playing(2)
    pulse(memory, "d", visible=False)
    memory.tick()
    assert memory.told("pause") == []


# ---------------------------------------------------------------- what else takes people out of games


def test_that_who_looks_elsewhere_for_too_long_is_out_by_the_studys_policy() -> None:
    memory = playing(2, focus_loss_timeout_ms=3_000, dropout_policy="default_action")
    for n in range(6):
        pulse(memory, "c", n=n)
        pulse(memory, "d", n=n, visible=False)
        memory.tick(1_000)
    assert memory.last("d", Closed).reason == "excluded"
    assert drops(memory) == [("a1", "default_action")]
    assert memory.told("drop") == [("drop", "a1")]
    assert outcomes(memory) == []


def test_that_a_slow_connection_excludes_as_in_other_games() -> None:
    memory = playing(1, continuous_max_ping=100, continuous_ping_violation_window=3)
    for n in range(5):
        memory.say("c", Pulse(n=n, client_ms=0.0, rtt_ms=400.0, rtt_n=n - 1, phase="playing"))
        memory.tick(1_000)
    assert memory.last("c", Closed).reason == "excluded"
    assert len(stops(memory)) == 1
    assert len(outcomes(memory)) == 1


def test_that_the_experimenter_moves_a_player_on() -> None:
    memory = playing(2, dropout_policy="end")
    assert memory.act("advance", "p-d").error == ""
    assert memory.scene("d").scene_id == "end"
    assert outcomes(memory) == ["partner_left"]
    assert status(memory, "c").stage == "over"
    assert "over" not in stages(memory, "d")
    assert len(stops(memory)) == 1


def test_that_the_experimenter_sends_players_back_to_the_waitroom() -> None:
    memory = playing(2)
    first = the_match(memory)
    assert memory.act("to_waitroom", "p-c", "p-d").error == ""
    assert outcomes(memory) == ["sent_back"]
    assert len(stops(memory)) == 1
    for connection in "cd":
        memory.say(connection, JoinMatch(visit_id=memory.scene(connection).visit_id))
    assert the_match(memory) != first
    assert len(starts(memory)) == 2
    assert fold(memory.written) == memory.run.state


def test_that_a_game_of_one_person_has_no_waitroom_to_go_back_to() -> None:
    memory = playing(1)
    reply = memory.reply_to(Act(request_id="a", action="to_waitroom", participants=("p-c",)))
    assert "not for several people" in reply.error


def test_that_the_experimenter_ends_a_participation() -> None:
    memory = playing(1)
    assert memory.act("end", "p-c").error == ""
    assert memory.last("c", Closed).reason == "complete"
    assert len(stops(memory)) == 1
    assert outcomes(memory) == ["abandoned"]
