"""How partners' pages are to reach each other: the study's WebRTC settings as `RTCPeerConnection` takes them."""

from collections.abc import Sequence
from typing import Any, Final

from mug.study.settings import WebRtc

__all__ = ["ice_servers"]

_TURN: Final = ("turn:", "turns:")


def ice_servers(webrtc: WebRtc, turn_username: str = "", turn_credential: str = "") -> tuple[dict[str, Any], ...]:
    """Return the study's ICE servers, its TURN servers with an account where they have none of their own.

    Args:
        webrtc: The study's settings.
        turn_username: The account of who runs the server, for studies that name none.
        turn_credential: Its password.
    """
    username = webrtc.turn_username or turn_username
    credential = webrtc.turn_credential or turn_credential
    servers = []
    for given in webrtc.ice_servers:
        server = dict(given)
        if username and _is_turn(server.get("urls")) and "username" not in server:
            server |= {"username": username, "credential": credential}
        servers.append(server)
    return tuple(servers)


def _is_turn(urls: object) -> bool:
    texts: Sequence[object] = urls if isinstance(urls, list | tuple) else (urls,)
    return any(isinstance(text, str) and text.lower().startswith(_TURN) for text in texts)
