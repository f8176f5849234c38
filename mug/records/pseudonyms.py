"""The ids of anonymised exports: one way from the old ones, by a key that stays beside the records."""

import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Final

from mug.records.errors import ExportError

__all__ = ["KEY_FILE", "anonymised_session", "new_id", "read_key"]

KEY_FILE: Final = "anonymise.key"
"""Name of the key's file, in ``keys/`` beside the records."""


def read_key(folder: Path) -> bytes:
    """Return the key of an experiment's anonymised exports; it is made when there is none.

    Args:
        folder: ``keys/`` beside the records.

    Raises:
        ExportError: It cannot be read or made.
    """
    path = folder / KEY_FILE
    try:
        if not path.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = folder / f".{KEY_FILE}.{os.getpid()}-{secrets.token_hex(4)}"
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_hex(32).encode("ascii"))
            try:
                os.link(part, path)  # two at once: the first one's key holds
            except FileExistsError:
                pass
            finally:
                part.unlink()
        key = path.read_bytes().strip()
    except OSError as error:
        raise ExportError(f"the key for anonymised exports, {path}, cannot be used: {error}") from error
    if len(key) < 32:
        raise ExportError(f"the key for anonymised exports, {path}, is damaged: take it from a backup, or remove it")
    return key


def anonymised_session(folder: Path, session_id: str) -> str:
    """Return a session's id in anonymised exports; empty when none was made.

    Args:
        folder: ``keys/`` beside the records.
        session_id: The session.

    Raises:
        ExportError: The key cannot be read.
    """
    return new_id(read_key(folder), session_id, "s", session_id) if (folder / KEY_FILE).is_file() else ""


def new_id(key: bytes, session_id: str, prefix: str, value: str) -> str:
    """Return what stands for an id in a session's anonymised exports: always the same, and nothing leads back."""
    text = json.dumps([session_id, prefix, value], ensure_ascii=True)
    return f"{prefix}-{hmac.new(key, text.encode('ascii'), hashlib.sha256).hexdigest()[:12]}"
