"""The settings: the look, who can open the address, where records go."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from gui.shell.settings import LabSettings
from gui.widgets.basics import Button, Segments, label
from gui.widgets.theme import Theme, ThemeChoice

__all__ = ["SettingsDialog"]


class SettingsDialog(QDialog):
    """Every choice holds at once; there is nothing to confirm.

    Signals:
        changed: Something was chosen.

    Runs on: GUI thread.
    """

    changed = Signal()

    def __init__(self, theme: Theme, settings: LabSettings, *, is_running: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setMinimumWidth(600)
        self._theme, self._settings = theme, settings
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 24, 28, 20)
        layout.setSpacing(16)
        layout.addWidget(label("Settings", "title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(22)
        grid.setVerticalSpacing(16)
        grid.setColumnStretch(1, 1)
        self.look = Segments(
            (("system", "Like the system"), ("light", "Light"), ("dark", "Dark")),
            name="Look",
            current=str(theme.choice),
        )
        self.look.chosen.connect(self._on_look_chosen)
        grid.addWidget(label("Look"), 0, 0)
        grid.addWidget(self.look, 0, 1)
        self.reach = Segments(
            (("", "Ask at the next start"), ("machine", "This machine"), ("network", "The lab network")),
            name="Who can open the address",
            current=settings.reach,
        )
        self.reach.chosen.connect(self._on_reach_chosen)
        grid.addWidget(label("Who can open it"), 1, 0)
        grid.addWidget(self.reach, 1, 1)
        self.data_dir = QLineEdit(str(settings.data_dir))
        self.data_dir.setReadOnly(True)
        self.data_dir.setAccessibleName("Data folder")
        row = QHBoxLayout()
        row.addWidget(self.data_dir, 1)
        choose = Button(theme, "Choose…", "folder", name="Choose the data folder", on_click=self.choose_data_dir)
        choose.setEnabled(not is_running)
        row.addWidget(choose)
        grid.addWidget(label("Data folder"), 2, 0)
        grid.addLayout(row, 2, 1)
        layout.addLayout(grid)
        if is_running:
            layout.addWidget(
                label("A session is running: the data folder can be changed after it is stopped.", "muted", wrap=True)
            )
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        close = Button(theme, "Close", role="primary", on_click=self.accept)
        close.setDefault(True)
        buttons.addWidget(close)
        layout.addLayout(buttons)

    def choose_data_dir(self) -> None:
        """Open the question for the folder."""
        dialog = QFileDialog(self, "Choose the data folder", str(self._settings.data_dir))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.take_data_dir)
        dialog.open()

    def take_data_dir(self, folder: str) -> None:
        """Put records into `folder` from now on."""
        self._settings.data_dir = Path(folder)
        self.data_dir.setText(folder)
        self.changed.emit()

    def _on_look_chosen(self, key: str) -> None:
        self._settings.theme = ThemeChoice(key)
        self._theme.choose(ThemeChoice(key))
        self.changed.emit()

    def _on_reach_chosen(self, key: str) -> None:
        self._settings.reach = key
        self.changed.emit()
