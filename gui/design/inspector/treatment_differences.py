"""The table of what differs between the treatments of a study."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from gui.models.treatment_fields import differences
from gui.models.value_text import write_value
from gui.widgets.basics import Button, label
from gui.widgets.theme import Theme
from mug.study.model import Study
from mug.study.treatments import arms_of

__all__ = ["DifferencesDialog"]


class DifferencesDialog(QDialog):
    """Every field that some treatment changes, a row each; the treatments are columns.

    Attributes:
        table: The table.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, study: Study, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("What differs between the treatments")
        rows, arms = differences(study), arms_of(study)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 26, 28, 22)
        layout.setSpacing(14)
        layout.addWidget(label("What differs between the treatments", "title", wrap=True))
        words = (
            "What is not in this table is the same for everybody. Bold: a treatment says so; else it is the scene’s."
        )
        layout.addWidget(label(words if rows else "Nothing differs yet.", "muted", wrap=True))
        self.table = QTableWidget(len(rows), 2 + len(arms))
        self.table.setAccessibleName("What differs between the treatments")
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setWordWrap(True)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.setHorizontalHeaderLabels(["Field", "Study", *(arm.words for arm in arms)])
        for number, row in enumerate(rows):
            self._put(number, 0, f"{row.scene_id}: {row.title}", row.field)
            self._put(number, 1, _words(row.base), "")
            for column, arm in enumerate(arms, start=2):
                self._put(number, column, _words(row.values[arm.name]), "", strong=arm.name in row.changed)
        self.table.resizeColumnsToContents()
        for column in range(self.table.columnCount()):
            self.table.setColumnWidth(column, min(260, max(110, self.table.columnWidth(column))))
        self.table.resizeRowsToContents()
        self.table.horizontalHeader().setStretchLastSection(True)
        layout.addWidget(self.table, 1)
        line = QHBoxLayout()
        line.addStretch(1)
        close = Button(theme, "Close", role="primary", on_click=self.accept)
        line.addWidget(close)
        layout.addLayout(line)
        close.setDefault(True)
        self.resize(min(1100, 360 + 190 * len(arms)), 460)

    def _put(self, row: int, column: int, text: str, tip: str, *, strong: bool = False) -> None:
        item = QTableWidgetItem(text)
        item.setToolTip(tip or text)
        item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        if strong:
            font = item.font()
            font.setBold(True)
            item.setFont(font)
        self.table.setItem(row, column, item)


def _words(value: Any) -> str:
    if value in (None, "", [], {}):
        return "–"
    text = value if isinstance(value, str) else write_value(value)
    return text if len(text) <= 300 else f"{text[:299]}…"
