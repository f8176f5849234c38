"""What can go wrong while a game runs, as types: whose fault it is decides who is told what."""

from typing import Any

from mug.errors import MugError

__all__ = [
    "ChunkError",
    "EnvironmentFailedError",
    "IrreproducibleError",
    "NotCanonicalError",
    "PlayError",
    "PolicyFailedError",
    "UnknownAgentError",
]


class PlayError(MugError):
    """Root of this package's errors: the game's settings do not fit its environment."""


class UnknownAgentError(PlayError):
    """The study names an agent that the environment does not have.

    Attributes:
        agent: The agent.
    """

    def __init__(self, agent: str, message: str) -> None:
        self.agent = agent
        super().__init__(message)


class EnvironmentFailedError(PlayError):
    """The study's own code raised.

    Attributes:
        stage: What was being done: "load", "reset", "step", "render", "hud_text_fn", "on_game_step_code",
            "policy".
        traceback: The traceback from the study's first line on, naming the study's file and line.
    """

    def __init__(self, stage: str, message: str, traceback: str) -> None:
        self.stage = stage
        self.traceback = traceback
        super().__init__(message)


class PolicyFailedError(EnvironmentFailedError):
    """A policy gave no action that can be used: its code raised, its model gave no numbers, the action does not exist.

    Attributes:
        agent: The agent that it acts for.
        policy: Its name.
        episode: The episode, -1 before the first.
        frame: The frame, -1 before the first.
    """

    def __init__(self, agent: str, policy: str, episode: int, frame: int, reason: str, traceback: str = "") -> None:
        self.agent = agent
        self.policy = policy
        self.episode = episode
        self.frame = frame
        when = f"at frame {frame} of episode {episode}" if frame >= 0 else "before the first frame"
        super().__init__("policy", f"the policy {policy!r} of agent {agent!r} failed {when}: {reason}", traceback)

    def __reduce__(self) -> tuple[Any, ...]:
        reason = str(self).partition(": ")[2]
        return type(self), (self.agent, self.policy, self.episode, self.frame, reason, self.traceback)


class IrreproducibleError(PlayError):
    """Stepping the stored frames again gave something else than what was stored.

    Attributes:
        episode: The episode that differs.
        frame: The first frame of the part that differs.
    """

    def __init__(self, reason: str, episode: int, frame: int) -> None:
        self.episode = episode
        self.frame = frame
        super().__init__(reason)


class NotCanonicalError(PlayError):
    """A value has no canonical encoding.

    Attributes:
        path: Where the value is, from the root on.
        type_name: Its type.
    """

    def __init__(self, path: str, type_name: str) -> None:
        self.path = path
        self.type_name = type_name
        super().__init__(f"{path or 'the value'} is of type {type_name}, which cannot be written canonically")


class ChunkError(PlayError):
    """Bytes that should be a frames chunk are not, or are damaged."""
