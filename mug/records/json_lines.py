"""Bodies of text: one JSON object a line, and the table that a line belongs to."""

import json
from collections.abc import Iterator
from typing import Any

__all__ = ["read_lines", "table_of"]


def read_lines(body: bytes) -> Iterator[dict[str, Any] | str]:
    """Yield each line's object; a line that is none is given as its text."""
    for line in body.splitlines():
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        yield row if isinstance(row, dict) else line.decode("utf-8", "replace")


def table_of(line: bytes | dict[str, Any] | str) -> str:
    """Return the table to which a line of the telemetry stream belongs: telemetry, network or ticks."""
    if isinstance(line, bytes):
        if b'"table"' not in line:
            return "telemetry"
        line = next(read_lines(line), "")
    named = line.get("table") if isinstance(line, dict) else None
    return named if named in ("network", "ticks") else "telemetry"
