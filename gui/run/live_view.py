"""The live plots: ping above, focus below, on one axis of time."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from gui.models.participants import is_here
from gui.models.telemetry import TelemetryHistory
from gui.run.focus_timeline import FocusTimeline, Legend
from gui.widgets.basics import Segments, label
from gui.widgets.theme import Theme
from mug.protocol.lab import ParticipantView, TelemetryPoint

if TYPE_CHECKING:
    from gui.run.ping_plot import PingPlot

__all__ = ["LiveView"]

_LOAD_PLOTS_MS = 300
_LEFT_PX = 104
_WINDOWS = (("120", "2 min"), ("600", "10 min"), ("1800", "30 min"), ("7200", "2 h"))
_EVERY_S_PER_PARTICIPANT = 0.01
_LEAST_OFTEN_S = 2.0


class LiveView(QFrame):
    """Both plots, repainted in turns of their own, and only while they are visible.

    A repaint costs about as much for every participant, so there are fewer of them the more participants there are:
    20 a second at most, one a second with 100.

    Attributes:
        history: The pulses.
        repaints: How often a plot was drawn.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.history = TelemetryHistory()
        self._order: list[str] = []
        self._live: set[str] = set()
        self._chosen: frozenset[str] = frozenset()
        self._drawn_s = {"ping": 0.0, "focus": 0.0}
        self._stale = {"ping", "focus"}
        self.repaints = 0
        self._theme = theme
        self._ping: PingPlot | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(label("Live", "heading"))
        self._who = label("", "small")
        head.addWidget(self._who, 1)
        self.window_choice = Segments(_WINDOWS, name="Time shown", current="120")
        self.window_choice.chosen.connect(self._on_window_chosen)
        head.addWidget(self.window_choice)
        layout.addLayout(head)
        self.focus = FocusTimeline(theme)
        self._legend = Legend(theme)
        lower = QWidget()
        lower_layout = QVBoxLayout(lower)
        lower_layout.setContentsMargins(0, 0, 0, 0)
        lower_layout.setSpacing(4)
        row = QHBoxLayout()
        row.addWidget(label("Focus", "small"))
        row.addStretch(1)
        row.addWidget(self._legend)
        lower_layout.addLayout(row)
        lower_layout.addWidget(self.focus.widget, 1)
        upper = QWidget()
        self._upper = QVBoxLayout(upper)
        self._upper.setContentsMargins(0, 0, 0, 0)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(upper)
        split.addWidget(lower)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([160, 130])
        upper.setMinimumHeight(90)
        lower.setMinimumHeight(70)
        self._empty = label("Ping and focus appear here when the first participant arrives.", "muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(split)
        layout.addWidget(self._stack, 1)
        theme.changed.connect(self._on_theme_changed)
        self._describe()
        # Counted from the event loop's first turn, which paints the window, and not while the window is being made.
        QTimer.singleShot(0, self, lambda: QTimer.singleShot(_LOAD_PLOTS_MS, self, self._load_plots))

    @property
    def ping(self) -> "PingPlot":
        """The plot of the ping, made when it is first asked for."""
        if self._ping is None:
            # pyqtgraph takes half a second to import; the window need not wait for it.
            from gui.run.ping_plot import PingPlot

            self._ping = PingPlot(self._theme, _LEFT_PX)
            self._upper.addWidget(self._ping.widget)
        return self._ping

    @Slot()
    def _load_plots(self) -> None:
        _ = self.ping

    def clear(self) -> None:
        """Forget everything."""
        self.history.clear()
        self._order.clear()
        self._live.clear()
        self._stale = {"ping", "focus"}

    def add(self, points: Iterable[TelemetryPoint]) -> None:
        """Take up pulses."""
        self.history.add(points)

    def show_participants(self, views: Iterable[ParticipantView]) -> None:
        """Take the participants, in order of arrival; those who only were turned away have no line."""
        rows = [view for view in views if view.state != "turned_away"]
        order = [view.participant_id for view in rows]
        live = {view.participant_id for view in rows if is_here(view) or view.state == "lost"}
        if order == self._order and live == self._live:
            return
        self._order, self._live = order, live
        for name in self._order:
            self.history.pulses(name)
        self._stale = {"ping", "focus"}

    def choose(self, participants: Iterable[str]) -> None:
        """Let these participants stand out; none: all alike."""
        self._chosen = frozenset(participants)
        self._describe()
        self._stale = {"ping", "focus"}

    def _describe(self) -> None:
        if not self._chosen:
            self._who.setText("All; select rows to compare")
        else:
            self._who.setText(", ".join(sorted(self._chosen)[:3]) + (" and others" if len(self._chosen) > 3 else ""))

    @Slot(str)
    def _on_window_chosen(self, _key: str) -> None:
        self._stale = {"ping", "focus"}

    @Slot()
    def _on_theme_changed(self) -> None:
        if self._ping is not None:
            self._ping.recolour()
        self.focus.recolour()
        self._legend.recolour()
        self._stale = {"ping", "focus"}

    @Slot()
    def draw_due(self) -> None:
        """Draw what is due of what is in sight; called by the page's one repaint timer."""
        if not self.isVisible() or self.window().isMinimized():
            return
        self._stack.setCurrentIndex(1 if self._order else 0)
        if not self._order:
            return
        due = self._due()
        if due:
            self._draw(due)

    def _due(self) -> str:
        """Return the plot to draw now, or an empty string: never both in one turn of the event loop."""
        a_pixel_s = float(self.window_choice.current()) / max(1, self.width())
        every_s = min(_LEAST_OFTEN_S, max(a_pixel_s, len(self._order) * _EVERY_S_PER_PARTICIPANT))
        now_s = time.time()
        due = [name for name, at_s in self._drawn_s.items() if name in self._stale or now_s - at_s >= every_s]
        return min(due, key=self._drawn_s.__getitem__, default="")

    def _draw(self, name: str) -> None:
        now_s = time.time()
        start_s = now_s - float(self.window_choice.current())
        self._stale.discard(name)
        self._drawn_s[name] = now_s
        self.repaints += 1
        if name == "ping":
            self.ping.draw(self.history, self._order, self._chosen, start_s, now_s)
        else:
            shown = [name for name in self._order if name in self._chosen] or self._order
            self.focus.draw(self.history, shown, self._live, start_s, now_s, self.ping.edges_px())
