"""The table of who plays: each agent with a person, chance, or a policy."""

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout
from typing_extensions import override

from gui.design.inspector.editor import changed_words, same, suggest
from gui.design.inspector.entries import EntriesEditor, Entry
from gui.design.inspector.inputs import Combo, Line
from gui.design.inspector.surroundings import Surroundings
from gui.design.inspector.value_editors import plain
from gui.models.value_text import read_value, write_value
from mug.study.catalog import FieldInfo
from mug.study.edits import RESET

__all__ = ["PoliciesEditor"]

_KNOWN: Final = (("human", "A person"), ("random", "Chance"))


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
    """An agent and who acts for it."""

    def __init__(self, around: Surroundings, is_free: Any) -> None:
        super().__init__(around, "Agent")
        self._is_free = is_free
        self._pair: tuple[str, Any] = ("", "human")
        self._wrong = ["", ""]
        self._wants_other = False
        self.agent = Line("Agent", "agent id")
        self.agent.textEdited.connect(self._on_agent)
        self.agent.dropped.connect(self._on_dropped)
        self._words = suggest(self.agent, ())
        completer = self.agent.completer()
        assert completer is not None
        completer.activated.connect(self._on_agent)
        self.who = Combo("Who acts")
        for policy, words in _KNOWN:
            self.who.addItem(words, policy)
        self.who.addItem("Policy…", None)
        self.who.activated.connect(self._on_who)
        self.policy = Line("Policy", "name of a policy, or {a: table}")
        self.policy.textEdited.connect(self._on_policy)
        self.policy.dropped.connect(self._on_dropped)
        line = QHBoxLayout()
        line.setSpacing(3)
        line.addWidget(self.agent, 5)
        line.addWidget(self.who, 5)
        line.addWidget(self.menu_button)
        line.addWidget(self.remove_button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(3)
        outer.addLayout(line)
        outer.addWidget(self.policy)
        self.policy.hide()
        self.setFocusProxy(self.agent)
        around.environment_changed.connect(self._on_environment_changed)
        self._on_environment_changed()

    @Slot()
    def _on_environment_changed(self) -> None:
        info = self.around.environment
        changed_words(self._words, [agent.agent for agent in info.agents] if info is not None else [])

    @override
    def show_item(self, item: Any) -> None:
        agent, policy = item
        if not same(policy, self._pair[1]):
            self._wants_other = False
            self._wrong[1] = ""
        if agent != self._pair[0]:
            self._wrong[0] = ""
        self._pair = agent, policy
        known = next((index for index, (value, _) in enumerate(_KNOWN) if same(value, policy)), len(_KNOWN))
        is_other = known == len(_KNOWN) or self._wants_other
        self.who.setCurrentIndex(len(_KNOWN) if is_other else known)
        self.policy.setVisible(is_other)
        if not self._wrong[0] and self.agent.text() != agent:
            with QSignalBlocker(self.agent):
                self.agent.setText(agent)
        if is_other and not self._wrong[1] and not self.policy.hasFocus():
            with QSignalBlocker(self.policy):
                shown = policy if isinstance(policy, str) else write_value(plain(policy))
                self.policy.setText("" if known < len(_KNOWN) else shown)
        self.agent.setAccessibleName(f"Agent {self.place[0] + 1}")
        self.who.setAccessibleName(f"Who acts for {agent}")
        self.policy.setAccessibleName(f"Policy of {agent}")
        self.remove_button.setAccessibleName(f"Delete {agent}")

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
        policy = self.who.itemData(index)
        self._wants_other = policy is None
        if policy is None:
            self.policy.show()
            self.policy.setFocus()
        elif not same(policy, self._pair[1]):
            self._wrong[1] = ""
            self.mistaken.emit("")
            self.changed.emit((self._pair[0], policy), False)
        else:
            self.show_item(self._pair)

    @Slot(str)
    def _on_policy(self, text: str) -> None:
        value: Any = text.strip()
        if value.startswith(("{", "[")):
            try:
                value = read_value(value)
            except ValueError as error:
                self._wrong[1] = text
                self.mistaken.emit(str(error))
                return
        self._wrong[1] = ""
        self.mistaken.emit("")
        if value:
            self._wants_other = True
            self.changed.emit((self._pair[0], value), True)
            self._wants_other = self.policy.hasFocus()

    @Slot()
    def _on_dropped(self) -> None:
        self._wrong = ["", ""]
        self._wants_other = False
        self.mistaken.emit("")
        self.show_item(self._pair)

    @override
    def settle(self) -> None:
        if not any(self._wrong):
            self._wants_other = False
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
