"""The chain as cards, one below the other, wrappers around what they hold."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from gui.models.node_looks import look_of_node
from gui.widgets.basics import IconTile, Pill, label, restyle
from gui.widgets.theme import Theme
from mug.study import Problem
from mug.study.model import Node, RandomizeOrder, Repeat, Study

__all__ = ["ChainView", "NodeCard"]

Path = tuple[int, ...]


class NodeCard(QFrame):
    """One node.

    Signals:
        looked_at: Its path; it was clicked, or reached with the keyboard.

    Runs on: GUI thread.
    """

    looked_at = Signal(tuple)

    def __init__(self, theme: Theme, node: Node, path: Path) -> None:
        super().__init__()
        self.path = path
        self._is_wrapper = isinstance(node, RandomizeOrder | Repeat)
        look = look_of_node(node)
        self.setProperty("kind", "container" if self._is_wrapper else "card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(" ".join([f"{look.kind} {look.title}. {look.summary}", *look.details]))
        self._accessible = self.accessibleName()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(10)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(IconTile(theme, look.icon), 0, Qt.AlignmentFlag.AlignTop)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(8)
        title = label(look.title, "heading", wrap=True)
        row.addWidget(title, 1)
        self.badge = Pill(theme)
        self.badge.hide()
        row.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        texts.addLayout(row)
        if look.label:
            texts.addWidget(label(f"{look.kind} · {look.label}", "small"))
        texts.addWidget(label(look.summary, "muted", wrap=True))
        if look.details:
            texts.addSpacing(4)
        for sentence in look.details:
            texts.addWidget(label(sentence, "small", wrap=True))
        head.addLayout(texts, 1)
        layout.addLayout(head)
        self.inside = layout

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show the badge for this node's problems."""
        errors = sum(problem.severity == "error" for problem in problems)
        count = errors or len(problems)
        kind = "error" if errors else "warning" if problems else ""
        words = f"{count} {kind}{'s' if count > 1 else ''}" if problems else ""
        self.badge.show_state(words, kind or "info", kind or "neutral")
        self.badge.setVisible(bool(problems))
        self.badge.setToolTip("\n".join(problem.message for problem in problems))
        self.setAccessibleName(f"{self._accessible} {words}".strip())
        self.setProperty("problem", kind)
        restyle(self)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.looked_at.emit(self.path)


class ChainView(QScrollArea):
    """All nodes of one study.

    Signals:
        looked_at: The path of the node that has the attention.

    Runs on: GUI thread.
    """

    looked_at = Signal(tuple)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._cards: dict[Path, NodeCard] = {}
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Chain of scenes")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_study(self, study: Study) -> None:
        """Draw the chain anew."""
        self._cards.clear()
        host = QWidget()
        host.setObjectName("page")
        layout = QVBoxLayout(host)
        layout.setContentsMargins(0, 0, 10, 24)
        layout.setSpacing(0)
        self._add(layout, study.chain, ())
        layout.addStretch(1)
        self.setWidget(host)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Put the badges on the cards."""
        for path, card in self._cards.items():
            card.show_problems(
                [problem for problem in problems if problem.node_id is not None and problem.path == path]
            )

    def cards(self) -> dict[Path, NodeCard]:
        """Return the cards by their nodes' paths."""
        return dict(self._cards)

    def reveal(self, path: Path) -> None:
        """Bring a node into sight and give it the focus."""
        card = self._cards.get(path)
        if card is not None:
            self.ensureWidgetVisible(card, 20, 60)
            card.setFocus(Qt.FocusReason.OtherFocusReason)

    def _add(self, layout: QVBoxLayout, nodes: Sequence[Node], above: Path) -> None:
        for index, node in enumerate(nodes):
            if index:
                layout.addLayout(_link(self._theme))
            path = (*above, index)
            card = NodeCard(self._theme, node, path)
            card.looked_at.connect(self.looked_at)
            self._cards[path] = card
            layout.addWidget(card)
            if isinstance(node, RandomizeOrder | Repeat):
                inner = QVBoxLayout()
                inner.setSpacing(0)
                card.inside.addLayout(inner)
                self._add(inner, node.scenes, path)


def _link(_theme: Theme) -> QLayout:
    """The short line between two cards: first the upper, then the lower."""
    row = QHBoxLayout()
    row.setContentsMargins(33, 0, 0, 0)
    line = QFrame()
    line.setProperty("kind", "link")
    line.setFixedSize(2, 14)
    row.addWidget(line)
    row.addStretch(1)
    return row
