"""Games that the server steps, in memory: a process that says what the test wants, and pages that show them."""

from typing import Any

from engine_driver import TIMEOUT_MS, Memory, study_for

from mug.engine.effects import StartAuthority, StopAuthority
from mug.engine.inputs import AuthorityChanged, AuthorityChunk, AuthorityFailed, AuthorityFinished
from mug.ids import MatchId
from mug.protocol.lab import MatchView
from mug.protocol.messages import FinishVisit, JoinMatch, Pulse
from mug.protocol.partners import ServerReady, ServerStatus
from mug.protocol.parts import ResumeCandidate
from mug.records import facts as f
from mug.study.model import Study
from mug.study.multiplayer_section import MultiplayerSection

REJOIN_MS = 20_000
"""The default time of a page that was loaded again."""


def stepped_study(people: int = 2, *, callback: str | None = None, **rules: Any) -> Study:
    fields = {"reconnection_timeout_ms": TIMEOUT_MS, "mode": "server_authoritative"} | rules
    return study_for(people, callback=callback, multiplayer=MultiplayerSection(**fields))


def to_the_match(memory: Memory, *connections: str) -> None:
    for connection in connections:
        memory.hello(connection, f"p-{connection}")
        memory.finish(connection)
        memory.say(connection, JoinMatch(visit_id=memory.scene(connection).visit_id))


def formed(people: int = 2, **rules: Any) -> Memory:
    """A session in which the connections c, d, … are in one match, whose process was asked for."""
    memory = Memory(study=stepped_study(people, **rules))
    to_the_match(memory, *"cdef"[:people])
    return memory


def playing(people: int = 2, **rules: Any) -> Memory:
    """Likewise, with a process that plays, and pages that show it."""
    memory = formed(people, **rules)
    ready(memory, *"cdef"[:people])
    loaded(memory)
    process(memory, "playing", frame=0)
    return memory


def the_match(memory: Memory) -> MatchId:
    return list(memory.run.state.matches)[-1]


def ready(memory: Memory, *connections: str) -> None:
    for connection in connections:
        memory.say(connection, ServerReady(match_id=the_match(memory)))


def process(memory: Memory, stage: str, **fields: Any) -> None:
    memory.take(AuthorityChanged(the_match(memory), stage, **fields))


def loaded(memory: Memory, **fields: Any) -> None:
    process(memory, "ready", **fields)


def fails(memory: Memory, kind: str = "crashed", message: str = "it ended with -9", traceback: str = "") -> None:
    memory.take(AuthorityFailed(the_match(memory), kind, message, traceback))


def ends(memory: Memory, outcome: str = "completed") -> None:
    memory.take(AuthorityFinished(the_match(memory), outcome))


def rows(memory: Memory, first: int, last: int, *, episode: int = 0, chain: str = "x") -> None:
    meta = {"match_id": the_match(memory), "episode": episode, "first": first, "last": last, "chain_hash": chain}
    memory.take(AuthorityChunk(the_match(memory), "frames", meta, f"{episode}-{first}-{last}-{chain}".encode()))


def event(memory: Memory, body: bytes = b"{}\n") -> None:
    memory.take(AuthorityChunk(the_match(memory), "event", {}, body))


def leave(memory: Memory, connection: str, outcome: str = "completed", **counts: int) -> None:
    visit = memory.scene(connection).visit_id
    memory.say(connection, FinishVisit(visit_id=visit, outcome=outcome, counts=counts))


def back(memory: Memory, old: str, new: str, *, reloaded: bool = False) -> None:
    """The page of `old` is connected again as `new`, or another page of that browser is."""
    token = memory.token(old)
    who = f"p-{old[0]}"
    if reloaded:
        kept = (ResumeCandidate(session_id="s1", participant_id=who, token=token),)
        memory.hello(new, who, tab=old[0], candidates=kept)
    else:
        memory.hello(new, who, tab=old[0], token=token)


def pulse(memory: Memory, connection: str, *, visible: bool = True, n: int = 0) -> None:
    memory.say(connection, Pulse(n=n, client_ms=0.0, visible=visible, focused=visible, phase="playing"))


def status(memory: Memory, connection: str) -> ServerStatus:
    return memory.last(connection, ServerStatus)


def stages(memory: Memory, connection: str) -> list[str]:
    """The stages that a page was told, each once in a row."""
    told = [message.stage for message in memory.to(connection, ServerStatus)]
    return [stage for place, stage in enumerate(told) if place == 0 or told[place - 1] != stage]


def starts(memory: Memory) -> list[StartAuthority]:
    return [effect for effect in memory.others if isinstance(effect, StartAuthority)]


def stops(memory: Memory) -> list[StopAuthority]:
    return [effect for effect in memory.others if isinstance(effect, StopAuthority)]


def flags(memory: Memory) -> list[str]:
    return [fact.flag for fact in memory.recorded if isinstance(fact, f.MatchFlagged)]


def outcomes(memory: Memory) -> list[str]:
    return [fact.outcome for fact in memory.recorded if isinstance(fact, f.MatchEnded)]


def drops(memory: Memory) -> list[tuple[str, str]]:
    return [(fact.agent, fact.policy) for fact in memory.recorded if isinstance(fact, f.PlayerDropped)]


def view(memory: Memory) -> MatchView:
    """The match as a console that connects now sees it."""
    return memory.snapshot().matches[-1]
