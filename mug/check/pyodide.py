"""Trying a game in the browser's Python: the installed Pyodide, under Node, with the study's own packages and files."""

import dataclasses
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from mug.check import environments
from mug.check.environments import Tried, environment_field, trial_config
from mug.play.snapshots import LEVELS
from mug.runtime import PreparedRuntime, browser_part, find_distribution, study_parts, study_zip
from mug.runtime.node import run_script
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame

__all__ = ["STUDY_FOLDER", "try_in_pyodide"]

STUDY_FOLDER: Final = "/study"
TIME_LIMIT_S: Final = 900.0


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
    say = tell or (lambda _: None)
    parts, _ = study_parts(loaded, [game])
    spec = {
        "config": dataclasses.asdict(trial_config(loaded, game)),
        "root": STUDY_FOLDER,
        "field": environment_field(game),
        "levels": list(levels),
        "frames": environments.SYNC_FRAMES,
    }
    with tempfile.TemporaryDirectory(prefix="mug-check-") as folder:
        place = Path(folder)
        (place / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
        (place / "lock.json").write_bytes(prepared.lock_for_node())
        (place / "study.zip").write_bytes(study_zip({**parts, **browser_part()})[1])
        arguments = {
            "folder": str(find_distribution().folder),
            "lock": str(place / "lock.json"),
            "packages": list(prepared.packages),
            "zip": str(place / "study.zip"),
            "spec": str(place / "spec.json"),
            "studyFolder": STUDY_FOLDER,
        }
        done = run_script("try_game.mjs", arguments, progress=lambda text, _share: say(text), timeout_s=TIME_LIMIT_S)
    return Tried.of(json.loads(done["answer"]))
