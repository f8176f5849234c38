"""The packages of a session that is over, found again on this machine by the lock that its records hold."""

import hashlib
import json
from pathlib import Path, PurePosixPath
from typing import Any

from mug.runtime.cache import cache_folder, file_sha256
from mug.runtime.distribution import Distribution, find_distribution
from mug.runtime.errors import RecordedPackagesError
from mug.runtime.pins import pins
from mug.runtime.prepare import PreparedRuntime
from mug.runtime.wheels import WheelStore

__all__ = ["recorded_runtime"]


def recorded_runtime(lock_json: bytes, *, cache_dir: Path | None = None) -> PreparedRuntime:
    """Find the files of a recorded lock; nothing is fetched.

    Args:
        lock_json: The lock as the session's pages loaded it (`PreparedRuntime.lock_json`).
        cache_dir: Where downloads are kept; None: the usual place.

    Raises:
        RuntimeMissingError: The distribution is not installed.
        RecordedPackagesError: The lock is unreadable, of another Pyodide, or files of it are not on this machine.
    """
    distribution = find_distribution(cache_dir)
    store = WheelStore(cache_dir or cache_folder())
    try:
        lock: dict[str, Any] = json.loads(lock_json)
        entries: dict[str, dict[str, Any]] = lock["packages"]
        info = lock["info"]
        files = {name: PurePosixPath(str(entry["file_name"])) for name, entry in entries.items()}
    except (ValueError, TypeError, KeyError) as error:
        raise RecordedPackagesError(f"the lock of packages in the records cannot be read ({error})") from error
    if info != pins().lock["info"]:
        raise RecordedPackagesError(
            f"the session ran with another Pyodide ({_described(info)}) than this version of MUG has "
            f"({_described(pins().lock['info'])}): use the version of MUG that is named in the session's records"
        )
    found: dict[str, Path] = {}
    warnings: list[str] = []
    missing: list[str] = []
    for name, entry in entries.items():
        path = _find(str(entry["sha256"]), files[name].name, distribution, store)
        if path is not None:
            found[files[name].name] = path
            continue
        plain = _uncompiled(files[name].name, distribution)
        if plain is None:
            missing.append(files[name].name)
            continue
        found[files[name].name], entry["sha256"] = plain
        warnings.append(f"{name} is loaded as it was published, not compiled beforehand: it loads a little slower.")
    if missing:
        raise RecordedPackagesError(
            f"packages of the session are not on this machine: {', '.join(missing)}. Run `mug check STUDY` with the "
            "study once, which fetches them, or `mug runtime install --from FOLDER` for those that belong to Pyodide"
        )
    places = {path.parent.name for path in files.values()}
    return PreparedRuntime(
        pyodide_version=distribution.version,
        lock_sha256=places.pop() if len(places) == 1 else hashlib.sha256(lock_json).hexdigest(),
        lock_json=json.dumps(lock, sort_keys=True).encode(),
        packages=tuple(entries),
        files=found,
        warnings=tuple(warnings),
    )


def _find(sha256: str, file_name: str, distribution: Distribution, store: WheelStore) -> Path | None:
    held = distribution.folder / file_name
    if pins().packages.get(file_name) == sha256 and held.is_file():
        return held
    return store.find(sha256, file_name) or store.find_compiled_as(sha256, file_name)


def _uncompiled(file_name: str, distribution: Distribution) -> tuple[Path, str] | None:
    """A package of the distribution, where its compiled form is not here any more."""
    sha256, path = pins().packages.get(file_name), distribution.folder / file_name
    if sha256 is None or not path.is_file() or file_sha256(path) != sha256:
        return None
    return path, sha256


def _described(info: Any) -> str:
    known = info if isinstance(info, dict) else {}
    return f"Python {known.get('python', '?')}, {known.get('platform', '?')}"
