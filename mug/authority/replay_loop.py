"""A match that is stepped again, in its process: shows what is asked for, and steps on to its end meanwhile."""

import json
import queue
from collections.abc import Callable
from typing import Any, Final

from mug.authority import wire
from mug.authority.stepped_match import SteppedMatch
from mug.play.values import json_value
from mug.play.view_deltas import SeenView
from mug.play.watching_browser import difference_words, rounds_of

__all__ = ["ReplayLoop"]

ALIVE_S: Final = 0.5
ANSWER_S: Final = 0.25
"""Who asks for a frame that is not stepped yet hears so often how far it is."""


class ReplayLoop:
    """Runs on the thread that calls `run`, until it is told to stop.

    Args:
        match: The match.
        heard: What the server says.
        say: Says something to the server; never waits.
        clock_s: The time, in seconds; it is not the one that study code sees.
    """

    def __init__(
        self,
        match: SteppedMatch,
        *,
        heard: "queue.SimpleQueue[Any]",
        say: Callable[[wire.FromProcess], None],
        clock_s: Callable[[], float],
    ) -> None:
        self._match = match
        self._heard = heard
        self._say = say
        self._clock_s = clock_s
        self._asked: list[tuple[wire.Look, float]] = []
        self._alive_s = clock_s()
        self._stopped = False

    def run(self) -> None:
        """Say what there is, then step and answer."""
        match = self._match
        about = {
            "agents": list(match.agents),
            "viewers": list(match.viewers),
            "asset_specs": json_value(match.asset_specs()),
            "rounds": rounds_of(match.rows),
        }
        self._say(wire.Opened(about=json.dumps(about).encode()))
        self._say(wire.Changed(stage="ready"))
        while not self._stopped:
            self._listen()
            self._answer()
            if not match.is_over:
                match.step_on()
                self._answer()

    def _listen(self) -> None:
        """Take what has been said; with nothing to step, wait for it."""
        waits = self._match.is_over and not self._asked
        while not self._stopped:
            now_s = self._clock_s()
            if now_s - self._alive_s >= ALIVE_S:
                self._alive_s = now_s
                self._say(wire.Alive())
            try:
                message = self._heard.get(block=waits, timeout=ALIVE_S if waits else None)
            except queue.Empty:
                if not waits:
                    return
                continue
            waits = False
            if isinstance(message, wire.Stop):
                self._stopped = True
            elif isinstance(message, wire.Look):
                self._asked.append((message, self._clock_s()))

    def _answer(self) -> None:
        waiting = []
        for look, asked_s in self._asked:
            view = self._match.view(look.episode, look.frame, look.agent)
            if view is None and self._match.lies_behind(look.episode, look.frame):
                self._match.begin_anew()
            if view is not None or self._match.is_over or self._clock_s() - asked_s >= ANSWER_S:
                self._say(self._looked(look, view))
            else:
                waiting.append((look, asked_s))
        self._asked = waiting

    def _looked(self, look: wire.Look, view: SeenView | None) -> wire.Looked:
        match = self._match
        if view is None and match.is_over and not match.lies_behind(look.episode, look.frame):
            view = match.view(*match.place, look.agent)  # as near as can be: stepping has come to its end before
        answer: dict[str, Any] = {
            "at": list(match.place),
            "done": match.is_over,
            "problem": match.problem,
            "told": difference_words(match.told),
            "compared": match.frames,
            "hashes": match.hashes,
            "view": None,
            "agents": [],
        }
        image = b""
        if view is not None:
            answer["agents"] = match.agents_at(view.episode, view.frame)
            answer["view"] = {
                "episode": view.episode,
                "frame": view.frame,
                "hud": view.hud,
                "score": json_value(view.score),
                "objects": list(view.objects.values()),
                "gone": [name for name in view.taken_out if name not in view.objects],
                "image": None,
            }
            if view.image is not None:
                image = view.image.data
                answer["view"]["image"] = {
                    "width": view.image.width,
                    "height": view.image.height,
                    "kind": view.image.kind,
                }
        return wire.Looked(n=look.n, body=json.dumps(answer).encode(), image=image)
