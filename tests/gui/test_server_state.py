import pytest

from gui.runtime.server_state import TRANSITIONS, Outcome, ServerEvent, ServerState, after


def test_that_a_session_goes_from_stopped_to_ready_and_back() -> None:
    outcome = Outcome()
    seen = [outcome.word]
    for event in (ServerEvent.START_ASKED, ServerEvent.FOUND, ServerEvent.STOP_ASKED, ServerEvent.EXITED):
        outcome = after(outcome, event, study="Mountain Car")
        seen.append(outcome.word)
    assert seen == ["Stopped", "Starting", "Running", "Stopping", "Stopped"]


def test_that_what_the_table_does_not_have_changes_nothing() -> None:
    for state in ServerState:
        for event in ServerEvent:
            if (state, event) not in TRANSITIONS:
                outcome = Outcome(state, study="a", detail="b")
                assert after(outcome, event, detail="other") is outcome


def test_that_every_state_can_be_left_and_reached() -> None:
    assert {state for state, _event in TRANSITIONS} == set(ServerState)
    assert set(TRANSITIONS.values()) == set(ServerState)


@pytest.mark.parametrize("state", list(ServerState))
def test_that_every_state_renders_a_sentence(state: ServerState) -> None:
    sentence = Outcome(state, study="Mountain Car").sentence
    assert sentence.endswith((".", "…"))
    assert sentence[0].isupper() or sentence.startswith("“")


def test_that_the_servers_own_words_are_shown_when_it_does_not_start() -> None:
    starting = after(Outcome(), ServerEvent.START_ASKED, study="s")
    outcome = after(starting, ServerEvent.START_FAILED, detail="Port 8000 is in use.")
    assert (outcome.state, outcome.sentence) == (ServerState.CRASHED, "Port 8000 is in use.")


def test_that_details_do_not_outlive_their_state() -> None:
    crashed = after(Outcome(ServerState.STARTING), ServerEvent.START_FAILED, detail="Port 8000 is in use.")
    assert after(crashed, ServerEvent.START_ASKED).detail == ""


def test_that_a_lost_connection_is_said_without_alarm() -> None:
    outcome = Outcome(ServerState.READY, study="s", link="gone")
    assert outcome.word == "Reconnecting"
    assert "participants are not affected" in outcome.sentence
