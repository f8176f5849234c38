"""A problem of a study, as every place shows it: the editor's badge, ``mug check``, the server's refusal."""

import difflib
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from mug.ids import NodeId
from mug.study.fields import Severity

__all__ = ["Problem", "did_you_mean", "nearest", "node_id_of"]


def node_id_of(path: tuple[int, ...]) -> NodeId:
    """Return the id of the node at `path`: its indices from the chain inwards, joined by dots ("2", "3.0")."""
    return NodeId(".".join(str(index) for index in path))


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something in a study that has to be changed (error) or looked at (warning).

    Attributes:
        node_id: The node, as `node_id_of` names it; None: the study itself.
        field: Dotted name of the field within the node or study; None: the whole of it.
        severity: "error": the study is not run; "warning": it is.
        code: A stable word for the kind of problem.
        message: What is wrong and how to fix it, to be read by people.
        label: The scene's id, where the node has one.
        path: The node's path: its index in the chain, then in each wrapper's scenes.
    """

    node_id: NodeId | None
    field: str | None
    severity: Severity
    code: str
    message: str
    label: str | None = None
    path: tuple[int, ...] = ()

    def __str__(self) -> str:
        place = f"scene {self.label!r}" if self.label else f"node {self.node_id}" if self.node_id else "study"
        where = f"{place}, {self.field}" if self.field else place
        return f"{self.severity}: {where}: {self.message}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the known word nearest to `word`, or an empty text."""
    near = nearest(word, known)
    return f"; did you mean {near!r}?" if near is not None else ""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` was probably meant to be; None: none is near."""
    return _nearest(word, tuple(known))


@lru_cache(maxsize=4096)
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.6)), None)
