"""One desk as its page last described it, and as the console shows it. Only what the process knows; nothing durable."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from mug.engine.clock import iso
from mug.engine.effects import ConnectionId
from mug.engine.live import Presence
from mug.engine.pulses import finite, plausible_ms
from mug.engine.state import ParticipantState
from mug.ids import ParticipantId
from mug.protocol.lab_console import SeatView
from mug.protocol.seats import SEAT_CHECKS, SeatCheck, SeatReport

__all__ = ["SILENT_MS", "Desk", "desk_state", "desk_view", "known_checks"]

SILENT_MS: Final = 5_000.0
"""A desk's page reports once a second, in the background, too; one that says nothing for so long is lost."""

_CHECK_STATES: Final = ("wait", "good", "bad")
_MAX_TEXT: Final = 300


@dataclass(slots=True)
class Desk:
    """A desk that the session names, or that a page has come from.

    Attributes:
        connection: Of the page at home; None: none is there.
        reported_at_ms: When that page said something last.
        report: What it said.
        checks: Those of SEAT_CHECKS, in their order.
        seen: Whether a page of this desk was ever here.
        participant_id: Who sits there, or sat there last.
        begun: The connection that was asked to begin: it is not asked again by itself.
        asked_id: Of what was asked last.
        state: As last shown, since when.
    """

    name: str
    connection: ConnectionId | None = None
    tab_id: str = ""
    browser: str = ""
    reported_at_ms: float = 0.0
    report: SeatReport | None = None
    checks: tuple[SeatCheck, ...] = field(default_factory=lambda: known_checks(()))
    seen: bool = False
    participant_id: ParticipantId | None = None
    begun: ConnectionId | None = None
    asked_id: str = ""
    asked: str = ""
    asked_state: str = ""
    state: str = "absent"
    since_ms: float = 0.0

    def is_home(self, now_ms: float) -> bool:
        """Whether a page is at home there, and heard of."""
        return self.connection is not None and now_ms - self.reported_at_ms <= SILENT_MS

    @property
    def is_ready(self) -> bool:
        """Whether all checks are good."""
        return all(check.state == "good" for check in self.checks)


def known_checks(said: Iterable[SeatCheck]) -> tuple[SeatCheck, ...]:
    """Return all checks in their order: what the page said of each, bounded; one it said nothing of is waited for."""
    by_name = {check.name: check for check in said if check.state in _CHECK_STATES}
    return tuple(
        SeatCheck(
            name=name,
            state=by_name[name].state,
            text=by_name[name].text[:_MAX_TEXT],
            value=finite(by_name[name].value),
        )
        if name in by_name
        else SeatCheck(name=name)
        for name in SEAT_CHECKS
    )


def desk_state(desk: Desk, participant: ParticipantState | None, presence: Presence | None, now_ms: float) -> str:
    """Say how a desk is: one of the states of SeatView.

    Args:
        desk: The desk.
        participant: Who sits or sat there.
        presence: Their page, where it is one of this desk.
        now_ms: The present time.
    """
    if desk.is_home(now_ms):
        if desk.is_ready:
            return "ready"
        return "trouble" if any(check.state == "bad" for check in desk.checks) else "warming"
    if participant is not None and presence is not None and presence.connection is not None and not presence.silent:
        return "finished" if participant.outcome is not None else "taking_part"
    return "lost" if desk.seen else "absent"


def desk_view(desk: Desk, presence: Presence | None, now_ms: float) -> SeatView:
    """Build the row of one desk: its own page's figures at home, else those of its participant's page."""
    shown: SeatReport | Presence | None = desk.report
    if not desk.is_home(now_ms) and presence is not None and presence.connection is not None:
        shown = presence
    view = SeatView(
        desk=desk.name,
        state=desk.state,
        since=iso(desk.since_ms) if desk.since_ms else "",
        participant_id=desk.participant_id,
        checks=desk.checks if desk.seen else (),
        clock_offset_ms=finite(desk.report.clock_offset_ms) if desk.report is not None else None,
        browser=desk.browser,
        asked=desk.asked,
        asked_state=desk.asked_state,
    )
    if shown is None:
        return view
    return msgspec.structs.replace(
        view,
        rtt_ms=plausible_ms(shown.rtt_ms),
        jitter_ms=plausible_ms(shown.jitter_ms),
        frame_rate_hz=plausible_ms(shown.frame_rate_hz),
        focused=shown.focused,
        visible=shown.visible,
        fullscreen=shown.fullscreen,
    )
