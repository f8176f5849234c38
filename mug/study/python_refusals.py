"""What keeps a study from being written in the chain API: values that it refuses, and functions of another script."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Final

import msgspec

from mug.ids import is_valid_id
from mug.study.catalog import FieldInfo, struct_fields
from mug.study.conditions import refused_conditions
from mug.study.form_validation import faults_of_form
from mug.study.model import (
    EndPage,
    FormPage,
    GymGame,
    KeyBinding,
    Node,
    RandomizeOrder,
    Repeat,
    Section,
    StartPage,
    StaticPage,
    Study,
)
from mug.study.places import exclusive, problem_at
from mug.study.problems import Problem
from mug.study.python_source import literal
from mug.study.rules import refusal, shown
from mug.study.traversal import NodePath, walk
from mug.study.treatment_validation import problems_of_arm
from mug.study.treatments import applied, arms_of

__all__ = ["is_only_in_python", "python_problems"]

_GENERATED: Final = re.compile(r"mug_script_\w+_[0-9a-f]{12}\.py:\w+")
_ID_RULE: Final = (
    "is not allowed as an id: use 1 to 64 letters, digits, '-', '_' or '.', starting with a letter or a digit"
)

Fault = tuple[str, str, str]
"""Field, code, message."""


def is_only_in_python(ref: str, place: str, field: str) -> bool:
    """Whether a reference stands for something that only the script says which the study was loaded from.

    Args:
        ref: The reference.
        place: The scene's id, or the section of the study ("screening").
        field: The field's name; of a policy "policy_mapping.<agent>".
    """
    own = re.search(rf"\.py:{re.escape(f'{place}.{field}')}(~\d+)?$", ref)
    return own is not None or _GENERATED.fullmatch(ref) is not None


def python_problems(study: Study, in_script: Collection[str] = ()) -> tuple[Problem, ...]:
    """Return everything in a study that a script in the chain API cannot say; empty: it can be written.

    Args:
        study: The study.
        in_script: References that stand for objects of a script, as `mug.study.python_writer.write_python` takes them.
    """
    reader = _Reader(frozenset(in_script))
    found = [problem_at(None, (), *fault) for fault in reader.of_study(study)]
    for path, node in walk(study):
        found += [problem_at(node, path, *fault) for fault in reader.of_node(node)]
        found += _exclusive(path, node)
    found += _of_ends(study)
    return tuple(found)


def _of_ends(study: Study) -> Iterator[Problem]:
    if not study.chain:
        return
    first, last = study.chain[0], study.chain[-1]
    if not isinstance(first, StartPage):
        message = "is the first of the chain, but not a start page: put a start page before it"
        yield problem_at(first, (0,), None, "first_is_no_start", message)
    if not isinstance(last, EndPage):
        message = "is the last of the chain, but not an end page: put an end page after it"
        yield problem_at(last, (len(study.chain) - 1,), None, "last_is_no_end", message)


class _Reader:
    def __init__(self, in_script: frozenset[str]) -> None:
        self.in_script = in_script

    def of_study(self, study: Study) -> Iterator[Fault]:
        yield from self.of_fields(study, "screening")
        if isinstance(study.treatments.arms, Mapping):
            yield from self.of_treatments(study)
        if isinstance(study.id, str) and not is_valid_id(study.id):
            yield "id", "invalid_id", f"{study.id!r} {_ID_RULE}"
        if not study.chain:
            yield "chain", "empty_chain", "has no scenes: begin with a start page and end with an end page"

    def of_treatments(self, study: Study) -> Iterator[Fault]:
        """What a script cannot say of a treatment: words of no meaning, values that no scene can have."""
        yield from _of_arms(study)
        for arm in arms_of(study):
            for scene, fields in arm.changes.items():
                for field, value in fields.items():
                    where = f"treatments.arms.{arm.name}.changes.{scene}.{field}"
                    for ref in _texts(value):
                        if self.is_only_in_python(ref, f"treatments.{arm.name}.{scene}", field):
                            yield where, "only_in_python", _only_in_python(ref)

    def of_node(self, node: Node) -> Iterator[Fault]:
        if isinstance(node, RandomizeOrder | Repeat):
            faults = list(self.of_fields(node, ""))
            yield from faults
            if not node.scenes:
                yield "scenes", "empty_wrapper", "has no scenes: add some, or remove it"
            elif isinstance(node, RandomizeOrder) and not faults and node.keep_n and node.keep_n > len(node.scenes):
                message = (
                    f"is {node.keep_n}, but there are only {len(node.scenes)} scenes: use at most {len(node.scenes)}"
                )
                yield "keep_n", "keep_n_too_large", message
            return
        faults = list(self.of_fields(node, str(node.scene_id)))
        yield from faults
        if any(code == "wrong_type" for _, code, _ in faults):
            return  # the rest reads the fields as what they are not
        if not is_valid_id(node.scene_id):
            yield "scene_id", "invalid_id", f"{node.scene_id!r} {_ID_RULE}"
        match node:
            case FormPage():
                yield from faults_of_form(node)
            case GymGame():
                yield from _of_game(node)

    def of_fields(self, section: Section, place: str, prefix: str = "") -> Iterator[Fault]:
        for name, value in section.extra.items():
            yield from _of_data(prefix + name, value)
        for info in struct_fields(type(section)):
            value = getattr(section, info.name)
            if value is info.default and not info.required:
                continue
            if info.section is not None:
                yield from self.of_fields(value, place, f"{prefix}{info.name}.")
            elif info.name not in ("chain", "scenes", "action_mapping"):
                yield from self.of_value(info, value, place, prefix + info.name)

    def of_value(self, info: FieldInfo, value: Any, place: str, field: str) -> Iterator[Fault]:
        if info.shape == "policy":
            yield from self.of_policies(info, value, place, field)
            return
        refused = refusal(info, value)
        if refused is not None:
            yield field, *refused
        elif isinstance(info.default, float) and not isinstance(value, float):
            yield field, "wrong_type", f"is the whole number {shown(value)}; it must be a number with a point"
        elif info.shape == "callable" and isinstance(value, str) and self.is_only_in_python(value, place, info.name):
            yield field, "only_in_python", _only_in_python(value)
        elif info.shape == "path" and isinstance(value, str) and _is_absolute(value):
            yield (
                field,
                "absolute_path",
                f"is {shown(value)}, a path from the root of a disk, which a script would change: write it from the "
                "study's folder",
            )
        else:
            yield from _of_data(field, value)

    def of_policies(self, info: FieldInfo, value: Any, place: str, field: str) -> Iterator[Fault]:
        try:
            msgspec.convert(value, info.annotation)
        except (msgspec.ValidationError, TypeError, ValueError):
            yield field, "wrong_type", f"must be a {info.type_words}, got {shown(value)}"
            return
        yield from _of_data(field, value)
        policies = value.items() if info.name == "policy_mapping" else [(None, value)]
        for agent, policy in policies:
            name = f"{info.name}.{agent}" if agent is not None else info.name
            where = f"{field}.{agent}" if agent is not None else field
            refs = [(name, policy)]
            if isinstance(policy, Mapping):
                refs = [(f"{name}.custom_inference_fn", policy.get("custom_inference_fn"))]
            for named, ref in refs:
                if isinstance(ref, str) and self.is_only_in_python(ref, place, named):
                    yield where, "only_in_python", _only_in_python(ref)

    def is_only_in_python(self, ref: str, place: str, field: str) -> bool:
        return ref in self.in_script or is_only_in_python(ref, place, field)


def _of_arms(study: Study) -> Iterator[Fault]:
    """Return what keeps the treatments of a study from being written: what the file says wrongly of them."""
    for name, said in study.treatments.arms.items():
        place = f"treatments.arms.{name}"
        for problem in problems_of_arm(name, said):
            yield problem.field or place, problem.code, problem.message
    for arm in arms_of(study):
        for scene, field, code, message in applied(study, arm)[1]:
            if code == "wrong_type":
                yield f"treatments.arms.{arm.name}.changes.{scene}.{field}", code, message


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for item in value.values():
                yield from _texts(item)
        case list() | tuple():
            for item in value:
                yield from _texts(item)


def _of_game(game: GymGame) -> Iterator[Fault]:
    rules = game.multiplayer
    for where, code, message in refused_conditions(rules.network_conditions, None):
        yield f"multiplayer.network_conditions{where}", code, message
    window, needed = rules.continuous_ping_violation_window, rules.continuous_ping_required_violations
    if needed > window:
        message = f"is {needed}, more than the window of {window}: use at most the window"
        yield "multiplayer.continuous_ping_required_violations", "violations_exceed_window", message
    yield from _of_bindings(game.gameplay.action_mapping)


def _of_bindings(bindings: Iterable[KeyBinding]) -> Iterator[Fault]:
    seen: dict[tuple[str, ...], int] = {}
    for index, binding in enumerate(bindings):
        place = f"gameplay.action_mapping[{index}]"
        if not binding.keys or not all(binding.keys):
            yield f"{place}.keys", "no_key", 'names no key: write a KeyboardEvent.key, like "ArrowLeft"'
        elif binding.keys in seen:
            message = f"{' + '.join(binding.keys)} is bound twice (also at {seen[binding.keys]}): keep one"
            yield f"{place}.keys", "duplicate_keys", message
        if binding.action is None:
            yield f"{place}.action", "missing", "is missing: say which action the keys give"
        yield from _of_data(f"{place}.action", binding.action)
        seen.setdefault(binding.keys, index)


def _exclusive(path: NodePath, node: Node) -> Iterator[Problem]:
    if isinstance(node, StaticPage):
        yield from exclusive(node, path, "scene_body", "scene_body_filepath", node)
    if isinstance(node, GymGame):
        for section, text in (
            ("content", "scene_body"),
            ("content", "in_game_scene_body"),
            ("runtime", "environment_initialization_code"),
        ):
            part = getattr(node, section)
            yield from exclusive(node, path, f"{section}.{text}", f"{section}.{text}_filepath", part)


# --- fields ---------------------------------------------------------------------------------------------------------


def _only_in_python(ref: str) -> str:
    return (
        f"is {ref!r}, which only the study's own script says (a lambda, a method, an object): put the function into a "
        'module beside the script and name it "module.py:function", or save the study as a folder, which keeps the '
        "script"
    )


def _of_data(field: str, value: Any) -> Iterator[Fault]:
    try:
        literal(value)
    except TypeError as error:
        yield field, "wrong_type", f"{error}: a script can say texts, numbers, true or false, lists and tables"


def _is_absolute(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()
