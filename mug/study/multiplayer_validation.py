"""The problems of a game that people play together."""

from collections.abc import Iterator
from typing import Any, Final

from mug.study.conditions import refused_conditions
from mug.study.game import MatchmakingSection, RenderingSection, RuntimeSection
from mug.study.model import GymGame
from mug.study.multiplayer import MAX_PEOPLE, is_multiplayer, runs_on_server
from mug.study.multiplayer_section import MultiplayerSection
from mug.study.participation_validation import monitoring_problems
from mug.study.places import problem_at
from mug.study.policy_validation import faults_of_policy
from mug.study.problems import Problem
from mug.study.traversal import NodePath, human_agents

__all__ = ["problems_of_multiplayer"]


def problems_of_multiplayer(path: NodePath, node: GymGame) -> Iterator[Problem]:
    """Return what is wrong with the people of a game and with its section `multiplayer`."""
    yield from _of_people(path, node)
    yield from _of_dropouts(path, node)
    yield from monitoring_problems(path, node)
    multiplayer, humans = node.multiplayer, human_agents(node)
    if multiplayer.network_conditions:
        for place, code, message in refused_conditions(multiplayer.network_conditions, humans):
            yield problem_at(node, path, f"multiplayer.network_conditions{place}", code, message)
        if not is_multiplayer(node) and not runs_on_server(node):
            yield problem_at(
                node,
                path,
                "multiplayer.network_conditions",
                "no_effect",
                "has no effect with one person, who sends nothing to partners: leave it out, or make a second agent "
                "human",
                "warning",
            )
    if runs_on_server(node):
        yield from _of_pages_alone(path, node)
    if multiplayer.continuous_ping_required_violations > multiplayer.continuous_ping_violation_window:
        yield problem_at(
            node,
            path,
            "multiplayer.continuous_ping_required_violations",
            "violations_exceed_window",
            f"is {multiplayer.continuous_ping_required_violations}, more than the window of "
            f"{multiplayer.continuous_ping_violation_window}: use at most the window",
        )


def _of_pages_alone(path: NodePath, node: GymGame) -> Iterator[Problem]:
    """What is about games that are stepped in the pages, in one that the server steps."""
    games: tuple[tuple[str, Any, Any], ...] = (
        ("multiplayer", node.multiplayer, MultiplayerSection()),
        ("matchmaking", node.matchmaking, MatchmakingSection()),
        ("rendering", node.rendering, RenderingSection()),
        ("runtime", node.runtime, RuntimeSection()),
    )
    for section, given, standard in games:
        for field, why in _OF_PAGES.get(section, {}).items():
            if getattr(given, field) != getattr(standard, field):
                yield problem_at(
                    node,
                    path,
                    f"{section}.{field}",
                    "no_effect",
                    f'has no effect with multiplayer.mode "server_authoritative": {why}; leave it out',
                    "warning",
                )


_BETWEEN_PAGES: Final = "the pages talk to the server, not to each other"
_ROLLBACK: Final = "the server never goes back to an earlier frame"
_OF_PAGES: Final = {
    "multiplayer": {
        "input_delay": "a key takes effect in the first frame after the server has it",
        "snapshot_interval": _ROLLBACK,
        "input_confirmation_timeout_ms": "the game waits for nobody's keys",
        "max_rtt": _BETWEEN_PAGES,
        "network_conditions": _BETWEEN_PAGES,
    },
    "matchmaking": {"max_rtt": _BETWEEN_PAGES, "max_rtt_widening": _BETWEEN_PAGES},
    "rendering": {"rollback_smoothing_duration": _ROLLBACK},
    "runtime": {"restart_pyodide": "its pages run no Python"},
}
"""Fields that a game on the server does not read, and why."""


def _of_people(path: NodePath, node: GymGame) -> Iterator[Problem]:
    humans, said = human_agents(node), node.multiplayer.multiplayer
    if len(humans) > MAX_PEOPLE:
        yield problem_at(
            node,
            path,
            "policies.policy_mapping",
            "too_many_humans",
            f"has {len(humans)} humans ({', '.join(humans)}); at most {MAX_PEOPLE} people play together: give the "
            "others a policy",
        )
    if said is True and len(humans) < 2:
        yield problem_at(
            node,
            path,
            "multiplayer.multiplayer",
            "too_few_humans",
            f"is true, but the game has {len(humans)} human agent{'s'[: len(humans) != 1]}: give every person's agent "
            'the value "human" in policies.policy_mapping, or leave this out',
        )
    if said is False and len(humans) > 1:
        yield problem_at(
            node,
            path,
            "multiplayer.multiplayer",
            "several_humans",
            f"is false, but {', '.join(humans)} are human: leave it out, or give all but one of them a policy",
        )
    if node.gameplay.human_id is not None and len(humans) > 1 and node.gameplay.human_id in humans:
        yield problem_at(
            node,
            path,
            "gameplay.human_id",
            "no_effect",
            f"has no effect with several people: who comes first plays {humans[0]!r}, who comes next {humans[1]!r}, as "
            "policies.policy_mapping has them",
            "warning",
        )


def _of_dropouts(path: NodePath, node: GymGame) -> Iterator[Problem]:
    policy: Any = node.multiplayer.dropout_agent_policy
    field = "multiplayer.dropout_agent_policy"
    if node.multiplayer.dropout_policy == "policy" and policy is None:
        yield problem_at(
            node,
            path,
            field,
            "missing",
            'is needed with dropout_policy "policy": say which policy takes over, as "random"',
        )
    elif node.multiplayer.dropout_policy != "policy" and policy is not None:
        yield problem_at(
            node,
            path,
            field,
            "no_effect",
            f'has no effect with dropout_policy "{node.multiplayer.dropout_policy}": set that to "policy", or leave '
            "this out",
            "warning",
        )
    if policy == "human":
        yield problem_at(node, path, field, "not_allowed", 'is "human", who has just left: name a policy, as "random"')
    elif policy is not None:
        for code, message in faults_of_policy(node, policy, "dropout_agent_policy"):
            yield problem_at(node, path, field, code, message)
