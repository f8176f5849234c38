"""Where a server is, and finding those that still run: by their handshake files."""

import http.client
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

import msgspec

from mug.protocol.handshake import HANDSHAKE_SUFFIX, Handshake

__all__ = ["ServerAddress", "answers", "find_running", "handshake_of"]

TIMEOUT_S: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class ServerAddress:
    """A running server, as its handshake describes it.

    Attributes:
        url: For this machine, without a slash at the end.
        token: Of the ``/lab`` namespace; a secret.
    """

    url: str
    port: int
    pid: int
    token: str
    experiment_id: str
    session_id: str
    data_dir: Path
    version: str

    @classmethod
    def of(cls, handshake: Handshake) -> Self:
        """Make one of a handshake."""
        return cls(
            url=handshake.url,
            port=handshake.port,
            pid=handshake.pid,
            token=handshake.token,
            experiment_id=handshake.experiment_id,
            session_id=handshake.session_id,
            data_dir=Path(handshake.data_dir),
            version=handshake.version,
        )


def find_running(data_dir: Path) -> list[ServerAddress]:
    """Return the servers that write below `data_dir` and answer to their token.

    A handshake that a killed server left behind is not one: another program may have its port, even its pid.
    """
    found = []
    for file in sorted(data_dir.glob(f"*/*{HANDSHAKE_SUFFIX}")):
        address = handshake_of(file)
        if address is not None and _is_alive(address.pid) and answers(address):
            found.append(address)
    return found


def handshake_of(file: Path) -> ServerAddress | None:
    """Read a handshake file; None when it is not there or not whole."""
    try:
        return ServerAddress.of(msgspec.json.decode(file.read_bytes(), type=Handshake))
    except (OSError, msgspec.MsgspecError):
        return None


def answers(address: ServerAddress, timeout_s: float = TIMEOUT_S) -> bool:
    """Whether the server at the address knows the token and holds the session."""
    parts = urlsplit(address.url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", address.port, timeout=timeout_s)
    try:
        connection.request("GET", "/_mug/lab", headers={"Authorization": f"Bearer {address.token}"})
        response = connection.getresponse()
        body = response.read(1_000_000)
        if response.status != http.client.OK:
            return False
        session = json.loads(body)
        return isinstance(session, dict) and session.get("session_id") == address.session_id
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()


def _is_alive(pid: int) -> bool:
    """Whether a process has this id. On Windows a signal would end it, so there only the port is asked."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
