"""The buttons below the picture: run, one step, again from the start, how fast, with which seed."""

from PySide6.QtCore import QRegularExpression, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from gui.widgets.basics import Button, label
from gui.widgets.theme import Theme

__all__ = ["ControlBar"]

_SPEEDS = (("0.25", "¼ speed"), ("0.5", "½ speed"), ("1", "Normal speed"), ("2", "Double speed"), ("0", "Fastest"))


class ControlBar(QWidget):
    """Says what is wanted; the window does it.

    Attributes:
        run, step, reset, seed, speed: The controls.

    Signals:
        run_asked, step_asked, reset_asked: As their buttons say.
        speed_changed: `factor` is another.

    Runs on: GUI thread.
    """

    run_asked = Signal()
    step_asked = Signal()
    reset_asked = Signal()
    speed_changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.run = Button(theme, "Run", "play", role="primary", tip="Run or pause (Space)")
        self.step = Button(theme, "Step", "step", tip="One frame, with the keys that are held (.)")
        self.reset = Button(theme, "Reset", "refresh", tip="Begin again with the first episode (Ctrl+R)")
        self.run.setMinimumWidth(104)  # it does not move its neighbours as it becomes Pause
        self.run.clicked.connect(self.run_asked)
        self.step.clicked.connect(self.step_asked)
        self.reset.clicked.connect(self.reset_asked)
        self.seed = QLineEdit()
        self.seed.setPlaceholderText("scene's own")
        self.seed.setValidator(QRegularExpressionValidator(QRegularExpression("[0-9]{0,18}"), self.seed))
        self.seed.setAccessibleName("Seed for the reset; empty: the scene's own")
        self.seed.setToolTip("As the scene's seed: each episode is reset with a seed made of it, as in a session")
        self.seed.setMinimumWidth(104)
        self.seed.setMaximumWidth(130)
        self.seed.returnPressed.connect(self.reset_asked)
        self.speed = QComboBox()
        self.speed.setAccessibleName("Speed")
        for key, text in _SPEEDS:
            self.speed.addItem(text, key)
        self.speed.setCurrentIndex(2)
        self.speed.currentIndexChanged.connect(lambda _index: self.speed_changed.emit())
        seed_label = label("Seed", "muted")
        seed_label.setBuddy(self.seed)
        for widget in (self.run, self.step, self.reset):
            layout.addWidget(widget)
        layout.addSpacing(8)
        layout.addWidget(seed_label)
        layout.addWidget(self.seed)
        layout.addStretch(1)
        layout.addWidget(self.speed)

    @property
    def factor(self) -> float:
        """How many times as fast as in a session; 0: as fast as it goes."""
        return float(self.speed.currentData())

    def wanted_seed(self) -> int | None:
        """Return the seed that stands there, or None."""
        text = self.seed.text().strip()
        return int(text) if text else None

    def show_state(self, *, running: bool, there: bool) -> None:
        """Show what can be done. `there`: an environment can be stepped."""
        if running:
            self.run.show_as("Pause", "pause", "primary")
        else:
            self.run.show_as("Run", "play", "primary")
        self.run.setEnabled(there)
        self.step.setEnabled(there and not running)
        self.reset.setEnabled(there)
