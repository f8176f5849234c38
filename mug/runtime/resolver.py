"""From what a study asks for to exact packages: pip resolves, the distribution comes first, nothing is built."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from mug.runtime.cache import Progress, file_sha256, staging
from mug.runtime.distribution import Distribution
from mug.runtime.errors import HashMismatchError, PackageNotHeldError, PackageNotLoadableError, ResolutionError
from mug.runtime.pins import Pins, pins
from mug.runtime.pip import PipFailure, download_for_browser
from mug.runtime.study_lock import LockedPackage
from mug.runtime.wheels import WheelStore, marker_environment

__all__ = ["ALWAYS", "fetch_locked", "requested_packages", "resolve"]

ALWAYS: Final = ("numpy",)
"""What mug.play itself needs in the browser."""


def requested_packages(packages: Sequence[str], folder: Path | None) -> tuple[str, ...]:
    """The requests in one order, each once; a wheel given by path carries its hash, so that a new build is noticed.

    Raises:
        ResolutionError: A text is neither a requirement nor the path of a wheel.
    """
    texts: set[str] = set()
    named = {_name_in(text.strip()) for text in packages}
    for text in (*packages, *(name for name in ALWAYS if name not in named)):
        stripped = text.strip()
        if stripped.endswith(".whl"):
            path = (folder or Path.cwd()) / stripped
            if not path.is_file():
                raise ResolutionError([stripped], f"there is no file {path}")
            texts.add(f"{stripped}@{file_sha256(path)}")
            continue
        try:
            requirement = Requirement(stripped)
        except InvalidRequirement as error:
            raise ResolutionError(
                [stripped], f"{stripped!r} is not a package requirement ({str(error).splitlines()[0]})"
            ) from error
        if requirement.url is not None:
            raise ResolutionError(
                [stripped], "packages are not fetched from addresses; give a name, or the path of a wheel"
            )
        texts.add(stripped)
    return tuple(sorted(texts))


def _without_hash(request: str) -> str:
    return re.sub(r"(\.whl)@[0-9a-f]{64}$", r"\1", request)


def _name_in(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    return canonicalize_name(match.group(0)) if match else requirement


@dataclass(frozen=True)
class _Attempt:
    """One way to ask pip.

    Attributes:
        index: Whether the package index may be asked.
        stored: Whether the wheels of earlier studies may serve.
        prefer_held: Whether the distribution's own versions are to be kept to.
    """

    index: bool = False
    stored: bool = False
    prefer_held: bool = False


class _Run:
    """One resolution: pip's attempts, and the packages of Pyodide's own lock."""

    def __init__(self, distribution: Distribution, store: WheelStore, folder: Path | None, progress: Progress) -> None:
        self.distribution = distribution
        self.store = store
        self.folder = folder
        self.progress = progress
        self.pinned: Pins = pins()
        self.lock_packages: Mapping[str, Mapping[str, Any]] = self.pinned.lock["packages"]
        self.environment = json.dumps(marker_environment(self.pinned))

    def pip(self, requests: Sequence[str], out: Path, scratch: Path, attempt: _Attempt, *, depend: bool = True) -> None:
        """Download wheels into `out`; on failure `out` may hold a part of them."""
        links = [self.distribution.folder, *(self.store.folders() if attempt.stored else [])]
        constraints = scratch / "held.txt" if attempt.prefer_held else None
        if constraints is not None:
            scratch.mkdir(parents=True, exist_ok=True)
            constraints.write_text("".join(f"{line}\n" for line in self.held()), encoding="utf-8")
        download_for_browser(
            requests,
            out,
            python=self.pinned.python,
            platform_tag=self.pinned.platform_tag,
            environment=self.environment,
            find_links=links,
            constraints=constraints,
            index=attempt.index,
            dependencies=depend,
            scratch=scratch,
            cwd=self.folder,
            progress=self.progress,
        )

    def held(self) -> list[str]:
        """The distribution's own packages as `name==version`."""
        return [
            f"{name}=={entry['version']}"
            for name, entry in self.lock_packages.items()
            if entry["package_type"] == "package" and self.distribution.holds(entry["file_name"])
        ]

    def not_loadable(self, requirement: str, requests: Sequence[str]) -> PackageNotHeldError | PackageNotLoadableError:
        """The error for a requirement that nothing fits."""
        name = _name_in(requirement)
        if name in self.lock_packages and not self.distribution.holds(self.lock_packages[name]["file_name"]):
            return self.not_held(name)
        pinned = self.pinned
        asked = {_name_in(request) for request in requests}
        return PackageNotLoadableError(
            requirement,
            needed_by=() if name in asked else tuple(requests),
            version=pinned.version,
            python=pinned.python,
            platform_tag=pinned.platform_tag,
        )

    def not_held(self, name: str) -> PackageNotHeldError:
        """The error for a package that only the full distribution has."""
        entry = self.lock_packages[name]
        return PackageNotHeldError(
            name, package_version=entry["version"], file_name=entry["file_name"], version=self.pinned.version
        )

    def from_lock(self, name: str) -> LockedPackage:
        """A package of Pyodide's lock, as one of the study's."""
        entry = self.lock_packages[name]
        if not self.distribution.holds(entry["file_name"]):
            raise self.not_held(name)
        return LockedPackage(
            name=name, version=entry["version"], file=entry["file_name"], sha256=entry["sha256"], origin="pyodide"
        )


