"""What the consoles' plots showed before the server was started again, read back from the stored chunks."""

import logging
import threading
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from mug.engine.clock import iso
from mug.engine.inputs import PastTelemetry
from mug.protocol.lab import TelemetryPoint
from mug.records import RecordReader, RecordsError
from mug.records import facts as f

__all__ = ["read_past_telemetry", "refill_telemetry"]

KEPT_MS: Final = 2 * 3_600_000
MAX_POINTS: Final = 100_000
MAX_READING_S: Final = 3.0
"""A long session's chunks are read newest first, for no longer than this: participants come first."""

SECOND_MS: Final = 1_500.0
"""A point's figures of the match are those of the second that ended before it, by so much at most."""
PINGS_COUNTED: Final = 10

_LOG = logging.getLogger(__name__)
_DECODER: Final = msgspec.json.Decoder()


def refill_telemetry(path: Path, session_id: str, now_ms: float, put: Callable[[PastTelemetry], None]) -> None:
    """Read the last two hours on a thread of its own and hand them to the engine."""

    def read() -> None:
        try:
            points = read_past_telemetry(path, session_id, now_ms)
        except (RecordsError, OSError, ValueError):
            # The plots begin anew; nothing else depends on them.
            _LOG.warning("the stored telemetry could not be read for the console's plots", exc_info=True)
            return
        if points:
            put(PastTelemetry(points))

    threading.Thread(target=read, name="past-telemetry", daemon=True).start()


def read_past_telemetry(
    path: Path,
    session_id: str,
    now_ms: float,
    *,
    max_points: int = MAX_POINTS,
    max_reading_s: float = MAX_READING_S,
) -> tuple[TelemetryPoint, ...]:
    """Return the points of the last two hours, oldest first.

    The rows carry the clock of the participant's computer. The chunk that arrived soonest after its last row tells how
    far that clock is from ours.
    """
    since = now_ms - KEPT_MS
    until = time.monotonic() + max_reading_s
    rows: list[tuple[str, float, dict[str, Any]]] = []
    seconds: dict[str, list[tuple[float, dict[str, Any]]]] = defaultdict(list)
    offsets: dict[str, float] = {}
    with RecordReader(path) as reader:
        entries = [entry for entry in reader.entries(session_id, ("chunk_stored",)) if entry.at >= iso(since)]
        for entry in reversed(entries):
            if len(rows) >= max_points or time.monotonic() >= until:
                break
            chunk = reader.fact(entry)
            if not isinstance(chunk, f.ChunkStored) or chunk.stream != "telemetry":
                continue
            body = reader.find_body(chunk.sha256)
            found = list(_rows(body)) if body is not None else []
            if not found:
                continue
            offset = _unix_ms(chunk.at) - max(at_ms for at_ms, _ in found)
            known = offsets.get(chunk.participant_id)
            offsets[chunk.participant_id] = offset if known is None else min(known, offset)
            for at_ms, row in found:
                if not row.get("table"):
                    rows.append((chunk.participant_id, at_ms, row))
                elif row["table"] == "network":
                    seconds[chunk.participant_id].append((at_ms, row))
    for told in seconds.values():
        told.sort(key=lambda second: second[0])
    points = [_point(who, at_ms, offsets[who], row, seconds.get(who, ())) for who, at_ms, row in rows]
    return tuple(sorted((p for p in points if since <= p.at_ms <= now_ms), key=lambda point: point.at_ms)[-max_points:])


def _point(
    who: str,
    at_ms: float,
    offset_ms: float,
    row: Mapping[str, Any],
    seconds: Sequence[tuple[float, Mapping[str, Any]]],
) -> TelemetryPoint:
    """Build a point from its row and from what the page told of its match in that second, one row a partner."""
    lost = _number(row.get("lost"))
    place = bisect_right(seconds, at_ms, key=lambda second: second[0]) - 1
    known = place >= 0 and at_ms - seconds[place][0] <= SECOND_MS
    match = seconds[place][1] if known else {}
    match_id = match.get("match_id")
    return TelemetryPoint(
        participant_id=who,
        at_ms=at_ms + offset_ms,
        rtt_ms=_number(row.get("rtt_ms")),
        focused=bool(row.get("focused", True)),
        visible=bool(row.get("visible", True)),
        frame_rate_hz=_number(row.get("frame_rate_hz")),
        jitter_ms=_number(row.get("jitter_ms")),
        loss=None if lost is None else min(max(lost / PINGS_COUNTED, 0.0), 1.0),
        fullscreen=bool(row.get("fullscreen", False)),
        match_id=match_id if isinstance(match_id, str) else "",
        rollbacks=int(_number(match.get("rollbacks")) or 0),
        depth_mean=_number(match.get("depth_mean")) or 0.0,
        depth_max=int(_number(match.get("depth_max")) or 0),
        stalled_ms=_number(match.get("stalled_ms")) or 0.0,
    )


def _rows(body: bytes) -> Iterator[tuple[float, dict[str, Any]]]:
    for line in body.splitlines():
        try:
            row = _DECODER.decode(line)
            if row.get("table") != "ticks":
                yield _unix_ms(row["at"]), row
        except (msgspec.DecodeError, ValueError, TypeError, KeyError, AttributeError):
            continue  # a page can store anything; the export keeps it as it is


def _unix_ms(text: str) -> float:
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp() * 1000


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
