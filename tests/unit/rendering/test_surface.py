"""What an environment draws is what travels: shapes, coordinates, persistence."""

import json
import math

import numpy as np
import pytest

from mug.rendering import DrawCommand, RenderPacket, Surface


@pytest.fixture
def surface() -> Surface:
    return Surface(600, 400)


def only(surface: Surface) -> dict:
    (wire,) = surface.commit().to_dict()["game_state_objects"]
    return wire


def test_that_a_rectangle_travels_with_relative_coordinates_and_normal_colours(surface):
    surface.rect(60, 100, 300, 200, color=(255, 0, 0), border_radius=8, stroke_color="Navy", stroke_width=3)
    wire = only(surface)
    assert (wire["object_type"], wire["permanent"], wire["depth"]) == ("rect", False, 0)
    assert (wire["tween"], wire["tween_duration"]) == (False, None)
    assert (wire["x"], wire["y"], wire["w"], wire["h"]) == (0.1, 0.25, 0.5, 0.5)
    assert (wire["color"], wire["border_radius"]) == ("#ff0000", 8)
    assert (wire["stroke_color"], wire["stroke_width"]) == ("#000080", 3)


def test_that_a_radius_is_relative_to_the_larger_side(surface):
    surface.circle(300, 200, 60)
    assert only(surface)["radius"] == 0.1
    surface.arc(300, 200, 30, 0, math.pi)
    wire = only(surface)
    assert (wire["radius"], wire["start_angle"], wire["end_angle"]) == (0.05, 0, math.pi)
    tall = Surface(100, 1000)
    tall.circle(50, 500, 100)
    assert only(tall)["radius"] == 0.1


def test_that_an_ellipse_keeps_its_half_axes_apart(surface):
    surface.ellipse(300, 200, 60, 40)
    wire = only(surface)
    assert (wire["rx"], wire["ry"]) == (0.1, 0.1)


@pytest.mark.parametrize("points", [[(60, 40), (120, 80)], ((60, 40), (120, 80)), np.array([[60, 40], [120, 80]])])
def test_that_points_may_come_as_lists_tuples_or_arrays(surface, points):
    surface.line(points, width=3, fill_below=True)
    wire = only(surface)
    assert wire["points"] == [[0.1, 0.1], [0.2, 0.2]]
    assert (wire["width"], wire["fill_below"], wire["fill_above"]) == (3, True, False)
    surface.polygon(points, color="#abc")
    assert only(surface)["color"] == "#aabbcc"


def test_that_an_image_in_pixels_is_relative_in_the_packet(surface):
    surface.image("chef", 60, 40, w=120, h=80, frame="left.png", angle=90)
    wire = only(surface)
    assert wire["object_type"] == "sprite"
    assert (wire["x"], wire["y"], wire["w"], wire["h"]) == (0.1, 0.1, 0.2, 0.2)
    assert (wire["image_name"], wire["frame"], wire["angle"]) == ("chef", "left.png", 90)


def test_that_relative_coordinates_travel_as_they_are(surface):
    surface.rect(0.1, 0.2, 0.3, 0.4, relative=True)
    surface.circle(0.5, 0.5, 0.25, relative=True)
    surface.ellipse(0.5, 0.5, 0.25, 0.125, relative=True)
    surface.line([(0, 0), (1, 1)], relative=True)
    surface.image("a", 0.5, 0.5, 0.1, 0.2, relative=True)
    rect, circle, ellipse, line, image = surface.commit().to_dict()["game_state_objects"]
    assert (rect["x"], rect["y"], rect["w"], rect["h"]) == (0.1, 0.2, 0.3, 0.4)
    assert circle["radius"] == 0.25
    assert (ellipse["rx"], ellipse["ry"]) == (0.25, 0.125)
    assert line["points"] == [[0, 0], [1, 1]]
    assert (image["w"], image["h"]) == (0.1, 0.2)


def test_that_a_text_travels(surface):
    surface.text("Score: 3", 30, 20)
    wire = only(surface)
    assert (wire["object_type"], wire["text"], wire["x"], wire["y"]) == ("text", "Score: 3", 0.05, 0.05)
    assert (wire["size"], wire["color"], wire["font"]) == (16, "#000000", "Arial")


def test_that_every_shape_takes_depth_and_tween(surface):
    common = {"id": "it", "depth": 7, "tween_duration": 120}
    draw = {
        "rect": lambda: surface.rect(0, 0, 1, 1, **common),
        "circle": lambda: surface.circle(0, 0, 1, **common),
        "ellipse": lambda: surface.ellipse(0, 0, 1, 1, **common),
        "line": lambda: surface.line([(0, 0), (1, 1)], **common),
        "polygon": lambda: surface.polygon([(0, 0), (1, 1), (0, 1)], **common),
        "arc": lambda: surface.arc(0, 0, 1, 0, 1, **common),
        "text": lambda: surface.text("x", 0, 0, **common),
        "sprite": lambda: surface.image("x", 0, 0, 1, 1, **common),
    }
    for object_type, shape in draw.items():
        shape()
        wire = only(surface)
        assert (wire["object_type"], wire["uuid"]) == (object_type, "it")
        assert (wire["depth"], wire["tween"], wire["tween_duration"]) == (7, True, 120)


