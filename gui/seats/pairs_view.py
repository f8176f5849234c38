"""The connections between the desks: a table of each with each, the worst of them, and a test."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHBoxLayout,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from gui.models.columns import Index
from gui.models.seat_pairs import FAIR_MS, GOOD_MS, PAIR_ROLE, PairLook, SeatPairsModel, pair_short, pair_words
from gui.models.seats import SeatBook
from gui.seats.actions import SeatActions
from gui.widgets.basics import Button, Elided, label
from gui.widgets.card_painting import sized
from gui.widgets.theme import Theme
from gui.widgets.tips import plain_tip

__all__ = ["PairsView"]

_CELL = QSize(64, 34)
_WORST = 20


class PairsView(QWidget):
    """Shows the round trips between all desks.

    Signals:
        said: A short message and its icon.

    Runs on: GUI thread.
    """

    said = Signal(str, str)

    def __init__(self, theme: Theme, book: SeatBook, actions: SeatActions) -> None:
        super().__init__()
        self._theme, self._book = theme, book
        self._was_measuring = self._has_result = False
        self.model = SeatPairsModel(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        head = QHBoxLayout()
        head.setSpacing(8)
        self.test = Button(
            theme,
            "Test connections",
            "network",
            role="primary",
            tip="Measure between all desks that are at home, each with each (T)",
            on_click=actions.test.trigger,
        )
        actions.test.changed.connect(lambda: self.test.setEnabled(actions.test.isEnabled()))
        head.addWidget(self.test)
        self.copy = Button(theme, "Copy table", "copy", tip="As text, for a spreadsheet", on_click=self.copy_text)
        head.addWidget(self.copy)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Pairs measured")
        self.progress.setTextVisible(False)
        self.progress.setMaximumWidth(160)
        self.progress.hide()
        head.addWidget(self.progress)
        self.sum = Elided("muted")
        head.addWidget(self.sum, 1)
        layout.addLayout(head)
        body = QHBoxLayout()
        body.setSpacing(12)
        self.table = _PairTable(theme, self.model)
        self.table.selectionModel().currentChanged.connect(self._on_current)
        self.table.entered.connect(self._say_cell)
        body.addWidget(self.table, 1)
        side = QVBoxLayout()
        side.setSpacing(6)
        side.addWidget(label("Worst pairs", "heading"))
        self.worst = QListWidget()
        self.worst.setAccessibleName("Worst pairs")
        self.worst.setFixedWidth(260)
        self.worst.setWordWrap(True)
        self.worst.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.worst.itemActivated.connect(self._go_to)
        self.worst.itemClicked.connect(self._go_to)
        side.addWidget(self.worst, 1)
        self._none_bad = label("", "muted", wrap=True)
        self._none_bad.setFixedWidth(260)
        side.addWidget(self._none_bad)
        side.addStretch(0)
        body.addLayout(side)
        layout.addLayout(body, 1)
        self.cell = Elided()
        layout.addWidget(self.cell)
        layout.addWidget(_Legend(theme))
        theme.changed.connect(self._refresh_worst)
        self.show_pairs(())

    def show_pairs(self, desks: Sequence[str]) -> None:
        """Show the newest state of these desks' connections."""
        self.model.show(desks, self._book.pairs)
        done, total = self.model.progress()
        measuring = done < total
        self.progress.setVisible(measuring)
        if measuring:
            self.progress.setRange(0, total)
            self.progress.setValue(done)
            self.sum.say(f"{done} of {total} pairs measured")
        elif total:
            direct, relay, none = self.model.counts()
            self.sum.say(f"{direct} direct · {relay} by relay · {none} without connection")
        else:
            self.sum.say("Nothing was measured yet. Test before anybody sits down.")
        if self._was_measuring and not measuring and total:
            self.said.emit(f"All {total} pairs are measured", "network")
        self._was_measuring = measuring
        self._has_result = done > 0
        self.copy.setEnabled(total > 0)
        self._refresh_worst()
        current = self.table.currentIndex()
        self.cell.say(self._cell_words(current) if current.isValid() else "Choose a cell to read it in words.")

    @Slot()
    def copy_text(self) -> None:
        """Put the table on the clipboard."""
        QApplication.clipboard().setText(self.model.as_text())
        self.said.emit("Copied the table of connections", "copy")

    @Slot()
    def _refresh_worst(self) -> None:
        worst = self.model.worst(_WORST)
        texts = [pair_short(one, other, pair) for one, other, pair in worst]
        if [self.worst.item(row).text() for row in range(self.worst.count())] != texts:
            self.worst.clear()
            for text, (one, other, pair) in zip(texts, worst, strict=True):
                item = QListWidgetItem(text)
                item.setData(Qt.ItemDataRole.UserRole, (one, other))
                item.setToolTip(plain_tip(pair_words(one, other, pair)))
                self.worst.addItem(item)
        for row, (_one, _other, pair) in enumerate(worst):
            is_none = pair.state == "failed" or not pair.path
            icon = ("way-none", "error") if is_none else ("relay" if pair.path != "p2p" else "clock", "warning")
            self.worst.item(row).setIcon(self._theme.icon(*icon))
        self.worst.setVisible(bool(worst))
        self._none_bad.setVisible(not worst)
        all_good = f"All are direct and faster than {GOOD_MS:.0f} ms."
        self._none_bad.setText(all_good if self._has_result else "They are listed here after a test.")
        self._none_bad.setAlignment(Qt.AlignmentFlag.AlignTop)

    @Slot(QListWidgetItem)
    def _go_to(self, item: QListWidgetItem) -> None:
        one, other = item.data(Qt.ItemDataRole.UserRole)
        desks = self.model.desks
        if one in desks and other in desks:
            self.table.setCurrentIndex(self.model.index(desks.index(one), desks.index(other)))

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, current: QModelIndex, _before: QModelIndex) -> None:
        self._say_cell(current)

    @Slot(QModelIndex)
    def _say_cell(self, index: QModelIndex) -> None:
        if index.isValid():
            self.cell.say(self._cell_words(index))

    def _cell_words(self, index: QModelIndex) -> str:
        return str(index.data(Qt.ItemDataRole.ToolTipRole))


