"""Checking an exported folder: that it is as it was written, and what the records say.

Without the records, its files are compared with the digests that lie in it: whoever changes a file and its digests is
not found out. With the records, the journal's hash is looked up, and the tables are made once more and compared.
"""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet

import mug
from mug.records.anonymise import Anonymiser
from mug.records.digests import file_digest
from mug.records.errors import ExportError
from mug.records.export import count_rows, export_session
from mug.records.export_layout import EXPORT_FORMAT, MANIFEST, MANIFEST_SUMS
from mug.records.export_options import ExportOptions
from mug.records.history import read_history
from mug.records.journal import Head, entry_hash
from mug.records.pseudonyms import read_key
from mug.records.reader import RecordReader
from mug.records.scratch import make_scratch
from mug.records.verify import VerifyProblem

__all__ = ["ExportReport", "read_export_manifest", "verify_export"]

_MADE_AGAIN: Final = ("data/", "arrays/", "excel/", "materials/")
"""Where everything must come out the same when the export is made again, also by another version of MUG."""
_COLUMNS: Final = ("seq", "session", "at", "kind", "body_sha256", "prev")

Progress = Callable[[float, str], None]


@dataclass
class ExportReport:
    """What was checked and what is wrong.

    Attributes:
        folder: The export.
        files: Files whose digests were compared.
        rows: Rows that were counted.
        entries: Lines of the journal that were checked.
        compared: Files that were made again from the records.
        records: The records; None: it was checked without them.
        problems: Empty when everything is as it must be.
    """

    folder: Path
    files: int = 0
    rows: int = 0
    entries: int = 0
    compared: int = 0
    records: Path | None = None
    problems: list[VerifyProblem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def say(self, code: str, where: str, message: str) -> None:
        """Take note of a problem."""
        self.problems.append(VerifyProblem(code, where, message))


def read_export_manifest(folder: Path) -> dict[str, Any]:
    """Return what an export says of itself.

    Raises:
        ExportError: The folder is no export of the present format.
    """
    if (folder / "manifest.json").is_file() and not (folder / MANIFEST).is_file():
        raise ExportError(f"{folder} is an export of an earlier version, which cannot be checked: export again")
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportError(f"{folder} is no export of MUG: its {MANIFEST} cannot be read ({error})") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise ExportError(f"{folder} is no export of MUG: its {MANIFEST} is not what MUG writes")
    if manifest.get("format") != EXPORT_FORMAT:
        raise ExportError(
            f"{folder} has the export format {manifest.get('format')}, and this version checks {EXPORT_FORMAT} only"
        )
    return manifest


def verify_export(folder: Path, records: Path | None = None, *, progress: Progress | None = None) -> ExportReport:
    """Check an exported folder.

    Args:
        folder: The export.
        records: The records from which it was made; None: only the folder is checked.
        progress: Called with a fraction from 0 to 1 and what is being done.

    Raises:
        ExportError: The folder is no export, or could not be made again.
        RecordsError: The records cannot be read.
    """
    say = progress or (lambda fraction, text: None)
    manifest = read_export_manifest(folder)
    report = ExportReport(folder, records=records)
    say(0.0, "checking the files")
    _check_files(report, manifest)
    _check_counts(report, manifest)
    lines = list(_journal_lines(report))
    _check_chain(report, manifest, lines)
    if records is not None:
        say(0.3, "looking into the records")
        _check_against_records(report, manifest, lines, records, lambda done, text: say(0.3 + 0.7 * done, text))
    say(1.0, "done")
    return report


# ------------------------------------------------------------------ the folder alone


def _check_files(report: ExportReport, manifest: dict[str, Any]) -> None:
    there = {path.relative_to(report.folder).as_posix(): path for path in report.folder.rglob("*") if path.is_file()}
    try:
        sums = dict(_sums((report.folder / MANIFEST_SUMS).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        report.say("manifest_changed", MANIFEST_SUMS, "the file with the digests cannot be read")
        sums = {}
    listed = {name: str(about.get("sha256")) for name, about in manifest["files"].items()}
    for name, digest in sorted((listed | sums).items()):
        path = there.get(name)
        if path is None:
            report.say("file_missing", name, "the file is not there")
            continue
        report.files += 1
        found = file_digest(path)
        if found != digest or found != listed.get(name, found):
            report.say("file_changed", name, "the file is not the one that was exported: its digest differs")
    for name in sorted(set(listed) ^ (set(sums) - {MANIFEST})) if sums else ():
        report.say("manifest_changed", name, f"{MANIFEST} and {MANIFEST_SUMS} do not list the same files")
    for name in sorted(set(there) - set(listed) - {MANIFEST, MANIFEST_SUMS}):
        report.say("file_stray", name, "the file is no part of the export")


def _sums(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        digest, name = line.split("  ", 1)
        yield name, digest


def _check_counts(report: ExportReport, manifest: dict[str, Any]) -> None:
    for table, about in manifest.get("tables", {}).items():
        path = report.folder / str(about.get("file"))
        if not path.is_file():
            continue  # told already
        try:
            rows = count_rows(path)
            parquet = report.folder / str(about["parquet"]) if about.get("parquet") else None
            more = pa.parquet.read_metadata(parquet).num_rows if parquet is not None and parquet.is_file() else rows
        except (OSError, pa.ArrowException) as error:
            report.say("table_unreadable", table, f"the table cannot be read: {error}")
            continue
        report.rows += rows
        if not rows == more == about.get("rows") == manifest.get("counts", {}).get(table):
            report.say("rows_differ", table, f"it has {rows} rows, and was exported with {about.get('rows')}")


def _journal_lines(report: ExportReport) -> Iterator[dict[str, Any]]:
    path = report.folder / "provenance" / "journal.jsonl"
    if not path.is_file():
        return
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if isinstance(line, dict):
            yield line
        else:
            report.say("journal_broken", f"journal.jsonl, line {number}", "it is no line of the journal")


def _check_chain(report: ExportReport, manifest: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    before: dict[str, Any] = {}
    for line in lines:
        if "head_seq" in line:
            if {"head_seq": line["head_seq"], "head_hash": line.get("head_hash")} != {
                name: manifest.get("journal", {}).get(name) for name in ("head_seq", "head_hash")
            }:
                report.say("journal_broken", "journal.jsonl", f"its last line is not what {MANIFEST} says")
            continue
        where = f"entry {line.get('seq')}"
        report.entries += 1
        try:
            same = entry_hash(*(line[name] for name in _COLUMNS)) == line["hash"]
        except (KeyError, TypeError):
            same = False
        if not same:
            report.say("journal_broken", where, "its content is not what was written: its hash differs")
        if before and line.get("seq") == before.get("seq", 0) + 1 and line.get("prev") != before.get("hash"):
            report.say("journal_broken", where, "it does not follow the entry before it")
        before = line


# ------------------------------------------------------------------ against the records


def _check_against_records(
    report: ExportReport, manifest: dict[str, Any], lines: list[dict[str, Any]], records: Path, say: Progress
) -> None:
    head = Head(int(manifest["journal"]["head_seq"]), str(manifest["journal"]["head_hash"]))
    options = ExportOptions.from_plain(manifest.get("options", {}))
    with RecordReader(records) as reader:
        session_id, options = _original(reader, records, manifest, options)
        if not session_id:
            report.say("session_unknown", str(records), "the records hold no session of which this could be an export")
            return
        own = {entry.seq: entry.hash for entry in reader.entries()}
        if own.get(head.seq) != head.hash:
            report.say(
                "journal_differs",
                str(records),
                f"their entry {head.seq} is not the last one that the export knows: they were changed, or are others",
            )
            return
        for line in lines:
            if "seq" in line and own.get(line["seq"]) != line.get("hash"):
                report.say("journal_differs", f"entry {line['seq']}", "the records have another one")
        since = [entry for entry in reader.entries(session_id, ("withdrawn",)) if entry.seq > head.seq]
    if since:
        report.say(
            "withdrawn_since",
            str(report.folder),
            "a participant's data was taken out of the records after this export: delete it, and export again",
        )
        return
    _make_again(report, manifest, records, session_id, options, head, say)


def _original(
    reader: RecordReader, records: Path, manifest: dict[str, Any], options: ExportOptions
) -> tuple[str, ExportOptions]:
    """Return the session of which this is an export and the options with the records' own ids; empty: there is none."""
    sessions = [session.session_id for session in reader.sessions()]
    wanted = str(manifest.get("session_id"))
    if not options.anonymise:
        return (wanted if wanted in sessions else ""), options
    if not (records.parent / "keys").is_dir():
        return "", options
    key = read_key(records.parent / "keys")
    for session_id in sessions:
        history = read_history(reader, session_id)
        anonymiser = Anonymiser(history, key)
        if anonymiser.new_id("s", session_id) == wanted:
            if options.participants is None:
                return session_id, options
            names = {anonymiser.new_id("p", who): who for who in history.participants}
            return session_id, replace(options, participants=tuple(names.get(new, new) for new in options.participants))
    return "", options


def _make_again(
    report: ExportReport,
    manifest: dict[str, Any],
    records: Path,
    session_id: str,
    options: ExportOptions,
    head: Head,
    say: Progress,
) -> None:
    with contextlib.ExitStack() as stack:
        scratch = make_scratch("verify")
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        again = scratch / "again"
        try:
            export_session(records, session_id, again, options, progress=say, until=head)
        except ExportError as error:
            report.say("not_made_again", str(report.folder), str(error))
            return
        fresh: dict[str, Any] = read_export_manifest(again)["files"]
        same_version = manifest.get("versions", {}).get("exported_by", {}).get("mug") == mug.__version__
        for name in sorted({*fresh, *manifest["files"]}):
            if not name.startswith(_MADE_AGAIN) and not (same_version and not name.startswith("provenance/")):
                continue
            report.compared += 1
            path = report.folder / name
            if name not in fresh:
                report.say("tables_differ", name, "the records do not give this file")
            elif not path.is_file() or file_digest(path) != fresh[name]["sha256"]:
                report.say("tables_differ", name, "the records give another content")
