"""What the panel shows: the fields that the selected nodes have, by section, and what stands in them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mug.study.catalog import NODE_KINDS, FieldInfo, struct_fields
from mug.study.model import Node, Section, Study
from mug.study.problems import Problem
from mug.study.traversal import NodePath, node_at

__all__ = ["Several", "ShownField", "ShownSection", "Subject", "base_name", "sections_of", "value_in"]


class Several(dict[str, Any]):
    """Values of several fields that are changed in one step, by dotted name.

    Attributes:
        label: What is done, in a few words.
    """

    def __init__(self, values: dict[str, Any], label: str) -> None:
        super().__init__(values)
        self.label = label


@dataclass(frozen=True)
class ShownField:
    """A field with its place.

    Attributes:
        name: Dotted name within the node or study ("gameplay.num_episodes").
        info: What is known about it.
        parts: The fields that belong to it and are edited with it: what they are of a question → dotted name.
        file_holds: What the file holds that a path names, where a field beside it holds the same without a file.
        has_file: Whether a field beside it names a file for the same: then there is more of it than a line or two.
    """

    name: str
    info: FieldInfo
    parts: dict[str, str] = field(default_factory=dict)
    file_holds: str | None = None
    has_file: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields that are edited here."""
        return (self.name, *(name for name in self.parts.values() if name != self.name))

    def matches(self, words: Sequence[str]) -> bool:
        """Whether title, name or description hold all of these words, which are lower case."""
        text = f"{self.info.title} {' '.join(self.names)} {self.info.description}".lower()
        return all(word in text for word in words)


@dataclass(frozen=True)
class ShownSection:
    """A section with the fields that are shown of it. `name` is empty: the node's or study's own fields."""

    name: str
    title: str
    description: str
    fields: tuple[ShownField, ...]


def sections_of(structs: Sequence[type[Section]]) -> tuple[ShownSection, ...]:
    """Return the sections and fields that all of these kinds have; of several kinds only what makes sense for all."""
    together = len(structs) > 1
    first, others = structs[0], structs[1:]
    infos = [info for info in struct_fields(first) if _is_shown(info) and _has_same(others, info)]
    own = [info for info in infos if info.section is None]
    found = []
    kind = NODE_KINDS.get(getattr(first, "kind", ""))
    title = "Study" if kind is None else "In common" if together else kind.title
    description = "What holds for the whole study." if kind is None else kind.description
    found.append(ShownSection("", title, "" if together else description, tuple(_shown("", own, together))))
    for info in infos:
        if info.section is not None:
            inner = [inner for inner in struct_fields(info.section) if _is_shown(inner)]
            fields = tuple(_shown(f"{info.name}.", inner, together))
            found.append(ShownSection(info.name, info.title, info.description, fields))
    return tuple(section for section in found if section.fields)


def _is_shown(info: FieldInfo) -> bool:
    return info.type_words != "list of node"


def _has_same(structs: Sequence[type[Section]], info: FieldInfo) -> bool:
    return all(
        any(other.name == info.name and other.annotation == info.annotation for other in struct_fields(struct))
        for struct in structs
    )


def _shown(prefix: str, infos: Iterable[FieldInfo], together: bool) -> Iterator[ShownField]:
    infos = tuple(infos)
    names = {info.name for info in infos}
    shapes = {f"{info.name}_filepath": info.shape for info in infos}
    parts = {info.part: f"{prefix}{info.name}" for info in infos if info.part is not None}
    for info in infos:
        if info.part == "question" and not together:
            yield ShownField(f"{prefix}{info.name}", info, {str(part): name for part, name in parts.items()})
        elif info.part is None and not (together and info.shape == "id" and info.required):
            yield ShownField(
                f"{prefix}{info.name}",
                info,
                file_holds=shapes.get(info.name),
                has_file=f"{info.name}_filepath" in names,
            )


def value_in(section: Section, name: str) -> Any:
    """Return the value of a field by its dotted name."""
    value: Any = section
    for part in name.split("."):
        value = getattr(value, part)
    return value


def base_name(field_name: str) -> str:
    """Return the field that a place belongs to: ``gameplay.action_mapping[0].keys`` → gameplay.action_mapping."""
    return field_name.partition("[")[0]


@dataclass(frozen=True)
class Subject:
    """The nodes that are shown, or the study itself.

    Attributes:
        paths: Their paths; the study's is empty.
        parts: They themselves, in the same order.
    """

    paths: tuple[NodePath, ...]
    parts: tuple[Section, ...]

    @classmethod
    def of(cls, study: Study, selection: Sequence[NodePath]) -> "Subject":
        """Return what is shown for a selection."""
        if not selection:
            return cls(((),), (study,))
        return cls(tuple(selection), tuple(node_at(study, path) for path in selection))

    @property
    def kinds(self) -> tuple[type[Section], ...]:
        """The kinds of what is shown, each once, in an order of their own."""
        return tuple(sorted(dict.fromkeys(type(part) for part in self.parts), key=lambda kind: kind.__name__))

    @property
    def one(self) -> Section | None:
        """What is shown, when it is one."""
        return self.parts[0] if len(self.parts) == 1 else None

    @property
    def node(self) -> Node | None:
        """The one node that is shown."""
        part = self.one
        return None if part is None or isinstance(part, Study) else part  # type: ignore[return-value]  # a Section

    def values(self, name: str) -> tuple[Any, ...]:
        """Return a field's value in each of the nodes."""
        return tuple(value_in(part, name) for part in self.parts)

    def own_problems(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Return the problems of the fields of what is shown."""
        paths = set(self.paths)
        return tuple(problem for problem in problems if problem.path in paths and problem.field is not None)

    @staticmethod
    def problems(problems: Iterable[Problem], names: Sequence[str]) -> tuple[Problem, ...]:
        """Return those of the problems that are of these fields."""
        return tuple(problem for problem in problems if problem.field is not None and _is_of(problem.field, names))

    def key(self, index: int = 0) -> str:
        """Return what a node is remembered by while the study changes around it."""
        return str(getattr(self.parts[index], "scene_id", self.paths[index]))


def _is_of(field_name: str, names: Sequence[str]) -> bool:
    base = base_name(field_name)
    return any(base == name or base.startswith(f"{name}.") for name in names)
