"""Asking for a file or folder of the study, beside the window's work."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

__all__ = ["ask_for_file"]


def ask_for_file(
    parent: QWidget,
    title: str,
    folder: Path,
    taken: Callable[[str], object],
    *,
    filters: Sequence[str] = (),
    is_folder: bool = False,
) -> QFileDialog:
    """Open a dialog that begins in a folder; `taken` is called with what was chosen. Keep it while it is open."""
    dialog = QFileDialog(parent, title, str(folder))
    dialog.setFileMode(QFileDialog.FileMode.Directory if is_folder else QFileDialog.FileMode.ExistingFile)
    if filters:
        dialog.setNameFilters(list(filters))
    dialog.fileSelected.connect(taken)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
