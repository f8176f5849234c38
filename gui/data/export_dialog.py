"""Chooses what an export holds."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.models.export_settings import ExportSettings
from gui.widgets.basics import Button, label
from gui.widgets.theme import Theme
from mug.records.codebook import TABLES

__all__ = ["ExportDialog"]

_ROW = QSize(0, 28)
_CHECKS = (
    ("parquet", "Parquet files beside the CSV files", "The same tables with their types, for pandas, R and Arrow"),
    (
        "excel",
        "Copies that are safe to open with Excel",
        "What begins like a formula is neutralised in the copies only",
    ),
    ("anonymise", "Anonymise", "New ids, shifted times, and nothing that tells who people are"),
    ("drop_texts", "Leave out free texts", "Answers in own words, what you wrote, what participants asked"),
    (
        "keys",
        "Write the key file, too",
        "Who people are to a recruiter, codes and pay: beside the exports, never in them",
    ),
)


class ExportDialog(QDialog):
    """The options of an export.

    Attributes:
        tables: The tables, each with a check.
        people: The participants, each with a check.
        checks: The other options by their names.
        place: The folder in which the export's folder is made; empty: the experiment's own.
        confirm: Exports.

    Signals:
        confirmed: The `ExportSettings`.

    Runs on: GUI thread.
    """

    confirmed = Signal(object)

    def __init__(
        self,
        theme: Theme,
        session: str,
        settings: ExportSettings,
        people: Sequence[str],
        default_place: str,
        parent: QWidget,
        *,
        is_open: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export options")
        self.setMinimumSize(640, 520)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 24, 28, 22)
        layout.setSpacing(8)
        layout.addWidget(label(f"Export {session}", "title"))
        if is_open:
            words = "The session is open: the export holds what is recorded until now."
            layout.addWidget(label(words, "muted", wrap=True))
        lists = QHBoxLayout()
        lists.setSpacing(16)
        self.tables = self._list(theme, lists, "Tables", list(TABLES), settings.tables or None)
        for row in range(self.tables.count()):
            item = self.tables.item(row)
            item.setToolTip(TABLES[item.text()].description)
        ticks = self._item(self.tables, "ticks")
        if ticks is not None and not settings.tables:
            ticks.setCheckState(Qt.CheckState.Checked if settings.ticks else Qt.CheckState.Unchecked)
        self.people = self._list(theme, lists, "Participants", people, None)
        layout.addLayout(lists, 1)
        self.checks: dict[str, QCheckBox] = {}
        for name, title, tip in _CHECKS:
            box = QCheckBox(title)
            box.setToolTip(tip)
            box.setAccessibleDescription(tip)
            box.setChecked(getattr(settings, name))
            self.checks[name] = box
            layout.addWidget(box)
        layout.addSpacing(2)
        layout.addWidget(label("Folder for the export", "small"))
        where = QHBoxLayout()
        self.place = QLineEdit(settings.place)
        self.place.setAccessibleName("Folder for the export")
        self.place.setPlaceholderText(default_place)
        where.addWidget(self.place, 1)
        where.addWidget(
            Button(theme, "Choose…", "folder", name="Choose the folder for the export", on_click=self._choose)
        )
        layout.addLayout(where)
        answers = QHBoxLayout()
        self.problem = label("", "problem")
        answers.addWidget(self.problem, 1)
        cancel = Button(theme, "Cancel", on_click=self.reject)
        cancel.setAutoDefault(False)
        self.confirm = Button(theme, "Export", "export", role="primary", on_click=self._confirm)
        self.confirm.setDefault(True)
        answers.addWidget(cancel)
        answers.addWidget(self.confirm)
        layout.addLayout(answers)
        self.tables.itemChanged.connect(self._check)
        self.people.itemChanged.connect(self._check)
        self._check()
        self.tables.setFocus(Qt.FocusReason.OtherFocusReason)

    def settings(self) -> ExportSettings:
        """Return what is chosen."""
        tables, people = _checked(self.tables), _checked(self.people)
        wanted = set(TABLES) - {"ticks"}
        whole = set(tables) - {"ticks"} == wanted
        return ExportSettings(
            tables=() if whole else tuple(tables),
            ticks=whole and "ticks" in tables,
            participants=() if len(people) == self.people.count() else tuple(people),
            place=self.place.text().strip(),
            **{name: box.isChecked() for name, box in self.checks.items()},
        )

    def _list(
        self, theme: Theme, into: QHBoxLayout, title: str, names: Sequence[str], chosen: Sequence[str] | None
    ) -> QListWidget:
        column = QVBoxLayout()
        column.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(label(title, "small"), 1)
        made = QListWidget()
        for words, state in (("All", Qt.CheckState.Checked), ("None", Qt.CheckState.Unchecked)):
            button = Button(theme, words, role="link", name=f"{title}: {words.lower()}")
            button.setAutoDefault(False)
            button.clicked.connect(lambda _checked=False, state=state: _set_all(made, state))
            head.addWidget(button)
        column.addLayout(head)
        made.setAccessibleName(f"{title} to export")
        made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        for name in names:
            item = QListWidgetItem(name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if chosen is None or name in chosen else Qt.CheckState.Unchecked)
            item.setSizeHint(_ROW)
            made.addItem(item)
        if names:
            made.setCurrentRow(0)
        column.addWidget(made, 1)
        into.addLayout(column, 1)
        return made

    @staticmethod
    def _item(among: QListWidget, name: str) -> QListWidgetItem | None:
        found = among.findItems(name, Qt.MatchFlag.MatchExactly)
        return found[0] if found else None

    @Slot()
    def _check(self) -> None:
        problem = ""
        if not _checked(self.tables):
            problem = "Choose at least one table."
        elif self.people.count() and not _checked(self.people):
            problem = "Choose at least one participant."
        self.problem.setText(problem)
        self.confirm.setEnabled(not problem)

    @Slot()
    def _choose(self) -> None:
        dialog = QFileDialog(self, "Folder for the export", self.place.text() or str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.place.setText)
        dialog.open()

    @Slot()
    def _confirm(self) -> None:
        self.accept()
        self.confirmed.emit(self.settings())


def _checked(among: QListWidget) -> list[str]:
    items = [among.item(row) for row in range(among.count())]
    return [item.text() for item in items if item.checkState() is Qt.CheckState.Checked]


def _set_all(among: QListWidget, state: Qt.CheckState) -> None:
    for row in range(among.count()):
        among.item(row).setCheckState(state)
