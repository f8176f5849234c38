"""The editor of a path: a file or folder, chosen or typed, relative to the study's folder."""

from typing import Final

from PySide6.QtCore import QSignalBlocker, QTimer, Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout
from typing_extensions import override

from gui.design.inspector.editor import FieldEditor
from gui.design.inspector.file_dialog import ask_for_file
from gui.design.inspector.inputs import Line, ToolButton
from gui.design.inspector.surroundings import Surroundings
from gui.widgets.basics import Button, label
from mug.study.catalog import FieldInfo

__all__ = ["PathEditor"]

_PAUSE_MS = 200
_FILTERS: Final = {
    "html": ("Pages (*.html *.htm)", "All files (*)"),
    "code": ("Python files (*.py)", "All files (*)"),
}
_NEW: Final = {
    "html": ("pages", ".html", "Create the page", "<h1>{title}</h1>\n<p>Write here what participants read.</p>\n"),
    "code": (
        ".",
        ".py",
        "Create the file",
        '"""The environment of the scene {title}: leave it in the global env."""\n\nenv = None\n',
    ),
}


class PathEditor(FieldEditor):
    """A path with what is known of it: whether it is there, and what to do when it is not.

    Attributes:
        line: The path as the study writes it.
        state: What is known, in words; empty: it is there, or nothing is named.
        create_button: Makes the file that is named, or a fresh one.
    """

    def __init__(self, around: Surroundings, info: FieldInfo, holds: str | None) -> None:
        """Make an editor; `holds` is what the file holds ("html", "code"), where a field says the same without one."""
        super().__init__(around, info)
        self._holds = holds if holds in _NEW else None
        self._is_folder = isinstance(info.default, str) and info.default.endswith("/")
        self.line = Line(info.title)
        self.line.textEdited.connect(self._on_edited)
        self.line.dropped.connect(self._on_dropped)
        self.browse = ToolButton(around.theme, "folder-open", f"{info.title}: choose…", self._choose)
        self.open_button = ToolButton(around.theme, "external", f"{info.title}: open it", self._open)
        self.state = label("", "small", wrap=True)
        words = _NEW[self._holds][2] if self._holds else ""
        self.create_button = Button(around.theme, words, "entry-add", role="link", on_click=self._create)
        line = QHBoxLayout()
        line.setSpacing(2)
        line.addWidget(self.line, 1)
        line.addWidget(self.open_button)
        line.addWidget(self.browse)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(3)
        outer.addLayout(line)
        below = QHBoxLayout()
        below.addWidget(self.state, 1)
        below.addWidget(self.create_button)
        outer.addLayout(below)
        for widget in (self.state, self.create_button, self.open_button):
            widget.hide()
        self.setFocusProxy(self.line)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._look)
        self._dialog: QFileDialog | None = None

    @Slot(str)
    def _on_edited(self, text: str) -> None:
        self.typed.emit(text or self._empty())

    @Slot()
    def _on_dropped(self) -> None:
        self.settle()

    @override
    def _show(self) -> None:
        self.line.setPlaceholderText(self.default_words)
        if not (self.line.hasFocus() and self.line.text() == (self.value or "")):
            self.settle()
        self._pause.start()

    @override
    def settle(self) -> None:
        shown = "" if self.mixed or self.value is None or self.is_default else str(self.value)
        with QSignalBlocker(self.line):
            if self.line.text() != shown:
                self.line.setText(shown)

    # --- whether it is there ------------------------------------------------------------------------------------------

    @Slot()
    def _look(self) -> None:
        value = self.value
        if not self.around.has_folder or not isinstance(value, str) or not value.strip() or "\0" in value:
            self._take_state(str(value), missing=None)
            return
        place, is_folder = self.around.folder / value, self._is_folder
        self.around.look(
            "Looking for a file",
            lambda: place.is_dir() if is_folder else place.is_file(),
            lambda there: self._take_state(value, missing=not there),
        )

    def _take_state(self, value: str, *, missing: bool | None) -> None:
        if missing is not None and value != self.value:
            return
        is_default_folder = self._is_folder and self.is_default
        is_missing = bool(missing) and not is_default_folder
        self.state.setText(f"There is no {'folder' if self._is_folder else 'file'} {value} in the study's folder.")
        self.state.setVisible(is_missing)
        wants_file = self._holds is not None and self.around.has_folder and not self.mixed
        self.create_button.setVisible(wants_file and (is_missing or missing is None))
        self.open_button.setVisible(missing is False)

    # --- choosing, opening, making ------------------------------------------------------------------------------------

    def _choose(self) -> None:
        self._dialog = ask_for_file(
            self.window(),
            f"Choose: {self.info.title}",
            self.around.folder,
            self.take_chosen,
            filters=_FILTERS.get(self._holds or "", ()),
            is_folder=self._is_folder,
        )

    @Slot(str)
    def take_chosen(self, chosen: str) -> None:
        """Take an absolute path; one in the study's folder is written relative to it."""
        if not chosen:
            return
        text = self.around.path_in_study(chosen)
        text = f"{text}/" if self._is_folder else text
        self.chosen.emit(text)

    def _open(self) -> None:
        if isinstance(self.value, str):
            self.around.file_open_asked.emit(str(self.around.folder / self.value))

    def _create(self) -> None:
        """Make the file, with something to begin with, and name it."""
        assert self._holds is not None
        folder, ending, _, content = _NEW[self._holds]
        scene = self._scene_name()
        root = self.around.folder
        named = self.value if isinstance(self.value, str) and self.value.strip() else None

        def make() -> str:
            if named is not None:
                place = root / named
            else:
                stem, number = scene, 1
                place = root / folder / f"{stem}{ending}"
                while place.exists():
                    number += 1
                    place = root / folder / f"{stem}_{number}{ending}"
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("x", encoding="utf-8", newline="\n") as file:
                file.write(content.format(title=scene))
            return place.relative_to(root).as_posix() if place.is_relative_to(root) else place.as_posix()

        self.around.look("Creating the file", make, self._take_created)

    def _take_created(self, name: str) -> None:
        self.around.said.emit(f"Created {name}.")
        if name != self.value:
            self.chosen.emit(name)
        self._look()

    def _scene_name(self) -> str:
        paths = self.around.paths
        node = self.around.document.node(paths[0]) if paths else None
        return str(getattr(node, "scene_id", "page"))
