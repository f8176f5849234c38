"""What lies where in an exported folder."""

from pathlib import Path
from typing import Final

__all__ = ["CSV_BLOCK_BYTES", "EXPORT_FORMAT", "FILES", "MANIFEST", "MANIFEST_SUMS", "manifest_of", "table_file_name"]

EXPORT_FORMAT: Final = 2
"""The format of an exported folder (``provenance/manifest.json``: ``format``)."""

CSV_BLOCK_BYTES: Final = (4 * 1024 * 1024, 256 * 1024 * 1024)
"""How much of a CSV file is read at once. A row must fit, and one chunk of a page may unpack to a row of many MB: where
the first size is too small, the second is taken."""

MANIFEST: Final = "provenance/manifest.json"
MANIFEST_SUMS: Final = "provenance/manifest.sha256"

FILES: Final = {
    "README.md": "How to read the export, for people, with examples.",
    "CHANGES.md": "From which records it was made.",
    "dataset_description.json": "The dataset and all its columns for Psych-DS.",
    "datapackage.json": "The tables, their types, constraints and digests, as a Data Package (version 2).",
    "data/": "The tables.",
    "documentation/codebook.csv": "Every column of every table: type, unit, levels, range, scenes, meaning.",
    "documentation/codebook.html": "The same, to look at.",
    "documentation/session.html": "The session on one page: who, when, versions, dropouts, connections, deviations.",
    "materials/study.json": "The study as it was frozen, without codes, addresses of recruiters and passwords.",
    "materials/scenes/": "The settings of every scene with should_export_metadata, as <n>_<scene_id>.json.",
    "materials/files.csv": "Every file of the study with its SHA-256.",
    "materials/study.zip": "What participants' pages got of the study's files; where the records hold it.",
    "provenance/journal.jsonl": "The session's lines of the journal, with their hashes; not in an anonymised export.",
    "provenance/environment.json": "Versions of the session and of the export; how many used which browser.",
    "provenance/manifest.json": "What was exported from what: options, counts, digests, the journal's hash, problems.",
    "provenance/manifest.sha256": "The SHA-256 of every file, for sha256sum -c.",
    "arrays/": "Observations too large for a row, as NumPy files; only where there are any.",
    "excel/": "Copies of the tables for Excel; only when asked for.",
}
"""Every file and folder of an export."""


def table_file_name(experiment_id: str, session_id: str, table: str) -> str:
    """Return the name of a table's file."""
    return f"study-{experiment_id}_session-{session_id}_description-{table}_data.csv"


def manifest_of(folder: Path) -> Path | None:
    """Return the manifest of an exported folder, of this or an earlier format; None when it is no export."""
    return next((path for path in (folder / MANIFEST, folder / "manifest.json") if path.is_file()), None)
