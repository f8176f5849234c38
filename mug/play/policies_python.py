"""Policies that a study brings as Python code.

A function ``compute_action(observation, agent_id, rng)`` returns an action; so does the method of that name of a class.
A class is made once a match, without arguments, for each of its agents; where it has a method ``reset()``, that is
called when an episode begins. Two agents never share an object.

`rng` is a `numpy.random.Generator` that belongs to the policy: it is seeded anew by match, agent and episode, and is
saved and restored with it. What an object remembers is saved with its own ``get_state()`` and ``set_state(state)``, or,
without them, by its attributes and all that they hold. What a module keeps in global names is not saved.
"""

import copy
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from mug.play.encoding import encode
from mug.play.errors import NotCanonicalError, PlayError
from mug.play.policies import PolicyPlace
from mug.play.seeding import derive_seed
from mug.play.snapshots_paths import path_of, type_name
from mug.play.snapshots_walker import Graph, Layer, OpaqueObject
from mug.play.values import own_copy

__all__ = ["NamedPolicy", "PythonPolicy"]


class PythonPolicy:
    """A function or a class of the study.

    Args:
        agent: The agent.
        reference: ``"file.py:Name"`` or ``"package.module:Name"``.
        place: Where it is made.

    Raises:
        PlayError: When there is no such function or class, or it cannot be called so.
    """

    remembers = True

    def __init__(self, agent: str, reference: str, place: PolicyPlace) -> None:
        self._begin(agent, place)
        target = place.function(reference, f"the policy of agent {agent!r}")
        if isinstance(target, type):
            if not _takes(target, ()):
                raise PlayError(f"the class {target.__name__} ({reference}) must be made without arguments")
            target = target()
        elif hasattr(target, "compute_action"):
            target = copy.deepcopy(target)
        self._use(target, reference)

    def reset(self, episode: int) -> None:
        """Seed the generator for an episode, and call the object's own `reset`."""
        seed = derive_seed(self._match_seed, "policy generator", self._agent, episode)
        self._rng.bit_generator.state = np.random.PCG64(seed).state
        if self._reset is not None:
            self._reset()

    def decide(self, episode: int, frame: int, observation: Any) -> Any:
        """Ask the study's code."""
        return self._compute(own_copy(observation), self._agent, self._rng)

    def save(self) -> object:
        """Return the generator's state and what the object remembers."""
        chance = self._rng.bit_generator.state
        if self._object is None:
            return chance, None
        if self._own_state:
            state = self._object.get_state()
            try:
                return chance, (True, pickle.dumps(state, 5))
            except Exception:
                return chance, (False, copy.deepcopy(state))
        try:
            return chance, Graph([self._layer]).save()
        except OpaqueObject as error:
            where = path_of([self._layer], error.value)
            raise PlayError(
                f"{where} ({type_name(error.value)}) cannot be saved, which a game has to do with what a policy "
                f"remembers: give {type(self._object).__name__} the methods get_state() and set_state(state), or keep "
                "the object in a global name of its module if it never changes"
            ) from error

    def load(self, saved: Any) -> None:
        """Put both back."""
        chance, state = saved
        self._rng.bit_generator.state = chance
        if self._object is None:
            return
        if self._own_state:
            pickled, kept = state
            self._object.set_state(pickle.loads(kept) if pickled else copy.deepcopy(kept))
            return
        for restore, value, content in state:
            restore(value, content)

    def carried(self) -> bytes:
        """Return what was carried into an episode that begins now, canonically; nothing when it has no such form."""
        if self._object is None:
            return b""
        state = self._object.get_state() if self._own_state else getattr(self._object, "__dict__", {})
        if isinstance(state, dict):
            state = {name: item for name, item in state.items() if item is not self._rng}
        try:
            return encode(state) if state else b""
        except (NotCanonicalError, RecursionError, ValueError):
            return b""

    def _begin(self, agent: str, place: PolicyPlace) -> None:
        self._agent = agent
        self._match_seed = place.match_seed
        self._rng = np.random.Generator(np.random.PCG64(derive_seed(place.match_seed, "policy generator", agent)))
        self._object: Any = None
        self._reset: Callable[[], Any] | None = None
        self._own_state = False

    def _use(self, target: Any, name: str) -> None:
        """Ask this function, or this object with a method `compute_action`."""
        method = getattr(target, "compute_action", None)
        compute = method if callable(method) else target
        if not callable(compute):
            raise PlayError(f"{name} is a {type(target).__name__} without a method compute_action")
        if not _takes(compute, (None, None, None)):
            raise PlayError(f"{name} must take (observation, agent_id, rng)")
        self._compute: Callable[..., Any] = compute
        if (compute is target and not hasattr(target, "__dict__")) or inspect.isroutine(target):
            return
        self._object = target
        kind = type(target)
        self._own_state = all(callable(getattr(kind, method, None)) for method in ("get_state", "set_state"))
        self._layer = Layer("policy", target, frozenset())
        reset = getattr(target, "reset", None)
        if callable(reset) and _takes(reset, ()):
            self._reset = reset


class NamedPolicy(PythonPolicy):
    """A policy that the study's `load_policy_fn` knows by name, or that its `policy_inference_fn` asks.

    ``load_policy_fn(name)`` returns an object; ``policy_inference_fn(observation, policy)`` returns an action. Without
    the first, the policy is the name; without the second, the object is asked as a Python policy is. An object that
    only `policy_inference_fn` asks is saved by its ``get_state`` and ``set_state``, where it has them, else not at all.

    Raises:
        PlayError: When the study has neither function.
    """

    def __init__(self, agent: str, name: str, place: PolicyPlace) -> None:
        self._begin(agent, place)
        if place.load_policy_fn is None and place.policy_inference_fn is None:
            raise PlayError(
                f"nobody knows the policy {name!r} of agent {agent!r}: give load_policy_fn in .policies(...), a path "
                "ending in .onnx, a ModelConfig, or a function as 'file.py:function'"
            )
        policy: Any = name
        if place.load_policy_fn is not None:
            policy = place.function(place.load_policy_fn, "load_policy_fn")(name)
            if policy is None:
                raise PlayError(f"load_policy_fn({name!r}) returned None instead of a policy")
        if place.policy_inference_fn is None:
            self._use(policy, f"what load_policy_fn({name!r}) returned")
            return
        infer = place.function(place.policy_inference_fn, "policy_inference_fn")
        self._compute = lambda observation, agent_id, rng: infer(observation, policy)
        kind = type(policy)
        if all(callable(getattr(kind, method, None)) for method in ("get_state", "set_state")):
            self._object, self._own_state = policy, True
        reset = getattr(policy, "reset", None)
        if callable(reset) and _takes(reset, ()):
            self._reset = reset


def _takes(target: Callable[..., Any], arguments: tuple[Any, ...]) -> bool:
    """Whether a function can be called so; what has no readable signature is believed."""
    try:
        inspect.signature(target).bind(*arguments)
    except TypeError:
        return False
    except ValueError:
        return True
    return True
