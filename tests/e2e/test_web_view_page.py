"""The second screen in a real browser: it follows the session, and says when the view or the server is gone."""

from pathlib import Path

import pytest

from mug.protocol.lab_console import MakeView
from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.console_study import write_pages_study
from tests.drivers.server_driver import LabDriver, ParticipantClient, ServerDriver

pytestmark = [pytest.mark.browser]


def test_that_the_second_screen_follows_the_session_and_says_when_it_is_gone(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = write_pages_study(tmp_path / "pages")
    with (
        ServerDriver(study, tmp_path / "data", "--condition", "delay=long-condition") as server,
        LabDriver(server) as lab,
        browser.participant(server.port) as screen,
    ):
        page = screen.page
        path = lab.ask(MakeView(request_id="view")).data["path"]
        page.goto(server.url + path)
        page.get_by_text("Nobody has come yet.").wait_for()
        page.get_by_text("long-condition").wait_for()
        with ParticipantClient(server, "name-of-ann") as ann:
            ann.enter()
            page.get_by_text("P-01").wait_for()
            page.get_by_text("welcome, 1 of 4").wait_for()
            assert "name-of-ann" not in page.content()
            hidden = lab.ask(MakeView(request_id="hidden", hide_conditions=True)).data["path"]
            page.evaluate("(token) => { location.hash = token; }", hidden.partition("#")[2])
            page.get_by_text("Start page, 1 of 4").wait_for()
            assert "long-condition" not in page.content()
        page.get_by_role("cell", name="away").wait_for()

        lab.ask(MakeView(request_id="end", revoke=True))
        page.get_by_text("This view has ended.").wait_for()
        assert page.locator("table").count() == 0
        again = lab.ask(MakeView(request_id="again")).data["path"]
        page.evaluate("(token) => { location.hash = token; }", again.partition("#")[2])
        page.get_by_text("P-01").wait_for()
        server.kill()
        page.get_by_text("The server does not answer.").wait_for()
        page.get_by_text("What you see is from").wait_for()
        assert page.get_by_text("P-01").count() == 1
        assert set(screen.hosts) <= {"127.0.0.1", "localhost"}
        assert screen.page_errors == []
