"""The read-only web view of a session on a second screen: who may look, and what everybody in the room may see.

Only what is copied here reaches that screen: numbers, seats, the study's title and its scenes. No id, name, parameter,
text or answer of a participant does.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

from mug.engine.clock import iso
from mug.engine.live import Core
from mug.engine.match_views import match_view
from mug.engine.waiting import Waiting
from mug.engine.waitroom_views import waitrooms
from mug.ids import VisitId
from mug.protocol.lab import ParticipantView, SessionView
from mug.protocol.lab_console import MakeView
from mug.records import facts as f

__all__ = ["VIEW_PATH", "SecondScreen"]

VIEW_PATH: Final = "/_mug/view"
MAX_VIEWS: Final = 20
REFRESH_MS: Final = 1000.0

_GONE: Final = {"finished": "finished", "excluded": "excluded", "turned_away": "turned away"}
_AWAY: Final = frozenset(("lost", "left"))
_PHASES: Final = {
    "held": "waiting",
    "loading": "loading",
    "page": "reading",
    "waiting": "waiting",
    "matching": "waiting",
    "countdown": "playing",
    "playing": "playing",
    "error": "in trouble",
}
"""What a page says of itself is shown only in these words: its own text never is."""
_KINDS: Final = {"gym_game": "game", "group_order": "waitroom"}
_MATCHES: Final = {"connecting": "connecting", "playing": "playing", "paused": "paused", "completed": "completed"}


class SecondScreen:
    """Makes and ends views, and keeps what they show. A view outlives its server: its token's hash is recorded.

    `look` may be called from any thread.

    Args:
        core: The engine's heart.
        waiting: The waitrooms.
        session_view: The session as the console shows it.
        participant_views: The participants as the console shows them, in the order in which they came.
    """

    def __init__(
        self,
        core: Core,
        waiting: Waiting,
        session_view: Callable[[], SessionView],
        participant_views: Callable[[], Iterable[ParticipantView]],
    ) -> None:
        self._core = core
        self._waiting = waiting
        self._session_view = session_view
        self._participant_views = participant_views
        # Replaced as a whole, never changed: other threads read it.
        self._shown: dict[bool, dict[str, Any]] = {}
        self._made_at_ms = float("-inf")

    def asked(self, request: MakeView) -> tuple[str, dict[str, Any]]:
        """Make a view, or end all of them; returns an error in words, or the answer's data."""
        core = self._core
        if request.revoke:
            if core.state.views:
                core.record(f.ConsoleAction(at=core.now(), action="end_views"))
                core.say("info", "the web view for a second screen was ended")
            self._shown = {}
            return "", {}
        if len(core.state.views) >= MAX_VIEWS:
            return f"there are {MAX_VIEWS} web views already; end them, then make a new one", {}
        token = f"{core.rng.getrandbits(192):048x}"
        detail = {"token_sha256": _sha256(token), "hides_conditions": request.hide_conditions}
        core.record(f.ConsoleAction(at=core.now(), action="make_view", detail=detail))
        self._refresh()
        hidden = ", without condition labels" if request.hide_conditions else ""
        core.say("info", f"a read-only web view for a second screen was made{hidden}")
        return "", {"path": f"{VIEW_PATH}#{token}"}

    def ticked(self) -> None:
        """Bring up to date what the views show, once a second, while there are any."""
        if self._core.state.views and self._core.clock.now_ms() - self._made_at_ms >= REFRESH_MS:
            self._refresh()

    def look(self, token: str) -> dict[str, Any] | None:
        """What who holds `token` may see; None: nothing, the view was ended or never was."""
        hides_conditions = self._core.state.views.get(_sha256(token))
        return None if hides_conditions is None else self._shown.get(hides_conditions)

    def _refresh(self) -> None:
        self._made_at_ms = self._core.clock.now_ms()
        self._shown = {hides: self._make(hides) for hides in set(self._core.state.views.values())}

    def _make(self, hide_conditions: bool) -> dict[str, Any]:
        core, session = self._core, self._session_view()
        people = [
            self._person(number, view, hide_conditions) for number, view in enumerate(self._participant_views(), 1)
        ]
        states = Counter(person["state"] for person in people)
        gone = sum(states[state] for state in (*_GONE.values(), "away"))
        rooms = [room for room in waitrooms(core, self._waiting) if room.waiting]
        matches = Counter(
            _MATCHES.get(match_view(core, match).state, "ended early")
            for match in core.state.matches.values()
            if match.visits
        )
        return {
            "title": session.title,
            "pilot": session.pilot,
            "stage": "ended" if session.state == "ended" else session.stage,
            "since": session.started_at,
            "stage_since": core.state.stage_since,
            "now": iso(core.clock.now_ms()),
            "expected": session.expected,
            "counts": {
                "present": len(people) - gone,
                "waiting": states["waiting"],
                "playing": states["playing"],
                "finished": states["finished"],
                "excluded": states["excluded"] + states["turned away"],
                "away": states["away"],
            },
            "participants": people,
            "waitrooms": {"rooms": len(rooms), "waiting": sum(len(room.waiting) for room in rooms)},
            "matches": dict(matches),
            "conditions": {} if hide_conditions else dict(session.conditions),
            "conditions_hidden": hide_conditions,
        }

    def _person(self, number: int, view: ParticipantView, hide_conditions: bool) -> dict[str, Any]:
        visit = self._core.state.visits.get(VisitId(view.visit_id or ""))
        kind = visit.planned.kind if visit is not None else ""
        state = _state(view)
        done = view.scene_total if state == "finished" else view.scene_index
        return {
            "id": f"P-{number:02}",
            "seat": view.seat,
            "state": state,
            # A scene's own name may tell the condition.
            "scene": "" if hide_conditions or view.scene_id is None else view.scene_id,
            "kind": _KINDS.get(kind, kind.replace("_", " ")),
            "number": view.scene_index + 1 if view.scene_id is not None else 0,
            "of": view.scene_total,
            "progress": round(done / view.scene_total, 3) if view.scene_total else 0.0,
            "ping_ms": None if view.rtt_ms is None or state in (*_GONE.values(), "away") else round(view.rtt_ms),
            "hand": view.hand is not None,
        }


def _state(view: ParticipantView) -> str:
    if view.state in _GONE:
        return _GONE[view.state]
    if view.state in _AWAY:
        return "away"
    if view.paused:
        return "paused"
    if view.state == "screening":
        return "checking"
    if view.phase == "waiting" and view.phase_detail == "saving":
        return "saving"
    return _PHASES.get(view.phase, "here")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
