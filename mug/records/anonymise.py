"""Taking out of an export what says who somebody is, on the way into its files.

People, visits, matches, groups, seats and the session get new ids: a keyed hash of the old ones, so that the same
export comes out the same again, and nobody without the key finds the way back. The key lies beside the records, in
``keys/``.
What is not known to be harmless is left out.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from mug.records.codebook import TABLES, describe
from mug.records.history import SessionHistory
from mug.records.identifiers import secrets_of
from mug.records.pseudonyms import new_id
from mug.records.spool import json_text

__all__ = ["Anonymiser"]

_START: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""When every anonymised session begins."""

_ID_COLUMNS: Final = {
    "session_id": "s",
    "participant_id": "p",
    "visit_id": "v",
    "repeats": "v",
    "match_id": "m",
    "group_id": "g",
    "seat": "seat",
    "other_seat": "seat",
    "action_id": "a",
}
"""Column -> how its new ids begin."""
_ID_FAMILIES: Final = {"agents.": "p", "visits.": "v"}
_KEPT_ENVIRONMENT: Final = ("environment.browser", "environment.mobile")
_DROPPED: Final = ("environment.", "params.", "globals.")
_SYSTEM: Final = re.compile(
    r"state_hash|chain_hash|.*\.sha256|scene_id|treatment|treatment_released|kind|node_path|repetition"
)
"""Texts that MUG itself makes of nothing that people say."""
_MEASURED: Final = {
    table: frozenset(column.name for column in TABLES[table].columns) for table in ("telemetry", "network")
}
_JSON: Final = (
    *("data", "start_data", "detail", "partners", "participants", "counts"),
    *("dropped_details", "flag_details", "affected", "problems"),
)
_LINKS: Final = {
    "participant_id": "p",
    "partner": "p",
    "participants": "p",
    "members": "p",
    "groups": "p",
    "partners": "p",
    "visit_id": "v",
    "match_id": "m",
    "group_id": "g",
    "probe_id": "x",
    "hand_id": "a",
    "seats": "seat",
}
"""Keys in JSON whose texts are ids."""
_WORDS: Final = frozenset(
    {
        "accepted",
        "action",
        "agent",
        "agents",
        "by",
        "chain_hash",
        "desyncs",
        "dropped",
        "end",
        "final_observations",
        "flag",
        "hash",
        "how",
        "ice",
        "kind",
        "level",
        "levels",
        "mode",
        "mug",
        "name",
        "outcome",
        "own",
        "pair",
        "path",
        "players",
        "policy",
        "pyodide",
        "python",
        "question_id",
        "questions",
        "reason",
        "release",
        "released_by",
        "reset_infos",
        "reset_observations",
        "signal",
        "slot",
        "snapshot_level",
        "stage",
        "state",
        "study_hash",
        "versions",
        "why",
    }
)
"""Keys in JSON whose texts are MUG's own words; texts under other keys are left out."""
_GONE: Final = "[removed]"
_LEAST_CODE: Final = 6
"""Somebody's code of fewer digits could be any number."""
_OF_ENVIRONMENTS: Final = ("actions.", "infos.", "observations.")


