"""The table of who plays: each agent with a person, chance, or a policy."""

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from gui.design.inspector.editor import changed_words, same, suggest
from gui.design.inspector.entries import EntriesEditor, Entry
from gui.design.inspector.file_dialog import ask_for_file
from gui.design.inspector.inputs import Combo, Line, ToolButton
from gui.design.inspector.model_details import ModelDetails
from gui.design.inspector.reference_editor import open_function_menu
from gui.design.inspector.surroundings import Surroundings
from gui.models.policy_values import KINDS, kind_of_policy, line_of, model_value, with_line
from mug.study.catalog import FieldInfo
from mug.study.edits import RESET

__all__ = ["PoliciesEditor"]

_LINES: Final = {"onnx": "policies/model.onnx", "python": "file.py:Class", "named": "a name for the policy loader"}
"""What is typed for the kinds that are more than a choice."""


class PoliciesEditor(EntriesEditor):
    """Agent → who acts for it. The order counts: who comes first gets the first agent that is a person's."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info, add="Add an agent")

    @override
    def _nothing_words(self) -> str:
        return "Nobody is named: one person plays the environment's one agent."

    @override
    def _make_entry(self) -> Entry:
        return _AgentEntry(self.around, self._is_free)

    @override
    def _items(self) -> list[Any]:
        return list((self.value or {}).items())

    @override
    def _value_of(self, items: Sequence[Any]) -> Any:
        return dict(items) if items else RESET

    @override
    def _fresh(self) -> Any:
        used = {agent for agent, _ in self._items()}
        info = self.around.environment
        known = [agent.agent for agent in info.agents] if info is not None and info.names_agents else []
        agent = next((agent for agent in known if agent not in used), None)
        number = len(used) + 1
        while agent is None:
            if f"player_{number}" not in used:
                agent = f"player_{number}"
            number += 1
        return agent, "human"

    @override
    def _copy_of(self, item: Any) -> Any:
        return self._fresh()[0], item[1]

    def _is_free(self, agent: str, index: int) -> bool:
        return all(other != agent or number == index for number, (other, _) in enumerate(self._items()))


class _AgentEntry(Entry):
    """An agent and who acts for it: a person, chance, or a policy with its file, function or name.

    Attributes:
        agent, who, policy: The agent's id, the kind of what acts for it, and the policy's file, function or name.
        choose_button: Chooses a model's file, or a function or class of the study.
        more_button: Shows a model's further names.
        details: They.
    """

    def __init__(self, around: Surroundings, is_free: Any) -> None:
        super().__init__(around, "Agent")
        self._is_free = is_free
        self._pair: tuple[str, Any] = ("", "human")
        self._wrong = ["", ""]
        self._wanted = ""
        self._dialog: QFileDialog | None = None
        self.agent = Line("Agent", "agent id")
        self.agent.textEdited.connect(self._on_agent)
        self.agent.dropped.connect(self._on_dropped)
        self._words = suggest(self.agent, ())
        completer = self.agent.completer()
        assert completer is not None
        completer.activated.connect(self._on_agent)
        self.who = Combo("Who acts")
        for kind, words in KINDS.items():
            self.who.addItem(words, kind)
        self.who.activated.connect(self._on_who)
        self.policy = Line("Policy")
        self.policy.textEdited.connect(self._on_policy)
        self.policy.dropped.connect(self._on_dropped)
        self._functions = suggest(self.policy, ())
        functions = self.policy.completer()
        assert functions is not None
        functions.activated.connect(self._on_policy)
        self.choose_button = ToolButton(around.theme, "folder-open", "Choose…", self._choose)
        self.more_button = ToolButton(around.theme, "chevron-down", "The model's inputs and outputs", self._toggle)
        self.details = ModelDetails(around)
        self.details.edited.connect(self._on_details)
        self._lay_out()
        self.setFocusProxy(self.agent)
        around.environment_changed.connect(self._on_environment_changed)
        around.functions_changed.connect(self._on_functions_changed)
        self._on_environment_changed()
        self._on_functions_changed()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(3)
        line.addWidget(self.agent, 5)
        line.addWidget(self.who, 5)
        line.addWidget(self.menu_button)
        line.addWidget(self.remove_button)
        self._below = QWidget()
        below = QHBoxLayout(self._below)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(2)
        below.addWidget(self.policy, 1)
        below.addWidget(self.more_button)
        below.addWidget(self.choose_button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(3)
        outer.addLayout(line)
        outer.addWidget(self._below)
        outer.addWidget(self.details)
        self._below.hide()
        self.details.hide()

    @property
    def _kind(self) -> str:
        return self._wanted or kind_of_policy(self._pair[1])

    @Slot()
    def _on_environment_changed(self) -> None:
        info = self.around.environment
        changed_words(self._words, [agent.agent for agent in info.agents] if info is not None else [])

    @Slot()
    def _on_functions_changed(self) -> None:
        known = [found.reference for found in self.around.functions] if self._kind == "python" else []
        changed_words(self._functions, known)

    @override
    def show_item(self, item: Any) -> None:
        agent, policy = item
        if not same(policy, self._pair[1]):
            self._wanted = ""
            self._wrong[1] = ""
        if agent != self._pair[0]:
            self._wrong[0] = ""
        self._pair = agent, policy
        kind = self._kind
        self.who.setCurrentIndex(self.who.findData(kind))
        self._show_kind(kind)
        if not self._wrong[0] and self.agent.text() != agent:
            with QSignalBlocker(self.agent):
                self.agent.setText(agent)
        if not self._wrong[1]:
            shown = line_of(policy) if kind == kind_of_policy(policy) else ""
            if self.policy.text().strip() != shown and not self.policy.hasFocus():
                with QSignalBlocker(self.policy):
                    self.policy.setText(shown)
                    self.policy.setCursorPosition(0)
            self.details.show_model(policy)
        self.agent.setAccessibleName(f"Agent {self.place[0] + 1}")
        self.who.setAccessibleName(f"Who acts for {agent}")
        self.policy.setAccessibleName(f"Policy of {agent}")
        self.remove_button.setAccessibleName(f"Delete {agent}")

    def _show_kind(self, kind: str) -> None:
        self._below.setVisible(kind in _LINES)
        self.policy.setPlaceholderText(_LINES.get(kind, ""))
        self.choose_button.setVisible(kind in ("onnx", "python"))
        words = "Choose the model's file…" if kind == "onnx" else "Choose a function or class of the study…"
        self.choose_button.setAccessibleName(words)
        self.choose_button.setToolTip(words)
        self.more_button.setVisible(kind == "onnx")
        has_names = isinstance(self._pair[1], dict)
        self.details.setVisible(kind == "onnx" and (has_names or self.details.isVisibleTo(self)))
        self._on_functions_changed()

    @Slot(str)
    def _on_agent(self, text: str) -> None:
        agent = text.strip()
        if not agent or not self._is_free(agent, self.place[0]):
            self._wrong[0] = text or " "
            self.mistaken.emit(f"The agent {agent} is named already." if agent else "Name the agent.")
            return
        self._wrong[0] = ""
        self.mistaken.emit("")
        self.changed.emit((agent, self._pair[1]), True)

    @Slot(int)
    def _on_who(self, index: int) -> None:
        kind = self.who.itemData(index)
        self._wrong[1] = ""
        self.mistaken.emit("")
        if kind in ("human", "random"):
            self._wanted = ""
            if kind == self._pair[1]:
                self.show_item(self._pair)
            else:
                self.changed.emit((self._pair[0], kind), False)
            return
        self._wanted = kind
        self.details.hide()
        self.show_item(self._pair)
        if kind == "python":
            self.around.look_for_functions()

    @Slot(str)
    def _on_policy(self, text: str) -> None:
        value = text.strip()
        self._wrong[1] = ""
        self.mistaken.emit("")
        if value:
            policy = with_line(self._pair[1], value) if self._kind == "onnx" else value
            self._wanted = self._kind
            self.changed.emit((self._pair[0], policy), True)

    @Slot(bool)
    def _on_details(self, typing: bool) -> None:
        try:
            policy = model_value(self._pair[1], self.details.texts())
        except ValueError as error:
            self._wrong[1] = self.policy.text() or " "
            self.mistaken.emit(str(error))
            return
        self._wrong[1] = ""
        self.mistaken.emit("")
        if line_of(policy) and not same(policy, self._pair[1]):
            self.changed.emit((self._pair[0], policy), typing)

    @Slot()
    def _toggle(self) -> None:
        self.details.setVisible(not self.details.isVisible())
        if self.details.isVisible():
            self.details.lines["obs_input"].setFocus()

    @Slot()
    def _choose(self) -> None:
        if self._kind == "python":
            open_function_menu(self.around, self.choose_button, self._take_function)
            return
        self._dialog = ask_for_file(
            self.window(),
            "Choose a model",
            self.around.folder,
            self.take_chosen,
            filters=("ONNX models (*.onnx)", "All files (*)"),
        )

    @Slot(str)
    def take_chosen(self, chosen: str) -> None:
        """Take the path of a model; one in the study's folder is written relative to it."""
        if chosen:
            text = self.around.path_in_study(chosen)
            self.policy.setText(text)
            self.changed.emit((self._pair[0], with_line(self._pair[1], text)), False)

    def _take_function(self, reference: str) -> None:
        self.policy.setText(reference)
        self.changed.emit((self._pair[0], reference), False)

    @Slot()
    def _on_dropped(self) -> None:
        self._wrong = ["", ""]
        self._wanted = ""
        self.mistaken.emit("")
        self.show_item(self._pair)

    @override
    def settle(self) -> None:
        if not any(self._wrong):
            self._wanted = ""
            self.show_item(self._pair)

    @override
    def kept(self) -> Any:
        return tuple(self._wrong) if any(self._wrong) else None

    @override
    def take_draft(self, kept: Any) -> None:
        for line, text, take in zip((self.agent, self.policy), kept, (self._on_agent, self._on_policy), strict=True):
            if text:
                line.setText(text)
                line.show()
                take(text)

    @override
    def forget(self) -> None:
        self._wrong = ["", ""]

    @override
    def draft(self) -> str | None:
        return next((text for text in self._wrong if text), None)
