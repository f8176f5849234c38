"""A read-only view of the session for a second screen: asked for, made by the server, shown with its address."""

from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from gui.run.page import RunPage
from gui.run.second_screen_dialog import SecondScreenDialog
from gui.runtime.console_requests import new_request_id
from gui.runtime.lab_bridge import LabBridge
from gui.widgets.theme import Theme
from mug.protocol.lab import LabReply
from mug.protocol.lab_console import MakeView

__all__ = ["SecondScreenFlow"]


class SecondScreenFlow(QObject):
    """Joins the dialog with the server.

    Attributes:
        dialog: The dialog, while it is open.

    Signals:
        said: A short message and its icon.

    Runs on: GUI thread.
    """

    said = Signal(str, str)

    def __init__(self, theme: Theme, bridge: LabBridge, page: RunPage) -> None:
        super().__init__(page)
        self._theme, self._bridge, self._page = theme, bridge, page
        self.dialog: SecondScreenDialog | None = None

    @Slot()
    def ask(self) -> None:
        """Open the dialog, while a session runs."""
        if not self._page.is_running or self._page.session is None:
            self.said.emit("A second screen shows a session: start one first", "info")
            return
        window: QWidget = self._page.window()
        dialog = self.dialog = SecondScreenDialog(self._theme, window)
        dialog.wanted.connect(self._make)
        dialog.revoked.connect(self._revoke)
        dialog.finished.connect(self._forget)
        dialog.open()

    @Slot(bool)
    def _make(self, hide_conditions: bool) -> None:
        session = self._page.session
        base = session.addresses[0] if session is not None and session.addresses else ""

        def done(reply: LabReply) -> None:
            path = str(reply.data.get("path", ""))
            if self.dialog is not None and base and path:
                parts = urlsplit(base)
                self.dialog.show_address(urlunsplit((parts.scheme, parts.netloc, "", "", "")) + path)

        self._ask(MakeView(request_id=new_request_id(), hide_conditions=hide_conditions), done)

    @Slot()
    def _revoke(self) -> None:
        def done(_reply: LabReply) -> None:
            if self.dialog is not None:
                self.dialog.show_ended()

        self._ask(MakeView(request_id=new_request_id(), revoke=True), done)

    def _ask(self, request: MakeView, done: Callable[[LabReply], object]) -> None:
        def failed(sentence: str) -> None:
            if self.dialog is not None:
                self.dialog.show_trouble(f"{sentence[:1].upper()}{sentence[1:]}")

        self._bridge.request(request, done, failed)

    @Slot()
    def _forget(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()
