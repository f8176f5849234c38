"""Listening, and where participants find the server."""

import os
import socket
from typing import Final

from mug.server.errors import PortInUseError

__all__ = ["listen", "participant_addresses"]

BACKLOG: Final = 1_024


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket.

    Raises:
        PortInUseError: When that is not possible; it says how to go on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # On Windows the same option would let two servers share a port.
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        opened.close()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise PortInUseError(host, port, reason, error.errno if isinstance(error, OSError) else None) from error
    return opened


def participant_addresses(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses for participants, the one to show first."""
    if host not in ("0.0.0.0", "::", ""):
        shown = "localhost" if host in ("127.0.0.1", "::1") else host
        return (f"http://{shown}:{port}/",)
    return (*(f"http://{address}:{port}/" for address in _own_addresses()), f"http://localhost:{port}/")


def _own_addresses() -> list[str]:
    """This machine's addresses in its networks. Nothing is sent: connecting a datagram socket only picks a route."""
    found: list[str] = []
    for target in ("10.255.255.255", "192.168.255.255", "172.31.255.255"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((target, 9))
                address = str(probe.getsockname()[0])
            except OSError:
                continue
        if address not in found and not address.startswith("127."):
            found.append(address)
    return found
