"""Labels, buttons, cards and pills in the look of the style sheet, each with an accessible name."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont, QFontMetrics, QIcon, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from gui.widgets.theme import BUTTON_ICON, Theme
from gui.widgets.tips import plain_tip

__all__ = [
    "Button",
    "Elided",
    "Icon",
    "IconTile",
    "Notice",
    "Pill",
    "Segments",
    "card",
    "label",
    "restyle",
    "scrolling",
]

_SEGMENT_AIR_PX = 24
"""Left and right of a segment's word, with its border; as in the style sheet."""


def restyle(widget: QWidget) -> None:
    """Apply the style sheet again after a property that it asks for has changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def label(text: str = "", kind: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """Make a label. `kind`: title, heading, muted, small, number, address, code, or empty.

    The text is shown as it is, never read as HTML: it may come from a participant.
    """
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if kind:
        made.setProperty("kind", kind)
    made.setWordWrap(wrap)
    if selectable:
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
    return made


class Elided(QLabel):
    """A line of text that takes the room there is; what is cut off ends in dots, and the tooltip has all of it.

    Runs on: GUI thread.
    """

    def __init__(self, kind: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        if kind:
            self.setProperty("kind", kind)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._words = ""

    def words(self) -> str:
        """Return the whole text."""
        return self._words

    def say(self, words: str) -> None:
        """Show another text."""
        if words != self._words:
            self._words = words
            self.setAccessibleName(words)
            self.setToolTip(plain_tip(words))
            self._fit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, self.width()))


def card(*, margins: int = 16, spacing: int = 10) -> tuple[QFrame, QVBoxLayout]:
    """Make a panel with rounded corners, and its layout."""
    frame = QFrame()
    frame.setProperty("kind", "card")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(margins, margins, margins, margins)
    layout.setSpacing(spacing)
    return frame, layout


def scrolling(inner: QWidget, name: str) -> QScrollArea:
    """Let `inner` be as wide as there is room, and scroll up and down. `name`: what a screen reader calls it."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inner)
    area.setAccessibleName(name)
    inner.setAutoFillBackground(False)
    area.viewport().setAutoFillBackground(False)
    return area


class Button(QPushButton):
    """A button with an icon that follows the theme.

    Attributes:
        role: primary, danger, quiet, link or plain.

    Runs on: GUI thread.
    """

    def __init__(
        self,
        theme: Theme,
        text: str,
        icon: str = "",
        *,
        role: str = "plain",
        name: str = "",
        tip: str = "",
        on_click: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(text)
        self._theme = theme
        self._icon_name = icon
        self.role = role
        self.setProperty("role", role)
        self.setAccessibleName(name or text)
        self.setIconSize(BUTTON_ICON)
        if tip:
            self.setToolTip(tip)
        if on_click is not None:
            self.clicked.connect(lambda _checked=False: on_click())
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_as(self, text: str, icon: str, role: str) -> None:
        """Change what the button says and how much it asks for attention."""
        self.role = role
        self._icon_name = icon
        self.setText(text)
        self.setAccessibleName(text)
        self.setProperty("role", role)
        self._on_theme_changed()
        restyle(self)

    @Slot()
    def _on_theme_changed(self) -> None:
        colour = {"primary": "on_accent", "danger": "error", "link": "accent"}.get(self.role, "text")
        if self._icon_name:
            self.setIcon(self._theme.button_icon(self._icon_name, colour))


class Icon(QLabel):
    """A small picture in a colour of the theme. Decoration: the word beside it carries the meaning."""

    def __init__(self, theme: Theme, name: str, role: str = "muted", size: int = 20) -> None:
        super().__init__()
        self._theme, self._name, self._role, self._size = theme, name, role, size
        self.setFixedSize(size, size)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_icon(self, name: str, role: str) -> None:
        """Take another picture or colour."""
        self._name, self._role = name, role
        self._on_theme_changed()

    @Slot()
    def _on_theme_changed(self) -> None:
        self.setPixmap(self._theme.pixmap(self._name, self._role, self._size))


class IconTile(QFrame):
    """An icon on a soft square."""

    def __init__(self, theme: Theme, name: str, role: str = "accent", size: int = 40) -> None:
        super().__init__()
        self.setProperty("kind", "iconTile")
        self.setFixedSize(size, size)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(Icon(theme, name, role, round(size * 0.55)), 0, Qt.AlignmentFlag.AlignCenter)


class Pill(QFrame):
    """A state in a word with its icon, on a soft ground. `tone`: good, warning, error, accent, or neutral."""

    _ROLES: ClassVar = {"good": "good", "warning": "warning", "error": "error", "accent": "accent"}

    def __init__(self, theme: Theme, text: str = "", icon: str = "info", tone: str = "neutral") -> None:
        super().__init__()
        self.setProperty("kind", "pill")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(9, 4, 12, 4)
        layout.setSpacing(6)
        self._shown: tuple[str, str, str] | None = None
        self._icon = Icon(theme, icon, "muted", 16)
        self._text = label(text)
        layout.addWidget(self._icon)
        layout.addWidget(self._text)
        self.show_state(text, icon, tone)

    def text(self) -> str:
        """Return the word."""
        return self._text.text()

    def show_words(self, shown: bool) -> None:
        """Show the word, or the icon alone where there is little room; its name stays for screen readers."""
        self._text.setVisible(shown)

    def show_state(self, text: str, icon: str, tone: str) -> None:
        """Show another state."""
        if (text, icon, tone) == self._shown:
            return
        self._shown = (text, icon, tone)
        self._text.setText(text)
        self.setAccessibleName(text)
        self._icon.show_icon(icon, self._ROLES.get(tone, "muted"))
        self.setProperty("tone", tone)
        for widget in (self, self._text):
            restyle(widget)


class Notice(QFrame):
    """A sentence or two that stay until they no longer hold, with room for buttons at the right."""

    def __init__(self, theme: Theme, *, icon: str = "info", tone: str = "accent") -> None:
        super().__init__()
        self.setProperty("kind", "notice")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 10, 10, 10)
        layout.setSpacing(10)
        self._shown: tuple[str, str, str] | None = None
        self._icon = Icon(theme, icon, tone, 18)
        self._text = label("", wrap=True, selectable=True)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._text, 1)
        self._layout = layout
        self.say("", icon, tone)

    def text(self) -> str:
        """Return the sentences."""
        return self._text.text()

    def add_button(self, button: QPushButton) -> None:
        """Put a button at the right end."""
        self._layout.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)

    def say(self, text: str, icon: str = "info", tone: str = "accent") -> None:
        """Show `text`; an empty one hides the notice."""
        if (text, icon, tone) == self._shown:
            return  # a restyle costs more than a row of the table
        self._shown = (text, icon, tone)
        self._text.setText(text)
        self.setAccessibleName(text)
        self._icon.show_icon(icon, tone)
        self.setProperty("tone", tone)
        restyle(self)
        self.setVisible(bool(text))


