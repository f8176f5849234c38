"""The playground's first line: which scene, how its environment stands, who plays whom."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from gui.widgets.basics import Button, Pill, label
from gui.widgets.theme import Theme
from mug.study.model import GymGame
from mug.study.traversal import agents_of, human_agents

__all__ = ["HeadBar"]


class HeadBar(QWidget):
    """Says what is wanted; the window does it.

    Attributes:
        pill: The state.
        agent, others: The choices, as the environment's process takes them.
        restart: The button.

    Signals:
        restart_asked: The environment is to be made anew, perhaps because a choice is another.

    Runs on: GUI thread.
    """

    restart_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        self._title = label("", "title")
        self.pill = Pill(theme)
        layout.addWidget(self._title)
        layout.addWidget(self.pill)
        layout.addStretch(1)
        self._agent_label, self.agent = label("You play", "muted"), QComboBox()
        self.agent.setAccessibleName("Agent that you play")
        self.agent.setMinimumContentsLength(10)
        self._others_label, self.others = label("Others", "muted"), QComboBox()
        self.others.setAccessibleName("What the other players do")
        self.others.addItem("act at random", "random")
        self.others.addItem("take the default action", "default")
        self.restart = Button(
            theme,
            "Restart",
            "repeat",
            name="Restart the environment",
            tip="Make the environment anew, from the scene and its files as they are now (Ctrl+Shift+R)",
        )
        for widget in (self._agent_label, self.agent, self._others_label, self.others, self.restart):
            layout.addWidget(widget)
        self.agent.currentIndexChanged.connect(lambda _index: self.restart_asked.emit())
        self.others.currentIndexChanged.connect(lambda _index: self.restart_asked.emit())
        self.restart.clicked.connect(self.restart_asked)

    def chosen_agent(self) -> str:
        """Return whom the keys control."""
        return str(self.agent.currentData() or "")

    def chosen_others(self) -> str:
        """Return what the other people's agents do: random or default."""
        return str(self.others.currentData())

    def show_game(self, game: GymGame) -> None:
        """Offer a game's agents, people first; a choice that is still possible stays."""
        self._title.setText(str(game.scene_id))
        humans, agents = human_agents(game), agents_of(game)
        names = sorted(map(str, agents), key=lambda name: name not in humans)
        if names != [self.agent.itemData(index) for index in range(self.agent.count())]:
            chosen = self.chosen_agent()
            self.agent.blockSignals(True)
            self.agent.clear()
            for name in names:
                policy = "" if name in humans else f" ({game.policies.policy_mapping.get(name)})"
                self.agent.addItem(f"{name}{policy}", name)
            self.agent.setCurrentIndex(max(0, self.agent.findData(chosen)))
            self.agent.blockSignals(False)
        for widget in (self._agent_label, self.agent):
            widget.setVisible(len(agents) > 1)
        for widget in (self._others_label, self.others):
            widget.setVisible(len(humans) > 1)
