"""The ``mug`` command. Each subcommand's code lives in its package and is imported when it is used."""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Final

from mug.errors import MugError

__all__ = ["build_parser", "main"]

MIN_MATCH_MEMORY_MB: Final = 128
"""Python and numpy alone take half of it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 1 problems found, 2 it cannot be done."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    own, rest = _split(arguments)
    parser = build_parser(next((word for word in own if not word.startswith("-")), None))
    args = parser.parse_args(own)
    args.argv = rest
    run: Callable[[argparse.Namespace], int | None] | None = getattr(args, "run", None)
    if run is None:
        parser.print_help()
        return 2
    try:
        return run(args) or 0
    except MugError as error:
        print(f"mug {args.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1


def build_parser(chosen: str | None = None) -> argparse.ArgumentParser:
    """Describe the subcommands.

    Args:
        chosen: The subcommand that is being called: options that a package describes itself are added for this one
            only, so that a command does not pay for the others' imports.
    """
    parser = argparse.ArgumentParser(
        prog="mug", description="Multi-User Gymnasium: run real-time behavioural experiments.", allow_abbrev=False
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and end")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    lab = commands.add_parser("lab", help="open MUG Lab, the control app")
    lab.add_argument("study", nargs="?", metavar="STUDY", help="a study folder or script to open")
    lab.set_defaults(run=_lab)

    serve = commands.add_parser("serve", help="serve a study without the app")
    serve.add_argument("study", metavar="STUDY", help="a study folder or script; after -- the script's arguments")
    serve.add_argument("--host", help="address to listen on (default 127.0.0.1; 0.0.0.0 for the whole network)")
    serve.add_argument("--port", type=_port, help="port to listen on; 0 takes a free one (default: the study's)")
    serve.add_argument("--data", default="data", metavar="DIR", help="folder of the records (default: data)")
    which = serve.add_mutually_exclusive_group()
    which.add_argument("--new-session", action="store_true", help="open a new session, even if one is open")
    which.add_argument("--session", metavar="ID", help="go on with this open session")
    which.add_argument("--preview", action="store_true", help="a scratch session for looking: nothing of it is kept")
    serve.add_argument(
        "--as-edited", metavar="FILE", help="with --preview: the study's content is in this file; the rest is STUDY's"
    )
    serve.add_argument(
        "--idle",
        type=float,
        default=1800.0,
        metavar="SECONDS",
        help="with --preview: end when no page was open for so long (default: half an hour)",
    )
    serve.add_argument("--pilot", action="store_true", help="a pilot: its records are kept apart")
    serve.add_argument("--lifeline", action="store_true", help="stop when stdin ends and nobody takes part")
    serve.add_argument(
        "--release",
        choices=("automatic", "experimenter"),
        default="automatic",
        help="who lets groups go in a new session: as soon as they are complete (default), or MUG Lab's button",
    )
    serve.add_argument(
        "--match-memory",
        type=_memory,
        default=1024,
        metavar="MB",
        help="memory that a match may take in a game that the server steps (default: 1024)",
    )
    session = serve.add_argument_group("a new session", "one that goes on keeps its own")
    session.add_argument("--label", default="", metavar="TEXT", help="what you call it")
    session.add_argument("--expected", type=_number, metavar="N", help="how many participants are expected")
    session.add_argument("--seats", default="", metavar="PC-01,PC-02", help="the desks that take part (default: any)")
    session.add_argument(
        "--condition",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a condition of the session, told to the study's functions; may be repeated",
    )
    session.add_argument(
        "--stage",
        default="running",
        metavar="{prepared,doors_open,running}",
        help="doors closed; people come in and wait for the start; or it runs at once (default)",
    )
    session.add_argument("--help-button", action="store_true", help="participants can ask for the experimenter")
    serve.add_argument("--remote-lab", action="store_true", help="let consoles on other machines in (with the token)")
    serve.set_defaults(run=_serve)

    check = commands.add_parser("check", help="find everything that is wrong with a study")
    check.add_argument("study", metavar="STUDY", help="a folder with study.toml, or a Python script")
    check.set_defaults(run=_check)

    for name, help_text, run, describe in (
        ("new", "make a study from a template", _new, ("mug.study.commands", "add_new_arguments")),
        ("export", "write a session's tables as files", _export, ("mug.records.commands", "add_export_arguments")),
        ("verify", "check a session's records", _verify, ("mug.records.commands", "add_verify_arguments")),
        ("replay", "watch a recorded session's matches", _replay, ("mug.server.replay", "add_replay_arguments")),
        ("records", "withdraw participants from records", _records, ("mug.records.upkeep", "add_records_arguments")),
        ("runtime", "the Python that runs in browsers", _runtime, ("mug.runtime.commands", "add_arguments")),
    ):
        command = commands.add_parser(name, help=help_text)
        if name == chosen:
            getattr(importlib.import_module(describe[0]), describe[1])(command)
        command.set_defaults(run=run)
    return parser


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"mug {version('mug-py')}")
        parser.exit()


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """What follows ``--`` belongs to the study's script."""
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return int(text)


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def _memory(text: str) -> int:
    size = _number(text)
    if size < MIN_MATCH_MEMORY_MB:
        raise argparse.ArgumentTypeError(f"{size} MB is too little: give at least {MIN_MATCH_MEMORY_MB}")
    return size


def _run(module: str, function: str, args: argparse.Namespace) -> int | None:
    """Call a subcommand, imported by name only now: one command must not pay for the others' imports."""
    command = getattr(importlib.import_module(module), function)
    code: int | None = command(args)
    return code


def _lab(args: argparse.Namespace) -> int | None:
    try:
        return _run("gui.app", "main", args)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split(".")[0] in ("PySide6", "pyqtgraph"):
            raise MugError(f"MUG Lab needs {error.name}: install it with pip install 'mug-py[lab]'") from error
        raise


def _serve(args: argparse.Namespace) -> int | None:
    return _run("mug.server.serve", "serve_main", args)


def _check(args: argparse.Namespace) -> int | None:
    return _run("mug.check", "main", args)


def _new(args: argparse.Namespace) -> int | None:
    return _run("mug.study.commands", "new_main", args)


def _export(args: argparse.Namespace) -> int | None:
    return _run("mug.records.commands", "export_main", args)


def _verify(args: argparse.Namespace) -> int | None:
    code = _run("mug.records.commands", "verify_main", args)
    if args.study is None or args.export is not None or args.experiment is None:
        return code
    return _run("mug.check.resimulation", "resimulate_main", args) or code


def _replay(args: argparse.Namespace) -> int | None:
    return _run("mug.server.replay", "replay_main", args)


def _records(args: argparse.Namespace) -> int | None:
    return _run("mug.records.upkeep", "records_main", args)


def _runtime(args: argparse.Namespace) -> int | None:
    return _run("mug.runtime.commands", "main", args)
