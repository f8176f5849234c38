"""“Needs you”: raised hands, people at the door, lost pages, errors and desyncs, each one click from its row."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout
from typing_extensions import override

from gui.models.attention import Need
from gui.widgets.basics import Button, label, restyle
from gui.widgets.theme import Theme
from gui.widgets.tips import plain_tip

__all__ = ["AttentionStrip"]

_MOST = 12
_LONGEST = 44


class AttentionStrip(QFrame):
    """As many of them as fit, the most urgent first; the rest behind one button. Hidden while nobody needs anything.

    Attributes:
        more: Shows all of them in the table.

    Signals:
        need_chosen: The `Need`.
        all_asked: Show everybody who needs attention.

    Runs on: GUI thread.
    """

    need_chosen = Signal(object)
    all_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "notice")
        self.setProperty("tone", "warning")
        self.setAccessibleName("Needs you")
        self._needs: tuple[Need, ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 6, 4)
        row.setSpacing(6)
        self._title = label("Needs you", "field")
        row.addWidget(self._title)
        self.chips: list[Button] = []
        for place in range(_MOST):
            chip = Button(theme, "", "info", role="chip", name="Needs you")
            chip.clicked.connect(lambda _checked=False, place=place: self._on_chosen(place))
            chip.hide()
            row.addWidget(chip)
            self.chips.append(chip)
        row.addStretch(1)
        self.more = Button(theme, "", role="link", name="Show all who need you", on_click=self.all_asked.emit)
        row.addWidget(self.more)
        restyle(self)
        self.hide()

    def needs(self) -> tuple[Need, ...]:
        """Return what is told."""
        return self._needs

    def show_needs(self, needs: Sequence[Need]) -> None:
        """Tell of these."""
        fresh = tuple(needs)
        if fresh == self._needs:
            return
        before, self._needs = self._needs, fresh
        for place, need in enumerate(fresh[:_MOST]):
            chip = self.chips[place]
            words = need.text if len(need.text) <= _LONGEST else f"{need.text[: _LONGEST - 1]}…"
            if place >= len(before) or (before[place].icon, before[place].text) != (need.icon, need.text):
                chip.show_as(words.replace("&", "&&"), need.icon, "chip")
                chip.setAccessibleName(f"Needs you: {need.text}")
                chip.setToolTip(plain_tip(need.text))
        self.setVisible(bool(fresh))
        self._fit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show the chips that fit beside the title and the button for the rest."""
        room = self.width() - self._title.sizeHint().width() - 40
        count = len(self._needs)
        shown, used = 0, 0
        for place in range(min(count, _MOST)):
            used += self.chips[place].sizeHint().width() + 6
            rest = 0 if place == count - 1 else 90
            if used + rest > room and shown:
                break
            shown += 1
        for place, chip in enumerate(self.chips):
            chip.setVisible(place < shown)
        hidden = count - shown
        self.more.setText(f"{hidden} more")
        self.more.setAccessibleName(f"Show all {count} who need you")
        self.more.setVisible(hidden > 0)

    def _on_chosen(self, place: int) -> None:
        if place < len(self._needs):
            self.need_chosen.emit(self._needs[place])
