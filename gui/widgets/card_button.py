"""A card that is a button: as high as what is on it, reached and pressed with the keyboard as any button."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

__all__ = ["CardButton"]


class CardButton(QPushButton):
    """A button with a layout of its own on it.

    Attributes:
        content: Where labels and icons go; they take no clicks.

    Runs on: GUI thread.
    """

    def __init__(
        self, name: str, *, role: str = "card", margins: int = 16, spacing: int = 8, row: bool = False
    ) -> None:
        """Make it.

        Args:
            name: What a screen reader calls it.
            role: "card", or "row" for one of a list, without a ground of its own.
            margins: Around the content, in pixels.
            spacing: Between its parts, in pixels.
            row: The parts stand side by side, else one below the other.
        """
        super().__init__()
        self.setAccessibleName(name)
        self.setProperty("role", role)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.content: QBoxLayout = QHBoxLayout(self) if row else QVBoxLayout(self)
        self.content.setContentsMargins(margins, margins, margins, margins)
        self.content.setSpacing(spacing)

    def settle(self) -> None:
        """Let clicks on what stands on the card be clicks on the card; called when everything is on it."""
        for child in self.findChildren(QWidget):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @override
    def sizeHint(self) -> QSize:
        return self.content.totalSizeHint()

    @override
    def minimumSizeHint(self) -> QSize:
        return self.content.totalMinimumSize()

    @override
    def hasHeightForWidth(self) -> bool:
        return self.content.hasHeightForWidth()

    @override
    def heightForWidth(self, width: int) -> int:
        return self.content.totalHeightForWidth(width)
