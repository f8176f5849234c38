"""People who wait for each other in memory: how they come to a waitroom, and what is seen of it."""

from typing import Any

import msgspec
from engine_driver import Memory, study_for

from mug.ids import MatchId, ParticipantId, VisitId
from mug.protocol.lab import LabReply, LabSnapshot, WaitroomView
from mug.protocol.messages import GameContent, JoinMatch, MatchReady, MatchWaiting, ProbeDone, ProbePartners
from mug.records import facts as f
from mug.study.game import GameplaySection, KeyBinding, MatchmakingSection, PoliciesSection, WaitroomSection
from mug.study.model import EndPage, GymGame, Node, StartPage, StaticPage, Study
from mug.study.multiplayer_section import MultiplayerSection

TIMEOUT = 120_000
"""The default longest wait."""


def duel(scene_id: str, people: int = 2, **sections: Any) -> GymGame:
    return GymGame(
        scene_id=scene_id,
        gameplay=GameplaySection(action_mapping=(KeyBinding(keys=("a",), action=0),), default_action=1),
        policies=PoliciesSection(policy_mapping={f"a{number}": "human" for number in range(people)}),
        **sections,
    )


def chain_of(*nodes: Node) -> Study:
    return Study(id="memory", chain=(StartPage(scene_id="start"), *nodes, EndPage(scene_id="end")))


def session(people: int = 2, *, release: str = "automatic", matchmakers: Any = None, **sections: Any) -> Memory:
    return Memory(study=study_for(people, **sections), release=release, matchmakers=matchmakers or {})


def to_the_waitroom(memory: Memory, *connections: str) -> None:
    """New participants `p-<connection>` come to the first scene after the start page, and join where it waits."""
    for connection in connections:
        memory.hello(connection, f"p-{connection}")
        memory.finish(connection)
        join(memory, connection)


def join(memory: Memory, *connections: str) -> None:
    for connection in connections:
        memory.say(connection, JoinMatch(visit_id=memory.scene(connection).visit_id))


def back(memory: Memory, old: str, new: str, *, joins: bool = True) -> None:
    """The page of `old` is connected again, as `new`."""
    memory.hello(new, f"p-{old[0]}", tab=old[0], token=memory.token(old))
    if joins:
        join(memory, new)


def groups(memory: Memory) -> list[tuple[str, ...]]:
    """Who was matched so far, each group in the order of its agents."""
    return [
        tuple(who for who in fact.agents.values() if not who.startswith("policy:"))
        for fact in memory.recorded
        if isinstance(fact, f.MatchFormed) and fact.visits
    ]


def stage(memory: Memory, connection: str) -> str:
    return memory.last(connection, MatchWaiting).stage


def finish_match(memory: Memory, *connections: str) -> None:
    """Every player leaves the game that is over."""
    for connection in connections:
        memory.finish(connection)


def answer_probe(memory: Memory, *rtts: float | None, path: str = "p2p") -> None:
    """Every page in the last probe answers for every other; `rtts` are those of the pairs, in order of the slots."""
    started = [(where, sent) for where, sent in memory.sent if isinstance(sent, ProbePartners)]
    probe_id = started[-1][1].probe_id
    pages = {sent.own: where for where, sent in started if sent.probe_id == probe_id}
    slots = sorted(pages)
    pairs = [(one, other) for one in slots for other in slots if one < other]
    for (one, other), rtt_ms in zip(pairs, rtts, strict=True):
        way = path if rtt_ms is not None else ""
        memory.say(pages[one], ProbeDone(probe_id=probe_id, to=other, rtt_ms=rtt_ms, path=way, pings=5))
        memory.say(pages[other], ProbeDone(probe_id=probe_id, to=one, rtt_ms=rtt_ms, path=way, pings=5))


def visits_of(memory: Memory, who: str) -> list[tuple[str, str | None]]:
    state = memory.run.state
    plan = state.participants[ParticipantId(who)].plan
    return [(state.visits[VisitId(v)].planned.scene_id, state.visits[VisitId(v)].outcome) for v in plan]


def outcome(memory: Memory, who: str) -> str | None:
    return memory.run.state.participants[ParticipantId(who)].outcome


def waitrooms(memory: Memory) -> dict[str, WaitroomView]:
    """What a console that connects now is shown."""
    memory.lab_in("fresh")
    snapshot = next(message for message in reversed(memory.lab) if isinstance(message, LabSnapshot))
    msgspec.json.encode(snapshot)
    return {room.scene_id: room for room in snapshot.waitrooms}


def reply(memory: Memory) -> str:
    return next(message for message in reversed(memory.lab) if isinstance(message, LabReply)).error


def matchmaking(**fields: Any) -> MatchmakingSection:
    return MatchmakingSection(**fields)


def rules(**fields: Any) -> MultiplayerSection:
    return MultiplayerSection(**fields)


def waitroom(**fields: Any) -> WaitroomSection:
    return WaitroomSection(**fields)


def page(scene_id: str) -> StaticPage:
    return StaticPage(scene_id=scene_id, scene_body="x")


def is_matched(memory: Memory, connection: str) -> bool:
    visit = memory.scene(connection).visit_id
    return any(ready.visit_id == visit for ready in memory.to(connection, MatchReady))


def content(memory: Memory, connection: str) -> GameContent:
    shown = memory.scene(connection).content
    assert isinstance(shown, GameContent)
    return shown


def match_of(memory: Memory, who: str) -> Any:
    state = memory.run.state
    visit = state.current_visit(state.participants[ParticipantId(who)])
    assert visit is not None
    return state.matches[MatchId(visit.match_ids[-1])]
