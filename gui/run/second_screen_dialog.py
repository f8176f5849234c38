"""The question for a read-only view on a second screen, and its address."""

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QCheckBox, QDialog, QHBoxLayout, QLineEdit, QWidget

from gui.run.dialog_frame import add_answers, fit, frame
from gui.widgets.basics import Button, Notice, label
from gui.widgets.qr_code import QrCode
from gui.widgets.theme import Theme

__all__ = ["SecondScreenDialog"]


class SecondScreenDialog(QDialog):
    """Makes a view, shows its address, and ends all views.

    Signals:
        wanted: A view is to be made: whether condition labels are hidden in it.
        revoked: All views of the session are to end.

    Runs on: GUI thread.
    """

    wanted = Signal(bool)
    revoked = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._url = ""
        layout = frame(self, "Second screen", width=460, spacing=14)
        words = (
            "A page that shows how the session goes, large enough for the whole room: who is here, waits, plays and "
            "has finished. Participants have numbers in it, no names or ids, and nothing can be changed there. "
            "Whoever has the address can look."
        )
        layout.addWidget(label(words, "muted", wrap=True))
        self.hide_conditions = QCheckBox("Hide the labels of conditions")
        self.hide_conditions.setChecked(True)
        layout.addWidget(self.hide_conditions)
        self.notice = Notice(theme)
        layout.addWidget(self.notice)
        self.code = QrCode(220)
        self.code.hide()
        layout.addWidget(self.code)
        self.address = QLineEdit()
        self.address.setReadOnly(True)
        self.address.setAccessibleName("Address of the second screen")
        self.address.hide()
        layout.addWidget(self.address)
        row = QHBoxLayout()
        self.copy = Button(theme, "Copy", "copy", name="Copy the address of the second screen", on_click=self._copy)
        self.open_here = Button(theme, "Open", "external", name="Open the second screen here", on_click=self._open)
        self.revoke = Button(theme, "End all views", "close", role="danger", on_click=self.revoked.emit)
        for button in (self.copy, self.open_here):
            button.hide()
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.revoke)
        layout.addLayout(row)
        self.make = Button(theme, "Make the address", "eye", role="primary", on_click=self._make)
        self.make.setDefault(True)
        add_answers(theme, self, layout, self.make, cancel="Close")
        self._layout = layout
        fit(self, layout)

    def show_address(self, url: str) -> None:
        """Show the address of a view that was made."""
        self._url = url
        self.code.show_text(url)
        self.address.setText(url)
        self.address.setCursorPosition(0)
        for part in (self.code, self.address, self.copy, self.open_here):
            part.show()
        self.notice.say("")
        self.make.setText("Make another one")
        fit(self, self._layout)

    def show_ended(self) -> None:
        """Say that no view shows anything any more."""
        self._url = ""
        for part in (self.code, self.address, self.copy, self.open_here):
            part.hide()
        self.notice.say("All views have ended: their pages show nothing any more.", "check-circle", "good")
        self.make.setText("Make the address")
        fit(self, self._layout)

    def show_trouble(self, sentence: str) -> None:
        """Say why it could not be done."""
        self.notice.say(sentence, "error", "error")

    def url(self) -> str:
        """Return the address that is shown; empty when there is none."""
        return self._url

    def _make(self) -> None:
        self.wanted.emit(self.hide_conditions.isChecked())

    def _copy(self) -> None:
        QApplication.clipboard().setText(self._url)

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl(self._url))
