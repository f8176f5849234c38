"""The editor in a process of its own: ``python -m tests.perf.editor_process canvas|window SCENES WIDTH HEIGHT``.

``canvas``: palette and canvas alone; ``window``: MUG Lab's own window, with properties, problems, history, versions.

Prints one line of JSON: what was done → how long each took until the window was painted, and the
processor time in it, ms.
"""

import json
import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

if os.environ.get("QT_QPA_PLATFORM", "offscreen") == "offscreen":  # its own screen is too small for the window
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={Path(__file__).parents[1] / 'gui' / 'screen.json'}"

import msgspec
from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtWidgets import QApplication

from gui.app import Lab
from gui.models.chain_document import ChainDocument
from gui.shell.settings import LabSettings
from gui.widgets.theme import Theme, ThemeChoice
from mug.study.edits import SetField, insert, remove
from mug.study.model import GymGame, StaticPage, Study
from mug.study.starters import starter
from tests.drivers.canvas_hand import CanvasHand
from tests.drivers.canvas_studies import sample

ROUNDS = 100
OPENINGS = 10
SEEN_WITHIN_S = 5.0
_KINDS = ("static_page", "gym_game", "text_box", "multiple_choice", "scales_and_text_box")
_TEXT = "<h3>Instructions</h3>" + "<p>You are going to play a game with <b>one other person</b>. Read on.</p>" * 20


class Paints(QObject):
    """Counts how often a widget is painted."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.count += 1
        return False


def long_chain(scenes: int) -> Study:
    """A study of so many scenes: pages with texts, games, forms; each tenth place is a wrapper with three of them."""
    kinds: list[object] = ["start_page"]
    count = 2
    while count < scenes:
        if len(kinds) % 10 == 9 and count + 3 <= scenes:
            kinds.append(["randomize_order", *(_KINDS[(count + more) % 5] for more in range(3))])
            count += 3
        else:
            kinds.append(_KINDS[count % 5])
            count += 1
    study = sample(*kinds, "end_page")
    chain = tuple(
        msgspec.structs.replace(node, scene_body=f"{_TEXT}{index}") if isinstance(node, StaticPage) else node
        for index, node in enumerate(study.chain)
    )
    return msgspec.structs.replace(study, chain=chain)


class LabHand(CanvasHand):
    """The hand in MUG Lab's own window."""

    def __init__(self, app: QApplication, size: tuple[int, int]) -> None:
        folder = Path(tempfile.mkdtemp(prefix="mug-perf-lab-"))
        settings = LabSettings(folder / "lab.ini")
        settings.data_dir = folder / "data"
        self.lab = Lab(app, settings)
        editor = self.lab.window.design.editor
        self.document, self.window = self.lab.document, self.lab.window
        self.palette, self.canvas = editor.palette_view, editor.canvas
        self.window.resize(*size)
        self.window.show()

    def close(self) -> None:
        """Take the app down."""
        self.lab.session.leave_everything()
        self.lab.close()


class Editing:
    """One window, and how long what is done there takes.

    Attributes:
        took_ms: What was done → how long each took, and the processor time of the GUI thread in it.
    """

    def __init__(self, app: QApplication, where: str, scenes: int, size: tuple[int, int]) -> None:
        self.took_ms: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self._app = app
        self._study = long_chain(scenes)
        self._hand = LabHand(app, size) if where == "window" else CanvasHand(Theme(app, ThemeChoice.LIGHT), size)
        self._paints = Paints()
        self._hand.canvas.view.viewport().installEventFilter(self._paints)
        self._chance = random.Random(5)

    def timed(self, what: str, do: Callable[[], object]) -> None:
        """Do something and wait until the canvas is painted."""
        before = self._paints.count
        began, used = time.perf_counter(), time.thread_time()
        do()
        while self._paints.count == before:
            self._app.processEvents()
            if time.perf_counter() - began > SEEN_WITHIN_S:
                raise SystemExit(f"{what}: nothing was painted")
        self.took_ms[what].append(((time.perf_counter() - began) * 1000, (time.thread_time() - used) * 1000))
        self._app.processEvents()

    def run(self) -> None:
        hand, _document = self._hand, self._hand.document
        for _ in range(OPENINGS):
            self.timed("open", lambda: hand.open(self._study))
        for _ in range(ROUNDS):
            self._round()
        hand.close()

    def _round(self) -> None:
        hand, document = self._hand, self._hand.document
        study = document.study
        assert study is not None
        place = (self._chance.randrange(5, len(study.chain) - 2),)
        hand.canvas.view.show_node(place)
        self._app.processEvents()
        node = starter(study, self._chance.choice(_KINDS))
        self.timed("insert", lambda: document.push(insert(place, (node,))))
        self._drag(place)
        self.timed("undo", document.undo)
        field = "content.scene_header" if isinstance(node, GymGame) else "scene_header"
        words = f"Another title {self._chance.random()}"
        self.timed("field change", lambda: document.push(SetField(path=place, field=field, value=words)))
        self.timed("undo", document.undo)
        self.timed("delete", lambda: document.push(remove(_held(document), (place,))))
        self.timed("undo", document.undo)
        self.timed("undo", document.undo)
        assert document.study == study

    def _drag(self, place: tuple[int, ...]) -> None:
        """Carry a card two places on with the mouse: each move, and the release."""
        hand = self._hand
        begin, end = hand.node(place), hand.gap((place[0] - 3,))
        begin, end = hand.node(place), hand.gap((place[0] - 3,))  # the first look may have scrolled
        self._app.processEvents()
        hand.press(begin)
        hand.move(begin + QPoint(6, 6))
        for step in range(1, 5):
            point = begin + (end - begin) * step / 4
            self.timed("drag, one move", lambda point=point: hand.move(point))  # type: ignore[misc]  # as above
        self.timed("drop", lambda: hand.release(end))


def _held(document: ChainDocument) -> Study:
    assert document.study is not None
    return document.study


def main() -> None:
    scenes, width, height = (int(word) for word in sys.argv[2:5])
    app = QApplication([sys.argv[0]])
    editing = Editing(app, sys.argv[1], scenes, (width, height))
    editing.run()
    sys.stdout.write(json.dumps(editing.took_ms) + "\n")


if __name__ == "__main__":
    main()
