"""Scenes as text: what is copied can be pasted into another window, another study, a mail, a study.toml."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mug.ids import ExperimentId
from mug.study.decoding import decode_study
from mug.study.errors import EditError, StudyFileError
from mug.study.files import dump_study
from mug.study.model import FORMAT, Node, Study

__all__ = ["MAX_CHARACTERS", "nodes_from_text", "nodes_to_text"]

MAX_CHARACTERS: Final = 2_000_000
"""Longest text that is read; a study of 500 scenes with their texts has about a third of it."""

_HEAD: Final = "# Scenes of a MUG study, format {format}. Paste them in MUG Lab, or at the end of a study.toml."
_HEAD_FORMAT: Final = re.compile(r"#[^\n]*\bMUG\b[^\n]*\bformat (\d{1,9})\b")
_CHAIN: Final = re.compile(r"^\[\[chain\]\]", re.MULTILINE)
_SHOWN: Final = 40
_EXPECTED: Final = "Copy scenes in MUG Lab, or the part of a study.toml that begins with [[chain]]"


def nodes_to_text(nodes: Sequence[Node]) -> str:
    """Return nodes as TOML: a comment that says what it is, then the tables as they stand in a study.toml.

    Raises:
        EditError: When there are none, or one holds something that a study.toml cannot.
    """
    if not nodes:
        raise EditError("there is nothing to copy: select a scene first")
    try:
        text = dump_study(Study(id=ExperimentId("copied"), chain=tuple(nodes)))
    except StudyFileError as error:
        raise EditError(f"these scenes cannot be copied as text: {error}") from error
    found = _CHAIN.search(text)
    assert found is not None
    return f"{_HEAD.format(format=FORMAT)}\n{text[found.start() :]}"


def nodes_from_text(text: str) -> tuple[Node, ...]:
    """Return the nodes of a copied text: ours, a whole study.toml, or some tables of its chain.

    Raises:
        EditError: When the text holds no scenes that this version can read; says what was pasted, and what can be.
    """
    if not text.strip():
        raise EditError(f"there is nothing to paste: the clipboard holds no text. {_EXPECTED}")
    if len(text) > MAX_CHARACTERS:
        raise EditError(
            f"the pasted text is too long for scenes: {len(text):,} characters, at most {MAX_CHARACTERS:,} are read. "
            f"{_EXPECTED}"
        )
    _refuse_newer(text)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what = f"begins like scenes, but is not valid TOML ({error})" if _CHAIN.search(text) else "is no scene"
        raise EditError(f"the pasted text {_quoted(text)} {what}. {_EXPECTED}") from error
    except RecursionError as error:
        raise EditError(f"the pasted text {_quoted(text)} is nested too deep. {_EXPECTED}") from error
    return _nodes(raw, text)


def _refuse_newer(text: str) -> None:
    found = _HEAD_FORMAT.match(text.lstrip("\ufeff \t\r\n"))
    if found is not None and int(found[1]) > FORMAT:
        raise EditError(
            f"the pasted scenes are of format {found[1]}, written by a newer MUG; this one reads up to format "
            f"{FORMAT}: update MUG"
        )


def _nodes(raw: Mapping[str, Any], text: str) -> tuple[Node, ...]:
    chain = _chain_of(raw)
    if not chain:
        raise EditError(f"the pasted text {_quoted(text)} holds no scenes. {_EXPECTED}")
    try:
        study, problems = decode_study({"format": raw.get("format", FORMAT), "id": "pasted", "chain": chain})
    except RecursionError as error:
        raise EditError(f"the pasted text {_quoted(text)} is nested too deep. {_EXPECTED}") from error
    if study is None:
        first = next(problem for problem in problems if problem.severity == "error")
        more = len(problems) - 1
        others = f" (and {more} more problem{'s'[: more > 1]})" if more else ""
        raise EditError(f"the pasted scenes cannot be read: {str(first).removeprefix('error: ')}{others}")
    return study.chain


def _chain_of(raw: Mapping[str, Any]) -> Any:
    """Find the list of nodes: a chain, the scenes of a wrapper, or one node's fields without their header."""
    if "chain" in raw:
        chain = raw["chain"]
        while isinstance(chain, Mapping) and "kind" not in chain and "scenes" in chain:
            chain = chain["scenes"]  # [[chain.scenes]]: copied from inside a wrapper
        return [chain] if isinstance(chain, Mapping) else chain
    if isinstance(raw.get("kind"), str):
        return [raw]
    return None


def _quoted(text: str) -> str:
    words = " ".join(text[: 4 * _SHOWN].split())
    return f"“{words}”" if len(words) <= _SHOWN else f"“{words[: _SHOWN - 1].rstrip()}…”"
