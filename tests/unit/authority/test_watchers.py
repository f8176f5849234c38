"""Who watches a match: views wait for them by their number, and nobody waits for them."""

import threading
from typing import Any

import pytest

from mug.authority import wire
from mug.authority.watchers import GONE_S, MAX_WATCHERS, TooManyWatchersError, Watchers
from mug.ids import MatchId

MATCH = MatchId("m")


class Room:
    """Watchers on a clock of the test's, and what their processes are told."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.said: list[wire.ToProcess] = []
        self.watchers = Watchers(lambda _match, message: self.said.append(message), clock_s=lambda: self.now_s)

    def make(self, watcher: int, *numbers: int) -> None:
        for n in numbers:
            self.watchers.take(MATCH, wire.WatchView(watcher=watcher, n=n, body=b"%d" % n))

    def look(self, name: str = "w", **have: Any) -> tuple[int, list[int]]:
        looked = self.watchers.look(MATCH, name, **have)
        return looked.life, [view.n for view in looked.views]


def test_that_what_a_watcher_does_not_have_waits_for_it_and_is_told_again_until_it_has_it() -> None:
    room = Room()
    life, views = room.look()
    assert (views, room.said) == ([], [wire.Watch(watcher=life, agent="")])
    room.make(life, 0, 1)
    assert room.look() == (life, [0, 1]), "an answer that was lost is given again"
    assert room.look(life=life, seen=0) == (life, [1])
    assert room.said[1:] == [wire.WatchSeen(watcher=life, n=0)]
    room.make(life + 1, 2)
    assert room.look(life=life, seen=1) == (life, []), "another one's views are not for it"


def test_that_another_agent_or_another_process_begins_with_a_whole_view() -> None:
    room = Room()
    first, _ = room.look()
    room.make(first, 0)
    second, views = room.look(agent="b", life=first, seen=0)
    assert (second > first, views) == (True, [])
    assert room.said[-2:] == [wire.Unwatch(watcher=first), wire.Watch(watcher=second, agent="b")]
    room.make(second, 0)
    room.watchers.process_started(MATCH)
    third, views = room.look(agent="b", life=second, seen=0)
    assert (third > second, views) == (True, [])
    assert room.said[-1] == wire.Watch(watcher=third, agent="b")


def test_that_who_asks_no_more_is_forgotten() -> None:
    room = Room()
    life, _ = room.look()
    room.now_s += GONE_S
    room.watchers.sweep()
    assert room.watchers.count(MATCH) == 1
    room.now_s += 1
    room.watchers.sweep()
    assert room.watchers.count(MATCH) == 0
    assert room.said[-1] == wire.Unwatch(watcher=life)


def test_that_a_match_has_no_more_watchers_than_it_may_have() -> None:
    room = Room()
    for number in range(MAX_WATCHERS):
        room.look(f"w{number}")
    with pytest.raises(TooManyWatchersError, match="close one of them"):
        room.look("one more")
    room.look("w0")


def test_that_who_waits_is_woken_by_a_view_by_other_news_and_by_the_end() -> None:
    watchers = Watchers(lambda _match, _message: None)
    life = watchers.look(MATCH, "w").life
    found: list[int] = []

    def wait() -> None:
        found.extend(view.n for view in watchers.look(MATCH, "w", life=life, seen=len(found) - 1, wait_s=60.0).views)

    waiting = threading.Thread(target=wait)
    waiting.start()
    watchers.take(MATCH, wire.WatchView(watcher=life, n=0, body=b"{}"))
    waiting.join(30)
    assert found == [0]
    waiting = threading.Thread(target=wait)
    waiting.start()
    while waiting.is_alive():  # it may not wait yet
        watchers.wake(MATCH)
        waiting.join(0.05)
    assert found == [0], "woken by something else than a view"
    waiting = threading.Thread(target=wait)
    waiting.start()
    watchers.close()
    waiting.join(30)
    assert not waiting.is_alive()
