"""The Design page: a study's chain and its problems; without a study, the ways to one."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from gui.design.chain_view import ChainView
from gui.design.file_banner import FileBanner
from gui.design.problems_view import ProblemsView
from gui.models.opened_study import OpenedStudy
from gui.widgets.basics import Button, IconTile, Notice, Pill, card, label
from gui.widgets.theme import Theme
from mug.study.traversal import walk

__all__ = ["DesignPage"]


class DesignPage(QWidget):
    """Shows one study.

    Signals:
        open_folder_asked, open_script_asked: The user wants to choose a study.
        open_asked: A path was chosen here.
        reload_asked: Load the same study again.
        run_asked: Go to the Run page.

    Runs on: GUI thread.
    """

    open_folder_asked = Signal()
    open_script_asked = Signal()
    open_asked = Signal(str)
    reload_asked = Signal()
    run_asked = Signal()

    def __init__(self, theme: Theme, examples: Sequence[Path], recent: Sequence[Path]) -> None:
        super().__init__()
        self.setObjectName("page")
        self._theme = theme
        self._examples = tuple(examples)
        self._opened: OpenedStudy | None = None
        self._stack = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 22, 28, 16)
        layout.setSpacing(14)
        self._busy_text = label("", "muted")
        self._busy_bar = QProgressBar()
        self._busy_bar.setRange(0, 0)
        self._busy_bar.setTextVisible(False)
        self._busy_bar.setAccessibleName("Loading the study")
        self._busy_bar.setMaximumWidth(160)
        self._busy = QWidget()
        busy = QHBoxLayout(self._busy)
        busy.setContentsMargins(0, 0, 0, 0)
        busy.setSpacing(10)
        busy.addWidget(self._busy_bar)
        busy.addWidget(self._busy_text, 1)
        self._busy.hide()
        self._notice = Notice(theme, icon="error", tone="error")
        self._details = Button(theme, "Details", role="quiet", on_click=self._show_details)
        self._notice.add_button(self._details)
        self._trace = ""
        self._trace_text = label("", "code", selectable=True)
        self._trace_text.hide()
        self.banner = FileBanner(theme)
        layout.addWidget(self.banner)
        layout.addWidget(self._notice)
        layout.addWidget(self._trace_text)
        layout.addWidget(self._stack, 1)
        self._welcome = QWidget()
        self._stack.addWidget(self._welcome)
        self._stack.addWidget(self._make_study_view())
        self.show_recent(recent)

    def show_recent(self, recent: Sequence[Path]) -> None:
        """Show the ways to a study: opening one, the recent ones, the examples."""
        fresh = self._make_welcome(recent)
        self._stack.insertWidget(0, fresh)
        showed_welcome = self._stack.currentWidget() in {self._welcome, fresh}
        self._stack.removeWidget(self._welcome)
        self._welcome.deleteLater()
        self._welcome = fresh
        if showed_welcome and self._opened is None:
            self._stack.setCurrentWidget(fresh)

    @Slot(str)
    def show_busy(self, text: str) -> None:
        """Say what is being done; empty: nothing."""
        self._busy_text.setText(text)
        self._busy.setVisible(bool(text))

    @Slot(object)
    def show_study(self, opened: OpenedStudy) -> None:
        """Show a study, or the same one with more known about it."""
        is_same = self._opened is not None and self._opened.study == opened.study and self._opened.path == opened.path
        self._opened = opened
        self._notice.say("")
        self._trace_text.hide()
        self._title.setText(opened.title)
        scenes = sum(1 for _path, node in walk(opened.study) if hasattr(node, "scene_id"))
        self._subtitle.setText(f"{scenes} scene{'' if scenes == 1 else 's'} · {opened.path}")
        self._subtitle.setToolTip(f"Content hash {opened.content_hash}")
        if not is_same:
            self.chain.show_study(opened.study)
        self.chain.show_problems(opened.problems)
        self.problems.show_problems(opened.problems)
        self._show_summary(opened)
        self._stack.setCurrentIndex(1)

    @Slot(str, str, str)
    def show_failure(self, path: str, sentence: str, trace: str) -> None:
        """Say why a study could not be loaded; the one that is open stays."""
        del path
        self._trace = trace
        self._trace_text.hide()
        self._details.setVisible(bool(trace))
        self._details.setText("Details")
        self._notice.say(sentence, "error", "error")

    def failure(self) -> str:
        """Return the sentence of the last failure, while it is shown."""
        return self._notice.text()

    def _show_details(self) -> None:
        shown = not self._trace_text.isVisible()
        self._trace_text.setText(self._trace.strip()[-2_000:])
        self._trace_text.setVisible(shown)
        self._details.setText("Hide details" if shown else "Details")

    def _show_summary(self, opened: OpenedStudy) -> None:
        errors, count = len(opened.errors), len(opened.problems)
        if errors:
            self._state.show_state(f"{errors} error{'' if errors == 1 else 's'}", "error", "error")
            self._summary.setText("A study with errors cannot be started.")
        elif count:
            self._state.show_state(f"{count} warning{'' if count == 1 else 's'}", "warning", "warning")
            self._summary.setText("It can be started. Look at the warnings before participants come.")
        elif opened.checked:
            self._state.show_state("No problems", "check-circle", "good")
            self._summary.setText("Everything was checked: the chain, the files, the packages and the environments.")
        else:
            self._state.show_state("Chain is valid", "check-circle", "good")
            self._summary.setText("Files, packages and environments are being checked.")
        self.problems.setVisible(bool(count))
        self._all_well.setVisible(not count)

    def _make_study_view(self) -> QWidget:
        view = QWidget()
        layout = QVBoxLayout(view)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        head = QHBoxLayout()
        head.setSpacing(10)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        self._title = label("", "title")
        self._subtitle = label("", "muted", selectable=True)
        self._subtitle.setMinimumWidth(60)
        texts.addWidget(self._title)
        texts.addWidget(self._subtitle)
        head.addLayout(texts, 1)
        head.addWidget(Button(self._theme, "Open another…", "folder-open", on_click=self.open_folder_asked.emit))
        reload = Button(
            self._theme, "Reload", "refresh", tip="Load the files again (F5)", on_click=self.reload_asked.emit
        )
        head.addWidget(reload)
        head.addWidget(Button(self._theme, "Go to Run", "run", role="primary", on_click=self.run_asked.emit))
        layout.addLayout(head)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(18)
        self.chain = ChainView(self._theme)
        split.addWidget(self.chain)
        split.addWidget(self._make_side())
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([640, 380])
        layout.addWidget(split, 1)
        return view

    def _make_side(self) -> QWidget:
        side = QWidget()
        side.setMinimumWidth(300)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        panel, inner = card()
        row = QHBoxLayout()
        row.addWidget(label("Check", "heading"), 1)
        self._state = Pill(self._theme)
        row.addWidget(self._state)
        inner.addLayout(row)
        self._summary = label("", "muted", wrap=True)
        inner.addWidget(self._summary)
        inner.addWidget(self._busy)
        layout.addWidget(panel)
        self.problems = ProblemsView(self._theme)
        self.problems.chosen.connect(self.chain.reveal)
        layout.addWidget(self.problems, 1)
        self._all_well = QWidget()
        layout.addWidget(self._all_well, 1)
        read_only = Notice(self._theme)
        read_only.say(
            "The chain is shown as it is in the files. To change it, edit the study's files: they are loaded again."
        )
        layout.addWidget(read_only)
        return side

    def _make_welcome(self, recent: Sequence[Path]) -> QWidget:
        page = QWidget()
        outer = QVBoxLayout(page)
        outer.addStretch(1)
        row = QHBoxLayout()
        row.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(18)
        row.addLayout(column)
        row.addStretch(1)
        outer.addLayout(row)
        outer.addStretch(2)
        column.addWidget(IconTile(self._theme, "mug", size=64), 0, Qt.AlignmentFlag.AlignHCenter)
        title = label("Open a study to begin", "title")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(title)
        text = label(
            "A study is a folder with a study.toml, or a Python script that calls mug.server.app.run(…).",
            "muted",
            wrap=True,
        )
        text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        text.setFixedWidth(520)
        column.addWidget(text)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        buttons.addWidget(
            Button(
                self._theme, "Open study folder…", "folder-open", role="primary", on_click=self.open_folder_asked.emit
            )
        )
        buttons.addWidget(Button(self._theme, "Open Python script…", "python", on_click=self.open_script_asked.emit))
        buttons.addStretch(1)
        column.addLayout(buttons)
        lists = QHBoxLayout()
        lists.setSpacing(16)
        if recent:
            lists.addWidget(self._make_list("Recent", "history", recent), 1)
        if self._examples:
            lists.addWidget(self._make_list("Examples", "game", self._examples), 1)
        column.addLayout(lists)
        return page

    def _make_list(self, title: str, icon: str, paths: Sequence[Path]) -> QFrame:
        panel, layout = card(spacing=4)
        panel.setMinimumWidth(280)
        layout.addWidget(label(title, "heading"))
        layout.addSpacing(4)
        for path in list(paths)[:6]:
            name = path.name.replace("_", " ").capitalize()
            button = Button(self._theme, name, icon, role="link", name=f"Open {path.name}", tip=str(path))
            button.clicked.connect(lambda _checked=False, path=path: self.open_asked.emit(str(path)))
            layout.addWidget(button)
        layout.addStretch(1)
        return panel
