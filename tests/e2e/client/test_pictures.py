"""A game's pictures: behind it, below its assets folder, animated, there from the start, and missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mug.check import check_study
from mug.study import load
from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.server_driver import ServerDriver
from tests.e2e.client.studies import write_pictures
from tests.e2e.client.test_drawing import (
    close,
    picture,
    press,
    start,
    wait_for_color,
    wait_for_frame,
    wait_for_places,
)

RED, BLUE = "#c80000", "#0000c8"
BLINKING, TURNING = (50, 50), (150, 50)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def server(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerDriver]:
    with ServerDriver(study, tmp_path_factory.mktemp("data")) as running:
        yield running


def to_the_game(person: ParticipantDriver) -> None:
    person.open()
    person.wait_for_phase("page")
    person.press_continue()
    person.wait_for_scene("pictures")


def test_that_pictures_backgrounds_animations_and_first_objects_are_shown(
    browser: BrowserDriver, server: ServerDriver, study: Path
) -> None:
    assert [problem for problem in check_study(load(study)) if problem.severity == "error"] == []
    with browser.participant(server.port) as person:
        to_the_game(person)
        start(person)
        # The background covers the game and keeps its proportions: the outer stripes are cut off.
        stripes = [(20, 3, "#005a00"), (280, 150, "#005a00")]
        stripes += [(x, y, "#00005a") for x, y in ((320, 150), (580, 3), (580, 340))]
        icons = [(250, 50, "#01c8c8"), (350, 50, "#c801c8"), (450, 50, "#f0f0f0")]
        first = [(300, 380, "#ff6347"), (300, 300, "#ffff00")]
        wait_for_places(person, {"the background": stripes, "the pictures": icons, "the first objects": first}, 0)
        picture(person, "pictures")
        for wanted in (RED, BLUE, RED):
            wait_for_color(person, *BLINKING, wanted)
        wait_for_color(person, *TURNING, BLUE)
        press(person, "n")
        left = {"what the environment removed": [(20, 380, "#005a00")], "the other": [(300, 300, "#ffff00")]}
        shown = wait_for_places(person, left, 0)
        assert close(shown, *TURNING, BLUE), "an animation that goes once began again"
        assert person.page.locator('[data-mug="missing-pictures"]').count() == 0
        assert person.page_errors == []


def test_that_animations_stand_still_for_who_asks_for_less_motion(browser: BrowserDriver, server: ServerDriver) -> None:
    with browser.participant(server.port, reduced_motion="reduce") as person:
        to_the_game(person)
        start(person)
        wait_for_places(person, {"both": [(*BLINKING, RED), (*TURNING, BLUE)]})
        for frame in range(5, 40, 5):
            shown = picture(person)
            assert (close(shown, *BLINKING, RED), close(shown, *TURNING, BLUE)) == (True, True)
            wait_for_frame(person, frame)


def test_that_a_missing_picture_is_told_calmly_and_the_game_can_be_played(
    browser: BrowserDriver, server: ServerDriver, study: Path
) -> None:
    dot, late = study / "art/icons/dot.png", study / "art/late.png"
    kept = {file: file.read_bytes() for file in (dot, late)}
    try:
        for file in kept:
            file.unlink()
        problems = [(p.field, p.code) for p in check_study(load(study)) if p.severity == "error"]
        assert problems == [("assets.assets_to_preload[0]", "missing_file")]
        with browser.participant(server.port) as person:
            to_the_game(person)
            person.page.wait_for_selector('[data-mug="missing-pictures"]')
            said = person.page.inner_text('[data-mug="missing-pictures"]')
            assert said.startswith("2 pictures of this game did not load. You can play all the same")
            start(person)
            wait_for_places(person, {"a missing picture is a pale box": [(250, 50, "#c9ced6")]}, 0)
    finally:
        for file, data in kept.items():
            file.write_bytes(data)
