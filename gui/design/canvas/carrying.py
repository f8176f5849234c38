"""What is dragged from one place to another: a new scene from the palette, scenes from another canvas or program."""

from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from PySide6.QtCore import QMimeData, QPoint
from PySide6.QtWidgets import QApplication, QWidget

from gui.models.node_looks import KIND_LOOKS, look_of_node
from mug.study.clipboard import nodes_from_text, nodes_to_text
from mug.study.edits import with_fresh_ids
from mug.study.errors import EditError
from mug.study.model import Node, Study
from mug.study.starters import starter

__all__ = [
    "SCENES_MIME",
    "Cargo",
    "CargoOfKind",
    "CargoOfScenes",
    "CarryTarget",
    "name_of_nodes",
    "sentence",
    "target_at",
    "text_of",
    "to_mime",
]

SCENES_MIME: Final = "application/x-mug-scenes+toml"
"""Type under which copied scenes stand beside their plain text."""


@dataclass(frozen=True)
class CargoOfKind:
    """A new scene of a kind."""

    kind: str

    @property
    def icon(self) -> str:
        """Its picture."""
        return KIND_LOOKS[self.kind].icon

    @property
    def words(self) -> str:
        """Its name."""
        return KIND_LOOKS[self.kind].title

    def nodes(self, study: Study) -> tuple[Node, ...]:
        """Return what is inserted."""
        return (starter(study, self.kind),)


@dataclass(frozen=True)
class CargoOfScenes:
    """Scenes as text."""

    text: str
    icon: str = "copy"
    words: str = "Scenes"

    def nodes(self, study: Study) -> tuple[Node, ...]:
        """Return what is inserted: the scenes, with ids that the study does not have yet.

        Raises:
            EditError: When the text holds no scenes.
        """
        return with_fresh_ids(study, nodes_from_text(self.text))


Cargo = CargoOfKind | CargoOfScenes


@runtime_checkable
class CarryTarget(Protocol):
    """A widget that takes what is carried over it."""

    def carried_over(self, cargo: Cargo, at: QPoint) -> None:
        """Show where `cargo` would go, at a point of the screen."""

    def carried_away(self) -> None:
        """Show nothing any more."""

    def carried_in(self, cargo: Cargo, at: QPoint) -> bool:
        """Take it; returns whether it was taken."""


def target_at(at: QPoint) -> CarryTarget | None:
    """Return the target at a point of the screen."""
    widget: QWidget | None = QApplication.widgetAt(at)
    while widget is not None:
        if isinstance(widget, CarryTarget):
            return widget
        widget = widget.parentWidget()
    return None


def to_mime(nodes: tuple[Node, ...]) -> QMimeData:
    """Return nodes as the clipboard and other programs take them.

    Raises:
        EditError: When they cannot be written as text.
    """
    text = nodes_to_text(nodes)
    data = QMimeData()
    data.setText(text)
    data.setData(SCENES_MIME, text.encode())
    return data


def name_of_nodes(nodes: tuple[Node, ...]) -> tuple[str, str]:
    """Return the icon and the words for nodes that are dragged."""
    look = look_of_node(nodes[0])
    return look.icon, look.title if len(nodes) == 1 else f"{len(nodes)} scenes"


def text_of(data: QMimeData | None) -> str | None:
    """Return the text of scenes that a drag or the clipboard (None when it is empty) brings; None: it brings none."""
    if data is None:
        return None
    if data.hasFormat(SCENES_MIME):
        return bytes(data.data(SCENES_MIME).data()).decode("utf-8", "replace")
    return data.text() if data.hasText() else None


def sentence(error: EditError) -> str:
    """Return an error's words as a sentence."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"
