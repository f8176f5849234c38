"""What is wrong with a study's models, found from their files alone; the environment is not needed."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from mug.play.errors import PlayError
from mug.play.policies_kinds import framework_of, model_settings
from mug.play.policies_ports import find_ports
from mug.policies.cards import STAND_IN, policies_of
from mug.policies.native import NativeModels
from mug.study.fields import Severity
from mug.study.loading import LoadedStudy, leads_out
from mug.study.model import GymGame
from mug.study.problems import did_you_mean

__all__ = ["policy_field", "problems_of_models"]

MAX_BYTES = 48 * 1024 * 1024
_LARGE_BYTES = 20 * 1024 * 1024


def policy_field(agent: str) -> str:
    """Return the field in which the policy of an agent stands."""
    return "multiplayer.dropout_agent_policy" if agent == STAND_IN else f"policies.policy_mapping.{agent}"


def problems_of_models(loaded: LoadedStudy, game: GymGame) -> Iterator[tuple[str, Severity, str, str]]:
    """Return field, severity, code and message of what is wrong with the models of a game."""
    for agent, policy in policies_of(game):
        try:
            if framework_of(policy) != "onnx":
                continue
            settings = model_settings(policy)
        except PlayError:
            continue  # told by `validate`
        field = policy_field(agent)
        found = _file(loaded, settings.path)
        if isinstance(found, tuple):
            yield (field, "error", *found)
            continue
        try:
            model = NativeModels().load(settings.path, found)
        except PlayError as error:
            yield field, "error", "unreadable_model", str(error)
            continue
        _, problems = find_ports(settings, model.inputs, model.outputs)
        for problem in problems:
            yield field, "error", problem.code, f"{_place(policy, problem.field)}{problem.message}"
        if len(found) > _LARGE_BYTES:
            yield (
                field,
                "warning",
                "large_model",
                f"{settings.path!r} has {len(found) / 1024**2:.0f} MB, which every participant's browser loads before "
                "the game: export a smaller one",
            )


def _place(policy: Any, field: str) -> str:
    return f"{field}: " if isinstance(policy, Mapping) else ""


def _file(loaded: LoadedStudy, path: str) -> bytes | tuple[str, str]:
    """Return the file, or code and message of what is wrong with it."""
    name = PurePosixPath(Path(path).as_posix())
    if leads_out(path):
        return "outside_study", f"{path!r} lies outside the study's folder: copy the model into it"
    file = loaded.resolve_path(path)
    if file.is_dir():
        return "missing_file", f"{path!r} is a folder: name the model's file in it"
    if not file.is_file():
        files = [entry for entry in file.parent.iterdir() if entry.is_file()] if file.parent.is_dir() else []
        paths = [(name.parent / entry.name).as_posix() for entry in files]
        return "missing_file", f"there is no file {path!r} in {loaded.folder}{did_you_mean(path, paths)}"
    if file.stat().st_size > MAX_BYTES:
        size = file.stat().st_size / 1024**2
        return "too_large", f"{path!r} has {size:.0f} MB; a model for browsers may have {MAX_BYTES // 1024**2}"
    try:
        return file.read_bytes()
    except OSError as error:
        return "unreadable_file", f"{path!r} cannot be read: {error.strerror or error}"
