"""What lies beside the tables: who made them from what, and what every column means (Psych-DS, Frictionless)."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import mug
from mug.records.codebook import TABLES, ColumnSpec, describe
from mug.records.history import SessionHistory
from mug.records.journal import Head
from mug.records.scene_settings import write_scene_settings
from mug.records.spool import TableFile

__all__ = [
    "EXPORT_FORMAT",
    "FILES",
    "agreement_of",
    "file_digest",
    "table_file_name",
    "write_descriptions",
    "write_manifest",
]

EXPORT_FORMAT: Final = 1
"""The format of an exported folder (``manifest.json``: ``format``)."""

FILES: Final = {
    "manifest.json": "What was exported from what: counts, SHA-256 of every file, versions, the journal's hash.",
    "dataset_description.json": "The dataset and all its columns for Psych-DS.",
    "datapackage.json": "The tables and the types of their columns for Frictionless readers.",
    "codebook.csv": "Every column of every table: type, unit, meaning.",
    "README.md": "How to read the export, for people.",
    "materials/study.json": "The study as it was frozen for the session.",
    "materials/scenes/": "The settings of every scene with should_export_metadata, as <n>_<scene_id>.json.",
    "data/": "The tables.",
    "arrays/": "Observations too large for a row, as NumPy files; only where there are any.",
    "excel/": "Copies of the tables for Excel; only when asked for.",
}
"""Every file and folder of an export."""


def table_file_name(experiment_id: str, session_id: str, table: str) -> str:
    """Return the name of a table's file."""
    return f"study-{experiment_id}_session-{session_id}_description-{table}_data.csv"


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_descriptions(folder: Path, history: SessionHistory, tables: Sequence[TableFile]) -> None:
    """Write everything but the tables and the manifest."""
    opened = history.opened
    columns = {
        table.table: [describe(table.table, name, kind) for name, kind in table.columns.items()] for table in tables
    }
    title = str(opened.study.get("title") or opened.experiment_id)
    _write_json(folder / "dataset_description.json", _psych_ds(opened.experiment_id, opened.session_id, title, columns))
    _write_json(folder / "datapackage.json", _frictionless(opened.experiment_id, opened.session_id, title, columns))
    (folder / "codebook.csv").write_text(_codebook(columns), encoding="utf-8", newline="")
    (folder / "README.md").write_text(_readme(history, title, tables), encoding="utf-8", newline="\n")
    materials = folder / "materials"
    materials.mkdir(exist_ok=True)
    _write_json(materials / "study.json", opened.study)
    write_scene_settings(materials / "scenes", opened.study)


