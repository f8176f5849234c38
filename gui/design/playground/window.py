"""The playground: a scene's environment, stepped by hand with the scene's keys."""

from time import monotonic

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from gui.design.playground.controls import ControlBar
from gui.design.playground.head import HeadBar
from gui.design.playground.keys import shown_key
from gui.design.playground.picture_view import PictureView
from gui.design.playground.screen import Screen
from gui.design.playground.side import SidePanel
from gui.design.playground.trouble_view import TroubleView
from gui.models.chain_document import ChainDocument, Change
from gui.models.followed_node import path_after
from gui.models.playground_messages import Ready, Stepped, Trouble
from gui.runtime.folder_watch import FolderWatch
from gui.runtime.playground_control import PlaygroundControl, PlaygroundState, Stage
from gui.runtime.tasks import Tasks
from gui.widgets.basics import Button, Elided, Notice, card, label
from gui.widgets.theme import Theme
from mug.play.inputs import normal_key
from mug.study.model import GymGame
from mug.study.traversal import NodePath, node_at

__all__ = ["PlaygroundWindow"]

_PANEL_MS = 66
_STATES = {
    PlaygroundState.OFF: ("Stopped", "stop", "neutral"),
    PlaygroundState.LOADING: ("Loading", "clock", "accent"),
    PlaygroundState.BROKEN: ("Stopped", "error", "error"),
}


