"""Every draw object at its place, with the WebGL renderer and with the canvas renderer."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.server_driver import ServerDriver
from tests.e2e.client.png import Picture, decode
from tests.e2e.client.studies import write_gallery

ARTIFACTS = Path(__file__).parents[2] / "artifacts"
NO_WEBGL = """
const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.startsWith("webgl") ? null : real.call(this, kind, ...more);
};
const offscreen = OffscreenCanvas.prototype.getContext;
OffscreenCanvas.prototype.getContext = function (kind, ...more) {
  return kind.startsWith("webgl") ? null : offscreen.call(this, kind, ...more);
};
"""

AS_WITH_A_GRAPHICS_CARD = """
for (const kind of [WebGLRenderingContext, WebGL2RenderingContext]) {
  const real = kind.prototype.getParameter;
  const UNMASKED_RENDERER_WEBGL = 0x9246;
  kind.prototype.getParameter = function (name) {
    return name === UNMASKED_RENDERER_WEBGL ? "A graphics card" : real.call(this, name);
  };
}
"""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerDriver]:
    folder = write_gallery(tmp_path_factory.mktemp("gallery"))
    with ServerDriver(folder, tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture(params=["webgl", "canvas"])
def person(
    request: pytest.FixtureRequest, browser: BrowserDriver, gallery: ServerDriver
) -> Iterator[ParticipantDriver]:
    """Somebody in front of the gallery's first game, drawn by WebGL or by the canvas renderer."""
    with browser.participant(gallery.port) as driver:
        driver.context.add_init_script(NO_WEBGL if request.param == "canvas" else AS_WITH_A_GRAPHICS_CARD)
        driver.open()
        driver.wait_for_phase("page")
        driver.press_continue()
        driver.wait_for_scene("shapes")
        start(driver)
        assert driver.game_attribute("renderer") == request.param
        yield driver
        assert driver.page_errors == []


def start(person: ParticipantDriver) -> None:
    person.wait_for_phase("page")
    person.press_continue()
    person.wait_for_phase("playing")
    wait_for_frame(person, 2)


def wait_for_frame(person: ParticipantDriver, frame: int) -> None:
    person.page.wait_for_function(
        "(frame) => Number(document.querySelector('[data-mug=game]').dataset.mugFrame) >= frame", arg=frame
    )


def picture(person: ParticipantDriver, name: str = "") -> Picture:
    """What the game looks like; with a name the picture is kept for a person to look at."""
    data = person.page.locator('[data-mug="game"]').screenshot()
    if name:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        (ARTIFACTS / f"{name}-{person.game_attribute('renderer')}.png").write_bytes(data)
    return decode(data)


def press(person: ParticipantDriver, key: str) -> None:
    before = int(person.game_attribute("frame") or 0)
    person.page.keyboard.press(key)
    wait_for_frame(person, before + 4)


def color(at: Picture, x: int, y: int) -> str:
    red, green, blue = (int(value) for value in at[y, x])
    return f"#{red:02x}{green:02x}{blue:02x}"


def close(at: Picture, x: int, y: int, wanted: str, tolerance: int = 6) -> bool:
    want = [int(wanted[i : i + 2], 16) for i in (1, 3, 5)]
    return all(abs(int(value) - target) <= tolerance for value, target in zip(at[y, x], want, strict=True))


def wait_for_places(
    person: ParticipantDriver, wanted: dict[str, list[tuple[int, int, str]]], tolerance: int = 6, deadline_s: float = 60
) -> Picture:
    """Wait until all these places have their colours: a picture is drawn a moment after its frame is told."""
    deadline = time.monotonic() + deadline_s
    while True:
        shown = picture(person)
        wrong = {
            what: [(x, y, want, color(shown, x, y)) for x, y, want in places if not close(shown, x, y, want, tolerance)]
            for what, places in wanted.items()
        }
        if not any(wrong.values()):
            return shown
        assert time.monotonic() < deadline, {what: places for what, places in wrong.items() if places}


def wait_for_color(person: ParticipantDriver, x: int, y: int, wanted: str, tolerance: int = 6) -> Picture:
    return wait_for_places(person, {"": [(x, y, wanted)]}, tolerance)


GROUND = "#f0f0e0"

