"""Editors of source text in the panel: Python code, and HTML with a small preview."""

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from gui.design.inspector.editor import FieldEditor
from gui.design.inspector.highlighting import HtmlColours, PythonColours
from gui.design.inspector.html_preview import HtmlPreview
from gui.design.inspector.inputs import Growing
from gui.design.inspector.large_source import LargeSource
from gui.design.inspector.surroundings import Surroundings
from gui.widgets.basics import Button
from mug.study.catalog import FieldInfo

__all__ = ["CodeEditor", "HtmlEditor"]

_PAUSE_MS = 150
_SHORT = 60
"""Characters of a heading that needs neither a preview nor more room."""


class CodeEditor(FieldEditor):
    """Python source; a window of its own where there is more of it.

    Attributes:
        text: The source.
        window_of_source: The large window, while it is open.
    """

    language = "code"

    def __init__(self, around: Surroundings, info: FieldInfo, name: str, *, is_long: bool = True) -> None:
        super().__init__(around, info)
        self._name = name
        self._is_long = is_long
        self.window_of_source: LargeSource | None = None
        self.text = Growing(info.title, least=1 if self.language == "html" else 3, most=10, code=True)
        colours = HtmlColours if self.language == "html" else PythonColours
        self._colours = colours(around.theme, self.text.document())
        self.text.typed.connect(self._on_typed)
        self.text.dropped.connect(self.settle)
        self.large_button = Button(
            around.theme,
            "Open large",
            "expand",
            role="link",
            name=f"{info.title}: open large",
            on_click=self.open_large,
        )
        self._button_row = QWidget()
        self.buttons = QHBoxLayout(self._button_row)
        self.buttons.setContentsMargins(0, 0, 0, 0)
        self.buttons.setSpacing(2)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.large_button)
        self._column(self.text, self._button_row, spacing=0)
        self.setFocusProxy(self.text)

    @Slot()
    def _on_typed(self) -> None:
        self.typed.emit(self.text.toPlainText() or self._empty())

    @override
    def _show(self) -> None:
        self.text.setPlaceholderText(self.default_words)
        text = "" if self.mixed or self.value is None else str(self.value)
        self.text.show_text(text)
        self.large_button.setVisible(len(self.around.paths) <= 1)
        self._button_row.setVisible(self._is_long or len(text) > _SHORT or "<" in text or "\n" in text)

    def open_large(self) -> None:
        """Open the source in a window of its own."""
        paths = self.around.paths or ((),)
        if self.window_of_source is not None and self.window_of_source.path == paths[0]:
            self.window_of_source.raise_()
            return
        made = LargeSource(self.around, self.window(), paths[0], self._name, self.info.title, self.language)
        made.closed.connect(self._on_large_closed)
        self.window_of_source = made
        made.show()

    @Slot()
    def _on_large_closed(self) -> None:
        if self.sender() is self.window_of_source:
            self.window_of_source = None


class HtmlEditor(CodeEditor):
    """HTML source, with a preview below it on request."""

    language = "html"

    def __init__(self, around: Surroundings, info: FieldInfo, name: str, *, is_long: bool = True) -> None:
        super().__init__(around, info, name, is_long=is_long)
        self.preview: HtmlPreview | None = None
        self.preview_button = Button(
            around.theme, "Preview", "eye", role="link", name=f"{info.title}: preview", on_click=self.toggle_preview
        )
        self.buttons.insertWidget(0, self.preview_button)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._show_preview)

    def toggle_preview(self) -> None:
        """Show or hide how it looks."""
        if self.preview is None:
            self.preview = HtmlPreview(f"{self.info.title}: preview")
            self.preview.setFixedHeight(190)
            layout = self.layout()
            assert layout is not None
            layout.addWidget(self.preview)
            self.preview.show()
        else:
            self.preview.setVisible(self.preview.isHidden())
        shown = not self.preview.isHidden()
        self.preview_button.show_as("Hide preview" if shown else "Preview", "eye-off" if shown else "eye", "link")
        self._show_preview()

    @override
    def _show(self) -> None:
        super()._show()
        if self.preview is not None:
            self._pause.start()

    @Slot()
    def _show_preview(self) -> None:
        if self.preview is not None and not self.preview.isHidden():
            self.preview.show_html(self.text.toPlainText(), self.around.folder)
