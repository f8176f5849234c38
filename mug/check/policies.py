"""A game's policies: their models and the modules of their code."""

from collections.abc import Iterator, Mapping

from mug.check.environments import Finding
from mug.check.files import browser_callable
from mug.play.errors import PlayError
from mug.play.policies_kinds import framework_of
from mug.policies.cards import policies_of
from mug.policies.problems import policy_field, problems_of_models
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame

__all__ = ["policies_of_game"]


def policies_of_game(loaded: LoadedStudy, game: GymGame) -> Iterator[Finding]:
    """Check what a game's policies refer to; trying the environment tells whether they can act in it."""
    yield from problems_of_models(loaded, game)
    for agent, policy in policies_of(game):
        field = policy_field(agent)
        ref = policy.get("custom_inference_fn") if isinstance(policy, Mapping) else policy
        try:
            is_code = isinstance(policy, Mapping) or framework_of(policy) == "python"
        except PlayError:
            continue  # told by `validate`
        if is_code and isinstance(ref, str) and ":" in ref and ref not in loaded.callables:
            yield from browser_callable(loaded, field, ref)
