"""A window for the source of one field: Python, or HTML beside its preview."""

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSplitter, QVBoxLayout, QWidget
from typing_extensions import override

from gui.design.inspector.highlighting import HtmlColours, PythonColours
from gui.design.inspector.html_preview import HtmlPreview
from gui.design.inspector.inputs import Growing
from gui.design.inspector.subject import value_in
from gui.design.inspector.surroundings import Surroundings
from gui.models.chain_document import Change
from gui.widgets.basics import Button, label
from mug.study.edits import RESET, SetField
from mug.study.model import Node, Study
from mug.study.traversal import NodePath, node_at, walk

__all__ = ["LargeSource"]

_PAUSE_MS = 120


class LargeSource(QDialog):
    """Edits one field of one scene, whatever else is selected meanwhile; closes when the scene is gone.

    Attributes:
        path: The scene's place, as it is now.

    Signals:
        closed: It is closed, and will not be there any more.

    Runs on: GUI thread.
    """

    closed = Signal()

    def __init__(
        self, around: Surroundings, parent: QWidget | None, path: NodePath, field: str, title: str, language: str
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self._around = around
        self._document = around.document
        self.path, self.field = path, field
        self._title = title
        self._session = 0
        self._scene = self._scene_id()
        is_html = language == "html"
        self.resize(1040 if is_html else 820, 640)
        self.source = Growing(f"{title}: source", most=0, code=True)
        self.source.setTabChangesFocus(False)
        self._colours = (HtmlColours if is_html else PythonColours)(around.theme, self.source.document())
        self.source.typed.connect(self._on_typed)
        self.preview: HtmlPreview | None = HtmlPreview(f"{title}: preview") if is_html else None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 16)
        layout.setSpacing(10)
        self._heading = label("", "heading")
        layout.addWidget(self._heading)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(14)
        split.addWidget(self._titled("Source", self.source))
        if self.preview is not None:
            split.addWidget(self._titled("Preview", self.preview))
            split.setSizes([540, 460])
        layout.addWidget(split, 1)
        foot = QHBoxLayout()
        note = (
            "The browser's look differs: styles and scripts of the page are left out here. Preview the scene to see it "
            "as participants do."
            if is_html
            else "It runs in the participants' browsers. The changes are in the study as you type."
        )
        foot.addWidget(label(note, "small", wrap=True), 1)
        foot.addWidget(Button(around.theme, "Done", role="primary", on_click=self.close))
        layout.addLayout(foot)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._show_preview)
        self._document.edit_applied.connect(self._on_edit_applied)
        self._document.loaded.connect(self.close)
        self._take_text()
        self._show_preview()
        self.source.setFocus()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        self._pause.stop()
        self.closed.emit()
        super().closeEvent(event)

    @staticmethod
    def _titled(title: str, widget: QWidget) -> QWidget:
        made = QWidget()
        layout = QVBoxLayout(made)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(label(title, "small"))
        layout.addWidget(widget, 1)
        return made

    def _node(self) -> Study | Node | None:
        study = self._document.study
        if study is None or not self.path:
            return study
        try:
            return node_at(study, self.path)
        except LookupError:
            return None

    def _scene_id(self) -> str | None:
        return getattr(self._node(), "scene_id", None)

    @Slot()
    def _on_typed(self) -> None:
        text = self.source.toPlainText()
        key = f"large:{id(self)}:{self._session}"
        self._document.push(SetField(path=self.path, field=self.field, value=text or RESET, merge_key=key))
        self._pause.start()

    @Slot(object)
    def _on_edit_applied(self, change: Change) -> None:
        if self._scene_id() != self._scene and not self._follow(change):
            self.close()
            return
        self._take_text()

    def _follow(self, change: Change) -> bool:
        """Find the scene again: at another place, or at its place with another id."""
        places = (path for path, node in walk(change.study) if getattr(node, "scene_id", None) == self._scene)
        found = next(places, None)
        if found is not None:
            self.path = found
            return True
        if len(list(walk(change.before))) == len(list(walk(change.study))) and self._scene_id() is not None:
            self._scene = self._scene_id()
            return True
        return False

    def _take_text(self) -> None:
        node = self._node()
        if node is None or not hasattr(node, "kind" if self.path else "chain"):
            self.close()
            return
        try:
            value = value_in(node, self.field)
        except AttributeError:
            self.close()
            return
        self.setWindowTitle(f"{self._title} of {self._scene}" if self._scene else self._title)
        self._heading.setText(self.windowTitle())
        if (value or "") != self.source.toPlainText():
            self._session += 1
            self.source.show_text(value or "")
            self._pause.start()

    @Slot()
    def _show_preview(self) -> None:
        if self.preview is not None:
            self.preview.show_html(self.source.toPlainText(), self._around.folder)
