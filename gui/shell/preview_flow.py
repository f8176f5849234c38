"""Previewing a scene in the real browser: starting, opening pages, following the study while it is edited."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices

from gui.design.preview_strip import PreviewStrip
from gui.models.chain_document import ChainDocument, Change
from gui.models.followed_node import path_after
from gui.models.preview_outcome import PreviewOutcome, PreviewState
from gui.runtime.crossing import Crossing
from gui.runtime.folder_watch import FolderWatch
from gui.runtime.lab_bridge import LabBridge
from gui.runtime.preview_control import PreviewControl, PreviewRequest
from gui.runtime.tasks import Tasks
from gui.widgets.theme import Theme
from mug.study.model import Node, RandomizeOrder, Repeat, Study
from mug.study.preview import PreviewMode
from mug.study.traversal import NodePath, node_at
from mug.study.treatments import arms_of

__all__ = ["PreviewFlow"]

_DEBOUNCE_MS = 800
_COME_BACK_MS = 4_000
"""A page that is open comes back to a preview that was started again within this time."""


class PreviewFlow(QObject):
    """Joins the document with the preview's server and the browser.

    Attributes:
        strip: The line that shows how the preview stands; to be placed on the page.
        control: The server.

    Signals:
        said: A short message and its icon.
        outcome_changed: The new `PreviewOutcome`.

    Runs on: GUI thread.
    """

    said = Signal(str, str)
    outcome_changed = Signal(object)

    def __init__(
        self,
        theme: Theme,
        document: ChainDocument,
        tasks: Tasks,
        crossing: Crossing,
        parent: QObject | None = None,
        *,
        open_url: Callable[[QUrl], object] = QDesktopServices.openUrl,
    ) -> None:
        """Join the parts.

        Args:
            theme: The look.
            document: The study that is edited.
            tasks: For what waits.
            crossing: The way back from the server's messages.
            parent: The Qt parent.
            open_url: Opens an address in the browser.
        """
        super().__init__(parent)
        self._document = document
        self._open_url = open_url
        self._bridge = LabBridge(crossing, tasks, self)
        self.control = PreviewControl(self._bridge, tasks, self)
        self.strip = PreviewStrip(theme)
        self._path: NodePath | None = None
        self._mode: PreviewMode = "scene"
        self._node: Node | None = None
        self._treatment = ""
        self._opens = self._is_gone = False
        self._late: frozenset[str] = frozenset()
        self._debounce = _single_shot(self, "preview debounce", _DEBOUNCE_MS, self._on_edited_long_enough)
        self._come_back = _single_shot(self, "preview pages", _COME_BACK_MS, self._on_come_back_over)
        self._files = FolderWatch(tasks, self)
        self._files_changed = False
        self._files.changed.connect(self._on_files_changed)
        self.control.outcome_changed.connect(self._on_outcome_changed)
        self.control.shown.connect(self._on_shown)
        self.strip.open_asked.connect(self.open_page)
        self.strip.reload_asked.connect(self.reload)
        self.strip.stop_asked.connect(self.stop)
        document.edit_applied.connect(self._on_edit_applied)
        document.loaded.connect(self.stop)
        document.loaded.connect(lambda: self.choose_treatment(""))

    @property
    def outcome(self) -> PreviewOutcome:
        """How the preview stands."""
        return self.control.outcome

    @property
    def path(self) -> NodePath | None:
        """The node that is previewed, by its path now; None: none, or it is not there any more."""
        return None if self._is_gone else self._path

    def preview(self, path: NodePath, mode: PreviewMode = "scene") -> None:
        """Show a node in the browser, or the chain from it on; ``()`` is the whole study."""
        study = self._document.study
        if study is None:
            return
        try:
            self._node = node_at(study, path) if path else None
        except LookupError:
            return
        self._path, self._mode = path, mode
        self._opens, self._is_gone = True, False
        self._ask(study, by_edit=False)

    @Slot(str)
    def choose_treatment(self, name: str) -> None:
        """Show the study as it is under a treatment from now on; empty: as it stands."""
        if name == self._treatment:
            return
        self._treatment = name
        study = self._document.study
        if study is not None and self._path is not None and not self._is_gone and self.control.follows:
            self._ask(study, by_edit=False)

    @Slot()
    def reload(self) -> None:
        """Let all pages of the preview begin anew."""
        study = self._document.study
        if self._is_gone:
            self.said.emit("The scene of the preview is no longer in the study", "warning")
        elif study is not None and self._path is not None:
            self._opens = self.outcome.state is not PreviewState.RUNNING
            self._ask(study, by_edit=False)

    @Slot()
    def stop(self) -> None:
        """End the preview; its pages say so."""
        self._debounce.stop()
        self._come_back.stop()
        self._opens = False
        if self.outcome.state is PreviewState.FAILED or (self.outcome.detail and not self.control.is_on):
            self.control.forget()
        self.control.stop()

    @Slot()
    def open_page(self) -> None:
        """Open the first of its pages that is not open."""
        missing = [page for page in self.outcome.pages if page not in self.outcome.present]
        for page in missing[:1]:
            self._open(page)

    def close(self) -> None:
        """End the preview before the app goes."""
        self._debounce.stop()
        self._come_back.stop()
        self._files.stop()
        self.control.close()

    def _ask(self, study: Study, *, by_edit: bool) -> None:
        assert self._path is not None
        self._debounce.stop()
        opened = self._document.opened
        place = opened.path if opened is not None else Path()
        arm = next((arm for arm in arms_of(study) if arm.name == self._treatment), None)
        what = self._named() + (f" under “{arm.words}”" if arm is not None else "")
        request = PreviewRequest(
            place, study, self._path, self._mode, what, by_edit, self._files_changed, self._treatment
        )
        self._files_changed = False
        self.control.show(request)

    def _named(self) -> str:
        node = self._node
        if node is None:
            return "the whole study"
        match node:
            case RandomizeOrder():
                name = "the random order"
            case Repeat():
                name = "the repeat"
            case _:
                name = f"“{node.scene_id}”"
        return name if self._mode == "scene" else f"the chain from {name} on"

    @Slot()
    def _on_shown(self) -> None:
        """Open the pages that were asked for; those that are open already come by themselves."""
        if not self._opens:
            return
        self._opens = False
        self._late = frozenset(self.outcome.pages) & self.control.maybe_open
        for page in self.outcome.pages:
            if page not in self._late:
                self._open(page)
        if self._late:
            self.said.emit("The open pages of the preview begin anew", "eye")
            self._come_back.start()

    @Slot()
    def _on_come_back_over(self) -> None:
        for page in sorted(self._late - self.outcome.present):
            self._open(page)

    def _open(self, page: str) -> None:
        if self.control.url:
            address = f"{self.control.url}/{page}"
            if self._open_url(QUrl(address)) is False:
                self.said.emit(f"No browser could be opened: go to {address}", "warning")

    @Slot(object)
    def _on_edit_applied(self, change: Change) -> None:
        if not self.control.follows or self._path is None:
            return
        if self._node is not None:
            found = path_after(change, self._path, self._node)
            self._is_gone = found is None
            if found is None:
                return  # it was deleted: the preview shows it as it was, until it comes back
            self._path, self._node = found, node_at(change.study, found)
        self._debounce.start()

    @Slot()
    def _on_edited_long_enough(self) -> None:
        study = self._document.study
        if study is not None and self._path is not None and not self._is_gone and self.control.follows:
            self._ask(study, by_edit=True)

    @Slot()
    def _on_files_changed(self) -> None:
        self._files_changed = True
        self._debounce.start()

    @Slot(object)
    def _on_outcome_changed(self, outcome: PreviewOutcome) -> None:
        if self.control.follows:
            self._files.watch(self._document.folder)
        else:
            self._files.stop()
        self.strip.show_outcome(outcome)
        self.outcome_changed.emit(outcome)


def _single_shot(parent: QObject, name: str, interval_ms: int, slot: Callable[[], object]) -> QTimer:
    timer = QTimer(parent)
    timer.setObjectName(name)
    timer.setSingleShot(True)
    timer.setInterval(interval_ms)
    timer.timeout.connect(slot)
    return timer
