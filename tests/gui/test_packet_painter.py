"""Drawing render packets with Qt: every shape at its place, persistence, order, sprites and atlases."""

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter
from pytestqt.qtbot import QtBot

from gui.design.playground.keys import browser_key, shown_key
from gui.design.playground.text_log import TextLog
from gui.widgets.packet_painter import PacketPainter, colour_of
from gui.widgets.picture_book import load_pictures
from gui.widgets.theme import Theme
from mug.rendering import Surface

WHITE, RED, BLUE = "#ffffff", "#ff0000", "#0000ff"


def drawn(painter: PacketPainter, scale: int = 1) -> QImage:
    image = QImage(painter.width * scale, painter.height * scale, QImage.Format.Format_RGB32)
    image.fill(QColor("#123456"))
    qt = QPainter(image)
    painter.paint(qt, QRectF(0, 0, image.width(), image.height()))
    qt.end()
    return image


def at(image: QImage, x: int, y: int) -> str:
    return image.pixelColor(x, y).name()


def wire(kind: str, **more: Any) -> dict[str, Any]:
    return {"uuid": kind, "object_type": kind, "permanent": False, "depth": 0, **more}


@pytest.fixture
def surface() -> Surface:
    return Surface(200, 100)


def test_that_every_shape_is_where_the_surface_put_it(qtbot: QtBot, surface: Surface) -> None:
    del qtbot
    surface.rect(10, 10, 20, 20, color="red")
    surface.circle(60, 20, 10, color="blue")
    surface.ellipse(100, 20, 20, 5, color="red")
    surface.polygon([(130, 10), (150, 10), (140, 30)], color="blue")
    surface.line([(10, 50), (90, 50)], color="red", width=4)
    surface.arc(140, 60, 20, 0, 1.5707963, color="blue")  # a quarter, from the right downwards
    surface.text("█", 10, 70, size=20, color="red")
    painter = PacketPainter(200, 100)
    painter.apply(surface.commit().to_dict())
    image = drawn(painter, 2)
    for x, y, colour in (
        (20, 20, RED),
        (60, 20, BLUE),
        (66, 26, BLUE),
        (69, 29, WHITE),
        (115, 20, RED),
        (100, 27, WHITE),
        (140, 15, BLUE),
        (131, 28, WHITE),
        (50, 50, RED),
        (50, 54, WHITE),
        (148, 68, BLUE),
        (148, 52, WHITE),
        (132, 68, WHITE),
    ):
        assert at(image, 2 * x, 2 * y) == colour, (x, y)
    assert RED in {at(image, x, y) for x in range(20, 50) for y in range(140, 190)}


def test_that_strokes_and_fillings_are_as_asked(qtbot: QtBot) -> None:
    del qtbot
    painter = PacketPainter(100, 100)
    painter.set_background(QColor("#00ff00"))
    ring = wire("circle", x=0.5, y=0.5, radius=0.3, color=None, stroke_color=RED, stroke_width=6)
    below = wire("line", points=[[0, 0.9], [1, 0.9]], color=BLUE, width=1, fill_below=True, fill_above=None)
    painter.apply({"game_state_objects": [ring, below], "removed": []})
    image = drawn(painter)
    assert at(image, 50, 50) == "#00ff00"
    assert at(image, 80, 50) == RED
    assert at(image, 50, 96) == BLUE


def test_that_persistent_objects_stay_until_they_are_removed(qtbot: QtBot, surface: Surface) -> None:
    del qtbot
    painter = PacketPainter(200, 100)
    surface.rect(0, 0, 50, 50, color="red", id="kept", persistent=True)
    surface.rect(100, 0, 50, 50, color="blue")
    painter.apply(surface.commit().to_dict())
    assert (at(drawn(painter), 20, 20), at(drawn(painter), 120, 20)) == (RED, BLUE)
    painter.apply(surface.commit().to_dict())
    assert (at(drawn(painter), 20, 20), at(drawn(painter), 120, 20)) == (RED, WHITE)
    surface.remove("kept")
    painter.apply(surface.commit().to_dict())
    assert at(drawn(painter), 20, 20) == WHITE
    painter.apply({"game_state_objects": [wire("rect", x=0, y=0, w=1, h=1, color=RED)]})
    painter.clear()
    assert at(drawn(painter), 20, 20) == WHITE


