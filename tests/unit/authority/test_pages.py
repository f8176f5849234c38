"""The pages of a match: views go to who keeps up, whole to who comes, and never in a growing queue."""

import json
import queue
from collections.abc import Sequence

import numpy as np
import pytest

from mug.authority import wire
from mug.authority.pages import UNDER_WAY, Pages, Pressed
from mug.authority.pictures import PicturePress
from mug.play.errors import PlayError
from mug.play.output import View
from mug.play.picture import Image, Picture
from mug.play.view_deltas import ViewDecoder
from tests.drivers.waiting import until

FPS = 20


class Match:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.frame = 0
        self.sent: list[wire.View] = []
        self.watched: list[wire.WatchView] = []
        self.pressed: queue.SimpleQueue[Pressed] = queue.SimpleQueue()
        self.pages = Pages(FPS, send=self.send, post=self.pressed.put, clock_s=lambda: self.now_s)
        self.decoders: dict[tuple[str, int], ViewDecoder] = {}

    def send(self, view: wire.View | wire.WatchView) -> None:
        (self.sent if isinstance(view, wire.View) else self.watched).append(view)  # type: ignore[arg-type]

    def step(self, picture: Picture | None = None, agents: Sequence[str] = ("a", "b")) -> None:
        self.frame += 1
        self.now_s += 1 / FPS
        packet = {"game_state_objects": [{"uuid": "ball", "object_type": "circle", "x": self.frame / 100}]}
        if self.frame == 1:
            packet["game_state_objects"].append({"uuid": "sky", "object_type": "rect", "permanent": True})
        picture = picture or Picture(packet={**packet, "removed": []})
        views = [View(0, self.frame, picture, None, 0.0, agent=agent) for agent in agents]
        self.pages.show(views, at_ms=1000 * self.now_s, keys_n={"a": self.frame})

    def take(self) -> list[tuple[str, int]]:
        """Let pages take in what was sent; returns agent and frame of each."""
        taken = []
        for view in self.sent:
            decoder = self.decoders.setdefault((view.agent, view.life), ViewDecoder())
            taken.append((view.agent, decoder.take(view.n, view.body, view.image).frame))
        self.sent.clear()
        return taken

    def shown(self, agent: str, life: int) -> list[str]:
        view = self.decoders[agent, life].view
        assert view is not None
        return list(view.objects)


def test_that_a_page_that_comes_gets_all_that_is_in_the_picture() -> None:
    match = Match()
    match.pages.attach("a", 1)
    match.step()
    match.step()
    match.pages.seen("a", 1)
    match.pages.attach("b", 2)
    assert match.take() == [("a", 1), ("a", 2), ("b", 2)]
    assert match.shown("b", 2) == ["sky", "ball"]
    match.pages.attach("b", 3)
    match.pages.detach("a")
    match.step()
    assert match.take() == [("b", 2), ("b", 3)]
    assert match.shown("b", 3) == ["sky", "ball"]
    assert match.decoders["b", 3].keys_n == -1


def test_that_a_page_that_does_not_answer_gets_no_more_until_it_does() -> None:
    match = Match()
    match.pages.attach("a", 1)
    for _ in range(10):
        match.step()
    assert [frame for _, frame in match.take()] == [1, 2, 3]
    match.pages.seen("a", 99)
    assert match.take() == []
    match.pages.seen("a", 0)
    assert match.take() == [("a", 10)]
    assert match.decoders["a", 1].keys_n == 10


def test_that_a_page_far_away_gets_every_frame_all_the_same() -> None:
    match, on_the_way = Match(), []
    match.pages.attach("a", 1)
    frames = []
    for _ in range(60):
        match.step()
        on_the_way += [(match.now_s, view.n) for view in match.sent]
        frames += [frame for _, frame in match.take()]
        for sent_s, n in list(on_the_way):
            if match.now_s >= sent_s + 0.3 - 1e-9:
                on_the_way.remove((sent_s, n))
                match.pages.seen("a", n)
                frames += [frame for _, frame in match.take()]
    assert frames[-20:] == list(range(41, 61))
    assert len(on_the_way) <= UNDER_WAY + 0.3 * FPS


def test_that_the_last_picture_reaches_everybody() -> None:
    match = Match()
    match.pages.attach("a", 1)
    for _ in range(10):
        match.step()
    match.pages.finish()
    assert match.take()[-1] == ("a", 10)
    match.pages.finish()
    assert match.take() == []


