"""The nodes of a study's chain: pages, forms, games, and what puts them in order."""

from typing import Annotated, ClassVar, TypeAlias

from mug.study.embedded import EmbeddedBuild, HtmlGame, UnityGame
from mug.study.fields import about
from mug.study.forms import MultipleChoiceForm, OptionBoxesForm, ScalesForm, TextBoxForm
from mug.study.game import (
    AssetsSection,
    ContentSection,
    EnvironmentSection,
    GameplaySection,
    MatchmakingSection,
    PoliciesSection,
    RenderingSection,
    RuntimeSection,
    WaitroomSection,
)
from mug.study.multiplayer_section import MultiplayerSection
from mug.study.pages import CompletionCodePage, EndPage, SceneNode, StartPage, StaticPage
from mug.study.settings import Section

__all__ = [
    "CompletionCodePage",
    "EmbeddedBuild",
    "EndPage",
    "Form",
    "GymGame",
    "HtmlGame",
    "MultipleChoiceForm",
    "Node",
    "OptionBoxesForm",
    "RandomizeOrder",
    "Repeat",
    "ScalesForm",
    "Scene",
    "StartPage",
    "StaticPage",
    "TextBoxForm",
    "UnityGame",
    "Wrapper",
]


class GymGame(SceneNode, frozen=True, kw_only=True, tag="gym_game"):
    """A Gymnasium or PettingZoo environment that participants act in."""

    kind: ClassVar[str] = "gym_game"
    environment: Annotated[EnvironmentSection, about("Environment", "What is played.")] = EnvironmentSection()
    rendering: Annotated[RenderingSection, about("Rendering", "How it looks, and how fast it runs.")] = (
        RenderingSection()
    )
    assets: Annotated[AssetsSection, about("Assets", "Pictures the game needs.")] = AssetsSection()
    policies: Annotated[PoliciesSection, about("Policies", "Who acts for which agent.")] = PoliciesSection()
    gameplay: Annotated[GameplaySection, about("Gameplay", "Keys, actions, episodes.")] = GameplaySection()
    content: Annotated[ContentSection, about("Content", "Texts before and around the game.")] = ContentSection()
    waitroom: Annotated[WaitroomSection, about("Waitroom", "How long people wait for partners.")] = WaitroomSection()
    matchmaking: Annotated[MatchmakingSection, about("Matchmaking", "Who plays with whom.")] = MatchmakingSection()
    runtime: Annotated[RuntimeSection, about("Runtime", "The environment's code in the browser.")] = RuntimeSection()
    multiplayer: Annotated[MultiplayerSection, about("Multiplayer", "Playing together.")] = MultiplayerSection()


class RandomizeOrder(Section, frozen=True, kw_only=True, tag_field="kind", tag="randomize_order"):
    """Its scenes come in a random order; if you like, only some of them."""

    kind: ClassVar[str] = "randomize_order"
    scenes: Annotated["tuple[Node, ...]", about("Scenes", "The scenes and wrappers that are put in order.")]
    keep_n: Annotated[int | None, about("Keep", "How many of them each participant gets; not given: all.", ge=1)] = None
    per: Annotated[
        str | None,
        about(
            "Drawn for",
            '"participant": each has an order of its own; "group": people who play together share it. Not given: '
            '"group" when all scenes are multiplayer with one number of humans, else "participant".',
            choices=("participant", "group"),
        ),
    ] = None


class Repeat(Section, frozen=True, kw_only=True, tag_field="kind", tag="repeat"):
    """Its scenes come several times, one round after the other."""

    kind: ClassVar[str] = "repeat"
    scenes: Annotated["tuple[Node, ...]", about("Scenes", "The scenes and wrappers of one round.")]
    n: Annotated[int, about("Rounds", "How many times the scenes come.", ge=1, le=10_000)]


Form: TypeAlias = TextBoxForm | MultipleChoiceForm | ScalesForm | OptionBoxesForm
Scene: TypeAlias = StaticPage | StartPage | EndPage | CompletionCodePage | Form | GymGame | UnityGame | HtmlGame
Wrapper: TypeAlias = RandomizeOrder | Repeat
Node: TypeAlias = Scene | Wrapper
