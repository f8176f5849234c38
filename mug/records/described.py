"""All that is said about an export's tables beside them, in one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mug.records.anonymise import Anonymiser
from mug.records.codebook import ColumnSpec, describe
from mug.records.export_options import ExportOptions
from mug.records.history import SessionHistory
from mug.records.identifiers import masked_study
from mug.records.reader import RecordReader
from mug.records.spool import TableFile

__all__ = ["Described"]


@dataclass(frozen=True)
class Described:
    """An export whose tables are written.

    Attributes:
        history: The session, with the participants who are exported.
        reader: Its records.
        tables: The written tables.
        problems: What the records lack or contradict.
        warnings: What to look at before it is given away.
        agreement: How far the records of people who played together agree.
        options: What the export was asked to hold.
        scenes: Column of frames -> the scenes in whose rows it has a value.
        anonymiser: None: the export is not anonymised.
    """

    history: SessionHistory
    reader: RecordReader
    tables: tuple[TableFile, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    agreement: Mapping[str, Any]
    options: ExportOptions
    scenes: Mapping[str, Sequence[str]]
    anonymiser: Anonymiser | None = None

    @property
    def experiment_id(self) -> str:
        """The experiment."""
        return self.history.opened.experiment_id

    @property
    def session_id(self) -> str:
        """The session, as the export names it."""
        own = self.history.opened.session_id
        return self.anonymiser.new_id("s", own) if self.anonymiser is not None else own

    @property
    def title(self) -> str:
        """The study's name for people."""
        return self.text(str(self.history.opened.study.get("title") or self.experiment_id))

    @property
    def columns(self) -> dict[str, list[ColumnSpec]]:
        """Table -> what its columns mean, with the type that their values have."""
        return {
            table.table: [_typed(describe(table.table, name, kind), kind) for name, kind in table.columns.items()]
            for table in self.tables
        }

    @property
    def study(self) -> dict[str, Any]:
        """The frozen study without codes, addresses that people are sent to, and passwords."""
        study = masked_study(self.history.opened.study)
        return self._scrubbed(study) if self.anonymiser is not None else study

    def text(self, text: str) -> str:
        """Return a text as the export may hold it."""
        return self.anonymiser.text(text) if self.anonymiser is not None else text

    def time(self, text: str) -> str:
        """Return a time as the export may hold it."""
        return self.anonymiser.time(text) if self.anonymiser is not None and text else text

    def participant(self, participant_id: str) -> str:
        """Return a participant's id, as the export names it."""
        return self.anonymiser.new_id("p", participant_id) if self.anonymiser is not None else participant_id

    def _scrubbed(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._scrubbed(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._scrubbed(item) for item in value]
        return self.text(value) if isinstance(value, str) else value


def _typed(spec: ColumnSpec, kind: str) -> ColumnSpec:
    return spec if spec.type == kind else ColumnSpec(spec.name, kind, spec.description, spec.unit)
