"""The row above the participants' table: what it shows, and what can be done to those who are selected."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QMenu, QSizePolicy, QToolButton, QWidget
from typing_extensions import override

from gui.models.action_words import ACTION_KINDS
from gui.models.people_filter import QUICK
from gui.widgets.basics import Button, label
from gui.widgets.theme import Theme

__all__ = ["PeopleTools"]

_WIDE_PX = 760
_DIRECT = ("message", "pause", "resume")
_MENU = ("advance", "to_waitroom", "repair", "exclude", "end")
_TIPS = {"message": " (Ctrl+M)", "pause": " (Ctrl+Shift+P)", "resume": " (Ctrl+Shift+U)"}


class PeopleTools(QWidget):
    """Filter, quick choices, actions.

    Attributes:
        words: The filter.
        quick: The quick choice.
        buttons: The actions' buttons by their keys.
        let_in: Lets the selected participant in; shown only where somebody asks for that.
        more: The menu of the other actions.

    Signals:
        filter_changed: The words and the key of the quick choice.
        action_asked: The key of an action, "let_in", "detail" or "note".

    Runs on: GUI thread.
    """

    filter_changed = Signal(str, str)
    action_asked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._is_wide = True
        self._counts: dict[str, int] = {}
        self._said: tuple[int, int] | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.words = QLineEdit()
        self.words.setPlaceholderText("Find (Ctrl+F)")
        self.words.setAccessibleName("Find participants by id, scene, state or seat")
        self.words.setClearButtonEnabled(True)
        for clear in self.words.findChildren(QToolButton):
            clear.setAccessibleName("Clear the filter")
        self.words.setMinimumWidth(96)
        self.words.setMaximumWidth(240)
        row.addWidget(self.words, 2)
        self.quick = QComboBox()
        self.quick.setAccessibleName("Which participants are shown")
        self.quick.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for key, (title, _accepts) in QUICK.items():
            self.quick.addItem(title, key)
        self.quick.view().setAccessibleName("Which participants are shown")
        self.quick.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.quick.setMinimumContentsLength(12)
        row.addWidget(self.quick)
        row.addStretch(1)
        self.let_in = Button(theme, "Let in", "door", role="primary", on_click=lambda: self.action_asked.emit("let_in"))
        self.let_in.hide()
        self._whom = label("", "small")
        row.addWidget(self._whom)
        row.addWidget(self.let_in)
        self.buttons: dict[str, Button] = {}
        for key in _DIRECT:
            kind = ACTION_KINDS[key]
            button = Button(theme, kind.title, kind.icon, on_click=_asking(self.action_asked.emit, key))
            self.buttons[key] = button
            row.addWidget(button)
        self.more = Button(theme, "More", "chevron-down", name="More actions", on_click=self.open_menu)
        row.addWidget(self.more)
        self.words.textChanged.connect(self._on_changed)
        self.quick.currentIndexChanged.connect(self._on_changed)
        self.show_selection(0, 0)

    def choose(self, words: str, quick: str) -> None:
        """Take another filter."""
        self.words.setText(words)
        self.quick.setCurrentIndex(max(0, self.quick.findData(quick)))

    def show_counts(self, counts: dict[str, int]) -> None:
        """Show beside each quick choice how many it has, where there is room."""
        self._counts = counts
        for place in range(self.quick.count()):
            key = str(self.quick.itemData(place))
            words = f"{QUICK[key][0]} ({counts[key]})" if counts.get(key) and self._is_wide else QUICK[key][0]
            if self.quick.itemText(place) != words:
                self.quick.setItemText(place, words)

    def show_selection(self, selected: int, of: int) -> None:
        """Say whom the buttons are for."""
        if self._said == (selected, of):
            return
        self._said = (selected, of)
        self._whom.setText(f"{selected} selected" if selected else f"For all {of}" if of > 1 else "")
        whom = f"the {selected} selected participants" if selected > 1 else "the selected participant"
        if not selected:
            whom = f"all {of} participants" if of != 1 else "the participant"
        for key, button in self.buttons.items():
            kind = ACTION_KINDS[key]
            button.setToolTip(f"{kind.title}: {whom}{_TIPS.get(key, '')}")
            button.setAccessibleName(f"{kind.title} {whom}")
            button.setEnabled(bool(selected or of))
        self.more.setEnabled(bool(selected or of))
        self.more.setToolTip(f"More for {whom}")

    def fill(self, menu: QMenu, *, selected: int) -> None:
        """Put the actions into a menu."""
        whom = f" the {selected} selected" if selected > 1 else "" if selected else " all"
        for key in (*_DIRECT, *_MENU):
            kind = ACTION_KINDS[key]
            if key in {"advance", "exclude"}:
                menu.addSeparator()
            action = menu.addAction(self._theme.icon(kind.icon), f"{kind.title}{whom}…")
            action.triggered.connect(_asking(self.action_asked.emit, key))
        menu.addSeparator()
        note = menu.addAction(self._theme.icon("note"), "Note…\tCtrl+Shift+N")
        note.triggered.connect(_asking(self.action_asked.emit, "note"))

    def open_menu(self) -> None:
        """Open the menu of actions below its button."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName("Actions")
        self.fill(menu, selected=self._said[0] if self._said is not None else 0)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = self.width() >= _WIDE_PX
        if is_wide != self._is_wide:
            self._is_wide = is_wide
            for key, button in self.buttons.items():
                button.setText(ACTION_KINDS[key].title if is_wide else "")
            self.more.setText("More" if is_wide else "")
            self._whom.setVisible(is_wide)
            self.show_counts(self._counts)
            self.quick.setMinimumContentsLength(12 if is_wide else 7)

    @Slot()
    def _on_changed(self) -> None:
        self.filter_changed.emit(self.words.text(), str(self.quick.currentData()))


def _asking(emit: Callable[[str], object], key: str) -> Callable[..., None]:
    def ask(_checked: bool = False) -> None:
        emit(key)

    return ask
