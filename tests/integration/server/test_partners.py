"""Partners at a real server: how they are joined, what passes between them, who drops out, what survives a crash."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mug.protocol.lab import LabBatch, LabSnapshot
from mug.protocol.messages import (
    ErrorReply,
    MatchReady,
    MatchVerdict,
    MatchWaiting,
    PartnerReturning,
    RelayedPacket,
    RelayPacket,
    ReportPeer,
    SendSignal,
    SignalFrom,
)
from mug.protocol.parts import MatchStatus, PeerStatus, ResumeCandidate
from mug.records import RecordReader, records_path
from tests.drivers.pair_study import write_pair_study
from tests.drivers.server_driver import LabDriver, ParticipantClient, ServerDriver
from tests.drivers.waiting import until

pytestmark = pytest.mark.pyodide

TIMEOUT_MS = 1_500
GONE = "Your partner is gone."
PAIR = ("north", "east")


class Room:
    """A server and the people in it."""

    def __init__(self, server: ServerDriver, stack: ExitStack) -> None:
        self.server = server
        self._stack = stack
        self._people: list[str] = []

    def person(self, name: str = "") -> ParticipantClient:
        """Somebody whose page shows the game."""
        person = self._stack.enter_context(ParticipantClient(self.server, name))
        person.enter()
        self._people.append(person.subject_id)
        person.finish()
        assert person.game.config.players
        return person

    def pair(self) -> tuple[ParticipantClient, ParticipantClient]:
        """Two who play together, in this order."""
        people = self.person(), self.person()
        people[0].join()
        people[0].wait_for(MatchWaiting)
        people[1].join()
        for person in people:
            person.matched()
        return people

    def facts(self, *kinds: str) -> list[Any]:
        """The journal's facts of some kinds that are about this room's people or their matches."""
        with RecordReader(records_path(self.server.data_dir, "points")) as reader:
            (head,) = reader.sessions()
            formed = reader.facts(head.session_id, ("match_formed",))
            own = {fact.match_id for fact in formed if set(fact.visits) & set(self._people)}
            return [
                fact
                for fact in reader.facts(head.session_id, kinds)
                if getattr(fact, "match_id", "") in own or getattr(fact, "participant_id", "") in self._people
            ]


def opened(folder: Path, stack: ExitStack, **study: Any) -> Room:
    study = {"reconnection_timeout_ms": TIMEOUT_MS, "partner_disconnect_message": GONE, **study}
    written = write_pair_study(folder / "study", fps=10, **study)
    return Room(stack.enter_context(ServerDriver(written, folder / "data")), stack)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerDriver]:
    """A running server, for tests with participants of their own who leave nobody in the queue."""
    with ExitStack() as stack:
        yield opened(tmp_path_factory.mktemp("shared"), stack).server


@pytest.fixture
def room(server: ServerDriver) -> Iterator[Room]:
    with ExitStack() as stack:
        yield Room(server, stack)


@pytest.fixture
def own_room(tmp_path: Path) -> Iterator[Room]:
    """A server that may be killed."""
    with ExitStack() as stack:
        yield opened(tmp_path, stack)


def relay(sender: ParticipantClient, to: str, body: bytes, channel: str = "game") -> None:
    sender.send(RelayPacket(match_id=sender.config.match_id, to=to, channel=channel, body=body))


@pytest.mark.long
def test_that_a_burst_of_joins_pairs_everybody_once(room: Room) -> None:
    people = [room.person() for _ in range(7)]
    together = threading.Barrier(len(people))

    def press(person: ParticipantClient) -> None:
        together.wait(20)
        for _ in range(3):
            person.join()

    threads = [threading.Thread(target=press, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    def matches() -> set[str]:
        return {m.config.match_id for person in people for m in person.received if isinstance(m, MatchReady)}

    def told() -> list[ParticipantClient]:
        return [p for p in people if any(isinstance(m, MatchReady) for m in p.received)]

    until(lambda: len(told()) == 6, "six of seven have a partner")
    (alone,) = [person for person in people if person not in told()]
    alone.wait_for(MatchWaiting, lambda message: (message.waiting, message.needed) == (1, 2))
    alone.drop()
    assert len(matches()) == 3
    formed = room.facts("match_formed")
    players = [who for fact in formed for who in fact.visits]
    assert len(players) == len(set(players)) == 6
    agents: dict[str, list[tuple[str, ...]]] = {person.config.match_id: [] for person in told()}
    for person in told():
        agents[person.config.match_id].append(person.config.human_agents)
    assert all(sorted(own) == [("east",), ("north",)] for own in agents.values())


def test_that_partners_signals_and_packets_arrive_as_they_were_sent(room: Room) -> None:
    ann, bob = room.pair()
    assert (ann.config.human_agents, bob.config.human_agents) == (("north",), ("east",))
    offer = {"description": {"type": "offer", "sdp": "v=0\r\n" * 400}}
    ann.send(SendSignal(match_id=ann.config.match_id, to="east", data=offer))
    assert bob.wait_for(SignalFrom).data == offer
    bodies = [bytes([number]) * (1 + 40 * number) for number in range(100)]
    for number, body in enumerate(bodies):
        relay(ann, "east", body, "ctrl" if number % 5 == 0 else "game")
        # What the server itself says in between must not mix with the packets' attachments.
        bob.put_rows("event", {"name": "key", "number": number})
        relay(bob, "north", body[::-1])
    bob.settle()
    bob.wait_for(RelayedPacket, lambda packet: packet.body == bodies[-1])
    ann.wait_for(RelayedPacket, lambda packet: packet.body == bodies[-1])
    to_bob = [message for message in bob.received if isinstance(message, RelayedPacket)]
    assert [packet.body for packet in to_bob] == bodies
    assert {(packet.agent, packet.match_id) for packet in to_bob} == {("north", bob.config.match_id)}
    assert [packet.channel for packet in to_bob][:6] == ["ctrl", "game", "game", "game", "game", "ctrl"]
    assert [packet.body for packet in ann.received if isinstance(packet, RelayedPacket)] == bodies
    assert not [message for message in (*ann.received, *bob.received) if isinstance(message, ErrorReply)]


def test_that_what_is_not_for_a_partner_is_refused_in_words(room: Room) -> None:
    ann, bob = room.pair()
    eve = room.person()
    match = ann.config.match_id
    restart = {"restart": True}
    refused = [
        eve.error(SendSignal(match_id=match, to="north", data=restart)),
        eve.error(RelayPacket(match_id=match, to="north", channel="game", body=b"x")),
        ann.error(SendSignal(match_id="m-none", to="east", data=restart)),
        ann.error(RelayPacket(match_id=match, to="north", channel="game", body=b"x")),
        ann.error(RelayPacket(match_id=match, to="west", channel="game", body=b"x")),
        ann.error(RelayPacket(match_id=match, to="east", channel="other", body=b"x")),
        ann.error(SendSignal(match_id=match, to="east", data={"eval": "x"})),
        ann.error(RelayPacket(match_id=match, to="east", channel="game", body=bytes(65_537))),
        ann.error(SendSignal(match_id=match, to="east", data={"description": {"sdp": "v" * 66_000}})),
        ann.error({"op": "peer.relay", "match_id": match, "to": "east", "channel": "game", "body": "text"}),
        ann.error(ReportPeer(match_id=match, agent="north", state="lost")),
        eve.error(ReportPeer(match_id=match, agent="north", state="lost")),
    ]
    assert [(reply.code, reply.about) for reply in refused] == [
        ("foreign_match", "peer.signal"),
        ("foreign_match", "peer.relay"),
        ("foreign_match", "peer.signal"),
        ("foreign_agent", "peer.relay"),
        ("foreign_agent", "peer.relay"),
        ("invalid", "peer.relay"),
        ("invalid", "peer.signal"),
        ("too_large", "peer.relay"),
        ("too_large", "peer.signal"),
        ("invalid", "peer.relay"),
        ("foreign_agent", "match.peer"),
        ("foreign_match", "match.peer"),
    ]
    relay(ann, "east", b"still here")
    assert bob.wait_for(RelayedPacket).body == b"still here"
    assert not [m for m in bob.received if isinstance(m, SignalFrom)]


@pytest.mark.parametrize("kind", ["signal", "relay"])
def test_that_a_flood_is_cut_and_harms_nobody_else(room: Room, kind: str) -> None:
    ann, bob = room.pair()
    cat, dan = room.pair()
    match = ann.config.match_id
    sent = 600 if kind == "signal" else 150
    for _ in range(sent):
        if kind == "signal":
            ann.send(SendSignal(match_id=match, to="east", data={"candidate": None}))
        else:
            relay(ann, "east", bytes(65_000))
    assert ann.wait_for(ErrorReply).code == "rate"
    relay(cat, "east", b"from another match")
    assert dan.wait_for(RelayedPacket).body == b"from another match"
    relay(bob, "north", b"to the flooder")
    assert ann.wait_for(RelayedPacket).body == b"to the flooder"
    arrived = [m for m in bob.received if isinstance(m, SignalFrom | RelayedPacket)]
    assert 0 < len(arrived) < sent


def test_that_the_verdict_comes_after_the_studys_time(room: Room) -> None:
    ann, bob = room.pair()
    match = ann.config.match_id
    with LabDriver(room.server) as lab:
        bob.drop()
        ann.send(ReportPeer(match_id=match, agent="east", state="lost", silent_ms=200.0))
        ann.send(ReportPeer(match_id=match, agent="east", state="back", silent_ms=400.0))
        ann.send(ReportPeer(match_id=match, agent="east", state="lost", silent_ms=0.0))
        verdict = ann.wait_for(MatchVerdict)
        assert (verdict.dropped, verdict.policy, verdict.message) == (("east",), "end", GONE)
        lab.wait_for(
            LabBatch, lambda batch: any((v.match_id, v.state) == (match, "partner_left") for v in batch.matches)
        )
    (dropped,) = room.facts("player_dropped")
    reported = [fact for fact in room.facts("disconnected") if fact.participant_id == bob.subject_id]
    assert dropped.participant_id == bob.subject_id
    assert _ms(dropped.at) - _ms(reported[0].at) >= TIMEOUT_MS - 50
    closed = ann.end("partner_left")
    assert (closed.reason, closed.message, bool(closed.completion_code)) == ("partner_left", GONE, True)
    assert [fact.outcome for fact in room.facts("match_ended")] == ["partner_left"]
    # The page that was away comes back, and hears why its game is over.
    bob.come_back()
    assert bob.wait_for(MatchVerdict).dropped == ("east",)
    bob.finish("partner_left")
    assert [fact.outcome for fact in room.facts("match_ended")] == ["partner_left"]


def test_that_players_who_do_not_hear_each_other_end_void(room: Room) -> None:
    ann, bob = room.pair()
    for person, partner in ((ann, "east"), (bob, "north")):
        person.send(ReportPeer(match_id=person.config.match_id, agent=partner, state="lost", silent_ms=1_000.0))
    verdicts = [person.wait_for(MatchVerdict) for person in (ann, bob)]
    assert [(set(verdict.dropped), verdict.policy) for verdict in verdicts] == [(set(PAIR), "void")] * 2
    for person in (ann, bob):
        person.finish("void")
    assert [fact.outcome for fact in room.facts("match_ended")] == ["void"]


def test_that_a_reloaded_page_is_waited_for_and_its_rows_still_come(room: Room) -> None:
    ann, bob = room.pair()
    bob.play_episode(25, send=False)
    bob.drop()
    assert bob.welcome is not None
    assert bob.token is not None
    who = bob.subject_id
    with ParticipantClient(room.server, who, tab_id=bob.tab_id) as page:
        page.candidates = (ResumeCandidate(session_id=bob.welcome.session_id, participant_id=who, token=bob.token),)
        page.adopt(bob)
        shown = page.enter()
        assert page.game.resume_match
        assert page.game.config.match_id == ann.config.match_id
        assert ann.wait_for(PartnerReturning).agent == "east"
        page.resend(shown)
        page.settle()
        page.finish("partner_left")
        assert ann.wait_for(MatchVerdict).dropped == ("east",)
        ann.play_episode(20)
        assert ann.end("partner_left").reason == "partner_left"
    names = {who: "bob", ann.subject_id: "ann"}
    stored = [
        (names[fact.participant_id], fact.meta["first"], fact.meta["last"], bool(fact.meta.get("repeated")))
        for fact in room.facts("chunk_stored")
        if fact.stream == "frames"
    ]
    assert stored == [
        ("bob", 0, 9, False),
        ("bob", 10, 19, False),
        ("bob", 20, 24, False),
        ("ann", 0, 9, True),
        ("ann", 10, 19, True),
    ]
    assert room.facts("match_flagged") == []


def test_that_a_match_survives_the_death_of_its_server(own_room: Room) -> None:
    room = own_room
    ann, bob = room.pair()
    match = ann.config.match_id
    waiting = room.person()
    waiting.join()
    waiting.wait_for(MatchWaiting)
    ann.play_episode(20)
    ann.settle()
    room.server.kill()
    bob.play_episode(30, send=False)  # the game goes on without the server
    room.server.start()
    for person in (ann, bob, waiting):
        person.come_back()
    assert room.facts("player_dropped") == []
    relay(ann, "east", b"after the crash")
    assert bob.wait_for(RelayedPacket).body == b"after the crash"
    ann.play_episode(30, first=20)
    for person in (ann, bob):
        person.settle()
        person.finish()
    assert [fact.outcome for fact in room.facts("match_ended")] == ["completed"]
    assert room.facts("match_flagged") == []
    (formed,) = room.facts("match_formed")
    assert formed.match_id == match
    # The queue is empty after a restart; who waits joins again.
    dan = room.person()
    dan.join()
    dan.wait_for(MatchWaiting, lambda message: message.waiting == 1)
    waiting.join()
    assert dan.matched().match_id == waiting.matched().match_id != match


def test_that_a_silent_partner_is_judged_although_the_server_was_started_again(own_room: Room) -> None:
    room = own_room
    ann, bob = room.pair()
    ann.send(ReportPeer(match_id=ann.config.match_id, agent="east", state="lost", silent_ms=100.0))
    room.server.kill()
    room.server.start()
    ann.come_back()
    ann.send(ReportPeer(match_id=ann.config.match_id, agent="east", state="lost", silent_ms=60_000.0))
    assert ann.wait_for(MatchVerdict).dropped == ("east",)
    del bob


@pytest.mark.parametrize("alike", [True, False])
def test_that_two_recorders_are_compared(room: Room, alike: bool) -> None:
    ann, bob = room.pair()
    for person, rewards in ((ann, -1.0), (bob, -1.0 if alike else -2.0)):
        person.play_episode(30, rewards=rewards)
        person.settle()
    for person in (ann, bob):
        person.finish()
    flags = [(fact.flag, fact.detail.partition(",")[0]) for fact in room.facts("match_flagged")]
    assert flags == ([] if alike else [("frames_differ", "episode 0")] * 3)
    stored = [fact for fact in room.facts("chunk_stored") if fact.stream == "frames"]
    assert len({fact.sha256 for fact in stored}) == (3 if alike else 6)
    with RecordReader(records_path(room.server.data_dir, "points")) as reader:
        assert all(reader.body(fact.sha256) for fact in stored)


def test_that_the_console_watches_a_match(room: Room) -> None:
    with LabDriver(room.server) as lab:
        ann, bob = room.pair()
        peer = PeerStatus(agent="east", path="relay", rtt_ms=12.0)
        status = MatchStatus(match_id=ann.config.match_id, stage="playing", frame=33, compared=1, peers=(peer,))
        ann.pulse(1, match=status)
        batch = lab.wait_for(LabBatch, lambda batch: any(view.frame == 33 for view in batch.matches))
        (view,) = [view for view in batch.matches if view.match_id == ann.config.match_id]
        assert (view.state, view.pairs[0].path, view.compared) == ("playing", "relay", 1)
    with LabDriver(room.server) as later:
        snapshot = later.wait_for(LabSnapshot)
        players = {view.match_id: [player.participant_id for player in view.players] for view in snapshot.matches}
        assert players[ann.config.match_id] == [ann.subject_id, bob.subject_id]


def test_that_the_studys_ways_between_partners_reach_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURN_USERNAME", "lab")
    monkeypatch.setenv("TURN_CREDENTIAL", "secret")
    turn = {"urls": ["turn:127.0.0.1:3478"]}
    with ExitStack() as stack:
        rules = {"input_delay": "auto", "conditions": {"delay_ms": 40}}
        room = opened(tmp_path, stack, webrtc={"force_relay": True, "ice_servers": [turn]}, **rules)
        ready = room.pair()[0].wait_for(MatchReady)
    assert ready.force_relay
    assert ready.ice_servers == ({**turn, "username": "lab", "credential": "secret"},)
    assert ready.config.input_delay == "auto"
    assert ready.config.network_conditions["east"]["delay_ms"] == 40


def _ms(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000
