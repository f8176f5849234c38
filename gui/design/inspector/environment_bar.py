"""What the environment says of itself, above the settings that have to fit it, with what follows from it."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout
from typing_extensions import override

from gui.design.inspector.inputs import ToolButton
from gui.design.inspector.surroundings import Surroundings
from gui.models.environment_info import EnvironmentInfo
from gui.runtime.environment_inspection import EnvironmentInspection
from gui.widgets.basics import Button, Icon, label
from mug.study.model import GymGame
from mug.study.traversal import human_agents

__all__ = ["EnvironmentBar"]


class EnvironmentBar(QFrame):
    """The environment in a few sentences.

    Signals:
        edited: As of `FieldRow`.
        playground_asked: The user wants to try the environment.

    Runs on: GUI thread.
    """

    edited = Signal(str, object, bool)
    playground_asked = Signal()

    def __init__(self, around: Surroundings, environment: EnvironmentInspection, section: str) -> None:
        super().__init__()
        self.setProperty("kind", "inset")
        self.setAccessibleName("Environment")
        self._around = around
        self._environment = environment
        self._section = section
        outer = QVBoxLayout(self)
        outer.setContentsMargins(10, 8, 6, 8)
        outer.setSpacing(4)
        line = QHBoxLayout()
        line.setSpacing(8)
        self._icon = Icon(around.theme, "game", "accent", 18)
        line.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self.words = label("", "small", wrap=True, selectable=True)
        line.addWidget(self.words, 1)
        self.again_button = ToolButton(around.theme, "refresh", "Read the environment again", environment.again)
        line.addWidget(self.again_button, 0, Qt.AlignmentFlag.AlignTop)
        outer.addLayout(line)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setAccessibleName("Reading the environment")
        self._busy.setFixedHeight(4)
        outer.addWidget(self._busy)
        self.detail = label("", "code", selectable=True, wrap=True)
        self.detail.hide()
        outer.addWidget(self.detail)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        self.detail_button = Button(around.theme, "Details", role="link", on_click=self._toggle_detail)
        self.humans_button = Button(around.theme, "", "users", role="link", on_click=self._add_agents)
        self.fps_button = Button(around.theme, "", "clock", role="link", on_click=self._take_fps)
        self.play_button = Button(around.theme, "Try it", "play", role="link", name="Try the environment")
        self.play_button.clicked.connect(self.playground_asked)
        for button in (self.detail_button, self.humans_button, self.fps_button, self.play_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        outer.addLayout(buttons)
        around.environment_changed.connect(self._on_changed)
        around.document.edit_applied.connect(self._on_changed)
        environment.busy_changed.connect(self._on_changed)
        self._on_changed()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._environment.watch(True)
        self._on_changed()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._environment.watch(False)

    def _game(self) -> GymGame | None:
        paths = self._around.paths
        if len(paths) != 1:
            return None
        try:
            node = self._around.document.node(paths[0])
        except LookupError:
            return None
        return node if isinstance(node, GymGame) else None

    @Slot()
    def _on_changed(self) -> None:
        info, game, busy = self._around.environment, self._game(), self._environment.is_busy
        self._busy.setVisible(busy)
        self.again_button.setEnabled(not busy)
        self.detail_button.setVisible(bool(info is not None and info.detail))
        if info is None:
            self.words.setText("Reading the environment…" if busy else "Nothing is known of the environment yet.")
        else:
            self.words.setText(" ".join(self._sentences(info, game)))
            self.detail.setText(info.detail.strip())
        if info is None or not info.detail:
            self.detail.hide()
        failed = info is not None and bool(info.error)
        soft = info is not None and info.missing is not None
        tone = "warning" if soft else "error" if failed else "accent"
        self._icon.show_icon("warning" if soft else "error" if failed else "game", tone)
        self._show_suggestions(info, game)

    def _sentences(self, info: EnvironmentInfo, game: GymGame | None) -> list[str]:
        found = list(info.sentences)
        if info.error or game is None:
            return found
        if self._section == "gameplay":
            without = self._unbound(info, game)
            if without:
                found.append(f"No keys give {', '.join(without[:6])}{', …' if len(without) > 6 else ''}.")
        return found

    @staticmethod
    def _unbound(info: EnvironmentInfo, game: GymGame) -> list[str]:
        """Return the actions that neither keys nor the default give."""
        humans = [agent for agent in human_agents(game) if info.space_of(agent) is not None]
        space = info.space_of(humans[0]) if humans else info.action_space
        given = [binding.action for binding in game.gameplay.action_mapping] + [game.gameplay.default_action]
        choices = space.choices if space is not None else ()
        return [f"{value} ({meaning})" if meaning else str(value) for value, meaning in choices if value not in given]

    def _missing_agents(self, info: EnvironmentInfo | None, game: GymGame | None) -> list[str]:
        if info is None or game is None or not info.names_agents or info.error:
            return []
        mapping = game.policies.policy_mapping
        return [known.agent for known in info.agents if known.agent not in mapping]

    def _show_suggestions(self, info: EnvironmentInfo | None, game: GymGame | None) -> None:
        missing = self._missing_agents(info, game) if self._section == "policies" else []
        if missing:
            count = len(missing)
            what = missing[0] if count == 1 else "both agents" if count == 2 else f"all {count} agents"
            self.humans_button.setText(
                f"Add {what} as human" if self._can_all_be_human(missing, game) else f"Add {what}"
            )
            self.humans_button.setAccessibleName(self.humans_button.text())
        self.humans_button.setVisible(bool(missing))
        fps = info.fps if info is not None else None
        wanted = fps is not None and game is not None and float(fps).is_integer() and fps != game.rendering.fps
        if wanted and fps is not None:
            self.fps_button.setText(f"Use {fps:g} fps")
            self.fps_button.setAccessibleName(self.fps_button.text())
        self.fps_button.setVisible(wanted and self._section == "environment")
        playable = info is not None and not info.error
        self.play_button.setVisible(playable and self._section in ("environment", "gameplay"))

    @staticmethod
    def _can_all_be_human(missing: list[str], game: GymGame | None) -> bool:
        humans = len(human_agents(game)) if game is not None and game.policies.policy_mapping else 0
        return humans + len(missing) <= 4

    def _add_agents(self) -> None:
        """Add the agents that nobody plays yet: people as long as four can play, then chance."""
        game, info = self._game(), self._around.environment
        if game is None:
            return
        mapping = dict(game.policies.policy_mapping)
        for agent in self._missing_agents(info, game):
            humans = sum(1 for who in mapping.values() if who == "human")
            mapping[agent] = "human" if humans < 4 else "random"
        self.edited.emit("policies.policy_mapping", mapping, False)

    def _take_fps(self) -> None:
        info = self._around.environment
        if info is not None and info.fps is not None:
            self.edited.emit("rendering.fps", int(info.fps), False)

    def _toggle_detail(self) -> None:
        self.detail.setVisible(self.detail.isHidden())
