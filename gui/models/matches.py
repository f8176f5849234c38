"""The matches table: rows are the server's own `MatchView`s, each with its number in the order of formation."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    Qt,
)
from PySide6.QtGui import QColor, QIcon
from typing_extensions import override

from gui.models.columns import SORT_ROLE, Column, Index, ThemedTable
from gui.models.moments import clock_time
from gui.widgets.tips import plain_tip
from mug.protocol.lab import MatchView, PairView, PlayerView

__all__ = [
    "DEPTH",
    "MATCH_COLUMNS",
    "MATCH_ROLE",
    "ROLLBACK",
    "RTT",
    "MatchLook",
    "MatchesModel",
    "accord_of",
    "has_left",
    "is_on_server",
    "is_over",
    "match_look",
    "names_of",
    "pair_name",
    "path_words",
    "player_name",
]

MATCH_ROLE = Qt.ItemDataRole.UserRole + 1

RTT = "RTT (round-trip time): how long a packet takes from one player to the other and back."
ROLLBACK = (
    "Rollback: a partner's key press arrived after its frame had been shown, so the game went back and played the "
    "frames since then again."
)
DEPTH = "Depth: how many frames a rollback went back; the deepest of the last second."
_STALLED = "Stalled: how much of the last second a player's game stood still to wait for a partner's keys."
_COMPARED = "State hashes that the players have compared so far: while they are equal, all play the same game."


@dataclass(frozen=True)
class MatchLook:
    """A state as word, icon and colour role; `rank` sorts what needs help to the top, `over` marks what has ended."""

    word: str
    icon: str
    role: str
    rank: int
    over: bool = False

    @property
    def tone(self) -> str:
        """The colour of a pill."""
        return "neutral" if self.role == "muted" else self.role


_STATES = {
    "paused": MatchLook("Paused", "pause", "warning", 0),
    "connecting": MatchLook("Connecting", "clock", "accent", 1),
    "playing": MatchLook("Playing", "play", "good", 2),
    "failed": MatchLook("Failed", "error", "error", 4, over=True),
    "refused": MatchLook("Refused", "block", "error", 5, over=True),
    "void": MatchLook("Void", "block", "warning", 6, over=True),
    "partner_left": MatchLook("Partner left", "lost", "warning", 7, over=True),
    "called_off": MatchLook("Called off", "lost", "muted", 7, over=True),
    "restarted": MatchLook("Restarted", "refresh", "muted", 7, over=True),
    "completed": MatchLook("Completed", "check-circle", "muted", 8, over=True),
}
_STATE_TIPS = {
    "paused": "A player cannot be heard, or the experimenter has paused somebody; the others wait.",
    "connecting": "The players' pages load the game and find a way to each other.",
    "failed": "A player's game failed.",
    "refused": "The players' pages do not run the same program, so they did not play together.",
    "void": "The players could not reach each other; analysts should leave this match out.",
    "partner_left": "It ended early because a player was lost for good.",
}
_NO_ACCORD = MatchLook("Not compared yet", "clock", "muted", 1)
_ACCORD = MatchLook("In sync", "check-circle", "good", 2)
_ON_SERVER = MatchLook("–", "", "muted", 2)
_SERVER_TIPS = {
    "paused": "Nobody is there at present, or somebody is paused or looks elsewhere; the game waits.",
    "connecting": "The server loads the game, and the players' pages make ready to show it.",
    "failed": "The process that stepped it failed twice; its log is beside the records, in process_logs.",
}


def match_look(view: MatchView) -> MatchLook:
    """Return how a match's state is shown; a state of a newer server keeps its own name."""
    return _STATES.get(view.state, MatchLook(view.state.replace("_", " ").capitalize(), "info", "muted", 3))


def is_over(view: MatchView) -> bool:
    """Return whether nothing of the match is live any more."""
    return match_look(view).over


def accord_of(view: MatchView) -> MatchLook:
    """Return how it is shown whether the players' games are equal."""
    if view.desyncs:
        return MatchLook(f"{view.desyncs:,} desync{'' if view.desyncs == 1 else 's'}", "error", "error", 0)
    if is_on_server(view):
        return _ON_SERVER
    return _ACCORD if view.compared else _NO_ACCORD


def is_on_server(view: MatchView) -> bool:
    """Return whether the server steps the match, so that there is one game and nothing to compare."""
    return view.mode == "server_authoritative"


