"""Do a model's inputs and outputs fit how it is to be asked? Read from their names, types and shapes alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mug.play.errors import PlayError
from mug.play.models import ModelPort
from mug.play.policies_arrays import port_words, shape_words
from mug.play.policies_kinds import ModelSettings, nearest

__all__ = ["ModelPorts", "PortProblem", "find_ports", "ports_of"]


@dataclass(frozen=True)
class PortProblem:
    """What does not fit.

    Attributes:
        field: The `ModelConfig`'s field.
        code: unknown_input, unknown_output, wrong_state, wrong_shape, open_input.
        message: What, and how to fix it.
    """

    field: str
    code: str
    message: str


@dataclass(frozen=True)
class ModelPorts:
    """Which port is for what.

    Attributes:
        obs: Takes the observation.
        logits: Gives the logits.
        state_inputs: Take the state, and `state_outputs` give the next one.
        fixed: Take constant values.
        others: Take nothing yet: only an observation that is a dict can have something for them.
    """

    obs: ModelPort
    logits: ModelPort
    state_inputs: tuple[ModelPort, ...] = ()
    state_outputs: tuple[ModelPort, ...] = ()
    fixed: tuple[tuple[ModelPort, Any], ...] = ()
    others: tuple[ModelPort, ...] = ()


def ports_of(settings: ModelSettings, inputs: Sequence[ModelPort], outputs: Sequence[ModelPort]) -> ModelPorts:
    """Return which port is for what.

    Raises:
        PlayError: With the first of what does not fit.
    """
    ports, problems = find_ports(settings, inputs, outputs)
    if ports is None:
        raise PlayError(f"the model {settings.path!r} does not fit: {problems[0].message}")
    return ports


def find_ports(
    settings: ModelSettings, inputs: Sequence[ModelPort], outputs: Sequence[ModelPort]
) -> tuple[ModelPorts | None, list[PortProblem]]:
    """Return which port is for what, or None with all that does not fit."""
    problems: list[PortProblem] = []
    takes = {port.name: port for port in inputs}
    gives = {port.name: port for port in outputs}

    def one(field: str, name: str, ports: dict[str, ModelPort], kind: str) -> ModelPort | None:
        port = ports.get(name)
        if port is None:
            known = ", ".join(map(repr, ports)) or "none"
            problems.append(
                PortProblem(
                    field, f"unknown_{kind}", f"the model has no {kind} {name!r}{nearest(name, ports)}; it has {known}"
                )
            )
        return port

    state_inputs = [one("state_inputs", name, takes, "input") for name in settings.state_inputs]
    state_outputs = [one("state_outputs", name, gives, "output") for name in settings.state_outputs]
    fixed = [(one("fixed_inputs", name, takes, "input"), value) for name, value in settings.fixed_inputs.items()]
    taken = {*settings.state_inputs, *settings.fixed_inputs}
    if settings.obs_input is not None:
        obs = one("obs_input", settings.obs_input, takes, "input")
    else:
        obs = _only([port for port in inputs if port.name not in taken], "obs_input", "input", problems)
    if settings.logit_output is not None:
        logits = one("logit_output", settings.logit_output, gives, "output")
    else:
        left = [port for port in outputs if port.name not in settings.state_outputs]
        logits = _only(left, "logit_output", "output", problems)
    for index, (into, out) in enumerate(zip(state_inputs, state_outputs, strict=True)):
        if into is not None and out is not None:
            problems += _state_problems(into, out, settings.state_shapes[index])
    if problems or obs is None or logits is None:
        return None, problems
    others = tuple(port for port in inputs if port.name not in taken and port.name != obs.name)
    return (
        ModelPorts(
            obs=obs,
            logits=logits,
            state_inputs=tuple(port for port in state_inputs if port is not None),
            state_outputs=tuple(port for port in state_outputs if port is not None),
            fixed=tuple((port, value) for port, value in fixed if port is not None),
            others=others,
        ),
        problems,
    )


def _only(ports: list[ModelPort], field: str, kind: str, problems: list[PortProblem]) -> ModelPort | None:
    if len(ports) == 1:
        return ports[0]
    if not ports:
        problems.append(PortProblem(field, f"unknown_{kind}", f"the model has no {kind} that is left for it"))
    else:
        known = ", ".join(repr(port.name) for port in ports)
        problems.append(
            PortProblem(
                field,
                f"unknown_{kind}",
                f"the model has several {kind}s ({known}): use a ModelConfig and say with {field} which one it is",
            )
        )
    return None


def _state_problems(into: ModelPort, out: ModelPort, shape: tuple[int, ...]) -> list[PortProblem]:
    if into.dtype != out.dtype:
        return [
            PortProblem(
                "state_outputs",
                "wrong_state",
                f"the state input {into.name!r} takes {into.dtype}, but its output {out.name!r} gives {out.dtype}: "
                "put the pairs into the same order",
            )
        ]
    lead = len(into.shape) - len(shape)
    whole = (1,) * lead + shape
    if lead < 0 or not _agree(whole, into.shape):
        return [
            PortProblem(
                "state_shape",
                "wrong_state",
                f"state_shape is {shape_words(shape)}, but the model's state input is {port_words(into)}",
            )
        ]
    if len(out.shape) != len(whole) or not _agree(whole, out.shape):
        return [
            PortProblem(
                "state_outputs",
                "wrong_state",
                f"the state output {port_words(out)} does not give the next value of {port_words(into)}: "
                "put the pairs into the same order",
            )
        ]
    return []


def _agree(shape: Sequence[int], wanted: Sequence[int]) -> bool:
    return len(shape) == len(wanted) and bool(
        np.all([want < 0 or want == got for got, want in zip(shape, wanted, strict=True)])
    )
