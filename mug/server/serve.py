"""``mug serve``: builds and wires one session's server, runs it, and takes it down again."""

import argparse
import contextlib
import hashlib
import json
import logging
import os
import random
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final, TextIO

import msgspec

from mug.authority.limits import Limits
from mug.authority.replays import Replays
from mug.check.server_packages import server_versions
from mug.check.study import check_study, snapshot_levels
from mug.engine import SessionState, StudyRun, needs_runtime
from mug.engine.clock import iso
from mug.engine.inputs import LifelineEnded, StopRequested
from mug.errors import MugError
from mug.policies.cards import study_cards
from mug.protocol.handshake import HANDSHAKE_SUFFIX, Handshake, ReadyLine
from mug.protocol.messages import PROTOCOL_VERSION
from mug.records import RecordWriter, records_path
from mug.records import facts as f
from mug.records.scratch import ScratchFolder
from mug.runtime import PreparedRuntime, RuntimeFiles, find_distribution, prepare_study
from mug.server.addresses import listen, participant_addresses
from mug.server.builds import BuildFiles, build_folders
from mug.server.channel import Channel
from mug.server.clock import SteadyClock
from mug.server.dispatcher import Dispatcher
from mug.server.errors import StudyRefusedError
from mug.server.freeze import FrozenFiles, freeze, mug_version, versions
from mug.server.health import HealthSampler
from mug.server.hooks import StudyHooks
from mug.server.late_packets import leave_out_late_packets
from mug.server.past_telemetry import refill_telemetry
from mug.server.preview import ready_preview
from mug.server.serving import http_server, runtime_manifest
from mug.server.session_details import SessionDetails, session_details
from mug.server.sessions import Choice, choose_session, port_of
from mug.server.stepping import LOGS_FOLDER, Stepping, has_stepped_games, study_place
from mug.server.study_matchmakers import built_in_matchmakers
from mug.server.watching import WatchedMatches
from mug.server.watching_again import SteppedCode
from mug.server.web import CLIENT_FOLDER, ServedStudy, client_build, make_app
from mug.study.assets import served_roots
from mug.study.decoding import encode_study
from mug.study.loading import LoadedStudy, load, load_as_edited
from mug.study.used_models import study_uses_models

__all__ = ["Options", "serve", "serve_main"]

DEFAULT_HOST: Final = "127.0.0.1"
PREVIEW_IDLE_S: Final = 1800.0
_SAY_AGAIN_S: Final = 5.0
"""What still goes on is said again after this time."""
SWITCH_INTERVAL_S: Final = 0.02
"""Each connection has threads, and every one that waits for the interpreter wakes up this often to ask for it. At
Python's own 5 ms, hundreds of them fill a core with asking as soon as the machine is busy."""

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a session is served.

    Attributes:
        port: None: the session's own, else the study's.
        release: Who lets groups go in a new session, automatic or experimenter; an open one keeps its own.
        preview: A scratch session, of which nothing is kept.
        details: What is said of a new session.
        idle_s: A preview that no page has looked at for so long ends.
        match_memory_mb: What the process of a match may take, in a game that the server steps.
    """

    host: str | None = None
    port: int | None = None
    data_dir: Path = Path("data")
    new_session: bool = False
    session: str | None = None
    lifeline: bool = False
    pilot: bool = False
    remote_lab: bool = False
    match_memory_mb: int = 1024
    release: str = "automatic"
    details: SessionDetails = field(default_factory=SessionDetails)
    preview: bool = False
    idle_s: float = PREVIEW_IDLE_S


def serve_main(args: argparse.Namespace) -> int:
    """Run ``mug serve`` with parsed arguments; returns the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    leave_out_late_packets()
    options = Options(
        host=args.host,
        port=args.port,
        data_dir=Path(args.data),
        new_session=args.new_session,
        session=args.session,
        lifeline=args.lifeline,
        pilot=args.pilot,
        remote_lab=args.remote_lab,
        match_memory_mb=args.match_memory,
        release=args.release,
        details=session_details(
            label=args.label,
            expected=args.expected,
            seats=args.seats,
            conditions=args.condition,
            stage=args.stage,
            help=args.help_button,
        ),
        preview=args.preview,
        idle_s=args.idle,
    )
    if args.as_edited is not None and not args.preview:
        raise MugError("--as-edited goes with --preview: a session is served as its study is saved")
    if args.preview:
        _leave_cleanly()
    if args.as_edited is not None:
        loaded = load_as_edited(args.study, Path(args.as_edited), args.argv)
    else:
        loaded = load(args.study, args.argv)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return serve(loaded, options)


