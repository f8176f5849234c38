"""The server's side of the processes that step matches: starts them, passes on, watches, ends them."""

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from mug.authority import wire
from mug.authority.limits import Limits, address_space, fault_of
from mug.authority.place import StudyPlace, placed_config
from mug.authority.process import MatchProcess, Outcome
from mug.authority.watchers import Looked, Watchers
from mug.engine.inputs import (
    AuthorityChanged,
    AuthorityChunk,
    AuthorityFailed,
    AuthorityFinished,
    AuthorityMeasured,
)
from mug.ids import MatchId
from mug.play.config import GameConfig
from mug.protocol.partners import ServerKeys, ServerView
from mug.records.scratch import ScratchFolder

__all__ = ["AuthorityInput", "Limits", "ProcessFigures", "StudyPlace", "Supervisor"]

WAIT_AT_CLOSE_S: Final = 5.0

_LOG: Final = logging.getLogger(__name__)

AuthorityInput: TypeAlias = AuthorityChanged | AuthorityChunk | AuthorityMeasured | AuthorityFinished | AuthorityFailed


@dataclass(frozen=True, kw_only=True)
class ProcessFigures:
    """How a match's process is.

    Attributes:
        cpu: Share of one core since the look before, 0 to 1 (or more, with threads of its own).
        memory_bytes: Resident.
        hz: Frames a second, as it said last.
        late_frames: Frames that came more than half a frame time late, since its start.
    """

    match_id: MatchId
    pid: int
    stage: str
    cpu: float
    memory_bytes: int
    hz: float
    late_frames: int


