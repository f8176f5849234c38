"""The rail at the left: one entry per page, in the order of a session."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QFrame, QLabel, QToolButton, QVBoxLayout, QWidget

from gui.widgets.basics import Icon
from gui.widgets.theme import Theme

__all__ = ["Navigation"]


class Navigation(QFrame):
    """Chooses the page.

    Signals:
        chosen: The key of the page.

    Runs on: GUI thread.
    """

    chosen = Signal(str)

    def __init__(
        self, theme: Theme, entries: Sequence[tuple[str, str, str, str]], parent: QWidget | None = None
    ) -> None:
        """Make the rail.

        Args:
            theme: The look.
            entries: Key, title, icon and tip of each page.
            parent: The Qt parent.
        """
        super().__init__(parent)
        self.setObjectName("navigation")
        self.setAccessibleName("Pages")
        self.setFixedWidth(92)
        self._theme = theme
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 14, 8, 14)
        layout.setSpacing(6)
        layout.addWidget(Icon(theme, "mug", "accent", 30), 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(12)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        self._icons: dict[str, str] = {}
        self._titles: dict[str, str] = {}
        self._badges: dict[str, QLabel] = {}
        for key, title, icon, tip in entries:
            button = QToolButton()
            button.setObjectName("navigationButton")
            button.setText(title)
            button.setToolTip(tip)
            button.setAccessibleName(f"{title} page")
            button.setCheckable(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setIconSize(QSize(24, 24))
            button.setFixedSize(76, 64)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(lambda _checked=False, key=key: self.chosen.emit(key))
            self._group.addButton(button)
            self._buttons[key] = button
            self._icons[key] = icon
            self._titles[key] = title
            layout.addWidget(button)
        layout.addStretch(1)
        theme.changed.connect(self._on_theme_changed)

    def show_current(self, key: str) -> None:
        """Mark the page that is shown."""
        self._buttons[key].setChecked(True)
        if any(button.hasFocus() for button in self._buttons.values()):
            self._buttons[key].setFocus(Qt.FocusReason.OtherFocusReason)
        self._on_theme_changed()

    def show_badge(self, key: str, count: int, words: str) -> None:
        """Show a number at a page's entry; `words` say what it counts. Zero takes it away."""
        button = self._buttons[key]
        if key not in self._badges:
            badge = QLabel(button)
            badge.setObjectName("badge")
            badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
            badge.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._badges[key] = badge
        badge = self._badges[key]
        badge.setText(str(min(count, 99)))
        badge.adjustSize()
        badge.resize(max(18, badge.width()), 18)
        badge.move(button.width() - badge.width() - 10, 5)
        badge.setVisible(count > 0)
        button.setAccessibleName(f"{self._titles[key]} page" + (f", {words}" if count else ""))

    @Slot()
    def _on_theme_changed(self) -> None:
        for key, button in self._buttons.items():
            button.setIcon(self._theme.icon(self._icons[key], "accent" if button.isChecked() else "muted"))
