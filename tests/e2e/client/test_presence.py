"""Second tabs, other browsers, lost connections and restarts of the server."""

from itertools import pairwise
from pathlib import Path

import pytest

from mug.protocol.lab import LabBatch, LetIn
from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.server_driver import LabDriver, ServerDriver
from tests.drivers.waiting import until
from tests.e2e.client.conftest import Serve
from tests.e2e.client.studies import write_pages
from tests.e2e.client.test_pages import rows


@pytest.fixture
def pages(serve: Serve, tmp_path: Path) -> ServerDriver:
    return serve(write_pages(tmp_path / "pages"))


def test_that_a_second_tab_of_a_participant_is_turned_away_and_may_try_again(
    browser: BrowserDriver, shared_pages: ServerDriver
) -> None:
    with browser.participant(shared_pages.port) as person:
        person.open("tess")
        person.wait_for_phase("page")
        second = person.new_tab()
        second.goto(person.address("tess"))
        person.wait_for_phase("error", page=second)
        assert second.get_by_role("heading", name="The study is already open in another tab").is_visible()
        assert person.phase() == "page", "the first tab must not notice"
        person.page.close()
        # The server may need a moment to see that the first tab is gone.

        def is_let_in() -> bool:
            if person.phase(second) == "error":
                second.get_by_role("button", name="Try again").click()
            return person.wait_for_phase("page", "error", page=second) == "page"

        until(is_let_in, "the second tab is let in")
        assert person.scene(second) == "welcome"


def test_that_two_tabs_of_the_bare_address_are_two_people_and_a_reload_is_the_same_one(
    browser: BrowserDriver, shared_pages: ServerDriver
) -> None:
    with browser.participant(shared_pages.port) as person:
        person.open()
        person.wait_for_phase("page")
        first = person.page.evaluate("() => location.pathname")
        second = person.new_tab()
        second.goto(person.address())
        person.wait_for_phase("page", page=second)
        assert second.evaluate("() => location.pathname") != first

        person.press_continue()
        person.wait_for_scene("scripted")
        person.page.reload()
        person.wait_for_scene("scripted")
        assert person.page.evaluate("() => location.pathname") == first


def test_that_the_bare_address_goes_on_as_the_unfinished_participant_of_this_browser(
    browser: BrowserDriver, shared_pages: ServerDriver
) -> None:
    with browser.participant(shared_pages.port) as person:
        person.open()
        person.wait_for_phase("page")
        first = person.page.evaluate("() => location.pathname")
        person.press_continue()
        person.wait_for_scene("scripted")
        person.page.goto(person.address())
        person.wait_for_scene("scripted")
        assert person.page.evaluate("() => location.pathname") == first


def test_that_another_browser_waits_until_the_experimenter_lets_it_in(
    browser: BrowserDriver, shared_pages: ServerDriver
) -> None:
    with browser.participant(shared_pages.port) as owner, browser.participant(shared_pages.port) as other:
        owner.open("ann")
        owner.wait_for_phase("page")
        other.open("ann")
        other.wait_for_phase("waiting")
        assert other.page.get_by_role("heading", name="in use on another computer").is_visible()
        with LabDriver(shared_pages) as lab:
            assert [view.participant_id for view in lab.snapshot.participants if view.wants_in] == ["ann"]
            assert lab.ask(LetIn(request_id="1", participant_id="ann")).error == ""
        other.wait_for_phase("page")
        owner.wait_for_phase("error")
        assert owner.page.get_by_role("heading", name="The study goes on in another window").is_visible()


def test_that_a_killed_server_is_waited_for_and_nothing_is_lost(browser: BrowserDriver, pages: ServerDriver) -> None:
    with browser.participant(pages.port) as person:
        person.open("ann")
        person.wait_for_phase("page")
        person.page.locator("[name=age]").fill("41")
        pages.kill()
        person.page.get_by_text("The connection to the study is interrupted").wait_for()
        person.press_continue()
        person.wait_for_phase("waiting")
        pages.start()
        person.wait_for_scene("scripted")
        person.page.get_by_text("The connection to the study is interrupted").wait_for(state="hidden")
    assert [(row["question_id"], row["answer"]) for row in rows(pages, "form")] == [("age", "41")]
    names = [row["name"] for row in rows(pages, "event")]
    assert names.count("continue") == 1
    assert "connection_lost" in names


def test_that_the_console_sees_ping_and_focus_and_the_records_have_a_row_a_second(
    browser: BrowserDriver, pages: ServerDriver
) -> None:
    with browser.participant(pages.port) as person, LabDriver(pages) as lab:
        person.open("ann")
        person.wait_for_phase("page")

        def measured() -> int:
            batches = [message for message in list(lab.received) if isinstance(message, LabBatch)]
            return sum(bool(point.rtt_ms) for batch in batches for point in batch.telemetry)

        # Every second has a row and a point; what else happens to the window has points only.
        until(lambda: measured() >= 5, "five points with a ping")
        person.press_continue()
        person.wait_for_scene("scripted")
    seconds = rows(pages, "telemetry")
    assert len(seconds) >= 3
    assert {"at", "at_ms", "rtt_ms", "jitter_ms", "lost", "focused", "visible", "fullscreen", "frame_rate_hz"} <= set(
        seconds[-1]
    )
    assert seconds[-1]["rtt_ms"] > 0
    steps = [b["at_ms"] - a["at_ms"] for a, b in pairwise(seconds)]
    assert all(step > 0 for step in steps)


def test_that_chunks_of_a_session_that_is_not_open_are_shown_and_taken_when_it_is_open_again(
    browser: BrowserDriver, pages: ServerDriver
) -> None:
    with browser.participant(pages.port) as person:
        person.open("ann")
        person.wait_for_phase("page")
        with LabDriver(pages) as lab:
            first = lab.snapshot.session.session_id
        person.page.locator("[name=age]").fill("41")
        pages.kill()
        person.page.get_by_text("The connection to the study is interrupted").wait_for()
        person.press_continue()
        person.wait_for_phase("waiting")
        person.wait_until_kept("form")
        person.page.goto("about:blank")

        pages.start("--new-session")
        with LabDriver(pages) as lab:
            assert lab.snapshot.session.session_id != first
            person.open("ann")
            person.wait_for_phase("page")
            kept = lab.wait_for(LabBatch, lambda batch: any(first in line.text for line in batch.log))
        [line] = [line for line in kept.log if first in line.text]
        assert (line.level, line.participant_id) == ("warning", "ann")
        assert line.text.startswith("this browser keeps ")
        person.page.goto("about:blank")
        pages.interrupt()

        pages.start("--session", first)
        person.open("ann")
        person.wait_for_phase("page")
        person.page.wait_for_function(
            """() => new Promise((resolve) => {
                const open = indexedDB.open("mug-outbox");
                open.onsuccess = () => {
                    const keys = open.result.transaction("chunks").objectStore("chunks").getAllKeys();
                    keys.onsuccess = () => {
                        open.result.close();
                        resolve(!keys.result.some((key) => key[0] === SESSION));
                    };
                };
            })""".replace("SESSION", repr(first))
        )
    answers = [row for row in rows(pages, "form") if row["question_id"] == "age"]
    assert [row["answer"] for row in answers] == ["41"]
