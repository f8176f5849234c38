"""Recorded matches that are stepped again for who watches them: a process for each page, with the limits of a match's.

A page asks for one frame after the other (`Replays.look`); the process steps on meanwhile, gives way to everything else
on the machine, and ends when its page has not asked for a while.
"""

import base64
import itertools
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from mug.authority import wire
from mug.authority.limits import Limits, address_space, fault_of
from mug.authority.place import StudyPlace, placed_config
from mug.authority.process import MatchProcess, Outcome
from mug.ids import MatchId
from mug.play.config import GameConfig
from mug.records.scratch import ScratchFolder

__all__ = ["Recorded", "Replays", "TooManyReplaysError"]

MAX_REPLAYS: Final = 4
"""At the same time, on one server."""

IDLE_S: Final = 90.0
"""A page asks at least every half minute; in a window that is not to be seen it may be a whole one."""

LOOK_S: Final = 2.0
"""So long an answer may take."""

NICENESS: Final = 15
"""Behind the server and the matches that are played."""

STOP_S: Final = 2.0

_LOG: Final = logging.getLogger(__name__)


class TooManyReplaysError(Exception):
    """As many as may be are stepped at the same time."""


@dataclass(frozen=True)
class Recorded:
    """A match to step again.

    Attributes:
        config: Its game.
        stored: Its rows: the bodies of one copy of its chunks, in order.
        place: Where the study's code is.
    """

    config: GameConfig
    stored: tuple[bytes, ...]
    place: StudyPlace


class _Replay:
    """One page's process, and what it said last."""

    def __init__(self) -> None:
        self.process: MatchProcess | None = None
        self.opened: dict[str, Any] | None = None
        self.looked: dict[int, wire.Looked] = {}
        self.wanted = -1
        self.failed: str | None = None
        self.asked_s = time.monotonic()
        self.looks = 0


class Replays:
    """All replays of one server. Every method may be called from any thread.

    Args:
        limits: What a process may take.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._news = threading.Condition()
        self._replays: dict[str, _Replay] = {}
        self._numbers = itertools.count()
        self._scratch = ScratchFolder("replays")
        self._closed = threading.Event()
        self._watcher: threading.Thread | None = None

    def look(
        self, name: str, recorded: Callable[[], Recorded], *, episode: int = 0, frame: int = 0, agent: str = ""
    ) -> dict[str, Any]:
        """Show a frame, as plain JSON; it may take `LOOK_S`.

        Args:
            name: The page's own, as long as it shows this match.
            recorded: Gives the match when its process is to be started.
            episode: The episode.
            frame: The frame.
            agent: Whose view it is to be; "": the first player's.

        Returns:
            ``opened`` once the match is loaded (`wire.Opened`), ``looked`` with the frame, or how far it is
            (`wire.Looked`), ``image`` (base64); or ``failed`` with words.

        Raises:
            TooManyReplaysError: As many as may be run already.
        """
        with self._news:
            replay = self._replays.get(name) or self._start(name, recorded)
            replay.asked_s = time.monotonic()
            replay.looks += 1
            try:
                return self._looked(replay, episode, frame, agent)
            finally:
                replay.looks -= 1
                replay.asked_s = time.monotonic()

    def end(self, name: str) -> None:
        """A page is gone."""
        with self._news:
            replay = self._replays.pop(name, None)
        if replay is not None and replay.process is not None:
            replay.process.kill(Outcome("stopped"))

    def count(self) -> int:
        """Return how many run."""
        with self._news:
            return len(self._replays)

    def close(self) -> None:
        """End all processes."""
        self._closed.set()
        with self._news:
            processes = [replay.process for replay in self._replays.values() if replay.process is not None]
            self._replays.clear()
            self._news.notify_all()
        for process in processes:
            process.kill(Outcome("stopped"))
        for process in processes:
            process.join(STOP_S)
        if self._watcher is not None:
            self._watcher.join(STOP_S)
        self._scratch.cleanup()

    # ------------------------------------------------------------------ inside

    def _start(self, name: str, recorded: Callable[[], Recorded]) -> _Replay:
        if self._closed.is_set():
            raise TooManyReplaysError("The server stops.")
        if sum(replay.failed is None for replay in self._replays.values()) >= MAX_REPLAYS:
            raise TooManyReplaysError(
                f"{MAX_REPLAYS} matches are being stepped again already: close the page of one of them."
            )
        match = recorded()
        number = next(self._numbers)
        folder = self._scratch.path / str(number)
        folder.mkdir()
        start = wire.Start(
            config="",
            root=str(match.place.root),
            paths=tuple(map(str, match.place.paths)),
            stored=match.stored,
            address_space=address_space(self._limits),
            again=True,
        )
        replay = self._replays[name] = _Replay()
        replay.process = MatchProcess(
            MatchId(f"{match.config.match_id}-again-{number}"),
            placed_config(match.config, match.place, folder),
            start,
            log=folder / "process.log",
            niceness=NICENESS,
            heard=lambda _process, message: self._heard(replay, message),
            ended=lambda _process, outcome: self._ended(replay, outcome),
        )
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="watching replays", daemon=True)
            self._watcher.start()
        return replay

    def _looked(self, replay: _Replay, episode: int, frame: int, agent: str) -> dict[str, Any]:
        assert replay.process is not None
        ends_s = time.monotonic() + LOOK_S
        n = replay.wanted = replay.wanted + 1
        replay.process.say(wire.Look(n=n, episode=episode, frame=frame, agent=agent))
        while n not in replay.looked and replay.failed is None and not self._closed.is_set():
            left_s = ends_s - time.monotonic()
            if left_s <= 0:
                break
            self._news.wait(left_s)
        looked = replay.looked.pop(n, None)
        if replay.failed is not None:
            return {"failed": replay.failed}
        answer: dict[str, Any] = {"opened": replay.opened, "looked": None, "image": ""}
        if looked is not None:
            answer |= {"looked": json.loads(looked.body), "image": base64.b64encode(looked.image).decode()}
        return answer

    def _heard(self, replay: _Replay, message: wire.FromProcess) -> None:
        with self._news:
            match message:
                case wire.Opened():
                    replay.opened = json.loads(message.about)
                case wire.Looked():
                    replay.looked[message.n] = message
                    for late in [n for n in replay.looked if n < replay.wanted - MAX_REPLAYS]:
                        del replay.looked[late]  # who asked for it waits no more
                case _:
                    return
            self._news.notify_all()

    def _ended(self, replay: _Replay, outcome: Outcome) -> None:
        if outcome.kind != "stopped":
            _LOG.warning(
                "a match could not be stepped again: %s (%s)\n%s", outcome.message, outcome.kind, outcome.traceback
            )
        with self._news:
            replay.failed = outcome.message or "its process was stopped."
            self._news.notify_all()

    def _watch(self) -> None:
        while not self._closed.wait(self._limits.seconds_between_looks):
            now_s = time.monotonic()
            with self._news:
                replays = list(self._replays.items())
            for name, replay in replays:
                process = replay.process
                if process is None:
                    continue
                process.measure()
                fault = fault_of(process, self._limits, now_s)
                if fault is not None:
                    process.kill(fault)
                if not replay.looks and now_s - replay.asked_s > IDLE_S:
                    self.end(name)
