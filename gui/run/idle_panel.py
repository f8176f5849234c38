"""The Run page before the start: what Start will do."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from gui.models.opened_study import OpenedStudy
from gui.widgets.basics import Button, Notice, card, label
from gui.widgets.theme import Theme

__all__ = ["IdlePanel"]

_WIDEST_PX = 860


class IdlePanel(QWidget):
    """The study, who can open it, and where records go.

    Signals:
        reach_asked, data_dir_asked: Change it.

    Runs on: GUI thread.
    """

    reach_asked = Signal()
    data_dir_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 8, 0, 0)
        outer.setSpacing(14)
        panel, layout = card(margins=22, spacing=14)
        panel.setMaximumWidth(_WIDEST_PX)
        layout.addWidget(label("What Start will do", "heading"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        self._study = label("", wrap=True, selectable=True)
        self._reach = label("")
        self._data_dir = label("", wrap=True, selectable=True)
        for row, (title, value) in enumerate(
            (("Study", self._study), ("Who can open it", self._reach), ("Data folder", self._data_dir))
        ):
            grid.addWidget(label(title, "muted"), row, 0)
            grid.addWidget(value, row, 1)
        for row, name, asked in (
            (1, "Change who can open it", self.reach_asked),
            (2, "Change the data folder", self.data_dir_asked),
        ):
            grid.addWidget(Button(theme, "Change…", role="link", name=name, on_click=asked.emit), row, 2)
        layout.addLayout(grid)
        outer.addWidget(panel)
        self._blocked = Notice(theme, icon="error", tone="error")
        self._blocked.say("The study has errors and cannot be started. The Design page lists them.", "error", "error")
        self._blocked.setMaximumWidth(_WIDEST_PX)
        outer.addWidget(self._blocked)
        hint = label(
            "Start asks for the session's label, its participants and how it begins; the last answers are in place. "
            "An open session of the same study is offered first: participants who were in the middle go on where "
            "they were.",
            "muted",
            wrap=True,
        )
        hint.setMaximumWidth(_WIDEST_PX)
        outer.addWidget(hint)
        outer.addStretch(1)

    def show_study(self, opened: OpenedStudy | None) -> None:
        """Show what would be started."""
        self._blocked.setVisible(opened is not None and bool(opened.errors))
        if opened is not None:
            self._study.setText(f"{opened.title}  ·  {opened.path}")

    def show_places(self, data_dir: Path, reach: str) -> None:
        """Show where records go, and who can open the address ("machine", "network", or not asked yet)."""
        self._data_dir.setText(str(data_dir))
        words = {"machine": "This machine only", "network": "The lab network"}
        self._reach.setText(words.get(reach, "Asked at the first start"))
