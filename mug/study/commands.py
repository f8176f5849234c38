"""The command ``mug new``."""

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import Final

from mug.study.errors import NewStudyError
from mug.study.files import STUDY_FILE, read_study
from mug.study.templates import TEMPLATES, create_study
from mug.study.traversal import walk

__all__ = ["add_new_arguments", "new_main"]

DEFAULT_TEMPLATE: Final = TEMPLATES[0].key


def add_new_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``mug new``."""
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="the folder to make: a name, or a path that ends in one"
    )
    parser.add_argument(
        "--template",
        default=DEFAULT_TEMPLATE,
        metavar="KEY",
        help=f"what to begin with: {', '.join(known.key for known in TEMPLATES)} (default: {DEFAULT_TEMPLATE})",
    )
    parser.add_argument("--title", metavar="TITLE", help="the study's name for people (default: made of NAME)")
    parser.add_argument("--list", action="store_true", help="list the templates and end")


def new_main(args: argparse.Namespace) -> int:
    """Make a study, and say what was made and what comes next.

    Raises:
        NewStudyError: When it cannot be made.
    """
    if args.list:
        width = max(len(known.key) for known in TEMPLATES)
        for known in TEMPLATES:
            sys.stdout.write(f"{known.key:<{width}}  {known.description}\n")
        return 0
    if args.name is None:
        raise NewStudyError("", "say how the study's folder is to be called: mug new NAME (mug new --list: templates)")
    folder = create_study(args.template, Path(args.name), title=args.title)
    study = read_study(folder / STUDY_FILE)
    scenes = sum(1 for _ in walk(study))
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    named = _quoted(args.name)
    sys.stdout.write(
        f"{folder}: the study {study.title!r} (id {study.id}), {scenes} scenes\n"
        + "".join(f"  {name}\n" for name in files)
        + f"\nNext:\n  mug lab {named}      open it in MUG Lab, change it, run a session\n"
        f"  mug check {named}    see whether everything is in place\n"
    )
    return 0


def _quoted(name: str) -> str:
    """Write a path as a shell takes it."""
    if os.name == "nt":
        return f'"{name}"' if " " in name else name
    return shlex.quote(name)
