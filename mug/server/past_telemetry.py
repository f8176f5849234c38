"""What the consoles' plots showed before the server was started again, read back from the stored chunks."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
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
            offset = _unix_ms(chunk.at) - found[-1][0]
            known = offsets.get(chunk.participant_id)
            offsets[chunk.participant_id] = offset if known is None else min(known, offset)
            rows += [(chunk.participant_id, at_ms, row) for at_ms, row in found]
    points = [
        TelemetryPoint(
            participant_id=who,
            at_ms=at_ms + offsets[who],
            rtt_ms=_number(row.get("rtt_ms")),
            focused=bool(row.get("focused", True)),
            visible=bool(row.get("visible", True)),
            frame_rate_hz=_number(row.get("frame_rate_hz")),
        )
        for who, at_ms, row in rows
    ]
    return tuple(sorted((p for p in points if since <= p.at_ms <= now_ms), key=lambda point: point.at_ms)[-max_points:])


def _rows(body: bytes) -> Iterator[tuple[float, dict[str, Any]]]:
    for line in body.splitlines():
        try:
            row = _DECODER.decode(line)
            if not row.get("table"):  # those of other tables are about pairs and ticks of a match
                yield _unix_ms(row["at"]), row
        except (msgspec.DecodeError, ValueError, TypeError, KeyError, AttributeError):
            continue  # a page can store anything; the export keeps it as it is


def _unix_ms(text: str) -> float:
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp() * 1000


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
