"""Light and dark: the colours, the style sheet made of them, and icons in those colours."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from string import Template

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QImage, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from gui.places import resource

__all__ = ["BUTTON_ICON", "DARK", "LIGHT", "SERIES_DARK", "SERIES_LIGHT", "Theme", "ThemeChoice", "Tokens"]


@dataclass(frozen=True)
class Tokens:
    """The colours of one theme, as ``#rrggbb``. Texts on their grounds have a contrast of at least 4.5."""

    background: str
    rail: str
    surface: str
    sunken: str
    hover: str
    pressed: str
    border: str
    border_strong: str
    hairline: str
    text: str
    muted: str
    disabled: str
    accent: str
    accent_hover: str
    accent_soft: str
    on_accent: str
    focus: str
    good: str
    good_soft: str
    warning: str
    warning_soft: str
    error: str
    error_soft: str
    tooltip: str
    tooltip_text: str


LIGHT = Tokens(
    background="#f5f6f9",
    rail="#eef0f5",
    surface="#ffffff",
    sunken="#eceff4",
    hover="#e6eaf1",
    pressed="#dce1ea",
    border="#dde2ea",
    border_strong="#c3cbd8",
    hairline="#eef0f4",
    text="#18212e",
    muted="#566172",
    disabled="#98a2b1",
    accent="#2f62cf",
    accent_hover="#2654b8",
    accent_soft="#e5edfc",
    on_accent="#ffffff",
    focus="#5c8af0",
    good="#176f3d",
    good_soft="#e0f3e7",
    warning="#8a5200",
    warning_soft="#fcefd9",
    error="#b3261e",
    error_soft="#fbe5e3",
    tooltip="#222c3a",
    tooltip_text="#f3f5f8",
)

DARK = Tokens(
    background="#13171d",
    rail="#181d25",
    surface="#1b212a",
    sunken="#232a35",
    hover="#283140",
    pressed="#313c4d",
    border="#2c3542",
    border_strong="#445062",
    hairline="#242c37",
    text="#e7ebf1",
    muted="#a0abba",
    disabled="#657183",
    accent="#8db0ff",
    accent_hover="#a6c1ff",
    accent_soft="#24324d",
    on_accent="#0d1628",
    focus="#8db0ff",
    good="#5ccb8f",
    good_soft="#1b3428",
    warning="#f0b357",
    warning_soft="#3a2d17",
    error="#ff8a80",
    error_soft="#402221",
    tooltip="#e7ebf1",
    tooltip_text="#18212e",
)

BUTTON_ICON = QSize(22, 18)
"""The size of a button's icon, with the air at its right."""

# Line colours that stay apart for people with colour-vision deficiencies (after Okabe and Ito, adapted to each ground).
SERIES_LIGHT = ("#2f62cf", "#c4501b", "#17805a", "#a3488b", "#8a6d00", "#2186a8", "#5b4bb5", "#7a4a2b")
SERIES_DARK = ("#8db0ff", "#ff9d6b", "#5fd3a6", "#e59bd2", "#e8cd5a", "#6fcdea", "#b5a6ff", "#d3a583")


