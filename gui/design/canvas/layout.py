"""Where everything of a chain lies: cards in rows that wrap like words, wrappers as boxes around rows of their own.

No Qt object but rectangles and points, no drawing. All lengths are logical pixels at 100 %.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from PySide6.QtCore import QPointF, QRectF

from mug.study.model import Node, RandomizeOrder, Repeat
from mug.study.traversal import NodePath

__all__ = [
    "CARD_HEIGHT",
    "GAP_X",
    "HEADER_HEIGHT",
    "MARGIN_X",
    "MARGIN_Y",
    "ROW_GAP",
    "ChainLayout",
    "Gap",
    "Hit",
    "Level",
    "Row",
    "Wire",
    "lay_out",
]

CARD_MIN_WIDTH: Final = 200.0
CARD_MAX_WIDTH: Final = 256.0
CARD_HEIGHT: Final = 132.0
GAP_X: Final = 32.0
ROW_GAP: Final = 32.0
MARGIN_X: Final = 26.0
MARGIN_Y: Final = 24.0
PADDING: Final = 22.0
HEADER_HEIGHT: Final = 58.0
HINT_HEIGHT: Final = 76.0
LINE_AT: Final = CARD_HEIGHT / 2
"""Where the chain's line runs, below the top of a row."""
EDGE: Final = 8.0
"""A wrapper's outermost pixels, left and right, still belong to the gap beside it."""

Part = Literal["card", "header", "inside"]


@dataclass(frozen=True)
class Row:
    """One row of a level: the nodes from `first` up to `last`, which is the next row's first."""

    first: int
    last: int
    top: float
    bottom: float


@dataclass(frozen=True)
class Level:
    """The chain itself, or the inside of a wrapper.

    Attributes:
        path: The wrapper; empty: the chain.
        area: Where its nodes lie.
        rects: Their rectangles, in order.
        rows: Its rows, from top to bottom.
    """

    path: NodePath
    area: QRectF
    rects: tuple[QRectF, ...]
    rows: tuple[Row, ...]
    tops: tuple[float, ...] = field(default=())


@dataclass(frozen=True)
class Wire:
    """The line from one node to the next: its corners, from the first's right edge to the second's left one."""

    points: tuple[tuple[float, float], ...]
    top: float
    bottom: float


@dataclass(frozen=True)
class Hit:
    """What lies at a point."""

    path: NodePath
    part: Part


@dataclass(frozen=True)
class Gap:
    """A place where nodes can be put.

    Attributes:
        place: The path that the first of them gets, in the study as it is.
        line: The caret that shows it: a line from top to bottom.
        row: The rectangle of the row that it is in.
    """

    place: NodePath
    x: float
    top: float
    bottom: float

    @property
    def centre(self) -> QPointF:
        """The middle of the caret."""
        return QPointF(self.x, (self.top + self.bottom) / 2)


