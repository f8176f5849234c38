"""One face for all environments: actions as a dict by agent, answers as dicts by agent.

`env.reset` and `env.step` may answer in Gymnasium form (one observation, one number, two booleans, one info dict) or
in PettingZoo parallel form (dicts by agent), each of the answers for itself. Agent ids are strings everywhere outside
the environment; its own ids (ints, enums) are matched by ``str(id)`` and used in `step`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mug.play.errors import PlayError, UnknownAgentError
from mug.play.policies_kinds import nearest
from mug.play.spaces import fit_action

__all__ = ["AgentEnvironment", "SingleAgent", "StepResult"]


class SingleAgent:
    """Gives an unmodified Gymnasium environment the form that MUG steps: actions in a dict by agent.

    Everything else (spaces, `render`, `get_state`, attributes of your own) is the inner environment's.

    Args:
        env: A Gymnasium environment.
        agent_id: The id under which its one agent is recorded.
    """

    def __init__(self, env: Any, agent_id: str = "human") -> None:
        self.env = env
        self.agent_id = str(agent_id)

    @property
    def possible_agents(self) -> list[str]:
        """The one agent."""
        return [self.agent_id]

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset the inner environment; answers in Gymnasium form."""
        answer: tuple[Any, dict[str, Any]] = self.env.reset(seed=seed, options=options)
        return answer

    def step(self, actions: Mapping[str, Any]) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step the inner environment with the one agent's action."""
        answer: tuple[Any, Any, Any, Any, dict[str, Any]] = self.env.step(actions[self.agent_id])
        return answer

    def render(self) -> Any:
        """Render the inner environment."""
        return self.env.render()

    def close(self) -> None:
        """Close the inner environment."""
        self.env.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "env":
            raise AttributeError(name)
        return getattr(self.env, name)


@dataclass(frozen=True)
class StepResult:
    """What one `step` returned, by agent.

    Attributes:
        observations: Agents that got none (they left earlier) are absent; likewise below.
        ended: "terminated", "truncated" or None: whether the episode is over for everybody.
    """

    observations: dict[str, Any]
    rewards: dict[str, float]
    terminated: dict[str, bool]
    truncated: dict[str, bool]
    infos: dict[str, Mapping[Any, Any]]
    ended: str | None


