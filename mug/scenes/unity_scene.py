"""Games that are builds of their own: made with Unity, or any HTML page that speaks MUG's messages."""

from collections.abc import Callable
from typing import Any, Self

from mug.configurations.configuration_constants import Given, NotProvided
from mug.scenes.scene import Scene, unset_hook
from mug.scenes.static_scene import StaticScene
from mug.study.model import HtmlGame, UnityGame

__all__ = ["HtmlGameScene", "UnityScene"]


class _BuildScene(StaticScene):
    """A scene that shows a build: text above it, the game, a button that goes on."""

    _hooks = (*Scene._hooks, "on_unity_episode_start", "on_unity_episode_end")

    def webgl(
        self,
        build_name: Given[str] = NotProvided,
        height: Given[int] = NotProvided,
        width: Given[int] = NotProvided,
        allow_continue_on: Given[str] = NotProvided,
        preload_game: Given[bool] = NotProvided,
        webgl_base_url: Given[str] = NotProvided,
        ready_timeout_s: Given[int] = NotProvided,
    ) -> Self:
        """Say which build is shown, and how.

        Args:
            build_name: Its folder below `webgl_base_url`. The files of a Unity build have the same name:
                ``<build_name>/Build/<build_name>.loader.js``; an HTML game has an ``index.html``.
            height: Height in pixels; the game shrinks with a small window.
            width: Width in pixels.
            allow_continue_on: When the participant may go on: "episodes_done" (all episodes are over),
                "first_episode" (one is), "build" (the build says so), "always".
            preload_game: Fetch the files of a Unity build while earlier scenes are shown.
            webgl_base_url: Folder of the study that holds the build's folder; MUG serves it. No other host.
            ready_timeout_s: How long a loaded build may take to get ready before a way on is offered.
        """
        return self._give_section(
            "webgl",
            build_name=build_name,
            height=height,
            width=width,
            allow_continue_on=allow_continue_on,
            preload_game=preload_game,
            webgl_base_url=webgl_base_url,
            ready_timeout_s=ready_timeout_s,
        )

    def game(
        self,
        num_episodes: Given[int] = NotProvided,
        score_fn: Given[Callable[..., Any] | str | None] = NotProvided,
        show_score: Given[bool] = NotProvided,
    ) -> Self:
        """Say how often the build is played, and what an episode is worth.

        Args:
            num_episodes: How many episodes are played.
            score_fn: Function, or ``"module:function"``, called on the server with a context when an episode is over:
                as a hook's, with `episode`, `reported_score` and `data`. It answers the score. Without it the score
                that the build reports counts.
            show_score: The score so far stands above the game.
        """
        return self._give_section("game", num_episodes=num_episodes, score_fn=score_fn, show_score=show_score)

    def hooks(
        self,
        on_connect: Given[Callable[..., Any] | str | None] = NotProvided,
        on_client_callback: Given[Callable[..., Any] | str | None] = NotProvided,
        on_unity_episode_start: Given[Callable[..., Any] | str | None] = NotProvided,
        on_unity_episode_end: Given[Callable[..., Any] | str | None] = NotProvided,
    ) -> Self:
        """Say what the server calls, without a subclass; what is given here goes before the methods of one.

        Args:
            on_connect: As in `Scene.hooks`.
            on_client_callback: As in `Scene.hooks`.
            on_unity_episode_start: Called with a context, which has `episode` and `data`, when the build has begun an
                episode. A dict that it returns is set in `mug_globals`, which the build is told.
            on_unity_episode_end: The same when an episode is over; its context has `score` and `reported_score`, too.
        """
        return self._give(
            "hooks",
            on_connect=on_connect,
            on_client_callback=on_client_callback,
            on_unity_episode_start=on_unity_episode_start,
            on_unity_episode_end=on_unity_episode_end,
        )

    @unset_hook
    def on_unity_episode_start(self, context: Any) -> Any:
        """Called on the server when the build has begun an episode; for subclasses."""

    @unset_hook
    def on_unity_episode_end(self, context: Any) -> Any:
        """Called on the server when the build has ended an episode; for subclasses."""


class UnityScene(_BuildScene):
    """A game built with Unity for the web (WebGL)."""

    _struct = UnityGame


class HtmlGameScene(_BuildScene):
    """A game that is an HTML page with files of its own, made with any tool.

    Its page speaks the same messages as a Unity build, by `window.parent.postMessage`.
    """

    _struct = HtmlGame
