"""The Design page: the editor of the open study; without one, the ways to a study."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from gui.design.editor import StudyEditor
from gui.design.file_banner import FileBanner
from gui.design.live_check import LiveCheck
from gui.design.welcome import Welcome
from gui.models.chain_document import ChainDocument
from gui.models.opened_study import OpenedStudy
from gui.runtime.tasks import Tasks
from gui.widgets.basics import Button, Elided, Notice, label, scrolling
from gui.widgets.theme import Theme
from mug.study.model import GymGame, RandomizeOrder, Repeat
from mug.study.traversal import walk
from mug.study.treatments import arms_of

__all__ = ["DesignPage"]

_TRACE_PX = 150


class DesignPage(QWidget):
    """Shows one study.

    Attributes:
        editor: The parts of the editor.
        welcome: What is shown without a study.
        banner: What is said about the study's file.

    Signals:
        open_folder_asked, open_script_asked: The user wants to choose a study.
        open_asked: A path was chosen here.
        new_asked: The key of a template, or empty.
        save_asked: Write the study's file.
        reload_asked: Load the study's file again.
        run_asked: Go to the Run page.
        preview_asked: The path of a node, and "scene" or "from".
        preview_treatment_chosen: The treatment under which previews are shown; empty: none.
        playground_asked: The path of a game.
        cancel_asked: Stop loading.

    Runs on: GUI thread.
    """

    open_folder_asked = Signal()
    open_script_asked = Signal()
    open_asked = Signal(str)
    new_asked = Signal(str)
    save_asked = Signal()
    reload_asked = Signal()
    run_asked = Signal()
    preview_asked = Signal(tuple, str)
    preview_treatment_chosen = Signal(str)
    playground_asked = Signal(tuple)
    cancel_asked = Signal()

    def __init__(
        self, theme: Theme, document: ChainDocument, tasks: Tasks, examples: Sequence[Path], recent: Sequence[Path]
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self._theme, self._document = theme, document
        self.check = LiveCheck(document, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 12)
        layout.setSpacing(12)
        self._notice = Notice(theme, icon="error", tone="error")
        self._details = Button(theme, "Details", role="quiet", on_click=self._show_details)
        self._notice.add_button(self._details)
        self._notice.add_button(Button(theme, "Close", role="quiet", on_click=self._forget_failure))
        self._trace = ""
        self._trace_text = label("", "code", selectable=True)
        self._trace_area = scrolling(self._trace_text, "Details of the failure")
        self._trace_area.setMaximumHeight(_TRACE_PX)
        self._trace_area.hide()
        self._loading = self._make_loading()
        self._stack = QStackedWidget()
        self.banner = FileBanner(theme)
        for part in (self._notice, self._trace_area, self.banner, self._loading):
            layout.addWidget(part)
        layout.addWidget(self._stack, 1)
        self.welcome = Welcome(theme)
        self.welcome.show_examples(examples)
        self.welcome.show_recent(recent)
        self.welcome.open_asked.connect(self.open_asked)
        self.welcome.open_folder_asked.connect(self.open_folder_asked)
        self.welcome.open_script_asked.connect(self.open_script_asked)
        self.welcome.new_asked.connect(self.new_asked)
        self.editor = StudyEditor(theme, document, self.check, tasks)
        self.editor.canvas.preview_asked.connect(self.preview_asked)
        self.editor.inspector.playground_asked.connect(self.playground_asked)
        self._stack.addWidget(self.welcome)
        self._stack.addWidget(self._make_study_view())
        document.loaded.connect(self._on_loaded)
        document.clean_changed.connect(self._on_state_changed)
        document.edit_applied.connect(self._on_state_changed)
        document.selection_changed.connect(self._on_selection_changed)
        self._on_loaded()

    def place_strip(self, strip: QWidget) -> None:
        """Put the line that shows how a preview stands above the editor."""
        self._study_layout.insertWidget(1, strip)

    # --- what it is told ----------------------------------------------------------------------------------------------

    @Slot(str)
    def show_busy(self, text: str) -> None:
        """Say what is being done; empty: nothing."""
        loads = text.startswith("Opening") or (bool(text) and self._document.opened is None)
        self._loading.setVisible(loads)
        self._loading_text.setText(text)
        self.editor.problems.show_busy("" if loads else text)

    @Slot(object)
    def show_study(self, opened: OpenedStudy) -> None:
        """Take a study that was loaded, or what the thorough check of it found."""
        self._forget_failure()
        if opened.checked:
            self.check.take_checked(opened)
        self._on_state_changed()

    @Slot(str, str, str)
    def show_failure(self, path: str, sentence: str, trace: str) -> None:
        """Say why a study could not be loaded or saved; the one that is open stays."""
        del path
        self._trace = trace
        self._trace_area.hide()
        self._details.setVisible(bool(trace))
        self._details.setText("Details")
        self._notice.say(sentence, "error", "error")

    def failure(self) -> str:
        """Return the sentence of the last failure, while it is shown."""
        return self._notice.text()

    # --- how it is built ----------------------------------------------------------------------------------------------

    def _make_loading(self) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(4, 0, 4, 0)
        layout.setSpacing(10)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setFixedWidth(140)
        bar.setAccessibleName("Loading the study")
        self._loading_text = label("", "muted")
        layout.addWidget(bar)
        layout.addWidget(self._loading_text, 1)
        layout.addWidget(Button(self._theme, "Cancel", role="quiet", on_click=self.cancel_asked.emit))
        row.hide()
        return row

    def _make_study_view(self) -> QWidget:
        view = QWidget()
        layout = QVBoxLayout(view)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(self._make_head())
        layout.addWidget(self.editor, 1)
        self._study_layout = layout
        return view

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(8)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        self._title = Elided("title")
        self._subtitle = Elided("muted")
        texts.addWidget(self._title)
        texts.addWidget(self._subtitle)
        head.addLayout(texts, 1)
        stack = self._document.stack
        self.undo = self._history_button("undo", "Undo", "Ctrl+Z", self._document.undo)
        self.redo = self._history_button("redo", "Redo", "Ctrl+Shift+Z", self._document.redo)
        stack.canUndoChanged.connect(self.undo.setEnabled)
        stack.canRedoChanged.connect(self.redo.setEnabled)
        stack.undoTextChanged.connect(self._on_undo_text_changed)
        stack.redoTextChanged.connect(self._on_redo_text_changed)
        head.addWidget(self.undo)
        head.addWidget(self.redo)
        head.addSpacing(6)
        self.preview = Button(self._theme, "Preview", "preview", tip="Try the study in the browser")
        self.preview.setMenu(self._make_preview_menu())
        head.addWidget(self.preview)
        self.save = Button(
            self._theme, "Save", "save", tip="Write the study's file (Ctrl+S)", on_click=self.save_asked.emit
        )
        head.addWidget(self.save)
        head.addWidget(
            Button(
                self._theme,
                "Go to Run",
                "run",
                role="primary",
                tip="Start a session with participants",
                on_click=self.run_asked.emit,
            )
        )
        return head

    def _history_button(self, icon: str, title: str, keys: str, act: object) -> Button:
        button = Button(self._theme, "", icon, role="icon", name=title, tip=f"{title} ({keys})")
        button.clicked.connect(act)
        button.setEnabled(False)
        return button

    @Slot(str)
    def _on_undo_text_changed(self, words: str) -> None:
        self.undo.setToolTip(f"Undo: {words} (Ctrl+Z)" if words else "Undo (Ctrl+Z)")
        self.undo.setAccessibleName(f"Undo {words}".strip())

    @Slot(str)
    def _on_redo_text_changed(self, words: str) -> None:
        self.redo.setToolTip(f"Redo: {words} (Ctrl+Shift+Z)" if words else "Redo (Ctrl+Shift+Z)")
        self.redo.setAccessibleName(f"Redo {words}".strip())

    def _make_preview_menu(self) -> QMenu:
        menu = QMenu(self)
        self._preview_scene = self._menu_action(menu, "The selected scene", lambda: self._ask_preview("scene"))
        self._preview_from = self._menu_action(menu, "From the selected scene on", lambda: self._ask_preview("from"))
        self._menu_action(menu, "The whole study", lambda: self.preview_asked.emit((0,), "from"))
        self.preview_treatments = menu.addMenu("As under the treatment")
        self._treatment_group = QActionGroup(self)
        self._treatment = ""
        self._show_treatments()
        menu.addSeparator()
        self._play = self._menu_action(menu, "Step the environment by hand…", self._ask_playground)
        return menu

    def _show_treatments(self) -> None:
        """Offer the study's treatments for a look; hidden where there are none."""
        study = self._document.study
        arms = arms_of(study) if study is not None else ()
        wanted = [("", "None: the study as it stands"), *((arm.name, arm.words) for arm in arms)]
        if [(action.data(), action.text()) for action in self._treatment_group.actions()] != wanted:
            for action in self._treatment_group.actions():
                self._treatment_group.removeAction(action)
                self.preview_treatments.removeAction(action)
                action.deleteLater()
            for name, words in wanted:
                action = QAction(words, self)
                action.setData(name)
                action.setCheckable(True)
                action.triggered.connect(lambda _checked=False, name=name: self._choose_treatment(name))
                self._treatment_group.addAction(action)
                self.preview_treatments.addAction(action)
        if self._treatment not in [name for name, _ in wanted]:
            self._choose_treatment("")
        for action in self._treatment_group.actions():
            action.setChecked(action.data() == self._treatment)
        self.preview_treatments.menuAction().setVisible(bool(arms))

    def _choose_treatment(self, name: str) -> None:
        if name != self._treatment:
            self._treatment = name
            self.preview_treatment_chosen.emit(name)
            self._show_treatments()

    def _menu_action(self, menu: QMenu, words: str, act: Callable[[], object]) -> QAction:
        action = QAction(words, self)  # the page's own: wrappers of a menu's actions go with the menu's wrapper
        action.triggered.connect(lambda _checked=False: act())
        menu.addAction(action)
        return action

    # --- what happens -------------------------------------------------------------------------------------------------

    def _ask_preview(self, mode: str) -> None:
        if self._document.selection:
            self.preview_asked.emit(self._document.selection[0], mode)

    @Slot()
    def _ask_playground(self) -> None:
        if self._document.current is not None:
            self.playground_asked.emit(self._document.current)

    @Slot()
    def _on_loaded(self) -> None:
        has_study = self._document.study is not None
        self._stack.setCurrentIndex(1 if has_study else 0)
        if has_study:
            self.check.look()
            if self.isVisible():
                self.editor.canvas.focus()  # so that the keyboard goes on in the chain
        self._on_state_changed()
        self._on_selection_changed()

    @Slot()
    def _on_state_changed(self) -> None:
        study, opened = self._document.study, self._document.opened
        if study is None or opened is None:
            return
        scenes = sum(1 for _path, node in walk(study) if not isinstance(node, RandomizeOrder | Repeat))
        self._show_treatments()
        self._title.say(study.title or str(study.id))
        state = "" if self._document.is_clean else "Edited · "
        self._subtitle.say(f"{state}{scenes} scene{'' if scenes == 1 else 's'} · {opened.path}")
        self.save.setEnabled(not self._document.is_clean)

    @Slot()
    def _on_selection_changed(self) -> None:
        has_one = bool(self._document.selection)
        self._preview_scene.setEnabled(has_one)
        self._preview_from.setEnabled(has_one)
        current = self._document.current
        self._play.setEnabled(current is not None and isinstance(self._document.node(current), GymGame))

    def _show_details(self) -> None:
        shown = not self._trace_area.isVisible()
        self._trace_text.setText(self._trace.strip()[-2_000:])
        self._trace_area.setVisible(shown)
        self._details.setText("Hide details" if shown else "Details")

    def _forget_failure(self) -> None:
        self._notice.say("")
        self._trace_area.hide()
