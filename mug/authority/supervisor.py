"""The server's side of the processes that step matches: starts them, passes on, watches, ends them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

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

__all__ = ["AuthorityInput", "Limits", "ProcessFigures", "StudyPlace", "Supervisor"]

AuthorityInput: TypeAlias = AuthorityChanged | AuthorityChunk | AuthorityMeasured | AuthorityFinished | AuthorityFailed


@dataclass(frozen=True, kw_only=True)
class StudyPlace:
    """Where a study's code is.

    Attributes:
        root: The study's folder; working directory and first place for imports of every process.
        paths: Further places for imports, in order (the loader's working directory).
        generated: Files that stand for functions of the study's script (`LoadedStudy.generated`): name -> source.
        log_folder: What study code prints, and tracebacks of processes that ended by themselves, go to a file per
            match there; None: a temporary folder.
    """

    root: Path
    paths: tuple[Path, ...] = ()
    generated: dict[str, str] = field(default_factory=dict)
    log_folder: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a match's process may take.

    Attributes:
        memory_bytes: Resident memory; above it the process is ended ("memory"). Where the platform can, the process
            may not even ask for a good deal more than this.
        start_s: From start to "ready", with stored rows stepped again in the first half of it.
        hang_s: Without a sign of life for so long, the process counts as hung and is ended.
        stop_s: How long a process may take to hand over what it has recorded, once it is told to stop.
        seconds_between_looks: How often memory and CPU are measured.
    """

    memory_bytes: int = 1024 * 1024 * 1024
    start_s: float = 60.0
    hang_s: float = 10.0
    stop_s: float = 5.0
    seconds_between_looks: float = 0.5


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
        raise NotImplementedError

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
        raise NotImplementedError

    def tell(self, match_id: MatchId, what: str, agent: str = "", policy: str = "") -> None:
        """Tell a process what happened (`TellAuthority`); a match without a process: nothing happens."""
        raise NotImplementedError

    def stop(self, match_id: MatchId, reason: str = "") -> None:
        """End a process; what it has recorded and not handed over comes as AuthorityChunk before it ends, nothing else.

        It returns at once; a process that does not end by itself is ended.
        """
        raise NotImplementedError

    def keys(self, match_id: MatchId, agent: str, keys: ServerKeys) -> None:
        """Pass on the keys of an agent's page."""
        raise NotImplementedError

    def seen(self, match_id: MatchId, agent: str, n: int) -> None:
        """Pass on which view an agent's page has taken in (`ServerSeen`)."""
        raise NotImplementedError

    def attach(self, match_id: MatchId, agent: str) -> None:
        """An agent's page is there (ServerReady): it gets views from now on, the first one whole, with n from 0.

        Every ServerReady is passed on here, also of a page that comes back; views made for the page before it are
        not shown any more. It may be said before the process is ready.
        """
        raise NotImplementedError

    def detach(self, match_id: MatchId, agent: str) -> None:
        """An agent's page is gone: no views are made for it."""
        raise NotImplementedError

    def running(self) -> tuple[ProcessFigures, ...]:
        """Return how the processes are, as of the last look."""
        raise NotImplementedError

    def close(self) -> None:
        """End all processes and wait for that; the session stays open, their matches go on from stored rows later."""
        raise NotImplementedError
