"""``provenance/``: from what an export was made, with what, and the digest of every file of it."""

import json
import platform
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import mug
from mug.records.described import Described
from mug.records.digests import file_digest
from mug.records.export_layout import EXPORT_FORMAT, MANIFEST, MANIFEST_SUMS

__all__ = ["write_provenance"]


def write_provenance(folder: Path, described: Described) -> None:
    """Write the journal's lines, the versions, and last the digests of all that lies in the folder."""
    target = folder / "provenance"
    target.mkdir()
    if described.anonymiser is None:
        (target / "journal.jsonl").write_text(_journal(described), encoding="utf-8", newline="\n")
    _write_json(target / "environment.json", _environment(described))
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": file_digest(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    _write_json(folder / MANIFEST, _manifest(folder, described, files))
    digests = {name: about["sha256"] for name, about in files.items()} | {MANIFEST: file_digest(folder / MANIFEST)}
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    (folder / MANIFEST_SUMS).write_text(lines, encoding="utf-8", newline="\n")


def _journal(described: Described) -> str:
    """Return the session's lines of the journal: they hold digests of what happened, and nothing of it."""
    session_id = described.history.opened.session_id
    lines = []
    for entry in described.reader.entries(session_id):
        line = {"seq": entry.seq, "session": entry.session, "at": entry.at, "kind": entry.kind}
        lines.append(line | {"body_sha256": entry.body_sha256, "prev": entry.prev, "hash": entry.hash})
    head = described.reader.head
    lines.append({"head_seq": head.seq, "head_hash": head.hash})
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)


def _environment(described: Described) -> dict[str, Any]:
    opened = described.history.opened
    browsers: Counter[str] = Counter()
    for story in described.history.participants.values():
        said = story.joined.environment
        major = said.get("browser_major") if described.anonymiser is None else None
        browsers[f"{said.get('browser', 'unknown')}{f' {major}' if major else ''}"] += 1
    return {
        "session": dict(opened.versions),
        "browsers": {described.text(name): count for name, count in sorted(browsers.items())},
        "exported_by": {
            "mug": mug.__version__,
            "python": platform.python_version(),
            "pyarrow": pa.__version__,
            "numpy": np.__version__,
        },
    }


def _manifest(folder: Path, described: Described, files: dict[str, dict[str, Any]]) -> dict[str, Any]:
    history, head = described.history, described.reader.head
    opened = history.opened
    options = described.options.plain()
    if described.options.participants is not None:
        options["participants"] = [described.participant(who) for who in described.options.participants]
    return {
        "format": EXPORT_FORMAT,
        "experiment_id": described.experiment_id,
        "session_id": described.session_id,
        "pilot": opened.pilot,
        "state": "ended" if history.ended else "open",
        "started_at": described.time(opened.at),
        "ended_at": described.time(history.ended.at) if history.ended else None,
        "records_until": described.time(history.last_at),
        "options": options,
        "study_hash": opened.study_hash,
        "study_files": {described.text(path): digest for path, digest in opened.files.items()},
        # Participants' seeds, and so whose they are, follow from it.
        "session_seed": str(opened.seed) if described.anonymiser is None else None,
        "versions": {"session": opened.versions, "exported_by": {"mug": mug.__version__}},
        "journal": {"head_seq": head.seq, "head_hash": head.hash, "facts_of_session": history.facts},
        "counts": {table.table: table.rows for table in described.tables},
        "tables": {
            table.table: {
                "file": table.path.relative_to(folder).as_posix(),
                **({"parquet": table.parquet.relative_to(folder).as_posix()} if table.parquet is not None else {}),
                "rows": table.rows,
                "columns": list(table.columns),
                **files[table.path.relative_to(folder).as_posix()],
            }
            for table in described.tables
        },
        "agreement": dict(described.agreement),
        "files": files,
        "problems": list(described.problems),
        "warnings": list(described.warnings),
    }


def _write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
