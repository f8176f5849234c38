"""The connections between desks: each with each, as a table of round trips, and in words."""

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from typing_extensions import override

from gui.models.columns import Index
from mug.protocol.lab_console import SeatPairView

__all__ = ["FAIR_MS", "GOOD_MS", "PAIR_ROLE", "PairLook", "SeatPairsModel", "pair_look", "pair_short", "pair_words"]

GOOD_MS: Final = 40.0
"""A round trip below this is good, on the network of a lab."""
FAIR_MS: Final = 100.0
"""A round trip below this is fair; above, a game of several people is felt to be slow."""
PAIR_ROLE: Final = int(Qt.ItemDataRole.UserRole) + 1


_Pairs = Mapping[tuple[str, str], SeatPairView]


@dataclass(frozen=True)
class PairLook:
    """How a connection is shown.

    Attributes:
        text: In its cell.
        tone: good, warning, error, accent or neutral.
        shape: direct, relay, none, waiting or same.
    """

    text: str
    tone: str
    shape: str


_OPEN: Final = ("waiting", "probing")
_SAME: Final = PairLook("", "neutral", "same")
_UNKNOWN: Final = PairLook("–", "neutral", "waiting")


def _shape(pair: SeatPairView) -> str:
    if pair.state in _OPEN:
        return "waiting"
    if pair.state == "failed" or not pair.path or pair.rtt_ms is None:
        return "none"
    return "direct" if pair.path == "p2p" else "relay"


def pair_look(pair: SeatPairView | None) -> PairLook:
    """Return how a pair is shown; None: it was never looked at."""
    if pair is None:
        return _UNKNOWN
    if pair.state in _OPEN:
        return PairLook("…", "accent" if pair.state == "probing" else "neutral", "waiting")
    if pair.rtt_ms is None or (shape := _shape(pair)) == "none":
        return PairLook("none", "error", "none")
    tone = "good" if pair.rtt_ms < GOOD_MS else "warning" if pair.rtt_ms < FAIR_MS else "error"
    figure = f"{pair.rtt_ms:.1f}" if pair.rtt_ms < 10 else f"{pair.rtt_ms:.0f}"
    return PairLook(figure, tone, shape)


def pair_words(one: str, other: str, pair: SeatPairView | None) -> str:
    """Say how two desks are connected."""
    names = f"{one} – {other}"
    if pair is None:
        return f"{names}: not measured yet."
    if pair.state == "waiting":
        return f"{names}: waits to be measured."
    if pair.state == "probing":
        return f"{names}: is being measured."
    if pair.state == "failed" or not pair.path or pair.rtt_ms is None:
        return f"{names}: no connection was found. Look at the network of both desks, then test again."
    grade = "good" if pair.rtt_ms < GOOD_MS else "fair" if pair.rtt_ms < FAIR_MS else "slow"
    way = "direct, browser to browser" if pair.path == "p2p" else "relayed by the server, as no direct way was found"
    return f"{names}: {pair.rtt_ms:.1f} ms round trip, {grade}; {way}."


def pair_short(one: str, other: str, pair: SeatPairView) -> str:
    """Say the same in a few words, for a list."""
    names = f"{one} – {other}"
    if pair.state == "failed" or not pair.path or pair.rtt_ms is None:
        return f"{names}: no connection"
    return f"{names}: {pair.rtt_ms:.0f} ms" + (", through the server" if pair.path != "p2p" else "")


