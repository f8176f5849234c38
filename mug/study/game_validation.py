"""The problems of one game, by itself: its environment, its agents, its keys."""

import re
from collections.abc import Iterator
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement

from mug.play.policies_kinds import framework_of
from mug.study.assets import problems_of_assets
from mug.study.model import GymGame
from mug.study.multiplayer import runs_on_server
from mug.study.multiplayer_validation import problems_of_multiplayer
from mug.study.places import exclusive, problem_at
from mug.study.policy_validation import faults_of_policy
from mug.study.problems import Problem, did_you_mean
from mug.study.traversal import NodePath, human_agents

__all__ = ["BROWSER_CALLABLES", "KEY_NAMES", "is_script_reference", "problems_of_game"]

BROWSER_CALLABLES: Final = (
    *("environment.env_creator", "rendering.hud_text_fn", "rendering.env_to_state_fn"),
    *("policies.load_policy_fn", "policies.policy_inference_fn"),
)
"""Fields of a game whose functions run in the participant's browser."""


def is_script_reference(ref: str, scene_id: str, field: str) -> bool:
    """Say whether `ref` stands for a lambda, local function or object that a script gave to a scene's field."""
    place = f"{scene_id}.{field.rpartition('.')[2]}"
    return re.search(rf"\.py:{re.escape(place)}(~\d+)?$", ref) is not None


def problems_of_game(path: NodePath, node: GymGame) -> Iterator[Problem]:
    """Return what is wrong with a game, whatever else the study holds."""
    yield from _of_environment(path, node)
    yield from _of_agents(path, node)
    yield from _of_keys(path, node)
    yield from problems_of_assets(path, node)
    yield from exclusive(node, path, "content.scene_body", "content.scene_body_filepath", node.content)
    yield from exclusive(node, path, "content.in_game_scene_body", "content.in_game_scene_body_filepath", node.content)
    yield from problems_of_multiplayer(path, node)


def _of_environment(path: NodePath, node: GymGame) -> Iterator[Problem]:
    runtime = node.runtime
    given = {
        "environment.env_creator": node.environment.env_creator,
        "runtime.environment_initialization_code": runtime.environment_initialization_code,
        "runtime.environment_initialization_code_filepath": runtime.environment_initialization_code_filepath,
    }
    names = [name for name, value in given.items() if value]
    if not names:
        yield problem_at(
            node,
            path,
            "runtime",
            "no_environment",
            "has no environment: give runtime.environment_initialization_code_filepath, "
            "runtime.environment_initialization_code, or environment.env_creator",
        )
    elif len(names) > 1:
        yield problem_at(
            node,
            path,
            names[-1],
            "two_environments",
            f"{' and '.join(names)} are given; they exclude each other: keep one",
        )
    if node.environment.env_config and not node.environment.env_creator:
        yield problem_at(
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
            yield problem_at(
                node,
                path,
                f"runtime.packages_to_install[{index}]",
                "invalid_requirement",
                f"{text!r} is not a pip requirement ({str(error).splitlines()[0]}): write a name, or a name and a "
                'version, like "gymnasium>=1.0"',
            )
        else:
            if requirement.url:
                yield problem_at(
                    node,
                    path,
                    f"runtime.packages_to_install[{index}]",
                    "requirement_with_url",
                    f"{text!r} names an address: packages are found by name; give a name and a version",
                )
    place = "in a process of its own" if runs_on_server(node) else "in the participant's browser"
    for name in BROWSER_CALLABLES:
        section, _, field = name.partition(".")
        ref = getattr(getattr(node, section), field)
        if ref and is_script_reference(ref, node.scene_id, field):
            yield problem_at(
                node,
                path,
                name,
                "not_in_the_browser",
                f"is defined in the study's script, but runs {place}, where the script is not: put the function into a "
                'module beside the environment and refer to it as "file.py:function"',
            )


def _of_code(path: NodePath, node: GymGame, field: str, code: str) -> Iterator[Problem]:
    try:
        compile(code, f"<{node.scene_id} {field}>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        text = (getattr(error, "text", None) or "").strip()
        place = f", line {line}: {text}" if line else ""
        yield problem_at(
            node, path, field, "code_does_not_compile", f"is not valid Python ({getattr(error, 'msg', error)}{place})"
        )


def _of_agents(path: NodePath, node: GymGame) -> Iterator[Problem]:
    mapping, human_id = node.policies.policy_mapping, node.gameplay.human_id
    humans = human_agents(node)
    for agent, policy in mapping.items():
        if policy == "human":
            continue
        for code, message in faults_of_policy(node, policy, f"policy_mapping.{agent}"):
            yield problem_at(node, path, f"policies.policy_mapping.{agent}", code, message)
    names = [policy for policy in mapping.values() if _is_named(policy)]
    for field in ("load_policy_fn", "policy_inference_fn"):
        if (
            getattr(node.policies, field) is not None
            and not names
            and not _is_named(node.multiplayer.dropout_agent_policy)
        ):
            yield problem_at(
                node,
                path,
                f"policies.{field}",
                "no_effect",
                "has no effect: it is asked for policies that are only named, and there are none",
                "warning",
            )
    if human_id is not None and mapping and human_id not in humans:
        what = f"is {mapping[human_id]!r} in policy_mapping" if human_id in mapping else "is not in policy_mapping"
        hint = did_you_mean(human_id, mapping) if human_id not in mapping else ""
        yield problem_at(
            node,
            path,
            "gameplay.human_id",
            "human_id_is_no_human",
            f'{human_id!r} {what}{hint}: give it "human" there, or leave human_id out',
        )
    if not humans:
        yield problem_at(
            node,
            path,
            "policies.policy_mapping",
            "no_human",
            'has no human: give the participant\'s agent the value "human"',
        )


def _is_named(policy: object) -> bool:
    return isinstance(policy, str) and bool(policy) and framework_of(policy) == "named"


def _of_keys(path: NodePath, node: GymGame) -> Iterator[Problem]:
    gameplay = node.gameplay
    if gameplay.default_action is None:
        yield problem_at(
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
        yield problem_at(
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
            yield problem_at(
                node, path, f"{place}.keys", "no_key", 'names no key: write a KeyboardEvent.key, like "ArrowLeft"'
            )
            continue
        if binding.action is None:
            yield problem_at(node, path, f"{place}.action", "missing", "is missing: say which action the keys give")
        for key in binding.keys:
            if len(key) > 1 and KEY_NAMES.get(key.lower(), key) != key:
                yield problem_at(
                    node,
                    path,
                    f"{place}.keys",
                    "unknown_key",
                    f"{key!r} is no KeyboardEvent.key; did you mean {KEY_NAMES[key.lower()]!r}?",
                    "warning",
                )
        if len(chord) < len(binding.keys):
            yield problem_at(node, path, f"{place}.keys", "repeated_key", "names a key twice: name each once")
        if chord in seen:
            yield problem_at(
                node,
                path,
                f"{place}.keys",
                "duplicate_keys",
                f"{' + '.join(binding.keys)} is bound twice (also at {seen[chord]}): keep one",
            )
        seen.setdefault(chord, index)


KEY_NAMES: Final = {
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
"""What people write, in lower case → the KeyboardEvent.key that they mean."""
