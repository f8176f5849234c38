"""All problems of a study that its data alone can tell.

What needs files, packages or the environment itself is found by `mug.check`, in the same form.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement

from mug.ids import is_valid_id
from mug.study.catalog import FieldInfo, struct_fields
from mug.study.fields import Severity
from mug.study.model import (
    EndPage,
    GymGame,
    Node,
    RandomizeOrder,
    Repeat,
    Section,
    StartPage,
    StaticPage,
    Study,
)
from mug.study.problems import Problem, did_you_mean, node_id_of
from mug.study.rules import refusal, shown
from mug.study.traversal import NodePath, human_agents, walk

__all__ = ["BROWSER_CALLABLES", "is_script_reference", "validate"]

BROWSER_CALLABLES: Final = ("environment.env_creator", "rendering.hud_text_fn", "rendering.env_to_state_fn")
"""Fields of a game whose functions run in the participant's browser."""

_MAX_PLAN: Final = 10_000


def validate(study: Study) -> list[Problem]:
    """Return every problem of `study`, in the order of the chain; the study's own come first."""
    return list(_Validation(study).problems())


def is_script_reference(ref: str, scene_id: str, field: str) -> bool:
    """Say whether `ref` stands for a lambda, local function or object that a script gave to a scene's field."""
    place = f"{scene_id}.{field.rpartition('.')[2]}"
    return re.search(rf"\.py:{re.escape(place)}(~\d+)?$", ref) is not None


class _Validation:
    def __init__(self, study: Study) -> None:
        self.study = study
        self.nodes = list(walk(study))
        self.scene_ids = Counter(
            node.scene_id for _, node in self.nodes if not isinstance(node, RandomizeOrder | Repeat)
        )

    def problems(self) -> Iterator[Problem]:
        yield from self._of_study()
        for path, node in self.nodes:
            yield from self._of_node(path, node)

    # --- the study -----------------------------------------------------------------------------------------------

    def _of_study(self) -> Iterator[Problem]:
        study = self.study
        yield from _of_fields(study, None, ())
        if isinstance(study.id, str) and not is_valid_id(study.id):
            yield _problem(None, (), "id", "invalid_id", f"{study.id!r} {_ID_RULE}")
        if not study.chain:
            yield _problem(
                None, (), "chain", "empty_chain", "has no scenes: begin with a start page and end with an end page"
            )
            return
        if not isinstance(study.chain[0], StartPage):
            yield _problem(
                study.chain[0],
                (0,),
                None,
                "first_is_no_start",
                "is the first of the chain, but not a start page: put a start page (StartScene) before it",
            )
        last = len(study.chain) - 1
        if not isinstance(study.chain[last], EndPage):
            yield _problem(
                study.chain[last],
                (last,),
                None,
                "last_is_no_end",
                "is the last of the chain, but not an end page: put an end page (EndScene or CompletionCodeScene) "
                "after it",
            )
        length = sum(_length(node) for node in study.chain)
        if length > _MAX_PLAN:
            yield _problem(
                None,
                (),
                "chain",
                "too_long",
                f"gives every participant {length} scenes; at most {_MAX_PLAN} are possible: repeat less",
            )

    # --- nodes ---------------------------------------------------------------------------------------------------

    def _of_node(self, path: NodePath, node: Node) -> Iterator[Problem]:
        found = list(_of_fields(node, node, path))
        yield from found
        if any(problem.code == "wrong_type" for problem in found):
            return  # the rest reads the fields as what they are not
        match node:
            case RandomizeOrder() | Repeat():
                yield from self._of_wrapper(path, node)
                return
            case StaticPage():
                yield from self._of_page(path, node)
            case GymGame():
                yield from _of_game(path, node)
                yield from self._of_game_in_study(path, node)
        if not is_valid_id(node.scene_id):
            yield _problem(node, path, "scene_id", "invalid_id", f"{node.scene_id!r} {_ID_RULE}")
        if self.scene_ids[node.scene_id] > 1 and path == self._first_with(node.scene_id):
            yield _problem(
                node,
                path,
                "scene_id",
                "duplicate_scene_id",
                f"{node.scene_id!r} names {self.scene_ids[node.scene_id]} scenes; their data can only be told apart by "
                "the visit: give each its own id",
                "warning",
            )

    def _first_with(self, scene_id: str) -> NodePath:
        return next(
            path
            for path, node in self.nodes
            if not isinstance(node, RandomizeOrder | Repeat) and node.scene_id == scene_id
        )

    def _of_wrapper(self, path: NodePath, node: RandomizeOrder | Repeat) -> Iterator[Problem]:
        if not node.scenes:
            yield _problem(node, path, "scenes", "empty_wrapper", "has no scenes: add some, or remove it")
        if not isinstance(node, RandomizeOrder):
            return
        if node.keep_n is not None and node.scenes and node.keep_n > len(node.scenes):
            yield _problem(
                node,
                path,
                "keep_n",
                "keep_n_too_large",
                f"is {node.keep_n}, but there are only {len(node.scenes)} scenes: use at most {len(node.scenes)}",
            )
        if node.per == "group":
            yield _problem(
                node,
                path,
                "per",
                "not_available_yet",
                'is "group", which needs games of several people, not available in this version of MUG yet: use '
                '"participant"',
            )

    def _of_page(self, path: NodePath, node: StaticPage) -> Iterator[Problem]:
        if isinstance(node, StartPage) and path != (0,):
            yield _problem(
                node,
                path,
                None,
                "start_not_first",
                "is a start page, but not the first of the chain: use a static page",
            )
        if isinstance(node, EndPage) and path != (len(self.study.chain) - 1,):
            yield _problem(
                node,
                path,
                None,
                "end_not_last",
                "is an end page, but not the last of the chain; nothing after it would be reached: use a static page",
            )
        yield from _exclusive(node, path, "scene_body", "scene_body_filepath", node)
        shown = (node.scene_header, node.scene_subheader, node.scene_body, node.scene_body_filepath)
        if not any(shown) and not (isinstance(node, EndPage) and node.redirect_url):
            yield _problem(
                node, path, None, "empty_page", "shows nothing: give it a header, a body or a body file", "warning"
            )
        if isinstance(node, EndPage) and node.append_subject_id and not node.redirect_url:
            yield _problem(
                node,
                path,
                "append_subject_id",
                "no_redirect",
                "has no effect without a redirect address: give redirect_url",
                "warning",
            )

    def _of_game_in_study(self, path: NodePath, node: GymGame) -> Iterator[Problem]:
        target = node.waitroom.timeout_scene_id
        if target is not None and target not in self.scene_ids:
            yield _problem(
                node,
                path,
                "waitroom.timeout_scene_id",
                "unknown_scene",
                f"names the scene {target!r}, which the study does not have{did_you_mean(target, self.scene_ids)}",
            )


