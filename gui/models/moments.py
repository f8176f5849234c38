"""Moments of the records (ISO-8601 UTC) in the words of this computer's clock."""

from datetime import UTC, datetime

__all__ = ["clock_time", "day_and_time"]


def _local(at: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone()


def clock_time(at: str) -> str:
    """Return the local time of day, ``14:03:59``; a text that is no moment is returned as it is."""
    moment = _local(at)
    return at if moment is None else moment.strftime("%H:%M:%S")


def day_and_time(at: str) -> str:
    """Return the local day and time, ``2026-03-01 14:03``; a text that is no moment is returned as it is."""
    moment = _local(at)
    return at if moment is None else moment.strftime("%Y-%m-%d %H:%M")
