"""What the Design page shows without a study: the ways to one."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from gui.design.chain_strip import ChainStrip
from gui.models.moments import day_and_time
from gui.widgets.basics import Button, Elided, Icon, IconTile, card, label, restyle, scrolling
from gui.widgets.card_button import CardButton
from gui.widgets.theme import Theme
from mug.errors import MugError
from mug.study.templates import TEMPLATES, Template

__all__ = ["Welcome", "opens_as_study"]

_WIDEST_PX = 1180
_FOUR_COLUMNS_PX = 900
_RECENT = 8


def opens_as_study(path: Path) -> bool:
    """Say whether something that was dropped may be a study: a folder, its ``study.toml``, a Python script."""
    return path.is_dir() or (path.is_file() and (path.suffix == ".py" or path.name == "study.toml"))


class Welcome(QWidget):
    """New studies from templates, the recent ones, the examples, and what opens others; studies may be dropped here.

    Signals:
        new_asked: A new study is wanted; the key of its template.
        open_asked: A path was chosen or dropped.
        open_folder_asked, open_script_asked: The user wants to choose one.

    Runs on: GUI thread.
    """

    new_asked = Signal(str)
    open_asked = Signal(str)
    open_folder_asked = Signal()
    open_script_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAcceptDrops(True)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._ground = QFrame()
        self._ground.setObjectName("dropGround")
        inner = QHBoxLayout(self._ground)
        inner.setContentsMargins(2, 2, 2, 2)
        outer.addWidget(self._ground)
        host = QWidget()
        inner.addWidget(scrolling(host, "Welcome"))
        wide = QHBoxLayout(host)
        wide.setContentsMargins(12, 0, 12, 12)
        column_host = QWidget()
        column_host.setMaximumWidth(_WIDEST_PX)
        wide.addStretch(1)
        wide.addWidget(column_host, 100)
        wide.addStretch(1)
        column = QVBoxLayout(column_host)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(14)
        column.addStretch(1)
        column.addLayout(self._make_head())
        column.addSpacing(10)
        column.addWidget(label("New study", "heading"))
        column.addLayout(self._make_templates())
        column.addSpacing(10)
        lists = QHBoxLayout()
        lists.setSpacing(16)
        self._recent, self._recent_rows = card(margins=10, spacing=2)
        self._examples, self._example_rows = card(margins=10, spacing=2)
        lists.addWidget(self._recent, 3)
        lists.addWidget(self._examples, 2)
        column.addLayout(lists)
        hint = label("A study is a folder with a study.toml, or a Python script. You can also drop one here.", "small")
        hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(hint)
        column.addStretch(3)
        self.show_recent(())
        self.show_examples(())

    def show_recent(self, paths: Sequence[Path], opened_at: Mapping[Path, str] | None = None) -> None:
        """Show the studies that were opened last, the newest first; those that are gone are left out.

        Args:
            paths: Folders and scripts.
            opened_at: When they were opened last (ISO-8601), where that is known.
        """
        there = [path for path in paths if path.exists()][:_RECENT]
        _clear(self._recent_rows)
        self._recent_rows.addWidget(_list_title("Recent"))
        for path in there:
            at = (opened_at or {}).get(path, "")
            self._recent_rows.addWidget(self._make_row(path, "python" if path.suffix == ".py" else "folder", at))
        if not there:
            words = label("Studies that you open are listed here.", "muted", wrap=True)
            words.setContentsMargins(8, 4, 8, 6)
            self._recent_rows.addWidget(words)
        self._recent_rows.addStretch(1)

    def show_examples(self, paths: Sequence[Path]) -> None:
        """Show the example studies; without any the list is hidden."""
        _clear(self._example_rows)
        self._example_rows.addWidget(_list_title("Examples"))
        for path in paths:
            self._example_rows.addWidget(self._make_row(path, "game", "", with_folder=False))
        self._example_rows.addStretch(1)
        self._examples.setVisible(bool(paths))

    def rows(self) -> list[CardButton]:
        """Return the rows of both lists, the recent ones first."""
        return [*self._recent.findChildren(CardButton), *self._examples.findChildren(CardButton)]

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(IconTile(self._theme, "mug", size=56), 0, Qt.AlignmentFlag.AlignVCenter)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(label("Welcome to MUG Lab", "title"))
        texts.addWidget(label("Begin a study, go on with one, or look at an example.", "muted", wrap=True))
        head.addLayout(texts, 1)
        self.open_folder = Button(
            self._theme, "Open folder…", "folder-open", name="Open study folder", on_click=self.open_folder_asked.emit
        )
        self.open_script = Button(
            self._theme, "Open script…", "python", name="Open Python script", on_click=self.open_script_asked.emit
        )
        head.addWidget(self.open_folder, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.open_script, 0, Qt.AlignmentFlag.AlignVCenter)
        return head

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange_templates()

    def _make_templates(self) -> QGridLayout:
        self._grid = QGridLayout()
        self._grid.setSpacing(14)
        self._grid_columns = 0
        self.templates = {template.key: self._make_template(template) for template in TEMPLATES}
        self._arrange_templates()
        return self._grid

    def _arrange_templates(self) -> None:
        """Put as many side by side as can be read."""
        columns = len(self.templates) if self.width() >= _FOUR_COLUMNS_PX else 2
        if columns == self._grid_columns:
            return
        self._grid_columns = columns
        for index, made in enumerate(self.templates.values()):
            self._grid.addWidget(made, index // columns, index % columns)
            self._grid.setColumnStretch(index, int(index < columns))

    def _make_template(self, template: Template) -> CardButton:
        made = CardButton(f"New study: {template.title}. {template.description}", margins=18, spacing=6)
        made.content.addWidget(IconTile(self._theme, template.icon))
        made.content.addSpacing(6)
        made.content.addWidget(label(template.title, "heading"))
        made.content.addWidget(label(template.description, "muted", wrap=True), 1, Qt.AlignmentFlag.AlignTop)
        try:
            chain = template.study().chain
        except MugError:
            chain = ()  # said in words when somebody wants to make it
        if chain:
            made.content.addSpacing(6)
            made.content.addWidget(ChainStrip(self._theme, chain))
        made.settle()
        made.clicked.connect(lambda _checked=False: self.new_asked.emit(template.key))
        return made

    def _make_row(self, path: Path, icon: str, at: str, *, with_folder: bool = True) -> CardButton:
        name = path.name if path.suffix == ".py" else path.name.replace("_", " ")
        name = name[:1].upper() + name[1:] if path.suffix != ".py" else name
        made = CardButton(f"Open {name}, {path}", role="row", margins=8, spacing=12, row=True)
        made.setToolTip(str(path))
        made.content.addWidget(Icon(self._theme, icon, "accent", 20), 0, Qt.AlignmentFlag.AlignVCenter)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        title = Elided()
        title.say(name)
        texts.addWidget(title)
        if with_folder:
            place = Elided("small")
            place.say(_at_home(path.parent))
            texts.addWidget(place)
        made.content.addLayout(texts, 1)
        if at:
            made.content.addWidget(label(day_and_time(at), "small"), 0, Qt.AlignmentFlag.AlignVCenter)
        made.settle()
        made.clicked.connect(lambda _checked=False: self.open_asked.emit(str(path)))
        return made

    # --- dropping ---

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_study(event.mimeData()) is not None:
            event.acceptProposedAction()
            self._show_drop(True)

    @override
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        event.accept()
        self._show_drop(False)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        self._show_drop(False)
        path = _dropped_study(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            self.open_asked.emit(str(path))

    def _show_drop(self, over: bool) -> None:
        self._ground.setProperty("over", over)
        restyle(self._ground)


def _dropped_study(mime: QMimeData) -> Path | None:
    for url in mime.urls():
        path = Path(url.toLocalFile()) if url.isLocalFile() else None
        if path is not None and opens_as_study(path):
            return path.parent if path.name == "study.toml" else path
    return None


def _list_title(text: str) -> QWidget:
    title = label(text, "heading")
    title.setContentsMargins(8, 4, 8, 4)
    return title


def _at_home(folder: Path) -> str:
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(folder)


def _clear(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