def test_that_a_picture_that_cannot_be_compressed_is_said_and_not_left_out_in_silence() -> None:
    match = Match()
    match.pages.attach("a", 1)
    noise = np.random.default_rng(0).integers(0, 256, (2, 70_000, 4), dtype=np.uint8)
    noise[:, :, 3] = 255
    match.step(Picture(image=Image(70_000, 2, noise.tobytes())))
    with pytest.raises(PlayError, match="a picture of 70000 × 2 pixels cannot be sent to the players"):
        match.pages.take(match.pressed.get(timeout=20))
    until(lambda: not match.pages.is_pressing(), "the thread of the pictures goes on")
    match.pages.close()


def test_that_pictures_of_pixels_come_when_they_are_compressed() -> None:
    match = Match()
    match.pages.attach("a", 1)
    match.step(Picture(image=_image(0)))
    match.pages.take(match.pressed.get(timeout=60))
    assert match.sent[0].image.startswith(b"\x89PNG")
    match.step(Picture(image=_image(0)))
    match.pages.take(match.pressed.get(timeout=60))
    assert match.sent[1].image == b""
    assert match.take() == [("a", 1), ("a", 2)]
    match.pages.close()


def _image(value: int) -> Image:
    return Image(8, 6, np.full((6, 8, 4), (value, value, value, 255), dtype=np.uint8).tobytes())


@pytest.mark.parametrize(("way", "kind"), [("few", "png"), ("many", "webp"), ("slow", "jpeg"), ("clear", "webp")])
def test_that_pictures_are_compressed_in_the_way_that_fits_them(way: str, kind: str) -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 255, (60, 80, 4), dtype=np.uint8) if way != "few" else np.zeros((60, 80, 4), np.uint8)
    pixels[:, :, 3] = 100 if way == "clear" else 255
    now_s = iter(range(1000))
    press = PicturePress(lambda: next(now_s) if way in ("slow", "clear") else 0.0)
    made = [press.press(Image(80, 60, np.roll(pixels, n, 1).tobytes())) for n in range(3)]
    assert made[-1].kind == kind
    assert (made[-1].width, made[-1].height) == (80, 60)
    assert press.press(Image(80, 60, np.roll(pixels, 2, 1).tobytes())) is made[-1]


def test_that_a_watcher_gets_a_players_views_by_the_rules_of_a_page_and_costs_nothing_when_gone() -> None:
    match, asked = Match(), []

    def about() -> bytes:
        asked.append(match.frame)
        return b"beside"

    def step() -> None:
        match.frame += 1
        match.now_s += 1 / FPS
        pictures = [Picture(packet={"game_state_objects": [_ball(x)], "removed": []}) for x in (0.1, 0.9)]
        views = [
            View(0, match.frame, picture, agent, 0.0, agent=agent)
            for agent, picture in zip(("a", "b"), pictures, strict=True)
        ]
        match.pages.show(views, at_ms=1000 * match.now_s, keys_n={"a": match.frame}, about=about)

    match.pages.attach("a", 1)
    step()
    assert asked == [], "nobody watches"
    match.pages.watch(7, "")
    match.pages.watch(8, "b")
    step()
    shown = {view.watcher: ViewDecoder() for view in match.watched}
    huds = [(view.watcher, shown[view.watcher].take(view.n, view.body).hud) for view in match.watched]
    assert huds == [(7, "a"), (8, "b"), (7, "a"), (8, "b")], "the first player's where none is named"
    assert shown[7].keys_n == -1, "no key is a watcher's"
    assert {view.about for view in match.watched} == {b"beside"}
    for _ in range(10):
        step()
    assert len([view for view in match.watched if view.watcher == 7]) == UNDER_WAY, "who does not answer gets no more"
    match.watched.clear()
    match.pages.watcher_seen(7, UNDER_WAY - 1)
    (late,) = match.watched
    assert (late.watcher, json.loads(late.body)["frame"]) == (7, match.frame)
    match.pages.unwatch(7)
    match.pages.unwatch(8)
    match.watched.clear()
    before = len(asked)
    step()
    assert (match.watched, len(asked)) == ([], before)


def _ball(x: float) -> dict[str, object]:
    return {"uuid": "ball", "object_type": "circle", "x": x}
