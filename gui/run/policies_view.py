"""The policies of the session: which take part, and beside the table the whole card of the chosen one."""

from collections.abc import Iterable

from PySide6.QtCore import QItemSelection, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from gui.models.columns import SortedTable
from gui.models.policies import POLICY_COLUMNS, POLICY_ROLE, PoliciesModel, card_rows
from gui.widgets.basics import Button, IconTile, card, label, scrolling
from gui.widgets.empty_state import empty_card
from gui.widgets.record_table import RecordTable
from gui.widgets.theme import Theme
from gui.widgets.tips import breakable
from mug.protocol.partners import PolicyCardView

__all__ = ["PoliciesView"]

_WIDTHS = {
    "name": 130,
    "kind": 134,
    "agent": 100,
    "scene": 108,
    "treatment": 96,
    "decisions": 86,
    "median": 82,
    "p99": 82,
    "late": 60,
}
_CARD_PX = 320


class PoliciesView(QStackedWidget):
    """All policies of the session; before they are known, what will be here.

    Attributes:
        model: The rows.
        table: The view.
        copy: Copies the chosen card as text.

    Signals:
        said: A short message and its icon.

    Runs on: GUI thread.
    """

    said = Signal(str, str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._shown: list[tuple[str, str]] = []
        self._rows = QFormLayout()
        self.addWidget(
            empty_card(
                theme,
                "robot",
                "No policy takes part",
                "Agents that no person plays are listed here with the policy that decides for them: its file and hash, "
                "what it takes and gives, its seed, and what a decision takes.",
            )
        )
        self.model = PoliciesModel(theme.icon, theme.colour, self)
        self._sorted = SortedTable(self.model, self)
        self.table = RecordTable("Policies", row_px=33, least_column_px=52, many=False)
        self.table.setModel(self._sorted)
        self.table.sort_by(0, Qt.SortOrder.AscendingOrder)
        for section, column in enumerate(POLICY_COLUMNS):
            self.table.setColumnWidth(section, _WIDTHS[column.key])
        self.table.fill_with(0, _WIDTHS["name"])
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(10)
        split.addWidget(self.table)
        split.addWidget(self._make_card(theme))
        split.setStretchFactor(0, 1)
        split.setSizes([700, _CARD_PX])
        self.addWidget(split)
        theme.changed.connect(self.model.recolour)

    def replace_all(self, cards: Iterable[PolicyCardView]) -> None:
        """Take the cards of a snapshot."""
        self.model.replace_all(cards)
        self._show_rows()

    def update_rows(self, cards: Iterable[PolicyCardView]) -> None:
        """Take cards that are new or have changed."""
        if fresh := tuple(cards):
            self.model.update(fresh)
            self._show_rows()

    def selected(self) -> PolicyCardView | None:
        """Return the card that is chosen."""
        rows = self.table.selectionModel().selectedRows()
        found = rows[0].data(POLICY_ROLE) if rows else None
        return found if isinstance(found, PolicyCardView) else None

    def _show_rows(self) -> None:
        rows = self.model.rows()
        self.setCurrentIndex(1 if rows else 0)
        treatments = next(place for place, column in enumerate(POLICY_COLUMNS) if column.key == "treatment")
        self.table.setColumnHidden(treatments, not any(view.treatment for view in rows))
        if rows and self.selected() is None:
            self.table.selectRow(0)
        self._show_card()

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self, _new: QItemSelection, _old: QItemSelection) -> None:
        self._show_card()

    def _show_card(self) -> None:
        found = self.selected()
        self.copy.setEnabled(found is not None)
        self._title.setText((found.name or "A hidden policy") if found is not None else "No policy is selected")
        rows = card_rows(found) if found is not None else []
        if rows == self._shown:
            return
        self._shown = rows
        while self._rows.rowCount():
            self._rows.removeRow(0)
        for name, value in rows:
            words = label(breakable(value), selectable=True, wrap=True)
            words.setAccessibleName(name)
            self._rows.addRow(label(name, "small"), words)

    @Slot()
    def _copy(self) -> None:
        found = self.selected()
        if found is not None:
            lines = [f"Policy: {found.name}", *(f"{name}: {value}" for name, value in card_rows(found))]
            QGuiApplication.clipboard().setText("\n".join(lines))
            self.said.emit("The policy's card was copied", "copy")

    def _make_card(self, theme: Theme) -> QWidget:
        panel, layout = card(margins=12, spacing=8)
        panel.setMinimumWidth(260)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(IconTile(theme, "robot", size=32))
        self._title = label("", "heading")
        head.addWidget(self._title, 1)
        self.copy = Button(theme, "", "copy", role="icon", name="Copy the card", tip="Copy", on_click=self._copy)
        head.addWidget(self.copy)
        layout.addLayout(head)
        inner = QWidget()
        outer = QVBoxLayout(inner)
        outer.setContentsMargins(0, 0, 6, 0)
        self._rows.setHorizontalSpacing(14)
        self._rows.setVerticalSpacing(5)
        self._rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        outer.addLayout(self._rows)
        outer.addStretch(1)
        layout.addWidget(scrolling(inner, "The policy's card"), 1)
        return panel
