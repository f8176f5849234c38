"""The panel beside the map: what can be asked of the chosen desks, and all that is known of them."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from gui.models.moments import clock_time
from gui.models.seat_words import (
    CHECK_WORDS,
    advice_of,
    asked_words,
    check_value,
    clock_words,
    counts_words,
    look_of,
    troubles_of,
)
from gui.models.seats import checks_now
from gui.seats.actions import SeatActions
from gui.widgets.basics import Button, Icon, Pill, label, scrolling
from gui.widgets.qr_code import QrCode
from gui.widgets.theme import Theme
from mug.protocol.lab_console import SeatView
from mug.protocol.seats import SeatCheck

__all__ = ["SeatPanel"]

_CHECK_ICONS = {"good": ("check", "good"), "wait": ("seat-warming", "accent"), "bad": ("warning", "warning")}
_MOST_LINES = 40


class SeatPanel(QFrame):
    """Shows one desk in full, several in sum.

    Attributes:
        asked: What became of what was asked last, in words.

    Signals:
        said: A short message and its icon.

    Runs on: GUI thread.
    """

    said = Signal(str, str)

    def __init__(self, theme: Theme, actions: SeatActions) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("kind", "card")
        self.setFixedWidth(312)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 10, 12)
        layout.setSpacing(10)
        head = QHBoxLayout()
        self.title = label("", "heading")
        head.addWidget(self.title, 1)
        self.state = Pill(theme)
        head.addWidget(self.state)
        layout.addLayout(head)
        grid = QGridLayout()
        grid.setSpacing(6)
        self.buttons: dict[str, Button] = {}
        icons = {
            "identify": "identify",
            "reload": "refresh",
            "fullscreen": "fullscreen",
            "home": "home",
            "begin": "play",
        }
        for place, (what, action) in enumerate(actions.ask.items()):
            self.buttons[what] = _button_of(theme, action, icons[what])
            grid.addWidget(self.buttons[what], place // 2, place % 2)
        layout.addLayout(grid)
        self.asked = label("", "small", wrap=True)
        self.asked.setAccessibleName("What was asked of the desks")
        self.asked.hide()
        layout.addWidget(self.asked)
        inner = QWidget()
        self._body = QVBoxLayout(inner)
        self._body.setContentsMargins(0, 0, 8, 0)
        self._body.setSpacing(8)
        self._summary = label("", wrap=True, selectable=True)
        self._summary.setAccessibleName("The chosen desks")
        self._body.addWidget(self._summary)
        self._checks: dict[str, _CheckRow] = {}
        self._check_box = QVBoxLayout()
        self._check_box.setSpacing(6)
        self._body.addLayout(self._check_box)
        self._figures = _Figures()
        self._body.addWidget(self._figures)
        self.address = _SeatAddress(theme)
        self.address.copied.connect(lambda address: self.said.emit(f"Copied {address}", "copy"))
        self._body.addWidget(self.address)
        self._body.addStretch(1)
        layout.addWidget(scrolling(inner, "Details of the chosen desks"), 1)

    def words(self) -> str:
        """Return what the panel says in sum, and of every check."""
        return "\n".join([self._summary.text(), *(row.words() for row in self._checks.values() if not row.isHidden())])

    def figures(self) -> dict[str, str]:
        """Return the figures that are shown, by their names."""
        return self._figures.values()

    def show_asked(self, sentence: str) -> None:
        """Say what became of what was asked."""
        if sentence != self.asked.text():
            self.asked.setText(sentence)
            self.asked.setVisible(bool(sentence))

    def show_sum(self, title: str, views: Sequence[SeatView], *, is_all: bool) -> None:
        """Show several desks in sum: how many of each state (that of all stands above the map), and who needs help."""
        self._show_one(is_one=False)
        self.title.setText(title)
        lines = [counts_words(views) + "."] if views and not is_all else []
        for view in views:
            found = troubles_of(view)
            if view.state == "lost":
                lines.append(f"{view.desk}: its page has been silent.")
            elif found:
                lines.append(f"{view.desk}: " + " ".join(advice.sentence for advice in found))
        if is_all and views and not lines:
            lines = ["Choose a desk on the map to see everything about it."]
        if len(lines) > _MOST_LINES:
            lines = [*lines[:_MOST_LINES], f"… and {len(lines) - _MOST_LINES} more."]
        _say(self._summary, "\n\n".join(lines))

    def show_desk(self, view: SeatView, address: str) -> None:
        """Show one desk in full; `address`: of its page, empty while it is not known."""
        self._show_one(is_one=True)
        look = look_of(view)
        self.title.setText(view.desk)
        self.state.show_state(look.word, look.icon, look.tone)
        summary = {
            "absent": "No browser has this desk's page open. Make the address below its home page.",
            "lost": "Its page has been silent. See whether the browser is still open and the network is plugged in.",
            "ready": "Everything is as it should be.",
            "taking_part": f"Takes part as {view.participant_id}.",
            "finished": f"{view.participant_id} has finished here. Back to home makes the desk ready for the next one.",
        }.get(view.state, "")
        _say(self._summary, "" if troubles_of(view) and view.state == "ready" else summary)
        checks = checks_now(view)
        seen = {check.name for check in checks}
        for name, row in self._checks.items():
            row.setVisible(name in seen)
        for check in checks:
            if check.name not in self._checks:
                self._checks[check.name] = _CheckRow(self._theme, CHECK_WORDS.get(check.name, check.name))
                self._check_box.addWidget(self._checks[check.name])
            self._checks[check.name].show_check(check, view)
            self._checks[check.name].show()
        self._figures.show_view(view)
        self.address.show_address(address)

    def _show_one(self, *, is_one: bool) -> None:
        self.state.setVisible(is_one)
        self._figures.setVisible(is_one)
        self.address.setVisible(is_one)
        if not is_one:
            for row in self._checks.values():
                row.hide()


def _say(target: QWidget, text: str) -> None:
    if target.property("text") != text:
        target.setProperty("text", text)
    target.setVisible(bool(text))


def _button_of(theme: Theme, action: QAction, icon: str) -> Button:
    button = Button(theme, action.text(), icon, tip=action.toolTip(), on_click=action.trigger)

    def follow() -> None:
        button.setEnabled(action.isEnabled())

    action.changed.connect(follow)
    return button


class _CheckRow(QFrame):
    """One check: its shape, its name, its figure, and below, what to do about it."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._name = name
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(1)
        self._icon = Icon(theme, "check", "good", 16)
        self._title = label(name)
        self._figure = label("", "muted")
        self._text = label("", "small", wrap=True)
        layout.addWidget(self._icon, 0, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._title, 0, 1)
        layout.addWidget(self._figure, 0, 2, Qt.AlignmentFlag.AlignRight)
        layout.addWidget(self._text, 1, 1, 1, 2)
        layout.setColumnStretch(1, 1)
        self._shown: tuple[str, str, str] | None = None

    def words(self) -> str:
        """Return what the row says."""
        return self.accessibleName()

    def show_check(self, check: SeatCheck, view: SeatView) -> None:
        """Show how the check stands."""
        advice = advice_of(check, view)
        text = "" if check.state == "good" and not advice.to_do else advice.sentence
        shown = (check.state, text, check_value(check, view))
        if shown == self._shown:
            return
        self._shown = shown
        self._icon.show_icon(*_CHECK_ICONS.get(check.state, ("info", "muted")))
        self._figure.setText(shown[2])
        _say(self._text, text)
        self.setAccessibleName(f"{self._name}: {advice.sentence}")


