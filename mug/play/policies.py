"""Who acts for an agent that no person controls: chance, the study's Python code, or a model.

A policy is asked again after a rollback, on every peer, and must say the same. So all that it remembers can be saved
and restored, and all its chance follows from the match's seed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mug.play.config import ActionBinding
from mug.play.errors import PlayError
from mug.play.models import Model, models
from mug.play.policies_kinds import framework_of
from mug.play.seeding import derive_seed
from mug.play.spaces import sample_action

__all__ = ["Policy", "PolicyPlace", "RandomPolicy", "make_policy"]


class Policy(Protocol):
    """Decides an agent's action.

    Attributes:
        remembers: Whether a decision depends on earlier ones, or changes something.
    """

    @property
    def remembers(self) -> bool:
        """Whether a decision depends on earlier ones, or changes something."""

    def reset(self, episode: int) -> None:
        """An episode begins."""

    def decide(self, episode: int, frame: int, observation: Any) -> Any:
        """Return the action for this frame, a JSON-like value or array."""

    def save(self) -> object:
        """Return what it remembers, as a value that never changes."""

    def load(self, saved: Any) -> None:
        """Remember again what `save` gave; the same value may be loaded again and again."""


@dataclass(frozen=True)
class PolicyPlace:
    """Where policies are made: one game's settings and the study's code and files.

    Attributes:
        root: The study's folder, of models; None: there is none.
        find: Returns what a reference names (reference, what it is for); None: there is no study code.
        loaded: Models by path; each file is read once.
    """

    match_seed: int
    mapping: Sequence[ActionBinding] = ()
    root: Path | None = None
    find: Callable[[str, str], Any] | None = None
    load_policy_fn: str | None = None
    policy_inference_fn: str | None = None
    loaded: dict[str, Model] = field(default_factory=dict)

    def function(self, reference: str, what: str) -> Any:
        """Return the function or class that a reference names.

        Raises:
            PlayError: When there is none.
        """
        if self.find is None:
            raise PlayError(f"{what} {reference!r} needs the study's code, which is not there")
        return self.find(reference, what)

    def model(self, path: str) -> Model:
        """Return the model of a file of the study.

        Raises:
            PlayError: When there is no such file, or it is no model.
        """
        known = self.loaded.get(path)
        if known is not None:
            return known
        if self.root is None:
            raise PlayError(f"the model {path!r} needs the study's files, which are not there")
        try:
            data = (self.root / path).read_bytes()
        except OSError as error:
            raise PlayError(f"the study has no model {path!r} ({error.strerror or error})") from error
        self.loaded[path] = models().load(path, data)
        return self.loaded[path]


class RandomPolicy:
    """Draws uniformly from the action space, or, without one, from the action mapping's values.

    Each decision depends on match seed, agent, episode and frame alone, so it needs no state that a snapshot or a
    replay would have to carry.
    """

    remembers = False

    def __init__(self, agent: str, match_seed: int, space: Any, choices: Sequence[Any]) -> None:
        if space is None and not choices:
            raise PlayError(
                f"agent {agent!r} cannot act at random: the environment has no action_space, "
                "and the action mapping is empty"
            )
        self._agent = agent
        self._match_seed = match_seed
        self._space = space
        self._choices = list(choices)

    def reset(self, episode: int) -> None:
        """Nothing is remembered."""

    def decide(self, episode: int, frame: int, observation: Any) -> Any:
        """Return the action of this frame."""
        seed = derive_seed(self._match_seed, "policy", self._agent, episode, frame)
        if self._space is None:
            return self._choices[seed % len(self._choices)]
        return sample_action(self._space, seed)

    def save(self) -> None:
        """Nothing is remembered."""

    def load(self, saved: Any) -> None:
        """Nothing is remembered."""


def make_policy(agent: str, kind: Any, *, space: Any, place: PolicyPlace) -> Policy:
    """Return the policy of `agent`.

    Args:
        agent: The agent.
        kind: A value of `policy_mapping`, not "human".
        space: The agent's action space, or None.
        place: Where it is made.

    Raises:
        PlayError: When it cannot be made; it says why.
        EnvironmentFailedError: When the study's code raises.
    """
    # Both need this module's words, and most games need neither of them.
    from mug.play.policies_onnx import OnnxPolicy
    from mug.play.policies_python import NamedPolicy, PythonPolicy

    framework = framework_of(kind)
    if framework == "random":
        return RandomPolicy(agent, place.match_seed, space, [binding.action for binding in place.mapping])
    if framework == "python":
        return PythonPolicy(agent, str(kind), place)
    if framework == "onnx":
        assert isinstance(kind, (str, Mapping))
        return OnnxPolicy(agent, kind, space, place)
    if framework == "named":
        return NamedPolicy(agent, str(kind), place)
    raise PlayError(f"agent {agent!r} is a person's: a policy cannot be {kind!r}")