# --- a game by itself -------------------------------------------------------------------------------------------------


def _of_game(path: NodePath, node: GymGame) -> Iterator[Problem]:
    yield from _of_environment(path, node)
    yield from _of_agents(path, node)
    yield from _of_keys(path, node)
    yield from _exclusive(node, path, "content.scene_body", "content.scene_body_filepath", node.content)
    yield from _exclusive(node, path, "content.in_game_scene_body", "content.in_game_scene_body_filepath", node.content)
    multiplayer = node.multiplayer
    if multiplayer.continuous_ping_required_violations > multiplayer.continuous_ping_violation_window:
        yield _problem(
            node,
            path,
            "multiplayer.continuous_ping_required_violations",
            "violations_exceed_window",
            f"is {multiplayer.continuous_ping_required_violations}, more than the window of "
            f"{multiplayer.continuous_ping_violation_window}: use at most the window",
        )
    if multiplayer.dropout_policy == "policy" and multiplayer.dropout_agent_policy is None:
        yield _problem(
            node,
            path,
            "multiplayer.dropout_agent_policy",
            "missing",
            'is needed with dropout_policy "policy": say which policy takes over',
        )


def _of_environment(path: NodePath, node: GymGame) -> Iterator[Problem]:
    runtime = node.runtime
    given = {
        "environment.env_creator": node.environment.env_creator,
        "runtime.environment_initialization_code": runtime.environment_initialization_code,
        "runtime.environment_initialization_code_filepath": runtime.environment_initialization_code_filepath,
    }
    names = [name for name, value in given.items() if value]
    if not names:
        yield _problem(
            node,
            path,
            "runtime",
            "no_environment",
            "has no environment: give runtime.environment_initialization_code_filepath, "
            "runtime.environment_initialization_code, or environment.env_creator",
        )
    elif len(names) > 1:
        yield _problem(
            node,
            path,
            names[-1],
            "two_environments",
            f"{' and '.join(names)} are given; they exclude each other: keep one",
        )
    if node.environment.env_config and not node.environment.env_creator:
        yield _problem(
            node,
            path,
            "environment.env_config",
            "no_effect",
            "has no effect without environment.env_creator, the function it is given to",
            "warning",
        )
    for name, code in (
        ("runtime.environment_initialization_code", runtime.environment_initialization_code),
        ("runtime.on_game_step_code", runtime.on_game_step_code),
    ):
        if code:
            yield from _of_code(path, node, name, code)
    for index, text in enumerate(runtime.packages_to_install):
        if text.endswith(".whl") and "://" not in text:
            continue  # a wheel of the study's own
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            yield _problem(
                node,
                path,
                f"runtime.packages_to_install[{index}]",
                "invalid_requirement",
                f"{text!r} is not a pip requirement ({str(error).splitlines()[0]}): write a name, or a name and a "
                'version, like "gymnasium>=1.0"',
            )
        else:
            if requirement.url:
                yield _problem(
                    node,
                    path,
                    f"runtime.packages_to_install[{index}]",
                    "requirement_with_url",
                    f"{text!r} names an address: packages are found by name; give a name and a version",
                )
    for name in BROWSER_CALLABLES:
        section, _, field = name.partition(".")
        ref = getattr(getattr(node, section), field)
        if ref and is_script_reference(ref, node.scene_id, field):
            yield _problem(
                node,
                path,
                name,
                "not_in_the_browser",
                "is defined in the study's script, but runs in the participant's browser, where the script is not: "
                'put the function into a module beside the environment and refer to it as "file.py:function"',
            )


