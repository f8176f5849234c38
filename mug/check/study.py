"""Everything that is wrong with a study: its data, its files, its packages, its environments."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from mug.check.environments import Finding, environment_field, try_environment
from mug.check.files import files_of_node, files_of_study
from mug.runtime import RuntimeMissingError, RuntimeProblem, prepare_study
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame, Node, RandomizeOrder, Repeat
from mug.study.problems import Problem, node_id_of
from mug.study.traversal import NodePath, walk
from mug.study.validation import validate

__all__ = ["Prepare", "check_study"]

Prepare = Callable[..., Any]
"""Resolves packages as `mug.runtime.prepare_study` does."""

LOCK_FILE: Final = "study.lock.json"


def check_study(
    loaded: LoadedStudy,
    *,
    runtime: Prepare | None = None,
    progress: Callable[[str], None] | None = None,
    try_environments: bool = True,
) -> list[Problem]:
    """Return every problem of a study: those of `mug.study.validate`, and those that only trying finds.

    Args:
        loaded: The study.
        runtime: Resolves the packages; None: `mug.runtime.prepare_study`.
        progress: Told what is being done.
        try_environments: Play some frames of each game, each in a process of its own.
    """
    tell = progress or (lambda _: None)
    problems = validate(loaded.study)
    tell("looking for the study's files")
    problems += [_problem(None, (), finding) for finding in files_of_study(loaded)]
    for path, node in walk(loaded.study):
        problems += [_problem(node, path, finding) for finding in files_of_node(loaded, node)]
    games = [(path, node) for path, node in walk(loaded.study) if isinstance(node, GymGame)]
    if games:
        tell("resolving the packages for the browser")
        problems += _packages(loaded, games, runtime or prepare_study)
    for path, game in games if try_environments else ():
        if any(problem.severity == "error" and problem.path == path for problem in problems):
            continue  # it could not run as it is: what is known is told first
        tell(f"trying the environment of scene {game.scene_id!r}")
        problems += [_problem(game, path, finding) for finding in try_environment(loaded, game)]
    return problems


def _packages(loaded: LoadedStudy, games: Sequence[tuple[NodePath, GymGame]], prepare: Prepare) -> list[Problem]:
    wanted = tuple(dict.fromkeys(package for _, game in games for package in game.runtime.packages_to_install))
    path, game = next(((p, g) for p, g in games if g.runtime.packages_to_install), games[0])
    field = "runtime.packages_to_install"
    try:
        prepared = prepare(wanted, lock_path=_lock_path(loaded))
    except RuntimeMissingError as error:
        return [_problem(game, path, (environment_field(game), "error", "runtime_missing", str(error)))]
    except RuntimeProblem as error:
        named = getattr(error, "package", None)
        if named is not None:
            path, game = next(
                ((p, g) for p, g in games if any(str(named) in name for name in g.runtime.packages_to_install)),
                (path, game),
            )
        return [_problem(game, path, (field, "error", "packages_not_loadable", str(error)))]
    warnings = getattr(prepared, "warnings", ())
    return [_problem(game, path, (field, "warning", "package_warning", str(warning))) for warning in warnings]


def _lock_path(loaded: LoadedStudy) -> Path:
    return loaded.folder / LOCK_FILE


def _problem(node: Node | None, path: NodePath, finding: Finding) -> Problem:
    field, severity, code, message = finding
    label = None if node is None or isinstance(node, RandomizeOrder | Repeat) else node.scene_id
    return Problem(node_id_of(path) if path else None, field, severity, code, message, label, path)
