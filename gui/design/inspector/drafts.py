"""What was typed into fields and is no value: kept for its node until it is right, or given up."""

from collections.abc import Iterator
from typing import Any

from gui.design.inspector.kind_panel import KindPanel
from gui.design.inspector.subject import Subject

__all__ = ["Drafts"]


class Drafts:
    """What is kept by node and field.

    Runs on: GUI thread.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Any] = {}

    def forget(self) -> None:
        """Forget everything: another study is open."""
        self._kept.clear()

    def keep(self, subject: Subject, panel: KindPanel) -> Iterator[str]:
        """Keep what stands in the panel without being a value; yields a sentence for each that is new."""
        key = subject.key()
        for row in panel.rows():
            place, kept, draft = (key, row.field.name), row.editor.kept(), row.editor.draft()
            if kept is None or draft is None:
                self._kept.pop(place, None)
            elif self._kept.get(place) != kept:
                self._kept[place] = kept
                yield f"“{draft.strip()[:40]}” in {row.field.info.title} was not taken; it is kept where you typed it."

    def bring_back(self, subject: Subject, panel: KindPanel) -> None:
        """Show again what was typed for a node."""
        key = subject.key()
        for (owner, name), kept in list(self._kept.items()):
            row = panel.row(name) if owner == key else None
            if row is not None:
                row.editor.take_draft(kept)
