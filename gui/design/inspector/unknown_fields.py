"""Fields of the file that this version of MUG does not know: shown, kept, and taken out only by the user."""

from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from gui.design.inspector.inputs import ToolButton
from gui.design.inspector.subject import Subject
from gui.design.inspector.surroundings import Surroundings
from gui.design.inspector.value_editors import plain
from gui.models.value_text import write_value
from gui.widgets.basics import label
from mug.study.catalog import struct_fields
from mug.study.edits import RESET
from mug.study.model import Section

__all__ = ["UnknownFields"]


class UnknownFields(QFrame):
    """The unknown fields of one node or of the study; hidden when there are none.

    Signals:
        edited: As of `FieldRow`.

    Runs on: GUI thread.
    """

    edited = Signal(str, object, bool)

    def __init__(self, around: Surroundings) -> None:
        super().__init__()
        self.setProperty("kind", "inset")
        self._around = around
        self._shown: tuple[tuple[str, str], ...] = ()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(12, 10, 8, 10)
        self._layout.setSpacing(4)
        self._layout.addWidget(label("Unknown settings", "sectionTitle"))
        self._layout.addWidget(
            label(
                "A newer version of MUG wrote them, or they were mistyped. They are kept and have no effect.",
                "small",
                wrap=True,
            )
        )
        self.hide()

    def names(self) -> tuple[str, ...]:
        """Return the names of the fields that are shown."""
        return tuple(name for name, _ in self._shown)

    def take_out(self, name: str) -> None:
        """Ask for a field to be taken out."""
        self.edited.emit(name, RESET, False)

    def show_subject(self, subject: Subject) -> None:
        """Show what is unknown of one node or of the study."""
        part = subject.one
        found = tuple((name, _short(value)) for name, value in _unknown(part)) if part is not None else ()
        if found == self._shown:
            return
        self._shown = found
        while self._layout.count() > 2:
            item = self._layout.takeAt(2)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for name, value in found:
            line = QFrame()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(label(f"{name} = {value}", "code", wrap=True, selectable=True), 1)
            remove = ToolButton(
                self._around.theme,
                "entry-delete",
                f"Take {name} out",
                partial(self.take_out, name),
            )
            row.addWidget(remove)
            self._layout.addWidget(line)
        self.setVisible(bool(found))


def _unknown(part: Section) -> list[tuple[str, Any]]:
    found = list(part.extra.items())
    for info in struct_fields(type(part)):
        if info.section is not None:
            found += [(f"{info.name}.{name}", value) for name, value in getattr(part, info.name).extra.items()]
    return found


def _short(value: Any) -> str:
    text = write_value(plain(value))
    return text if len(text) <= 120 else text[:119] + "…"
