"""The live plots: ping above, focus below, on one axis of time."""

import time
from collections.abc import Iterable

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from gui.models.telemetry import TelemetryHistory
from gui.run.focus_timeline import FocusTimeline, Legend
from gui.run.ping_plot import PingPlot
from gui.widgets.basics import Segments, label
from gui.widgets.theme import Theme
from mug.protocol.lab import ParticipantView, TelemetryPoint

__all__ = ["LiveView"]

_REPAINT_MS = 33
_LEFT_PX = 104
_WINDOWS = (("120", "2 min"), ("600", "10 min"), ("1800", "30 min"), ("7200", "2 h"))


_MANY = 20
_MANY_EVERY_S = 0.5


class LiveView(QFrame):
    """Both plots, repainted by one timer, at most 30 times a second and only while they are visible.

    Attributes:
        history: The pulses.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.history = TelemetryHistory()
        self._order: list[str] = []
        self._live: set[str] = set()
        self._chosen: frozenset[str] = frozenset()
        self._drawn_version = -1
        self._drawn_until = 0.0
        self._is_stale = True
        self.repaints = 0
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
        self.ping = PingPlot(theme, _LEFT_PX)
        self.focus = FocusTimeline(theme, _LEFT_PX)
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
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.ping.widget)
        split.addWidget(lower)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([160, 130])
        self.ping.widget.setMinimumHeight(90)
        lower.setMinimumHeight(70)
        self._empty = label("Ping and focus appear here when the first participant arrives.", "muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(split)
        layout.addWidget(self._stack, 1)
        self._timer = QTimer(self)
        self._timer.setObjectName("repaint")
        self._timer.setInterval(_REPAINT_MS)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()
        theme.changed.connect(self._on_theme_changed)
        self._describe()

    def clear(self) -> None:
        """Forget everything."""
        self.history.clear()
        self._order.clear()
        self._live.clear()
        self._is_stale = True

    def add(self, points: Iterable[TelemetryPoint]) -> None:
        """Take up pulses."""
        self.history.add(points)

    def show_participants(self, views: Iterable[ParticipantView]) -> None:
        """Take the participants, in order of arrival; those who only were turned away have no line."""
        rows = [view for view in views if view.state != "turned_away"]
        order = [view.participant_id for view in rows]
        live = {view.participant_id for view in rows if view.state in {"connected", "background", "lost"}}
        if order == self._order and live == self._live:
            return
        self._order, self._live = order, live
        for name in self._order:
            self.history.pulses(name)
        self._is_stale = True

    def choose(self, participants: Iterable[str]) -> None:
        """Let these participants stand out; none: all alike."""
        self._chosen = frozenset(participants)
        self._describe()
        self._is_stale = True

    def _describe(self) -> None:
        if not self._chosen:
            self._who.setText("All; select rows to compare")
        else:
            self._who.setText(", ".join(sorted(self._chosen)[:3]) + (" and others" if len(self._chosen) > 3 else ""))

    @Slot(str)
    def _on_window_chosen(self, _key: str) -> None:
        self._is_stale = True

    @Slot()
    def _on_theme_changed(self) -> None:
        self.ping.recolour()
        self.focus.recolour()
        self._legend.recolour()
        self._is_stale = True

    @Slot()
    def _on_tick(self) -> None:
        if not self.isVisible() or self.window().isMinimized():
            return
        self._stack.setCurrentIndex(1 if self._order else 0)
        if not self._order:
            return
        span_s = float(self.window_choice.current())
        now_s = time.time()
        moved_px = (now_s - self._drawn_until) * self.ping.widget.width() / span_s
        if not self._is_stale:
            if moved_px < 1.0 and self._drawn_version == self.history.version:
                return
            # Everybody pulses once a second: with many, there is something new at every tick, and nothing to see in it.
            if len(self._order) > _MANY and now_s - self._drawn_until < _MANY_EVERY_S:
                return
        self._is_stale = False
        self._drawn_version, self._drawn_until = self.history.version, now_s
        self.repaints += 1
        self.ping.draw(self.history, self._order, self._chosen, now_s - span_s, now_s)
        shown = [name for name in self._order if name in self._chosen] or self._order
        self.focus.draw(self.history, shown, self._live, now_s - span_s, now_s)
