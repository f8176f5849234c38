"""What of a study goes to every participant's browser: its games' Python files and models, and files they name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

from mug.play.policies_kinds import framework_of
from mug.study.loading import LoadedStudy, leads_out
from mug.study.model import GymGame
from mug.study.scripts import calls_run

__all__ = ["study_parts"]

MAX_FILES: Final = 5_000
MAX_TOTAL_BYTES: Final = 64 * 1024 * 1024
_SKIPPED_FOLDERS: Final = frozenset({"tests", "__pycache__", "node_modules", "venv", "site-packages", "data"})


def study_parts(loaded: LoadedStudy, games: Iterable[GymGame]) -> tuple[dict[str, bytes], Sequence[str]]:
    """Read the files that games need in the browser.

    Args:
        loaded: The study.
        games: Its games, or some of them.

    Returns:
        Names relative to the study's folder, with content; and what is wrong, as sentences.
    """
    problems: list[str] = []
    parts = {name: source.encode() for name, source in loaded.generated.items()}
    for game in games:
        _collect(loaded, game, parts, problems)
    if sum(map(len, parts.values())) > MAX_TOTAL_BYTES:
        problems.append(f"the files of the study's games are larger than {MAX_TOTAL_BYTES // 1024**2} MB together")
    return parts, problems


def _collect(loaded: LoadedStudy, game: GymGame, parts: dict[str, bytes], problems: list[str]) -> None:
    """Add the environment's file with the Python files beside and below it, and what `.runtime(files=…)` names."""
    for name in _environment_files(loaded, game):
        file = loaded.resolve_path(name)
        if file.is_file():
            _add_folder(loaded, file, PurePosixPath(Path(name).as_posix()).parent, parts)
    for policy in _policies(game):
        if framework_of(policy) == "onnx":
            _add_model(loaded, game, policy, parts, problems)
    for pattern in game.runtime.files:
        found = [path for path in sorted(loaded.folder.glob(pattern)) if path.is_file()]
        if not found:
            problems.append(
                f"scene {game.scene_id!r}: .runtime(files=…) {pattern!r} matches no file in {loaded.folder}"
            )
        for path in found:
            if path.resolve().is_relative_to(loaded.folder):
                _add(parts, path.relative_to(loaded.folder).as_posix(), path)
    if len(parts) > MAX_FILES:
        problems.append(f"scene {game.scene_id!r}: more than {MAX_FILES} files would go to every browser")


def _policies(game: GymGame) -> Iterator[Any]:
    for policy in (*game.policies.policy_mapping.values(), game.multiplayer.dropout_agent_policy):
        if isinstance(policy, Mapping) or (isinstance(policy, str) and policy):
            yield policy


def _add_model(loaded: LoadedStudy, game: GymGame, policy: Any, parts: dict[str, bytes], problems: list[str]) -> None:
    path = policy if isinstance(policy, str) else policy.get("onnx_path")
    if not isinstance(path, str) or not path:
        problems.append(f"scene {game.scene_id!r}: a policy is a model without a file; give onnx_path")
        return
    name = PurePosixPath(Path(path).as_posix())
    if leads_out(path):
        problems.append(f"scene {game.scene_id!r}: the model {path!r} is outside the study's folder; copy it into it")
        return
    file = loaded.resolve_path(path)
    if not file.is_file():
        problems.append(f"scene {game.scene_id!r}: there is no model {path!r} in {loaded.folder}")
        return
    _add(parts, name.as_posix(), file)


def _environment_files(loaded: LoadedStudy, game: GymGame) -> Iterator[str]:
    if game.runtime.environment_initialization_code_filepath is not None:
        yield game.runtime.environment_initialization_code_filepath
    references: list[Any] = [
        game.environment.env_creator,
        game.rendering.env_to_state_fn,
        game.rendering.hud_text_fn,
        game.policies.load_policy_fn,
        game.policies.policy_inference_fn,
    ]
    for policy in _policies(game):
        references.append(policy.get("custom_inference_fn") if isinstance(policy, Mapping) else policy)
    for reference in references:
        if not isinstance(reference, str) or ":" not in reference or reference in loaded.callables:
            continue
        place = reference.rpartition(":")[0]
        if place.endswith(".py"):
            yield place
            continue
        module = place.split(".", maxsplit=1)[0]
        for name in (f"{module}.py", f"{module}/__init__.py"):
            if (loaded.folder / name).is_file():
                yield name


def _add_folder(loaded: LoadedStudy, file: Path, prefix: PurePosixPath, parts: dict[str, bytes]) -> None:
    folder = file.parent
    for path in _python_files(folder):
        if path.resolve() == loaded.source.resolve() or (path != file and calls_run(path)):
            continue  # a study's script stays on the server
        _add(parts, (prefix / path.relative_to(folder).as_posix()).as_posix(), path)


def _python_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in _SKIPPED_FOLDERS and not path.name.startswith(".") and not path.is_symlink():
                yield from _python_files(path)
        elif path.suffix == ".py" and not path.name.startswith("test_") and path.name != "conftest.py":
            yield path


def _add(parts: dict[str, bytes], name: str, path: Path) -> None:
    if ".." not in PurePosixPath(name).parts and not name.startswith("/"):
        parts.setdefault(name, path.read_bytes())
