"""A QR code, drawn sharp at every size, dark on light in both themes so that every camera reads it."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

__all__ = ["QrCode"]

_QUIET = 3


class QrCode(QWidget):
    """Shows an address as a QR code.

    Runs on: GUI thread.
    """

    def __init__(self, size: int = 132) -> None:
        super().__init__()
        self._size = size
        self._text = ""
        self._modules: list[list[bool]] = []
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def text(self) -> str:
        """Return what the code says."""
        return self._text

    def show_text(self, text: str) -> None:
        """Show another text; an empty one clears the code."""
        if text == self._text:
            return
        self._text = text
        self._modules = _modules_of(text)
        self.setAccessibleName(f"QR code of {text}" if text else "")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._size, self._size)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._modules:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(0, 0, 0, 0))
        painter.setBrush(QColor("#ffffff"))
        painter.drawRoundedRect(QRectF(self.rect()), 8, 8)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        count = len(self._modules) + 2 * _QUIET
        cell = min(self.width(), self.height()) / count
        for y, row in enumerate(self._modules):
            for x, is_dark in enumerate(row):
                if is_dark:
                    left, top = (x + _QUIET) * cell, (y + _QUIET) * cell
                    right, bottom = left + cell, top + cell
                    painter.fillRect(
                        round(left),
                        round(top),
                        round(right) - round(left),
                        round(bottom) - round(top),
                        QColor("#000000"),
                    )
        painter.end()


def _modules_of(text: str) -> list[list[bool]]:
    if not text:
        return []
    import segno  # when a session starts, not with the app: it brings urllib and http along

    return [[bool(cell) for cell in row] for row in segno.make_qr(text).matrix]
