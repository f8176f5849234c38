"""Who decides each agent's action at a frame: a person's keys or a policy, and what fills the gaps."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mug.play.config import GameConfig
from mug.play.encoding import encode
from mug.play.environment import AgentEnvironment
from mug.play.errors import IrreproducibleError, PlayError
from mug.play.inputs import (
    NO_KEY,
    STATUS_DROPPED,
    STATUS_HIDDEN,
    STATUS_INPUT,
    STATUS_LATE,
    STATUS_POLICY,
    Given,
)
from mug.play.policies import PolicyPlace
from mug.play.policies_seats import LATE, PolicySeat, answers_in_time
from mug.play.policies_times import DecisionFigures
from mug.play.values import own_copy
from mug.play.world import World

__all__ = ["Actors"]

_POPULATION_METHODS = ("default_action", "previous_submitted_action")
_SUBMITTED = (STATUS_INPUT, STATUS_POLICY)


@dataclass(frozen=True, slots=True)
class _Saved:
    """What decisions remember; nothing in it is ever changed."""

    previous: dict[str, Any]
    standing: frozenset[str]
    policies: tuple[object, ...]


class Actors:
    """All agents' decisions in one world: they follow from what the people gave and from the world alone.

    Args:
        config: The game.
        env: The world's environment.
        world: The world, after its first reset; None: only random policies can act.
        deadline_s: The time that all policies together have in a frame; None: they are waited for. A policy that is
            not ready by then is late: its agent gets what stands in for a missing key, with the status "late", and its
            answer is thrown away as if it had not been asked. For games on a server: where players step the same game,
            a deadline would let them differ. With a deadline, policies run in threads, with the machine's own clock.
        clock: Seconds, for measuring.

    Raises:
        PlayError: When the settings leave an agent without an action.
        PolicyFailedError: When a policy cannot be made.
    """

    def __init__(
        self,
        config: GameConfig,
        env: AgentEnvironment,
        world: World | None = None,
        *,
        deadline_s: float | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
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
        self._world = world
        self._deadline_s = deadline_s
        self._clock = clock
        self._repeats = config.action_population_method == "previous_submitted_action"
        self._previous: dict[str, Any] = {}
        self._standing: frozenset[str] = frozenset()
        self._people = frozenset(config.players or config.human_agents)
        self._place = PolicyPlace(
            match_seed=config.match_seed,
            mapping=config.action_mapping,
            root=None if world is None else world.workspace.root,
            find=None if world is None else world.workspace.callable,
            load_policy_fn=config.load_policy_fn,
            policy_inference_fn=config.policy_inference_fn,
        )
        self._policies = {
            agent: self._make_seat(agent, kind)
            for agent, kind in config.policies.items()
            if agent not in self._people and kind != "human"
        }
        self._stand_ins: dict[str, PolicySeat] = {}
        if config.players and config.dropout_policy == "policy":
            kind = config.dropout_agent_policy or "random"
            self._stand_ins = {agent: self._make_seat(agent, kind) for agent in config.players}
        self._seats = (*self._policies.values(), *self._stand_ins.values())
        self._remembering = tuple(seat for seat in self._seats if seat.remembers)
        for agent in sorted(self._people):
            self._check_default(agent)

    def begin_episode(self) -> None:
        """Forget what was submitted before; every policy begins anew."""
        self._previous.clear()
        self._standing = frozenset()
        for seat in self._seats:
            seat.reset(self._now()[0])

    def warm_up(self, observations: Mapping[str, Any]) -> None:
        """Let every policy decide once, and forget it: the first real decision shall not be the slowest, nor fail.

        Args:
            observations: What the agents see before the first frame.

        Raises:
            PolicyFailedError: When a policy gives no action that can be used.
        """
        for seat in self._seats:
            seat.warm_up(self._now()[0], observations.get(seat.agent))

    def give_time(self, deadline_s: float) -> None:
        """Let all policies together have so much time in a frame, from now on, where they are not waited for."""
        if self._deadline_s is not None:
            self._deadline_s = deadline_s

    def save(self) -> object:
        """Return what decisions remember, as a value that never changes.

        Raises:
            PolicyFailedError: When what a policy remembers cannot be saved.
        """
        episode, frame = self._now()
        memories = tuple(seat.save(episode, frame) for seat in self._remembering)
        return _Saved(dict(self._previous), self._standing, memories)

    def load(self, saved: Any) -> None:
        """Remember again what `save` gave."""
        episode, frame = self._now()
        self._previous = dict(saved.previous)
        self._standing = saved.standing
        for seat, memory in zip(self._remembering, saved.policies, strict=True):
            seat.load(memory, episode, frame)

    def carried(self) -> str:
        """Return a digest of what policies carry into an episode that has just begun; "" when they carry nothing."""
        carried = [(seat.agent, state) for seat in self._seats if (state := seat.carried())]
        return hashlib.blake2b(encode(carried), digest_size=16).hexdigest() if carried else ""

    def figures(self) -> list[DecisionFigures]:
        """Return what the decisions of each agent's policy took so far, of those that decided anything."""
        return [figures for seat in self._seats if (figures := seat.figures()) is not None]

    def take_slow(self) -> list[dict[str, Any]]:
        """Return, once for each policy, its first decision that took longer than a frame."""
        slow = [seat.slow for seat in self._seats if seat.slow is not None]
        for seat in self._seats:
            seat.slow = None
        return slow

    def close(self) -> None:
        """Nobody decides any more."""
        for seat in self._seats:
            seat.close()

    def decide(
        self, episode: int, frame: int, observations: Mapping[str, Any], people: Mapping[str, Given]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return actions and statuses of every live agent; actions are in the form their spaces contain.

        Raises:
            PolicyFailedError: When a policy gives no action that can be used.
        """
        live = self._env.live_agents
        seats = {agent: seat for agent in live if (seat := self._seat(agent, people)) is not None}
        answers = self._answers([s for s in seats.values() if self._is_due(s, frame)], episode, frame, observations)
        actions: dict[str, Any] = {}
        statuses: dict[str, str] = {}
        for agent in live:
            if agent in seats:
                action, status = self._policy_action(agent, answers)
            else:
                given = people.get(agent, NO_KEY)
                action, status = given.action, given.status
                if status != STATUS_INPUT:
                    action = self._filled(agent, status)
            if status in _SUBMITTED:
                self._previous[agent] = action
            actions[agent] = self._env.fit(agent, own_copy(action) if agent in seats else action)
            statuses[agent] = status
        return actions, statuses

    def replayed(self, actions: Mapping[str, Any], statuses: Mapping[str, str]) -> dict[str, Any]:
        """Take recorded actions as if they had been decided now; returns them in the form of their spaces.

        Policies that remember something are asked again, so that they remember it, too.

        Raises:
            IrreproducibleError: When one of them decides otherwise than is recorded.
        """
        for agent, action in actions.items():
            status = statuses.get(agent, "")
            if self._world is not None and status == STATUS_POLICY:
                self._replay_policy(agent, action, self._world)
            if status in _SUBMITTED:
                self._previous[agent] = action
        return {agent: self._env.fit(agent, action) for agent, action in actions.items()}

    # ------------------------------------------------------------------ policies

    def _now(self) -> tuple[int, int]:
        return (-1, -1) if self._world is None else (self._world.episode, self._world.next_frame)

    def _make_seat(self, agent: str, kind: Any) -> PolicySeat:
        # The match's clock belongs to the thread that steps the world.
        entropy = None if self._world is None or self._deadline_s is not None else self._world.entropy
        return PolicySeat(
            agent,
            kind,
            config=self._config,
            env=self._env,
            place=self._place,
            entropy=entropy,
            patient=self._deadline_s is not None,
            clock=self._clock,
        )

    def _seat(self, agent: str, people: Mapping[str, Given]) -> PolicySeat | None:
        """Return who decides for an agent, if a policy does."""
        if agent in self._stand_ins and people.get(agent, NO_KEY).status == STATUS_DROPPED:
            return self._taken_over(agent)
        return self._policies.get(agent)

    def _taken_over(self, agent: str) -> PolicySeat:
        """Return who takes over from a person: it decides at once, and does not go on with the person's action."""
        if agent not in self._standing:
            self._standing |= {agent}
            self._previous.pop(agent, None)
        return self._stand_ins[agent]

    def _is_due(self, seat: PolicySeat, frame: int) -> bool:
        return frame % max(1, self._config.frame_skip) == 0 or seat.agent not in self._previous

    def _answers(
        self, seats: list[PolicySeat], episode: int, frame: int, observations: Mapping[str, Any]
    ) -> dict[str, Any]:
        if self._deadline_s is None:
            return {seat.agent: seat.decide(episode, frame, observations.get(seat.agent)) for seat in seats}
        return answers_in_time(
            [(seat, seat.agent in self._previous or self._config.default_action is not None) for seat in seats],
            episode,
            frame,
            observations,
            deadline_s=self._deadline_s,
            clock=self._clock,
        )

    def _policy_action(self, agent: str, answers: Mapping[str, Any]) -> tuple[Any, str]:
        if agent in answers and answers[agent] is not LATE:
            return answers[agent], STATUS_POLICY
        if agent in self._previous and (self._repeats or self._config.default_action is None):
            action = self._previous[agent]
        else:
            action = self._config.default_action
        return action, STATUS_LATE if agent in answers else STATUS_POLICY

    def _replay_policy(self, agent: str, action: Any, world: World) -> None:
        seat = self._taken_over(agent) if agent in self._stand_ins else self._policies.get(agent)
        frame = world.next_frame
        if seat is None or not seat.remembers or not self._is_due(seat, frame):
            return
        decided = self._env.fit(agent, seat.decide(world.episode, frame, world.observations.get(agent)))
        if encode(own_copy(decided)) != encode(own_copy(self._env.fit(agent, action))):
            raise IrreproducibleError(
                f"the policy {seat.name!r} of agent {agent!r} decided otherwise at frame {frame} of episode "
                f"{world.episode} than is recorded",
                world.episode,
                frame,
            )

    # ------------------------------------------------------------------ people

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
