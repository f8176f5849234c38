"""The zoom's buttons in the corner of the canvas."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from gui.design.canvas.actions import CanvasActions
from gui.design.canvas.view import ChainCanvasView
from gui.widgets.theme import Theme

__all__ = ["ZoomBar"]


class ZoomBar(QFrame):
    """Closer, farther, the zoom in percent (a click: 100 %), everything.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, actions: CanvasActions, view: ChainCanvasView, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("zoomBar")
        self.setAccessibleName("Zoom")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3, 2, 3, 2)
        layout.setSpacing(1)
        self._buttons: list[tuple[QToolButton, str]] = []
        self._add(layout, actions.zoom_out, "minus", "Zoom out (Ctrl+-)")
        self.percent = QToolButton()
        self.percent.setObjectName("zoomPercent")
        self.percent.setMinimumWidth(52)
        self.percent.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.percent.setToolTip("Actual size (Ctrl+0)")
        self.percent.clicked.connect(actions.zoom_reset.trigger)
        layout.addWidget(self.percent)
        self._add(layout, actions.zoom_in, "plus", "Zoom in (Ctrl++)")
        self._add(layout, actions.zoom_fit, "fit", "See everything (Ctrl+9)")
        view.zoomed.connect(self.show_zoom)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.show_zoom(view.zoom)

    def _add(self, layout: QHBoxLayout, action: QAction, icon: str, words: str) -> None:
        button = QToolButton()
        button.setIconSize(QSize(16, 16))
        button.setToolTip(words)
        button.setAccessibleName(words)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(action.trigger)
        action.enabledChanged.connect(button.setEnabled)
        button.setEnabled(action.isEnabled())
        self._buttons.append((button, icon))
        layout.addWidget(button)

    @Slot(float)
    def show_zoom(self, zoom: float) -> None:
        """Say how large everything is shown."""
        self.percent.setText(f"{round(zoom * 100)} %")
        self.percent.setAccessibleName(f"Zoom {round(zoom * 100)} percent; actual size")

    @Slot()
    def _on_theme_changed(self) -> None:
        for button, icon in self._buttons:
            button.setIcon(self._theme.icon(icon))
