"""What is on the playground's picture: the environment's packets and images, and the study's pictures."""

from collections.abc import Callable
from pathlib import Path

from gui.design.playground.picture_view import PictureView
from gui.models.playground_messages import Ready, Stepped
from gui.runtime.tasks import Tasks
from gui.widgets.packet_painter import PacketPainter, colour_of
from gui.widgets.picture_book import PictureBook, load_pictures
from mug.study.model import GymGame

__all__ = ["Screen"]

_BACKGROUND = "background of the game"


class Screen:
    """Feeds the picture. Pictures are read by workers and appear when they are there.

    Args:
        view: The picture.
        tasks: For reading files.
        tell: Told of pictures that cannot be read.

    Runs on: GUI thread.
    """

    def __init__(self, view: PictureView, tasks: Tasks, tell: Callable[[str], object]) -> None:
        self._view = view
        self._tasks = tasks
        self._tell = tell
        self._painter: PacketPainter | None = None
        self._asked_for: set[str] = set()
        self._folders: dict[str, str] = {}
        self._root = Path()

    def empty(self) -> None:
        """Show nothing."""
        self._painter = None
        self._view.show_picture(None)

    def begin(self, game: GymGame, ready: Ready, root: Path) -> None:
        """Make room for another environment. `root`: the study's folder."""
        painter = PacketPainter(max(1, game.rendering.game_width), max(1, game.rendering.game_height))
        painter.set_animations(ready.animations)
        painter.apply({"game_state_objects": list(ready.first_objects)})
        painter.set_background(colour_of(ready.background, "#ffffff"))
        self._painter, self._folders, self._root = painter, ready.folders, root
        self._asked_for = set(ready.pictures)
        files = dict(ready.pictures)
        if not ready.background.startswith(("#", "rgb", "hsl")):
            files[_BACKGROUND] = (ready.background,)
        self._load(files)

    def show(self, stepped: Stepped) -> None:
        """Show the world after a step or reset."""
        painter = self._painter
        if painter is None:
            return
        if stepped.packet is not None:
            painter.apply(stepped.packet)
            unknown = painter.unknown_pictures() - self._asked_for
            if unknown:
                self._asked_for |= unknown
                self._load({name: (self._served(name),) for name in unknown})
        if stepped.image is not None:
            painter.show_image(stepped.image.width, stepped.image.height, stepped.image.rgba)
        self._view.show_picture(painter)

    def _load(self, files: dict[str, tuple[str, ...]]) -> None:
        painter = self._painter

        def done(book: PictureBook) -> None:
            if painter is None or painter is not self._painter:
                return
            background = book.images.pop(_BACKGROUND, None)
            if background is not None:
                painter.set_background(background)
            painter.pictures.add(book)
            self._view.show_picture(painter)
            for name in sorted(book.failed):
                self._tell(f"MUG Lab: the picture {name} could not be read\n")

        if files:
            self._tasks.run("load the playground's pictures", lambda: load_pictures(files), done)

    def _served(self, name: str) -> str:
        """Where the picture lies that is drawn by its path and not by a name that was registered."""
        for root, folder in self._folders.items():
            if name.startswith(f"{root}/"):
                return f"{folder}/{name.removeprefix(f'{root}/')}"
        return str(self._root / name)
