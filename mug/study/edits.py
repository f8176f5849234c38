"""Changes of a study as values: each is applied to a study and gives the changed study and its own inverse.

There are four: a field is set (`SetField`), nodes are taken out and put in (`Splice`), several edits become one
(`Compound`), a study takes another's place (`ReplaceStudy`). The functions below them say what people do: insert,
remove, move, duplicate, wrap, unwrap, replace. Applying an edit and then its inverse gives a study equal to the one
before, the order of its tables included, so that its file has the same bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from itertools import pairwise
from typing import Any, Final, TypeAlias

import msgspec

from mug.ids import SceneId
from mug.study.catalog import NODE_KINDS, struct_fields
from mug.study.errors import EditError
from mug.study.model import KeyBinding, Node, RandomizeOrder, Repeat, Section, Study
from mug.study.problems import did_you_mean
from mug.study.traversal import NodePath, node_at, walk

__all__ = [
    "RESET",
    "Compound",
    "Edit",
    "Placed",
    "ReplaceStudy",
    "Reset",
    "SetField",
    "Splice",
    "after_removal",
    "duplicate",
    "field_value",
    "fresh_scene_id",
    "insert",
    "move",
    "name_of",
    "outermost",
    "remove",
    "replace",
    "unwrap",
    "with_fresh_ids",
    "wrap",
]


class Reset(msgspec.Struct, frozen=True):
    """Stands for a field's default, or for taking an unknown field out."""


RESET: Final = Reset()

_RESERVED: Final = frozenset({"", "extra", "kind"})
"""Words that mean something in a study file, so that no unknown field can be called so."""

Placed: TypeAlias = tuple[NodePath, Node]
"""A node and the path that it has, or is to have, in the study."""


class SetField(msgspec.Struct, frozen=True, kw_only=True):
    """Gives one field of a node, of one of its sections, or of the study another value.

    What treatments change in a scene follows it to its new id.

    Attributes:
        path: The node; empty: the study itself.
        field: Dotted name within it ("gameplay.num_episodes"). A name that MUG does not know is one of the unknown
            fields that a study keeps.
        value: The new value, or `RESET`. It must have the field's type, but may break its bounds: then it is a
            problem of the study, as it is in a file.
        merge_key: Edits with the same key that follow each other are one step of undoing, as the letters of a word.
    """

    path: NodePath
    field: str
    value: Any
    merge_key: str | None = None

    @property
    def touched(self) -> tuple[NodePath, ...]:
        """The nodes that are changed, by their paths after the edit."""
        return (self.path,) if self.path else ()

    @property
    def label(self) -> str:
        """What it does, in a few words."""
        structs: list[type[Section]] = [Study, *(kind.struct for kind in NODE_KINDS.values())]
        known = (info.title for struct in structs if (info := _info(struct, self.field)) is not None)
        title: str = next(known, self.field.rpartition(".")[2])
        return f"{'Reset' if self.value is RESET else 'Change'} {title[:1].lower()}{title[1:]}"

    def apply(self, study: Study) -> "tuple[Study, Edit]":
        """Return the changed study and the edit that takes the change back.

        Raises:
            EditError: When there is no such node or field, or the value has the wrong type.
        """
        if not self.path:
            changed, before = _with_field(study, self.field.split("."), self.value, self.field)
            assert isinstance(changed, Study)
            return changed, SetField(path=(), field=self.field, value=before, merge_key=self.merge_key)
        was = _node(study, self.path)
        node, before = _with_field(was, self.field.split("."), self.value, self.field)
        inverse: Edit = SetField(path=self.path, field=self.field, value=before, merge_key=self.merge_key)
        changed = _with_node(study, self.path, node)
        if self.field == "scene_id" and not isinstance(self.value, _Was):
            arms = _arms_following(changed, str(getattr(was, "scene_id", "")), str(getattr(node, "scene_id", "")))
            if arms is not None:
                changed, own = SetField(path=(), field="treatments.arms", value=arms).apply(changed)
                inverse = Compound(edits=(inverse, own), label=inverse.label)
        return changed, inverse


