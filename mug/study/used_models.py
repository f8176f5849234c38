"""Whether a game's partners are models, which the participants' browsers must be able to run."""

from typing import Any

from mug.study.model import GymGame, Study
from mug.study.traversal import walk

__all__ = ["study_uses_models", "uses_models"]


def uses_models(game: GymGame) -> bool:
    """Whether one of a game's policies is an ONNX model: a path that ends in ``.onnx``, or a ``ModelConfig``."""
    return any(map(_is_model, (*game.policies.policy_mapping.values(), game.multiplayer.dropout_agent_policy)))


def study_uses_models(study: Study) -> bool:
    """Whether one of a study's games does."""
    return any(isinstance(node, GymGame) and uses_models(node) for _, node in walk(study))


def _is_model(policy: Any) -> bool:
    if isinstance(policy, str):
        return policy.lower().endswith(".onnx")
    return isinstance(policy, dict) and policy.get("kind") == "onnx"