@dataclass(frozen=True)
class ChainLayout:
    """Places of all nodes of a chain.

    Attributes:
        rects: Path → rectangle, outer nodes first.
        levels: Path of a wrapper (empty: the chain) → the rows in it.
        wires: The lines between nodes.
        width, height: Of all of it, with margins.
        order: All paths, in the order of reading.
    """

    rects: Mapping[NodePath, QRectF]
    levels: Mapping[NodePath, Level]
    wires: tuple[Wire, ...]
    width: float
    height: float
    order: tuple[NodePath, ...]

    def hit(self, point: QPointF) -> Hit | None:
        """Return the innermost node at a point."""
        return self._hit_in(self.levels[()], point)

    def _hit_in(self, level: Level, point: QPointF) -> Hit | None:
        x, y = point.x(), point.y()
        row = _row_at(level, y)
        if row is None:
            return None
        for index in range(row.first, row.last):
            rect = level.rects[index]
            if rect.left() <= x < rect.right() and rect.top() <= y < rect.bottom():
                path = (*level.path, index)
                inner = self.levels.get(path)
                if inner is None:
                    return Hit(path, "card")
                if y < rect.top() + HEADER_HEIGHT:
                    return Hit(path, "header")
                return self._hit_in(inner, point) or Hit(path, "inside")
        return None

    def gap_at(self, point: QPointF, carried: Sequence[NodePath] = ()) -> Gap:
        """Return the gap that is meant by a point: the nearest in the innermost wrapper there.

        Args:
            point: Where.
            carried: Nodes that are being moved; there is no place inside them.
        """
        level = self.levels[()]
        while True:
            inner = self._inner_level(level, point, carried)
            if inner is None:
                return self._gap_in(level, point)
            level = inner

    def _inner_level(self, level: Level, point: QPointF, carried: Sequence[NodePath]) -> Level | None:
        row = _row_at(level, point.y())
        if row is None:
            return None
        for index in range(row.first, row.last):
            path = (*level.path, index)
            rect = level.rects[index]
            if path in self.levels and path not in carried and rect.adjusted(EDGE, 0, -EDGE, 0).contains(point):
                return self.levels[path]
        return None

    def _gap_in(self, level: Level, point: QPointF) -> Gap:
        if not level.rects:
            area = level.area
            return Gap((*level.path, 0), area.left() + area.width() / 2, area.top() + 6, area.bottom() - 6)
        row = _nearest_row(level, point.y())
        index = row.first
        while index < row.last and point.x() >= level.rects[index].center().x():
            index += 1
        return self._gap(level, row, index)

    def _gap(self, level: Level, row: Row, index: int) -> Gap:
        """Return the gap before the node `index`, as it is shown in `row`."""
        if index < row.last:
            beside = level.rects[index]
            x = beside.left() - GAP_X / 2 if index > row.first else beside.left() - GAP_X / 3
        else:
            beside = level.rects[index - 1]
            # Where another row follows, its gap and this one are one place; each row shows it at its own end.
            x = beside.right() + (GAP_X / 2 if index < len(level.rects) else GAP_X / 3)
        return Gap((*level.path, index), x, row.top, min(row.bottom, row.top + max(CARD_HEIGHT, beside.height())))

    def gap_of(self, place: NodePath) -> Gap:
        """Return the gap before the node at `place`; its last index may be one past the end."""
        level, index = self.levels[place[:-1]], place[-1]
        if not level.rects:
            return self._gap_in(level, level.area.center())
        index = min(index, len(level.rects))
        row = next((row for row in level.rows if row.first <= index < row.last), level.rows[-1])
        return self._gap(level, row, index)

    def gap_between(self, point: QPointF) -> Gap | None:
        """Return the gap between two neighbours, before the first or behind the last, if the point lies right in it."""
        level = self.levels[()]
        while (inner := self._inner_level(level, point, ())) is not None:
            level = inner
        row = _row_at(level, point.y())
        if row is None or not level.rects:
            return None
        gap = self._gap_in(level, point)
        near = abs(gap.x - point.x()) <= GAP_X / 2 and abs(row.top + LINE_AT - point.y()) <= CARD_HEIGHT / 3
        return gap if near and self.hit(point) in (None, Hit(level.path, "inside")) else None

    def inside(self, area: QRectF) -> list[NodePath]:
        """Return the nodes that an area touches: cards that it meets, wrappers that lie in it as a whole."""
        found: list[NodePath] = []
        for path, rect in self.rects.items():
            if path in self.levels:
                if area.contains(rect):
                    found.append(path)
            elif area.intersects(rect):
                found.append(path)
        return found

    def sign_of(self, path: NodePath) -> QRectF:
        """Return where a node is looked at: a card as a whole, a wrapper's header."""
        rect = self.rects[path]
        return QRectF(rect.left(), rect.top(), rect.width(), HEADER_HEIGHT) if path in self.levels else rect


