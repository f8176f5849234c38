"""Conditions of a session: rows of a name and a value."""

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from gui.widgets.basics import Button
from gui.widgets.theme import Theme

__all__ = ["ConditionRows"]


class ConditionRows(QWidget):
    """Names and values; a row without both is nothing.

    Signals:
        changed: Something was typed, or a row has come or gone.

    Runs on: GUI thread.
    """

    changed = Signal()

    def __init__(self, theme: Theme, values: Mapping[str, str]) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName("Conditions")
        self._rows: list[tuple[QWidget, QLineEdit, QLineEdit]] = []
        self._list = QVBoxLayout(self)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(6)
        for name, value in values.items():
            self.add(name, value)
        self.more = Button(theme, "Add a condition", "plus", role="link", on_click=self._on_more)
        self.more.setAutoDefault(False)
        row = QHBoxLayout()
        row.addWidget(self.more)
        row.addStretch(1)
        self._list.addLayout(row)

    def values(self) -> dict[str, str]:
        """Return the conditions."""
        typed = ((name.text().strip(), value.text().strip()) for _row, name, value in self._rows)
        return {name: value for name, value in typed if name}

    def fault(self) -> str:
        """Return what is wrong, in words; empty when nothing is."""
        names = [name.text().strip() for _row, name, _value in self._rows if name.text().strip()]
        if len(set(names)) < len(names):
            return "Two conditions have the same name."
        if any(not name.text().strip() and value.text().strip() for _row, name, value in self._rows):
            return "A condition has a value, but no name."
        if any("=" in name for name in names):
            return "The name of a condition cannot have an equals sign."
        return ""

    def add(self, name: str = "", value: str = "") -> QLineEdit:
        """Add a row; returns its name."""
        host = QWidget()
        row = QHBoxLayout(host)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        number = len(self._rows) + 1
        key, what = QLineEdit(name), QLineEdit(value)
        key.setPlaceholderText("Name")
        what.setPlaceholderText("Value")
        key.setAccessibleName(f"Name of condition {number}")
        what.setAccessibleName(f"Value of condition {number}")
        remove = Button(self._theme, "", "close", role="icon", name=f"Remove condition {number}", tip="Remove")
        remove.setAutoDefault(False)
        remove.clicked.connect(lambda _checked=False: self._remove(host))
        row.addWidget(key, 2)
        row.addWidget(what, 3)
        row.addWidget(remove)
        for line in (key, what):
            line.textChanged.connect(self.changed)
        self._list.insertWidget(len(self._rows), host)
        self._rows.append((host, key, what))
        self.changed.emit()
        return key

    def _on_more(self) -> None:
        self.add().setFocus()

    def _remove(self, host: QWidget) -> None:
        self._rows = [row for row in self._rows if row[0] is not host]
        self._list.removeWidget(host)
        host.hide()
        host.deleteLater()
        self.more.setFocus()
        self.changed.emit()