PLACES = {
    "a persistent rectangle": [(50, 40, "#cc0000"), (12, 12, "#cc0000"), (100, 40, GROUND)],
    "round corners": [(150, 40, "#00aa00"), (112, 12, GROUND), (188, 68, GROUND), (150, 12, "#00aa00")],
    "a stroke without a fill": [(250, 40, GROUND), (211, 40, "#0000cc"), (289, 40, "#0000cc"), (205, 40, GROUND)],
    "a circle with a stroke": [(340, 40, "#aa00aa"), (370, 40, "#000000"), (340, 10, "#000000"), (374, 40, GROUND)],
    "an ellipse": [
        (450, 40, "#00aaaa"),
        (395, 40, "#00aaaa"),
        (450, 24, "#00aaaa"),
        (395, 55, GROUND),
    ],
    "a filled arc": [(570, 50, "#ff8800"), (550, 50, GROUND), (570, 30, GROUND), (583, 63, GROUND)],
    "an arc's curve": [(40, 110, "#884400"), (40, 130, GROUND), (40, 170, GROUND), (40, 140, GROUND)],
    "a polygon": [(150, 150, "#336699"), (115, 120, GROUND), (185, 120, GROUND)],
    "a line": [(250, 140, "#111111"), (250, 142, "#111111"), (250, 150, GROUND)],
    "the area below a line": [(350, 200, "#55aa55"), (350, 395, "#55aa55"), (350, 120, GROUND), (305, 300, GROUND)],
    "the area above a line": [(455, 80, "#dd88dd"), (425, 3, "#dd88dd"), (455, 100, GROUND)],
    "an image": [(30, 230, "#ff0000"), (90, 230, "#00ff00"), (30, 290, "#0000ff"), (90, 290, "#ffff00")],
    "a turned image": [(130, 230, "#0000ff"), (190, 230, "#ff0000"), (130, 290, "#ffff00"), (190, 290, "#00ff00")],
    "an atlas frame by name": [(260, 260, "#0000c8")],
    "an atlas frame by number, relative": [(360, 260, "#c80000"), (335, 225, "#c80000"), (385, 295, "#c80000")],
    "an image in its own size, by path": [(525, 225, "#ff0000"), (555, 255, "#ffff00"), (565, 265, GROUND)],
    "depth": [(70, 350, "#ff0000"), (105, 350, "#0000ff")],
}


def test_that_every_object_and_picture_is_where_the_environment_drew_it(person: ParticipantDriver) -> None:
    """All in one game: to begin it takes the most of the time."""
    every_draw_object_is_in_its_place(person)
    a_smaller_window_shrinks_the_game_as_a_whole(person)
    persistent_objects_stay_until_removed_and_others_glide(person)
    images_backgrounds_and_pixel_coordinates_are_shown(person)


def every_draw_object_is_in_its_place(person: ParticipantDriver) -> None:
    shown = wait_for_places(person, PLACES)
    picture(person, "gallery-shapes")
    # A text of this size covers a good part of its box.
    box = shown[100:135, 510:598].astype(int).sum(axis=2)
    assert 0.1 < float((box < 200).mean()) < 0.6


def a_smaller_window_shrinks_the_game_as_a_whole(person: ParticipantDriver) -> None:
    before = person.page.viewport_size
    assert before is not None
    person.resize(420, 700)
    person.page.wait_for_function(
        """() => {
            const { width, height } = document.querySelector('[data-mug=game]').getBoundingClientRect();
            return width < 420 && Math.abs(width / height - 1.5) < 0.02;
        }"""
    )  # the width follows the window at once, the height with the next picture
    box = person.page.locator('[data-mug="game"]').bounding_box()
    assert box is not None
    scale = box["width"] / 600
    places = [(round(x * scale), round(40 * scale), want) for x, want in ((50, "#cc0000"), (340, "#aa00aa"))]
    wait_for_places(person, {"a smaller game": places})
    person.resize(before["width"], before["height"])
    wait_for_places(person, PLACES)


def persistent_objects_stay_until_removed_and_others_glide(person: ParticipantDriver) -> None:
    wait_for_color(person, 200, 350, "#222222")
    press(person, "n")
    wait_for_places(
        person,
        {
            "a persistent object that was not sent again": [(50, 40, "#cc0000")],
            "what glides": [(500, 350, "#222222"), (200, 350, GROUND)],
        },
    )
    press(person, "n")
    wait_for_places(person, {"a removed object": [(50, 40, GROUND)]})


def images_backgrounds_and_pixel_coordinates_are_shown(person: ParticipantDriver) -> None:
    person.page.keyboard.press("q")
    person.wait_for_scene("image")
    start(person)
    # 100 x 100 in 600 x 400: as large as it goes, in the middle, beside it the background.
    corners = [(110, 10, "#ff0000"), (490, 10, "#00ff00"), (110, 390, "#0000ff"), (490, 390, "#fafafa")]
    wait_for_places(person, {"the picture": corners, "the background": [(50, 200, "#404040")]}, 0)
    picture(person, "gallery-image")
    press(person, "n")
    wait_for_color(person, 490, 390, "#fafa00", 0)

    person.page.keyboard.press("q")
    person.wait_for_scene("state")
    start(person)
    corners = [(5, 5, "#ff0000"), (595, 5, "#00ff00"), (5, 395, "#0000ff"), (595, 395, "#ffff00")]
    objects = [(350, 125, "#ff00ff"), (405, 125, "#00ff00"), (100, 300, "#123456")]
    wait_for_places(person, {"the picture": corners, "the objects": objects}, 0)
    picture(person, "gallery-state")
