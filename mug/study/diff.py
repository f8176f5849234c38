"""What differs between two versions of a study, as people say it: scenes added, removed, moved, fields changed.

Nodes have no identity but their labels, so they are matched: by kind and scene id, by scene id, by content, wrappers by
what they hold. The places of cards in the editor (`layout`) do not count.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from mug.ids import ExperimentId
from mug.study.catalog import NODE_KINDS, FieldInfo, struct_fields
from mug.study.decoding import encode_study
from mug.study.diff_matching import ABSENT, Entry, canonical, match_entries
from mug.study.model import Node, Section, Study
from mug.study.traversal import NodePath, walk

__all__ = ["FieldChange", "NodeDiff", "Status", "StudyDiff", "diff_studies", "given_fields"]

Status = Literal["added", "removed", "moved", "changed", "same"]

_CHAIN: Final = frozenset({"chain", "scenes", "layout"})


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One field whose value differs.

    Attributes:
        field: Dotted name within the node, or the study ("gameplay.num_episodes"); "kind": the node is of another kind.
        title: Its name for people, the section's before it.
        before, after: Values as they stand in a study file; where none was given, the default.
        before_given, after_given: Whether the value was given: else it is the default.
        shape: What a text holds ("html", "code", "path", …), where that is known.
        unit: Of a number.
    """

    field: str
    title: str
    before: Any
    after: Any
    before_given: bool
    after_given: bool
    shape: str | None = None
    unit: str | None = None


class NodeDiff(msgspec.Struct, frozen=True, kw_only=True):
    """One node of either study; one that both have is one.

    Attributes:
        before: Its path in the study before, or None: it was added.
        after: Its path in the study after, or None: it was removed.
        old: The node before, or None.
        new: The node after, or None.
        moved: It has another place: among its neighbours, or in another wrapper. Neighbours that only make room for
            others have not moved.
        fields: What of it has changed; of wrappers, their own fields.
        depth: In how many wrappers it lies, as `StudyDiff.nodes` shows it.
    """

    before: NodePath | None
    after: NodePath | None
    old: Node | None
    new: Node | None
    moved: bool = False
    fields: tuple[FieldChange, ...] = ()
    depth: int = 0

    @property
    def status(self) -> Status:
        """The one word for it; a node that moved and changed is "moved"."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "moved" if self.moved else "changed" if self.fields else "same"

    @property
    def node(self) -> Node:
        """The node: as it is after, else as it was."""
        node = self.new if self.new is not None else self.old
        assert node is not None
        return node


class StudyDiff(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between two studies.

    Attributes:
        before, after: The studies.
        study_fields: What of the study itself has changed.
        nodes: Every node of both, in the order of the study after; removed ones stand where they were. A wrapper's
            nodes follow it, one deeper.
    """

    before: Study
    after: Study
    study_fields: tuple[FieldChange, ...]
    nodes: tuple[NodeDiff, ...]

    @property
    def changed_nodes(self) -> tuple[NodeDiff, ...]:
        """The nodes that differ in any way."""
        return tuple(node for node in self.nodes if node.status != "same")

    @property
    def added(self) -> tuple[NodeDiff, ...]:
        """Nodes that only the study after has, each of a new wrapper's, too."""
        return tuple(node for node in self.nodes if node.before is None)

    @property
    def removed(self) -> tuple[NodeDiff, ...]:
        """Nodes that only the study before has."""
        return tuple(node for node in self.nodes if node.after is None)

    @property
    def moved(self) -> tuple[NodeDiff, ...]:
        """Nodes that have another place."""
        return tuple(node for node in self.nodes if node.moved)

    @property
    def changed_fields(self) -> int:
        """How many fields of the study and of nodes that both have differ."""
        return len(self.study_fields) + sum(len(node.fields) for node in self.nodes)

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not self.study_fields and not self.changed_nodes

    @property
    def summary(self) -> str:
        """One line: "2 added · 1 moved · 3 fields changed"."""
        parts = [
            f"{count} {word}"
            for count, word in ((len(self.added), "added"), (len(self.removed), "removed"), (len(self.moved), "moved"))
            if count
        ]
        if self.changed_fields:
            parts.append(f"{self.changed_fields} field{'s'[: self.changed_fields > 1]} changed")
        return " · ".join(parts) or "No differences"


