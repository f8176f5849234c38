"""The read-only web view: who may look, and that nothing of anybody reaches it."""

import json
from typing import Any

import msgspec
from engine_driver import SHORT, Memory

from mug.protocol.care import RaiseHand
from mug.protocol.lab_console import MakeView
from mug.protocol.messages import PhaseChanged, Pulse

SECRETS = ("ann-secret", "bob-secret", "PROLIFIC-77", "secret parameter", "my secret question", "tab-secret")


def view(memory: Memory, **fields: Any) -> str:
    """Make a view; returns its token."""
    memory.acts += 1
    reply = memory.reply_to(MakeView(request_id=f"view-{memory.acts}", **fields))
    assert reply.error == ""
    path, _, token = reply.data["path"].partition("#")
    assert path == "/_mug/view"
    return token


def look(memory: Memory, token: str) -> dict[str, Any] | None:
    return memory.run.console.second_screen.look(token)


def session(**details: Any) -> Memory:
    memory = Memory(
        study=msgspec.structs.replace(SHORT, title="A study"),
        details={"help": True, "conditions": {"delay": "long-condition"}, **details},
    )
    memory.lab_in()
    return memory


def everybody(memory: Memory) -> None:
    params = {"PROLIFIC_PID": "PROLIFIC-77", "class": "secret parameter"}
    memory.hello("a", "ann-secret", tab="tab-secret", params=params)
    memory.hello("b", "bob-secret", seat="PC-07")
    memory.say("a", RaiseHand(hand_id="h1", text="my secret question"))
    memory.say("a", PhaseChanged(phase="my secret question", detail="my secret question"))
    memory.say("b", PhaseChanged(phase="playing"))
    memory.say("b", Pulse(n=1, client_ms=1.0, rtt_ms=23.4, rtt_n=1, phase="playing"))


def test_that_a_view_shows_people_by_number_and_nothing_of_themselves() -> None:
    memory = session()
    everybody(memory)
    token = view(memory)
    shown = look(memory, token)
    assert shown is not None
    assert [person["id"] for person in shown["participants"]] == ["P-01", "P-02"]
    ann, bob = shown["participants"]
    assert (ann["state"], ann["hand"], ann["scene"], ann["number"], ann["of"]) == ("here", True, "start", 1, 3)
    assert (bob["state"], bob["ping_ms"]) == ("playing", 23)
    assert shown["counts"] == {"present": 2, "waiting": 0, "playing": 1, "finished": 0, "excluded": 0, "away": 0}
    text = json.dumps(shown)
    opened = memory.run.state.opened
    assert opened is not None
    tokens = [person.token_sha256 for person in memory.run.state.participants.values()]
    codes = [person.completion_code for person in memory.run.state.participants.values()]
    for secret in (*SECRETS, *tokens, *filter(None, codes), opened.experiment_id):
        assert secret not in text
    assert shown["title"] == "A study"


def test_that_condition_labels_and_scene_names_are_hidden_on_request() -> None:
    memory = session()
    everybody(memory)
    open_view, hidden_view = look(memory, view(memory)), look(memory, view(memory, hide_conditions=True))
    assert open_view is not None
    assert hidden_view is not None
    assert open_view["conditions"] == {"delay": "long-condition"}
    assert "long-condition" not in json.dumps(hidden_view)
    assert [person["scene"] for person in hidden_view["participants"]] == ["", ""]
    assert hidden_view["participants"][0]["kind"] == "start page"


def test_that_a_view_follows_the_session_once_a_second() -> None:
    memory = session()
    token = view(memory)
    everybody(memory)
    assert look(memory, token) is not None
    assert look(memory, token)["participants"] == []  # type: ignore[index]
    memory.tick(1000.0)
    assert len(look(memory, token)["participants"]) == 2  # type: ignore[index]
    memory.say("a", Pulse(n=1, client_ms=1.0))
    memory.drop("b")
    memory.tick(1000.0)
    shown = look(memory, token)
    assert shown is not None
    assert (shown["participants"][1]["state"], shown["participants"][1]["ping_ms"]) == ("away", None)
    memory.say("a", Pulse(n=2, client_ms=2.0))
    memory.set_stage("paused")
    memory.tick(1000.0)
    shown = look(memory, token)
    assert shown is not None
    assert (shown["stage"], shown["participants"][0]["state"]) == ("paused", "paused")
    assert "" < shown["stage_since"] < shown["now"]


def test_that_who_waits_for_the_start_is_shown_as_waiting() -> None:
    memory = session(stage="doors_open")
    memory.hello("a", "ann-secret")
    shown = look(memory, view(memory))
    assert shown is not None
    assert (shown["stage"], shown["counts"]["waiting"]) == ("doors_open", 1)


def test_that_no_other_token_sees_anything_and_an_ended_view_shows_nothing_at_once() -> None:
    memory = session()
    first, second = view(memory), view(memory, hide_conditions=True)
    for token in ("", "x", first[:-1], first.upper() + "0", second + " "):
        assert look(memory, token) is None
    assert look(memory, first) is not None
    assert memory.reply_to(MakeView(request_id="end", revoke=True)).data == {}
    assert look(memory, first) is None
    assert look(memory, second) is None
    memory.tick(5000.0)
    assert look(memory, first) is None
    assert look(memory, view(memory)) is not None


def test_that_views_are_bounded_in_number_and_their_tokens_are_not_in_the_records() -> None:
    memory = session()
    tokens = [view(memory) for _ in range(20)]
    refused = memory.reply_to(MakeView(request_id="more"))
    assert "20 web views" in refused.error
    assert refused.data == {}
    written = repr(memory.recorded) + repr(memory.snapshot().log)
    assert not any(token in written for token in tokens)