def test_that_depth_decides_and_then_persistence_and_order(qtbot: QtBot) -> None:
    del qtbot
    whole = {"object_type": "rect", "x": 0, "y": 0, "w": 1, "h": 1}
    painter = PacketPainter(10, 10)

    def top(*objects: dict[str, Any]) -> str:
        painter.clear()
        painter.apply({"game_state_objects": list(objects), "removed": []})
        return at(drawn(painter), 5, 5)

    front = {**whole, "uuid": "f", "permanent": False, "depth": 1, "color": RED}
    back = {**whole, "uuid": "b", "permanent": False, "depth": -1, "color": BLUE}
    assert top(front, back) == RED
    late = {**whole, "uuid": "p", "permanent": True, "depth": 0, "color": BLUE}
    passing = {**whole, "uuid": "n", "permanent": False, "depth": 0, "color": RED}
    assert top(passing, late) == RED
    assert top({**passing, "uuid": "1", "color": RED}, {**passing, "uuid": "2", "color": BLUE}) == BLUE


def test_that_images_keep_their_proportions(qtbot: QtBot) -> None:
    del qtbot
    painter = PacketPainter(200, 100)
    painter.show_image(2, 2, bytes([255, 0, 0, 255] * 4))
    image = drawn(painter)
    assert (at(image, 20, 50), at(image, 100, 50), at(image, 180, 50)) == (WHITE, RED, WHITE)


def test_that_sprites_come_from_images_and_atlases(qtbot: QtBot, tmp_path: Path) -> None:
    del qtbot
    sheet = QImage(30, 20, QImage.Format.Format_ARGB32)
    sheet.fill(QColor("#00000000"))
    qt = QPainter(sheet)
    qt.fillRect(0, 0, 10, 10, QColor(RED))
    qt.fillRect(10, 0, 10, 20, QColor(BLUE))  # lies turned: it is 20 wide and 10 high
    qt.fillRect(10, 0, 10, 5, QColor("#00ff00"))
    qt.end()
    assert sheet.save(str(tmp_path / "sheet.png"))
    frames = {
        "plain.png": {"frame": {"x": 0, "y": 0, "w": 10, "h": 10}},
        "turned": {"frame": {"x": 10, "y": 0, "w": 20, "h": 10}, "rotated": True},
        "trimmed": {
            "frame": {"x": 0, "y": 0, "w": 10, "h": 10},
            "trimmed": True,
            "spriteSourceSize": {"x": 10, "y": 0},
            "sourceSize": {"w": 20, "h": 10},
        },
    }
    (tmp_path / "sheet.json").write_text(json.dumps({"frames": frames}), encoding="utf-8")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    painter = PacketPainter(100, 100)
    painter.pictures = load_pictures(
        {
            "sheet": (str(tmp_path / "sheet.png"), str(tmp_path / "sheet.json")),
            "bad": (str(tmp_path / "sheet.png"), str(tmp_path / "broken.json")),
            "none": (str(tmp_path / "none.png"),),
        }
    )
    assert painter.pictures.failed == {"bad", "none"}

    def sprite(frame: object, **more: Any) -> QImage:
        thing = wire("sprite", x=0.1, y=0.1, image_name="sheet", frame=frame, **more)
        painter.apply({"game_state_objects": [thing], "removed": []})
        return drawn(painter)

    assert at(sprite("plain", w=0.2, h=0.2), 20, 20) == RED
    assert at(sprite(0, w=0.2, h=0.2), 20, 20) == RED
    turned = sprite("turned", w=0.4, h=0.2)
    assert (at(turned, 13, 20), at(turned, 40, 20)) == ("#00ff00", BLUE)
    trimmed = sprite("trimmed", w=0.4, h=0.2)
    assert (at(trimmed, 15, 20), at(trimmed, 45, 20)) == (WHITE, RED)
    assert at(sprite("plain"), 15, 15) == RED  # its own size: 10 by 10
    assert at(sprite("plain"), 25, 25) == WHITE
    assert at(sprite("plain", w=0.2, h=0.2, angle=45), 11, 11) == WHITE
    painter.apply({"game_state_objects": [wire("sprite", x=0, y=0, w=0.5, h=0.5, image_name="unknown")]})
    assert at(drawn(painter), 20, 20) == "#c9ced6"
    assert painter.unknown_pictures() == {"unknown"}
    painter.set_animations([{"name": "walk", "image": "sheet", "frames": ["plain", "turned"], "frame_rate": 1}])
    assert at(sprite("walk", w=0.2, h=0.2), 20, 20) == RED
    assert painter.plays()


