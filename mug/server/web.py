"""What is served over HTTP: the page, the client's files, Python's files, the study's static files. Nothing else."""

import gzip
import hmac
import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from flask import Flask, Response, abort, request, send_file

from mug.authority.replays import Replays
from mug.ids import is_valid_id
from mug.runtime import PreparedRuntime, RuntimeFiles
from mug.runtime.onnx_web import CLIENT_FOLDER
from mug.server.builds import BuildFiles, build_policy
from mug.server.watching import WatchedMatches
from mug.server.watching_live import Watchable
from mug.server.watching_routes import add_watching

__all__ = ["CLIENT_FOLDER", "ServedStudy", "client_build", "is_this_machine", "make_app"]

BUILD_MARK: Final = 'name="mug-build" content="'

_FOREVER: Final = "public, max-age=31536000, immutable"
_NOT_BUILT: Final = (
    "<!doctype html><meta charset=utf-8><title>MUG</title><h1>The participants' page is not built</h1>"
    "<p>Run <code>python3 bootstrap.py lab</code>, or <code>npm ci &amp;&amp; npm run build</code> in the folder "
    "<code>web_client</code>, then start the server again.</p>"
)
_NO_DESK: Final = (
    "<!doctype html><meta charset=utf-8><title>MUG</title><h1>This is not the address of a desk</h1>"
    "<p>A desk's name has letters, digits, “-”, “_” and “.” only, and 64 of them at most: <code>/seat/PC-07</code>.</p>"
)
_COMPRESSED_SUFFIXES: Final = frozenset({".js", ".mjs", ".css", ".html", ".json", ".svg", ".map", ".txt"})
_MIN_COMPRESSED_BYTES: Final = 1_024
_MAX_KEPT_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True)
class ServedStudy:
    """What one session serves besides the page.

    Attributes:
        static_roots: First part of an address, as the study writes it -> folder.
        zip_sha256: Names the zip for `/study`; empty: no runtime.
        zip_bytes: The zip.
        prepared: The study's packages.
        runtime_files: The interpreter's files.
        runtime_name: `<version>-<lock hash 12>`.
        builds: The folders of embedded builds.
    """

    static_roots: Mapping[str, Path] = field(default_factory=dict)
    zip_sha256: str = ""
    zip_bytes: bytes = b""
    prepared: PreparedRuntime | None = None
    runtime_files: RuntimeFiles | None = None
    runtime_name: str = ""
    builds: BuildFiles = field(default_factory=BuildFiles)


def client_build(folder: Path = CLIENT_FOLDER) -> str:
    """The hash that the built client carries in its page; empty when it is not built."""
    try:
        page = (folder / "index.html").read_text(encoding="utf-8")
    except OSError:
        return ""
    _, mark, rest = page.partition(BUILD_MARK)
    return rest.partition('"')[0] if mark else ""


def is_this_machine(address: str | None, own_host: str) -> bool:
    """Whether a peer is this machine: it comes by loopback, or from the very address that we listen on."""
    if address is None:
        return False
    return address.startswith("127.") or address in ("::1", "::ffff:127.0.0.1", own_host)


