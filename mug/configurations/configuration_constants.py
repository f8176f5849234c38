"""Names for the values that settings take, and the mark of a setting that was not given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, TypeAlias, TypeVar

__all__ = [
    "ActionSettings",
    "Given",
    "InputModes",
    "ModelConfig",
    "NotProvided",
    "NotProvidedType",
    "PolicyTypes",
]


class NotProvidedType(Enum):
    """The type of `NotProvided`; an enumeration, so that type checkers know its one value."""

    NOT_PROVIDED = "NotProvided"

    def __repr__(self) -> str:
        return "NotProvided"

    def __bool__(self) -> bool:
        return False


NotProvided: Final = NotProvidedType.NOT_PROVIDED
"""Stands for a parameter that was not given: the setting stays as it was."""

_T = TypeVar("_T")
Given: TypeAlias = _T | Literal[NotProvidedType.NOT_PROVIDED]


class InputModes:
    """How keys become actions."""

    PressedKeys: Final = "pressed_keys"
    """The keys held now."""

    SingleKeystroke: Final = "single_keystroke"
    """One action per key press."""


class PolicyTypes:
    """Who acts for an agent."""

    Human: Final = "human"
    Random: Final = "random"


class ActionSettings:
    """What an agent does when no key gives an action."""

    PreviousSubmittedAction: Final = "previous_submitted_action"
    DefaultAction: Final = "default_action"


@dataclass(kw_only=False)
class ModelConfig:
    """An ONNX model that acts for an agent, as a value of ``policy_mapping``.

    Attributes:
        obs_input: Name of the model's input for the observation.
        logit_output: Name of the model's output with the action's logits.
        onnx_path: Path of the model's file.
        state_inputs: Names of the inputs for a recurrent model's state.
        state_outputs: Names of its state outputs, in the order of `state_inputs`.
        state_shape: Shape of each state.
        fixed_inputs: Further inputs with constant values, by name.
        custom_inference_fn: A function ``(session, feeds)``, or its reference, that runs the model in the built-in
            way's place; it returns the logits, or a dict of outputs by name.
        sampling: "sample" draws an action with the logits' softmax as probabilities, "argmax" takes the largest; None:
            "sample".
    """

    obs_input: str
    logit_output: str
    onnx_path: str | None = None
    state_inputs: Sequence[str] | None = None
    state_outputs: Sequence[str] | None = None
    state_shape: Sequence[int] | None = None
    fixed_inputs: dict[str, Any] | None = None
    custom_inference_fn: Callable[..., Any] | str | None = None
    sampling: str | None = None

    def __post_init__(self) -> None:
        for name in ("obs_input", "logit_output"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value:
                raise TypeError(f"{name} must be a text, the name in the model; got {value!r}")
        inputs, outputs = self.state_inputs, self.state_outputs
        if bool(inputs) != bool(outputs) or len(inputs or ()) != len(outputs or ()):
            raise ValueError(
                f"state_inputs and state_outputs come in pairs; got state_inputs={inputs!r}, state_outputs={outputs!r}"
            )
        if inputs and self.state_shape is None:
            raise ValueError("state_shape must be given with state_inputs and state_outputs; got None")
        if self.sampling not in (None, "sample", "argmax"):
            raise ValueError(f'sampling is {self.sampling!r}; allowed: "sample", "argmax"')
