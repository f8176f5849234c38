"""The visual diff of two versions of a study: one strip of cards, signed and coloured, and what has changed of each."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QListView,
    QSplitter,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from gui.design.change_details import TONES, ChangeDetails
from gui.models.diff_rows import DIFF_ROW, DiffModel, DiffRow, rows_of_diff
from gui.widgets.basics import Button, Segments, label
from gui.widgets.card_painting import paint_card, paint_pill, paint_text, sized
from gui.widgets.empty_state import EmptyState
from gui.widgets.theme import Theme
from mug.study.diff import StudyDiff
from mug.study.diff_text import diff_as_text

__all__ = ["DiffDialog", "DiffView"]

_INDENT_PX = 26
_SIGN_PX = 30


class DiffView(QWidget):
    """Shows a diff.

    Attributes:
        list: The cards: the study's settings, then the chain; removed cards stand where they were.
        details: What has changed of the chosen one.
        shown: "all", or "changes": without what is the same.
        summary: The line that counts.

    Signals:
        said: A sentence about something that was done.

    Runs on: GUI thread.
    """

    said = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._diff: StudyDiff | None = None
        self._names = ("Before", "After")
        self.model = DiffModel(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(self._make_head())
        self._stack = QStackedWidget()
        layout.addWidget(self._stack, 1)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(16)
        self.list = QListView()
        self.list.setAccessibleName("Cards of both versions")
        self.list.setProperty("kind", "cards")
        self.list.setModel(self.model)
        self.list.setItemDelegate(_DiffDelegate(theme, self.list))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.setMinimumWidth(300)
        self.list.selectionModel().currentChanged.connect(self._on_current_changed)
        self.details = ChangeDetails(theme)
        self.details.setMinimumWidth(280)
        self._split.addWidget(self.list)
        self._split.addWidget(self.details)
        self._split.setStretchFactor(0, 1)
        self._split.setStretchFactor(1, 1)
        self._split.setSizes([560, 460])
        self._stack.addWidget(self._split)
        self._stack.addWidget(
            EmptyState(theme, "check-circle", "No differences", "Both have the same scenes and the same settings.")
        )
        theme.changed.connect(self._on_theme_changed)

    def show_diff(self, diff: StudyDiff, before: str = "Before", after: str = "After") -> None:
        """Show a diff.

        Args:
            diff: The diff.
            before: What the first study is called ("Version 3").
            after: What the second one is called ("now").
        """
        self._diff, self._names = diff, (before, after)
        self._title.setText(f"{before} → {after}")
        self.summary.setText(diff.summary)
        self.summary.setAccessibleName(f"Summary: {diff.summary}")
        self._stack.setCurrentIndex(1 if diff.is_empty else 0)
        for control in (self.shown, self.copy_button, self.save_button):
            control.setEnabled(not diff.is_empty)
        self._fill()

    def text(self) -> str:
        """Return the diff as text."""
        return "" if self._diff is None else diff_as_text(self._diff, *self._names)

    @Slot()
    def copy_text(self) -> None:
        """Put the diff as text on the clipboard."""
        QGuiApplication.clipboard().setText(self.text())
        self.said.emit("The differences are on the clipboard, as text.")

    @Slot()
    def ask_file(self) -> None:
        """Ask for the file that the diff is written to."""
        dialog = QFileDialog(self, "Save the differences as text", "differences.txt", "Text (*.txt)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("txt")
        dialog.fileSelected.connect(self.save_text)
        dialog.open()

    @Slot(str)
    def save_text(self, path: str) -> None:
        """Write the diff as text to a file."""
        try:
            Path(path).write_text(self.text(), encoding="utf-8")
        except OSError as error:
            self.said.emit(f"{path} cannot be written: {error.strerror or error}")
        else:
            self.said.emit(f"The differences are in {path}.")

    def choose(self, row: int) -> None:
        """Choose a card by its place."""
        self.list.setCurrentIndex(self.model.index(row, 0))

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(10)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        self._title = label("", "heading")
        self.summary = label("", "muted")
        texts.addWidget(self._title)
        texts.addWidget(self.summary)
        head.addLayout(texts, 1)
        self.shown = Segments((("all", "All scenes"), ("changes", "Only changes")), name="Shown")
        self.shown.chosen.connect(self._fill)
        head.addWidget(self.shown)
        self.copy_button = Button(self._theme, "Copy as text", "copy", on_click=self.copy_text)
        self.save_button = Button(self._theme, "Save as text…", "export", on_click=self.ask_file)
        head.addWidget(self.copy_button)
        head.addWidget(self.save_button)
        return head

    @Slot()
    def _fill(self) -> None:
        if self._diff is None:
            return
        before = self.list.currentIndex().data(DIFF_ROW)
        rows = rows_of_diff(self._diff, only_changes=self.shown.current() == "changes")
        self.model.replace_all(rows)
        again = next((place for place, row in enumerate(rows) if row == before), None)
        if again is None:
            again = next((place for place, row in enumerate(rows) if row.status != "same"), None)
        if again is None:
            self.details.show_row(None)
        else:
            self.choose(again)

    @Slot()
    def _on_current_changed(self) -> None:
        self.details.show_row(self.list.currentIndex().data(DIFF_ROW))

    @Slot()
    def _on_theme_changed(self) -> None:
        self.list.viewport().update()


class DiffDialog(QDialog):
    """A diff in a window of its own.

    Attributes:
        view: The diff.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, diff: StudyDiff, before: str, after: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"{before} → {after}")
        self.resize(1080, 720)
        self.setMinimumSize(760, 440)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(14)
        self.view = DiffView(theme)
        layout.addWidget(self.view, 1)
        row = QHBoxLayout()
        self._said = label("", "muted", wrap=True)
        row.addWidget(self._said, 1)
        close = Button(theme, "Close", role="primary", on_click=self.accept)
        close.setDefault(True)
        row.addWidget(close)
        layout.addLayout(row)
        self.view.said.connect(self._said.setText)
        copy = QShortcut(QKeySequence.StandardKey.Copy, self.view.list)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.view.copy_text)
        self.view.show_diff(diff, before, after)
        self.view.list.setFocus()