class SeatPairsModel(QAbstractTableModel):
    """A row and a column for each desk; a cell is the connection of its two.

    Runs on: GUI thread.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desks: tuple[str, ...] = ()
        self._pairs: dict[tuple[str, str], SeatPairView] = {}

    @property
    def desks(self) -> tuple[str, ...]:
        """The desks, in the order of the rows."""
        return self._desks

    def show(self, desks: Sequence[str], pairs: _Pairs) -> None:
        """Show these desks; only cells that changed are told."""
        if tuple(desks) != self._desks:
            self.beginResetModel()
            self._desks, self._pairs = tuple(desks), dict(pairs)
            self.endResetModel()
            return
        before, self._pairs = self._pairs, dict(pairs)
        place = {desk: k for k, desk in enumerate(self._desks)}
        # Most pairs are the very object they were: a look at that is cheaper than to compare 5,000 of them.
        changed = [key for key, pair in pairs.items() if (old := before.get(key)) is not pair and old != pair]
        changed += [key for key in before if key not in pairs]
        cells = [(place[a], place[b]) for a, b in changed if a in place and b in place]
        if len(cells) > len(self._desks):
            last = len(self._desks) - 1
            self.dataChanged.emit(self.index(0, 0), self.index(last, last))
            return
        for row, column in cells:
            for index in (self.index(row, column), self.index(column, row)):
                self.dataChanged.emit(index, index)

    def pair_at(self, index: Index) -> tuple[str, str, SeatPairView | None] | None:
        """Return both desks of a cell and their connection; None on the diagonal."""
        if not index.isValid() or index.row() == index.column():
            return None
        one, other = self._desks[index.row()], self._desks[index.column()]
        first, second = sorted((one, other))
        return one, other, self._pairs.get((first, second))

    def progress(self) -> tuple[int, int]:
        """Return how many of the pairs that were asked for are measured, and how many those are."""
        waiting = total = 0
        for pair in self._shown():
            total += 1
            waiting += pair.state in _OPEN
        return total - waiting, total

    def counts(self) -> tuple[int, int, int]:
        """Return how many pairs are direct, relayed, and without a connection."""
        shapes = Counter(_shape(pair) for pair in self._shown())
        return shapes["direct"], shapes["relay"], shapes["none"]

    def _shown(self) -> Iterator[SeatPairView]:
        shown = set(self._desks)
        return (pair for (one, other), pair in self._pairs.items() if one in shown and other in shown)

    def worst(self, count: int) -> list[tuple[str, str, SeatPairView]]:
        """Return the pairs that are worth a look: without connection, relayed, or not good; the worst first."""
        found: list[tuple[float, str, str]] = []
        for pair in self._shown():
            if pair.state not in _OPEN and (badness := _badness(pair)) > 0:
                one, other = sorted(pair.desks)
                found.append((-badness, one, other))
        return [(one, other, self._pairs[one, other]) for _worse, one, other in heapq.nsmallest(count, found)]

    def as_text(self) -> str:
        """Return the table as text: cells apart by tabs, for a spreadsheet or a message."""
        lines = ["\t".join(["round trip in ms", *self._desks])]
        for row, desk in enumerate(self._desks):
            cells = [self._cell_text(self.index(row, column)) for column in range(len(self._desks))]
            lines.append("\t".join([desk, *cells]))
        return "\n".join(lines) + "\n"

    def _cell_text(self, index: QModelIndex) -> str:
        found = self.pair_at(index)
        if found is None:
            return ""
        look = pair_look(found[2])
        return f"{look.text} (relay)" if look.shape == "relay" else look.text

    @override
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._desks)

    @override
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._desks)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        found = self.pair_at(index)
        if role == PAIR_ROLE:
            return _SAME if found is None else pair_look(found[2])
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if found is None else pair_look(found[2]).text
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._desks[index.row()] if found is None else pair_words(*found)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignCenter)
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole) and section < len(self._desks):
            return self._desks[section]
        return None


def _badness(pair: SeatPairView) -> float:
    """Return how much a pair asks for attention; 0: it does not."""
    if pair.state == "failed" or not pair.path or pair.rtt_ms is None:
        return 1e9
    relayed = 1e6 if pair.path != "p2p" else 0.0
    return relayed + (pair.rtt_ms if relayed or pair.rtt_ms >= GOOD_MS else 0.0)
