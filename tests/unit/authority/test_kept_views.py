"""Views that are kept: any of them again, whole, from a file that does not grow without end."""

import random

from mug.authority.kept_views import KEY_EVERY, KeptViews
from mug.play.view_deltas import PictureImage, SeenView


def view(frame: int, episode: int = 0, image: PictureImage | None = None) -> SeenView:
    ball = {"uuid": "ball", "object_type": "circle", "x": frame / 1000}
    sky = {"uuid": "sky", "object_type": "rect", "permanent": True}
    objects = {"sky": sky, "ball": ball} if image is None else {}
    return SeenView(
        episode=episode,
        frame=frame,
        hud=f"frame {frame // 10}",
        score=float(frame),
        objects=objects,
        taken_out=("moon",) if frame > 50 else (),
        image=image,
    )


def test_that_any_view_comes_again_as_it_was_in_whatever_order() -> None:
    views = KeptViews()
    for episode in (0, 1):
        for frame in range(100):
            views.add("a", view(frame, episode))
            if frame % 2 == 0:
                views.add("b", view(frame // 2, episode))
    assert (views.frames("a", 0), views.frames("b", 1), views.frames("c", 0)) == (100, 50, 0)
    places = [(episode, frame) for episode in (0, 1) for frame in range(100)]
    random.Random(1).shuffle(places)
    for episode, frame in places:
        assert views.get("a", episode, frame) == view(frame, episode)
        assert views.get("b", episode, frame // 2) == view(frame // 2, episode)
    assert views.get("a", 0, 100) is None
    assert views.get("a", 2, 0) is None
    views.close()


def test_that_a_picture_that_stays_is_kept_once_between_two_whole_views() -> None:
    views, picture = KeptViews(), PictureImage(2, 2, "png", bytes(10_000))
    for frame in range(2 * KEY_EVERY):
        views.add("a", view(frame, image=picture))
    assert 20_000 < views.size < 30_000
    for frame in (2 * KEY_EVERY - 1, 3, KEY_EVERY, 0):
        shown = views.get("a", 0, frame)
        assert shown is not None
        assert shown.image == picture
    views.close()


def test_that_what_finds_no_room_is_not_kept_and_the_rest_stays() -> None:
    views = KeptViews(max_bytes=2_000)
    for frame in range(100):
        views.add("a", view(frame))
    kept = views.frames("a", 0)
    assert (views.is_full, 5 < kept < 100, views.size <= 2_000) == (True, True, True)
    assert views.get("a", 0, kept - 1) == view(kept - 1)
    assert views.get("a", 0, kept) is None
    views.close()
