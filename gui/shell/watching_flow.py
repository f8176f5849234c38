"""Watching matches: a live one from the Run page, a recorded one from the Data page, both in the browser."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from gui.data.page import DataPage
from gui.models.chain_document import ChainDocument
from gui.run.page import RunPage
from gui.runtime.match_watching import MatchWatching
from gui.runtime.server_control import ServerControl
from gui.shell.settings import LabSettings
from mug.records.library import SessionSummary

__all__ = ["WatchingFlow"]


class WatchingFlow(QObject):
    """Joins the buttons with the browser.

    Attributes:
        watching: What opens the pages.

    Signals:
        said: A short message and its icon.

    Runs on: GUI thread.
    """

    said = Signal(str, str)

    def __init__(
        self, settings: LabSettings, control: ServerControl, document: ChainDocument, run: RunPage, data: DataPage
    ) -> None:
        super().__init__(run)
        self._settings, self._control, self._document = settings, control, document
        self.watching = MatchWatching(parent=self)
        self.watching.failed.connect(self._say_error)
        self.watching.started.connect(self._say_started)
        self.watching.opened.connect(self._say_opened)
        run.matches.watch_asked.connect(self._watch)
        run.match_live.watch_asked.connect(self._watch)
        data.replay_asked.connect(self._replay)

    def close(self) -> None:
        """End the replays."""
        self.watching.close()

    @Slot(str)
    def _watch(self, match_id: str) -> None:
        address = self._control.address
        if address is None:
            self.said.emit("The server does not run any more: watch the match again on the Data page", "info")
        elif match_id:
            self.watching.watch(address, match_id)

    @Slot(object, str)
    def _replay(self, summary: SessionSummary, match_id: str) -> None:
        self.watching.replay(
            self._settings.data_dir,
            summary.experiment_id,
            summary.session_id,
            match_id,
            pilot=summary.pilot,
            study=self._study_of(summary),
        )

    def _study_of(self, summary: SessionSummary) -> Path | None:
        """The open study, when it is the session's: it has the pictures."""
        study, opened = self._document.study, self._document.opened
        is_same = study is not None and opened is not None and str(study.id) == summary.experiment_id
        return opened.path if is_same and opened is not None else None

    @Slot(str)
    def _say_error(self, sentence: str) -> None:
        self.said.emit(sentence, "error")

    @Slot(str)
    def _say_started(self, sentence: str) -> None:
        self.said.emit(sentence, "clock")

    @Slot(str)
    def _say_opened(self, _url: str) -> None:
        self.said.emit("The match is shown in the browser", "eye")
