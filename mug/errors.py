"""The root of MUG's exceptions. Each package derives its own; messages say what, where and how to fix."""

__all__ = ["InvalidIdError", "MugError", "NotAvailableYetError"]


class MugError(Exception):
    """Root of every exception that MUG raises on purpose; its text is meant to be read by a user."""


class InvalidIdError(MugError, ValueError):
    """An id from outside holds something that ids may not hold.

    Attributes:
        what: What the id names, in words.
        value: The refused text.
    """

    def __init__(self, what: str, value: str) -> None:
        self.what = what
        self.value = value
        shown = value if len(value) <= 80 else value[:77] + "..."
        super().__init__(
            f"{what} {shown!r} is not allowed: use 1 to 64 letters, digits, '-', '_' or '.', "
            "starting with a letter or a digit, without '..' and not ending with '.'"
        )


class NotAvailableYetError(MugError, NotImplementedError):
    """A part of the vocabulary that is known, but whose function this version does not have yet.

    Attributes:
        what: The name that was used.
    """

    def __init__(self, what: str, instead: str = "") -> None:
        self.what = what
        super().__init__(f"{what} is not available in this version of MUG yet{'; ' + instead if instead else ''}")
