"""The problems of who may take part, and of how a participation ends."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mug.study.browsers import browser_problems
from mug.study.endings import address_problems
from mug.study.model import GymGame, Node, Study
from mug.study.places import problem_at
from mug.study.problems import Problem, did_you_mean
from mug.study.traversal import NodePath

__all__ = [
    "ABILITIES",
    "ENTRY_REASONS",
    "WATCH_REASONS",
    "address_problems_of",
    "monitoring_problems",
    "problems_of_participation",
]

ENTRY_REASONS: Final = ("mobile", "desktop", "browser", "ping", "webassembly", "webgl", "viewport", "callback")
"""Why somebody is turned away at entry: the keys of ``exclusion_messages``."""
ABILITIES: Final = ("webgl", "webassembly")
"""What a study may ask of a browser."""

WATCH_REASONS: Final = (
    "ping",
    "tab",
    "focus",
    "callback",
    "ping_warning",
    "tab_warning",
    "focus_warning",
    "callback_warning",
)
"""Why a player is excluded or warned: the keys of ``continuous_exclusion_messages``."""


def problems_of_participation(study: Study) -> Iterator[Problem]:
    """Return what is wrong with the sections `screening` and `endings`."""
    screening, endings = study.screening, study.endings
    for field in ("browser_requirements", "browser_blocklist"):
        for sentence in browser_problems(getattr(screening, field)):
            yield problem_at(None, (), f"screening.{field}", "unknown_browser", sentence)
    for ability in screening.requirements:
        if ability not in ABILITIES:
            allowed = ", ".join(f'"{known}"' for known in ABILITIES)
            yield problem_at(
                None,
                (),
                "screening.requirements",
                "unknown_requirement",
                f"holds {ability!r}{did_you_mean(ability, ABILITIES)}; allowed: {allowed}",
            )
    yield from _of_messages(screening.exclusion_messages, ENTRY_REASONS, "screening.exclusion_messages", None, ())
    for field in ("complete_url", "screened_out_url", "partner_left_url", "technical_url"):
        url = getattr(endings, field)
        if url is not None:
            yield from address_problems_of(url, f"endings.{field}", None, ())
    for field in ("complete_code", "screened_out_code", "partner_left_code", "technical_code"):
        code = getattr(endings, field)
        if code is not None and not code.strip():
            yield problem_at(
                None, (), f"endings.{field}", "empty_code", "is empty: write the code, or leave it out for fresh ones"
            )


def monitoring_problems(path: NodePath, node: GymGame) -> Iterator[Problem]:
    """Return what is wrong with how the players of a game are watched."""
    rules = node.multiplayer
    yield from _of_messages(
        rules.continuous_exclusion_messages, WATCH_REASONS, "multiplayer.continuous_exclusion_messages", node, path
    )
    if rules.continuous_tab_exclude_ms and rules.continuous_tab_warning_ms > rules.continuous_tab_exclude_ms:
        yield problem_at(
            node,
            path,
            "multiplayer.continuous_tab_warning_ms",
            "warning_after_exclusion",
            f"is {rules.continuous_tab_warning_ms}, later than the exclusion after {rules.continuous_tab_exclude_ms} "
            "ms: nobody would be warned",
            "warning",
        )


def address_problems_of(url: str, field: str, node: Node | None, path: NodePath) -> Iterator[Problem]:
    """Return what is wrong with the placeholders of an address."""
    for code, message, severity in address_problems(url):
        yield problem_at(node, path, field, code, message, severity)


def _of_messages(
    messages: Mapping[str, str], known: Sequence[str], field: str, node: Node | None, path: NodePath
) -> Iterator[Problem]:
    for key in messages:
        if key not in known:
            yield problem_at(
                node,
                path,
                field,
                "unknown_reason",
                f"has a message for {key!r}, which is no reason{did_you_mean(key, known)}; the reasons are "
                f"{', '.join(known)}",
                "warning",
            )
