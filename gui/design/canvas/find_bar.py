"""Looking for a scene by its title, id, kind, or any text in it."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QToolButton, QWidget
from typing_extensions import override

from gui.models.node_looks import look_of_node, words_of_node
from gui.widgets.basics import Icon, label
from gui.widgets.theme import Theme
from mug.study.catalog import NODE_KINDS
from mug.study.model import Node, Study
from mug.study.traversal import NodePath, walk

__all__ = ["FindBar", "Finder"]


class Finder:
    """Finds nodes; what a node says is put together once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Node, str]] = {}

    def find(self, study: Study, text: str) -> list[NodePath]:
        """Return the nodes that hold every word of `text`, in the order of reading; none for no word."""
        words = text.casefold().split()
        if not words:
            return []
        nodes = list(walk(study))
        known = self._known
        self._known = {id(node): known.get(id(node)) or (node, _said_by(node)) for _, node in nodes}
        return [path for path, node in nodes if all(word in self._known[id(node)][1] for word in words)]


def _said_by(node: Node) -> str:
    look = look_of_node(node)
    texts = (look.title, look.kind, look.label, look.summary, node.kind, NODE_KINDS[node.kind].title)
    return "\n".join((*texts, *words_of_node(node))).casefold()


class FindBar(QFrame):
    """A line to type in, how many were found, and the ways from one to the next.

    Signals:
        changed: What is looked for.
        stepped: Go to the next one (1) or the one before (-1).
        closed: The bar was left.

    Runs on: GUI thread.
    """

    changed = Signal(str)
    stepped = Signal(int)
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("findBar")
        self.setAccessibleName("Find a scene")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 6, 6)
        layout.setSpacing(6)
        layout.addWidget(Icon(theme, "search", "muted", 18))
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find a scene by title, id, kind or text")
        self.field.setAccessibleName("Find a scene by title, id, kind or text")
        self.field.textChanged.connect(self.changed)
        self.field.installEventFilter(self)
        layout.addWidget(self.field, 1)
        self.count = label("", "small")
        self.count.setMinimumWidth(84)
        layout.addWidget(self.count)
        self.previous = self._button("chevron-up", "Previous (Shift+F3)")
        self.next = self._button("chevron-down", "Next (F3)")
        self.close_button = self._button("close", "Close (Esc)")
        self.previous.clicked.connect(lambda _checked=False: self.stepped.emit(-1))
        self.next.clicked.connect(lambda _checked=False: self.stepped.emit(1))
        self.close_button.clicked.connect(lambda _checked=False: self.closed.emit())
        for button in (self.previous, self.next, self.close_button):
            layout.addWidget(button)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.hide()

    def _button(self, icon: str, words: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("icon_name", icon)
        button.setIconSize(QSize(18, 18))
        button.setToolTip(words)
        button.setAccessibleName(words)
        return button

    @Slot()
    def _on_theme_changed(self) -> None:
        for button in (self.previous, self.next, self.close_button):
            button.setIcon(self._theme.icon(str(button.property("icon_name"))))

    def open(self) -> None:
        """Show the bar and take the keyboard; what was typed before is selected."""
        self.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def show_found(self, found: Sequence[NodePath], current: NodePath | None) -> None:
        """Say how many were found, and which of them is current."""
        if not self.field.text().strip():
            words = ""
        elif not found:
            words = "Nothing found"
        elif current in found:
            words = f"{found.index(current) + 1} of {len(found)}"
        else:
            words = f"{len(found)} found"
        self.count.setText(words)
        self.count.setAccessibleName(words)
        for button in (self.previous, self.next):
            button.setEnabled(bool(found))

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.stepped.emit(-1 if back else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.closed.emit()
                return True
        return super().eventFilter(watched, event)
