"""How many rows each fact adds to which table: counted as facts come, so that a list of sessions is quick."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from mug.records import facts as f
from mug.records.json_lines import table_of

__all__ = ["ADD", "COUNTED_TABLES", "Count", "counts_of"]

COUNTED_TABLES: Final = (
    "participants",
    "visits",
    "matches",
    "policies",
    "episodes",
    "forms",
    "frames",
    "events",
    "telemetry",
    "network",
    "console",
)
"""The tables whose rows are counted, in the order of the reference."""

ADD: Final = ""
"""The `item` of counts that are simply added up."""

_STREAM_TABLES: Final = {"form": "forms", "event": "events", "telemetry": "telemetry"}


class Count(NamedTuple):
    """`rows` more rows under `name`; with an `item`, the item's rows are the largest number seen."""

    name: str
    item: str
    rows: int


def counts_of(fact: f.AnyFact, bodies: Mapping[str, bytes]) -> list[Count]:
    """Return what a fact adds; `bodies` must hold the body of a stored chunk."""
    match fact:
        case f.ParticipantJoined():
            return [Count("participants", fact.participant_id, 1)]
        case f.ParticipantFinished():
            done = [Count("finished", fact.participant_id, 1)]
            more = Count("complete", fact.participant_id, 1) if fact.outcome == "complete" else Count("events", ADD, 1)
            return [*done, more]
        case f.VisitStarted():
            return [Count("visits", fact.visit_id, 1)]
        case f.MatchFormed():
            policies = [agent for agent, who in fact.agents.items() if who.startswith("policy:")]
            return [
                Count("matches", fact.match_id, 1),
                *(Count("policies", f"{fact.match_id}:{agent}", 1) for agent in policies),
            ]
        case f.PolicyMeasured():
            return [Count("policies", f"{fact.match_id}:{fact.agent}", 1)]
        case f.Connected() | f.Disconnected() | f.ErrorReported() | f.TokenRenewed():
            return [Count("events", ADD, 1)]
        case f.PlayerDropped() | f.PlayerReturning() | f.PlayerReturned():
            return [Count("events", ADD, 1)]
        case f.ScreeningPassed() | f.ParticipantWarned():
            return [Count("events", ADD, 1)]
        case f.WaitStarted():
            return [Count("events", ADD, 1)]
        case f.GroupFormed():
            return [Count("events", ADD, len(fact.visits))]
        case f.PairProbed():
            return [Count("events", ADD, len(fact.participants))]
        case f.ConsoleAction() | f.ReleaseSet() | f.SessionOpened() | f.ServerStarted() | f.SessionEnded():
            return [Count("console", ADD, 1)]
        case f.StageSet() | f.HandRaised() | f.HandLowered() | f.NoteAdded() | f.Withdrawn():
            return [Count("console", ADD, 1)]
        case f.ActionTaken():
            return [Count("console", ADD, max(1, len({*fact.participants, *fact.skipped})))]
        case f.ChunkStored(stream="frames"):
            last = fact.meta.get("last")
            # A count must fit into the file, whatever a page says of its frames.
            if not isinstance(last, int) or not 0 <= last < 2**62 or fact.meta.get("repeated"):
                return []
            return [Count("frames", f"{fact.meta.get('match_id')}:{fact.meta.get('episode')}", last + 1)]
        case f.ChunkStored():
            return _counts_of_lines(fact, bodies[fact.sha256])
        case _:
            return []


def _counts_of_lines(fact: f.ChunkStored, body: bytes) -> list[Count]:
    table = _STREAM_TABLES.get(fact.stream)
    if table is None:
        return []
    lines = [line for line in body.splitlines() if line.strip()]
    if fact.stream == "telemetry":
        tables = Counter(table_of(line) for line in lines)
        return [Count(name, ADD, rows) for name, rows in tables.items() if name in COUNTED_TABLES]
    counts = [Count(table, ADD, len(lines))]
    for line in lines:
        if fact.stream == "event" and b'"episode_started"' in line:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict) and row.get("name") == "episode_started":
                counts.append(Count("episodes", f"{row.get('match_id')}:{row.get('episode')}", 1))
    return counts
