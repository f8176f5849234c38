"""MUG Lab: the composition root of the desktop app."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from gui.data.page import DataPage
from gui.design.page import DesignPage
from gui.design.playground import PlaygroundWindow
from gui.models.chain_document import ChainDocument
from gui.models.scene_presence import ScenePresence
from gui.places import examples
from gui.run.page import RunPage
from gui.runtime.crossing import Crossing
from gui.runtime.export_process import ExportProcess
from gui.runtime.garbage import GuiThreadGarbage
from gui.runtime.lab_bridge import LabBridge
from gui.runtime.server_control import ServerControl
from gui.runtime.study_loading import StudyLoading
from gui.runtime.tasks import Tasks
from gui.seats.page import SeatsPage
from gui.shell.console_flow import ConsoleFlow
from gui.shell.crash_dialog import CrashReporter, LogTail
from gui.shell.data_flow import DataFlow
from gui.shell.main_window import MainWindow
from gui.shell.new_study_flow import NewStudyFlow
from gui.shell.preview_flow import PreviewFlow
from gui.shell.seats_flow import SeatsFlow
from gui.shell.second_screen_flow import SecondScreenFlow
from gui.shell.session_flow import SessionFlow
from gui.shell.settings import LabSettings
from gui.shell.settings_dialog import SettingsDialog
from gui.shell.start_guard import StartGuard
from gui.shell.study_flow import StudyFlow
from gui.shell.versions_flow import VersionsFlow
from gui.shell.watching_flow import WatchingFlow
from gui.widgets.theme import Theme
from mug import __version__
from mug.study.traversal import NodePath

__all__ = ["Lab", "main"]


class Lab(QObject):
    """All parts of the app, joined.

    Attributes:
        window: The window.
        document: The study that is open in the editor.
        presence: Who is where in the running session.
        control: The server as the app sees it.
        loading: What opens studies.
        studies, new_study, versions, preview, session, console, seats, second_screen, watching,
            records: The flows.
        playground: The window in which an environment is stepped by hand, once it was asked for.

    Runs on: GUI thread.
    """

    def __init__(self, app: QApplication, settings: LabSettings) -> None:
        super().__init__(app)
        self.settings = settings
        self.theme = Theme(app, settings.theme, self)
        self._tail = LogTail()
        logging.getLogger().addHandler(self._tail)
        self.crashes = CrashReporter(self.theme, self._tail, lambda: self.window)
        self._garbage = GuiThreadGarbage(self)
        self._crossing = Crossing(self)
        self._tasks = Tasks(self._crossing, self.crashes.report, self)
        self._bridge = LabBridge(self._crossing, self._tasks, self)
        self.control = ServerControl(self._bridge, self._tasks, self)
        self.loading = StudyLoading(self)
        self._export = ExportProcess(self)
        self.document = ChainDocument(self)
        self.presence = ScenePresence(self)
        design = DesignPage(self.theme, self.document, self._tasks, examples(), settings.recent)
        seats, run, data = SeatsPage(self.theme), RunPage(self.theme), DataPage(self.theme)
        self.window = MainWindow(self.theme, settings, self.document, (design, seats, run, data), __version__)
        self.studies = StudyFlow(settings, self.loading, design, self.document, self._tasks, self.theme, design.banner)
        self.new_study = NewStudyFlow(self.theme, settings, self.studies, self.window)
        self.versions = VersionsFlow(self.theme, settings, self.document, self._tasks, design.editor.versions)
        self.preview = PreviewFlow(self.theme, self.document, self._tasks, self._crossing, self)
        self.session = SessionFlow(self.theme, settings, self.control, self._bridge, run)
        self.console = ConsoleFlow(self._bridge, run)
        self.seats = SeatsFlow(settings, self.control, self._bridge, self._tasks, seats)
        self.second_screen = SecondScreenFlow(self.theme, self._bridge, run)
        self.watching = WatchingFlow(settings, self.control, self.document, run, data)
        self.start_guard = StartGuard(self.document, self.studies, self.window)
        self.session.may_start = self.start_guard.may_start
        self.records = DataFlow(settings, self._tasks, self._export, data)
        self.settings_dialog: SettingsDialog | None = None
        self.playground: PlaygroundWindow | None = None
        self._is_leaving = False
        self._join()

    def open_study(self, path: Path) -> None:
        """Open a study."""
        self.studies.open_path(str(path))

    @Slot()
    def show_settings(self) -> None:
        """Open the settings."""
        self.settings_dialog = SettingsDialog(
            self.theme, self.settings, is_running=self.control.is_running, parent=self.window
        )
        self.settings_dialog.changed.connect(self._on_settings_changed)
        self.settings_dialog.open()

    @Slot()
    def close(self) -> None:
        """End everything that the app started, but no server: that was asked before."""
        self.preview.close()
        if self.playground is not None:
            self.playground.end()
            self.playground.close()
        self.window.design.editor.shut_down()
        self.studies.close()
        self.loading.close()
        self.records.close()
        self._export.close()
        self.seats.close()
        self.watching.close()
        self._bridge.close()
        self._crossing.close()
        self._tasks.close()
        self._garbage.close()
        self.crashes.uninstall()
        logging.getLogger().removeHandler(self._tail)

    def _join(self) -> None:
        window = self.window
        window.new_asked.connect(self.new_study.ask)
        window.design.new_asked.connect(self.new_study.ask_for)
        window.open_folder_asked.connect(self.studies.ask_folder)
        window.open_script_asked.connect(self.studies.ask_script)
        window.open_recent_asked.connect(self.studies.open_path)
        window.reload_asked.connect(self.studies.reload)
        window.save_asked.connect(self.studies.save)
        window.save_as_asked.connect(self.studies.save_as)
        window.settings_asked.connect(self.show_settings)
        window.run.data_dir_asked.connect(self.show_settings)
        window.may_close = self._may_close
        window.page_shown.connect(self._on_page_shown)
        window.closing.connect(self.close)
        self.control.outcome_changed.connect(window.show_outcome)
        window.show_outcome(self.control.outcome)
        self.studies.opened.connect(self.session.take_study)
        self.studies.recovery.scan()
        self.studies.compare_asked.connect(self.versions.compare)
        self.studies.opened.connect(self.versions.refresh)
        for flow in (
            *(self.studies, self.versions, self.preview, self.session, self.console, self.seats),
            *(self.second_screen, self.watching, self.records),
        ):
            flow.said.connect(window.toasts.say)
        window.seats.desks_changed.connect(self._propose_desks)
        self._propose_desks()
        self._join_editor()
        self.console.hands_changed.connect(window.show_hands)
        self.console.requests.waiting_changed.connect(window.show_undelivered)
        self.session.undelivered = self.console.undelivered
        window.new_session_asked.connect(self.session.start_new)
        window.second_screen_asked.connect(self.second_screen.ask)
        self.session.session_stopped.connect(self.records.refresh)
        self.session.session_stopped.connect(window.run.people_desk.session_stopped)
        self.session.session_stopped.connect(self.studies.look_for_participants)
        self.records.refresh()
        self.session.find_running()

    def _join_editor(self) -> None:
        design = self.window.design
        design.save_asked.connect(self.studies.save)
        design.cancel_asked.connect(self.studies.cancel_opening)
        design.preview_asked.connect(self.preview.preview)
        design.preview_treatment_chosen.connect(self.preview.choose_treatment)
        design.playground_asked.connect(self.play)
        design.place_strip(self.preview.strip)
        design.editor.inspector.file_open_asked.connect(_show_file)
        design.editor.said.connect(lambda words: self.window.toasts.say(words, "info"))
        self._bridge.snapshot_received.connect(self.presence.take_snapshot)
        self._bridge.batch_received.connect(self.presence.take_batch)
        self.session.session_stopped.connect(self.presence.clear)
        self.presence.changed.connect(self._show_presence)
        self.document.loaded.connect(self._show_presence)

    @Slot(tuple)
    def play(self, path: NodePath) -> None:
        """Open the playground with the environment of the game at `path`."""
        if self.playground is None:
            self.playground = PlaygroundWindow(self.theme, self.document, self._tasks)
        self.playground.play(path)

    @Slot()
    def _show_presence(self) -> None:
        """Show on the cards who is there, while the session is one of the open study."""
        study = self.document.study
        is_own = study is not None and str(study.id) == self.presence.experiment_id
        self.window.design.editor.canvas.show_presence(self.presence.counts if is_own else {})

    def _may_close(self, close: Callable[[], object]) -> bool:
        """Ask about unsaved changes first, then about the session; what was answered is not asked again."""

        def go() -> None:
            self._is_leaving = True
            close()

        def ask_session() -> None:
            if self.session.may_close(go):
                go()

        if self._is_leaving:
            return True
        return self.studies.may_leave(ask_session) and self.session.may_close(go)

    @Slot()
    def _propose_desks(self) -> None:
        """Let a new session be proposed the desks of the room that is shown on the Seats page."""
        self.session.desks = self.window.seats.desks()

    @Slot(str)
    def _on_page_shown(self, key: str) -> None:
        if key == "data":
            self.records.refresh()

    @Slot()
    def _on_settings_changed(self) -> None:
        self.session.show_places()
        self.window.show_records_place()
        self.records.refresh()


def _show_file(path: str) -> None:
    """Let the system open a file in its own program."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))