class AgentEnvironment:
    """The adapter around one environment object.

    Args:
        env: The environment that the study's code left.
        configured: The agent ids that the study names (people and policies).
    """

    def __init__(self, env: Any, configured: Sequence[str]) -> None:
        for method in ("reset", "step"):
            if not callable(getattr(env, method, None)):
                raise PlayError(
                    f"the environment is a {type(env).__name__} without a method {method!r}: "
                    "it needs reset(seed=...) and step(actions) as in Gymnasium or PettingZoo's parallel form"
                )
        self.env = env
        self._own_ids: dict[str, Any] = {}
        self._learn(_listed_agents(env))
        self._configured = tuple(configured)
        self._fixed = bool(self._own_ids)
        self._live: set[str] = set()

    @property
    def agents(self) -> tuple[str, ...]:
        """All agents of the environment as strings, in its own order; without a list of its own, the study's."""
        return tuple(self._own_ids) if self._own_ids else self._configured

    @property
    def live_agents(self) -> tuple[str, ...]:
        """The agents that still act in this episode."""
        return tuple(agent for agent in self.agents if agent in self._live)

    @live_agents.setter
    def live_agents(self, agents: Sequence[str]) -> None:
        self._live = set(agents)

    def own_id(self, agent: str) -> Any:
        """Return the environment's own id of an agent."""
        return self._own_ids.get(agent, agent)

    def action_space(self, agent: str) -> Any:
        """Return the agent's action space, or None when the environment has none."""
        return self._space("action_space", agent)

    def observation_space(self, agent: str) -> Any:
        """Return the agent's observation space, or None when the environment has none."""
        return self._space("observation_space", agent)

    def _space(self, name: str, agent: str) -> Any:
        env, own = self.env, self._own_ids.get(agent, agent)
        spaces = getattr(env, f"{name}s", None)
        if isinstance(spaces, Mapping) and own in spaces:
            return spaces[own]
        space = getattr(env, name, None)
        if space is None:
            return None
        if callable(space) and not hasattr(space, "contains"):
            return space(own)
        parts = getattr(space, "spaces", None)
        if isinstance(parts, Mapping) and (own in parts or agent in parts):
            return parts[own if own in parts else agent]
        return space

    def reset(self, seed: int) -> tuple[dict[str, Any], dict[str, Mapping[Any, Any]]]:
        """Begin an episode; returns observations and infos by agent."""
        answer = self.env.reset(seed=seed)
        if not (isinstance(answer, tuple) and len(answer) == 2):
            raise PlayError(
                f"env.reset must return (observation, info), it returned {_describe(answer)}: "
                "this is the Gymnasium form since version 0.26"
            )
        observation, info = answer
        if not self._own_ids:
            self._learn(_keys_that_are_agents(observation, self._configured))
        self._check_agents()
        self._live = set(self.agents)
        listed = getattr(self.env, "agents", None)
        if isinstance(listed, (list, tuple)) and listed:
            self._live = {str(own) for own in listed} & self._live
        return self._by_agent(observation), self._infos(info)

    def step(self, actions: Mapping[str, Any]) -> StepResult:
        """Step with actions by agent (strings); the environment gets its own ids and its spaces' dtypes."""
        own_actions = {self._own_ids.get(agent, agent): action for agent, action in actions.items()}
        answer = self.env.step(own_actions)
        if not (isinstance(answer, tuple) and len(answer) == 5):
            raise PlayError(
                "env.step must return (observation, reward, terminated, truncated, info), "
                f"it returned {_describe(answer)}"
            )
        observation, reward, terminated, truncated, info = answer
        ended_all = [_ends_for_all(terminated), _ends_for_all(truncated)]
        terminated_by, truncated_by = self._flags(terminated), self._flags(truncated)
        done = {agent for agent in self._live if terminated_by.get(agent) or truncated_by.get(agent)}
        result = StepResult(
            observations=self._by_agent(observation),
            rewards={agent: _number(value, agent) for agent, value in self._by_agent(reward).items()},
            terminated=terminated_by,
            truncated=truncated_by,
            infos=self._infos(info),
            ended=self._end(done, terminated_by, ended_all),
        )
        self._live -= done
        return result

    def fit(self, agent: str, action: Any) -> Any:
        """Return `action` in the form that the agent's action space contains."""
        return fit_action(self.action_space(agent), action)

    def _end(self, done: set[str], terminated: Mapping[str, bool], ended_all: list[bool]) -> str | None:
        if ended_all[0]:
            return "terminated"
        if ended_all[1]:
            return "truncated"
        listed = getattr(self.env, "agents", None)
        emptied = self._fixed and isinstance(listed, (list, tuple)) and not listed and bool(done or not self._live)
        if not emptied and self._live - done:
            return None
        return "terminated" if any(terminated.get(agent) for agent in done) or not done else "truncated"

    def _learn(self, own_ids: Sequence[Any]) -> None:
        for own in own_ids:
            if str(own) in self._own_ids and self._own_ids[str(own)] != own:
                raise PlayError(
                    f"two agents of the environment have the same name {str(own)!r}: {own!r} and "
                    f"{self._own_ids[str(own)]!r}"
                )
            self._own_ids[str(own)] = own

    def _check_agents(self) -> None:
        missing = [agent for agent in self._configured if agent not in self.agents]
        unnamed = [agent for agent in self.agents if agent not in self._configured]
        if missing:
            raise UnknownAgentError(
                missing[0],
                f"the study names the agent {missing[0]!r}{nearest(missing[0], unnamed)}, but the environment's agents "
                f"are {', '.join(map(repr, self.agents))}: correct human_id or policy_mapping",
            )
        if unnamed:
            raise PlayError(
                f"nobody acts for the environment's agent {unnamed[0]!r}: name it in policy_mapping "
                "(for example 'random') or as human_id"
            )

    def _by_agent(self, value: Any) -> dict[str, Any]:
        agents = self.agents
        if isinstance(value, Mapping):
            own = {str(key): item for key, item in value.items() if key != "__all__"}
            if own and all(key in agents for key in own):
                return {agent: own[agent] for agent in agents if agent in own}
            if not own and len(agents) > 1:
                return {}
        return dict.fromkeys(agents, value)

    def _flags(self, value: Any) -> dict[str, bool]:
        return {agent: bool(flag) for agent, flag in self._by_agent(value).items()}

    def _infos(self, value: Any) -> dict[str, Mapping[Any, Any]]:
        by_agent = self._by_agent(value) if isinstance(value, Mapping) else {}
        if any(not isinstance(info, Mapping) for info in by_agent.values()):
            by_agent = dict.fromkeys(self.agents, value)
        return {agent: by_agent.get(agent, {}) for agent in self.agents}


def _listed_agents(env: Any) -> Sequence[Any]:
    for name in ("possible_agents", "agents", "agent_ids"):
        listed = getattr(env, name, None)
        if isinstance(listed, (list, tuple)) and listed:
            return listed
        if isinstance(listed, Mapping) and listed:
            return list(listed)
    return ()


def _keys_that_are_agents(value: Any, configured: Sequence[str]) -> Sequence[Any]:
    if isinstance(value, Mapping) and value and all(str(key) in configured for key in value):
        return list(value)
    return ()


def _ends_for_all(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value.get("__all__", False))


def _number(value: Any, agent: str) -> float:
    if isinstance(value, (bool, np.bool_)):
        return float(value)
    if isinstance(value, (int, float, np.integer, np.floating)):
        return float(value)
    if isinstance(value, np.ndarray) and value.size == 1:
        return float(value.reshape(())[()])
    raise PlayError(f"the reward of agent {agent!r} must be a number, it is {_describe(value)}")


def _describe(value: Any) -> str:
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