def agreement_of(episodes: Mapping[str, Sequence[Any]], matches: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how far the records of people who played together agree, for the manifest.

    Args:
        episodes: The table of episodes as columns.
        matches: The rows of the table of matches.
    """
    found = Counter(word for word in episodes.get("agreement", ()) if word)
    return {
        "episodes": {word: found[word] for word in ("single", "agreed", "differs")},
        "compared": sum(row.get("compared") or 0 for row in matches),
        "desyncs": sum(row.get("desyncs") or 0 for row in matches),
    }


def write_manifest(
    folder: Path,
    history: SessionHistory,
    head: Head,
    tables: Sequence[TableFile],
    problems: Sequence[str],
    agreement: Mapping[str, Any],
) -> dict[str, Any]:
    """Write ``manifest.json`` over everything that lies in the folder; returns its content.

    Args:
        folder: The exported folder.
        history: The session.
        head: The journal's last entry.
        tables: The written tables.
        problems: What the records lack or contradict.
        agreement: As `agreement_of` gives it.
    """
    opened = history.opened
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": file_digest(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    manifest: dict[str, Any] = {
        "format": EXPORT_FORMAT,
        "experiment_id": opened.experiment_id,
        "session_id": opened.session_id,
        "pilot": opened.pilot,
        "state": "ended" if history.ended else "open",
        "started_at": opened.at,
        "ended_at": history.ended.at if history.ended else None,
        "records_until": history.last_at,
        "study_hash": opened.study_hash,
        "study_files": opened.files,
        "session_seed": str(opened.seed),
        "versions": {"session": opened.versions, "exported_by": {"mug": mug.__version__}},
        "journal": {"head_seq": head.seq, "head_hash": head.hash, "facts_of_session": history.facts},
        "counts": {table.table: table.rows for table in tables},
        "tables": {
            table.table: {
                "file": table.path.relative_to(folder).as_posix(),
                "rows": table.rows,
                "columns": list(table.columns),
                **files[table.path.relative_to(folder).as_posix()],
            }
            for table in tables
        },
        "agreement": dict(agreement),
        "files": files,
        "problems": list(problems),
    }
    _write_json(folder / "manifest.json", manifest)
    return manifest


def _psych_ds(
    experiment_id: str, session_id: str, title: str, columns: Mapping[str, Sequence[ColumnSpec]]
) -> dict[str, Any]:
    measured: dict[str, dict[str, Any]] = {}
    for table, specs in columns.items():
        for spec in specs:
            known = measured.setdefault(
                spec.name, {"@type": "PropertyValue", "name": spec.name, "description": spec.description, "tables": []}
            )
            known["tables"].append(table)
            if spec.unit:
                known["unitText"] = spec.unit
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": f"{title} ({experiment_id}), session {session_id}",
        "description": f"Session {session_id} of the experiment {experiment_id}, recorded and exported by MUG.",
        "identifier": f"{experiment_id}/{session_id}",
        "variableMeasured": list(measured.values()),
    }


def _frictionless(
    experiment_id: str, session_id: str, title: str, columns: Mapping[str, Sequence[ColumnSpec]]
) -> dict[str, Any]:
    resources = []
    for table, specs in columns.items():
        schema: dict[str, Any] = {
            "fields": [
                {"name": spec.name, "type": spec.type, "description": spec.description}
                | ({"unit": spec.unit} if spec.unit else {})
                for spec in specs
            ],
            "missingValues": ["NA"],
        }
        if TABLES[table].key:
            schema["primaryKey"] = list(TABLES[table].key)
        resources.append(
            {
                "name": table,
                "path": f"data/{table_file_name(experiment_id, session_id, table)}",
                "description": TABLES[table].description,
                "profile": "tabular-data-resource",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True},
                "schema": schema,
            }
        )
    return {
        "profile": "tabular-data-package",
        "name": f"{experiment_id}-{session_id}".lower(),
        "title": title,
        "resources": resources,
    }


def _codebook(columns: Mapping[str, Sequence[ColumnSpec]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("table", "column", "type", "unit", "description"))
    for table, specs in columns.items():
        for spec in specs:
            writer.writerow((table, spec.name, spec.type, spec.unit or "NA", spec.description))
    return out.getvalue()


def _readme(history: SessionHistory, title: str, tables: Sequence[TableFile]) -> str:
    opened = history.opened
    state = f"ended on {history.ended.at}" if history.ended else f"still open; records until {history.last_at}"
    lines = [
        f"# {title}: session {opened.session_id}",
        "",
        f"Experiment `{opened.experiment_id}`{', a pilot' if opened.pilot else ''}, started on {opened.at}, {state}.",
        "",
        "| table | rows | one row for each |",
        "|---|---:|---|",
    ]
    for table in tables:
        words = TABLES[table.table].description.partition(".")[0].removeprefix("One row for each ")
        lines.append(f"| [{table.table}](data/{table.path.name}) | {table.rows:,} | {words} |")
    lines += [
        "",
        "Every column is described in `codebook.csv`. The files are CSV as in RFC 4180: UTF-8, commas, lines ending",
        "with CR LF. Texts are always quoted and exact; a missing value is NA without quotes, so that a participant's",
        'answer "NA" stays an answer. Numbers are never rounded. Times are UTC (ISO 8601).',
        "",
        "In Python, `mug.data.read_export(folder)` reads all tables with the right types. Other readers:",
        "",
        "- pandas: `read_csv(file, keep_default_na=False, na_values=['NA'])`, before pandas 3 also with",
        "  `float_precision='round_trip'`; pandas cannot tell a quoted NA from a missing value, `mug.data` can.",
        "- R: `readr::read_csv(file)` or `data.table::fread(file, na.strings = 'NA')`.",
        "",
        "`manifest.json` holds the SHA-256 of every file, the study's hash and the hash of the journal that the tables",
        "were made from; the same records always give the same files.",
        "",
    ]
    return "\n".join(lines)


def _write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
