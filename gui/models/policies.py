"""The policies of a session: one row each over the server's `PolicyCardView`s, and a card's contents in words."""

from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, Qt
from PySide6.QtGui import QColor, QIcon
from typing_extensions import override

from gui.models.columns import SORT_ROLE, Column, Index, ThemedTable
from gui.widgets.tips import plain_tip
from mug.protocol.partners import PolicyCardView, PortView

__all__ = ["POLICY_COLUMNS", "POLICY_ROLE", "PoliciesModel", "card_rows", "is_hidden", "kind_words", "port_words"]

POLICY_ROLE = int(Qt.ItemDataRole.UserRole) + 1

_KINDS = {
    "random": ("Chance", "shuffle"),
    "python": ("Python", "python"),
    "onnx": ("ONNX model", "robot"),
}
_SAMPLING = {
    "random": "each action equally likely",
    "argmax": "the action with the highest logit",
    "sample": "drawn from the logits",
    "own": "its own way",
}
_KB = 1_000
_HIDDEN = "It differs by treatment, so it is hidden from you until the session is over."


def is_hidden(card: PolicyCardView) -> bool:
    """Whether the staff is blind, and this policy, which differs by treatment, is not shown."""
    return not card.name and not card.framework


def kind_words(card: PolicyCardView) -> str:
    """Say what kind of policy it is; a kind of a newer server keeps its own name."""
    if is_hidden(card):
        return "–"
    return _KINDS.get(card.framework, (card.framework.capitalize() or "Policy", ""))[0]


def port_words(port: PortView) -> str:
    """Say what goes in or out: ``obs: float32 [any, 12]``."""
    shape = ", ".join("any" if length < 0 else str(length) for length in port.shape)
    return f"{port.name}: {port.dtype} [{shape}]".strip()


def card_rows(card: PolicyCardView) -> list[tuple[str, str]]:
    """Return all that is known of a policy: names and values, what is not known left out."""
    if is_hidden(card):
        return [("Scene", card.scene_id), ("Acts for", card.agent), ("What it is", _HIDDEN)]
    per_frame = "every frame" if card.frame_skip == 1 else f"every {card.frame_skip}th frame"
    rows = [
        ("Scene", card.scene_id),
        ("Acts for", card.agent),
        ("Kind", kind_words(card) + (", recurrent" if card.recurrent else "")),
        ("Treatment", card.treatment),
        ("File", card.file),
        ("Size", f"{card.size / _KB:,.1f} kB" if card.size else ""),
        ("SHA-256", card.sha256),
        ("Takes", "\n".join(map(port_words, card.inputs))),
        ("Gives", "\n".join(map(port_words, card.outputs))),
        ("Action", _SAMPLING.get(card.sampling, card.sampling)),
        ("Decides", per_frame),
        ("Seed", card.seed),
        ("Decisions", f"{card.decisions:,}" if card.decisions else "none measured yet"),
        ("Median", _ms(card.median_ms) if card.decisions else ""),
        ("99 %", _ms(card.p99_ms) if card.decisions else ""),
        ("Late", f"{card.late:,} took longer than a frame" if card.late else "none" if card.decisions else ""),
    ]
    return [(name, value) for name, value in rows if value]


def _treatment_words(card: PolicyCardView) -> str:
    return card.treatment or ("differs" if is_hidden(card) else "all")


def _ms(value: float) -> str:
    return f"{value:.2f} ms" if value < 10 else f"{value:,.0f} ms"


POLICY_COLUMNS: tuple[Column[PolicyCardView], ...] = (
    Column(
        "name",
        "Policy",
        "The policy's name: its file or function",
        lambda v: v.name or "hidden",
        lambda v: v.name.casefold(),
    ),
    Column("kind", "Kind", "What decides", kind_words, kind_words),
    Column("agent", "Acts for", "The agent whose actions it decides", lambda v: v.agent, lambda v: v.agent),
    Column("treatment", "Treatment", "In which treatment", _treatment_words, lambda v: v.treatment),
    Column(
        "decisions",
        "Decisions",
        "How many decisions were measured, on all pages, repeated ones too",
        lambda v: f"{v.decisions:,}" if v.decisions else "–",
        lambda v: v.decisions,
        True,
    ),
    Column(
        "median",
        "Median",
        "What half of the decisions take at most",
        lambda v: _ms(v.median_ms) if v.decisions else "–",
        lambda v: v.median_ms,
        True,
    ),
    Column(
        "p99",
        "99 %",
        "What 99 of 100 decisions take at most",
        lambda v: _ms(v.p99_ms) if v.decisions else "–",
        lambda v: v.p99_ms,
        True,
    ),
    Column(
        "late",
        "Late",
        "Decisions that took longer than a frame",
        lambda v: f"{v.late:,}" if v.decisions else "–",
        lambda v: v.late,
        True,
    ),
    Column("scene", "Scene", "In which game", lambda v: v.scene_id, lambda v: v.scene_id),
)
_KIND, _LATE = (next(place for place, c in enumerate(POLICY_COLUMNS) if c.key == key) for key in ("kind", "late"))


def _key(card: PolicyCardView) -> tuple[str, str, str]:
    return card.scene_id, card.agent, card.treatment


class PoliciesModel(ThemedTable):
    """The policies of the session, in the server's order.

    Runs on: GUI thread.
    """

    columns = POLICY_COLUMNS

    def __init__(
        self, icon_of: Callable[[str, str], QIcon], colour_of: Callable[[str], QColor], parent: QObject | None = None
    ) -> None:
        super().__init__(icon_of, colour_of, parent)
        self._rows: list[PolicyCardView] = []

    def replace_all(self, cards: Iterable[PolicyCardView]) -> None:
        """Take the cards of a snapshot."""
        self.beginResetModel()
        self._rows = list(cards)
        self.endResetModel()

    def update(self, cards: Iterable[PolicyCardView]) -> None:
        """Take whole cards: known ones are replaced, new ones come last."""
        row_of = {_key(card): row for row, card in enumerate(self._rows)}
        for card in cards:
            row = row_of.get(_key(card))
            if row is None:
                place = row_of[_key(card)] = len(self._rows)
                self.beginInsertRows(QModelIndex(), place, place)
                self._rows.append(card)
                self.endInsertRows()
            elif self._rows[row] != card:
                self._rows[row] = card
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(POLICY_COLUMNS) - 1))

    def rows(self) -> tuple[PolicyCardView, ...]:
        """Return the cards."""
        return tuple(self._rows)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        card, place = self._rows[index.row()], index.column()
        column = POLICY_COLUMNS[place]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.text(card)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{column.title}: {column.text(card)}"
            case Qt.ItemDataRole.TextAlignmentRole:
                return column.alignment
            case Qt.ItemDataRole.DecorationRole if place == _KIND:
                return self._icon_of(_KINDS.get(card.framework, ("", "robot"))[1], "muted")
            case Qt.ItemDataRole.ForegroundRole if place == _LATE and card.late:
                return self._colour_of("warning")
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip("\n".join(f"{name}: {value}" for name, value in card_rows(card)))
            case _ if role == SORT_ROLE:
                return column.sort(card)
            case _ if role == POLICY_ROLE:
                return card
            case _:
                return None
