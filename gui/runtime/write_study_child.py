"""Writes a study as a script, or a script's study as a folder, in a process of its own: a script has to be run for it.

Run as ``python -m gui.runtime.write_study_child {script,folder} … --out FILE``. Writes one JSON object to the file: the
texts, or the sentence why there are none. The study's own files are not touched.
"""

import argparse
import contextlib
import sys
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from gui.runtime.child_life import end_process, end_with_parent
from gui.runtime.load_study_child import as_result, failure, own_channel
from mug.study.errors import StudyFileError
from mug.study.model import Study
from mug.study.unsaved import study_of_exact_text

__all__ = ["main"]


def main(argv: list[str]) -> int:
    """Write the study in another form."""
    parser = argparse.ArgumentParser(prog="write_study_child")
    parser.add_argument("form", choices=["script", "folder"])
    parser.add_argument("script", type=Path, help="the script that is to be written, or the one that was opened")
    parser.add_argument("--study", type=Path, required=True, help="the study, as its exact text")
    parser.add_argument("--in-script", nargs="*", default=[], help="references that only the opened script resolves")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(argv)
    own_channel()
    try:
        study = study_of_exact_text(options.study.read_text(encoding="utf-8"))
        if study is None:
            raise StudyFileError(options.script, "the study could not be handed on")
        result = (
            _script(study, options.script, options.in_script)
            if options.form == "script"
            else _folder(study, options.script)
        )
    except Exception as error:  # the script's own, too: shown to its author with where it happened
        result = failure(options.script, error)
        result["problems"] = [str(problem) for problem in getattr(error, "problems", ())]
    options.out.write_bytes(msgspec.json.encode(result))
    return 0


def _script(study: Study, script: Path, in_script: list[str]) -> dict[str, Any]:
    """Return the script's text, after it was loaded where it will stand and was found to make the same study."""
    from mug.study import content_hash, load
    from mug.study.python_writer import write_python

    text = write_python(study, script_name=script.name, in_script=in_script)
    trial = script.with_name(f"mug_trial_{uuid.uuid4().hex[:12]}.py")
    try:
        trial.write_text(text, encoding="utf-8", newline="\n")
        loaded = load(trial)
    except OSError as error:
        raise StudyFileError(script, f"{script.parent} cannot be written to: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            trial.unlink(missing_ok=True)
    if loaded.study != study and content_hash(loaded.study) != content_hash(study):
        raise StudyFileError(script, f"{script.name} would not make the same study, so it was not written")
    return {"error": "", "text": text}


def _folder(study: Study, script: Path) -> dict[str, Any]:
    """Return the study of a script as a folder holds it, with the files that it needs beside."""
    from mug.study import load
    from mug.study.folder_form import folder_form

    form = folder_form(replace(load(script), study=study))
    return {"error": "", **as_result(form.study), "files": dict(form.files)}


if __name__ == "__main__":
    end_with_parent()
    end_process(main(sys.argv[1:]))
