"""How a node of a study's chain is shown: icon, words, one line of what it does."""

import re
from dataclasses import dataclass
from html import unescape

from gui.models.together_words import together_words
from mug.study.model import (
    CompletionCodePage,
    EndPage,
    FormPage,
    GymGame,
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

__all__ = ["NodeLook", "look_of_node"]

_UNSEEN = re.compile(r"<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_INLINE = re.compile(r"</?(?:a|b|i|u|em|strong|span|code|kbd|small|sub|sup|mark)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_SHOWN = 140


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
    match node:
        case RandomizeOrder():
            return NodeLook("Random order", "shuffle", "Random order", "", _random_order(node))
        case Repeat():
            rounds = "round" if node.n == 1 else "rounds"
            return NodeLook(
                "Repeat", "repeat", f"Repeat · {node.n} {rounds}", "", f"Everything in here comes {_times(node.n)}."
            )
        case GymGame():
            title = _plain(node.content.scene_header) or str(node.scene_id)
            return NodeLook("Game", "game", title, str(node.scene_id), _game(node), together_words(node))
        case CompletionCodePage():
            return _page(node, "Completion code", "code", "Shows a code of the participant's own.")
        case EndPage():
            ends = f"Sends on to {node.redirect_url}" if node.redirect_url else "The study ends here."
            return _page(node, "End page", "finish", ends)
        case StartPage():
            return _page(node, "Start page", "start", "The study begins here.")
        case TextBoxForm():
            return _form(node, "Text box", "form-text", node.text_box_header)
        case MultipleChoiceForm():
            return _form(node, "Multiple choice", "form-choice", _counted(node.questions, "question"))
        case OptionBoxesForm():
            words = f"{len(node.options)} options · {_counted(node.scale_questions, 'scale')} · text box"
            return _form(node, "Option boxes", "form-choice", words)
        case ScalesForm():
            return _form(node, "Scales", "form-scale", f"{_counted(node.scale_questions, 'scale')} · text box")
        case StaticPage():
            return _page(node, "Page", "page", "A page to read.")


def _page(node: StaticPage, kind: str, icon: str, otherwise: str) -> NodeLook:
    body = _plain(node.scene_subheader) or _plain(node.scene_body)
    if not body and node.scene_body_filepath:
        body = f"From {node.scene_body_filepath}"
    if isinstance(node, EndPage) and node.redirect_url:
        body = otherwise
    return NodeLook(kind, icon, _plain(node.scene_header) or str(node.scene_id), str(node.scene_id), body or otherwise)


def _form(node: FormPage, kind: str, icon: str, asked: str) -> NodeLook:
    """A form is known by what it asks, more than by the text above it."""
    title = _plain(node.scene_header) or str(node.scene_id)
    return NodeLook(kind, icon, title, str(node.scene_id), _plain(asked) or "Asks nothing yet.")


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
    seen = _TAG.sub(" ", _INLINE.sub("", _UNSEEN.sub(" ", html or "")))
    text = " ".join(unescape(seen).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…"
