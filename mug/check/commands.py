"""``mug check STUDY``: prints everything that is wrong with a study."""

import argparse
import sys
from typing import TextIO

from mug.check.study import check_study
from mug.study.errors import StudyLoadError
from mug.study.loading import load
from mug.study.problems import Problem
from mug.study.traversal import walk

__all__ = ["main"]

OK, PROBLEMS, NOT_LOADED = 0, 1, 2


def main(args: argparse.Namespace, out: TextIO | None = None) -> int:
    """Check the study that the arguments name.

    Returns:
        0 when it can be run (warnings are printed), 1 when it has errors, 2 when it does not even load.
    """
    out = out if out is not None else sys.stdout
    try:
        loaded = load(args.study, getattr(args, "argv", ()))
    except StudyLoadError as error:
        _say(out, f"mug check: {error}")
        return NOT_LOADED

    def tell(text: str) -> None:
        _say(sys.stderr, f"… {text}")

    problems = check_study(loaded, progress=tell, again=True)
    scenes = sum(1 for _ in walk(loaded.study))
    _say(out, f"Study {loaded.study.id!r} ({loaded.source}), {scenes} node{'s'[: scenes != 1]}")
    for severity in ("error", "warning"):
        for problem in problems:
            if problem.severity == severity:
                _say(out, f"\n{_shown(problem)}")
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    _say(out, f"\n{_counted(errors, 'error')}, {_counted(warnings, 'warning')}: {_verdict(errors, warnings)}")
    return PROBLEMS if errors else OK


def _shown(problem: Problem) -> str:
    first, *rest = str(problem).splitlines()
    return "\n".join([first, *(f"    {line}" for line in rest)])


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'s'[: count != 1]}"


def _verdict(errors: int, warnings: int) -> str:
    if errors:
        return "the study is not run before the errors are corrected"
    return "the study can be run" if warnings else "the study is ready"


def _say(out: TextIO, text: str) -> None:
    out.write(text + "\n")
    out.flush()
