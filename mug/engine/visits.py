"""A participant's passage through the plan: entering a visit, its match, finishing it, the next one."""

from collections.abc import Mapping
from typing import Final

import msgspec

from mug.engine.clock import derive_seed, short_hash
from mug.engine.effects import ConnectionId, Effect, ObserveChunk, Send
from mug.engine.embedded import embedded_content, preloaded_builds
from mug.engine.endings import Endings, session_over
from mug.engine.form_content import form_content
from mug.engine.forms import unanswered
from mug.engine.live import Core, PendingCall
from mug.engine.matches import Matches
from mug.engine.pause_news import pause_news
from mug.engine.payload import Scene, game_content, page_content, planned_agents, scene_at, wait_content
from mug.engine.state import MatchState, ParticipantState, VisitState
from mug.engine.treatments import assign_participant, exposed
from mug.engine.waiting import Waiting
from mug.ids import MatchId, VisitId
from mug.protocol.messages import (
    ChunkAck,
    EmbeddedContent,
    FinishVisit,
    FormContent,
    GameContent,
    PageContent,
    RestartMatch,
    ShowScene,
    WaitContent,
)
from mug.records import facts as f
from mug.study.model import EmbeddedBuild, EndPage, FormPage, GymGame
from mug.study.multiplayer import is_matched
from mug.study.plan import GROUP_ORDER
from mug.study.waitrooms import waitroom_at

__all__ = ["STREAMS", "Visits"]

GOES_ON = "Unfortunately there was nobody to play with this time. Thank you for waiting. The study goes on here."
STREAMS: Final = ("form", "event", "telemetry", "frames")
MAX_RESTARTS = 20
"""Matches that one visit may take before its page is told that it cannot go on."""


