"""Previewing a scene from the editor: a real server, pages that speak its protocol, edits that reach them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui.models.chain_document import Change
from gui.models.followed_node import path_after
from gui.models.preview_outcome import PreviewOutcome, PreviewState
from gui.widgets.theme import Theme
from mug.protocol.messages import PageContent
from mug.study.edits import SetField, insert, move, remove, wrap
from mug.study.model import Repeat, StaticPage, Study
from mug.study.traversal import NodePath, node_at
from tests.drivers.preview_driver import PreviewDriver, previewing
from tests.drivers.server_driver import ParticipantClient

REPOSITORY = Path(__file__).resolve().parents[2]
DEADLINE_MS = 60_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "questionnaire"
    shutil.copytree(REPOSITORY / "examples" / "mountain_car", target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


@pytest.fixture
def driver(theme: Theme, folder: Path) -> Iterator[PreviewDriver]:
    with previewing(theme, folder) as made:
        yield made


def wait_for(qtbot: QtBot, driver: PreviewDriver, state: PreviewState, when: Callable[[], bool] = lambda: True) -> None:
    def holds() -> bool:
        return driver.flow.outcome.state is state and when()

    try:
        qtbot.waitUntil(holds, timeout=DEADLINE_MS)
    except Exception as error:
        raise AssertionError(f"{driver.flow.outcome}") from error


def header(client: ParticipantClient) -> str:
    assert client.scene is not None
    assert isinstance(client.scene.content, PageContent)
    return client.scene.content.scene_header


def test_that_a_scene_is_shown_followed_and_stopped(qtbot: QtBot, driver: PreviewDriver, tmp_path: Path) -> None:
    flow = driver.flow
    qtbot.addWidget(flow.strip)
    flow.preview((1,))
    assert flow.outcome.state is PreviewState.STARTING
    wait_for(qtbot, driver, PreviewState.RUNNING)
    assert [url.rpartition("/")[2] for url in driver.opened] == ["preview-1"]
    assert "no page is open" in flow.strip.text()
    with driver.page(tmp_path) as client:
        client.enter()
        assert header(client) == "How to play"
        wait_for(qtbot, driver, PreviewState.RUNNING, lambda: flow.outcome.present == {"preview-1"})
        assert not flow.strip.open_page.isVisibleTo(flow.strip)

        driver.change((2,), "gameplay.num_episodes", 7)  # another scene: nothing is started again
        driver.change((1,), "scene_header", "How")
        driver.change((1,), "scene_header", "How to drive")
        assert client.welcome is not None
        session = client.welcome.session_id
        qtbot.waitUntil(lambda: not client.connected, timeout=DEADLINE_MS)
        client.come_back()
        assert client.welcome.session_id != session
        assert header(client) == "How to drive"
        wait_for(qtbot, driver, PreviewState.RUNNING, lambda: flow.outcome.present == {"preview-1"})
        assert len(driver.opened) == 1

        qtbot.mouseClick(flow.strip.stop, Qt.MouseButton.LeftButton)
        wait_for(qtbot, driver, PreviewState.OFF)
        qtbot.waitUntil(lambda: not client.connected, timeout=DEADLINE_MS)
    assert not flow.strip.isVisible()


@pytest.mark.long
def test_that_what_cannot_be_shown_is_told_and_what_runs_goes_on(
    qtbot: QtBot, driver: PreviewDriver, folder: Path
) -> None:
    flow = driver.flow
    driver.change((0,), "scene_body_filepath", "pages/nowhere.html")
    flow.preview((0,))
    wait_for(qtbot, driver, PreviewState.FAILED)
    assert "nowhere.html" in flow.strip.text()
    assert driver.opened == []
    flow.preview((1,))
    wait_for(qtbot, driver, PreviewState.RUNNING)
    port = flow.control.url
    driver.change((1,), "scene_id", "no good")
    wait_for(qtbot, driver, PreviewState.RUNNING, lambda: "no good" in flow.outcome.pending)
    assert flow.control.url == port
    driver.document.undo()
    wait_for(qtbot, driver, PreviewState.RUNNING, lambda: not flow.outcome.pending)
    assert len(driver.opened) == 1
    driver.change((1,), "scene_body_filepath", "pages/gone.html")  # only the server finds this
    wait_for(qtbot, driver, PreviewState.FAILED, lambda: "gone.html" in flow.outcome.detail)
    (folder / "pages" / "gone.html").write_text("<p>Here now</p>", encoding="utf-8")
    wait_for(qtbot, driver, PreviewState.RUNNING)
    assert flow.control.url == port


def test_that_a_deleted_scene_stays_as_it_was_until_it_is_back(qtbot: QtBot, driver: PreviewDriver) -> None:
    flow, said = driver.flow, list[str]()
    flow.said.connect(lambda text, _icon: said.append(text))
    flow.preview((1,))
    wait_for(qtbot, driver, PreviewState.RUNNING)
    assert driver.document.study is not None
    driver.document.push(remove(driver.document.study, [(1,)]))
    assert flow.path is None
    flow.reload()
    assert said == ["The scene of the preview is no longer in the study"]
    assert flow.outcome.state is PreviewState.RUNNING
    driver.document.undo()
    assert flow.path == (1,)
    driver.document.push(insert((0,), [StaticPage(scene_id="new")]))
    assert flow.path == (2,)


def test_that_a_game_of_two_opens_two_pages_and_a_second_preview_none_that_is_there(
    qtbot: QtBot, theme: Theme, tmp_path: Path
) -> None:
    with previewing(theme, REPOSITORY / "examples" / "tag") as driver:
        driver.flow.preview((1,))
        wait_for(qtbot, driver, PreviewState.RUNNING)
        assert [url.rpartition("/")[2] for url in driver.opened] == ["preview-1", "preview-2"]
        with driver.page(tmp_path, 0) as client:
            client.enter()
            wait_for(qtbot, driver, PreviewState.RUNNING, lambda: "1 of 2 pages" in driver.flow.outcome.sentence)
            driver.flow.preview((0,))
            assert driver.flow.outcome.state is PreviewState.STARTING
            wait_for(qtbot, driver, PreviewState.RUNNING, lambda: "welcome" in driver.flow.outcome.what)
            client.come_back()
            assert header(client) == "Welcome"
            assert len(driver.opened) == 2


def test_that_the_last_wish_counts_while_it_starts(qtbot: QtBot, driver: PreviewDriver) -> None:
    for path in ((0,), (1,), (2,), (1,)):
        driver.flow.preview(path)
    wait_for(qtbot, driver, PreviewState.RUNNING, lambda: "instructions" in driver.flow.outcome.what)
    driver.flow.preview((0,))
    driver.flow.stop()
    wait_for(qtbot, driver, PreviewState.OFF)
    qtbot.waitUntil(lambda: not driver.flow.control.is_on, timeout=DEADLINE_MS)


CHAIN = tuple(StaticPage(scene_id=name) for name in "abc")
STUDY = Study(id="s", chain=CHAIN)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (insert((0,), [StaticPage(scene_id="new")]), (2,)),
        (move(STUDY, [(1,)], (3,)), (2,)),
        (wrap(STUDY, [(0,), (1,)], Repeat(n=2, scenes=())), (0, 1)),
        (SetField(path=(1,), field="scene_header", value="x"), (1,)),
        (SetField(path=(1,), field="scene_id", value="renamed"), (1,)),
        (remove(STUDY, [(1,)]), None),
        (remove(STUDY, [(0,)]), (0,)),
    ],
)
def test_that_a_scene_is_followed(edit: SetField, expected: NodePath | None) -> None:
    study, _ = edit.apply(STUDY)
    change = Change(before=STUDY, study=study, touched=edit.touched, label="")
    assert path_after(change, (1,), node_at(STUDY, (1,))) == expected


def test_that_a_changed_and_moved_scene_is_found_by_its_id() -> None:
    after = Study(id="s", chain=(CHAIN[0], msgspec.structs.replace(CHAIN[1], scene_header="y"), CHAIN[2])[::-1])
    change = Change(before=STUDY, study=after, touched=(), label="")
    assert path_after(change, (0,), CHAIN[0]) == (2,)


def test_that_every_state_has_its_words() -> None:
    for state in PreviewState:
        assert PreviewOutcome(state, "“x”", detail="why").word
    assert PreviewOutcome().sentence == ""
