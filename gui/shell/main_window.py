"""MUG Lab's window: the rail, the pages, menus and shortcuts, the status line."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QIcon, QKeySequence, QUndoGroup
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QMessageBox,
    QStackedWidget,
    QWidget,
)
from typing_extensions import override

from gui.data.page import DataPage
from gui.design.page import DesignPage
from gui.models.chain_document import ChainDocument
from gui.places import resource
from gui.run.page import RunPage
from gui.runtime.server_state import Outcome
from gui.seats.page import SeatsPage
from gui.shell.edit_menu import EditMenu
from gui.shell.navigation import Navigation
from gui.shell.session_menu import SessionMenu
from gui.shell.settings import LabSettings
from gui.widgets.theme import Theme, ThemeChoice
from gui.widgets.toasts import Toasts

__all__ = ["MainWindow"]

_PAGES = (
    ("design", "Design", "design", "The chain of scenes (Ctrl+1)"),
    ("seats", "Seats", "seats", "The room, and whether its desks are ready (Ctrl+2)"),
    ("run", "Run", "run", "Start a session and watch it (Ctrl+3)"),
    ("data", "Data", "data", "Recorded sessions and their export (Ctrl+4)"),
)


class MainWindow(QMainWindow):
    """The window with its pages.

    Attributes:
        design, seats, run, data: The pages.
        toasts: The short messages.
        may_close: Asked before the window closes: takes the function that closes it, answers whether it may at once.

    Signals:
        page_shown: The key of the page that came to the front.
        new_asked, open_folder_asked, open_script_asked, reload_asked, save_asked, save_as_asked, settings_asked,
            new_session_asked: The menus.
        closing: The window goes for good.

    Runs on: GUI thread.
    """

    page_shown = Signal(str)
    new_asked = Signal()
    save_asked = Signal()
    save_as_asked = Signal()
    open_folder_asked = Signal()
    open_script_asked = Signal()
    open_recent_asked = Signal(str)
    reload_asked = Signal()
    settings_asked = Signal()
    new_session_asked = Signal()
    second_screen_asked = Signal()
    closing = Signal()

    def __init__(
        self,
        theme: Theme,
        settings: LabSettings,
        document: ChainDocument,
        pages: tuple[DesignPage, SeatsPage, RunPage, DataPage],
        version: str,
    ) -> None:
        super().__init__()
        design, seats, run, data = pages
        self._document = document
        self._theme, self._settings, self._version = theme, settings, version
        self.design, self.seats, self.run, self.data = design, seats, run, data
        self.may_close: Callable[[Callable[[], object]], bool] = lambda _close: True
        self._themed: list[tuple[QAction, str]] = []
        self._show_title()
        document.loaded.connect(self._show_title)
        document.edit_applied.connect(self._show_title)
        document.clean_changed.connect(self._show_title)
        self.setWindowIcon(QIcon(str(resource("icons/app.svg"))))
        self.setMinimumSize(900, 600)
        self.resize(1280, 820)
        host = QWidget()
        host.setObjectName("pageHost")
        layout = QHBoxLayout(host)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.navigation = Navigation(theme, _PAGES)
        self.navigation.chosen.connect(self.show_page)
        layout.addWidget(self.navigation)
        self._stack = QStackedWidget()
        for page in pages:
            self._stack.addWidget(page)
        layout.addWidget(self._stack, 1)
        self.setCentralWidget(host)
        self._server_text = QLabel("")
        self._server_text.setTextFormat(Qt.TextFormat.PlainText)
        self._records_text = QLabel("")
        self._records_text.setTextFormat(Qt.TextFormat.PlainText)
        self._hands_text, self._undelivered_text = QLabel(""), QLabel("")
        for text in (self._server_text, self._hands_text, self._undelivered_text):
            self.statusBar().addWidget(text)
        self.statusBar().addPermanentWidget(self._records_text)
        self.statusBar().setSizeGripEnabled(False)
        self.toasts = Toasts(theme, self)
        self._make_menus()
        theme.changed.connect(self._on_theme_changed)
        design.run_asked.connect(lambda: self.show_page("run"))
        seats.run_asked.connect(lambda: self.show_page("run"))
        run.open_study_asked.connect(lambda: self.show_page("design"))
        data.run_asked.connect(lambda: self.show_page("run"))
        run.said.connect(self.toasts.say)
        geometry = settings.state("window")
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)
        run.restore(settings.state)
        design.editor.restore(settings.state("editor"))
        data.restore(settings.state)
        self.show_records_place()
        self._on_theme_changed()
        self.show_page("design")

    def page(self) -> str:
        """Return the key of the page in front."""
        return _PAGES[self._stack.currentIndex()][0]

    @Slot(str)
    def show_page(self, key: str) -> None:
        """Bring a page to the front."""
        self._stack.setCurrentIndex([page[0] for page in _PAGES].index(key))
        self.navigation.show_current(key)
        self.session_menu.show_page(key)
        self._undo.setActiveStack(self.seats.document.stack if key == "seats" else self._document.stack)
        self.page_shown.emit(key)

    @Slot()
    def _show_title(self) -> None:
        study = self._document.study
        name = (study.title or str(study.id)) if study is not None else ""
        self.setWindowTitle(f"{name}[*] – MUG Lab" if name else "MUG Lab")
        self.setWindowModified(bool(name) and not self._document.is_clean)

    @Slot(object)
    def show_outcome(self, outcome: Outcome) -> None:
        """Show the server's state in the status line."""
        self._server_text.setText(f"{outcome.word} · {outcome.study}" if outcome.study else outcome.word)

    @Slot(int)
    def show_hands(self, count: int) -> None:
        """Show in the status line and beside the Run page's entry how many hands are raised."""
        words = "1 hand raised" if count == 1 else f"{count} hands raised"
        self._hands_text.setText(words if count else "")
        self.navigation.show_badge("run", count, words)

    @Slot(int)
    def show_undelivered(self, count: int) -> None:
        """Show in the status line how many actions wait for the connection."""
        words = "1 action is not delivered yet" if count == 1 else f"{count} actions are not delivered yet"
        self._undelivered_text.setText(words if count else "")

    def show_records_place(self) -> None:
        """Show in the status line where records go."""
        self._records_text.setText(f"Records: {self._settings.data_dir}")

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.may_close(self.close):
            event.ignore()
            return
        self._settings.keep_state("window", self.saveGeometry())
        for name, state in (self.run.arrangement() | self.data.arrangement()).items():
            self._settings.keep_state(name, state)
        self._settings.keep_state("editor", self.design.editor.arrangement())
        self._settings.save()
        event.accept()
        self.closing.emit()

    def _make_menus(self) -> None:
        bar = self.menuBar()
        study = bar.addMenu("&Study")
        self._add(study, "&New study…", "plus", "Ctrl+N", self.new_asked.emit)
        self._add(study, "&Open study folder…", "folder-open", "Ctrl+O", self.open_folder_asked.emit)
        self._add(study, "Open Python &script…", "python", "Ctrl+Shift+O", self.open_script_asked.emit)
        self._recent = study.addMenu("Open &recent")
        study.aboutToShow.connect(self._fill_recent)
        study.addSeparator()
        self._save = self._add(study, "&Save", "save", "Ctrl+S", self.save_asked.emit)
        self._save.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)  # beside a page's source, too
        self._save_as = self._add(study, "Save &as…", "", "Ctrl+Shift+S", self.save_as_asked.emit)
        self._add(study, "Re&load", "refresh", "F5", self._on_reload)
        study.addSeparator()
        self._add(study, "S&ettings…", "settings", "Ctrl+,", self.settings_asked.emit)
        study.addSeparator()
        self._add(study, "&Quit", "close", "Ctrl+Q", self.close)
        self._undo = QUndoGroup(self)
        for stack in (self._document.stack, self.seats.document.stack):
            self._undo.addStack(stack)
        actions = self.design.editor.canvas.actions()
        edit = EditMenu(bar.addMenu("&Edit"), self._undo, actions, lambda: self.page() == "design", self)
        self._themed += [(edit.undo, "undo"), (edit.redo, "redo")]
        view = bar.addMenu("&View")
        for number, (key, title, icon, _tip) in enumerate(_PAGES, start=1):
            self._add(view, title, icon, f"Ctrl+{number}", partial(self.show_page, key))
        view.addSeparator()
        self._looks = QActionGroup(self)
        for choice, title in (
            (ThemeChoice.SYSTEM, "Like the system"),
            (ThemeChoice.LIGHT, "Light"),
            (ThemeChoice.DARK, "Dark"),
        ):
            action = self._add(view, title, "", "", partial(self._choose_look, choice))
            action.setCheckable(True)
            action.setData(str(choice))
            self._looks.addAction(action)
        self.session_menu = SessionMenu(bar.addMenu("S&ession"), self.run, self)
        self._themed += self.session_menu.themed
        bar.addMenu(self.seats.menu(self))
        about = bar.addMenu("&Help")
        self._add(about, "&About MUG Lab", "info", "", self._on_about)

    def _add(self, menu: QMenu, title: str, icon: str, shortcut: str, on_triggered: Callable[[], object]) -> QAction:
        action = menu.addAction(title)
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(lambda _checked=False: on_triggered())
        if icon:
            self._themed.append((action, icon))
        return action

    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in self._settings.recent:
            action = self._recent.addAction(str(path))
            action.triggered.connect(lambda _checked=False, path=path: self.open_recent_asked.emit(str(path)))
        self._recent.setEnabled(bool(self._settings.recent))

    def _choose_look(self, choice: ThemeChoice) -> None:
        self._settings.theme = choice
        self._theme.choose(choice)

    def _on_reload(self) -> None:
        if self.page() == "data":
            self.data.refresh_asked.emit()
        else:
            self.reload_asked.emit()

    def _on_about(self) -> None:
        box = QMessageBox(self)
        box.setWindowTitle("About MUG Lab")
        box.setIconPixmap(self._theme.pixmap("mug", "accent", 48))
        box.setText(f"MUG Lab {self._version}")
        box.setInformativeText(
            "Multi-User Gymnasium: real-time behavioural experiments with people and AI partners.\nMIT licence."
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    @Slot()
    def _on_theme_changed(self) -> None:
        for action, icon in self._themed:
            action.setIcon(self._theme.icon(icon, "muted"))
        for action in self._looks.actions():
            action.setChecked(action.data() == str(self._theme.choice))
        QApplication.setWindowIcon(self.windowIcon())
