"""From the pictures that an environment gives, frame after frame, to all that is in the views of each player."""

from collections.abc import Mapping, Sequence

from mug.play.output import View
from mug.play.picture import Image
from mug.play.view_deltas import Scenery, SeenView

__all__ = ["Sceneries"]

_ALL = ""


class Sceneries:
    """What is in the picture of each player, or in the one of all."""

    def __init__(self) -> None:
        self._sceneries: dict[str, Scenery] = {}

    def take(self, views: Sequence[View]) -> tuple[dict[str, SeenView], dict[str, Image]]:
        """Take a frame's views; returns them whole, by agent, and the images that are to be put into them."""
        seen: dict[str, SeenView] = {}
        images: dict[str, Image] = {}
        folded: set[str] = set()
        for view in views:
            whose = view.agent if any(view.picture is not other.picture for other in views) else _ALL
            taken_out: tuple[str, ...] = ()
            objects: Mapping[str, Mapping[str, object]] = {}
            if view.picture.packet is not None:
                scenery = self._sceneries.setdefault(whose, Scenery())
                if whose not in folded:
                    folded.add(whose)
                    scenery.take(view.picture.packet)
                objects, taken_out = scenery.objects, scenery.taken_out
            elif view.picture.image is not None:
                images[view.agent] = view.picture.image
            seen[view.agent] = SeenView(
                episode=view.episode,
                frame=view.frame,
                hud=view.hud,
                score=view.score,
                objects=objects,
                taken_out=taken_out,
            )
        return seen, images
