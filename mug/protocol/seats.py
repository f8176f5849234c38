"""Between the page at a desk and the server: a browser that warms up at ``/seat/<desk>`` and waits for the session."""

from typing import Any

import msgspec

from mug.protocol.parts import ClientEnvironment, Message, RuntimeManifest

__all__ = ["SEAT_CHECKS", "SeatAsked", "SeatCheck", "SeatDone", "SeatHello", "SeatRefused", "SeatReport", "SeatWelcome"]

SEAT_CHECKS = ("page", "runtime", "clock", "frame_rate", "webrtc", "focus", "storage")
"""What a seat's page checks; all of them good: the seat is ready."""


class SeatCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One check of a seat. `name`: one of SEAT_CHECKS. `state`: wait, good or bad. `text`: what is wrong, in words."""

    name: str
    state: str = "wait"
    text: str = ""
    value: float | None = None  # in the check's unit: share 0..1, ms, Hz


class SeatHello(Message, frozen=True, kw_only=True, tag="seat.hello"):
    """First message of a connection of a desk's page. `desk`: the address's last part, as ids are."""

    protocol: int
    build: str
    tab_id: str
    desk: str
    environment: ClientEnvironment = ClientEnvironment()


class SeatReport(Message, frozen=True, kw_only=True, tag="seat.report"):
    """Once a second, and when a check changes; answered by PulseEcho.

    `clock_offset_ms`: the desk's clock minus the server's, by the echo with the shortest round trip; null: not known
    yet.
    """

    n: int
    client_ms: float
    rtt_ms: float | None = None
    jitter_ms: float | None = None
    clock_offset_ms: float | None = None
    frame_rate_hz: float | None = None
    focused: bool = True
    visible: bool = True
    fullscreen: bool = False
    checks: tuple[SeatCheck, ...] = ()


class SeatDone(Message, frozen=True, kw_only=True, tag="seat.done"):
    """The page has done what a SeatAsked asked for. `error`: why it could not, in words."""

    action_id: str
    error: str = ""


class SeatWelcome(Message, frozen=True, kw_only=True, tag="seat.welcome"):
    """Answer to SeatHello: what to warm up. The page keeps it warm when it goes on as a participant's."""

    desk: str
    session_id: str
    title: str = ""
    server_time: str
    runtime: RuntimeManifest | None = None
    ice_servers: tuple[dict[str, Any], ...] = ()
    force_relay: bool = False


class SeatRefused(Message, frozen=True, kw_only=True, tag="seat.refused"):
    """The page cannot be this desk. `reason`: protocol, build, bad_desk, taken (a live page is this desk), closed."""

    reason: str
    message: str


class SeatAsked(Message, frozen=True, kw_only=True, tag="seat.asked"):
    """The experimenter asks something of a desk's page, at home or taking part; answered by SeatDone.

    `what`: identify (show `text`, the desk's name, large for a few seconds), reload, fullscreen, home (to
    ``/seat/<desk>``), begin (only at home: take part, as a participant whose Hello names the `seat`; sent by the server
    when the doors are open, and again to who asks to go on there).
    """

    action_id: str
    what: str
    text: str = ""
