"""The records of an experiment: one writer, many readers, exports that are a pure function of them.

Tables, verification and export live in modules of their own and are imported where they are used.
"""

from mug.records.errors import (
    ExportError,
    RecordsDamagedError,
    RecordsError,
    RecordsFormatError,
    RecordsInUseError,
    RecordsNotFoundError,
    RecordsNotSavedError,
    UnknownSessionError,
    WithdrawalError,
)
from mug.records.library import SessionSummary, library, participants_by_hash
from mug.records.places import experiment_dir, exports_dir, records_path
from mug.records.reader import JournalEntry, RecordReader, SessionHead
from mug.records.writer import RecordWriter, WriteFailure

__all__ = [
    "ExportError",
    "JournalEntry",
    "RecordReader",
    "RecordWriter",
    "RecordsDamagedError",
    "RecordsError",
    "RecordsFormatError",
    "RecordsInUseError",
    "RecordsNotFoundError",
    "RecordsNotSavedError",
    "SessionHead",
    "SessionSummary",
    "UnknownSessionError",
    "WithdrawalError",
    "WriteFailure",
    "experiment_dir",
    "exports_dir",
    "library",
    "participants_by_hash",
    "records_path",
]
