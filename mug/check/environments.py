"""Trying each game's environment before people play it."""

import contextlib
import dataclasses
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mug.play.config import ActionBinding, GameConfig
from mug.play.snapshots import LEVELS
from mug.play.sync_test_report import SyncReport
from mug.records.scratch import ScratchFolder
from mug.study.fields import Severity
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame
from mug.study.multiplayer import is_multiplayer, runs_on_server
from mug.study.traversal import human_agents

__all__ = [
    "Finding",
    "Tried",
    "child_variables",
    "environment_field",
    "trial_config",
    "try_environment",
    "try_natively",
    "with_generated",
]

TIME_LIMIT_S: Final = 60.0
"""After this long without any progress an environment hangs."""
SYNC_LIMIT_S: Final = 240.0
"""The same for one stage of the sync test."""
SYNC_FRAMES: Final = 500
"""Frames of each run of the sync test."""
_POLL_S: Final = 0.05
_LAST_WORDS_S: Final = 10.0
"""How long a child that has hung too long may take to write where in the study it stands."""
_STANDS: Final = re.compile(r'^  File "([^"<]+)", line (\d+) in (.+)$', re.MULTILINE)

Finding = tuple[str, Severity, str, str]
"""Field, severity, code, message."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Tried:
    """What came of trying one game in one Python.

    Attributes:
        findings: What was found.
        report: The sync test's, for a game of several people.
        missing: The module that is not installed there, so that nothing was tried.
    """

    findings: list[Finding]
    report: SyncReport | None = None
    missing: str | None = None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Tried":
        """Read what `mug.play.trial` wrote."""
        findings = [(f["field"], f["severity"], f["code"], f["message"]) for f in data["findings"]]
        report = None if data["report"] is None else SyncReport.from_dict(data["report"])
        return cls(findings, report, data["missing"])


def environment_field(game: GymGame) -> str:
    """Return the field that says what the game's environment is."""
    if game.runtime.environment_initialization_code_filepath:
        return "runtime.environment_initialization_code_filepath"
    if game.runtime.environment_initialization_code:
        return "runtime.environment_initialization_code"
    return "environment.env_creator"


def try_environment(loaded: LoadedStudy, game: GymGame, time_limit_s: float = TIME_LIMIT_S) -> list[Finding]:
    """Play some frames of a game in a child process; returns what was found.

    Args:
        loaded: The study.
        game: One of its games; its data has no errors.
        time_limit_s: After this time without any progress the child is ended, and that is a problem.
    """
    return try_natively(loaded, game, time_limit_s=time_limit_s).findings


def try_natively(
    loaded: LoadedStudy,
    game: GymGame,
    *,
    levels: Sequence[str] = LEVELS,
    frames: int = SYNC_FRAMES,
    time_limit_s: float = TIME_LIMIT_S,
    tell: Tell | None = None,
) -> Tried:
    """Try a game in a child process: some frames, and the sync test where several people play.

    Args:
        loaded: The study.
        game: One of its games; its data has no errors.
        levels: The levels of snapshots to try.
        frames: Of each run of the sync test.
        time_limit_s: After this time without any progress the child is ended, and that is a problem.
        tell: Told what is being done.
    """
    field = environment_field(game)
    with ScratchFolder("check") as folder:
        names = ("spec.json", "out.json", "progress.json", "log.txt")
        spec, out, progress, log = (Path(folder) / name for name in names)
        config = trial_config(loaded, game)
        content = {
            "config": dataclasses.asdict(with_generated(config, loaded, Path(folder))),
            "root": str(loaded.folder),
            "paths": [str(loaded.working_directory)],
            "field": field,
            "levels": list(levels),
            "frames": frames,
            "first_patience_s": 0.9 * time_limit_s,
            "patience_s": 0.9 * SYNC_LIMIT_S,
        }
        spec.write_text(json.dumps(content), encoding="utf-8")
        environment = {**os.environ, **child_variables()}
        with log.open("wb") as written:
            command = [sys.executable, "-m", "mug.check.trial", str(spec), str(out), str(progress)]
            child = subprocess.Popen(
                command,
                cwd=loaded.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
            )
            if not _wait(child, progress, lambda: bool(_where(log, loaded.folder)), time_limit_s, tell):
                limit = SYNC_LIMIT_S if progress.exists() else time_limit_s
                message = (
                    f"the game did not get through its first frames within {limit:g} s{_where(log, loaded.folder)}: "
                    "look for an endless loop, or for something it waits for"
                )
                return Tried([(field, "error", "environment_hangs", message)])
        if not out.exists():
            said = log.read_text(encoding="utf-8", errors="replace").strip()[-2000:]
            message = f"the environment ended Python itself (exit code {child.returncode})"
            return Tried([(field, "error", "environment_crashed", f"{message}\n{said}" if said else message)])
        return Tried.of(json.loads(out.read_text(encoding="utf-8")))


