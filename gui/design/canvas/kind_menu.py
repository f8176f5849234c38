"""The menu of kinds that opens at a gap: type to find one, Enter inserts it."""

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget
from typing_extensions import override

from gui.models.node_looks import KIND_LOOKS
from gui.widgets.theme import Theme
from mug.study.catalog import NODE_KINDS

__all__ = ["KindMenu"]

_WIDTH = 290
_ROW = 32
_KIND = Qt.ItemDataRole.UserRole


class KindMenu(QFrame):
    """A list of all kinds of nodes, narrowed by what is typed.

    Signals:
        chosen: A kind.
        closed: The menu is gone, whether a kind was chosen or not.

    Runs on: GUI thread.
    """

    chosen = Signal(str)
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._theme = theme
        self.setObjectName("kindMenu")
        self.setAccessibleName("Insert a scene")
        self.setFixedWidth(_WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Insert: type to find a kind")
        self.field.setAccessibleName("Find a kind of scene")
        self.field.textChanged.connect(self._narrow)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setObjectName("kindList")
        self.list.setAccessibleName("Kinds of scenes")
        self.list.setIconSize(QSize(18, 18))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.itemClicked.connect(self._on_item_clicked)
        layout.addWidget(self.field)
        layout.addWidget(self.list)

    def open_at(self, at: QPoint) -> None:
        """Open with its upper left corner at a point of the screen, or where it fits near it."""
        self.field.clear()
        self._narrow("")
        self.adjustSize()
        screen = self.screen().availableGeometry()
        x = max(screen.left(), min(at.x(), screen.right() - self.width()))
        y = max(screen.top(), min(at.y(), screen.bottom() - self.height()))
        self.move(x, y)
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def kinds(self) -> list[str]:
        """Return the kinds that are offered."""
        return [str(self.list.item(row).data(_KIND)) for row in range(self.list.count())]

    @Slot(str)
    def _narrow(self, text: str) -> None:
        words = text.casefold().split()
        self.list.clear()
        for kind, info in NODE_KINDS.items():
            look = KIND_LOOKS[kind]
            known = f"{look.title} {info.title} {kind} {info.description}".casefold()
            if all(word in known for word in words):
                item = QListWidgetItem(self._theme.icon(look.icon, f"series:{look.series}"), look.title)
                item.setData(_KIND, kind)
                item.setToolTip(f"{info.title}\n{info.description}")
                item.setSizeHint(QSize(_WIDTH - 30, _ROW))
                self.list.addItem(item)
        if self.list.count():
            self.list.setCurrentRow(0)
        else:
            nothing = QListWidgetItem("No kind of scene is called so")
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            nothing.setSizeHint(QSize(_WIDTH - 30, _ROW))
            self.list.addItem(nothing)
        self.list.setFixedHeight(len(NODE_KINDS) * _ROW + 6)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            match event.key():
                case Qt.Key.Key_Up | Qt.Key.Key_Down:
                    by = 1 if event.key() == Qt.Key.Key_Down else -1
                    self.list.setCurrentRow((self.list.currentRow() + by) % self.list.count())
                    return True
                case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                    self._choose(self.list.currentItem())
                    return True
                case Qt.Key.Key_Escape:
                    self.close()
                    return True
        return super().eventFilter(watched, event)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.closed.emit()

    @Slot(QListWidgetItem)
    def _on_item_clicked(self, item: QListWidgetItem) -> None:
        self._choose(item)

    def _choose(self, item: QListWidgetItem | None) -> None:
        kind = item.data(_KIND) if item is not None else None
        if isinstance(kind, str):
            self.close()
            self.chosen.emit(kind)
