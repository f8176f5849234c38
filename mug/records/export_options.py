"""What an export is asked to hold."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from mug.records.errors import ExportError
from mug.records.table_specs import TABLES

__all__ = ["FORMATS", "ExportOptions"]

FORMATS: Final = ("csv", "parquet")
"""File formats of tables. CSV is always written: Parquet comes beside it."""


@dataclass(frozen=True)
class ExportOptions:
    """What an export holds. The same records and options always give the same files.

    Attributes:
        tables: Names of tables; None: all. The table ``ticks`` is written only when it is named or `ticks` is set.
        formats: "csv", or "csv" and "parquet".
        participants: Ids of those whose rows are exported, with the whole matches in which they played; None: all.
        anonymise: Give people, visits, matches and groups new ids and take out what could identify somebody.
        drop_texts: Leave out free texts: what participants wrote and what the experimenter wrote.
        excel: Write copies for Excel too, with formulas neutralised.
        ticks: Write the table of ticks too.
    """

    tables: tuple[str, ...] | None = None
    formats: tuple[str, ...] = ("csv",)
    participants: tuple[str, ...] | None = None
    anonymise: bool = False
    drop_texts: bool = False
    excel: bool = False
    ticks: bool = False

    def __post_init__(self) -> None:
        for name, known in (("tables", tuple(TABLES)), ("formats", FORMATS)):
            for one in getattr(self, name) or ():
                if one not in known:
                    raise ExportError(f"there is no {name[:-1]} {one!r} to export: there are {', '.join(known)}")
        if self.tables is not None and not self.tables:
            raise ExportError("an export needs a table: name one, or leave the choice out for all of them")
        if self.participants is not None and not self.participants:
            raise ExportError("an export needs a participant: name one, or leave the choice out for all of them")
        if "csv" not in self.formats:
            object.__setattr__(self, "formats", ("csv", *self.formats))

    def wants(self, table: str) -> bool:
        """Whether a table is to be written."""
        if table == "ticks":
            return self.ticks or (self.tables is not None and "ticks" in self.tables)
        return self.tables is None or table in self.tables

    @property
    def parquet(self) -> bool:
        """Whether Parquet files are written beside the CSV files."""
        return "parquet" in self.formats

    def plain(self) -> dict[str, Any]:
        """Return them as JSON-ready data, for the manifest."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "ExportOptions":
        """Return what `plain` gave.

        Raises:
            ExportError: It is something else.
        """
        known = {field.name for field in fields(cls)}
        given: dict[str, Any] = {}
        for name, value in data.items():
            if name not in known:
                raise ExportError(f"the export was made with an option that this version does not know: {name}")
            given[name] = (
                tuple(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else value
            )
        return cls(**given)
