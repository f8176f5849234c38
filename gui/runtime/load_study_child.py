"""Loads a study in a process of its own, for a study may be a Python script.

Run as ``python -m gui.runtime.load_study_child STUDY --out FILE``. Writes one JSON object to the file:
the study with its problems, or the sentence why there is none.
"""

import argparse
import sys
import traceback
from pathlib import Path
from typing import Any

import msgspec

from mug.errors import MugError

__all__ = ["PROGRESS", "main"]

PROGRESS = "mug-progress: "
"""Begins the lines of stdout that say what is being done; other lines are a script's own."""


def main(argv: list[str]) -> int:
    """Load the study and write what it is."""
    parser = argparse.ArgumentParser(prog="load_study_child")
    parser.add_argument("study", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--check", action="store_true", help="also look at files, packages and the environment")
    options = parser.parse_args(argv)
    try:
        result = _load(options.study, check=options.check)
    except MugError as error:
        result = {"error": str(error), "traceback": ""}
    except Exception as error:  # the script's own: shown to its author with where it happened
        result = {
            "error": f"{options.study.name} could not be loaded: {type(error).__name__}: {error}",
            "traceback": traceback.format_exc(),
        }
    options.out.write_bytes(msgspec.json.encode(result))
    return 0


def _load(path: Path, *, check: bool) -> dict[str, Any]:
    from mug.study import content_hash, load, validate

    loaded = load(path)
    problems = validate(loaded.study)
    if check:
        from mug.check import check_study

        problems = check_study(loaded, progress=_tell)
    return {
        "error": "",
        "study": loaded.study,
        "folder": str(loaded.folder),
        "source": str(loaded.source),
        "content_hash": content_hash(loaded.study),
        "problems": problems,
        "in_python": sorted(loaded.callables),
    }


def _tell(text: str) -> None:
    sys.stdout.write(f"{PROGRESS}{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
