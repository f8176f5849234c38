"""``mug replay``: the matches of a recorded session, to be watched in a browser, from the records alone."""

import argparse
import contextlib
import hashlib
import io
import json
import logging
import secrets
import signal
import sys
import threading
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, TextIO
from urllib.parse import quote

from mug.authority.limits import Limits
from mug.authority.replays import Replays
from mug.check.together import LOCK_FILE
from mug.engine.payload import FrozenStudy
from mug.errors import MugError
from mug.protocol.messages import PROTOCOL_VERSION
from mug.protocol.parts import RuntimeManifest
from mug.records import facts as f
from mug.records.errors import RecordsError, UnknownSessionError
from mug.records.places import records_path
from mug.records.reader import RecordReader
from mug.records.scratch import ScratchFolder
from mug.runtime import PreparedRuntime, RuntimeFiles, find_distribution, prepare_study, recorded_runtime
from mug.server.addresses import listen
from mug.server.errors import StudyRefusedError
from mug.server.freeze import FrozenFiles, freeze, mug_version
from mug.server.serving import http_server, runtime_manifest
from mug.server.stepping import study_place
from mug.server.watching import WatchedMatches
from mug.server.watching_again import SteppedCode, missing_packages, other_versions, unpacked
from mug.server.watching_routes import WATCH_PAGE
from mug.server.web import CLIENT_FOLDER, ServedStudy, client_build, make_app
from mug.study.assets import served_roots
from mug.study.decoding import decode_study
from mug.study.hashing import content_hash
from mug.study.loading import LoadedStudy, load
from mug.study.model import GymGame, Study
from mug.study.multiplayer import runs_on_server
from mug.study.treatments import every_version

__all__ = ["RecordedStudy", "add_replay_arguments", "recorded_study", "replay_main"]

HOST: Final = "127.0.0.1"
NO_PICTURES: Final = (
    "The game's pictures are not in the records. Start the replay with --study and the study's folder to see them."
)


@dataclass(frozen=True)
class RecordedStudy:
    """What a session's pages ran, as far as it can be had again.

    Attributes:
        frozen: The study.
        served: What goes to a watcher's page.
        manifest: Where its Python comes from; None: `problem` says why there is none.
        problem: Why matches cannot be stepped, in words; empty when they can.
        notes: What a watcher should know, in sentences.
        without_pictures: What to say of pictures that do not load.
        has_stepped_games: The server stepped games of it.
        stepped_zip: Their files, as the records hold them.
        stepped_folder: Their study's folder, where it is as the session ran it.
        stepped_problem: Why their matches cannot be stepped, in words.
    """

    frozen: FrozenStudy
    served: ServedStudy
    manifest: RuntimeManifest | None
    problem: str = ""
    notes: tuple[str, ...] = ()
    without_pictures: str = ""
    has_stepped_games: bool = False
    stepped_zip: bytes | None = None
    stepped_folder: LoadedStudy | None = None
    stepped_problem: str = ""

    def stepped_code(self, folder: Path) -> SteppedCode | None:
        """Return where the code of games that the server stepped is; None: there are none.

        Args:
            folder: Where the files that the records hold are put.
        """
        if not self.has_stepped_games:
            return None
        if self.stepped_folder is not None:
            return SteppedCode(study_place(self.stepped_folder, None), missing=missing_packages)
        if self.stepped_zip is not None:
            return SteppedCode(unpacked(self.stepped_zip, folder), missing=missing_packages)
        return SteppedCode(None, self.stepped_problem)


