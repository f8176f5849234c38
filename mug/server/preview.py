"""A scratch session for the person who makes a study: as it is edited, checked quickly, with nothing kept of it."""

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from mug.check.study import check_study
from mug.check.together import quick_level
from mug.runtime import PreparedRuntime, prepare_study
from mug.server.errors import StudyRefusedError
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame, Study
from mug.study.multiplayer import is_rolled_back
from mug.study.preview import NOT_NEEDED, preview_study, without_broken
from mug.study.problems import Problem, node_id_of
from mug.study.traversal import walk

__all__ = ["PreviewReady", "ready_preview"]


@dataclasses.dataclass(frozen=True)
class PreviewReady:
    """What a preview serves.

    Attributes:
        loaded: The study, its later scenes with errors replaced by pages that tell them.
        prepared: Its packages; None without a game.
        levels: Scene id -> how states of a game of several people are saved; what is left out the page decides itself.
    """

    loaded: LoadedStudy
    prepared: PreparedRuntime | None
    levels: dict[str, str]


def ready_preview(loaded: LoadedStudy, tell: Callable[[str], None]) -> PreviewReady:
    """Check what is previewed and make its packages ready; errors of what follows become pages.

    Args:
        loaded: What is to be served; its first node is what is previewed.
        tell: Told what is being done, and warnings.

    Raises:
        StudyRefusedError: What is previewed has errors.
    """
    prepared: list[PreparedRuntime] = []

    def prepare(packages: Sequence[str], *, lock_path: Path | None) -> PreparedRuntime:
        prepared[:] = [
            prepare_study(packages, lock_path=lock_path, progress=lambda text, _share: tell(text), for_a_look=True)
        ]
        return prepared[0]

    loaded = _with_study(loaded, _with_present_folders(loaded, preview_study(loaded.study, ())))
    while True:
        prepared.clear()
        problems = [p for p in check_study(loaded, runtime=prepare, try_environments=False) if p.code not in NOT_NEEDED]
        levels: dict[str, str] = {}
        if not any(problem.severity == "error" for problem in problems):
            levels, found = _levels(loaded, prepared[0] if prepared else None, tell)
            problems += found
        errors = [problem for problem in problems if problem.severity == "error"]
        if own := tuple(str(problem) for problem in errors if not problem.path or problem.path[0] == 0):
            raise StudyRefusedError(str(loaded.source), own)
        if not errors:
            break
        loaded = _with_study(loaded, without_broken(loaded.study, errors))
    for problem in problems:
        tell(str(problem))
    return PreviewReady(loaded, prepared[0] if prepared else None, levels)


def _with_study(loaded: LoadedStudy, study: Study) -> LoadedStudy:
    return dataclasses.replace(loaded, study=study)


def _with_present_folders(loaded: LoadedStudy, study: Study) -> Study:
    """Leave folders out that are not there: they may be another scene's, and what needs them says so itself."""
    present = tuple(folder for folder in study.static_files if loaded.resolve_path(folder).is_dir())
    return msgspec.structs.replace(study, static_files=present)


def _levels(
    loaded: LoadedStudy, prepared: PreparedRuntime | None, tell: Callable[[str], None]
) -> tuple[dict[str, str], list[Problem]]:
    """Return how states of the games of several people are saved, and what is wrong with those that cannot be."""
    levels: dict[str, str] = {}
    problems: list[Problem] = []
    for path, game in walk(loaded.study):
        if not isinstance(game, GymGame) or not is_rolled_back(game) or game.scene_id in levels:
            continue
        level, found = quick_level(loaded, game, prepared, partial(_tell_of_scene, tell, str(game.scene_id)))
        problems += [
            Problem(node_id_of(path), field, severity, code, message, game.scene_id, path)
            for field, severity, code, message in found
        ]
        if level is not None:
            levels[game.scene_id] = level
    return levels, problems


def _tell_of_scene(tell: Callable[[str], None], scene_id: str, text: str) -> None:
    tell(f"scene {scene_id!r}: {text}")
