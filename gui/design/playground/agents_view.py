"""What each agent did, got and sees."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.models.playground_messages import Shown
from gui.widgets.basics import Pill, card, label
from gui.widgets.theme import Theme

__all__ = ["AgentsView"]

_STATUS = {"input": "by key", "default": "default action", "policy": "by its policy", "": ""}


class AgentsView(QWidget):
    """A card for each agent.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._cards: dict[str, _AgentCard] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(10)
        self._layout.addStretch(1)

    def begin(self, agents: tuple[str, ...], spaces: dict[str, str], controlled: str) -> None:
        """Make the cards of another environment."""
        for old in self._cards.values():
            self._layout.removeWidget(old)
            old.deleteLater()
        self._cards = {agent: _AgentCard(self._theme, agent, spaces.get(agent, "")) for agent in agents}
        for place, (agent, made) in enumerate(self._cards.items()):
            made.mark(agent == controlled)
            self._layout.insertWidget(place, made)

    def show_agents(self, shown: tuple[Shown, ...]) -> None:
        """Show the agents after a step."""
        for agent in shown:
            if agent.agent in self._cards:
                self._cards[agent.agent].show_agent(agent)

    def text_of(self, agent: str, row: str) -> str:
        """Return what a row of an agent's card says."""
        return self._cards[agent].rows[row].text()


class _AgentCard(QFrame):
    def __init__(self, theme: Theme, agent: str, space: str) -> None:
        super().__init__()
        frame, layout = card(margins=12, spacing=6)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        head = QHBoxLayout()
        head.addWidget(label(agent, "heading"), 1)
        self._who = Pill(theme, "You", "user", "accent")
        head.addWidget(self._who)
        layout.addLayout(head)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.rows: dict[str, QLabel] = {}
        for row, (key, title) in enumerate(
            (
                ("action", "Action"),
                ("reward", "Reward"),
                ("ended", "Ended"),
                ("observation", "Observation"),
                ("infos", "Infos"),
            )
        ):
            name = label(title, "muted")
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            kind = "code" if key in ("observation", "infos") else ""
            value = label("–", kind, wrap=True, selectable=True)
            value.setAccessibleName(f"{title} of {agent}")
            value.setMinimumWidth(60)
            self.rows[key] = value
            grid.addWidget(value, row, 1)
        layout.addLayout(grid)
        self.rows["action"].setToolTip(f"Action space: {space}")

    def mark(self, is_you: bool) -> None:
        self._who.setVisible(is_you)

    def show_agent(self, shown: Shown) -> None:
        how = _STATUS.get(shown.status, shown.status)
        action = f"{shown.action}  ·  {how}" if how else shown.action
        reward = "–" if shown.reward is None else f"{shown.reward:.6g}"
        ended = " and ".join(
            word for word, holds in (("terminated", shown.terminated), ("truncated", shown.truncated)) if holds
        )
        observation = f"{shown.kind}\n{shown.observation}" if shown.kind else shown.observation
        for key, text in (
            ("action", action or "–"),
            ("reward", f"{reward}  ·  sum {shown.total:.6g}"),
            ("ended", ended or "no"),
            ("observation", observation),
            ("infos", shown.infos or "–"),
        ):
            if self.rows[key].text() != text:
                self.rows[key].setText(text)