class PlaygroundWindow(QWidget):
    """One game scene of the open study, as it is edited. Space runs and pauses, the full stop steps, Ctrl+R resets.

    Attributes:
        control: The environment's process.
        head, notice, picture, trouble, controls, side: The parts.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, document: ChainDocument, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.resize(1180, 760)
        self._theme, self._document, self._tasks = theme, document, tasks
        self._path: NodePath | None = None
        self._game: GymGame | None = None
        self._begun: GymGame | None = None
        self._running = self._seed_given = False
        self._newest: Stepped | None = None
        self._times: list[float] = []
        self.control = PlaygroundControl(tasks, self)
        self._files = FolderWatch(tasks, self)
        self._clock = _timer(self, "playground clock", Qt.TimerType.PreciseTimer)
        self._panel = _timer(self, "playground panel", Qt.TimerType.CoarseTimer)
        self._panel.setSingleShot(True)
        self._panel.setInterval(_PANEL_MS)
        self._build()
        self._screen = Screen(self.picture, tasks, self.side.output.add)
        self._join()
        self._show_state()

    # ------------------------------------------------------------- what others call

    def play(self, path: NodePath) -> None:
        """Show the window with the game at `path`, and start its environment."""
        study = self._document.study
        if study is None:
            return
        try:
            node = node_at(study, path)
        except LookupError:
            return
        if not isinstance(node, GymGame):
            return
        self._path, self._game = path, node
        self.restart()
        self.show()
        self.raise_()
        self.activateWindow()
        self.picture.setFocus(Qt.FocusReason.OtherFocusReason)

    def end(self) -> None:
        """End everything, before the app goes."""
        self._pause()
        self._files.stop()
        self.control.close()

    # ------------------------------------------------------------- what its controls do

    @Slot()
    def restart(self) -> None:
        """Make the environment anew, of the scene as it is now."""
        study, opened = self._document.study, self._document.opened
        if study is None or opened is None or self._path is None or self._game is None:
            return
        self._pause()
        self._begun = self._game
        self.notice.say("")
        self.setWindowTitle(f"{self._game.scene_id} · Playground")
        self.head.show_game(self._game)
        self._screen.empty()
        if self._stack.currentWidget() is not self._stage:
            self._stack.setCurrentWidget(self._stage)
            self.picture.setFocus(Qt.FocusReason.OtherFocusReason)
        stage = Stage(
            opened.path,
            study,
            self._path,
            self.head.chosen_agent(),
            self.head.chosen_others(),
            self.controls.wanted_seed(),
        )
        self.control.begin(stage)
        self._files.stop()  # what changed before is in the new environment
        self._files.watch(self._document.folder)

    @Slot()
    def toggle(self) -> None:
        """Run, or pause."""
        if self._running:
            self._pause()
        elif self.control.state in {PlaygroundState.IDLE, PlaygroundState.STEPPING}:
            self._running = True
            self._times.clear()
            self._set_clock()
            self._show_state()

    @Slot()
    def step(self) -> None:
        """Make one frame with the keys that are held."""
        if not self._running:
            self._step()

    @Slot()
    def reset(self) -> None:
        """Begin again with the first episode and the seed that stands there."""
        if self.control.state is PlaygroundState.BROKEN or self.control.state is PlaygroundState.OFF:
            self.restart()
        elif self.controls.wanted_seed() is None and self._newest is not None and self._seed_given:
            self.restart()  # back to the scene's own seed
        else:
            self._pause()
            self._seed_given = self.controls.wanted_seed() is not None
            self.control.reset(self.controls.wanted_seed())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that no control and no game took."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.toggle()
        elif event.key() == Qt.Key.Key_Period:
            self.step()
        else:
            super().keyPressEvent(event)

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        self._pause()
        self._files.stop()
        self.control.stop()
        self._path = self._game = None
        super().closeEvent(event)

    # ------------------------------------------------------------- stepping

    @Slot()
    def _step(self) -> None:
        if self.control.may_step:
            self.control.step(self.picture.held, self.picture.take_pressed())

    def _pause(self) -> None:
        self._running = False
        self._clock.stop()
        self._show_state()

    @Slot()
    def _set_clock(self) -> None:
        if not self._running or self._game is None:
            return
        factor = self.controls.factor
        fps = max(1, self._game.rendering.fps)
        self._clock.start(round(1000 / (fps * factor)) if factor else 0)

    @Slot(object)
    def _on_ready(self, ready: Ready) -> None:
        game = self._begun
        assert game is not None
        self._screen.begin(game, ready, self._document.folder)
        self.picture.capture({normal_key(key) for binding in game.gameplay.action_mapping for key in binding.keys})
        self._show_keys()
        self.side.agents.begin(ready.agents, ready.spaces, self.head.chosen_agent())
        self.side.log.add(f"— {game.scene_id}: {', '.join(ready.agents)}\n")
        for note in ready.notes:
            self.side.log.add(f"— {note}\n")
        self._seed_given = self.controls.wanted_seed() is not None
        self._newest = None

    @Slot(object)
    def _on_stepped(self, stepped: Stepped) -> None:
        self._newest = stepped
        self._times = [*self._times[-60:], monotonic()]
        self._screen.show(stepped)
        self.side.add_step(stepped)
        if not self._panel.isActive():
            self._panel.start()

    @Slot()
    def _show_newest(self) -> None:
        stepped = self._newest
        if stepped is None:
            return
        self.side.agents.show_agents(stepped.agents)
        self._hud.setText(stepped.hud or "")
        self._hud.setVisible(bool(stepped.hud))
        parts = [f"Episode {stepped.episode}", f"frame {stepped.frame}", f"seed {stepped.seed}"]
        parts.append(f"step {stepped.step_ms:.1f} ms, drawing {stepped.render_ms:.1f} ms")
        if self._running and len(self._times) > 5:
            parts.append(f"{(len(self._times) - 1) / max(1e-6, self._times[-1] - self._times[0]):.0f} frames a second")
        if stepped.ended is not None:
            how = stepped.ended.replace("max_steps", "longest episode reached")
            parts.insert(0, f"Episode over ({how}); the next step begins another")
        self._figures.say("  ·  ".join(parts))

    # ------------------------------------------------------------- what happens to it

    @Slot(object)
    def _on_broken(self, trouble: Trouble) -> None:
        self._pause()
        self.notice.say("")
        self.trouble.show_trouble(trouble)
        had_focus = self.picture.hasFocus()
        self._stack.setCurrentWidget(self.trouble)
        if had_focus:
            self.trouble.restart.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_newest()

    @Slot(bool)
    def _on_slow_changed(self, is_slow: bool) -> None:
        self._stop_hanging.setVisible(is_slow)
        self._renew.setVisible(False)
        loading = self.control.state is PlaygroundState.LOADING
        what = "is still being made" if loading else "has not answered"
        words = f"The environment {what} for 5 s. It may be busy, or in an endless loop." if is_slow else ""
        self.notice.say(words, "clock", "warning")
        self._show_state()

    @Slot(object)
    def _on_edit_applied(self, change: Change) -> None:
        if self._path is None or self._game is None:
            return
        found = path_after(change, self._path, self._game)
        node = node_at(change.study, found) if found is not None else None
        if not isinstance(node, GymGame):
            self._offer("This scene is no longer in the study. The environment goes on as it was.", renew=False)
            return
        self._path, self._game = found, node
        if self._begun is not None and _made_of(node) != _made_of(self._begun):
            self._offer("The scene's settings have changed. The environment is still the one before.")
        elif not self.control.is_slow:
            self.notice.say("")

    @Slot()
    def _on_files_changed(self) -> None:
        self._offer("Files of the study have changed. The environment is still the one before.")

    def _offer(self, words: str, *, renew: bool = True) -> None:
        if self._stack.currentWidget() is self.trouble:
            return  # it has a Restart of its own
        self._stop_hanging.setVisible(False)
        self._renew.setVisible(renew)
        self.notice.say(words, "info", "accent")

    @Slot()
    def _on_study_loaded(self) -> None:
        if self.isVisible():
            self.close()

    @Slot()
    def _show_state(self) -> None:
        state = self.control.state
        there = state in {PlaygroundState.IDLE, PlaygroundState.STEPPING}
        self.controls.show_state(running=self._running, there=there)
        if self.control.is_slow:
            self.head.pill.show_state("Not answering", "clock", "warning")
        elif state in _STATES:
            self.head.pill.show_state(*_STATES[state])
        elif self._running:
            self.head.pill.show_state("Running", "play", "good")
        else:
            self.head.pill.show_state("Paused", "pause", "neutral")

    @Slot()
    def _show_keys(self) -> None:
        if self.picture.held:
            self._keys.say("Keys held:  " + "  ".join(map(shown_key, self.picture.held)))
        elif self.picture.captured:
            known = "  ".join(map(shown_key, sorted(self.picture.captured)))
            where = "" if self.picture.hasFocus() else "  ·  click the picture to use them"
            self._keys.say(f"Keys of this game:  {known}{where}")
        else:
            self._keys.say("This scene has no keys yet.")

    # ------------------------------------------------------------- how it is built

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 16)
        layout.setSpacing(12)
        self.head = HeadBar(self._theme)
        layout.addWidget(self.head)
        self.notice = Notice(self._theme)
        self._renew = Button(self._theme, "Restart", "refresh", name="Restart with the changes", on_click=self.restart)
        self._stop_hanging = Button(
            self._theme, "Stop", "stop", role="danger", name="Stop the environment", on_click=self._stop
        )
        self.notice.add_button(self._renew)
        self.notice.add_button(self._stop_hanging)
        layout.addWidget(self.notice)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(16)
        split.addWidget(self._make_left())
        self.side = SidePanel(self._theme)
        split.addWidget(self.side)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([740, 400])
        layout.addWidget(split, 1)

    def _make_left(self) -> QWidget:
        panel, inner = card(margins=14, spacing=10)
        self._stack = QStackedWidget()
        self._stage = QWidget()
        stage = QVBoxLayout(self._stage)
        stage.setContentsMargins(0, 0, 0, 0)
        stage.setSpacing(8)
        self._hud = label("", wrap=True)
        self._hud.setAccessibleName("HUD text")
        self._hud.hide()
        self.picture = PictureView(self._theme)
        stage.addWidget(self._hud)
        stage.addWidget(self.picture, 1)
        self.trouble = TroubleView(self._theme)
        self._stack.addWidget(self._stage)
        self._stack.addWidget(self.trouble)
        inner.addWidget(self._stack, 1)
        self._keys = Elided("muted")
        self.controls = ControlBar(self._theme)
        self._figures = Elided("small")
        inner.addWidget(self._keys)
        inner.addWidget(self.controls)
        inner.addWidget(self._figures)
        return panel

    def _join(self) -> None:
        control = self.control
        control.ready.connect(self._on_ready)
        control.stepped.connect(self._on_stepped)
        control.broken.connect(self._on_broken)
        control.printed.connect(self.side.add_output)
        control.slow_changed.connect(self._on_slow_changed)
        control.state_changed.connect(self._on_control_state)
        self.controls.run_asked.connect(self.toggle)
        self.controls.step_asked.connect(self.step)
        self.controls.reset_asked.connect(self.reset)
        self.controls.speed_changed.connect(self._set_clock)
        self.trouble.restart.clicked.connect(self.restart)
        self.picture.keys_changed.connect(self._show_keys)
        self.picture.focus_changed.connect(self._show_keys)
        self.head.restart_asked.connect(self.restart)
        self._clock.timeout.connect(self._step)
        self._panel.timeout.connect(self._show_newest)
        self._files.changed.connect(self._on_files_changed)
        self._document.edit_applied.connect(self._on_edit_applied)
        self._document.loaded.connect(self._on_study_loaded)
        for keys, slot in (("Ctrl+R", self.reset), ("Ctrl+Shift+R", self.restart), ("Ctrl+W", self.close)):
            QShortcut(QKeySequence(keys), self, slot)

    def _stop(self) -> None:
        self.control.stop()
        self._on_broken(Trouble(message="It did not answer, and was stopped. Restart makes it anew."))

    @Slot(object)
    def _on_control_state(self, state: PlaygroundState) -> None:
        if state not in {PlaygroundState.IDLE, PlaygroundState.STEPPING} or not self._running:
            self._show_state()  # while it runs, every step would change it twice


def _made_of(game: GymGame) -> tuple[object, ...]:
    return game.environment, game.rendering, game.assets, game.policies, game.gameplay, game.runtime


def _timer(parent: QWidget, name: str, kind: Qt.TimerType) -> QTimer:
    timer = QTimer(parent)
    timer.setObjectName(name)
    timer.setTimerType(kind)
    return timer
