"""What has to be said about the open study's file: sentences with answers, at most two of them at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.widgets.basics import Button, Notice
from gui.widgets.theme import Theme

__all__ = ["Answer", "FileBanner"]

_SHOWN = 2


@dataclass(frozen=True)
class Answer:
    """A button of a banner.

    Attributes:
        text: What it says.
        call: What it does.
        role: As of `Button`.
        tip: More words, when the mouse rests on it.
    """

    text: str
    call: Callable[[], object]
    role: str = "plain"
    tip: str = ""


@dataclass(frozen=True)
class _Entry:
    rank: int
    text: str
    icon: str
    tone: str
    answers: tuple[Answer, ...]


class FileBanner(QWidget):
    """Shows the two most urgent sentences; the others follow when those are answered.

    Every sentence has a key: saying something else under the same key replaces it.

    Signals:
        shown_changed: Other sentences are in sight, or none.

    Runs on: GUI thread.
    """

    shown_changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._entries: dict[str, _Entry] = {}
        self._notices: dict[str, tuple[Notice, dict[str, Button]]] = {}
        self.setAccessibleName("About the study's file")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.hide()

    def say(
        self,
        key: str,
        text: str,
        *,
        icon: str = "info",
        tone: str = "accent",
        rank: int = 5,
        answers: Sequence[Answer] = (),
    ) -> None:
        """Show a sentence.

        Args:
            key: Its name.
            text: The sentence.
            icon: The picture before it.
            tone: accent, warning, error or good.
            rank: The smaller, the more urgent.
            answers: Its buttons.
        """
        self._entries[key] = _Entry(rank, text, icon, tone, tuple(answers))
        self._show()

    def drop(self, *keys: str) -> None:
        """Take sentences away; unknown keys change nothing."""
        for key in keys:
            self._entries.pop(key, None)
        self._show()

    def clear(self) -> None:
        """Take all sentences away."""
        self.drop(*self._entries)

    def shown(self) -> list[str]:
        """Return the keys in sight, from the top."""
        return [key for key, _ in self._urgent()]

    def waiting(self) -> list[str]:
        """Return the keys that wait for their place."""
        return [key for key in self._entries if key not in self.shown()]

    def text(self, key: str) -> str:
        """Return the sentence of a key, in sight or waiting; empty: there is none."""
        return self._entries[key].text if key in self._entries else ""

    def button(self, key: str, text: str) -> Button:
        """Return a button of a sentence in sight.

        Raises:
            LookupError: When there is none.
        """
        return self._notices[key][1][text]

    def focus_first(self) -> bool:
        """Give the keyboard to the first answer; returns whether there is one."""
        for key in self.shown():
            for button in self._notices[key][1].values():
                button.setFocus()
                return True
        return False

    def _urgent(self) -> list[tuple[str, _Entry]]:
        return sorted(self._entries.items(), key=lambda item: item[1].rank)[:_SHOWN]

    def _show(self) -> None:
        wanted = dict(self._urgent())
        before = list(self._notices)
        for key in before:
            if key not in wanted or list(self._notices[key][1]) != [answer.text for answer in wanted[key].answers]:
                notice, _ = self._notices.pop(key)
                notice.hide()
                self._column.removeWidget(notice)
                notice.deleteLater()
        for place, (key, entry) in enumerate(wanted.items()):
            is_new = key not in self._notices
            if is_new:
                self._notices[key] = self._make(key, entry)
            notice, buttons = self._notices[key]
            notice.say(entry.text, entry.icon, entry.tone)
            for button in buttons.values():
                button.setAccessibleDescription(entry.text)
            self._column.insertWidget(place, notice)
            if is_new:
                QAccessible.updateAccessibility(QAccessibleEvent(notice, QAccessible.Event.Alert))
        self._notices = {key: self._notices[key] for key in wanted}
        self.setVisible(bool(wanted))
        self._column.activate()
        above = self.parentWidget()
        layout = above.layout() if above is not None else None
        if layout is not None:
            layout.activate()  # now, so that no picture is painted with half a sentence
        if before != list(self._notices):
            self.shown_changed.emit()

    def _make(self, key: str, entry: _Entry) -> tuple[Notice, dict[str, Button]]:
        notice = Notice(self._theme)
        notice.setParent(self)
        buttons: dict[str, Button] = {}
        for place, answer in enumerate(entry.answers):
            button = Button(
                self._theme, answer.text, role=answer.role, tip=answer.tip, on_click=partial(self._answer, key, place)
            )
            notice.add_button(button)
            buttons[answer.text] = button
        return notice, buttons

    def _answer(self, key: str, place: int) -> None:
        if key in self._entries:
            self._entries[key].answers[place].call()
