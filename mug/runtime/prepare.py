"""A study's packages, ready for the page: resolved once, kept here, compiled, with the lock that Pyodide reads."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mug.runtime.cache import Progress, cache_folder, file_sha256, no_progress, staging, write_whole
from mug.runtime.distribution import Distribution, find_distribution
from mug.runtime.errors import NodeError, StudyLockError
from mug.runtime.node import find_node, run_script
from mug.runtime.pins import pins
from mug.runtime.resolver import fetch_locked, requested_packages, resolve
from mug.runtime.study_lock import LockedPackage, StudyLock
from mug.runtime.wheels import WheelStore, depends_of, imports_of, marker_environment

__all__ = ["PreparedRuntime", "prepare_study"]

_PACKAGE_PLACE: Final = "../../packages"
_RECIPE_FILE: Final = Path(__file__).parent / "node_scripts" / "compile_wheels.py"


@dataclass(frozen=True)
class PreparedRuntime:
    """What a page needs to load a study's packages.

    Attributes:
        pyodide_version: Of Pyodide.
        lock_sha256: Names this set of packages; part of the address `/_mug/packages/<lock_sha256>/…`.
        lock_json: The lock for `loadPyodide({lockFileURL})` in a browser. Its file names lead from the distribution's
            folder (`/_mug/runtime/<version>-<hash>/`) to `/_mug/packages/<lock_sha256>/`.
        packages: Names for `loadPackage`: all of them, what others need included.
        files: What is served under `/_mug/packages/<lock_sha256>/`: name to path.
        locked: The packages with versions and hashes, as in `study.lock.json`.
        warnings: Sentences about what could not be done and does not stop the study.
    """

    pyodide_version: str
    lock_sha256: str
    lock_json: bytes
    packages: tuple[str, ...]
    files: dict[str, Path]
    locked: tuple[LockedPackage, ...] = ()
    warnings: tuple[str, ...] = ()
    _bare_lock: dict[str, Any] = field(default_factory=dict, repr=False)

    def lock_for_node(self) -> bytes:
        """The same lock with this machine's paths in it, for Pyodide under Node (`lockFileURL` names a file there)."""
        return _with_places(self._bare_lock, {name: str(path) for name, path in self.files.items()})


def prepare_study(
    packages: Sequence[str],
    *,
    lock_path: Path | None,
    progress: Progress | None = None,
    cache_dir: Path | None = None,
    for_a_look: bool = False,
) -> PreparedRuntime:
    """Make a study's packages ready.

    Resolved once: what `study.lock.json` says stays, until other packages are asked for. If all wheels are on this
    machine, nothing touches the network.

    Args:
        packages: The study's `packages_to_install`, of all its scenes: requirements, or paths of wheels (relative to
            the folder of `lock_path`). numpy is always there.
        lock_path: The study's `study.lock.json`; written if it is missing or answers other requests. None, or a folder
            that cannot be written to: the resolution is kept in the cache folder.
        progress: Told what happens.
        cache_dir: Where downloads are kept; None: the usual place.
        for_a_look: Only a part of the study is shown: the lock is never written, and one that has more than this part
            asks for is good enough.

    Raises:
        RuntimeMissingError: The distribution is not installed.
        PackageNotLoadableError: A package has no wheel that Pyodide can load.
        PackageNotHeldError: A package is only in the full distribution.
        ResolutionError: The packages cannot be put together, or a wheel cannot be fetched.
        HashMismatchError: The index has another file than the one locked.
        StudyLockError: The lock file is not readable.
    """
    tell = progress or no_progress
    distribution = find_distribution(cache_dir)
    cache = cache_dir or cache_folder()
    store = WheelStore(cache)
    folder = lock_path.parent if lock_path is not None else None
    requested = requested_packages(packages, folder)
    for request in requested:
        if ".whl@" in request:
            store.add((folder or Path.cwd()) / request.rpartition("@")[0])
    lock = _locked(requested, distribution, store, lock_path, cache, tell, for_a_look=for_a_look)
    wheels = {p.name: fetch_locked(p, distribution, store, folder=folder, progress=tell) for p in lock.packages}
    compiled, warnings = _compile(lock.packages, wheels, distribution, store, tell)
    return _assemble(lock.packages, wheels, compiled, warnings)


