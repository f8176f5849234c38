"""What every server of ours has alike: quiet requests on a socket that is open already, and where its Python is."""

import logging
import socket
from typing import Any, Final

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from mug.protocol.parts import RuntimeManifest
from mug.runtime.onnx_web import onnx_web_folder
from mug.server.web import ServedStudy

__all__ = ["http_server", "runtime_manifest"]

_LOG: Final = logging.getLogger(__name__)


class _QuietHandler(WSGIRequestHandler):
    """Requests are not logged one by one; what goes wrong is."""

    # A message of several frames would otherwise wait up to 40 ms for the browser's acknowledgement of the first.
    disable_nagle_algorithm = True

    def make_environ(self) -> dict[str, Any]:
        """Leave out the browser's offer to compress its WebSocket, which simple-websocket would always take up.

        Small messages and packed chunks gain nothing by it, and each connection would pay with time and 300 kB.
        """
        environ = super().make_environ()
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        return environ

    def log_request(self, *_: object, **__: object) -> None:
        """Say nothing."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        """Give errors to logging."""
        _LOG.log(logging.INFO if type == "info" else logging.WARNING, message, *args)


def http_server(app: Flask, host: str, listening: socket.socket) -> BaseWSGIServer:
    """Serve an app on an open socket; `serve_forever` begins it."""
    return make_server(
        host,
        int(listening.getsockname()[1]),
        app,
        threaded=True,
        request_handler=_QuietHandler,
        fd=listening.fileno(),
    )


def runtime_manifest(study: ServedStudy, *, models: bool = False) -> RuntimeManifest | None:
    """Where a page's worker loads Python from; None: there is none.

    Args:
        study: What is served.
        models: Whether pages must be able to run ONNX models.
    """
    if study.prepared is None or study.runtime_files is None:
        return None
    index = f"/_mug/runtime/{study.runtime_name}/"
    snapshot = study.runtime_files.snapshot_name
    folder = onnx_web_folder() if models else None
    return RuntimeManifest(
        pyodide_version=study.prepared.pyodide_version,
        index_url=index,
        lock_url=f"/_mug/packages/{study.prepared.lock_sha256}/pyodide-lock.json",
        packages=study.prepared.packages,
        study_url=f"/_mug/study/{study.zip_sha256}.zip",
        snapshot_url=f"{index}{snapshot}" if snapshot is not None else None,
        models_url=f"/_mug/client/{folder.name}/" if folder is not None else None,
    )
