"""The command ``mug records``: what is done to records when no session runs."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from mug.errors import MugError
from mug.records.errors import RecordsInUseError, UnknownSessionError, WithdrawalError
from mug.records.places import records_path
from mug.records.reader import RecordReader, SessionHead

__all__ = ["add_records_arguments", "records_main"]

_WHAT = {
    "removed": "everything that the participant did is deleted from the records; in games with others the others' "
    "rows stay, and this participant's own actions, observations, rewards and infos in them are blank",
    "anonymised": "the data stay under a new name, and what says who the participant is goes; free answers are not "
    "read: look through them yourself",
}


def add_records_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands of ``mug records``."""
    commands = parser.add_subparsers(dest="records_command", metavar="COMMAND", required=True)
    withdraw = commands.add_parser(
        "withdraw", help="take a participant's data out of the records, for good, through all later exports"
    )
    _add_place(withdraw)
    withdraw.add_argument("--participant", required=True, metavar="ID", help="who withdraws")
    withdraw.add_argument(
        "--how",
        choices=("removed", "anonymised"),
        default="removed",
        help="removed (default): what the participant did is deleted; anonymised: it stays under a new name",
    )
    withdraw.add_argument("--reason", default="", metavar="TEXT", help="kept with the tombstone")
    withdraw.add_argument("--yes", action="store_true", help="do not ask")
    withdraw.add_argument("--progress", action="store_true", help="print progress as JSON lines, for programs")
    quality = commands.add_parser("quality", help="say how good the data of a session are, as JSON")
    _add_place(quality)


def records_main(args: argparse.Namespace) -> int:
    """Run one of the commands; returns the exit code: 0, or 1 with a sentence on stderr."""
    try:
        return _withdraw(args) if args.records_command == "withdraw" else _quality(args)
    except MugError as error:
        if getattr(args, "progress", False):
            _print({"error": str(error)})
        sys.stderr.write(f"mug: {error}\n")
        return 1


def _withdraw(args: argparse.Namespace) -> int:
    from mug.records.withdrawal import withdraw

    path, sessions = _sessions(args)
    if not sessions:
        raise WithdrawalError(f"{path} holds no session yet")
    if len(sessions) > 1:
        known = ", ".join(session.session_id for session in sessions)
        raise WithdrawalError(f"the experiment has several sessions: say which one with --session ({known})")
    session_id = sessions[0].session_id
    if not args.yes and not _asked(args, session_id):
        sys.stderr.write("Nothing was changed.\n")
        return 1
    show = _print_progress if args.progress else _show_progress
    try:
        done = withdraw(path, session_id, args.participant, args.how, reason=args.reason, progress=show)
    except RecordsInUseError as error:
        raise WithdrawalError(
            f"a session runs on these records ({error}). A participant can be withdrawn when it is stopped: stop the "
            "server in MUG Lab or with Ctrl-C, withdraw the participant, and start it again"
        ) from error
    if args.progress:
        for leftover in done.leftovers:
            _print({"leftover": str(leftover.path.absolute()), "why": leftover.why})
        _print({"done": done.participant_id, "how": done.how, "bodies": done.bodies, "again": done.again})
        return 0
    if done.again:
        sys.stdout.write(f"{done.participant_id} was {done.how} before; nothing of it is left in the records.\n")
    else:
        sys.stdout.write(f"{done.participant_id} is {done.how} now: {done.bodies:,} bodies were deleted or replaced.\n")
    if done.matches:
        sys.stdout.write(f"  Blank in matches with others: {', '.join(done.matches)}\n")
    for leftover in done.leftovers:
        sys.stdout.write(f"  Look at {leftover.path}: {leftover.why}.\n")
    sys.stdout.write(
        "  Copies elsewhere (backups, exports on other computers) are not reached: delete them yourself.\n"
    )
    return 0


def _asked(args: argparse.Namespace, session_id: str) -> bool:
    """Ask on a terminal; without one nothing is done unasked."""
    if not sys.stdin.isatty():
        raise WithdrawalError("a withdrawal cannot be undone: add --yes to do it without being asked")
    sys.stderr.write(
        f"{args.participant} in session {session_id}: {_WHAT[args.how]}. This cannot be undone.\n"
        "Type the participant's id to go on: "
    )
    sys.stderr.flush()
    participant: str = args.participant
    return sys.stdin.readline().strip() == participant


def _quality(args: argparse.Namespace) -> int:
    from mug.records.quality import session_quality

    path, sessions = _sessions(args)
    for session in sessions:
        _print(session_quality(path, session.session_id).as_data())
    return 0


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, default=Path("data"), metavar="DIR", help="the data folder (default: data)"
    )
    parser.add_argument("--experiment", required=True, metavar="ID", help="the experiment's id")
    parser.add_argument("--session", metavar="ID", help="the session (default: the only one, or all)")
    parser.add_argument("--pilot", action="store_true", help="a pilot session")


def _sessions(args: argparse.Namespace) -> tuple[Path, list[SessionHead]]:
    path = records_path(args.data, args.experiment, args.pilot)
    with RecordReader(path) as reader:
        sessions = reader.sessions()
    if args.session is None:
        return path, sessions
    chosen = [session for session in sessions if session.session_id == args.session]
    if not chosen:
        raise UnknownSessionError(args.session, tuple(session.session_id for session in sessions))
    return path, chosen


def _print_progress(fraction: float, text: str) -> None:
    _print({"progress": round(fraction, 4), "text": text})


def _show_progress(fraction: float, text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{fraction:4.0%} {text}" if fraction < 1 else "\r\x1b[K")
        sys.stderr.flush()


def _print(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data) + "\n")  # whatever letters the pipe can carry
    sys.stdout.flush()