class Splice(msgspec.Struct, frozen=True, kw_only=True):
    """Takes nodes out of the chain, then puts nodes in.

    Attributes:
        take: Paths of nodes in the study before; none of them inside another.
        put: Nodes with the paths that they are to have in the study after; none of them inside another.
        label: What it does, in a few words.
    """

    take: tuple[NodePath, ...]
    put: tuple[Placed, ...]
    label: str
    merge_key: str | None = None

    @property
    def touched(self) -> tuple[NodePath, ...]:
        """The nodes that are new or moved, by their paths after the edit."""
        return tuple(path for path, _ in self.put)

    def apply(self, study: Study) -> "tuple[Study, Edit]":
        """Return the changed study and the edit that takes the change back.

        Raises:
            EditError: When there is no such place.
        """
        taken = tuple((path, _node(study, path)) for path in sorted(self.take))
        _refuse_nested([path for path, _ in taken])
        chain = study.chain
        for path, _ in reversed(taken):
            chain = _without(chain, path)
        placed = tuple(sorted(self.put, key=lambda item: item[0]))
        _refuse_nested([path for path, _ in placed])
        for path, node in placed:
            chain = _with(chain, path, node)
        inverse = Splice(take=tuple(path for path, _ in placed), put=taken, label=self.label)
        return msgspec.structs.replace(study, chain=chain), inverse


class Compound(msgspec.Struct, frozen=True, kw_only=True):
    """Several edits that are done, and undone, together; each is applied to what the one before it left."""

    edits: "tuple[Edit, ...]"
    label: str
    merge_key: str | None = None

    @property
    def touched(self) -> tuple[NodePath, ...]:
        """The nodes that the last edit changes; when fields alone are set, so that no path moves: all of them."""
        if all(isinstance(edit, SetField) for edit in self.edits):
            return tuple(dict.fromkeys(path for edit in self.edits for path in edit.touched))
        return self.edits[-1].touched

    def apply(self, study: Study) -> "tuple[Study, Edit]":
        """Return the changed study and the edit that takes all changes back."""
        inverses: list[Edit] = []
        for edit in self.edits:
            study, inverse = edit.apply(study)
            inverses.append(inverse)
        return study, Compound(edits=tuple(reversed(inverses)), label=self.label)


class ReplaceStudy(msgspec.Struct, frozen=True, kw_only=True):
    """Lets another study take the place of the whole one: an earlier version, or the file as it is now."""

    study: Study
    label: str
    merge_key: str | None = None

    @property
    def touched(self) -> tuple[NodePath, ...]:
        """No node in particular."""
        return ()

    def apply(self, study: Study) -> "tuple[Study, Edit]":
        """Return the other study and the edit that brings this one back."""
        return self.study, ReplaceStudy(study=study, label=self.label)


Edit: TypeAlias = SetField | Splice | Compound | ReplaceStudy


# --- what people do ---------------------------------------------------------------------------------------------------


def insert(at: NodePath, nodes: Sequence[Node], *, verb: str = "Insert") -> Splice:
    """Return the edit that puts `nodes` one after the other, the first at `at`."""
    put = tuple(((*at[:-1], at[-1] + offset), node) for offset, node in enumerate(nodes))
    return Splice(take=(), put=put, label=f"{verb} {_named(nodes)}")


def remove(study: Study, paths: Iterable[NodePath], *, verb: str = "Delete") -> Splice:
    """Return the edit that takes nodes out, with all that is in them."""
    take = outermost(paths)
    return Splice(take=take, put=(), label=f"{verb} {_named([_node(study, path) for path in take])}")


