"""Trying one game's environment: playing some frames the way the browser does, and, for several people, the sync test.

The same code tries it in CPython (in a process of its own, see `mug.check`) and in Pyodide.
"""

import contextlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from mug.play.config import GameConfig
from mug.play.determinism import BrowserEntropy, Entropy, NativeEntropy
from mug.play.errors import EnvironmentFailedError, PlayError, PolicyFailedError, UnknownAgentError
from mug.play.models import runs_models
from mug.play.policies_kinds import framework_of
from mug.play.rollback.config import default_window
from mug.play.seeding import derive_seed
from mug.play.snapshots import LEVELS
from mug.play.spaces import sample_action
from mug.play.sync_test import MakeEntropy, sync_test
from mug.play.sync_test_policies import policy_sync_test
from mug.play.sync_test_report import SyncReport
from mug.play.world import World

__all__ = ["Trial", "missing_module", "run_trial", "run_trial_in_page"]

SYNC_FRAMES: Final = 500
FRAMES: Final = 60
POLICY_FRAMES: Final = 120
OTHER_ENTROPY: Final = 0x5EED
OTHER_FPS: Final = 7

_STAGE_FIELDS: Final = {
    "hud_text_fn": "rendering.hud_text_fn",
    "env_to_state_fn": "rendering.env_to_state_fn",
    "on_game_step_code": "runtime.on_game_step_code",
}


