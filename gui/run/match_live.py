"""One match as it goes: round trips of its pairs above, depth of its players' rollbacks below, on one axis of time."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from gui.models.match_history import MatchHistory
from gui.models.matches import (
    DEPTH,
    ROLLBACK,
    RTT,
    has_left,
    is_on_server,
    is_over,
    match_look,
    names_of,
    pair_name,
    player_name,
)
from gui.models.time_window import TimeWindow
from gui.run.line_legend import LineLegend, NamedLine
from gui.run.plot_kind import PlotKind
from gui.widgets.basics import Button, Pill, label
from gui.widgets.theme import Theme
from gui.widgets.tips import plain_tip
from mug.protocol.lab import MatchView, PairView, PlayerView

if TYPE_CHECKING:
    from gui.run.match_plot import MatchPlot

__all__ = ["MatchLive"]

_WINDOWS = ((120.0, "2 min"), (600.0, "10 min"), (1_800.0, "30 min"))
_PAIRS = {
    "rtt": PlotKind("Round-trip time of each pair of players over time", "ms", 40.0, whole=False, limit=150.0),
    "jitter": PlotKind("Jitter of each pair of players over time", "jitter, ms", 20.0, whole=False, limit=30.0),
    "loss": PlotKind("Lost packets of each pair of players over time", "lost, %", 10.0, whole=False, limit=10.0),
}
_PLAYERS = {
    "depth": PlotKind("Rollback depth of each player over time", "frames", 4.0, whole=True, limit=6.0),
    "rollbacks": PlotKind("Rollbacks a second of each player over time", "per s", 4.0, whole=True, limit=10.0),
    "stall": PlotKind("How long the game stood still, for each player", "ms per s", 100.0, whole=True, limit=100.0),
}
_PAIR_CHOICES = (("rtt", "Round trip"), ("jitter", "Jitter"), ("loss", "Loss"))
_PLAYER_CHOICES = (("depth", "Rollback depth"), ("rollbacks", "Rollbacks"), ("stall", "Stalls"))
_LEFT_PX = 62
_LEAST_LEGEND_PX, _MOST_LEGEND_PX = 210, 320
_LEAST_OFTEN_S = 2.0
_PATHS = {"p2p": "direct", "relay": "server", "": "no connection"}
_STAGES = {
    "connecting": "connecting",
    "countdown": "countdown",
    "stalled": "stalled",
    "paused": "paused",
    "returning": "coming back",
    "between": "between episodes",
    "over": "done",
}

_NO_MATCH: Final = "Round trips and rollbacks of the selected match appear here."
_ON_SERVER: Final = (
    "The server steps this game, so all players see the same one: there are no round trips between pages and no "
    "rollbacks to plot. How each participant is connected is in their own plots."
)
_WATCH_TIPS: Final = {
    False: "Opens this match in the browser: about a second behind, read only",
    True: "Opens this match in the browser: as its players see it, read only",
}
"""By whether the server steps the match."""


class MatchLive(QFrame):
    """The plots of the chosen match.

    Attributes:
        history: The figures.
        repaints: How often the plots were drawn.
        watch: The button that asks for the match in the browser.

    Signals:
        watch_asked: The id of the match that is to be watched.

    Runs on: GUI thread.
    """

    watch_asked = Signal(str)

    def __init__(self, theme: Theme, history: MatchHistory) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._theme = theme
        self.history = history
        self.repaints = 0
        self._view: MatchView | None = None
        self._plots: tuple[MatchPlot, MatchPlot] | None = None
        self._drawn_s = 0.0
        self._is_stale = True
        self.time = TimeWindow(now=self._now_s, parent=self)
        self.time.changed.connect(self._on_time_changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(10)
        self._title = label("Match", "heading")
        head.addWidget(self._title)
        self.state = Pill(theme)
        head.addWidget(self.state)
        self._who = label("", "small")
        self._who.setMinimumWidth(20)
        head.addWidget(self._who, 1)
        self.watch = Button(
            theme,
            "Watch",
            "eye",
            role="quiet",
            name="Watch this match in the browser",
            tip=_WATCH_TIPS[False],
            on_click=lambda: self.watch_asked.emit(self.match_id),
        )
        head.addWidget(self.watch)
        self.of_pairs = _choice(_PAIR_CHOICES, "Figure of the pairs", self._on_figure_chosen)
        self.of_players = _choice(_PLAYER_CHOICES, "Figure of the players", self._on_figure_chosen)
        self.span = _choice(_WINDOWS, "Time shown of the match", self._on_span_chosen)
        for widget in (self.of_pairs, self.of_players, self.span):
            head.addWidget(widget)
        layout.addLayout(head)
        self._about = label("", "small")
        self._about.setMinimumWidth(20)
        self.rtt_lines = LineLegend(theme, "Pairs", RTT)
        self.depth_lines = LineLegend(theme, "Players", f"{ROLLBACK}\n{DEPTH}")
        self._rows = tuple(QHBoxLayout() for _ in range(2))
        body = QWidget()
        inner = QVBoxLayout(body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(4)
        inner.addWidget(self._about)
        for row, legend in zip(self._rows, (self.rtt_lines, self.depth_lines), strict=True):
            row.setSpacing(12)
            legend.setMinimumWidth(_LEAST_LEGEND_PX)
            legend.setMaximumWidth(_MOST_LEGEND_PX)
            row.addWidget(legend, 2)
            inner.addLayout(row, 1)
        self._instead = label(_NO_MATCH, "muted", wrap=True)
        self._instead.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._instead)
        self._stack.addWidget(body)
        layout.addWidget(self._stack, 1)
        theme.changed.connect(self._on_theme_changed)
        self.show_match(None, 0)

    @property
    def plots(self) -> "tuple[MatchPlot, MatchPlot]":
        """The plots of the pairs and of the players, made when they are first asked for."""
        if self._plots is None:
            # pyqtgraph takes half a second to import; the window need not wait for it.
            from gui.run.match_plot import MatchPlot

            kinds = _PAIRS[self.of_pairs.currentData()], _PLAYERS[self.of_players.currentData()]
            above, below = (MatchPlot(self._theme, kind, _LEFT_PX, self.time) for kind in kinds)
            self._plots = above, below
            for row, plot in zip(self._rows, self._plots, strict=True):
                plot.widget.setMinimumHeight(60)
                row.insertWidget(0, plot.widget, 3)
        return self._plots

    @property
    def match_id(self) -> str:
        """The match that is shown; empty when none is."""
        return "" if self._view is None else self._view.match_id

    def show_match(self, view: MatchView | None, number: int) -> None:
        """Show a match as it stands now.

        Args:
            view: The match; None: none is chosen.
            number: Its place in the order of formation, from 1.
        """
        is_other = (None if view is None else view.match_id) != (None if self._view is None else self._view.match_id)
        was_over = self._view is not None and is_over(self._view)
        if is_other:
            self.time.follow()
        self._is_stale |= is_other or (view is not None and is_over(view) != was_over)
        self._view = view
        has_peers = view is not None and not is_on_server(view)
        self._stack.setCurrentIndex(1 if has_peers else 0)
        self._instead.setText(_NO_MATCH if view is None else _ON_SERVER)
        self.state.setVisible(view is not None)
        self.watch.setVisible(view is not None)
        for widget in (self.of_pairs, self.of_players, self.span):
            widget.setVisible(has_peers or view is None)
        if view is None:
            self._title.setText("Match")
            self._who.setText("")
            return
        self.watch.setToolTip(plain_tip(_WATCH_TIPS[is_on_server(view)]))
        if is_other:
            self._title.setText(f"Match {number}")
            self._who.setText(names_of(view))
            self._who.setToolTip(plain_tip(names_of(view)))
        look = match_look(view)
        self.state.show_state(look.word, look.icon, look.tone)
        about = _about(view)
        if about != self._about.text():
            self._about.setText(about)
            self._about.setToolTip(plain_tip(about))
        self.rtt_lines.show_lines([NamedLine(pair_name(view, pair), _pair_now(view, pair)) for pair in view.pairs])
        self.depth_lines.show_lines(
            [NamedLine(player_name(view, player.agent), _player_now(view, player)) for player in view.players]
        )

    @Slot()
    def draw_due(self) -> None:
        """Draw the plots when they are in sight and something has moved since."""
        view = self._view
        if view is None or is_on_server(view) or not self.isVisible() or self.window().isMinimized():
            return
        now_s = time.time()
        a_pixel_s = self.time.span_s / max(1, self.width())
        is_moving = self.time.follows and not is_over(view) and now_s - self._drawn_s >= min(_LEAST_OFTEN_S, a_pixel_s)
        track = self.history.track(view.match_id)
        if track is None or not (self._is_stale or is_moving):
            return
        self._is_stale = False
        self._drawn_s = now_s
        self.repaints += 1
        start_s, end_s = self.time.edges()
        shown = track.of_pairs(self.of_pairs.currentData()), track.of_players(self.of_players.currentData())
        for plot, values in zip(self.plots, shown, strict=True):
            plot.draw(track.at_s, values, start_s, end_s)

    def _now_s(self) -> float:
        """Now; a match that has ended stands still at its end."""
        view = self._view
        track = self.history.track(view.match_id) if view is not None and is_over(view) else None
        return float(track.at_s[-1]) if track is not None and len(track) else time.time()

    @Slot()
    def _on_figure_chosen(self) -> None:
        above, below = self.plots
        above.show_kind(_PAIRS[self.of_pairs.currentData()])
        below.show_kind(_PLAYERS[self.of_players.currentData()])
        self._is_stale = True

    @Slot()
    def _on_span_chosen(self) -> None:
        self.time.show_span(float(self.span.currentData()))
        self.time.follow()

    @Slot()
    def _on_time_changed(self) -> None:
        spans = [seconds for seconds, _ in _WINDOWS]
        shown = self.time.span_s if self.time.follows else None
        self.span.setCurrentIndex(spans.index(shown) if shown in spans else -1)
        self._is_stale = True

    @Slot()
    def _on_theme_changed(self) -> None:
        for plot in self._plots or ():
            plot.recolour()
        self.rtt_lines.recolour()
        self.depth_lines.recolour()
        self._is_stale = True


def _choice(choices: Sequence[tuple[object, str]], name: str, on_chosen: Callable[[], object]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.view().setAccessibleName(f"{name}: choices")
    for key, words in choices:
        box.addItem(words, key)
    box.activated.connect(lambda _index: on_chosen())
    return box


def _about(view: MatchView) -> str:
    parts = [view.scene_id]
    if view.input_delay is not None:
        parts.append(f"input delay {view.input_delay} frame{'' if view.input_delay == 1 else 's'}")
    if view.policies:
        whom = "a policy" if len(view.policies) == 1 else "policies"
        parts.append(f"{', '.join(view.policies)} played by {whom}")
    if view.compared:
        differing = f", {view.desyncs:,} differed" if view.desyncs else ""
        parts.append(f"{view.compared:,} hash{'' if view.compared == 1 else 'es'} compared{differing}")
    if view.flags:
        parts.append(f"flags: {', '.join(flag.replace('_', ' ') for flag in view.flags)}")
    return "  ·  ".join(parts)


def _pair_now(view: MatchView, pair: PairView) -> str:
    path = _PATHS.get(pair.path, pair.path)
    if has_left(view, pair) and not is_over(view):
        return "left"
    if is_over(view):
        return path if pair.path else "–"
    return path if pair.rtt_ms is None else f"{pair.rtt_ms:,.0f} ms · {path}"


def _player_now(view: MatchView, player: PlayerView) -> str:
    if player.dropped:
        return "left"
    if is_over(view):
        return "–"
    now = f"{player.rollbacks}/s · depth {player.depth_max}"
    stage = "" if player.stage in {"", "playing"} else _STAGES.get(player.stage, player.stage.replace("_", " "))
    return f"{stage} · {now}" if player.stage in {"stalled", "paused"} else stage or now