def _of_code(path: NodePath, node: GymGame, field: str, code: str) -> Iterator[Problem]:
    try:
        compile(code, f"<{node.scene_id} {field}>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        text = (getattr(error, "text", None) or "").strip()
        place = f", line {line}: {text}" if line else ""
        yield _problem(
            node, path, field, "code_does_not_compile", f"is not valid Python ({getattr(error, 'msg', error)}{place})"
        )


def _of_agents(path: NodePath, node: GymGame) -> Iterator[Problem]:
    mapping, human_id = node.policies.policy_mapping, node.gameplay.human_id
    humans = human_agents(node)
    for agent, policy in mapping.items():
        if policy in ("human", "random"):
            continue
        hint = did_you_mean(policy, ("human", "random")) if isinstance(policy, str) else ""
        yield _problem(
            node,
            path,
            f"policies.policy_mapping.{agent}",
            "not_available_yet",
            f"is {policy!r}{hint}; policies other than human and random are not available in this version of MUG yet",
        )
    if human_id is not None and mapping and human_id not in humans:
        what = f"is {mapping[human_id]!r} in policy_mapping" if human_id in mapping else "is not in policy_mapping"
        hint = did_you_mean(human_id, mapping) if human_id not in mapping else ""
        yield _problem(
            node,
            path,
            "gameplay.human_id",
            "human_id_is_no_human",
            f'{human_id!r} {what}{hint}: give it "human" there, or leave human_id out',
        )
    if not humans:
        yield _problem(
            node,
            path,
            "policies.policy_mapping",
            "no_human",
            'has no human: give the participant\'s agent the value "human"',
        )
    if len(humans) > 1:
        yield _problem(
            node,
            path,
            "policies.policy_mapping",
            "not_available_yet",
            f"has {len(humans)} humans; games of several people are not available in this version of MUG yet: let one "
            'agent be "human", the others "random"',
        )


def _of_keys(path: NodePath, node: GymGame) -> Iterator[Problem]:
    gameplay = node.gameplay
    if gameplay.default_action is None:
        yield _problem(
            node,
            path,
            "gameplay.default_action",
            "no_default_action",
            "is missing: say which action an agent takes while no key is pressed"
            + (
                " (before the first key there is no previous action)"
                if gameplay.action_population_method == "previous_submitted_action"
                else ""
            ),
        )
    if not gameplay.action_mapping:
        yield _problem(
            node,
            path,
            "gameplay.action_mapping",
            "no_keys",
            "is empty: the participant could do nothing but the default action; add keys and their actions",
            "warning",
        )
    seen: dict[frozenset[str], int] = {}
    for index, binding in enumerate(gameplay.action_mapping):
        place = f"gameplay.action_mapping[{index}]"
        chord = frozenset(binding.keys)
        if not binding.keys or "" in chord:
            yield _problem(
                node, path, f"{place}.keys", "no_key", 'names no key: write a KeyboardEvent.key, like "ArrowLeft"'
            )
            continue
        if binding.action is None:
            yield _problem(node, path, f"{place}.action", "missing", "is missing: say which action the keys give")
        for key in binding.keys:
            if len(key) > 1 and _KEY_NAMES.get(key.lower(), key) != key:
                yield _problem(
                    node,
                    path,
                    f"{place}.keys",
                    "unknown_key",
                    f"{key!r} is no KeyboardEvent.key; did you mean {_KEY_NAMES[key.lower()]!r}?",
                    "warning",
                )
        if len(chord) < len(binding.keys):
            yield _problem(node, path, f"{place}.keys", "repeated_key", "names a key twice: name each once")
        if chord in seen:
            yield _problem(
                node,
                path,
                f"{place}.keys",
                "duplicate_keys",
                f"{' + '.join(binding.keys)} is bound twice (also at {seen[chord]}): keep one",
            )
        seen.setdefault(chord, index)


_KEY_NAMES: Final = {
    **{
        name.lower(): name
        for name in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Enter", "Escape", "Tab", "Backspace", "Shift")
    },
    "left": "ArrowLeft",
    "right": "ArrowRight",
    "up": "ArrowUp",
    "down": "ArrowDown",
    "space": " ",
    "spacebar": " ",
    "esc": "Escape",
    "return": "Enter",
}


# --- fields by their metadata -----------------------------------------------------------------------------------------

_ID_RULE: Final = (
    "is not allowed: use 1 to 64 letters, digits, '-', '_' or '.', starting with a letter or a digit, without '..' and "
    "not ending with '.'"
)


def _of_fields(struct: Section, node: Node | None, path: NodePath, prefix: str = "") -> Iterator[Problem]:
    """Check every field of `struct` by what is known about it, its sections' fields too."""
    infos = struct_fields(type(struct))
    for name in struct.extra:
        hint = did_you_mean(name, [info.name for info in infos])
        yield _problem(
            node,
            path,
            prefix + name,
            "unknown_field",
            f"is not a field that this version of MUG knows{hint}; it is kept, but has no effect",
            "warning",
        )
    for info in infos:
        value = getattr(struct, info.name)
        if value is info.default and not info.required:
            continue
        if info.section is not None:
            yield from _of_fields(value, node, path, f"{prefix}{info.name}.")
            continue
        if info.name in ("chain", "scenes", "action_mapping"):
            continue
        reason = refusal(info, value)
        if reason is not None:
            yield _problem(node, path, prefix + info.name, *reason)
        elif info.later is not None and value != info.default:
            yield _later(info, node, path, prefix + info.name, value)


def _later(info: FieldInfo, node: Node | None, path: NodePath, field: str, value: Any) -> Problem:
    severity: Severity = info.later_severity or "error"
    ending = "it has no effect" if severity == "warning" else "the study would not do what it says: leave it out"
    return _problem(
        node,
        path,
        field,
        "not_available_yet",
        f"is {shown(value)}, but this version of MUG does not have {info.later} yet: {ending}",
        severity,
    )


def _exclusive(node: Node, path: NodePath, first: str, second: str, section: Section) -> Iterator[Problem]:
    one, other = (name.rpartition(".")[2] for name in (first, second))
    if getattr(section, one) is not None and getattr(section, other) is not None:
        yield _problem(
            node, path, second, "both_given", f"{one} and {other} exclude each other, and both are given: keep one"
        )


def _count(value: Any) -> int:
    return max(value, 0) if isinstance(value, int) else 0


def _length(node: Node) -> int:
    match node:
        case Repeat():
            return _count(node.n) * sum(_length(inner) for inner in node.scenes)
        case RandomizeOrder():
            lengths = sorted((_length(inner) for inner in node.scenes), reverse=True)
            return sum(lengths if node.keep_n is None else lengths[: _count(node.keep_n)])
        case _:
            return 1


def _problem(
    node: Node | None,
    path: NodePath,
    field: str | None,
    code: str,
    message: str,
    severity: Severity = "error",
) -> Problem:
    label = None if node is None or isinstance(node, RandomizeOrder | Repeat) else node.scene_id
    return Problem(node_id_of(path) if path else None, field, severity, code, message, label, path)
