"""Who decides each agent's action at a frame: a person's keys or a policy, and what fills the gaps."""

from collections.abc import Mapping
from typing import Any

from mug.errors import NotAvailableYetError
from mug.play.config import GameConfig
from mug.play.environment import AgentEnvironment
from mug.play.errors import PlayError
from mug.play.inputs import STATUS_DEFAULT, STATUS_INPUT, STATUS_POLICY, KeyBoard
from mug.play.policies import Policy, make_policy

__all__ = ["Actors"]

_POPULATION_METHODS = ("default_action", "previous_submitted_action")


class Actors:
    """All agents' decisions in one browser.

    Raises:
        PlayError: When the settings leave an agent without an action.
        NotAvailableYetError: For policies, or several people, that this version cannot do.
    """

    def __init__(self, config: GameConfig, env: AgentEnvironment) -> None:
        if config.action_population_method not in _POPULATION_METHODS:
            raise PlayError(
                f"action_population_method must be one of {', '.join(_POPULATION_METHODS)}, "
                f"not {config.action_population_method!r}"
            )
        if len(config.human_agents) > 1:
            raise NotAvailableYetError("a game with several people")
        self.keyboard = KeyBoard(config.action_mapping, config.input_mode)
        self._config = config
        self._env = env
        self._repeats = config.action_population_method == "previous_submitted_action"
        self._previous: dict[str, Any] = {}
        self._human = frozenset(config.human_agents)
        self._policies: dict[str, Policy] = {
            agent: make_policy(
                agent,
                kind,
                match_seed=config.match_seed,
                space=env.action_space(agent),
                mapping=config.action_mapping,
            )
            for agent, kind in config.policies.items()
            if agent not in self._human and kind != "human"
        }
        for agent in self._human:
            self._check_default(agent)

    def begin_episode(self) -> None:
        """Forget what was submitted before."""
        self._previous.clear()
        self.keyboard.forget_presses()

    def decide(
        self, episode: int, frame: int, observations: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return actions and statuses of every live agent; actions are in the form their spaces contain."""
        actions: dict[str, Any] = {}
        statuses: dict[str, str] = {}
        for agent in self._env.live_agents:
            if agent in self._policies:
                action, status = self._policy_action(agent, episode, frame, observations.get(agent)), STATUS_POLICY
            else:
                given, action = self.keyboard.read()
                status = STATUS_INPUT if given else STATUS_DEFAULT
                if not given:
                    action = self._filled(agent)
            if status != STATUS_DEFAULT:
                self._previous[agent] = action
            actions[agent] = self._env.fit(agent, action)
            statuses[agent] = status
        return actions, statuses

    def replayed(self, actions: Mapping[str, Any], statuses: Mapping[str, str]) -> dict[str, Any]:
        """Take recorded actions as if they had been decided now; returns them in the form of their spaces."""
        for agent, action in actions.items():
            if statuses.get(agent) != STATUS_DEFAULT:
                self._previous[agent] = action
        return {agent: self._env.fit(agent, action) for agent, action in actions.items()}

    def _policy_action(self, agent: str, episode: int, frame: int, observation: Any) -> Any:
        if frame % max(1, self._config.frame_skip) == 0 or agent not in self._previous:
            return self._policies[agent].decide(episode, frame, observation)
        if self._repeats or self._config.default_action is None:
            return self._previous[agent]
        return self._config.default_action

    def _filled(self, agent: str) -> Any:
        if self._repeats and agent in self._previous:
            return self._previous[agent]
        return self._config.default_action

    def _check_default(self, agent: str) -> None:
        """A missing default action is only right where the environment takes None as an action."""
        space = self._env.action_space(agent)
        if self._config.default_action is not None or space is None:
            return
        raise PlayError(
            f"agent {agent!r} has no action while no key is held: give default_action in .gameplay(...)"
            + (" (with 'previous_submitted_action' it is used until the first key)" if self._repeats else "")
        )
