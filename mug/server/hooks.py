"""The study's own code on the server: scene hooks, page functions and GameCallbacks."""

from typing import Any

from mug.engine.effects import ObserveChunk
from mug.study.loading import LoadedStudy

__all__ = ["StudyHooks"]


class StudyHooks:
    """Calls the functions that a study names; used on the call pool's threads only."""

    def __init__(self, loaded: LoadedStudy) -> None:
        self._loaded = loaded

    def call(self, kind: str, ref: str, context: dict[str, Any]) -> Any:
        """Call a scene's hook with its context, or the function that makes a player's page."""
        function = self._loaded.resolve_callable(ref)
        return function(context)

    def observe(self, chunk: ObserveChunk) -> None:
        """Call a GameCallback's hooks for what a stored chunk holds."""
