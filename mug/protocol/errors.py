"""What can be wrong with a message that came over the network."""

from mug.errors import MugError

__all__ = ["InvalidMessageError", "ProtocolError", "UnknownOpError"]


class ProtocolError(MugError):
    """Root of this package's exceptions."""


class UnknownOpError(ProtocolError):
    """A message with an ``op`` that this version does not know: log, count, ignore.

    Attributes:
        op: The unknown name, shortened.
    """

    def __init__(self, op: str) -> None:
        self.op = op if len(op) <= 80 else op[:77] + "..."
        super().__init__(f"the message {self.op!r} is not known to this version of MUG")


class InvalidMessageError(ProtocolError):
    """A message whose ``op`` is known and whose content is not what was agreed.

    Attributes:
        path: Where in the message, as ``body.meta.first``; empty for the message itself.
        reason: What was expected there.
        op: The message's name; empty when it has none.
    """

    def __init__(self, path: str, reason: str, op: str = "") -> None:
        self.path = path
        self.reason = reason
        self.op = op
        where = f" at {path}" if path else ""
        super().__init__(f"the message {op or 'without op'!r} is not valid{where}: {reason}")
