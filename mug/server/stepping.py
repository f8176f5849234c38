"""Games that the server steps, between the engine, their pages and their processes.

The engine's effects come on the dispatcher's thread; keys come from the sockets' threads and views from the processes',
and both go past the engine.
"""

import contextlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import psutil

from mug.authority.supervisor import AuthorityInput, Limits, ProcessFigures, StudyPlace, Supervisor
from mug.authority.watchers import Looked
from mug.engine.effects import StartAuthority, StopAuthority, TellAuthority
from mug.engine.inputs import AuthorityFailed
from mug.ids import MatchId
from mug.protocol.partners import ServerKeys, ServerSeen, ServerView
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame
from mug.study.multiplayer import runs_on_server
from mug.study.treatments import every_version

__all__ = ["LOGS_FOLDER", "KeysTaken", "Stepping", "has_stepped_games", "study_place"]

LOGS_FOLDER: Final = "process_logs"
"""Beside the records: what study code printed in the processes that step matches."""

HAND_OVER_S: Final = 3.0
"""So long processes may take to hand over their last rows when the server stops."""

_LOG: Final = logging.getLogger(__name__)


class KeysTaken(Protocol):
    """Takes what pages say to the processes of their matches."""

    def take(self, match_id: MatchId, agent: str, message: ServerKeys | ServerSeen) -> None:
        """Pass it on; returns at once."""


def has_stepped_games(loaded: LoadedStudy) -> bool:
    """Return whether the server steps a game of a study."""
    return any(isinstance(node, GymGame) and runs_on_server(node) for _, _, node in every_version(loaded.study))


def study_place(loaded: LoadedStudy, log_folder: Path | None) -> StudyPlace:
    """Return where the study's code is, for the processes."""
    folder, elsewhere = loaded.folder.absolute(), loaded.working_directory.absolute()
    return StudyPlace(
        root=folder,
        paths=() if elsewhere == folder else (elsewhere,),
        generated=dict(loaded.generated),
        log_folder=log_folder,
    )


class Stepping:
    """The processes of one session's matches.

    Args:
        place: The study.
        put: Takes what the processes say, for the engine.
        show: Takes a view for an agent's page.
        read: Gives stored rows by their digests.
        limits: What a process may take.
    """

    def __init__(
        self,
        place: StudyPlace,
        *,
        put: Callable[[AuthorityInput], None],
        show: Callable[[MatchId, str, ServerView], None],
        read: Callable[[Sequence[str]], tuple[bytes, ...]],
        limits: Limits | None = None,
    ) -> None:
        self._put = put
        self._read = read
        self._supervisor = Supervisor(place, tell=put, show=show, limits=limits)

    def perform(self, effect: StartAuthority | TellAuthority | StopAuthority) -> None:
        """Do what the engine asks for."""
        match effect:
            case StartAuthority():
                self._start(effect)
            case TellAuthority():
                if effect.what == "away":
                    self._supervisor.detach(effect.match_id, effect.agent)
                self._supervisor.tell(effect.match_id, effect.what, effect.agent, effect.policy)
                if effect.what == "back":
                    self._supervisor.attach(effect.match_id, effect.agent)
            case StopAuthority():
                self._supervisor.stop(effect.match_id, effect.reason)

    def _start(self, effect: StartAuthority) -> None:
        try:
            stored = self._read(effect.stored) if effect.stored else ()
            self._supervisor.start(effect.match_id, effect.config, stored, effect.dropped)
        except Exception as error:
            # The engine waits for an answer: without one the match would be prepared for ever.
            _LOG.exception("the process of match %s could not be started", effect.match_id)
            self._put(AuthorityFailed(effect.match_id, "start", f"{type(error).__name__}: {error}"))

    def take(self, match_id: MatchId, agent: str, message: ServerKeys | ServerSeen) -> None:
        """Pass on what a page says to the process of its match."""
        if isinstance(message, ServerKeys):
            self._supervisor.keys(match_id, agent, message)
        else:
            self._supervisor.seen(match_id, agent, message.n)

    def watch(
        self, match_id: MatchId, name: str, *, agent: str = "", life: int = -1, seen: int = -1, wait_s: float = 0.0
    ) -> Looked:
        """Return what is new to somebody who watches a match (`Supervisor.watch`).

        Raises:
            TooManyWatchersError: The match has as many watchers as it may have.
        """
        return self._supervisor.watch(match_id, name, agent=agent, life=life, seen=seen, wait_s=wait_s)

    def running(self) -> tuple[ProcessFigures, ...]:
        """Return how the processes are."""
        return self._supervisor.running()

    def close(self) -> None:
        """End all processes, after what they have recorded was handed over; their matches go on from it later."""
        processes = []
        for figures in self._supervisor.running():
            with contextlib.suppress(psutil.Error):
                processes.append(psutil.Process(figures.pid))
            self._supervisor.stop(figures.match_id, "the server stops")
        psutil.wait_procs(processes, timeout=HAND_OVER_S)
        self._supervisor.close()
