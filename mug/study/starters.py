"""New nodes as people want them: with an id of their own and texts to change, and where they go."""

from collections.abc import Sequence
from typing import Final

from mug.ids import SceneId
from mug.study.catalog import NODE_KINDS
from mug.study.edits import fresh_scene_id
from mug.study.errors import EditError
from mug.study.model import (
    CompletionCodePage,
    ContentSection,
    EndPage,
    GameplaySection,
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
    Study,
    TextBoxForm,
    UnityGame,
)
from mug.study.problems import did_you_mean
from mug.study.traversal import NodePath, node_at, walk

__all__ = ["place_after", "starter"]

_IDS: Final = {
    "start_page": "start",
    "static_page": "page",
    "text_box": "text_box",
    "multiple_choice": "multiple_choice",
    "scales_and_text_box": "scales",
    "option_boxes_with_scales_and_text_box": "option_boxes",
    "gym_game": "game",
    "unity_game": "unity_game",
    "html_game": "html_game",
    "end_page": "end",
    "completion_code_page": "completion_code",
}
"""Kind → the id of the first scene of it."""

_BUILD_KEYS: Final = "<p>Say here how the game is played, and with which keys.</p>"
_AGREE: Final = "How much do you agree with this sentence?"
_SENTENCE: Final = "Write the first sentence to rate here."
_MORE: Final = "Is there anything else that you would like to tell us?"


def starter(study: Study, kind: str) -> Node:
    """Return a new node of a kind: its scene id is one that `study` does not have, its texts say what to write.

    A new game has no environment yet, and a new wrapper no scenes: only the researcher knows them.

    Raises:
        EditError: When there is no such kind.
    """
    if kind not in NODE_KINDS:
        raise EditError(f"there is no kind of scene {kind!r}{did_you_mean(kind, NODE_KINDS)}")
    if kind == "randomize_order":
        return RandomizeOrder(scenes=())
    if kind == "repeat":
        return Repeat(scenes=(), n=2)
    taken = (node.scene_id for _, node in walk(study) if not isinstance(node, RandomizeOrder | Repeat))
    return _scene(kind, fresh_scene_id(taken, _IDS[kind]))


def _scene(kind: str, scene_id: SceneId) -> Node:
    match kind:
        case "start_page":
            return StartPage(
                scene_id=scene_id,
                scene_header="Welcome",
                scene_body="<p>Say here what participants are going to do, and how long it takes.</p>",
            )
        case "static_page":
            return StaticPage(
                scene_id=scene_id, scene_header="New page", scene_body="<p>Write here what participants read.</p>"
            )
        case "text_box":
            return TextBoxForm(
                scene_id=scene_id, scene_header="A question", text_box_header="Write your question here."
            )
        case "multiple_choice":
            return MultipleChoiceForm(
                scene_id=scene_id,
                scene_header="A question",
                questions=("Write your question here.",),
                choices=("Yes", "No"),
            )
        case "scales_and_text_box":
            return ScalesForm(
                scene_id=scene_id,
                scene_header="A few questions",
                pre_scale_header=_AGREE,
                scale_questions=(_SENTENCE,),
                scale_size=5,
                text_box_header=_MORE,
            )
        case "option_boxes_with_scales_and_text_box":
            return OptionBoxesForm(
                scene_id=scene_id,
                scene_header="A few questions",
                option_box_header="Which of these do you choose?",
                options=("First option", "Second option"),
                pre_scale_header=_AGREE,
                scale_questions=(_SENTENCE,),
                scale_size=5,
                text_box_header=_MORE,
            )
        case "gym_game":
            return GymGame(
                scene_id=scene_id,
                content=ContentSection(
                    scene_header="New game", scene_body="<p>Say here how the game is played, and with which keys.</p>"
                ),
                gameplay=GameplaySection(default_action=0),
            )
        case "unity_game":
            return UnityGame(scene_id=scene_id, scene_header="New Unity game", scene_body=_BUILD_KEYS)
        case "html_game":
            return HtmlGame(scene_id=scene_id, scene_header="New HTML game", scene_body=_BUILD_KEYS)
        case "end_page":
            return EndPage(
                scene_id=scene_id,
                scene_header="Thank you",
                scene_body="<p>The study is over. You can close this page.</p>",
            )
        case _:
            return CompletionCodePage(
                scene_id=scene_id,
                scene_header="Thank you",
                scene_body="<p>Please copy your completion code before you close this page.</p>",
            )


def place_after(study: Study, selection: Sequence[NodePath], nodes: Sequence[Node] = ()) -> NodePath:
    """Return the gap where new nodes go: into the one wrapper that is selected, else behind what is selected.

    Without a selection it is the chain's end. A start page goes to the beginning, an end page to the end, and nothing
    else behind the end page that ends the chain.

    Args:
        study: The study.
        selection: The selected nodes, in the chain's order.
        nodes: What is to be inserted.
    """
    count = len(study.chain)
    if nodes and isinstance(nodes[0], StartPage):
        return (0,)
    if nodes and isinstance(nodes[-1], EndPage):
        return (count,)
    if len(selection) == 1 and isinstance(wrapper := node_at(study, selection[0]), RandomizeOrder | Repeat):
        return (*selection[0], len(wrapper.scenes))
    if selection and selection[-1] != (count - 1,):
        return (*selection[-1][:-1], selection[-1][-1] + 1)
    ends = count > 0 and isinstance(study.chain[-1], EndPage)
    return (count - 1,) if ends else (count,)
