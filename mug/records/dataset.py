"""What lies beside the tables of an export: all of it in one place."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mug.records.codebook_files import codebook_csv, codebook_html
from mug.records.data_package import data_package
from mug.records.described import Described
from mug.records.digests import file_digest
from mug.records.export_layout import EXPORT_FORMAT, FILES, manifest_of, table_file_name
from mug.records.export_readme import changes, readme
from mug.records.materials import write_materials
from mug.records.provenance import write_provenance
from mug.records.psych_ds import dataset_description
from mug.records.session_page import session_page
from mug.records.telemetry_figures import NetworkFigures

__all__ = [
    "EXPORT_FORMAT",
    "FILES",
    "Described",
    "agreement_of",
    "file_digest",
    "manifest_of",
    "table_file_name",
    "write_dataset",
]


def agreement_of(episodes: Mapping[str, Sequence[Any]], matches: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how far the records of people who played together agree, for the manifest.

    Args:
        episodes: The table of episodes as columns.
        matches: The rows of the table of matches.
    """
    found = Counter(word for word in episodes.get("agreement", ()) if word)
    return {
        "episodes": {
            **{word: found[word] for word in ("single", "agreed", "differs")},
            **({"server": found["server"]} if found["server"] else {}),
        },
        "compared": sum(row.get("compared") or 0 for row in matches),
        "desyncs": sum(row.get("desyncs") or 0 for row in matches),
    }


def write_dataset(folder: Path, described: Described) -> None:
    """Write everything but the tables into the folder; nothing may be written after it."""
    _write(folder / "dataset_description.json", _json(dataset_description(described)))
    _write(folder / "datapackage.json", _json(data_package(folder, described)))
    _write(folder / "README.md", readme(described))
    _write(folder / "CHANGES.md", changes(described))
    documentation = folder / "documentation"
    documentation.mkdir()
    _write(documentation / "codebook.csv", codebook_csv(described))
    _write(documentation / "codebook.html", codebook_html(described))
    _write(documentation / "session.html", session_page(described, NetworkFigures(described.tables)))
    write_materials(folder / "materials", described)
    write_provenance(folder, described)


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