def player_name(view: MatchView, agent: str) -> str:
    """Return who plays an agent: a participant, or the agent's own id where nobody is named."""
    return next((player.participant_id for player in view.players if player.agent == agent), "") or agent


def has_left(view: MatchView, pair: PairView) -> bool:
    """Return whether one of a pair is out of the match: the pair's figures are those of a moment long past."""
    return any(player.dropped and player.agent in pair.agents for player in view.players)


def pair_name(view: MatchView, pair: PairView) -> str:
    """Return the participants of a pair: ``anna – bert``."""
    return " – ".join(player_name(view, agent) for agent in pair.agents)


def names_of(view: MatchView) -> str:
    """Return the participants of a match: ``anna, bert and cleo``."""
    names = [player.participant_id or player.agent for player in view.players]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def path_words(path: str) -> str:
    """Return how packets of a pair travel, in words."""
    return {"p2p": "direct", "relay": "by the server", "": "no connection"}.get(path, path)


def _rank(view: MatchView) -> int:
    return 0 if view.desyncs and not is_over(view) else match_look(view).rank


def _players(view: MatchView) -> str:
    people = [f"{p.participant_id} ({p.agent}{_absence(p)})" for p in view.players]
    return " · ".join([*people, *(f"policy ({agent})" for agent in view.policies)])


def _absence(player: PlayerView) -> str:
    return ", left" if player.dropped else {"returning": ", coming back", "away": ", away"}.get(player.stage, "")


def _progress(view: MatchView) -> str:
    return "–" if view.state == "connecting" else f"Episode {view.episode + 1} · frame {max(0, view.frame):,}"


def _path(view: MatchView) -> str:
    if is_on_server(view):
        return "Server"
    paths = [pair.path for pair in _present(view)]
    if not paths or (is_over(view) and not any(paths)):
        return "–"
    if len(set(paths)) == 1:
        return path_words(paths[0]).capitalize()
    of = f"of {len(paths)}"
    return f"{paths.count('')} {of} missing" if "" in paths else f"{paths.count('relay')} {of} by server"


def _present(view: MatchView) -> list[PairView]:
    return [pair for pair in view.pairs if is_over(view) or not has_left(view, pair)]


def _rtt_ms(view: MatchView) -> float | None:
    return max((pair.rtt_ms for pair in _present(view) if pair.rtt_ms is not None), default=None)


def _live(view: MatchView, value: Callable[[MatchView], float | None], words: Callable[[float], str]) -> str:
    number = None if is_over(view) else value(view)
    return "–" if number is None else words(number)


def _live_sort(view: MatchView, value: Callable[[MatchView], float | None]) -> float:
    number = None if is_over(view) else value(view)
    return -1.0 if number is None else float(number)


def _most(part: Callable[[PlayerView], float]) -> Callable[[MatchView], float | None]:
    return lambda view: (
        None
        if is_on_server(view)
        else max((part(player) for player in view.players if not player.dropped), default=None)
    )


_rollbacks = _most(lambda player: player.rollbacks)
_depth = _most(lambda player: player.depth_max)
_stalled = _most(lambda player: min(1.0, player.stalled_ms / 1000.0))


MATCH_COLUMNS: tuple[Column[MatchView], ...] = (
    Column("state", "State", "How the match stands; what needs help sorts first", lambda v: match_look(v).word, _rank),
    Column(
        "number",
        "Match",
        "Matches are numbered in the order in which they were formed",
        lambda _v: "",
        lambda _v: 0,
    ),
    Column("players", "Players", "Who plays, and as which agent", _players, lambda v: _players(v).casefold()),
    Column("scene", "Scene", "The scene that is played", lambda v: v.scene_id, lambda v: v.scene_id.casefold()),
    Column("progress", "At", "The episode and the frame of the player who is furthest", _progress, lambda v: v.frame),
    Column(
        "path",
        "Connection",
        "How packets travel between each two players: direct from page to page, or by the server",
        _path,
        _path,
    ),
    Column(
        "rtt",
        "RTT",
        f"{RTT} Of the slowest pair.",
        lambda v: _live(v, _rtt_ms, lambda ms: f"{ms:,.0f} ms"),
        lambda v: _live_sort(v, _rtt_ms),
        True,
    ),
    Column(
        "rollbacks",
        "Rollbacks",
        f"{ROLLBACK} A second, of the player who has most.",
        lambda v: _live(v, _rollbacks, lambda n: f"{n:.0f}/s"),
        lambda v: _live_sort(v, _rollbacks),
        True,
    ),
    Column(
        "depth",
        "Depth",
        DEPTH,
        lambda v: _live(v, _depth, lambda n: f"{n:.0f}"),
        lambda v: _live_sort(v, _depth),
        True,
    ),
    Column(
        "stalled",
        "Stalled",
        f"{_STALLED} Of the player who waits most.",
        lambda v: _live(v, _stalled, lambda share: f"{100 * share:.0f} %"),
        lambda v: _live_sort(v, _stalled),
        True,
    ),
    Column(
        "compared",
        "Compared",
        _COMPARED,
        lambda v: "–" if is_on_server(v) else f"{v.compared:,}",
        lambda v: v.compared,
        True,
    ),
    Column(
        "accord",
        "Agreement",
        "Whether the players' games are equal. Desync: their states differ from some frame on, and the data says so.",
        lambda v: accord_of(v).word,
        lambda v: accord_of(v).rank,
    ),
)

