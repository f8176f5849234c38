"""A server whose session has always the same name and seed; from both follow the seeds of its matches."""

import sys

from tests.drivers.server_driver import ServerDriver

__all__ = ["SeededServer"]

_SEEDED = """
import secrets, sys
import mug.server.sessions
from mug.cli import main
secrets.randbits = lambda _: 2026
mug.server.sessions.new_session_id = lambda: "always-the-same"
sys.exit(main())
"""


class SeededServer(ServerDriver):
    """`mug serve` with a session of a known name and seed."""

    def command(self, *options: str) -> list[str]:
        """The command line."""
        _, _, _, *rest = super().command(*options)
        return [sys.executable, "-c", _SEEDED, *rest]
