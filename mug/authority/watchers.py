"""Who watches the matches that the server steps: what was made for each of them, until they have it.

A watcher asks again and again for what is new (`Watchers.look`), and so says what they have. Their process makes views
for them by the rules of a page: of a watcher who does not ask, only some wait, and none is made. Nobody waits for
them.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from mug.authority import wire
from mug.ids import MatchId

__all__ = ["Looked", "TooManyWatchersError", "WatchedView", "Watchers"]

MAX_WATCHERS: Final = 8
"""Of one match: each costs its process some time per frame."""

GONE_S: Final = 20.0
"""Who has not asked for so long is gone."""

GATHER_S: Final = 0.04
"""What comes within so long after a view goes with it: watching needs no shorter way, and so it takes few requests."""


class TooManyWatchersError(Exception):
    """So many watch the match already."""


@dataclass(frozen=True)
class WatchedView:
    """A view. `body`, `image`, `about`: as in `mug.authority.wire.WatchView`."""

    n: int
    body: bytes
    image: bytes
    about: bytes


@dataclass(frozen=True)
class Looked:
    """What is new to a watcher.

    Attributes:
        life: Changes when views are counted anew, from a whole one.
        views: In order; each builds on the one before.
        stage: How the match stands, as its process said last; "" while it has none.
        asset_specs: The pictures that the environment has registered.
    """

    life: int
    views: tuple[WatchedView, ...]
    stage: str = ""
    asset_specs: tuple[dict[str, Any], ...] = ()


@dataclass
class _Watcher:
    match_id: MatchId
    agent: str
    number: int
    asked_s: float
    waiting: deque[WatchedView] = field(default_factory=deque)
    looks: int = 0
    woken: bool = False


class Watchers:
    """All who watch matches of one session. Every method may be called from any thread.

    Args:
        say: Says something to a match's process; a match without one hears nothing.
        clock_s: The time.
    """

    def __init__(
        self, say: Callable[[MatchId, wire.ToProcess], None], clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._clock_s = clock_s
        self._news = threading.Condition()
        self._watchers: dict[tuple[MatchId, str], _Watcher] = {}
        self._numbers = 0
        self._closed = False

    def look(
        self, match_id: MatchId, name: str, *, agent: str = "", life: int = -1, seen: int = -1, wait_s: float = 0.0
    ) -> Looked:
        """Return the views that a watcher does not have, as soon as there is one.

        Args:
            match_id: The match.
            name: The watcher's own.
            agent: Whose view it is to be; "": the first player's.
            life: As they were told last; -1: they have nothing.
            seen: The number of the newest view that they have.
            wait_s: So long, at most, it is waited for a view.

        Raises:
            TooManyWatchersError: The match has as many as it may have.
        """
        until_s = self._clock_s() + wait_s
        with self._news:
            watcher = self._watchers.get((match_id, name))
            if watcher is None or watcher.agent != agent:
                watcher = self._begin(match_id, name, agent)
            watcher.asked_s = self._clock_s()
            if life == watcher.number:
                self._have(watcher, seen)
            watcher.looks += 1
            watcher.woken = False
            try:
                while not watcher.waiting and not self._is_woken(watcher) and (left_s := until_s - self._clock_s()) > 0:
                    self._news.wait(left_s)
                gathered_s = min(self._clock_s() + GATHER_S, until_s)
                while watcher.waiting and not self._is_woken(watcher) and (left_s := gathered_s - self._clock_s()) > 0:
                    self._news.wait(left_s)
            finally:
                watcher.looks -= 1
                watcher.asked_s = self._clock_s()
            return Looked(watcher.number, tuple(watcher.waiting))

    def take(self, match_id: MatchId, view: wire.WatchView) -> None:
        """Take a view that a process has made; those for who is not there any more are left aside."""
        with self._news:
            for watcher in self._of(match_id):
                if watcher.number == view.watcher:
                    watcher.waiting.append(WatchedView(view.n, view.body, view.image, view.about))
                    self._news.notify_all()

    def process_started(self, match_id: MatchId) -> None:
        """A match has another process, which knows of no watcher."""
        with self._news:
            for watcher in self._of(match_id):
                self._number(watcher)

    def wake(self, match_id: MatchId) -> None:
        """Something else than a view is new of a match: who waits is answered."""
        with self._news:
            for watcher in self._of(match_id):
                watcher.woken = True
            self._news.notify_all()

    def sweep(self) -> None:
        """Forget who has not asked for a long time."""
        with self._news:
            now_s = self._clock_s()
            for key, watcher in list(self._watchers.items()):
                if not watcher.looks and now_s - watcher.asked_s > GONE_S:
                    del self._watchers[key]
                    self._say(watcher.match_id, wire.Unwatch(watcher=watcher.number))

    def count(self, match_id: MatchId) -> int:
        """Return how many watch a match."""
        with self._news:
            return sum(1 for _ in self._of(match_id))

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._news:
            self._closed = True
            self._watchers.clear()
            self._news.notify_all()

    def _of(self, match_id: MatchId) -> Iterator[_Watcher]:
        return (watcher for watcher in self._watchers.values() if watcher.match_id == match_id)

    def _is_woken(self, watcher: _Watcher) -> bool:
        return watcher.woken or self._closed

    def _begin(self, match_id: MatchId, name: str, agent: str) -> _Watcher:
        watcher = self._watchers.get((match_id, name))
        if watcher is None:
            if sum(1 for _ in self._of(match_id)) >= MAX_WATCHERS:
                raise TooManyWatchersError(f"{MAX_WATCHERS} pages watch this match already: close one of them.")
            watcher = self._watchers[match_id, name] = _Watcher(match_id, agent, -1, self._clock_s())
        else:
            self._say(match_id, wire.Unwatch(watcher=watcher.number))
        watcher.agent = agent
        self._number(watcher)
        return watcher

    def _number(self, watcher: _Watcher) -> None:
        """Let a watcher's views begin with a whole one."""
        self._numbers += 1
        watcher.number = self._numbers
        watcher.waiting.clear()
        self._say(watcher.match_id, wire.Watch(watcher=watcher.number, agent=watcher.agent))

    def _have(self, watcher: _Watcher, seen: int) -> None:
        newest = -1
        while watcher.waiting and watcher.waiting[0].n <= seen:
            newest = watcher.waiting.popleft().n
        if newest >= 0:
            self._say(watcher.match_id, wire.WatchSeen(watcher=watcher.number, n=newest))
