"""Which words would tell staff that is blind who has which treatment, and texts without them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from mug.play.policies_kinds import policy_name
from mug.study.decoding import encode_value
from mug.study.model import RandomizeOrder, Repeat, Study
from mug.study.traversal import walk
from mug.study.treatments import ChangePlace, arms_of, change_place, given_value

__all__ = ["HIDDEN", "telling_words", "without"]

HIDDEN: Final = "(hidden)"
"""What stands in the place of a word that is not shown."""

_OF_POLICIES: Final = ("policies.", "multiplayer.dropout_agent_policy")
_PLACE: Final = re.compile(r"[\w.:/\\-]*[./:\\][\w.:/\\-]*")
"""A file, or a function in one: what messages and tracebacks name."""
_EVERYWHERE: Final = frozenset({"human", "onnx", "argmax", "sample"})
"""Words of every study, which tell nothing."""


def telling_words(study: Study) -> tuple[str, ...]:
    """Return the names of policies, files and functions that differ by treatment, the longest first."""
    found: set[str] = set()
    nodes = {str(node.scene_id): node for _, node in walk(study) if not isinstance(node, RandomizeOrder | Repeat)}
    for arm in arms_of(study):
        for scene_id, fields in arm.changes.items():
            node = nodes.get(scene_id)
            for field, value in fields.items():
                place = change_place(type(node), field) if node is not None else None
                own = encode_value(given_value(node, place)) if node and isinstance(place, ChangePlace) else None
                is_policy = field.startswith(_OF_POLICIES)
                for text in (*_texts(value, is_policy), *_texts(own, is_policy)):
                    found |= _names(text, is_policy)
    return tuple(sorted((word for word in found - _EVERYWHERE if len(word) > 1), key=lambda word: (-len(word), word)))


def without(text: str, words: Iterable[str]) -> str:
    """Return a text in which `HIDDEN` stands for each of the words."""
    for word in words:
        if word in text:
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", HIDDEN, text)
    return text


def _texts(value: Any, is_policy: bool) -> Iterator[str]:
    """The texts inside of a value that name something: of a policy all of them, else files and functions."""
    if isinstance(value, str):
        if is_policy or _PLACE.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        if is_policy and "onnx_path" in value:
            yield str(value["onnx_path"])
            yield from (text for text in value.values() if isinstance(text, str) and _PLACE.fullmatch(text))
        else:
            for inner in value.values():
                yield from _texts(inner, is_policy)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner, is_policy)


def _names(text: str, is_policy: bool) -> set[str]:
    """A name as it is written, its file without the folder, its function, and what a policy is called for short."""
    place, _, attribute = text.partition(":")
    path = PurePosixPath(place.replace("\\", "/"))
    names = {text, place, path.name, attribute} if _PLACE.fullmatch(text) else {text}
    return names | ({policy_name(text)} if is_policy else set())
