"""The commands ``mug export`` and ``mug verify``."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from mug.errors import MugError
from mug.records.errors import RecordsError, RecordsNotFoundError, UnknownSessionError
from mug.records.places import exports_dir, records_path
from mug.records.reader import RecordReader, SessionHead
from mug.records.table_specs import TABLES

__all__ = ["add_export_arguments", "add_verify_arguments", "export_main", "verify_main"]


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``mug export``."""
    _add_common(parser)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="the folder to make (default: EXPERIMENT/exports/… in the data folder); with several sessions, the "
        "folder that gets one folder for each",
    )
    parser.add_argument(
        "--tables", type=_names, metavar="A,B", help=f"only these tables, of: {', '.join(TABLES)} (default: all)"
    )
    parser.add_argument(
        "--format",
        type=_names,
        default=("csv",),
        metavar="F",
        dest="formats",
        help="csv (default), or parquet: Parquet files beside the CSV files, with the same types",
    )
    parser.add_argument(
        "--participants", type=_names, metavar="P,Q", help="only these participants, and the whole matches they played"
    )
    parser.add_argument(
        "--anonymise",
        action="store_true",
        help="new ids, shifted times, and nothing that tells who people are; the way back is in EXPERIMENT/keys/",
    )
    parser.add_argument(
        "--drop-texts",
        action="store_true",
        help="leave out free texts: answers in own words, what the experimenter wrote, what participants asked",
    )
    parser.add_argument("--excel", action="store_true", help="also write copies that are safe to open with Excel")
    parser.add_argument(
        "--ticks", action="store_true", help="also write the ticks of games of several people: a row for each of them"
    )
    parser.add_argument(
        "--keys",
        action="store_true",
        help="also write the key files: who the participants are to a recruiter, their completion codes, pay, seats "
        "and new ids, to EXPERIMENT/keys/ in the data folder (never into the export)",
    )
    parser.add_argument("--progress", action="store_true", help="print progress as JSON lines, for programs")


