"""The pages of a match, as its process sees them: what each was sent, and how much of it is still under way."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mug.authority.pictures import PicturePress
from mug.authority.sceneries import Sceneries
from mug.authority.wire import View as WireView
from mug.authority.wire import WatchView
from mug.play.errors import PlayError
from mug.play.output import View
from mug.play.picture import Image
from mug.play.view_deltas import PictureImage, SeenView, ViewEncoder

__all__ = ["UNDER_WAY", "Pages", "Pressed"]

UNDER_WAY: Final = 3
"""So many views may be under way to a page, besides those that fill the time to it and back."""

MAX_DISTANCE_S: Final = 0.4
"""The longest time to a page and back for which views are sent ahead."""

DISTANCE_WINDOW_S: Final = 10.0


@dataclass(frozen=True)
class _Moment:
    """A frame's views before they are encoded."""

    views: Mapping[str, SeenView]
    images: Mapping[str, Image]
    at_ms: float
    keys_n: Mapping[str, int]
    about: Callable[[], bytes]


@dataclass(frozen=True)
class Pressed:
    """A moment whose pictures are compressed: for the thread of the match, which gives it to `Pages.take`.

    Attributes:
        fault: Why they are not; empty: they are.
    """

    moment: _Moment
    images: Mapping[str, PictureImage]
    fault: str = ""


@dataclass
class _Page:
    """One page.

    Attributes:
        agent: Whose view it gets; "": that of the first player.
        life: Which page of the agent it is; of a watcher, its number.
        waits: The newest view was not sent, because too many are under way.
    """

    agent: str
    life: int
    is_watcher: bool = False
    encoder: ViewEncoder = field(default_factory=ViewEncoder)
    seen: int = -1
    sent_at: deque[tuple[int, float]] = field(default_factory=deque)
    distances: deque[tuple[float, float]] = field(default_factory=deque)
    waits: bool = False

    @property
    def distance_s(self) -> float:
        """The shortest time to the page and back of late."""
        return min((distance for _, distance in self.distances), default=0.0)


