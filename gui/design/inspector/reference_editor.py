"""The editor of a reference to a function: of the study's files, of a module, or of the script alone."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget
from typing_extensions import override

from gui.design.inspector.editor import FieldEditor, changed_words, suggest
from gui.design.inspector.inputs import Line, ToolButton
from gui.design.inspector.surroundings import Surroundings
from gui.models.function_index import FoundFunction
from gui.widgets.basics import Button, Icon, label
from mug.study.catalog import FieldInfo
from mug.study.edits import RESET

__all__ = ["ReferenceEditor", "open_function_menu"]

_MENU_ENTRIES = 40


class ReferenceEditor(FieldEditor):
    """A "module:function" or "file.py:function", with the functions of the study's files to choose from.

    What the study's script defines by itself has a name that only the script can resolve: it is shown as what it is,
    cannot be changed here, and can be cleared.
    """

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info)
        self.line = Line(info.title, "file.py:function")
        self.line.textEdited.connect(self._on_edited)
        self.line.dropped.connect(self._on_dropped)
        self.line.installEventFilter(self)
        self._words = suggest(self.line, ())
        completer = self.line.completer()
        assert completer is not None
        completer.activated.connect(self._on_edited)
        self.choose_button = ToolButton(
            around.theme, "python", f"{info.title}: choose a function of the study", self._open_menu
        )
        self._plain = QWidget()
        row = QHBoxLayout(self._plain)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.line, 1)
        row.addWidget(self.choose_button)
        self._about = label("", "small", wrap=True)
        self._about.hide()
        self.script_card: QFrame | None = None
        self.clear_button: Button | None = None
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.setSpacing(3)
        self._outer.addWidget(self._plain)
        self._outer.addWidget(self._about)
        self.setFocusProxy(self.line)
        around.functions_changed.connect(self._on_functions_changed)
        self._on_functions_changed()

    @property
    def is_in_python(self) -> bool:
        """Whether only the study's script knows what the reference names."""
        return isinstance(self.value, str) and self.value in self.around.in_python

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.FocusIn:
            self.around.look_for_functions()
        return super().eventFilter(watched, event)

    @Slot()
    def _on_functions_changed(self) -> None:
        changed_words(self._words, [found.reference for found in self.around.functions])
        self._say_about()

    @Slot(str)
    def _on_edited(self, text: str) -> None:
        self.typed.emit(text.strip() or RESET)

    @Slot()
    def _on_dropped(self) -> None:
        self.settle()

    @override
    def _show(self) -> None:
        in_python = self.is_in_python
        if in_python and self.script_card is None:
            self._make_script_card()
        if self.script_card is not None:
            self.script_card.setVisible(in_python)
            self.setFocusProxy(self.clear_button if in_python and self.clear_button is not None else self.line)
        self._plain.setVisible(not in_python)
        self.line.setPlaceholderText(self.default_words if self.mixed else "file.py:function")
        if self.line.text().strip() != (self.value or ""):
            self.settle()
        self._say_about()

    @override
    def settle(self) -> None:
        with QSignalBlocker(self.line):
            if self.line.text() != (self.value or ""):
                self.line.setText(self.value or "")
        if not self.line.hasFocus():
            self.line.setCursorPosition(0)

    def _say_about(self) -> None:
        """Say what is known of the function that is named."""
        found = next((known for known in self.around.functions if known.reference == self.value), None)
        words = "" if found is None else _about(found)
        self._about.setText(words)
        self._about.setVisible(bool(words) and not self.is_in_python)

    def _make_script_card(self) -> None:
        self.script_card = QFrame()
        self.script_card.setProperty("kind", "inset")
        row = QHBoxLayout(self.script_card)
        row.setContentsMargins(10, 8, 6, 8)
        row.setSpacing(8)
        row.addWidget(Icon(self.around.theme, "python", "accent", 18))
        words = label(
            "Defined in Python. Only the study's script has this function; it is kept as it is. Change it in the "
            "script, or clear it to name another.",
            "small",
            wrap=True,
        )
        row.addWidget(words, 1)
        self.clear_button = Button(
            self.around.theme,
            "Clear",
            role="quiet",
            name=f"Clear {self.info.title}",
            on_click=lambda: self.chosen.emit(RESET),
        )
        row.addWidget(self.clear_button)
        self._outer.insertWidget(0, self.script_card)

    def _open_menu(self) -> None:
        open_function_menu(self.around, self.choose_button, self._take)

    def _take(self, reference: str) -> None:
        self.line.setText(reference)
        self.chosen.emit(reference)


def _about(found: FoundFunction) -> str:
    return f"{found.signature}: {found.summary}" if found.summary else found.signature


def open_function_menu(around: Surroundings, button: QWidget, taken: Callable[[str], object]) -> None:
    """Offer the functions and classes of the study's files below a button; `taken` is called with a reference."""
    around.look_for_functions()
    menu = QMenu(button)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setToolTipsVisible(True)
    functions = around.functions
    for found in functions[:_MENU_ENTRIES]:
        action = menu.addAction(found.reference)
        action.setToolTip(_about(found))
        action.triggered.connect(lambda _checked=False, reference=found.reference: taken(reference))
    if not functions:
        menu.addAction("No functions in the study's Python files").setEnabled(False)
    if len(functions) > _MENU_ENTRIES:
        menu.addAction(f"{len(functions) - _MENU_ENTRIES} more: type a part of the name").setEnabled(False)
    menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
