"""Which node of one study is which of another, though nodes have no identity but their labels."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from mug.study.catalog import NODE_KINDS
from mug.study.model import Node
from mug.study.traversal import NodePath

__all__ = ["ABSENT", "Entry", "canonical", "match_entries"]

ABSENT: Final = object()
"""Stands for a value that is not given."""

_LIKE: Final = 0.5
"""From this similarity on, two scenes of one kind with different ids are one that was renamed."""
_SAME_PLACE: Final = 0.25
_MANY_PAIRS: Final = 10_000
_ALIKE_WRAPPERS: Final = 1.0
_ORDERED: Final = "policy_mapping"


class Entry:
    """A node as it is compared.

    Attributes:
        path: Its place.
        node: It.
        kind: Its kind, as files name it.
        plain: What it says itself, as in a file, without what it holds.
        leaves: The same by dotted names, sections taken apart.
        parent: Index of the wrapper that holds it; None: the chain.
    """

    def __init__(
        self,
        *,
        path: NodePath,
        node: Node,
        kind: str,
        plain: Mapping[str, Any],
        leaves: Mapping[str, Any],
        parent: int | None,
    ) -> None:
        self.path, self.node, self.kind, self.plain, self.leaves, self.parent = path, node, kind, plain, leaves, parent
        self.is_wrapper = NODE_KINDS[kind].wrapper

    @property
    def scene_id(self) -> str:
        """The scene's label; a wrapper has none."""
        return str(self.plain.get("scene_id", ""))

    @cached_property
    def said(self) -> frozenset[tuple[str, str]]:
        """What it says, but for its label."""
        return frozenset(
            (field, canonical(field, value)) for field, value in self.leaves.items() if field != "scene_id"
        )


def canonical(field: str, value: Any) -> str:
    """Return a text that is equal for equal values, and only for them: 1, 1.0 and True differ, tables have no order.

    Args:
        field: Its dotted name: in who plays which agent the order of people counts.
        value: A value of a study file, or `ABSENT`.
    """
    if value is ABSENT:
        return ""
    if field.rpartition(".")[2] == _ORDERED and isinstance(value, Mapping):
        people = [str(agent) for agent, who in value.items() if who == "human"]
        return repr((people, _sorted(value)))
    return repr(_sorted(value))


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _sorted(value[name]) for name in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return str(value) if isinstance(value, str) else value


def match_entries(old: Sequence[Entry], new: Sequence[Entry]) -> dict[int, int]:
    """Return which node before (by index) is which after; each at most once."""
    matching = _Matching(old, new)
    matching.scenes_by(lambda entry: (entry.kind, entry.scene_id))
    matching.scenes_by(lambda entry: entry.scene_id)
    matching.scenes_by(lambda entry: (entry.kind, entry.said) if entry.said else (entry.kind, entry.path))
    matching.scenes_that_are_alike()
    matching.wrappers_that_hold_the_same()
    matching.other_wrappers()
    return matching.pairs


