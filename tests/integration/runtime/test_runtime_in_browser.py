"""What `mug.runtime` hands out, loaded by a real browser on a lab's insecure origin under a strict policy."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from mug.runtime import (
    PreparedRuntime,
    RuntimeFiles,
    RuntimeMissingError,
    browser_part,
    find_distribution,
    prepare_study,
    study_zip,
)
from tests.drivers.browser_driver import CHROMIUM_ARGS, LAB_HOST, START_MS, chromium_path

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]

POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'"
PAGE = '<!DOCTYPE html><html><head><meta charset="utf-8"></head><body><script type="module" src="/page.mjs"></script>'
PAGE_SCRIPT = """
const worker = new Worker("/worker.mjs" + location.search, { type: "module" });
worker.onmessage = (event) => { window.answer = event.data; };
worker.onerror = (event) => { window.answer = { error: event.message || "the worker did not start" }; };
"""
WORKER_SCRIPT = """
const told = JSON.parse(decodeURIComponent(location.search.slice(1)));
const times = {};
let last = performance.now();
const note = (name) => { const now = performance.now(); times[name] = Math.round(now - last); last = now; };
try {
  const { loadPyodide } = await import(told.index + "pyodide.mjs");
  const options = { indexURL: told.index, lockFileURL: told.lock, env: { PYTHONHASHSEED: "0", HOME: "/home/pyodide" } };
  if (told.snapshot) {
    options._loadSnapshot = await (await fetch(told.index + told.snapshot)).arrayBuffer();
  }
  const pyodide = await loadPyodide(options);
  note("boot");
  await pyodide.loadPackage(told.packages, { messageCallback() {} });
  note("packages");
  const zip = await (await fetch(told.zip)).arrayBuffer();
  pyodide.FS.mkdirTree("/study");
  pyodide.unpackArchive(zip, "zip", { extractDir: "/study" });
  const answer = pyodide.runPython(told.code);
  note("code");
  postMessage({ answer, times });
} catch (error) {
  postMessage({ error: String(error && error.stack || error) });
}
"""
CODE = """
import sys, json
sys.path.insert(0, "/study")
import numpy, mug.ids, mug.rendering
surface = mug.rendering.Surface(10, 10)
surface.circle(5, 5, 2)
drawn = len(surface.commit().to_dict()["game_state_objects"])
json.dumps([int(numpy.arange(5).sum()), hash("abc"), drawn, "/numpy/__init__.pyc" in numpy.__file__])
"""


class Lab:
    """A server of nothing but the runtime's files."""

    def __init__(self, runtime: RuntimeFiles, prepared: PreparedRuntime, zip_bytes: bytes) -> None:
        self.index = "/_mug/runtime/0.27.7-abc/"
        self.lock = f"/_mug/packages/{prepared.lock_sha256}/pyodide-lock.json"
        self.asked: list[str] = []
        wheels = RuntimeFiles.of_study(prepared)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                outer.asked.append(path)
                fixed = {
                    "/": (PAGE.encode(), "text/html"),
                    "/page.mjs": (PAGE_SCRIPT.encode(), "text/javascript"),
                    "/worker.mjs": (WORKER_SCRIPT.encode(), "text/javascript"),
                    "/study.zip": (zip_bytes, "application/zip"),
                    outer.lock: (prepared.lock_json, "application/json"),
                }
                encoding = None
                if path in fixed:
                    body, mime_type = fixed[path]
                else:
                    files = runtime if path.startswith(outer.index) else wheels
                    found = files.find(path.rpartition("/")[2])
                    if found is None or not path.startswith((outer.index, outer.lock.rpartition("/")[0] + "/")):
                        self.send_error(404)
                        return
                    body, mime_type, encoding = found.path.read_bytes(), found.mime_type, found.content_encoding
                self.send_response(200)
                self.send_header("Content-Type", mime_type)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", POLICY)
                if encoding is not None:
                    self.send_header("Content-Encoding", encoding)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="lab")
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


@pytest.fixture
def lab() -> Iterator[tuple[Lab, PreparedRuntime, RuntimeFiles]]:
    if chromium_path() is None:
        pytest.skip("Debian's Chromium is missing")
    try:
        runtime = RuntimeFiles.of_distribution(find_distribution())
    except RuntimeMissingError as error:
        pytest.skip(str(error))
    prepared = prepare_study(["packaging"], lock_path=None)
    served = Lab(runtime, prepared, study_zip(browser_part())[1])
    try:
        yield served, prepared, runtime
    finally:
        served.close()


def test_that_a_browser_boots_with_and_without_the_snapshot(
    lab: tuple[Lab, PreparedRuntime, RuntimeFiles], artifacts: Path
) -> None:
    served, prepared, runtime = lab
    table = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS, timeout=START_MS)
        context = browser.new_context()
        for run in ("plain", "snapshot"):
            told = {
                "index": served.index,
                "lock": served.lock,
                "zip": "/study.zip",
                "packages": prepared.packages,
                "code": CODE,
                "snapshot": runtime.snapshot_name if run.startswith("snapshot") else None,
            }
            page = context.new_page()
            page.set_default_timeout(START_MS)
            address = f"http://{LAB_HOST}:{served.port}/?"
            page.goto(address + "".join(f"%{byte:02x}" for byte in json.dumps(told).encode()))
            page.wait_for_function("() => window.answer !== undefined", timeout=120_000)
            answer = page.evaluate("() => window.answer")
            assert "error" not in answer, answer
            assert json.loads(answer["answer"]) == [10, -1600925533, 1, True]
            table.append(f"{run:15} " + "  ".join(f"{name} {ms} ms" for name, ms in answer["times"].items()))
            page.close()
        browser.close()
    (artifacts / "runtime_load_times.txt").write_text("\n".join(table) + "\n", encoding="utf-8")
    snapshot = served.index + str(runtime.snapshot_name)
    assert served.asked.count(snapshot) >= 1
