"""Small pictures on the cards: a page's text from afar, a game's ground with its first picture; never a game itself."""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, QPointF, QRectF, QSize, QSizeF, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QImage,
    QImageReader,
    QPainter,
    QPainterPath,
    QPalette,
    QPen,
    QPixmap,
    QTextDocument,
)
from typing_extensions import override

from gui.design.canvas.art import Art
from gui.models.node_looks import KIND_LOOKS
from mug.errors import MugError
from mug.rendering.color import normalize_color
from mug.study.assets import is_picture_path
from mug.study.model import EmbeddedBuild, FormPage, GymGame, Node, StaticPage

__all__ = ["THUMBNAIL", "Thumbnails"]

THUMBNAIL: Final = QSizeF(58, 42)
_SHARPNESS: Final = 2
_PAGE_WIDTH: Final = 330.0
_READ: Final = 2_500
_KEPT: Final = 800
_LARGEST_FILE: Final = 3_000_000
_LARGEST_PICTURE: Final = 2_500_000
"""Pixels; a larger one would take longer to read than a frame."""

_Fact = tuple[Any, ...]


class Thumbnails(QObject):
    """Makes each picture when it is first wanted, one at a time, when nothing else is to be done.

    Runs on: GUI thread.
    """

    def __init__(self, art: Art, folder: Callable[[], Path], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._art = art
        self._folder = folder
        self._edition = art.edition
        self._pictures: OrderedDict[_Fact, QPixmap | None] = OrderedDict()
        self._wanted: OrderedDict[_Fact, tuple[Node, list[Callable[[], None]]]] = OrderedDict()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._make_next)

    def has(self, node: Node) -> bool:
        """Whether a card keeps room for a picture."""
        return _facts(node) is not None

    def of(self, node: Node, when_made: Callable[[], None]) -> QPixmap | None:
        """Return a node's picture; None: there is none, or not yet, and `when_made` is called when there is."""
        if self._edition != self._art.edition:
            self._edition = self._art.edition
            self.forget()
        facts = _facts(node)
        if facts is None:
            return None
        if facts in self._pictures:
            self._pictures.move_to_end(facts)
            return self._pictures[facts]
        self._wanted.setdefault(facts, (node, []))[1].append(when_made)
        if not self._timer.isActive():
            self._timer.start(0)
        return None

    def forget(self) -> None:
        """Read pictures anew: another study, or changed files."""
        self._pictures.clear()
        self._wanted.clear()

    def draw(self, painter: QPainter, picture: QPixmap | None, frame: QRectF) -> None:
        """Draw a picture, or its empty frame."""
        path = QPainterPath()
        path.addRoundedRect(frame, 5, 5)
        painter.save()
        painter.setClipPath(path)
        painter.fillRect(frame, self._art.colour("sunken"))
        if picture is not None:
            painter.drawPixmap(frame, picture, QRectF(picture.rect()))
        painter.restore()
        painter.setPen(QPen(self._art.colour("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    @Slot()
    def _make_next(self) -> None:
        if not self._wanted:
            return
        facts, (node, waiting) = self._wanted.popitem(last=False)
        self._pictures[facts] = self._made(node)
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
        if self._wanted:
            self._timer.start(0)
        for when_made in waiting:
            when_made()

    def _made(self, node: Node) -> QPixmap | None:
        canvas = QImage((THUMBNAIL * _SHARPNESS).toSize(), QImage.Format.Format_ARGB32_Premultiplied)
        painter = QPainter(canvas)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.scale(_SHARPNESS, _SHARPNESS)
        if isinstance(node, GymGame):
            self._draw_game(painter, node)
        elif isinstance(node, EmbeddedBuild):
            self._draw_build(painter, node)
        else:
            assert isinstance(node, StaticPage)
            self._draw_page(painter, node)
        painter.end()
        return QPixmap.fromImage(canvas)

    def _draw_page(self, painter: QPainter, page: StaticPage) -> None:
        painter.fillRect(QRectF(QPointF(0, 0), THUMBNAIL), self._art.colour("surface"))
        scale = THUMBNAIL.width() / _PAGE_WIDTH
        document = _Page()
        font = QFont(self._art.plain)
        font.setPixelSize(21)
        document.setDefaultFont(font)
        document.setDocumentMargin(16)
        header = f"<h2>{page.scene_header[:200]}</h2>" if page.scene_header else ""
        document.setHtml(f"{header}{self._body_of(page)[:_READ]}")
        document.setTextWidth(_PAGE_WIDTH)
        context = QAbstractTextDocumentLayout.PaintContext()
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Text, self._art.colour("text"))
        context.palette = palette
        context.clip = QRectF(0, 0, _PAGE_WIDTH, THUMBNAIL.height() / scale)
        painter.scale(scale, scale)
        document.documentLayout().draw(painter, context)

    def _draw_game(self, painter: QPainter, game: GymGame) -> None:
        ground = game.rendering.background
        area = QRectF(QPointF(0, 0), THUMBNAIL)
        painter.fillRect(area, self._art.colour("sunken"))
        width, height = max(1, game.rendering.game_width), max(1, game.rendering.game_height)
        shown = QSizeF(width, height).scaled(THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio)
        field = QRectF(QPointF(0, 0), shown)
        field.moveCenter(area.center())
        picture = None
        if is_picture_path(ground):
            picture = self._read(game, ground, field.size())
        painter.fillRect(field, _colour(ground))
        if picture is not None:
            painter.drawImage(field, picture)
        first = _first_picture(game)
        sprite = self._read(game, first, field.size() * 0.8) if first else None
        if sprite is not None:
            size = QSizeF(sprite.size()) / _SHARPNESS
            place = QRectF(QPointF(0, 0), size.scaled(field.size() * 0.8, Qt.AspectRatioMode.KeepAspectRatio))
            place.moveCenter(field.center())
            painter.drawImage(place, sprite)
        elif picture is None:
            ink = "text" if self._art.theme.is_dark == (_colour(ground).lightnessF() < 0.5) else "surface"
            place = QRectF(0, 0, 20, 20)
            place.moveCenter(field.center())
            self._art.draw_icon(painter, "game", ink, place, _SHARPNESS)

    def _draw_build(self, painter: QPainter, scene: EmbeddedBuild) -> None:
        """A build shows nothing before it runs: a place of its shape, with its kind's picture."""
        area = QRectF(QPointF(0, 0), THUMBNAIL)
        painter.fillRect(area, self._art.colour("sunken"))
        size = QSizeF(max(1, scene.webgl.width), max(1, scene.webgl.height))
        field = QRectF(QPointF(0, 0), size.scaled(THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio))
        field.moveCenter(area.center())
        painter.fillRect(field, self._art.colour("surface"))
        place = QRectF(0, 0, 20, 20)
        place.moveCenter(field.center())
        self._art.draw_icon(painter, KIND_LOOKS[scene.kind].icon, "text", place, _SHARPNESS)

    def _body_of(self, page: StaticPage) -> str:
        """Return a page's HTML, or the beginning of its file's."""
        if page.scene_body or not page.scene_body_filepath:
            return page.scene_body or ""
        path = self._file(page.scene_body_filepath)
        if path is None:
            return ""
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                return file.read(_READ)
        except OSError:
            return ""

    def _read(self, game: GymGame, text: str, size: QSizeF) -> QImage | None:
        """Read a picture of the study folder, small; None when there is none that is quickly read."""
        path = self._file(text) or self._file(f"{game.assets.assets_dir}/{text}")
        return _scaled(path, size * _SHARPNESS) if path is not None else None

    def _file(self, text: str) -> Path | None:
        """Return a file of the study folder; what lies outside, or is large, is not read for a small picture."""
        try:
            folder = self._folder().resolve()
            path = (folder / text).resolve()
            fits = path.is_relative_to(folder) and path.is_file() and path.stat().st_size <= _LARGEST_FILE
        except (OSError, ValueError, RuntimeError):
            return None
        return path if fits else None


class _Page(QTextDocument):
    """A page's text; it reads no pictures and follows no addresses."""

    @override
    def loadResource(self, type: int, name: QUrl | str) -> Any:
        return QImage()


def _facts(node: Node) -> _Fact | None:
    """Return what a node's picture is made of; None: it has no picture."""
    match node:
        case GymGame():
            look = node.rendering
            first = _first_picture(node)
            return ("game", look.background, look.game_width, look.game_height, first, node.assets.assets_dir)
        case FormPage():
            return None
        case EmbeddedBuild():
            return ("build", node.kind, node.webgl.width, node.webgl.height)
        case StaticPage():
            file = node.scene_body_filepath
            return ("page", node.scene_header, node.scene_body, file) if node.scene_body or file else None
        case _:
            return None


def _first_picture(game: GymGame) -> str:
    for spec in game.assets.preload_specs:
        path = spec.get("img_path")
        if isinstance(path, str):
            return path
    return next(iter(game.assets.assets_to_preload), "")


def _scaled(path: Path, size: QSizeF) -> QImage | None:
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    whole = reader.size()
    if not whole.isValid() or whole.width() * whole.height() > _LARGEST_PICTURE:
        return None
    reader.setScaledSize(whole.scaled(size.toSize().expandedTo(QSize(1, 1)), Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return None if image.isNull() else image


def _colour(text: str) -> QColor:
    try:
        return QColor(normalize_color(text)[:7])
    except (ValueError, TypeError, MugError):
        return QColor("white")
