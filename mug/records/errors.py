"""What can go wrong with a session's records."""

from pathlib import Path

from mug.errors import MugError

__all__ = [
    "ExportError",
    "RecordsDamagedError",
    "RecordsError",
    "RecordsFormatError",
    "RecordsInUseError",
    "RecordsNotFoundError",
    "RecordsNotSavedError",
    "UnknownSessionError",
    "WithdrawalError",
]


class RecordsError(MugError):
    """Root of this package's exceptions."""


class RecordsNotFoundError(RecordsError):
    """There are no records where they were looked for.

    Attributes:
        path: The file that is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"there are no records at {path}: check the data folder and the experiment's id")


class RecordsFormatError(RecordsError):
    """The file is not ours, or a newer version wrote it.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path} cannot be used as MUG records: {reason}")


class RecordsInUseError(RecordsError):
    """Another process writes these records; there is one writer at a time.

    Attributes:
        path: The records.
        holder: What the other process said of itself (``pid``, ``host``, ``program``, ``since``); may be empty.
    """

    def __init__(self, path: Path, holder: dict[str, str]) -> None:
        self.path = path
        self.holder = holder
        if holder:
            who = (
                f"{holder.get('program', 'a program')} (process {holder.get('pid', '?')} on "
                f"{holder.get('host', 'this machine')}, since {holder.get('since', 'an unknown time')})"
            )
        else:
            who = "another program"
        super().__init__(f"the records {path} are being written by {who}: stop it first, or use another data folder")


class RecordsNotSavedError(RecordsError):
    """The writer was closed while the disk still refused to take what it held.

    Attributes:
        waiting: How many facts were never written (and never acknowledged).
    """

    def __init__(self, path: Path, waiting: int, reason: str) -> None:
        self.path = path
        self.waiting = waiting
        super().__init__(
            f"{waiting} facts could not be written to {path} ({reason}); nothing of them was acknowledged, so the "
            "participants' browsers still hold their data and send it again when the session opens"
        )


class RecordsDamagedError(RecordsError):
    """The records do not hold what they must; `mug verify` lists everything.

    Attributes:
        path: The records.
        seq: The journal's entry, when it is one.
    """

    def __init__(self, path: Path, reason: str, seq: int | None = None) -> None:
        self.path = path
        self.seq = seq
        where = f" at entry {seq}" if seq is not None else ""
        super().__init__(f"the records {path} are damaged{where}: {reason}; run `mug verify` for the whole list")


class UnknownSessionError(RecordsError):
    """A session that these records do not hold.

    Attributes:
        session_id: What was asked for.
        known: The sessions there are.
    """

    def __init__(self, session_id: str, known: tuple[str, ...]) -> None:
        self.session_id = session_id
        self.known = known
        have = f"it has {', '.join(known)}" if known else "it has none"
        super().__init__(f"this experiment has no session {session_id!r}: {have}")


class ExportError(RecordsError):
    """An export was not made; nothing of it was left behind."""


class WithdrawalError(RecordsError):
    """A participant's data was not taken out of the records, or not all that follows was done."""