def diff_studies(before: Study, after: Study) -> StudyDiff:
    """Return what differs; it depends on the two studies' content alone."""
    plain_before, plain_after = encode_study(before), encode_study(after)
    old, new = _entries(before, plain_before), _entries(after, plain_after)
    matched = match_entries(old, new)
    moved = _moved(old, new, matched)
    back = {new_index: old_index for old_index, new_index in matched.items()}

    def of_new(index: int, depth: int) -> NodeDiff:
        entry = new[index]
        if index not in back:
            return NodeDiff(before=None, after=entry.path, old=None, new=entry.node, depth=depth)
        was = old[back[index]]
        return NodeDiff(
            before=was.path,
            after=entry.path,
            old=was.node,
            new=entry.node,
            moved=index in moved,
            fields=_node_changes(was, entry),
            depth=depth,
        )

    def of_old(index: int, depth: int) -> NodeDiff:
        return NodeDiff(before=old[index].path, after=None, old=old[index].node, new=None, depth=depth)

    nodes = tuple(
        of_new(index, depth) if is_new else of_old(index, depth)
        for is_new, index, depth in _merged_order(old, new, matched, back)
    )
    return StudyDiff(
        before=before, after=after, study_fields=_changes(Study, plain_before, Study, plain_after), nodes=nodes
    )


def given_fields(node: Node) -> tuple[FieldChange, ...]:
    """Return what a node says, each field as a change from its default: what an added or removed node is."""
    plain = encode_study(Study(id=ExperimentId("x"), chain=(node,)))["chain"][0]
    own = {name: value for name, value in plain.items() if name not in _CHAIN and name != "kind"}
    return _changes(type(node), {}, type(node), own)


# --- nodes as entries -------------------------------------------------------------------------------------------------


def _entries(study: Study, plain: Mapping[str, Any]) -> list[Entry]:
    found: list[Entry] = []
    indices: dict[NodePath, int] = {}
    plains: dict[NodePath, Mapping[str, Any]] = {}
    for path, node in walk(study):
        above = plains[path[:-1]]["scenes"] if len(path) > 1 else plain["chain"]
        plains[path] = above[path[-1]]
        indices[path] = len(found)
        own = {name: value for name, value in plains[path].items() if name not in _CHAIN}
        kind = str(own.pop("kind"))
        parent = indices.get(path[:-1])
        found.append(Entry(path=path, node=node, kind=kind, plain=own, leaves=_leaves(type(node), own), parent=parent))
    return found


