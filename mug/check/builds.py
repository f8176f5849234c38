"""Whether the build of a scene is there, complete, and packed so that browsers can read it."""

import functools
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mug.check.environments import Finding
from mug.study.builds import files_below, find_parts, is_brotli_marked, packing_of
from mug.study.loading import LoadedStudy
from mug.study.model import EmbeddedBuild
from mug.study.problems import did_you_mean

__all__ = ["build_findings"]

LARGE_BYTES: Final = 200 * 1024 * 1024


def build_findings(loaded: LoadedStudy, scene: EmbeddedBuild) -> Iterator[Finding]:
    """Yield what is wrong with the files of a scene's build."""
    base = loaded.resolve_path(scene.webgl.webgl_base_url)
    name = (scene.webgl.build_name or "").strip("/")
    if not base.is_dir():
        what = "is no folder" if base.exists() else f"does not exist in {loaded.folder}"
        yield "webgl.webgl_base_url", "error", "missing_folder", f"{scene.webgl.webgl_base_url!r} {what}"
        return
    if not name:
        return  # told by the data alone
    folder = base / name
    if not folder.is_dir():
        hint = did_you_mean(name, [entry.name for entry in base.iterdir() if entry.is_dir()])
        message = f"there is no folder {name!r} in {scene.webgl.webgl_base_url!r}{hint}"
        yield "webgl.build_name", "error", "missing_build", message
        return
    if not folder.resolve().is_relative_to(base.resolve()):
        message = f"{name!r} leads out of {scene.webgl.webgl_base_url!r}, which is all that is served"
        yield "webgl.build_name", "error", "missing_build", message
        return
    parts, missing = find_parts(scene, files_below(folder))
    for words in missing:
        yield "webgl.build_name", "error", "incomplete_build", f"the folder {name!r} {words}"
    size = 0
    for part in parts:
        path = folder / part.path
        size += path.stat().st_size
        yield from _of_file(path, f"{name}/{part.path}")
    if size > LARGE_BYTES:
        message = (
            f"the build has {size / 1e6:.0f} MB, which every participant loads: build it with compression, and try it "
            "in the lab's network"
        )
        yield "webgl.build_name", "warning", "large_build", message


def _of_file(path: Path, shown: str) -> Iterator[Finding]:
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        yield "webgl.build_name", "error", "unreadable_file", f"{shown!r} cannot be read: {error.strerror or error}"
        return
    if not head:
        yield "webgl.build_name", "error", "incomplete_build", f"{shown!r} is empty: build the game again"
    elif packing_of(path.name, head) == "br" or is_brotli_marked(head):
        message = (
            f"{shown!r} is packed with Brotli, which browsers read over https only: choose Gzip or no compression in "
            "Unity (Player Settings > Publishing Settings), unless participants come by https"
        )
        yield "webgl.build_name", "warning", "brotli_build", message
    elif path.suffix == ".gz" and packing_of(path.name, head) is None:
        message = f"{shown!r} is not packed with Gzip, though its name says so: build the game again"
        yield "webgl.build_name", "error", "incomplete_build", message
    elif packing_of(path.name, head) == "gzip" and not _unpacks(path, *_state_of(path)):
        message = f"{shown!r} is cut off or damaged, and cannot be unpacked: copy it again, else build the game again"
        yield "webgl.build_name", "error", "incomplete_build", message
    elif path.name.endswith(".wasm") and not head.startswith(b"\0asm"):
        yield "webgl.build_name", "error", "incomplete_build", f"{shown!r} is no WebAssembly: build the game again"


def _state_of(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


@functools.lru_cache(maxsize=256)
def _unpacks(path: Path, _size: int, _changed_ns: int) -> bool:
    """Whether the whole of a file that is packed with Gzip can be unpacked; found out once while it stays as it is."""
    try:
        with gzip.open(path, "rb") as file:
            while file.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error):
        return False
    return True