def move(study: Study, paths: Iterable[NodePath], to: NodePath) -> Splice | None:
    """Return the edit that moves nodes, in their order, to the gap before `to`; None: they are there already.

    Args:
        study: The study before.
        paths: The nodes.
        to: A path in the study before; its last index may be one past the end. The nodes come before what is there.

    Raises:
        EditError: When a wrapper would go into itself, or there is no such place.
    """
    take = outermost(paths)
    if any(to[: len(path)] == path and len(to) > len(path) for path in take):
        raise EditError("a wrapper cannot be put inside itself")
    nodes = [_node(study, path) for path in take]
    target = after_removal(to, take)
    put = tuple(((*target[:-1], target[-1] + offset), node) for offset, node in enumerate(nodes))
    if tuple(path for path, _ in put) == take:
        return None
    return Splice(take=take, put=put, label=f"Move {_named(nodes)}")


def duplicate(study: Study, paths: Iterable[NodePath]) -> Splice:
    """Return the edit that puts a copy of the nodes behind the last of them; scenes get fresh ids."""
    take = _chosen(paths)
    copies = with_fresh_ids(study, [_node(study, path) for path in take])
    last = take[-1]
    return insert((*last[:-1], last[-1] + 1), copies, verb="Duplicate")


def wrap(study: Study, paths: Iterable[NodePath], wrapper: RandomizeOrder | Repeat) -> Splice:
    """Return the edit that puts nodes into a wrapper, which takes the place of the first of them."""
    take = _chosen(paths)
    nodes = tuple(_node(study, path) for path in take)
    filled = msgspec.structs.replace(wrapper, scenes=nodes)
    at = after_removal(take[0], take)
    title = NODE_KINDS[wrapper.kind].title
    return Splice(take=take, put=((at, filled),), label=f"Put {_named(nodes)} in {title.lower()}")


def unwrap(study: Study, path: NodePath) -> Splice:
    """Return the edit that lets a wrapper's scenes take its place."""
    node = _node(study, path)
    if not isinstance(node, RandomizeOrder | Repeat):
        raise EditError(f"{name_of(node)} holds no scenes that could be taken out")
    put = tuple(((*path[:-1], path[-1] + offset), inner) for offset, inner in enumerate(node.scenes))
    return Splice(take=(path,), put=put, label=f"Take the scenes out of {name_of(node)}")


def replace(study: Study, path: NodePath, node: Node, *, label: str = "") -> Splice:
    """Return the edit that puts another node in a node's place."""
    before = _node(study, path)
    return Splice(take=(path,), put=((path, node),), label=label or f"Change {name_of(before)}")


# --- places and names -------------------------------------------------------------------------------------------------


def outermost(paths: Iterable[NodePath]) -> tuple[NodePath, ...]:
    """Return the paths in the chain's order without those that lie inside another of them."""
    kept: list[NodePath] = []
    for path in sorted(set(paths)):
        if not kept or path[: len(kept[-1])] != kept[-1]:
            kept.append(path)
    return tuple(kept)


def _chosen(paths: Iterable[NodePath]) -> tuple[NodePath, ...]:
    found = outermost(paths)
    if not found:
        raise EditError("no scene is named")
    return found


def after_removal(path: NodePath, taken: Iterable[NodePath]) -> NodePath:
    """Return where a place lies when the nodes `taken` are gone; the place itself lies in none of them."""
    result = list(path)
    for gone in sorted(taken, reverse=True):
        depth = len(gone) - 1
        if len(path) > depth and path[:depth] == gone[:depth] and gone[depth] < path[depth]:
            result[depth] -= 1
    return tuple(result)


def fresh_scene_id(taken: Iterable[str], wanted: str) -> SceneId:
    """Return `wanted`, or it with a number, such that no scene is called so already."""
    used = set(taken)
    if wanted not in used:
        return SceneId(wanted)
    stem, _, number = wanted.rpartition("_")
    base, count = (stem, int(number)) if stem and number.isdecimal() and number.isascii() else (wanted, 1)
    while True:
        count += 1
        candidate = f"{base[: 63 - len(str(count))]}_{count}"
        if candidate not in used:
            return SceneId(candidate)


