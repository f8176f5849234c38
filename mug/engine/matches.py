"""Games of several people, and games that the server steps: from a group to a match, through dropouts, to its end."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from mug.engine.authority import Authority
from mug.engine.clock import derive_seed, short_hash
from mug.engine.effects import ConnectionId, DropRoutes, Effect, Schedule, Send, SetRoutes
from mug.engine.groups import group_id_of
from mug.engine.live import Core, PendingCall
from mug.engine.lobby import Place
from mug.engine.payload import body_text, game_at, game_config, match_settings, matched_agents, scene_at
from mug.engine.state import MatchState, ParticipantState, VisitState
from mug.engine.treatments import assign_group, exposed
from mug.engine.verdicts import Reports, Returns
from mug.ids import MatchId, ParticipantId, VisitId
from mug.protocol.messages import (
    MatchReady,
    MatchVerdict,
    PartnerAway,
    PartnerReturning,
    ReportMatch,
    ReportPeer,
    ReturnDone,
)
from mug.protocol.parts import MatchStatus
from mug.records import facts as f
from mug.study.model import GymGame
from mug.study.multiplayer import is_matched

__all__ = ["VERDICT", "Matches"]

VERDICT: Final = "verdict:"
"""Begins the name of the timer at whose end a match's silent players are judged."""

LOST_MS: Final = 3_000.0
"""A partner silent for so long pauses the game (`RollbackConfig.pause_ms`)."""
HEARD_MS: Final = 750.0
"""A partner silent for less is there (`RollbackConfig.notify_ms`)."""
BACK_MS: Final = 2_000.0
"""A page that is connected again has so long to say that it hears its partner after all."""

REPORT_FLAGS: Final = ("desync", "refused", "void", "not_reproduced")
MAX_RETURNS: Final = 20
"""Times that one page may come back into one match."""
MAX_FLAGS: Final = 100
"""Flags of one kind that a match may collect from its pages."""


