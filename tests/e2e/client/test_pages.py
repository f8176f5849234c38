"""Static pages, the end, and what a browser without the needed parts is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.browser_driver import LAB_HOST, BrowserDriver
from tests.drivers.server_driver import ServerDriver
from tests.e2e.client.conftest import Serve
from tests.e2e.client.studies import write_game, write_pages


def rows(server: ServerDriver, stream: str, who: str = "") -> list[dict[str, Any]]:
    """All rows of a JSON stream, of everybody or of one participant, in the order in which they were stored."""
    found = []
    with RecordReader(records_path(server.data_dir, server.study.name)) as reader:
        for head in reader.sessions():
            for fact in reader.facts(head.session_id, ("chunk_stored",)):
                assert isinstance(fact, f.ChunkStored)
                if fact.stream == stream and who in ("", fact.participant_id):
                    found += [json.loads(line) for line in reader.body(fact.sha256).splitlines()]
    return found


def test_that_a_participant_reads_answers_and_gets_a_code_with_the_keyboard_alone(
    browser: BrowserDriver, shared_pages: ServerDriver
) -> None:
    with browser.participant(shared_pages.port) as person:
        person.open("", "?PROLIFIC_PID=&colour=red")
        person.wait_for_scene("welcome")
        person.wait_for_phase("page")
        own_address = person.page.evaluate("() => location.pathname")
        assert own_address.startswith("/p-")
        who = own_address[1:]
        person.page.locator("[name=age]").fill("33")
        person.page.locator("[name=age]").blur()
        person.page.keyboard.press("Enter")
        person.wait_for_scene("scripted")
        frame = person.page.frame_locator("iframe")
        frame.get_by_text("has no connections").wait_for()
        assert (
            frame.locator("#out").inner_text()
            == "ran in scripted, cannot reach the page, has no storage, has no connections"
        )
        frame.locator("[name=first]").fill("Ann")
        person.press_continue()
        person.wait_for_phase("ended")
        person.page.get_by_text("Everything is saved.").wait_for()
        code = person.page.locator("[data-mug=completion-code]").inner_text()
        assert len(code) >= 8
        person.page.locator("[data-mug=copy-code]").click()
        person.page.get_by_text("Copied.").wait_for()

        person.page.reload()
        person.wait_for_phase("ended")
        person.page.get_by_text("Everything is saved.").wait_for()
        assert person.page.locator("[data-mug=completion-code]").inner_text() == code
        assert person.page.evaluate("() => location.pathname") == own_address
        assert set(person.hosts) == {LAB_HOST}
        assert person.page_errors == []

    with RecordReader(records_path(shared_pages.data_dir, "pages")) as reader:
        kept = [
            fact.values
            for head in reader.sessions()
            for fact in reader.facts(head.session_id, ("globals_set",))
            if isinstance(fact, f.GlobalsSet) and fact.participant_id == who
        ]
    assert kept == [{"colour": "blue"}]
    forms = [(row["question_id"], row["answer"]) for row in rows(shared_pages, "form", who)]
    assert forms == [("age", "33"), ("first", "Ann"), ("choice", [1, 2])]
    names = [row["name"] for row in rows(shared_pages, "event", who)]
    assert names.count("page_shown") == 4  # the end page again after the reload
    assert names.count("continue") == 2
    assert {"at", "at_ms"} <= set(rows(shared_pages, "event", who)[0])


def test_that_html_of_a_study_cannot_run_handlers_or_script_addresses(
    browser: BrowserDriver, shared_pages: ServerDriver
) -> None:
    with browser.participant(shared_pages.port) as person:
        person.open("handlers")
        person.wait_for_phase("page")
        person.page.locator("#trap").click()
        person.page.locator("#link").click()
        assert person.page.title() == "Pages"
        assert person.page.locator("#trap").get_attribute("onclick") is None
        assert person.page.locator("#link").get_attribute("href") is None
        assert person.page.locator("#plain b").inner_text() == "carefully"
        assert person.phase() == "page"


def test_that_the_redirect_waits_until_everything_is_saved(
    browser: BrowserDriver, serve: Serve, tmp_path: Path
) -> None:
    study = write_pages(
        tmp_path / "pages", 'redirect_url = "http://recruiter.test/done?code=7"\nappend_subject_id = true\n'
    )
    server = serve(study)
    with browser.participant(server.port) as person:
        person.context.route("http://recruiter.test/**", lambda route: route.fulfill(body="thank you"))
        person.open("ann")
        person.wait_for_phase("page")
        person.press_continue()
        person.wait_for_scene("scripted")
        person.press_continue()
        person.wait_for_phase("ended")
        person.press_continue()
        person.page.wait_for_url("http://recruiter.test/done?code=7&subject_id=ann")
    names = [row["name"] for row in rows(server, "event")]
    assert names.count("page_shown") == 3


def test_that_a_page_of_another_build_reloads_itself_once_and_then_says_so(
    browser: BrowserDriver, shared_pages: ServerDriver
) -> None:
    loads = []
    with browser.participant(shared_pages.port) as person:
        person.context.add_init_script("""
            new MutationObserver(() => {
              const mark = document.querySelector("meta[name=mug-build]");
              if (mark && !mark.content.startsWith("old-")) mark.content = "old-" + mark.content;
            }).observe(document, {childList: true, subtree: true});
        """)
        person.page.on(
            "request", lambda request: loads.append(request.url) if request.is_navigation_request() else None
        )
        person.open("outdated")
        person.wait_for_phase("error")
        assert person.page.get_by_role("heading", name="This page is out of date").is_visible()
        assert person.page.get_by_role("button", name="Reload").is_visible()
        assert len(loads) == 2


def test_that_nothing_of_the_page_is_reachable_from_the_window(
    browser: BrowserDriver, shared_pages: ServerDriver
) -> None:
    with browser.participant(shared_pages.port) as person:
        blank = person.new_tab()
        blank.goto(person.address("favicon.ico"))
        plain = set(blank.evaluate("() => Object.getOwnPropertyNames(window)"))
        person.open("window")
        person.wait_for_phase("page")
        names = set(person.page.evaluate("() => Object.getOwnPropertyNames(window)"))
        assert {name for name in names - plain if "mug" in name.lower() or "socket" in name.lower()} == set()


def test_that_without_javascript_the_page_says_so(browser: BrowserDriver, shared_pages: ServerDriver) -> None:
    with browser.participant(shared_pages.port, java_script_enabled=False) as person:
        person.open("no-script")
        assert person.page.get_by_role("heading", name="This study needs JavaScript").is_visible()
        assert not person.page.get_by_role("heading", name="Connecting to the study…").is_visible()


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("delete globalThis.WebAssembly;", "WebAssembly is missing or switched off"),
        ("Object.defineProperty(window, 'indexedDB', {value: undefined});", "This browser cannot run the study"),
    ],
)
@pytest.mark.pyodide
def test_that_a_browser_without_what_is_needed_is_told_calmly(
    browser: BrowserDriver, serve: Serve, tmp_path: Path, missing: str, words: str
) -> None:
    server = serve(write_game(tmp_path / "keys"))
    with browser.participant(server.port) as person:
        person.context.add_init_script(missing)
        person.open()
        person.wait_for_phase("error", "excluded")
        assert person.page.get_by_text(words).is_visible()


def test_that_data_is_kept_in_memory_when_the_browsers_storage_fails(
    browser: BrowserDriver, shared_pages: ServerDriver
) -> None:
    with browser.participant(shared_pages.port) as person:
        person.context.add_init_script(
            "IDBFactory.prototype.open = () => { throw new DOMException('disk is full', 'QuotaExceededError'); };"
        )
        person.open("memory")
        person.wait_for_phase("page")
        person.press_continue()
        person.wait_for_scene("scripted")
        person.press_continue()
        person.page.get_by_text("Everything is saved.").wait_for()
    assert [row["name"] for row in rows(shared_pages, "event", "memory")].count("page_shown") == 3
    with RecordReader(records_path(shared_pages.data_dir, "pages")) as reader:
        errors = [
            fact
            for head in reader.sessions()
            for fact in reader.facts(head.session_id, ("error_reported",))
            if isinstance(fact, f.ErrorReported) and fact.participant_id == "memory"
        ]
    assert [error.kind for error in errors] == ["storage"]
    assert "disk is full" in errors[0].message
