"""The small inputs that editors of fields are made of.

Undo and redo belong to the document: the inputs have none of their own. A wheel that scrolls the panel changes no
input that it passes over.
"""

from collections.abc import Callable, Iterator
from typing import Any

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QFontDatabase,
    QFontMetricsF,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QValidator,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QSizePolicy,
    QToolButton,
    QWidget,
)
from typing_extensions import override

from gui.widgets.theme import Theme

__all__ = ["Combo", "Growing", "Line", "MenuGiver", "NumberBox", "Switch", "ToolButton", "ancestors", "is_history_key"]


def is_history_key(event: QEvent) -> bool:
    """Whether a key event asks for undo or redo."""
    return isinstance(event, QKeyEvent) and (
        event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
    )


def ancestors(widget: QWidget | None) -> Iterator[QWidget]:
    """Go through a widget and what it lies in, outwards."""
    while widget is not None:
        yield widget
        widget = widget.parentWidget()


class MenuGiver(QWidget):
    """A widget whose context menu has entries that the inputs in it show too."""

    def menu_actions(self) -> list[QAction]:
        """Return the entries, as they are now."""
        return []

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        _popup(QMenu(self), self, event)


def _popup(menu: QMenu, widget: QWidget, event: QContextMenuEvent) -> None:
    for action in menu.actions():
        if action.objectName() in ("edit-undo", "edit-redo"):
            menu.removeAction(action)
    while menu.actions() and menu.actions()[0].isSeparator():
        menu.removeAction(menu.actions()[0])
    giver = next((found for found in ancestors(widget) if isinstance(found, MenuGiver)), None)
    if giver is not None:
        if menu.actions():
            menu.addSeparator()
        menu.addActions(giver.menu_actions())
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if menu.actions():
        menu.popup(event.globalPos())
    event.accept()


class Line(QLineEdit):
    """One line of text.

    Signals:
        dropped: Escape was pressed: what was typed is not wanted.
    """

    dropped = Signal()

    def __init__(self, name: str, placeholder: str = "") -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setMinimumWidth(40)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and is_history_key(event):
            event.ignore()
            return False
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_history_key(event):
            event.ignore()
        elif event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self.dropped.emit()
        else:
            super().keyPressEvent(event)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        _popup(self.createStandardContextMenu(), self, event)


class Growing(QPlainTextEdit):
    """Several lines of text; as high as they are, between a smallest and a largest number of lines.

    With 0 for the largest number it is as high as there is room.

    Signals:
        typed: The text is another, by the user's hand.
        dropped: Escape was pressed.
    """

    typed = Signal()
    dropped = Signal()

    def __init__(self, name: str, *, least: int = 1, most: int = 10, code: bool = False) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self._least, self._most = least, most
        self._last = ""
        self.setProperty("role", "code" if code else "text")
        if code:
            self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
            self.setTabStopDistance(QFontMetricsF(self.font()).horizontalAdvance(" ") * 4)
        vertical = QSizePolicy.Policy.Fixed if most else QSizePolicy.Policy.Expanding
        self.setSizePolicy(QSizePolicy.Policy.Expanding, vertical)
        self.textChanged.connect(self._on_text_changed)
        self.document().documentLayout().documentSizeChanged.connect(self._on_size_changed)
        self._fit()

    def show_text(self, text: str) -> None:
        """Show a text that is not the user's; the cursor stays when it is the same."""
        if text == self._last:
            return
        self._last = text
        at = self.textCursor().position()
        self.setPlainText(text)
        cursor = self.textCursor()
        cursor.setPosition(min(at, len(text)))
        self.setTextCursor(cursor)

    @Slot()
    def _on_text_changed(self) -> None:
        self._fit()
        text = self.toPlainText()
        if text != self._last:  # a change of colours is no change of the text
            self._last = text
            self.typed.emit()

    @Slot()
    def _on_size_changed(self) -> None:
        self._fit()

    def _fit(self) -> None:
        if self._most == 0:
            return
        lines = max(self._least, min(self._most, round(self.document().size().height())))
        height = round(QFontMetricsF(self.font()).lineSpacing() * lines + 2 * self.document().documentMargin()) + 14
        if height != self.height():
            self.setFixedHeight(height)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and is_history_key(event):
            event.ignore()
            return False
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_history_key(event):
            event.ignore()
        elif event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self.dropped.emit()
        else:
            super().keyPressEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        bar = self.verticalScrollBar()
        if (self.hasFocus() or self._most == 0) and bar.maximum() > bar.minimum():
            super().wheelEvent(event)
        else:
            event.ignore()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        _popup(self.createStandardContextMenu(), self, event)