def with_fresh_ids(study: Study, nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return copies of nodes whose scenes have ids that the study does not have yet."""
    used = {node.scene_id for _, node in walk(study) if not isinstance(node, RandomizeOrder | Repeat)}

    def fresh(node: Node) -> Node:
        if isinstance(node, RandomizeOrder | Repeat):
            return msgspec.structs.replace(node, scenes=tuple(fresh(inner) for inner in node.scenes))
        scene_id = fresh_scene_id(used, node.scene_id)
        used.add(scene_id)
        return msgspec.structs.replace(node, scene_id=scene_id)

    return tuple(fresh(node) for node in nodes)


def name_of(node: Node) -> str:
    """Return a node's name in a sentence: a scene's id in quotes, else the wrapper's kind."""
    if isinstance(node, RandomizeOrder | Repeat):
        return NODE_KINDS[node.kind].title.lower()
    return f"“{node.scene_id}”"


def field_value(study: Study, path: NodePath, field: str) -> Any:
    """Return the value of a field, as `SetField` names it.

    Raises:
        EditError: When there is no such node or field.
    """
    value: Any = study if not path else _node(study, path)
    for name in field.split("."):
        if isinstance(value, Section) and any(info.name == name for info in struct_fields(type(value))):
            value = getattr(value, name)
        elif isinstance(value, Section) and name in value.extra:
            value = _Was(value.extra[name])
        else:
            raise EditError(f"{field} is no field")
    return value.value if isinstance(value, _Was) else value


def _named(nodes: Sequence[Node]) -> str:
    return name_of(nodes[0]) if len(nodes) == 1 else f"{len(nodes)} scenes"


def _info(struct: type[Section], field: str) -> Any:
    first, _, rest = field.partition(".")
    info = next((info for info in struct_fields(struct) if info.name == first), None)
    if info is None or not rest:
        return info
    return _info(info.section, rest) if info.section is not None else None


# --- how -------------------------------------------------------------------------------------------------------------


def _node(study: Study, path: NodePath) -> Node:
    try:
        return node_at(study, path)
    except LookupError as error:
        raise EditError(str(error)) from error


def _refuse_nested(paths: Sequence[NodePath]) -> None:
    for outer, inner in pairwise(paths):
        if inner[: len(outer)] == outer:
            raise EditError(f"the node at {inner} is inside of the one at {outer}, or named twice")


def _with_field(section: Section, names: Sequence[str], value: Any, field: str) -> tuple[Any, Any]:
    """Return the struct with a field set, and what brings it back."""
    name, rest = names[0], names[1:]
    infos = {info.name: info for info in struct_fields(type(section))}
    info = infos.get(name)
    if info is not None and rest:
        if info.section is None:
            raise EditError(f"{field} is no field: {name} has no parts")
        inner, before = _with_field(getattr(section, name), rest, value, field)
        return msgspec.structs.replace(section, **{name: inner}), before
    if info is None:
        if rest or name in _RESERVED or (name not in section.extra and value is RESET):
            raise EditError(f"{field} is no field{did_you_mean(name, infos)}")
        return _with_unknown(section, name, value)
    before = _Was(getattr(section, name))
    if isinstance(value, _Was):
        return msgspec.structs.replace(section, **{name: value.value}), before
    if value is RESET:
        if info.required:
            raise EditError(f"{field} has no default: it must be given")
        if name == "chain":
            raise EditError(f"{field} is not set as a whole: set its fields, or insert and remove scenes")
        return msgspec.structs.replace(section, **{name: info.default}), before
    if info.section is not None or name in ("chain", "scenes"):
        raise EditError(f"{field} is not set as a whole: set its fields, or insert and remove scenes")
    try:
        converted = msgspec.convert(value, info.annotation)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise EditError(f"{info.title} takes {info.type_words}, not {value!r}") from error
    _refuse_foreign(info.title, converted)
    return msgspec.structs.replace(section, **{name: converted}), before


def _with_unknown(section: Section, name: str, value: Any) -> tuple[Section, Any]:
    """Set or remove an unknown field; its inverse brings back the whole table, for the order's sake."""
    before = _Was(dict(section.extra))
    if isinstance(value, _Was):
        return msgspec.structs.replace(section, extra=dict(value.value)), before
    fields = {key: item for key, item in section.extra.items() if key != name or value is not RESET}
    if value is not RESET:
        if value is None:
            raise EditError(f"{name} cannot be nothing: take it out instead")
        _refuse_foreign(name, value)
        fields[name] = value
    return msgspec.structs.replace(section, extra=fields), before


def _refuse_foreign(title: str, value: Any) -> None:
    """Refuse what no study file can hold, wherever it is inside of a value."""
    match value:
        case None | bool() | int() | float() | str() | date() | time() | KeyBinding():
            return
        case Mapping() if all(isinstance(key, str) for key in value):
            for item in value.values():
                _refuse_foreign(title, item)
        case list() | tuple():
            for item in value:
                _refuse_foreign(title, item)
        case _:
            raise EditError(f"{title} takes texts, numbers, true or false, lists and tables of those, not {value!r}")


def _arms_following(study: Study, before: str, after: str) -> dict[str, Any] | None:
    """Return the treatments with the changes of a scene under its new id; None: none of them has any, or may have."""
    ids = [str(node.scene_id) for _, node in walk(study) if not isinstance(node, RandomizeOrder | Repeat)]
    if before in ids or ids.count(after) > 1:
        return None
    arms: dict[str, Any] = {}
    for name, said in study.treatments.arms.items():
        changes = said.get("changes") if isinstance(said, Mapping) else None
        arms[name] = said
        if isinstance(changes, Mapping) and before in changes:
            if after in changes:
                return None
            renamed = {after if scene == before else scene: fields for scene, fields in changes.items()}
            arms[name] = {**said, "changes": renamed}
    return arms if arms != study.treatments.arms else None


class _Was(msgspec.Struct, frozen=True):
    """A value as it stood in the study, which an inverse brings back as it is: nothing about it is converted."""

    value: Any


def _without(nodes: tuple[Node, ...], path: NodePath) -> tuple[Node, ...]:
    index, rest = path[0], path[1:]
    if not rest:
        return (*nodes[:index], *nodes[index + 1 :])
    outer = nodes[index]
    assert isinstance(outer, RandomizeOrder | Repeat)
    inner = msgspec.structs.replace(outer, scenes=_without(outer.scenes, rest))
    return (*nodes[:index], inner, *nodes[index + 1 :])


def _with(nodes: tuple[Node, ...], path: NodePath, node: Node) -> tuple[Node, ...]:
    if not path:
        raise EditError("an empty path is no place for a node")
    index, rest = path[0], path[1:]
    if not rest:
        if not 0 <= index <= len(nodes):
            raise EditError(f"there is no place {index} among {len(nodes)} nodes")
        return (*nodes[:index], node, *nodes[index:])
    outer = nodes[index] if 0 <= index < len(nodes) else None
    if not isinstance(outer, RandomizeOrder | Repeat):
        raise EditError("only random orders and repeats hold scenes")
    inner = msgspec.structs.replace(outer, scenes=_with(outer.scenes, rest, node))
    return (*nodes[:index], inner, *nodes[index + 1 :])


def _with_node(study: Study, path: NodePath, node: Node) -> Study:
    def inside(nodes: tuple[Node, ...], rest: NodePath) -> tuple[Node, ...]:
        index = rest[0]
        if len(rest) == 1:
            return (*nodes[:index], node, *nodes[index + 1 :])
        outer = nodes[index]
        assert isinstance(outer, RandomizeOrder | Repeat)
        inner = msgspec.structs.replace(outer, scenes=inside(outer.scenes, rest[1:]))
        return (*nodes[:index], inner, *nodes[index + 1 :])

    return msgspec.structs.replace(study, chain=inside(study.chain, path))
