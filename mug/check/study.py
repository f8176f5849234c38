"""Everything that is wrong with a study: its data, its files, its packages, its environments."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from mug.check.environments import Finding, environment_field, try_natively
from mug.check.files import files_of_node, files_of_study
from mug.check.policies import policies_of_game
from mug.check.pyodide import try_in_pyodide
from mug.check.server_packages import packages_of_server
from mug.check.together import LOCK_FILE, prove, proved
from mug.runtime import NodeError, PreparedRuntime, RuntimeMissingError, RuntimeProblem, prepare_study
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame, Node, RandomizeOrder, Repeat, Study
from mug.study.multiplayer import is_multiplayer, is_rolled_back, runs_on_server
from mug.study.problems import Problem, node_id_of
from mug.study.traversal import NodePath
from mug.study.treatments import arms_of, every_version
from mug.study.validation import validate

__all__ = ["Prepare", "check_study", "snapshot_levels"]

Prepare = Callable[..., Any]
"""Resolves packages as `mug.runtime.prepare_study` does."""


def check_study(
    loaded: LoadedStudy,
    *,
    runtime: Prepare | None = None,
    progress: Callable[[str], None] | None = None,
    try_environments: bool = True,
    again: bool = False,
) -> list[Problem]:
    """Return every problem of a study: those of `mug.study.validate`, and those that only trying finds.

    Args:
        loaded: The study.
        runtime: Resolves the packages; None: `mug.runtime.prepare_study`.
        progress: Told what is being done.
        try_environments: Play some frames of each game, each in a process of its own; for games of several people,
            find out how their states are saved, here and in the browser's Python.
        again: Do the latter even where the same game was found to be good before.
    """
    tell = progress or (lambda _: None)
    problems = validate(loaded.study)
    broken = {("", problem.path) for problem in problems if problem.severity == "error"}

    def add(node: Node | None, path: NodePath, findings: Iterable[Finding], treatment: str = "") -> None:
        made = [_problem(node, path, finding, treatment) for finding in findings]
        problems.extend(made)
        broken.update((treatment, path) for problem in made if problem.severity == "error")

    tell("looking for the study's files")
    add(None, (), files_of_study(loaded))
    known: set[Finding] = set()
    for treatment, path, node in every_version(loaded.study):
        findings = [*files_of_node(loaded, node)]
        findings += policies_of_game(loaded, node) if isinstance(node, GymGame) else ()
        found = [finding for finding in findings if not treatment or finding not in known]
        known.update(() if treatment else found)
        add(node, path, found, treatment)
    versions = [(t, path, node) for t, path, node in every_version(loaded.study) if isinstance(node, GymGame)]
    games = [(path, node) for _, path, node in versions]
    prepared: PreparedRuntime | None = None
    in_browsers = [(path, game) for path, game in games if not runs_on_server(game)]
    if in_browsers:
        tell("resolving the packages for the browser")
        missing, prepared = _packages(loaded, in_browsers, runtime or prepare_study)
        problems += missing
        broken.update(("", problem.path) for problem in missing if problem.severity == "error")
    for treatment, path, game in versions:
        if runs_on_server(game):
            found = [one for one in packages_of_server(loaded, game) if not treatment or one not in known]
            known.update(() if treatment else found)
            add(game, path, found, treatment)
    arms = {arm.name for arm in arms_of(loaded.study) if _is_broken(arm.name, problems)}
    for treatment, path, game in versions if try_environments else ():
        if treatment in arms or ("", path) in broken or (treatment, path) in broken:
            continue  # it could not run as it is: what is known is told first
        if treatment and not _plays_otherwise(loaded.study, treatment, game):
            continue
        tell(
            f"trying the environment of scene {game.scene_id!r}" + (f" under treatment {treatment!r}" * bool(treatment))
        )
        add(game, path, _tried(loaded, game, prepared, tell, again), treatment)
    return problems


def snapshot_levels(
    loaded: LoadedStudy, prepared: PreparedRuntime | None, progress: Callable[[str], None] | None = None
) -> tuple[dict[str, str], list[Problem]]:
    """Return how states of the study's games of several people are saved; what is not known yet is found out.

    Args:
        loaded: The study; it has no errors.
        prepared: Its packages.
        progress: Told what is being done.

    Returns:
        Scene id (of a scene as a treatment changes it: ``treatment:scene id``) -> one of `mug.play.snapshots.LEVELS`;
        and what was found about the games, errors where a game has no level.
    """
    tell = progress or (lambda _: None)
    levels: dict[str, str] = {}
    problems: list[Problem] = []
    for treatment, path, game in every_version(loaded.study):
        if not isinstance(game, GymGame) or not is_rolled_back(game):
            continue
        name = f"{treatment}:{game.scene_id}" if treatment else str(game.scene_id)
        if name in levels:
            continue
        if treatment and game.scene_id in levels and not _plays_otherwise(loaded.study, treatment, game):
            continue
        proof = proved(loaded, game, prepared) if prepared is not None else None
        if proof is None:
            tell(f"scene {game.scene_id!r}: finding out how states of its environment can be saved")
            proof = prove(loaded, game, prepared, _of_scene(game, tell))
            problems += [_problem(game, path, finding, treatment) for finding in proof.findings]
        if proof.level is not None and proof.holds:
            levels[name] = proof.level
        elif not any(severity == "error" for _, severity, _, _ in proof.findings):
            message = "no way of saving this environment's states holds, so several people cannot play it together"
            problems.append(
                _problem(game, path, (environment_field(game), "error", "not_restorable", message), treatment)
            )
    return levels, problems


def _tried(
    loaded: LoadedStudy, game: GymGame, prepared: PreparedRuntime | None, tell: Callable[[str], None], again: bool
) -> list[Finding]:
    """Try one game; one of several people as `prove` does, with an error where no level holds."""
    say = _of_scene(game, tell)
    if runs_on_server(game):
        return try_natively(loaded, game).findings
    if not is_multiplayer(game):
        tried = try_natively(loaded, game)
        if tried.missing is None or prepared is None:
            return tried.findings
        try:
            return try_in_pyodide(loaded, game, prepared, tell=say).findings
        except NodeError:
            return tried.findings
    proof = proved(loaded, game, prepared) if prepared is not None and not again else None
    if proof is None:
        proof = prove(loaded, game, prepared, say)
    if proof.level is None and not any(severity == "error" for _, severity, _, _ in proof.findings):
        message = "no way of saving this environment's states holds, so several people cannot play it together"
        return [*proof.findings, (environment_field(game), "error", "not_restorable", message)]
    if proof.level is not None:
        say(f"states are saved with level {proof.level!r} (tried in {' and '.join(proof.tried)})")
    return proof.findings


def _of_scene(game: GymGame, tell: Callable[[str], None]) -> Callable[[str], None]:
    return lambda text: tell(f"scene {game.scene_id!r}: {text}")


def _packages(
    loaded: LoadedStudy, games: Sequence[tuple[NodePath, GymGame]], prepare: Prepare
) -> tuple[list[Problem], PreparedRuntime | None]:
    wanted = tuple(dict.fromkeys(package for _, game in games for package in game.runtime.packages_to_install))
    path, game = next(((p, g) for p, g in games if g.runtime.packages_to_install), games[0])
    field = "runtime.packages_to_install"
    try:
        prepared = prepare(wanted, lock_path=_lock_path(loaded))
    except RuntimeMissingError as error:
        return [_problem(game, path, (environment_field(game), "error", "runtime_missing", str(error)))], None
    except RuntimeProblem as error:
        named = getattr(error, "package", None)
        if named is not None:
            path, game = next(
                ((p, g) for p, g in games if any(str(named) in name for name in g.runtime.packages_to_install)),
                (path, game),
            )
        return [_problem(game, path, (field, "error", "packages_not_loadable", str(error)))], None
    warnings = getattr(prepared, "warnings", ())
    found = [_problem(game, path, (field, "warning", "package_warning", str(warning))) for warning in warnings]
    return found, prepared if isinstance(prepared, PreparedRuntime) else None


def _lock_path(loaded: LoadedStudy) -> Path:
    return loaded.folder / LOCK_FILE


def _is_broken(treatment: str, problems: Iterable[Problem]) -> bool:
    """Whether what a treatment says is wrong in itself."""
    own = f"treatments.arms.{treatment}."
    return any(problem.severity == "error" and f"{problem.field}.".startswith(own) for problem in problems)


_NOT_PLAYED: Final = ("scene_", "content.", "waitroom.", "matchmaking.", "assets.", "on_c", "should_", "experiment_")
"""Fields of a game that its environment never sees begin so."""


def _plays_otherwise(study: Study, treatment: str, game: GymGame) -> bool:
    """Whether a treatment changes something of a game that its environment may notice."""
    arm = next(arm for arm in arms_of(study) if arm.name == treatment)
    return any(not field.startswith(_NOT_PLAYED) for field in arm.changes.get(game.scene_id, ()))


def _problem(node: Node | None, path: NodePath, finding: Finding, treatment: str = "") -> Problem:
    field, severity, code, message = finding
    if treatment:
        message = f"under treatment {treatment!r}: {message}"
    label = None if node is None or isinstance(node, RandomizeOrder | Repeat) else node.scene_id
    return Problem(node_id_of(path) if path else None, field, severity, code, message, label, path)
