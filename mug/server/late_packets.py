"""Messages that were on their way when their connection ended, kept out of the log.

When a page misses its pings, Socket.IO forgets the connection at once, and the WebSocket delivers what it still holds.
Text messages are then dropped in silence, but binary ones are logged with a traceback for the message ("Unexpected
binary packet") and another for each of its attachments, which are read as if they were messages. Nothing is lost: the
page sends again what was not acknowledged.
"""

import logging
from types import TracebackType

from typing_extensions import override

__all__ = ["LatePackets", "leave_out_late_packets"]

_LOGGER = "engineio.server"


class LatePackets(logging.Filter):
    """Lets through everything but the two errors above."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return True
        if isinstance(error, ValueError) and str(error) == "Unexpected binary packet":
            return False
        return not _is_attachment_read_as_message(error.__traceback__)


def leave_out_late_packets() -> None:
    """Keep such errors out of the log of this process."""
    logging.getLogger(_LOGGER).addFilter(LatePackets())


def _is_attachment_read_as_message(trace: TracebackType | None) -> bool:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or trace.tb_frame.f_globals.get("__name__") != "socketio.packet":
        return False
    return isinstance(trace.tb_frame.f_locals.get("encoded_packet"), bytes)
