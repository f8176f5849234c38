"""The files of an embedded build: where they lie, how they are called, how they are packed."""

from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from mug.study.embedded import EmbeddedBuild, HtmlGame
from mug.study.problems import did_you_mean

__all__ = [
    "PACKED_SUFFIXES",
    "UNITY_PARTS",
    "BuildPart",
    "build_address",
    "build_root",
    "files_below",
    "find_parts",
    "is_brotli_marked",
    "mime_of",
    "packing_of",
]

MAX_FILES: Final = 20_000
"""So many files of a build's folder are looked at."""

UNITY_PARTS: Final[Mapping[str, str]] = {
    "loader": ".loader.js",
    "framework": ".framework.js",
    "data": ".data",
    "code": ".wasm",
}
"""Part of a Unity build → how its file's name ends, before what says how it is packed."""

PACKED_SUFFIXES: Final = ("", ".gz", ".br", ".unityweb")
"""How Unity names packed files; ".unityweb" is Gzip or Brotli, which the file's first bytes tell."""

_MIMES: Final[Mapping[str, str]] = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".json": "application/json",
    ".html": "text/html",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}
_BROTLI_MARK: Final = b"UnityWeb Compressed Content (brotli)"


class BuildPart(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a build.

    Attributes:
        role: loader, framework, data, code; of an HTML game: page.
        path: Below the build's folder, with slashes.
    """

    role: str
    path: str


def build_root(node: EmbeddedBuild) -> str:
    """Return the folder that holds builds, without dots and slashes around it; it is an address, too."""
    parts = [part for part in PurePosixPath(node.webgl.webgl_base_url.strip().replace("\\", "/")).parts if part != "."]
    return "/".join(parts).strip("/")


def build_address(node: EmbeddedBuild) -> str:
    """Return the build's folder, as an address below the server's root; without a slash at its end."""
    return f"{build_root(node)}/{(node.webgl.build_name or '').strip('/')}"


def find_parts(node: EmbeddedBuild, files: Collection[str]) -> tuple[tuple[BuildPart, ...], tuple[str, ...]]:
    """Find the files that a page loads of a build.

    Args:
        node: The scene.
        files: The paths of all files in the build's folder, with slashes.

    Returns:
        The parts, and what is wrong in words, each of which goes on after the build's folder.
    """
    if isinstance(node, HtmlGame):
        if "index.html" in files:
            return (BuildPart(role="page", path="index.html"),), ()
        return (), (f"has no index.html{did_you_mean('index.html', files)}",)
    name = PurePosixPath(node.webgl.build_name or "").name
    found: list[BuildPart] = []
    problems: list[str] = []
    for role, ending in UNITY_PARTS.items():
        wanted = f"Build/{name}{ending}"
        path = next((f"{wanted}{packed}" for packed in PACKED_SUFFIXES if f"{wanted}{packed}" in files), None)
        if path is not None:
            found.append(BuildPart(role=role, path=path))
            continue
        others = sorted(file for file in files if _ends(file, ending))
        hint = f"; there is {others[0]}: a Unity build's folder and its files must have the same name" if others else ""
        problems.append(f"has no {wanted}, nor one with .gz, .br or .unityweb at its end{hint}")
    return tuple(found), tuple(problems)


def _ends(file: str, ending: str) -> bool:
    return file.startswith("Build/") and any(file.endswith(f"{ending}{packed}") for packed in PACKED_SUFFIXES)


def packing_of(path: str, head: bytes) -> str | None:
    """Return how a file is packed, as a Content-Encoding: "gzip", "br" or None.

    Args:
        path: Its name.
        head: Its first bytes, 64 at least where it has so many.
    """
    suffix = PurePosixPath(path).suffix
    if suffix not in (".gz", ".br", ".unityweb"):
        return None
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if suffix == ".br" or is_brotli_marked(head):
        return "br"
    return None


def is_brotli_marked(head: bytes) -> bool:
    """Whether a file's first bytes say that Unity packed it with Brotli."""
    return _BROTLI_MARK in head[:64]


def mime_of(path: str) -> str:
    """Return the media type of a build's file, without what says how it is packed."""
    pure = PurePosixPath(path)
    if pure.suffix in (".gz", ".br", ".unityweb"):
        pure = pure.with_suffix("")
    return _MIMES.get(pure.suffix.lower(), "application/octet-stream")


def files_below(folder: Path) -> list[str]:
    """Return the paths of the files in a build's folder, with slashes; hidden ones are left out."""
    found = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if not any(part.startswith(".") for part in relative.parts) and path.is_file():
            found.append(relative.as_posix())
            if len(found) > MAX_FILES:
                break
    return found
