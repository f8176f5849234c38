"""A diff of two studies in words: values as lines, long texts line by line, the whole as text to send to somebody."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from mug.study.catalog import NODE_KINDS
from mug.study.diff import FieldChange, NodeDiff, Status, StudyDiff
from mug.study.model import RandomizeOrder, Repeat

__all__ = ["SIGNS", "LineChange", "diff_as_text", "is_long", "line_changes", "title_of", "value_lines", "value_text"]

SIGNS: Final[Mapping[Status, str]] = {"added": "+", "removed": "−", "moved": "↕", "changed": "~", "same": " "}
"""The sign of each status: colour is never the only one."""

_SHORT_CHARS: Final = 60
_MOST_LINES: Final = 2_000
"""Of longer texts the lines are not matched: it would take seconds."""


class LineChange(msgspec.Struct, frozen=True):
    """One line of two texts. `sign`: "+" only after, "-" only before, " " in both."""

    sign: Literal["+", "-", " "]
    line: str


def value_text(value: Any) -> str:
    """Return a value in one line, as people write it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case Mapping():
            return "{" + ", ".join(f"{name} = {value_text(item)}" for name, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(value_text(item) for item in value) + "]"
        case _:
            return str(value)


def value_lines(value: Any) -> list[str]:
    """Return a value as lines: a text's own, one for each item of a list, one for each entry of a table."""
    match value:
        case None:
            return []
        case str():
            return value.splitlines() or ([""] if value else [])
        case Mapping():
            return [f"{name} = {value_text(item)}" for name, item in value.items()]
        case list() | tuple():
            return [value_text(item) for item in value]
        case _:
            return [value_text(value)]


def line_changes(before: Any, after: Any) -> list[LineChange]:
    """Return the lines of two values, those that only one of them has with a sign."""
    old, new = value_lines(before), value_lines(after)
    if len(old) + len(new) > _MOST_LINES:
        return [*(LineChange("-", line) for line in old), *(LineChange("+", line) for line in new)]
    found: list[LineChange] = []
    for tag, old_from, old_to, new_from, new_to in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [LineChange(" ", line) for line in old[old_from:old_to]]
            continue
        found += [LineChange("-", line) for line in old[old_from:old_to]]
        found += [LineChange("+", line) for line in new[new_from:new_to]]
    return found


def is_long(change: FieldChange) -> bool:
    """Say whether a change is better read line by line than as one value beside the other."""
    values = (change.before, change.after)
    return any(len(value_lines(value)) > 1 or len(value_text(value)) > _SHORT_CHARS for value in values)


def title_of(node: NodeDiff) -> str:
    """Return what a node is, and its label: ``Game “drive”``."""
    shown = node.node
    kind = NODE_KINDS[shown.kind].title
    return kind if isinstance(shown, RandomizeOrder | Repeat) else f"{kind} “{shown.scene_id}”"


def diff_as_text(diff: StudyDiff, before: str = "Before", after: str = "After") -> str:
    """Return the whole diff as plain text.

    Args:
        diff: The diff.
        before: What the study before is called.
        after: What the study after is called.
    """
    lines = [f"{before} → {after}", diff.summary]
    if diff.study_fields:
        lines += ["", "Study", *_fields(diff.study_fields)]
    if diff.changed_nodes:
        lines.append("")
    for node in diff.changed_nodes:
        status = "moved, changed" if node.moved and node.fields else node.status
        lines.append(f"{'  ' * node.depth}{SIGNS[node.status]} {status:<8} {title_of(node)}")
        lines += [f"{'  ' * node.depth}{line}" for line in _fields(node.fields)]
    return "\n".join(lines) + "\n"


def _fields(changes: tuple[FieldChange, ...]) -> Iterator[str]:
    for change in changes:
        if not is_long(change):
            yield f"    {change.title}: {_shown(change, old=True)} → {_shown(change, old=False)}"
            continue
        yield f"    {change.title}:"
        for line in line_changes(change.before, change.after):
            if line.sign != " ":
                yield f"      {'−' if line.sign == '-' else '+'} {line.line}"


def _shown(change: FieldChange, *, old: bool) -> str:
    value, given = (change.before, change.before_given) if old else (change.after, change.after_given)
    text = value_text(value) or ("(empty)" if given else "(not given)")
    unit = f" {change.unit}" if change.unit and isinstance(value, int | float) else ""
    return f"{text}{unit}" if given or value is None else f"{text}{unit} (default)"