class Segments(QFrame):
    """One of a few choices, all of them in sight.

    Signals:
        chosen: The key of the new choice.

    Runs on: GUI thread.
    """

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]], *, name: str, current: str = "") -> None:
        super().__init__()
        self.setObjectName("segments")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(2)
        self._name = name
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        for key, text in choices:
            button = QPushButton(text)
            button.setCheckable(True)
            button.setAccessibleName(f"{name}: {text}")
            button.setChecked(key == (current or choices[0][0]))
            button.clicked.connect(lambda _checked=False, key=key: self.chosen.emit(key))
            self._leave_room(button)
            self._group.addButton(button)
            self._buttons[key] = button
            layout.addWidget(button)

    def current(self) -> str:
        """Return the key of the choice."""
        return next(key for key, button in self._buttons.items() if button.isChecked())

    def rename(self, key: str, text: str, icon: QIcon | None = None) -> None:
        """Let a choice say something else, with a picture before it."""
        button = self._buttons[key]
        button.setText(text)
        button.setAccessibleName(f"{self._name}: {text}")
        button.setIcon(icon or QIcon())
        self._leave_room(button)

    def offer(self, key: str, offered: bool) -> None:
        """Show a choice, or leave it out."""
        if self._buttons[key].isHidden() is offered:
            self._buttons[key].setVisible(offered)

    def _leave_room(self, button: QPushButton) -> None:
        """Let the button be as wide as it is when it is chosen, and bold; it never shrinks, so that others stay put."""
        font = self.font()
        font.setWeight(QFont.Weight.DemiBold)
        icon_px = 0 if button.icon().isNull() else button.iconSize().width() + 12
        wanted = QFontMetrics(font).horizontalAdvance(button.text()) + icon_px + _SEGMENT_AIR_PX
        button.setMinimumWidth(max(button.minimumWidth(), wanted))

    def show_choice(self, key: str) -> None:
        """Show a choice that is not the user's: nothing is told."""
        self._buttons[key].setChecked(True)

    def choose(self, key: str) -> None:
        """Take a choice as if the user had; unknown keys change nothing."""
        if key in self._buttons and not self._buttons[key].isChecked():
            self._buttons[key].setChecked(True)
            self.chosen.emit(key)
