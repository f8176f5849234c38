"""The scratch server of the preview: started, started again with a changed study, stopped; apart from any session."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui.models.preview_outcome import PreviewOutcome, PreviewState
from gui.runtime.lab_bridge import LabBridge
from gui.runtime.tasks import Tasks
from mug.errors import MugError
from mug.protocol.lab import LabBatch, LabSnapshot, LogLine, ParticipantView
from mug.study import dump_study, validate
from mug.study.model import Study
from mug.study.preview import NOT_NEEDED, PreviewMode, pages_of_preview, preview_study
from mug.study.traversal import NodePath

if TYPE_CHECKING:
    from mug.host import LaunchedServer, ServerAddress

__all__ = ["PreviewControl", "PreviewRequest"]

_READY_TIMEOUT_S = 900.0
_WATCH_MS = 500
_HERE = frozenset({"screening", "connected", "background"})


@dataclass(frozen=True, eq=False)
class PreviewRequest:
    """What to preview.

    Attributes:
        place: The study's folder or script: where its files and functions are.
        study: The study as it is edited.
        path: The node; empty: the whole chain.
        mode: The node alone, or the chain from it on.
        what: How a sentence names it.
        by_edit: The study was changed while the preview runs; else somebody asked for it.
        new_files: Files were changed, so that the same study is to be shown again.
        treatment: Under which treatment; empty: as the study stands.
    """

    place: Path
    study: Study
    path: NodePath
    mode: PreviewMode
    what: str
    by_edit: bool = False
    new_files: bool = False
    treatment: str = ""


class _NotShownError(MugError):
    """The study as it is now cannot be shown; what runs goes on."""


@dataclass(frozen=True)
class _Begun:
    """What a worker did. `launched` None: the study that runs says the same."""

    launched: "LaunchedServer | None"
    derived: Study


class PreviewControl(QObject):
    """One preview at a time. Its records and its log lie in a temporary folder of its own.

    Attributes:
        outcome: How it stands.
        maybe_open: Pages that were open, or had ended and are perhaps still open, before the last start.

    Signals:
        outcome_changed: The new `PreviewOutcome`.
        shown: A preview that was asked for runs, and its pages may be opened.

    Runs on: GUI thread; whatever waits is done by tasks.
    """

    outcome_changed = Signal(object)
    shown = Signal()

    def __init__(self, bridge: LabBridge, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._tasks = tasks
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.outcome = PreviewOutcome()
        self._wanted: PreviewRequest | None = None  # what is to run in the end
        self._taken: PreviewRequest | None = None  # what a worker is busy with, or what runs
        self._derived: Study | None = None
        self._launched: LaunchedServer | None = None
        self._address: ServerAddress | None = None
        self._port = 0
        self._count = 0
        self._busy = False
        self._closed = False
        self.maybe_open: frozenset[str] = frozenset()
        self._broke_by_edit = False
        self._rows: dict[str, str] = {}
        self._watch = QTimer(self)
        self._watch.setObjectName("preview watch")
        self._watch.setInterval(_WATCH_MS)
        self._watch.timeout.connect(self._on_watch)
        bridge.snapshot_received.connect(self._on_snapshot)
        bridge.batch_received.connect(self._on_batch)

    @property
    def is_on(self) -> bool:
        """Whether a preview runs, or is about to."""
        return self.outcome.state in {PreviewState.STARTING, PreviewState.RUNNING}

    @property
    def follows(self) -> bool:
        """Whether edits concern it: it runs, or it ended because an edit could not be shown."""
        return self.is_on or self._broke_by_edit

    @property
    def url(self) -> str:
        """Its address, without a slash at the end; empty while it does not run."""
        return self._address.url if self._address is not None and self.outcome.state is PreviewState.RUNNING else ""

    def show(self, request: PreviewRequest) -> None:
        """Preview something, instead of what is previewed now; after an edit only if that changed what is shown."""
        before = self._wanted
        if request.by_edit and before is not None and not before.by_edit and before is not self._taken:
            request = replace(request, by_edit=False)
        self._wanted = request
        self._broke_by_edit = False
        self._advance()

    def stop(self) -> None:
        """End the preview."""
        self._wanted = None
        self._broke_by_edit = False
        self._advance()

    def forget(self) -> None:
        """Say nothing any more about a preview that is over."""
        if not self.is_on:
            self._show(PreviewOutcome())

    def close(self) -> None:
        """End the preview before the app goes; waits for the server's end, a moment."""
        self._closed = True
        self._watch.stop()
        self._wanted = None
        self._bridge.close()
        if self._launched is not None:
            self._launched.stop(3.0)
            self._launched = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    # ------------------------------------------------------------- one step at a time

    def _advance(self) -> None:
        """Do the next step towards what is wanted; while a worker is busy, its end does."""
        if self._closed:
            return
        if self._busy:
            if self._wanted is not self._taken and self._launched is not None and self._address is None:
                launched = self._launched  # it is only starting: what it would show is not wanted any more
                self._tasks.run("stop the preview", launched.stop, lambda _: None, lambda _: None)
            return
        if self._wanted is None:
            self._end()
        elif self._wanted is not self._taken:
            self._begin(self._wanted)

    def _begin(self, request: PreviewRequest) -> None:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="mug-preview-", ignore_cleanup_errors=True)
        self._busy, self._taken = True, request
        derived = self._derived if request.by_edit and not request.new_files else None
        self._count += 1
        file = Path(self._folder.name) / f"edited-{self._count}.toml"
        before, port = self._launched, self._port

        def work() -> _Begun:
            begun = _begin(request, derived, before, file, port)
            if self._closed and begun.launched is not None:
                begun.launched.stop()  # the app went meanwhile: nobody takes the answer
            return begun

        if not request.by_edit or self.outcome.state is not PreviewState.RUNNING:
            self._show(PreviewOutcome(PreviewState.STARTING, request.what, present=self.outcome.present))
        self._tasks.run("start the preview", work, self._on_begun, self._on_not_begun)

    def _on_begun(self, begun: _Begun) -> None:
        if self._closed:
            if begun.launched is not None:
                begun.launched.stop(3.0)
            return
        if begun.launched is None:
            self._busy = False
            assert self._taken is not None
            self._show(replace(self.outcome, state=PreviewState.RUNNING, what=self._taken.what, pending=""))
            self.shown.emit()
            self._advance()
            return
        self._launched, self._address, self._derived = begun.launched, None, begun.derived
        launched = begun.launched
        self._bridge.leave()
        self.maybe_open = frozenset(name for name, state in self._rows.items() if state in _HERE or state == "finished")
        self._rows.clear()
        if self.outcome.state is not PreviewState.STARTING:
            self._show(replace(self.outcome, state=PreviewState.STARTING, detail="", trouble="", pending=""))
        self._watch.start()
        self._tasks.run(
            "wait for the preview", lambda: launched.wait_ready(_READY_TIMEOUT_S), self._on_ready, self._on_failed
        )
        self._advance()

    def _on_ready(self, address: "ServerAddress") -> None:
        self._busy, self._address, self._port = False, address, address.port
        assert self._taken is not None
        assert self._derived is not None
        pages = tuple(f"preview-{number}" for number in range(1, pages_of_preview(self._derived) + 1))
        present = self.outcome.present
        self._show(PreviewOutcome(PreviewState.RUNNING, self._taken.what, pages=pages, present=present))
        self._bridge.follow(address)
        if self._wanted is self._taken:
            self.shown.emit()
        self._advance()

    def _on_not_begun(self, error: Exception) -> None:
        """The study could not be shown: what ran before goes on."""
        self._busy = False
        runs = self._launched is not None and self._address is not None and isinstance(error, _NotShownError)
        if runs and self._taken is not None and self._taken.by_edit:
            self._show(replace(self.outcome, state=PreviewState.RUNNING, pending=str(error)))
            self._advance()
            return
        if self._launched is not None:
            self._tasks.run("stop the preview", self._launched.stop, lambda _: None, lambda _: None)
            self._bridge.leave()
        self._on_failed(error)

    def _on_failed(self, error: Exception) -> None:
        self._busy = False
        self._launched = self._address = self._derived = None
        self._watch.stop()
        failed, self._taken = self._taken, None
        if self._wanted is failed:
            self._wanted = None
            self._broke_by_edit = failed is not None and failed.by_edit
            what = failed.what if failed is not None else self.outcome.what
            self._show(PreviewOutcome(PreviewState.FAILED, what, detail=_sentence(error)))
        self._advance()

    def _end(self) -> None:
        launched, self._launched = self._launched, None
        self._taken = self._address = self._derived = None
        self._watch.stop()
        if launched is None:
            if self.outcome.state is not PreviewState.FAILED:
                self._show(PreviewOutcome())
            return
        self._bridge.leave()
        self._busy = True
        self._show(PreviewOutcome())
        self._tasks.run("stop the preview", launched.stop, self._on_ended, self._on_ended)

    def _on_ended(self, _answer: object) -> None:
        self._busy = False
        self._advance()

    # ------------------------------------------------------------- looking after it

    @Slot()
    def _on_watch(self) -> None:
        launched = self._launched
        if launched is None:
            return
        if self._busy:
            if self.outcome.state is PreviewState.STARTING:
                self._tasks.run("read the preview's log", launched.log, self._on_log_read, lambda _: None)
        elif (code := launched.poll()) is not None:
            self._tasks.run("look why the preview ended", launched.log, lambda log: self._on_gone(launched, code, log))

    def _on_log_read(self, log: str) -> None:
        lines = [line.strip() for line in log.splitlines() if line.strip()]
        if lines and self.outcome.state is PreviewState.STARTING and lines[-1] != self.outcome.detail:
            self._show(replace(self.outcome, detail=lines[-1][:300]))

    def _on_gone(self, launched: "LaunchedServer", code: int, log: str) -> None:
        if launched is not self._launched or self._busy:
            return
        self._launched = self._address = self._derived = self._taken = self._wanted = None
        self._watch.stop()
        self._bridge.leave()
        launched.stop()  # it has ended: this only closes its pipes
        if code == 0:
            self._show(PreviewOutcome(detail="The preview was ended, because nobody had looked at it for long."))
        else:
            last = log.strip().splitlines()[-1:] or [f"exit code {code}"]
            self._show(PreviewOutcome(PreviewState.FAILED, self.outcome.what, detail=f"its server ended: {last[0]}"))

    @Slot(object)
    def _on_snapshot(self, snapshot: LabSnapshot) -> None:
        self._rows.clear()
        self._take_rows(snapshot.participants, snapshot.log)

    @Slot(object)
    def _on_batch(self, batch: LabBatch) -> None:
        self._take_rows(batch.participants, batch.log)

    def _take_rows(self, rows: tuple[ParticipantView, ...], log: tuple[LogLine, ...]) -> None:
        self._rows.update((row.participant_id, row.state) for row in rows)
        present = frozenset(name for name, state in self._rows.items() if state in _HERE)
        errors = [line.text for line in log if line.level == "error"]
        trouble = errors[-1] if errors else self.outcome.trouble
        if self.outcome.state is PreviewState.RUNNING:
            self._show(replace(self.outcome, present=present, trouble=trouble))

    def _show(self, outcome: PreviewOutcome) -> None:
        if outcome != self.outcome:
            self.outcome = outcome
            self.outcome_changed.emit(outcome)