def add_replay_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``mug replay``."""
    parser.add_argument(
        "--data", type=Path, default=Path("data"), metavar="DIR", help="the data folder (default: data)"
    )
    parser.add_argument("--experiment", required=True, metavar="ID", help="the experiment's id")
    parser.add_argument("--session", metavar="ID", help="the session (default: the newest)")
    parser.add_argument("--pilot", action="store_true", help="of the pilot sessions instead of the real ones")
    parser.add_argument("--match", metavar="ID", help="the match whose address is told first (default: the first)")
    parser.add_argument(
        "--study",
        metavar="STUDY",
        help="the study as the session ran it: for its pictures, and for records that do not hold what pages ran",
    )
    parser.add_argument(
        "--match-memory",
        type=int,
        default=1024,
        metavar="MB",
        help="what the process of a match may take that the server had stepped (default: 1024)",
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")


def replay_main(args: argparse.Namespace) -> int:
    """Serve the matches of a session until Ctrl-C; returns the exit code.

    Raises:
        MugError: There is no such session or match, or the address cannot be used.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    path = records_path(args.data, args.experiment, args.pilot)
    loaded = None if args.study is None else load(args.study, ())
    with RecordReader(path) as reader:
        session_id = _session(reader, args.session)
        known = recorded_study(reader, session_id, loaded)
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(ScratchFolder("replaystudy"))
        matches = WatchedMatches(
            path,
            session_id,
            known.frozen,
            known.manifest,
            live=False,
            problem=known.problem,
            notes=known.notes,
            without_pictures=known.without_pictures,
            build=client_build(),
            code=known.stepped_code(Path(scratch)),
        )
        stack.enter_context(contextlib.closing(matches))
        found = matches.matches()
        if args.match is not None and args.match not in [match["match_id"] for match in found]:
            listed = ", ".join(match["match_id"] for match in found) or "none"
            raise MugError(f"there is no match {args.match!r} in session {session_id}; its matches: {listed}")
        return _serve(args, session_id, known, matches, found)


def recorded_study(reader: RecordReader, session_id: str, loaded: LoadedStudy | None = None) -> RecordedStudy:
    """Put together what a session's pages ran: from its records, and from the study where it is given.

    Args:
        reader: The records.
        session_id: The session.
        loaded: The study; None: the records alone.

    Raises:
        RecordsError: The records are damaged, or the study is another one.
    """
    opened = next((x for x in reader.facts(session_id, ("session_opened",)) if isinstance(x, f.SessionOpened)), None)
    if opened is None:
        raise UnknownSessionError(session_id, tuple(head.session_id for head in reader.sessions()))
    study, problems = decode_study(opened.study)
    if study is None:
        raise RecordsError(f"the study in the records cannot be read: {problems[0] if problems else 'it is empty'}")
    notes: list[str] = []
    packed = reader.find_body(opened.zip_sha256) if opened.zip_sha256 else None
    stepped = reader.find_body(opened.stepped_zip_sha256) if opened.stepped_zip_sha256 else None
    if loaded is not None and content_hash(loaded.study) != opened.study_hash:
        if packed is None and stepped is None:
            raise RecordsError(
                f"session {session_id} did not run this study: its content hash is {opened.study_hash[:16]}…, that of "
                f"{loaded.source} is {content_hash(loaded.study)[:16]}…; take the study as it was"
            )
        notes.append(f"{loaded.folder} was changed since the session: the game's pictures may be other ones.")
    games = [node for _, _, node in every_version(study) if isinstance(node, GymGame)]
    has_games = any(not runs_on_server(game) for game in games)
    has_stepped_games = any(runs_on_server(game) for game in games)
    stepped_folder, stepped_problem = _stepped_folder(loaded, opened, stepped) if has_stepped_games else (None, "")
    if has_stepped_games and (others := other_versions(opened.versions)):
        notes.append(others)
    if packed is None and loaded is not None and has_games:
        packed = _packed_again(loaded, opened, notes)
    problem = ""
    prepared: PreparedRuntime | None = None
    if not has_games and has_stepped_games:
        problem = stepped_problem
    elif not has_games:
        problem = "The study has no game, so this session has no matches to watch."
    elif packed is None:
        problem = (
            "The records of this session do not hold the files that its pages ran. "
            "Start the replay with --study and the study as it was."
        )
    else:
        try:
            prepared = _packages(reader, opened, loaded)
            notes += prepared.warnings
        except MugError as error:
            problem = f"The game cannot be stepped: {error}"
    frozen = FrozenStudy(
        study=study, content_hash=opened.study_hash, texts=_texts((packed, stepped), stepped_folder, study)
    )
    folders, without_pictures = _folders(study, loaded)
    served = _served(packed, prepared, folders)
    return RecordedStudy(
        frozen,
        served,
        runtime_manifest(served),
        problem,
        tuple(notes),
        without_pictures,
        has_stepped_games=has_stepped_games,
        stepped_zip=stepped,
        stepped_folder=stepped_folder,
        stepped_problem=stepped_problem,
    )


