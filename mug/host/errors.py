"""What can go wrong on this side of the process boundary."""

from mug.errors import MugError

__all__ = ["HostError", "LabRequestError", "ServerStartError"]


class HostError(MugError):
    """Root of this package's exceptions."""


class ServerStartError(HostError):
    """The server ended before it was ready; the text is its own sentence.

    Attributes:
        exit_code: Its exit code; None when it was too slow and was stopped.
        log: The end of its log.
    """

    def __init__(self, sentence: str, exit_code: int | None, log: str) -> None:
        self.exit_code = exit_code
        self.log = log
        super().__init__(sentence)


class LabRequestError(HostError):
    """A request could not be brought to the server, or the connection was lost before its answer."""
