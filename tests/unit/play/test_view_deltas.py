"""Views that travel as what changed: whatever packets come, a page ends up with what the environment draws."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.play.errors import PlayError
from mug.play.view_deltas import DECIMALS, PictureImage, Scenery, SeenView, ViewDecoder, ViewEncoder, wire_value

UUIDS = st.sampled_from(["a", "b", "c", "d", "e", "f"])
NUMBERS = st.floats(-2, 2) | st.integers(-3, 3) | st.sampled_from([math.nan, math.inf, 1e-9, -0.0])
FIELDS = st.dictionaries(
    st.sampled_from(["x", "y", "fill", "points", "depth"]),
    NUMBERS | st.booleans() | st.none() | st.text(max_size=3) | st.lists(st.lists(NUMBERS, max_size=2), max_size=3),
    max_size=4,
)
OBJECTS = st.builds(
    lambda uuid, permanent, fields: {"object_type": "circle", **fields, "uuid": uuid, "permanent": permanent},
    UUIDS,
    st.booleans(),
    FIELDS,
)
PACKETS = st.builds(
    lambda objects, removed: {"game_state_objects": objects, "removed": removed},
    st.lists(OBJECTS, max_size=6, unique_by=lambda item: item["uuid"]),
    st.lists(UUIDS, max_size=3, unique=True),
)


class Picture:
    """What is in the picture by the rules that pages have for whole packets, written down in another way."""

    def __init__(self) -> None:
        self.nodes: dict[str, tuple[dict[str, Any], int]] = {}
        self.arrivals = 0

    def apply(self, packet: Mapping[str, Any]) -> None:
        for uuid in packet["removed"]:
            self.nodes.pop(uuid, None)
        sent = {item["uuid"] for item in packet["game_state_objects"]}
        self.nodes = {u: node for u, node in self.nodes.items() if node[0]["permanent"] or u in sent}
        for index, item in enumerate(packet["game_state_objects"]):
            old = self.nodes.get(item["uuid"])
            if old is not None and old[0]["permanent"] and item["permanent"]:
                order = old[1]
            elif item["permanent"]:
                order, self.arrivals = self.arrivals, self.arrivals + 1
            else:
                order = index
            self.nodes[item["uuid"]] = (item, order)

    def drawn(self) -> list[Any]:
        nodes = sorted(self.nodes.values(), key=lambda node: (not node[0]["permanent"], node[1]))
        return [wire_value(item) for item, _ in nodes]


def shown(view: SeenView) -> tuple[Any, ...]:
    return view.episode, view.frame, view.hud, wire_value(view.score), list(view.objects.values())


@given(
    packets=st.lists(PACKETS, min_size=1, max_size=12),
    hud=st.lists(st.none() | st.text(max_size=4), min_size=1, max_size=3),
    left_out=st.sets(st.integers(0, 11)),
)
def test_that_a_page_shows_what_was_drawn_whichever_views_were_left_out(
    packets: Sequence[Mapping[str, Any]], hud: Sequence[str | None], left_out: set[int]
) -> None:
    scenery, picture, encoder, decoder = Scenery(), Picture(), ViewEncoder(), ViewDecoder()
    for frame, packet in enumerate(packets):
        scenery.take(packet)
        picture.apply(packet)
        assert list(scenery.objects.values()) == picture.drawn()
        if frame in left_out:
            continue
        view = SeenView(episode=0, frame=frame, hud=hud[frame % len(hud)], score=frame / 3, objects=scenery.objects)
        body, image = encoder.encode(view, at_ms=33.3 * frame, keys_n=frame - 1)
        assert image == b""
        assert shown(decoder.take(encoder.sent, body)) == shown(view)
        assert decoder.keys_n == frame - 1


@given(packets=st.lists(PACKETS, min_size=1, max_size=8))
def test_that_a_page_that_comes_later_gets_the_same_picture_whole(packets: Sequence[Mapping[str, Any]]) -> None:
    scenery, early = Scenery(), ViewEncoder()
    decoder = ViewDecoder()
    for frame, packet in enumerate(packets):
        scenery.take(packet)
        view = SeenView(episode=0, frame=frame, objects=scenery.objects, taken_out=scenery.taken_out)
        decoder.take(early.sent + 1, early.encode(view, at_ms=0)[0])
    late = ViewDecoder()
    late.take(0, ViewEncoder().encode(view, at_ms=0)[0])
    assert late.view == decoder.view


@given(value=st.recursive(NUMBERS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))
def test_that_numbers_travel_with_at_most_five_decimals(value: Any) -> None:
    def check(made: Any) -> None:
        if isinstance(made, float):
            assert made == round(made, DECIMALS)
            assert math.copysign(1, made) == 1 or made < 0
        for item in made.values() if isinstance(made, dict) else made if isinstance(made, list) else ():
            check(item)

    made = wire_value(value)
    check(made)
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_that_only_what_changed_is_sent() -> None:
    scenery, encoder = Scenery(), ViewEncoder()

    def send(*objects: dict[str, Any], removed: Sequence[str] = ()) -> dict[str, Any]:
        scenery.take({"game_state_objects": list(objects), "removed": list(removed)})
        view = SeenView(episode=0, frame=0, objects=scenery.objects, taken_out=scenery.taken_out)
        return dict(json.loads(encoder.encode(view, at_ms=0)[0]))

    wall = {"uuid": "wall", "object_type": "rect", "permanent": True, "x": 0.5}
    ball = {"uuid": "ball", "object_type": "circle", "permanent": False, "x": 0.123456789, "r": 0.1}
    first = send(wall, ball)
    assert first["base"] == -1
    assert first["new"][1]["x"] == 0.12346
    second = send({**ball, "x": 0.123457})
    assert second == {"episode": 0, "frame": 0, "at_ms": 0, "base": 0, "keys_n": -1}
    third = send({**ball, "x": 0.5})
    assert third["changed"] == [{"uuid": "ball", "x": 0.5}]
    assert send({**ball, "x": 0.5}, removed=["wall"])["gone"] == ["wall"]
    assert send({**ball, "x": 0.5}, removed=["never known"])["gone"] == ["never known"]
    assert "gone" not in send({**ball, "x": 0.5})


def test_that_a_picture_that_did_not_change_is_not_sent_again() -> None:
    encoder, decoder = ViewEncoder(), ViewDecoder()
    one, other = PictureImage(4, 3, "png", b"one"), PictureImage(4, 3, "jpeg", b"other")
    for n, (image, sent) in enumerate(
        [(one, b"one"), (one, b""), (PictureImage(4, 3, "png", b"one"), b""), (other, b"other")]
    ):
        body, beside = encoder.encode(SeenView(episode=0, frame=n, image=image), at_ms=n)
        assert beside == sent
        assert decoder.take(n, body, beside).image == image


def test_that_a_view_that_changes_an_unknown_one_is_refused() -> None:
    encoder, decoder = ViewEncoder(), ViewDecoder()
    encoder.encode(SeenView(episode=0, frame=0), at_ms=0)
    body, _ = encoder.encode(SeenView(episode=0, frame=1), at_ms=1)
    with pytest.raises(PlayError, match="changes view 0"):
        decoder.take(1, body)
