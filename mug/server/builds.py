"""The files of embedded builds: found when a session begins, served with what browsers need to know of them.

A build runs in a frame with an opaque origin: it may load its own folder and nothing else, and reaches our page by
messages only.
"""

import gzip
import hashlib
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import quote

from flask import Response, abort, request, send_file

from mug.engine.embedded import BUILD_ADDRESS
from mug.protocol.messages import BuildFile
from mug.study.builds import build_address, files_below, find_parts, mime_of, packing_of
from mug.study.loading import LoadedStudy
from mug.study.model import EmbeddedBuild
from mug.study.treatments import every_version

__all__ = ["BuildFiles", "build_folder", "build_folders", "build_hashes", "build_policy", "read_builds"]

_HEAD_BYTES: Final = 64
_BROTLI_FACTOR: Final = 3
"""How much larger an unpacked file is about, where only unpacking it would tell: for a progress bar."""


def build_folder(loaded: LoadedStudy, scene: EmbeddedBuild) -> Path:
    """Return the folder of a scene's build on the disk; it need not be there."""
    return loaded.resolve_path(scene.webgl.webgl_base_url) / (scene.webgl.build_name or "").strip("/")


def build_folders(loaded: LoadedStudy) -> dict[str, Path]:
    """Return the folders of all builds that are there, by their addresses."""
    found: dict[str, Path] = {}
    for _, _, scene in every_version(loaded.study):
        if isinstance(scene, EmbeddedBuild) and scene.webgl.build_name:
            folder = build_folder(loaded, scene)
            if folder.is_dir() and folder.resolve().is_relative_to(
                loaded.resolve_path(scene.webgl.webgl_base_url).resolve()
            ):
                found[build_address(scene)] = folder
    return found


def read_builds(loaded: LoadedStudy) -> tuple[dict[str, tuple[BuildFile, ...]], list[str]]:
    """Find the files that pages load of every build.

    Returns:
        Address of a build's folder -> its files; and what is missing, in words.
    """
    builds: dict[str, tuple[BuildFile, ...]] = {}
    problems: list[str] = []
    folders = build_folders(loaded)
    for _, _, scene in every_version(loaded.study):
        address = build_address(scene) if isinstance(scene, EmbeddedBuild) else ""
        if not isinstance(scene, EmbeddedBuild) or address in builds:
            continue
        folder = folders.get(address)
        if folder is None:
            problems.append(f"scene {scene.scene_id!r}: there is no folder {address!r} in {loaded.folder}")
            continue
        parts, missing = find_parts(scene, files_below(folder))
        problems += [f"scene {scene.scene_id!r}: the build's folder {address!r} {words}" for words in missing]
        builds[address] = tuple(
            BuildFile(
                role=part.role,
                url=f"/{BUILD_ADDRESS}{quote(f'{address}/{part.path}')}",
                mime=mime_of(part.path),
                size=unpacked_size(folder / part.path),
            )
            for part in parts
        )
    return builds, list(dict.fromkeys(problems))


def build_hashes(loaded: LoadedStudy) -> dict[str, str]:
    """Return the sha256 of every file of every build, by its address: the session's record says what was played."""
    found: dict[str, str] = {}
    for address, folder in build_folders(loaded).items():
        for path in files_below(folder):
            with (folder / path).open("rb") as file:
                found[f"{address}/{path}"] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def unpacked_size(path: Path) -> int:
    """Return how many bytes a page gets of a file, about."""
    size = path.stat().st_size
    with path.open("rb") as file:
        packing = packing_of(path.name, file.read(_HEAD_BYTES))
        if packing == "gzip" and size >= 18:
            file.seek(-4, 2)
            return int(struct.unpack("<I", file.read(4))[0])
    return size * _BROTLI_FACTOR if packing == "br" else size


@dataclass(frozen=True)
class BuildFiles:
    """The folders of builds, as they are served.

    Attributes:
        folders: Address -> folder.
    """

    folders: Mapping[str, Path] = field(default_factory=dict)

    def find(self, tail: str) -> Path | None:
        """Return the file that an address names; None when it is of no build, hidden, or not there."""
        for address, folder in self.folders.items():
            if not tail.startswith(f"{address}/"):
                continue
            inside = PurePosixPath(tail.removeprefix(f"{address}/"))
            if inside.is_absolute() or "\\" in tail or "\0" in tail or any(p.startswith(".") for p in inside.parts):
                continue
            path = (folder / inside).resolve()
            if path.is_relative_to(folder.resolve()) and path.is_file():
                return path
        return None

    def send(self, tail: str, plain: Callable[[Path, str, str], Response]) -> Response:
        """Answer with a file of a build; `plain` sends one that is not packed."""
        path = self.find(tail)
        if path is None:
            abort(404)
        with path.open("rb") as file:
            packing = packing_of(path.name, file.read(_HEAD_BYTES))
        mime = mime_of(path.name)
        response = plain(path, mime, "no-cache") if packing is None else _packed(path, mime, packing)
        response.headers["Content-Security-Policy"] = build_policy()
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        # The frame's origin is opaque: without this it could not even load its own modules and data.
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response


def _packed(path: Path, mime: str, packing: str) -> Response:
    """Send a packed file as it is, and say how it is packed: the browser unpacks it."""
    if packing not in request.headers.get("Accept-Encoding", ""):
        if packing == "br":
            words = "This browser unpacks Brotli over https only. Build the game with Gzip, or without compression."
            return Response(words, 406, mimetype="text/plain")
        response = Response(gzip.decompress(path.read_bytes()), mimetype=mime)
    else:
        response = send_file(path, mimetype=mime, conditional=True, etag=True)
        response.headers["Content-Encoding"] = packing
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "no-cache"
    return response


def build_policy() -> str:
    """The policy of a build's frame: its own folder, what it makes itself, and no other host.

    The frame's origin is opaque, so ``'self'`` would name nothing: this server is named by its address.
    """
    host = f"{request.scheme}://{request.host}"
    here = f"{host}/{BUILD_ADDRESS}"
    return (
        f"default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob: {here}; "
        f"worker-src blob: {here}; connect-src blob: data: {here}; style-src 'unsafe-inline' {here}; "
        f"img-src data: blob: {here}; media-src data: blob: {here}; font-src data: blob: {here}; frame-src 'none'; "
        f"base-uri {here}; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts allow-pointer-lock"
    )
