"""The problems panel: what is wrong, where, how to fix it; a click goes there, one more mends it."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from gui.models.problem_rows import FIX_ROLE, PLACE_ROLE, PROBLEM_ROLE, ProblemRows
from gui.widgets.theme import Theme
from mug.study import Problem
from mug.study.quick_fixes import QuickFix

__all__ = ["ProblemsView"]

_LEFT_PX, _AIR_PX, _GAP_PX, _ICON_PX = 12, 8, 10, 18
_WRAP = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop

Index = QModelIndex | QPersistentModelIndex


class ProblemsView(QListView):
    """All problems of the study, errors first.

    Enter goes to the field, Alt+Enter applies the quick fix; so do a click on the row and one on the fix.

    Signals:
        chosen: The problem to go to.
        fix_asked: The `QuickFix` to apply.

    Runs on: GUI thread.
    """

    chosen = Signal(object)
    fix_asked = Signal(object)

    def __init__(self, theme: Theme, find_fix: Callable[[Problem], QuickFix | None]) -> None:
        super().__init__()
        self._rows = ProblemRows(find_fix, self)
        self._pressed: tuple[int, bool] | None = None
        self.setModel(self._rows)
        self.setItemDelegate(_Delegate(theme, self))
        self.setAccessibleName("Problems")
        self.setAccessibleDescription("Enter goes to the field, Alt and Enter apply the quick fix.")
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setUniformItemSizes(False)
        theme.changed.connect(self.viewport().update)

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Show these instead; the row that was current stays so while its problem is there."""
        row = self.currentIndex().row()
        before = self._rows.problem(row) if 0 <= row < self._rows.rowCount() else None
        self._rows.show_problems(problems)
        for at in range(self._rows.rowCount() if before is not None else 0):
            if self._rows.problem(at) == before:
                self.setCurrentIndex(self._rows.index(at))
                break

    def problems(self) -> list[Problem]:
        """Return what is shown, in its order."""
        return [self._rows.problem(row) for row in range(self._rows.rowCount())]

    def fix_rect(self, row: int) -> QRect:
        """Return where the quick fix of a row is shown; empty where there is none."""
        index = self._rows.index(row)
        fix = self._rows.fix(row)
        return _fix_rect(self.visualRect(index), fix.label, self.font()) if fix is not None else QRect()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        self._pressed = (index.row(), self._is_on_fix(index, event.position().toPoint())) if index.isValid() else None

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        pressed, self._pressed = self._pressed, None
        if not index.isValid() or event.button() is not Qt.MouseButton.LeftButton:
            return
        on_fix = self._is_on_fix(index, event.position().toPoint())
        if pressed != (index.row(), on_fix):
            return
        if on_fix:
            self.fix_asked.emit(self._rows.fix(index.row()))
        else:
            self.chosen.emit(self._rows.problem(index.row()))

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        shape = Qt.CursorShape.PointingHandCursor if index.isValid() else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        if row < 0:
            super().keyPressEvent(event)
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            fix = self._rows.fix(row)
            if not event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self.chosen.emit(self._rows.problem(row))
            elif fix is not None:
                self.fix_asked.emit(fix)
        else:
            super().keyPressEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.scheduleDelayedItemsLayout()

    def _is_on_fix(self, index: Index, at: QPoint) -> bool:
        return self.fix_rect(index.row()).contains(at)


class _Delegate(QStyledItemDelegate):
    """Paints a row: the severity's icon, the place, the message, and the fix as a link below it."""

    def __init__(self, theme: Theme, view: ProblemsView) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view
        theme.changed.connect(self._on_theme_changed)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        problem: Problem = index.data(PROBLEM_ROLE)
        fix: QuickFix | None = index.data(FIX_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self._theme.colour
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("accent_soft"))
            painter.drawRoundedRect(_rect(option).adjusted(4, 2, -4, -2), 8, 8)
        rect = _rect(option)
        painter.drawPixmap(
            rect.left() + _LEFT_PX,
            rect.top() + _AIR_PX,
            self._theme.pixmap(problem.severity, problem.severity, _ICON_PX),
        )
        left = rect.left() + _LEFT_PX + _ICON_PX + _GAP_PX
        width = rect.right() - left - _LEFT_PX
        font = self._view.font()
        small = _small(font)
        painter.setFont(small)
        painter.setPen(colour("muted"))
        line = QFontMetrics(small).height()
        place = QFontMetrics(small).elidedText(index.data(PLACE_ROLE), Qt.TextElideMode.ElideMiddle, width)
        painter.drawText(QRect(left, rect.top() + _AIR_PX, width, line), _WRAP, place)
        painter.setFont(font)
        painter.setPen(colour("text"))
        top = rect.top() + _AIR_PX + line + 1
        painter.drawText(QRect(left, top, width, rect.bottom() - top), _WRAP, problem.message)
        if fix is not None:
            painter.setFont(small)
            painter.setPen(colour("accent"))
            where = _fix_rect(rect, fix.label, font)
            painter.drawText(where.adjusted(0, 2, 0, 0), Qt.AlignmentFlag.AlignLeft, _fix_words(fix.label))
        painter.restore()

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = max(120, self._view.viewport().width())
        font = self._view.font()
        room = QRect(0, 0, width - 2 * _LEFT_PX - _ICON_PX - _GAP_PX, 10_000)
        message = QFontMetrics(font).boundingRect(room, _WRAP, index.data(Qt.ItemDataRole.DisplayRole))
        small = QFontMetrics(_small(font)).height()
        fix_px = small + 6 if index.data(FIX_ROLE) is not None else 0
        return QSize(width, 2 * _AIR_PX + small + 1 + message.height() + fix_px)

    @Slot()
    def _on_theme_changed(self) -> None:
        self._view.scheduleDelayedItemsLayout()


def _rect(option: QStyleOptionViewItem) -> QRect:
    rect: QRect = option.rect
    return rect


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(max(6.0, font.pointSizeF() * 0.9))
    return small


def _fix_words(label: str) -> str:
    return f"Fix: {label}"


def _fix_rect(row: QRect, label: str, font: QFont) -> QRect:
    metrics = QFontMetrics(_small(font))
    left = row.left() + _LEFT_PX + _ICON_PX + _GAP_PX
    height = metrics.height() + 6
    width = min(metrics.horizontalAdvance(_fix_words(label)) + 4, row.right() - left)
    return QRect(left, row.bottom() - _AIR_PX - height + 3, width, height)
