"""One match's process, as the server sees it: started, spoken to, listened to, and never waited for."""

import contextlib
import dataclasses
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil

from mug.authority import wire
from mug.ids import MatchId
from mug.play.config import GameConfig

__all__ = ["MatchProcess", "Outcome"]

MAX_UNSAID: Final = 2_000
"""So many messages may wait for a process before keys are left out: those of long ago help nobody."""

LOG_TAIL_BYTES: Final = 4_000
MAX_LOG_BYTES: Final = 8 * 1024 * 1024
KEPT_LOG_BYTES: Final = 256 * 1024
NICENESS: Final = 5
"""The server answers everybody; a match only its players."""
WAIT_FOR_EXIT_S: Final = 3.0
SECONDS_BETWEEN_LOOKS: Final = 0.01

_LOG: Final = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a process ended.

    Attributes:
        kind: "finished", "stopped", or a kind of AuthorityFailed.
    """

    kind: str
    message: str = ""
    traceback: str = ""
    outcome: str = ""


class MatchProcess:
    """Starts the process on a thread of its own, which also takes what it says.

    Args:
        match_id: The match.
        config: The game.
        start: The first message; its `config` is written when it is sent.
        log: Where standard error of the process goes.
        niceness: How much it gives way to others, where the platform knows that.
        heard: Called with each message of the process but Finished and Failed.
        ended: Called once with how it ended, after all messages.

    Attributes:
        started_s: When it was started, on the monotonic clock. heard_s: when it last gave a sign.
        stage: As it said last; "starting" before that.
        asset_specs: The pictures that the environment has registered.
    """

    def __init__(
        self,
        match_id: MatchId,
        config: GameConfig,
        start: wire.Start,
        *,
        log: Path,
        niceness: int = NICENESS,
        heard: Callable[["MatchProcess", wire.FromProcess], None],
        ended: Callable[["MatchProcess", Outcome], None],
    ) -> None:
        self.match_id = match_id
        self.started_s = self.heard_s = time.monotonic()
        self.stage = "starting"
        self.asset_specs: tuple[dict[str, Any], ...] = ()
        self.hz = 0.0
        self.late_frames = 0
        self.cpu = 0.0
        self.memory_bytes = 0
        self.stop_by_s: float | None = None
        self._config = config
        self._start = start
        self._log = log
        self._niceness = niceness
        self._heard = heard
        self._ended = ended
        self._unsaid: queue.SimpleQueue[wire.ToProcess | None] = queue.SimpleQueue()
        self._child: subprocess.Popen[bytes] | None = None
        self._watched: psutil.Process | None = None
        self._fault: Outcome | None = None
        self._is_over = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"match {match_id}", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """The process's id; 0 while it is not there."""
        child = self._child
        return 0 if child is None else child.pid

    def say(self, message: wire.ToProcess) -> None:
        """Say something to the process; keys are left out where it does not listen, what the engine says never is."""
        if not isinstance(message, wire.Keys | wire.Seen) or self._unsaid.qsize() < MAX_UNSAID:
            self._unsaid.put(message)

    def stop(self, within_s: float) -> None:
        """Let the process hand over what it has recorded, and end."""
        self.stop_by_s = time.monotonic() + within_s
        self.say(wire.Stop())

    def kill(self, why: Outcome) -> None:
        """End the process at once; the first reason holds."""
        with self._lock:
            self._fault = self._fault or why
            self._end_all()

    def join(self, timeout_s: float) -> None:
        """Wait until the process has ended and that was told."""
        self._thread.join(timeout_s)

    def measure(self) -> None:
        """Look at memory and CPU; keep the log small."""
        watched = self._watched
        if watched is None:
            return
        with contextlib.suppress(psutil.Error, OSError), watched.oneshot():
            self.memory_bytes = int(watched.memory_info().rss)
            self.cpu = watched.cpu_percent() / 100
        _shorten(self._log)

    # ------------------------------------------------------------------ the thread

    def _run(self) -> None:
        said: wire.Finished | wire.Failed | None = None
        try:
            child = self._spawn()
        except OSError as error:
            self._tell_end(Outcome("start", f"the process of the match could not be started: {error}"))
            return
        writer = threading.Thread(target=self._write, args=(child,), name=f"to match {self.match_id}", daemon=True)
        writer.start()
        try:
            said = self._listen(child)
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            self.kill(Outcome("crashed", f"the process of the match said what cannot be understood: {error}"))
        code = self._wait(child)
        self._unsaid.put(None)
        self._tell_end(self._outcome(said, code))

    def _spawn(self) -> "subprocess.Popen[bytes]":
        package = str(Path(__file__).parents[2])
        places = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
        alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        quiet = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "MPLBACKEND": "Agg"}
        python = {"PYTHONPATH": places, "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1"}
        with self._log.open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "mug.authority.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=package,
                env={**os.environ, **alone, **quiet, **python},
                start_new_session=True,  # and with it a group, which is ended with it
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # Ctrl-C is the server's
            )
        with self._lock:
            self._child = child
            if self._fault is not None:
                self._end_all()
        with contextlib.suppress(psutil.Error, OSError):
            self._watched = psutil.Process(child.pid)
            self._watched.nice(getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", self._niceness))  # the former on Windows
        return child

    def _write(self, child: "subprocess.Popen[bytes]") -> None:
        assert child.stdin is not None
        config = json.dumps(dataclasses.asdict(self._config))
        with contextlib.suppress(OSError, ValueError):
            wire.write_message(child.stdin, msgspec.structs.replace(self._start, config=config))
            self._start = wire.Start(config="", root="")  # the stored rows are not needed any more
            while (message := self._unsaid.get()) is not None:
                wire.write_message(child.stdin, message)
        with contextlib.suppress(OSError, ValueError):
            child.stdin.close()

    def _listen(self, child: "subprocess.Popen[bytes]") -> wire.Finished | wire.Failed | None:
        assert child.stdout is not None
        decoder = msgspec.msgpack.Decoder(wire.FromProcess)
        with child.stdout:
            while (message := wire.read_message(child.stdout, decoder)) is not None:
                self.heard_s = time.monotonic()
                if isinstance(message, wire.Finished | wire.Failed):
                    return message  # a process that study code has started may keep the pipe open for ever
                if isinstance(message, wire.Changed | wire.Alive):
                    self.late_frames = message.late_frames
                if isinstance(message, wire.Changed):
                    self.stage, self.hz = message.stage, message.hz
                    self.asset_specs = message.asset_specs or self.asset_specs
                try:
                    self._heard(self, message)
                except Exception:
                    _LOG.exception("what match %s said could not be passed on", self.match_id)
        return None

    def _wait(self, child: "subprocess.Popen[bytes]") -> int:
        """Wait until the process has ended, with all that study code has started there; returns the exit code."""
        ends_s = time.monotonic() + WAIT_FOR_EXIT_S
        while not self._has_ended() and time.monotonic() < ends_s:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        with self._lock:
            self._end_all()
            self._is_over = True  # from here on its id, and that of its group, may be another's
        return child.wait()

    def _has_ended(self) -> bool:
        """Whether the process has ended; its exit code stays to be fetched, so its id is still its own."""
        try:
            return self._watched is None or self._watched.status() == psutil.STATUS_ZOMBIE
        except psutil.Error:
            return True

    def _end_all(self) -> None:
        """End the process, and those that study code has started in it."""
        child = self._child
        if child is None or self._is_over:
            return
        with contextlib.suppress(OSError, psutil.Error):
            if sys.platform != "win32":
                os.killpg(child.pid, signal.SIGKILL)
            else:
                for started in psutil.Process(child.pid).children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        started.kill()
        with contextlib.suppress(OSError):
            child.kill()

    def _outcome(self, said: wire.Finished | wire.Failed | None, code: int) -> Outcome:
        if isinstance(said, wire.Failed):
            return Outcome(said.kind, said.message, said.traceback)
        if said is not None:
            return Outcome("finished", said.reason, outcome=said.outcome)
        with self._lock:
            fault = self._fault
        if fault is not None:
            return dataclasses.replace(fault, traceback=fault.traceback or self._last_words())
        if self.stop_by_s is not None:
            return Outcome("stopped")
        return Outcome("crashed", f"the process of the match ended by itself ({_exit_words(code)})", self._last_words())

    def _last_words(self) -> str:
        try:
            with self._log.open("rb") as log:
                log.seek(max(0, self._log.stat().st_size - LOG_TAIL_BYTES))
                return log.read().decode("utf-8", errors="replace").strip()
        except OSError:
            return ""

    def _tell_end(self, outcome: Outcome) -> None:
        try:
            self._ended(self, outcome)
        except Exception:
            _LOG.exception("the end of match %s could not be passed on", self.match_id)


def _exit_words(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _shorten(log: Path) -> None:
    """Leave out the beginning of a log that study code has filled: the process appends to what is there."""
    with contextlib.suppress(OSError):
        if log.stat().st_size <= MAX_LOG_BYTES:
            return
        with log.open("r+b") as file:
            file.seek(-KEPT_LOG_BYTES, os.SEEK_END)
            kept = file.read()
            file.seek(0)
            file.write(b"[earlier lines were left out]\n" + kept)
            file.truncate()
