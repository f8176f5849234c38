"""What an export is to hold, as it was chosen last for an experiment."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

__all__ = ["ExportSettings"]


@dataclass(frozen=True)
class ExportSettings:
    """The options of ``mug export`` that can be chosen.

    Attributes:
        tables: The tables to write; empty: all.
        parquet: Write Parquet files beside the CSV files.
        participants: Those whose rows are exported; empty: all. Never remembered: they are of one session only.
        anonymise: New ids, and nothing that tells who people are.
        drop_texts: Leave out free texts.
        excel: Write copies that are safe to open with Excel.
        ticks: Write the table of ticks.
        keys: Write the key file, beside the exports.
        place: The folder in which the export's folder is made; empty: the experiment's own.
    """

    tables: tuple[str, ...] = ()
    parquet: bool = False
    participants: tuple[str, ...] = ()
    anonymise: bool = False
    drop_texts: bool = False
    excel: bool = False
    ticks: bool = False
    keys: bool = False
    place: str = ""

    def arguments(self) -> list[str]:
        """Return the options for the command line, but for the place."""
        given: list[str] = []
        if self.tables:
            given += ["--tables", ",".join(self.tables)]
        if self.parquet:
            given += ["--format", "csv,parquet"]
        if self.participants:
            given += ["--participants", ",".join(self.participants)]
        for name in ("anonymise", "drop_texts", "excel", "ticks", "keys"):
            if getattr(self, name):
                given.append(f"--{name.replace('_', '-')}")
        return given

    @property
    def sentence(self) -> str:
        """Say in a line what is exported."""
        words = ["all tables" if not self.tables else f"{len(self.tables)} table{'s' * (len(self.tables) > 1)}"]
        if self.ticks and not self.tables:
            words[0] += " with ticks"
        if self.participants:
            words.append(f"{len(self.participants)} participant{'s' * (len(self.participants) > 1)}")
        words.append("CSV and Parquet" if self.parquet else "CSV")
        if self.excel:
            words.append("copies for Excel")
        if self.anonymise:
            words.append("anonymised")
        if self.drop_texts:
            words.append("without free texts")
        if self.keys:
            words.append("with the key file")
        return ", ".join(words)

    def as_text(self) -> str:
        """Return what is remembered of it."""
        return json.dumps({name: value for name, value in asdict(self).items() if name != "participants"})

    @classmethod
    def from_text(cls, text: str) -> "ExportSettings":
        """Return what was remembered; what cannot be understood is as it is at first."""
        try:
            data = json.loads(text)
        except ValueError:
            return cls()
        if not isinstance(data, dict):
            return cls()
        known: dict[str, Any] = {}
        for one in fields(cls):
            value = data.get(one.name)
            if one.name == "tables" and isinstance(value, list) and all(isinstance(name, str) for name in value):
                known[one.name] = tuple(value)
            elif one.name not in ("tables", "participants") and type(value) is type(one.default):
                known[one.name] = value
        return cls(**known)
