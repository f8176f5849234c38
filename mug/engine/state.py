"""The durable part of a running session: what `fold(facts)` rebuilds after a restart.

`SessionState.apply` is the only place where it changes, and it knows nothing but facts: so the live engine, which
applies each fact that it records, and a restarted one, which folds the journal, cannot differ.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mug.engine.action_log import MOVES, PAUSES, REACH_AFFECTED, TakenAction, superseded
from mug.engine.allocation import Allocation
from mug.engine.clock import since_ms
from mug.ids import MatchId, ParticipantId, SceneId, VisitId
from mug.records import facts as f

__all__ = ["FramesPart", "MatchState", "ParticipantState", "PolicyKey", "SessionState", "VisitState", "fold"]

PolicyKey: TypeAlias = tuple[str, str, str]
"""Scene, agent and treatment of a policy."""


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
        visits: In a game of several people, and in one that the server steps, participant id -> visit id; else empty.
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
    def is_on_server(self) -> bool:
        """Whether a process of the server steps it."""
        return self.settings.get("mode") == "server_authoritative"

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
        paused_ms: How long the participant was paused while they waited in this visit; it does not count as waiting.
        group_id: The group that drew the order in which this visit stands; empty: none.
        next_seq: Per stream, the chunk expected next of the page.
        by_server: Per stream, how many chunks the server itself has put into this visit; a page knows nothing of them.
        answers: Of a form: question id -> what the last answer was worth (given, empty, wrong).
        submissions: How often the form was handed in.
        form_chunks: SHA-256 of its stored chunks of the form stream, in order.
        episodes: Of a build: episodes that are over -> their score; None: none is known.
        episode_starts: How often the build began one.
    """

    participant_id: ParticipantId
    planned: f.PlannedVisit
    started_at: str | None = None
    waiting_since: str | None = None
    paused_ms: float = 0.0
    group_id: str = ""
    outcome: str | None = None
    finished_at: str = ""
    next_seq: dict[str, int] = field(default_factory=dict)
    by_server: dict[str, int] = field(default_factory=dict)
    match_ids: list[MatchId] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    submissions: int = 0
    form_chunks: list[str] = field(default_factory=list)
    episodes: dict[int, float | None] = field(default_factory=dict)
    episode_starts: int = 0

    def next_stored(self, stream: str) -> int:
        """The number under which the next chunk of a stream is stored, whoever made it."""
        return self.next_seq.get(stream, 0) + self.by_server.get(stream, 0)


@dataclass(slots=True)
class ParticipantState:
    """One person in this session. `plan`: the visits in order; `position`: index of the present one, -1 before.

    Attributes:
        seat: The desk from which they came; empty: none.
        paused_by: The action that paused this participant; empty: none does.
        pause_action: The last action that paused them or let them go on; empty: none ever did.
        pause_message: What they read while they are paused.
        paused_since: Since when they are paused, by that or with the whole session; empty: they are not.
        was_paused: Whether they ever were.
        unseen: Actions that their page has not answered, oldest first -> what was done.
        unread: Messages that they have not put away, oldest first.
        hands: Every time they asked for the experimenter -> raised, answered or lowered.
        hand_id: The raised hand; empty: none.
        treatment: The treatment that they have; empty: none, or none yet.
        exposed: Whether they met a scene that differs by treatment.
        gone: Whether they were away for so long that their place in the treatment was given up.
    """

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
    paused_by: str = ""
    pause_action: str = ""
    pause_message: str = ""
    paused_since: str = ""
    was_paused: bool = False
    unseen: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    hands: dict[str, str] = field(default_factory=dict)
    hand_id: str = ""
    hand_text: str = ""
    hand_since: str = ""
    treatment: str = ""
    exposed: bool = False
    gone: bool = False

    @property
    def is_closed(self) -> bool:
        """Whether the participation is over and shows no scene any more; who came to the end sees the last page."""
        return self.outcome is not None and (self.outcome != "complete" or self.outcome_reason != "")

    @property
    def moved_by(self) -> str:
        """The action that brought the participant where they are, until their page has acknowledged it; empty: none."""
        return next((action_id for action_id, what in reversed(self.unseen.items()) if what in MOVES), "")