def lay_out(chain: Sequence[Node], width: float) -> ChainLayout:
    """Lay out a chain in rows.

    Args:
        chain: The nodes.
        width: Room from edge to edge; narrower than one card needs, it is exceeded.
    """
    room = max(CARD_MIN_WIDTH, width - 2 * MARGIN_X)
    columns = max(1, int((room + GAP_X) // (CARD_MIN_WIDTH + GAP_X)))
    card_width = min(CARD_MAX_WIDTH, max(CARD_MIN_WIDTH, (room - (columns - 1) * GAP_X) // columns))
    maker = _Maker(float(card_width))
    flow = maker.flow(tuple(chain), room)
    maker.place((), flow, MARGIN_X, MARGIN_Y)
    return ChainLayout(
        rects=maker.rects,
        levels=maker.levels,
        wires=tuple(maker.wires),
        width=max(width, flow.width + 2 * MARGIN_X),
        height=flow.height + 2 * MARGIN_Y,
        order=tuple(maker.rects),
    )


@dataclass
class _Flow:
    """Nodes in rows, with the place of each relative to the first one's corner."""

    spots: list[tuple[float, float, float, float]] = field(default_factory=list)
    rows: list[tuple[int, int, float, float]] = field(default_factory=list)
    inner: list["_Flow | None"] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


class _Maker:
    def __init__(self, card_width: float) -> None:
        self._card_width = card_width
        self.rects: dict[NodePath, QRectF] = {}
        self.levels: dict[NodePath, Level] = {}
        self.wires: list[Wire] = []

    def flow(self, nodes: tuple[Node, ...], room: float) -> _Flow:
        made = _Flow()
        x = y = row_height = 0.0
        first = 0
        for index, node in enumerate(nodes):
            inner: _Flow | None = None
            width, height = self._card_width, CARD_HEIGHT
            if isinstance(node, RandomizeOrder | Repeat):
                inner = self.flow(node.scenes, max(self._card_width, room - 2 * PADDING))
                width = max(inner.width, self._card_width) + 2 * PADDING
                height = HEADER_HEIGHT + (inner.height or HINT_HEIGHT) + PADDING
            if index > first and x + width > room:
                made.rows.append((first, index, y, y + row_height))
                x, y, row_height, first = 0.0, y + row_height + ROW_GAP, 0.0, index
            made.spots.append((x, y, width, height))
            made.inner.append(inner)
            row_height = max(row_height, height)
            made.width = max(made.width, x + width)
            x += width + GAP_X
        if nodes:
            made.rows.append((first, len(nodes), y, y + row_height))
            made.height = y + row_height
        return made

    def place(self, path: NodePath, flow: _Flow, left: float, top: float) -> None:
        rects = tuple(QRectF(left + x, top + y, width, height) for x, y, width, height in flow.spots)
        rows = tuple(Row(first, last, top + above, top + below) for first, last, above, below in flow.rows)
        area = QRectF(left, top, flow.width or self._card_width, flow.height or HINT_HEIGHT)
        self.levels[path] = Level(path, area, rects, rows, tuple(row.top for row in rows))
        self.wires.extend(_wires(rects, rows, left))
        for index, (rect, inner) in enumerate(zip(rects, flow.inner, strict=True)):
            own = (*path, index)
            self.rects[own] = rect
            if inner is not None:
                self.place(own, inner, rect.left() + PADDING, rect.top() + HEADER_HEIGHT)


def _wires(rects: Sequence[QRectF], rows: Sequence[Row], left: float) -> Iterator[Wire]:
    for number, row in enumerate(rows):
        line = row.top + LINE_AT
        for index in range(row.first, row.last - 1):
            yield Wire(((rects[index].right(), line), (rects[index + 1].left(), line)), line, line)
        if number + 1 < len(rows):
            following = rows[number + 1]
            below, start = following.top + LINE_AT, rects[row.last - 1].right()
            between = (row.bottom + following.top) / 2
            yield Wire(
                (
                    (start, line),
                    (start + GAP_X / 2 - 3, line),
                    (start + GAP_X / 2 - 3, between),
                    (left - GAP_X / 2 + 3, between),
                    (left - GAP_X / 2 + 3, below),
                    (rects[following.first].left(), below),
                ),
                line,
                below,
            )


def _row_at(level: Level, y: float) -> Row | None:
    place = bisect_right(level.tops, y) - 1
    return level.rows[place] if place >= 0 and y < level.rows[place].bottom else None


def _nearest_row(level: Level, y: float) -> Row:
    place = bisect_left(level.tops, y)
    near = level.rows[max(0, place - 1) : place + 1]
    return min(near, key=lambda row: max(row.top - y, y - row.bottom, 0.0))