def main(argv: argparse.Namespace | Sequence[str] | None = None) -> int:
    """Run MUG Lab until its window is closed.

    Args:
        argv: What ``mug lab`` parsed, or the words themselves: perhaps a study, ``--data DIR``, ``--settings FILE``.

    Returns:
        The exit code.
    """
    options = argv if isinstance(argv, argparse.Namespace) else _parser().parse_args(argv)
    if sys.platform == "linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        sys.stderr.write("MUG Lab needs a display, and there is none. Without one, use `mug serve STUDY`.\n")
        return 2
    QCoreApplication.setOrganizationName("MUG")
    QCoreApplication.setApplicationName("MUG Lab")
    app = QApplication([sys.argv[0]])
    app.setDesktopFileName("mug-lab")
    logging.basicConfig(level=logging.INFO)
    settings = LabSettings(getattr(options, "settings", None))
    data_dir: Path | None = getattr(options, "data", None)
    if data_dir is not None:
        settings.data_dir = data_dir.resolve()
    lab = Lab(app, settings)
    lab.crashes.install()
    lab.window.show()
    if options.study is not None:
        study = Path(options.study)
        QTimer.singleShot(0, lab, lambda: lab.open_study(study))
    return app.exec()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mug lab", description="Open MUG Lab, the desktop app that runs studies.")
    parser.add_argument("study", nargs="?", type=Path, help="a study folder or a Python script")
    parser.add_argument("--data", type=Path, help="where records go, for this run and later ones")
    parser.add_argument("--settings", type=Path, help="a settings file of its own")
    return parser


if __name__ == "__main__":
    sys.exit(main())
