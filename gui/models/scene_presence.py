"""How many participants are at each scene of the running session."""

from collections import Counter

from PySide6.QtCore import QObject, Signal, Slot

from gui.models.participants import is_here
from mug.protocol.lab import LabBatch, LabSnapshot, ParticipantView

__all__ = ["ScenePresence"]


class ScenePresence(QObject):
    """Counts who is where, from what the server tells the console.

    Attributes:
        experiment_id: Whose session it is; empty: none.
        counts: Participants who are present, by the id of their scene.

    Signals:
        changed: `counts` or `experiment_id` are others.

    Runs on: GUI thread.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.experiment_id = ""
        self.counts: dict[str, int] = {}
        self._scenes: dict[str, str] = {}

    @Slot(object)
    def take_snapshot(self, snapshot: LabSnapshot) -> None:
        """Begin anew with what the server sent on connect."""
        self._scenes.clear()
        self.experiment_id = snapshot.session.experiment_id
        self._take(snapshot.participants)

    @Slot(object)
    def take_batch(self, batch: LabBatch) -> None:
        """Take what changed."""
        if batch.participants:
            self._take(batch.participants)

    @Slot()
    def clear(self) -> None:
        """There is no session."""
        self.experiment_id = ""
        self._scenes.clear()
        self._take(())

    def _take(self, participants: tuple[ParticipantView, ...]) -> None:
        for view in participants:
            if is_here(view) and view.scene_id is not None:
                self._scenes[view.participant_id] = view.scene_id
            else:
                self._scenes.pop(view.participant_id, None)
        counts = dict(Counter(self._scenes.values()))
        if counts != self.counts:
            self.counts = counts
            self.changed.emit()
