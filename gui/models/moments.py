"""Moments of the records (ISO-8601 UTC) in the words of this computer's clock."""

from datetime import UTC, datetime

__all__ = ["clock_time", "day_and_time", "duration", "short_moment", "unix_seconds"]


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


def short_moment(at: str) -> str:
    """Return the local time of a moment of today, ``14:03``, or its day and time."""
    moment = _local(at)
    if moment is None:
        return at
    return moment.strftime("%H:%M" if moment.date() == datetime.now().astimezone().date() else "%Y-%m-%d %H:%M")


def unix_seconds(at: str) -> float | None:
    """Return a moment as Unix time; None for a text that is no moment."""
    moment = _local(at)
    return None if moment is None else moment.timestamp()


def duration(seconds: float) -> str:
    """Return a span of time as a clock shows it, ``2:05`` or ``1:02:05``; a negative one is none."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
