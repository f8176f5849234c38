"""How a piece of HTML looks, about: without scripts, without the network, pictures from the study's folder only."""

import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage, QTextDocument
from PySide6.QtWidgets import QTextBrowser
from typing_extensions import override

from gui.widgets.theme import LIGHT

__all__ = ["HtmlPreview"]

MAX_PICTURE_BYTES: Final = 8_000_000
_UNSEEN: Final = re.compile(r"<(script|style|iframe|object)\b.*?(</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)


class HtmlPreview(QTextBrowser):
    """Shows HTML as participants read it, on paper of its own in either theme."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setStyleSheet(f"QTextBrowser {{ background: {LIGHT.surface}; color: {LIGHT.text}; }}")
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self._folder = Path()
        self._html: str | None = None
        self.document().setDocumentMargin(14)
        self.document().setDefaultStyleSheet(
            f"body {{ color: {LIGHT.text}; }} a {{ color: {LIGHT.accent}; }} h1 {{ font-size: 20px; }} "
            "h2 { font-size: 17px; } h3 { font-size: 15px; }"
        )

    def show_html(self, html: str, folder: Path) -> None:
        """Show a piece of HTML whose pictures lie below `folder`; the place that is in view stays."""
        if (html, folder) == (self._html, self._folder):
            return
        self._html, self._folder = html, folder
        at = self.verticalScrollBar().value()
        self.setHtml(_UNSEEN.sub("", html))
        self.verticalScrollBar().setValue(at)

    @override
    def loadResource(self, type: int, name: QUrl | str) -> Any:
        url = QUrl(name) if isinstance(name, str) else name
        is_picture = type == QTextDocument.ResourceType.ImageResource.value or (
            type == QTextDocument.ResourceType.ImageResource
        )
        if not is_picture or url.scheme() not in ("", "file") or url.host():
            return None
        try:
            place = (self._folder / unquote(url.path()).lstrip("/")).resolve()
            if not place.is_relative_to(self._folder.resolve()) or place.stat().st_size > MAX_PICTURE_BYTES:
                return None
        except (OSError, ValueError):
            return None
        picture = QImage(str(place))
        room = self.viewport().width() - 40
        if not picture.isNull() and picture.width() > room > 0:
            picture = picture.scaledToWidth(room)
        return picture
