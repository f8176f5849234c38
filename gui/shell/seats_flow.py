"""Joins the Seats page with the server, the file of the rooms, and the browsers of this machine."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication

from gui.models.room_file import read_rooms
from gui.models.room_plan import Rooms
from gui.runtime.browser_search import FoundBrowser, WindowPlace
from gui.runtime.kiosk_browsers import KioskBrowsers
from gui.runtime.lab_bridge import LabBridge
from gui.runtime.rooms_writing import RoomsWriting
from gui.runtime.seat_requests import SeatRequests
from gui.runtime.server_control import ServerControl
from gui.runtime.tasks import Tasks
from gui.seats.page import SeatsPage
from gui.shell.settings import LabSettings
from mug.protocol.lab import LabSnapshot

__all__ = ["SeatsFlow"]

_BASE = "seats-base"


class SeatsFlow(QObject):
    """Joins the Seats page with what it needs.

    Attributes:
        browsers: The seats that are open on this machine.
        rooms_path: The file of the rooms, beside the settings.

    Signals:
        said: A short message and its icon.

    Runs on: GUI thread.
    """

    said = Signal(str, str)

    def __init__(
        self, settings: LabSettings, control: ServerControl, bridge: LabBridge, tasks: Tasks, page: SeatsPage
    ) -> None:
        super().__init__(page)
        self._settings, self._control, self._tasks, self._page = settings, control, tasks, page
        self._requests = SeatRequests(bridge)
        self.browsers = KioskBrowsers(tasks, self)
        self.rooms_path: Path = settings.path.with_name("rooms.json")
        self._writing, self._asked = RoomsWriting(), 0
        self._kept: Rooms | None = None
        self._is_writing = False
        self._load()
        control.outcome_changed.connect(page.show_outcome)
        bridge.snapshot_received.connect(self._on_snapshot)
        bridge.batch_received.connect(page.show_batch)
        page.document.changed.connect(self._keep)
        page.ask_asked.connect(self._ask)
        page.probe_asked.connect(self._probe)
        page.open_here_wanted.connect(self._ask_open_here)
        page.open_here_asked.connect(self._open_here)
        page.close_here_asked.connect(self.browsers.close_all)
        page.said.connect(self.said)
        self.browsers.changed.connect(page.show_open_here)
        self.browsers.failed.connect(lambda sentence: self.said.emit(sentence, "error"))
        page.show_base(bytes(settings.state(_BASE).data()).decode("utf-8", "replace"))

    def close(self) -> None:
        """Close what was opened here, and write what is not written yet."""
        self.browsers.shut_down()
        rooms = self._page.document.rooms
        if rooms != self._kept:
            try:
                self._asked += 1
                self._writing.write(
                    self.rooms_path, rooms, self._asked
                )  # after one that is still under way, and instead of it
            except OSError:
                return  # it was said when it could not be written
            self._kept = rooms

    # --- the rooms ---------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        rooms, trouble = read_rooms(self.rooms_path)
        self._kept = rooms
        self._page.document.load(rooms)
        if trouble:
            self._page.tell(trouble)

    @Slot()
    def _keep(self) -> None:
        """Write the newest state; changes that come meanwhile are written together after it."""
        rooms = self._page.document.rooms
        if self._is_writing or rooms == self._kept:
            return
        self._is_writing = True
        self._asked += 1
        number = self._asked

        def done(_nothing: object) -> None:
            self._is_writing, self._kept = False, rooms
            self._keep()

        def failed(error: Exception) -> None:
            self._is_writing = False
            self._page.tell(f"The rooms could not be saved to {self.rooms_path}: {error}. The next change tries again.")

        self._tasks.run("save the rooms", lambda: self._writing.write(self.rooms_path, rooms, number), done, failed)

    # --- the server --------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_snapshot(self, snapshot: LabSnapshot) -> None:
        self._page.show_snapshot(snapshot)
        if snapshot.session.addresses:
            self._settings.keep_state(_BASE, QByteArray(snapshot.session.addresses[0].encode()))

    @Slot(str, tuple)
    def _ask(self, what: str, desks: tuple[str, ...]) -> None:
        self._requests.ask(what, desks, self._page.asked, self._page.refuse)

    @Slot(tuple)
    def _probe(self, desks: tuple[str, ...]) -> None:
        self._requests.probe(desks, lambda: None, lambda sentence: self.said.emit(sentence, "error"))

    # --- seats on this machine ---------------------------------------------------------------------------------------

    @Slot()
    def _ask_open_here(self) -> None:
        if self._control.address is None:
            self.said.emit("Prepare a session first: a seat's page comes from its server", "info")
            return
        found = self.browsers.found()
        if not found:
            words = "No browser was found on this machine. Install Chromium, Chrome, Edge or Firefox"
            self.said.emit(words, "error")
            return
        self._page.ask_open_here(found)

    @Slot(list, object)
    def _open_here(self, desks: list[str], browser: FoundBrowser) -> None:
        address = self._control.address
        if address is None:
            return
        area = QGuiApplication.primaryScreen().availableGeometry()
        screen = WindowPlace(area.x(), area.y(), area.width(), area.height())
        self.browsers.open(browser, [(desk, f"{address.url}/seat/{desk}") for desk in desks], screen)
