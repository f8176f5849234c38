"""The experimenter's console at a real server: stages, actions, hands and notes, and what a kill leaves of them."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mug.host import launch
from mug.protocol.care import HandState, Held, Paused, Told
from mug.protocol.lab import LabBatch
from mug.protocol.lab_console import Act
from mug.protocol.messages import Closed, MatchVerdict, MatchWaiting, ReportPeer, ShowScene, Welcome
from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.pair_study import write_pair_study
from tests.drivers.server_driver import LabDriver, ParticipantClient, ServerDriver


def facts(data_dir: Path, study: str, *kinds: str) -> list[Any]:
    with RecordReader(records_path(data_dir, study)) as reader:
        (head,) = reader.sessions()
        return list(reader.facts(head.session_id, kinds))


def test_that_a_session_is_made_with_its_details_and_begins_in_stages(pages: Path, tmp_path: Path) -> None:
    options = ["--label", "Monday  morning", "--expected", "2", "--seats", "PC-1,PC-2", "--condition", "light=dim"]
    with ExitStack() as stack:
        server = stack.enter_context(
            ServerDriver(pages, tmp_path / "data", *options, "--stage", "prepared", "--help-button")
        )
        lab = stack.enter_context(LabDriver(server))
        shown = lab.snapshot.session
        assert (shown.stage, shown.label, shown.expected) == ("prepared", "Monday morning", 2)
        assert (shown.seats, shown.conditions, shown.help) == (("PC-1", "PC-2"), {"light": "dim"}, True)
        ann = stack.enter_context(ParticipantClient(server, "ann")).connect()
        assert ann.wait_for(Held).why == "doors"
        assert lab.snapshot.participants == ()
        lab.set_stage("doors_open")
        assert ann.wait_for(Welcome).help
        ann.wait_for(Held, lambda held: held.why == "start")
        server.kill()
        server.start()
        lab = stack.enter_context(LabDriver(server))
        assert lab.snapshot.session.stage == "doors_open"
        ann.drop()
        seen = len(ann.received)
        ann.connect()
        ann.wait_for(Held, lambda held: held.why == "start", after=seen)
        lab.set_stage("running", "all are here")
        assert ann.wait_for(ShowScene, after=seen).scene_id == "welcome"
        lab.set_stage("paused")
        ann.wait_for(Paused, lambda paused: paused.paused, after=seen)
        bob = stack.enter_context(ParticipantClient(server, "bob"))
        bob.enter()
        assert bob.paused
        lab.set_stage("running")
        for person in (ann, bob):
            person.wait_until(lambda person=person: not person.paused, "it goes on")  # type: ignore[misc]
        ann.finish()
        stages = [fact.stage for fact in facts(tmp_path / "data", "pages", "stage_set")]
        assert stages == ["doors_open", "running", "paused", "running"]


def test_that_details_that_cannot_hold_are_refused_before_anything_is_made(pages: Path, tmp_path: Path) -> None:
    said = ServerDriver(pages, tmp_path / "data").run_refused("--seats", "PC-1,PC 2", "--expected", "3")
    assert said.returncode == 2
    assert said.stderr.startswith("mug serve: --seats: 'PC 2' is no name of a desk")
    assert said.stdout == ""
    assert not (tmp_path / "data").exists()


def test_that_a_launched_server_gets_its_details(pages: Path, tmp_path: Path) -> None:
    server = launch(
        pages,
        data_dir=tmp_path / "data",
        port=0,
        label="--a label",
        expected=3,
        seats=("PC-1", "PC-2"),
        conditions={"light": "dim", "note": "a=b"},
        stage="doors_open",
        help=True,
    )
    try:
        server.wait_ready()
        (opened,) = facts(tmp_path / "data", "pages", "session_opened")
    finally:
        server.stop()
    assert (opened.label, opened.expected, opened.seats, opened.stage) == (
        "--a label",
        3,
        ("PC-1", "PC-2"),
        "doors_open",
    )
    assert (opened.conditions, opened.help) == ({"light": "dim", "note": "a=b"}, True)


def test_that_each_action_arrives_is_acknowledged_and_recorded(pages: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(ServerDriver(pages, tmp_path / "data"))
        lab = stack.enter_context(LabDriver(server))
        ann, bob, cat = (stack.enter_context(ParticipantClient(server, name)) for name in ("ann", "bob", "cat"))
        for person in (ann, bob, cat):
            person.enter()
        lab.act("message", "ann", text="Please speak up.", request_id="write", reason="quiet")
        assert ann.wait_for(Told).text == "Please speak up."
        lab.wait_for_action("write", "ann", "shown")
        ann.seen("write", "read")
        lab.wait_for_action("write", "ann", "read")
        lab.act("pause", everyone=True, request_id="stop", text="A moment, please.")
        for name in ("ann", "bob", "cat"):
            lab.wait_for_action("stop", name, "shown")
        assert ann.paused
        lab.act("resume", everyone=True, request_id="go")
        lab.wait_for_action("go", "cat", "shown")
        before = ann.scene
        lab.act("advance", "ann", request_id="next")
        lab.wait_for_action("next", "ann", "shown")
        assert ann.scene is not None
        assert before is not None
        assert ann.scene.index == before.index + 1
        lab.act("exclude", "bob", text="Thank you.", pay="partial", request_id="out")
        assert bob.wait_for(Closed).message == "Thank you."
        lab.wait_for_action("out", "bob", "shown")
        lab.act("end", "cat", request_id="end")
        closed = cat.wait_for(Closed)
        assert (closed.reason, closed.redirect_url) == ("complete", "https://example.org/done?study=1&subject_id=cat")
        assert closed.completion_code is not None
        lab.wait_for_action("end", "cat", "shown")
        lab.add_note("Noise outside.", "ann")
        lab.wait_for(LabBatch, lambda batch: any(note.text == "Noise outside." for note in batch.notes))
    taken = facts(tmp_path / "data", "pages", "action_taken")
    assert [fact.action_id for fact in taken] == ["write", "stop", "go", "next", "out", "end"]
    seen = [(fact.action_id, fact.state) for fact in facts(tmp_path / "data", "pages", "action_acknowledged")]
    assert len(seen) == len({(a, s) for a, s in seen if a in ("write", "next", "out", "end")}) + 6
    over = {fact.participant_id: fact for fact in facts(tmp_path / "data", "pages", "participant_finished")}
    assert {who: (fact.outcome, fact.pay) for who, fact in over.items()} == {
        "bob": ("excluded", "partial"),
        "cat": ("complete", ""),
    }


def test_that_a_raised_hand_is_answered(pages: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(ServerDriver(pages, tmp_path / "data", "--help-button"))
        lab = stack.enter_context(LabDriver(server))
        ann = stack.enter_context(ParticipantClient(server, "ann"))
        ann.enter()
        hand = ann.raise_hand("What now?")
        lab.wait_for(LabBatch, lambda batch: any(view.hand == "What now?" for view in batch.participants))
        request = lab.answer_hand("ann", "Press the button.")
        assert ann.wait_for(Told).hand_id == hand
        ann.wait_for(HandState, lambda state: state.state == "answered")
        lab.wait_for_action(request, "ann", "shown")


def test_that_a_kill_loses_no_pause_no_message_and_repeats_no_request(pages: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(ServerDriver(pages, tmp_path / "data"))
        ann, bob = (stack.enter_context(ParticipantClient(server, name)) for name in ("ann", "bob"))
        ann.acknowledges = False
        for person in (ann, bob):
            person.enter()
        bob.drop()
        with LabDriver(server) as lab:
            lab.act("message", "ann", "bob", text="Do not worry.", request_id="write")
            lab.act("pause", "ann", request_id="stop")
            lab.act("advance", "bob", request_id="next")
            server.kill()
        server.start()
        lab = stack.enter_context(LabDriver(server))
        states = {view.action_id: {t.participant_id: t.state for t in view.targets} for view in lab.snapshot.actions}
        assert states == {"write": {"ann": "sent", "bob": "sent"}, "stop": {"ann": "sent"}, "next": {"bob": "sent"}}
        seen = len(ann.received), len(bob.received)
        ann.come_back()
        bob.come_back()
        assert ann.wait_for(Paused, after=seen[0]).paused
        assert [p.wait_for(Told, after=n).text for p, n in zip((ann, bob), seen, strict=True)] == ["Do not worry."] * 2
        assert bob.scene is not None
        assert (bob.scene.index, bob.scene.action_id) == (1, "next")
        lab.wait_for_action("next", "bob", "shown")
        lab.wait_for_action("write", "bob", "shown")
        again = Act(request_id="next", action="advance", participants=("bob",))
        assert lab.ask(again).error == ""
        assert bob.pulse(7).n == 7
        assert bob.scene.index == 1
    taken = facts(tmp_path / "data", "pages", "action_taken")
    assert [fact.action_id for fact in taken] == ["write", "stop", "next"]


@pytest.mark.pyodide
def test_that_a_pause_holds_verdicts_and_players_are_put_into_other_groups(tmp_path: Path) -> None:
    study = write_pair_study(tmp_path / "study", fps=10)
    with ExitStack() as stack:
        server = stack.enter_context(ServerDriver(study, tmp_path / "data"))
        lab = stack.enter_context(LabDriver(server))
        people = {name: stack.enter_context(ParticipantClient(server, name)) for name in ("ann", "bob", "cat", "dan")}
        for person in people.values():
            person.enter()
            person.finish()
            person.join()
            person.wait_for(MatchWaiting) if person.subject_id in ("ann", "cat") else person.matched()
        ann, bob, _, dan = people.values()
        first = ann.matched()
        lab.act("pause", "ann", request_id="stop")
        lab.wait_for_action("stop", "ann", "shown")
        bob.wait_until(lambda: bob.paused, "the partner is paused")
        bob.drop()
        (agent,) = set(first.players) - set(first.human_agents)
        ann.send(ReportPeer(match_id=first.match_id, agent=agent, state="lost", silent_ms=60_000))
        assert ann.pulse(1).n == 1
        assert [m for m in ann.received if isinstance(m, MatchVerdict)] == []
        bob.come_back()
        lab.act("resume", "bob", request_id="go")
        ann.wait_until(lambda: not ann.paused, "it goes on")
        lab.act("repair", groups=(("dan", "ann"), ("bob", "cat")), request_id="mix", reason="friends")
        for person in people.values():
            person.wait_for(ShowScene, lambda shown: shown.action_id == "mix")
            person.join()
        configs = {person.subject_id: person.matched() for person in people.values()}
        assert configs["dan"].match_id == configs["ann"].match_id != configs["bob"].match_id
        assert configs["dan"].human_agents == (first.players[0],)
        for name in people:
            lab.wait_for_action("mix", name, "shown")
        lab.act("to_waitroom", "cat", request_id="back")
        lab.wait_for_action("back", "cat", "shown")
        assert bob.wait_for(MatchVerdict).policy
        assert dan.connected
    ended = [fact.outcome for fact in facts(tmp_path / "data", "points", "match_ended")]
    assert ended[:2] == ["repaired", "repaired"]
    formed = [fact for fact in facts(tmp_path / "data", "points", "match_formed") if isinstance(fact, f.MatchFormed)]
    assert [fact.released_by for fact in formed[2:]] == ["experimenter", "experimenter"]