def _leaves(struct: type[Section], plain: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the values that are given, by dotted name."""
    sections = {info.name: info.section for info in struct_fields(struct) if info.section is not None}
    leaves: dict[str, Any] = {}
    for name, value in plain.items():
        section = sections.get(name)
        if section is not None and isinstance(value, Mapping):
            leaves |= _leaves(section, value, f"{prefix}{name}.")
        else:
            leaves[prefix + name] = value
    return leaves


# --- what has moved ---------------------------------------------------------------------------------------------------


def _moved(old: Sequence[Entry], new: Sequence[Entry], matched: Mapping[int, int]) -> set[int]:
    """Return the nodes after that have another place: as few of them as explain the difference."""
    moved: set[int] = set()
    stayed: dict[int | None, list[tuple[int, int]]] = {}
    for old_index, new_index in matched.items():
        above, now_above = old[old_index].parent, new[new_index].parent
        if (matched.get(above) if above is not None else None) != now_above or (above is None) != (now_above is None):
            moved.add(new_index)
        else:
            stayed.setdefault(now_above, []).append((new_index, old_index))
    for pairs in stayed.values():
        pairs.sort()
        in_order = _longest_rising([old_index for _, old_index in pairs])
        moved |= {new_index for place, (new_index, _) in enumerate(pairs) if place not in in_order}
    return moved


def _longest_rising(values: Sequence[int]) -> set[int]:
    """Return the places of a longest rising subsequence."""
    tails: list[int] = []
    at: list[int] = []
    previous: list[int] = []
    for place, value in enumerate(values):
        length = bisect_left(tails, value)
        previous.append(at[length - 1] if length else -1)
        if length == len(tails):
            tails.append(value)
            at.append(place)
        else:
            tails[length] = value
            at[length] = place
    chosen: set[int] = set()
    place = at[-1] if at else -1
    while place >= 0:
        chosen.add(place)
        place = previous[place]
    return chosen


def _merged_order(
    old: Sequence[Entry], new: Sequence[Entry], matched: Mapping[int, int], back: Mapping[int, int]
) -> Iterator[tuple[bool, int, int]]:
    """Walk through both: (whether it is of the study after, its index there or before, its depth)."""
    new_inside: dict[int | None, list[int]] = {}
    for index, entry in enumerate(new):
        new_inside.setdefault(entry.parent, []).append(index)
    # Where a removed node stands: behind the nearest neighbour before it that is still there, in the wrapper as it is
    # now; of a removed wrapper, inside it.
    behind: dict[tuple[bool, int | None, int | None], list[int]] = {}
    last: dict[int | None, int | None] = {}
    for index, entry in enumerate(old):
        above = entry.parent
        if index in matched:
            now = matched[index]
            home = matched.get(above) if above is not None else None
            if new[now].parent == home and (above is None or above in matched):
                last[above] = now
        elif above is not None and above not in matched:
            behind.setdefault((False, above, None), []).append(index)
        else:
            home = matched[above] if above is not None else None
            behind.setdefault((True, home, last.get(above)), []).append(index)

    def gone(indices: Sequence[int], depth: int) -> Iterator[tuple[bool, int, int]]:
        for index in indices:
            yield False, index, depth
            yield from gone(behind.get((False, index, None), ()), depth + 1)

    def there(parent: int | None, depth: int) -> Iterator[tuple[bool, int, int]]:
        yield from gone(behind.get((True, parent, None), ()), depth)
        for index in new_inside.get(parent, ()):
            yield True, index, depth
            yield from there(index, depth + 1)
            yield from gone(behind.get((True, parent, index), ()), depth)

    yield from there(None, 0)


# --- fields -----------------------------------------------------------------------------------------------------------


def _node_changes(old: Entry, new: Entry) -> tuple[FieldChange, ...]:
    changes = _changes(type(old.node), old.plain, type(new.node), new.plain)
    if old.kind == new.kind:
        return changes
    kind = FieldChange(
        field="kind",
        title="Kind",
        before=NODE_KINDS[old.kind].title,
        after=NODE_KINDS[new.kind].title,
        before_given=True,
        after_given=True,
    )
    return (kind, *changes)


def _changes(
    old: type[Section], before: Mapping[str, Any], new: type[Section], after: Mapping[str, Any], prefix: str = ""
) -> tuple[FieldChange, ...]:
    """Compare two tables, field by field: first the known ones in the catalog's order, then the unknown ones."""
    if not prefix and before == after and repr(before) == repr(after):
        return ()
    old_infos = {info.name: info for info in struct_fields(old) if info.name not in _CHAIN}
    new_infos = {info.name: info for info in struct_fields(new) if info.name not in _CHAIN}
    found: list[FieldChange] = []
    for name in dict.fromkeys((*new_infos, *old_infos, *before, *after)):
        if name in _CHAIN or (name == "kind" and not prefix):
            continue
        old_info, new_info = old_infos.get(name), new_infos.get(name)
        info = new_info or old_info
        was, now = before.get(name, ABSENT), after.get(name, ABSENT)
        if info is not None and info.section is not None and _is_table(was) and _is_table(now):
            inner_old = old_info.section if old_info is not None and old_info.section else info.section
            inner_new = new_info.section if new_info is not None and new_info.section else info.section
            was, now = ({} if value is ABSENT else value for value in (was, now))
            inner = _changes(inner_old, was, inner_new, now, f"{prefix}{name}.")
            found += [msgspec.structs.replace(change, title=f"{info.title} · {change.title}") for change in inner]
        elif name == "arms" and prefix == "treatments." and _is_table(was) and _is_table(now):
            found += _arm_changes(was, now)
        elif canonical(name, was) != canonical(name, now):
            found.append(_change(prefix + name, name, info, (old_info, was), (new_info, now)))
    return tuple(found)


def _arm_changes(before: Any, after: Any) -> Iterator[FieldChange]:
    """Compare two studies' treatments, each change of a scene by itself; one that only one of them has is whole."""
    old, new = (_told_arms({} if arms is ABSENT else arms) for arms in (before, after))
    for place in dict.fromkeys((*new, *old)):
        was, now = old.get(place, ABSENT), new.get(place, ABSENT)
        if canonical(place[-1], was) != canonical(place[-1], now):
            yield FieldChange(
                field=".".join(("treatments.arms", *place)),
                title=" · ".join(word for word in place if word != "changes"),
                before=None if was is ABSENT else was,
                after=None if now is ABSENT else now,
                before_given=was is not ABSENT,
                after_given=now is not ABSENT,
            )


def _told_arms(arms: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    """Return what is said of treatments, by its place: the name, then "title" and so on, or scene and field."""
    found: dict[tuple[str, ...], Any] = {}
    for name, said in arms.items():
        if not isinstance(said, Mapping) or not said:
            found[(name,)] = said
            continue
        for word, value in said.items():
            if word != "changes" or not isinstance(value, Mapping):
                found[name, word] = value
                continue
            for scene, fields in value.items():
                if isinstance(fields, Mapping):
                    found.update({(name, "changes", scene, field): one for field, one in fields.items()})
                else:
                    found[name, "changes", scene] = fields
    return found


def _change(
    field: str,
    name: str,
    info: FieldInfo | None,
    old: tuple[FieldInfo | None, Any],
    new: tuple[FieldInfo | None, Any],
) -> FieldChange:
    return FieldChange(
        field=field,
        title=info.title if info is not None else name,
        before=_default(old[0]) if old[1] is ABSENT else old[1],
        after=_default(new[0]) if new[1] is ABSENT else new[1],
        before_given=old[1] is not ABSENT,
        after_given=new[1] is not ABSENT,
        shape=info.shape if info is not None else None,
        unit=info.unit if info is not None else None,
    )


def _is_table(value: Any) -> bool:
    return value is ABSENT or isinstance(value, Mapping)


def _default(info: FieldInfo | None) -> Any:
    return None if info is None else _plain(info.default)


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
