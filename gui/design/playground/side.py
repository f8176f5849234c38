"""The playground's right side: the agents, the steps made, what the environment printed."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gui.design.playground.agents_view import AgentsView
from gui.design.playground.text_log import TextLog
from gui.models.playground_messages import Printed, Shown, Stepped
from gui.widgets.basics import Segments, scrolling
from gui.widgets.theme import Theme

__all__ = ["SidePanel"]

_PARTS = (("agents", "Agents"), ("log", "Steps"), ("output", "Output"))


class SidePanel(QWidget):
    """One of the three is in front.

    Attributes:
        agents, log, output: The three.
        parts: The choice between them.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setMinimumWidth(300)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        self.parts = Segments(_PARTS, name="Shown")
        layout.addWidget(self.parts, 0, Qt.AlignmentFlag.AlignLeft)
        self.agents = AgentsView(theme)
        self.log = TextLog(theme, "Steps", "Each step is a line here.")
        self.output = TextLog(theme, "Output of the environment", "What the environment prints comes here.")
        self._stack = QStackedWidget()
        self._stack.addWidget(scrolling(self.agents, "Agents"))
        self._stack.addWidget(self.log)
        self._stack.addWidget(self.output)
        layout.addWidget(self._stack, 1)
        self.parts.chosen.connect(self._on_chosen)

    def add_step(self, stepped: Stepped) -> None:
        """Write a line about a step or a reset."""
        self.log.add(_line(stepped))

    def add_output(self, printed: Printed) -> None:
        """Take what was printed; where the output is not in front, its name gets a dot."""
        self.output.add(printed.text, printed.skipped)
        if self.parts.current() != "output":
            self.parts.rename("output", "Output •")

    @Slot(str)
    def _on_chosen(self, key: str) -> None:
        self._stack.setCurrentIndex([part for part, _ in _PARTS].index(key))
        if key == "output":
            self.parts.rename("output", "Output")


def _line(stepped: Stepped) -> str:
    if stepped.frame == 0:
        return f"— episode {stepped.episode}, seed {stepped.seed}\n"
    parts = [f"{stepped.frame:>5}", *(_of_agent(shown) for shown in stepped.agents)]
    if stepped.ended is not None:
        parts.append(f"[{stepped.ended}]")
    return "  ".join(parts) + "\n"


def _of_agent(shown: Shown) -> str:
    action = " ".join(shown.action.split())
    reward = "" if shown.reward is None else f" {shown.reward:+.4g}"
    return f"{shown.agent}: {action or '–'}{reward}"
