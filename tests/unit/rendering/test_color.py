"""Colours as people write them, and the words of the refusals."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.rendering import NAMED_COLORS, normalize_color

BYTE = st.integers(0, 255)


@given(st.tuples(BYTE, BYTE, BYTE))
def test_that_every_rgb_tuple_becomes_its_hex(rgb):
    text = normalize_color(rgb)
    assert re.fullmatch("#[0-9a-f]{6}", text)
    assert tuple(bytes.fromhex(text[1:])) == rgb
    assert normalize_color(text.upper()) == text


@pytest.mark.parametrize(
    ("given_color", "hex_color"),
    [
        ("#FFF", "#ffffff"),
        ("#1a2", "#11aa22"),
        ("  #A0B1C2 ", "#a0b1c2"),
        (" Red", "#ff0000"),
        ("REBECCAPURPLE", "#663399"),
        ("grey", "#808080"),
    ],
)
def test_that_case_and_outer_spaces_do_not_matter(given_color, hex_color):
    assert normalize_color(given_color) == hex_color


def test_that_the_common_names_are_known():
    common = [
        "white",
        "black",
        "red",
        "green",
        "blue",
        "yellow",
        "cyan",
        "magenta",
        "orange",
        "purple",
        "pink",
        "brown",
        "gray",
        "grey",
        "lime",
        "navy",
        "teal",
        "maroon",
        "olive",
        "silver",
        "gold",
    ]
    assert set(common) <= set(NAMED_COLORS)
    assert all(re.fullmatch("#[0-9a-f]{6}", value) for value in NAMED_COLORS.values())


@pytest.mark.parametrize("wrong", ["blurple", "", "#12", "#12345", "#gggggg", "rgb(1,2,3)", "ff0000"])
def test_that_an_unknown_text_is_refused(wrong):
    with pytest.raises(ValueError, match="Unrecognized color"):
        normalize_color(wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ((1, 2), "must have exactly 3 elements"),
        ((1, 2, 3, 4), "must have exactly 3 elements"),
        ((1.0, 2, 3), "must be ints"),
        ((True, 2, 3), "must be ints"),
        (("1", 2, 3), "must be ints"),
        ((0, 0, 256), "must be 0-255"),
        ((-1, 0, 0), "must be 0-255"),
    ],
)
def test_that_a_wrong_tuple_is_refused_with_the_reason(wrong, words):
    with pytest.raises(ValueError, match=words):
        normalize_color(wrong)


@pytest.mark.parametrize("wrong", [[1, 2, 3], 7, None, 1.5, {"r": 1}])
def test_that_another_type_is_refused(wrong):
    with pytest.raises(TypeError, match="must be a tuple or str"):
        normalize_color(wrong)
