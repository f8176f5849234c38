"""The Run page while a session runs: stage, address, who needs help, participants, one of them in full, plots, log."""

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from gui.models.match_history import MatchHistory
from gui.run.address_panel import AddressPanel
from gui.run.attention_strip import AttentionStrip
from gui.run.detail_panel import DetailPanel
from gui.run.live_view import LiveView
from gui.run.log_view import LogView
from gui.run.match_live import MatchLive
from gui.run.people_view import PeopleView
from gui.run.stage_bar import StageBar
from gui.run.treatment_bar import TreatmentBar
from gui.widgets.basics import Button, card, label
from gui.widgets.theme import Theme

__all__ = ["RunningPanel"]

_LOG_PX = 150
_LOW_PX = 620
"""Below this height the plots are folded away, until they are asked for."""
_WIDE_PX = 1_000
_LOG_BESIDE_PX = 700
"""Of less width than this the plots need all; the log comes back when the panel of the participant is closed."""


class RunningPanel(QWidget):
    """What there is to see and to do; the page tells it what the server says.

    Attributes:
        stage, address, treatments, attention, people, detail, live, match_live, log: The parts.
        plots: The plots of the participants, and of the chosen match.
        fold: Folds plots and log away, and brings them back.

    Signals:
        said: A short message and its icon.

    Runs on: GUI thread.
    """

    said = Signal(str, str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._plots_state = QByteArray()
        self._is_folded = False
        self._is_waiting = False
        self._chose = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.stage = StageBar(theme)
        layout.addWidget(self.stage)
        strip = QHBoxLayout()
        strip.setSpacing(8)
        self.address = AddressPanel(theme)
        self.address.copied.connect(lambda _address: self.said.emit("Address copied", "copy"))
        strip.addWidget(self.address, 1)
        strip.addWidget(self._make_numbers())
        layout.addLayout(strip)
        self.treatments = TreatmentBar(theme)
        layout.addWidget(self.treatments)
        self.attention = AttentionStrip(theme)
        layout.addWidget(self.attention)
        self.people = PeopleView(theme)
        self.people.setMinimumHeight(120)
        self.fold = Button(theme, "", "pulse", role="quiet", on_click=self.toggle_fold)
        self.people.add_to_head(self.fold)
        self.live = LiveView(theme)
        self.match_live = MatchLive(theme, MatchHistory())
        self.plots = QStackedWidget()
        self.plots.addWidget(self.live)
        self.plots.addWidget(self.match_live)
        self.plots.setMinimumSize(380, 200)
        self.log = LogView(theme)
        self.log.setMinimumWidth(300)
        self._lower = QSplitter(Qt.Orientation.Horizontal)
        self._lower.addWidget(self.plots)
        self._lower.addWidget(self.log)
        self._lower.setStretchFactor(0, 3)
        self._lower.setStretchFactor(1, 2)
        self._lower.setSizes([600, 400])
        self._main = QSplitter(Qt.Orientation.Vertical)
        self._main.addWidget(self.people)
        self._main.addWidget(self._lower)
        self._main.setStretchFactor(0, 2)
        self._main.setStretchFactor(1, 3)
        self._main.setSizes([260, 290])
        self.detail = DetailPanel(theme)
        self._side = QSplitter(Qt.Orientation.Horizontal)
        self._side.addWidget(self._main)
        self._side.addWidget(self.detail)
        self._side.setStretchFactor(0, 1)
        self._side.setStretchFactor(1, 0)
        for split in (self._lower, self._main, self._side):
            split.setChildrenCollapsible(False)
            split.setHandleWidth(10)
        layout.addWidget(self._side, 1)
        self.detail.installEventFilter(self)
        self.people.view_chosen.connect(self._on_view_chosen)
        self._show_fold()

    def restore(self, main: QByteArray, lower: QByteArray, side: QByteArray, folded: QByteArray) -> None:
        """Bring the arrangement back; empty where there is none."""
        for split, state in ((self._main, main), (self._lower, lower), (self._side, side)):
            if not state.isEmpty():
                split.restoreState(state)
        self._chose = bytes(folded.data()).decode("ascii", "replace")
        self._fold_by_height()

    def arrangement(self) -> dict[str, QByteArray]:
        """Return the splitters, and whether the plots were folded away by hand."""
        return {
            "run": self._plots_state
            if self.plots.isHidden() and not self._plots_state.isEmpty()
            else self._main.saveState(),
            "live": self._lower.saveState(),
            "detail": self._side.saveState(),
            "fold": QByteArray(self._chose.encode()),
        }

    def show_numbers(self, **numbers: str) -> None:
        """Show how many are present, playing, finished, and the frames on disk."""
        for key, text in numbers.items():
            self._numbers[key].setText(text)

    def toggle_fold(self) -> None:
        """Fold plots and log away, or bring them back; it is remembered."""
        self._chose = "open" if self._is_folded else "folded"
        self._fold_by_height()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.detail and event.type() in {QEvent.Type.ShowToParent, QEvent.Type.HideToParent}:
            self._fit_log()
        return super().eventFilter(watched, event)

    def _fit_log(self) -> None:
        beside = 0 if self.detail.isHidden() else self.detail.sizeHint().width()
        self.log.setVisible(self.width() - beside >= _LOG_BESIDE_PX)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold_by_height()
        self._fit_log()
        for part in self._only_wide:
            part.setVisible(self.width() >= _WIDE_PX)

    def _fold_by_height(self) -> None:
        folded = self._chose == "folded" or (self._chose != "open" and self.height() < _LOW_PX)
        if folded is not self._is_folded:
            self._is_folded = folded
            self._lower.setVisible(not folded)
            self._show_fold()

    def _show_fold(self) -> None:
        words = "Show plots and log" if self._is_folded else "Fold plots and log away"
        self.fold.setText("Plots" if self._is_folded else "")
        self.fold.setAccessibleName(words)
        self.fold.setToolTip(f"{words} (Ctrl+Shift+L)")

    @Slot(str)
    def _on_view_chosen(self, view: str) -> None:
        self.plots.setCurrentIndex(1 if view == "matches" else 0)
        self._give_room(view == "waiting")

    def _give_room(self, to_waiting: bool) -> None:
        """While who waits is in front, the plots give way: its buttons need the room, and the log stays in sight."""
        if to_waiting is self._is_waiting:
            return
        self._is_waiting = to_waiting
        if to_waiting:
            self._plots_state = self._main.saveState()
            self.plots.hide()
            height = sum(self._main.sizes())
            self._main.setSizes([height - _LOG_PX, _LOG_PX])
        else:
            self.plots.show()
            self._main.restoreState(self._plots_state)

    def _make_numbers(self) -> QWidget:
        panel, inner = card(margins=4, spacing=0)
        row = QHBoxLayout()
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(5)
        inner.addLayout(row)
        self._numbers: dict[str, QLabel] = {}
        self._only_wide: list[QLabel] = []
        for key, title, tip in (
            ("present", "present", "Participants whose page is connected now"),
            ("playing", "playing", "Participants who are in a game now"),
            ("finished", "finished", "Participants who have come to the end"),
            ("frames", "frames", "Frames on disk, of all participants. In a match each player records every frame."),
        ):
            if self._numbers:
                row.addSpacing(8)
            number = label("0", "heading")
            number.setAccessibleName(title.capitalize())
            self._numbers[key] = number
            title_label = label(title, "small")
            for part in (number, title_label):
                part.setToolTip(tip)
                row.addWidget(part)
                if key == "frames":
                    self._only_wide.append(part)
        return panel
