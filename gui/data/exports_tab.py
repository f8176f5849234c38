"""The exports of a session that lie in the experiment's folder: to open, to verify."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QByteArray, QItemSelection, QModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from gui.models.columns import SortedTable
from gui.models.made_exports import EXPORT_ROLE, ExportsModel, MadeExport
from gui.widgets.basics import Button, Notice
from gui.widgets.empty_state import EmptyState
from gui.widgets.record_table import RecordTable
from gui.widgets.theme import Theme

__all__ = ["ExportsTab"]

_WIDTHS = (140, 190, 70, 96, 66, 320)


class ExportsTab(QWidget):
    """What was exported of the session.

    Attributes:
        model: The exports.
        notice: What the last check said.

    Signals:
        open_asked: A folder (str).
        verify_asked: A folder (str).
        export_asked: There is none yet, and one is wanted.

    Runs on: GUI thread.
    """

    open_asked = Signal(str)
    verify_asked = Signal(str)
    export_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        self.open = Button(theme, "Open folder", "folder-open", on_click=self._ask_open)
        self.verify = Button(
            theme,
            "Verify",
            "check-circle",
            tip="Compare every file of the export with the records",
            on_click=self._ask_verify,
        )
        head.addWidget(self.open)
        head.addWidget(self.verify)
        head.addStretch(1)
        layout.addLayout(head)
        self.notice = Notice(theme)
        layout.addWidget(self.notice)
        self.model = ExportsModel(self)
        self._sorted = SortedTable(self.model, self)
        self.table = RecordTable("Exports of the session", row_px=30, least_column_px=52, many=False)
        self.table.setModel(self._sorted)
        self.table.sort_by(0, Qt.SortOrder.DescendingOrder)
        self.table.horizontalHeader().setStretchLastSection(True)
        for section, width in enumerate(_WIDTHS):
            self.table.setColumnWidth(section, width)
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.table.activated.connect(self._on_activated)
        empty = EmptyState(
            theme,
            "export",
            "No export yet",
            "An export is a folder of tables with their codebook, for your analysis.",
            Button(theme, "Export", "export", name="Export this session", on_click=self.export_asked.emit),
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(self.table)
        layout.addWidget(self._stack, 1)
        self._show_buttons()

    def show_exports(self, exports: Sequence[MadeExport]) -> None:
        """Show these."""
        chosen = self.selected()
        self.model.show(exports)
        self._stack.setCurrentIndex(1 if exports else 0)
        if exports:
            folder = chosen.folder if chosen is not None else exports[0].folder
            for row in range(self._sorted.rowCount()):
                made = self._sorted.index(row, 0).data(EXPORT_ROLE)
                if isinstance(made, MadeExport) and made.folder == folder:
                    self.table.selectRow(row)
        self._show_buttons()

    def selected(self) -> MadeExport | None:
        """Return the selected export."""
        rows = self.table.selectionModel().selectedRows()
        made = rows[0].data(EXPORT_ROLE) if rows else None
        return made if isinstance(made, MadeExport) else None

    def restore(self, state: Callable[[str], QByteArray]) -> None:
        """Bring the columns back."""
        if not (columns := state("exports")).isEmpty():
            self.table.horizontalHeader().restoreState(columns)

    def arrangement(self) -> dict[str, QByteArray]:
        """Return the columns."""
        return {"exports": self.table.horizontalHeader().saveState()}

    def _show_buttons(self) -> None:
        for button in (self.open, self.verify):
            button.setEnabled(self.selected() is not None)

    @Slot()
    def _ask_open(self) -> None:
        if (made := self.selected()) is not None:
            self.open_asked.emit(str(made.folder))

    @Slot()
    def _ask_verify(self) -> None:
        if (made := self.selected()) is not None:
            self.notice.say(f"Comparing {made.folder.name} with the records…", "clock", "accent")
            self.verify_asked.emit(str(made.folder))

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self, _new: QItemSelection, _old: QItemSelection) -> None:
        self._show_buttons()

    @Slot(QModelIndex)
    def _on_activated(self, _index: QModelIndex) -> None:
        self._ask_open()
