"""Which operators a model has, read from its file: those that draw by themselves give other numbers each time.

A file is Protocol Buffers, of which only the few fields are read that lead to the names of the operators.
"""

from collections.abc import Iterator
from typing import Final

from mug.play.errors import PlayError

__all__ = ["operators", "refuse_chance"]

_DRAWING: Final = frozenset(
    {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
)

# Fields of onnx.proto that hold a graph's nodes, or what has nodes: by message.
_WITHIN: Final = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {6: "graph", 11: "graph"},
}
_NODE_OPERATOR: Final = 4
_DEEPEST: Final = 40


def refuse_chance(name: str, data: bytes) -> None:
    """Refuse a model that draws by itself: asked twice with the same inputs, it would answer differently.

    Args:
        name: The file's name in the study, for messages.
        data: The file. One that is no model is left to who loads it.

    Raises:
        PlayError: When it draws.
    """
    drawing = sorted(operators(data) & _DRAWING)
    if drawing:
        raise PlayError(
            f"the model {name!r} draws by itself ({', '.join(drawing)}), so it would not do the same on every computer "
            "and after a rollback: let it end with its logits, which are drawn from by the match's seed"
        )


def operators(data: bytes) -> frozenset[str]:
    """Return the names of all operators of a model, in graphs within graphs, too; empty for what is no model."""
    try:
        return frozenset(_operators(memoryview(data), "model", 0))
    except (ValueError, IndexError):
        return frozenset()


def _operators(message: memoryview, kind: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise ValueError("graphs are too deep within each other")
    within = _WITHIN[kind]
    for number, value in _fields(message):
        if kind == "node" and number == _NODE_OPERATOR:
            yield bytes(value).decode("utf-8", "replace")
        elif number in within:
            yield from _operators(value, within[number], depth + 1)


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The length-delimited fields of a message."""
    at = 0
    while at < len(message):
        key, at = _number(message, at)
        match key & 7:
            case 0:
                _, at = _number(message, at)
            case 1:
                at += 8
            case 2:
                length, at = _number(message, at)
                if at + length > len(message):
                    raise ValueError("a field ends behind its message")
                yield key >> 3, message[at : at + length]
                at += length
            case 5:
                at += 4
            case _:
                raise ValueError("there is no such kind of field")


def _number(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")
