"""Wheels on this machine: where they are kept, what they say about themselves."""

import email.parser
import glob
import json
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from mug.runtime.cache import file_sha256, staging
from mug.runtime.pins import Pins

__all__ = ["WheelStore", "depends_of", "imports_of", "marker_environment"]


def marker_environment(pinned: Pins) -> dict[str, str]:
    """What environment markers (`; sys_platform == …`) are compared with in the browser."""
    info: dict[str, Any] = pinned.lock["info"]
    full = str(info["python"])
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": str(info["arch"]),
        "platform_python_implementation": "CPython",
        "platform_release": str(info["platform"]).removeprefix("emscripten_").replace("_", "."),
        "platform_system": "Emscripten",
        "platform_version": "#1",
        "python_full_version": full,
        "python_version": pinned.python,
        "sys_platform": "emscripten",
    }


def depends_of(wheel: Path, environment: dict[str, str], known: Collection[str]) -> list[str]:
    """Which of the known packages a wheel needs, by its own metadata; extras are not counted."""
    with zipfile.ZipFile(wheel) as archive:
        name = next((n for n in archive.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1), None)
        metadata = email.parser.BytesParser().parsebytes(archive.read(name)) if name else None
    needed: list[str] = []
    for text in (metadata.get_all("Requires-Dist") or []) if metadata is not None else []:
        try:
            requirement = Requirement(str(text))
        except InvalidRequirement:
            continue
        if requirement.marker is not None and not requirement.marker.evaluate({**environment, "extra": ""}):
            continue
        canonical = canonicalize_name(requirement.name)
        if canonical in known and canonical not in needed:
            needed.append(canonical)
    return needed


def imports_of(wheel: Path) -> list[str]:
    """The top-level modules of a wheel."""
    found: set[str] = set()
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            top, _, rest = name.partition("/")
            if name.endswith((".py", ".so")) and "." not in (top if rest else ""):
                found.add(top if rest else top.partition(".")[0])
    return sorted(found)


class WheelStore:
    """Wheels by their hash, in the cache folder: `wheels/<sha256>/<file name>`, and the compiled ones beside them."""

    def __init__(self, cache: Path) -> None:
        self._wheels = cache / "wheels"
        self._compiled = cache / "compiled"

    def find(self, sha256: str, file_name: str) -> Path | None:
        """A stored wheel, or None; one whose bytes changed counts as absent."""
        path = self._wheels / sha256 / file_name
        return path if path.is_file() and file_sha256(path) == sha256 else None

    def add(self, wheel: Path) -> tuple[str, Path]:
        """Store a wheel; returns its hash and its place."""
        sha256 = file_sha256(wheel)
        target = self._wheels / sha256 / wheel.name
        if self.find(sha256, wheel.name) is None:
            with staging(self._wheels) as staged:
                copy = staged / wheel.name
                copy.write_bytes(wheel.read_bytes())
                target.parent.mkdir(parents=True, exist_ok=True)
                copy.replace(target)
        return sha256, target

    def folders(self) -> list[Path]:
        """All folders that hold a wheel."""
        if not self._wheels.is_dir():
            return []
        return sorted(path for path in self._wheels.iterdir() if path.is_dir() and not path.name.startswith("."))

    def compiled_folder(self, recipe: str) -> Path:
        """Where wheels rebuilt by one recipe are kept."""
        folder = self._compiled / recipe
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def find_compiled(self, recipe: str, sha256: str, file_name: str) -> tuple[Path, str] | None:
        """A rebuilt wheel and its hash, or None; a note beside it says what hash it must have."""
        path = self._compiled / recipe / sha256 / file_name
        note = path.with_name("sha256.json")
        try:
            expected = str(json.loads(note.read_bytes())[file_name])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return (path, expected) if path.is_file() and file_sha256(path) == expected else None

    def find_compiled_as(self, sha256: str, file_name: str) -> Path | None:
        """A rebuilt wheel by its own hash, whichever recipe made it; None: it is not here."""
        for path in sorted(self._compiled.glob(f"*/*/{glob.escape(file_name)}")):
            if file_sha256(path) == sha256:
                return path
        return None
