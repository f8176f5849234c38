"""Watching the players of a game: ping, tab, focus; warnings, and exclusions by what was measured.

A ping counts once, when it is answered; times are those of the server's clock. What is watched begins anew with every
visit, and when the server is started again.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from mug.engine.effects import ConnectionId, Send
from mug.engine.live import Core, PendingCall, Presence
from mug.engine.matches import Matches
from mug.engine.screening import read_answer
from mug.engine.state import ParticipantState, VisitState
from mug.engine.visits import Visits
from mug.ids import ParticipantId, VisitId
from mug.protocol.messages import Pulse, Warned
from mug.records import facts as f
from mug.study.model import GymGame
from mug.study.multiplayer import focus_timeout_ms, is_monitored
from mug.study.multiplayer_section import MultiplayerSection

__all__ = ["SILENT_MS", "Monitoring"]

SILENT_MS: Final = 2_500.0
"""A connected page that says nothing for so long is lost, as the console shows it."""
_PLAYING: Final = ("countdown", "playing")
"""Phases of a page in which its participant is watched: between two episodes it is still playing."""

_MESSAGES: Final = {
    "ping": "Your connection became too slow for this game, so it ends here for you. Thank you for your time.",
    "tab": "The study was in the background for too long, so it ends here for you. Thank you for your time.",
    "focus": "You were away from the study for too long, so it ends here for you. Thank you for your time.",
    "callback": "The study ends here for you. Thank you for your time.",
    "ping_warning": "Your connection is slow at present. If it stays like this, the game has to end for you. It may "
    "help to close other programs and downloads.",
    "tab_warning": "Please keep this page in front. If it stays in the background, the game has to end for you.",
    "focus_warning": "Please click on the game. If you stay away, it has to end for you.",
    "callback_warning": "Please go on with the game.",
}


@dataclass(slots=True)
class _Watch:
    """What is known of one participant in one game. Times in Unix ms."""

    visit_id: VisitId
    game: GymGame
    monitored: bool
    focus_ms: float
    pings: deque[bool]
    last_n: int = -1
    hidden_since_ms: float | None = None
    away_since_ms: float | None = None
    episode: int = 0
    frame: int = 0
    asked_at: tuple[int, int] = (0, 0)
    calling: bool = False
    warned: dict[str, str] = field(default_factory=dict)
    away_told: bool = False


class Monitoring:
    """The rules of watching."""

    def __init__(self, core: Core, matches: Matches, visits: Visits) -> None:
        self._core = core
        self._matches = matches
        self._visits = visits
        self._watches: dict[ParticipantId, _Watch] = {}
        self._paused_n: dict[ParticipantId, int] = {}

    def warning_of(self, who: ParticipantId) -> str:
        """The kind of the warning that a participant sees now; empty when there is none."""
        watch = self._watches.get(who)
        return next(reversed(watch.warned), "") if watch is not None else ""

    def page_came(self, who: ParticipantId) -> None:
        """Another page, or the same one anew: it shows no warning yet, and counts its probes from 0."""
        self._watches.pop(who, None)
        self._paused_n.pop(who, None)

    def pulsed(self, participant: ParticipantState, pulse: Pulse) -> None:
        """Look at what a page says of itself."""
        if self._core.is_paused(participant.participant_id):
            self._paused_n[participant.participant_id] = pulse.n  # what was measured up to here does not count
        watch = self._watch(participant)
        if watch is None:
            return
        now_ms = self._core.clock.now_ms()
        away = not (pulse.visible and pulse.focused)
        watch.hidden_since_ms = None if pulse.visible else (watch.hidden_since_ms or now_ms)
        watch.away_since_ms = (watch.away_since_ms or now_ms) if away else None
        if watch.game.multiplayer.pause_on_partner_background and away != watch.away_told:
            watch.away_told = away
            self._matches.tell_away(participant, away=away)
        if watch.monitored:
            self._ping(participant, watch, pulse)
        self._look(participant, watch, now_ms)
        if watch.monitored and participant.outcome is None:
            self._ask_study(participant, watch, pulse, now_ms)

    def tick(self) -> None:
        """A tenth of a second went by: pages fall silent, and times run out."""
        core, now_ms = self._core, self._core.clock.now_ms()
        for who in core.owner.values():
            presence = core.presences[who]
            if not presence.silent and now_ms - presence.pulsed_at_ms > SILENT_MS:
                presence.silent = True
                core.changed.add(who)
        for who, watch in tuple(self._watches.items()):
            if watch.away_since_ms is None:
                continue
            presence = core.presence(who)
            # Of a page that says nothing nobody knows whether it is still hidden: it is lost, which has its own rules.
            if presence.connection is not None and not presence.silent:
                participant = core.state.participants[who]
                if self._watch(participant) is watch:
                    self._look(participant, watch, now_ms)

    def answered(self, participant: ParticipantState, visit_id: VisitId, value: Any) -> str:
        """The study's function answered; returns what is wrong with its answer, which then has no effect."""
        watch = self._watch(participant)
        if watch is None or watch.visit_id != visit_id:
            return ""
        watch.calling = False
        problem, said, message = read_answer(value, ("exclude", "warn"))
        if said["exclude"]:
            self._exclude(participant, watch, "callback", None, message)
        elif said["warn"]:
            self._warn(participant, watch, "callback", None, message)
        else:
            self._warn_no_more(participant, watch, "callback")
        return problem

    def not_answered(self, participant: ParticipantState, visit_id: VisitId) -> None:
        """The study's function failed, which has no effect on the participant."""
        watch = self._watches.get(participant.participant_id)
        if watch is not None and watch.visit_id == visit_id:
            watch.calling = False

    # ------------------------------------------------------------- one participant

    def _watch(self, participant: ParticipantState) -> _Watch | None:
        """The watch of who plays now; None, and an older one is over, for who does not."""
        core, who = self._core, participant.participant_id
        known = self._watches.get(who)
        visit = core.state.current_visit(participant)
        if not self._plays(participant, visit, core.presence(who)):
            if known is not None:
                self._over(who, known)
            return None
        assert visit is not None
        if known is not None and known.visit_id == visit.planned.visit_id:
            return known
        game = self._visits.scene(visit)
        if not isinstance(game, GymGame):
            return None
        monitored, focus_ms = is_monitored(game), float(focus_timeout_ms(game))
        if not monitored and not focus_ms and not game.multiplayer.pause_on_partner_background:
            return None
        window: deque[bool] = deque(maxlen=game.multiplayer.continuous_ping_violation_window)
        watch = _Watch(VisitId(visit.planned.visit_id), game, monitored, focus_ms, window)
        watch.last_n = self._paused_n.get(who, -1)
        self._watches[who] = watch
        return watch

    def _plays(self, participant: ParticipantState, visit: VisitState | None, presence: Presence) -> bool:
        if visit is None or visit.outcome is not None or participant.outcome is not None or self._core.state.ended:
            return False
        if self._core.is_paused(participant.participant_id):
            return False  # whatever a paused page does counts for nothing; what was counted before is forgotten
        match = self._core.state.current_match(visit)
        if match is None or match.outcome is not None or presence.phase not in _PLAYING:
            return False
        return match.agent_of(participant.participant_id) not in match.dropped

    def _over(self, who: ParticipantId, watch: _Watch) -> None:
        for kind in tuple(watch.warned):
            self._warn_no_more(self._core.state.participants[who], watch, kind)
        if watch.away_told and self._core.is_paused(who):
            self._matches.tell_away(self._core.state.participants[who], away=False)  # they are told of the pause
        del self._watches[who]

    def _ping(self, participant: ParticipantState, watch: _Watch, pulse: Pulse) -> None:
        rules = watch.game.multiplayer
        number = pulse.n if pulse.rtt_n is None else pulse.rtt_n
        if rules.continuous_max_ping is None or pulse.rtt_ms is None or not watch.last_n < number <= pulse.n:
            return
        watch.last_n = number
        watch.pings.append(pulse.rtt_ms > rules.continuous_max_ping)
        violations, required = sum(watch.pings), rules.continuous_ping_required_violations
        if violations >= required:
            self._exclude(participant, watch, "ping", pulse.rtt_ms)
        elif violations >= (required + 1) // 2:
            self._warn(participant, watch, "ping", pulse.rtt_ms)
        else:
            self._warn_no_more(participant, watch, "ping")

    def _look(self, participant: ParticipantState, watch: _Watch, now_ms: float) -> None:
        """Judge how long the page has been hidden, and out of focus."""
        if participant.outcome is not None:
            return
        rules = watch.game.multiplayer
        hidden_ms = 0.0 if watch.hidden_since_ms is None else now_ms - watch.hidden_since_ms
        away_ms = 0.0 if watch.away_since_ms is None else now_ms - watch.away_since_ms
        if watch.monitored and watch.hidden_since_ms is not None:
            if hidden_ms >= rules.continuous_tab_exclude_ms > 0:
                self._exclude(participant, watch, "tab", hidden_ms)
                return
            if hidden_ms >= rules.continuous_tab_warning_ms:
                self._warn(participant, watch, "tab", hidden_ms)
        else:
            self._warn_no_more(participant, watch, "tab")
        if watch.focus_ms and away_ms >= watch.focus_ms:
            self._exclude(participant, watch, "focus", away_ms)
        elif watch.focus_ms and away_ms >= watch.focus_ms / 2:
            self._warn(participant, watch, "focus", away_ms)
        elif watch.away_since_ms is None:
            self._warn_no_more(participant, watch, "focus")

    def _ask_study(self, participant: ParticipantState, watch: _Watch, pulse: Pulse, now_ms: float) -> None:
        """Have the study's function called when so many frames were played since it was called last."""
        rules = watch.game.multiplayer
        frame, episode = pulse.frame, pulse.episode
        if rules.continuous_callback is None or frame is None or episode is None or watch.calling:
            return
        since = frame - watch.asked_at[1] if episode == watch.asked_at[0] else frame
        if since < rules.continuous_callback_interval_frames:
            return
        watch.asked_at, watch.calling = (episode, frame), True
        hidden = watch.hidden_since_ms
        context: dict[str, object] = {
            "ping": pulse.rtt_ms,
            "is_tab_hidden": hidden is not None,
            "tab_hidden_duration_ms": 0.0 if hidden is None else now_ms - hidden,
            "frame_number": frame,
            "episode_number": episode,
            "subject_id": participant.participant_id,
            "scene_id": watch.game.scene_id,
        }
        connection = self._core.presence(participant.participant_id).connection or ConnectionId("")
        pending = PendingCall(
            "continuous_callback",
            rules.continuous_callback,
            participant.participant_id,
            watch.visit_id,
            connection,
        )
        self._core.call(pending.kind, pending.ref, context, pending)

    # ------------------------------------------------------------- what comes of it

    def _warn(
        self, participant: ParticipantState, watch: _Watch, kind: str, value: float | None, words: str = ""
    ) -> None:
        message = words or self._words(watch.game.multiplayer, f"{kind}_warning")
        if watch.warned.get(kind) == message:
            return
        core, who = self._core, participant.participant_id
        watch.warned[kind] = message
        core.record(
            f.ParticipantWarned(
                at=core.now(), participant_id=who, kind=kind, visit_id=watch.visit_id, value=value, message=message
            )
        )
        core.say("warning", f"is warned: {kind}{_in_ms(value)}", who)
        self._tell(who, Warned(kind=kind, message=message))

    def _warn_no_more(self, participant: ParticipantState, watch: _Watch, kind: str) -> None:
        message = watch.warned.pop(kind, None)
        if message is not None:
            self._core.changed.add(participant.participant_id)
            self._tell(participant.participant_id, Warned(kind=kind, message=message, active=False))

    def _tell(self, who: ParticipantId, message: Warned) -> None:
        connection = self._core.presence(who).connection
        if connection is not None:
            self._core.after_commit(Send(connection, message))

    def _exclude(
        self, participant: ParticipantState, watch: _Watch, kind: str, value: float | None, words: str = ""
    ) -> None:
        core, who = self._core, participant.participant_id
        del self._watches[who]
        core.say("warning", f"is excluded: {kind}{_in_ms(value)}", who)
        self._matches.exclude(participant, f"excluded ({kind})")
        message = words or self._words(watch.game.multiplayer, kind)
        self._visits.break_off(participant, "excluded", kind, message, value=value)

    @staticmethod
    def _words(rules: MultiplayerSection, key: str) -> str:
        own = rules.focus_loss_message if key == "focus" else None
        return own or rules.continuous_exclusion_messages.get(key) or _MESSAGES[key]


def _in_ms(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else f" ({value:.0f} ms)"
