"""Loads a study in a process of its own, for a study may be a Python script.

Run as ``python -m gui.runtime.load_study_child STUDY --out FILE``. Writes one JSON object to the file:
the study with its problems, or the sentence why there is none.
"""

import argparse
import hashlib
import os
import sys
import traceback
import types
from pathlib import Path
from typing import Any, TextIO

import msgspec

from gui.runtime.child_life import end_process, end_with_parent
from mug.errors import MugError
from mug.study.model import Study
from mug.study.unsaved import exact_text

__all__ = ["PROGRESS", "as_result", "failure", "main", "own_channel"]

PROGRESS = "mug-progress: "
"""Begins the lines of stdout that say what is being done."""


def main(argv: list[str]) -> int:
    """Load the study and write what it is."""
    parser = argparse.ArgumentParser(prog="load_study_child")
    parser.add_argument("study", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--check", action="store_true", help="also look at files, packages and the environment")
    options = parser.parse_args(argv)
    channel = own_channel()
    try:
        result = _load(options.study, channel, check=options.check)
    except Exception as error:  # the script's own, too: shown to its author with where it happened
        result = failure(options.study, error)
    options.out.write_bytes(msgspec.json.encode(result))
    return 0


def own_channel() -> TextIO:
    """Return a way to this process's stdout that is only ours: what else is printed, by whomever, goes to stderr."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    return channel


def failure(study: Path, error: Exception) -> dict[str, Any]:
    """Return what is written when there is no result: the sentence, and the traceback behind it."""
    if isinstance(error.__cause__, EOFError) and "input" in getattr(error, "detail", ""):
        sentence = f"{error}\nThe script asks for input(), and nobody can answer: a study is opened without a keyboard."
        return {"error": sentence, "traceback": getattr(error, "detail", "")}
    if isinstance(error, MugError):
        return {"error": str(error), "traceback": getattr(error, "detail", "")}
    return {
        "error": f"{study.name} could not be loaded: {type(error).__name__}: {error}",
        "traceback": traceback.format_exc(),
    }


def as_result(study: Study) -> dict[str, Any]:
    """Return the entry of the result that holds a study: quick to read, or else exact."""
    try:
        if repr(msgspec.json.decode(msgspec.json.encode(study), type=Study)) == repr(study):
            return {"study": study}
    except (msgspec.MsgspecError, OverflowError, TypeError, UnicodeError):
        pass
    return {"exact_study": exact_text(study)}


def _load(path: Path, channel: TextIO, *, check: bool) -> dict[str, Any]:
    from mug.study import content_hash, load, validate
    from mug.study.files import STUDY_FILE

    # Read before the study is: a change between the two is then seen as one from outside.
    file = path / STUDY_FILE if path.is_dir() else path
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
    loaded = load(path)
    problems = validate(loaded.study)
    if check:
        from mug.check import check_study

        def tell(text: str) -> None:
            channel.write(f"{PROGRESS}{text}\n")

        problems = check_study(loaded, progress=tell)
    return {
        "error": "",
        **as_result(loaded.study),
        "folder": str(loaded.folder),
        "source": str(loaded.source),
        "source_sha256": sha256,
        "content_hash": content_hash(loaded.study),
        "problems": problems,
        "in_python": sorted(loaded.callables),
        "in_python_words": [_words(ref, loaded.callables[ref]) for ref in sorted(loaded.callables)],
        "generated": dict(loaded.generated),
    }


def _words(ref: str, target: Any) -> str:
    script, _, place = ref.rpartition(":")
    name = getattr(target, "__name__", "")
    if name == "<lambda>":
        what = "lambda"
    elif isinstance(target, type):
        what = f"class {name}"
    elif isinstance(target, types.FunctionType | types.MethodType):
        what = f"function {name}"
    else:
        what = f"{type(target).__name__} object"
    return f"{place} ({what} in {script})"


if __name__ == "__main__":
    end_with_parent()
    end_process(main(sys.argv[1:]))