class ThemeChoice(StrEnum):
    """What the user chose: the system's way, or one of the two."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """The one look of the app.

    Attributes:
        tokens: The colours in force.
        is_dark: Whether they are the dark ones.

    Signals:
        changed: The colours were replaced; whoever holds a coloured icon or pen takes it anew.

    Runs on: GUI thread.
    """

    changed = Signal()

    def __init__(
        self, app: QApplication, choice: ThemeChoice = ThemeChoice.SYSTEM, parent: QObject | None = None
    ) -> None:
        super().__init__(parent or app)
        self._app = app
        self._choice = choice
        self._icons: dict[tuple[str, str], QIcon] = {}
        self._pixmaps: dict[tuple[str, str, int, int], QPixmap] = {}
        self._applying = False
        self.is_dark = False
        self.tokens = LIGHT
        if app.style().objectName() != "fusion":
            app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._on_system_changed)
        self.choose(choice)

    @property
    def choice(self) -> ThemeChoice:
        """What the user chose."""
        return self._choice

    def choose(self, choice: ThemeChoice) -> None:
        """Take the light or the dark look, or follow the system."""
        self._choice = choice
        hints = QGuiApplication.styleHints()
        self._applying = True
        if choice is ThemeChoice.SYSTEM:
            hints.unsetColorScheme()
        else:
            hints.setColorScheme(Qt.ColorScheme.Dark if choice is ThemeChoice.DARK else Qt.ColorScheme.Light)
        self._applying = False
        self._apply()

    def series(self, index: int) -> QColor:
        """Return the colour of the `index`-th line of a plot; colours repeat after eight."""
        colours = SERIES_DARK if self.is_dark else SERIES_LIGHT
        return QColor(colours[index % len(colours)])

    def colour(self, role: str) -> QColor:
        """Return one token, by its name, as a colour; ``series:2`` is the colour of the third line of a plot."""
        if role.startswith("series:"):
            return self.series(int(role.removeprefix("series:")))
        return QColor(getattr(self.tokens, role))

    def icon(self, name: str, role: str = "text") -> QIcon:
        """Return ``resources/icons/<name>.svg`` in the colour `role`, with a disabled look."""
        key = (name, role)
        if key not in self._icons:
            icon = QIcon()
            for size in (16, 20, 24, 32, 48):
                for scale in (1, 2):
                    icon.addPixmap(self._draw(name, role, size, scale))
                    icon.addPixmap(self._draw(name, "disabled", size, scale), QIcon.Mode.Disabled)
            self._icons[key] = icon
        return self._icons[key]

    def button_icon(self, name: str, role: str = "text") -> QIcon:
        """Return an icon with some air at its right, for a button that has a word too."""
        key = (name, f"{role} button")
        if key not in self._icons:
            icon = QIcon()
            for scale in (1, 2):
                for mode, colour in ((QIcon.Mode.Normal, role), (QIcon.Mode.Disabled, "disabled")):
                    drawn = self._draw(name, colour, BUTTON_ICON.height(), scale)
                    wide = QPixmap(BUTTON_ICON * scale)
                    wide.fill(Qt.GlobalColor.transparent)
                    painter = QPainter(wide)
                    drawn.setDevicePixelRatio(1)
                    painter.drawPixmap(0, 0, drawn)
                    painter.end()
                    wide.setDevicePixelRatio(scale)
                    icon.addPixmap(wide, mode)
            self._icons[key] = icon
        return self._icons[key]

    def pixmap(self, name: str, role: str = "text", size: int = 20) -> QPixmap:
        """Return an icon as a pixmap of `size` logical pixels, sharp on this screen."""
        scale = max(1, round(self._app.devicePixelRatio()))
        key = (name, role, size, scale)
        if key not in self._pixmaps:
            self._pixmaps[key] = self._draw(name, role, size, scale)
        return self._pixmaps[key]

    def _draw(self, name: str, role: str, size: int, scale: int) -> QPixmap:
        pixmap = QPixmap.fromImage(_drawn(name, self.colour(role).name(), size * scale))
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    @Slot()
    def _on_system_changed(self) -> None:
        if not self._applying and self._choice is ThemeChoice.SYSTEM:
            self._apply()

    def _apply(self) -> None:
        dark_system = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        self.is_dark = self._choice is ThemeChoice.DARK or (self._choice is ThemeChoice.SYSTEM and dark_system)
        self.tokens = DARK if self.is_dark else LIGHT
        self._icons.clear()
        self._pixmaps.clear()
        self._app.setPalette(_palette(self.tokens))
        sheet = _style_sheet(self.tokens, self.is_dark, self._app.font())
        if self._app.styleSheet() != sheet:  # every widget there is would be looked at anew
            self._app.setStyleSheet(sheet)
        self.changed.emit()


@cache
def _drawing(name: str) -> str:
    return resource(f"icons/{name}.svg").read_text(encoding="utf-8")


@cache
def _drawn(name: str, colour: str, pixels: int) -> QImage:
    """Draw an icon once: it is the same in every window, and after the look has changed and changed back."""
    image = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    svg = _drawing(name).replace("currentColor", colour)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return image


def _style_sheet(tokens: Tokens, is_dark: bool, font: QFont) -> str:
    base = font.pointSizeF() if font.pointSizeF() > 0 else 10.0
    values: dict[str, str] = dict(asdict(tokens))
    values["size_title"] = f"{base * 1.45:.1f}"
    values["size_heading"] = f"{base * 1.12:.1f}"
    values["size_small"] = f"{base * 0.9:.1f}"
    shade = "dark" if is_dark else "light"
    values["chevron"] = resource(f"styles/chevron-{shade}.svg").as_posix()
    values["tick"] = resource(f"styles/tick-{shade}.svg").as_posix()
    values["chevron_up"] = resource(f"styles/chevron-up-{shade}.svg").as_posix()
    return Template(resource("styles/lab.qss").read_text(encoding="utf-8")).substitute(values)


def _palette(tokens: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for name, value in (
        (role.Window, tokens.background),
        (role.WindowText, tokens.text),
        (role.Base, tokens.surface),
        (role.AlternateBase, tokens.sunken),
        (role.Text, tokens.text),
        (role.Button, tokens.surface),
        (role.ButtonText, tokens.text),
        (role.ToolTipBase, tokens.tooltip),
        (role.ToolTipText, tokens.tooltip_text),
        (role.PlaceholderText, tokens.muted),
        (role.Highlight, tokens.accent),
        (role.HighlightedText, tokens.on_accent),
        (role.Link, tokens.accent),
        (role.Accent, tokens.accent),
        (role.Mid, tokens.border_strong),
        (role.Light, tokens.surface),
        (role.Dark, tokens.border_strong),
    ):
        palette.setColor(name, QColor(value))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(tokens.disabled))
    return palette
