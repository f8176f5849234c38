"""The Pyodide distribution on this machine: getting it, finding it, checking it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mug.runtime.cache import Progress, cache_folder, file_sha256, no_progress, staging, write_whole
from mug.runtime.errors import (
    HashMismatchError,
    NodeError,
    NoSourceError,
    RuntimeMissingError,
    SourceUnavailableError,
)
from mug.runtime.node import find_node, run_script
from mug.runtime.pins import LOCK_NAME, Pins, pins
from mug.runtime.sources import Source, default_sources

__all__ = ["Distribution", "RuntimeStatus", "find_distribution", "install", "make_snapshot", "status", "verify"]

# What environments and mug.play import from the standard library. Modules that open something or that read the machine
# when they are imported stay out.
# fmt: off
_SNAPSHOT_MODULES: Final = (
    "abc", "argparse", "ast", "asyncio", "base64", "bisect", "collections.abc", "concurrent.futures", "contextlib",
    "copy", "copyreg", "csv", "ctypes", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools",
    "hashlib", "heapq", "importlib.metadata", "importlib.util", "inspect", "io", "itertools", "json", "logging",
    "math", "multiprocessing", "numbers", "operator", "pathlib", "pickle", "pickletools", "platform", "queue",
    "random", "re", "shutil", "statistics", "string", "struct", "tempfile", "textwrap", "threading", "time",
    "traceback", "types", "typing", "unittest", "urllib.parse", "uuid", "warnings", "weakref", "zipfile",
)
# fmt: on


@dataclass(frozen=True)
class Distribution:
    """An installed distribution.

    Attributes:
        folder: The folder with its files.
        version: Of Pyodide.
        lock_sha256: Hash of the official lock: with the version, what this distribution is.
        snapshot: A gzipped memory snapshot (`_loadSnapshot` wants it unpacked), or None: boot without. Its `random`
            module was seeded when it was made: call `random.seed()` after loading it.
    """

    folder: Path
    version: str
    lock_sha256: str
    snapshot: Path | None

    def holds(self, file_name: str) -> bool:
        """Whether a file of the distribution is here."""
        return file_name in pins().known and (self.folder / file_name).is_file()


@dataclass(frozen=True)
class RuntimeStatus:
    """What is installed.

    Attributes:
        distribution: The distribution, or None.
        problem: Why it cannot be used, or None.
        packages: Files of Python packages that it holds.
        size_bytes: Of all its files.
        node: Node's path, or None.
        cache_folder: The folder of all downloads.
    """

    distribution: Distribution | None
    problem: str | None
    packages: tuple[str, ...]
    size_bytes: int
    node: Path | None
    cache_folder: Path


def _folder(cache: Path | None) -> Path:
    return (cache or cache_folder()) / "pyodide" / pins().version


def _snapshot_path(folder: Path) -> Path:
    """Named by what it is made of, so that a changed list of modules makes a new one."""
    made_of = [pins().lock_sha256, *pins().core.values(), *_SNAPSHOT_MODULES]
    return folder / f"snapshot-{hashlib.sha256(' '.join(made_of).encode()).hexdigest()[:12]}.bin.gz"


def find_distribution(cache_dir: Path | None = None) -> Distribution:
    """The installed distribution; quick, hashes nothing (`verify` does).

    Args:
        cache_dir: Where downloads are kept; None: the usual place.

    Raises:
        RuntimeMissingError: It is not there, or not whole.
    """
    pinned = pins()
    folder = _folder(cache_dir)
    if not (folder / LOCK_NAME).is_file():
        raise RuntimeMissingError(folder, pinned.version)
    missing = [name for name in pinned.required if not (folder / name).is_file()]
    if missing:
        raise RuntimeMissingError(folder, pinned.version, missing)
    snapshot = _snapshot_path(folder)
    return Distribution(folder, pinned.version, pinned.lock_sha256, snapshot if snapshot.is_file() else None)


def install(
    progress: Progress = no_progress,
    *,
    sources: Sequence[Source] | None = None,
    cache_dir: Path | None = None,
    snapshot: bool = True,
) -> Distribution:
    """Get the distribution, checking every file, and make the memory snapshot.

    What is there already is not fetched again.

    Args:
        progress: Told what happens.
        sources: Where to look, in this order. Named sources are asked even if the distribution is whole (they
            may hold more packages). None: what is missing, from `default_sources()`.
        cache_dir: Where downloads are kept; None: the usual place.
        snapshot: Whether to make the memory snapshot (needs Node).

    Raises:
        HashMismatchError: A file was not what it should be, and no later source gave the right one.
        NoSourceError: No source gave a needed file.
    """
    pinned = pins()
    folder = _folder(cache_dir)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / LOCK_NAME, pinned.lock_bytes)
    _fetch_missing(pinned, folder, sources, progress)
    distribution = find_distribution(cache_dir)
    if snapshot and distribution.snapshot is None:
        try:
            make_snapshot(distribution, progress)
        except NodeError as error:
            progress(f"no memory snapshot, pages will load about two seconds slower: {error}", None)
        distribution = find_distribution(cache_dir)
    return distribution


def _fetch_missing(pinned: Pins, folder: Path, sources: Sequence[Source] | None, progress: Progress) -> None:
    mismatches: dict[str, HashMismatchError] = {}
    reasons: list[str] = []

    def missing() -> list[str]:
        return [name for name in pinned.required if not (folder / name).is_file()]

    if sources is None and not missing():
        return
    for source in default_sources() if sources is None else sources:
        wanted = {name: sha256 for name, sha256 in pinned.known.items() if not (folder / name).is_file()}
        with staging(folder.parent) as staged:
            try:
                source.fetch(wanted, staged, progress)
            except SourceUnavailableError as error:
                reasons.append(str(error))
            except HashMismatchError as error:
                mismatches[error.file_name] = error
                reasons.append(str(error))
            for path in staged.iterdir():  # verified while they were copied
                if path.name in wanted:
                    path.replace(folder / path.name)
        if not missing():
            break
    for name, mismatch in mismatches.items():  # a later source may have given the right one
        if not (folder / name).is_file() and (name in pinned.required or sources is not None):
            raise mismatch
    if missing():
        raise NoSourceError(missing(), reasons)


def make_snapshot(distribution: Distribution, progress: Progress = no_progress) -> Path:
    """Make the memory snapshot of a distribution in Node.

    Raises:
        NodeError: There is no Node, or the snapshot did not load.
    """
    target = _snapshot_path(distribution.folder)
    with staging(distribution.folder.parent) as staged:
        made = staged / target.name
        arguments = {"folder": str(distribution.folder), "output": str(made), "modules": list(_SNAPSHOT_MODULES)}
        run_script("make_snapshot.mjs", arguments, progress=progress, timeout_s=300)
        for old in distribution.folder.glob("snapshot-*.bin.gz"):
            old.unlink(missing_ok=True)
        made.replace(target)
    return target


def status(cache_dir: Path | None = None) -> RuntimeStatus:
    """What is installed on this machine."""
    distribution, problem = None, None
    try:
        distribution = find_distribution(cache_dir)
    except RuntimeMissingError as error:
        problem = str(error)
    folder = _folder(cache_dir)
    files = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    return RuntimeStatus(
        distribution=distribution,
        problem=problem,
        packages=tuple(sorted(path.name for path in files if path.name in pins().packages)),
        size_bytes=sum(path.stat().st_size for path in files),
        node=find_node(),
        cache_folder=cache_dir or cache_folder(),
    )


def verify(cache_dir: Path | None = None, progress: Progress = no_progress) -> tuple[str, ...]:
    """Hash every installed file.

    Returns:
        A sentence for each file that is not what it should be; none: all is well. `install` gets such files again once
        they are removed.

    Raises:
        RuntimeMissingError: There is no distribution to check.
    """
    distribution = find_distribution(cache_dir)
    expected = {**pins().known, LOCK_NAME: pins().lock_sha256}
    here = [name for name in expected if (distribution.folder / name).is_file()]
    problems = []
    for number, name in enumerate(here):
        progress(f"checking {name}", number / len(here))
        path = distribution.folder / name
        if file_sha256(path) != expected[name]:
            problems.append(f"{name} is damaged or changed. Delete {path} and run `mug runtime install`.")
    return tuple(problems)
