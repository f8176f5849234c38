"""What a study can be made of: every kind of node, every section, every field with what is known about it."""

import types
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import msgspec

from mug.study.fields import Part
from mug.study.model import (
    CompletionCodePage,
    Endings,
    EndPage,
    EntryScreening,
    GymGame,
    Hosting,
    HtmlGame,
    KeyBinding,
    MultipleChoiceForm,
    OptionBoxesForm,
    RandomizeOrder,
    Repeat,
    ScalesForm,
    Section,
    StartPage,
    StaticPage,
    Study,
    TextBoxForm,
    Treatments,
    UnityGame,
    WebRtc,
)

__all__ = ["NODE_KINDS", "FieldInfo", "NodeKind", "fields", "sections", "struct_fields"]

NOT_GIVEN: Final = msgspec.NODEFAULT


class FieldInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a section or node.

    Attributes:
        name: As in the study file and as the chain method's parameter.
        annotation: The type without its metadata.
        type_words: The type in words, for people.
        default: The default; `required` fields have none.
        choices: The allowed texts, or None.
        shape: What a text holds: one of `mug.study.fields.Format`.
        part: What of a question a list holds: all lists of a form with a part have one entry for each question.
        suggested: Texts of a list, or keys of a table, that mean something.
        section: The struct type when the field is a section of its own.
    """

    name: str
    annotation: Any
    type_words: str
    title: str
    description: str
    default: Any = None
    required: bool = False
    optional: bool = False
    unit: str | None = None
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    choices: tuple[str, ...] | None = None
    shape: str | None = None
    part: Part | None = None
    suggested: tuple[str, ...] | None = None
    advanced: bool = False
    section: type[Section] | None = None


class NodeKind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of node of the chain."""

    kind: str
    struct: type[Section]
    title: str
    description: str
    wrapper: bool = False


def _first_line(struct: type) -> str:
    return (struct.__doc__ or "").strip().split("\n")[0]


NODE_KINDS: Final[Mapping[str, NodeKind]] = {
    struct.kind: NodeKind(
        kind=struct.kind,
        struct=struct,
        title=title,
        description=_first_line(struct),
        wrapper=struct in (RandomizeOrder, Repeat),
    )
    for struct, title in (
        (StartPage, "Start page"),
        (StaticPage, "Page"),
        (TextBoxForm, "Text box"),
        (MultipleChoiceForm, "Multiple choice"),
        (ScalesForm, "Scales and text box"),
        (OptionBoxesForm, "Option boxes, scales and text box"),
        (GymGame, "Game"),
        (UnityGame, "Unity game"),
        (HtmlGame, "HTML game"),
        (RandomizeOrder, "Random order"),
        (Repeat, "Repeat"),
        (EndPage, "End page"),
        (CompletionCodePage, "End page with completion code"),
    )
}
"""Kind, as it stands in files, → what is known about it; in the order a palette shows them."""


def _unwrap(annotation: Any) -> tuple[Any, msgspec.Meta | None]:
    meta = None
    if typing.get_origin(annotation) is typing.Annotated:
        annotation, *found = typing.get_args(annotation)
        meta = next((item for item in found if isinstance(item, msgspec.Meta)), None)
    return annotation, meta


_WORDS: Final[Mapping[Any, str]] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Any: "any value",
    type(None): "nothing",
}


def _words(annotation: Any) -> str:
    annotation, _ = _unwrap(annotation)
    if annotation in _WORDS:
        return _WORDS[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        parts = [argument for argument in arguments if argument is not type(None)]
        if all(isinstance(part, type) and issubclass(part, Section) for part in parts):
            return "node"
        return " or ".join(_words(part) for part in parts)
    if origin is tuple:
        return f"list of {_words(arguments[0])}"
    if origin is dict:
        return "table" if arguments[1] is Any else f"table of {_words(arguments[1])}"
    if annotation is KeyBinding:
        return "{keys, action}"
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return "section"
    supertype = getattr(annotation, "__supertype__", None)
    return _words(supertype) if supertype is not None else str(annotation)


@cache
def struct_fields(struct: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    """Return every field of `struct` but `extra`, in the order of the definition."""
    hints = typing.get_type_hints(struct, include_extras=True)
    found = []
    for field in msgspec.structs.fields(struct):
        if field.name == "extra":
            continue
        annotation, meta = _unwrap(hints[field.name])
        known = dict(meta.extra or {}) if meta is not None else {}
        required = field.default is NOT_GIVEN and field.default_factory is NOT_GIVEN
        default: Any = None
        if field.default is not NOT_GIVEN:
            default = field.default
        elif field.default_factory is not NOT_GIVEN:
            default = field.default_factory()
        optional = type(None) in typing.get_args(annotation)
        is_section = isinstance(annotation, type) and issubclass(annotation, Section)
        found.append(
            FieldInfo(
                name=field.name,
                annotation=annotation,
                type_words=_words(annotation),
                title=(meta.title if meta is not None else None) or field.name,
                description=(meta.description if meta is not None else None) or "",
                default=default,
                required=required,
                optional=optional,
                section=annotation if is_section else None,
                **known,
            )
        )
    return tuple(found)


def sections(struct: type[Section]) -> dict[str, type[Section]]:
    """Return the sections of a node kind or of the study, by name; a page has none."""
    return {info.name: info.section for info in struct_fields(struct) if info.section is not None}


def fields(struct: type[Section]) -> Iterator[tuple[str, FieldInfo]]:
    """Iterate over every field of `struct` and of its sections, with its dotted name ("gameplay.num_episodes")."""
    for info in struct_fields(struct):
        if info.section is None:
            yield info.name, info
        else:
            for inner in struct_fields(info.section):
                yield f"{info.name}.{inner.name}", inner


SETTINGS: Final[tuple[type[Section], ...]] = (Study, Hosting, WebRtc, EntryScreening, Endings, Treatments)
