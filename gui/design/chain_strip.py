"""A study's chain in small: an icon for each scene, joined by lines."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QWidget

from gui.models.node_looks import look_of_node
from gui.widgets.basics import Icon, IconTile, label
from gui.widgets.theme import Theme
from mug.study.model import Node

__all__ = ["ChainStrip", "NamedChainStrip"]


def _line(width: int) -> QFrame:
    line = QFrame()
    line.setProperty("kind", "link")
    line.setFixedSize(width, 2)
    return line


class ChainStrip(QWidget):
    """Icons only. Decoration: the words beside it say what is in the study.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, chain: Sequence[Node], *, most: int = 8) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for index, node in enumerate(chain[:most]):
            if index:
                row.addWidget(_line(8), 0, Qt.AlignmentFlag.AlignVCenter)
            row.addWidget(Icon(theme, look_of_node(node).icon, "muted", 18))
        row.addStretch(1)


class NamedChainStrip(QWidget):
    """Icons on tiles with the kinds of the scenes below them.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, chain: Sequence[Node], *, most: int = 7) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(4)
        looks = [look_of_node(node) for node in chain[:most]]
        for index, look in enumerate(looks):
            if index:
                grid.addWidget(_line(14), 0, 2 * index - 1, Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(IconTile(theme, look.icon, size=36), 0, 2 * index, Qt.AlignmentFlag.AlignHCenter)
            name = label(look.kind, "small", wrap=True)
            name.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            name.setFixedWidth(66)
            grid.addWidget(name, 1, 2 * index)
        grid.setColumnStretch(2 * len(looks), 1)
