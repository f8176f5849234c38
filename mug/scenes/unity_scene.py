"""Unity games in a page; they come with a later version."""

from typing import Any

from mug.errors import NotAvailableYetError
from mug.scenes.scene import Scene

__all__ = ["UnityScene"]


class UnityScene(Scene):
    """A Unity WebGL game; not available yet."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise NotAvailableYetError("UnityScene")
