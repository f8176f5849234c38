"""What happened in one session, put together from its facts: the base of the tables and of verification.

Chunks are only named here (their bytes stay on disk), so a whole session fits in memory.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mug.records import facts as f
from mug.records.errors import UnknownSessionError
from mug.records.reader import RecordReader

__all__ = ["Happening", "MatchStory", "ParticipantStory", "SessionHistory", "VisitStory", "read_history"]


@dataclass
class ParticipantStory:
    """One participant: everything but the visits."""

    joined: f.ParticipantJoined
    plan: f.PlanDrawn | None = None
    mug_globals: dict[str, Any] = field(default_factory=dict)
    finished: f.ParticipantFinished | None = None
    withdrawn: f.Withdrawn | None = None


@dataclass
class VisitStory:
    """One visit that was started.

    Attributes:
        index: Its place in the plan, from 0.
        waiting_since: When the participant came into its waitroom.
        group_id: The group that drew the order in which it stands, or that was waited for in it.
        group_formed_at: When the group that was waited for in it was there.
        members: That group, in the order of its agents.
        repeats: The visit after which the experimenter sent the participant here again.
    """

    participant_id: str
    planned: f.PlannedVisit
    index: int
    started_at: str = ""
    finished: f.VisitFinished | None = None
    waiting_since: str | None = None
    group_id: str = ""
    group_formed_at: str | None = None
    members: tuple[str, ...] = ()
    repeats: str = ""


@dataclass
class MatchStory:
    """One match, with what was flagged about it."""

    formed: f.MatchFormed
    ended: f.MatchEnded | None = None
    flags: list[f.MatchFlagged] = field(default_factory=list)
    dropped: list[f.PlayerDropped] = field(default_factory=list)

    @property
    def players(self) -> tuple[str, ...]:
        """The agents that people played, in the match's order."""
        people = [agent for agent, who in self.formed.agents.items() if not who.startswith("policy:")]
        order = {str(agent): place for place, agent in enumerate(self.formed.settings.get("players") or ())}
        return tuple(sorted(people, key=lambda agent: order.get(agent, len(order))))

    @property
    def is_on_server(self) -> bool:
        """Whether a process of the server stepped it."""
        return self.formed.settings.get("mode") == "server_authoritative"

    @property
    def participants(self) -> tuple[str, ...]:
        """Who played, in the match's order."""
        return tuple(self.formed.agents[agent] for agent in self.players)

    @property
    def visits(self) -> tuple[str, ...]:
        """The visits of the people who played."""
        return tuple(dict.fromkeys((self.formed.visit_id, *self.formed.visits.values())))


@dataclass(frozen=True)
class Happening:
    """A fact with its number in the journal."""

    seq: int
    fact: f.AnyFact


