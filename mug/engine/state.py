"""The durable part of a running session: what `fold(facts)` rebuilds after a restart.

`SessionState.apply` is the only place where it changes, and it knows nothing but facts: so the live engine, which
applies each fact that it records, and a restarted one, which folds the journal, cannot differ.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mug.ids import MatchId, ParticipantId, SceneId, VisitId
from mug.records import facts as f

__all__ = ["FramesPart", "MatchState", "ParticipantState", "SessionState", "VisitState", "fold"]


@dataclass(frozen=True, slots=True)
class FramesPart:
    """One stored frames chunk of a match: rows `first` to `last` of an episode."""

    seq: int
    sha256: str
    episode: int
    first: int
    last: int
    chain_hash: str


@dataclass(slots=True)
class MatchState:
    """One play of a game scene.

    Attributes:
        visits: In a game of several people, participant id -> visit id; else empty.
        settings: What holds on every peer of such a game.
        dropped: Agents whose player is out of the match for good -> by which policy.
        returns: Agents whose page was loaded again during the match -> how often. away: those who still rebuild it.
        next_frame: Per episode, the first frame that nobody has sent.
        sent: Per player and episode, the first frame that this player has not sent.
        chain_hashes: (episode, first, last) of each chunk -> the chain hash of the first one that came.
    """

    match_id: MatchId
    visit_id: VisitId
    scene_id: SceneId
    seed: int
    agents: dict[str, str]
    formed_at: str = ""
    group_id: str = ""
    visits: dict[ParticipantId, VisitId] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    returns: dict[str, int] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    outcome: str | None = None
    flags: list[str] = field(default_factory=list)
    parts: list[FramesPart] = field(default_factory=list)
    next_frame: dict[int, int] = field(default_factory=dict)
    sent: dict[tuple[ParticipantId, int], int] = field(default_factory=dict)
    chain_hashes: dict[tuple[int, int, int], str] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        """How many rows are stored."""
        return sum(self.next_frame.values())

    @property
    def players(self) -> dict[str, ParticipantId]:
        """Agent -> participant, of all people that the match began with, in its order."""
        return {agent: ParticipantId(who) for agent, who in self.agents.items() if not who.startswith("policy:")}

    def agent_of(self, participant_id: ParticipantId) -> str | None:
        """The agent that a participant plays; None when it is not a player of this match."""
        return next((agent for agent, who in self.players.items() if who == participant_id), None)


@dataclass(slots=True)
class VisitState:
    """One participant's passage through one scene.

    Attributes:
        waiting_since: When the participant first came into this visit's waitroom.
        group_id: The group that drew the order in which this visit stands; empty: none.
        next_seq: Per stream, the chunk expected next.
        answers: Of a form: question id -> what the last answer was worth (given, empty, wrong).
        submissions: How often the form was handed in.
    """

    participant_id: ParticipantId
    planned: f.PlannedVisit
    started_at: str | None = None
    waiting_since: str | None = None
    group_id: str = ""
    outcome: str | None = None
    next_seq: dict[str, int] = field(default_factory=dict)
    match_ids: list[MatchId] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    submissions: int = 0


@dataclass(slots=True)
class ParticipantState:
    """One person in this session. `plan`: the visits in order; `position`: index of the present one, -1 before."""

    participant_id: ParticipantId
    seed: int
    token_sha256: str
    joined_at: str
    params: dict[str, str] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    plan: tuple[VisitId, ...] = ()
    position: int = -1
    completion_code: str | None = None
    mug_globals: dict[str, Any] = field(default_factory=dict)
    outcome: str | None = None
    outcome_message: str = ""
    outcome_reason: str = ""
    outcome_code: str | None = None
    outcome_url: str | None = None
    recruiter: dict[str, str] = field(default_factory=dict)
    failures: int = 0
    screened: bool = False
    let_in: bool = False
    errors: int = 0
    seat: str = ""


@dataclass(slots=True)
class SessionState:
    """Everything that outlives the process."""

    opened: f.SessionOpened | None = None
    ended: bool = False
    participants: dict[ParticipantId, ParticipantState] = field(default_factory=dict)
    visits: dict[VisitId, VisitState] = field(default_factory=dict)
    matches: dict[MatchId, MatchState] = field(default_factory=dict)
    groups: dict[str, f.GroupFormed] = field(default_factory=dict)
    release: str = "automatic"
    stage: str = "running"
    counts: dict[str, int] = field(default_factory=dict)

    def current_visit(self, participant: ParticipantState) -> VisitState | None:
        """The visit that the participant is in; None before the first."""
        if 0 <= participant.position < len(participant.plan):
            return self.visits[participant.plan[participant.position]]
        return None

    def current_match(self, visit: VisitState) -> MatchState | None:
        """The visit's present match: the last one formed."""
        return self.matches[visit.match_ids[-1]] if visit.match_ids else None

    def is_unfinished(self) -> bool:
        """Whether somebody took part and is not done."""
        return any(p.outcome is None for p in self.participants.values())

    def apply(self, fact: f.AnyFact) -> None:
        """Take up one fact."""
        match fact:
            case f.SessionOpened():
                self.opened = fact
                self.release, self.stage = fact.release, fact.stage
            case f.SessionEnded():
                self.ended, self.stage = True, "ended"
            case f.ParticipantJoined():
                who = ParticipantId(fact.participant_id)
                self.participants[who] = ParticipantState(
                    who,
                    fact.seed,
                    fact.token_sha256,
                    fact.at,
                    dict(fact.params),
                    dict(fact.environment),
                    recruiter=dict(fact.recruiter),
                    seat=fact.seat,
                )
                self._count("participants")
            case f.PlanDrawn():
                self._apply_plan(fact)
            case f.PlanExtended():
                self._apply_extension(fact)
            case f.GroupFormed():
                self.groups[fact.group_id] = fact
                for visit_id in fact.visits.values():
                    self.visits[VisitId(visit_id)].group_id = fact.group_id
            case f.ReleaseSet():
                self.release = fact.mode
            case f.ScreeningPassed():
                self.participants[ParticipantId(fact.participant_id)].screened = True
            case f.TokenRenewed():
                participant = self.participants[ParticipantId(fact.participant_id)]
                participant.token_sha256 = fact.token_sha256
                participant.let_in = False
            case f.VisitStarted():
                participant = self.participants[ParticipantId(fact.participant_id)]
                participant.position = participant.plan.index(VisitId(fact.visit_id))
                self.visits[VisitId(fact.visit_id)].started_at = fact.at
                self._count("visits")
            case f.WaitStarted():
                self.visits[VisitId(fact.visit_id)].waiting_since = fact.at
            case f.VisitFinished():
                self.visits[VisitId(fact.visit_id)].outcome = fact.outcome
            case f.MatchFormed():
                self._apply_match(fact)
            case f.PlayerDropped():
                match = self.matches[MatchId(fact.match_id)]
                match.dropped[fact.agent] = fact.policy
                match.away.discard(fact.agent)
            case f.PlayerReturning():
                match = self.matches[MatchId(fact.match_id)]
                match.returns[fact.agent] = fact.returns
                match.away.add(fact.agent)
            case f.PlayerReturned():
                self.matches[MatchId(fact.match_id)].away.discard(fact.agent)
            case f.MatchEnded():
                self.matches[MatchId(fact.match_id)].outcome = fact.outcome
            case f.MatchFlagged():
                self.matches[MatchId(fact.match_id)].flags.append(fact.flag)
            case f.ChunkStored():
                self._apply_chunk(fact)
            case f.GlobalsSet():
                self.participants[ParticipantId(fact.participant_id)].mug_globals = dict(fact.values)
            case f.ErrorReported():
                participant = self.participants[ParticipantId(fact.participant_id)]
                participant.errors += 1
                participant.failures += fact.fatal
            case f.ParticipantFinished():
                participant = self.participants[ParticipantId(fact.participant_id)]
                participant.outcome, participant.outcome_message = fact.outcome, fact.message
                participant.outcome_reason, participant.outcome_code = fact.reason, fact.completion_code
                participant.outcome_url = fact.redirect_url
            case f.ConsoleAction(action="let_in", participant_id=str() as let_in):
                self.participants[ParticipantId(let_in)].let_in = True
            case f.ConsoleAction() | f.ServerStarted() | f.Connected() | f.Disconnected():
                pass
            case f.PairProbed() | f.ParticipantWarned():
                pass
            case f.StageSet():
                self.stage = fact.stage
            case f.ActionTaken() | f.ActionAcknowledged() | f.VisitRepeated() | f.HandRaised() | f.HandLowered():
                pass
            case f.NoteAdded() | f.SeatChecked() | f.SeatsProbed() | f.Withdrawn():
                pass

    def _apply_plan(self, fact: f.PlanDrawn) -> None:
        who = ParticipantId(fact.participant_id)
        participant = self.participants[who]
        participant.plan = tuple(VisitId(v.visit_id) for v in fact.visits)
        participant.completion_code = fact.completion_code
        for planned in fact.visits:
            self.visits[VisitId(planned.visit_id)] = VisitState(who, planned)

    def _apply_extension(self, fact: f.PlanExtended) -> None:
        who = ParticipantId(fact.participant_id)
        participant = self.participants[who]
        place = participant.plan.index(VisitId(fact.after_visit_id)) + 1
        added = tuple(VisitId(visit.visit_id) for visit in fact.visits)
        participant.plan = (*participant.plan[:place], *added, *participant.plan[place:])
        for planned in fact.visits:
            self.visits[VisitId(planned.visit_id)] = VisitState(who, planned, group_id=fact.group_id)

    def _apply_match(self, fact: f.MatchFormed) -> None:
        match = MatchState(
            MatchId(fact.match_id),
            VisitId(fact.visit_id),
            SceneId(fact.scene_id),
            fact.seed,
            dict(fact.agents),
            fact.at,
            fact.group_id,
            {ParticipantId(who): VisitId(visit) for who, visit in fact.visits.items()},
            dict(fact.settings),
        )
        self.matches[match.match_id] = match
        for visit in dict.fromkeys((match.visit_id, *match.visits.values())):
            self.visits[visit].match_ids.append(match.match_id)
        self._count("matches")

    def _apply_chunk(self, fact: f.ChunkStored) -> None:
        visit = self.visits[VisitId(fact.visit_id)]
        visit.next_seq[fact.stream] = fact.seq + 1
        self._count("chunks")
        if fact.stream == "form":
            visit.answers.update(fact.meta.get("answers", {}))
            visit.submissions = max(visit.submissions, fact.meta.get("submission", 0))
        if fact.stream != "frames":
            return
        match = self.matches[MatchId(fact.meta["match_id"])]
        part = FramesPart(
            fact.seq,
            fact.sha256,
            fact.meta["episode"],
            fact.meta["first"],
            fact.meta["last"],
            fact.meta.get("chain_hash", ""),
        )
        sender = (ParticipantId(fact.participant_id), part.episode)
        match.sent[sender] = max(match.sent.get(sender, 0), part.last + 1)
        match.chain_hashes.setdefault((part.episode, part.first, part.last), part.chain_hash)
        if fact.meta.get("repeated"):
            return
        match.parts.append(part)
        known = match.next_frame.get(part.episode, 0)
        match.next_frame[part.episode] = part.last + 1
        self.counts["frames"] = self.counts.get("frames", 0) + part.last + 1 - max(part.first, known)

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


def fold(facts: Iterable[f.AnyFact]) -> SessionState:
    """Rebuild a session from its journal."""
    state = SessionState()
    for fact in facts:
        state.apply(fact)
    return state
