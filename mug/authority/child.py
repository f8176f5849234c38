"""``python -m mug.authority.child``: the process that steps one match.

It speaks over its standard input and output (`mug.authority.wire`). Study code finds neither: what it prints goes to
the log, which standard error is, and it has nothing to read. When the server is gone, so is this process.
"""

import contextlib
import faulthandler
import io
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from mug.authority import wire
from mug.authority.kept_views import KeptViews
from mug.authority.match_loop import ALIVE_S, Heard, MatchLoop, measured
from mug.authority.replay_loop import ReplayLoop
from mug.authority.stepped_match import SteppedMatch
from mug.play.authority import AuthoritySession
from mug.play.config import GameConfig
from mug.play.determinism import NativeEntropy
from mug.play.errors import EnvironmentFailedError, IrreproducibleError, PlayError
from mug.policies.native import run_models_here

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["main"]

EXIT_LEFT_ALONE: Final = 3
SWITCH_INTERVAL_S: Final = 0.002
"""Keys are to be heard while a step runs."""


def main() -> int:
    """Step one match; returns the exit code."""
    source, out = _take_pipes()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which says what is to be done
    faulthandler.enable(sys.stderr)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    saying = _Saying(out)
    saying.say(wire.Begun(pid=os.getpid()))
    decoder = msgspec.msgpack.Decoder(wire.ToProcess)
    start = wire.read_message(source, decoder)
    if not isinstance(start, wire.Start):
        return EXIT_LEFT_ALONE
    heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    threading.Thread(target=_hear, args=(source, decoder, heard), name="hearing", daemon=True).start()
    _limit_address_space(start.address_space)
    ended = (_replay if start.again else _play)(start, heard, saying.say)
    if ended is not None:
        saying.say(ended)
    saying.finish()
    sys.stdout.flush()
    os._exit(0)  # threads that study code has left do not keep the process


def _play(
    start: wire.Start, heard: "queue.SimpleQueue[Heard]", say: Callable[[wire.FromProcess], None]
) -> wire.Finished | wire.Failed | None:
    """Play the match; returns how it ended, None where it was stopped."""
    session: AuthoritySession | None = None
    try:
        session = _session(start, _Signs(say).give)
        opened = session.open(start.stored)
        loop = MatchLoop(session, opened, heard=heard, say=say, clock_s=perf_counter)
        completed = loop.run()
        if not completed:
            _flush(session, say)
        return wire.Finished() if completed else None
    except IrreproducibleError as error:
        return wire.Failed(kind="irreproducible", message=str(error))
    except Exception as error:
        if session is not None:
            _flush(session, say)
        return _failure(error)
    finally:
        if session is not None:
            with contextlib.suppress(Exception):
                session.close()


def _replay(
    start: wire.Start, heard: "queue.SimpleQueue[Heard]", say: Callable[[wire.FromProcess], None]
) -> wire.Failed | None:
    """Step a match again that is over; returns how it failed, None where it was stopped."""
    views = KeptViews()
    match: SteppedMatch | None = None
    try:
        config = _placed(start)
        entropy = NativeEntropy(config.match_seed, config.fps)
        match = SteppedMatch(config, start.stored, root=Path(start.root), entropy=entropy, views=views)
        ReplayLoop(match, heard=heard, say=say, clock_s=perf_counter).run()
        return None
    except Exception as error:
        return _failure(error)
    finally:
        if match is not None:
            match.close()
        views.close()


def _session(start: wire.Start, stepped_again: Callable[[], None]) -> AuthoritySession:
    config = _placed(start)
    entropy = NativeEntropy(config.match_seed, config.fps)
    run_models_here()
    session = AuthoritySession(config, root=Path(start.root), entropy=entropy, waits=False, stepped_again=stepped_again)
    for agent in start.dropped:
        session.drop(agent)
    return session


