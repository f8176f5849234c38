"""What the Pyodide distribution consists of: names and sha256 hashes, pinned in this repository.

The hashes were taken from the official release's own `pyodide-lock.json` and cross-checked against a second copy of the
files. Where a file comes from does not matter as long as it has its hash.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

__all__ = ["LOCK_NAME", "PYODIDE_VERSION", "Pins", "pins"]

PYODIDE_VERSION: Final = "0.27.7"
LOCK_NAME: Final = "pyodide-lock.json"
_DATA: Final = Path(__file__).parent / "data"


class Pins(Struct, frozen=True, kw_only=True):
    """The pinned distribution.

    Attributes:
        version: Of Pyodide.
        python: The Python version of its interpreter, "3.12".
        platform_tag: The platform of the wheels compiled for it.
        lock_bytes: The official lock, as it is.
        lock_sha256: Its hash.
        core: The interpreter's files: name to sha256.
        packages: All files of the full distribution: name to sha256.
        required: The files without which nothing runs: name to sha256.
        wheel_source: Requirement, size in bytes and folder of the Python package that carries the files.
        npm_source: Name and size in bytes of the npm package that carries the core files.
    """

    version: str
    python: str
    platform_tag: str
    lock_bytes: bytes
    lock_sha256: str
    core: dict[str, str]
    packages: dict[str, str]
    required: dict[str, str]
    wheel_source: dict[str, Any]
    npm_source: dict[str, Any]

    @property
    def known(self) -> dict[str, str]:
        """Every file we know the hash of: name to sha256."""
        return {**self.core, **self.packages}

    @property
    def lock(self) -> dict[str, Any]:
        """The official lock, parsed: `info` and `packages` by canonical name."""
        parsed: dict[str, Any] = json.loads(self.lock_bytes)
        return parsed


@cache
def pins() -> Pins:
    """The pins of the Pyodide version that this MUG uses."""
    raw = json.loads((_DATA / f"pins-{PYODIDE_VERSION}.json").read_bytes())
    lock_bytes = (_DATA / raw["lock"]["file"]).read_bytes()
    found = hashlib.sha256(lock_bytes).hexdigest()
    if found != raw["lock"]["sha256"]:
        raise ValueError(f"{raw['lock']['file']} in the mug package was changed: reinstall mug")
    lock_packages = json.loads(lock_bytes)["packages"]
    core = {name: entry["sha256"] for name, entry in raw["core"].items()}
    needed = {lock_packages[name]["file_name"]: lock_packages[name]["sha256"] for name in raw["required_packages"]}
    return Pins(
        version=raw["version"],
        python=raw["python"],
        platform_tag=raw["platform_tag"],
        lock_bytes=lock_bytes,
        lock_sha256=found,
        core=core,
        packages={entry["file_name"]: entry["sha256"] for entry in lock_packages.values()},
        required={**core, **needed},
        wheel_source=raw["wheel_source"],
        npm_source=raw["npm_source"],
    )
