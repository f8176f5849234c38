"""``datapackage.json``: the tables with types, constraints and digests, as Data Package version 2 (Frictionless)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mug.records.codebook import TABLES, ColumnSpec
from mug.records.described import Described
from mug.records.digests import file_digest
from mug.records.spool import TableFile

__all__ = ["data_package"]

_PROFILES: Final = "https://datapackage.org/profiles/2.0"
_LINKS: Final = {"participant_id": "participants", "visit_id": "visits", "match_id": "matches"}
"""Column -> the table of which it names a row, by the column of the same name."""
_DIALECT: Final = {
    "$schema": f"{_PROFILES}/tabledialect.json",
    "header": True,
    "delimiter": ",",
    "lineTerminator": "\r\n",
    "quoteChar": '"',
    "doubleQuote": True,
}


def data_package(folder: Path, described: Described) -> dict[str, Any]:
    """Return the content of ``datapackage.json`` for the tables in `folder`."""
    resources = []
    columns = described.columns
    keys = {table.table: table for table in described.tables}
    for table in described.tables:
        schema = _schema(table, columns[table.table], keys)
        resources.append(_resource(folder, table, schema))
    package: dict[str, Any] = {
        "$schema": f"{_PROFILES}/datapackage.json",
        "name": f"{described.experiment_id}-{described.session_id}".lower(),
        "id": f"{described.experiment_id}/{described.session_id}",
        "title": described.title,
        "description": f"Session {described.session_id} of the experiment {described.experiment_id}, exported by MUG.",
        "keywords": ["experiment", "behaviour", "mug"],
        "resources": resources,
    }
    created = described.time(described.history.last_at)
    return package | ({"created": created} if created else {})


def _resource(folder: Path, table: TableFile, schema: Mapping[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {
        "$schema": f"{_PROFILES}/dataresource.json",
        "name": table.table,
        "type": "table",
        "description": TABLES[table.table].description,
        **_file(folder, table.path),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": _DIALECT,
        "schema": schema,
    }
    if table.parquet is not None:
        # No resource of its own: frictionless reads whole numbers with gaps in Parquet as fractions, and missing times
        # as times, so that it would find fault with what is right.
        about["parquet"] = _file(folder, table.parquet)
    return about


def _file(folder: Path, path: Path) -> dict[str, Any]:
    return {
        "path": path.relative_to(folder).as_posix(),
        "bytes": path.stat().st_size,
        "hash": f"sha256:{file_digest(path)}",
    }


def _schema(table: TableFile, columns: list[ColumnSpec], others: Mapping[str, TableFile]) -> dict[str, Any]:
    key = TABLES[table.table].key
    schema: dict[str, Any] = {
        "$schema": f"{_PROFILES}/tableschema.json",
        "fields": [_field(table, spec, key) for spec in columns],
        "missingValues": ["NA"],
    }
    if key:
        schema["primaryKey"] = list(key)
    links = []
    for name, target in _LINKS.items():
        if name not in table.columns or target == table.table or target not in others:
            continue
        if table.found[name].values <= others[target].found[name].values:
            reference = {"resource": target, "fields": [name]}
            links.append({"fields": [name], "reference": reference})
    return schema | ({"foreignKeys": links} if links else {})


def _field(table: TableFile, spec: ColumnSpec, key: tuple[str, ...]) -> dict[str, Any]:
    found = table.found[spec.name]
    field: dict[str, Any] = {"name": spec.name, "type": spec.type, "description": spec.description}
    if spec.unit:
        field["unit"] = spec.unit
    constraints: dict[str, Any] = {}
    if spec.name == "session_id" or spec.name in key:
        constraints["required"] = True
    if key and spec.name == key[-1] and len(key) == 2:
        constraints["unique"] = True  # a session is one value, so that the other column alone tells the rows apart
    if spec.levels and found.keeps_levels:
        constraints["enum"] = list(spec.levels)
    if spec.minimum is not None and found.keeps_bounds:
        constraints["minimum"] = _bound(spec.minimum, spec.type)
    if spec.maximum is not None and found.keeps_bounds:
        constraints["maximum"] = _bound(spec.maximum, spec.type)
    return field | ({"constraints": constraints} if constraints else {})


def _bound(value: float, kind: str) -> float:
    return int(value) if kind == "integer" else value