def child_variables() -> dict[str, str]:
    """Return the environment variables with which an environment is run in a process of its own."""
    return {
        "PYTHONHASHSEED": "0",
        "SDL_VIDEODRIVER": "dummy",
        "SDL_AUDIODRIVER": "dummy",
        "MPLBACKEND": "Agg",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
    }


def _wait(
    child: "subprocess.Popen[bytes]", progress: Path, stands: Callable[[], bool], limit_s: float, tell: Tell | None
) -> bool:
    """Wait for the child's end; returns False when it was ended, because nothing moved on for too long."""
    said, deadline = "", time.monotonic() + limit_s
    try:
        while True:
            try:
                child.wait(_POLL_S)
                return True
            except subprocess.TimeoutExpired:
                pass
            text = _read(progress)
            if text and text != said:
                said, deadline = text, time.monotonic() + SYNC_LIMIT_S
                if tell is not None:
                    with contextlib.suppress(ValueError):
                        tell(str(json.loads(text)[0]))
            over_s = time.monotonic() - deadline
            if over_s > 0 and (over_s > _LAST_WORDS_S or stands()):
                return False
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def _where(log: Path, root: Path) -> str:
    """Return where the study's code stands, as the child wrote it before it was ended; "" when that is not known."""
    for file, line, name in _STANDS.findall(log.read_text(encoding="utf-8", errors="replace")):
        path = Path(file)
        if not path.is_absolute() or path.is_relative_to(root):
            shown = path.relative_to(root) if path.is_absolute() else path
            return f" (it stands in {shown.as_posix()}, line {line}, in {name})"
    return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def with_generated(config: GameConfig, loaded: LoadedStudy, folder: Path) -> GameConfig:
    """Return the config with functions that were defined in the study's script put where they can be imported."""
    changed: dict[str, Any] = {}
    for name, source in loaded.generated.items():
        (folder / name).write_text(source, encoding="utf-8")
    for name in ("env_creator", "env_to_state_fn", "hud_text_fn", "load_policy_fn", "policy_inference_fn"):
        changed[name] = _placed(getattr(config, name), loaded, folder)
    changed["policies"] = {agent: _placed(policy, loaded, folder) for agent, policy in config.policies.items()}
    changed["dropout_agent_policy"] = _placed(config.dropout_agent_policy, loaded, folder)
    return dataclasses.replace(config, **changed) if changed else config


def _placed(value: Any, loaded: LoadedStudy, folder: Path) -> Any:
    if isinstance(value, Mapping):
        return {key: _placed(item, loaded, folder) for key, item in value.items()}
    generated = isinstance(value, str) and value.partition(":")[0] in loaded.generated
    return str(folder / value) if generated else value


def trial_config(loaded: LoadedStudy, game: GymGame) -> GameConfig:
    """Return the config that a browser would get, with seeds of the check's own."""
    code, filename = game.runtime.environment_initialization_code, f"{game.scene_id}.environment_initialization_code"
    path = game.runtime.environment_initialization_code_filepath
    if path:
        filename = path
        code = loaded.resolve_path(path).read_text(encoding="utf-8")
    humans = human_agents(game)
    rendering, gameplay = game.rendering, game.gameplay
    on_server = runs_on_server(game)
    together = is_multiplayer(game) and not on_server
    return GameConfig(
        scene_id=game.scene_id,
        match_id="check",
        match_seed=1,
        subject_id="check",
        human_agents=() if on_server else humans[:1] if together else humans,
        players=humans if together or on_server else (),
        mode=game.multiplayer.mode,
        environment_seed=game.environment.seed,
        policies={agent: p for agent, p in game.policies.policy_mapping.items() if agent not in humans},
        frame_skip=game.policies.frame_skip,
        load_policy_fn=game.policies.load_policy_fn,
        policy_inference_fn=game.policies.policy_inference_fn,
        dropout_policy=game.multiplayer.dropout_policy if together else "end",
        dropout_agent_policy=game.multiplayer.dropout_agent_policy,
        action_population_method=gameplay.action_population_method,
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
