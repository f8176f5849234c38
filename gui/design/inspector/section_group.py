"""A section of the panel: folded away, or open with its fields; fields are made when they are first seen."""

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gui.design.inspector.editor import same
from gui.design.inspector.field_row import FieldRow
from gui.design.inspector.subject import ShownField, ShownSection, Subject, value_in
from gui.design.inspector.surroundings import Surroundings
from gui.widgets.basics import Icon, label
from mug.study.problems import Problem

__all__ = ["SectionGroup"]


class SectionGroup(QFrame):
    """One section.

    Attributes:
        section: What is shown.
        rows: The fields that were made so far, by name.

    Signals:
        edited: As of `FieldRow`.
        toggled: Whether it is open.

    Runs on: GUI thread.
    """

    edited = Signal(str, object, bool)
    toggled = Signal(bool)

    def __init__(self, around: Surroundings, section: ShownSection, above: Callable[[], QWidget | None]) -> None:
        """Make a folded section.

        Args:
            around: The study around it.
            section: What is shown.
            above: Makes what stands above the fields, when the section is opened first; or nothing.
        """
        super().__init__()
        self.setObjectName("sectionGroup")
        self.section = section
        self.rows: dict[str, FieldRow] = {}
        self._around = around
        self._above = above
        self._opened_once = False
        self._subject: Subject | None = None
        self._problems: Sequence[Problem] = ()
        self._before_filter: tuple[bool, bool] | None = None
        self._order = {field.name: index for index, field in enumerate(section.fields)}
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self.head = _Head(around, section.title)
        self.head.clicked.connect(self._on_head_clicked)
        outer.addWidget(self.head)
        self._body = QWidget()
        self._body.hide()
        self._inside = QVBoxLayout(self._body)
        self._inside.setContentsMargins(8, 2, 4, 12)
        self._inside.setSpacing(5)
        if section.description:
            words = label(section.description, "small", wrap=True)
            words.setContentsMargins(6, 0, 0, 4)
            self._inside.addWidget(words)
        self._top = QVBoxLayout()
        self._plain = QVBoxLayout()
        self._plain.setSpacing(5)
        self._advanced = QVBoxLayout()
        self._advanced.setSpacing(5)
        self._folded = QWidget()
        self._folded.setLayout(self._advanced)
        self._advanced.setContentsMargins(0, 0, 0, 0)
        self._folded.hide()
        advanced = sum(1 for field in section.fields if field.info.advanced)
        self.more = _Head(around, f"More ({advanced})", small=True)
        if not advanced:
            self.more.hide()
        self.more.clicked.connect(self._on_more_clicked)
        for layout in (self._top, self._plain):
            self._inside.addLayout(layout)
        self._inside.addWidget(self.more)
        self._inside.addWidget(self._folded)
        outer.addWidget(self._body)

    @property
    def is_open(self) -> bool:
        """Whether its fields are to be seen."""
        return not self._body.isHidden()

    def set_open(self, on: bool) -> None:
        """Open or fold the section."""
        if on:
            self._open_first()
        self._body.setVisible(on)
        self.head.show_open(on)

    def set_more(self, on: bool) -> None:
        """Show or fold what is rarely needed."""
        if on:
            self._make(field for field in self.section.fields if field.info.advanced)
        self._folded.setVisible(on)
        self.more.show_open(on)

    def show_subject(self, subject: Subject, *, moved: bool = False, again: bool = False) -> None:
        """Show what the section has of a node, of several, or of the study; arguments as of `FieldRow`."""
        self._subject = subject
        for row in self.rows.values():
            row.show_subject(subject, moved=moved, again=again)
        self._count()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show what is wrong with its fields."""
        self._problems = problems
        if self._subject is None:
            return
        for row in self.rows.values():
            row.show_problems(self._subject.problems(problems, row.field.names))
        self._count()

    def show_matching(self, words: tuple[str, ...]) -> int:
        """Show only the fields that match, all of them without words; returns how many are shown."""
        if not words:
            return self._show_all()
        if self._before_filter is None:
            self._before_filter = self.is_open, not self._folded.isHidden()
        is_named = all(word in self.section.title.lower() for word in words)
        wanted = [field for field in self.section.fields if is_named or field.matches(words)]
        self._make(wanted)
        names = {field.name for field in wanted}
        for name, row in self.rows.items():
            row.setVisible(name in names)
        self.setVisible(bool(wanted))
        if wanted:
            self._body.show()
            self.head.show_open(True)
            hidden = any(field.info.advanced for field in wanted)
            self._folded.setVisible(hidden)
            self.more.setVisible(False)
        return len(wanted)

    def _show_all(self) -> int:
        """Be as before the filter."""
        if self._before_filter is not None:
            was_open, had_more = self._before_filter
            self._before_filter = None
            for row in self.rows.values():
                row.show()
            self.show()
            self.more.setVisible(any(field.info.advanced for field in self.section.fields))
            self.set_more(had_more)
            self.set_open(was_open)
        return len(self.section.fields)

    def field_of(self, name: str) -> ShownField | None:
        """Return the field that is edited under this name, or as a part of which it is."""
        return next((field for field in self.section.fields if name in field.names), None)

    def row(self, field: ShownField) -> FieldRow:
        """Return a field's row, open to be seen."""
        self.set_open(True)
        if field.info.advanced:
            self.set_more(True)
        self._make([field])
        return self.rows[field.name]

    def ordered_rows(self) -> Iterator[FieldRow]:
        """Go through the rows in their order."""
        for field in self.section.fields:
            if field.name in self.rows:
                yield self.rows[field.name]

    @Slot()
    def _on_head_clicked(self) -> None:
        self.set_open(not self.is_open)
        self.toggled.emit(self.is_open)

    @Slot()
    def _on_more_clicked(self) -> None:
        self.set_more(self._folded.isHidden())

    def _open_first(self) -> None:
        if self._opened_once:
            return
        self._opened_once = True
        above = self._above()
        if above is not None:
            self._top.addWidget(above)
        self._make(field for field in self.section.fields if not field.info.advanced)

    def _make(self, fields: "Iterator[ShownField] | Sequence[ShownField]") -> None:
        made = []
        for field in fields:
            if field.name in self.rows:
                continue
            row = FieldRow(self._around, field)
            row.edited.connect(self.edited)
            layout = self._advanced if field.info.advanced else self._plain
            place = sum(
                1
                for name, other in self.rows.items()
                if other.field.info.advanced == field.info.advanced and self._order[name] < self._order[field.name]
            )
            layout.insertWidget(place, row)
            row.show()
            self.rows[field.name] = row
            made.append(row)
        if self._subject is not None:
            for row in made:
                row.show_subject(self._subject)
                row.show_problems(self._subject.problems(self._problems, row.field.names))

    def _count(self) -> None:
        assert self._subject is not None
        changed = sum(
            1
            for field in self.section.fields
            if not field.info.required
            and any(not same(value_in(part, field.name), field.info.default) for part in self._subject.parts)
        )
        names = [name for field in self.section.fields for name in field.names]
        problems = self._subject.problems(self._problems, names)
        errors = sum(1 for problem in problems if problem.severity == "error")
        self.head.show_counts(changed, errors, len(problems) - errors)