def test_that_a_packet_is_json(surface):
    surface.rect(np.float32(3), np.int64(4), np.float64(5), 6, color=(np.uint8(1), np.uint8(2), np.uint8(3)))
    surface.line(np.zeros((3, 2)))
    packet = surface.commit().to_dict()
    assert json.loads(json.dumps(packet)) == packet
    assert set(packet) == {"game_state_objects", "removed"}


def test_that_objects_without_an_id_are_told_apart_and_sent_every_time(surface):
    for _ in range(2):
        surface.circle(1, 1, 1)
        surface.circle(2, 2, 2)
        wires = surface.commit().to_dict()["game_state_objects"]
        assert len({wire["uuid"] for wire in wires}) == 2


def test_that_a_persistent_object_is_sent_once_and_again_when_it_changes(surface):
    def frame(x):
        surface.rect(x, 0, 10, 10, id="box", persistent=True)
        return [wire["uuid"] for wire in surface.commit().to_dict()["game_state_objects"]]

    assert frame(0) == ["box"]
    assert frame(0) == []
    assert frame(5) == ["box"]
    assert frame(5) == []


def test_that_a_persistent_object_is_sent_again_when_only_its_depth_changes(surface):
    surface.rect(0, 0, 1, 1, id="box", persistent=True)
    surface.commit()
    surface.rect(0, 0, 1, 1, id="box", persistent=True, depth=1)
    assert only(surface)["depth"] == 1


def test_that_reset_sends_persistent_objects_again(surface):
    surface.rect(0, 0, 10, 10, id="box", persistent=True)
    surface.commit()
    surface.remove("other")
    surface.circle(0, 0, 3)
    surface.reset()
    surface.rect(0, 0, 10, 10, id="box", persistent=True)
    assert surface.commit().to_dict() == {"game_state_objects": [_box()], "removed": []}


def _box() -> dict:
    fresh = Surface(600, 400)
    fresh.rect(0, 0, 10, 10, id="box", persistent=True)
    return only(fresh)


def test_that_remove_lists_the_id_and_forgets_the_object(surface):
    surface.rect(0, 0, 10, 10, id="box", persistent=True)
    surface.commit()
    surface.remove("box")
    assert surface.commit() == RenderPacket([], ["box"])
    assert surface.commit() == RenderPacket([], [])
    surface.rect(0, 0, 10, 10, id="box", persistent=True)
    assert only(surface)["uuid"] == "box"


def test_that_removing_an_unknown_id_is_no_error_and_is_listed_once(surface):
    surface.remove("nobody")
    surface.remove("nobody")
    assert surface.commit().to_dict() == {"game_state_objects": [], "removed": ["nobody"]}


def test_that_an_object_removed_in_its_own_frame_is_not_sent(surface):
    surface.rect(0, 0, 10, 10, id="box", persistent=True)
    surface.remove("box")
    assert surface.commit().to_dict() == {"game_state_objects": [], "removed": ["box"]}


def test_that_a_persistent_object_needs_an_id(surface):
    with pytest.raises(ValueError, match="requires an id"):
        surface.rect(0, 0, 1, 1, persistent=True)
    assert surface.commit() == RenderPacket([], [])


def test_that_an_object_that_stops_being_persistent_is_sent_in_every_packet(surface):
    surface.rect(0, 0, 1, 1, id="a", persistent=True)
    surface.commit()
    for _ in range(2):
        surface.rect(0, 0, 1, 1, id="a")
        assert only(surface)["permanent"] is False
    surface.rect(0, 0, 1, 1, id="a", persistent=True)
    assert only(surface)["permanent"] is True


def test_that_a_wrong_colour_leaves_the_frame_as_it_was(surface):
    with pytest.raises(ValueError, match="Unrecognized color"):
        surface.rect(0, 0, 1, 1, color="blurple")
    assert surface.commit() == RenderPacket([], [])


@pytest.mark.parametrize(("width", "height"), [(0, 400), (600, -1)])
def test_that_a_surface_has_a_size(width, height):
    with pytest.raises(ValueError, match="must be more than 0"):
        Surface(width, height)


def test_that_assets_are_listed_in_the_order_of_registration(surface):
    surface.register_atlas("chefs", img_path="chefs.png", json_path="chefs.json")
    surface.register_image("pot", path="pot.png")
    assert surface.get_asset_specs() == [
        {"object_type": "atlas_spec", "name": "chefs", "img_path": "chefs.png", "json_path": "chefs.json"},
        {"object_type": "img_spec", "name": "pot", "img_path": "pot.png"},
    ]


def test_that_a_draw_command_cannot_be_changed():
    command = DrawCommand("rect", "a", {})
    assert command.persistent is False
    with pytest.raises(AttributeError):
        command.id = "b"
