"""Tries one game's environment in this process; run as a child by `mug.check`, never imported by it.

Run as ``python -m mug.check.trial SPEC OUT``: reads a JSON object with the game's config and the study's folder, plays
some frames the way the browser does, and writes what it found. It is a process of its own, because an environment may
hang, exit or crash.
"""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any, Final

from mug.play.config import ActionBinding, GameConfig
from mug.play.errors import EnvironmentFailedError, PlayError
from mug.play.seeding import derive_seed
from mug.play.spaces import sample_action
from mug.play.world import World

__all__ = ["main"]

FRAMES: Final = 60

_STAGE_FIELDS: Final = {
    "hud_text_fn": "rendering.hud_text_fn",
    "env_to_state_fn": "rendering.env_to_state_fn",
    "on_game_step_code": "runtime.on_game_step_code",
}


class _Trial:
    def __init__(self, config: GameConfig, root: Path, field: str) -> None:
        self.config = config
        self.root = root
        self.field = field
        self.found: list[dict[str, str]] = []

    def report(self, field: str, severity: str, code: str, message: str) -> None:
        finding = {"field": field, "severity": severity, "code": code, "message": message}
        if finding not in self.found:
            self.found.append(finding)

    def run(self) -> None:
        try:
            first = self._play(checking=True)
            second = self._play(checking=False)
        except EnvironmentFailedError as error:
            self._report_failure(error)
            return
        except PlayError as error:
            self.report(self.field, "error", "environment_does_not_fit", str(error))
            return
        if first != second:
            frame = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), len(second))
            self.report(
                self.field,
                "warning",
                "not_reproducible",
                f"the same seed and actions gave something else the second time, from frame {frame} on: a game that is "
                "interrupted could not go on where it was; draw every random number from the generator that "
                "reset(seed) seeds",
            )

    def _play(self, *, checking: bool) -> list[Any]:
        """Play one episode's first frames in a fresh world; returns what happened, to be compared."""
        happened: list[Any] = []
        world = World(self.config, root=self.root, mug_globals={})
        try:
            world.reset(0)
            if checking:
                self._check_actions(world)
            world.first_picture()
            happened.append((repr(world.observations), world.world_hash.digest()))
            for frame in range(min(FRAMES, self.config.max_steps)):
                row = world.step(self._actions(world, frame), {})
                world.picture()
                world.hud_text()
                happened.append((repr(row.rewards), repr(world.observations), world.world_hash.digest()))
                if world.ended is not None:
                    break
            if checking:
                self._check_infos(world)
        finally:
            world.close()
        return happened

    def _actions(self, world: World, frame: int) -> dict[str, Any]:
        actions = {}
        for agent in world.agent_env.live_agents:
            if agent in self.config.human_agents:
                choices = [binding.action for binding in self.config.action_mapping]
                choices.append(self.config.default_action)
                seed = derive_seed(1, frame // 5, agent)
                actions[agent] = world.agent_env.fit(agent, choices[seed % len(choices)])
            else:
                space = world.agent_env.action_space(agent)
                actions[agent] = sample_action(space, derive_seed(1, frame, agent))
        return actions

    def _check_actions(self, world: World) -> None:
        wanted = [(f"gameplay.action_mapping[{i}].action", b.action) for i, b in enumerate(self.config.action_mapping)]
        wanted.append(("gameplay.default_action", self.config.default_action))
        for agent in self.config.human_agents:
            space = world.agent_env.action_space(agent)
            if space is None or not callable(getattr(space, "contains", None)):
                continue
            for field, action in wanted:
                if not self._contains(world, agent, space, action):
                    self.report(
                        field,
                        "error",
                        "action_not_in_space",
                        f"{action!r} is no action of the agent {agent!r}: its action space is {space}",
                    )

    def _contains(self, world: World, agent: str, space: Any, action: Any) -> bool:
        try:
            return bool(space.contains(world.agent_env.fit(agent, action)))
        except Exception:  # a space may refuse what it does not know by raising
            return False

    def _check_infos(self, world: World) -> None:
        for key in sorted(world.left_out_infos):
            self.report(
                self.field,
                "warning",
                "info_not_kept",
                f"the info {key!r} holds what a table cannot (kept: bool, int, float, text, None, small arrays): "
                "it will not be in the data",
            )

    def _report_failure(self, error: EnvironmentFailedError) -> None:
        missing = _missing_module(error)
        field = _STAGE_FIELDS.get(error.stage, self.field)
        if missing is not None and not (self.root / f"{missing}.py").exists() and not (self.root / missing).is_dir():
            self.report(
                field,
                "warning",
                "environment_not_tried",
                f"the module {missing!r} is not installed in this Python, so the environment was not tried here; "
                "install it to try it before people play, and name its package in runtime.packages_to_install",
            )
            return
        self.report(field, "error", "environment_failed", f"{error}\n{error.traceback.rstrip()}")


def _missing_module(error: BaseException) -> str | None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            top = cause.name.partition(".")[0]
            return top if importlib.util.find_spec(top) is None else None
        cause = cause.__cause__
    return None


def main(spec: Path, out: Path) -> None:
    """Try the game that `spec` describes and write the findings to `out`."""
    wanted = json.loads(spec.read_text(encoding="utf-8"))
    values = dict(wanted["config"])
    values["action_mapping"] = tuple(
        ActionBinding(keys=tuple(binding["keys"]), action=binding["action"]) for binding in values["action_mapping"]
    )
    values["human_agents"] = tuple(values["human_agents"])
    root = Path(wanted["root"])
    sys.path[:0] = [str(root), *wanted["paths"]]
    trial = _Trial(GameConfig(**values), root, wanted["field"])
    trial.run()
    out.write_text(json.dumps(trial.found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
