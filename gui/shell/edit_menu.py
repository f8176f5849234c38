"""The Edit menu: undo and redo anywhere, then what can be done with the text that is edited, or with the scenes."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence, QUndoGroup
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPlainTextEdit, QTextEdit, QWidget

from gui.design.canvas.actions import CanvasActions

__all__ = ["EditMenu"]


class EditMenu(QObject):
    """Fills the menu, and shows in it what belongs to the focus.

    While a text has the keyboard, Cut and its like are the text's; on other pages than Design there are no scenes. The
    keys of the scenes' actions work only where the chain has the focus, so they never reach a text.

    Attributes:
        undo, redo: Of the study, and on the Seats page of the rooms; their keys work in the windows beside the main one
            too.

    Runs on: GUI thread.
    """

    def __init__(
        self,
        menu: QMenu,
        undo: QUndoGroup,
        actions: CanvasActions,
        is_on_design: Callable[[], bool],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._is_on_design = is_on_design
        self.undo = undo.createUndoAction(parent, "Undo")
        self.redo = undo.createRedoAction(parent, "Redo")
        for action, keys in ((self.undo, ["Ctrl+Z"]), (self.redo, ["Ctrl+Shift+Z", "Ctrl+Y"])):
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
            menu.addAction(action)
        menu.addSeparator()
        self._of_text = [
            self._of_focus("Cu&t", "cut"),
            self._of_focus("&Copy", "copy"),
            self._of_focus("&Paste", "paste"),
            self._of_focus("Select &all", "selectAll"),
        ]
        menu.addActions(self._of_text)
        self._of_scenes: list[QAction] = []
        for group in (
            (actions.insert, actions.cut, actions.copy, actions.paste, actions.duplicate, actions.delete),
            (actions.select_all, actions.find, actions.find_next),
            (actions.rename, actions.wrap_random, actions.wrap_repeat, actions.unwrap),
            (actions.move_earlier, actions.move_later, actions.move_out, actions.move_into_next),
        ):
            menu.addSeparator()
            menu.addActions(group)
            self._of_scenes += group
        menu.aboutToShow.connect(self._on_about_to_show)
        menu.aboutToHide.connect(self._on_about_to_hide)
        self._show(of_text=False, of_scenes=True)

    def _of_focus(self, words: str, act: str) -> QAction:
        action = QAction(words, self)

        def do() -> None:
            text = _text_with_focus()
            if text is not None:
                getattr(text, act)()

        action.triggered.connect(lambda _checked=False: do())
        return action

    def _show(self, *, of_text: bool, of_scenes: bool) -> None:
        for shown, group in ((of_text, self._of_text), (of_scenes, self._of_scenes)):
            for action in group:
                action.setVisible(shown)

    @Slot()
    def _on_about_to_show(self) -> None:
        of_text = _text_with_focus() is not None
        self._show(of_text=of_text, of_scenes=self._is_on_design() and not of_text)

    @Slot()
    def _on_about_to_hide(self) -> None:
        """Let the scenes' actions be there for their keys and for the canvas's own menu."""
        self._show(of_text=False, of_scenes=True)


def _text_with_focus() -> QLineEdit | QPlainTextEdit | QTextEdit | None:
    focus = QApplication.focusWidget()
    return focus if isinstance(focus, QLineEdit | QPlainTextEdit | QTextEdit) else None
