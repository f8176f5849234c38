"""Uses the property panel as a person does: clicks, keys, and nothing else."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gui.design.inspector import Inspector
from gui.design.inspector.action_input import ActionEditor
from gui.design.inspector.colour_editor import ColourEditor
from gui.design.inspector.editor import FieldEditor
from gui.design.inspector.entries import EntriesEditor
from gui.design.inspector.environment_bar import EnvironmentBar
from gui.design.inspector.field_row import FieldRow
from gui.design.inspector.key_table import KeyTable
from gui.design.inspector.path_editor import PathEditor
from gui.design.inspector.policies_editor import PoliciesEditor
from gui.design.inspector.question_cards import QuestionCards
from gui.design.inspector.reference_editor import ReferenceEditor
from gui.design.inspector.simple_editors import (
    ChoiceEditor,
    MessageEditor,
    NumberEditor,
    SceneEditor,
    SwitchEditor,
    TextEditor,
)
from gui.design.inspector.source_editors import CodeEditor
from gui.design.inspector.value_editors import SourceValueEditor, ValueEditor
from gui.design.inspector.with_source import WithSource
from gui.models.chain_document import ChainDocument
from gui.models.environment_info import EnvironmentInfo
from gui.models.opened_study import OpenedStudy
from gui.widgets.theme import Theme
from mug.study import validate
from mug.study.edits import field_value
from mug.study.model import GymGame, Study

__all__ = ["InspectorDriver", "ShowInspector", "opened_study"]


def opened_study(study: Study, folder: Path, *, in_python: Sequence[str] = ()) -> OpenedStudy:
    """Return a study as the app has it after opening."""
    return OpenedStudy(
        path=folder,
        study=study,
        folder=folder,
        content_hash="",
        problems=tuple(validate(study)),
        in_python=tuple(in_python),
    )


class InspectorDriver:
    """A panel in a window of its own, and hands."""

    def __init__(
        self, qtbot: QtBot, theme: Theme, study: Study, folder: Path, *, in_python: Sequence[str] = ()
    ) -> None:
        self.qtbot = qtbot
        self.document = ChainDocument()
        self.document.load(opened_study(study, folder, in_python=in_python))
        self.said: list[str] = []
        self.panel = Inspector(theme, self.document)
        self.panel.said.connect(self.said.append)
        self.panel.resize(380, 800)
        qtbot.addWidget(self.panel)
        with qtbot.waitExposed(self.panel):
            self.panel.show()
        qtbot.waitUntil(self.panel.isActiveWindow)
        self.document.edit_applied.connect(self.check)

    def check(self) -> None:
        """Find out what is wrong with the study, as the editor does after each edit."""
        assert self.document.study is not None
        self.document.show_problems(validate(self.document.study))

    def close(self) -> None:
        """End the panel."""
        self.panel.shut_down()

    @property
    def study(self) -> Study:
        """The study as it is."""
        assert self.document.study is not None
        return self.document.study

    def value(self, path: tuple[int, ...], field: str) -> Any:
        """Return a field's value in the study."""
        return field_value(self.study, path, field)

    def row(self, field: str) -> FieldRow:
        """Return a field's row of what is shown."""
        row = self.panel.row(field)
        assert row is not None, f"the panel shows no {field}"
        QApplication.processEvents()
        return row

    def editor(self, field: str) -> Any:
        """Return a field's editor."""
        return self.row(field).editor

    def know_environment(self, info: EnvironmentInfo) -> None:
        """Let the environment of the game that is shown have been read."""
        node = self.document.node(self.document.selection[0])
        assert isinstance(node, GymGame)
        self.panel.environment.take(node, info)

    def environment_bar(self, section: str) -> EnvironmentBar:
        """Return what a section says of the environment."""
        panel = self.panel.kind_panel
        assert panel is not None
        group = next(group for group in panel.groups if group.section.name == section)
        group.set_open(True)
        bar = group.findChild(EnvironmentBar)
        assert isinstance(bar, EnvironmentBar)
        return bar

    def click(self, widget: QWidget) -> None:
        """Click a widget."""
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)

    def type_into(self, widget: QWidget, text: str, *, anew: bool = False) -> None:
        """Give a widget the focus and type; `anew`: what stands there goes first."""
        if not widget.window().isActiveWindow():  # offscreen, a popup that closes keeps the activation
            widget.window().activateWindow()
            self.qtbot.waitUntil(widget.window().isActiveWindow)
        widget.setFocus()
        self.qtbot.waitUntil(widget.hasFocus)
        if anew:
            self.qtbot.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        for index, line in enumerate(text.split("\n")):
            if index:
                self.qtbot.keyClick(widget, Qt.Key.Key_Return)
            self.qtbot.keyClicks(widget, line)

    def leave(self) -> None:
        """Take the focus out of every field."""
        self.panel.find_line.setFocus()

    def undo_everything(self) -> None:
        """Undo every step."""
        while self.document.stack.canUndo():
            self.document.undo()

    def change(self, field: str) -> None:
        """Give a field another legal value, by hand, whatever editor it has."""
        editor: FieldEditor = self.row(field).editor
        match editor:
            case QuestionCards() | PoliciesEditor():
                self.click(editor.add_button)
            case KeyTable():
                self.click(editor.add_button)
                capture = editor.entries[-1].focusProxy()
                assert capture is not None
                self.qtbot.keyPress(capture, Qt.Key.Key_Q)
                self.qtbot.keyRelease(capture, Qt.Key.Key_Q)
            case WithSource():
                self.click(editor.entries.add_button)
            case EntriesEditor():
                self.click(editor.add_button)
                line = editor.entries[-1].focusProxy()
                assert line is not None
                self.type_into(line, "abc")
            case SwitchEditor():
                self.click(editor.switch)
            case ChoiceEditor():
                last = editor.combo.currentIndex() == editor.combo.count() - 1
                self.qtbot.keyClick(editor.combo, Qt.Key.Key_Up if last else Qt.Key.Key_Down)
            case NumberEditor():
                box = editor.box
                box.setFocus()
                at_top = editor.info.le is not None and editor.value == editor.info.le
                self.qtbot.keyClick(box, Qt.Key.Key_Down if at_top else Qt.Key.Key_Up)
            case SceneEditor():
                self.type_into(editor.line, "elsewhere", anew=True)
            case TextEditor():
                text = "https://example.org/a" if editor.info.shape == "url" else "abc1"
                self.type_into(editor.line, text, anew=True)
            case ReferenceEditor():
                self.type_into(editor.line, "env.py:make", anew=True)
            case PathEditor():
                self.type_into(editor.line, "pages/other.html", anew=True)
            case ColourEditor():
                self.type_into(editor.line, "#ff8800", anew=True)
            case CodeEditor() | MessageEditor():
                self.type_into(editor.text, "Hello", anew=True)
            case ActionEditor():
                self.type_into(editor.input.line, "3", anew=True)
            case ValueEditor():
                self.type_into(editor.line, "random", anew=True)
            case SourceValueEditor():
                self.type_into(editor.text, "[]" if "list" in editor.info.type_words else "a = 1", anew=True)
            case _:
                raise AssertionError(f"{field} has an editor that nobody can use: {type(editor).__name__}")


ShowInspector = Callable[..., InspectorDriver]
