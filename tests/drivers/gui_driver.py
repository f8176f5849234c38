"""The real MUG Lab, driven as the experimenter does: with clicks and keys on its real window."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.opened_study import OpenedStudy
from gui.runtime.server_state import ServerState
from gui.shell.settings import LabSettings

__all__ = ["GuiDriver"]

DEADLINE_MS = 90_000


class GuiDriver:
    """One run of the app, with settings and a data folder of its own.

    Attributes:
        lab: The app.
    """

    def __init__(self, qtbot: QtBot, app: QApplication, folder: Path) -> None:
        self._qtbot = qtbot
        self._app = app
        settings = LabSettings(folder / "lab.ini")
        settings.data_dir = folder / "data"
        settings.reach = "machine"
        self.lab = Lab(app, settings)
        self.lab.window.resize(1440, 900)
        self.lab.window.show()
        qtbot.waitExposed(self.lab.window)

    def wait(self, condition: Callable[[], bool], deadline_ms: int = DEADLINE_MS) -> None:
        """Let the app live until `condition` holds."""
        self._qtbot.waitUntil(condition, timeout=deadline_ms)

    def press(self, key: Qt.Key) -> None:
        """Press Ctrl and a key in the main window."""
        self._qtbot.keyClick(self.lab.window, key, Qt.KeyboardModifier.ControlModifier)

    def open_study(self, path: Path) -> OpenedStudy:
        """Open a study and wait until it is shown."""
        with self._qtbot.waitSignal(self.lab.studies.opened, timeout=DEADLINE_MS) as opened:
            self.lab.open_study(path)
        study = opened.args[0]
        assert isinstance(study, OpenedStudy)
        return study

    def start_session(self) -> int:
        """Press Start on the Run page; returns the port that participants go to."""
        self.press(Qt.Key.Key_2)
        self._qtbot.mouseClick(self.lab.window.run.start_stop, Qt.MouseButton.LeftButton)

        def is_ready() -> bool:
            outcome = self.lab.control.outcome
            assert outcome.state is not ServerState.CRASHED, outcome
            return self.lab.window.run.session is not None

        self.wait(is_ready)
        address = self.lab.control.address
        assert address is not None
        return address.port

    def stop_session(self) -> None:
        """Stop the server, if it runs."""
        if self.lab.control.is_running:
            self.lab.control.stop()
            self.wait(lambda: not self.lab.control.is_running)

    def row(self, participant_id: str) -> dict[str, str]:
        """The participant's row of the table, column -> text; empty when there is none."""
        model = self.lab.window.run.participants.model
        keys = ("state", "id", "scene", "phase", "ping", "focus", "rate", "stored", "errors")
        for row in range(model.rowCount()):
            texts = {key: str(model.index(row, column).data()) for column, key in enumerate(keys)}
            if texts["id"] == participant_id:
                return texts
        return {}

    def export(self) -> Path:
        """Export the newest session with the keyboard; returns the folder."""
        data = self.lab.window.data
        self.press(Qt.Key.Key_3)
        self.wait(lambda: bool(data.model.rows()) and data.selected() is not None)
        self.press(Qt.Key.Key_E)
        self.wait(lambda: "complete" in data.notice.text() or "failed" in data.notice.text())
        assert "complete" in data.notice.text(), data.notice.text()
        return Path(data.notice.text().split(": ", 1)[1])

    def screenshot(self, path: Path) -> None:
        """Keep a picture of the window."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._app.processEvents()
        assert self.lab.window.grab().save(str(path))

    def close(self) -> None:
        """Stop the server and end the app."""
        self.stop_session()
        self.lab.close()
        self.lab.window.hide()
        self.lab.window.deleteLater()
        self.lab.deleteLater()
        self._app.processEvents()
