"""Starting ``mug serve`` as a process of its own, so that a crash of the app does not end a session."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from mug.host.address import ServerAddress, find_running
from mug.host.errors import ServerStartError
from mug.protocol.handshake import ReadyLine

__all__ = ["LaunchedServer", "launch"]

StudyPath: TypeAlias = str | Path

LOG_TAIL_CHARS: Final = 20_000
STOP_TIMEOUT_S: Final = 10.0


def launch(
    study: StudyPath,
    *,
    data_dir: Path,
    host: str = "127.0.0.1",
    port: int | None = None,
    new_session: bool = False,
    session: str | None = None,
    pilot: bool = False,
    release: str = "automatic",
    label: str = "",
    expected: int | None = None,
    seats: Sequence[str] = (),
    conditions: Mapping[str, str] | None = None,
    stage: str = "running",
    help: bool = False,  # noqa: A002 - as the protocol calls it
    preview: bool = False,
    as_edited: Path | None = None,
    arguments: Sequence[str] = (),
) -> "LaunchedServer":
    """Start a server; returns at once (`LaunchedServer.wait_ready` waits).

    Args:
        study: Folder or script.
        data_dir: Folder of the records.
        host: Where it listens.
        port: Its port; None: the session's own, else the study's.
        new_session: Open a new session, even if one is open.
        session: Go on with this session.
        pilot: Keep the records apart, as a pilot's.
        release: Who lets groups go in a new session, automatic or experimenter; an open one keeps its own.
        label: What a new session is called.
        expected: How many participants are expected in it.
        seats: The desks that take part in it; empty: any.
        conditions: Its conditions, told to the study's functions.
        stage: Where it begins: prepared, doors_open or running.
        help: Whether its participants can ask for the experimenter.
        preview: A scratch session, of which nothing is kept; `data_dir` then holds its log and what it needs meanwhile.
        as_edited: With `preview`: the file that has the study's content; files and functions are those of `study`.
        arguments: What a script finds in ``sys.argv``.
    """
    command = [sys.executable, "-m", "mug", "serve", str(study), "--lifeline", "--host", host, "--data", str(data_dir)]
    if port is not None:
        command += ["--port", str(port)]
    if new_session:
        command.append("--new-session")
    if session is not None:
        command += ["--session", session]
    if pilot:
        command.append("--pilot")
    if release != "automatic":
        command += ["--release", release]
    if label:
        command.append(f"--label={label}")
    if expected is not None:
        command.append(f"--expected={expected}")
    if seats:
        command.append(f"--seats={','.join(seats)}")
    command += [f"--condition={name}={value}" for name, value in (conditions or {}).items()]
    if stage != "running":
        command += ["--stage", stage]
    if help:
        command.append("--help-button")
    if preview:
        command.append("--preview")
    if as_edited is not None:
        command += ["--as-edited", str(as_edited)]
    if arguments:
        command += ["--", *arguments]
    # Even a preview that is killed leaves nothing outside of this folder.
    scratch = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(data_dir)) if preview else {}
    return LaunchedServer(command, data_dir, environment=scratch)


class LaunchedServer:
    """A server process that this process started.

    Its stdin is the lifeline: when this process ends, however it ends, the server notices. Its stdout is read for one
    line and closed; its words go to a file, so that no full pipe can ever block it.

    Attributes:
        log_path: The file with its words.
    """

    def __init__(self, command: Sequence[str], data_dir: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self.log_path = _log_path(data_dir)
        self._data_dir = data_dir
        self._line: bytes = b""
        self._line_came = threading.Event()
        self._address: ServerAddress | None = None
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**_environment(), **(environment or {})},
                **_own_group(),
            )
        self._reader = threading.Thread(target=self._read_line, name="server-first-line", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def address(self) -> ServerAddress | None:
        """Where it is, once `wait_ready` returned."""
        return self._address

    def _read_line(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        with contextlib.suppress(OSError, ValueError):
            self._line = stdout.readline()
            stdout.close()
        self._line_came.set()

    def wait_ready(self, timeout_s: float = 60.0) -> ServerAddress:
        """Wait until participants can come.

        Raises:
            ServerStartError: It ended before, or was not ready in time (then it is stopped); the text is its own
                sentence.
        """
        deadline = time.monotonic() + timeout_s
        if not self._line_came.wait(timeout_s):
            self.stop()
            raise ServerStartError(
                f"the server was not ready within {timeout_s:g} s; its log: {self.log_path}", None, self.log()
            )
        try:
            ready = msgspec.json.decode(self._line, type=ReadyLine)
        except msgspec.MsgspecError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(max(deadline - time.monotonic(), 1.0))
            code = self._process.poll()
            self.stop()
            raise ServerStartError(_sentence(self.log(), code), code, self.log()) from None
        self._address = self._find(ready, deadline)
        return self._address

    def _find(self, ready: ReadyLine, deadline: float) -> ServerAddress:
        """The handshake file was written before the line; a preview's lies in a folder of its own."""
        for address in find_running(self._data_dir):
            if (address.pid, address.token) == (ready.pid, ready.token):
                return address
        return ServerAddress(
            url=f"http://127.0.0.1:{ready.port}",
            port=ready.port,
            pid=ready.pid,
            token=ready.token,
            experiment_id="",
            session_id="",
            data_dir=self._data_dir,
            version=ready.version,
        )

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._process.poll()

    def log(self) -> str:
        """The end of what it said."""
        try:
            return self.log_path.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL_CHARS:]
        except OSError:
            return ""

    def release(self) -> None:
        """Let go of it without stopping it: the lifeline is cut, so it stops only if nobody takes part."""
        self._close_pipes()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """Stop it (the session stays open) and return its exit code; one that does not answer is killed."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._close_pipes()
        self._reader.join(timeout_s)
        return self._process.returncode

    def _close_pipes(self) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()


def _own_group() -> dict[str, Any]:
    """A Ctrl-C in the app's terminal is not the server's."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


def _log_path(data_dir: Path) -> Path:
    """A new file in ``logs`` beside the records; in a temporary folder where that cannot be made."""
    name = f"server-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"
    folder = data_dir / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="mug-logs-"))
    path = folder / f"{name}.log"
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.log"
    return path


def _sentence(log: str, code: int | None) -> str:
    """The server's own words about why it did not start: what follows ``mug serve:``, else the last line."""
    text = log.strip()
    _, mark, said = text.rpartition("mug serve: ")
    if mark:
        return said.strip()
    last = text.splitlines()[-1] if text else ""
    return f"the server ended with code {code}{': ' + last if last else ''}"
