"""The live plots: one figure of all participants over time, the room in small plots, the server's health."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from gui.models.health import FIGURES, HealthHistory, troubles
from gui.models.markers import Markers
from gui.models.metrics import LOOKS, Metric
from gui.models.participants import is_here
from gui.models.telemetry import TelemetryHistory
from gui.models.time_window import TimeWindow
from gui.run.focus_timeline import FocusTimeline, Legend
from gui.run.sparklines import health_cells, room_cells, worst_line
from gui.run.time_brush import TimeBrush
from gui.widgets.basics import Button, Pill, Segments, label
from gui.widgets.sparkline_grid import SparklineGrid
from gui.widgets.theme import Theme
from gui.widgets.tips import plain_tip
from mug.protocol.lab import ParticipantView, TelemetryPoint
from mug.protocol.lab_console import ActionView, HealthView, NoteView

if TYPE_CHECKING:
    from gui.run.lines_plot import LinesPlot

__all__ = ["LiveView"]

_LOAD_PLOTS_MS = 300
_LEFT_PX = 104
_WORDS_PX, _HEALTH_PX, _FOLLOW_PX = 830, 730, 640
"""From this width on the head says who is shown, how the server is, and what the last button does."""
_PILL_PX, _LEGEND_PX = 510, 490
_BOX_PX, _SMALL_FIGURE_PX, _SMALL_SPAN_PX = 150, 92, 80
_ICON_PX = 42
_MODES = (("lines", "Lines"), ("room", "Room"), ("server", "Server"))
_SPANS = ((30.0, "30 s"), (120.0, "2 min"), (600.0, "10 min"), (1_800.0, "30 min"), (7_200.0, "2 h"))
_EVERY_S_PER_PARTICIPANT = 0.01
_LEAST_OFTEN_S = 2.0
_BRUSH_EVERY_S = 5.0
_PLOTS = {"lines": ("lines", "focus", "brush"), "room": ("room", "brush"), "server": ("server",)}


class LiveView(QFrame):
    """The plots, repainted in turns of their own, and only while they are visible.

    A repaint costs about as much for every participant, so there are fewer of them the more participants there are:
    20 a second at most, one a second with 100.

    Attributes:
        history: The pulses.
        health: How the server was.
        markers: The experimenter's notes and actions.
        time: The stretch of time that is shown.
        repaints: How often a plot was drawn.

    Signals:
        participant_chosen: A participant's small plot was chosen.

    Runs on: GUI thread.
    """

    participant_chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.history, self.health, self.markers = TelemetryHistory(), HealthHistory(), Markers()
        self.time = TimeWindow(parent=self)
        self.time.changed.connect(self._on_time_changed)
        self._names: dict[str, str] = {}
        self._order: list[str] = []
        self._live: set[str] = set()
        self._chosen: frozenset[str] = frozenset()
        self._drawn_s = dict.fromkeys(("lines", "focus", "room", "server", "brush"), 0.0)
        self._stale = set(self._drawn_s)
        self.repaints = 0
        self._theme = theme
        self._lines: LinesPlot | None = None
        self._follow_word = "Hold"
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.setSpacing(6)
        layout.addLayout(self._make_head())
        self._empty = label("Ping and focus appear here when the first participant arrives.", "muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.room = SparklineGrid(theme, "One small plot for each participant")
        self.room.chosen.connect(self.participant_chosen)
        self.server = SparklineGrid(theme, "The server's health")
        self._stack = QStackedWidget()
        for widget in (self._empty, self._make_lines(), self.room.widget, self.server.widget):
            self._stack.addWidget(widget)
        layout.addWidget(self._stack, 1)
        self.brush = TimeBrush(theme, self.time, time.time)
        self.brush.left_px = _LEFT_PX
        layout.addWidget(self.brush)
        theme.changed.connect(self._on_theme_changed)
        self._show_health()
        self._describe()
        self._on_time_changed()
        # Counted from the event loop's first turn, which paints the window, and not while the window is being made.
        QTimer.singleShot(0, self, lambda: QTimer.singleShot(_LOAD_PLOTS_MS, self, self._load_plots))

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(8)
        self.mode = Segments(_MODES, name="Plots shown", current="lines")
        self.mode.chosen.connect(self._on_mode_chosen)
        head.addWidget(self.mode)
        self.figure = QComboBox()
        self.figure.setAccessibleName("Figure shown")
        self.figure.view().setAccessibleName("Figures to choose from")
        for metric, look in LOOKS.items():
            self.figure.addItem(look.title, int(metric))
            self.figure.setItemData(self.figure.count() - 1, look.meaning, Qt.ItemDataRole.ToolTipRole)
        self.figure.currentIndexChanged.connect(self._on_metric_chosen)
        head.addWidget(self.figure)
        self._who = label("", "small")
        self._who.setMinimumWidth(1)
        head.addWidget(self._who, 1)
        self.server_state = Pill(self._theme)
        head.addWidget(self.server_state)
        self.span = QComboBox()
        self.span.setAccessibleName("Time shown")
        self.span.view().setAccessibleName("Stretches of time to choose from")
        for seconds, words in _SPANS:
            self.span.addItem(words, seconds)
        self.span.setCurrentIndex(1)
        self.span.activated.connect(self._on_span_chosen)
        head.addWidget(self.span)
        self.follow = Button(self._theme, "Hold", "pause", on_click=self._on_follow)
        self.follow.setAccessibleName("Hold the plots, or follow the time")
        head.addWidget(self.follow)
        return head

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()

    def _fit_head(self) -> None:
        """What is said in words gives way, the least important first, before anything is cut."""
        width = self.width()
        self._who.setVisible(width >= _WORDS_PX)
        self.mode.setMinimumWidth(self.mode.sizeHint().width())
        self.server_state.setVisible(self.health.latest is not None and width >= _PILL_PX)
        self._legend.setVisible(width >= _LEGEND_PX)
        self.server_state.show_words(width >= _HEALTH_PX)
        self.follow.setText(self._follow_word if width >= _FOLLOW_PX else "")
        self.follow.setMaximumWidth(_BOX_PX if width >= _FOLLOW_PX else _ICON_PX)
        for box, small_px in ((self.figure, _SMALL_FIGURE_PX), (self.span, _SMALL_SPAN_PX)):
            box.setMaximumWidth(_BOX_PX if width >= _FOLLOW_PX else small_px)

    def _make_lines(self) -> QWidget:
        self.focus = FocusTimeline(self._theme)
        self._legend = Legend(self._theme)
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
        return split

    @property
    def lines(self) -> "LinesPlot":
        """The plot with a line for each participant, made when it is first asked for."""
        if self._lines is None:
            # pyqtgraph takes half a second to import; the window need not wait for it.
            from gui.run.lines_plot import LinesPlot

            self._lines = LinesPlot(self._theme, _LEFT_PX, self.time)
            self._lines.show_metric(self.metric_shown())
            self._upper.addWidget(self._lines.widget)
        return self._lines

    def metric_shown(self) -> Metric:
        """Return the figure that is shown."""
        return Metric(self.figure.currentData())

    @Slot()
    def _load_plots(self) -> None:
        _ = self.lines

    def clear(self) -> None:
        """Forget everything."""
        self.history.clear()
        self.markers.clear()
        self.health.clear()
        self._order.clear()
        self._live.clear()
        self.time.follow()
        self._show_health()
        self._all_stale()

    def add(self, points: Iterable[TelemetryPoint]) -> None:
        """Take up pulses."""
        self.history.add(points)

    def add_marks(self, actions: Iterable[ActionView], notes: Iterable[NoteView]) -> None:
        """Take up the experimenter's actions and notes."""
        before = self.markers.version
        self.markers.add(actions, notes)
        if self.markers.version != before:
            self._stale |= {"lines", "room"}

    def add_health(self, view: HealthView | None) -> None:
        """Take up how the server is."""
        if view is not None:
            self.health.add(view)
            self._show_health()

    def show_participants(self, views: Iterable[ParticipantView]) -> None:
        """Take the participants, in order of arrival; those who only were turned away have no line."""
        rows = [view for view in views if view.state != "turned_away"]
        order = [view.participant_id for view in rows]
        live = {view.participant_id for view in rows if is_here(view) or view.state == "lost"}
        names = {
            view.participant_id: f"{view.seat} · {view.participant_id}" if view.seat else view.participant_id
            for view in rows
        }
        if order == self._order and live == self._live and names == self._names:
            return
        self._order, self._live, self._names = order, live, names
        for name in self._order:
            self.history.pulses(name)
        self._all_stale()

    def choose(self, participants: Iterable[str]) -> None:
        """Let these participants stand out; none: all alike."""
        self._chosen = frozenset(participants)
        self._describe()
        self._all_stale()

    def _describe(self) -> None:
        if not self._chosen:
            self._who.setText("All; select rows to compare")
        else:
            self._who.setText(", ".join(sorted(self._chosen)[:3]) + (" and others" if len(self._chosen) > 3 else ""))

    def _show_health(self) -> None:
        view = self.health.latest
        self.server_state.setVisible(view is not None and self.width() >= _PILL_PX)
        if view is None:
            return
        wrong = troubles(view)
        self.server_state.show_state(
            "Server in trouble" if wrong else "Server fine",
            "warning" if wrong else "check-circle",
            "warning" if wrong else "good",
        )
        words = [f"{figure.title}: {figure.text(figure.value(view))}" for figure in FIGURES if figure.value(view) >= 0]
        self.server_state.setToolTip(plain_tip("\n".join([*wrong, *words])))

    def _all_stale(self) -> None:
        self._stale = set(self._drawn_s)

    @Slot(str)
    def _on_mode_chosen(self, mode: str) -> None:
        self.figure.setEnabled(mode != "server")
        self._all_stale()

    @Slot()
    def _on_metric_chosen(self) -> None:
        self.lines.show_metric(self.metric_shown())
        self._all_stale()

    @Slot()
    def _on_span_chosen(self) -> None:
        self.time.show_span(float(self.span.currentData()))

    @Slot()
    def _on_follow(self) -> None:
        if self.time.follows:
            self.time.hold()
        else:
            self.time.follow()

    @Slot()
    def _on_time_changed(self) -> None:
        follows = self.time.follows
        self._follow_word = "Hold" if follows else "Follow"
        self.follow.show_as(self._follow_word, "pause" if follows else "play", "plain")
        self._fit_head()
        self.follow.setToolTip(
            "Let the plots stand still; the recording goes on" if follows else "Show the present again (End)"
        )
        spans = [seconds for seconds, _ in _SPANS]
        nearest = min(spans, key=lambda seconds: abs(seconds - self.time.span_s))
        self.span.setCurrentIndex(spans.index(nearest) if abs(nearest - self.time.span_s) < 1 else -1)
        self._all_stale()

    @Slot()
    def _on_theme_changed(self) -> None:
        if self._lines is not None:
            self._lines.recolour()
        self.focus.recolour()
        self._legend.recolour()
        self.room.recolour()
        self.server.recolour()
        self._all_stale()

    @Slot()
    def draw_due(self) -> None:
        """Draw what is due of what is in sight; called by the page's one repaint timer."""
        if not self.isVisible() or self.window().isMinimized():
            return
        mode = self.mode.current()
        pages = {"lines": 1, "room": 2, "server": 3}
        has_any = bool(self._order) or mode == "server"
        self._stack.setCurrentIndex(pages[mode] if has_any else 0)
        self.brush.setVisible(has_any and mode != "server")
        if has_any and (due := self._due(mode)):
            self._draw(due)

    def _due(self, mode: str) -> str:
        """Return the plot to draw now, or an empty string: never two in one turn of the event loop."""
        a_pixel_s = self.time.span_s / max(1, self.width())
        every_s = min(_LEAST_OFTEN_S, max(a_pixel_s, len(self._order) * _EVERY_S_PER_PARTICIPANT))
        now_s = time.time()
        often = {"lines": every_s, "focus": every_s, "room": max(1.0, every_s), "server": 1.0, "brush": _BRUSH_EVERY_S}
        moving = self.time.follows or mode == "server"
        due = [
            name
            for name in _PLOTS[mode]
            if name in self._stale or ((moving or name == "brush") and now_s - self._drawn_s[name] >= often[name])
        ]
        return min(due, key=self._drawn_s.__getitem__, default="")

    def _draw(self, name: str) -> None:
        self._stale.discard(name)
        self._drawn_s[name] = time.time()
        self.repaints += 1
        start_s, end_s = self.time.edges()
        shown = [who for who in self._order if who in self._chosen] or self._order
        match name:
            case "lines":
                marks = self.markers.between(start_s, end_s, self._chosen)
                self.lines.draw(self.history, self._order, self._chosen, start_s, end_s, marks)
            case "focus":
                self.focus.draw(self.history, shown, self._live, start_s, end_s, self.lines.edges_px())
            case "room":
                self._draw_room(shown, start_s, end_s)
            case "server":
                self.server.show_cells(
                    health_cells(self.health, start_s, end_s, self.server.cell_width()), start_s, end_s
                )
            case "brush":
                x, y, begin_s = worst_line(self.history, shown, self.metric_shown())
                self.brush.show_line(x, y, begin_s)

    def _draw_room(self, shown: list[str], start_s: float, end_s: float) -> None:
        cells = room_cells(
            self.history,
            self.metric_shown(),
            [(who, self._names.get(who, who), who in self._live) for who in shown],
            (start_s, end_s),
            self.markers,
            in_sight=self.room.visible_cells(len(shown)),
            width_px=self.room.cell_width(),
        )
        self.room.show_cells(cells, start_s, end_s)
