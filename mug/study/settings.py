"""The parts of a study that hold for all of it: hosting, partners' connections, who may take part."""

from typing import Annotated, Any

import msgspec

from mug.study.browsers import FAMILIES
from mug.study.fields import about

__all__ = ["EntryScreening", "Hosting", "Section", "WebRtc"]


class Section(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of every part of a study; `extra` holds fields that this version does not know."""

    extra: Annotated[
        dict[str, Any],
        about(
            "Unknown fields",
            "Fields that a newer version of MUG wrote, or that were mistyped. Kept, written back, without effect.",
            advanced=True,
        ),
    ] = {}


class Hosting(Section, frozen=True, kw_only=True):
    """Where the server listens."""

    host: Annotated[
        str | None,
        about(
            "Host",
            "Address to listen on. Not given: this machine only; 0.0.0.0: every network of this machine. "
            "The command line and MUG Lab override it.",
        ),
    ] = None
    port: Annotated[int, about("Port", "TCP port to listen on; 0 takes any free one.", ge=0, le=65535)] = 8000
    max_ping: Annotated[
        int,
        about(
            "Largest ping",
            "Participants with a larger ping are not admitted; the default lets everybody in.",
            unit="ms",
            ge=1,
        ),
    ] = 100_000


class WebRtc(Section, frozen=True, kw_only=True):
    """How partners' browsers are joined to each other."""

    turn_username: Annotated[
        str | None,
        about(
            "TURN user",
            "User name at the TURN servers; not given: the environment variable TURN_USERNAME.",
        ),
    ] = None
    turn_credential: Annotated[
        str | None,
        about(
            "TURN credential",
            "Password at the TURN servers; not given: the environment variable TURN_CREDENTIAL.",
        ),
    ] = None
    force_relay: Annotated[
        bool,
        about(
            "Always relay",
            "Never connect partners directly; without TURN servers the MUG server relays.",
        ),
    ] = False
    ice_servers: Annotated[
        tuple[dict[str, Any], ...],
        about(
            "ICE servers",
            "STUN and TURN servers, each as the browser's RTCIceServer: urls, username, credential.",
        ),
    ] = ()


class EntryScreening(Section, frozen=True, kw_only=True):
    """Who may take part, decided before the first scene."""

    device_exclusion: Annotated[
        str | None,
        about(
            "Excluded devices",
            "Participants with this kind of device are turned away.",
            choices=("mobile", "desktop"),
        ),
    ] = None
    browser_requirements: Annotated[
        tuple[str, ...],
        about(
            "Required browsers",
            "Only these browsers may take part; empty: any. chrome, firefox, safari, edge, opera, samsung; "
            'a smallest version as "firefox>=100".',
            suggested=FAMILIES,
        ),
    ] = ()
    browser_blocklist: Annotated[
        tuple[str, ...],
        about(
            "Blocked browsers",
            "These browsers may not take part, written in the same way.",
            suggested=FAMILIES,
        ),
    ] = ()
    max_ping: Annotated[
        int | None,
        about("Largest ping", "Participants with a larger ping are turned away.", unit="ms", ge=1),
    ] = None
    min_ping_measurements: Annotated[
        int,
        about(
            "Ping measurements",
            "How many measurements are taken before the ping is judged.",
            ge=1,
            le=1000,
        ),
    ] = 5
    exclusion_messages: Annotated[
        dict[str, str],
        about(
            "Messages",
            "What somebody who is turned away reads, by reason: mobile, desktop, browser, ping, webassembly, webgl, "
            "viewport, callback.",
            suggested=("mobile", "desktop", "browser", "ping", "webassembly", "webgl", "viewport", "callback"),
        ),
    ] = {}
    entry_callback: Annotated[
        str | None,
        about(
            "Entry callback",
            'Called on the server with the participant\'s context; answers {"exclude": bool, "message": str}.',
            shape="callable",
        ),
    ] = None
    requirements: Annotated[
        tuple[str, ...],
        about(
            "Required abilities",
            'What the browser must be able to do: "webgl", "webassembly". A study with a game asks for webassembly by '
            "itself.",
            suggested=("webgl", "webassembly"),
        ),
    ] = ()
    min_viewport_width: Annotated[
        int | None, about("Smallest width", "Participants with a narrower window are turned away.", unit="px", ge=1)
    ] = None
    min_viewport_height: Annotated[
        int | None, about("Smallest height", "Participants with a lower window are turned away.", unit="px", ge=1)
    ] = None