class _Head(QPushButton):
    """The line that opens and folds a section."""

    def __init__(self, around: Surroundings, title: str, *, small: bool = False) -> None:
        super().__init__()
        self.setObjectName("moreHead" if small else "sectionHead")
        self._title = title
        self._counted: tuple[int, int, int] | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 10, 0)
        layout.setSpacing(7)
        self._fold = Icon(around.theme, "fold-closed", "muted", 16)
        words = label(title, "moreTitle" if small else "sectionTitle")
        layout.addWidget(self._fold)
        layout.addWidget(words)
        layout.addStretch(1)
        self._count = label("", "small")
        self._badge = Icon(around.theme, "error", "error", 15)
        self._badge.hide()
        layout.addWidget(self._badge)
        layout.addWidget(self._count)
        for widget in (self._fold, words, self._count, self._badge):
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._is_open = False
        self._name()

    def show_open(self, on: bool) -> None:
        """Show whether it is open."""
        if on != self._is_open:
            self._is_open = on
            self._fold.show_icon("fold-open" if on else "fold-closed", "muted")
            self._name()

    def show_counts(self, changed: int, errors: int, warnings: int) -> None:
        """Show how many values are not the default, and whether something is wrong."""
        if (changed, errors, warnings) == self._counted:
            return
        self._counted = changed, errors, warnings
        self._count.setText(f"{changed} changed" if changed else "")
        self._badge.setVisible(bool(errors or warnings))
        if errors or warnings:
            tone = "error" if errors else "warning"
            self._badge.show_icon(tone, tone)
        self._name()

    def _name(self) -> None:
        changed, errors, warnings = self._counted or (0, 0, 0)
        parts = [self._title, "open" if self._is_open else "folded"]
        parts += [f"{changed} changed"] if changed else []
        parts += [f"{errors + warnings} problems"] if errors or warnings else []
        self.setAccessibleName(", ".join(parts))
