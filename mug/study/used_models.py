"""Whether a game's partners are models, which the participants' browsers must be able to run."""

from typing import Any

from mug.study.model import GymGame, Study
from mug.study.multiplayer import runs_on_server
from mug.study.treatments import every_version

__all__ = ["study_uses_models", "uses_models"]


def uses_models(game: GymGame) -> bool:
    """Whether one of a game's policies is an ONNX model: a path that ends in ``.onnx``, or a ``ModelConfig``."""
    return any(map(_is_model, (*game.policies.policy_mapping.values(), game.multiplayer.dropout_agent_policy)))


def study_uses_models(study: Study) -> bool:
    """Whether one of the games that run in browsers does, under any of the study's treatments."""
    return any(
        isinstance(node, GymGame) and uses_models(node) and not runs_on_server(node)
        for _, _, node in every_version(study)
    )


def _is_model(policy: Any) -> bool:
    if isinstance(policy, str):
        return policy.lower().endswith(".onnx")
    return isinstance(policy, dict) and policy.get("kind") == "onnx"