class _PairTable(QTableView):
    def __init__(self, theme: Theme, model: SeatPairsModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setItemDelegate(_PairDelegate(theme, self))
        self.setAccessibleName("Round trips between the desks")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        for header, size in ((self.horizontalHeader(), _CELL.width()), (self.verticalHeader(), _CELL.height())):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setMinimumSectionSize(20)
            header.setDefaultSectionSize(size)
            header.setHighlightSections(True)
            header.setSectionsClickable(False)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
        model.modelReset.connect(self._fit_columns)

    @Slot()
    def _fit_columns(self) -> None:
        """Let the columns be as wide as the desks' names, within reason."""
        metrics = QFontMetrics(sized(self.font(), 1.0, bold=True))
        model = self.model()
        names = [str(model.headerData(k, Qt.Orientation.Horizontal)) for k in range(model.columnCount())]
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0) + 18
        self.horizontalHeader().setDefaultSectionSize(max(_CELL.width(), min(120, widest)))


class _PairDelegate(QStyledItemDelegate):
    """Paints a cell: its figure, on a ground in its colour, with the shape of its way at the left."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look: PairLook = index.data(PAIR_ROLE)
        rect = QRectF(option.rect).adjusted(1.5, 1.5, -1.5, -1.5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_cell(painter, rect, look, self._theme)
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(self._theme.colour("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect, 6, 6)
        painter.restore()


def _paint_cell(painter: QPainter, rect: QRectF, look: PairLook, theme: Theme) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    if look.shape == "same":
        painter.setBrush(theme.colour("sunken"))
        painter.drawRoundedRect(rect, 6, 6)
        return
    role = look.tone if look.tone != "neutral" else "muted"
    if look.tone != "neutral":
        painter.setBrush(theme.colour(f"{look.tone}_soft"))
        painter.drawRoundedRect(rect, 6, 6)
    painter.setPen(theme.colour(role))
    left = 18.0 if look.shape in ("direct", "relay", "none") else 0.0
    painter.drawText(rect.adjusted(left, 0, -3, 0), Qt.AlignmentFlag.AlignCenter, look.text)
    _paint_shape(painter, QPointF(rect.left() + 12, rect.center().y()), look.shape, theme, role)


def _paint_shape(painter: QPainter, at: QPointF, shape: str, theme: Theme, role: str) -> None:
    """Paint a filled circle for direct, a hollow square for relay, a cross for none."""
    colour = theme.colour(role)
    if shape == "direct":
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(at, 4.0, 4.0)
    elif shape == "relay":
        painter.setPen(QPen(colour, 1.8))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(at.x() - 4, at.y() - 4, 8, 8))
    elif shape == "none":
        painter.setPen(QPen(colour, 2))
        painter.drawLine(at + QPointF(-4, -4), at + QPointF(4, 4))
        painter.drawLine(at + QPointF(-4, 4), at + QPointF(4, -4))


class _Legend(QWidget):
    """What colours and shapes mean."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        good, fair = f"{GOOD_MS:.0f}", f"{FAIR_MS:.0f}"
        for look, words in (
            (PairLook("12", "good", "direct"), f"good, below {good} ms"),
            (PairLook("63", "warning", "direct"), f"fair, below {fair} ms"),
            (PairLook("140", "error", "direct"), "slow"),
            (PairLook("18", "good", "relay"), "through the server"),
            (PairLook("none", "error", "none"), "no connection"),
        ):
            layout.addWidget(_Sample(theme, look))
            layout.addWidget(label(words, "small"))
            layout.addSpacing(8)
        layout.addStretch(1)


class _Sample(QWidget):
    def __init__(self, theme: Theme, look: PairLook) -> None:
        super().__init__()
        self._theme, self._look = theme, look
        self.setFixedSize(62 if look.shape == "none" else 52, 26)
        theme.changed.connect(self.update)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_cell(painter, QRectF(self.rect()).adjusted(1, 1, -1, -1), self._look, self._theme)
        painter.end()