def _begin(
    request: PreviewRequest, running: Study | None, before: "LaunchedServer | None", file: Path, port: int
) -> _Begun:
    """Derive what is to be served, and start it in the place of what ran before; on a worker.

    Raises:
        _NotShownError: It cannot be shown; what ran before still runs.
    """
    from mug.host import launch

    try:
        derived = preview_study(request.study, request.path, request.mode, request.treatment)
        errors = [p for p in validate(derived) if p.severity == "error" and p.code not in NOT_NEEDED]
        own = [str(problem).removeprefix("error: ") for problem in errors if not problem.path or problem.path[0] == 0]
        if own:
            raise _NotShownError("\n".join(own))
        if running is not None and derived == running and before is not None and before.poll() is None:
            return _Begun(None, derived)
        file.write_text(dump_study(derived), encoding="utf-8")
    except (MugError, LookupError, OSError) as error:
        raise error if isinstance(error, _NotShownError) else _NotShownError(str(error)) from error
    if before is not None:
        before.stop()
    launched = launch(request.place, data_dir=file.parent, port=port, new_session=False, preview=True, as_edited=file)
    return _Begun(launched, derived)


def _sentence(error: Exception) -> str:
    """The server's own words, without where the study lies and without "error:" before each problem."""
    text = str(error)
    first, separator, rest = text.partition(" cannot be run:\n")
    del first
    lines = [line.strip().removeprefix("error: ") for line in (rest if separator else text).splitlines()]
    return "\n".join(line for line in lines if line)
