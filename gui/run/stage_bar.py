"""Where the session stands, who is here, and the next step as the one primary button."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy

from gui.models.stages import STAGE_TITLES, Attendance, Step, next_step, other_steps
from gui.widgets.basics import Button, Icon, Pill, label, restyle
from gui.widgets.theme import Theme
from gui.widgets.tips import plain_tip

__all__ = ["StageBar"]

_WAY = ("prepared", "doors_open", "running", "ended")


class _Mark(QFrame):
    """One stage of the way: behind, here, or ahead."""

    def __init__(self, theme: Theme, stage: str) -> None:
        super().__init__()
        self.setProperty("kind", "pill")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._shown: tuple[str, str] | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 10, 4)
        layout.setSpacing(5)
        self._icon = Icon(theme, "clock", "muted", 15)
        self._text = label(STAGE_TITLES[stage])
        layout.addWidget(self._icon)
        layout.addWidget(self._text)

    def show_as(self, title: str, place: str) -> None:
        """`place`: behind, here, paused, ahead."""
        if self._shown == (title, place):
            return
        self._shown = (title, place)
        self._text.setText(title)
        icon, role, tone, words = {
            "behind": ("check", "muted", "plain", "done"),
            "here": ("chevron-right", "accent", "accent", "now"),
            "paused": ("pause", "warning", "warning", "now"),
            "ahead": ("minus", "disabled", "plain", "later"),
        }[place]
        self._icon.show_icon(icon, role)
        self.setAccessibleName(f"{title}: {words}")
        self.setProperty("tone", tone)
        for widget in (self, self._text):
            restyle(widget)


class StageBar(QFrame):
    """The way of a session from prepared to ended.

    Attributes:
        step: The button for the next step.
        other: The button for the other step that is possible, if there is one.

    Signals:
        step_asked: The `Step`.

    Runs on: GUI thread.
    """

    step_asked = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setAccessibleName("Stage of the session")
        self._next: Step | None = None
        self._other: Step | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 5, 6, 5)
        layout.setSpacing(4)
        self._marks = {stage: _Mark(theme, stage) for stage in _WAY}
        for place, mark in enumerate(self._marks.values()):
            if place:
                layout.addWidget(Icon(theme, "chevron-right", "disabled", 12), 0, Qt.AlignmentFlag.AlignVCenter)
            layout.addWidget(mark)
        layout.addStretch(1)
        self._here = Pill(theme, "", "users")
        layout.addWidget(self._here)
        layout.addSpacing(6)
        self.other = Button(theme, "", name="Another stage", on_click=self.ask_other)
        self.step = Button(theme, "", role="primary", name="Next stage", on_click=self.ask_next)
        for button in (self.other, self.step):
            layout.addWidget(button)

    def show_stage(self, stage: str, found: Attendance, *, enabled: bool) -> None:
        """Show where the session stands and who is here; `enabled`: whether the server can be asked."""
        at = "running" if stage == "paused" else stage
        here = _WAY.index(at) if at in _WAY else 0
        for place, (key, mark) in enumerate(self._marks.items()):
            if place != here:
                mark.show_as(STAGE_TITLES[key], "behind" if place < here else "ahead")
            else:
                mark.show_as(STAGE_TITLES.get(stage, stage), "paused" if stage == "paused" else "here")
        short = found.expected is not None and found.here < found.expected
        complete = found.expected is not None and not short and not found.missing_seats
        tone = "good" if complete else "warning" if short and stage != "ended" else "neutral"
        self._here.show_state(str(found), "check-circle" if complete else "users", tone)
        missing = found.missing_seats
        self._here.setToolTip(
            plain_tip(f"Nobody at: {', '.join(missing)}") if missing else "Participants who are present or done"
        )
        self._next = next_step(stage)
        others = other_steps(stage)
        self._other = others[0] if others else None
        for button, step, role in ((self.step, self._next, "primary"), (self.other, self._other, "plain")):
            button.setVisible(step is not None)
            button.setEnabled(enabled)
            if step is not None and button.text() != step.title:
                button.show_as(step.title, step.icon, role)
                keys = " (Ctrl+Return)" if role == "primary" else ""
                button.setToolTip(f"{step.tip}{keys}")

    def ask_next(self) -> None:
        """Ask for the next step, where there is one."""
        if self._next is not None and self.step.isEnabled():
            self.step_asked.emit(self._next)

    def ask_other(self) -> None:
        """Ask for the other step, where there is one."""
        if self._other is not None and self.other.isEnabled():
            self.step_asked.emit(self._other)
