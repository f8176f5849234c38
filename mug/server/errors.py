"""What can keep a server from starting."""

import errno

from mug.errors import MugError

__all__ = ["PortInUseError", "SessionChoiceError", "StudyRefusedError"]


class PortInUseError(MugError):
    """The address is taken, or is none of this machine's.

    Attributes:
        host: Where the server was to listen.
        port: The port.
    """

    def __init__(self, host: str, port: int, reason: str, code: int | None = None) -> None:
        self.host = host
        self.port = port
        if code == errno.EADDRINUSE:
            advice = "stop the program that uses this port, or choose another one with --port"
        elif code == errno.EACCES:
            advice = "choose a port from 1024 on with --port"
        else:
            advice = "give an address of this machine with --host, or 0.0.0.0 for all of them"
        super().__init__(f"the server cannot listen on {host}:{port} ({reason}): {advice}")


class SessionChoiceError(MugError):
    """It is not clear which session to take up, or the open one is of another study."""


class StudyRefusedError(MugError):
    """The study has errors, so no session is opened.

    Attributes:
        problems: The errors, each as a sentence.
    """

    def __init__(self, source: str, problems: tuple[str, ...]) -> None:
        self.problems = problems
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"{source} cannot be run:\n{lines}")
