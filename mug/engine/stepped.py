"""A game that a process of the server steps, as process and pages stand at present; it does not outlive the server."""

from dataclasses import dataclass, field
from typing import Any

from mug.ids import ParticipantId
from mug.protocol.partners import ServerStatus

__all__ = ["SteppedGame"]


@dataclass(slots=True)
class SteppedGame:
    """One match of the mode "server_authoritative". Times in Unix ms; agents name the players.

    Attributes:
        is_running: There is a process, or it was asked for.
        is_loaded: The process has the environment, and has stepped what was stored.
        is_begun: The first frame may come.
        from_rows: Why the process begins with stored rows; empty: it begins anew.
        stage: What the process said last: ready, countdown, playing, paused, between.
        hz: Frames a second, as it said last.
        asset_specs: What the environment registered.
        ready: Agents whose pages are here and can show the game.
        mute: Those whose pages are connected and say nothing any more.
        until_ms: Agents that are not ready -> until when they may take.
        last_ms: Agents whose pages went -> until when they may take, however often they begin to come back.
        paused: Why the process was told to stand still; empty: it was not.
        paused_since_ms: Since when.
        empty_since_ms: Since when nobody is ready.
        mug_globals: The match's dict as the process said it last; None: as it was formed with.
        told: What each page was told last.
    """

    is_running: bool = False
    is_loaded: bool = False
    is_begun: bool = False
    from_rows: str = ""
    stage: str = ""
    episode: int = 0
    frame: int = 0
    hz: float = 0.0
    asset_specs: tuple[dict[str, Any], ...] = ()
    ready: set[str] = field(default_factory=set)
    mute: set[str] = field(default_factory=set)
    until_ms: dict[str, float] = field(default_factory=dict)
    last_ms: dict[str, float] = field(default_factory=dict)
    paused: str = ""
    paused_since_ms: float = 0.0
    empty_since_ms: float = 0.0
    mug_globals: dict[str, Any] | None = None
    told: dict[ParticipantId, ServerStatus] = field(default_factory=dict)

    @property
    def present(self) -> set[str]:
        """Agents whose players can act."""
        return self.ready - self.mute