_PLACE = {column.key: place for place, column in enumerate(MATCH_COLUMNS)}
_STATE, _NUMBER, _PATH, _ACCORD_AT = (_PLACE[key] for key in ("state", "number", "path", "accord"))


@dataclass(frozen=True)
class _Row:
    """A view with what its cells say and sort by, made once a change rather than once a painting."""

    view: MatchView
    texts: tuple[str, ...]
    sorts: tuple[Any, ...]


class MatchesModel(ThemedTable):
    """Thin over immutable rows; a drain's changes come in one `update`. Matches that ended stay.

    Runs on: GUI thread.
    """

    columns = MATCH_COLUMNS

    def __init__(
        self, icon_of: Callable[[str, str], QIcon], colour_of: Callable[[str], QColor], parent: QObject | None = None
    ) -> None:
        super().__init__(icon_of, colour_of, parent)
        self._rows: list[_Row] = []
        self._row_of: dict[str, int] = {}

    def replace_all(self, views: Iterable[MatchView]) -> None:
        """Take the matches of a snapshot."""
        self.beginResetModel()
        ordered = sorted(views, key=lambda view: (view.formed_at, view.match_id))
        self._rows = [_row(view, number) for number, view in enumerate(ordered, start=1)]
        self._row_of = {view.match_id: row for row, view in enumerate(ordered)}
        self.endResetModel()

    def update(self, views: Iterable[MatchView]) -> None:
        """Take whole rows: known matches' are replaced, new ones come last.

        However many rows changed, views hear of it once, and only of the columns that look or sort otherwise.
        """
        fresh: dict[str, MatchView] = {}
        rows: list[int] = []
        columns: set[int] = set()
        for view in views:
            at = self._row_of.get(view.match_id)
            if at is None:
                fresh[view.match_id] = view
                continue
            before = self._rows[at]
            if before.view == view:
                continue
            after = _row(view, at + 1)
            self._rows[at] = after
            if changed := _columns_between(before, after):
                columns |= changed
                rows.append(at)
        if rows:
            self.dataChanged.emit(self.index(min(rows), min(columns)), self.index(max(rows), max(columns)))
        if fresh:
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(fresh) - 1)
            for view in sorted(fresh.values(), key=lambda view: (view.formed_at, view.match_id)):
                self._row_of[view.match_id] = len(self._rows)
                self._rows.append(_row(view, len(self._rows) + 1))
            self.endInsertRows()

    def rows(self) -> tuple[MatchView, ...]:
        """Return the matches in the order of formation."""
        return tuple(row.view for row in self._rows)

    def view_of(self, match_id: str) -> MatchView | None:
        """Return a match."""
        row = self._row_of.get(match_id)
        return None if row is None else self._rows[row].view

    def number_of(self, match_id: str) -> int:
        """Return the match's number, from 1; 0 when it is not known."""
        return self._row_of.get(match_id, -1) + 1

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row, place = self._rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.texts[place]
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{MATCH_COLUMNS[place].title}: {row.texts[place]}"
            case Qt.ItemDataRole.TextAlignmentRole:
                return MATCH_COLUMNS[place].alignment
            case Qt.ItemDataRole.DecorationRole:
                return self._decoration(row, place)
            case Qt.ItemDataRole.ForegroundRole:
                return self._foreground(row.view, place)
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(_tip(row.view, MATCH_COLUMNS[place].key))
            case _ if role == SORT_ROLE:
                return row.sorts[place]
            case _ if role == MATCH_ROLE:
                return row.view
            case _:
                return None

    def _decoration(self, row: _Row, place: int) -> QIcon | None:
        if place == _STATE:
            look = match_look(row.view)
            return self._icon_of(look.icon, look.role)
        if place == _ACCORD_AT and not is_on_server(row.view):
            accord = accord_of(row.view)
            return self._icon_of(accord.icon, accord.role)
        if place == _PATH and is_on_server(row.view):
            return self._icon_of("relay", "muted")
        if place == _PATH and row.texts[place] != "–":
            paths = {pair.path for pair in _present(row.view)}
            return self._icon_of("direct" if paths == {"p2p"} else "relay" if "relay" in paths else "lost", "muted")
        return None

    def _foreground(self, view: MatchView, place: int) -> QColor | None:
        if place == _STATE:
            return self._colour_of(match_look(view).role)
        if place == _ACCORD_AT and (view.desyncs or not is_over(view)):
            return self._colour_of(accord_of(view).role)
        return self._colour_of("muted") if is_over(view) else None


