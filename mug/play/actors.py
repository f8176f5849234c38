"""Who decides each agent's action at a frame: a person's keys or a policy, and what fills the gaps."""

from collections.abc import Mapping
from typing import Any

from mug.play.config import GameConfig
from mug.play.environment import AgentEnvironment
from mug.play.errors import PlayError
from mug.play.inputs import NO_KEY, STATUS_DROPPED, STATUS_HIDDEN, STATUS_INPUT, STATUS_POLICY, Given
from mug.play.policies import Policy, make_policy

__all__ = ["Actors"]

_POPULATION_METHODS = ("default_action", "previous_submitted_action")
_SUBMITTED = (STATUS_INPUT, STATUS_POLICY)


class Actors:
    """All agents' decisions in one world: they follow from what the people gave and from the world alone.

    Raises:
        PlayError: When the settings leave an agent without an action.
        NotAvailableYetError: For policies that this version cannot run.
    """

    def __init__(self, config: GameConfig, env: AgentEnvironment) -> None:
        if config.action_population_method not in _POPULATION_METHODS:
            raise PlayError(
                f"action_population_method must be one of {', '.join(_POPULATION_METHODS)}, "
                f"not {config.action_population_method!r}"
            )
        if len(config.human_agents) > 1:
            raise PlayError(
                f"one browser plays one agent, not {', '.join(map(repr, config.human_agents))}: "
                "name the people's agents in config.players"
            )
        self._config = config
        self._env = env
        self._repeats = config.action_population_method == "previous_submitted_action"
        self._previous: dict[str, Any] = {}
        self._people = frozenset(config.players or config.human_agents)
        self._policies = {
            agent: self._make_policy(agent, kind)
            for agent, kind in config.policies.items()
            if agent not in self._people and kind != "human"
        }
        self._stand_ins: dict[str, Policy] = {}
        if config.players and config.dropout_policy == "policy":
            kind = config.dropout_agent_policy or "random"
            self._stand_ins = {agent: self._make_policy(agent, kind) for agent in config.players}
        for agent in sorted(self._people):
            self._check_default(agent)

    def begin_episode(self) -> None:
        """Forget what was submitted before."""
        self._previous.clear()

    def save(self) -> dict[str, Any]:
        """Return what decisions remember, as a value that never changes."""
        return dict(self._previous)

    def load(self, saved: Mapping[str, Any]) -> None:
        """Remember again what `save` gave."""
        self._previous = dict(saved)

    def decide(
        self, episode: int, frame: int, observations: Mapping[str, Any], people: Mapping[str, Given]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return actions and statuses of every live agent; actions are in the form their spaces contain."""
        actions: dict[str, Any] = {}
        statuses: dict[str, str] = {}
        for agent in self._env.live_agents:
            if agent in self._policies:
                policy = self._policies[agent]
                action, status = self._policy_action(policy, agent, episode, frame, observations), STATUS_POLICY
            else:
                given = people.get(agent, NO_KEY)
                action, status = given.action, given.status
                if status == STATUS_DROPPED and agent in self._stand_ins:
                    policy = self._stand_ins[agent]
                    action, status = self._policy_action(policy, agent, episode, frame, observations), STATUS_POLICY
                elif status != STATUS_INPUT:
                    action = self._filled(agent, status)
            if status in _SUBMITTED:
                self._previous[agent] = action
            actions[agent] = self._env.fit(agent, action)
            statuses[agent] = status
        return actions, statuses

    def replayed(self, actions: Mapping[str, Any], statuses: Mapping[str, str]) -> dict[str, Any]:
        """Take recorded actions as if they had been decided now; returns them in the form of their spaces."""
        for agent, action in actions.items():
            if statuses.get(agent) in _SUBMITTED:
                self._previous[agent] = action
        return {agent: self._env.fit(agent, action) for agent, action in actions.items()}

    def _make_policy(self, agent: str, kind: Any) -> Policy:
        return make_policy(
            agent,
            kind,
            match_seed=self._config.match_seed,
            space=self._env.action_space(agent),
            mapping=self._config.action_mapping,
        )

    def _policy_action(
        self, policy: Policy, agent: str, episode: int, frame: int, observations: Mapping[str, Any]
    ) -> Any:
        if frame % max(1, self._config.frame_skip) == 0 or agent not in self._previous:
            return policy.decide(episode, frame, observations.get(agent))
        if self._repeats or self._config.default_action is None:
            return self._previous[agent]
        return self._config.default_action

    def _filled(self, agent: str, status: str) -> Any:
        """The action of a person whose keys gave none; who does not look, or has left, acts neutrally."""
        if status in (STATUS_HIDDEN, STATUS_DROPPED):
            self._previous.pop(agent, None)
        elif self._repeats and agent in self._previous:
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
