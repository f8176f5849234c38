"""What has changed of one node: each field with its value before and after, long texts line by line."""

import textwrap
from collections.abc import Iterator, Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QColor, QFontDatabase, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from gui.models.diff_rows import STATUS_WORDS, DiffRow
from gui.widgets.basics import Icon, Pill, card, label, scrolling
from gui.widgets.theme import Theme
from mug.study.diff import FieldChange
from mug.study.diff_text import LineChange, is_long, line_changes, value_text

__all__ = ["TONES", "ChangeDetails", "LineDiff"]

TONES = {"added": "good", "removed": "error", "moved": "accent", "changed": "warning", "same": "neutral"}
"""The colour of each status; its sign and word say the same."""

_CONTEXT = 2
_MOST_LINES = 400
_MOST_ROWS = 40
"""Of one line."""


class ChangeDetails(QWidget):
    """Shows one row of a diff.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._host = QWidget()
        self._column = QVBoxLayout(self._host)
        self._column.setContentsMargins(4, 0, 8, 8)
        self._column.setSpacing(12)
        layout.addWidget(scrolling(self._host, "What has changed"))

    def show_row(self, row: DiffRow | None) -> None:
        """Show a row's changes; None: nothing is chosen."""
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if row is None:
            self._column.addWidget(label("Choose a card to see what has changed.", "muted", wrap=True))
            self._column.addStretch(1)
            return
        self._column.addWidget(self._head(row))
        if row.node is not None and row.node.moved:
            self._column.addWidget(label(_moved_words(row), "muted", wrap=True))
        elif row.status == "same":
            self._column.addWidget(label("It is the same in both.", "muted"))
        for change in row.fields:
            self._column.addWidget(self._field(change, row))
        self._column.addStretch(1)

    def _head(self, row: DiffRow) -> QWidget:
        head = QWidget()
        layout = QHBoxLayout(head)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(Icon(self._theme, row.icon, "accent", 24), 0, Qt.AlignmentFlag.AlignTop)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(label(row.title, "heading", wrap=True))
        texts.addWidget(label(row.subtitle, "small", wrap=True))
        layout.addLayout(texts, 1)
        icon = {"added": "plus", "removed": "minus", "moved": "compare", "changed": "pencil"}.get(row.status, "check")
        pill = Pill(self._theme, STATUS_WORDS[row.status], icon, TONES[row.status])
        layout.addWidget(pill, 0, Qt.AlignmentFlag.AlignTop)
        return head

    def _field(self, change: FieldChange, row: DiffRow) -> QWidget:
        panel, layout = card(margins=12, spacing=6)
        layout.addWidget(label(change.title, "heading", wrap=True))
        layout.addWidget(label(change.field, "small"))
        only = {"added": "after", "removed": "before"}.get(row.status, "")
        if is_long(change):
            before = () if only == "after" else change.before
            after = () if only == "before" else change.after
            layout.addWidget(LineDiff(self._theme, line_changes(before, after)))
        else:
            grid = QGridLayout()
            grid.setHorizontalSpacing(12)
            grid.setVerticalSpacing(4)
            grid.setColumnStretch(1, 1)
            if only != "after":
                self._value(grid, 0, "Before", change.before, change.before_given, change, "removed")
            if only != "before":
                self._value(grid, 1, "After", change.after, change.after_given, change, "added")
            layout.addLayout(grid)
        panel.setAccessibleName(f"{change.title}: {_shown(change.before, change)} → {_shown(change.after, change)}")
        return panel

    def _value(
        self, grid: QGridLayout, row: int, name: str, value: object, given: bool, change: FieldChange, kind: str
    ) -> None:
        grid.addWidget(label(name, "small"), row, 0, Qt.AlignmentFlag.AlignTop)
        line = QHBoxLayout()
        line.setSpacing(8)
        words = label(_shown(value, change) if given or value is not None else "not given", wrap=True, selectable=True)
        words.setProperty("kind", kind if given else "muted")
        words.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        line.addWidget(words, 1)
        if not given and value is not None:
            line.addWidget(label("default", "small"))
        grid.addLayout(line, row, 1)


