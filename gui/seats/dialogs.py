"""The questions of the Seats page: which desks to add, a name, whether to remove, which browsers to open."""

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from gui.models.room_plan import desk_names, name_problem, next_name
from gui.runtime.browser_search import FoundBrowser
from gui.widgets.basics import Button, label
from gui.widgets.theme import Theme

__all__ = ["AddDesksDialog", "ConfirmDialog", "NameDialog", "OpenSeatsDialog"]

_MOST = 200
_MOST_WINDOWS = 12
_WINDOW_MB = 300


class _Question(QDialog):
    def __init__(self, parent: QWidget, title: str, width: int) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(width)
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(28, 26, 28, 22)
        self.box.setSpacing(12)
        self.box.addWidget(label(title, "title"))

    def add_answers(self, theme: Theme, confirm: Button) -> None:
        """Add the last row: cancel, or confirm."""
        row = QHBoxLayout()
        row.addStretch(1)
        cancel = Button(theme, "Cancel", on_click=self.reject)
        cancel.setAutoDefault(False)
        row.addWidget(cancel)
        row.addWidget(confirm)
        self.box.addLayout(row)
        confirm.setDefault(True)
        QWidget.setTabOrder(cancel, confirm)
        self.resize(self.minimumWidth(), self.box.totalHeightForWidth(self.minimumWidth()))


class AddDesksDialog(_Question):
    """Asks for a first name, how many, and how many stand in a row.

    Signals:
        answered: The names, and how many to a row.

    Runs on: GUI thread.
    """

    answered = Signal(list, int)

    def __init__(self, theme: Theme, taken: Iterable[str], parent: QWidget) -> None:
        super().__init__(parent, "Add desks", 480)
        self._taken = set(taken)
        words = "The number in the name goes up from desk to desk. The name is part of the desk's address, so it stays."
        self.box.addWidget(label(words, "muted", wrap=True))
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        self.first = QLineEdit(next_name(self._taken))
        self.first.setAccessibleName("Name of the first desk")
        self.first.setMaxLength(64)
        self.count = _number(20 if not self._taken else 1, 1, _MOST, "How many desks")
        self.per_row = _number(5, 1, 50, "How many desks in a row")
        form.addRow(_beside("First desk"), self.first)
        form.addRow(_beside("How many"), self.count)
        form.addRow(_beside("In a row"), self.per_row)
        self.box.addLayout(form)
        self.preview = label("", "muted", wrap=True)
        self.preview.setAccessibleName("The names")
        self.box.addWidget(self.preview)
        self.confirm = Button(theme, "Add", "plus", role="primary", on_click=self._confirm)
        self.first.textChanged.connect(self._refresh)
        self.count.valueChanged.connect(self._refresh)
        self._refresh()
        self.add_answers(theme, self.confirm)
        self.first.selectAll()
        self.first.setFocus()

    def names(self) -> list[str]:
        """Return the names as they would be."""
        return desk_names(self.first.text().strip(), self.count.value())

    def _refresh(self) -> None:
        names = self.names() if self.first.text().strip() else [""]
        problem = next((why for name in names if (why := name_problem(name, self._taken))), "")
        shown = ", ".join(names) if len(names) <= 4 else f"{names[0]}, {names[1]}, … {names[-1]}"
        self.preview.setText(problem or shown)
        self.preview.setProperty("kind", "problem" if problem else "muted")
        self.preview.style().unpolish(self.preview)
        self.preview.style().polish(self.preview)
        self.confirm.setEnabled(not problem)

    def _confirm(self) -> None:
        self.accept()
        self.answered.emit(self.names(), self.per_row.value())