def make_app(
    study: ServedStudy,
    *,
    token: str,
    describe: Callable[[], dict[str, Any]],
    look: Callable[[str], dict[str, Any] | None] = lambda _token: None,
    health: dict[str, Any],
    client: Path = CLIENT_FOLDER,
    host: str = "",
    remote_lab: bool = False,
    watching: WatchedMatches | None = None,
    processes: Callable[[], Watchable | None] = lambda: None,
    replays: Replays | None = None,
    page_for_all: bool = True,
) -> Flask:
    """Build the HTTP side.

    Args:
        study: What is served besides the page.
        token: Of the lab's routes.
        describe: What `/_mug/lab` answers to who holds the token.
        look: What `/_mug/view/data` answers to who holds the token of a web view; None: there is no such view.
        health: What `/_mug/health` answers to everybody.
        client: Folder of the built client.
        host: The address that the server listens on.
        remote_lab: Let consoles on other machines in, too.
        watching: The matches that can be watched with the token.
        processes: What steps matches now; None: nothing does.
        replays: What steps matches again that the server had stepped.
        page_for_all: Serve the participants' page; not where a session is only looked at.
    """
    app = Flask("mug", static_folder=None)
    packed = _Packed()

    def built_page(name: str) -> Response:
        file = client / name
        if not file.is_file():
            return Response(_NOT_BUILT, 503, mimetype="text/html")
        return packed.send(file, "text/html", "no-cache")

    def page(subject_id: str = "") -> Response:
        return built_page("index.html")

    def seat(desk: str) -> Response:
        return page() if is_valid_id(desk) else Response(_NO_DESK, 404, mimetype="text/html")

    def client_file(tail: str) -> Response:
        path = _inside(client, tail)
        if path is None:
            already = _inside(client, f"{tail}.gz")
            if already is None:
                abort(404)
            return packed.send_packed(already, _mime(Path(tail)), _FOREVER)
        hashed = path.parent.name == "assets" or path.parent.name.startswith("onnx-") or path.name.startswith("frame-")
        response = packed.send(path, _mime(path), _FOREVER if hashed else "no-cache")
        if path.name.startswith("frame-"):
            of_build = path.name.startswith("frame-unity-")
            response.headers["Content-Security-Policy"] = build_policy() if of_build else _frame_policy()
            response.headers["X-Frame-Options"] = "SAMEORIGIN"
        return response

    def build_file(tail: str) -> Response:
        return study.builds.send(tail, packed.send)

    def runtime_file(name: str, tail: str) -> Response:
        if study.runtime_files is None or name != study.runtime_name:
            abort(404)
        return _served(study.runtime_files, tail)

    def package_file(lock: str, tail: str) -> Response:
        prepared = study.prepared
        if prepared is None or lock != prepared.lock_sha256:
            abort(404)
        if tail == "pyodide-lock.json":
            return packed.send_bytes(prepared.lock_json, "application/json", _FOREVER, key=lock)
        return _served(RuntimeFiles.of_study(prepared), tail)

    def study_file(name: str) -> Response:
        if not study.zip_sha256 or name != f"{study.zip_sha256}.zip":
            abort(404)
        response = Response(study.zip_bytes, mimetype="application/zip")
        response.headers["Cache-Control"] = _FOREVER
        return response

    def admit() -> None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not (remote_lab or is_this_machine(request.remote_addr, host)) or not hmac.compare_digest(
            given.encode(), token.encode()
        ):
            abort(403)

    def lab() -> dict[str, Any]:
        admit()
        return describe()

    def view_data() -> dict[str, Any]:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        shown = look(given.strip()) if kind == "Bearer" else None
        if shown is None:
            abort(403)
        return shown

    def static_file(tail: str) -> Response:
        path = _static(study.static_roots, tail)
        if path is None:
            abort(404)
        return packed.send(path, _mime(path), "no-cache")

    if page_for_all:
        app.add_url_rule("/", "page", page)
        app.add_url_rule("/<subject_id>", "participant", page)
        app.add_url_rule("/seat/<desk>", "seat", seat)
    app.add_url_rule("/_mug/client/<path:tail>", "client_file", client_file)
    app.add_url_rule("/_mug/runtime/<name>/<path:tail>", "runtime_file", runtime_file)
    app.add_url_rule("/_mug/packages/<lock>/<path:tail>", "package_file", package_file)
    app.add_url_rule("/_mug/study/<name>", "study_file", study_file)
    app.add_url_rule("/_mug/build/<path:tail>", "build_file", build_file)
    app.add_url_rule("/_mug/lab", "lab", lab)
    app.add_url_rule("/_mug/view", "view", lambda: built_page("view.html"))
    app.add_url_rule("/_mug/view/data", "view_data", view_data)
    watch_page = lambda: built_page("watch.html")  # noqa: E731
    add_watching(app, watching, admit=admit, page=watch_page, processes=processes, replays=replays)
    app.add_url_rule("/_mug/health", "health", lambda: health)
    app.add_url_rule("/<path:tail>", "static_file", static_file)
    app.after_request(_secure)
    return app


