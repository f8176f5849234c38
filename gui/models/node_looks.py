"""How a node of a study's chain is shown: icon, words, one line of what it does."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Final

import msgspec

from gui.models.together_words import together_words
from mug.study.model import (
    CompletionCodePage,
    EmbeddedBuild,
    EndPage,
    FormPage,
    GymGame,
    HtmlGame,
    MultipleChoiceForm,
    Node,
    OptionBoxesForm,
    RandomizeOrder,
    Repeat,
    ScalesForm,
    StartPage,
    StaticPage,
    TextBoxForm,
)
from mug.study.traversal import human_agents

__all__ = ["KIND_LOOKS", "KindLook", "NodeLook", "look_of_node", "plain_text", "words_of_node"]

_UNSEEN = re.compile(r"<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_INLINE = re.compile(r"</?(?:a|b|i|u|em|strong|span|code|kbd|small|sub|sup|mark)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_SHOWN = 140
_READ = 20_000


@dataclass(frozen=True)
class KindLook:
    """A kind of node, before there is one.

    Attributes:
        title: What it is called, in two or three words.
        icon: Its picture.
        series: Which of the theme's line colours it has; kinds that are alike share one.
    """

    title: str
    icon: str
    series: int


KIND_LOOKS: Final[Mapping[str, KindLook]] = {
    "start_page": KindLook("Start page", "start", 5),
    "static_page": KindLook("Page", "page", 0),
    "text_box": KindLook("Text box", "form-text", 3),
    "multiple_choice": KindLook("Multiple choice", "form-choice", 3),
    "scales_and_text_box": KindLook("Scales", "form-scale", 3),
    "option_boxes_with_scales_and_text_box": KindLook("Option boxes", "form-boxes", 3),
    "gym_game": KindLook("Game", "game", 2),
    "unity_game": KindLook("Unity game", "cube", 2),
    "html_game": KindLook("HTML game", "window-play", 2),
    "randomize_order": KindLook("Random order", "shuffle", 1),
    "repeat": KindLook("Repeat", "repeat", 4),
    "end_page": KindLook("End page", "finish", 5),
    "completion_code_page": KindLook("Completion code", "code", 5),
}
"""Kind → how it is shown."""


@dataclass(frozen=True)
class NodeLook:
    """A node in words.

    Attributes:
        kind: What it is.
        icon: Its picture.
        title: Its name: the page's heading, else its id.
        label: The scene's id; empty for wrappers.
        summary: One line of what happens there.
        details: Sentences about how people play together there.
    """

    kind: str
    icon: str
    title: str
    label: str
    summary: str
    details: tuple[str, ...] = ()


def look_of_node(node: Node) -> NodeLook:
    """Return how `node` is shown."""
    kind = KIND_LOOKS[node.kind]
    match node:
        case RandomizeOrder():
            count = len(node.scenes)
            kept = f" · keep {node.keep_n} of {count}" if node.keep_n is not None else ""
            return NodeLook(kind.title, kind.icon, f"{kind.title}{kept}", "", _random_order(node))
        case Repeat():
            rounds = "round" if node.n == 1 else "rounds"
            words = f"Everything in here comes {_times(node.n)}."
            return NodeLook(kind.title, kind.icon, f"{kind.title} · {node.n} {rounds}", "", words)
        case GymGame():
            title = _plain(node.content.scene_header) or str(node.scene_id)
            return NodeLook(kind.title, kind.icon, title, str(node.scene_id), _game(node), together_words(node))
        case EmbeddedBuild():
            title = _plain(node.scene_header) or str(node.scene_id)
            return NodeLook(kind.title, kind.icon, title, str(node.scene_id), _build(node))
        case CompletionCodePage():
            return _page(node, kind, "Shows a code of the participant's own.")
        case EndPage():
            ends = f"Sends on to {node.redirect_url}" if node.redirect_url else "The study ends here."
            return _page(node, kind, ends)
        case StartPage():
            return _page(node, kind, "The study begins here.")
        case TextBoxForm():
            return _form(node, kind, node.text_box_header)
        case MultipleChoiceForm():
            return _form(node, kind, _counted(node.questions, "question"))
        case OptionBoxesForm():
            words = f"{len(node.options)} options · {_counted(node.scale_questions, 'scale')} · text box"
            return _form(node, kind, words)
        case ScalesForm():
            return _form(node, kind, f"{_counted(node.scale_questions, 'scale')} · text box")
        case StaticPage():
            return _page(node, kind, "A page to read.")


def words_of_node(node: Node) -> Iterator[str]:
    """Yield every text that stands in a node, as people read it; not those of the nodes inside it."""
    for name in node.__struct_fields__:
        if name != "scenes":
            yield from _words_in(getattr(node, name))


def _words_in(value: object) -> Iterator[str]:
    match value:
        case str():
            yield plain_text(value)
        case tuple() | list():
            for item in value:
                yield from _words_in(item)
        case Mapping():
            for key, item in value.items():
                yield str(key)
                yield from _words_in(item)
        case msgspec.Struct():
            for name in value.__struct_fields__:
                yield from _words_in(getattr(value, name))


def _page(node: StaticPage, kind: KindLook, otherwise: str) -> NodeLook:
    body = _plain(node.scene_subheader) or _plain(node.scene_body)
    if not body and node.scene_body_filepath:
        body = f"From {node.scene_body_filepath}"
    if isinstance(node, EndPage) and node.redirect_url:
        body = otherwise
    title = _plain(node.scene_header) or str(node.scene_id)
    return NodeLook(kind.title, kind.icon, title, str(node.scene_id), body or otherwise)


def _form(node: FormPage, kind: KindLook, asked: str) -> NodeLook:
    """A form is known by what it asks, more than by the text above it."""
    title = _plain(node.scene_header) or str(node.scene_id)
    return NodeLook(kind.title, kind.icon, title, str(node.scene_id), _plain(asked) or "Asks nothing yet.")


def _counted(questions: tuple[str, ...], what: str) -> str:
    """Return how many there are, and what the first asks."""
    if not questions:
        return ""
    return f"{len(questions)} {what}{'s'[: len(questions) > 1]}: {questions[0]}"


def _game(node: GymGame) -> str:
    humans = len(human_agents(node))
    episodes = node.gameplay.num_episodes
    parts = [
        f"{humans} player{'' if humans == 1 else 's'}",
        f"{episodes} episode{'' if episodes == 1 else 's'}",
        f"{node.rendering.fps} frames a second",
    ]
    if node.gameplay.max_steps:
        parts.append(f"at most {node.gameplay.max_steps:,} steps")
    policies = len(node.policies.policy_mapping) - humans
    if policies > 0:
        parts.insert(1, f"{policies} policy" if policies == 1 else f"{policies} policies")
    return " · ".join(parts)


def _build(node: EmbeddedBuild) -> str:
    episodes = node.game.num_episodes
    parts = [
        node.webgl.build_name or "No build yet",
        f"{episodes} episode{'' if episodes == 1 else 's'}",
        f"{node.webgl.width} × {node.webgl.height} px",
    ]
    if node.webgl.preload_game and not isinstance(node, HtmlGame):
        parts.append("loaded ahead")
    return " · ".join(parts)


def _random_order(node: RandomizeOrder) -> str:
    whom = {"participant": "each participant", "group": "each group"}.get(node.per or "", "each participant or group")
    count = len(node.scenes)
    if node.keep_n is not None and node.keep_n < count:
        return f"Draws {node.keep_n} of {count} in an order of its own for {whom}."
    return f"An order of its own for {whom}."


def _times(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n, f"{n} times")


def _plain(html: str | None) -> str:
    """Return the text of a piece of HTML, short enough for one line."""
    text = plain_text((html or "")[:_READ])
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…"


def plain_text(html: str) -> str:
    """Return the text of a piece of HTML, its words apart by one space."""
    if "<" in html:
        html = _TAG.sub(" ", _INLINE.sub("", _UNSEEN.sub(" ", html)))
    if "&" in html:
        html = unescape(html)
    return " ".join(html.split())
