"""The chain of scenes that a study's participants go through."""

from collections.abc import Iterable

from mug.scenes.scene import Scene, SceneWrapper, scene_list
from mug.scenes.static_scene import EndScene, StartScene
from mug.scenes.values import Building
from mug.study.model import Node

__all__ = ["Stager"]


class Stager:
    """Holds the scenes in order: first a `StartScene`, last an `EndScene`.

    Each participant goes through them in an own way, drawn from the participant's seed.

    Args:
        scenes: The scenes and wrappers.

    Raises:
        ValueError: When the first is no start scene or the last no end scene.
        TypeError: When something else is among them.
    """

    def __init__(self, scenes: Iterable[Scene | SceneWrapper]) -> None:
        self.scenes: list[Scene | SceneWrapper] = scene_list("Stager", scenes)
        first, last = self.scenes[0], self.scenes[-1]
        if not isinstance(first, StartScene):
            raise ValueError(f"Stager(scenes=…)[0] is a {type(first).__name__}; the first must be a StartScene")
        if not isinstance(last, EndScene):
            raise ValueError(
                f"Stager(scenes=…)[-1] is a {type(last).__name__}; the last must be an EndScene or CompletionCodeScene"
            )

    def build_chain(self, building: Building) -> tuple[Node, ...]:
        """Return the chain as study data."""
        return tuple(scene.build_node(building) for scene in self.scenes)
