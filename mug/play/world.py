"""A study's environment with all of the study's code around it, stepped by agents and frames.

The world knows no keys, no clock and no page: live play, replay and checks step it in the same way.
"""

import hashlib
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from mug.errors import MugError
from mug.play.config import GameConfig
from mug.play.determinism import Entropy, NativeEntropy, seed_global_generators
from mug.play.encoding import encode
from mug.play.environment import AgentEnvironment
from mug.play.errors import EnvironmentFailedError, PlayError
from mug.play.game_view import GameView, SceneView
from mug.play.loading import Workspace, environment_failure
from mug.play.picture import Picture, PictureMaker
from mug.play.recorder import Row
from mug.play.seeding import episode_seed
from mug.play.statehash import WorldHash
from mug.play.values import keep_infos, own_copy

__all__ = ["World"]

T = TypeVar("T")


class World:
    """One loaded environment.

    Args:
        config: The game.
        root: The study's folder.
        mug_globals: The participant's dict; study code may change it.
        entropy: Clocks and chance of a step; None: CPython's.
        env: The environment, where it is already made; None: made as `config` says.

    Raises:
        EnvironmentFailedError: When the study's code raises while it loads.
        PlayError: When it leaves no usable environment.

    Attributes:
        workspace: The study's code.
        entropy: Clocks and chance of a step.
        episode: The episode under way.
        next_frame: The frame that the next `step` is.
        observations: What each agent sees now (copies).
        infos: What came with it.
        ended: "terminated", "truncated", "max_steps", or None while the episode goes on.
        rewards: Sum of this episode's rewards by agent.
        left_out_infos: Info keys whose values rows cannot hold.
        drawn: Whether the first picture was made.
    """

    def __init__(
        self,
        config: GameConfig,
        *,
        root: Path,
        mug_globals: dict[str, Any],
        entropy: Entropy | None = None,
        env: Any = None,
    ) -> None:
        self.config = config
        self.mug_globals = mug_globals
        self.entropy: Entropy = entropy or NativeEntropy(config.match_seed, config.fps)
        self.workspace = Workspace(config, root, mug_globals)
        try:
            seed_global_generators(config.match_seed, -1)
            with self.entropy.during(-1, -2):
                env = self.workspace.make_environment() if env is None else env
            people = config.players or config.human_agents
            configured = [*people, *(agent for agent in config.policies if agent not in people)]
            self.agent_env = AgentEnvironment(env, configured)
            self._hud = self._optional_callable(config.hud_text_fn, "hud_text_fn")
            state_fn = self._optional_callable(config.env_to_state_fn, "env_to_state_fn")
            self._step_code = self._compiled_step_code()
        except BaseException:
            self.workspace.close()
            raise
        self.env = env
        self._pictures = PictureMaker(
            env,
            state_fn,
            pixels=config.location_representation == "pixels",
            width=config.game_width,
            height=config.game_height,
        )
        self.world_hash = WorldHash(env)
        self._step_namespace = self._make_step_namespace()
        self.episode = -1
        self.next_frame = 0
        self.observations: dict[str, Any] = {}
        self.infos: dict[str, dict[str, Any]] = {}
        self.ended: str | None = None
        self.rewards: dict[str, float] = {}
        self.earlier_rewards: dict[str, float] = {}
        self.left_out_infos: set[str] = set()
        self.drawn = False

    @property
    def agents(self) -> tuple[str, ...]:
        """All agents, in the environment's order."""
        return self.agent_env.agents

    @property
    def viewers(self) -> tuple[str, ...]:
        """Who has a picture of their own, this page's player first; one agent where one picture is for all."""
        people = self.config.players or self.config.human_agents or self.agents
        own = self.config.human_agents[:1] or people[:1] or ("",)
        return (*own, *(agent for agent in people if agent not in own)) if self._pictures.by_agent else own

    @property
    def seen_hash(self) -> str:
        """The hash of what all agents see now; the context of an episode's rows has it as it is after the reset."""
        return hashlib.blake2b(encode(self.observations), digest_size=16).hexdigest()

    def carry_over(self, rewards: Mapping[str, float]) -> None:
        """Add an earlier episode's sums of rewards to the score that is carried over."""
        for agent, value in rewards.items():
            self.earlier_rewards[agent] = self.earlier_rewards.get(agent, 0.0) + value

    def reset(self, episode: int) -> int:
        """Begin an episode with its own seed, which is returned."""
        seed = episode_seed(self.config, episode)
        seed_global_generators(self.config.match_seed, episode)
        with self.entropy.during(episode, -1):
            observations, infos = self._guard("reset", lambda: self.agent_env.reset(seed))
        self.episode = episode
        self.next_frame = 0
        self.ended = None
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self.observations = own_copy(observations)
        self.infos = {agent: keep_infos(info, self.left_out_infos) for agent, info in infos.items()}
        return seed

    def step(self, actions: Mapping[str, Any], statuses: Mapping[str, str]) -> Row:
        """Make one step and return its row.

        Args:
            actions: One action for every live agent, in the form its action space contains.
            statuses: How each came about.
        """
        frame, env = self.next_frame, self.agent_env
        kept_actions = own_copy(actions)
        with self.entropy.during(self.episode, frame):
            if self._step_code is not None:
                self._guard("on_game_step_code", self._run_step_code)
            result = self._guard("step", lambda: env.step(actions))
        before, self.observations = self.observations, own_copy(result.observations)
        self.infos = {agent: keep_infos(info, self.left_out_infos) for agent, info in result.infos.items()}
        for agent, reward in result.rewards.items():
            self.rewards[agent] += reward
        self.next_frame = frame + 1
        self.ended = result.ended
        if self.ended is None and self.next_frame >= self.config.max_steps:
            self.ended = "max_steps"
        checked = self.ended is not None or self.next_frame % self.config.fps == 0
        return Row(
            frame=frame,
            statuses=dict(statuses),
            actions=kept_actions,
            rewards=result.rewards,
            terminated=result.terminated,
            truncated=result.truncated,
            observations=before,
            infos=self.infos,
            state_hash=self.world_hash.digest() if checked else None,
        )

    def first_picture(self) -> Picture:
        """Draw for the first time in this interpreter, finding out which attributes belong to pictures only.

        Where the study's code draws for each player, all of them are drawn once: peers, who then draw one each, leave
        out the same.
        """
        self.drawn = True
        self.world_hash.before_first_picture()
        picture = self.picture()
        for agent in self.viewers[1:]:
            self.picture(agent)
        self.world_hash.after_first_picture()
        return picture

    def picture(self, agent: str | None = None) -> Picture:
        """Draw the world as it is, for a player (None: this page's) where the study's code draws for each."""
        own = self.agent_env.own_id(self.viewers[0] if agent is None else agent)
        drawn = self._guard(self._pictures.stage, lambda: self._pictures.draw(own))
        return self._pictures.picture(drawn)

    def pictures(self, agents: Sequence[str]) -> dict[str, Picture]:
        """Draw the world for several players: for each, or once for all where the study's code draws for nobody."""
        first, self.drawn = not self.drawn, True
        if first:
            self.world_hash.before_first_picture()
        if self._pictures.by_agent:
            pictures = {agent: self.picture(agent) for agent in agents}
        else:
            pictures = dict.fromkeys(agents, self.picture())
        if first:
            self.world_hash.after_first_picture()
        return pictures

    def hud_text(self, agent: str | None = None) -> str | None:
        """Return what `hud_text_fn` says (to this player, if there are several), or None without one."""
        if self._hud is None:
            return None
        function, view = self._hud, self.view(agent)
        text = self._guard("hud_text_fn", lambda: function(view))
        return None if text is None else str(text)

    def view(self, agent: str | None = None) -> GameView:
        """Return the game as study code may read it, as a player has it; None: this page's."""
        config = self.config
        people = dict.fromkeys(config.human_agents, config.subject_id)
        if agent is not None:
            people = {agent: config.subjects.get(agent, config.subject_id)}
        rewards = dict(self.rewards)
        if config.hud_score_carry_over:
            rewards = {agent: value + self.earlier_rewards.get(agent, 0.0) for agent, value in rewards.items()}
        return GameView(
            episode_rewards=rewards,
            tick_num=self.next_frame,
            episode_num=self.episode,
            env=self.env,
            scene=SceneView(config.scene_id, config.num_episodes, config.max_steps),
            human_players=people,
            fps=config.fps,
            mug_globals=self.mug_globals,
        )

    def score(self, agent: str | None = None) -> float:
        """Return a person's (None: the first's) score: this episode's, or of all with `hud_score_carry_over`."""
        rewards = self.view().episode_rewards if self.config.hud_score_carry_over else self.rewards
        if agent is None:
            agent = self.config.human_agents[0] if self.config.human_agents else next(iter(self.agents), "")
        return rewards.get(agent, 0.0)

    def asset_specs(self) -> list[dict[str, Any]]:
        """Return the images and atlases that the environment's surface has registered."""
        for owner in (self.env, *(value for _, value in self.world_hash.attributes())):
            specs = None if owner is None or isinstance(owner, type) else getattr(owner, "get_asset_specs", None)
            if callable(specs):
                return [dict(spec) for spec in self._guard("render", specs)]
        return []

    def close(self) -> None:
        """Close the environment and remove the study's code from the interpreter."""
        close = getattr(self.env, "close", None)
        try:
            if callable(close):
                close()
        except Exception:
            # The game is over and recorded: what an environment does at its end may not disturb what comes next.
            pass
        finally:
            self.workspace.close()

    def _guard(self, stage: str, work: Callable[[], T]) -> T:
        """Run study code; whatever it raises becomes an `EnvironmentFailedError`."""
        try:
            return work()
        except EnvironmentFailedError:
            raise
        except PlayError:
            raise
        except (Exception, SystemExit) as error:
            if isinstance(error, MugError) and error.__traceback__ is None:
                raise
            raise environment_failure(stage, error) from error

    def _optional_callable(self, reference: str | None, what: str) -> Callable[..., Any] | None:
        return None if reference is None else self.workspace.callable(reference, what)

    def _compiled_step_code(self) -> types.CodeType | None:
        source = self.config.on_game_step_code
        return self.workspace.compile(source, "on_game_step_code") if source and source.strip() else None

    def _make_step_namespace(self) -> dict[str, Any]:
        """The environment code's own globals, so that its functions and imports can be used; else a fresh dict."""
        module = self.workspace.environment_module()
        namespace: dict[str, Any] = module.__dict__ if module is not None else {"__name__": "mug_step"}
        namespace["mug_globals"] = namespace["interactive_gym_globals"] = self.mug_globals
        namespace.setdefault("env", self.env)
        return namespace

    def _run_step_code(self) -> None:
        if self._step_code is not None:
            exec(self._step_code, self._step_namespace)
