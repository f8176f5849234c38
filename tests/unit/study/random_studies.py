"""Random studies for property tests: every kind of node, every field, nested as deep as one likes."""

import types
import typing
from typing import Any

from hypothesis import strategies as st

from mug.study.catalog import NODE_KINDS, struct_fields
from mug.study.model import GymGame, KeyBinding, RandomizeOrder, Repeat, Section, StaticPage, Study

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAME = st.text("abcdefghijklmnopqrstuvwxyz_-. é\"'#=[", min_size=1, max_size=8)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.one_of(st.booleans(), INTEGERS, FLOATS, TEXT)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAME, inner, max_size=3)),
    max_leaves=6,
)
TABLES = st.dictionaries(NAME, VALUES, max_size=3)
BINDINGS = st.builds(KeyBinding, keys=st.lists(TEXT, max_size=3).map(tuple), action=VALUES)
UNKNOWN = st.dictionaries(st.sampled_from(["from_the_future", "also_new", "newer-still"]), VALUES, max_size=2)


def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any:
        return VALUES
    if annotation is KeyBinding:
        return BINDINGS
    if origin in (types.UnionType, typing.Union):
        return st.one_of(*(values_of(part) for part in arguments if part is not type(None)))
    if origin is tuple:
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(NAME, values_of(arguments[1]), max_size=2)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return sections(annotation)
    simple = {bool: st.booleans(), int: INTEGERS, float: FLOATS, str: TEXT}
    return simple[getattr(annotation, "__supertype__", annotation)]


@st.composite
def sections(draw: st.DrawFn, struct: type[Section], **fixed: Any) -> Any:
    """One struct with some of its fields set, and perhaps unknown ones."""
    infos = [info for info in struct_fields(struct) if info.name not in (*fixed, "format", "chain", "scenes")]
    chosen = draw(st.sets(st.sampled_from([info.name for info in infos]), max_size=4)) if infos else set()
    values = dict(fixed)
    for info in infos:
        if info.required or info.name in chosen:
            values[info.name] = draw(values_of(info.annotation))
    return struct(**values, extra=draw(UNKNOWN))


PAGES = st.sampled_from([kind.struct for kind in NODE_KINDS.values() if issubclass(kind.struct, StaticPage)])
SCENES = st.one_of(PAGES.flatmap(sections), sections(GymGame))


def _wrappers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    scenes = st.lists(inner, max_size=3).map(tuple)
    return scenes.flatmap(
        lambda found: st.one_of(sections(RandomizeOrder, scenes=found), sections(Repeat, scenes=found))
    )


NODES = st.recursive(SCENES, _wrappers, max_leaves=4)
STUDIES = st.lists(NODES, max_size=4).map(tuple).flatmap(lambda chain: sections(Study, chain=chain))