class Pages:
    """Makes and sends the views of all pages of one match. One thread calls everything.

    Who watches the match has a page, too: it gets a player's views, which are made anyway, by the same rules.

    Args:
        fps: Frames per second.
        send: Sends a view.
        post: Hands a `Pressed` to that one thread, from another one.
        clock_s: The time.
    """

    def __init__(
        self,
        fps: int,
        *,
        send: Callable[[WireView | WatchView], None],
        post: Callable[[Pressed], None],
        clock_s: Callable[[], float],
    ) -> None:
        self._fps = fps
        self._send = send
        self._clock_s = clock_s
        self._pages: dict[str, _Page] = {}
        self._watchers: dict[int, _Page] = {}
        self._sceneries = Sceneries()
        self._newest: _Moment | None = None
        self._pressing = _Pressing(post)

    def attach(self, agent: str, life: int) -> None:
        """An agent has another page: it gets the newest view whole, and all that follow."""
        page = self._pages[agent] = _Page(agent, life)
        self._send_newest(page)

    def detach(self, agent: str) -> None:
        """An agent's page is gone."""
        self._pages.pop(agent, None)

    def watch(self, watcher: int, agent: str) -> None:
        """Somebody watches, as an agent sees the game ("": the first player); the newest view comes whole."""
        page = self._watchers[watcher] = _Page(agent, watcher, is_watcher=True)
        self._send_newest(page)

    def unwatch(self, watcher: int) -> None:
        """A watcher is gone."""
        self._watchers.pop(watcher, None)

    def seen(self, agent: str, n: int) -> None:
        """A page has taken in its view `n`, and all before it."""
        if (page := self._pages.get(agent)) is not None:
            self._seen(page, n)

    def watcher_seen(self, watcher: int, n: int) -> None:
        """A watcher has taken in view `n`, and all before it."""
        if (page := self._watchers.get(watcher)) is not None:
            self._seen(page, n)

    def _seen(self, page: _Page, n: int) -> None:
        if not page.seen < n <= page.encoder.sent:
            return
        page.seen, now = n, self._clock_s()
        while page.sent_at and page.sent_at[0][0] <= n:
            number, sent = page.sent_at.popleft()
            if number == n:
                page.distances.append((now, now - sent))
        while page.distances and page.distances[0][0] < now - DISTANCE_WINDOW_S:
            page.distances.popleft()
        if page.waits:
            self._send_newest(page)

    def show(
        self,
        views: Sequence[View],
        *,
        at_ms: float,
        keys_n: Mapping[str, int],
        about: Callable[[], bytes] = lambda: b"",
    ) -> None:
        """Take a frame's views, and send them to the pages that keep up.

        Args:
            views: Of each player.
            at_ms: When the frame was due.
            keys_n: The newest keys of each that it has taken in.
            about: Gives what watchers read beside it, as JSON; asked only when somebody watches.
        """
        seen, images = self._sceneries.take(views)
        moment = _Moment(seen, images, at_ms, dict(keys_n), about)
        if images:
            self._pressing.put(moment)
        else:
            self._show(moment)

    def take(self, pressed: Pressed) -> None:
        """Take a frame's views whose pictures are compressed now.

        Raises:
            PlayError: When a picture could not be compressed.
        """
        if pressed.fault:
            raise PlayError(pressed.fault)
        moment = pressed.moment
        views = {
            agent: SeenView(
                episode=view.episode, frame=view.frame, hud=view.hud, score=view.score, image=pressed.images.get(agent)
            )
            for agent, view in moment.views.items()
        }
        self._show(_Moment(views, {}, moment.at_ms, moment.keys_n, moment.about))

    def finish(self) -> None:
        """Send the newest view to all pages that do not have it yet, however much is under way."""
        for page in (*self._pages.values(), *self._watchers.values()):
            if page.waits:
                self._send_newest(page)

    def close(self) -> None:
        """No more views come."""
        self._pressing.close()

    def is_pressing(self) -> bool:
        """Whether pictures are still being compressed."""
        return self._pressing.is_busy

    def _show(self, moment: _Moment) -> None:
        self._newest = moment
        for page in self._pages.values():
            self._show_newest(page)
        for page in self._watchers.values():
            self._show_newest(page)

    def _show_newest(self, page: _Page) -> None:
        ahead = UNDER_WAY + int(min(page.distance_s, MAX_DISTANCE_S) * self._fps)
        if page.encoder.sent - page.seen >= ahead:
            page.waits = True
        else:
            self._send_newest(page)

    def _send_newest(self, page: _Page) -> None:
        moment = self._newest
        agent = page.agent
        if page.is_watcher and moment is not None and agent not in moment.views:
            agent = next(iter(moment.views), "")
        if moment is None or agent not in moment.views:
            return
        page.waits = False
        keys_n = -1 if page.is_watcher else moment.keys_n.get(agent, -1)
        body, image = page.encoder.encode(moment.views[agent], at_ms=moment.at_ms, keys_n=keys_n)
        n = page.encoder.sent
        page.sent_at.append((n, self._clock_s()))
        if page.is_watcher:
            self._send(WatchView(watcher=page.life, n=n, body=body, image=image, about=moment.about()))
        else:
            self._send(WireView(agent=agent, life=page.life, n=n, body=body, image=image))


class _Pressing:
    """Compresses pictures on a thread of its own; of what waits, only the newest."""

    def __init__(self, post: Callable[[Pressed], None]) -> None:
        self._post = post
        self._waiting: queue.SimpleQueue[_Moment | None] = queue.SimpleQueue()
        self._presses: dict[str, PicturePress] = {}
        self._put = self._done = 0
        self._thread: threading.Thread | None = None

    @property
    def is_busy(self) -> bool:
        return self._done < self._put

    def put(self, moment: _Moment) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
            self._thread.start()
        self._put += 1
        self._waiting.put(moment)

    def close(self) -> None:
        self._waiting.put(None)

    def _run(self) -> None:
        while (moment := self._waiting.get()) is not None:
            taken = 1
            while not self._waiting.empty():
                newer = self._waiting.get()
                if newer is None:
                    return
                moment, taken = newer, taken + 1
            self._post(self._pressed(moment))
            self._done += taken

    def _pressed(self, moment: _Moment) -> Pressed:
        pressed: dict[int, PictureImage] = {}
        for agent, image in moment.images.items():
            if id(image) in pressed:
                continue
            try:
                # One press a picture that goes to all, one a player where each has their own.
                pressed[id(image)] = self._presses.setdefault(agent, PicturePress()).press(image)
            except Exception as error:  # whatever it is, players would look at a picture that stands still
                size = f"{image.width} × {image.height}"
                fault = f"a picture of {size} pixels cannot be sent to the players: {error}; draw a smaller one"
                return Pressed(moment, {}, fault)
        return Pressed(moment, {agent: pressed[id(image)] for agent, image in moment.images.items()})