def serve(loaded: LoadedStudy, options: Options, *, out: TextIO | None = None, say: TextIO | None = None) -> int:
    """Serve a study until it is told to stop.

    Args:
        loaded: The study.
        options: How.
        out: Where the one line of JSON goes (stdout).
        say: Where words for people go (stderr).

    Raises:
        MugError: The server cannot start; its text says why and what to do.
    """
    out, say = out or sys.stdout, say or sys.stderr
    with contextlib.ExitStack() as stack:
        data_dir = options.data_dir.absolute()
        if options.preview or not loaded.study.save_experiment_data:
            scratch = ScratchFolder("preview")
            data_dir = Path(stack.enter_context(scratch))
        if options.preview:
            ready = ready_preview(loaded, lambda text: _tell(say, text))
            loaded, prepared, levels = ready.loaded, ready.prepared, ready.levels
        else:
            prepared = _check(loaded, say)
            levels = _levels(loaded, prepared, say)
        files = freeze(loaded, levels)
        path = records_path(data_dir, loaded.study.id, options.pilot)
        writer = RecordWriter.open(path)
        stack.callback(writer.close)
        choice = choose_session(
            path, files, mug_version(), wanted=options.session, new=options.new_session, pilot=options.pilot
        )
        host = options.host or loaded.study.hosting.host or DEFAULT_HOST
        listening = stack.enter_context(listen(host, port_of(options.port, choice, loaded.study.hosting.port)))
        session = _Session(loaded, options, files, prepared, choice, writer, path, data_dir, host, listening)
        return session.run(out, say)


def _check(loaded: LoadedStudy, say: TextIO) -> PreparedRuntime | None:
    """Refuse a study with errors (the same list as ``mug check``, without trying environments); make packages ready."""
    prepared: list[PreparedRuntime] = []
    said, said_at = "", time.monotonic()

    def progress(text: str, fraction: float | None) -> None:
        nonlocal said, said_at
        waited = time.monotonic() - said_at
        if waited > _SAY_AGAIN_S or (waited > 1 and text != said):
            done = "" if fraction is None else f" ({100 * fraction:.0f} %)"
            say.write(f"{text}{done}\n")
            say.flush()
            said, said_at = text, time.monotonic()

    def prepare(packages: Sequence[str], *, lock_path: Path | None) -> PreparedRuntime:
        prepared.append(prepare_study(packages, lock_path=lock_path, progress=progress))
        return prepared[-1]

    problems = check_study(loaded, runtime=prepare, try_environments=False)
    if errors := tuple(str(problem) for problem in problems if problem.severity == "error"):
        raise StudyRefusedError(str(loaded.source), errors)
    for problem in problems:
        say.write(f"{problem}\n")
    return prepared[-1] if prepared else None


def _levels(loaded: LoadedStudy, prepared: PreparedRuntime | None, say: TextIO) -> dict[str, str]:
    """How states of the games of several people are saved; without a way that holds the study is refused."""
    levels, problems = snapshot_levels(loaded, prepared, lambda text: _tell(say, text))
    if errors := tuple(str(problem) for problem in problems if problem.severity == "error"):
        raise StudyRefusedError(str(loaded.source), errors)
    for problem in problems:
        _tell(say, str(problem))
    return levels


