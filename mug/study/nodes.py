"""The nodes of a study's chain: pages, games, and what puts them in order."""

from typing import Annotated, Any, ClassVar, TypeAlias

from mug.ids import SceneId
from mug.study.fields import about
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
from mug.study.settings import Section

__all__ = [
    "CompletionCodePage",
    "EndPage",
    "GymGame",
    "Node",
    "RandomizeOrder",
    "Repeat",
    "Scene",
    "StartPage",
    "StaticPage",
    "Wrapper",
]


class _Node(Section, frozen=True, kw_only=True, tag_field="kind"):
    kind: ClassVar[str]
    """The tag, as it stands in files."""

    scene_id: Annotated[
        SceneId,
        about("Scene id", "The scene's label: in the data, and where other scenes refer to it.", shape="id"),
    ]
    should_export_metadata: Annotated[
        bool,
        about(
            "Export the settings",
            "Put this scene's settings beside its data in the export, as materials/scenes/<n>_<scene_id>.json.",
        ),
    ] = False
    experiment_config: Annotated[
        dict[str, Any], about("Own settings", "Values of the researcher's own, kept with the scene.", advanced=True)
    ] = {}
    on_connect: Annotated[
        str | None,
        about(
            "On connect",
            "Called on the server when a participant arrives at the scene.",
            shape="callable",
            advanced=True,
        ),
    ] = None
    on_client_callback: Annotated[
        str | None,
        about(
            "On client callback",
            "Called on the server when the page sends a message of the study's own.",
            shape="callable",
            advanced=True,
        ),
    ] = None


class StaticPage(_Node, frozen=True, kw_only=True, tag="static_page"):
    """A page to read, with a button that goes on."""

    kind: ClassVar[str] = "static_page"
    scene_header: Annotated[str | None, about("Header", "Heading of the page.", shape="html")] = None
    scene_subheader: Annotated[str | None, about("Subheader", "Second heading of the page.", shape="html")] = None
    scene_body: Annotated[
        str | None, about("Body", "HTML of the page; excludes scene_body_filepath.", shape="html")
    ] = None
    scene_body_filepath: Annotated[
        str | None, about("Body file", "HTML file with the body of the page; excludes scene_body.", shape="path")
    ] = None


class StartPage(StaticPage, frozen=True, kw_only=True, tag="start_page"):
    """The first page of a study."""

    kind: ClassVar[str] = "start_page"


class EndPage(StaticPage, frozen=True, kw_only=True, tag="end_page"):
    """The last page of a study; may send the participant on to another address."""

    kind: ClassVar[str] = "end_page"
    redirect_url: Annotated[
        str | None,
        about(
            "Redirect",
            "Address that the participant is sent to (http or https); placeholders as in `[endings]`.",
            shape="url",
        ),
    ] = None
    append_subject_id: Annotated[
        bool, about("Append the subject id", "The participant's id is put at the end of the address.")
    ] = False


class CompletionCodePage(EndPage, frozen=True, kw_only=True, tag="completion_code_page"):
    """An end page that shows the completion code: a fresh one per participant, or the study's `complete_code`."""

    kind: ClassVar[str] = "completion_code_page"


class GymGame(_Node, frozen=True, kw_only=True, tag="gym_game"):
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
    """Its scenes come in a random order; with `keep_n` only so many of them."""

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
    """Its scenes come `n` times, one round after the other."""

    kind: ClassVar[str] = "repeat"
    scenes: Annotated["tuple[Node, ...]", about("Scenes", "The scenes and wrappers of one round.")]
    n: Annotated[int, about("Rounds", "How many times the scenes come.", ge=1, le=10_000)]


Scene: TypeAlias = StaticPage | StartPage | EndPage | CompletionCodePage | GymGame
Wrapper: TypeAlias = RandomizeOrder | Repeat
Node: TypeAlias = StaticPage | StartPage | EndPage | CompletionCodePage | GymGame | RandomizeOrder | Repeat
