"""Games that the server steps: when a match's process is started, what it is told, and what the pages hear of it.

A page is ready when it said so (ServerReady), until its connection ends. The game begins when all pages are ready.
Whoever is not ready acts neutrally, and is out of the match by the study's policy when the time for it is up; but only
while somebody else is there who waits. A game in which nobody is there stands still; after some time its process is
ended, and the first page that comes back has it started again from the stored rows, as after a restart of the server.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from mug.engine.authority_news import status_for
from mug.engine.authority_rows import MAX_FLAGS, AuthorityRows, Observing
from mug.engine.effects import ConnectionId, Effect, Send, StartAuthority, StopAuthority, TellAuthority
from mug.engine.inputs import (
    AuthorityChanged,
    AuthorityChunk,
    AuthorityFailed,
    AuthorityFinished,
)
from mug.engine.live import Core
from mug.engine.payload import FrozenStudy, authority_config, game_at
from mug.engine.state import MatchState, ParticipantState
from mug.engine.stepped import SteppedGame
from mug.ids import MatchId, ParticipantId
from mug.protocol.partners import ServerReady
from mug.records import facts as f
from mug.study.model import GymGame

__all__ = ["Authority", "AuthorityInput", "Deciding"]

AuthorityInput = AuthorityChanged | AuthorityChunk | AuthorityFinished | AuthorityFailed

SILENT_MS: Final = 6_000.0
"""Whose page is connected, and has said nothing for so long, acts neutrally until it does again."""
ASLEEP_MS: Final = 300_000.0
"""The process of a game in which nobody is there is ended after so long."""
RESTART_GRACE_MS: Final = 30_000.0
"""After a restart of the server the pages have to come back first."""
MAX_RESTORED: Final = 1
"""So often a process that failed is started again."""
RESTORED: Final = "server_restored"
"""The flag of a match whose process failed and was started again."""
RESUMED: Final = "server_resumed"
"""The flag of a match that went on from its stored rows for another reason: the server was started again, or nobody
had been there for a long time."""
FAILED: Final = "its process failed"
MAX_ERRORS: Final = 200
"""Recorded errors of one participant."""
_STAGES: Final = ("ready", "countdown", "playing", "paused", "between")


class Deciding(Protocol):
    """Who is out of a match, and when it is over: the rules that hold for every game of several people."""

    def drop_late(self, match: MatchState, agents: Iterable[str], reason: str) -> None:
        """Players are out of a match by the study's policy."""

    def close(self, match: MatchState, outcome: str, reason: str) -> None:
        """A match is over."""


Merge = Callable[[ParticipantState, dict[str, Any]], None]


