"""From the end of an address to a file: only names that are known are found, so no address leads anywhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from mug.runtime.distribution import Distribution
from mug.runtime.pins import LOCK_NAME, pins
from mug.runtime.prepare import PreparedRuntime

__all__ = ["RuntimeFiles", "ServedFile"]

_MIME_TYPES: Final = {
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".wasm": "application/wasm",
    ".json": "application/json",
    ".zip": "application/zip",
    ".whl": "application/zip",
    ".tar": "application/x-tar",
    ".bin": "application/octet-stream",
}


@dataclass(frozen=True)
class ServedFile:
    """A file to send.

    Attributes:
        path: Where it is.
        mime_type: Its `Content-Type`.
        content_encoding: Its `Content-Encoding`, or None: the file is sent as it is either way.
    """

    path: Path
    mime_type: str
    content_encoding: str | None = None


class RuntimeFiles:
    """The files that may be served under one address.

    Attributes:
        snapshot_name: Name under which the memory snapshot is found, or None.
    """

    def __init__(self, files: Mapping[str, Path], *, within: tuple[Path, ...], snapshot: Path | None = None) -> None:
        self._files = dict(files)
        self._within = tuple(folder.resolve() for folder in within)
        self._snapshot = snapshot
        self.snapshot_name = snapshot.name.removesuffix(".gz") if snapshot is not None else None

    @classmethod
    def of_distribution(cls, distribution: Distribution) -> Self:
        """For `/_mug/runtime/<version>-<lock_sha256[:12]>/`: the interpreter's files and the snapshot."""
        names = [*pins().core, LOCK_NAME]
        files = {name: distribution.folder / name for name in names}
        return cls(files, within=(distribution.folder,), snapshot=distribution.snapshot)

    @classmethod
    def of_study(cls, prepared: PreparedRuntime) -> Self:
        """For `/_mug/packages/<prepared.lock_sha256>/`: the wheels. The lock itself is `prepared.lock_json`."""
        return cls(prepared.files, within=tuple({path.parent for path in prepared.files.values()}))

    def find(self, tail: str) -> ServedFile | None:
        """The file for the end of an address; None: there is no such file, answer 404."""
        if self._snapshot is not None and tail == self.snapshot_name:
            return self._checked(self._snapshot, _MIME_TYPES[".bin"], "gzip")
        path = self._files.get(tail)
        if path is None:
            return None
        return self._checked(path, _MIME_TYPES.get(path.suffix, "application/octet-stream"), None)

    def _checked(self, path: Path, mime_type: str, content_encoding: str | None) -> ServedFile | None:
        real = path.resolve()
        if not real.is_file() or not any(real.is_relative_to(folder) for folder in self._within):
            return None
        return ServedFile(path, mime_type, content_encoding)
