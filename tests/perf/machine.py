"""What the numbers were measured on, in words that name no person and no place."""

import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path

import psutil

from tests.drivers.browser_driver import chromium_path

__all__ = ["cores", "describe", "load_average"]


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load_average() -> float:
    """How many processes wanted a core during the last minute, as far as the system tells."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def describe() -> dict[str, str]:
    """The machine and the programs, as pairs of a name and a text."""
    versions = {name: importlib.metadata.version(name) for name in ("mug-py", "numpy", "gymnasium", "pyarrow")}
    return {
        "processor": f"{_processor()}, {cores()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GB",
        "system": _system(),
        "python": platform.python_version(),
        "packages": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "browser": _first_line([chromium_path() or "chromium", "--version"]),
        "node": _first_line(["node", "--version"]),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.platform(terse=True)


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "none"
    return (done.stdout.strip().splitlines() or ["none"])[0].strip()