class Combo(QComboBox):
    """One of several words; each has a value."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class NumberBox(QAbstractSpinBox):
    """A number in a box with arrows, that keeps whatever is typed, wrong or out of bounds.

    Signals:
        typed: The text is another, by the user's hand.
        stepped: By how much an arrow, Up or Down, or the wheel moves the number.
        dropped: Escape was pressed.
    """

    typed = Signal()
    stepped = Signal(int)
    dropped = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        line = _NumberLine(self)
        line.setAccessibleName(name)
        line.setTextMargins(7, 0, 0, 0)
        self.setLineEdit(line)
        line.textEdited.connect(self._on_text_edited)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @Slot()
    def _on_text_edited(self) -> None:
        self.typed.emit()

    @override
    def validate(self, text: str, pos: int) -> tuple[QValidator.State, str, int]:
        return QValidator.State.Acceptable, text, pos

    @override
    def fixup(self, text: str) -> str:
        return text

    @override
    def stepBy(self, steps: int) -> None:
        self.stepped.emit(steps)

    @override
    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        flags = QAbstractSpinBox.StepEnabledFlag
        return flags.StepNone if self.isReadOnly() else flags.StepUpEnabled | flags.StepDownEnabled

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and is_history_key(event):
            event.ignore()
            return False
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_history_key(event):
            event.ignore()
        elif event.key() == Qt.Key.Key_Escape:
            self.dropped.emit()
        else:
            super().keyPressEvent(event)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    @override
    def sizeHint(self) -> QSize:
        return QSize(110, super().sizeHint().height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(64, super().minimumSizeHint().height())

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        _popup(self.lineEdit().createStandardContextMenu(), self, event)


class _NumberLine(QLineEdit):
    """The line in the box; it leaves undo and redo to the document."""

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and is_history_key(event):
            event.ignore()
            return False
        return super().event(event)


class Switch(QCheckBox):
    """Off or on; half on: several things differ."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(self.sizeHint())
        theme.changed.connect(self.update)

    @override
    def sizeHint(self) -> QSize:
        return QSize(42, 26)

    @override
    def hitButton(self, pos: Any) -> bool:
        return bool(self.rect().contains(pos))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(4, 4, 34, 18)
        state = self.checkState()
        on = state is Qt.CheckState.Checked
        ground = self._theme.colour("accent" if on else "sunken")
        edge = self._theme.colour("accent" if on else "border_strong")
        if not self.isEnabled():
            ground, edge = self._theme.colour("sunken"), self._theme.colour("border")
        if self.hasFocus():
            painter.setPen(QPen(self._theme.colour("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(track.adjusted(-2.5, -2.5, 2.5, 2.5), 11.5, 11.5)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(track, 9, 9)
        x = {Qt.CheckState.Checked: 22.0, Qt.CheckState.Unchecked: 6.0}.get(state, 14.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("on_accent") if on else self._knob())
        painter.drawEllipse(QRectF(x, 6, 14, 14))

    def _knob(self) -> QColor:
        return self._theme.colour("muted" if self.isEnabled() else "disabled")


class ToolButton(QToolButton):
    """A small button with a picture that follows the theme."""

    def __init__(
        self,
        theme: Theme,
        icon: str,
        name: str,
        on_click: Callable[[], object] | None = None,
        *,
        role: str = "muted",
        size: int = 16,
    ) -> None:
        super().__init__()
        self._theme, self._icon_name, self._role = theme, icon, role
        self.setProperty("role", "small")
        self.setIconSize(QSize(size, size))
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if on_click is not None:
            self.clicked.connect(lambda _checked=False: on_click())
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_icon(self, icon: str, name: str, role: str = "muted") -> None:
        """Take another picture, with what it does now."""
        self._icon_name, self._role = icon, role
        self.setAccessibleName(name)
        self.setToolTip(name)
        self._on_theme_changed()

    @Slot()
    def _on_theme_changed(self) -> None:
        self.setIcon(self._theme.icon(self._icon_name, self._role))
