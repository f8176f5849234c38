"""A policy in an agent's place: asked with the match's clocks and chance, measured, and held to the action space."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import numpy as np

from mug.errors import MugError
from mug.play.config import GameConfig
from mug.play.determinism import Entropy, seed_global_generators
from mug.play.environment import AgentEnvironment
from mug.play.errors import EnvironmentFailedError, PlayError, PolicyFailedError
from mug.play.loading import environment_failure
from mug.play.match_interpreter import with_generators_kept
from mug.play.policies import Policy, PolicyPlace, make_policy
from mug.play.policies_deadline import PatientPolicy
from mug.play.policies_kinds import policy_name
from mug.play.policies_times import DecisionFigures, DecisionTimes
from mug.play.seeding import derive_seed
from mug.play.values import own_copy

__all__ = ["LATE", "PolicySeat", "answers_in_time"]

T = TypeVar("T")

LATE: Final = object()
"""In an action's place: the policy was not ready in time."""


class PolicySeat:
    """One agent's policy.

    Args:
        agent: The agent.
        kind: A value of `policy_mapping`.
        config: The game.
        env: The world's environment.
        place: Where policies are made.
        entropy: Clocks and chance of a step; None: the machine's.
        patient: Whether it can be asked without being waited for.
        clock: Seconds, for measuring.

    Raises:
        PolicyFailedError: When it cannot be made.

    Attributes:
        slow: The first decision that took longer than a frame, to be told; or None.
    """

    def __init__(
        self,
        agent: str,
        kind: Any,
        *,
        config: GameConfig,
        env: AgentEnvironment,
        place: PolicyPlace,
        entropy: Entropy | None,
        patient: bool = False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.agent = agent
        self.name = policy_name(kind)
        self.slow: dict[str, Any] | None = None
        self._match_id = config.match_id
        self._env = env
        self._entropy = entropy
        self._clock = clock
        self._times = DecisionTimes(1000.0 / config.fps)
        self._told_slow = False
        space = env.action_space(agent)
        if kind == "random":
            self._policy: Policy = make_policy(agent, kind, space=space, place=place)
            self._at_random = True
            return
        self._at_random = False

        def make() -> Policy:
            seed_global_generators(derive_seed(config.match_seed, "policy", agent), -1)
            return self._guarded(-1, -1, lambda: make_policy(agent, kind, space=space, place=place))

        # Whenever it is made, it is made the same, and leaves no trace in the generators that everybody uses.
        policy = with_generators_kept(make)[0]
        self._policy = PatientPolicy(policy, clock) if patient else policy

    @property
    def remembers(self) -> bool:
        """Whether a decision depends on earlier ones, or changes something."""
        return self._policy.remembers

    @property
    def patient(self) -> PatientPolicy | None:
        """The policy, if it can be asked without being waited for."""
        return self._policy if isinstance(self._policy, PatientPolicy) else None

    def reset(self, episode: int) -> None:
        """An episode begins."""
        if not self._at_random:
            self._guarded(episode, -1, lambda: self._policy.reset(episode))

    def warm_up(self, episode: int, observation: Any) -> None:
        """Let it decide once, and forget it: the first real decision shall not be the slowest, nor fail."""
        if self._at_random:
            return
        try:
            before = self._policy.save()
        except PlayError:
            return  # nobody could put it back: it is not asked for nothing
        with_generators_kept(
            lambda: self.usable(
                self._guarded(episode, -1, lambda: self._policy.decide(episode, -1, observation)), episode, -1
            )
        )
        self._policy.load(before)

    def decide(self, episode: int, frame: int, observation: Any) -> Any:
        """Return the action, once it is there."""
        began = self._clock()
        action = self._guarded(episode, frame, lambda: self._policy.decide(episode, frame, observation))
        self.count(1000.0 * (self._clock() - began), episode, frame)
        return self.usable(action, episode, frame)

    def answer(self, episode: int, frame: int) -> Any:
        """Return the action of a patient policy whose answer is there."""
        assert self.patient is not None
        return self.usable(self._guarded(episode, frame, self.patient.answer), episode, frame)

    def save(self, episode: int, frame: int) -> object:
        """Return what it remembers, as a value that never changes."""
        return self._guarded(episode, frame, self._policy.save)

    def load(self, saved: object, episode: int, frame: int) -> None:
        """Remember again what `save` gave."""
        self._guarded(episode, frame, lambda: self._policy.load(saved))

    def carried(self) -> bytes:
        """Return what it carries into an episode that has just begun, canonically, where it carries something."""
        carried: Callable[[], bytes] | None = getattr(self._policy, "carried", None)
        return b"" if carried is None else carried()

    def figures(self) -> DecisionFigures | None:
        """Return what its decisions took so far; None: there were none."""
        return self._times.figures(self.agent, self.name) if self._times.count else None

    def close(self) -> None:
        """Nobody asks any more."""
        if self.patient is not None:
            self.patient.close()

    def count(self, ms: float, episode: int, frame: int, *, missed: bool = False) -> None:
        """Count a decision, which was not waited for when it is `missed`."""
        if not self._times.add(ms, missed=missed) or self._told_slow:
            return
        self._told_slow = True
        self.slow = {
            "match_id": self._match_id,
            "agent": self.agent,
            "policy": self.name,
            "episode": episode,
            "frame": frame,
            "ms": round(ms, 3),
            "frame_ms": round(self._times.frame_ms, 3),
        }

    def usable(self, action: Any, episode: int, frame: int) -> Any:
        """Return an action as a value of its own, if the agent's space contains it."""
        if self._at_random:
            return action
        space = self._env.action_space(self.agent)
        try:
            fitted = self._env.fit(self.agent, action)
            fits = space is None or (_is_whole(space, action) and _contains(space, fitted))
        except (TypeError, ValueError, OverflowError):
            fits, fitted = False, None
        if not fits:
            shown = repr(action)
            raise self._failure(
                episode,
                frame,
                f"it gave {shown if len(shown) <= 80 else shown[:77] + '...'}, which is no action of the agent's space "
                f"{space}: return one of its actions, in its form and type",
            )
        return own_copy(fitted)

    def _failure(self, episode: int, frame: int, reason: str, traceback: str = "") -> PolicyFailedError:
        return PolicyFailedError(self.agent, self.name, episode, frame, reason, traceback)

    def _guarded(self, episode: int, frame: int, work: Callable[[], T]) -> T:
        """Run a policy's code with the match's clocks and chance; whatever it raises names the policy."""
        try:
            if self._entropy is None or self._at_random:
                return work()
            with self._entropy.during(episode, frame if frame >= 0 else -2, f"policy {self.agent}"):
                return work()
        except PolicyFailedError:
            raise
        except EnvironmentFailedError as error:
            reason = str(error).partition(": ")[2]
            raise self._failure(episode, frame, reason, error.traceback) from error
        except MugError as error:
            raise self._failure(episode, frame, str(error)) from error
        except (Exception, SystemExit) as error:
            failure = environment_failure("policy", error)
            raise self._failure(episode, frame, str(failure).partition(": ")[2], failure.traceback) from error


def answers_in_time(
    seats: Sequence[tuple[PolicySeat, bool]],
    episode: int,
    frame: int,
    observations: Mapping[str, Any],
    *,
    deadline_s: float,
    clock: Callable[[], float],
) -> dict[str, Any]:
    """Ask patient policies at once, and wait for all of them together.

    Args:
        seats: The policies, and whether a frame can do without each: one that it cannot do without is waited for.
        episode: The episode.
        frame: The frame.
        observations: What the agents see.
        deadline_s: How long they are waited for.
        clock: Seconds.

    Returns:
        Agent -> action, or `LATE`.
    """
    began = clock()
    asked = {
        seat.agent
        for seat, _ in seats
        if seat.patient is not None and seat.patient.ask(episode, frame, observations.get(seat.agent))
    }
    answers: dict[str, Any] = {}
    for seat, can_do_without in seats:
        if seat.patient is None or (seat.agent not in asked and not can_do_without):
            answers[seat.agent] = seat.decide(episode, frame, observations.get(seat.agent))
            continue
        wait_s = max(began + deadline_s - clock(), 0.0) if can_do_without else None
        ready = seat.agent in asked and seat.patient.wait(wait_s)
        # What was waited for others, before this one was looked at, is not its time.
        seat.count(seat.patient.took_ms if ready else 1000.0 * (clock() - began), episode, frame, missed=not ready)
        answers[seat.agent] = seat.answer(episode, frame) if ready else LATE
    return answers


def _contains(space: Any, action: Any) -> bool:
    contains = getattr(space, "contains", None)
    try:
        return not callable(contains) or bool(contains(action))
    except Exception:  # a space may refuse what it does not know by raising
        return False


def _is_whole(space: Any, action: Any) -> bool:
    """Whether no part of a number is lost in a space of integers."""
    dtype = getattr(space, "dtype", None)
    if dtype is None or np.dtype(dtype).kind not in "iu" or isinstance(action, (int, np.integer)):
        return True
    array = np.asarray(action)
    return array.dtype.kind != "f" or bool(np.array_equal(array, np.rint(array)))
