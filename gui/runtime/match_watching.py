"""Watching matches in the system's browser: live from a running server, or again from the records by a child."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from PySide6.QtCore import QObject, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices

from gui.runtime.child_process import ChildOutcome, ChildProcess

if TYPE_CHECKING:
    from mug.host import ServerAddress

__all__ = ["MatchWatching"]

_PAGE = "/_mug/watch"


class MatchWatching(QObject):
    """Opens the watching page, and keeps one ``mug replay`` for each session that is looked at again.

    Args:
        open_url: Opens an address; the system's browser.
        parent: The Qt parent.

    Signals:
        opened: The address of a page that was opened (with its secret: not for logs).
        failed: A sentence why a match cannot be watched.
        started: A replay is being prepared: what, in words.

    Runs on: GUI thread.
    """

    opened = Signal(str)
    failed = Signal(str)
    started = Signal(str)

    def __init__(
        self, open_url: Callable[[QUrl], bool] = QDesktopServices.openUrl, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_url = open_url
        self._replays: dict[tuple[str, str, str, bool], _Replay] = {}

    @property
    def replays(self) -> int:
        """How many replays run."""
        return len(self._replays)

    def watch(self, address: "ServerAddress", match_id: str) -> str:
        """Watch a match of a running server; returns the page's address."""
        url = _page(address.url, match_id, address.token)
        self._open(url)
        return url

    def replay(
        self,
        data_dir: Path,
        experiment_id: str,
        session_id: str,
        match_id: str = "",
        *,
        pilot: bool = False,
        study: Path | None = None,
    ) -> None:
        """Watch a recorded match again: `opened` or `failed` follows.

        Args:
            data_dir: The data folder.
            experiment_id: The experiment.
            session_id: The session.
            match_id: The match; empty: the page lets choose one.
            pilot: It is a pilot session.
            study: The study as the session ran it, for its pictures and for older records.
        """
        key = (str(data_dir), experiment_id, session_id, pilot)
        replay = self._replays.get(key)
        if replay is not None:
            replay.show(match_id)
            return
        arguments = ["-m", "mug", "replay", "--data", str(data_dir), "--experiment", experiment_id]
        arguments += ["--session", session_id, *(["--pilot"] if pilot else [])]
        arguments += [] if study is None else ["--study", str(study)]
        replay = _Replay(f"The replay of session {session_id}", arguments, self)
        replay.ready.connect(self._open)
        replay.said.connect(self.failed)
        replay.over.connect(lambda: self._forget(key))
        self._replays[key] = replay
        self.started.emit(f"Getting session {session_id} ready for a replay…")
        replay.show(match_id)
        replay.start()

    def close(self) -> None:
        """End the replays; pages that are open keep what they have."""
        for replay in list(self._replays.values()):
            replay.close()
        self._replays.clear()

    @Slot(str)
    def _open(self, url: str) -> None:
        if self._open_url(QUrl(url)):
            self.opened.emit(url)
        else:
            self.failed.emit(
                "No browser could be opened. Set a default browser in the system's settings, then try again."
            )

    def _forget(self, key: tuple[str, str, str, bool]) -> None:
        replay = self._replays.pop(key, None)
        if replay is not None:
            replay.deleteLater()


class _Replay(QObject):
    """One ``mug replay``. `ready`: the address of a page; `said`: a sentence; `over`: it has ended."""

    ready = Signal(str)
    said = Signal(str)
    over = Signal()

    def __init__(self, what: str, arguments: list[str], parent: QObject) -> None:
        super().__init__(parent)
        self._line: dict[str, Any] | None = None
        self._wanted: list[str] = []
        self._child = ChildProcess(what, arguments, parent=self)
        self._child.line_read.connect(self._on_line)
        self._child.ended.connect(self._on_ended)

    def start(self) -> None:
        self._child.start()

    def show(self, match_id: str) -> None:
        """Open a match's page as soon as the server is there."""
        if self._line is None:
            self._wanted.append(match_id)
        else:
            self.ready.emit(_page(self._line["url"], match_id, self._line["token"]))

    def close(self) -> None:
        self._child.ended.disconnect(self._on_ended)
        self._child.close()

    @Slot(str)
    def _on_line(self, line: str) -> None:
        if self._line is not None:
            return
        try:
            read = json.loads(line)
        except ValueError:
            return
        if not isinstance(read, dict) or not {"url", "token"} <= read.keys():
            return
        self._line = read
        wanted, self._wanted = self._wanted, []
        for match_id in dict.fromkeys(wanted):
            self.show(match_id)

    @Slot(object)
    def _on_ended(self, outcome: ChildOutcome) -> None:
        self.said.emit("A replay ended unexpectedly." if outcome.is_good else outcome.sentence)
        self.over.emit()


def _page(url: str, match_id: str, token: str) -> str:
    match = f"match={quote(match_id, safe='')}&" if match_id else ""
    return f"{url}{_PAGE}#{match}token={quote(token, safe='')}"
