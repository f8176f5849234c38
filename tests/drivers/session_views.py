"""A session as the server describes it to MUG Lab, for tests of the window."""

from typing import Any

from mug.protocol.lab import SessionView

__all__ = ["session_view"]


def session_view(**fields: Any) -> SessionView:
    """An open session of experiment e1 on this machine; `fields` are what a test wants otherwise."""
    standard: dict[str, Any] = {
        "session_id": "s1",
        "experiment_id": "e1",
        "title": "A study",
        "study_hash": "00",
        "state": "open",
        "started_at": "2026-01-01T10:00:00.000Z",
        "addresses": ("http://127.0.0.1:8000/",),
        "data_dir": "data",
    }
    return SessionView(**(standard | fields))