def _placed(start: wire.Start) -> GameConfig:
    """Stand where the study's code is found; returns the game."""
    os.chdir(start.root)
    for folder in reversed([start.root, *start.paths]):
        sys.path.insert(0, folder)
    return GameConfig.from_dict(json.loads(start.config))


def _flush(session: AuthoritySession, say: Callable[[wire.FromProcess], None]) -> None:
    with contextlib.suppress(PlayError):
        output = session.flush()
        for chunk in output.chunks:
            say(wire.Chunk(stream="frames", meta=chunk.meta, body=chunk.body))
        for figures in output.policy_figures:
            say(measured(figures))


def _failure(error: Exception) -> wire.Failed:
    traceback.print_exception(error)
    if isinstance(error, EnvironmentFailedError):
        return wire.Failed(kind="environment", message=_sayable(str(error)), traceback=_sayable(error.traceback))
    if isinstance(error, PlayError):
        return wire.Failed(kind="environment", message=_sayable(str(error)))
    summary = "".join(traceback.format_exception_only(error)).strip()
    all_of_it = "".join(traceback.format_exception(error))
    return wire.Failed(kind="crashed", message=_sayable(summary), traceback=_sayable(all_of_it))


def _sayable(text: str) -> str:
    """Study code's texts may hold what is no text, such as half of a pair of UTF-16."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes to the server for ourselves; prints go to the log, and reading finds nothing."""
    source = os.fdopen(os.dup(0), "rb")
    out = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout.flush()
    os.dup2(2, 1)
    sys.stdout, sys.stderr = _log_to(1), _log_to(2)
    return source, out


class _Log(io.FileIO):
    """What finds no room on the disk is left out: a print is no reason to end a game."""

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _log_to(descriptor: int) -> io.TextIOWrapper:
    lines = io.BufferedWriter(_Log(descriptor, "w", closefd=False))
    return io.TextIOWrapper(lines, encoding="utf-8", errors="backslashreplace", line_buffering=True)


def _hear(
    source: BinaryIO, decoder: "msgspec.msgpack.Decoder[wire.ToProcess]", heard: "queue.SimpleQueue[Heard]"
) -> None:
    """Take what the server says; its end is ours, whatever study code is doing."""
    while (message := wire.read_message(source, decoder)) is not None:
        heard.put(message)
    _leave()


def _leave() -> None:
    """Nobody listens any more: end, with all processes that study code has started."""
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(EXIT_LEFT_ALONE)


def _limit_address_space(size: int) -> None:
    """Where the platform can: memory is refused to study code that asks for far too much at once."""
    if size <= 0 or sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


class _Signs:
    """Signs of life while stored rows are stepped again, which may take long."""

    def __init__(self, say: Callable[[wire.FromProcess], None]) -> None:
        self._say = say
        self._given_s = perf_counter()

    def give(self) -> None:
        now_s = perf_counter()
        if now_s - self._given_s >= ALIVE_S:
            self._given_s = now_s
            self._say(wire.Alive())


class _Saying:
    """Says things to the server on a thread of its own, so that a frame never waits for the pipe."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._messages: queue.SimpleQueue[wire.FromProcess | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="saying", daemon=True)
        self._thread.start()

    def say(self, message: wire.FromProcess) -> None:
        self._messages.put(message)

    def finish(self) -> None:
        """Wait until everything is said."""
        self._messages.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            while (message := self._messages.get()) is not None:
                try:
                    wire.write_message(self._out, message)
                except (ValueError, OverflowError, TypeError) as error:
                    self._give_up(message, error)
        except OSError:
            _leave()

    def _give_up(self, message: wire.FromProcess, error: Exception) -> None:
        """Study code gave something that no message can carry: say so, rather than nothing any more."""
        what = f"the game gave what cannot be passed on ({type(message).__name__.lower()}): {error}"
        wire.write_message(self._out, wire.Failed(kind="environment", message=_sayable(what)))
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
