"""People wait for partners in Chromium: what their pages say, how a wait ends, and what interrupts it.

Where no game is played Python never arrives at the pages: the waitroom of a group's order needs none.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import WebSocketRoute

from mug.protocol.lab import ReleaseGroups, SetRelease
from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.pair_driver import finish, hands, identical_frames, match_records, sit_down, walk_in
from tests.drivers.pair_study import FRAMES
from tests.drivers.server_driver import LabDriver, ServerDriver
from tests.drivers.waitroom_page import WaitroomPage
from tests.drivers.waitroom_study import waits, without_python, write_waitroom_study

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]

LONELY = "Nobody came to play with you. Thank you for waiting."
GAMES = {"points", "points_again"}


def test_that_everybody_sees_how_many_are_here_and_nothing_moves(browser: BrowserDriver, tmp_path: Path) -> None:
    study = write_waitroom_study(tmp_path / "study", people=3, group_order=True)
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=240) as server,
        browser.participant(server.port, viewport={"width": 360, "height": 740}) as first,
        browser.participant(server.port) as second,
    ):
        ann, ben = WaitroomPage(first), WaitroomPage(second)
        ann.enter("ann")
        ann.wait_for_count("1 of 3 people are here.")
        alone = ann.places
        assert first.page.title().startswith("Waiting (1 of 3)")
        assert {waited + left for waited, left in ann.times} == {120}
        ben.enter("ben")
        for page in (ann, ben):
            page.wait_for_count("2 of 3 people are here.")
        assert ann.places == alone
        second.page.close()
        ann.wait_for_count("1 of 3 people are here.")
        assert ann.places == alone
        assert first.page_errors == []


def test_that_the_count_is_hidden_where_the_study_asks_for_it(browser: BrowserDriver, tmp_path: Path) -> None:
    study = write_waitroom_study(tmp_path / "study", people=3, group_order=True, matchmaking={"hide_lobby_count": True})
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=240) as server,
        browser.participant(server.port) as first,
        browser.participant(server.port) as second,
    ):
        for person, name in ((first, "ann"), (second, "ben")):
            page = WaitroomPage(person)
            page.enter(name)
            person.page.get_by_text("at most").wait_for()
            text = page.view.inner_text()
            assert "of 3" not in text
            assert "people are here" not in text
            assert person.page.title().startswith("Waiting ·")


def test_that_who_finds_nobody_reads_the_studys_words(browser: BrowserDriver, tmp_path: Path) -> None:
    waitroom = {"timeout": 6000, "timeout_message": LONELY}
    study = write_waitroom_study(tmp_path / "study", group_order=True, waitroom=waitroom)
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=240) as server,
        browser.participant(server.port) as person,
    ):
        page = WaitroomPage(person)
        page.enter("ann")
        person.page.get_by_text(LONELY).wait_for()
        assert {waited + left for waited, left in page.times} == {6}
        assert not page.is_waiting
        assert "Waiting" not in person.page.title()
        assert person.page_errors == []
    assert waits(tmp_path / "data").finished["ann"].outcome == "no_partner"


def test_that_a_wait_can_lead_to_another_page_with_a_notice_above_it(browser: BrowserDriver, tmp_path: Path) -> None:
    waitroom = {"timeout": 5000, "timeout_message": LONELY, "timeout_scene_id": "alone"}
    study = write_waitroom_study(tmp_path / "study", group_order=True, waitroom=waitroom)
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=240) as server,
        browser.participant(server.port) as person,
    ):
        page = WaitroomPage(person)
        page.enter("ann")
        assert page.wait_until_left() == "alone"
        notice = person.page.get_by_role("status").filter(has_text=LONELY)
        notice.wait_for()
        person.press_continue()
        finish([person])
        assert notice.count() == 0, "the notice belongs to the page that follows the wait"


def test_that_a_page_that_is_loaded_again_goes_on_with_its_wait(browser: BrowserDriver, tmp_path: Path) -> None:
    study = write_waitroom_study(tmp_path / "study", group_order=True)
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=240) as server,
        browser.participant(server.port) as person,
    ):
        page = WaitroomPage(person)
        page.enter("ann")
        page.wait_until_waited(3)
        person.page.reload()
        page.wait_for_stage("waiting")
        page.wait_until_waited(6)
        times = page.times
        assert {waited + left for waited, left in times} == {120}
        assert min(waited for waited, _ in times) >= 2, "the wait began anew"


@pytest.mark.long
def test_that_a_game_that_is_loaded_again_leads_back_into_its_waitroom_without_a_start(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = write_waitroom_study(tmp_path / "study")
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=240) as server,
        sit_down(browser, server.port, ["ann", "ben"]) as people,
    ):
        ann, ben = (WaitroomPage(person) for person in people)
        walk_in([ann.person], "points")
        ann.wait_for_stage("waiting")
        ann.wait_until_waited(3)
        ann.person.page.reload()
        ann.wait_for_stage("waiting")
        ann.wait_until_waited(3)
        assert {waited + left for waited, left in ann.times} == {120}
        walk_in([ben.person], "points")
        for person in people:
            person.wait_for_phase("playing")


def test_that_a_wait_goes_on_when_the_server_comes_back(browser: BrowserDriver, tmp_path: Path) -> None:
    study = write_waitroom_study(tmp_path / "study", group_order=True)
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=240) as server,
        browser.participant(server.port) as first,
        browser.participant(server.port) as second,
    ):
        ann, ben = WaitroomPage(first), WaitroomPage(second)
        ann.enter("ann")
        server.kill()
        ann.wait_for_stage("lost")
        first.page.get_by_text("as soon as the connection is back").wait_for()
        server.start(deadline_s=240)
        ann.wait_for_stage("waiting")
        ben.enter("ben")
        assert {page.wait_until_left() for page in (ann, ben)} <= GAMES
        assert first.page_errors == []
    assert waits(tmp_path / "data").grouped == [{"ann", "ben"}]


def test_that_the_tab_calls_who_looks_elsewhere(browser: BrowserDriver, tmp_path: Path) -> None:
    """Timers of a hidden page run once a second; its connection is measured all the same."""
    study = write_waitroom_study(tmp_path / "study", group_order=True, matchmaking={"max_rtt": 5000})
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=240) as server,
        browser.hideable_participant(server.port, tmp_path / "profile") as hidden,
        browser.participant(server.port) as other,
    ):
        ann, ben = WaitroomPage(hidden), WaitroomPage(other)
        ann.enter("ann")
        hidden.hide_tab()
        ben.enter("ben")
        hidden.page.wait_for_function("() => document.title === 'The study goes on'", polling=200)
        assert ben.wait_until_left() in GAMES
        hidden.show_tab()
        hidden.page.wait_for_function("() => document.title === 'Points'", polling=200)
        assert "probing" in ann.stages
    [probe] = waits(tmp_path / "data").probes
    assert probe.accepted
    assert probe.path == "p2p"


@pytest.mark.long
def test_that_two_who_are_near_are_measured_and_play_both_games_together(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = write_waitroom_study(tmp_path / "study", group_order=True, matchmaking={"max_rtt": 150})
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=240) as server,
        sit_down(browser, server.port, ["ann", "ben"]) as people,
    ):
        ann, ben = (WaitroomPage(person) for person in people)
        for person in people:
            person.wait_for_phase("page")
            person.press_continue()
        order = ben.wait_until_gone_to(GAMES)
        for scene in (order, *(GAMES - {order})):
            for person in people:
                person.wait_for_scene(scene)
                person.wait_for_phase("page")
            ann.person.press_continue()
            ann.wait_for_count("1 of 2 people are here.")
            ben.person.press_continue()
            for person in people:
                person.wait_for_phase("playing")
            hands(people, seed=1)
        for person in people:
            person.wait_for_scene("alone")
            person.press_continue()
        finish(people)
    found = waits(tmp_path / "data")
    [probe] = found.probed("ann", "ben")
    assert probe.accepted
    assert probe.path == "p2p"
    assert probe.rtt_ms is not None
    assert 0 < probe.rtt_ms < 150
    assert found.grouped == [{"ann", "ben"}]
    records = match_records(tmp_path / "data", "points")
    assert [record.formed.scene_id for record in records] == [order, *(GAMES - {order})]
    for record in records:
        assert set(record.formed.visits) == {"ann", "ben"}
        assert identical_frames(record) == FRAMES


def test_that_a_complete_group_waits_until_the_experimenter_lets_it_go(browser: BrowserDriver, tmp_path: Path) -> None:
    study = write_waitroom_study(tmp_path / "study", group_order=True)
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=240) as server,
        LabDriver(server) as lab,
        browser.participant(server.port) as first,
        browser.participant(server.port) as second,
    ):
        assert lab.ask(SetRelease(request_id="1", mode="experimenter")).error == ""
        ann, ben = WaitroomPage(first), WaitroomPage(second)
        ann.enter("ann")
        ben.enter("ben")
        for page in (ann, ben):
            page.wait_for_stage("held")
            assert page.view.get_by_role("heading").inner_text() == "Everyone is here"
            assert "The experimenter lets you go on" in page.view.inner_text()
        assert lab.ask(ReleaseGroups(request_id="2", node_path=(1,))).error == ""
        assert {page.wait_until_left() for page in (ann, ben)} <= GAMES
    [group] = waits(tmp_path / "data").groups
    assert group.released_by == "experimenter"


def test_that_a_scene_of_an_unknown_kind_fails_in_words(browser: BrowserDriver, tmp_path: Path) -> None:
    study = write_waitroom_study(tmp_path / "study", group_order=True)

    def routed(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def changed(message: str | bytes) -> None:
            if isinstance(message, str):
                message = re.sub(r'"kind":\s*"wait"', '"kind":"dance"', message)
            socket.send(message)

        server.on_message(changed)

    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=240) as server,
        browser.participant(server.port) as person,
    ):
        without_python(person)
        person.page.route_web_socket(re.compile("socket.io"), routed)
        person.open("ann")
        person.wait_for_phase("page")
        person.press_continue()
        person.wait_for_phase("error")
        person.page.get_by_text("This page is out of date").wait_for()
        assert person.page_errors == []