@dataclass(slots=True)
class SessionState:
    """Everything that outlives the process.

    Attributes:
        stage: prepared, doors_open, running, paused or ended. stage_since: when it began.
        begun: Whether it ran at some time: then who comes in begins at once, whatever the stage.
        stages_set: How often the experimenter moved it on.
        heard_at: When the last fact was recorded, a start of the server apart.
        actions: What the experimenter did to participants, oldest first.
        notes: The experimenter's notes, oldest first.
        allocation: The places in treatments.
        unblinded: Whether the experimenter asked for the treatments' names.
        views: SHA-256 of each second screen's token -> whether it hides condition labels. Replaced as a whole, never
            changed: other threads read it.
        policies: What was described when the session was opened.
        policy_figures: Match, agent and participant ("": the server) -> what a policy's decisions took.
    """

    opened: f.SessionOpened | None = None
    ended: bool = False
    participants: dict[ParticipantId, ParticipantState] = field(default_factory=dict)
    visits: dict[VisitId, VisitState] = field(default_factory=dict)
    matches: dict[MatchId, MatchState] = field(default_factory=dict)
    groups: dict[str, f.GroupFormed] = field(default_factory=dict)
    release: str = "automatic"
    stage: str = "running"
    stage_since: str = ""
    begun: bool = True
    stages_set: int = 0
    heard_at: str = ""
    actions: dict[str, TakenAction] = field(default_factory=dict)
    notes: dict[str, f.NoteAdded] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    allocation: Allocation = field(default_factory=Allocation)
    unblinded: bool = False
    views: dict[str, bool] = field(default_factory=dict)
    policies: dict[PolicyKey, f.PolicyDescribed] = field(default_factory=dict)
    policy_figures: dict[tuple[str, str, str], f.PolicyMeasured] = field(default_factory=dict)

    @property
    def doors_are_open(self) -> bool:
        """Whether newcomers may come in."""
        return self.stage in ("doors_open", "running", "paused")

    def is_paused(self, participant: ParticipantState) -> bool:
        """Whether a participant is paused, alone or with everybody."""
        return participant.outcome is None and (bool(participant.paused_by) or self.stage == "paused")

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
        if not isinstance(fact, f.ServerStarted):
            self.heard_at = fact.at
        match fact:
            case f.SessionOpened():
                self.opened = fact
                self.release, self.stage = fact.release, fact.stage
                self.begun = fact.stage == "running"
                self.allocation.before = dict(fact.completed_before)
            case f.PolicyDescribed():
                self.policies[fact.scene_id, fact.agent, fact.treatment] = fact
            case f.PolicyMeasured():
                self.policy_figures[fact.match_id, fact.agent, fact.participant_id] = fact
            case f.SessionEnded():
                self.ended = True
                self._set_stage("ended", fact.at)
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
                self._pause_or_go_on(self.participants[who], fact.at)
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
                visit = self.visits[VisitId(fact.visit_id)]
                visit.outcome, visit.finished_at = fact.outcome, fact.at
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
            case f.EpisodeScored():
                self.visits[VisitId(fact.visit_id)].episodes[fact.episode] = fact.score
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
                self._pause_or_go_on(participant, fact.at)
            case f.ConsoleAction(action="let_in", participant_id=str() as let_in):
                self.participants[ParticipantId(let_in)].let_in = True
            case f.ConsoleAction(action="unblind"):
                self.unblinded = True
            case f.ConsoleAction(action="make_view", detail=view):
                self.views = {**self.views, str(view["token_sha256"]): bool(view["hides_conditions"])}
            case f.ConsoleAction(action="end_views"):
                self.views = {}
            case f.TreatmentAssigned():
                self.allocation.assigned(fact)
                for name in fact.participants:
                    participant = self.participants[ParticipantId(name)]
                    participant.treatment, participant.gone = fact.treatment, False
            case f.TreatmentReleased():
                self.allocation.released(fact)
                for name in fact.participants:
                    self.participants[ParticipantId(name)].gone = fact.reason == "gone"
            case f.TreatmentExposed():
                self.participants[ParticipantId(fact.participant_id)].exposed = True
            case f.ConsoleAction() | f.ServerStarted() | f.Connected() | f.Disconnected():
                pass
            case f.PairProbed() | f.ParticipantWarned():
                pass
            case f.StageSet():
                self.stages_set += 1
                self.begun = self.begun or fact.stage == "running"
                self._set_stage(fact.stage, fact.at)
            case f.ActionTaken():
                self._apply_action(fact)
            case f.ActionAcknowledged():
                self._apply_acknowledgement(fact)
            case f.VisitRepeated():
                self._apply_repetition(fact)
            case f.HandRaised():
                participant = self.participants[ParticipantId(fact.participant_id)]
                participant.hands[fact.hand_id] = "raised"
                participant.hand_id, participant.hand_text, participant.hand_since = fact.hand_id, fact.text, fact.at
            case f.HandLowered():
                participant = self.participants[ParticipantId(fact.participant_id)]
                if participant.hands[fact.hand_id] == "raised":
                    participant.hands[fact.hand_id] = "lowered"
                participant.hand_id = participant.hand_text = participant.hand_since = ""
            case f.NoteAdded():
                self.notes[fact.note_id] = fact
            case f.SeatChecked() | f.SeatsProbed() | f.Withdrawn():
                pass

    def _set_stage(self, stage: str, at: str) -> None:
        self.stage, self.stage_since = stage, at
        for participant in self.participants.values():
            self._pause_or_go_on(participant, at)

    def _pause_or_go_on(self, participant: ParticipantState, at: str) -> None:
        """Take up that a participant is paused from now on, or is not any more."""
        is_paused = self.is_paused(participant)
        if is_paused == bool(participant.paused_since):
            return
        if is_paused:
            participant.paused_since, participant.was_paused = at, True
            return
        visit = self.current_visit(participant)
        if visit is not None and visit.waiting_since is not None:
            visit.paused_ms += since_ms(max(participant.paused_since, visit.waiting_since), at)
        participant.paused_since = ""

    def _apply_action(self, fact: f.ActionTaken) -> None:
        self.actions[fact.action_id] = TakenAction(fact)
        affected = fact.affected if fact.action in REACH_AFFECTED else {}
        for who in dict.fromkeys((*fact.participants, *affected)):
            participant = self.participants[ParticipantId(who)]
            for earlier in superseded(participant.unseen, fact.action):
                del participant.unseen[earlier]
            participant.unseen[fact.action_id] = fact.action
            if fact.action == "message":
                participant.unread.append(fact.action_id)
            if fact.action in PAUSES:
                participant.pause_action, participant.pause_message = fact.action_id, fact.text
                participant.paused_by = fact.action_id if fact.action == "pause" else ""
                self._pause_or_go_on(participant, fact.at)
            if fact.hand_id:
                participant.hands[fact.hand_id] = "answered"

    def _apply_acknowledgement(self, fact: f.ActionAcknowledged) -> None:
        who = ParticipantId(fact.participant_id)
        self.actions[fact.action_id].seen[who] = (fact.state, fact.at)
        participant = self.participants[who]
        participant.unseen.pop(fact.action_id, None)
        if fact.state == "read" and fact.action_id in participant.unread:
            participant.unread.remove(fact.action_id)

    def _apply_repetition(self, fact: f.VisitRepeated) -> None:
        who, after = ParticipantId(fact.participant_id), VisitId(fact.after_visit_id)
        participant, added = self.participants[who], VisitId(fact.visit.visit_id)
        place = participant.plan.index(after) + 1
        participant.plan = (*participant.plan[:place], added, *participant.plan[place:])
        self.visits[added] = VisitState(who, fact.visit, group_id=self.visits[after].group_id)

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
        by_server = fact.meta.get("by") == "server"
        if by_server:
            visit.by_server[fact.stream] = visit.by_server.get(fact.stream, 0) + 1
        else:
            visit.next_seq[fact.stream] = fact.seq + 1 - visit.by_server.get(fact.stream, 0)
        self._count("chunks")
        if fact.stream == "form":
            visit.form_chunks.append(fact.sha256)
            visit.answers.update(fact.meta.get("answers", {}))
            visit.submissions = max(visit.submissions, fact.meta.get("submission", 0))
        if fact.stream == "event":
            visit.episode_starts += len(fact.meta.get("episodes_started", ()))
            for number, score in fact.meta.get("episodes_ended", {}).items():
                visit.episodes.setdefault(int(number), score)
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
        if not by_server:
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
