"""A button that chooses a picture of the study's folder, shows that there is one, and takes it away."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QMenu

from gui.design.inspector.file_dialog import ask_for_file
from gui.design.inspector.inputs import ToolButton
from gui.design.inspector.surroundings import Surroundings

__all__ = ["PictureButton"]


class PictureButton(ToolButton):
    """Chooses a picture.

    Signals:
        chosen: Its path as the study writes it; empty: none any more.

    Runs on: GUI thread.
    """

    chosen = Signal(str)

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around.theme, "picture", "Picture")
        self._around = around
        self._path = ""
        self._dialog: QFileDialog | None = None
        self.clicked.connect(self._on_clicked)

    def show_picture(self, path: str, name: str) -> None:
        """Show whether there is a picture, and of what."""
        self._path = path
        words = f"Picture of {name.lower()}: {path}" if path else f"Choose a picture for {name.lower()}"
        self.show_icon("picture", words, "accent" if path else "muted")

    @Slot()
    def _on_clicked(self) -> None:
        if not self._path:
            self._choose()
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self._path).setEnabled(False)
        menu.addAction("Choose another…").triggered.connect(self._choose)
        menu.addAction("Take it away").triggered.connect(lambda: self.chosen.emit(""))
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    @Slot()
    def _choose(self) -> None:
        pictures = "Pictures (*.png *.jpg *.jpeg *.webp *.gif *.svg *.avif *.bmp)"
        self._dialog = ask_for_file(
            self.window(), "Choose a picture", self._around.folder, self.take, filters=(pictures, "All files (*)")
        )

    @Slot(str)
    def take(self, chosen: str) -> None:
        """Take a file; it must lie in a folder that is served, in the study's folder."""
        place, folder = Path(chosen).resolve(), self._around.folder.resolve()
        if not place.is_relative_to(folder):
            self._around.said.emit(
                f"{place.name} is outside of the study's folder: copy it into a folder that the study serves."
            )
            return
        path = place.relative_to(folder).as_posix()
        study = self._around.document.study
        served = study.static_files if study is not None else ()
        if not any(path.startswith(root.strip("./") + "/") for root in served if root.strip("./")):
            self._around.said.emit(
                f"{path} is in no served folder: add its folder to “Served folders” in the study's settings."
            )
        self.chosen.emit(path)
