"""The sections of one kind of node, or of the study; kept, and filled with whatever of this kind is selected."""

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.design.inspector.environment_bar import EnvironmentBar
from gui.design.inspector.field_row import FieldRow
from gui.design.inspector.section_group import SectionGroup
from gui.design.inspector.subject import ShownSection, Subject, sections_of
from gui.design.inspector.surroundings import Surroundings
from gui.design.inspector.unknown_fields import UnknownFields
from gui.runtime.environment_inspection import EnvironmentInspection
from mug.study.model import GymGame, Section
from mug.study.problems import Problem

__all__ = ["KindPanel"]

_WITH_ENVIRONMENT = ("environment", "policies", "gameplay")


class KindPanel(QWidget):
    """All sections of some kinds.

    Attributes:
        groups: The sections.

    Signals:
        edited: As of `FieldRow`.
        playground_asked: The user wants to try the environment.

    Runs on: GUI thread.
    """

    edited = Signal(str, object, bool)
    playground_asked = Signal()

    def __init__(
        self, around: Surroundings, kinds: Sequence[type[Section]], environment: EnvironmentInspection
    ) -> None:
        super().__init__()
        self._around = around
        self._environment = environment
        self._subject: Subject | None = None
        self._has_environment = tuple(kinds) == (GymGame,)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.groups: list[SectionGroup] = []
        for section in sections_of(kinds):
            group = SectionGroup(around, section, self._above(section))
            group.edited.connect(self.edited)
            layout.addWidget(group)
            self.groups.append(group)
        self.unknown = UnknownFields(around)
        self.unknown.edited.connect(self.edited)
        layout.addWidget(self.unknown)
        if self.groups:
            self.groups[0].set_open(True)

    def rows(self) -> Iterator[FieldRow]:
        """Go through the rows that were made so far."""
        for group in self.groups:
            yield from group.ordered_rows()

    def row(self, name: str) -> FieldRow | None:
        """Return the row of a field, opened to be seen."""
        for group in self.groups:
            field = group.field_of(name)
            while field is None and "." in name and group.section.name and name.startswith(f"{group.section.name}."):
                name = name.rpartition(".")[0]
                field = group.field_of(name)
            if field is not None:
                return group.row(field)
        return None

    def show_subject(self, subject: Subject, *, moved: bool = False, again: bool = False) -> None:
        """Fill the sections; arguments as of `FieldRow`."""
        self._subject = subject
        for group in self.groups:
            group.show_subject(subject, moved=moved, again=again)
        self.unknown.show_subject(subject)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show what is wrong with the fields, of all problems of the study."""
        own = self._subject.own_problems(problems) if self._subject is not None else ()
        for group in self.groups:
            group.show_problems(own)

    def show_matching(self, words: tuple[str, ...]) -> int:
        """Show only the fields that hold these words; without words as before. Returns how many are shown."""
        return sum(group.show_matching(words) for group in self.groups)

    def _above(self, section: ShownSection) -> Callable[[], QWidget | None]:
        def make() -> QWidget | None:
            if not self._has_environment or section.name not in _WITH_ENVIRONMENT:
                return None
            bar = EnvironmentBar(self._around, self._environment, section.name)
            bar.edited.connect(self.edited)
            bar.playground_asked.connect(self.playground_asked)
            return bar

        return make