@dataclass
class SessionHistory:
    """One session.

    Attributes:
        opened: How it began, with the frozen study.
        visits: Visit id -> visit, those that were started, in the order of their start.
        chunks: All stored chunks in the order in which they were stored.
        console: What the experimenter and the server did, and raised hands.
        acknowledged: (action, participant) -> state -> when the page, or its participant, came there first.
        seats: Checks of desks and of the ways between them.
        server_events: Connections and errors of participants, as the server saw them.
        groups_of_visits: Visit id -> the group that drew the order in which it stands.
        repeated: Visit id -> the visit after which the participant was sent there again.
        withdrawn: Participant -> the tombstone, where data was taken out on request.
        build_scores: (visit, episode) of an embedded build -> what the study's `score_fn` said.
        allocation: Who got which treatment, and whose place in one was given up, in order.
        exposed: Participant -> when they met what differs by treatment.
        policies: The study's policies. policy_figures: What their decisions took.
        last_at: Time of the last fact.
        selected: The participants whose rows are wanted; None: all.
    """

    opened: f.SessionOpened
    ended: f.SessionEnded | None = None
    participants: dict[str, ParticipantStory] = field(default_factory=dict)
    visits: dict[str, VisitStory] = field(default_factory=dict)
    matches: dict[str, MatchStory] = field(default_factory=dict)
    chunks: list[f.ChunkStored] = field(default_factory=list)
    console: list[Happening] = field(default_factory=list)
    server_events: list[Happening] = field(default_factory=list)
    acknowledged: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    seats: list[f.SeatChecked | f.SeatsProbed] = field(default_factory=list)
    groups_of_visits: dict[str, str] = field(default_factory=dict)
    repeated: dict[str, str] = field(default_factory=dict)
    withdrawn: dict[str, f.Withdrawn] = field(default_factory=dict)
    build_scores: dict[tuple[str, int], float] = field(default_factory=dict)
    allocation: list[f.TreatmentAssigned | f.TreatmentReleased] = field(default_factory=list)
    exposed: dict[str, f.TreatmentExposed] = field(default_factory=dict)
    policies: list[f.PolicyDescribed] = field(default_factory=list)
    policy_figures: list[f.PolicyMeasured] = field(default_factory=list)
    last_at: str = ""
    facts: int = 0
    selected: frozenset[str] | None = None

    def takes(self, participant_id: str | None) -> bool:
        """Whether rows about a participant are wanted; rows about nobody always are."""
        return self.selected is None or participant_id is None or participant_id in self.selected

    def select(self, participants: Collection[str]) -> None:
        """Keep the rows of some participants, and the whole matches in which they played."""
        self.selected = frozenset(participants)
        self.participants = {who: story for who, story in self.participants.items() if who in self.selected}
        self.matches = {
            match_id: match for match_id, match in self.matches.items() if self.selected & {*match.participants}
        }
        players = {*self.selected, *(who for match in self.matches.values() for who in match.participants)}
        self.chunks = [
            chunk
            for chunk in self.chunks
            if chunk.participant_id in players
            and (chunk.stream != "frames" or self.takes(chunk.participant_id) or self._is_of_kept_match(chunk))
        ]

    def _is_of_kept_match(self, chunk: f.ChunkStored) -> bool:
        return chunk.meta.get("match_id") in self.matches

    def chunks_of(self, stream: str) -> list[f.ChunkStored]:
        """Return the chunks of one stream, each (visit, stream, number) once, in order of visit and number."""
        unique: dict[tuple[str, int], f.ChunkStored] = {}
        for chunk in self.chunks:
            if chunk.stream == stream:
                unique.setdefault((chunk.visit_id, chunk.seq), chunk)
        order = {visit_id: place for place, visit_id in enumerate(self.visits)}
        return sorted(unique.values(), key=lambda chunk: (order.get(chunk.visit_id, len(order)), chunk.seq))

    def scene_of(self, visit_id: str) -> str | None:
        """Return the scene of a visit; None when the visit was never started."""
        visit = self.visits.get(visit_id)
        return visit.planned.scene_id if visit else None

    def matches_of(self, visit_id: str) -> list[MatchStory]:
        """Return the matches of a visit in the order in which they were formed."""
        return [match for match in self.matches.values() if visit_id in match.visits]


def read_history(reader: RecordReader, session_id: str) -> SessionHistory:
    """Fold the facts of a session.

    Raises:
        UnknownSessionError: The records do not hold it.
        RecordsDamagedError: A fact is missing or cannot be understood.
    """
    history: SessionHistory | None = None
    planned: dict[str, tuple[str, int, f.PlannedVisit]] = {}
    for seq, fact in reader.numbered_facts(session_id):
        if history is None:
            if not isinstance(fact, f.SessionOpened):
                continue
            history = SessionHistory(fact)
        _take(history, planned, seq, fact)
        history.facts += 1
        history.last_at = max(history.last_at, fact.at)
    if history is None:
        raise UnknownSessionError(session_id, tuple(session.session_id for session in reader.sessions()))
    return history


