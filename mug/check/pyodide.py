"""Running a function of `mug.play` in the browser's Python: the installed Pyodide, under Node, with a study's files."""

import dataclasses
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from mug.check.environments import Tried, environment_field, trial_config
from mug.play.snapshots import LEVELS
from mug.records.scratch import ScratchFolder
from mug.runtime import PreparedRuntime, browser_part, find_distribution, study_parts, study_zip
from mug.runtime.node import run_script
from mug.runtime.onnx_web import onnx_web_folder
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame
from mug.study.used_models import uses_models

__all__ = ["DATA_FOLDER", "STUDY_FOLDER", "run_in_pyodide", "try_in_pyodide"]

STUDY_FOLDER: Final = "/study"
DATA_FOLDER: Final = "/data"
TIME_LIMIT_S: Final = 900.0


def run_in_pyodide(
    loaded: LoadedStudy,
    games: Iterable[GymGame],
    prepared: PreparedRuntime,
    function: str,
    spec: Mapping[str, Any],
    *,
    data: Mapping[str, bytes] | None = None,
    tell: Callable[[str], None] | None = None,
    timeout_s: float = TIME_LIMIT_S,
) -> Any:
    """Call a function with a study as a participant's browser would have it, and return its answer.

    Args:
        loaded: The study.
        games: The games whose files are needed; their data has no errors.
        prepared: The study's packages.
        function: ``module:function``; it gets the spec as text, the beginning and the end of a match's clocks and
            chance, and a function to tell progress; it answers with a JSON text.
        spec: What it is to do, JSON-ready.
        data: Files for it, found in `DATA_FOLDER`.
        tell: Told what is being done.
        timeout_s: After this time Node is ended.

    Raises:
        NodeError: There is no Node, Python did not start in it, or the function failed.
    """
    say = tell or (lambda _: None)
    games = list(games)
    parts, _ = study_parts(loaded, games)
    module, _, name = function.partition(":")
    with ScratchFolder("check") as folder:
        place = Path(folder)
        (place / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
        (place / "lock.json").write_bytes(prepared.lock_for_node())
        (place / "study.zip").write_bytes(study_zip({**parts, **browser_part()})[1])
        arguments: dict[str, Any] = {
            "folder": str(find_distribution().folder),
            "lock": str(place / "lock.json"),
            "packages": list(prepared.packages),
            "zip": str(place / "study.zip"),
            "spec": str(place / "spec.json"),
            "studyFolder": STUDY_FOLDER,
            "module": module,
            "function": name,
        }
        if data:
            (place / "data.zip").write_bytes(_zip(data))
            arguments["data"] = {"zip": str(place / "data.zip"), "folder": DATA_FOLDER}
        models = onnx_web_folder() if any(map(uses_models, games)) else None
        if models is not None:
            arguments["models"] = str(models)
        done = run_script("run_in_python.mjs", arguments, progress=lambda text, _share: say(text), timeout_s=timeout_s)
    return json.loads(done["answer"])


def try_in_pyodide(
    loaded: LoadedStudy,
    game: GymGame,
    prepared: PreparedRuntime,
    *,
    levels: Sequence[str] = LEVELS,
    tell: Callable[[str], None] | None = None,
) -> Tried:
    """Try a game as a participant's browser would run it.

    Args:
        loaded: The study.
        game: One of its games; its data has no errors.
        prepared: The study's packages.
        levels: The levels of snapshots to try.
        tell: Told what is being done.

    Raises:
        NodeError: There is no Node, or Python did not start in it.
    """
    spec = {
        "config": dataclasses.asdict(trial_config(loaded, game)),
        "root": STUDY_FOLDER,
        "field": environment_field(game),
        "levels": list(levels),
    }
    return Tried.of(run_in_pyodide(loaded, [game], prepared, "mug.play.trial:run_trial_in_page", spec, tell=tell))


def _zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()