class Authority:
    """The rules of games that the server steps."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._deciding: Deciding | None = None
        self._rows = AuthorityRows(core)
        self._merge: Merge | None = None

    def decide_by(self, deciding: Deciding) -> None:
        """Say who decides (it is made after this, and knows this)."""
        self._deciding = deciding

    def observe_by(self, observing: Observing) -> None:
        """Say who knows the games' callbacks (likewise)."""
        self._rows.observing = observing

    def merge_by(self, merge: Merge) -> None:
        """Say who sets values in participants' `mug_globals` (likewise)."""
        self._merge = merge

    # ------------------------------------------------------------- beginning

    def formed(self, match: MatchState) -> None:
        """A match was formed: its pages have heard of it, and its process is started."""
        rules = self._rules(match)
        now_ms = self._core.clock.now_ms()
        game = SteppedGame(empty_since_ms=now_ms)
        game.until_ms = dict.fromkeys(match.players, now_ms + rules.rejoin_timeout_ms)
        self._core.stepped[match.match_id] = game
        self._start(match, game)

    def _start(self, match: MatchState, game: SteppedGame) -> None:
        game.is_running, game.is_loaded, game.is_begun = True, False, False
        game.stage, game.paused, game.hz = "", "", 0.0
        parts = sorted(match.parts, key=lambda part: (part.episode, part.first))
        config = authority_config(self._frozen(match), self._scene(match), match)
        stored = tuple(part.sha256 for part in parts)
        self._core.after_commit(StartAuthority(match.match_id, config, stored, tuple(match.dropped)))
        self._core.changed_matches.add(match.match_id)

    def _start_again(self, match: MatchState, why: str) -> None:
        """A match without a process goes on from its stored rows."""
        now_ms = self._core.clock.now_ms()
        game = self._core.stepped.setdefault(match.match_id, SteppedGame(empty_since_ms=now_ms))
        grace_ms = max(RESTART_GRACE_MS, self._rules(match).reconnection_timeout_ms)
        for agent in self._live(match):
            game.until_ms[agent] = max(game.until_ms.get(agent, 0.0), now_ms + grace_ms)
        game.from_rows = why
        self._start(match, game)

    def _begin(self, match: MatchState, game: SteppedGame) -> None:
        game.is_begun = True
        self._tell(match, "begin")
        self._core.changed_matches.add(match.match_id)

    # ------------------------------------------------------------- pages

    def page_came(self, match: MatchState, agent: str, *, reloaded: bool) -> None:
        """A player's page is connected; it shows nothing before it says that it is ready."""
        if self._is_over(match) or agent in match.dropped or self._core.state.ended:
            return
        game = self._core.stepped.get(match.match_id)
        if game is None:
            self._start_again(match, "the server was started again")
            game = self._core.stepped[match.match_id]
        elif not game.is_running:
            self._start_again(match, "nobody had been there for a long time")
        rules = self._rules(match)
        wait_ms = rules.rejoin_timeout_ms if reloaded else rules.reconnection_timeout_ms
        self._away(match, game, agent, float(wait_ms))
        game.told.pop(match.players[agent], None)

    def page_lost(self, match: MatchState, agent: str) -> None:
        """The connection of a player's page ended."""
        game = self._core.stepped.get(match.match_id)
        if game is not None and agent not in match.dropped:
            self._away(match, game, agent, float(self._rules(match).reconnection_timeout_ms))
            self._settle(match, game)

    def ready(self, connection: ConnectionId, participant: ParticipantState, message: ServerReady) -> None:
        """A page can show the game: its player acts from now on, and its first view is whole."""
        core, about = self._core, "server.ready"
        match = core.state.matches.get(MatchId(message.match_id))
        agent = match.agent_of(participant.participant_id) if match is not None and match.is_on_server else None
        if match is None or agent is None:
            core.refuse(connection, "foreign_match", "this is not a match of yours", path="match_id", about=about)
            return
        game = core.stepped.get(match.match_id)
        if self._is_over(match) or agent in match.dropped or game is None:
            core.after_commit(*self.missed(match, participant.participant_id, connection))
            return
        if not game.present:
            self._somebody_is_there(match, game)
        self._forget(game, agent)
        game.ready.add(agent)
        game.told.pop(participant.participant_id, None)  # it may be another page than the one that was told
        if game.is_loaded:
            self._tell(match, "back", agent)
        self._settle(match, game)

    def missed(self, match: MatchState, who: ParticipantId, connection: ConnectionId) -> tuple[Effect, ...]:
        """What a page is told that comes in: how the game stands. It is told again when it is ready."""
        game = self._core.stepped.get(match.match_id)
        return (Send(connection, status_for(self._core, match, game, who, self._scene(match))),)

    def _somebody_is_there(self, match: MatchState, game: SteppedGame) -> None:
        """After a time in which nobody was there to wait: the others have their time from now on."""
        until_ms = self._core.clock.now_ms() + self._rules(match).reconnection_timeout_ms
        for agent, before_ms in game.until_ms.items():
            game.until_ms[agent] = max(before_ms, until_ms)
            game.last_ms.pop(agent, None)

    def _away(self, match: MatchState, game: SteppedGame, agent: str, wait_ms: float) -> None:
        now_ms = self._core.clock.now_ms()
        was_there = agent in game.ready
        # Who comes back step by step has the longer of the times, but nobody is on their way back without an end.
        last_ms = game.last_ms.setdefault(agent, now_ms + wait_ms + 2.0 * self._rules(match).rejoin_timeout_ms)
        game.until_ms[agent] = min(max(game.until_ms.get(agent, 0.0), now_ms + wait_ms), last_ms)
        game.ready.discard(agent)
        game.mute.discard(agent)
        if not game.present:
            game.empty_since_ms = now_ms
        if game.is_loaded and was_there:
            self._tell(match, "away", agent)
        self._core.changed_matches.add(match.match_id)

    # ------------------------------------------------------------- what the process says

    def said(self, happened: AuthorityInput) -> None:
        """A match's process says something."""
        match = self._core.state.matches.get(happened.match_id)
        if match is None or not match.is_on_server:
            return
        match happened:
            case AuthorityChunk():
                self._rows.store(match, happened)
            case AuthorityChanged():
                self._changed(match, happened)
            case AuthorityFinished():
                if self._runs(match):
                    self._gone(match)
                    outcome = happened.outcome if happened.outcome in ("completed", "void", "failed") else "failed"
                    self._decide.close(match, outcome, happened.reason[:2000])
            case AuthorityFailed():
                if self._runs(match):
                    self._failed(match, happened)

    def _changed(self, match: MatchState, changed: AuthorityChanged) -> None:
        game = self._core.stepped.get(match.match_id)
        if game is None or not game.is_running or changed.stage not in _STAGES:
            return
        self._core.changed_matches.add(match.match_id)
        game.stage, game.episode, game.frame, game.hz = changed.stage, changed.episode, changed.frame, changed.hz
        if changed.mug_globals is not None:
            self._globals_changed(match, game, changed.mug_globals)
        if changed.stage == "ready" and not game.is_loaded:
            self._loaded(match, game, changed)
        self._settle(match, game)

    def _globals_changed(self, match: MatchState, game: SteppedGame, values: dict[str, Any]) -> None:
        """Study code changed the match's dict: what is new in it goes into every player's own."""
        before = match.settings["mug_globals"] if game.mug_globals is None else game.mug_globals
        game.mug_globals = values
        new = {key: value for key, value in values.items() if key not in before or before[key] != value}
        if new and self._merge is not None:
            for agent in self._live(match):
                self._merge(self._core.state.participants[match.players[agent]], new)

    def _loaded(self, match: MatchState, game: SteppedGame, changed: AuthorityChanged) -> None:
        """The process has the game: it hears all that it could not be told before."""
        core = self._core
        game.is_loaded, game.asset_specs = True, changed.asset_specs
        if game.from_rows:
            detail = f"{game.from_rows}; it goes on from episode {changed.episode}, frame {changed.frame}"
            if game.from_rows != FAILED and match.flags.count(RESUMED) < MAX_FLAGS:
                core.record(f.MatchFlagged(at=core.now(), match_id=match.match_id, flag=RESUMED, detail=detail))
            core.say("warning", f"match {match.match_id} goes on from its stored rows: {detail}")
        game.from_rows = ""
        for agent in self._live(match):
            self._tell(match, "back" if agent in game.present else "away", agent)

    def _failed(self, match: MatchState, failed: AuthorityFailed) -> None:
        """The process is gone: once it is started again from the stored rows, then the match is over."""
        core = self._core
        self._gone(match)
        detail = f"{failed.kind}: {failed.message}"[:2000]
        first = core.state.visits[match.visit_id].participant_id
        if core.state.participants[first].errors < MAX_ERRORS:
            core.record(
                f.ErrorReported(
                    at=core.now(),
                    participant_id=first,
                    kind="environment" if failed.kind in ("environment", "irreproducible") else "runtime",
                    message=f"on the server: {detail}"[:4_000],
                    visit_id=match.visit_id,
                    traceback=failed.traceback[:20_000],
                )
            )
        core.say("error", f"match {match.match_id}: its process failed ({detail})", first, failed.traceback[:20_000])
        if match.flags.count(RESTORED) < MAX_RESTORED and failed.kind != "irreproducible":
            core.record(f.MatchFlagged(at=core.now(), match_id=match.match_id, flag=RESTORED, detail=detail))
            game = core.stepped[match.match_id]
            game.from_rows = FAILED
            self._start(match, game)
            self._settle(match, game)
            return
        if failed.kind == "irreproducible":
            core.record(f.MatchFlagged(at=core.now(), match_id=match.match_id, flag="not_reproduced", detail=detail))
        self._decide.close(match, "failed", detail)

    def _gone(self, match: MatchState) -> None:
        """There is no process of a match any more; nobody has to end it."""
        self._core.stepped[match.match_id].is_running = False

    # ------------------------------------------------------------- what is due

    def ticked(self) -> None:
        """A tenth of a second went by: look for what is due."""
        if self._core.state.ended:
            self.session_over()
        for match_id, game in tuple(self._core.stepped.items()):
            if self._core.stepped.get(match_id) is game:
                self._settle(self._core.state.matches[match_id], game)

    def _settle(self, match: MatchState, game: SteppedGame) -> None:
        """Do everything that is due now, and tell process and pages what changed."""
        if self._is_over(match) or self._core.state.ended:
            return
        self._listen(match, game)
        self._pause_or_go_on(match, game)
        self._judge(match, game)
        if self._is_over(match) or match.match_id not in self._core.stepped:
            return
        if game.is_loaded and not game.is_begun and not game.paused and set(self._live(match)) <= game.present:
            self._begin(match, game)
        self._sleep(match, game)
        self._tell_pages(match, game)

    def _listen(self, match: MatchState, game: SteppedGame) -> None:
        """Whose page has fallen silent is away, though its connection stands; the first word makes it come back."""
        now_ms = self._core.clock.now_ms()
        for agent in sorted(game.ready):
            presence = self._core.presence(match.players[agent])
            silent = presence.pulsing and now_ms - presence.pulsed_at_ms > SILENT_MS
            if silent == (agent in game.mute):
                continue
            if silent:
                game.mute.add(agent)
                game.until_ms[agent] = presence.pulsed_at_ms + max(
                    SILENT_MS, float(self._rules(match).reconnection_timeout_ms)
                )
                if not game.present:
                    game.empty_since_ms = now_ms
            else:
                if not game.present:
                    self._somebody_is_there(match, game)
                game.mute.discard(agent)
                game.until_ms.pop(agent, None)
            if game.is_loaded:
                self._tell(match, "away" if silent else "back", agent)
            self._core.changed_matches.add(match.match_id)

    def _judge(self, match: MatchState, game: SteppedGame) -> None:
        """Who is not there for too long is out of the match, as long as somebody else is there who waits."""
        now_ms = self._core.clock.now_ms()
        if self._paused_by(match) or not game.present - set(match.dropped):
            return
        late = [agent for agent in self._live(match) if game.until_ms.get(agent, now_ms) < now_ms]
        if late:
            self._decide.drop_late(match, late, "was not there any more")

    def _paused_by(self, match: MatchState) -> bool:
        """Whether the experimenter pauses somebody who plays."""
        return any(self._core.is_paused(match.players[agent]) for agent in self._live(match))

    def _why_paused(self, match: MatchState, game: SteppedGame) -> str:
        """Why the game stands still now; empty: it does not."""
        if self._paused_by(match):
            return "experimenter"
        if not game.present & set(self._live(match)):
            return "nobody"
        hidden = (
            agent
            for agent in self._live(match)
            if agent in game.ready and not self._core.presence(match.players[agent]).visible
        )
        if len(match.players) < 2:
            return ""  # nobody waits for a partner
        if self._rules(match).pause_on_partner_background and (agent := next(hidden, "")):
            return f"hidden:{agent}"
        return ""

    def _pause_or_go_on(self, match: MatchState, game: SteppedGame) -> None:
        why, before = self._why_paused(match, game), game.paused
        now_ms = self._core.clock.now_ms()
        if why == before:
            return
        if before == "experimenter":  # nobody's time ran meanwhile
            held_ms = now_ms - game.paused_since_ms
            game.until_ms = {agent: until_ms + held_ms for agent, until_ms in game.until_ms.items()}
            game.last_ms = {agent: last_ms + held_ms for agent, last_ms in game.last_ms.items()}
            game.empty_since_ms += held_ms
        game.paused, game.paused_since_ms = why, now_ms
        if game.is_begun and bool(why) != bool(before):
            self._tell(match, "pause" if why else "go_on")
        self._core.changed_matches.add(match.match_id)

    def _sleep(self, match: MatchState, game: SteppedGame) -> None:
        """Nobody has been there for long: no process waits for them; it is started again when somebody is."""
        if game.present or not game.is_running or self._core.clock.now_ms() - game.empty_since_ms < ASLEEP_MS:
            return
        if any(self._core.presence(match.players[agent]).connection is not None for agent in self._live(match)):
            return
        game.is_running = game.is_loaded = game.is_begun = False
        self._core.after_commit(StopAuthority(match.match_id, "nobody has been there for a long time"))
        self._core.say("info", f"match {match.match_id} waits without a process: nobody is there")
        self._core.changed_matches.add(match.match_id)

    def _tell_pages(self, match: MatchState, game: SteppedGame) -> None:
        scene = self._scene(match)
        for agent in self._live(match):
            who = match.players[agent]
            connection = self._core.presence(who).connection
            if connection is None or self._visit_is_over(match, who):
                continue
            if game.is_begun and game.stage == "ready" and who in game.told:
                continue  # the process says in a moment how it goes on
            status = status_for(self._core, match, game, who, scene)
            if game.told.get(who) != status:
                game.told[who] = status
                self._core.after_commit(Send(connection, status))

    # ------------------------------------------------------------- what is decided elsewhere

    def dropped(self, match: MatchState, agents: Iterable[str], policy: str) -> None:
        """Players are out of a match that goes on without them: it hears of it, and so do all pages."""
        game = self._core.stepped.get(match.match_id)
        if game is None:
            return
        for agent in agents:
            self._forget(game, agent)
            if game.is_loaded:
                self._tell(match, "drop", agent, policy)
        self._settle(match, game)

    @staticmethod
    def _forget(game: SteppedGame, agent: str) -> None:
        game.ready.discard(agent)
        game.mute.discard(agent)
        game.until_ms.pop(agent, None)
        game.last_ms.pop(agent, None)

    def ended(self, match: MatchState) -> None:
        """A match is over: its process is ended where it still runs."""
        game = self._core.stepped.pop(match.match_id, None)
        if game is not None and game.is_running:
            self._core.after_commit(StopAuthority(match.match_id, f"the match is over ({match.outcome})"))
        self._core.changed_matches.add(match.match_id)

    def session_over(self) -> None:
        """The experimenter ended the session: nothing is stepped any more."""
        for match_id, game in self._core.stepped.items():
            if game.is_running:
                self._core.after_commit(StopAuthority(match_id, "the session is over"))
        self._core.stepped.clear()

    # ------------------------------------------------------------- small things

    def _tell(self, match: MatchState, what: str, agent: str = "", policy: str = "") -> None:
        self._core.after_commit(TellAuthority(match.match_id, what, agent, policy))

    @property
    def _decide(self) -> Deciding:
        assert self._deciding is not None
        return self._deciding

    def _runs(self, match: MatchState) -> bool:
        game = self._core.stepped.get(match.match_id)
        return game is not None and game.is_running and match.outcome is None

    def _is_over(self, match: MatchState) -> bool:
        return match.outcome is not None

    def _live(self, match: MatchState) -> list[str]:
        """Agents whose players are in the match, and have not gone on to another scene."""
        return [
            agent
            for agent, who in match.players.items()
            if agent not in match.dropped and not self._visit_is_over(match, who)
        ]

    def _visit_is_over(self, match: MatchState, who: ParticipantId) -> bool:
        return self._core.state.visits[match.visits[who]].outcome is not None

    def _scene(self, match: MatchState) -> GymGame:
        return game_at(self._frozen(match).study, self._core.state.visits[match.visit_id].planned.node_path)

    def _frozen(self, match: MatchState) -> FrozenStudy:
        """The study as the match's players meet it."""
        return self._core.frozen.under(match.settings.get("treatment", ""))

    def _rules(self, match: MatchState) -> Any:
        return self._scene(match).multiplayer