class _DiffDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        opt: Any = option  # its fields are not in PySide's stubs
        return QSize(240, 2 * (QFontMetrics(opt.font).height() + 2) + 26)

    @override
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: DiffRow = index.data(DIFF_ROW)
        opt: Any = option
        theme, font = self._theme, opt.font
        chosen = bool(opt.state & QStyle.StateFlag.State_Selected)
        focused = bool(opt.state & QStyle.StateFlag.State_HasFocus)
        hovered = bool(opt.state & QStyle.StateFlag.State_MouseOver)
        tone = TONES[row.status]
        painter.save()
        box: QRect = opt.rect.adjusted(4 + row.depth * _INDENT_PX, 3, -4, -3)
        for depth in range(row.depth):
            x = opt.rect.left() + 4 + depth * _INDENT_PX + _INDENT_PX // 2
            painter.fillRect(x, opt.rect.top(), 2, opt.rect.height(), theme.colour("border_strong"))
        ground = theme.colour("accent_soft" if chosen else "hover" if hovered else "surface")
        edge = "focus" if focused else "accent" if chosen else "border" if tone == "neutral" else tone
        dashed = row.status == "removed" and not (chosen or focused)
        paint_card(painter, box, ground, theme.colour(edge), width=2.0 if focused else 1.0, dashed=dashed)
        self._paint_sign(painter, box, row, tone, font)
        inner = box.adjusted(_SIGN_PX + 14, 9, -12, -8)
        line = QFontMetrics(font).height() + 2
        middle = inner.top() + line
        painter.drawPixmap(
            inner.left(), middle - 10, theme.pixmap(row.icon, "muted" if row.status == "same" else "text")
        )
        right = inner.right()
        if row.status != "same":
            pill_font = sized(font, 0.9, bold=True)
            right = paint_pill(painter, right, middle, theme, row.change_words, tone, pill_font) - 8
        title_font = sized(font, 1.0, bold=True)
        title_font.setStrikeOut(row.status == "removed")
        texts = QRect(inner.left() + 32, inner.top(), max(20, right - inner.left() - 32), line)
        ink = "muted" if row.status in {"same", "removed"} else "text"
        paint_text(painter, texts, row.title, title_font, theme.colour(ink))
        texts.translate(0, line)
        paint_text(painter, texts, row.subtitle, sized(font, 0.9), theme.colour("muted"))
        painter.restore()

    def _paint_sign(self, painter: QPainter, box: QRect, row: DiffRow, tone: str, font: Any) -> None:
        if row.status == "same":
            return
        theme = self._theme
        square = QRect(box.left() + 8, box.center().y() - 13, 26, 26)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(f"{tone}_soft"))
        painter.drawRoundedRect(square, 7, 7)
        painter.setFont(sized(font, 1.25, bold=True))
        painter.setPen(theme.colour(tone))
        painter.drawText(square, Qt.AlignmentFlag.AlignCenter, row.sign)
