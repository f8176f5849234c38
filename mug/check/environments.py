"""Trying each game's environment before people play it."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from mug.play.config import ActionBinding, GameConfig
from mug.study.fields import Severity
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame
from mug.study.traversal import human_agents

__all__ = ["Finding", "environment_field", "try_environment"]

TIME_LIMIT_S: Final = 60.0

Finding = tuple[str, Severity, str, str]
"""Field, severity, code, message."""


def environment_field(game: GymGame) -> str:
    """Return the field that says what the game's environment is."""
    if game.runtime.environment_initialization_code_filepath:
        return "runtime.environment_initialization_code_filepath"
    if game.runtime.environment_initialization_code:
        return "runtime.environment_initialization_code"
    return "environment.env_creator"


def try_environment(loaded: LoadedStudy, game: GymGame, time_limit_s: float = TIME_LIMIT_S) -> list[Finding]:
    """Play some frames of a game in a child process.

    Args:
        loaded: The study.
        game: One of its games; its data has no errors.
        time_limit_s: After this time the child is ended, and that is a problem.
    """
    field = environment_field(game)
    with tempfile.TemporaryDirectory(prefix="mug-check-") as folder:
        spec, out, log = (Path(folder) / name for name in ("spec.json", "out.json", "log.txt"))
        spec.write_text(json.dumps(_spec(loaded, game, field, Path(folder))), encoding="utf-8")
        environment = {
            **os.environ,
            "PYTHONHASHSEED": "0",
            "SDL_VIDEODRIVER": "dummy",
            "SDL_AUDIODRIVER": "dummy",
            "MPLBACKEND": "Agg",
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
        }
        with log.open("wb") as written:
            command = [sys.executable, "-m", "mug.check.trial", str(spec), str(out)]
            try:
                done = subprocess.run(
                    command,
                    cwd=loaded.folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=written,
                    stderr=subprocess.STDOUT,
                    timeout=time_limit_s,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                message = (
                    f"the environment did not get through its first frames within {time_limit_s:g} s: look for an "
                    "endless loop, or for something it waits for"
                )
                return [(field, "error", "environment_hangs", message)]
        if not out.exists():
            said = log.read_text(encoding="utf-8", errors="replace").strip()[-2000:]
            message = f"the environment ended Python itself (exit code {done.returncode})"
            return [(field, "error", "environment_crashed", f"{message}\n{said}" if said else message)]
        findings = json.loads(out.read_text(encoding="utf-8"))
    return [(found["field"], found["severity"], found["code"], found["message"]) for found in findings]


def _spec(loaded: LoadedStudy, game: GymGame, field: str, folder: Path) -> dict[str, Any]:
    config = dataclasses.asdict(_config(loaded, game))
    for name, source in loaded.generated.items():
        (folder / name).write_text(source, encoding="utf-8")
    for name in ("env_creator", "env_to_state_fn", "hud_text_fn"):
        if config[name] and config[name].partition(":")[0] in loaded.generated:
            config[name] = str(folder / config[name])
    return {
        "config": config,
        "root": str(loaded.folder),
        "paths": [str(loaded.working_directory)],
        "field": field,
    }


def _config(loaded: LoadedStudy, game: GymGame) -> GameConfig:
    """The config that a browser would get, with seeds of the check's own."""
    code, filename = game.runtime.environment_initialization_code, f"{game.scene_id}.environment_initialization_code"
    path = game.runtime.environment_initialization_code_filepath
    if path:
        filename = path
        code = loaded.resolve_path(path).read_text(encoding="utf-8")
    humans = human_agents(game)
    rendering, gameplay = game.rendering, game.gameplay
    return GameConfig(
        scene_id=game.scene_id,
        match_id="check",
        match_seed=1,
        subject_id="check",
        human_agents=humans,
        environment_seed=game.environment.seed,
        policies={agent: p for agent, p in game.policies.policy_mapping.items() if agent not in humans},
        frame_skip=game.policies.frame_skip,
        fps=rendering.fps,
        num_episodes=gameplay.num_episodes,
        max_steps=gameplay.max_steps,
        action_mapping=tuple(ActionBinding(keys=b.keys, action=b.action) for b in gameplay.action_mapping),
        default_action=gameplay.default_action,
        environment_code=code,
        environment_filename=filename,
        env_creator=game.environment.env_creator,
        env_config=dict(game.environment.env_config),
        on_game_step_code=game.runtime.on_game_step_code,
        env_to_state_fn=rendering.env_to_state_fn,
        hud_text_fn=rendering.hud_text_fn,
        hud_score_carry_over=rendering.hud_score_carry_over,
        location_representation=rendering.location_representation,
        game_width=rendering.game_width,
        game_height=rendering.game_height,
    )
