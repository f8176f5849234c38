"""Waitrooms at a real server: a study's own matchmaker, measured pairs, groups let go by hand, a time that is up."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from mug.protocol.lab import LabBatch, ReleaseGroups, SetRelease, WaitroomView
from mug.protocol.messages import (
    Closed,
    ErrorReply,
    MatchWaiting,
    ProbeDone,
    ProbeOver,
    ProbePartners,
    SendSignal,
    SignalFrom,
)
from mug.records import RecordReader, records_path
from tests.drivers.pair_study import LOCKS, write_pair_study
from tests.drivers.server_driver import LabDriver, ParticipantClient, ServerDriver

pytestmark = pytest.mark.pyodide

OWN = '''\
"""Who came last plays with who came before; the one called "broken" breaks it."""

from mug.server.matchmaker import Matchmaker


class LastFirst(Matchmaker):
    def __init__(self):
        super().__init__(max_p2p_rtt_ms=100)

    def find_match(self, arriving, waiting, group_size):
        if arriving.subject_id == "broken":
            raise RuntimeError("no match for the broken")
        if arriving.subject_id == "cheat":
            waiting.clear()
        near = list(waiting)[1 - group_size :]
        return [arriving, *near] if len(near) == group_size - 1 and len(waiting) >= 2 else None

    def should_reject_for_rtt(self, measured_rtt_ms):
        return measured_rtt_ms is None or measured_rtt_ms > 40
'''


class Place:
    """A server with one study of the small world, and the people in it."""

    def __init__(self, folder: Path, stack: ExitStack, *options: str, **sections: dict[str, Any]) -> None:
        study = write_pair_study(folder / "study", fps=10)
        if "matchmaker" in sections.get("matchmaking", {}):
            (study / "matchmakers.py").write_text(OWN, encoding="utf-8")
            shutil.copy(LOCKS / "points_with_matchmakers.json", study / "study.lock.json")
        document = tomlkit.parse((study / "study.toml").read_text(encoding="utf-8"))
        game = next(node for node in document["chain"] if node["kind"] == "gym_game")  # type: ignore[union-attr]
        game.update(sections)
        (study / "study.toml").write_text(tomlkit.dumps(document), encoding="utf-8")
        self.stack = stack
        self.server = stack.enter_context(ServerDriver(study, folder / "data", *options))

    def person(self, name: str) -> ParticipantClient:
        person = self.stack.enter_context(ParticipantClient(self.server, name))
        person.enter()
        person.finish()
        return person

    def waiting(self, name: str) -> ParticipantClient:
        person = self.person(name)
        person.join()
        person.wait_for(MatchWaiting)
        return person

    def facts(self, *kinds: str) -> list[Any]:
        with RecordReader(records_path(self.server.data_dir, "points")) as reader:
            (head,) = reader.sessions()
            return list(reader.facts(head.session_id, kinds))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def answer(person: ParticipantClient, rtt_ms: float | None) -> ProbePartners:
    probe = person.wait_for(ProbePartners, lambda asked: asked.probe_id not in _over(person))
    for slot in probe.slots:
        if slot != probe.own:
            path = "p2p" if rtt_ms is not None else ""
            person.send(ProbeDone(probe_id=probe.probe_id, to=slot, rtt_ms=rtt_ms, path=path, pings=5))
    return probe


def _over(person: ParticipantClient) -> set[str]:
    return {message.probe_id for message in person.received if isinstance(message, ProbeOver)}


def test_that_a_studys_own_matchmaker_decides_and_cannot_stop_the_session(tmp_path: Path, stack: ExitStack) -> None:
    place = Place(tmp_path, stack, matchmaking={"matchmaker": "matchmakers.py:LastFirst"})
    ann, bob = place.waiting("ann"), place.waiting("bob")
    cat = place.waiting("cat")
    answer(bob, 20.0)
    answer(cat, 30.0)
    assert cat.matched().human_agents == ("north",)
    assert bob.matched().human_agents == ("east",)
    dan, eve = place.waiting("dan"), place.waiting("eve")
    for person in (dan, eve):
        answer(person, 41.0)  # its own rule says no, though its limit says yes
    eve.wait_for(ProbeOver)
    broken = place.waiting("broken")
    answer(ann, 10.0)  # first come, first served for that turn
    answer(broken, 10.0)
    assert ann.matched().human_agents == ("north",)
    assert broken.matched().human_agents == ("east",)
    with LabDriver(place.server) as lab:
        assert any("no match for the broken" in line.text for line in lab.snapshot.log)
    probed = {tuple(fact.participants): (fact.rtt_ms, fact.accepted) for fact in place.facts("pair_probed")}
    assert probed[("cat", "bob")] == (30.0, True)
    assert probed[("eve", "dan")] == (41.0, False)


def test_that_signals_of_a_probe_pass_between_its_pages_and_end_with_it(tmp_path: Path, stack: ExitStack) -> None:
    place = Place(tmp_path, stack, matchmaking={"max_rtt": 50})
    ann, bob = place.waiting("ann"), place.person("bob")
    bob.join()
    probe = ann.wait_for(ProbePartners)
    assert bob.wait_for(ProbePartners).probe_id == probe.probe_id
    ann.send(SendSignal(match_id=probe.probe_id, to="1", data={"description": {"type": "offer", "sdp": "x"}}))
    told = bob.wait_for(SignalFrom)
    assert (told.match_id, told.agent, told.data["description"]["sdp"]) == (probe.probe_id, "0", "x")
    bob.send(SendSignal(match_id=probe.probe_id, to="0", data={"candidate": None}))
    ann.wait_for(SignalFrom)
    eve = place.waiting("eve")
    refused = eve.error(SendSignal(match_id=probe.probe_id, to="0", data={"candidate": None}))
    assert refused.code == "foreign_match"
    assert eve.error(ProbeDone(probe_id=probe.probe_id, to="0", rtt_ms=1.0)).code == "foreign_probe"
    answer(ann, 12.0)
    answer(bob, 14.0)
    assert ann.matched().match_id == bob.matched().match_id
    (fact,) = place.facts("pair_probed")
    assert (fact.rtt_ms, fact.path, fact.limit_ms, fact.accepted) == (14.0, "p2p", 50.0, True)
    ann.send(SendSignal(match_id=probe.probe_id, to="1", data={"candidate": None}))
    ann.pulse()
    assert [message for message in ann.received if isinstance(message, ErrorReply)] == []


def test_that_mug_lab_sees_who_waits_and_lets_groups_go(tmp_path: Path, stack: ExitStack) -> None:
    place = Place(tmp_path, stack, matchmaking={"roles": "arrival"})
    with LabDriver(place.server) as lab:
        assert lab.ask(SetRelease(request_id="1", mode="experimenter", reason="a lab session")).error == ""
        ann, bob, eve = place.waiting("ann"), place.waiting("bob"), place.waiting("eve")
        ann.wait_for(MatchWaiting, lambda told: told.stage == "held" and told.timeout_ms is None)

        def proposed(batch: LabBatch) -> bool:
            return any(room.proposals == (("ann", "bob"),) and len(room.waiting) == 3 for room in batch.waitrooms)

        room: WaitroomView = lab.wait_for(LabBatch, proposed).waitrooms[-1]
        assert (room.scene_id, room.needed) == ("points", 2)
        wrong = ReleaseGroups(request_id="2", node_path=room.node_path, groups=(("ann", "nobody"),))
        assert lab.ask(wrong).error == "nobody does not wait there"
        by_hand = ReleaseGroups(request_id="3", node_path=room.node_path, groups=(("eve", "ann"),))
        assert lab.ask(by_hand).error == ""
        assert eve.matched().human_agents == ("north",)
        assert ann.matched().human_agents == ("east",)
        fay = place.waiting("fay")
        fay.wait_for(MatchWaiting, lambda told: told.stage == "held")
        assert lab.ask(ReleaseGroups(request_id="4", node_path=room.node_path)).error == ""
        assert bob.matched().match_id == fay.matched().match_id
        lab.wait_for(LabBatch, lambda batch: any(room.waiting == () for room in batch.waitrooms))
    actions = [fact.action for fact in place.facts("console_action")]
    assert actions == ["set_release", "release_groups", "release_groups"]
    assert [fact.released_by for fact in place.facts("match_formed")] == ["experimenter", "experimenter"]


def test_that_a_time_that_is_up_outlives_the_server(tmp_path: Path, stack: ExitStack) -> None:
    waitroom = {"timeout": 2_000, "timeout_message": "Nobody came.", "timeout_redirect_url": "https://lab.example/no"}
    place = Place(tmp_path, stack, waitroom=waitroom)
    ann = place.waiting("ann")
    closed = ann.wait_for(Closed)
    assert (closed.reason, closed.message, closed.redirect_url) == (
        "no_partner",
        "Nobody came.",
        "https://lab.example/no",
    )
    place.server.kill()
    place.server.start()
    ann.drop()
    seen = len(ann.received)
    ann.connect()
    again = ann.wait_for(Closed, after=seen)
    assert closed.completion_code
    assert again == closed  # with the same code


def test_that_who_waits_goes_on_waiting_after_a_crash(tmp_path: Path, stack: ExitStack) -> None:
    place = Place(tmp_path, stack)
    ann = place.waiting("ann")
    place.server.kill()
    place.server.start()
    ann.drop()
    seen = len(ann.received)
    ann.come_back()
    ann.join()
    told = ann.wait_for(MatchWaiting, after=seen)
    assert told.waited_ms > 0
    bob = place.person("bob")
    bob.join()
    assert ann.matched().human_agents == ("north",)
    assert bob.matched().human_agents == ("east",)
    assert len(place.facts("wait_started")) == 2
