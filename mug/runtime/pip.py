"""Running pip in a child process: with progress, for the machine in the browser, and without repeating addresses."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mug.runtime.cache import Progress

__all__ = ["PipFailure", "download", "download_for_browser"]

_ADDRESS: Final = re.compile(r"\b(?:[a-z+]+://|file:/)\S+", re.IGNORECASE)
_UNREACHABLE: Final = re.compile(
    r"Retrying \(|NewConnectionError|Max retries exceeded|Temporary failure in name resolution|Connection refused"
    r"|Network is unreachable|ProxyError|ConnectTimeout|ReadTimeout|Could not fetch URL",
)
_NO_WHEEL: Final = re.compile(
    r"No matching distribution found for (?P<a>.+?)(?: \(from [^()]*\))?\s*$"
    r"|Could not find a version that satisfies the requirement (?P<b>.+?) \(",
    re.MULTILINE,
)
# When no version of a package can be had with an extra, pip ends with a version that has no such extra, and only warns.
_LOST_EXTRA: Final = re.compile(r"WARNING: (?P<name>\S+) \S+ does not provide the extra '(?P<extra>[^']+)'")

# pip takes wheel tags for another platform, but reads the environment markers (`; sys_platform == …`) of the machine it
# runs on. This replaces them by the browser's before pip starts; should a later pip be built differently, it goes on
# without (packages that are needed only elsewhere are then resolved too, which is harmless).
_RUN_FOR_BROWSER: Final = """
import json, sys
environment = json.loads(sys.argv.pop(1))
try:
    from pip._vendor.packaging import markers
    markers.default_environment = lambda: dict(environment)
except (ImportError, AttributeError):
    pass
from pip._internal.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


class PipFailure(Exception):
    """pip ended with an error.

    Attributes:
        unreachable: The index could not be reached.
        requirement: The requirement that nothing fits, if pip named one.
        log: pip's closing lines, without addresses.
    """

    def __init__(self, output: str) -> None:
        self.unreachable = bool(_UNREACHABLE.search(output))
        lost = [f"{match['name']}[{match['extra']}]" for match in _LOST_EXTRA.finditer(output)]
        found = [match["a"] or match["b"] for match in _NO_WHEEL.finditer(output)]
        self.requirement = (found or lost)[-1].strip() if found or lost else None
        lines = [_ADDRESS.sub("(address)", line) for line in output.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith(("ERROR", "error"))]
        self.log = "\n".join((errors or lines)[-6:])
        super().__init__(self.log)


def _folder_size(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).stat().st_size
            except OSError:  # pip moved it away meanwhile
                continue
    return total


def _run(command: Sequence[str], *, scratch: Path, cwd: Path | None, text: str, size: int, progress: Progress) -> None:
    scratch.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)}
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    log = scratch / "pip.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            while True:
                progress(text, min(_folder_size(scratch) / size, 1.0) if size else None)
                try:
                    code = process.wait(timeout=0.3)
                    break
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    said = log.read_text(encoding="utf-8", errors="replace")
    if code != 0 or _LOST_EXTRA.search(said):
        raise PipFailure(said)


def download(requirement: str, target: Path, *, scratch: Path, size: int, progress: Progress) -> None:
    """Download one exact wheel, without what it depends on.

    Args:
        requirement: Such as "name==1.2".
        target: The folder it goes to.
        scratch: A folder for temporary files; its growth is the progress.
        size: Its size in bytes, for the progress.
        progress: Told about it.

    Raises:
        PipFailure: pip could not.
    """
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--progress-bar=off"]
    command += ["--retries=2", "--timeout=20", "-d", str(target), requirement]
    _run(command, scratch=scratch, cwd=None, text=f"downloading {requirement}", size=size, progress=progress)


def download_for_browser(
    requirements: Sequence[str],
    target: Path,
    *,
    python: str,
    platform_tag: str,
    environment: str,
    find_links: Sequence[Path],
    constraints: Path | None,
    index: bool,
    dependencies: bool,
    scratch: Path,
    cwd: Path | None,
    progress: Progress,
) -> None:
    """Resolve requirements for Pyodide and download the wheels.

    Args:
        requirements: As in `pip install`; paths of wheels too.
        target: The folder the wheels go to.
        python: The interpreter's version, "3.12".
        platform_tag: Its platform, such as "pyodide_2024_0_wasm32".
        environment: The marker environment, as JSON.
        find_links: Folders with wheels to use.
        constraints: A file of versions to keep to.
        index: Whether the package index may be asked.
        dependencies: Whether to take what the requirements depend on, too.
        scratch: A folder for temporary files.
        cwd: Where relative paths in `requirements` start.
        progress: Told about it.

    Raises:
        PipFailure: pip could not.
    """
    short = "".join(python.split(".")[:2])
    command = [sys.executable, "-c", _RUN_FOR_BROWSER, environment, "download", "--only-binary=:all:"]
    command += [
        "--progress-bar=off",
        "--retries=1",
        "--timeout=15",
        "--platform",
        platform_tag,
        "--python-version",
        short,
    ]
    command += ["--implementation", "cp", "--abi", f"cp{short}", "-d", str(target)]
    command += [part for folder in find_links for part in ("--find-links", str(folder))]
    command += ["-c", str(constraints)] if constraints is not None else []
    command += [] if index else ["--no-index"]
    command += [] if dependencies else ["--no-deps"]
    text = f"resolving {', '.join(requirements)} for the browser"
    _run([*command, "--", *requirements], scratch=scratch, cwd=cwd, text=text, size=0, progress=progress)