def resolve(
    requested: Sequence[str], distribution: Distribution, store: WheelStore, *, folder: Path | None, progress: Progress
) -> tuple[LockedPackage, ...]:
    """Resolve requests (from `requested_packages`) to exact packages; new wheels go to the store.

    The installed distribution is tried alone first (without a network), then the package index, and if that cannot be
    reached the wheels of earlier studies.

    Args:
        requested: What is asked for.
        distribution: The installed one.
        store: Where wheels are kept.
        folder: Where relative paths of wheels start.
        progress: Told what happens.

    Raises:
        PackageNotLoadableError: A package has no wheel that Pyodide can load.
        PackageNotHeldError: A package is only in the full distribution.
        ResolutionError: The requests contradict each other, or no index can be reached.
    """
    run = _Run(distribution, store, folder, progress)
    plain = [_without_hash(request) for request in requested]
    parts = [
        text for text in plain if run.lock_packages.get(_name_in(text), {}).get("package_type", "package") != "package"
    ]
    by_name = {package.name: package for package in (run.from_lock(_name_in(text)) for text in parts)}
    with staging(distribution.folder.parent) as staged:
        wheels = _download(run, [text for text in plain if text not in parts], staged)
        for wheel in wheels:
            name, version, _build, _tags = parse_wheel_filename(wheel.name)
            sha256 = file_sha256(wheel)
            if run.pinned.packages.get(wheel.name) == sha256:
                by_name[name] = run.from_lock(name)
            else:
                sha256, _path = store.add(wheel)
                by_name[name] = LockedPackage(
                    name=name, version=str(version), file=wheel.name, sha256=sha256, origin="index"
                )
    waiting = [package for package in by_name.values() if package.origin == "pyodide"]
    while waiting:  # what Pyodide's own packages need and pip does not know of: shared libraries
        for name in run.lock_packages[waiting.pop().name]["depends"]:
            canonical = canonicalize_name(name)
            if canonical not in by_name:
                by_name[canonical] = run.from_lock(canonical)
                waiting.append(by_name[canonical])
    return tuple(by_name[name] for name in sorted(by_name))


def _download(run: _Run, requests: Sequence[str], staged: Path) -> list[Path]:
    attempts = (
        _Attempt(),
        _Attempt(index=True, prefer_held=True),
        _Attempt(index=True),
        _Attempt(stored=True),
    )
    failure: PipFailure | None = None
    for number, attempt in enumerate(attempts):
        if failure is not None and failure.unreachable == attempt.index:
            continue  # the index is out of reach: only what is here can help; it answered: what is here cannot
        out = staged / f"out-{number}"
        try:
            run.pip(requests, out, staged / f"scratch-{number}", attempt)
        except PipFailure as error:
            failure = error if attempt.index else failure
            continue
        return sorted(out.glob("*.whl"))
    assert failure is not None  # the attempt with the index came to nothing
    if failure.unreachable:
        raise ResolutionError(
            requests,
            "the package index cannot be reached, and the wheels on this machine are not enough. Connect it once, or "
            "copy the cache folder of a machine where the study runs",
        ) from failure
    if failure.requirement is not None and "conflict" not in failure.log.lower():
        raise run.not_loadable(failure.requirement, requests) from failure
    raise ResolutionError(requests, "pip found no versions that fit together", failure.log) from failure


def fetch_locked(
    package: LockedPackage, distribution: Distribution, store: WheelStore, *, folder: Path | None, progress: Progress
) -> Path:
    """The wheel of a locked package: from the distribution, the store, or, once, the package index.

    Raises:
        PackageNotHeldError: The distribution does not hold it.
        HashMismatchError: The index has another file under this name and version.
        ResolutionError: It cannot be fetched.
    """
    if package.origin == "pyodide":
        if pins().packages.get(package.file) != package.sha256 or not distribution.holds(package.file):
            raise PackageNotHeldError(
                package.name, package_version=package.version, file_name=package.file, version=distribution.version
            )
        return distribution.folder / package.file
    stored = store.find(package.sha256, package.file)
    if stored is not None:
        return stored
    run = _Run(distribution, store, folder, progress)
    exact = f"{package.name}=={package.version}"
    with staging(distribution.folder.parent) as staged:
        try:
            run.pip([exact], staged / "out", staged / "scratch", _Attempt(index=True), depend=False)
        except PipFailure as failure:
            reason = "the package index cannot be reached" if failure.unreachable else "pip did not find this version"
            raise ResolutionError([exact], reason, "" if failure.unreachable else failure.log) from failure
        wheel = next((staged / "out").glob("*.whl"), None)
        if wheel is None:
            raise ResolutionError([exact], "pip downloaded no wheel")
        found = file_sha256(wheel)
        if found != package.sha256:
            raise HashMismatchError(wheel.name, "the package index", expected=package.sha256, found=found)
        try:
            parse_wheel_filename(package.file)
        except InvalidWheelFilename as error:
            raise ResolutionError([exact], f"{package.file!r} is not a wheel's name") from error
        return store.add(wheel)[1]