def _stepped_folder(
    loaded: LoadedStudy | None, opened: f.SessionOpened, stepped: bytes | None
) -> tuple[LoadedStudy | None, str]:
    """The study's folder, where games that the server stepped find all as it was; else why there is no code at all."""
    changed = [] if loaded is None else _changed_files(loaded, _frozen(loaded), opened)
    if loaded is not None and not changed:
        return loaded, ""
    if stepped is not None:
        return None, ""
    if loaded is None:
        return None, (
            "The records of this session do not hold the files of games that the server stepped (an older session). "
            "Start the replay with --study and the study as it was."
        )
    return None, (
        f"These files of {loaded.folder} are not as the session ran them: "
        f"{', '.join(changed[:5])}. Start the replay with the study as it was."
    )


def _frozen(loaded: LoadedStudy) -> FrozenFiles | None:
    """The study as it is now; None: files of it are not even there."""
    try:
        return freeze(loaded)
    except StudyRefusedError:
        return None


def _changed_files(loaded: LoadedStudy, files: FrozenFiles | None, opened: f.SessionOpened) -> list[str]:
    """The files of a study that the session ran and that are others now."""
    if files is not None:
        sha256s = files.sha256s
    else:
        sha256s = {name: content_sha256 for name in opened.files if (content_sha256 := _sha256_in(loaded, name))}
    return sorted(name for name, digest in opened.files.items() if sha256s.get(name) != digest)


def _packed_again(loaded: LoadedStudy, opened: f.SessionOpened, notes: list[str]) -> bytes:
    files = _frozen(loaded)
    changed = _changed_files(loaded, files, opened)
    if changed:
        raise RecordsError(
            f"these files of {loaded.folder} are not as the session ran them: {', '.join(changed[:5])}; take the study "
            "as it was"
        )
    notes.append(
        "The records do not hold what the pages ran (an older session): the study's files are those of the folder, "
        "compared with the recorded hashes, and MUG is this version."
    )
    return (files or freeze(loaded)).zip_bytes


def _packages(reader: RecordReader, opened: f.SessionOpened, loaded: LoadedStudy | None) -> PreparedRuntime:
    lock = reader.find_body(opened.lock_sha256) if opened.lock_sha256 else None
    if lock is not None:
        return recorded_runtime(lock)
    if loaded is None:
        raise RecordsError("the records do not hold the lock of its packages; start the replay with --study")
    games = [node for _, _, node in every_version(loaded.study) if isinstance(node, GymGame)]
    wanted = tuple(dict.fromkeys(package for game in games for package in game.runtime.packages_to_install))
    return prepare_study(wanted, lock_path=loaded.folder / LOCK_FILE)


def _folders(study: Study, loaded: LoadedStudy | None) -> tuple[dict[str, Path], str]:
    """The folders of the game's pictures, and what to say where one of these does not load."""
    if loaded is None:
        return {}, NO_PICTURES
    folders = {name: loaded.resolve_path(text) for name, text in served_roots(study).items()}
    gone = [str(folder) for folder in folders.values() if not folder.is_dir()]
    said = f"There is no folder {', '.join(gone)}." if gone else ""
    return {name: folder for name, folder in folders.items() if folder.is_dir()}, said


def _sha256_in(loaded: LoadedStudy, name: str) -> str:
    """The digest of a file of a study; empty: it cannot be read."""
    try:
        return hashlib.sha256(loaded.resolve_path(name).read_bytes()).hexdigest()
    except OSError:
        return ""


