"""From plain data (a parsed file) to a study, with every problem on the way and no field lost."""

from collections.abc import Mapping
from typing import Any

import msgspec

from mug.study.catalog import NODE_KINDS, FieldInfo, struct_fields
from mug.study.fields import Severity
from mug.study.model import FORMAT, KeyBinding, Section, Study
from mug.study.problems import Problem, did_you_mean, node_id_of

__all__ = ["decode_field", "decode_study", "encode_study", "encode_value"]

_NESTED = frozenset({"chain", "scenes"})
_PLACEHOLDER = object()


class _Decoder:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def report(
        self,
        path: tuple[int, ...],
        label: str | None,
        field: str | None,
        code: str,
        message: str,
        severity: Severity = "error",
    ) -> None:
        node = node_id_of(path) if path else None
        self.problems.append(Problem(node, field, severity, code, message, label, path))

    def section(
        self, struct: type[Section], raw: Any, path: tuple[int, ...], label: str | None, prefix: str = ""
    ) -> Any:
        if not isinstance(raw, Mapping):
            name = prefix.rstrip(".") or None
            self.report(path, label, name, "wrong_type", f"must be a table, got {_shown(raw)}")
            return _PLACEHOLDER
        known = {info.name: info for info in struct_fields(struct)}
        values: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for name, value in raw.items():
            if name == "kind" and "kind" not in known and not prefix and struct is not Study:
                continue
            if name == "extra" and isinstance(value, Mapping) and "extra" not in known:
                extra.update(value)
                continue
            info = known.get(name)
            if info is None:
                extra[name] = value
                continue
            field = prefix + name
            if info.section is not None:
                decoded = self.section(info.section, value, path, label, field + ".")
            elif name in _NESTED and not prefix:
                decoded = self.nodes(value, path, label, field)
            elif name == "action_mapping":
                decoded = self.bindings(value, path, label, field)
            else:
                decoded = self.value(value, info.annotation, path, label, field)
            if decoded is not _PLACEHOLDER:
                values[name] = decoded
        missing = [info.name for info in known.values() if info.required and info.name not in raw]
        for name in missing:
            self.report(path, label, prefix + name, "missing", f"is missing: add {name}")
        if any(info.required and info.name not in values for info in known.values()):
            return _PLACEHOLDER
        return struct(**values, extra=extra) if extra else struct(**values)

    def value(self, value: Any, kind: Any, path: tuple[int, ...], label: str | None, field: str) -> Any:
        try:
            return msgspec.convert(value, kind)
        except (msgspec.ValidationError, TypeError, ValueError) as error:
            reason = str(error).replace("`", "")
            self.report(path, label, field, "wrong_type", f"{reason}, got {_shown(value)}")
            return _PLACEHOLDER

    def bindings(self, value: Any, path: tuple[int, ...], label: str | None, field: str) -> Any:
        if not isinstance(value, list | tuple):
            self.report(
                path,
                label,
                field,
                "wrong_type",
                f"must be a list of tables {{keys = [...], action = ...}}, got {_shown(value)}",
            )
            return _PLACEHOLDER
        found = []
        for index, item in enumerate(value):
            place = f"{field}[{index}]"
            if not isinstance(item, Mapping) or set(item) != {"keys", "action"}:
                self.report(
                    path, label, place, "wrong_type", f"must be {{keys = [...], action = ...}}, got {_shown(item)}"
                )
                continue
            keys = self.value(item["keys"], tuple[str, ...], path, label, place + ".keys")
            if keys is not _PLACEHOLDER:
                found.append(KeyBinding(keys=keys, action=item["action"]))
        return tuple(found)

    def nodes(self, value: Any, path: tuple[int, ...], label: str | None, field: str) -> Any:
        if not isinstance(value, list | tuple):
            self.report(path, label, field, "wrong_type", f"must be a list of nodes, got {_shown(value)}")
            return _PLACEHOLDER
        found = (self.node(item, (*path, index)) for index, item in enumerate(value))
        return tuple(node for node in found if node is not _PLACEHOLDER)

    def node(self, raw: Any, path: tuple[int, ...]) -> Any:
        if not isinstance(raw, Mapping):
            self.report(path, None, None, "wrong_type", f"must be a table with a kind, got {_shown(raw)}")
            return _PLACEHOLDER
        scene_id = raw.get("scene_id")
        label = scene_id if isinstance(scene_id, str) else None
        kind = raw.get("kind")
        if not isinstance(kind, str) or kind not in NODE_KINDS:
            hint = did_you_mean(kind, NODE_KINDS) if isinstance(kind, str) else ""
            what = "has no kind" if kind is None else f"has the unknown kind {kind!r}{hint}"
            self.report(path, label, "kind", "unknown_kind", f"{what}; use one of {', '.join(NODE_KINDS)}")
            return _PLACEHOLDER
        return self.section(NODE_KINDS[kind].struct, raw, path, label)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def decode_study(raw: Mapping[str, Any]) -> tuple[Study | None, list[Problem]]:
    """Make a study of plain data.

    Only what cannot be held at all is a problem here (wrong types, unknown kinds, missing ids, a newer format);
    `mug.study.validate` finds the rest. Unknown fields are kept in `extra`.

    Returns:
        The study, or None when there was an error; and all problems.
    """
    decoder = _Decoder()
    file_format = raw.get("format", FORMAT)
    if isinstance(file_format, int) and file_format > FORMAT:
        decoder.report(
            (),
            None,
            "format",
            "newer_format",
            f"is {file_format}, written by a newer MUG; this one reads up to format {FORMAT}: update MUG",
        )
        return None, decoder.problems
    study = decoder.section(Study, raw, (), None)
    if study is _PLACEHOLDER or any(problem.severity == "error" for problem in decoder.problems):
        return None, decoder.problems
    return study, decoder.problems


def decode_field(info: FieldInfo, value: Any) -> tuple[Any, str]:
    """Make one field's value of plain data, as a whole study's is; what is wrong with it comes second, or is empty."""
    decoder = _Decoder()
    if info.name == "action_mapping":
        decoded = decoder.bindings(value, (), None, info.name)
    else:
        decoded = decoder.value(value, info.annotation, (), None, info.name)
    if decoder.problems:
        return None, decoder.problems[0].message
    return decoded, ""


def encode_study(study: Study, *, defaults: bool = False) -> dict[str, Any]:
    """Return `study` as plain data, its unknown fields in their old places.

    Args:
        study: The study.
        defaults: Say the defaults too, but for those that are None.
    """
    encoded = _encode(study, defaults)
    return {"format": study.format, **encoded}


def _encode(value: Any, defaults: bool = False) -> Any:
    match value:
        case Section():
            kind = type(value).__struct_config__.tag
            plain: dict[str, Any] = {"kind": kind} if kind is not None else {}
            for info in struct_fields(type(value)):
                found = getattr(value, info.name)
                is_default = not info.required and found == info.default and type(found) is type(info.default)
                if is_default and (not defaults or found is None):
                    continue
                plain[info.name] = _encode(found, defaults)
            plain.update(value.extra)
            return plain
        case KeyBinding():
            return {"keys": list(value.keys), "action": _encode(value.action)}
        case tuple() | list():
            return [_encode(item, defaults) for item in value]
        case dict():
            return {name: _encode(item) for name, item in value.items()}
        case _:
            return value


def encode_value(value: Any) -> Any:
    """Return one field's value as a study file has it."""
    return _encode(value)
