"""Signals and relayed packets between the pages of a match."""

from dataclasses import dataclass, field

import pytest

from mug.engine.effects import ConnectionId, DropRoutes, SetRoutes
from mug.ids import MatchId
from mug.protocol import Message
from mug.protocol.messages import RelayedPacket, RelayPacket, SendSignal, SignalFrom
from mug.protocol.partners import ServerKeys, ServerSeen
from mug.server.gate import Refusal
from mug.server.routing import (
    MAX_KEPT,
    MAX_KEY_CHARS,
    MAX_KEYS,
    MAX_RELAY_BYTES,
    MAX_SIGNAL_BYTES,
    RELAYED_BURST,
    Routes,
)

C, D, E = ConnectionId("c"), ConnectionId("d"), ConnectionId("e")
M = MatchId("m")


@dataclass
class Pages:
    sent: list[tuple[str, Message]] = field(default_factory=list)
    now_s: float = 0.0

    def __post_init__(self) -> None:
        self.routes = Routes(lambda connection, message: self.sent.append((connection, message)), lambda: self.now_s)
        for connection in (C, D, E):
            self.routes.connected(connection)

    def match(self, *ready: str, gone: str = "", match_id: MatchId = M, **routes: ConnectionId | None) -> None:
        self.routes.set(SetRoutes(match_id, routes, frozenset(ready), frozenset(gone.split())))

    def relay(self, sender: ConnectionId, to: str, body: bytes = b"x", match_id: str = M, channel: str = "game") -> str:
        refusal = self.routes.pass_on(sender, RelayPacket(match_id=match_id, to=to, channel=channel, body=body))
        return refusal.code if refusal is not None else ""

    def signal(self, sender: ConnectionId, to: str, **data: object) -> str:
        refusal = self.routes.pass_on(sender, SendSignal(match_id=M, to=to, data=data or {"restart": True}))
        return refusal.code if refusal is not None else ""


def test_that_partners_hear_each_other_under_their_agents_names() -> None:
    pages = Pages()
    pages.match("a", "b", a=C, b=D)
    assert pages.relay(C, "b", b"packet", channel="ctrl") == ""
    assert pages.signal(D, "a", candidate=None) == ""
    assert pages.sent == [
        (D, RelayedPacket(match_id=M, agent="a", channel="ctrl", body=b"packet")),
        (C, SignalFrom(match_id=M, agent="b", data={"candidate": None})),
    ]


def test_that_nobody_reaches_into_another_match() -> None:
    pages = Pages()
    pages.match("a", "b", a=C, b=D)
    pages.match("a", "b", match_id=MatchId("other"), a=E, b=None)
    assert pages.relay(E, "b") == "foreign_match"
    assert pages.relay(C, "b", match_id="other") == "foreign_match"
    assert pages.relay(C, "b", match_id="unknown") == "foreign_match"
    assert pages.relay(C, "a") == "foreign_agent"
    assert pages.signal(C, "stranger") == "foreign_agent"
    assert pages.sent == []


@pytest.mark.parametrize("data", [{}, {"offer": {}}, {"restart": True, "candidate": None}])
def test_that_only_signals_are_signals(data: dict[str, object]) -> None:
    pages = Pages()
    pages.match("a", "b", a=C, b=D)
    refusal = pages.routes.pass_on(C, SendSignal(match_id=M, to="b", data=data))
    assert refusal is not None
    assert refusal.code == "invalid"


def test_that_sizes_and_channels_are_bounded() -> None:
    pages = Pages()
    pages.match("a", "b", a=C, b=D)
    assert pages.relay(C, "b", bytes(MAX_RELAY_BYTES)) == ""
    assert pages.relay(C, "b", bytes(MAX_RELAY_BYTES + 1)) == "too_large"
    assert pages.relay(C, "b", channel="video") == "invalid"
    assert pages.signal(C, "b", description={"sdp": "v" * (MAX_SIGNAL_BYTES - 100)}) == ""
    assert pages.signal(C, "b", description={"sdp": "v" * MAX_SIGNAL_BYTES}) == "too_large"


def test_that_one_page_cannot_flood_its_partner() -> None:
    pages = Pages()
    pages.match("a", "b", a=C, b=D)
    answers = [pages.relay(C, "b", bytes(MAX_RELAY_BYTES)) for _ in range(100)]
    assert answers.count("") == RELAYED_BURST // MAX_RELAY_BYTES
    assert set(answers) == {"", "rate"}
    assert pages.relay(D, "a", bytes(MAX_RELAY_BYTES)) == ""
    pages.now_s += 1.0
    assert pages.relay(C, "b", bytes(MAX_RELAY_BYTES)) == ""


def test_that_signals_wait_for_a_page_that_does_not_know_of_its_match_yet() -> None:
    pages = Pages()
    pages.match("a", a=C, b=D)
    assert pages.signal(C, "b", description={"type": "offer"}) == ""
    assert pages.signal(C, "b", candidate={}) == ""
    assert pages.relay(C, "b") == ""
    assert pages.sent == []
    pages.match("a", "b", a=C, b=D)
    assert [message.data for _, message in pages.sent if isinstance(message, SignalFrom)] == [
        {"description": {"type": "offer"}},
        {"candidate": {}},
    ]
    assert {where for where, _ in pages.sent} == {D}
    assert pages.routes.dropped == 1


