"""What would solve a problem, where one change is the obvious one: a label for a button, and the edit behind it."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from packaging.requirements import InvalidRequirement, Requirement

from mug.rendering.color import NAMED_COLORS
from mug.study.assets import OBJECT_TYPES
from mug.study.browsers import FAMILIES, parse_browser
from mug.study.catalog import struct_fields
from mug.study.conditions import CONDITION_BOUNDS
from mug.study.edits import RESET, Compound, Edit, SetField
from mug.study.endings import PLACEHOLDERS
from mug.study.errors import EditError
from mug.study.field_places import FieldPlace, find_place, value_inside, with_value_inside
from mug.study.game_validation import KEY_NAMES
from mug.study.group_orders import group_sizes
from mug.study.model import Node, RandomizeOrder, Repeat, Section, Study
from mug.study.participation_validation import ABILITIES, ENTRY_REASONS, WATCH_REASONS
from mug.study.problems import Problem, nearest
from mug.study.rules import refusal
from mug.study.structure_fixes import STRUCTURE_FIXES, Fix
from mug.study.traversal import human_agents, node_at, walk
from mug.study.treatment_fixes import TREATMENT_FIXES

__all__ = ["QuickFix", "quick_fix"]


class QuickFix(msgspec.Struct, frozen=True):
    """The obvious change that solves a problem.

    Attributes:
        label: What it does, in a few words, for a button.
        edit: The change.
    """

    label: str
    edit: Edit


def quick_fix(study: Study, problem: Problem) -> QuickFix | None:
    """Return the one obvious change that solves a problem; None: there is none, or several would do.

    Args:
        study: The study as it is.
        problem: One of its problems, as `mug.study.validate` or `mug.check` tell them; an old one gives None.
    """
    try:
        fix = _found(study, problem)
        if fix is None:
            return None
        fix[1].apply(study)
    except (EditError, LookupError, TypeError, ValueError, AttributeError):
        return None  # the problem is none of this study any more, or the study holds what its types forbid
    return QuickFix(*fix)


def _found(study: Study, problem: Problem) -> Fix:
    structural = STRUCTURE_FIXES.get(problem.code) or TREATMENT_FIXES.get(problem.code)
    if structural is not None:
        return structural(study, problem)
    section: Study | Node = node_at(study, problem.path) if problem.path else study
    if problem.code == "unknown_field":
        return _unknown_field(section, problem)
    place = find_place(section, problem.field) if problem.field is not None else None
    solve = _FIELD_FIXES.get(problem.code)
    if solve is None or (place is None and problem.code != "order_splits_groups"):
        return None
    return solve(_Case(study, problem, section, place))


class _Case(NamedTuple):
    """A problem with its place.

    Attributes:
        place: Where it is; None: it is of a whole node.
    """

    study: Study
    problem: Problem
    section: Any
    place: FieldPlace | None

    @property
    def at(self) -> FieldPlace:
        assert self.place is not None
        return self.place

    def set(self, label: str, value: Any) -> Fix:
        """Put a value at the place."""
        whole = with_value_inside(self.at.root, self.at.steps, value)
        return label, SetField(path=self.problem.path, field=self.at.field, value=whole)

    def set_whole(self, label: str, value: Any) -> Fix:
        """Give the field another value."""
        return label, SetField(path=self.problem.path, field=self.at.field, value=value)

    def reset(self, label: str = "") -> Fix:
        """Leave the field out."""
        label = label or f"Leave “{self.at.info.title}” out"
        return label, SetField(path=self.problem.path, field=self.at.field, value=RESET)

    def instead(self, word: Any, known: Iterable[str]) -> Fix:
        """Put the word there that was probably meant."""
        near = nearest(word, known) if isinstance(word, str) else None
        return self.set(f"Use {near!r}", near) if near is not None else None


# --- fields that are not known ----------------------------------------------------------------------------------------


def _unknown_field(section: Section, problem: Problem) -> Fix:
    """Rename a field that was mistyped; its value must be one that the field it was meant to be takes."""
    prefix, name, inner = "", str(problem.field), section
    if name not in section.extra:
        first, _, rest = name.partition(".")
        prefix, name, inner = f"{first}.", rest, getattr(section, first)
    infos = {info.name: info for info in struct_fields(type(inner)) if info.name not in ("chain", "scenes", "format")}
    near = nearest(name, infos)
    if near is None or getattr(inner, near) != infos[near].default:
        return None
    value, info = inner.extra[name], infos[near]
    take_out = SetField(path=problem.path, field=prefix + name, value=RESET)
    if info.section is not None:
        if not isinstance(value, Mapping):
            return None
        sets = [SetField(path=problem.path, field=f"{near}.{key}", value=item) for key, item in value.items()]
        return f"Rename to {near!r}", Compound(edits=(take_out, *sets), label=f"Rename {name} to {near}")
    if refusal(info, value) is not None:
        return None
    rename = SetField(path=problem.path, field=prefix + near, value=value)
    return f"Rename to {near!r}", Compound(edits=(take_out, rename), label=f"Rename {name} to {near}")


# --- values -----------------------------------------------------------------------------------------------------------


def _out_of_bounds(case: _Case) -> Fix:
    place, value = case.at, case.at.value
    if not isinstance(value, int | float) or isinstance(value, bool) or math.isnan(value):
        return None
    low: float
    high: float
    if place.info.name == "network_conditions":
        low, high = CONDITION_BOUNDS[str(place.steps[-1])]
    elif place.steps:
        return None
    else:
        ge, le = place.info.ge, place.info.le
        low, high = (-math.inf if ge is None else ge), (math.inf if le is None else le)
    bound = low if value < low else high
    if not math.isfinite(bound):
        return None
    return case.set(f"Use {bound:g}", type(value)(bound))


def _not_allowed(case: _Case) -> Fix:
    place = case.at
    if place.info.name == "dropout_agent_policy":
        return case.set("Let a random policy take over", "random")
    if place.steps and place.steps[-1] == "object_type":
        return case.instead(place.value, OBJECT_TYPES)
    return case.instead(place.value, place.info.choices or ()) if not place.steps else None


def _wrong_type(case: _Case) -> Fix:
    """Take a text for the number that it says, and the like."""
    if case.at.steps:
        return None
    value = msgspec.convert(case.at.value, case.at.info.annotation, strict=False)
    return case.set(f"Use {value!r}", value) if refusal(case.at.info, value) is None else None


def _unknown_policy(case: _Case) -> Fix:
    people = ("human",) if case.at.info.name == "policy_mapping" else ()
    return case.instead(case.at.value, (*people, "random"))


def _missing(case: _Case) -> Fix:
    if case.at.info.name == "dropout_agent_policy":
        return case.set("Let a random policy take over", "random")
    return None


def _invalid_background(case: _Case) -> Fix:
    return case.instead(str(case.at.value).strip().lower(), NAMED_COLORS)


def _invalid_url(case: _Case) -> Fix:
    address = str(case.at.value).strip()
    if not re.match(r"https?://", address, re.IGNORECASE):
        if not re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d+)?([/?#]\S*)?", address):
            return None
        address = f"https://{address}"
    return case.set("Write https:// before it", address) if refusal(case.at.info, address) is None else None


def _invalid_reference(case: _Case) -> Fix:
    found = re.fullmatch(r"((?:\w+\.)*\w+)\.(\w+)", str(case.at.value).strip())
    return case.set(f"Use '{found[1]}:{found[2]}'", f"{found[1]}:{found[2]}") if found and found[2] != "py" else None


def _left_out(case: _Case) -> Fix:
    return case.reset()


def _optional_left_out(case: _Case) -> Fix:
    return case.reset() if case.at.info.optional else None


def _keep_first(case: _Case) -> Fix:
    """Of two texts that exclude each other keep the one that stands in the study itself, not the file."""
    second = case.at
    section, _, name = second.field.rpartition(".")
    kept = find_place(case.section, f"{section}.{name}".lstrip(".").removesuffix("_filepath"))
    return case.reset(f"Keep “{kept.info.title}”, leave “{second.info.title}” out") if kept is not None else None


def _keep_first_environment(case: _Case) -> Fix:
    given = [
        place
        for name in (
            "environment.env_creator",
            "runtime.environment_initialization_code",
            "runtime.environment_initialization_code_filepath",
        )
        if (place := find_place(case.section, name)) is not None and place.value
    ]
    path = case.problem.path
    edits = tuple(SetField(path=path, field=place.field, value=RESET) for place in given[1:])
    left = " and ".join(f"“{place.info.title}”" for place in given[1:])
    return f"Keep “{given[0].info.title}”, leave {left} out", Compound(edits=edits, label="Keep one environment")


# --- words ------------------------------------------------------------------------------------------------------------


def _unknown_scene(case: _Case) -> Fix:
    """Name the scene that was probably meant, if it comes later."""
    after = [
        node.scene_id
        for path, node in walk(case.study)
        if not isinstance(node, RandomizeOrder | Repeat) and path[0] > case.problem.path[0]
    ]
    everywhere = [node.scene_id for _, node in walk(case.study) if not isinstance(node, RandomizeOrder | Repeat)]
    near = nearest(str(case.at.value), everywhere)
    return case.set(f"Use {near!r}", near) if near in after else None


def _unknown_agent(case: _Case) -> Fix:
    """Rename a table of network conditions: to the agent that was meant, or to the only one that has none."""
    agent, conditions = str(case.at.steps[-1]), case.at.root
    humans = [human for human in human_agents(case.section) if human not in conditions]
    near = nearest(agent, humans) or (humans[0] if len(humans) == 1 else None)
    return _renamed(case, near)


def _unknown_condition(case: _Case) -> Fix:
    return _renamed(case, nearest(str(case.at.steps[-1]), CONDITION_BOUNDS))


def _renamed(case: _Case, new: str | None) -> Fix:
    """Rename the last key of the place."""
    *above, old = case.at.steps
    table = value_inside(case.at.root, tuple(above))
    if new is None or new in table:
        return None
    renamed = {new if key == old else key: item for key, item in table.items()}
    return case.set_whole(f"Rename to {new!r}", with_value_inside(case.at.root, tuple(above), renamed))


def _unknown_reason(case: _Case) -> Fix:
    known = ENTRY_REASONS if case.at.info.name == "exclusion_messages" else WATCH_REASONS
    messages: Mapping[str, str] = case.at.root
    wrong = next(key for key in messages if key not in known and f"message for {key!r}," in case.problem.message)
    near = nearest(wrong, known)
    if near is None or near in messages:
        return None
    return case.set_whole(
        f"Rename to {near!r}", {near if key == wrong else key: text for key, text in messages.items()}
    )


def _unknown_browser(case: _Case) -> Fix:
    for index, text in enumerate(case.at.root):
        rule = parse_browser(text)
        if rule is not None and rule.family not in FAMILIES and f"holds {text!r}" in case.problem.message:
            near = nearest(rule.family, FAMILIES)
            if near is not None:
                name = f"{near}>={rule.major}" if rule.major else near
                return case.set_whole(f"Use {name!r}", with_value_inside(case.at.root, (index,), name))
    return None


def _unknown_requirement(case: _Case) -> Fix:
    for index, ability in enumerate(case.at.root):
        near = nearest(ability, ABILITIES)
        if ability not in ABILITIES and f"holds {ability!r}" in case.problem.message and near is not None:
            return case.set_whole(f"Use {near!r}", with_value_inside(case.at.root, (index,), near))
    return None


def _unknown_placeholder(case: _Case) -> Fix:
    found = re.search(r"\{([^{}]*)\}", case.problem.message)
    near = nearest(found[1], PLACEHOLDERS) if found is not None else None
    if found is None or near is None:
        return None
    return case.set(f"Use {{{near}}}", str(case.at.value).replace(found[0], f"{{{near}}}"))


def _with_url(case: _Case) -> Fix:
    try:
        name = Requirement(case.at.value).name
    except InvalidRequirement:
        return None
    return case.set(f"Use {name!r}", name)


def _urls(case: _Case) -> Fix:
    server = case.at.value
    if isinstance(server, Mapping) and "url" in server and "urls" not in server:
        renamed = {"urls" if key == "url" else key: item for key, item in server.items()}
        return case.set("Rename to 'urls'", renamed)
    return None


# --- games ------------------------------------------------------------------------------------------------------------


def _only_agent_is_human(case: _Case) -> Fix:
    mapping, human_id = case.at.root, case.section.gameplay.human_id
    agent = human_id if human_id in mapping else next(iter(mapping)) if len(mapping) == 1 else None
    return case.set_whole(f"Let a person play {agent!r}", {**mapping, agent: "human"}) if agent is not None else None


def _key_as_meant(case: _Case) -> Fix:
    keys = tuple(KEY_NAMES.get(key.lower(), key) if len(key) > 1 else key for key in case.at.value)
    return case.set(f"Use {' + '.join(map(repr, keys))}", keys)


def _each_key_once(case: _Case) -> Fix:
    keys = tuple(dict.fromkeys(case.at.value))
    return case.set(f"Use {' + '.join(map(repr, keys))}", keys)


def _bound_once(case: _Case) -> Fix:
    """Leave a second binding of the same keys out, if it says nothing else."""
    bindings, index = case.at.root, case.at.steps[0]
    first = next(binding for binding in bindings if frozenset(binding.keys) == frozenset(bindings[index].keys))
    if first.action != bindings[index].action:
        return None
    return case.set_whole("Leave this one out", tuple(one for place, one in enumerate(bindings) if place != index))


def _within_window(case: _Case) -> Fix:
    window = case.section.multiplayer.continuous_ping_violation_window
    return case.set(f"Use {window}", window)


def _per_participant(case: _Case) -> Fix:
    return case.set("Draw it for each participant", "participant")


def _per_group(case: _Case) -> Fix:
    order = case.section
    assert isinstance(order, RandomizeOrder)
    inner = [node for node in _orders_inside(order) if node.per is not None]
    if len(group_sizes(order)) != 1 or inner:
        return None
    return "Draw it for the group", SetField(path=case.problem.path, field="per", value="group")


def _orders_inside(node: RandomizeOrder | Repeat) -> list[RandomizeOrder]:
    found: list[RandomizeOrder] = []
    for inner in node.scenes:
        if isinstance(inner, RandomizeOrder):
            found.append(inner)
        if isinstance(inner, RandomizeOrder | Repeat):
            found += _orders_inside(inner)
    return found


# --- forms and files --------------------------------------------------------------------------------------------------


def _choice_left_out(case: _Case) -> Fix:
    """Leave a choice out that is empty or said before, if enough are left and no picture belongs to it."""
    *above, index = case.at.steps
    listed = value_inside(case.at.root, tuple(above))
    pictures = any(not isinstance(item, str) for item in getattr(case.section, "images", ()))
    if len(listed) <= 2 or pictures:
        return None
    left = tuple(item for place, item in enumerate(listed) if place != index)
    return case.set_whole("Leave this choice out", with_value_inside(case.at.root, tuple(above), left))


_MEANT: Final = re.compile(r"; did you mean '([^']+)'\?")


def _file_as_meant(case: _Case) -> Fix:
    """Name the file that `mug.check` found beside the one that is missing."""
    found, value = _MEANT.search(case.problem.message), case.at.value
    if found is None or not isinstance(value, str) or case.at.info.shape not in ("path", "background"):
        return None
    path = re.sub(r"[^/\\]*$", "", value) + found[1]
    return case.set(f"Use {path!r}", path)


def _build_as_meant(case: _Case) -> Fix:
    """Name the build that `mug.check` found in the folder of builds."""
    found = _MEANT.search(case.problem.message)
    return case.set(f"Use {found[1]!r}", found[1]) if found is not None else None


def _function_as_meant(case: _Case) -> Fix:
    found, value = _MEANT.search(case.problem.message), case.at.value
    if found is None or not isinstance(value, str) or "." in value.rpartition(":")[2]:
        return None
    ref = f"{value.rpartition(':')[0]}:{found[1]}"
    return case.set(f"Use {ref!r}", ref)


_FIELD_FIXES: Final[Mapping[str, Callable[[_Case], Fix]]] = {
    "both_given": _keep_first,
    "duplicate_choice": _choice_left_out,
    "duplicate_keys": _bound_once,
    "empty_choice": _choice_left_out,
    "empty_code": _left_out,
    "human_id_is_no_human": _left_out,
    "invalid_background": _invalid_background,
    "invalid_ice_server": _urls,
    "invalid_path": _optional_left_out,
    "invalid_reference": _invalid_reference,
    "invalid_url": _invalid_url,
    "missing": _missing,
    "missing_build": _build_as_meant,
    "missing_file": _file_as_meant,
    "missing_function": _function_as_meant,
    "nested_group_order": _left_out,
    "no_effect": _left_out,
    "no_group": _per_participant,
    "no_human": _only_agent_is_human,
    "no_redirect": _left_out,
    "not_allowed": _not_allowed,
    "order_splits_groups": _per_group,
    "out_of_bounds": _out_of_bounds,
    "repeated_key": _each_key_once,
    "requirement_with_url": _with_url,
    "several_humans": _left_out,
    "too_few_humans": _left_out,
    "two_environments": _keep_first_environment,
    "unknown_agent": _unknown_agent,
    "unknown_browser": _unknown_browser,
    "unknown_condition": _unknown_condition,
    "unknown_key": _key_as_meant,
    "unknown_placeholder": _unknown_placeholder,
    "unknown_policy": _unknown_policy,
    "unknown_reason": _unknown_reason,
    "unknown_requirement": _unknown_requirement,
    "unknown_scene": _unknown_scene,
    "violations_exceed_window": _within_window,
    "wrong_type": _wrong_type,
}
"""Code of a problem of a field → what finds the obvious change; all other codes have none."""
