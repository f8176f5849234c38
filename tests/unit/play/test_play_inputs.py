import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.play.config import ActionBinding
from mug.play.inputs import NO_KEY, STATUS_INPUT, Given, KeyBoard, normal_key

MAPPING = (
    ActionBinding(keys=("w",), action=1),
    ActionBinding(keys=("d",), action=2),
    ActionBinding(keys=("w", "d"), action=3),
    ActionBinding(keys=(" ",), action=4),
)


def pressed(action: int) -> Given:
    return Given(STATUS_INPUT, action)


def test_that_held_keys_give_their_action_at_every_frame() -> None:
    keys = KeyBoard(MAPPING, "pressed_keys")
    keys.update(["w"], ["w"])
    assert [keys.read() for _ in range(3)] == [pressed(1)] * 3
    keys.update([], [])
    assert keys.read() == NO_KEY


def test_that_a_tap_between_two_frames_counts_for_one_frame() -> None:
    keys = KeyBoard(MAPPING, "pressed_keys")
    keys.update(["d"], ["d"])
    keys.update([], [])
    assert [keys.read(), keys.read()] == [pressed(2), NO_KEY]


def test_that_a_tap_of_the_last_episode_is_forgotten() -> None:
    keys = KeyBoard(MAPPING, "pressed_keys")
    keys.update([], ["d"])
    keys.forget_presses()
    assert keys.read() == NO_KEY


def test_that_both_cases_of_a_letter_may_be_two_keys() -> None:
    keys = KeyBoard((ActionBinding(keys=("a",), action=1), ActionBinding(keys=("A",), action=2)), "pressed_keys")
    keys.update(["A"], [])
    assert keys.read() == pressed(2)
    keys.update(["a"], [])
    assert keys.read() == pressed(1)


def test_that_the_longest_chord_wins() -> None:
    keys = KeyBoard(MAPPING, "pressed_keys")
    keys.update(["d", "w", "x"], [])
    assert keys.read() == pressed(3)


def test_that_with_equal_lengths_the_first_of_the_mapping_wins() -> None:
    keys = KeyBoard(MAPPING, "pressed_keys")
    keys.update([" ", "d"], [])
    assert keys.read() == pressed(2)


def test_that_each_key_press_gives_one_action_in_order() -> None:
    keys = KeyBoard(MAPPING, "single_keystroke")
    keys.update([], ["w", "d"])
    assert [keys.read() for _ in range(3)] == [pressed(1), pressed(2), NO_KEY]


def test_that_a_held_key_gives_no_second_action_for_a_single_keystroke() -> None:
    keys = KeyBoard(MAPPING, "single_keystroke")
    keys.update(["w"], ["w"])
    keys.read()
    keys.update(["w"], [])
    assert keys.read() == NO_KEY


def test_that_a_chord_is_complete_when_its_last_key_goes_down() -> None:
    keys = KeyBoard(MAPPING, "single_keystroke")
    keys.update(["w"], ["w"])
    keys.update(["w", "d"], ["d"])
    assert [keys.read(), keys.read()] == [pressed(1), pressed(3)]


def test_that_presses_of_long_ago_are_dropped_and_forgotten_at_a_new_episode() -> None:
    keys = KeyBoard(MAPPING, "single_keystroke", queue_limit=3)
    keys.update([], ["w"] * 20)
    assert [keys.read() for _ in range(20)].count(pressed(1)) == 3
    keys.update([], ["w"])
    keys.forget_presses()
    assert keys.read() == NO_KEY


@pytest.mark.parametrize("input_mode", ["pressed_keys", "single_keystroke"])
def test_that_keys_wait_until_a_frame_takes_them(input_mode: str) -> None:
    keys = KeyBoard(MAPPING, input_mode)
    keys.update([], ["w"])
    assert [keys.peek() for _ in range(3)] == [pressed(1)] * 3
    keys.next_frame()
    assert keys.peek() == NO_KEY


@pytest.mark.parametrize(
    ("key", "name"), [("W", "w"), ("Spacebar", " "), ("Space", " "), ("Left", "ArrowLeft"), ("F1", "F1")]
)
def test_that_keys_have_one_name(key: str, name: str) -> None:
    assert normal_key(key) == name


def test_that_another_input_mode_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'mouse'"):
        KeyBoard(MAPPING, "mouse")


@given(st.lists(st.sets(st.sampled_from(["w", "d", " ", "x"]))))
def test_that_an_action_is_given_exactly_while_a_mapped_key_is_down(moments: list[set[str]]) -> None:
    keys = KeyBoard(MAPPING, "pressed_keys")
    for held in moments:
        keys.update(held, [])
        read = keys.read()
        assert (read != NO_KEY) == bool(held & {"w", "d", " "})
        if {"w", "d"} <= held:
            assert read == pressed(3)
