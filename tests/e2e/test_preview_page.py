"""A preview in the real browser: the page shows the scene, and follows the editor by itself."""

import gc
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from playwright.sync_api import Error
from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.models.preview_outcome import PreviewState
from gui.widgets.theme import Theme, ThemeChoice
from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.preview_driver import PreviewDriver, previewing
from tests.e2e.conftest import MOUNTAIN_CAR

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]

DEADLINE_S = 60.0
KEPT = """async () => {
    const answer = (request) => new Promise((done) => (request.onsuccess = () => done(request.result)));
    let kept = 0;
    for (const { name } of await indexedDB.databases()) {
        const database = await answer(indexedDB.open(name));
        for (const store of database.objectStoreNames) {
            kept += await answer(database.transaction(store).objectStore(store).count());
        }
        database.close();
    }
    return kept;
}"""
"""How many entries the browser's databases have."""


@pytest.fixture
def editor(qapp: QApplication, short_mountain_car: Path) -> Iterator[PreviewDriver]:
    gc.disable()  # a Qt object that a worker's allocation collects ends the process
    with previewing(Theme(qapp, ThemeChoice.LIGHT), short_mountain_car) as driver:
        yield driver
    gc.enable()


def wait_until(qtbot: QtBot, condition: Callable[[], bool], page: ParticipantDriver | None = None) -> None:
    """Let the app work until something holds, which a page may have to be asked for."""

    def holds() -> bool:
        try:
            return condition()
        except Error as error:
            if "navigation" in str(error):
                return False  # the page is just being loaded again
            raise

    until = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < until, page.state() if page is not None else ""
        qtbot.wait(50)


def test_that_an_open_page_shows_what_was_edited(
    qtbot: QtBot, browser: BrowserDriver, editor: PreviewDriver, artifacts: Path
) -> None:
    assert MOUNTAIN_CAR.is_dir()
    editor.flow.preview((1,))
    wait_until(qtbot, lambda: editor.flow.outcome.state is PreviewState.RUNNING and bool(editor.opened))
    url = QUrl(editor.opened[0])
    with browser.participant(url.port()) as page:
        page.open(url.path().lstrip("/"))

        def text() -> str:
            found = page.page.evaluate("() => document.body.innerText")
            return str(found)

        wait_until(qtbot, lambda: "How to play" in text(), page)
        assert page.page.locator('[data-mug="preview"]').inner_text() == "Preview"
        page.screenshot(artifacts / "preview-page.png")
        editor.change((1,), "scene_header", "How to drive a car")
        wait_until(qtbot, lambda: "How to drive a car" in text(), page)
        assert page.phase() == "page"
        page.press_continue()
        wait_until(qtbot, lambda: "End of the preview" in text(), page)

        editor.flow.preview((2,))  # the page is there already: it begins anew with the other scene
        wait_until(qtbot, lambda: page.scene() == "mountain-car", page)
        wait_until(qtbot, lambda: "Bring the car to the flag" in text(), page)
        assert len(editor.opened) == 1
        assert page.page.evaluate("() => Object.keys(localStorage)") == ["mug:previews"]
        assert page.page.evaluate(KEPT) == 0
        editor.flow.stop()
        wait_until(qtbot, lambda: "The preview has stopped" in text(), page)
        assert page.page_errors == []
