"""A preview as the app makes it, with its own document, and what it opens in the browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, QUrl

from gui.models.chain_document import ChainDocument
from gui.models.opened_study import OpenedStudy
from gui.runtime.crossing import Crossing
from gui.runtime.tasks import Tasks
from gui.shell.preview_flow import PreviewFlow
from gui.widgets.theme import Theme
from mug.study import content_hash, load
from mug.study.edits import SetField
from mug.study.traversal import NodePath
from tests.drivers.server_driver import ParticipantClient, ServerDriver

__all__ = ["PreviewDriver", "opened_study", "previewing"]


def opened_study(path: Path) -> OpenedStudy:
    """Load a study as the app holds it."""
    loaded = load(path)
    return OpenedStudy(
        path=path,
        study=loaded.study,
        folder=loaded.folder,
        content_hash=content_hash(loaded.study),
        problems=(),
    )


@dataclass
class PreviewDriver:
    """Attributes: opened: the addresses that the browser was asked to open, in order."""

    document: ChainDocument
    tasks: Tasks
    flow: PreviewFlow
    opened: list[str] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    def change(self, path: NodePath, name: str, value: object) -> None:
        """Edit a field as the property panel does."""
        assert self.document.push(SetField(path=path, field=name, value=value))

    def page(self, scratch: Path, number: int = 0) -> ParticipantClient:
        """Return a participant without a browser for an address that was opened."""
        url = QUrl(self.opened[number])
        return ParticipantClient(ServerDriver(Path(), scratch, port=url.port()), url.path().lstrip("/"))


@contextmanager
def previewing(theme: Theme, study: Path) -> Iterator[PreviewDriver]:
    """Open a study for previews; everything ends with the block."""
    owner = QObject()
    crossing = Crossing(owner)
    failures: list[BaseException] = []
    opened: list[str] = []
    tasks = Tasks(crossing, failures.append, owner)
    document = ChainDocument(owner)
    document.load(opened_study(study))
    flow = PreviewFlow(theme, document, tasks, crossing, owner, open_url=lambda url: opened.append(url.toString()))
    try:
        yield PreviewDriver(document, tasks, flow, opened, failures)
        assert failures == [], failures
    finally:
        flow.close()
        crossing.close()
        tasks.close()
        flow.strip.deleteLater()
        owner.deleteLater()