class _Figures(QFrame):
    """Names and figures in two columns."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 6, 0, 0)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        self._rows: dict[str, tuple[QWidget, QWidget]] = {}

    def values(self) -> dict[str, str]:
        """Return what is shown."""
        return {
            name: str(value.property("text")) for name, (_name, value) in self._rows.items() if not value.isHidden()
        }

    def show_view(self, view: SeatView) -> None:
        """Show a desk's figures; what is not known is left out."""
        here = view.state not in ("absent", "lost")
        ping = f"{view.rtt_ms:.1f} ms" if view.rtt_ms is not None else ""
        if ping and view.jitter_ms is not None:
            ping += f", varies by {view.jitter_ms:.1f} ms"
        figures = {
            "Ping": ping,
            "Clock": clock_words(view.clock_offset_ms) if view.clock_offset_ms is not None else "",
            "Frame rate": f"{view.frame_rate_hz:.0f} Hz" if view.frame_rate_hz is not None else "",
            "Browser": view.browser[:1].upper() + view.browser[1:],
            "Full screen": ("yes" if view.fullscreen else "no") if here else "",
            "In front": ("yes" if view.visible and view.focused else "no") if here else "",
            "Participant": view.participant_id or "",
            "Since": clock_time(view.since) if view.since else "",
            "Asked": asked_words(view.asked, view.asked_state) if view.asked and view.asked_state else "",
        }
        for name, value in figures.items():
            if name not in self._rows:
                row = len(self._rows)
                self._rows[name] = (label(name, "muted"), label("", selectable=True, wrap=True))
                for column, widget in enumerate(self._rows[name]):
                    self._grid.addWidget(widget, row, column, Qt.AlignmentFlag.AlignTop)
            title, shown = self._rows[name]
            _say(shown, value)
            title.setVisible(bool(value))


class _SeatAddress(QFrame):
    """The address of a desk's page, to copy and to scan.

    Signals:
        copied: The address.
    """

    copied = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(label("Home page of this desk's browser", "small"))
        self.text = label("", wrap=True, selectable=True)
        self.text.setAccessibleName("Address of this desk")
        layout.addWidget(self.text)
        self.copy_button = Button(theme, "Copy", "copy", name="Copy this desk's address", on_click=self.copy)
        layout.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.code = QrCode(120)
        layout.addWidget(self.code, 0, Qt.AlignmentFlag.AlignLeft)

    def show_address(self, address: str) -> None:
        """Show another address."""
        self.code.show_text(address)
        self.code.setVisible(bool(address))
        self.copy_button.setVisible(bool(address))
        _say(self.text, address or "It is shown as soon as a session has been prepared once.")

    def copy(self) -> None:
        """Put the address on the clipboard."""
        QApplication.clipboard().setText(self.text.text())
        self.copied.emit(self.text.text())
