"""What is wrong with a policy, by what a study's data says of it; its files and code are looked at by `mug.check`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mug.play.errors import PlayError
from mug.play.policies_kinds import framework_of, model_settings, reference_parts
from mug.study.model import GymGame
from mug.study.problems import did_you_mean

__all__ = ["MODEL_FIELDS", "faults_of_policy"]

MODEL_FIELDS: Final = (
    *("obs_input", "logit_output", "onnx_path", "state_inputs", "state_outputs", "state_shape"),
    *("fixed_inputs", "custom_inference_fn", "sampling"),
)
"""Parameters of a `ModelConfig`, in their order."""

_KEYS: Final = ("kind", *MODEL_FIELDS)
"""Keys of a policy that is a table."""


def faults_of_policy(game: GymGame, policy: Any, place: str) -> Iterator[tuple[str, str]]:
    """Return code and message of what is wrong with a policy that is no person's.

    Args:
        game: The scene.
        policy: The value.
        place: Where it stands, as references of a script name it: "policy_mapping.<agent>", "dropout_agent_policy".
    """
    try:
        framework = framework_of(policy)
    except PlayError as error:
        yield "unknown_policy", f"is {policy!r}: {error}; allowed: {_ALLOWED}"
        return
    if framework == "python":
        yield from _of_reference(game, str(policy), place)
    elif framework == "onnx":
        yield from _of_model(game, policy, place)
    elif framework == "named" and game.policies.load_policy_fn is None and game.policies.policy_inference_fn is None:
        hint = did_you_mean(policy, ("human", "random"))
        yield (
            "unknown_policy",
            f"is {policy!r}{hint}: without load_policy_fn or policy_inference_fn nobody knows such a name; "
            f"allowed: {_ALLOWED}",
        )


_ALLOWED = (
    '"human", "random", a path ending in .onnx, a ModelConfig, a function or class as "file.py:Name", or a name that '
    "load_policy_fn knows"
)


def _of_reference(game: GymGame, ref: str, place: str) -> Iterator[tuple[str, str]]:
    if re.search(rf"\.py:{re.escape(f'{game.scene_id}.{place}')}(~\d+)?$", ref):
        yield (
            "not_in_the_browser",
            "is defined in the study's script, but acts in the participants' browsers, where the script is not: put it "
            'into a module beside the environment and refer to it as "file.py:Name"',
        )


def _of_model(game: GymGame, policy: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(policy, Mapping):
        for name in ("obs_input", "logit_output", "onnx_path"):
            if not isinstance(policy.get(name), str) or not policy[name]:
                what = "the path of the model's file" if name == "onnx_path" else "the name in the model"
                yield "incomplete_model", f"has {name} = {policy.get(name)!r}: give {what}"
                return
        for name in policy:
            if name not in _KEYS:
                yield (
                    "unknown_field",
                    f"has {name!r}{did_you_mean(name, _KEYS)}; allowed: {', '.join(_KEYS)}",
                )
    try:
        settings = model_settings(policy)
    except PlayError as error:
        yield "invalid_model", str(error)
        return
    custom = settings.custom_inference_fn
    if custom is not None and reference_parts(custom) is None:
        yield (
            "invalid_reference",
            f'has custom_inference_fn = {custom!r}: name the function as "file.py:name" or "package.module:name"',
        )
    elif custom is not None:
        yield from _of_reference(game, custom, f"{place}.custom_inference_fn")