def _texts(zips: Sequence[bytes | None], folder: LoadedStudy | None, study: Study) -> dict[str, str]:
    """The environments' files, as they are in the zips, or in the study's folder."""
    wanted = {
        node.runtime.environment_initialization_code_filepath
        for _, _, node in every_version(study)
        if isinstance(node, GymGame) and node.runtime.environment_initialization_code_filepath is not None
    }
    names: dict[str, str] = {}
    for packed in filter(None, zips):
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            names |= {name: archive.read(name).decode("utf-8") for name in archive.namelist() if name.endswith(".py")}
    texts = {path: names.get(Path(path).as_posix(), "") for path in wanted}
    if folder is not None:
        for path, text in texts.items():
            texts[path] = text or folder.resolve_path(path).read_text(encoding="utf-8")
    return texts


def _served(packed: bytes | None, prepared: PreparedRuntime | None, roots: dict[str, Path]) -> ServedStudy:
    if packed is None or prepared is None:
        return ServedStudy(static_roots=roots)
    distribution = find_distribution()
    return ServedStudy(
        static_roots=roots,
        zip_sha256=hashlib.sha256(packed).hexdigest(),
        zip_bytes=packed,
        prepared=prepared,
        runtime_files=RuntimeFiles.of_distribution(distribution),
        runtime_name=f"{distribution.version}-{distribution.lock_sha256[:12]}",
    )


def _session(reader: RecordReader, wanted: str | None) -> str:
    heads = reader.sessions()
    if wanted is None and heads:
        return heads[-1].session_id
    if wanted not in [head.session_id for head in heads] or wanted is None:
        raise UnknownSessionError(wanted or "", tuple(head.session_id for head in heads))
    return wanted


def _serve(
    args: argparse.Namespace,
    session_id: str,
    known: RecordedStudy,
    matches: WatchedMatches,
    found: list[dict[str, Any]],
) -> int:
    token = secrets.token_urlsafe(32)
    replays = Replays(Limits(memory_bytes=args.match_memory * 1024**2)) if known.has_stepped_games else None
    about = {"status": "ok", "protocol": PROTOCOL_VERSION, "version": mug_version(), "build": client_build()}
    app = make_app(
        known.served,
        token=token,
        describe=lambda: {"replay": True, "experiment_id": args.experiment, "session_id": session_id},
        health=about,
        host=HOST,
        watching=matches,
        replays=replays,
        page_for_all=False,
    )
    stopped = threading.Event()
    with listen(HOST, args.port) as listening:
        http = http_server(app, HOST, listening)
        url = f"http://{HOST}:{listening.getsockname()[1]}"
        serving = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.1}, name="http", daemon=True)
        serving.start()
        with _stops(stopped):
            _announce(args, session_id, known, found, url, token, sys.stdout, sys.stderr)
            while not stopped.wait(0.5):
                pass
        http.shutdown()
        if replays is not None:
            replays.close()
        http.server_close()
    return 0


def _announce(
    args: argparse.Namespace,
    session_id: str,
    known: RecordedStudy,
    found: list[dict[str, Any]],
    url: str,
    token: str,
    out: TextIO,
    say: TextIO,
) -> None:
    def address(match_id: str) -> str:
        return f"{url}{WATCH_PAGE}#match={quote(match_id, safe='')}&token={token}"

    first = args.match or (found[0]["match_id"] if found else "")
    line = {
        "url": url,
        "token": token,
        "experiment_id": args.experiment,
        "session_id": session_id,
        "watch": address(first) if first else f"{url}{WATCH_PAGE}#token={token}",
        "problem": known.problem,
        "matches": [{**match, "watch": address(match["match_id"])} for match in found],
    }
    out.write(json.dumps(line) + "\n")
    out.flush()
    say.write(f"{args.experiment}: {len(found)} matches of session {session_id}, read only. Open in a browser:\n")
    say.write(f"  {line['watch']}\n")
    for text in (known.problem, *known.notes):
        if text:
            say.write(f"{text}\n")
    if not (CLIENT_FOLDER / "watch.html").is_file():
        say.write("The page is not built: run python3 bootstrap.py lab, or npm ci && npm run build in web_client.\n")
    say.write("Ctrl-C ends it; nothing is changed.\n")
    say.flush()


@contextlib.contextmanager
def _stops(stopped: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM end it."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    numbers = [number for name in ("SIGINT", "SIGTERM", "SIGBREAK") if (number := getattr(signal, name, None))]
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
