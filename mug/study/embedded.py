"""Games that are builds of their own: made with Unity, or any HTML page that speaks MUG's messages."""

from typing import Annotated, ClassVar

from mug.study.fields import about
from mug.study.pages import StaticPage
from mug.study.settings import Section

__all__ = ["ALLOW_CONTINUE_ON", "BuildGameSection", "EmbeddedBuild", "HtmlGame", "UnityGame", "WebglSection"]

ALLOW_CONTINUE_ON = ("episodes_done", "first_episode", "build", "always")
"""What lets a participant go on from an embedded game."""


class WebglSection(Section, frozen=True, kw_only=True):
    """Which build is shown, how large, and when the participant may go on."""

    build_name: Annotated[
        str | None,
        about(
            "Build",
            "Name of the build's folder below the builds' folder. Of a Unity build its files have this name too: "
            "<build_name>/Build/<build_name>.loader.js and so on; of an HTML game it holds index.html.",
        ),
    ] = None
    webgl_base_url: Annotated[
        str,
        about(
            "Builds' folder",
            "Folder of the study that holds the build's folder; it is served to participants. Nothing is loaded from "
            "other hosts.",
            shape="path",
        ),
    ] = "./static/webgl/"
    width: Annotated[
        int, about("Width", "Width of the game; it shrinks with the window.", unit="px", ge=1, le=4096)
    ] = 960
    height: Annotated[int, about("Height", "Height of the game.", unit="px", ge=1, le=4096)] = 600
    allow_continue_on: Annotated[
        str,
        about(
            "Continue",
            '"episodes_done": the button works when all episodes are over; "first_episode": when one is; "build": when '
            'the build says so; "always": at once.',
            choices=ALLOW_CONTINUE_ON,
        ),
    ] = "episodes_done"
    preload_game: Annotated[
        bool,
        about(
            "Load ahead",
            "The build's files are fetched while earlier scenes are shown, so that the game starts at once.",
        ),
    ] = False
    ready_timeout_s: Annotated[
        int,
        about(
            "Time to get ready",
            "How long a loaded build may take to get ready before the participant is offered a way on.",
            unit="s",
            ge=1,
            le=3600,
            advanced=True,
        ),
    ] = 60


class BuildGameSection(Section, frozen=True, kw_only=True):
    """How often the build is played, and what an episode is worth."""

    num_episodes: Annotated[int, about("Episodes", "How many episodes are played.", ge=1, le=1000)] = 1
    score_fn: Annotated[
        str | None,
        about(
            "Score function",
            "Called on the server with a context when an episode is over; answers the episode's score, a number. Not "
            "given: the score that the build reports.",
            shape="callable",
        ),
    ] = None
    show_score: Annotated[bool, about("Show the score", "The score so far stands above the game.")] = True


class EmbeddedBuild(StaticPage, frozen=True, kw_only=True):
    """What all scenes have that show a build."""

    webgl: Annotated[WebglSection, about("Build", "Which build is shown, and how.")] = WebglSection()
    game: Annotated[BuildGameSection, about("Game", "Episodes and score.")] = BuildGameSection()
    on_unity_episode_start: Annotated[
        str | None,
        about(
            "On episode start",
            "Called on the server when the build has begun an episode; a dict that it returns is set in mug_globals.",
            shape="callable",
            advanced=True,
        ),
    ] = None
    on_unity_episode_end: Annotated[
        str | None,
        about(
            "On episode end",
            "Called on the server when the build has ended an episode, after the score function; a dict that it "
            "returns is set in mug_globals.",
            shape="callable",
            advanced=True,
        ),
    ] = None


class UnityGame(EmbeddedBuild, frozen=True, kw_only=True, tag="unity_game"):
    """A game built with Unity for the web (WebGL)."""

    kind: ClassVar[str] = "unity_game"


class HtmlGame(EmbeddedBuild, frozen=True, kw_only=True, tag="html_game"):
    """A game that is an HTML page with files of its own, made with any tool."""

    kind: ClassVar[str] = "html_game"
