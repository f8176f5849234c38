"""The tables that come as JSON lines: events, telemetry, forms. What cannot be read is kept and reported."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from mug.records import facts as f
from mug.records.build_episodes import BUILD_MARKS, BuildMark
from mug.records.codebook import TABLES
from mug.records.history import SessionHistory
from mug.records.json_lines import read_lines
from mug.records.spool import TableSpool, json_text

__all__ = ["MARKS", "EpisodeMark", "LinesTable", "count_lines", "count_server_events", "server_event_rows"]

_ROWS_AT_ONCE: Final = 10_000
_FIXED: Final = {
    name: tuple(column.name for column in TABLES[name].columns if "<" not in column.name)
    for name in ("events", "telemetry", "network", "forms")
}
_TYPES: Final = {
    name: {column.name: column.type for column in TABLES[name].columns}
    for name in ("events", "telemetry", "network", "forms")
}
_OPEN: Final = ("telemetry", "network")
"""Tables in which what is not known gets columns of its own."""

MARKS: Final = ("episode_started", "episode_ended", "match_agreed", "match_episode_agreed", "match_desync")
"""Events of which the tables of episodes and matches are made."""


@dataclass(frozen=True)
class EpisodeMark:
    """One of the events `MARKS`, as a participant's page told it."""

    participant_id: str
    row: dict[str, Any]

    @property
    def name(self) -> str:
        """The event's name."""
        return str(self.row["name"])

    @property
    def episode(self) -> tuple[str, int] | None:
        """The match and the episode that it is about; None when it does not say so."""
        match_id, number = self.row.get("match_id"), self.row.get("episode")
        return (match_id, number) if isinstance(match_id, str) and type(number) is int else None


def count_lines(body: bytes) -> int:
    """Return how many rows a body of JSON lines has."""
    return sum(1 for line in body.splitlines() if line.strip())


class LinesTable:
    """Feeds the rows of one stream into a spool.

    Attributes:
        problems: Sentences about chunks and lines that could not be read.
        marks: The events about episodes that were met on the way.
        build_marks: Those about episodes of embedded builds.
    """

    def __init__(self, spool: TableSpool, history: SessionHistory, read_body: Callable[[str], bytes | None]) -> None:
        self.problems: list[str] = []
        self.marks: list[EpisodeMark] = []
        self.build_marks: list[BuildMark] = []
        self._spool = spool
        self._history = history
        self._read_body = read_body
        self._fixed = _FIXED[spool.table]
        self._types = _TYPES[spool.table]
        self._rows: list[dict[str, Any]] = []

    def add_chunk(self, chunk: f.ChunkStored) -> None:
        """Add the rows of one chunk."""
        body = self._read_body(chunk.sha256)
        if body is None:
            self.problems.append(f"chunk {chunk.visit_id}/{chunk.stream}/{chunk.seq}: its bytes are missing")
            return
        for number, line in enumerate(read_lines(body)):
            self.add_line(chunk, number, line)

    def add_line(self, chunk: f.ChunkStored, number: int, line: dict[str, Any] | str) -> None:
        """Add the row of one line of a chunk; `number` counts the chunk's rows from 0."""
        known = {
            "session_id": self._history.opened.session_id,
            "participant_id": chunk.participant_id,
            "visit_id": chunk.visit_id,
            "scene_id": self._history.scene_of(chunk.visit_id),
            **self._about(chunk, line),
        }
        if isinstance(line, str):
            self.problems.append(
                f"chunk {chunk.visit_id}/{chunk.stream}/{chunk.seq}: line {number + 1} is not a JSON object"
            )
            line = {"name": "unreadable", "text": line}
        if chunk.stream == "event":
            known["source"] = "page"
            if line.get("name") in MARKS:
                self.marks.append(EpisodeMark(chunk.participant_id, line))
            elif line.get("name") in BUILD_MARKS:
                self.build_marks.append(BuildMark(chunk.participant_id, chunk.visit_id, line))
        if self._history.takes(chunk.participant_id):
            self.add_row(known, line)

    def _about(self, chunk: f.ChunkStored, line: dict[str, Any] | str) -> dict[str, Any]:
        """What else is known of a row; a table of its own kind says more."""
        return {}

    def add_row(self, known: dict[str, Any], said: dict[str, Any]) -> None:
        """Add one row: what is `known` for certain wins over what the page `said`."""
        row = dict(known)
        rest = {}
        for name, value in said.items():
            if name in row:
                if row[name] != value:
                    rest[name] = value
            elif name in self._types and name != "data":
                row[name] = _fitting(value, self._types[name])
                if row[name] is None and value is not None:
                    rest[name] = value
            elif self._spool.table in _OPEN:
                row[name] = value if isinstance(value, bool | int | float | str | None) else json_text(value)
            else:
                rest[name] = value
        if rest:
            row["data"] = json_text(rest)
        self._rows.append(row)
        if len(self._rows) >= _ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Hand on what is waiting."""
        if self._rows:
            others = dict.fromkeys(name for row in self._rows for name in row if name not in self._fixed)
            columns = {name: [row.get(name) for row in self._rows] for name in (*self._fixed, *others)}
            self._spool.add(columns, len(self._rows))
            self._rows = []


def count_server_events(history: SessionHistory) -> int:
    """Return how many rows `server_event_rows` must give: one for each happening and each participant it is about."""
    count = 0
    for happening in history.server_events:
        match happening.fact:
            case f.GroupFormed(visits=visits):
                count += sum(map(history.takes, visits))
            case f.PairProbed(participants=pair):
                count += sum(map(history.takes, pair))
            case fact:
                count += history.takes(getattr(fact, "participant_id", None))
    return count


def server_event_rows(history: SessionHistory) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield what the server saw of participants, as (known, said) for `LinesTable.add_row`."""
    for known, said in _server_events(history):
        if history.takes(known.get("participant_id")):
            yield known, said


