"""Writes the TypeScript types of the messages: ``python -m mug.protocol.typescript [--check]``.

The Python types are the source; the file under ``web_client`` is generated and never edited. What the page sends may
leave out fields with a default (``?``); what the server sends has every field.
"""

import argparse
import inspect
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import inspect as types

from mug.protocol.codec import SEED_FIELDS, ops_of
from mug.protocol.lab import LabMessage, LabRequest
from mug.protocol.messages import PROTOCOL_VERSION, ParticipantMessage, ServerMessage

__all__ = ["TARGET", "main", "render"]

TARGET: Final = Path("web_client/src/protocol/messages.ts")
"""Where the generated file lies, from the root of a checkout."""

_HEADER: Final = """\
// Generated from mug/protocol by `python -m mug.protocol.typescript`. Do not edit.
//
// Every message is one Socket.IO event, "m", whose payload is the message with its `op`; Uint8Array fields travel as
// binary attachments. Seeds are 64-bit integers and travel as decimal texts.
"""

_UNIONS: Final = (
    ("ClientMessage", ParticipantMessage, True, "What a participant's page sends to the server (namespace /)."),
    ("ServerMessage", ServerMessage, False, "What the server sends to a participant's page (namespace /)."),
    ("LabRequest", LabRequest, True, "What MUG Lab asks for (namespace /lab)."),
    ("LabMessage", LabMessage, False, "What the server sends to MUG Lab (namespace /lab)."),
)


def render() -> str:
    """Return the whole generated file as text."""
    writer = _Writer()
    for _, union, sent_by_client, _ in _UNIONS:
        for struct in ops_of(union).values():
            writer.add(struct, optional_defaults=sent_by_client)
    parts = [_HEADER, f"export const PROTOCOL_VERSION = {PROTOCOL_VERSION};\n", *writer.interfaces.values()]
    for name, union, _, text in _UNIONS:
        members = "".join(f"\n  | {struct.__name__}" for struct in ops_of(union).values())
        parts.append(f"/** {text} */\nexport type {name} ={members};\n")
    return "\n".join(parts)


class _Writer:
    """Collects one interface for every type that the messages reach, dependencies first."""

    def __init__(self) -> None:
        self.interfaces: dict[type, str] = {}

    def add(self, cls: type, *, optional_defaults: bool) -> str:
        """Write the interface of a struct or dataclass once; a type that the server sends has all its fields."""
        if cls not in self.interfaces:
            info = types.type_info(cls)
            assert isinstance(info, types.StructType | types.DataclassType)
            lines = [*_doc_comment(cls, ""), f"export interface {cls.__name__} {{"]
            if isinstance(info, types.StructType) and info.tag_field is not None:
                lines.append(f'  {info.tag_field}: "{info.tag}";')
            for field in info.fields:
                mark = "?" if optional_defaults and not field.required else ""
                wire_type = self._type(field.type, optional_defaults)
                if field.encode_name in SEED_FIELDS and cls.__name__ == "GameConfig":
                    wire_type = wire_type.replace("number", "string")
                lines.append(f"  {field.encode_name}{mark}: {wire_type};")
            lines.append("}\n")
            self.interfaces[cls] = "\n".join(lines)
        return cls.__name__

    def _type(self, info: types.Type, optional_defaults: bool) -> str:
        match info:
            case types.Metadata():
                return self._type(info.type, optional_defaults)
            case types.AnyType():
                return "unknown"
            case types.NoneType():
                return "null"
            case types.BoolType():
                return "boolean"
            case types.IntType() | types.FloatType():
                return "number"
            case types.StrType():
                return "string"
            case types.BytesType():
                return "Uint8Array"
            case types.LiteralType():
                return " | ".join(f'"{value}"' if isinstance(value, str) else str(value) for value in info.values)
            case types.VarTupleType() | types.ListType():
                item = self._type(info.item_type, optional_defaults)
                return f"({item})[]" if " | " in item else f"{item}[]"
            case types.DictType():
                return f"Record<string, {self._type(info.value_type, optional_defaults)}>"
            case types.UnionType():
                return " | ".join(_unique(self._type(item, optional_defaults) for item in info.types))
            case types.StructType() | types.DataclassType():
                return self.add(info.cls, optional_defaults=optional_defaults)
            case _:
                raise TypeError(f"the generator has no TypeScript for {info!r}; add a case to mug.protocol.typescript")


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _doc_comment(cls: type[Any], indent: str) -> list[str]:
    text = cls.__dict__.get("__doc__") or ""
    if not text or (not issubclass(cls, msgspec.Struct) and text.startswith(f"{cls.__name__}(")):
        return []
    lines: list[str] = []
    for paragraph in inspect.cleandoc(text).splitlines():
        if paragraph.rstrip() in {"Attributes:", "Raises:"}:
            lines.append(paragraph)
        else:
            lines += textwrap.wrap(paragraph, 114 - len(indent), subsequent_indent=" " * _indent(paragraph)) or [""]
    if len(lines) == 1:
        return [f"{indent}/** {lines[0]} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def main(argv: Sequence[str] | None = None) -> int:
    """Write the file, or with ``--check`` say whether it is up to date."""
    parser = argparse.ArgumentParser(prog="python -m mug.protocol.typescript", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the file is out of date")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2], help="root of the checkout")
    args = parser.parse_args(argv)
    target: Path = args.root / TARGET
    text = render()
    current = target.read_text(encoding="utf-8") if target.is_file() else None
    if args.check:
        if current == text:
            return 0
        sys.stderr.write(f"{TARGET.as_posix()} is out of date: run `python -m mug.protocol.typescript`\n")
        return 1
    if current != text:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