class Supervisor:
    """All processes of a session that step matches. Every method may be called from any thread, and returns at once.

    A process that ends otherwise than by `stop` has told AuthorityFinished or AuthorityFailed before, and is forgotten;
    all of its chunks came before that. Nothing comes of a match after `stop` but the chunks that it had not handed
    over yet (see there).

    Args:
        place: The study.
        tell: Takes what processes say, for the engine; called on a thread of the match, never at once for one match.
        show: Takes a view for an agent's page (match, agent, view); called on the same thread; must not wait for long.
        limits: What a process may take.
    """

    def __init__(
        self,
        place: StudyPlace,
        *,
        tell: Callable[[AuthorityInput], None],
        show: Callable[[MatchId, str, ServerView], None],
        limits: Limits | None = None,
    ) -> None:
        self._place = place
        self._tell_engine = tell
        self._show = show
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._processes: dict[MatchId, MatchProcess] = {}
        self._ending: set[MatchProcess] = set()
        self._pages: dict[MatchId, dict[str, int]] = {}
        self._lives = 0
        self._watchers = Watchers(self._say)
        self._scratch = ScratchFolder("authority")
        self._closed = threading.Event()
        self._watcher: threading.Thread | None = None

    def start(
        self, match_id: MatchId, config: GameConfig, stored: Sequence[bytes] = (), dropped: Sequence[str] = ()
    ) -> None:
        """Start a process for a match; answered by AuthorityChanged("ready") or AuthorityFailed.

        One that runs for the same match already is ended without a word first.

        Args:
            match_id: The match.
            config: The game, as of StartAuthority.
            stored: Bodies of the match's stored frames chunks, in order; it steps them again before it is ready.
            dropped: Agents whose players are out of the match.
        """
        message = wire.Start(
            config="",
            root=str(self._place.root),
            paths=tuple(map(str, self._place.paths)),
            stored=tuple(stored),
            dropped=tuple(dropped),
            address_space=address_space(self._limits),
        )
        with self._lock:
            if self._closed.is_set():
                return
            before = self._processes.pop(match_id, None)
            if before is not None:
                self._ending.add(before)
            process = self._processes[match_id] = MatchProcess(
                match_id,
                placed_config(config, self._place, self._scratch.path),
                message,
                log=self._log_file(match_id),
                heard=self._heard,
                ended=self._ended,
            )
            for agent in self._pages.get(match_id, {}):
                self._attach(process, agent)
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="watching matches", daemon=True)
                self._watcher.start()
        self._watchers.process_started(match_id)
        if before is not None:
            before.kill(Outcome("stopped"))

    def tell(self, match_id: MatchId, what: str, agent: str = "", policy: str = "") -> None:
        """Tell a process what happened (`TellAuthority`); a match without a process: nothing happens."""
        self._say(match_id, wire.Tell(what=what, agent=agent, policy=policy))

    def stop(self, match_id: MatchId, reason: str = "") -> None:
        """End a process; what it has recorded and not handed over comes as AuthorityChunk before it ends, nothing else.

        It returns at once; a process that does not end by itself is ended.
        """
        with self._lock:
            self._pages.pop(match_id, None)
            process = self._processes.pop(match_id, None)
            if process is None:
                return
            self._ending.add(process)
        _LOG.info("match %s is stopped: %s", match_id, reason)
        self._watchers.wake(match_id)
        process.stop(self._limits.stop_s)

    def keys(self, match_id: MatchId, agent: str, keys: ServerKeys) -> None:
        """Pass on the keys of an agent's page."""
        self._say(match_id, wire.Keys(agent=agent, n=keys.n, held=keys.held, pressed=keys.pressed, hidden=keys.hidden))

    def seen(self, match_id: MatchId, agent: str, n: int) -> None:
        """Pass on which view an agent's page has taken in (`ServerSeen`)."""
        self._say(match_id, wire.Seen(agent=agent, n=n))

    def attach(self, match_id: MatchId, agent: str) -> None:
        """An agent's page is there (ServerReady): it gets views from now on, the first one whole, with n from 0.

        Every ServerReady is passed on here, also of a page that comes back; views made for the page before it are
        not shown any more. It may be said before the process is ready, and holds for one that is started again.
        """
        with self._lock:
            self._pages.setdefault(match_id, {})[agent] = 0
            process = self._processes.get(match_id)
            if process is not None:
                self._attach(process, agent)

    def detach(self, match_id: MatchId, agent: str) -> None:
        """An agent's page is gone: no views are made for it."""
        with self._lock:
            pages = self._pages.get(match_id, {})
            pages.pop(agent, None)
            if not pages:
                self._pages.pop(match_id, None)
        self._say(match_id, wire.Detach(agent=agent))

    def watch(
        self, match_id: MatchId, name: str, *, agent: str = "", life: int = -1, seen: int = -1, wait_s: float = 0.0
    ) -> Looked:
        """Return what is new to somebody who watches a match (`Watchers.look`); unlike all else here, it may wait.

        Raises:
            TooManyWatchersError: The match has as many watchers as it may have.
        """
        with self._lock:
            there = match_id in self._processes
        wait_s = wait_s if there else 0.0  # nothing can come
        looked = self._watchers.look(match_id, name, agent=agent, life=life, seen=seen, wait_s=wait_s)
        with self._lock:
            process = self._processes.get(match_id)
        if process is None:
            return looked
        return dataclasses.replace(looked, stage=process.stage, asset_specs=process.asset_specs)

    def running(self) -> tuple[ProcessFigures, ...]:
        """Return how the processes are, as of the last look."""
        with self._lock:
            processes = list(self._processes.values())
        return tuple(
            ProcessFigures(
                match_id=process.match_id,
                pid=process.pid,
                stage=process.stage,
                cpu=process.cpu,
                memory_bytes=process.memory_bytes,
                hz=process.hz,
                late_frames=process.late_frames,
            )
            for process in processes
        )

    def close(self) -> None:
        """End all processes and wait for that; the session stays open, their matches go on from stored rows later."""
        self._closed.set()
        self._watchers.close()
        with self._lock:
            processes = [*self._processes.values(), *self._ending]
            self._ending.update(self._processes.values())
            self._processes.clear()
            self._pages.clear()
        for process in processes:
            process.kill(Outcome("stopped"))
        ends_s = time.monotonic() + WAIT_AT_CLOSE_S
        for process in processes:
            process.join(max(0.0, ends_s - time.monotonic()))
        if self._watcher is not None:
            self._watcher.join(WAIT_AT_CLOSE_S)
        self._scratch.cleanup()

    # ------------------------------------------------------------------ inside

    def _say(self, match_id: MatchId, message: wire.ToProcess) -> None:
        with self._lock:
            process = self._processes.get(match_id)
        if process is not None:
            process.say(message)

    def _attach(self, process: MatchProcess, agent: str) -> None:
        self._lives += 1
        self._pages[process.match_id][agent] = self._lives
        process.say(wire.Attach(agent=agent, life=self._lives))

    def _heard(self, process: MatchProcess, message: wire.FromProcess) -> None:
        match_id = process.match_id
        with self._lock:
            is_current = self._processes.get(match_id) is process
            is_stopping = process in self._ending and process.stop_by_s is not None
            life = self._pages.get(match_id, {}).get(getattr(message, "agent", ""))
        if isinstance(message, wire.Chunk):
            if is_current or is_stopping:
                self._tell_engine(AuthorityChunk(match_id, message.stream, message.meta, message.body))
            return
        if not is_current:
            return
        match message:
            case wire.View():
                if message.life == life:
                    view = ServerView(match_id=match_id, n=message.n, body=message.body, image=message.image)
                    self._show(match_id, message.agent, view)
            case wire.WatchView():
                self._watchers.take(match_id, message)
            case wire.Changed():
                self._watchers.wake(match_id)
                self._tell_engine(
                    AuthorityChanged(
                        match_id,
                        message.stage,
                        episode=message.episode,
                        frame=message.frame,
                        hz=message.hz,
                        agents=message.agents,
                        asset_specs=message.asset_specs,
                        mug_globals=message.mug_globals,
                    )
                )
            case wire.Measured():
                self._tell_engine(
                    AuthorityMeasured(
                        match_id,
                        message.agent,
                        message.decisions,
                        message.median_ms,
                        message.p99_ms,
                        message.late,
                    )
                )
            case _:
                pass  # a sign of life

    def _ended(self, process: MatchProcess, outcome: Outcome) -> None:
        match_id = process.match_id
        with self._lock:
            self._ending.discard(process)
            is_current = self._processes.get(match_id) is process
            if is_current:
                del self._processes[match_id]
            if outcome.kind == "finished":
                self._pages.pop(match_id, None)
        if not is_current or outcome.kind == "stopped":
            return
        self._watchers.wake(match_id)
        if outcome.kind == "finished":
            self._tell_engine(AuthorityFinished(match_id, outcome.outcome, outcome.message))
        else:
            _LOG.warning("match %s: %s (%s)", match_id, outcome.message, outcome.kind)
            self._tell_engine(AuthorityFailed(match_id, outcome.kind, outcome.message, outcome.traceback))

    def _watch(self) -> None:
        while not self._closed.wait(self._limits.seconds_between_looks):
            with self._lock:
                processes, ending = list(self._processes.values()), list(self._ending)
            now_s = time.monotonic()
            self._watchers.sweep()
            for process in processes:
                process.measure()
                fault = fault_of(process, self._limits, now_s)
                if fault is not None:
                    process.kill(fault)
            for process in ending:
                if process.stop_by_s is not None and now_s > process.stop_by_s:
                    process.kill(Outcome("stopped"))

    def _log_file(self, match_id: MatchId) -> Path:
        folder = self._place.log_folder or self._scratch.path
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"match-{match_id}.log"