def _server_events(history: SessionHistory) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    said: dict[str, Any]
    for happening in history.server_events:
        fact = happening.fact
        known: dict[str, Any] = {"session_id": history.opened.session_id, "source": "server", "at": fact.at}
        match fact:
            case f.Connected():
                yield known | {"participant_id": fact.participant_id, "name": "connected"}, {"tab_id": fact.tab_id}
            case f.Disconnected():
                said = {"reason": fact.reason} if fact.reason else {}
                yield known | {"participant_id": fact.participant_id, "name": "disconnected"}, said
            case f.TokenRenewed():
                yield known | {"participant_id": fact.participant_id, "name": "let_in"}, {}
            case f.PlayerReturning():
                said = {"match_id": fact.match_id, "agent": fact.agent, "returns": fact.returns}
                yield known | _place_in(history, fact) | {"name": "player_returning"}, said
            case f.PlayerReturned():
                said = {"match_id": fact.match_id, "agent": fact.agent, "episode": fact.episode, "frame": fact.frame}
                yield known | _place_in(history, fact) | {"name": "player_returned"}, said
            case f.PlayerDropped():
                said = {"match_id": fact.match_id, "agent": fact.agent, "policy": fact.policy, "reason": fact.reason}
                yield known | _place_in(history, fact) | {"name": "player_dropped"}, said
            case f.ScreeningPassed():
                measured: dict[str, Any] = {"ping_ms": fact.ping_ms, "measurements": fact.measurements}
                yield known | {"participant_id": fact.participant_id, "name": "screening_passed"}, measured
            case f.ParticipantWarned():
                place = {"visit_id": fact.visit_id, "scene_id": history.scene_of(fact.visit_id or "")}
                warned: dict[str, Any] = {"kind": fact.kind, "value_ms": fact.value, "message": fact.message}
                yield known | place | {"participant_id": fact.participant_id, "name": "warned"}, warned
            case f.ParticipantFinished():
                ended: dict[str, Any] = {"outcome": fact.outcome, "reason": fact.reason, "message": fact.message}
                if fact.value is not None:
                    ended["value_ms"] = fact.value
                yield known | {"participant_id": fact.participant_id, "name": "participation_ended"}, ended
            case f.WaitStarted():
                place = {"visit_id": fact.visit_id, "scene_id": history.scene_of(fact.visit_id)}
                yield known | place | {"participant_id": fact.participant_id, "name": "wait_started"}, {}
            case f.GroupFormed():
                said = {"group_id": fact.group_id, "members": list(fact.members), "released_by": fact.released_by}
                for who, visit_id in fact.visits.items():
                    place = {"visit_id": visit_id, "scene_id": history.scene_of(visit_id)}
                    yield known | place | {"participant_id": who, "name": "group_formed"}, said
            case f.PairProbed():
                for who in fact.participants:
                    said = {
                        "partner": next(other for other in fact.participants if other != who),
                        "rtt_ms": fact.rtt_ms,
                        "path": fact.path,
                        "accepted": fact.accepted,
                        "limit_ms": fact.limit_ms,
                        "probe_id": fact.probe_id,
                    }
                    yield known | {"participant_id": who, "name": "pair_probed"}, said
            case f.ErrorReported():
                place = {"visit_id": fact.visit_id, "scene_id": history.scene_of(fact.visit_id or "")}
                said = {"kind": fact.kind, "message": fact.message, "traceback": fact.traceback}
                said |= {"fatal": fact.fatal} if fact.fatal else {}
                said |= {"console": list(fact.console)} if fact.console else {}
                yield known | place | {"participant_id": fact.participant_id, "name": "error"}, said


def _place_in(history: SessionHistory, fact: f.PlayerDropped | f.PlayerReturning | f.PlayerReturned) -> dict[str, Any]:
    """Return whose row it is, and in which visit and scene."""
    story = history.matches.get(fact.match_id)
    visit_id = story.formed.visits.get(fact.participant_id) if story else None
    return {
        "participant_id": fact.participant_id,
        "visit_id": visit_id,
        "scene_id": history.scene_of(visit_id or ""),
    }


def _fitting(value: Any, kind: str) -> Any:
    """Return the value when it has the column's type; None sends it to `data` instead."""
    match kind:
        case "number":
            return value if isinstance(value, int | float) and not isinstance(value, bool) else None
        case "integer":
            return value if type(value) is int else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case _:
            return value if isinstance(value, str) else (None if value is None else json_text(value))