def _locked(
    requested: tuple[str, ...],
    distribution: Distribution,
    store: WheelStore,
    lock_path: Path | None,
    cache: Path,
    progress: Progress,
    *,
    for_a_look: bool,
) -> StudyLock:
    key = hashlib.sha256(json.dumps([*requested, distribution.lock_sha256]).encode()).hexdigest()
    private = cache / "resolutions" / f"{key}.json"
    lock = StudyLock.read(lock_path) if lock_path is not None else None
    if lock is not None and lock.answers(requested, distribution.lock_sha256):
        return lock
    if lock is not None and for_a_look and lock.covers(requested, distribution.lock_sha256):
        return lock
    writable = lock_path is not None and not for_a_look
    if lock_path is not None and writable:
        try:
            with staging(lock_path.parent):
                pass
        except OSError:
            writable = False
    if not writable:
        try:
            kept = StudyLock.read(private)
        except StudyLockError:
            kept = None
        if kept is not None and kept.answers(requested, distribution.lock_sha256):
            return kept
    folder = lock_path.parent if lock_path is not None else None
    resolved = resolve(requested, distribution, store, folder=folder, progress=progress)
    lock = StudyLock(
        pyodide=distribution.version,
        pyodide_lock_sha256=distribution.lock_sha256,
        requested=requested,
        packages=resolved,
    )
    lock.write(lock_path if lock_path is not None and writable else private)
    return lock


def _recipe() -> str:
    """Names how wheels are rebuilt: the interpreter and our script."""
    made_of = pins().core["python_stdlib.zip"].encode() + _RECIPE_FILE.read_bytes()
    return hashlib.sha256(made_of).hexdigest()[:12]


def _compile(
    packages: Sequence[LockedPackage],
    wheels: dict[str, Path],
    distribution: Distribution,
    store: WheelStore,
    progress: Progress,
) -> tuple[dict[str, tuple[Path, str]], tuple[str, ...]]:
    recipe = _recipe()
    found: dict[str, tuple[Path, str]] = {}
    missing: list[LockedPackage] = []
    for package in packages:
        if not package.file.endswith(".whl"):
            continue
        kept = store.find_compiled(recipe, package.sha256, package.file)
        if kept is not None:
            found[package.name] = kept
        else:
            missing.append(package)
    if not missing:
        return found, ()
    if find_node() is None:
        return found, ("Node is not installed: the packages are not compiled beforehand, pages load a little slower.",)
    target = store.compiled_folder(recipe)
    with staging(target) as staged:
        jobs = [
            {
                "source": str(wheels[package.name]),
                "target": str(staged / f"{number}.whl"),
                "keepSources": package.origin != "pyodide",  # the lines of a study's own packages belong in a traceback
            }
            for number, package in enumerate(missing)
        ]
        try:
            run_script("compile_wheels.mjs", {"folder": str(distribution.folder), "jobs": jobs}, progress=progress)
        except NodeError as error:
            return found, (f"The packages are not compiled beforehand, pages load a little slower: {error}",)
        for number, package in enumerate(missing):
            made = staged / f"{number}.whl"
            sha256 = file_sha256(made)
            place = target / package.sha256 / package.file
            place.parent.mkdir(parents=True, exist_ok=True)
            made.replace(place)
            write_whole(place.with_name("sha256.json"), json.dumps({package.file: sha256}).encode())
            found[package.name] = (place, sha256)
    return found, ()


def _assemble(
    packages: Sequence[LockedPackage],
    wheels: dict[str, Path],
    compiled: dict[str, tuple[Path, str]],
    warnings: tuple[str, ...],
) -> PreparedRuntime:
    pinned = pins()
    official: dict[str, Any] = pinned.lock
    environment = marker_environment(pinned)
    names = {package.name for package in packages}
    entries: dict[str, dict[str, Any]] = {}
    files: dict[str, Path] = {}
    for package in packages:
        path, sha256 = compiled.get(package.name, (wheels[package.name], package.sha256))
        if package.origin == "pyodide":
            entry = dict(official["packages"][package.name])
            entry["depends"] = [name for name in entry["depends"] if name in names]
        else:
            entry = {
                "depends": depends_of(wheels[package.name], environment, names - {package.name}),
                "imports": imports_of(wheels[package.name]),
                "install_dir": "site",
                "name": package.name,
                "package_type": "package",
                "unvendored_tests": False,
                "version": package.version,
            }
        entries[package.name] = {**entry, "file_name": package.file, "sha256": sha256}
        files[package.file] = path
    bare = {"info": official["info"], "packages": entries}
    lock_sha256 = hashlib.sha256(json.dumps(bare, sort_keys=True).encode()).hexdigest()
    places = {name: f"{_PACKAGE_PLACE}/{lock_sha256}/{name}" for name in files}
    return PreparedRuntime(
        pyodide_version=pinned.version,
        lock_sha256=lock_sha256,
        lock_json=_with_places(bare, places),
        packages=tuple(package.name for package in packages),
        files=files,
        locked=tuple(packages),
        warnings=warnings,
        _bare_lock=bare,
    )


def _with_places(bare: dict[str, Any], places: dict[str, str]) -> bytes:
    entries = {
        name: {**entry, "file_name": places[entry["file_name"]]} for name, entry in bare.get("packages", {}).items()
    }
    return json.dumps({**bare, "packages": entries}, sort_keys=True).encode()