def test_that_nonsense_draws_nothing_and_hurts_nobody(qtbot: QtBot) -> None:
    del qtbot
    painter = PacketPainter(10, 10)
    objects = [
        wire("rect", x="NaN", y=None, w=[], h={}),
        wire("polygon", points=[[0, 0], "x", [1]]),
        wire("line", points=None),
        wire("text", text=None, size="big"),
        wire("hexagon"),
        wire("arc", radius=float("inf")),
        "nothing",
    ]
    painter.apply({"game_state_objects": objects, "removed": None})
    assert at(drawn(painter), 5, 5) == WHITE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#0f0", "#ff00ff00"),
        ("#00ff0080", "#8000ff00"),
        ("#0f08", "#8800ff00"),
        ("tomato", "#ffff6347"),
        ("rgb(255, 0, 0)", "#ffff0000"),
        ("rgba(255 0 0 / 50%)", "#80ff0000"),
        ("hsl(240, 100%, 50%)", "#ff0000ff"),
        ("no colour", "#ff000000"),
        (7, "#ff000000"),
    ],
)
def test_that_colours_are_read_as_pages_read_them(text: object, expected: str) -> None:
    assert colour_of(text, "#000000").name(QColor.NameFormat.HexArgb) == expected


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        (Qt.Key.Key_Left, "", "ArrowLeft"),
        (Qt.Key.Key_Space, " ", " "),
        (Qt.Key.Key_A, "A", "a"),
        (Qt.Key.Key_A, "\x01", "a"),  # with Ctrl
        (Qt.Key.Key_Period, ".", "."),
        (Qt.Key.Key_Enter, "\r", "Enter"),
        (Qt.Key.Key_F5, "", "F5"),
        (Qt.Key.Key_Odiaeresis, "Ö", "ö"),
        (Qt.Key.Key_VolumeUp, "", ""),
    ],
)
def test_that_keys_are_named_as_browsers_name_them(key: Qt.Key, text: str, expected: str) -> None:
    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text)
    assert browser_key(event) == expected


def test_that_keys_are_shown_as_they_stand_on_the_keyboard() -> None:
    assert [shown_key(key) for key in ("ArrowUp", " ", "w", "Enter")] == ["↑", "Space", "W", "Enter"]


def test_that_a_long_text_keeps_its_end(qtbot: QtBot, theme: Theme) -> None:
    log = TextLog(theme, "Steps", "none")
    qtbot.addWidget(log)
    for number in range(3_000):
        log.add(f"line {number}\n")
    assert log.text().splitlines()[-1] == "line 2999"
    assert len(log.text().splitlines()) <= 2_000
    log.add("y" * 5_000)
    assert max(map(len, log.text().splitlines())) == 1_000
    log.add("end\n", skipped=2_500_000)
    log.settle()
    assert "2 MB" in log.note()
    log.empty()
    assert log.text() == ""