def _row(view: MatchView, number: int) -> _Row:
    texts = [column.text(view) for column in MATCH_COLUMNS]
    sorts = [column.sort(view) for column in MATCH_COLUMNS]
    texts[_NUMBER], sorts[_NUMBER] = str(number), number
    return _Row(view, tuple(texts), tuple(sorts))


def _columns_between(before: _Row, after: _Row) -> set[int]:
    if before.view.state != after.view.state or before.view.desyncs != after.view.desyncs:
        return set(range(len(MATCH_COLUMNS)))
    return {
        place
        for place in range(len(MATCH_COLUMNS))
        if before.texts[place] != after.texts[place] or before.sorts[place] != after.sorts[place]
    }


def _tip(view: MatchView, key: str) -> str:
    match key:
        case "state":
            flags = [f"Flags: {', '.join(map(_flag_words, view.flags))}"] if view.flags else []
            tips = _STATE_TIPS | _SERVER_TIPS if is_on_server(view) else _STATE_TIPS
            return "\n".join([*([tips[view.state]] if view.state in tips else []), *flags])
        case "number":
            return f"{view.match_id}, formed at {clock_time(view.formed_at)}"
        case "players":
            left = ["A player who left was lost for good."] if any(player.dropped for player in view.players) else []
            return "\n".join([_players(view), *left])
        case "path" | "rollbacks" | "depth" | "stalled" | "compared" | "accord" if is_on_server(view):
            return "The server steps this game, so all players see the same one, and nothing is compared or taken back."
        case "progress" if is_on_server(view) and view.hz > 0 and not is_over(view):
            return f"The server steps it at {view.hz:.1f} Hz."
        case "path" | "rtt":
            return "\n".join(_pair_words(view, pair) for pair in view.pairs)
        case "rollbacks" | "depth" | "stalled" if not is_over(view):
            return "\n".join(_player_words(player) for player in view.players if not player.dropped)
        case "accord" if not view.desyncs and view.compared:
            return f"All {view.compared:,} compared hashes were equal."
        case "accord" if view.desyncs:
            return f"Of {view.compared:,} compared hashes {view.desyncs:,} differed; the data of this match is flagged."
        case _:
            return ""


def _flag_words(flag: str) -> str:
    words = {
        "returned": "a player came back",
        "server_restored": "its process failed and was started again",
        "server_resumed": "it went on from its stored rows",
    }
    return words.get(flag, flag.replace("_", " "))


def _pair_words(view: MatchView, pair: PairView) -> str:
    if has_left(view, pair) and not is_over(view):
        return f"{pair_name(view, pair)}: left"
    words = [f"{pair_name(view, pair)}: {path_words(pair.path)}"]
    if pair.rtt_ms is not None:
        words.append(f"{pair.rtt_ms:.0f} ms" + (f" ± {pair.jitter_ms:.0f} ms" if pair.jitter_ms is not None else ""))
    if pair.loss is not None:
        words.append(f"{100 * pair.loss:.0f} % of packets lost")
    return ", ".join(words)


def _player_words(player: PlayerView) -> str:
    return (
        f"{player.participant_id}: {player.rollbacks} rollbacks a second, {player.depth_mean:.1f} frames deep on "
        f"average, {player.depth_max} at most; stalled {min(100.0, player.stalled_ms / 10):.0f} %"
    )
