"""The back button and a laptop that sleeps: a participant who comes back is where they were."""

from pathlib import Path

import pytest

from mug.protocol.lab import LabBatch, LabSnapshot
from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.server_driver import LabDriver, ServerDriver
from tests.drivers.waiting import until
from tests.e2e.client.conftest import Serve
from tests.e2e.client.studies import write_pages
from tests.e2e.client.test_pages import rows


def states(batch: LabBatch) -> list[tuple[str, str]]:
    return [(view.participant_id, view.state) for view in batch.participants]


def last_state(lab: LabDriver, name: str) -> str:
    seen = [message for message in list(lab.received) if isinstance(message, LabBatch | LabSnapshot)]
    return [view.state for message in seen for view in message.participants if view.participant_id == name][-1]


@pytest.fixture
def pages(serve: Serve, tmp_path: Path) -> ServerDriver:
    return serve(write_pages(tmp_path / "pages"))


def test_that_the_back_button_leads_out_of_the_study_and_forward_into_the_same_place(
    browser: BrowserDriver, pages: ServerDriver
) -> None:
    with browser.participant(pages.port) as person:
        person.page.goto("about:blank")
        person.open("ann")
        person.wait_for_phase("page")
        person.press_continue()
        person.wait_for_scene("scripted")
        person.page.go_back()
        assert person.page.url == "about:blank", "a scene is no step of the browser's history"
        person.page.go_forward()
        person.wait_for_scene("scripted")
        person.press_continue()
        person.wait_for_scene("end")
        person.page.get_by_text("Everything is saved.").wait_for()
    with LabDriver(pages) as lab:
        # The page says that everything is saved when it says to the server that it is done.
        lab.wait_for(LabSnapshot, lambda seen: [p.participant_id for p in seen.participants] == ["ann"])
        until(lambda: last_state(lab, "ann") == "finished", lambda: f"ann has finished; {last_state(lab, 'ann')}")
    assert [row["name"] for row in rows(pages, "event")].count("continue") == 2


def test_that_a_laptop_that_slept_goes_on_where_it_was(
    browser: BrowserDriver, pages: ServerDriver, tmp_path: Path
) -> None:
    """A page whose processes all stand still sends nothing and closes nothing, as when the lid is shut."""
    with browser.hideable_participant(pages.port, tmp_path / "profile") as person:
        person.open("ann")
        person.wait_for_phase("page")
        person.page.locator("[name=age]").fill("41")
        person.freeze_browser()
        with LabDriver(pages) as lab:
            lab.wait_for(LabBatch, lambda batch: ("ann", "lost") in states(batch))
        person.thaw_browser()
        person.press_continue()
        person.wait_for_scene("scripted")
    answers = [row for row in rows(pages, "form") if row["question_id"] == "age"]
    assert [row["answer"] for row in answers] == ["41"]