class _Matching:
    def __init__(self, old: Sequence[Entry], new: Sequence[Entry]) -> None:
        self.old, self.new = old, new
        self.pairs: dict[int, int] = {}
        self._taken: set[int] = set()

    def scenes_by(self, key: Callable[[Entry], Hashable]) -> None:
        """Match scenes of one key; of several those that say the same, then those in the same place, then in order."""
        groups: dict[Hashable, tuple[list[int], list[int]]] = {}
        for side, entries in enumerate((self.old, self.new)):
            for index in self._free(side):
                if not entries[index].is_wrapper:
                    groups.setdefault(key(entries[index]), ([], []))[side].append(index)
        for olds, news in groups.values():
            self._pair_up(olds, news)

    def scenes_that_are_alike(self) -> None:
        """Match scenes of one kind that share most of what they say."""
        olds = [index for index in self._free(0) if not self.old[index].is_wrapper]
        news = [index for index in self._free(1) if not self.new[index].is_wrapper]
        only_here = len(olds) * len(news) > _MANY_PAIRS
        found = []
        for old in olds:
            one = self.old[old]
            for new in news:
                other = self.new[new]
                here = one.path == other.path
                if one.kind != other.kind or (only_here and not here):
                    continue
                likeness = _jaccard(len(one.said & other.said), len(one.said), len(other.said))
                if likeness and likeness + _SAME_PLACE * here >= _LIKE:
                    found.append((likeness + _SAME_PLACE * here, old, new))
        self._take_best(found)

    def wrappers_that_hold_the_same(self) -> None:
        """Match wrappers by the nodes in them: those that share most, then those of one kind that share any."""
        while self._take_best(
            [(score + bonus, old, new) for score, bonus, old, new in self._sharing() if score >= _ALIKE_WRAPPERS]
        ):
            pass
        self._take_best(
            [
                (score + bonus, old, new)
                for score, bonus, old, new in self._sharing()
                if self.old[old].kind == self.new[new].kind
            ]
        )

    def other_wrappers(self) -> None:
        """Match wrappers that share no scene: those of one kind that say the same, or stand in the same place."""
        groups: dict[str, tuple[list[int], list[int]]] = {}
        for side, entries in enumerate((self.old, self.new)):
            for index in self._free(side):
                groups.setdefault(entries[index].kind, ([], []))[side].append(index)
        for kind, (olds, news) in groups.items():
            if NODE_KINDS[kind].wrapper:
                self._pair_up(olds, news, in_order=False)

    def _free(self, side: int) -> list[int]:
        if side:
            return [index for index in range(len(self.new)) if index not in self._taken]
        return [index for index in range(len(self.old)) if index not in self.pairs]

    def _pair(self, old: int, new: int) -> None:
        self.pairs[old] = new
        self._taken.add(new)

    def _pair_up(self, olds: Sequence[int], news: Sequence[int], *, in_order: bool = True) -> None:
        """Match two lists, each as far as the other goes."""
        if len(olds) == len(news) == 1 and in_order:
            self._pair(olds[0], news[0])
            return
        keys: list[Callable[[Entry], Hashable]] = [
            lambda entry: (entry.path, entry.kind, entry.said),
            lambda entry: (entry.kind, entry.said),
            lambda entry: entry.path,
        ]
        if in_order:
            keys.append(lambda _entry: None)
        for key in keys:
            waiting: dict[Hashable, list[int]] = {}
            for new in reversed([new for new in news if new not in self._taken]):
                waiting.setdefault(key(self.new[new]), []).append(new)
            for old in [old for old in olds if old not in self.pairs]:
                fitting = waiting.get(key(self.old[old]))
                if fitting:
                    self._pair(old, fitting.pop())

    def _take_best(self, scored: Iterable[tuple[float, int, int]]) -> bool:
        """Match pairs, the best first; returns whether there was any."""
        found = False
        for _, old, new in sorted(scored, key=lambda item: (-item[0], item[1], item[2])):
            if old not in self.pairs and new not in self._taken:
                self._pair(old, new)
                found = True
        return found

    def _sharing(self) -> Iterator[tuple[float, float, int, int]]:
        """Go through free wrappers that share nodes: how much (0 to 2), what speaks for them besides, which."""
        direct: Counter[tuple[int, int]] = Counter()
        inside: Counter[tuple[int, int]] = Counter()
        for old, new in self.pairs.items():
            parent, now_parent = self.old[old].parent, self.new[new].parent
            if parent is not None and now_parent is not None:
                direct[parent, now_parent] += 1
            if not self.old[old].is_wrapper:
                inside.update((above, now) for above in _above(self.old, old) for now in _above(self.new, new))
        sizes = [_sizes(self.old), _sizes(self.new)]
        for (old, new), shared in inside.items():
            if old in self.pairs or new in self._taken:
                continue
            score = _jaccard(shared, sizes[0][1][old], sizes[1][1][new])
            score += _jaccard(direct[old, new], sizes[0][0][old], sizes[1][0][new])
            one, other = self.old[old], self.new[new]
            bonus = 0.5 * (one.kind == other.kind) + 0.1 * (one.said == other.said) + 0.05 * (one.path == other.path)
            yield score, bonus, old, new


def _above(entries: Sequence[Entry], index: int) -> Iterator[int]:
    parent = entries[index].parent
    while parent is not None:
        yield parent
        parent = entries[parent].parent


def _sizes(entries: Sequence[Entry]) -> tuple[Counter[int], Counter[int]]:
    """Return how many nodes each wrapper holds itself, and how many scenes are in it altogether."""
    direct: Counter[int] = Counter()
    inside: Counter[int] = Counter()
    for index, entry in enumerate(entries):
        if entry.parent is not None:
            direct[entry.parent] += 1
        if not entry.is_wrapper:
            inside.update(_above(entries, index))
    return direct, inside


def _jaccard(shared: int, one: int, other: int) -> float:
    union = one + other - shared
    return shared / union if union else 0.0
