"""Policies that are ONNX models.

Each decision feeds the observation, the state of a recurrent model, and the fixed inputs; the logits give an action by
chance or as the largest; the state's outputs are the next decision's state. States are zeros when an episode begins.
All chance follows from match seed, agent, episode and frame.

`custom_inference_fn(session, feeds)`, or with a third argument `rng`, runs the model in the built-in way's place.
`session` is as onnxruntime's: ``session.run(names or None, feeds)`` returns a list, `get_inputs()` and `get_outputs()`
ports with `name`, `shape` and `type`. `feeds` is a dict of arrays by input name. It returns the logits; or a list of
all outputs; or a dict of outputs by name, in which "action" is taken as it is, without logits. A recurrent model's
state outputs must be among them.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mug.play.errors import PlayError
from mug.play.models import Array, Model, ModelPort
from mug.play.policies import PolicyPlace
from mug.play.policies_arrays import as_input, choose_action
from mug.play.policies_kinds import ModelSettings, model_settings
from mug.play.policies_ports import ModelPorts, ports_of
from mug.play.seeding import derive_seed

__all__ = ["ModelSession", "OnnxPolicy"]

_TYPES = {"float32": "float", "float64": "double"}


@dataclass(frozen=True)
class _Argument:
    name: str
    shape: list[int | None]
    type: str


class ModelSession:
    """A model as `custom_inference_fn` is given it: with the methods of an onnxruntime session."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def get_inputs(self) -> list[_Argument]:
        """Return what it takes; a length of None: any."""
        return [_argument(port) for port in self._model.inputs]

    def get_outputs(self) -> list[_Argument]:
        """Return what it gives."""
        return [_argument(port) for port in self._model.outputs]

    def run(self, output_names: Sequence[str] | None, feeds: Mapping[str, Any]) -> list[Array]:
        """Run the model; returns the named outputs, or all."""
        inputs = {port.name: port for port in self._model.inputs}
        unknown = [name for name in feeds if name not in inputs]
        if unknown:
            raise PlayError(f"the model has no input {unknown[0]!r}; it has {', '.join(map(repr, inputs))}")
        made = {name: np.ascontiguousarray(value, dtype=np.dtype(inputs[name].dtype)) for name, value in feeds.items()}
        outputs = self._model.run(made)
        names = output_names or [port.name for port in self._model.outputs]
        return [outputs[name] for name in names]