def _tell(say: TextIO, text: str) -> None:
    say.write(f"{text}\n")
    say.flush()


def _leave_cleanly() -> None:
    """Let a preview that is stopped while it still starts remove what it has written, too."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))


class _Session:
    """One session's server, from the open socket to the closed records."""

    def __init__(
        self,
        loaded: LoadedStudy,
        options: Options,
        files: FrozenFiles,
        prepared: PreparedRuntime | None,
        choice: Choice,
        writer: RecordWriter,
        path: Path,
        data_dir: Path,
        host: str,
        listening: socket.socket,
    ) -> None:
        self._loaded = loaded
        self._options = options
        self._files = files
        self._choice = choice
        self._writer = writer
        self._path = path
        self._data_dir = data_dir
        self._host = host
        self._listening = listening
        self._port = int(listening.getsockname()[1])
        self._token = secrets.token_urlsafe(32)
        self._addresses = participant_addresses(host, self._port)
        self._stopped = threading.Event()
        self._reason = ""
        self._study = self._served(prepared)
        self._manifest = runtime_manifest(self._study, models=study_uses_models(loaded.study))

    def run(self, out: TextIO, say: TextIO) -> int:
        """Serve until a signal, the console or the lifeline ends it."""
        state = self._open_session()
        clock = SteadyClock()
        run = StudyRun(
            self._files.frozen,
            state,
            clock=clock,
            rng=random.SystemRandom(),
            runtime=self._manifest if needs_runtime(self._files.frozen.study) else None,
            build=client_build(),
            finished_before=self._choice.finished_before,
            addresses=self._addresses,
            data_dir=str(self._data_dir),
            turn_account=(os.environ.get("TURN_USERNAME", ""), os.environ.get("TURN_CREDENTIAL", "")),
            matchmakers=built_in_matchmakers(self._loaded),
            preview=self._options.preview,
        )
        hooks = StudyHooks(self._loaded)
        dispatcher = Dispatcher(
            run, self._writer, self._path, code=hooks.call, observe=hooks.observe, on_stop=self._stop
        )
        is_stepped = has_stepped_games(self._loaded)
        watching = WatchedMatches(
            self._path,
            self._choice.session_id,
            self._files.frozen,
            self._manifest,
            live=True,
            build=client_build(),
            code=SteppedCode(study_place(self._loaded, None)) if is_stepped else None,
        )
        replays = Replays(self._limits()) if is_stepped else None
        health = {"status": "ok", "protocol": PROTOCOL_VERSION, "version": mug_version(), "build": client_build()}
        stepping: Stepping | None = None
        app = make_app(
            self._study,
            token=self._token,
            describe=lambda: msgspec.to_builtins(run.console.session_view()),
            look=run.console.second_screen.look,
            health=health,
            host=self._host,
            remote_lab=self._options.remote_lab,
            watching=watching,
            processes=lambda: stepping,
            replays=replays,
        )
        channel = Channel(app, dispatcher.put, self._token, host=self._host, remote_lab=self._options.remote_lab)
        stepping = self._stepping(dispatcher, channel)
        http = http_server(app, self._host, self._listening)
        dispatcher.start(channel)
        sampler = HealthSampler(
            dispatcher.put,
            dispatcher.busyness,
            queue=lambda: dispatcher.waiting,
            pages=lambda: channel.pages,
            records=self._path,
            now_ms=clock.now_ms,
            processes=stepping.running if stepping is not None else None,
        )
        sampler.start()
        if self._choice.state is not None:
            refill_telemetry(self._path, self._choice.session_id, time.time() * 1000, dispatcher.put)
        serving = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.1}, name="http", daemon=True)
        serving.start()
        with self._signals(dispatcher), self._handshake():
            if self._options.lifeline:
                ended = self._lifeline_ended if self._options.preview else lambda: dispatcher.put(LifelineEnded())
                threading.Thread(target=_watch_lifeline, args=(ended,), name="lifeline", daemon=True).start()
            self._announce(out, say)
            self._wait(channel)
        say.write(f"Stopping: {self._reason}.\n")
        http.shutdown()
        if replays is not None:
            replays.close()
        sampler.stop()
        if stepping is not None:
            stepping.close()  # what they hand over at the end is still taken up
        dispatcher.stop()
        watching.close()
        http.server_close()
        return 0

    def _stepping(self, dispatcher: Dispatcher, channel: Channel) -> Stepping | None:
        """Make what starts the processes of matches that the server steps; None: the study has no such games."""
        if not has_stepped_games(self._loaded):
            return None
        logs = None if self._options.preview else self._path.with_name(LOGS_FOLDER)
        stepping = Stepping(
            study_place(self._loaded, logs),
            put=dispatcher.put,
            show=channel.show,
            read=dispatcher.bodies,
            limits=self._limits(),
        )
        dispatcher.processes = channel.processes = stepping
        return stepping

    def _limits(self) -> Limits:
        return Limits(memory_bytes=self._options.match_memory_mb * 1024**2)

    def _stop(self, reason: str) -> None:
        self._reason = self._reason or reason
        self._stopped.set()

    def _lifeline_ended(self) -> None:
        self._stop("the program that started the preview is gone")

    def _wait(self, channel: Channel) -> None:
        looked_at = time.monotonic()
        # In short waits, because on Windows an endless one cannot be interrupted by Ctrl-C.
        while not self._stopped.wait(0.5):
            if not self._options.preview or channel.pages:
                looked_at = time.monotonic()
            elif time.monotonic() - looked_at > self._options.idle_s:
                self._stop("nobody has looked at the preview for a long time")

    def _open_session(self) -> SessionState:
        state = self._choice.state
        now = iso(time.time() * 1000)
        facts: list[f.AnyFact] = []
        details = self._options.details
        bodies: dict[str, bytes] = {}
        if state is None:
            state = SessionState()
            bodies = self._what_pages_run()
            zip_sha256, lock_sha256 = (*bodies, "", "")[:2]
            stepped_sha256 = "" if self._options.preview else self._files.stepped_sha256
            if stepped_sha256:
                bodies[stepped_sha256] = self._files.stepped_bytes
            facts.append(
                f.SessionOpened(
                    at=now,
                    session_id=self._choice.session_id,
                    experiment_id=self._loaded.study.id,
                    study_hash=self._files.frozen.content_hash,
                    seed=secrets.randbits(64),
                    pilot=self._options.pilot,
                    port=self._port,
                    versions=versions(self._study.prepared, server_versions(self._loaded)),
                    files=self._files.sha256s,
                    study=encode_study(self._loaded.study),
                    release=self._options.release,
                    stage=details.stage,
                    label=details.label,
                    expected=details.expected,
                    seats=details.seats,
                    conditions=dict(details.conditions),
                    help=details.help,
                    zip_sha256=zip_sha256,
                    lock_sha256=lock_sha256,
                    stepped_zip_sha256=stepped_sha256,
                    completed_before=self._choice.completed_before,
                )
            )
            facts += [
                f.PolicyDescribed(at=now, scene_id=scene_id, agent=agent, treatment=treatment, card=card)
                for scene_id, agent, treatment, card in study_cards(self._loaded)
            ]
        else:
            self._writer.continue_session(self._choice.session_id)
        facts.append(f.ServerStarted(at=now, pid=os.getpid(), port=self._port))
        for fact in facts:
            state.apply(fact)
        self._writer.append(facts, bodies)
        self._writer.flush(10.0)
        return state

    def _what_pages_run(self) -> dict[str, bytes]:
        """The study's zip and its packages' lock, by SHA-256: with them the session's matches can be stepped again."""
        study = self._study
        if study.prepared is None or self._options.preview:
            return {}
        lock = study.prepared.lock_json
        return {study.zip_sha256: study.zip_bytes, hashlib.sha256(lock).hexdigest(): lock}

    def _served(self, prepared: PreparedRuntime | None) -> ServedStudy:
        roots: dict[str, Path] = {}
        for name, text in served_roots(self._loaded.study).items():
            folder = self._loaded.resolve_path(text)
            if folder.is_dir():
                roots[name] = folder
        builds = BuildFiles(build_folders(self._loaded))
        if prepared is None:
            return ServedStudy(static_roots=roots, builds=builds)
        distribution = find_distribution()
        return ServedStudy(
            static_roots=roots,
            zip_sha256=self._files.zip_sha256,
            zip_bytes=self._files.zip_bytes,
            prepared=prepared,
            runtime_files=RuntimeFiles.of_distribution(distribution),
            runtime_name=f"{distribution.version}-{distribution.lock_sha256[:12]}",
            builds=builds,
        )

    def _announce(self, out: TextIO, say: TextIO) -> None:
        line = ReadyLine(
            port=self._port,
            pid=os.getpid(),
            token=self._token,
            protocol=PROTOCOL_VERSION,
            version=mug_version(),
        )
        # `mug.host` closes its end after this line: nothing else may be written there.
        out.write(json.dumps(msgspec.to_builtins(line)) + "\n")
        out.flush()
        if out is sys.stdout:
            sys.stdout = say  # what the study's functions print must not fail where nobody reads this any more
        opened = "goes on" if self._choice.state is not None else "is open"
        kind = "preview" if self._options.preview else "pilot session" if self._options.pilot else "session"
        say.write(f"{self._loaded.study.id}: {kind} {self._choice.session_id} {opened}. Participants go to:\n")
        for address in self._addresses:
            say.write(f"  {address}\n")
        if self._options.preview:
            say.write("Nothing of it is kept. Ctrl-C ends the preview.\n")
        else:
            say.write(f"Records: {self._path}\nCtrl-C stops the server; the session stays open.\n")
        for warning in self._study.prepared.warnings if self._study.prepared is not None else ():
            say.write(f"{warning}\n")
        if not (CLIENT_FOLDER / "index.html").is_file():
            say.write(
                "The participants' page is not built: run python3 bootstrap.py lab, or npm ci && npm run build "
                "in web_client.\n"
            )
        say.flush()

    @contextlib.contextmanager
    def _handshake(self) -> Iterator[None]:
        """Keep the file by which MUG Lab finds this server, readable only by this user, as long as it runs."""
        place = self._path.with_name(self._path.stem + HANDSHAKE_SUFFIX)
        shown = "127.0.0.1" if self._host in ("0.0.0.0", "::", "") else self._host
        if ":" in shown:
            shown = f"[{shown}]"
        handshake = Handshake(
            url=f"http://{shown}:{self._port}",
            port=self._port,
            pid=os.getpid(),
            token=self._token,
            protocol=PROTOCOL_VERSION,
            version=mug_version(),
            experiment_id=self._loaded.study.id,
            session_id=self._choice.session_id,
            data_dir=str(self._data_dir),
        )
        written = place.with_name(f".{place.name}.{os.getpid()}")
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(handshake))
        written.replace(place)
        try:
            yield
        finally:
            place.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _signals(self, dispatcher: Dispatcher) -> Iterator[None]:
        """Ctrl-C and SIGTERM stop the server and leave the session open."""

        def on_signal(number: int, _frame: FrameType | None) -> None:
            reason = f"{signal.Signals(number).name} was received, the session stays open"
            dispatcher.put(StopRequested(reason))
            self._stop(reason)

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before: dict[int, Any] = {}
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None:
                before[number] = signal.signal(number, on_signal)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _watch_lifeline(ended: Callable[[], None]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while os.read(sys.stdin.fileno(), 4096):
            pass
    ended()
