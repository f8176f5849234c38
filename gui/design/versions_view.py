"""The panel of a study's versions: which there are, who took part, what to compare or bring back."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from gui.models.versions import ROW_ROLE, VersionRow, VersionsModel, rows_of
from gui.widgets.basics import Button, Notice, label
from gui.widgets.card_painting import paint_card, paint_pill, paint_text, sized
from gui.widgets.empty_state import EmptyState
from gui.widgets.theme import Theme
from mug.study.versions import Version

__all__ = ["VersionsView"]


class VersionsView(QWidget):
    """Shows the versions, newest first.

    Attributes:
        list: The list; several can be chosen.
        compare, restore: The buttons.

    Signals:
        compare_asked: Two `Version`s, the older first; the second may be None: the study as it is edited.
        restore_asked: A `Version` is to become the study again.

    Runs on: GUI thread.
    """

    compare_asked = Signal(object, object)
    restore_asked = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.model = VersionsModel(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        self._stack = QStackedWidget()
        layout.addWidget(self._stack)
        self._empty = EmptyState(
            theme,
            "history",
            "No versions yet",
            "Each time the study is saved, its content is kept here: to compare, and to bring back.",
        )
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._make_list())
        theme.changed.connect(self._on_theme_changed)

    def show_versions(
        self, versions: Sequence[Version], participants: Mapping[str, int], current_hash: str = ""
    ) -> None:
        """Show these.

        Args:
            versions: As `VersionStore.list` gives them, oldest first.
            participants: Real participants by content hash (`mug.records.participants_by_hash`).
            current_hash: Content hash of the study as it is edited.
        """
        self.model.replace_all(rows_of(versions, participants, current_hash))
        self._stack.setCurrentIndex(1 if versions else 0)
        self._empty.say(
            "No versions yet",
            "Each time the study is saved, its content is kept here: to compare, and to bring back.",
        )
        rows = self.model.rows
        newest = max((row.version.number for row in rows), default=0)
        current = next((row for row in rows if row.is_current), None)
        words = ""
        if current is not None and current.is_locked:
            words = (
                f"{current.title} has {current.people}. It stays as it is: when you save changes, they become version "
                f"{newest + 1}."
            )
        self.locked.say(words, "lock", "accent")
        self._on_selection_changed()

    @Slot(str)
    def show_failure(self, sentence: str) -> None:
        """Say why the versions cannot be read, in place of the list."""
        self.model.replace_all(())
        self._empty.say("The versions cannot be read", sentence)
        self._stack.setCurrentIndex(0)

    def chosen(self) -> list[VersionRow]:
        """Return the chosen rows, the oldest first."""
        rows = sorted((index.row() for index in self.list.selectionModel().selectedIndexes()), reverse=True)
        return [self.model.rows[row] for row in rows]

    def _make_list(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        self.locked = Notice(self._theme, icon="lock")
        layout.addWidget(self.locked)
        self.list = _VersionList()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_VersionDelegate(self._theme, self.list))
        self.list.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.list.activated.connect(self._on_compare)
        layout.addWidget(self.list, 1)
        self._hint = label("", "small", wrap=True)
        layout.addWidget(self._hint)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.compare = Button(self._theme, "Compare", "compare", on_click=self._on_compare)
        self.restore = Button(self._theme, "Bring back", "restore", on_click=self._on_restore)
        row.addWidget(self.compare)
        row.addWidget(self.restore)
        row.addStretch(1)
        layout.addLayout(row)
        return page

    @Slot()
    def _on_selection_changed(self) -> None:
        chosen = self.chosen()
        whole = all(not row.version.problem for row in chosen)
        one = chosen[0] if len(chosen) == 1 else None
        self.compare.setText("Compare the two" if len(chosen) == 2 else "Compare with now")
        self.compare.setAccessibleName(self.compare.text())
        self.compare.setEnabled(whole and (len(chosen) == 2 or (one is not None and not one.is_current)))
        self.restore.setEnabled(whole and one is not None and not one.is_current)
        if not whole:
            broken = next(row for row in chosen if row.version.problem)
            self._hint.setText(f"{broken.title} is damaged: {broken.version.problem}.")
        elif not chosen:
            self._hint.setText("Choose a version to compare it with the study as it is now, or two of them.")
        elif one is not None and one.is_current:
            self._hint.setText("The study is as it was in this version.")
        elif len(chosen) > 2:
            self._hint.setText("Choose one version or two.")
        else:
            self._hint.setText("")

    @Slot()
    def _on_compare(self) -> None:
        if not self.compare.isEnabled():
            return
        chosen = self.chosen()
        self.compare_asked.emit(chosen[0].version, chosen[1].version if len(chosen) == 2 else None)

    @Slot()
    def _on_restore(self) -> None:
        if self.restore.isEnabled():
            self.restore_asked.emit(self.chosen()[0].version)

    @Slot()
    def _on_theme_changed(self) -> None:
        self.list.viewport().update()


class _VersionList(QListView):
    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Versions")
        self.setProperty("kind", "cards")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setSpacing(0)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self.activated.emit(self.currentIndex())  # some platforms open items with another key
            return
        super().keyPressEvent(event)


class _VersionDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        row: VersionRow = index.data(ROW_ROLE)
        line = QFontMetrics(option.font).height()
        lines = 2 + bool(row.version.comment or row.version.problem)
        return QSize(200, lines * (line + 3) + 26)

    @override
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: VersionRow = index.data(ROW_ROLE)
        opt: Any = option  # its fields are not in PySide's stubs
        theme, font = self._theme, opt.font
        chosen = bool(opt.state & QStyle.StateFlag.State_Selected)
        hovered = bool(opt.state & QStyle.StateFlag.State_MouseOver)
        focused = bool(opt.state & QStyle.StateFlag.State_HasFocus)
        painter.save()
        box: QRect = opt.rect.adjusted(4, 3, -4, -3)
        ground = theme.colour("accent_soft" if chosen else "hover" if hovered else "surface")
        border = theme.colour("focus" if focused else "accent" if chosen else "border")
        paint_card(painter, box, ground, border, width=2.0 if focused else 1.0)
        line = QFontMetrics(font).height() + 3
        inner = box.adjusted(14, 10, -12, -8)
        head = QRect(inner.left(), inner.top(), inner.width(), line)
        small, right = sized(font, 0.9, bold=True), inner.right()
        if row.is_locked:
            right = paint_pill(painter, right, head.center().y(), theme, row.people, "neutral", small, "lock") - 6
        if row.is_current:
            right = paint_pill(painter, right, head.center().y(), theme, "current", "accent", small) - 6
        if row.version.problem:
            right = paint_pill(painter, right, head.center().y(), theme, "damaged", "error", small, "error") - 6
        head.setRight(right)
        paint_text(painter, head, row.title, sized(font, 1.0, bold=True), theme.colour("text"))
        head = QRect(inner.left(), inner.top() + line, inner.width(), line)
        paint_text(painter, head, row.when_and_what, sized(font, 0.9), theme.colour("muted"))
        more = row.version.problem or row.version.comment
        if more:
            head.translate(0, line)
            colour = theme.colour("error" if row.version.problem else "text")
            paint_text(painter, head, more, font, colour)
        painter.restore()