class Anonymiser:
    """Changes what goes into one session's export.

    Args:
        history: The whole session, before participants are chosen.
        key: See `read_key`.
    """

    def __init__(self, history: SessionHistory, key: bytes) -> None:
        self._key = key
        self._session_id = history.opened.session_id
        self._shift = _START - _time(history.opened.at)
        self._names = self._known_names(history)
        self._pattern = _pattern(self._names)
        self._numbers = [float(name) for name in self._names if name.isdecimal() and _LEAST_CODE <= len(name) <= 15]

    def new_id(self, prefix: str, value: str) -> str:
        """Return the new id of somebody or something; policies keep theirs."""
        if prefix == "p" and value.startswith("policy:"):
            return value
        return new_id(self._key, self._session_id, prefix, value)

    def text(self, text: str) -> str:
        """Return a text with all known identifiers replaced."""
        return self._pattern.sub(lambda found: self._names.get(found[0].lower(), _GONE), text)

    def time(self, text: str) -> str:
        """Return a time as it would be if the session had begun with the year 2000; empty when it is none."""
        try:
            return (_time(text) + self._shift).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        except (ValueError, OverflowError):
            return ""

    def columns(self, table: str, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """Return the columns of a table as they may be exported."""
        changed: dict[str, pa.Array] = {}
        for name, array in columns.items():
            new = self._column(table, name, array)
            if new is not None:
                free = place = self._column_name(name, table)
                number = 1
                while place in changed:  # two keys that both named somebody
                    number += 1
                    place = f"{free} ({number})"
                changed[place] = new
        return changed

    # ------------------------------------------------------------------ columns

    def _column_name(self, name: str, table: str) -> str:
        if table in _MEASURED and name not in _MEASURED[table]:
            return self.text(name)
        family, dot, member = name.partition(".")
        if not dot or f"{family}." in (*_ID_FAMILIES, "status."):
            return name
        agent, dot, key = member.partition(".")
        return f"{family}.{agent}{dot}{self.text(key)}"

    def _column(self, table: str, name: str, array: pa.Array) -> pa.Array | None:
        spec = describe(table, name, "string")
        if name == "seed" and table == "participants":
            return pa.nulls(len(array), pa.string())
        if name.startswith(_DROPPED) and name not in _KEPT_ENVIRONMENT:
            return None
        if not (pa.types.is_string(array.type) or pa.types.is_dictionary(array.type)):
            return self._without_numbers(array) if name.startswith(_OF_ENVIRONMENTS) else array
        prefix = _ID_COLUMNS.get(name) or next(
            (new for start, new in _ID_FAMILIES.items() if name.startswith(start) and table == "matches"), None
        )
        if prefix is not None:
            return _mapped(array, lambda value: self.new_id(prefix, value))
        if spec.type == "datetime":
            return _mapped(array, lambda value: self.time(value) or None)
        if name in _JSON:
            return _mapped(array, self._json)
        if _SYSTEM.fullmatch(name):
            return array if not _is_hash(name) or _are_hashes(array) else _mapped(array, self.text)
        if table in _MEASURED and name not in _MEASURED[table]:
            return None  # a text under a name of which MUG knows nothing
        return _mapped(array, self.text)

    def _without_numbers(self, array: pa.Array) -> pa.Array:
        """Return the numbers without those that are somebody's code."""
        if not self._numbers or pa.types.is_boolean(array.type) or pa.types.is_null(array.type):
            return array
        known = pc.is_in(pc.cast(array, pa.float64()), pa.array(self._numbers, pa.float64()))
        return pc.if_else(known, pa.scalar(None, array.type), array)

    def _json(self, text: str) -> str | None:
        try:
            data = json.loads(text)
        except ValueError:
            return None
        kept = self._value(data, "partners" if isinstance(data, list) else "")
        return json_text(kept) if kept not in ({}, None) else None

    def _value(self, value: Any, key: str) -> Any:
        """Return what may stay of a value under `key`; None: nothing."""
        if isinstance(value, Mapping):
            kept = {}
            for name, item in value.items():
                new = self._value(item, str(name))
                if new is not None or item is None:
                    kept[self.text(str(name))] = new
            return kept
        if isinstance(value, list):
            items = [self._value(item, key) for item in value]
            return [item for item in items if item is not None]
        if not isinstance(value, str):
            return None if type(value) in (int, float) and value in self._numbers else value
        if key in _LINKS:
            return self.new_id(_LINKS[key], value)
        if key in ("at", "since"):
            return self.time(value) or None
        return self.text(value) if key in _WORDS else None

    def _known_names(self, history: SessionHistory) -> dict[str, str]:
        """Return every identifier that could stand in a text, in small letters, and what comes in its place."""
        names: dict[str, str] = {}
        for value in secrets_of(history):
            names.setdefault(value.lower(), _GONE)
        seats = {*history.opened.seats, *(story.joined.seat for story in history.participants.values())}
        for fact in history.seats:
            seats.update(getattr(fact, "desks", ()) or (getattr(fact, "desk", ""),))
        planned = (
            visit.visit_id for story in history.participants.values() if story.plan for visit in story.plan.visits
        )
        kinds = {
            "seat": seats - {""},
            "g": {match.formed.group_id for match in history.matches.values()} - {""},
            "m": {*history.matches, *(str(chunk.meta.get("match_id") or "") for chunk in history.chunks)} - {""},
            "v": {*history.visits, *planned, *(chunk.visit_id for chunk in history.chunks)},
            "s": {self._session_id},
            "p": {*history.participants, *(chunk.participant_id for chunk in history.chunks)},
        }
        for prefix, values in kinds.items():
            names |= {value.lower(): self.new_id(prefix, value) for value in values}
        return names


def _pattern(names: Mapping[str, str]) -> re.Pattern[str]:
    """Return what finds the names as whole words; single letters and short numbers could be anything and stay."""
    usable = [name for name in names if len(name) > 1 and not (name.isdecimal() and len(name) < 4)]
    if not usable:
        return re.compile(r"(?!)")
    words = "|".join(re.escape(name) for name in sorted(usable, key=lambda name: (-len(name), name)))
    return re.compile(rf"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])", re.IGNORECASE)


def _is_hash(name: str) -> bool:
    return name.endswith(("hash", "sha256"))


def _are_hashes(array: pa.Array) -> bool:
    texts = array.dictionary if pa.types.is_dictionary(array.type) else array
    return pc.all(pc.match_substring_regex(texts, "^[0-9a-f]*$")).as_py() is not False


def _mapped(array: pa.Array, change: Any) -> pa.Array:
    """Return the texts changed, each different one once."""
    encoded = array if pa.types.is_dictionary(array.type) else pc.dictionary_encode(array)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    values = [None if value is None else change(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(values, pa.string()).take(encoded.indices)


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