def add_verify_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``mug verify``."""
    _add_common(parser, needs_experiment=False)
    parser.add_argument(
        "--export",
        type=Path,
        metavar="FOLDER",
        help="check an exported folder instead, and against the records it was made from where they are there",
    )
    parser.add_argument(
        "--study",
        metavar="STUDY",
        help="the study as the session ran it: also step every match again where it was stepped (in the browser's "
        "Python, or in this one), and compare every row",
    )


def _add_common(parser: argparse.ArgumentParser, *, needs_experiment: bool = True) -> None:
    parser.add_argument(
        "--data", type=Path, default=Path("data"), metavar="DIR", help="the data folder (default: data)"
    )
    parser.add_argument("--experiment", required=needs_experiment, metavar="ID", help="the experiment's id")
    parser.add_argument("--session", metavar="ID", help="only this session (default: all of the experiment)")
    parser.add_argument("--pilot", action="store_true", help="the pilot sessions instead of the real ones")


def export_main(args: argparse.Namespace) -> int:
    """Export sessions; returns the exit code: 0, or 1 with a sentence on stderr."""
    with _cleaned_up_when_ended():
        return _export(args)


def _export(args: argparse.Namespace) -> int:
    from mug.records.export import ExportOptions, export_session
    from mug.records.keys import write_keys

    try:
        path, sessions = _sessions(args)
        targets = _targets(args, sessions)
        show = _JsonProgress() if args.progress else _progress_line
        options = ExportOptions(
            tables=args.tables,
            formats=args.formats,
            participants=args.participants,
            anonymise=args.anonymise,
            drop_texts=args.drop_texts,
            excel=args.excel,
            ticks=args.ticks,
        )
        folders = []
        for number, (session, out) in enumerate(targets):
            result = export_session(
                path,
                session.session_id,
                out,
                options,
                progress=_scaled(show, number, len(targets)),
                numbered=args.out is None,
            )
            folders.append(result.folder)
            keys = write_keys(path, session.session_id, args.data) if args.keys else None
            if args.progress:
                if keys is not None:
                    _print_json({"keys": str(keys.absolute()), "session": session.session_id})
                for problem in result.problems:
                    _print_json({"problem": problem, "session": session.session_id})
                for warning in result.warnings:
                    _print_json({"warning": warning, "session": session.session_id})
            else:
                rows = ", ".join(f"{table} {count:,}" for table, count in result.counts.items())
                sys.stdout.write(f"{result.folder}\n  rows: {rows}\n")
                if keys is not None:
                    sys.stdout.write(f"  keys, not a part of it: {keys}\n")
                for problem in result.problems:
                    sys.stdout.write(f"  note: {problem}\n")
                for warning in result.warnings:
                    sys.stdout.write(f"  before you give it away: {warning}\n")
        if args.progress:
            done = folders[0] if len(folders) == 1 else folders[0].parent
            _print_json({"done": str(done.absolute())})
    except MugError as error:
        return _fail(args, error)
    return 0


def verify_main(args: argparse.Namespace) -> int:
    """Check the records; returns the exit code: 0 when they are whole, 1 otherwise, with a line for each problem."""
    from mug.records.verify import verify

    try:
        if args.export is not None:
            return _verify_export(args)
        if args.experiment is None:
            raise RecordsError("say what to check: --experiment ID, or --export FOLDER")
        path, _ = _sessions(args)
        report = verify(path, args.session, progress=_progress_line)
    except MugError as error:
        return _fail(args, error)
    for problem in report.problems:
        sys.stdout.write(f"{problem.where}: {problem.message} [{problem.code}]\n")
    for sentence in report.withdrawn:
        sys.stdout.write(f"withdrawn: {sentence}\n")
    checked = (
        f"{report.entries:,} entries, {report.bodies:,} bodies and {report.frames:,} frames of "
        f"{len(report.sessions)} session{'s' if len(report.sessions) != 1 else ''} were checked"
    )
    if report.ok:
        sys.stdout.write(f"{path}: whole; {checked}\n")
        return 0
    count = len(report.problems)
    sys.stdout.write(f"{path}: {count} problem{'s' if count != 1 else ''}; {checked}\n")
    return 1


def _verify_export(args: argparse.Namespace) -> int:
    from mug.records.verify_export import read_export_manifest, verify_export

    manifest = read_export_manifest(args.export)
    experiment = args.experiment or str(manifest.get("experiment_id"))
    records: Path | None = records_path(args.data, experiment, bool(manifest.get("pilot")))
    if records is not None and not records.is_file():
        if args.experiment is not None:
            raise RecordsNotFoundError(records)
        records = None
    report = verify_export(args.export, records, progress=_progress_line)
    for problem in report.problems:
        sys.stdout.write(f"{problem.where}: {problem.message} [{problem.code}]\n")
    checked = f"{report.files:,} files, {report.rows:,} rows and {report.entries:,} lines of the journal were checked"
    if records is None:
        checked += "; there are no records here to compare them with"
    else:
        checked += f", and {report.compared:,} files made again from {records}"
    count = len(report.problems)
    state = "as it was exported" if report.ok else f"{count} problem{'s' if count != 1 else ''}"
    sys.stdout.write(f"{args.export}: {state}; {checked}\n")
    return 0 if report.ok else 1


def _sessions(args: argparse.Namespace) -> tuple[Path, list[SessionHead]]:
    path = records_path(args.data, args.experiment, args.pilot)
    if not path.is_file():
        other = records_path(args.data, args.experiment, not args.pilot)
        if other.is_file():
            kind = "real sessions only: leave out --pilot" if args.pilot else "pilot sessions only: add --pilot"
            raise RecordsError(f"the experiment {args.experiment!r} in {args.data} has {kind}")
        raise RecordsNotFoundError(path)
    with RecordReader(path) as reader:
        sessions = reader.sessions()
    if args.session is None:
        if not sessions:
            raise RecordsError(f"{path} holds no session yet")
        return path, sessions
    chosen = [session for session in sessions if session.session_id == args.session]
    if not chosen:
        raise UnknownSessionError(args.session, tuple(session.session_id for session in sessions))
    return path, chosen


def _targets(args: argparse.Namespace, sessions: list[SessionHead]) -> list[tuple[SessionHead, Path]]:
    today = datetime.now().astimezone().strftime("%Y-%m-%d")
    if args.out is not None:
        if len(sessions) == 1:
            return [(sessions[0], args.out)]
        return [(session, args.out / session.session_id) for session in sessions]
    targets = []
    for session in sessions:
        name = f"{session.experiment_id}_{session.session_id}_{today}"
        if args.anonymise:
            name = f"{session.experiment_id}_anonymised_{today}"  # a session's id often says when it was
        targets.append((session, exports_dir(args.data, session.experiment_id) / name))
    return targets


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in text.split(","))))


@contextmanager
def _cleaned_up_when_ended() -> Iterator[None]:
    """Let SIGTERM end the export as Ctrl-C does: what is half written is removed."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _scaled(show: Callable[[float, str], None], number: int, total: int) -> Callable[[float, str], None]:
    return lambda fraction, text: show((number + fraction) / total, text)


class _JsonProgress:
    """Prints progress for a program, a line for each percent at most."""

    def __init__(self) -> None:
        self._shown = -1.0

    def __call__(self, fraction: float, text: str) -> None:
        if fraction >= 1 or fraction >= self._shown + 0.01:
            self._shown = fraction
            _print_json({"progress": round(fraction, 4), "text": text})


def _print_json(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _progress_line(fraction: float, text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{fraction:4.0%} {text}" if fraction < 1 else "\r\x1b[K")
        sys.stderr.flush()


def _fail(args: argparse.Namespace, error: MugError) -> int:
    if getattr(args, "progress", False):
        _print_json({"error": str(error)})
    sys.stderr.write(f"mug: {error}\n")
    return 1
