"""Random edits and random hands: after every step canvas and document agree, and undoing all of it gives the study."""

import random
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.widgets.theme import Theme
from mug.study.catalog import NODE_KINDS
from mug.study.files import dump_study
from mug.study.traversal import NodePath, walk
from tests.drivers.canvas_hand import ALT, CTRL, NONE, SHIFT, CanvasHand
from tests.drivers.canvas_studies import sample
from tests.drivers.random_studies import random_edit, random_study

Key = Qt.Key
KEYS = (
    (Key.Key_Left, NONE),
    (Key.Key_Right, NONE),
    (Key.Key_Up, NONE),
    (Key.Key_Down, SHIFT),
    (Key.Key_Right, SHIFT),
    (Key.Key_Home, NONE),
    (Key.Key_End, SHIFT),
    (Key.Key_PageDown, NONE),
    (Key.Key_Delete, NONE),
    (Key.Key_C, CTRL),
    (Key.Key_X, CTRL),
    (Key.Key_V, CTRL),
    (Key.Key_D, CTRL),
    (Key.Key_G, CTRL),
    (Key.Key_G, CTRL | SHIFT),
    (Key.Key_Left, ALT),
    (Key.Key_Right, ALT),
    (Key.Key_Left, ALT | SHIFT),
    (Key.Key_Right, ALT | SHIFT),
    (Key.Key_Minus, CTRL),
    (Key.Key_Plus, CTRL),
    (Key.Key_Escape, NONE),
)
MOST_NODES = 60


class Monkey:
    """Does something at random, and looks whether all is well."""

    def __init__(self, hand: CanvasHand, seed: int) -> None:
        self.hand = hand
        self.chance = random.Random(seed)
        self.did: list[str] = []

    def step(self) -> None:
        ways: tuple[tuple[Callable[[], None], int], ...] = (
            (self.edit, 6),
            (self.carry_card, 6),
            (self.carry_kind, 3),
            (self.click, 3),
            (self.draw_rectangle, 2),
            (self.press_key, 8),
            (self.undo_or_redo, 3),
            (self.give_up_a_drag, 2),
            (self.resize, 1),
        )
        act = self.chance.choices([way for way, _ in ways], [weight for _, weight in ways])[0]
        self.did.append(act.__name__)
        act()
        self.shorten()
        self.hand.agrees()

    def node(self) -> NodePath | None:
        return self.chance.choice(list(self.hand.canvas.scene.plan.order) or [None])

    def gap(self) -> NodePath:
        levels = self.hand.canvas.scene.plan.levels
        parent = self.chance.choice(list(levels))
        return (*parent, self.chance.randint(0, len(levels[parent].rects)))

    def held(self) -> Qt.KeyboardModifier:
        return CTRL if self.chance.random() < 0.3 else NONE

    def edit(self) -> None:
        study = self.hand.document.study
        assert study is not None
        self.hand.document.push(random_edit(self.chance, study))

    def carry_card(self) -> None:
        path = self.node()
        if path is not None:
            self.hand.drag(self.hand.node(path), lambda: self.hand.gap(self.gap()), self.held())

    def carry_kind(self) -> None:
        kind = self.chance.choice(list(NODE_KINDS))
        self.hand.drag(self.hand.kind(kind), lambda: self.hand.gap(self.gap()))

    def click(self) -> None:
        path = self.node()
        if path is not None:
            self.hand.click(self.hand.node(path), self.chance.choice((NONE, CTRL, SHIFT)))

    def draw_rectangle(self) -> None:
        view = self.hand.canvas.view.viewport()

        def point() -> QPoint:
            x, y = self.chance.randrange(view.width()), self.chance.randrange(view.height())
            return view.mapTo(self.hand.window, QPoint(x, y))

        self.hand.drag(point(), point(), self.held())

    def press_key(self) -> None:
        self.hand.canvas.focus()
        self.hand.key(*self.chance.choice(KEYS))

    def undo_or_redo(self) -> None:
        for _ in range(self.chance.randint(1, 4)):
            self.chance.choice((self.hand.document.undo, self.hand.document.undo, self.hand.document.redo))()

    def give_up_a_drag(self) -> None:
        path = self.node()
        if path is None:
            return
        study = self.hand.document.study
        begin = self.hand.node(path)
        self.hand.press(begin)
        self.hand.move(begin + QPoint(15, 9))
        end = self.hand.gap(self.gap())
        self.hand.move(end)
        self.hand.key(Key.Key_Escape)
        self.hand.release(end)
        assert self.hand.document.study is study

    def resize(self) -> None:
        self.hand.window.resize(self.chance.randint(420, 1300), self.chance.randint(400, 780))
        QApplication.processEvents()

    def shorten(self) -> None:
        """Keep the chain so short that each step stays quick."""
        study = self.hand.document.study
        assert study is not None
        if sum(1 for _ in walk(study)) > MOST_NODES:
            self.hand.canvas.focus()
            self.hand.canvas.view.cursor_.go((len(study.chain) // 2,))
            self.hand.key(Key.Key_End, SHIFT)
            self.hand.key(Key.Key_Delete)


@pytest.fixture
def hand(qtbot: QtBot, theme: Theme) -> Iterator[CanvasHand]:
    QGuiApplication.clipboard().clear()
    made = CanvasHand(theme)
    yield made
    made.close()


def fuzz(hand: CanvasHand, seed: int, steps: int) -> None:
    study = random_study(random.Random(seed), scenes=12) if seed % 3 else sample("start_page", ["repeat"], "end_page")
    hand.open(study)
    before = dump_study(study)
    monkey = Monkey(hand, seed)
    try:
        for _ in range(steps):
            monkey.step()
        while hand.document.stack.canUndo():
            hand.document.undo()
            hand.agrees()
        assert hand.document.study == study
        assert hand.document.study is not None
        assert dump_study(hand.document.study) == before
        while hand.document.stack.canRedo():
            hand.document.redo()
            hand.agrees()
    except Exception as error:
        error.add_note(f"seed {seed}, after {', '.join(monkey.did)}")
        raise


@pytest.mark.parametrize("seed", range(8))
def test_that_canvas_and_document_agree_whatever_is_done(hand: CanvasHand, seed: int) -> None:
    fuzz(hand, seed, 80)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 130))
def test_that_canvas_and_document_agree_for_long(hand: CanvasHand, seed: int) -> None:
    fuzz(hand, seed, 400)