class Matches:
    """The rules of playing together."""

    def __init__(
        self,
        core: Core,
        authority: Authority,
        *,
        ice_servers: tuple[dict[str, Any], ...] = (),
        force_relay: bool = False,
    ) -> None:
        self._core = core
        self._authority = authority
        authority.decide_by(self)
        self._ice_servers = ice_servers
        self._force_relay = force_relay
        self._reports = Reports()
        # A server that is started again cannot know which pages heard of their match; one that did not asks again.
        self._told = {
            (match.match_id, who)
            for match in core.state.matches.values()
            if match.visits and not self._is_over(match)
            for who in match.visits
        }
        self._flagged: set[tuple[MatchId, str, int]] = set()
        self._returns = Returns()
        self._gone_on_ms: dict[MatchId, float] = {}
        for match in core.state.matches.values():
            if match.away and not self._is_over(match):
                for agent in match.away:
                    self._await_return(match, agent)

    # ------------------------------------------------------------- from a group to a match

    def tell_again(
        self, connection: ConnectionId, participant: ParticipantState, visit: VisitState, match: MatchState
    ) -> None:
        """A page that is in a match asks for partners once more: it did not get the answer."""
        if self._is_played(match, participant.participant_id):
            self._core.refuse(connection, "played", "this match is played", path="visit_id", about="match.join")
            return
        if match.outcome is not None or match.agent_of(participant.participant_id) in match.dropped:
            if not match.is_on_server:  # there the stage says it
                self._core.refuse(connection, "over", "this match is over", path="visit_id", about="match.join")
            self._core.after_commit(*self.missed(participant, connection))
            return
        self._tell_match(match, participant.participant_id, visit)

    def form(self, group: Sequence[Place], *, group_id: str = "", released_by: str = "automatic") -> None:
        """Put people together: each gets the agent of its place in `group`."""
        core = self._core
        opened = core.state.opened
        assert opened is not None
        visits = {str(place.participant_id): str(place.visit_id) for place in group}
        people = [core.state.participants[place.participant_id] for place in group]
        group_id = group_id or (group_id_of(core.state, list(visits)) if len(visits) > 1 else "")
        treatment, given = people[0].treatment, list[f.AnyFact]()
        if len(people) > 1:
            treatment, given = assign_group(core, [place.participant_id for place in group], group_id)
        frozen = core.frozen.under(treatment)
        game = game_at(frozen.study, core.state.visits[group[0].visit_id].planned.node_path)
        met = [
            fact
            for participant in people
            for fact in exposed(core, participant, treatment, visits[participant.participant_id], game.scene_id)
        ]
        match_id = f"m-{short_hash('match', opened.session_id, *visits.values())}"
        core.record(
            *given,
            f.MatchFormed(
                at=core.now(),
                match_id=match_id,
                visit_id=group[0].visit_id,
                scene_id=game.scene_id,
                seed=derive_seed("match", opened.seed, match_id),
                agents=matched_agents(game, list(visits)),
                visits=visits,
                settings=match_settings(frozen, game, people) | ({"treatment": treatment} if treatment else {}),
                group_id=group_id,
                released_by=released_by,
            ),
            *met,
        )
        match = core.state.matches[MatchId(match_id)]
        together = " together" if len(visits) > 1 else ""
        core.say("info", f"{', '.join(visits)} play {game.scene_id}{together} (match {match_id})")
        core.changed.update(place.participant_id for place in group)
        core.changed_matches.add(match.match_id)
        core.after_commit(self._routes(match))
        for place in group:
            self._tell_match(match, place.participant_id, core.state.visits[place.visit_id])
        if match.is_on_server:
            self._authority.formed(match)

    def _tell_match(self, match: MatchState, who: ParticipantId, visit: VisitState) -> None:
        """Send MatchReady to one player, after the study's function made that player's page, where it has one."""
        core = self._core
        connection = core.presence(who).connection
        game = self._game(visit)
        if connection is None or game is None:
            return
        ref = game.content.game_page_html_fn
        if ref is None:
            self._ready(match, who, visit, None)
            return
        participant = core.state.participants[who]
        pending = PendingCall("game_page_html_fn", ref, who, VisitId(visit.planned.visit_id), connection)
        extra = {"game": game, "match_id": match.match_id, "human_players": dict(match.players)}
        core.call(pending.kind, ref, {**core.context(participant, visit), **extra}, pending)

    def page_made(self, participant: ParticipantState, visit: VisitState, html: str | None) -> None:
        """The study's function made (or failed to make) the page of a player of a formed match."""
        match = self._core.state.current_match(visit)
        if match is not None and match.outcome is None:
            self._ready(match, participant.participant_id, visit, html)

    def _ready(self, match: MatchState, who: ParticipantId, visit: VisitState, html: str | None) -> None:
        core = self._core
        connection, game = core.presence(who).connection, self._game(visit)
        participant = core.state.participants[who]
        if connection is None or game is None:
            return  # it asks again as soon as it is back
        ready = MatchReady(
            visit_id=visit.planned.visit_id,
            config=game_config(core.frozen_of(participant), game, participant, match),
            ice_servers=() if match.is_on_server else self._ice_servers,
            force_relay=self._force_relay and not match.is_on_server,
            in_game_html=html if html is not None else self._html_under(participant, game),
        )
        self._told.add((match.match_id, who))
        core.after_commit(Send(connection, ready), self._routes(match))

    def _html_under(self, participant: ParticipantState, game: GymGame) -> str | None:
        """The text beside a game whose group drew its treatment after the page was shown; else the page has it."""
        frozen = self._core.frozen_of(participant)
        if frozen is self._core.frozen or self._core.frozen.study.treatments.per != "group":
            return None
        return body_text(frozen, game.content.in_game_scene_body, game.content.in_game_scene_body_filepath)

    # ------------------------------------------------------------- pages that come and go

    def page_came(self, participant: ParticipantState, *, reloaded: bool) -> None:
        """A page is connected: the one that plays, or another one (`reloaded`), which is out of its match."""
        visit, match = self._match_of(participant)
        if match is None or visit is None:
            return
        agent = match.agent_of(participant.participant_id)
        who = participant.participant_id
        going_on = visit.outcome is None and match.outcome is None and not self._is_played(match, who)
        if match.is_on_server:
            self._on_server_again(match, agent, who, reloaded=reloaded, going_on=going_on)
            return
        if reloaded and going_on and agent is not None and agent not in match.dropped:
            self._loaded_again(match, agent, who)
        self._core.changed_matches.add(match.match_id)
        if self._is_over(match):
            return
        routes = self._routes(match)
        self._core.emit(routes)
        self._core.after_commit(routes)  # what was decided before, and waits for the disk, does not know this page yet
        latest_ms = self._core.clock.now_ms() + BACK_MS - self._timeout_ms(match)
        if agent is not None and self._reports.came_back(match.match_id, agent, latest_ms):
            self._judge_in(match, BACK_MS)

    def _on_server_again(
        self, match: MatchState, agent: str | None, who: ParticipantId, *, reloaded: bool, going_on: bool
    ) -> None:
        """A page came to a game that the server steps: it has to hear of the match before it shows anything."""
        self._core.changed_matches.add(match.match_id)
        if agent is None or not going_on:
            return
        self._told.discard((match.match_id, who))
        self._core.after_commit(self._routes(match))
        self._authority.page_came(match, agent, reloaded=reloaded)

    def _loaded_again(self, match: MatchState, agent: str, who: ParticipantId) -> None:
        """A player's page has lost the game's state: it may rebuild it while the others wait."""
        core, returns = self._core, match.returns.get(agent, 0) + 1
        if returns > MAX_RETURNS:
            self._drop(match, {agent}, self._policy(match), "the page was loaded again too often")
            return
        self._told.discard((match.match_id, who))  # signals wait until the new page knows of the match
        core.record(
            f.PlayerReturning(at=core.now(), match_id=match.match_id, agent=agent, participant_id=who, returns=returns)
        )
        core.say("info", f"comes back into match {match.match_id}", who)
        self._reports.forget_player(match.match_id, agent)
        self._await_return(match, agent)
        message = PartnerReturning(match_id=match.match_id, agent=agent, returns=returns)
        core.after_commit(*(Send(connection, message) for connection in self._pages_in(match, but=(who,))))

    def _await_return(self, match: MatchState, agent: str) -> None:
        until_ms = self._returns.begin(match.match_id, agent, self._core.clock.now_ms(), self._rejoin_timeout_ms(match))
        self._judge_in(match, until_ms - self._core.clock.now_ms())

    def returned(self, connection: ConnectionId, participant: ParticipantState, message: ReturnDone) -> None:
        """A page has rebuilt its match and plays on."""
        core, about = self._core, "match.returned"
        match = self._reported(connection, participant, message.match_id, about)
        if match is None:
            return
        agent = match.agent_of(participant.participant_id)
        if agent is None or agent not in match.away or self._is_over(match):
            return  # said again, or decided while this was on its way
        if min(message.episode, message.frame) < 0:
            core.refuse(connection, "invalid", "expected numbers from 0", path="frame", about=about)
            return
        core.record(
            f.PlayerReturned(
                at=core.now(),
                match_id=match.match_id,
                agent=agent,
                participant_id=participant.participant_id,
                episode=message.episode,
                frame=message.frame,
            )
        )
        if match.flags.count("returned") < MAX_FLAGS:
            detail = f"episode {message.episode}, frame {message.frame}: {participant.participant_id}"
            core.record(f.MatchFlagged(at=core.now(), match_id=match.match_id, flag="returned", detail=detail))
        core.say("info", f"is back in match {match.match_id}", participant.participant_id)
        self._returns.end(match.match_id, agent)
        self._reports.forget_player(match.match_id, agent)
        core.changed_matches.add(match.match_id)

    def _pages_in(self, match: MatchState, but: Collection[ParticipantId]) -> Iterable[ConnectionId]:
        """The pages that are in a match at present, but for some."""
        core = self._core
        for who, visit in match.visits.items():
            connection = core.presence(who).connection
            present = core.state.current_visit(core.state.participants[who])
            if who not in but and connection is not None and present is not None and present.planned.visit_id == visit:
                yield connection

    def missed(self, participant: ParticipantState, connection: ConnectionId) -> tuple[Effect, ...]:
        """What a page that comes back has to be told again: who is out of its match, and whose page came back."""
        visit, match = self._match_of(participant)
        if match is None or visit is None:
            return ()
        if match.is_on_server:
            is_in = match.agent_of(participant.participant_id) not in match.dropped
            if visit.outcome is None and match.outcome is None and is_in:
                self._tell_match(match, participant.participant_id, visit)
            return self._authority.missed(match, participant.participant_id, connection)
        own = match.agent_of(participant.participant_id)
        told: list[Effect] = [
            Send(connection, PartnerReturning(match_id=match.match_id, agent=agent, returns=returns))
            for agent, returns in match.returns.items()
            if agent != own and agent not in match.dropped
        ]
        if match.dropped:
            told.append(Send(connection, self._verdict(match, tuple(match.dropped), participant.participant_id)))
        return tuple(told)

    def page_lost(self, participant: ParticipantState) -> None:
        """A page's connection ended."""
        visit, match = self._match_of(participant)
        if match is None or visit is None:
            return
        self._core.changed_matches.add(match.match_id)
        agent = match.agent_of(participant.participant_id)
        if match.is_on_server and agent is not None and visit.outcome is None:
            self._core.after_commit(self._routes(match))
            self._authority.page_lost(match, agent)

    def _match_of(self, participant: ParticipantState) -> tuple[VisitState | None, MatchState | None]:
        """The present visit and its match, when it is one of several people."""
        visit = self._core.state.current_visit(participant)
        match = self._core.state.current_match(visit) if visit is not None else None
        return visit, match if match is not None and match.visits else None

    def _routes(self, match: MatchState) -> SetRoutes:
        presences = {agent: self._core.presence(who) for agent, who in match.players.items()}
        gone = frozenset(match.dropped)
        return SetRoutes(
            match.match_id,
            {agent: None if agent in gone else presence.connection for agent, presence in presences.items()},
            frozenset(agent for agent, who in match.players.items() if (match.match_id, who) in self._told),
            gone,
        )

    # ------------------------------------------------------------- silence, and what is decided about it

    def report_peer(self, connection: ConnectionId, participant: ParticipantState, message: ReportPeer) -> None:
        """A page hears nothing of a partner, or hears it again."""
        core, about = self._core, "match.peer"
        match = self._reported(connection, participant, message.match_id, about)
        if match is None:
            return
        own = match.agent_of(participant.participant_id)
        if own is None or message.agent == own or message.agent not in match.players:
            core.refuse(connection, "foreign_agent", "this is not a partner of yours", path="agent", about=about)
            return
        if message.state not in ("lost", "back"):
            core.refuse(connection, "invalid", "expected lost or back", path="state", about=about)
            return
        if self._is_over(match) or own in match.dropped or message.agent in match.dropped:
            return  # it was decided while this was on its way
        core.changed_matches.add(match.match_id)
        if message.state == "back":
            self._reports.heard(match.match_id, own, message.agent)
            return
        self._hears_nothing(match, own, message.agent, message.silent_ms)

    def pulsed(self, participant: ParticipantState, status: MatchStatus) -> None:
        """Once a second a page says how its match stands: that counts like a report, if one was lost on the way."""
        match = self._core.state.matches[MatchId(status.match_id)]
        own = match.agent_of(participant.participant_id)
        if own is None or own in match.dropped or self._is_over(match) or match.is_on_server:
            return
        for peer in status.peers:
            if peer.agent not in match.players or peer.agent == own or peer.agent in match.dropped:
                continue
            if peer.silent_ms < HEARD_MS:
                self._reports.heard(match.match_id, own, peer.agent)
            elif status.stage == "paused" and peer.silent_ms >= LOST_MS:
                self._hears_nothing(match, own, peer.agent, peer.silent_ms)

    def _hears_nothing(self, match: MatchState, own: str, agent: str, silent_ms: float) -> None:
        if self._is_paused(match):
            return
        now_ms = self._core.clock.now_ms()
        silent_ms = min(silent_ms, now_ms - self._gone_on_ms.get(match.match_id, 0.0))
        since = self._reports.lost(match.match_id, own, agent, silent_ms, now_ms)
        self._judge_in(match, since + self._timeout_ms(match) - now_ms)

    def _judge_in(self, match: MatchState, wait_ms: float) -> None:
        self._core.emit(Schedule(max(wait_ms, 0.0), f"{VERDICT}{match.match_id}"))

    def judge(self, match_id: MatchId) -> None:
        """A silence may have lasted too long."""
        core = self._core
        match = core.state.matches.get(match_id)
        if match is None or self._is_over(match) or core.state.ended:
            return  # nobody left whose game the experimenter ended
        if self._is_paused(match):
            return
        connected = {agent for agent, who in match.players.items() if core.presence(who).connection is not None}
        named, mutual = self._reports.due(match_id, self._timeout_ms(match), core.clock.now_ms(), connected)
        late = self._returns.late(match_id, core.clock.now_ms()) & match.away
        # Who comes back is silent, and hears nobody yet: it is judged by its own time.
        named = named - match.away
        lost = {agent for agent in match.players if agent in named and agent not in match.dropped}
        if late:
            self._drop(match, late, self._policy(match), "the page did not come back in time")
            lost -= late
        if not lost or self._is_over(match):
            return
        failed = {agent for agent, who in match.players.items() if core.presence(who).phase == "error"}
        if lost <= failed:  # nobody left: their pages could not go on
            self._drop(match, lost, self._policy(match), "the game failed on the page", outcome="failed")
        elif mutual or lost == match.players.keys() - match.dropped.keys():
            self._drop(match, lost, "void", "the players did not hear each other")
        else:
            self._drop(match, lost, self._policy(match), "was not heard any more")

    def players_with(self, participant: ParticipantState) -> list[ParticipantId]:
        """The others who are in somebody's present match and have not left it."""
        _, match = self._match_of(participant)
        if match is None or match.agent_of(participant.participant_id) in match.dropped:
            return []
        here = [who for who in self._live_players(match) if who != participant.participant_id]
        return [who for who in here if self._core.state.visits[match.visits[who]].outcome is None]

    def gone_on(self, paused_ms: Mapping[ParticipantId, float]) -> None:
        """Players were paused for so long and play on: nobody's silence, or way back, was counted meanwhile."""
        held: dict[MatchId, float] = {}
        for who, ms in paused_ms.items():
            _, match = self._match_of(self._core.state.participants[who])
            if match is not None and not match.is_on_server and not self._is_over(match):
                held[match.match_id] = max(ms, held.get(match.match_id, 0.0))
        for match_id, ms in held.items():
            self._gone_on_ms[match_id] = self._core.clock.now_ms()
            self._reports.forget_match(match_id)
            until_ms = self._returns.hold(match_id, ms)
            if until_ms is not None:
                self._judge_in(self._core.state.matches[match_id], until_ms - self._core.clock.now_ms())

    def _is_paused(self, match: MatchState) -> bool:
        """Whether the experimenter pauses somebody who plays it."""
        visits = self._core.state.visits
        playing = (who for who in self._live_players(match) if visits[match.visits[who]].outcome is None)
        return any(self._core.is_paused(who) for who in playing)

    def report_match(self, connection: ConnectionId, participant: ParticipantState, message: ReportMatch) -> None:
        """A page found something about the match that analysts must know."""
        core, about = self._core, "match.report"
        match = self._reported(connection, participant, message.match_id, about)
        if match is None:
            return
        if message.flag not in REPORT_FLAGS:
            expected = f"expected one of {', '.join(REPORT_FLAGS)}"
            core.refuse(connection, "invalid", expected, path="flag", about=about)
            return
        who = participant.participant_id
        known = (match.match_id, message.flag, message.episode)
        if known not in self._flagged and match.flags.count(message.flag) < MAX_FLAGS:
            self._flagged.add(known)
            where = f"episode {message.episode}, frame {message.frame}: " if message.flag == "desync" else ""
            detail = f"{where}{message.detail[:2000]} (reported by {who})"
            core.record(f.MatchFlagged(at=core.now(), match_id=match.match_id, flag=message.flag, detail=detail))
            core.say("warning", f"match {match.match_id}: {message.flag} ({detail})", who)
            core.changed_matches.add(match.match_id)
        agent = match.agent_of(who)
        if agent is None or agent in match.dropped or match.outcome is not None:
            return
        if core.state.visits[match.visits[who]].outcome is not None:
            return  # whose game is over decides nothing for those who still play
        if message.flag == "refused" and not match.sent:
            # Players refuse each other before the first frame: whose rows are here has played.
            self._end(match, "refused", message.detail[:2000])
        elif message.flag == "void":
            self._drop(match, {agent}, "void", message.detail[:2000], knows=(who,))
        elif message.flag == "not_reproduced":
            self._drop(match, {agent}, self._policy(match), message.detail[:2000], knows=(who,))

    def _reported(
        self, connection: ConnectionId, participant: ParticipantState, match_id: str, about: str
    ) -> MatchState | None:
        match = self._core.state.matches.get(MatchId(match_id))
        if match is None or participant.participant_id not in match.visits:
            self._core.refuse(connection, "foreign_match", "this is not a match of yours", path="match_id", about=about)
            return None
        if match.is_on_server:
            self._core.refuse(connection, "invalid", "the server itself steps this game", path="match_id", about=about)
            return None
        return match

    def _drop(
        self,
        match: MatchState,
        agents: Iterable[str],
        policy: str,
        reason: str,
        *,
        outcome: str = "partner_left",
        knows: Collection[ParticipantId] = (),
    ) -> None:
        """Players are out of a match for good: recorded, and told to everybody whose page is in it, but to `knows`.

        `outcome` is that of a match which ends with it.
        """
        core = self._core
        dropped = tuple(agent for agent in match.players if agent in set(agents))
        core.record(
            *(
                f.PlayerDropped(
                    at=core.now(),
                    match_id=match.match_id,
                    agent=agent,
                    participant_id=match.players[agent],
                    policy=policy,
                    reason=reason,
                )
                for agent in dropped
            )
        )
        for agent in dropped:
            core.say("warning", f"is out of match {match.match_id} ({policy}): {reason}", match.players[agent])
        if policy == "void":
            self._end(match, "void", reason, knows=knows)
        elif policy == "end":
            self._end(match, outcome, reason, knows=knows)
        if not match.is_on_server:
            core.after_commit(*self._verdicts(match, dropped, knows))
        core.changed_matches.add(match.match_id)
        if self._is_over(match):
            if match.outcome is None:
                self._end(match, self._outcome(match) or "abandoned", reason, knows=knows)
            self._dissolve(match)
        else:
            core.after_commit(self._routes(match))
        if match.is_on_server and match.outcome is None:
            self._authority.dropped(match, dropped, policy)
            self._say_over(match, dropped, knows)

    def _say_over(self, match: MatchState, dropped: tuple[str, ...], knows: Collection[ParticipantId]) -> None:
        """Those who are out of a game that the server steps hear that it is over for them."""
        for agent in dropped:
            who = match.players[agent]
            connection = self._core.presence(who).connection
            if who not in knows and connection is not None and connection in self._pages_in(match, but=knows):
                self._core.after_commit(*self._authority.missed(match, who, connection))

    def drop_late(self, match: MatchState, agents: Iterable[str], reason: str) -> None:
        """Players of a game that the server steps were away for too long."""
        self._drop(match, agents, self._policy(match), reason)

    def close(self, match: MatchState, outcome: str, reason: str) -> None:
        """A game that the server steps is over."""
        if match.outcome is None:
            self._core.say("info", f"match {match.match_id} is over: {outcome}")
            self._end(match, outcome, reason)

    def not_over(self, participant: ParticipantState, visit: VisitState, outcome: str) -> str:
        """Why a page may not finish a visit so: nobody but the server says when a game is over that it steps."""
        match = self._core.state.current_match(visit)
        if match is None or not match.is_on_server or match.outcome is not None or outcome == "failed":
            return ""
        return "" if match.agent_of(participant.participant_id) in match.dropped else "this game is not over"

    def outcome_of(self, participant: ParticipantState, visit: VisitState) -> str:
        """How a visit ends whose game the server stepped; empty: as the page says."""
        match = self._core.state.current_match(visit)
        if match is None or not match.is_on_server:
            return ""
        if match.outcome in ("completed", "partner_left", "void", "failed"):
            return match.outcome
        return "partner_left" if match.agent_of(participant.participant_id) in match.dropped else ""

    def _verdicts(
        self, match: MatchState, dropped: tuple[str, ...], knows: Collection[ParticipantId]
    ) -> Iterable[Effect]:
        for connection in self._pages_in(match, but=knows):
            yield Send(connection, self._verdict(match, dropped, self._core.owner[connection]))

    def _verdict(self, match: MatchState, dropped: tuple[str, ...], who: ParticipantId) -> MatchVerdict:
        policies = [match.dropped[agent] for agent in dropped]
        policy = next((final for final in ("void", "end") if final in policies), policies[-1])
        game = self._game(self._core.state.visits[match.visits[who]])
        message = ""
        if game is not None and match.agent_of(who) not in dropped:
            message = game.multiplayer.partner_disconnect_message or ""
        ends = policy == "end" and self.ends_participation(
            self._core.state.participants[who], self._core.state.visits[match.visits[who]]
        )
        return MatchVerdict(match_id=match.match_id, dropped=dropped, policy=policy, message=message, ends=ends)

    def ends_participation(self, participant: ParticipantState, visit: VisitState) -> bool:
        """Whether the participation of a player whose match was ended by a partner's dropout ends with it."""
        match, game = self._core.state.current_match(visit), self._game(visit)
        agent = match.agent_of(participant.participant_id) if match is not None else None
        if match is None or game is None or agent is None or agent in match.dropped:
            return False
        return "end" in match.dropped.values() and game.multiplayer.partner_disconnect_show_completion_code

    def tell_away(self, participant: ParticipantState, *, away: bool) -> None:
        """A player's page went to the background, or is back: the others read why the game waits."""
        _, match = self._match_of(participant)
        agent = match.agent_of(participant.participant_id) if match is not None else None
        if match is None or agent is None:
            return
        if match.is_on_server:
            return  # its stage says so
        for who in self._live_players(match):
            connection = self._core.presence(who).connection
            if who != participant.participant_id and connection is not None:
                self._core.emit(Send(connection, PartnerAway(match_id=match.match_id, agent=agent, away=away)))

    def exclude(self, participant: ParticipantState, reason: str) -> None:
        """Take a player out of the running match by the scene's policy; that player's page is told otherwise."""
        _, match = self._match_of(participant)
        agent = match.agent_of(participant.participant_id) if match is not None else None
        if match is None or agent is None or agent in match.dropped or self._is_over(match):
            return
        self._drop(match, {agent}, self._policy(match), reason, knows=(participant.participant_id,))

    def policy_for(self, participant: ParticipantState) -> str:
        """By which policy a match goes on (or not) without one of its players; empty: they are in none."""
        _, match = self._match_of(participant)
        return self._policy(match) if match is not None else ""

    def leave(self, people: Sequence[ParticipantState], outcome: str, reason: str) -> None:
        """Take players out of their matches, all at one moment; their pages are told otherwise.

        Args:
            people: Who; some may be in no match.
            outcome: How a match ends that nobody else plays.
            reason: Why, in words.
        """
        leaving: dict[MatchId, set[str]] = {}
        for participant in people:
            visit, match = self._match_of(participant)
            agent = match.agent_of(participant.participant_id) if match is not None else None
            if match is None or visit is None or agent is None or agent in match.dropped or visit.outcome is not None:
                continue
            leaving.setdefault(match.match_id, set()).add(agent)
        for match_id, agents in leaving.items():
            match = self._core.state.matches[match_id]
            gone = {match.players[agent] for agent in agents}
            others = [who for who in self._live_players(match) if who not in gone]
            outcomes = [self._core.state.visits[match.visits[who]].outcome for who in others]
            if None in outcomes:
                self._drop(match, agents, self._policy(match), reason, knows=gone)
            elif match.outcome is None and not outcomes:
                self._end(match, outcome, reason, knows=gone)
                self._core.say("info", f"match {match_id} was called off: {reason}")
            if outcome == "repaired":
                self._core.record(
                    f.MatchFlagged(at=self._core.now(), match_id=match_id, flag="repaired", detail=reason)
                )

    # ------------------------------------------------------------- the end

    def leaving(self, participant: ParticipantState, visit: VisitState, outcome: str) -> None:
        """A page goes on: who leaves a match that is not over for the others is out of it."""
        match = self._core.state.current_match(visit)
        if match is None or not match.visits or match.outcome is not None or outcome == "completed":
            return
        agent = match.agent_of(participant.participant_id)
        if agent is None or agent in match.dropped:
            return
        others = [who for who in self._live_players(match) if who != participant.participant_id]
        if all(self._core.state.visits[match.visits[who]].outcome is not None for who in others):
            return
        policy = "void" if outcome == "void" else self._policy(match)
        self._drop(match, {agent}, policy, f"left the game ({outcome})", knows=(participant.participant_id,))

    def ended_by(self, visit: VisitState, outcome: str) -> list[f.AnyFact]:
        """The facts of the match's end, when the visit that is over now is the last one that it waited for."""
        match = self._core.state.current_match(visit)
        if match is None or not match.visits or match.outcome is not None:
            return []
        visits = [self._core.state.visits[match.visits[who]] for who in self._live_players(match)]
        outcomes = [outcome if other is visit else other.outcome for other in visits]
        if None in outcomes:
            return []
        worst = _worst([word for word in (*outcomes, outcome) if word is not None]) or "abandoned"
        return [f.MatchEnded(at=self._core.now(), match_id=match.match_id, outcome=worst)]

    def visit_over(self, visit: VisitState) -> bool:
        """Clean up after a visit; returns whether its match is over for everybody."""
        match = self._core.state.current_match(visit)
        if match is None or not match.visits:
            return True
        self._core.changed_matches.add(match.match_id)
        if not self._is_over(match):
            return False
        self._dissolve(match)
        return True

    def _end(self, match: MatchState, outcome: str, reason: str, *, knows: Collection[ParticipantId] = ()) -> None:
        if match.outcome is None:
            self._core.record(
                f.MatchEnded(at=self._core.now(), match_id=match.match_id, outcome=outcome, reason=reason)
            )
        if match.is_on_server:
            self._authority.ended(match)
            for connection in self._pages_in(match, but=knows):
                self._core.after_commit(*self._authority.missed(match, self._core.owner[connection], connection))
        self._reports.forget_match(match.match_id)
        self._returns.forget_match(match.match_id)
        self._core.changed_matches.add(match.match_id)

    def _dissolve(self, match: MatchState) -> None:
        self._reports.forget_match(match.match_id)
        self._gone_on_ms.pop(match.match_id, None)
        self._told -= {(match.match_id, who) for who in match.visits}
        self._flagged = {known for known in self._flagged if known[0] != match.match_id}
        if match.is_on_server:
            self._authority.ended(match)
        self._core.after_commit(DropRoutes(match.match_id))

    def _live_players(self, match: MatchState) -> list[ParticipantId]:
        return [who for agent, who in match.players.items() if agent not in match.dropped]

    def _is_played(self, match: MatchState, who: ParticipantId) -> bool:
        """Whether all others have played it to its end, which nobody does alone."""
        others = [other for other in self._live_players(match) if other != who]
        visits = self._core.state.visits
        return bool(others) and all(visits[match.visits[other]].outcome == "completed" for other in others)

    def _is_over(self, match: MatchState) -> bool:
        """Whether nobody plays it any more; it may have ended by a verdict before."""
        visits = self._core.state.visits
        return all(visits[match.visits[who]].outcome is not None for who in self._live_players(match))

    def _outcome(self, match: MatchState) -> str:
        visits = self._core.state.visits
        words = [visits[match.visits[who]].outcome for who in self._live_players(match)]
        return _worst([word for word in words if word is not None])

    def _game(self, visit: VisitState) -> GymGame | None:
        participant = self._core.state.participants[visit.participant_id]
        scene = scene_at(self._core.frozen_of(participant).study, visit.planned.node_path)
        return scene if isinstance(scene, GymGame) and is_matched(scene) else None

    def _policy(self, match: MatchState) -> str:
        return "void" if match.outcome == "void" else str(match.settings["dropout_policy"])

    def _timeout_ms(self, match: MatchState) -> float:
        game = self._game(self._core.state.visits[match.visit_id])
        assert game is not None
        return float(game.multiplayer.reconnection_timeout_ms)

    def _rejoin_timeout_ms(self, match: MatchState) -> float:
        game = self._game(self._core.state.visits[match.visit_id])
        assert game is not None
        return float(game.multiplayer.rejoin_timeout_ms)


def _worst(outcomes: list[str]) -> str:
    """The word for a match whose visits ended so; empty when there were none."""
    return next((word for word in ("failed", "void", "partner_left", "completed") if word in outcomes), "")