def _take(
    history: SessionHistory, planned: dict[str, tuple[str, int, f.PlannedVisit]], seq: int, fact: f.AnyFact
) -> None:
    match fact:
        case f.ChunkStored():
            history.chunks.append(fact)
        case f.SessionEnded():
            history.ended = fact
            history.console.append(Happening(seq, fact))
        case f.SessionOpened() | f.ServerStarted() | f.ConsoleAction():
            history.console.append(Happening(seq, fact))
        case f.ParticipantJoined():
            history.participants.setdefault(fact.participant_id, ParticipantStory(fact))
        case f.PlanDrawn():
            for index, visit in enumerate(fact.visits):
                planned[visit.visit_id] = (fact.participant_id, index, visit)
            if story := history.participants.get(fact.participant_id):
                story.plan = fact
        case f.VisitStarted():
            if fact.visit_id in planned:
                who, index, visit = planned[fact.visit_id]
                story_of = VisitStory(
                    who,
                    visit,
                    index,
                    fact.at,
                    group_id=history.groups_of_visits.get(fact.visit_id, ""),
                    repeats=history.repeated.get(fact.visit_id, ""),
                )
                history.visits.setdefault(fact.visit_id, story_of)
        case f.WaitStarted():
            history.server_events.append(Happening(seq, fact))
            if fact.visit_id in history.visits:
                history.visits[fact.visit_id].waiting_since = fact.at
        case f.GroupFormed():
            history.server_events.append(Happening(seq, fact))
            for visit_id in fact.visits.values():
                if waited := history.visits.get(visit_id):
                    waited.group_id, waited.group_formed_at, waited.members = fact.group_id, fact.at, fact.members
        case f.VisitFinished():
            if fact.visit_id in history.visits:
                history.visits[fact.visit_id].finished = fact
        case f.MatchFormed():
            history.matches.setdefault(fact.match_id, MatchStory(fact))
        case f.PlayerDropped():
            history.server_events.append(Happening(seq, fact))
            if fact.match_id in history.matches:
                history.matches[fact.match_id].dropped.append(fact)
        case f.MatchEnded():
            if fact.match_id in history.matches:
                history.matches[fact.match_id].ended = fact
        case f.MatchFlagged():
            if fact.match_id in history.matches:
                history.matches[fact.match_id].flags.append(fact)
        case f.EpisodeScored():
            history.build_scores[fact.visit_id, fact.episode] = fact.score
        case f.PolicyDescribed():
            history.policies.append(fact)
        case f.PolicyMeasured():
            history.policy_figures.append(fact)
        case f.GlobalsSet():
            if story := history.participants.get(fact.participant_id):
                story.mug_globals = fact.values
        case f.ParticipantFinished():
            if story := history.participants.get(fact.participant_id):
                story.finished = fact
            if fact.outcome != "complete":
                history.server_events.append(Happening(seq, fact))
        case f.PlanExtended():
            history.groups_of_visits.update(dict.fromkeys((visit.visit_id for visit in fact.visits), fact.group_id))
            _extend(history, planned, fact.participant_id, fact.after_visit_id, fact.visits)
        case f.VisitRepeated():
            history.repeated[fact.visit.visit_id] = fact.after_visit_id
            _extend(history, planned, fact.participant_id, fact.after_visit_id, (fact.visit,))
        case f.Connected() | f.Disconnected() | f.ErrorReported() | f.TokenRenewed():
            history.server_events.append(Happening(seq, fact))
        case f.PairProbed() | f.ScreeningPassed() | f.ParticipantWarned():
            history.server_events.append(Happening(seq, fact))
        case f.PlayerReturning() | f.PlayerReturned():
            history.server_events.append(Happening(seq, fact))
        case f.ReleaseSet() | f.StageSet() | f.ActionTaken() | f.HandRaised() | f.HandLowered() | f.NoteAdded():
            history.console.append(Happening(seq, fact))
        case f.ActionAcknowledged():
            states = history.acknowledged.setdefault((fact.action_id, fact.participant_id), {})
            states.setdefault(fact.state, fact.at)
        case f.SeatChecked() | f.SeatsProbed():
            history.seats.append(fact)
        case f.TreatmentAssigned() | f.TreatmentReleased():
            history.allocation.append(fact)
        case f.TreatmentExposed():
            history.exposed.setdefault(fact.participant_id, fact)
        case f.Withdrawn():
            history.withdrawn[fact.participant_id] = fact
            history.console.append(Happening(seq, fact))
            if story := history.participants.get(fact.participant_id):
                story.withdrawn = fact


def _extend(
    history: SessionHistory,
    planned: dict[str, tuple[str, int, f.PlannedVisit]],
    participant_id: str,
    after_visit_id: str,
    more: tuple[f.PlannedVisit, ...],
) -> None:
    """Put visits into a participant's plan, and count the places of what comes behind them anew."""
    story = history.participants.get(participant_id)
    if story is None or story.plan is None:
        return
    visits = list(story.plan.visits)
    place = next((n for n, visit in enumerate(visits) if visit.visit_id == after_visit_id), len(visits) - 1) + 1
    visits[place:place] = more
    story.plan = msgspec.structs.replace(story.plan, visits=tuple(visits))
    for index, visit in enumerate(visits):
        planned[visit.visit_id] = (participant_id, index, visit)
