"""Who acts for an agent that no person controls: for now, seeded chance."""

from collections.abc import Sequence
from typing import Any, Protocol

from mug.errors import NotAvailableYetError
from mug.play.config import ActionBinding
from mug.play.errors import PlayError
from mug.play.seeding import derive_seed
from mug.play.spaces import sample_action

__all__ = ["Policy", "RandomPolicy", "make_policy"]


class Policy(Protocol):
    """Decides an agent's action; the same decision for the same match, episode and frame, always."""

    def decide(self, episode: int, frame: int, observation: Any) -> Any:
        """Return the action for this frame, a JSON-like value or array."""


class RandomPolicy:
    """Draws uniformly from the action space, or, without one, from the action mapping's values.

    Each decision depends on match seed, agent, episode and frame alone, so it needs no state that a snapshot or a
    replay would have to carry.
    """

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

    def decide(self, episode: int, frame: int, observation: Any) -> Any:
        """Return the action of this frame."""
        seed = derive_seed(self._match_seed, "policy", self._agent, episode, frame)
        if self._space is None:
            return self._choices[seed % len(self._choices)]
        return sample_action(self._space, seed)


def make_policy(agent: str, kind: Any, *, match_seed: int, space: Any, mapping: Sequence[ActionBinding]) -> Policy:
    """Return the policy of `agent`.

    Raises:
        NotAvailableYetError: For kinds that this version cannot run.
        PlayError: When a random policy has nothing to draw from.
    """
    if kind == "random":
        return RandomPolicy(agent, match_seed, space, [binding.action for binding in mapping])
    raise NotAvailableYetError(f"the policy {kind!r} of agent {agent!r}", "use PolicyTypes.Random or PolicyTypes.Human")
