"""People near and far in one waitroom: whose connections are measured, who is put together, who waits on.

A page is put far away by holding back what it sends (`tests.drivers.slow_page`); the connections are real ones.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import combinations
from pathlib import Path

import pytest

from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.pair_driver import finish, identical_frames, match_records, play, sit_down
from tests.drivers.server_driver import ServerDriver
from tests.drivers.slow_page import change_delay, slow_page, wall_off
from tests.drivers.waitroom_page import WaitroomPage
from tests.drivers.waitroom_study import Waits, waits, write_waitroom_study

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]

MAX_RTT_MS = 600
FAR_MS = 800
"""What a far page's round trips take longer; on a busy machine a near one's may take some hundreds of ms."""


@contextmanager
def waitroom(browser: BrowserDriver, port: int, names: Sequence[str]) -> Iterator[dict[str, WaitroomPage]]:
    """Let people come one after the other; "far…" is far away, "walled…" cannot be reached directly."""
    with ExitStack() as stack:
        pages: dict[str, WaitroomPage] = {}
        for name in names:
            person = stack.enter_context(browser.participant(port))
            if name.startswith("far"):
                slow_page(person, FAR_MS)
            if name.startswith("walled"):
                wall_off(person)
            pages[name] = WaitroomPage(person)
            pages[name].enter(name)
        yield pages
        for page in pages.values():
            assert page.person.page_errors == []


def wait_until(data: Path, condition: Callable[[Waits], bool], what: str, deadline_s: float = 60.0) -> Waits:
    """Wait until the journal says so."""
    until = time.monotonic() + deadline_s
    while not condition(found := waits(data)):
        assert time.monotonic() < until, f"{what} did not happen; groups {found.grouped}, measured {found.probes}"
        time.sleep(0.1)
    return found


def check_apart(found: Waits) -> None:
    """Nobody is in two groups, and nobody far was taken while they were far."""
    members = Counter(member for group in found.groups for member in group.members)
    assert set(members.values()) <= {1}, f"somebody was matched twice: {members}"
    for group in found.grouped:
        assert any(probe.accepted for probe in found.probed(*group)), f"{set(group)} were not measured"
    for probe in found.probes:
        limit_ms = probe.limit_ms
        assert limit_ms is not None
        assert probe.accepted == (probe.rtt_ms is not None and probe.rtt_ms <= limit_ms)


def near(names: Sequence[str]) -> set[str]:
    """Who of them is not far away."""
    return {name for name in names if not name.startswith("far")}


def test_that_the_near_ones_are_matched_and_the_far_one_waits_for_a_third(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = write_waitroom_study(tmp_path / "study", group_order=True, matchmaking={"max_rtt": MAX_RTT_MS})
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        waitroom(browser, server.port, ["far", "ann", "ben"]) as pages,
    ):
        found = wait_until(data, lambda seen: len(seen.groups) == 1, "the first group")
        assert found.grouped == [{"ann", "ben"}]
        rejected = [probe for probe in found.probes if not probe.accepted]
        assert rejected
        assert all("far" in probe.participants for probe in rejected)
        assert all(probe.rtt_ms is not None and probe.rtt_ms >= FAR_MS for probe in rejected)
        far = pages["far"]
        assert far.is_waiting
        assert "probing" in far.stages
        change_delay(far.person, 0)
        with waitroom(browser, server.port, ["cleo"]) as later:
            found = wait_until(data, lambda seen: len(seen.groups) == 2, "the second group")
            assert found.grouped[1] == {"far", "cleo"}
            for page in (far, later["cleo"]):
                page.wait_until_left()
    check_apart(found)


@pytest.mark.parametrize("why", ["not_allowed", "not_found"])
def test_that_without_a_direct_way_it_is_measured_through_the_server(
    browser: BrowserDriver, tmp_path: Path, why: str
) -> None:
    webrtc = {"force_relay": True} if why == "not_allowed" else None
    study = write_waitroom_study(
        tmp_path / "study", group_order=True, matchmaking={"max_rtt": MAX_RTT_MS}, webrtc=webrtc
    )
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        waitroom(browser, server.port, ["ann", "walled" if why == "not_found" else "ben"]) as pages,
    ):
        for page in pages.values():
            page.wait_until_left()
    [probe] = waits(data).probes
    assert probe.accepted
    assert probe.path == "relay"


def mixed(browser: BrowserDriver, tmp_path: Path, names: Sequence[str], *, retried: bool) -> None:
    """Let near and far ones come in any order; all near ones are matched, the far ones when they have come nearer."""
    study = write_waitroom_study(
        tmp_path / "study", group_order=True, matchmaking={"max_rtt": MAX_RTT_MS}, waitroom={"timeout": 0}
    )
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        waitroom(browser, server.port, names) as pages,
    ):
        wanted = near(names)
        assert len(wanted) % 2 == 0

        def all_near(seen: Waits) -> bool:
            return wanted <= {member for group in seen.groups for member in group.members}

        found = wait_until(data, all_near, "the groups of all near ones", deadline_s=150)
        assert {member for group in found.groups for member in group.members} == wanted
        check_apart(found)
        for name, page in pages.items():
            if name in wanted:
                page.wait_until_left()
            else:
                assert page.is_waiting, page.person.state()
        if retried:
            pairs = [*combinations(sorted(set(names) - wanted), 2)]
            wait_until(
                data,
                lambda seen: all(any(not probe.accepted for probe in seen.probed(*pair)) for pair in pairs),
                "the rejection of all pairs of far ones",
            )
            for name in set(names) - wanted:
                change_delay(pages[name].person, 0)
            # A pair that was too far apart is measured again after a minute.
            found = wait_until(
                data, lambda seen: 2 * len(seen.groups) == len(names), "the groups of the far ones", deadline_s=180
            )
            for group in found.grouped[len(wanted) // 2 :]:
                assert [probe.accepted for probe in found.probed(*group)] == [False, True]
            for page in pages.values():
                page.wait_until_left()
    check_apart(found)


@pytest.mark.long
def test_that_all_near_ones_of_six_are_matched_once(browser: BrowserDriver, tmp_path: Path) -> None:
    mixed(browser, tmp_path, ["ann", "far-1", "ben", "far-2", "cleo", "dan"], retried=False)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_that_of_twelve_all_near_ones_are_matched_once_and_rejected_pairs_are_tried_again(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    names = ["a", "far-1", "b", "c", "far-2", "d", "e", "far-3", "f", "g", "far-4", "h"]
    mixed(browser, tmp_path, names, retried=True)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_that_three_matches_of_people_who_come_one_after_the_other_run_side_by_side(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = write_waitroom_study(tmp_path / "study", matchmaking={"max_rtt": 1000}, frames=600, fps=10)
    data = tmp_path / "data"
    names = ["ann", "ben", "cleo", "dan", "eve", "finn"]
    with ServerDriver(study, data).start(deadline_s=240) as server, ExitStack() as stack:
        people = []
        for first in range(0, len(names), 2):
            pair = stack.enter_context(sit_down(browser, server.port, names[first : first + 2]))
            play(pair, "points", seed=first)
            people += pair
        assert {person.phase() for person in people} == {"playing"}, "all three run at the same time"
        for person in people:
            person.wait_for_scene("alone")
            person.press_continue()
        finish(people)
    records = match_records(data, "points")
    assert [set(record.formed.visits) for record in records] == [{"ann", "ben"}, {"cleo", "dan"}, {"eve", "finn"}]
    for record in records:
        assert identical_frames(record) == 600
        assert record.flags == []