def test_that_signals_wait_for_a_page_that_is_away_and_not_without_end() -> None:
    pages = Pages()
    pages.match("a", "b", a=C, b=D)
    pages.routes.disconnected(D)
    for number in range(MAX_KEPT + 50):
        assert pages.signal(C, "b", candidate={"n": number}) == ""
    pages.match("a", "b", a=C, b=None)
    assert pages.sent == []
    pages.match("a", "b", a=C, b=E)
    numbers = [message.data["candidate"]["n"] for _, message in pages.sent if isinstance(message, SignalFrom)]
    assert numbers == list(range(50, MAX_KEPT + 50))


def test_that_kept_signals_are_bounded_in_bytes() -> None:
    pages = Pages()
    pages.match("a", a=C, b=D)
    for _ in range(20):
        pages.signal(C, "b", description={"sdp": "v" * 60_000})
    pages.match("a", "b", a=C, b=D)
    assert len(pages.sent) == 8


def test_that_what_comes_late_is_no_offence() -> None:
    pages = Pages()
    pages.match("a", "b", "x", a=C, b=D, x=E)
    pages.match("a", "b", "x", gone="b", a=C, b=None, x=E)
    assert pages.relay(C, "b") == ""
    assert pages.signal(C, "b") == ""
    assert pages.relay(D, "a") == ""
    pages.routes.drop(DropRoutes(M))
    assert pages.relay(C, "x") == ""
    assert pages.relay(D, "a") == ""
    assert pages.sent == []
    pages.routes.drop(DropRoutes(M))
    pages.match("a", "b", match_id=MatchId("next"), a=C, b=E)
    assert pages.relay(C, "b", match_id="next") == ""
    assert len(pages.sent) == 1


def test_that_a_page_may_be_in_one_match_while_another_ends() -> None:
    pages = Pages()
    pages.match("a", "b", a=C, b=D)
    pages.match("a", "b", match_id=MatchId("next"), a=E, b=C)
    assert pages.relay(C, "b") == ""
    assert pages.relay(C, "a", match_id="next") == ""
    assert [(where, message.agent) for where, message in pages.sent if isinstance(message, RelayedPacket)] == [
        (D, "a"),
        (E, "b"),
    ]


# ---------------------------------------------------------------- a page and the process of its match


def speaks_for(pages: Pages, connection: ConnectionId, message: ServerKeys | ServerSeen) -> str | None:
    """The agent; or why not."""
    answer = pages.routes.agent_of(connection, message)
    return answer.code if isinstance(answer, Refusal) else answer


def test_that_a_page_speaks_to_its_process_for_the_agent_that_it_plays() -> None:
    pages = Pages()
    pages.match("a", "b", a=C, b=D)
    pages.match("a", match_id=MatchId("other"), a=E)
    assert speaks_for(pages, C, ServerKeys(match_id=M, n=0, held=("x",))) == "a"
    assert speaks_for(pages, D, ServerSeen(match_id=M, n=3)) == "b"
    assert speaks_for(pages, E, ServerKeys(match_id=M, n=0)) == "foreign_match"
    assert speaks_for(pages, C, ServerKeys(match_id="other", n=0)) == "foreign_match"
    assert speaks_for(pages, ConnectionId("gone"), ServerKeys(match_id=M, n=0)) is None


def test_that_keys_for_a_match_that_is_over_are_dropped_in_silence() -> None:
    pages = Pages()
    pages.match("a", "b", a=C, b=D)
    pages.match("a", "b", gone="b", a=C, b=None)
    assert speaks_for(pages, D, ServerKeys(match_id=M, n=0)) is None
    pages.routes.drop(DropRoutes(M))
    assert speaks_for(pages, C, ServerKeys(match_id=M, n=0)) is None


@pytest.mark.parametrize(
    ("held", "pressed"),
    [
        (("k",) * (MAX_KEYS + 1), ()),
        (("k",) * MAX_KEYS, ("k",)),
        ((), ("k" * (MAX_KEY_CHARS + 1),)),
    ],
)
def test_that_no_page_holds_more_keys_than_there_are(held: tuple[str, ...], pressed: tuple[str, ...]) -> None:
    pages = Pages()
    pages.match("a", a=C)
    assert speaks_for(pages, C, ServerKeys(match_id=M, n=0, held=held, pressed=pressed)) == "too_large"


def test_that_a_view_goes_to_the_page_that_plays_the_agent_and_knows_of_the_match() -> None:
    pages = Pages()
    pages.match("a", a=C, b=D)
    assert pages.routes.page_of(M, "a") == C
    assert pages.routes.page_of(M, "b") is None
    pages.match("a", "b", gone="a", a=None, b=D)
    assert (pages.routes.page_of(M, "a"), pages.routes.page_of(M, "b")) == (None, D)
    pages.routes.disconnected(D)
    assert pages.routes.page_of(M, "b") is None
    assert pages.routes.page_of(MatchId("unknown"), "b") is None