class OnnxPolicy:
    """A model of the study.

    Args:
        agent: The agent.
        policy: A path, or a `ModelConfig`'s data.
        space: The agent's action space, or None.
        place: Where it is made.

    Raises:
        PlayError: When the file is missing or no model, or the model has other inputs and outputs than it should.
    """

    def __init__(self, agent: str, policy: str | Mapping[str, Any], space: Any, place: PolicyPlace) -> None:
        self._agent = agent
        self._space = space
        self._match_seed = place.match_seed
        settings = self._settings = model_settings(policy)
        model = self._model = place.model(settings.path)
        ports = self._ports = ports_of(settings, model.inputs, model.outputs)
        self._fixed = {port.name: as_input(value, port, f"fixed_inputs[{port.name!r}]") for port, value in ports.fixed}
        self._zeros = tuple(_zeros(settings, ports))
        self._states = self._zeros
        self._custom: Callable[..., Any] | None = None
        self._takes_rng = False
        if settings.custom_inference_fn is not None:
            self._custom = place.function(settings.custom_inference_fn, "custom_inference_fn")
            self._takes_rng = _takes_three(self._custom)
        self._session = ModelSession(model)

    @property
    def remembers(self) -> bool:
        """Whether the model is recurrent, or study code runs it."""
        return bool(self._zeros) or self._custom is not None

    def reset(self, episode: int) -> None:
        """The state is zeros again."""
        self._states = self._zeros

    def decide(self, episode: int, frame: int, observation: Any) -> Any:
        """Run the model once."""
        settings, ports = self._settings, self._ports
        feeds = self._feeds(observation)
        seed = derive_seed(self._match_seed, "policy", self._agent, episode, frame)
        outputs = self._model.run(feeds) if self._custom is None else self._run_custom(feeds, seed)
        states = [_state(outputs, port, zeros) for port, zeros in zip(ports.state_outputs, self._zeros, strict=True)]
        if self._custom is not None and "action" in outputs and ports.logits.name != "action":
            action = outputs["action"]
        else:
            logits = outputs.get(ports.logits.name)
            if logits is None:
                raise PlayError(f"custom_inference_fn returned neither the logits {ports.logits.name!r} nor 'action'")
            action = choose_action(
                logits, self._space, sampling=settings.sampling, seed=seed, name=f"the output {ports.logits.name!r}"
            )
        self._states = tuple(states)
        return action

    def save(self) -> tuple[Array, ...]:
        """Return the state: arrays that are never written to."""
        return self._states

    def load(self, saved: tuple[Array, ...]) -> None:
        """Put the state back."""
        self._states = saved

    def _feeds(self, observation: Any) -> dict[str, Array]:
        ports = self._ports
        feeds = dict(self._fixed)
        feeds.update(zip((port.name for port in ports.state_inputs), self._states, strict=True))
        named: dict[str, ModelPort] = {}
        if isinstance(observation, Mapping):
            free = {port.name: port for port in (ports.obs, *ports.others)}
            named = {key: free[key] for key in observation if key in free}
            for key, port in named.items():
                feeds[key] = as_input(observation[key], port, f"the observation's {key!r}")
            observation = {key: value for key, value in observation.items() if key not in named}
        if ports.obs.name not in feeds:
            feeds[ports.obs.name] = as_input(observation, ports.obs)
        missing = [port.name for port in ports.others if port.name not in feeds]
        if missing and self._custom is None:
            raise PlayError(
                f"the model's input {missing[0]!r} gets nothing: give its value in fixed_inputs, name it in "
                "state_inputs, or let the observation be a dict with this key"
            )
        return feeds

    def _run_custom(self, feeds: dict[str, Array], seed: int) -> dict[str, Any]:
        assert self._custom is not None
        given = {name: value.copy() for name, value in feeds.items()}
        if self._takes_rng:
            answer = self._custom(self._session, given, np.random.Generator(np.random.PCG64(seed)))
        else:
            answer = self._custom(self._session, given)
        names = [port.name for port in self._model.outputs]
        if isinstance(answer, Mapping):
            return dict(answer)
        if (
            isinstance(answer, (list, tuple))
            and len(answer) == len(names)
            and all(isinstance(item, np.ndarray) for item in answer)
        ):
            return dict(zip(names, answer, strict=True))
        if answer is None:
            raise PlayError("custom_inference_fn returned None: it must return the logits, or a dict of outputs")
        return {self._ports.logits.name: np.asarray(answer)}


def _argument(port: ModelPort) -> _Argument:
    shape = [None if length < 0 else length for length in port.shape]
    return _Argument(port.name, shape, f"tensor({_TYPES.get(port.dtype, port.dtype)})")


def _zeros(settings: ModelSettings, ports: ModelPorts) -> list[Array]:
    zeros = []
    for port, shape in zip(ports.state_inputs, settings.state_shapes, strict=True):
        array = as_input(np.zeros(shape, dtype=np.dtype(port.dtype)), port, f"the state {port.name!r}")
        array.setflags(write=False)
        zeros.append(array)
    return zeros


def _state(outputs: Mapping[str, Any], port: ModelPort, zeros: Array) -> Array:
    value = outputs.get(port.name)
    if value is None:
        raise PlayError(f"custom_inference_fn did not return the state output {port.name!r}")
    array = np.array(value, dtype=zeros.dtype, order="C")
    if array.shape != zeros.shape:
        raise PlayError(
            f"the state output {port.name!r} has the shape {array.shape}, but the state has {zeros.shape}: "
            "correct state_shape"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise PlayError(
            f"the state output {port.name!r} holds {'NaN' if np.isnan(array).any() else 'infinity'}: look at the model "
            "and at the observation that it was given"
        )
    array.setflags(write=False)
    return array


def _takes_three(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(None, None, None)
    except (TypeError, ValueError):
        return False
    return True