class NameDialog(_Question):
    """Asks for a name.

    Signals:
        answered: The name.

    Runs on: GUI thread.
    """

    answered = Signal(str)

    def __init__(
        self,
        theme: Theme,
        title: str,
        text: str,
        confirm: str,
        problem_of: Callable[[str], str],
        parent: QWidget,
        name: str = "",
    ) -> None:
        """Ask.

        Args:
            theme: The look.
            title: What is asked.
            text: What follows from it; may be empty.
            confirm: The word on the button.
            problem_of: Says what is wrong with a name; empty: nothing.
            parent: The window.
            name: What stands there at first.
        """
        super().__init__(parent, title, 440)
        self._problem_of = problem_of
        if text:
            self.box.addWidget(label(text, "muted", wrap=True))
        self.name = QLineEdit(name)
        self.name.setAccessibleName("Name")
        self.name.setMaxLength(64)
        self.box.addWidget(self.name)
        self.problem = label("", "problem", wrap=True)
        self.box.addWidget(self.problem)
        self.confirm = Button(theme, confirm, role="primary", on_click=self._confirm)
        self.name.textChanged.connect(self._refresh)
        self._refresh()
        self.add_answers(theme, self.confirm)
        self.name.selectAll()
        self.name.setFocus()

    def _refresh(self) -> None:
        problem = self._problem_of(self.name.text().strip())
        self.problem.setText(problem if self.name.isModified() else "")
        self.confirm.setEnabled(not problem)

    def _confirm(self) -> None:
        self.accept()
        self.answered.emit(self.name.text().strip())


class ConfirmDialog(_Question):
    """Says what would happen, and asks.

    Signals:
        confirmed: Do it.

    Runs on: GUI thread.
    """

    confirmed = Signal()

    def __init__(self, theme: Theme, title: str, text: str, word: str, parent: QWidget, *, icon: str = "") -> None:
        super().__init__(parent, title, 460)
        self.text = label(text, wrap=True)
        self.box.addWidget(self.text)
        self.confirm = Button(theme, word, icon, role="danger", on_click=self._confirm)
        self.add_answers(theme, self.confirm)

    def _confirm(self) -> None:
        self.accept()
        self.confirmed.emit()


class OpenSeatsDialog(_Question):
    """Asks how many seats to open on this machine, and in which browser.

    Signals:
        answered: The desks, and the browser (`FoundBrowser`).

    Runs on: GUI thread.
    """

    answered = Signal(list, object)

    def __init__(self, theme: Theme, browsers: Sequence[FoundBrowser], desks: Sequence[str], parent: QWidget) -> None:
        """Ask.

        Args:
            theme: The look.
            browsers: Those that were found, one at least.
            desks: Which desks it would be, the first first.
            parent: The window.
        """
        super().__init__(parent, "Open seats here", 500)
        self._desks, self._browsers = tuple(desks)[:_MOST_WINDOWS], tuple(browsers)
        words = (
            "For trying a study out alone: each seat is a window of its own on this screen, with a profile of its own "
            f"that is thrown away. Each takes about {_WINDOW_MB} MB of memory."
        )
        self.box.addWidget(label(words, "muted", wrap=True))
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        self.count = _number(min(2, len(self._desks)), 1, len(self._desks), "How many seats")
        self.browser = QComboBox()
        self.browser.setAccessibleName("Browser")
        self.browser.addItems([browser.name for browser in self._browsers])
        form.addRow(_beside("How many"), self.count)
        form.addRow(_beside("Browser"), self.browser)
        self.box.addLayout(form)
        self.which = label("", "muted", wrap=True)
        self.which.setAccessibleName("Which seats")
        self.box.addWidget(self.which)
        self.confirm = Button(theme, "Open", "external", role="primary", on_click=self._confirm)
        self.count.valueChanged.connect(self._refresh)
        self._refresh()
        self.add_answers(theme, self.confirm)
        self.count.setFocus()

    def _refresh(self) -> None:
        self.which.setText(", ".join(self._desks[: self.count.value()]))

    def _confirm(self) -> None:
        self.accept()
        self.answered.emit(list(self._desks[: self.count.value()]), self._browsers[self.browser.currentIndex()])


def _beside(text: str) -> QLabel:
    """Make the label of a field, as high as the field."""
    made = label(text)
    made.setMinimumHeight(32)
    return made


def _number(value: int, least: int, most: int, name: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(least, most)
    spin.setValue(value)
    spin.setAccessibleName(name)
    spin.lineEdit().setTextMargins(8, 0, 0, 0)
    return spin