def _secure(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _page_policy(request.host))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    headers.setdefault("Cache-Control", "no-store")
    return response


def _page_policy(host: str) -> str:
    return (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; "
        f"connect-src 'self' ws://{host} wss://{host}; img-src 'self' data: blob:; media-src 'self' data: blob:; "
        "style-src 'self' 'unsafe-inline'; font-src 'self' data:; frame-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def _frame_policy() -> str:
    """The study's own scripts, in their sandboxed frame: no other host, and no connections at all.

    The frame's origin is opaque, so ``'self'`` would name nothing: this server is named by its address.
    """
    here = f"{request.scheme}://{request.host}"
    return (
        f"default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' {here}; style-src 'unsafe-inline' {here}; "
        f"img-src data: blob: {here}; media-src data: blob: {here}; font-src data: {here}; "
        f"base-uri {here}; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts allow-forms"
    )


def _served(files: RuntimeFiles, tail: str) -> Response:
    found = files.find(tail)
    if found is None:
        abort(404)
    response = send_file(found.path, mimetype=found.mime_type, conditional=True, etag=True)
    if found.content_encoding is not None:
        response.headers["Content-Encoding"] = found.content_encoding
    response.headers["Cache-Control"] = _FOREVER
    return response


def _inside(folder: Path, tail: str) -> Path | None:
    """The file under `folder` that an address names; None when it leads elsewhere, is hidden, or is not there."""
    pure = PurePosixPath(tail)
    if pure.is_absolute() or "\\" in tail or "\0" in tail or any(part.startswith(".") for part in pure.parts):
        return None
    path = (folder / pure).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None


def _static(roots: Mapping[str, Path], tail: str) -> Path | None:
    for root, folder in roots.items():
        prefix = f"{root}/"
        if tail.startswith(prefix) and (path := _inside(folder, tail.removeprefix(prefix))) is not None:
            return path
    return None


def _mime(path: Path) -> str:
    if path.suffix in (".js", ".mjs"):
        return "text/javascript"
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


class _Packed:
    """Sends files, texts compressed once and kept while their file is unchanged."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int, int], bytes] = {}
        self._kept_bytes = 0

    def send(self, path: Path, mime: str, caching: str) -> Response:
        if path.suffix not in _COMPRESSED_SUFFIXES or "gzip" not in request.headers.get("Accept-Encoding", ""):
            response = send_file(path, mimetype=mime, conditional=True, etag=True)
        else:
            stat = path.stat()
            key = (str(path), stat.st_mtime_ns, stat.st_size)
            response = self._compressed(key, path.read_bytes, mime)
            response.set_etag(f"{stat.st_mtime_ns:x}-{stat.st_size:x}")
            response.make_conditional(request)
        response.headers["Cache-Control"] = caching
        return response

    def send_packed(self, path: Path, mime: str, caching: str) -> Response:
        """Send a file that lies there compressed."""
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response = send_file(path, mimetype=mime, conditional=True, etag=True)
            response.headers["Content-Encoding"] = "gzip"
        else:
            response = Response(gzip.decompress(path.read_bytes()), mimetype=mime)
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = caching
        return response

    def send_bytes(self, data: bytes, mime: str, caching: str, *, key: str) -> Response:
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response = self._compressed((key, 0, len(data)), lambda: data, mime)
        else:
            response = Response(data, mimetype=mime)
        response.headers["Cache-Control"] = caching
        return response

    def _compressed(self, key: tuple[str, int, int], read: Callable[[], bytes], mime: str) -> Response:
        packed = self._kept.get(key)
        if packed is None:
            data = read()
            if len(data) < _MIN_COMPRESSED_BYTES:
                return Response(data, mimetype=mime)
            packed = gzip.compress(data, 6)
            if self._kept_bytes + len(packed) <= _MAX_KEPT_BYTES:
                self._kept[key] = packed
                self._kept_bytes += len(packed)
        response = Response(packed, mimetype=mime)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        return response
