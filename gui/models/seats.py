"""What the server says of the desks' pages, kept by desk and by pair, and what has changed since somebody looked."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mug.protocol.lab import LabBatch, LabSnapshot
from mug.protocol.lab_console import SeatPairView, SeatView
from mug.protocol.seats import SeatCheck

__all__ = ["ABSENT", "AskedOf", "SeatBook", "absent", "checks_now", "is_here", "is_ready"]

ABSENT = "absent"
_AWAY = {ABSENT, "lost"}
_NOT_AT_HOME = {ABSENT, "lost", "taking_part", "finished"}
_REMEMBERED_S = 8.0


@dataclass(frozen=True)
class AskedOf:
    """What was asked of a desk last, as long as it is worth a line on its tile.

    Attributes:
        what: identify, reload, fullscreen, home or begin.
        state: sent, done, or why it could not be done.
    """

    what: str
    state: str


class SeatBook:
    """The newest view of every desk and of every pair of desks.

    Runs on: GUI thread.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._views: dict[str, SeatView] = {}
        self._pairs: dict[tuple[str, str], SeatPairView] = {}
        self._answered_at: dict[str, float] = {}

    @property
    def pairs(self) -> Mapping[tuple[str, str], SeatPairView]:
        """The pairs, by both desks in their order."""
        return self._pairs

    def take_snapshot(self, snapshot: LabSnapshot) -> None:
        """Replace everything."""
        self.clear()
        self._take(snapshot.seats, snapshot.seat_pairs, is_new=False)

    def take_batch(self, batch: LabBatch) -> set[str]:
        """Take what changed; returns the desks it is about."""
        return self._take(batch.seats, batch.seat_pairs, is_new=True)

    def clear(self) -> None:
        """Forget everything: the server is gone."""
        self._views.clear()
        self._pairs.clear()
        self._answered_at.clear()

    def _take(self, seats: Iterable[SeatView], pairs: Iterable[SeatPairView], *, is_new: bool) -> set[str]:
        changed: set[str] = set()
        for view in seats:
            before = self._views.get(view.desk)
            if before == view:
                continue
            asked_before = (before.asked, before.asked_state) if before is not None else ("", "")
            if is_new and view.asked and (view.asked, view.asked_state) != asked_before:
                self._answered_at[view.desk] = self._clock()
            self._views[view.desk] = view
            changed.add(view.desk)
        for pair in pairs:
            if len(pair.desks) == 2:
                first, second = sorted(pair.desks)
                self._pairs[first, second] = pair
        return changed

    def views(self) -> list[SeatView]:
        """Return all views."""
        return list(self._views.values())

    def view_of(self, desk: str) -> SeatView:
        """Return a desk's view; one that never reported is absent."""
        return self._views.get(desk) or absent(desk)

    def asked_of(self, desk: str) -> AskedOf | None:
        """Return what a desk was asked, while it has not answered, failed, or has just done it."""
        view = self.view_of(desk)
        if not view.asked or not view.asked_state:
            return None
        if view.asked_state == "done" and self._clock() - self._answered_at.get(desk, -_REMEMBERED_S) >= _REMEMBERED_S:
            return None
        return AskedOf(view.asked, view.asked_state)

    def unknown(self, known: Iterable[str]) -> list[str]:
        """Return the desks that report and are in no room."""
        there = set(known)
        return [view.desk for view in self._views.values() if view.desk not in there and view.state != ABSENT]


def absent(desk: str) -> SeatView:
    """Return the view of a desk whose page never said anything."""
    return SeatView(desk=desk, state=ABSENT)


def is_here(view: SeatView) -> bool:
    """Whether there is a page at the desk that can be asked something."""
    return view.state not in _AWAY


def checks_now(view: SeatView) -> tuple[SeatCheck, ...]:
    """Return the checks of a page that is at home; what a page said before it went elsewhere no longer holds."""
    return () if view.state in _NOT_AT_HOME else view.checks


def is_ready(view: SeatView) -> bool:
    """Whether the desk is green: it says so, and every one of its checks is good."""
    return view.state == "ready" and all(check.state == "good" for check in view.checks)