def _shown(value: object, change: FieldChange) -> str:
    text = value_text(value)
    if not text:
        return "(empty)" if value is not None else "not given"
    return f"{text} {change.unit}" if change.unit and not isinstance(value, str | bool) else text


def _moved_words(row: DiffRow) -> str:
    assert row.node is not None
    before, after = row.node.before, row.node.after
    assert before is not None
    assert after is not None
    if before[:-1] == after[:-1]:
        return f"It was number {before[-1] + 1} where it is, and is number {after[-1] + 1} now."
    into = "into a wrapper" if len(after) > len(before) else "out of a wrapper" if len(after) < len(before) else "over"
    return f"It was moved {into}: from place {_place(before)} to {_place(after)}."


def _place(path: Sequence[int]) -> str:
    return ".".join(str(index + 1) for index in path)


class LineDiff(QFrame):
    """Lines of two texts: what only one of them has is signed and coloured; far from that, equal lines are left out.

    Attributes:
        lines: What is shown.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, changes: Sequence[LineChange]) -> None:
        super().__init__()
        self._theme = theme
        self.lines = list(_near_changes(changes))[:_MOST_LINES]
        if len(changes) > _MOST_LINES:
            self.lines.append(("…", "and more"))
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("\n".join(f"{sign} {line}" for sign, line in self.lines))
        self._rows: list[tuple[str, str]] = []
        self._wrap(320)
        theme.changed.connect(self._on_theme_changed)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._wrap(event.size().width())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setFont(self.font())
        metrics = QFontMetrics(self.font())
        height, colour = metrics.height() + 2, self._theme.colour
        grounds = {"+": colour("good_soft"), "-": colour("error_soft"), "…": colour("sunken")}
        inks = {"+": colour("good"), "-": colour("error"), "…": colour("muted")}
        for number, (sign, text) in enumerate(self._rows):
            top = 4 + number * height
            kind = sign.strip() or " "
            ground: QColor | None = grounds.get(kind[0])
            if ground is not None:
                painter.fillRect(0, top, self.width(), height, ground)
            painter.setPen(inks.get(kind[0], colour("text")))
            shown_sign = "" if sign in {" ", "  "} or len(sign) > 1 else "−" if sign == "-" else sign
            painter.drawText(6, top + metrics.ascent() + 1, shown_sign)
            painter.drawText(6 + metrics.horizontalAdvance("m ") + 4, top + metrics.ascent() + 1, text)
        painter.end()

    def _wrap(self, width: int) -> None:
        """Break long lines, between words where that can be; a row that goes on has its sign twice."""
        metrics = QFontMetrics(self.font())
        each = max(8, (width - 16 - metrics.horizontalAdvance("m ")) // max(1, metrics.horizontalAdvance("m")))
        self._rows = []
        for sign, line in self.lines:
            pieces = textwrap.wrap(line, each, drop_whitespace=False, replace_whitespace=False) or [""]
            self._rows.append((sign, pieces[0]))
            self._rows += [(sign * 2, piece) for piece in pieces[1:_MOST_ROWS]]
        self.setFixedHeight(len(self._rows) * (metrics.height() + 2) + 8)
        self.update()

    @Slot()
    def _on_theme_changed(self) -> None:
        self.update()


def _near_changes(changes: Sequence[LineChange]) -> Iterator[tuple[str, str]]:
    """Go through the lines, with some of the equal ones around what differs, and a count of the rest."""
    near = {
        place
        for index, change in enumerate(changes)
        if change.sign != " "
        for place in range(index - _CONTEXT, index + _CONTEXT + 1)
    }
    left_out = 0
    for index, change in enumerate(changes):
        if index in near:
            if left_out:
                yield "…", f"{left_out} equal line{'s'[: left_out > 1]}"
            left_out = 0
            yield change.sign, change.line
        else:
            left_out += 1
    if left_out:
        yield "…", f"{left_out} equal line{'s'[: left_out > 1]}"
