"""The palette: every kind of scene and wrapper, to be dragged onto the canvas or inserted with a key."""

from PySide6.QtCore import QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from gui.design.canvas.carrying import CargoOfKind, CarryTarget, target_at
from gui.models.node_looks import KIND_LOOKS
from gui.widgets.basics import label
from gui.widgets.theme import Theme
from mug.study.catalog import NODE_KINDS

__all__ = ["KindButton", "Palette"]

_WIDE_PX = 164
_NARROW_PX = 52
_ICON = QSize(20, 20)


class KindButton(QToolButton):
    """One kind: a click or Enter inserts it, a drag carries it.

    Signals:
        insert_asked: The kind.
        stepped: The focus is to go up (-1) or down (1).

    Runs on: GUI thread.
    """

    insert_asked = Signal(str)
    stepped = Signal(int)

    def __init__(self, theme: Theme, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self._theme = theme
        self._cargo = CargoOfKind(kind)
        self._pressed_at: QPoint | None = None
        self._carrying = False
        self._target: CarryTarget | None = None
        look, info = KIND_LOOKS[kind], NODE_KINDS[kind]
        self.setObjectName("kindButton")
        self.setText(look.title)
        self.setToolTip(f"{info.title}\n{info.description}\nDrag it onto the canvas, or press Enter to insert it.")
        self.setAccessibleName(f"Insert {info.title}")
        self.setAccessibleDescription(info.description)
        self.setIconSize(_ICON)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(34)
        self.clicked.connect(self._on_clicked)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    @Slot()
    def _on_theme_changed(self) -> None:
        look = KIND_LOOKS[self.kind]
        self.setIcon(self._theme.icon(look.icon, f"series:{look.series}"))

    @Slot()
    def _on_clicked(self) -> None:
        self.insert_asked.emit(self.kind)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() is Qt.MouseButton.LeftButton:
            self._pressed_at = event.position().toPoint()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is None:
            super().mouseMoveEvent(event)
            return
        way = event.position().toPoint() - self._pressed_at
        if not self._carrying and way.manhattanLength() >= QApplication.startDragDistance():
            self._carrying = True
            self.setDown(False)
            self.grabKeyboard()  # for Esc, whoever has the focus
        if self._carrying:
            self._carry(event.globalPosition().toPoint())

    def _carry(self, at: QPoint) -> None:
        target = target_at(at)
        if target is not self._target and self._target is not None:
            self._target.carried_away()
        self._target = target
        shape = Qt.CursorShape.ForbiddenCursor if target is None else Qt.CursorShape.ClosedHandCursor
        self.setCursor(shape)
        if target is not None:
            target.carried_over(self._cargo, at)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._carrying:
            self._pressed_at = None
            super().mouseReleaseEvent(event)
            return
        at = event.globalPosition().toPoint()
        self._carry(at)
        target = self._target
        self._target = None
        self._stop()
        if target is not None:
            target.carried_in(self._cargo, at)

    def _stop(self) -> None:
        if self._target is not None:
            self._target.carried_away()
            self._target = None
        if self._carrying:
            self.releaseKeyboard()
            self.unsetCursor()
        self._carrying = False
        self._pressed_at = None
        self.setDown(False)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape if self._carrying:
                self._stop()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.insert_asked.emit(self.kind)
            case Qt.Key.Key_Up | Qt.Key.Key_Down:
                self.stepped.emit(1 if event.key() == Qt.Key.Key_Down else -1)
            case _:
                super().keyPressEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is Qt.FocusReason.ActiveWindowFocusReason:
            self._stop()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._stop()
        super().hideEvent(event)


class Palette(QFrame):
    """A column with a button for each kind, in the catalogue's order; it folds to icons.

    Signals:
        insert_asked: A kind is to be inserted behind the selection.

    Runs on: GUI thread.
    """

    insert_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("palette")
        self.setProperty("kind", "card")
        self.setAccessibleName("Palette of scenes")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(6, 8, 6, 8)
        outer.setSpacing(4)
        head = QHBoxLayout()
        head.setContentsMargins(6, 0, 0, 0)
        self._heading = label("Scenes", "heading")
        head.addWidget(self._heading, 1)
        self.fold = QToolButton()
        self.fold.setIconSize(QSize(16, 16))
        self.fold.clicked.connect(self._on_fold_clicked)
        head.addWidget(self.fold)
        outer.addLayout(head)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.buttons: dict[str, KindButton] = {}
        for kind in NODE_KINDS:
            button = KindButton(theme, kind)
            button.insert_asked.connect(self.insert_asked)
            button.stepped.connect(self._on_stepped)
            self.buttons[kind] = button
            column.addWidget(button)
        column.addStretch(1)
        self._area = QScrollArea()
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(inner)
        inner.setAutoFillBackground(False)
        self._area.viewport().setAutoFillBackground(False)
        outer.addWidget(self._area, 1)
        self._folded = False
        theme.changed.connect(self._show_fold)
        self._show_fold()

    @property
    def is_folded(self) -> bool:
        """Whether only icons are shown."""
        return self._folded

    def set_folded(self, folded: bool) -> None:
        """Show icons only, or icons and names."""
        self._folded = folded
        self._show_fold()

    @Slot()
    def _on_fold_clicked(self) -> None:
        self.set_folded(not self._folded)

    @Slot()
    def _show_fold(self) -> None:
        self.setFixedWidth(_NARROW_PX if self._folded else _WIDE_PX)
        self._heading.setVisible(not self._folded)
        words = "Show the names of the scenes" if self._folded else "Show icons only"
        self.fold.setIcon(self._theme.icon("chevron-right" if self._folded else "chevron-left", "muted"))
        self.fold.setToolTip(words)
        self.fold.setAccessibleName(words)
        style = Qt.ToolButtonStyle.ToolButtonIconOnly if self._folded else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        for button in self.buttons.values():
            button.setToolButtonStyle(style)

    @Slot(int)
    def _on_stepped(self, by: int) -> None:
        buttons = list(self.buttons.values())
        place = next((index for index, button in enumerate(buttons) if button.hasFocus()), 0) + by
        target = buttons[max(0, min(len(buttons) - 1, place))]
        target.setFocus(Qt.FocusReason.TabFocusReason)
        self._area.ensureWidgetVisible(target)
