"""The states of the experiment server as the app sees them: one table, and the sentence for the user."""

from dataclasses import dataclass, replace
from enum import StrEnum

__all__ = ["TRANSITIONS", "Outcome", "ServerEvent", "ServerState", "after"]


class ServerState(StrEnum):
    """What the server does."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    CRASHED = "crashed"


class ServerEvent(StrEnum):
    """What happened to it."""

    START_ASKED = "start_asked"
    START_FAILED = "start_failed"
    FOUND = "found"  # ready: started by us, or still running from before
    STOP_ASKED = "stop_asked"
    STOP_FAILED = "stop_failed"
    EXITED = "exited"
    LEFT = "left"  # let go; it runs on without us


_S, _E = ServerState, ServerEvent

TRANSITIONS: dict[tuple[ServerState, ServerEvent], ServerState] = {
    (_S.STOPPED, _E.START_ASKED): _S.STARTING,
    (_S.STOPPED, _E.FOUND): _S.READY,
    (_S.CRASHED, _E.START_ASKED): _S.STARTING,
    (_S.CRASHED, _E.FOUND): _S.READY,
    (_S.STARTING, _E.FOUND): _S.READY,
    (_S.STARTING, _E.START_FAILED): _S.CRASHED,
    (_S.STARTING, _E.STOP_ASKED): _S.STOPPING,
    (_S.STARTING, _E.EXITED): _S.CRASHED,
    (_S.READY, _E.STOP_ASKED): _S.STOPPING,
    (_S.READY, _E.EXITED): _S.CRASHED,
    (_S.READY, _E.LEFT): _S.STOPPED,
    (_S.STOPPING, _E.EXITED): _S.STOPPED,
    (_S.STOPPING, _E.START_FAILED): _S.STOPPED,
    (_S.STOPPING, _E.STOP_FAILED): _S.READY,
    (_S.STOPPING, _E.FOUND): _S.STOPPING,
}
"""Every legal change. What is not here changes nothing."""


@dataclass(frozen=True)
class Outcome:
    """The state with what is known about it.

    Attributes:
        state: The state.
        study: The title of the study that runs.
        detail: The server's own words: why it did not start, how it ended.
        progress: What it is busy with while it starts.
        attached: It was running before this app.
        link: How the app's own connection to it is: "", "connecting", "connected", "gone" or "refused".
        log: The end of its log, where it did not end well.
    """

    state: ServerState = ServerState.STOPPED
    study: str = ""
    detail: str = ""
    progress: str = ""
    attached: bool = False
    link: str = ""
    log: str = ""

    @property
    def word(self) -> str:
        """The state in a word or two."""
        if self.state is ServerState.READY and self.link in {"gone", "refused"}:
            return "Reconnecting" if self.link == "gone" else "Not reachable"
        return {
            ServerState.STOPPED: "Stopped",
            ServerState.STARTING: "Starting",
            ServerState.READY: "Running",
            ServerState.STOPPING: "Stopping",
            ServerState.CRASHED: "Not running",
        }[self.state]

    @property
    def sentence(self) -> str:
        """The state in a sentence."""
        study = f"“{self.study}”" if self.study else "the study"
        match self.state:
            case ServerState.STOPPED:
                return self.detail or "No session is running."
            case ServerState.STARTING:
                return self.progress or f"Starting {study}…"
            case ServerState.READY if self.link == "refused":
                return "The server runs, but does not take this app's token. Participants are not affected."
            case ServerState.READY if self.link == "gone":
                return "The connection to the server was interrupted. It is tried again; participants are not affected."
            case ServerState.READY if self.attached:
                return f"{study[0].upper()}{study[1:]} was still running and has been found again."
            case ServerState.READY:
                return f"{study[0].upper()}{study[1:]} is open for participants."
            case ServerState.STOPPING:
                return "Stopping. Everything that has arrived is being written to disk…"
            case ServerState.CRASHED:
                return self.detail or "The server ended unexpectedly. What had arrived is saved; start again to go on."


def after(
    outcome: Outcome,
    event: ServerEvent,
    *,
    study: str | None = None,
    attached: bool | None = None,
    detail: str = "",
    progress: str = "",
    link: str = "",
    log: str = "",
) -> Outcome:
    """Return the outcome after `event`; unchanged when the table does not have it.

    Args:
        outcome: The outcome before.
        event: What happened.
        study: The title of the study, where it is new.
        attached: Whether the server ran before this app, where it is new.
        detail: The server's own words.
        progress: What it is busy with.
        link: How the connection to it is.
        log: The end of its log.
    """
    state = TRANSITIONS.get((outcome.state, event))
    if state is None:
        return outcome
    return replace(
        outcome,
        state=state,
        study=outcome.study if study is None else study,
        attached=outcome.attached if attached is None else attached,
        detail=detail,
        progress=progress,
        link=link,
        log=log,
    )
