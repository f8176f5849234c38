"""From what a researcher writes to what a study holds: plain values, references to Python objects, checked."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from datetime import date, time
from enum import Enum
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from mug.configurations.configuration_constants import ModelConfig, NotProvided
from mug.scenes.script_functions import module_of
from mug.study.catalog import FieldInfo, sections, struct_fields
from mug.study.conditions import refused_conditions
from mug.study.game_validation import BROWSER_CALLABLES
from mug.study.model import KeyBinding, Section
from mug.study.problems import did_you_mean
from mug.study.rules import refusal, shown

__all__ = ["Building", "action_bindings", "checked", "given_values", "plain_value", "split_fields"]


_IN_THE_BROWSER: Final = frozenset(name.rpartition(".")[2] for name in BROWSER_CALLABLES)


def given_values(method: str, struct: type[Section], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given ones of a chain method's values, checked by what is known about the struct's fields.

    Raises:
        ValueError: For a value that the field does not allow; names the parameter, the value and what is allowed.
        TypeError: For a value of a type that it does not allow.
    """
    known = {info.name: info for info in struct_fields(struct)}
    return {name: checked(method, known[name], value) for name, value in given.items() if value is not NotProvided}


def split_fields(
    method: str, struct: type[Section], section: str | None, fields: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return fields, named as in a study file, of a struct or of one of its sections: those it knows, and the others.

    Raises:
        ValueError: When there is no such section, or a field cannot be set so; or as `given_values`.
        TypeError: As `given_values`.
    """
    inner = sections(struct)
    if section is not None:
        if section not in inner:
            hint = did_you_mean(section, inner)
            raise ValueError(f"{method}(section=…) is {section!r}{hint}; allowed: {', '.join(inner) or 'none here'}")
        struct, inner = inner[section], {}
    names = {info.name for info in struct_fields(struct)}
    for name in fields:
        if name in inner:
            raise ValueError(f"{method}(fields=…) has the section {name!r}: call {method}(…, section={name!r})")
        is_tag = name == "kind" and struct.__struct_config__.tag is not None
        if not isinstance(name, str) or is_tag or (name in names and name in ("format", "chain", "scenes")):
            raise ValueError(f"{method}(fields=…) has {name!r}, which is no field that can be set so")
    known = given_values(method, struct, {name: value for name, value in fields.items() if name in names})
    unknown = {name: value for name, value in fields.items() if name not in names}
    return known, {name: plain_value(f"{method}({name!r})", value) for name, value in unknown.items()}


def checked(method: str, info: FieldInfo, value: Any) -> Any:
    """Return `value` as the study holds it; Python objects for references stay as they are until the study is built."""
    place = f"{method}({info.name}=…)"
    if value is None:
        if info.optional or (info.default is None and not info.required):
            return None
        if isinstance(info.default, tuple | dict):
            return info.default
    elif info.shape == "callable" and not isinstance(value, str):
        if not _is_python_object(value):
            raise TypeError(f'{place} is {shown(value)}; it must be a function, or its name as "module:function"')
        return value
    elif info.name == "action_mapping":
        return action_bindings(place, value)
    elif info.shape == "policy" and not isinstance(info.default, dict):
        return _policy(place, value)
    elif info.shape == "policy" and isinstance(value, Mapping):
        return {str(agent): _policy(f"{place}[{agent!r}]", policy) for agent, policy in value.items()}
    value = plain_value(place, value)
    if info.type_words.startswith("list of"):
        if isinstance(value, str) or not isinstance(value, list):
            raise TypeError(f"{place} is {shown(value)}; it must be a {info.type_words}")
        value = tuple(value)
    if isinstance(info.default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    refused = refusal(info, value)
    if refused is not None:
        code, message = refused
        raise (TypeError if code == "wrong_type" else ValueError)(f"{place} {message}")
    if info.name == "network_conditions":
        for where, code, message in refused_conditions(value, None):
            wrong = TypeError if code == "wrong_type" else ValueError
            raise wrong(f"{place}{''.join(f'[{key!r}]' for key in where.split('.')[1:])} {message}")
    # Lists inside of lists become what a study file gives.
    return msgspec.convert(value, info.annotation) if isinstance(value, tuple) else value


def _is_python_object(value: Any) -> bool:
    """Functions, classes, and objects with hooks of their own (a callback, a matchmaker)."""
    hooks = ("on_episode_start", "find_match")
    return callable(value) or any(hasattr(value, hook) for hook in hooks)


def plain_value(place: str, value: Any) -> Any:
    """Return `value` as JSON-ready data: lists for tuples and arrays, Python numbers for NumPy's.

    Raises:
        TypeError: When it holds something else; names where.
    """
    match value:
        case None:
            return None
        case Enum():
            return plain_value(place, value.value)
        case np.generic():
            return value.item()
        case bool():
            return value
        case int():
            return int(value)
        case float():
            return float(value)
        case str():
            return str(value)
        case np.ndarray():
            return value.tolist()
        case date() | time():
            return value
        case Path():
            return value.as_posix()
        case Mapping():
            return {_key(place, key): plain_value(f"{place}[{key!r}]", item) for key, item in value.items()}
        case set() | frozenset():
            raise TypeError(f"{place} is a set, which has no order: give a list")
        case Sequence():
            return [plain_value(f"{place}[{index}]", item) for index, item in enumerate(value)]
    raise TypeError(
        f"{place} is {shown(value)}, a {type(value).__name__}; studies hold texts, numbers, true or false, lists and "
        "tables of those"
    )


def _key(place: str, key: Any) -> str:
    if isinstance(key, str | int) and not isinstance(key, bool):
        return str(key)
    raise TypeError(f"{place} has the key {key!r}; keys must be texts")


def action_bindings(place: str, mapping: Any) -> tuple[KeyBinding, ...]:
    """Return the bindings of an action mapping: a key, or a tuple of keys for a chord → action."""
    if not isinstance(mapping, Mapping):
        raise TypeError(f"{place} is {shown(mapping)}; it must be a dict, key or tuple of keys → action")
    bindings = []
    for keys, action in mapping.items():
        chord = (keys,) if isinstance(keys, str) else keys
        if not isinstance(chord, tuple | frozenset) or not chord or not all(isinstance(k, str) and k for k in chord):
            raise TypeError(
                f'{place} has the key {keys!r}; allowed is a JavaScript KeyboardEvent.key like "ArrowLeft", or a tuple '
                "of them for a chord"
            )
        if action is None:
            raise ValueError(f"{place}[{keys!r}] is None; it must be an action")
        ordered = tuple(sorted(chord)) if isinstance(chord, frozenset) else chord
        bindings.append(KeyBinding(keys=ordered, action=plain_value(f"{place}[{keys!r}]", action)))
    return tuple(bindings)


def _policy(place: str, policy: Any) -> Any:
    if isinstance(policy, Enum):
        policy = policy.value
    if isinstance(policy, Path):
        return policy.as_posix()
    if policy is None or isinstance(policy, ModelConfig | str) or callable(policy):
        return policy
    if hasattr(policy, "compute_action"):
        raise TypeError(f"{place} is a {type(policy).__name__} object; give its class, which is made once a match")
    return plain_value(place, policy)


class Building:
    """Turns one script's objects into references while its study is built.

    Args:
        script: Name of the script, as references write it.
        folder: The study's folder.
    """

    def __init__(self, script: str, folder: Path) -> None:
        self.script = script
        self.folder = folder
        self.callables: dict[str, Any] = {}
        self.generated: dict[str, str] = {}

    def reference(self, target: Any, place: str) -> str:
        """Return how the study refers to `target`.

        Functions and classes of importable modules are named; whatever lives in the script alone is kept under
        ``script.py:<scene>.<field>``, or, for the browser, written into a module of its own.
        """
        if isinstance(target, str):
            return target
        module, name = getattr(target, "__module__", None), getattr(target, "__qualname__", None)
        if isinstance(module, str) and isinstance(name, str) and module != "__main__" and "<" not in name:
            found: Any = sys.modules.get(module)
            for part in name.split("."):
                found = getattr(found, part, None)
            if found is target:
                return f"{module}:{name}"
        field = place.rpartition(".")[2]
        alone = self._alone(target, field) if field in _IN_THE_BROWSER else None
        if alone is not None:
            return alone
        ref, count = f"{self.script}:{place}", 1
        while ref in self.callables and self.callables[ref] is not target:
            count += 1
            ref = f"{self.script}:{place}~{count}"
        self.callables[ref] = target
        return ref

    def _alone(self, target: Any, name: str) -> str | None:
        """Write a function or class of the script into a module of its own, for the browser; None: it cannot be."""
        written = module_of(target, name)
        if written is None:
            return None
        file, source = written
        self.generated[file] = source
        return f"{file}:{name}"

    def section(self, struct: type[Section], values: Mapping[str, Any], place: str) -> dict[str, Any]:
        """Return the values of one section with references in the place of Python objects."""
        shapes = {info.name: info.shape for info in struct_fields(struct)}
        built: dict[str, Any] = {}
        for name, value in values.items():
            match shapes.get(name):
                case "callable" if value is not None:
                    built[name] = self.reference(value, f"{place}.{name}")
                case "path" if isinstance(value, str):
                    built[name] = self.path(value)
                case "policy" if name != "policy_mapping":
                    built[name] = self.policy(value, f"{place}.{name}")
                case "policy" if isinstance(value, dict):
                    built[name] = {
                        agent: self.policy(policy, f"{place}.{name}.{agent}") for agent, policy in value.items()
                    }
                case _:
                    built[name] = value
        return built

    def path(self, text: str) -> str:
        """Return a path as the study holds it: an absolute one inside the study's folder becomes relative."""
        given = Path(text)
        if given.is_absolute() and given.is_relative_to(self.folder):
            return given.relative_to(self.folder).as_posix()
        return text

    def policy(self, policy: Any, place: str) -> Any:
        """Return a policy as the study holds it: a model's description as a table, a Python object as a reference."""
        if isinstance(policy, ModelConfig):
            values = {field.name: getattr(policy, field.name) for field in dataclass_fields(policy)}
            function: Callable[..., Any] | str | None = values.pop("custom_inference_fn")
            plain = {name: plain_value(place, value) for name, value in values.items() if value is not None}
            if isinstance(plain.get("onnx_path"), str):
                plain["onnx_path"] = self.path(plain["onnx_path"])
            if function is not None:
                plain["custom_inference_fn"] = self._of_browser(function, f"{place}.custom_inference_fn")
            return {"kind": "onnx", **plain}
        if isinstance(policy, str) and policy.lower().endswith(".onnx"):
            return self.path(policy)
        return self._of_browser(policy, place) if callable(policy) else policy

    def _of_browser(self, target: Any, place: str) -> str:
        """Return how the study refers to something that acts in the browser."""
        ref = self.reference(target, place)
        if ref not in self.callables:
            return ref
        name = getattr(target, "__name__", "")
        alone = self._alone(target, name if name.isidentifier() else "policy")
        if alone is None:
            return ref
        del self.callables[ref]
        return alone