class Visits:
    """The rules of moving along the plan."""

    def __init__(self, core: Core, matches: Matches, waiting: Waiting, endings: Endings) -> None:
        self._core = core
        self._endings = endings
        self._matches = matches
        self._waiting = waiting
        self._told_of_end: set[MatchId] = set()

    def scene(self, visit: VisitState) -> Scene:
        """The scene that a visit passes through."""
        participant = self._core.state.participants[visit.participant_id]
        return scene_at(self._core.frozen_of(participant).study, visit.planned.node_path)

    def begin(self, participant: ParticipantState, plan: tuple[f.PlannedVisit, ...], index: int) -> list[f.AnyFact]:
        """Facts of entering the visit at `index`; arriving at the last page, the participation is complete."""
        core, planned = self._core, plan[index]
        facts: list[f.AnyFact] = assign_participant(core, participant)
        drawn = next((fact.treatment for fact in facts if isinstance(fact, f.TreatmentAssigned)), "")
        treatment = drawn or participant.treatment
        scene = scene_at(core.frozen.under(treatment).study, planned.node_path)
        facts.append(
            f.VisitStarted(at=core.now(), participant_id=participant.participant_id, visit_id=planned.visit_id)
        )
        facts += exposed(core, participant, treatment, planned.visit_id, planned.scene_id)
        if isinstance(scene, GymGame) and not is_matched(scene):
            facts.append(self._match(participant, planned.visit_id, scene, attempt=0, treatment=treatment))
        if isinstance(scene, EndPage) and index == len(plan) - 1:
            facts.append(self._complete(participant, scene))
        return facts

    def _complete(self, participant: ParticipantState, scene: Scene) -> f.ParticipantFinished:
        address = self._endings.page_address(participant, scene) if isinstance(scene, EndPage) else None
        return self._endings.fact(participant, "complete", redirect_url=address)

    def _complete_address(self, participant: ParticipantState) -> str | None:
        """Where the last page of the study would lead to."""
        last = self._core.frozen_of(participant).study.chain[-1]
        if isinstance(last, EndPage):
            return self._endings.page_address(participant, last)
        return self._endings.address(participant, "complete")

    def _match(
        self, participant: ParticipantState, visit_id: str, game: GymGame, attempt: int, treatment: str
    ) -> f.MatchFormed:
        core = self._core
        assert core.state.opened is not None
        session_id = core.state.opened.session_id
        match_id = f"m-{short_hash('match', session_id, visit_id, attempt)}"
        return f.MatchFormed(
            at=core.now(),
            match_id=match_id,
            visit_id=visit_id,
            scene_id=game.scene_id,
            seed=derive_seed("match", core.state.opened.seed, match_id),
            agents=planned_agents(game, participant.participant_id),
            settings={"treatment": treatment} if treatment else {},
        )

    def show(
        self, connection: ConnectionId, participant: ParticipantState, *, resume: bool = False, entered: bool = False
    ) -> tuple[Effect, ...]:
        """Effects that show the present visit; with study code to run first, its calls go out and `()` returns.

        Args:
            connection: The participant's page.
            participant: Who.
            resume: The page comes back into a visit that it may have begun.
            entered: The visit starts now: its `on_connect` hook runs.
        """
        core = self._core
        visit = core.state.current_visit(participant)
        assert visit is not None
        scene = self.scene(visit)
        if participant.outcome is not None:
            core.after_commit(*pause_news(core, participant))  # nothing is left to pause
        if scene.on_connect is not None and (entered or resume):
            self.call_hook("on_connect", scene.on_connect, connection, participant, visit, {"resumed": resume})
        if (
            isinstance(scene, GymGame)
            and scene.content.game_page_html_fn is not None
            and not is_matched(scene)  # there it is called for each player when the partners are known
        ):
            pending = PendingCall(
                "game_page_html_fn",
                scene.content.game_page_html_fn,
                participant.participant_id,
                VisitId(visit.planned.visit_id),
                connection,
                resume,
            )
            match = core.state.current_match(visit)
            assert match is not None
            people = {agent: who for agent, who in match.agents.items() if not who.startswith("policy:")}
            game = {"game": scene, "match_id": match.match_id, "human_players": people}
            core.call(pending.kind, pending.ref, {**core.context(participant, visit), **game}, pending)
            return ()
        return (Send(connection, self.scene_message(participant, visit, resume=resume)),)

    def call_hook(
        self,
        kind: str,
        ref: str,
        connection: ConnectionId,
        participant: ParticipantState,
        visit: VisitState,
        extra: dict[str, object],
    ) -> None:
        """Have one of the scene's hooks called with the participant's context."""
        visit_id = VisitId(visit.planned.visit_id)
        pending = PendingCall(kind, ref, participant.participant_id, visit_id, connection)
        self._core.call(kind, ref, {**self._core.context(participant, visit), **extra}, pending)

    def scene_message(
        self, participant: ParticipantState, visit: VisitState, *, resume: bool, in_game_html: str | None = None
    ) -> ShowScene:
        """Build the message that shows a visit. It goes out behind a barrier: `next_seq` says what is kept."""
        core, frozen = self._core, self._core.frozen_of(participant)
        scene = self.scene(visit)
        content: PageContent | FormContent | GameContent | EmbeddedContent | WaitContent
        if visit.planned.kind == GROUP_ORDER:
            rules = waitroom_at(frozen.study, visit.planned.node_path)
            assert rules is not None
            content = wait_content(rules)
        elif isinstance(scene, GymGame):
            match = core.state.current_match(visit)
            assert match is not None or is_matched(scene)
            waits = visit.waiting_since is not None
            content = game_content(
                frozen, scene, participant, match, resume=resume, waits=waits, in_game_html=in_game_html
            )
        elif isinstance(scene, FormPage):
            content = form_content(frozen, scene, visit.submissions)
        elif isinstance(scene, EmbeddedBuild):
            content = embedded_content(frozen, scene, visit)
        else:
            address = self._endings.page_address(participant, scene) if isinstance(scene, EndPage) else None
            content = page_content(frozen, scene, participant, address)
        return ShowScene(
            visit_id=visit.planned.visit_id,
            scene_id=visit.planned.scene_id,
            index=participant.position,
            total=len(participant.plan),
            content=content,
            next_seq=dict(visit.next_seq),
            notice=self._notice(participant),
            action_id=participant.moved_by,
            preload=preloaded_builds(frozen, self._ahead(participant)) if frozen.builds else (),
        )

    def _ahead(self, participant: ParticipantState) -> list[Scene]:
        """The scenes that follow the present one, as far as they are known."""
        following = participant.plan[participant.position + 1 :]
        return [self.scene(self._core.state.visits[visit_id]) for visit_id in following]

    def finish(self, connection: ConnectionId, participant: ParticipantState, message: FinishVisit) -> None:
        """The page says that a visit is over: go on once everything that it counted is held."""
        core = self._core
        if participant.is_closed:
            core.after_commit(Send(connection, self._endings.closed(participant)))
            return
        visit = core.own_visit(connection, participant, message.visit_id, "visit.finish")
        if visit is None:
            return
        if visit.planned.kind == GROUP_ORDER:
            core.refuse(connection, "invalid", "the group is not there yet", path="visit_id", about="visit.finish")
            return
        if any(stream not in STREAMS or count < 0 for stream, count in message.counts.items()):
            expected = f"expected numbers from 0 for {', '.join(STREAMS)}"
            core.refuse(connection, "invalid", expected, path="counts", about="visit.finish")
            return
        scene = self.scene(visit)
        outcomes = _outcomes(scene)
        if message.outcome not in outcomes:
            expected = f"expected {'one of ' if len(outcomes) > 1 else ''}{', '.join(outcomes)}"
            core.refuse(connection, "invalid", expected, path="outcome", about="visit.finish")
            return
        current = core.state.current_visit(participant)
        together = isinstance(scene, GymGame) and is_matched(scene)
        if together and visit is current and not visit.match_ids and message.outcome != "failed":
            core.refuse(connection, "invalid", "nobody was played with yet", path="outcome", about="visit.finish")
            return
        if visit.outcome is not None:
            # The page did not get the answer to an earlier finish: tell it again where it is.
            if current is not None and current is not visit:
                core.after_commit(*self.show(connection, participant, resume=True))
            return
        if visit is not current:
            core.refuse(connection, "not_current", "this visit has not begun", path="visit_id", about="visit.finish")
            return
        if problem := self._matches.not_over(participant, visit, message.outcome):
            core.refuse(connection, "not_over", problem, path="outcome", about="visit.finish")
            return
        message = msgspec.structs.replace(
            message, outcome=self._matches.outcome_of(participant, visit) or message.outcome
        )
        if missing := self._missing(visit, message):
            core.presence(participant.participant_id).finishing = message
            core.after_commit(*(self._ack(connection, visit, stream) for stream in missing))
            return
        self._go_on(connection, participant, visit, message)

    def chunk_arrived(self, connection: ConnectionId, participant: ParticipantState, visit: VisitState) -> None:
        """Go on if the page was only waiting for this visit's last chunk."""
        presence = self._core.presence(participant.participant_id)
        waiting = presence.finishing
        if waiting is None or waiting.visit_id != visit.planned.visit_id or self._missing(visit, waiting):
            return
        if visit.outcome is not None:
            return  # it ended otherwise meanwhile: the time was up, or the participation is over
        self._go_on(connection, participant, visit, waiting)

    def _go_on(
        self, connection: ConnectionId, participant: ParticipantState, visit: VisitState, message: FinishVisit
    ) -> None:
        """Leave a visit, unless it is a form without the answers that it asks for."""
        if left := unanswered(self.scene(visit), visit):
            self._core.presence(participant.participant_id).finishing = None
            text = "these questions still need an answer"
            self._core.refuse(connection, "unanswered", text, path=",".join(left), about="visit.finish")
            return
        self._advance(connection, participant, visit, message)

    @staticmethod
    def _missing(visit: VisitState, message: FinishVisit) -> list[str]:
        return [stream for stream, count in message.counts.items() if visit.next_seq.get(stream, 0) < count]

    @staticmethod
    def _ack(connection: ConnectionId, visit: VisitState, stream: str) -> Send:
        return Send(
            connection,
            ChunkAck(visit_id=visit.planned.visit_id, stream=stream, next_seq=visit.next_seq.get(stream, 0)),
        )

    def _advance(
        self, connection: ConnectionId, participant: ParticipantState, visit: VisitState, message: FinishVisit
    ) -> None:
        core = self._core
        core.presence(participant.participant_id).finishing = None
        self._waiting.leave(participant.participant_id)
        self._matches.leaving(participant, visit, message.outcome)
        facts = self._end_of(participant, visit, message.outcome, message.counts)
        if message.outcome == "partner_left" and self._matches.ends_participation(participant, visit):
            scene = self.scene(visit)
            words = scene.multiplayer.partner_disconnect_message if isinstance(scene, GymGame) else None
            self._endings.end(participant, "partner_left", "partner_left", words or "", before=facts)
            core.after_commit(*self._over(participant, visit))
            core.changed.add(participant.participant_id)
            return
        following = participant.position + 1
        if core.state.ended and not self._is_at_the_end(participant, following):
            core.record(*facts)
            core.after_commit(*self._over(participant, visit), Send(connection, session_over()))
        elif following < len(participant.plan):
            plan = tuple(core.state.visits[v].planned for v in participant.plan)
            facts.extend(self.begin(participant, plan, following))
            core.record(*facts)
            then = self._over(participant, visit)
            core.say("info", f"went on to {plan[following].scene_id}", participant.participant_id)
            if participant.outcome is not None:
                core.say("info", "finished", participant.participant_id)
            core.after_commit(*then, *self.show(connection, participant, entered=True))
        else:
            if participant.outcome is None:
                facts.append(self._complete(participant, self.scene(visit)))
            core.record(*facts)
            core.after_commit(*self._over(participant, visit))
        core.changed.add(participant.participant_id)

    def _is_at_the_end(self, participant: ParticipantState, following: int) -> bool:
        """Whether all that is left of the plan is its end page, or nothing: who did everything is done."""
        left = [self.scene(self._core.state.visits[visit_id]) for visit_id in participant.plan[following:]]
        return not left or (len(left) == 1 and isinstance(left[0], EndPage))

    def jump(self, participant: ParticipantState, visit: VisitState, outcome: str, index: int) -> None:
        """End the present visit from the server's side and begin the one at `index`; those between are skipped.

        The page is shown it, if there is one; else when it comes back.
        """
        core, who = self._core, participant.participant_id
        plan = tuple(core.state.visits[v].planned for v in participant.plan)
        core.record(
            *self._end_of(participant, visit, outcome, {}, "abandoned"),
            *(
                f.VisitFinished(at=core.now(), participant_id=who, visit_id=planned.visit_id, outcome="skipped")
                for planned in plan[participant.position + 1 : index]
            ),
            *self.begin(participant, plan, index),
        )
        core.after_commit(*self._over(participant, visit))
        presence = core.presence(who)
        presence.finishing = None
        core.say("info", f"went on to {plan[index].scene_id}", who)
        if participant.outcome is not None:
            core.say("info", "finished", who)
        if presence.connection is not None:
            core.after_commit(*self.show(presence.connection, participant, entered=True))
        core.changed.add(who)

    def send_back(self, participant: ParticipantState) -> None:
        """End the present visit, and begin another one of the same scene, in its waitroom."""
        core, who = self._core, participant.participant_id
        visit, opened = core.state.current_visit(participant), core.state.opened
        assert visit is not None
        assert opened is not None
        before = visit.planned
        again = msgspec.structs.replace(
            before, visit_id=f"v-{short_hash('visit again', opened.session_id, who, before.visit_id)}"
        )
        core.record(
            *self._end_of(participant, visit, "sent_back", {}, "abandoned"),
            f.VisitRepeated(at=core.now(), participant_id=who, after_visit_id=before.visit_id, visit=again),
            f.VisitStarted(at=core.now(), participant_id=who, visit_id=again.visit_id),
        )
        self._waiting.expect(participant, core.state.visits[VisitId(again.visit_id)])
        core.after_commit(*self._over(participant, visit))
        presence = core.presence(who)
        presence.finishing = None
        core.changed.add(who)
        if presence.connection is not None:
            core.after_commit(*self.show(presence.connection, participant, entered=True))

    def _notice(self, participant: ParticipantState) -> str:
        """Why the participant is at this scene, where that is not plain: nobody came to play with before it."""
        visits = [self._core.state.visits[visit_id] for visit_id in participant.plan[: participant.position]]
        while visits and visits[-1].outcome == "skipped":
            visits.pop()
        if not visits or visits[-1].outcome != "waitroom_timeout":
            return ""
        rules = waitroom_at(self._core.frozen_of(participant).study, visits[-1].planned.node_path)
        message = rules.game.waitroom.timeout_message if rules is not None else None
        return message or GOES_ON

    def break_off(
        self,
        participant: ParticipantState,
        outcome: str,
        reason: str,
        message: str,
        *,
        value: float | None = None,
        pay: str = "",
        visit_outcome: str = "excluded",
    ) -> None:
        """End a participation in the middle of a scene; of a match of several people the player is out already.

        Args:
            participant: Whose.
            outcome: How it ends.
            reason: A stable word: why.
            message: What the participant reads; empty: words of ours.
            value: What was measured, in ms, where that is the reason.
            pay: What the experimenter said of the pay.
            visit_outcome: How the present visit ends.
        """
        visit = self._core.state.current_visit(participant)
        address = self._complete_address(participant) if outcome == "complete" else None
        if visit is None or visit.outcome is not None:
            self._endings.end(participant, outcome, reason, message, redirect_url=address, value=value, pay=pay)
            return
        self._core.presence(participant.participant_id).finishing = None
        self._waiting.leave(participant.participant_id)
        facts = self._end_of(participant, visit, visit_outcome, {}, "abandoned")
        self._endings.end(
            participant, outcome, reason, message, before=facts, redirect_url=address, value=value, pay=pay
        )
        self._core.after_commit(*self._over(participant, visit))

    def _end_of(
        self,
        participant: ParticipantState,
        visit: VisitState,
        outcome: str,
        counts: Mapping[str, int],
        match_outcome: str = "",
    ) -> list[f.AnyFact]:
        """Facts of a visit's end, and of its match's when that is over with it."""
        core = self._core
        facts: list[f.AnyFact] = [
            f.VisitFinished(
                at=core.now(),
                participant_id=participant.participant_id,
                visit_id=visit.planned.visit_id,
                outcome=outcome,
                counts=dict(counts),
            )
        ]
        match = core.state.current_match(visit)
        if match is not None and match.visits:
            facts += self._matches.ended_by(visit, outcome)
        elif match is not None and match.outcome is None:
            facts.append(f.MatchEnded(at=core.now(), match_id=match.match_id, outcome=match_outcome or outcome))
        return facts

    def _over(self, participant: ParticipantState, visit: VisitState) -> tuple[Effect, ...]:
        """Effects of a visit's end; a GameCallback hears of it when the game is over for everybody."""
        scene = self.scene(visit)
        is_over = self._matches.visit_over(visit)
        match = self._core.state.current_match(visit)
        if not isinstance(scene, GymGame) or scene.gameplay.callback is None or match is None:
            return ()
        if not is_over or match.match_id in self._told_of_end:
            return ()
        self._told_of_end.add(match.match_id)
        return (self.observation(participant, visit, scene, "end", b""),)

    def observed(self, match: MatchState, stream: str, body: bytes) -> ObserveChunk | None:
        """What the game's callback is told of a chunk that the server made; None: nothing, or no more."""
        visit = self._core.state.visits[match.visit_id]
        scene = self.scene(visit)
        if not isinstance(scene, GymGame) or scene.gameplay.callback is None or match.match_id in self._told_of_end:
            return None
        participant = self._core.state.participants[visit.participant_id]
        return ObserveChunk(
            scene.gameplay.callback,
            participant.participant_id,
            match.visit_id,
            scene,
            stream,
            body,
            dict(match.players),
        )

    def observation(
        self, participant: ParticipantState, visit: VisitState, game: GymGame, stream: str, body: bytes
    ) -> ObserveChunk:
        """What the game's callback is told of a chunk of a visit, or of its end."""
        assert game.gameplay.callback is not None
        match = self._core.state.current_match(visit)
        assert match is not None
        return ObserveChunk(
            game.gameplay.callback, participant.participant_id, match.visit_id, game, stream, body, dict(match.players)
        )

    def restart_match(self, connection: ConnectionId, participant: ParticipantState, message: RestartMatch) -> None:
        """A match that does not reproduce after a reload is flagged and kept; the visit gets a new one."""
        core, about = self._core, "match.restart"
        visit = core.own_visit(connection, participant, message.visit_id, about)
        if visit is None:
            return
        scene = self.scene(visit)
        match: MatchState | None = core.state.matches.get(MatchId(message.match_id))
        if match is None or match.match_id not in visit.match_ids or not isinstance(scene, GymGame) or match.visits:
            core.refuse(connection, "foreign_match", "this is not a match of this visit", path="match_id", about=about)
            return
        if visit is not core.state.current_visit(participant) or visit.outcome is not None:
            core.refuse(connection, "not_current", "this visit is over", path="visit_id", about=about)
            return
        if match is not core.state.current_match(visit):
            core.after_commit(*self.show(connection, participant, resume=True))
            return
        if len(visit.match_ids) > MAX_RESTARTS:
            core.refuse(connection, "too_many_restarts", "this game cannot be started again", about=about)
            return
        detail = message.reason[:2000]
        core.record(
            f.MatchFlagged(at=core.now(), match_id=match.match_id, flag="not_reproduced", detail=detail),
            f.MatchEnded(at=core.now(), match_id=match.match_id, outcome="restarted"),
            self._match(
                participant,
                visit.planned.visit_id,
                scene,
                attempt=len(visit.match_ids),
                treatment=participant.treatment,
            ),
        )
        core.say("warning", f"{scene.scene_id} starts again: {detail}", participant.participant_id)
        core.after_commit(*self.show(connection, participant))


def _outcomes(scene: Scene) -> tuple[str, ...]:
    """How a page may say that a visit ended."""
    if isinstance(scene, EmbeddedBuild):
        return ("completed", "failed")
    if not isinstance(scene, GymGame):
        return ("completed",)
    return ("completed", "failed", "partner_left", "void") if is_matched(scene) else ("completed", "failed")
