"""Where the code of a study is that processes run."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mug.play.config import GameConfig

__all__ = ["StudyPlace", "placed_config"]


@dataclass(frozen=True, kw_only=True)
class StudyPlace:
    """Where a study's code is.

    Attributes:
        root: The study's folder; working directory and first place for imports of every process.
        paths: Further places for imports, in order (the loader's working directory).
        generated: Files that stand for functions of the study's script (`LoadedStudy.generated`): name -> source.
        log_folder: What study code prints, and tracebacks of processes that ended by themselves, go to a file per
            match there; None: a temporary folder.
    """

    root: Path
    paths: tuple[Path, ...] = ()
    generated: dict[str, str] = field(default_factory=dict)
    log_folder: Path | None = None


def placed_config(config: GameConfig, place: StudyPlace, folder: Path) -> GameConfig:
    """Put functions of the study's script where they can be imported, and return the config that names that place.

    Args:
        config: The game.
        place: The study.
        folder: Where the files are written that stand for such functions.
    """
    generated = place.generated
    if not generated:
        return config
    for name, source in generated.items():
        if not (folder / name).exists():
            (folder / name).write_text(source, encoding="utf-8")

    def placed(value: Any) -> Any:
        if isinstance(value, str) and value.partition(":")[0] in generated:
            return str(folder / value)
        if isinstance(value, Mapping):
            return {key: placed(item) for key, item in value.items()}
        return value

    names = ("env_creator", "env_to_state_fn", "hud_text_fn", "load_policy_fn", "policy_inference_fn")
    changed = {name: placed(getattr(config, name)) for name in (*names, "policies", "dropout_agent_policy")}
    return dataclasses.replace(config, **changed)
