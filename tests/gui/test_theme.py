import re

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from gui.places import find_place, resource
from gui.widgets.theme import DARK, LIGHT, SERIES_DARK, SERIES_LIGHT, Theme, ThemeChoice, Tokens

TEXT_ON_GROUND = [
    ("text", "background"),
    ("text", "surface"),
    ("text", "sunken"),
    ("text", "accent_soft"),
    ("text", "hover"),
    ("muted", "background"),
    ("muted", "surface"),
    ("muted", "rail"),
    ("accent", "surface"),
    ("accent", "accent_soft"),
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
    ("good", "good_soft"),
    ("good", "surface"),
    ("warning", "warning_soft"),
    ("warning", "surface"),
    ("error", "error_soft"),
    ("error", "surface"),
    ("tooltip_text", "tooltip"),
]


def luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    made = QColor(colour)
    return 0.2126 * linear(made.redF()) + 0.7152 * linear(made.greenF()) + 0.0722 * linear(made.blueF())


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_that_texts_can_be_read_on_their_grounds(tokens: Tokens, text: str, ground: str) -> None:
    assert contrast(getattr(tokens, text), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize(("series", "tokens"), [(SERIES_LIGHT, LIGHT), (SERIES_DARK, DARK)], ids=["light", "dark"])
def test_that_lines_stand_out_from_the_ground(series: tuple[str, ...], tokens: Tokens) -> None:
    assert all(contrast(colour, tokens.surface) >= 3.0 for colour in series)


def test_that_every_icon_can_be_drawn_in_the_themes_colour(theme: Theme) -> None:
    names = [path.stem for path in resource("icons").glob("*.svg")]
    assert len(names) > 30
    for name in names:
        image = theme.pixmap(name, "accent", 24).toImage()
        drawn = sum(image.pixelColor(x, y).alpha() > 0 for x in range(24) for y in range(24))
        assert drawn > 10, name


def test_that_every_icon_the_code_names_is_there() -> None:
    gui = resource("icons").parent.parent / "gui"
    called = re.compile(r'(?:\bicon\(|pixmap\(|icon="|Icon\(self\._theme, |Icon\(theme, |show_icon\()"?([a-z-]+)"')
    names = {match for path in gui.rglob("*.py") for match in called.findall(path.read_text(encoding="utf-8"))}
    assert names
    missing = {name for name in names if not resource(f"icons/{name}.svg").exists()}
    assert not missing


def test_that_the_choice_holds_against_the_system(qapp: QApplication) -> None:
    theme = Theme(qapp, ThemeChoice.DARK)
    assert theme.is_dark
    assert qapp.palette().window().color() == QColor(DARK.background)
    theme.choose(ThemeChoice.LIGHT)
    assert not theme.is_dark
    assert qapp.palette().window().color() == QColor(LIGHT.background)


def test_that_resources_are_found_from_anywhere() -> None:
    assert find_place("resources") is not None
    assert find_place("no such folder") is None
