"""The participants of a recorded session, and the withdrawal of one."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QByteArray, QItemSelection, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from gui.models.columns import SortedTable
from gui.models.quality_rows import PERSON_ROLE, PeopleModel
from gui.widgets.basics import Button, label
from gui.widgets.empty_state import EmptyState
from gui.widgets.record_table import RecordTable
from gui.widgets.theme import Theme
from mug.records.quality_figures import PersonQuality

__all__ = ["ParticipantsTab"]

_WIDTHS = (180, 136, 120, 100, 70, 76, 66, 92, 80)


class ParticipantsTab(QWidget):
    """Who took part.

    Attributes:
        model: The participants.
        table: Their view.
        withdraw: Begins a withdrawal of the selected one.

    Signals:
        withdraw_asked: The `PersonQuality` of the selected participant.

    Runs on: GUI thread.
    """

    withdraw_asked = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(12)
        self.withdraw = Button(
            theme,
            "Withdraw…",
            "eye-off",
            role="danger",
            tip="Take the selected participant's data out of the records",
            on_click=self._ask_withdraw,
        )
        head.addWidget(self.withdraw)
        self.hint = label("", "muted")
        head.addWidget(self.hint, 1)
        layout.addLayout(head)
        self.model = PeopleModel(theme.icon, theme.colour, self)
        self._sorted = SortedTable(self.model, self)
        self.table = RecordTable("Participants of the session", row_px=30, least_column_px=52, many=False)
        self.table.setModel(self._sorted)
        self.table.sort_by(1, Qt.SortOrder.AscendingOrder)
        for section, width in enumerate(_WIDTHS):
            self.table.setColumnWidth(section, width)
        self.table.fill_with(0, _WIDTHS[0])
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        theme.changed.connect(self.model.recolour)
        self._empty = EmptyState(theme, "users", "Nobody took part", "Who joins the session is listed here.")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.table)
        layout.addWidget(self._stack, 1)
        self._show_buttons()

    def show_people(self, people: Sequence[PersonQuality], words: str = "") -> None:
        """Show these; `words`: why there is nobody."""
        chosen = self.selected()
        self.model.show(people)
        self._empty.say(words or "Nobody took part", "Who joins the session is listed here.")
        self._stack.setCurrentIndex(1 if people else 0)
        if chosen is not None:
            self.select(chosen.participant_id)
        self._show_buttons()

    def select(self, participant_id: str) -> None:
        """Select a participant."""
        for row in range(self._sorted.rowCount()):
            person = self._sorted.index(row, 0).data(PERSON_ROLE)
            if isinstance(person, PersonQuality) and person.participant_id == participant_id:
                self.table.selectRow(row)

    def selected(self) -> PersonQuality | None:
        """Return the selected participant."""
        rows = self.table.selectionModel().selectedRows()
        person = rows[0].data(PERSON_ROLE) if rows else None
        return person if isinstance(person, PersonQuality) else None

    def restore(self, state: Callable[[str], QByteArray]) -> None:
        """Bring the columns back."""
        if not (columns := state("people")).isEmpty():
            self.table.horizontalHeader().restoreState(columns)

    def arrangement(self) -> dict[str, QByteArray]:
        """Return the columns."""
        return {"people": self.table.horizontalHeader().saveState()}

    def _show_buttons(self) -> None:
        person = self.selected()
        self.withdraw.setEnabled(person is not None and person.withdrawn != "removed")
        if person is None:
            self.hint.setText("Select a participant who asks for their data to be taken out.")
        elif person.withdrawn:
            self.hint.setText(f"The data of {person.participant_id} were {person.withdrawn} on request.")
        else:
            self.hint.setText("")

    @Slot()
    def _ask_withdraw(self) -> None:
        if (person := self.selected()) is not None:
            self.withdraw_asked.emit(person)

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self, _new: QItemSelection, _old: QItemSelection) -> None:
        self._show_buttons()
