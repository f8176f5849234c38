"""`mug runtime status | install | verify`: the command line of this package.

`mug.cli` builds the parser with `add_arguments` and calls `main` with what was parsed, both lazily:

    runtime_parser = subparsers.add_parser("runtime", help="the Python that runs in the participants' browsers")
    from mug.runtime.commands import add_arguments, main
    add_arguments(runtime_parser)
    ...
    return main(parsed)          # the exit code; sentences go to stdout, errors to stderr
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Final

from mug.runtime.cache import Progress
from mug.runtime.distribution import find_distribution, install, status, verify
from mug.runtime.errors import RuntimeMissingError, RuntimeProblem
from mug.runtime.pins import PYODIDE_VERSION
from mug.runtime.sources import source_at

__all__ = ["add_arguments", "install_main", "main", "status_main", "terminal_progress", "verify_main"]

_MEGABYTE: Final = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the subcommands of `mug runtime`."""
    commands = parser.add_subparsers(dest="runtime_command", required=True, metavar="status|install|verify")
    commands.add_parser("status", help="say what is installed on this machine")
    installing = commands.add_parser("install", help="get the Pyodide distribution (about 80 MB) and check every file")
    installing.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="PATH",
        help="take it from this folder or archive of the official release instead of the network",
    )
    commands.add_parser("verify", help="compare every installed file with its known hash")


def main(args: argparse.Namespace) -> int:
    """Run the parsed subcommand.

    Returns:
        The exit code.
    """
    chosen = {"status": status_main, "install": install_main, "verify": verify_main}[args.runtime_command]
    try:
        return chosen(args)
    except RuntimeProblem as error:
        print(str(error), file=sys.stderr)
        return 1


def terminal_progress() -> Progress:
    """A progress for people: one line that is rewritten on a terminal, a line now and then elsewhere."""
    last_text, last_shown = "", 0.0
    live = sys.stdout.isatty()

    def show(text: str, fraction: float | None) -> None:
        nonlocal last_text, last_shown
        now = time.monotonic()
        group = text.partition(" ")[0]
        if live and (now - last_shown > 0.1 or fraction is None):
            share = "" if fraction is None else f" {fraction:4.0%}"
            sys.stdout.write(f"\r\033[K  {text[:90]}{share}")
            sys.stdout.flush()
            last_shown = now
        elif not live and (group != last_text or now - last_shown > 5):
            share = "" if fraction is None else f" ({fraction:.0%})"
            print(f"  {text}{share}", flush=True)
            last_text, last_shown = group, now

    return show


def _end_progress() -> None:
    if sys.stdout.isatty():
        sys.stdout.write("\r\033[K")
        sys.stdout.flush()


def status_main(_args: argparse.Namespace) -> int:
    """Say what is installed; exit code 1 if nothing can run."""
    found = status()
    if found.distribution is None:
        print(found.problem)
        return 1
    snapshot = "with" if found.distribution.snapshot is not None else "without"
    print(f"Pyodide {found.distribution.version} is installed in {found.distribution.folder}")
    print(
        f"  {found.size_bytes / _MEGABYTE:.0f} MB, {len(found.packages)} Python packages, {snapshot} a memory snapshot"
    )
    print(f"  Node: {found.node or 'not found (pages load slower; records cannot be re-simulated)'}")
    print(f"  wheels of studies and other downloads: {found.cache_folder}")
    return 0


def install_main(args: argparse.Namespace) -> int:
    """Get the distribution, and again what is damaged."""
    source: Path | None = getattr(args, "source", None)
    progress = terminal_progress()
    try:
        damaged = verify(progress=progress)
        folder = find_distribution().folder
        for name in (sentence.partition(" ")[0] for sentence in damaged):
            (folder / name).unlink(missing_ok=True)
    except RuntimeMissingError:
        print(f"Getting Pyodide {PYODIDE_VERSION} (about 80 MB, once)", flush=True)
    distribution = install(progress, sources=None if source is None else [source_at(source)])
    _end_progress()
    print(f"Pyodide {distribution.version} is ready in {distribution.folder}")
    return 0


def verify_main(_args: argparse.Namespace) -> int:
    """Hash every installed file; exit code 1 if one differs."""
    problems = verify(progress=terminal_progress())
    _end_progress()
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"Pyodide {PYODIDE_VERSION}: every file is what it should be")
    return 1 if problems else 0
