"""The address for participants: to read, to copy, to open, to scan."""

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices, QResizeEvent
from PySide6.QtWidgets import QApplication, QDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from gui.widgets.basics import Button, Icon, label
from gui.widgets.qr_code import QrCode
from gui.widgets.theme import Theme

__all__ = ["AddressPanel"]

_NARROW_PX = 720


class AddressPanel(QFrame):
    """Shows where participants go.

    Signals:
        copied: The address was put on the clipboard.

    Runs on: GUI thread.
    """

    copied = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._theme = theme
        self._dialog: QDialog | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 5, 4)
        layout.setSpacing(8)
        self._icon = Icon(theme, "monitor", "accent", 22)
        layout.addWidget(self._icon)
        self._address = label("", "address", selectable=True)
        self._address.setAccessibleName("Address for participants")
        layout.addWidget(self._address, 1)
        layout.addWidget(
            Button(
                theme,
                "Copy",
                "copy",
                name="Copy the address",
                tip="Copy the address (Ctrl+Shift+C)",
                on_click=self.copy,
            )
        )
        name = "Open the address in a browser"
        self._open = Button(theme, "Open", "external", name=name, tip=name, on_click=self.open_in_browser)
        layout.addWidget(self._open)
        name = "Show the QR code large"
        self._code = Button(theme, "QR code", "qr", name=name, tip=name, on_click=self.show_large)
        layout.addWidget(self._code)

    def address(self) -> str:
        """Return the address."""
        return self._address.text()

    def show_address(self, address: str, *, on_network: bool) -> None:
        """Show another address."""
        self._address.setText(address)
        self._icon.show_icon("network" if on_network else "monitor", "accent")
        who = "For participants, in the lab network" if on_network else "For participants, on this machine"
        self._icon.setToolTip(who)
        self._address.setToolTip(who)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = self.width() >= _NARROW_PX  # the address comes first
        self._open.setText("Open" if is_wide else "")
        self._code.setText("QR code" if is_wide else "")

    def copy(self) -> None:
        """Put the address on the clipboard."""
        QApplication.clipboard().setText(self.address())
        self.copied.emit(self.address())

    def open_in_browser(self) -> None:
        """Open the address as a participant would."""
        QDesktopServices.openUrl(QUrl(self.address()))

    def show_large(self) -> None:
        """Show the QR code in a window of its own."""
        self._dialog = _QrDialog(self._theme, self.address(), self)
        self._dialog.open()


class _QrDialog(QDialog):
    def __init__(self, theme: Theme, address: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Address for participants")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 28, 28, 20)
        layout.setSpacing(16)
        code = QrCode(360)
        code.show_text(address)
        layout.addWidget(code)
        text = label(address, "address", selectable=True)
        layout.addWidget(text)
        row = QHBoxLayout()
        row.addStretch(1)
        close = Button(theme, "Close", role="primary", on_click=self.accept)
        close.setDefault(True)
        row.addWidget(close)
        layout.addLayout(row)
