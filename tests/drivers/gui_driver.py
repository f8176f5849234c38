"""MUG Lab's real main window as a test uses it: in the words of the person in front of it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.matches import MATCH_COLUMNS
from gui.models.participants import COLUMNS
from gui.models.waiting import WAITING_COLUMNS
from gui.run.action_dialog import ActionDialog
from gui.run.session_dialog import NewSessionDialog
from gui.runtime.server_state import ServerState
from mug.host import ServerAddress
from tests.drivers.server_driver import ParticipantClient, ServerDriver

__all__ = ["DEADLINE_MS", "GuiDriver"]

DEADLINE_MS = 60_000


class GuiDriver:
    """Presses what a person presses, and reads what a person reads.

    Attributes:
        lab: The app.
    """

    def __init__(self, lab: Lab, qtbot: QtBot) -> None:
        self.lab = lab
        self._qtbot = qtbot
        self._study: Path | None = None

    def wait_until(self, condition: Callable[[], bool], deadline_ms: int = DEADLINE_MS) -> None:
        """Let the app work until something holds."""
        self._qtbot.waitUntil(condition, timeout=deadline_ms)

    def open_study(self, path: Path) -> None:
        """Open a study and wait until its chain is shown."""
        with self._qtbot.waitSignal(self.lab.studies.opened, timeout=DEADLINE_MS):
            self.lab.open_study(path)
        self._study = path

    def start(
        self,
        deadline_ms: int = DEADLINE_MS,
        release: str = "automatic",
        answer: Callable[[NewSessionDialog], object] = lambda _dialog: None,
    ) -> ServerAddress:
        """Press Start, answer what is asked, and wait until the page shows the running session.

        Args:
            deadline_ms: How long it may take.
            release: The answer, where it is asked who lets the groups go.
            answer: Fills in the rest of a new session's questions. An open session goes on.
        """
        self.press_start(release, answer)
        return self.wait_running(deadline_ms)

    def press_start(
        self, release: str = "automatic", answer: Callable[[NewSessionDialog], object] = lambda _dialog: None
    ) -> None:
        """Press Start and answer what is asked, as `start` does."""
        flow = self.lab.session
        self.lab.window.show_page("run")
        self._qtbot.mouseClick(self.lab.window.run.start_stop, Qt.MouseButton.LeftButton)
        self.wait_until(
            lambda: self.lab.control.is_running or flow.new_session_dialog is not None or flow.resume_dialog is not None
        )
        if flow.resume_dialog is not None:
            self._qtbot.mouseClick(flow.resume_dialog.go_on, Qt.MouseButton.LeftButton)
        elif (dialog := flow.new_session_dialog) is not None:
            if dialog.choices:
                self._qtbot.mouseClick(dialog.choices[release], Qt.MouseButton.LeftButton)
            answer(dialog)
            self._qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)

    def wait_running(self, deadline_ms: int = DEADLINE_MS) -> ServerAddress:
        """Wait for the running session; a server that does not start fails the test in its own words."""

        def is_decided() -> bool:
            state = self.lab.control.outcome.state
            shown = state is ServerState.READY and self.lab.window.run.session is not None
            return shown or state is ServerState.CRASHED

        self.wait_until(is_decided, deadline_ms)
        outcome = self.lab.control.outcome
        assert outcome.state is ServerState.READY, f"{outcome.sentence}\n{outcome.log}"
        assert self.lab.control.address is not None
        return self.lab.control.address

    def stop(self) -> None:
        """Press Stop, if a server runs, and wait until it has ended."""
        if self.lab.control.is_running:
            self._qtbot.mouseClick(self.lab.window.run.start_stop, Qt.MouseButton.LeftButton)
            self.wait_until(lambda: not self.lab.control.is_running)

    def confirm(self, reason: str = "") -> None:
        """Confirm the action that was asked for, as soon as it is said who else is affected."""
        dialog = self.lab.window.run.desk.dialog
        assert isinstance(dialog, ActionDialog)
        dialog.reason.setEditText(reason)
        self._qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)

    def row(self, participant: str) -> dict[str, str]:
        """Return a participant's row as it is shown, by the columns' keys; empty when there is none."""
        model = self.lab.window.run.participants.model
        for row in range(model.rowCount()):
            texts = {column.key: str(model.index(row, k).data()) for k, column in enumerate(COLUMNS)}
            if texts["id"] == participant:
                return texts
        return {}

    def match_row(self, number: int) -> dict[str, str]:
        """Return the row of the `number`-th match as it is shown, by the columns' keys; empty when there is none."""
        model = self.lab.window.run.matches.model
        if number > model.rowCount():
            return {}
        return {column.key: str(model.index(number - 1, k).data()) for k, column in enumerate(MATCH_COLUMNS)}

    def waiting_row(self, node_path: tuple[int, ...], participant: str) -> dict[str, str]:
        """Return the row of somebody who waits, by the columns' keys; empty while the rooms are not in front."""
        block = self.lab.window.run.people.waiting.block(node_path)
        for row, view in enumerate(block.model.rows() if block is not None else ()):
            if block is not None and view.participant_id == participant:
                return {column.key: str(block.model.index(row, k).data()) for k, column in enumerate(WAITING_COLUMNS)}
        return {}

    def export(self) -> Path:
        """Export the newest session on the Data page; returns the folder."""
        data = self.lab.window.data
        self.lab.window.show_page("data")
        self.wait_until(lambda: data.selected() is not None)
        self._qtbot.mouseClick(data.detail.export, Qt.MouseButton.LeftButton)
        self.wait_until(lambda: bool(data.notice.text()))
        words, _, rest = data.notice.text().partition(": ")
        assert "complete" in words, data.notice.text()
        return Path(rest.splitlines()[0])

    def participant(self, name: str) -> ParticipantClient:
        """Return a participant for the running session that speaks the protocol without a browser."""
        address = self.lab.control.address
        assert address is not None
        assert self._study is not None
        server = ServerDriver(self._study, address.data_dir, port=address.port)
        server.token = address.token
        return ParticipantClient(server, name)