class Trial:
    """Tries one game.

    Args:
        config: The game.
        root: The study's folder.
        field: The study's field that says what the environment is.
        make_entropy: Makes clocks and chance of a seed and the frames per second; None: CPython's.

    Attributes:
        found: Findings: field, severity, code, message.
        missing: The module that is not installed here, so that nothing was tried; or None.
        report: The sync test's, for a game of several people that got so far.
    """

    def __init__(self, config: GameConfig, root: Path, field: str, make_entropy: MakeEntropy | None = None) -> None:
        self.config = config
        self.root = root
        self.field = field
        self.found: list[dict[str, str]] = []
        self.missing: str | None = None
        self.report: SyncReport | None = None
        self._make_entropy: MakeEntropy = make_entropy or NativeEntropy

    @property
    def _on_server(self) -> bool:
        """Whether a process of the server steps the game."""
        return self.config.mode == "server_authoritative"

    @property
    def _people(self) -> tuple[str, ...]:
        return self.config.players or self.config.human_agents

    def tell(self, field: str, severity: str, code: str, message: str) -> None:
        """Add a finding, once."""
        finding = {"field": field, "severity": severity, "code": code, "message": message}
        if finding not in self.found:
            self.found.append(finding)

    def play(self) -> bool:
        """Play some frames twice; returns whether the environment got through them."""
        try:
            first = self._play(checking=True)
            second = self._play(checking=False) if not self.config.players or self._on_server else first
        except EnvironmentFailedError as error:
            self._tell_failure(error)
            return False
        except UnknownAgentError as error:
            self._tell_unknown_agent(error)
            return False
        except PlayError as error:
            self.tell(self.field, "error", "environment_does_not_fit", str(error))
            return False
        if first != second:
            frame = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), len(second))
            self.tell(
                self.field,
                "warning",
                "not_reproducible",
                f"the same seed and actions gave something else the second time, from frame {frame} on: a game that is "
                "interrupted could not go on where it was; draw every random number from the generator that "
                "reset(seed) seeds",
            )
        return True

    def test_sync(
        self,
        levels: Sequence[str] = LEVELS,
        progress: Callable[[str, float], None] | None = None,
        frames: int = SYNC_FRAMES,
    ) -> None:
        """Find out how states of this environment are saved; what speaks against it is among the findings."""
        try:
            report = sync_test(
                self._world, levels=levels, frames=frames, make_entropy=self._make_entropy, progress=progress
            )
        except EnvironmentFailedError as error:
            self._tell_failure(error)
            return
        except PlayError as error:
            self.tell(self.field, "error", "environment_does_not_fit", str(error))
            return
        self.report = report
        for finding in report.findings:
            self.tell(self.field, finding.severity, finding.kind, finding.message)
        self._check_budget(report)

    def test_policies(self, level: str | None, frames: int = POLICY_FRAMES) -> None:
        """Let the policies decide as in a game; what speaks against them is among the findings.

        Args:
            level: How states are saved, in a game of several people.
            frames: Of each run.
        """
        if not self._has_policies():
            return
        config = self.config

        def other() -> Entropy:
            return self._make_entropy(OTHER_ENTROPY, config.fps + OTHER_FPS, None)

        try:
            found = policy_sync_test(self._world, config, level=level, other_entropy=other, frames=frames)
        except PolicyFailedError as error:
            self._tell_policy_failure(error)
        except EnvironmentFailedError as error:
            self._tell_failure(error)
        except PlayError as error:
            self.tell(self.field, "error", "environment_does_not_fit", str(error))
        else:
            for finding in found.findings:
                self.tell(
                    self._policy_field(finding.agent), finding.severity, f"policy_{finding.kind}", finding.message
                )

    def _has_policies(self) -> bool:
        """Whether a policy remembers or may fail, and can run here."""
        kinds = [framework_of(policy) for policy in self.config.policies.values()]
        if self.config.players and self.config.dropout_policy == "policy":
            kinds.append(framework_of(self.config.dropout_agent_policy or "random"))
        own = set(kinds) - {"human", "random"}
        return bool(own) and ("onnx" not in own or runs_models())

    def _policy_field(self, agent: str) -> str:
        return "multiplayer.dropout_agent_policy" if agent in self._people else f"policies.policy_mapping.{agent}"

    def _tell_policy_failure(self, error: PolicyFailedError) -> None:
        field, missing = self._policy_field(error.agent), missing_module(error)
        if missing is None:
            self.tell(field, "error", "policy_failed", _with_traceback(error))
            return
        self.tell(
            field,
            "warning",
            "policy_not_tried",
            f"the module {missing!r} is not installed in this Python, so the policy was not tried here; install it to "
            "try it before people play, and name its package in runtime.packages_to_install where the game runs in "
            "browsers",
        )

    def _tell_unknown_agent(self, error: UnknownAgentError) -> None:
        field = f"policies.policy_mapping.{error.agent}" if error.agent in self.config.policies else self.field
        self.tell(field, "error", "environment_does_not_fit", str(error))

    def to_dict(self) -> dict[str, Any]:
        """Return everything that was found as JSON can carry it."""
        return {
            "findings": self.found,
            "missing": self.missing,
            "report": None if self.report is None else self.report.to_dict(),
        }

    def _check_budget(self, report: SyncReport) -> None:
        wanted = default_window(self.config.fps) if self.config.window is None else self.config.window
        depth = report.fits_depth(self.config.fps)
        if report.level is None or depth >= wanted:
            return
        step, save = report.timings["step"].p50, report.timings["save"].p50
        self.tell(
            self.field,
            "warning",
            "too_slow",
            f"at {self.config.fps} fps only {depth} frames can be taken back within one frame's time, {wanted} are "
            f"wanted (a step takes {step:.2f} ms, saving a state {save:.2f} ms, here in {report.python}): on computers "
            "like this one the game would stutter. Make steps faster or the state smaller, or use fewer fps",
        )

    def _world(self, entropy: Entropy | None = None) -> World:
        config = self.config
        if entropy is None:
            entropy = self._make_entropy(config.match_seed, config.fps, None)
        return World(config, root=self.root, mug_globals=json.loads(json.dumps(config.mug_globals)), entropy=entropy)

    def _play(self, *, checking: bool) -> list[Any]:
        """Play one episode's first frames in a fresh world; returns what happened, to be compared."""
        happened: list[Any] = []
        world = self._world()
        try:
            world.reset(0)
            if checking:
                self._check_actions(world)
            self._draw(world)
            happened.append((repr(world.observations), world.world_hash.digest()))
            for frame in range(min(FRAMES, self.config.max_steps)):
                row = world.step(self._actions(world, frame), {})
                self._draw(world)
                happened.append((repr(row.rewards), repr(world.observations), world.world_hash.digest()))
                if world.ended is not None:
                    break
            if checking:
                self._check_infos(world)
        finally:
            world.close()
        return happened

    def _draw(self, world: World) -> None:
        """Draw as players see it."""
        if self._on_server:
            world.pictures(self._people)
            for agent in self._people:
                world.hud_text(agent)
            return
        if not world.drawn:
            world.first_picture()
        for agent in world.viewers:
            world.picture(agent)
        world.hud_text()

    def _actions(self, world: World, frame: int) -> dict[str, Any]:
        actions = {}
        for agent in world.agent_env.live_agents:
            space = world.agent_env.action_space(agent)
            if agent in self._people or space is None:  # a policy draws from the mapping, too, where there is no space
                choices = [binding.action for binding in self.config.action_mapping]
                choices.append(self.config.default_action)
                seed = derive_seed(1, frame // 5, agent)
                actions[agent] = world.agent_env.fit(agent, choices[seed % len(choices)])
            else:
                actions[agent] = sample_action(space, derive_seed(1, frame, agent))
        return actions

    def _check_actions(self, world: World) -> None:
        wanted = [(f"gameplay.action_mapping[{i}].action", b.action) for i, b in enumerate(self.config.action_mapping)]
        wanted.append(("gameplay.default_action", self.config.default_action))
        for agent in self._people:
            space = world.agent_env.action_space(agent)
            if space is None or not callable(getattr(space, "contains", None)):
                continue
            for field, action in wanted:
                if not self._contains(world, agent, space, action):
                    self.tell(
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
            self.tell(
                self.field,
                "warning",
                "info_not_kept",
                f"the info {key!r} holds what a table cannot (kept: bool, int, float, text, None, small arrays): "
                "it will not be in the data",
            )

    def _tell_failure(self, error: EnvironmentFailedError) -> None:
        missing = missing_module(error)
        field = _STAGE_FIELDS.get(error.stage, self.field)
        if missing is not None and not (self.root / f"{missing}.py").exists() and not (self.root / missing).is_dir():
            self.missing = missing
            if self._on_server:
                self.tell(
                    field,
                    "error",
                    "environment_not_loadable",
                    f"the module {missing!r} is not installed in the Python that the server runs with "
                    f"({sys.executable}), where this game is stepped: install its package there with pip, and name it "
                    "in runtime.packages_to_install",
                )
                return
            self.tell(
                field,
                "warning",
                "environment_not_tried",
                f"the module {missing!r} is not installed in this Python, so the environment was not tried here; "
                "install it to try it before people play, and name its package in runtime.packages_to_install",
            )
            return
        self.tell(field, "error", "environment_failed", _with_traceback(error))


def _with_traceback(error: EnvironmentFailedError) -> str:
    return f"{error}\n{error.traceback}".rstrip()


def missing_module(error: BaseException) -> str | None:
    """Return the top module that an import looked for in vain, and that is not installed here; None: there is none."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            top = cause.name.partition(".")[0]
            return top if importlib.util.find_spec(top) is None else None
        cause = cause.__cause__
    return None


def run_trial(
    spec: Mapping[str, Any],
    *,
    make_entropy: MakeEntropy | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> dict[str, Any]:
    """Try the game that a JSON object describes.

    Args:
        spec: ``config`` (a `GameConfig`), ``root`` (the study's folder), ``field``, ``levels`` to try for a game of
            several people, ``frames`` of the sync test's runs.
        make_entropy: Makes clocks and chance of a seed and the frames per second; None: CPython's.
        progress: Told what is being done, and how much of the whole is done.

    Returns:
        What `Trial.to_dict` says.
    """
    trial = Trial(GameConfig.from_dict(spec["config"]), Path(spec["root"]), spec["field"], make_entropy)
    plays = trial.play()
    if plays and trial.config.players and trial.config.mode == "p2p":
        trial.test_sync(spec.get("levels") or LEVELS, progress, int(spec.get("frames") or SYNC_FRAMES))
    if plays and trial.missing is None:
        if progress is not None:
            progress("asking the policies", 0.95)
        level = trial.report.level if trial.report is not None else None
        trial.test_policies(level, min(int(spec.get("frames") or POLICY_FRAMES), POLICY_FRAMES))
    return trial.to_dict()


class _Watched:
    """A page's clocks and chance, told of the questions that Python's own modules put."""

    def __init__(self, page: Entropy, native: Entropy) -> None:
        self._page = page
        self._native = native

    @contextlib.contextmanager
    def during(self, episode: int, frame: int, part: str = "") -> Iterator[None]:
        with self._page.during(episode, frame, part), self._native.during(episode, frame, part):
            yield


def run_trial_in_page(
    spec_json: str,
    begin: Callable[[int, int, float], Any],
    end: Callable[[], Any],
    tell: Callable[[str, float], Any],
) -> str:
    """Do `run_trial` with the clocks and chance of a page; texts in and out, for JavaScript.

    Args:
        spec_json: What to try.
        begin: Puts the match's clocks and chance in place of the page's (seed low, seed high, clock in ms).
        end: Puts the page's back.
        tell: Told what is being done, and how much of the whole is done.
    """

    def make(seed: int, fps: int, told: Callable[[str], None] | None) -> Entropy:
        page = BrowserEntropy(seed, fps, begin, end)
        return page if told is None else _Watched(page, NativeEntropy(seed, fps, told))

    return json.dumps(run_trial(json.loads(spec_json), make_entropy=make, progress=tell))
