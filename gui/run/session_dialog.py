"""What a new session shall be, asked at once; and the question whether an open one goes on."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from gui.models.moments import short_moment
from gui.models.session_wish import SessionWish, desks_in
from gui.models.stages import STAGE_TITLES
from gui.run.condition_rows import ConditionRows
from gui.run.dialog_frame import add_answers, fit, frame
from gui.runtime.open_sessions import OpenSession
from gui.widgets.basics import Button, Notice, Pill, label
from gui.widgets.theme import Theme
from gui.widgets.tips import plain_tip

__all__ = ["NewSessionDialog", "ResumeDialog"]

_CAPTION_PX = 112


class NewSessionDialog(QDialog):
    """Asks for everything a session is, with the last answers in place: Enter starts it.

    Attributes:
        label, expected, seats, conditions, pilot, help: What is typed or ticked.
        begins: The choices how it begins, by their keys "running" and "prepared".
        choices: The choices who lets groups go, by their keys "experimenter" and "automatic"; empty where nobody plays
            together.
        confirm: Starts the session.

    Signals:
        answered: The `SessionWish`.

    Runs on: GUI thread.
    """

    answered = Signal(object)

    def __init__(
        self,
        theme: Theme,
        wish: SessionWish,
        parent: QWidget,
        *,
        title: str = "",
        forms_groups: bool = True,
        desks: Sequence[str] = (),
    ) -> None:
        """Show the proposed answers.

        Args:
            theme: The look.
            wish: What is proposed.
            parent: The window.
            title: The study.
            forms_groups: Whether people play together in it.
            desks: The desks of the room, where they are known.
        """
        super().__init__(parent)
        self._theme = theme
        self._desks = tuple(desks)
        layout = frame(self, "New session", heading=f"New session of “{title}”" if title else "", width=600, spacing=8)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        grid.setColumnMinimumWidth(0, _CAPTION_PX)
        grid.setColumnStretch(1, 1)
        self.label = QLineEdit(wish.label)
        self.label.setPlaceholderText("As you call it, such as “Monday, 10:00”")
        self.label.setMaxLength(120)
        self._row(grid, "Label", self.label)
        self.expected = QLineEdit(str(wish.expected) if wish.expected else "")
        self.expected.setPlaceholderText("How many are expected, if that is known")
        self.expected.setMaxLength(5)
        self._row(grid, "Participants", self.expected)
        self.seats = QLineEdit(", ".join(wish.seats))
        self.seats.setPlaceholderText("Any; or desks, as PC-01, PC-02 or PC-01..PC-12")
        self._row(grid, "Seats", self._seats_row())
        self.conditions = ConditionRows(theme, wish.conditions)
        self._row(grid, "Conditions", self.conditions)
        layout.addLayout(grid)
        self._fault = label("", "problem", wrap=True)
        self._fault.setAccessibleName("What is wrong")
        self._fault.hide()
        layout.addWidget(self._fault)
        layout.addSpacing(6)
        pairs = QHBoxLayout()
        pairs.setSpacing(24)
        self.begins = self._choice(
            pairs,
            "How it begins",
            (
                ("running", "Open at once", "Who comes begins at once. Right online."),
                (
                    "prepared",
                    "I open the doors and start",
                    "People come in when you open the doors, and begin when you start. Right for the lab.",
                ),
            ),
            wish.stage,
        )
        self.choices: dict[str, QRadioButton] = {}
        if forms_groups:
            self.choices = self._choice(
                pairs,
                "Who lets groups go",
                (
                    ("experimenter", "I do", "Complete groups wait until you let them go."),
                    ("automatic", "They go by themselves", "Every group plays as soon as it is complete."),
                ),
                wish.release,
            )
        layout.addLayout(pairs)
        layout.addSpacing(4)
        self.help = QCheckBox("Participants can raise a hand")
        self.help.setChecked(wish.help)
        layout.addWidget(self.help)
        self.pilot = QCheckBox("This is a pilot")
        self.pilot.setChecked(wish.pilot)
        layout.addWidget(self.pilot)
        self._pilot = Notice(theme, icon="flask", tone="warning")
        layout.addWidget(self._pilot)
        self.confirm = Button(theme, "Start session", "play", role="primary", on_click=self._confirm)
        self.confirm.setDefault(True)
        add_answers(theme, self, layout, self.confirm)
        self.pilot.toggled.connect(self._on_pilot_toggled)
        for line in (self.expected, self.seats):
            line.textChanged.connect(self._on_typed)
        self.conditions.changed.connect(self._on_typed)
        self._layout = layout
        self._on_pilot_toggled()
        self.confirm.setFocus(Qt.FocusReason.OtherFocusReason)

    def wish(self) -> SessionWish:
        """Return the answers."""
        desks, _fault = desks_in(self.seats.text())
        return SessionWish(
            label=self.label.text().strip(),
            pilot=self.pilot.isChecked(),
            expected=int(text) if (text := self.expected.text().strip()).isdecimal() and int(text) else None,
            seats=desks,
            conditions=self.conditions.values(),
            stage=_chosen(self.begins),
            release=_chosen(self.choices) if self.choices else "automatic",
            help=self.help.isChecked(),
        )

    def fault(self) -> str:
        """Return what keeps the session from being started, in words; empty when nothing does."""
        number = self.expected.text().strip()
        if number and not (number.isascii() and number.isdecimal() and int(number)):
            return f"“{number}” is no number of participants."
        return desks_in(self.seats.text())[1] or self.conditions.fault()

    def _confirm(self) -> None:
        if not self.fault():
            self.accept()
            self.answered.emit(self.wish())

    @Slot()
    def _on_typed(self) -> None:
        fault = self.fault()
        self._fault.setText(fault)
        self._fault.setVisible(bool(fault))
        self.confirm.setEnabled(not fault)
        self._take_all.setVisible(bool(self._desks))
        fit(self, self._layout)

    @Slot()
    def _on_pilot_toggled(self) -> None:
        is_pilot = self.pilot.isChecked()
        self._pilot.say(
            "Its records go to a file of their own, apart from real data, and people may take part again." * is_pilot,
            "flask",
            "warning",
        )
        self.confirm.show_as("Start pilot session" if is_pilot else "Start session", "play", "primary")
        self._on_typed()

    def _seats_row(self) -> QWidget:
        host = QWidget()
        row = QHBoxLayout(host)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.seats, 1)
        self._take_all = Button(self._theme, f"All {len(self._desks)} desks", role="link", on_click=self._take_desks)
        self._take_all.setAutoDefault(False)
        self._take_all.setToolTip(plain_tip(", ".join(self._desks)))
        self._take_all.setVisible(bool(self._desks))
        row.addWidget(self._take_all)
        return host

    def _take_desks(self) -> None:
        self.seats.setText(", ".join(self._desks))

    def _row(self, grid: QGridLayout, title: str, field: QWidget) -> None:
        row = grid.rowCount()
        caption = label(title, "field")
        grid.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignTop)
        caption.setContentsMargins(0, 7, 0, 0)
        grid.addWidget(field, row, 1)
        inner = self.seats if title == "Seats" else field
        inner.setAccessibleName(title)

    def _choice(
        self, into: QHBoxLayout, title: str, offered: Iterable[tuple[str, str, str]], proposed: str
    ) -> dict[str, QRadioButton]:
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(label(title, "heading"))
        group = QButtonGroup(self)
        made: dict[str, QRadioButton] = {}
        for key, words, text in offered:
            button = QRadioButton(words)
            button.setAccessibleName(f"{title}: {words}")
            button.setAccessibleDescription(text)
            button.setChecked(key == proposed)
            group.addButton(button)
            made[key] = button
            column.addWidget(button)
            sentence = label(text, "small", wrap=True)
            sentence.setContentsMargins(26, 0, 0, 4)
            column.addWidget(sentence)
        column.addStretch(1)
        into.addLayout(column, 1)
        return made


class ResumeDialog(QDialog):
    """Shows the session of this study that is still open.

    Attributes:
        go_on: Takes it up again.
        new: Asks for a new one instead.

    Signals:
        go_on_asked: The `OpenSession`.
        new_asked: A new session instead.

    Runs on: GUI thread.
    """

    go_on_asked = Signal(object)
    new_asked = Signal()

    def __init__(self, theme: Theme, found: OpenSession, parent: QWidget) -> None:
        super().__init__(parent)
        self._found = found
        layout = frame(self, "A session is open", width=520, spacing=10, heading="Go on with the open session?")
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        people = "Nobody has come yet" if not found.joined else f"{found.joined}, {found.unfinished} unfinished"
        for row, (title, value) in enumerate(
            (
                ("Session", found.label or found.session_id),
                ("Opened", short_moment(found.started_at)),
                ("Stage", STAGE_TITLES.get(found.stage, found.stage)),
                ("Participants", people),
            )
        ):
            grid.addWidget(label(title, "muted"), row, 0)
            grid.addWidget(label(value, wrap=True, selectable=True), row, 1)
        layout.addLayout(grid)
        if found.pilot:
            layout.addWidget(Pill(theme, "Pilot", "flask", "warning"))
        layout.addWidget(
            label(
                "Participants who were in the middle go on where they were. With a new session the open one stays as "
                "it is.",
                "muted",
                wrap=True,
            )
        )
        self.new = Button(theme, "New session…", "plus", on_click=self._ask_new)
        self.new.setAutoDefault(False)
        self.go_on = Button(theme, "Go on", "play", role="primary", on_click=self._go_on)
        self.go_on.setDefault(True)
        add_answers(theme, self, layout, self.new, self.go_on)
        fit(self, layout)
        self.go_on.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go_on(self) -> None:
        self.accept()
        self.go_on_asked.emit(self._found)

    def _ask_new(self) -> None:
        self.accept()
        self.new_asked.emit()


def _chosen(choices: dict[str, QRadioButton]) -> str:
    return next(key for key, choice in choices.items() if choice.isChecked())
