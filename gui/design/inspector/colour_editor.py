"""The editor of a colour, or of a background: a colour or a picture."""

from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QColorDialog, QPushButton
from typing_extensions import override

from gui.design.inspector.editor import FieldEditor, suggest
from gui.design.inspector.inputs import Line
from gui.design.inspector.surroundings import Surroundings
from gui.widgets.theme import Theme
from mug.rendering.color import normalize_color
from mug.study.assets import is_picture_path
from mug.study.catalog import FieldInfo

__all__ = ["ColourEditor", "qt_colour"]


def qt_colour(text: str) -> QColor | None:
    """Return a colour as Qt has it; None: the text is none that could be shown here."""
    try:
        found = QColor(normalize_color(text))
    except (ValueError, TypeError):
        found = QColor(text.strip()) if text.strip().startswith("#") else QColor()
    return found if found.isValid() else None


class ColourEditor(FieldEditor):
    """A colour as text, beside a swatch that opens the chooser; a background may also name a picture."""

    def __init__(self, around: Surroundings, info: FieldInfo) -> None:
        super().__init__(around, info)
        self.line = Line(info.title)
        self.line.textEdited.connect(self._on_edited)
        self.line.dropped.connect(self._on_dropped)
        suggest(self.line, QColor.colorNames())
        completer = self.line.completer()
        assert completer is not None
        completer.activated.connect(self._on_edited)
        self.swatch = _Swatch(around.theme, f"{info.title}: choose a colour")
        self.swatch.clicked.connect(self._choose)
        layout = self._row(self.line)
        layout.insertWidget(0, self.swatch)
        layout.setStretch(0, 0)
        layout.setStretch(1, 1)
        self.setFocusProxy(self.line)
        self.dialog: QColorDialog | None = None

    @Slot(str)
    def _on_edited(self, text: str) -> None:
        self.typed.emit(text or self._empty())

    @Slot()
    def _on_dropped(self) -> None:
        self.settle()

    @override
    def _show(self) -> None:
        self.line.setPlaceholderText(self.default_words)
        value = self.value if isinstance(self.value, str) else ""
        self.swatch.show_colour(qt_colour(value), is_picture=is_picture_path(value))
        if not (self.line.hasFocus() and self.line.text() == value):
            self.settle()

    @override
    def settle(self) -> None:
        shown = "" if self.mixed or self.value is None or self.is_default else str(self.value)
        with QSignalBlocker(self.line):
            if self.line.text() != shown:
                self.line.setText(shown)

    @Slot()
    def _choose(self) -> None:
        value = self.value if isinstance(self.value, str) else ""
        dialog = QColorDialog(qt_colour(value) or QColor("white"), self.window())
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.setWindowTitle(self.info.title)
        dialog.colorSelected.connect(self._on_colour_selected)
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()

    @Slot(QColor)
    def _on_colour_selected(self, colour: QColor) -> None:
        self.chosen.emit(colour.name())


class _Swatch(QPushButton):
    """A button in the colour that it opens the chooser for."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._colour: QColor | None = None
        self._is_picture = False
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFixedSize(QSize(34, 32))
        theme.changed.connect(self.update)

    def show_colour(self, colour: QColor | None, *, is_picture: bool) -> None:
        """Show a colour; none: that there is none."""
        self._colour, self._is_picture = colour, is_picture
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        focused = self.hasFocus()
        painter.setPen(QPen(self._theme.colour("focus" if focused else "border_strong"), 2 if focused else 1))
        painter.setBrush(self._colour if self._colour is not None else self._theme.colour("surface"))
        painter.drawRoundedRect(place, 7, 7)
        if self._is_picture:
            painter.drawPixmap(8, 7, self._theme.pixmap("picture", "muted", 18))
        elif self._colour is None:
            painter.setPen(QPen(self._theme.colour("error"), 1.5))
            inset = place.adjusted(7, 7, -7, -7)
            painter.drawLine(inset.bottomLeft(), inset.topRight())
