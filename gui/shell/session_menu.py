"""The menu “Session”: the way of a session, and what is done to participants, each with its keys."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu

from gui.models.action_words import ACTION_KINDS
from gui.run.page import RunPage

if TYPE_CHECKING:
    from gui.shell.main_window import MainWindow

__all__ = ["SessionMenu"]

_KEYS = {"message": "Ctrl+M", "pause": "Ctrl+Shift+P", "resume": "Ctrl+Shift+U"}


class SessionMenu(QObject):
    """Fills the menu. What acts on a running session has its keys on the Run page only.

    Attributes:
        themed: The actions with the names of their icons.

    Runs on: GUI thread.
    """

    def __init__(self, menu: QMenu, run: RunPage, window: "MainWindow") -> None:
        super().__init__(window)
        self._run, self._window = run, window
        self.themed: list[tuple[QAction, str]] = []
        self._here: list[QAction] = []
        self._add(menu, "&Start session…", "play", "Ctrl+R", self._start)
        self._add(menu, "&New session…", "plus", "Ctrl+Shift+R", self._start_new)
        self._add(menu, "S&top", "stop", "Ctrl+.", run.stop_asked.emit)
        self._add(menu, "&End session…", "end", "", self._end)
        menu.addSeparator()
        self._add(menu, "Ne&xt stage (doors, start, pause, resume)", "run", "Ctrl+Return", run.ask_next_step, here=True)
        self._add(menu, "Let all proposed &groups go", "users", "Ctrl+L", self._let_groups_go)
        menu.addSeparator()
        self._add(menu, "&Find participants\tCtrl+F", "search", "", self._find, here=True)
        find = QShortcut(QKeySequence("Ctrl+F"), run)  # the canvas has the same keys for its own
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self._find)
        for key, kind in ACTION_KINDS.items():
            self._add(menu, f"{kind.title}…", kind.icon, _KEYS.get(key, ""), self._acting(key), here=True)
        self._add(menu, "Answer the raised &hand…", "hand", "Ctrl+H", self._answer)
        self._add(menu, "Note…", "note", "Ctrl+Shift+N", self._acting("note"), here=True)
        menu.addSeparator()
        self._add(menu, "Plots and &log", "pulse", "Ctrl+Shift+L", run.running.toggle_fold, here=True)
        self._add(menu, "Second scr&een…", "monitor", "", window.second_screen_asked.emit)
        self._add(menu, "&Copy the address", "copy", "Ctrl+Shift+C", run.address.copy)
        self._add(menu, "&Export", "export", "Ctrl+E", self._export)

    def show_page(self, key: str) -> None:
        """Take which page is in front."""
        for action in self._here:
            action.setEnabled(key == "run")

    def _add(
        self, menu: QMenu, title: str, icon: str, keys: str, on_triggered: Callable[[], object], *, here: bool = False
    ) -> None:
        action = menu.addAction(title)
        if keys:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _checked=False: on_triggered())
        self.themed.append((action, icon))
        if here:
            self._here.append(action)

    def _start(self) -> None:
        self._window.show_page("run")
        self._run.start_asked.emit()

    def _start_new(self) -> None:
        self._window.show_page("run")
        self._window.new_session_asked.emit()

    def _end(self) -> None:
        if self._run.end_session.isVisibleTo(self._run) and self._run.end_session.isEnabled():
            self._window.show_page("run")
            self._run.ask_end_session()

    def _let_groups_go(self) -> None:
        self._window.show_page("run")
        self._run.let_groups_go()

    def _find(self) -> None:
        if self._run.is_running:
            self._run.people.choice.choose("participants")
            self._run.participants.begin_find()

    def _acting(self, key: str) -> Callable[[], None]:
        def act() -> None:
            if self._run.is_running:
                self._run.people_desk.act(key)

        return act

    def _answer(self) -> None:
        self._window.show_page("run")
        self._run.people_desk.answer_oldest_hand()

    def _export(self) -> None:
        self._window.show_page("data")
        self._window.data.ask_export()
