import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.play.rollback.inputs import NEVER, InputQueue

BLANK = b"\x00"


def a_queue(*, delay: int = 0, repeats: bool = True) -> InputQueue:
    return InputQueue(BLANK, repeats=repeats, delay=delay)


def filled(values: bytes, **kinds: bool) -> InputQueue:
    queue = a_queue(**kinds)
    for frame, value in enumerate(values):
        assert queue.add(frame, bytes([value]))
    return queue


def test_that_only_the_next_frame_is_taken() -> None:
    queue = a_queue()
    assert queue.add(0, b"a")
    assert not queue.add(0, b"b")
    assert not queue.add(3, b"c")
    assert (queue.last, queue.at(0)) == (0, (b"a", False))


def test_that_with_a_delay_the_first_frames_are_the_default_and_inputs_come_later() -> None:
    queue = a_queue(delay=2)
    assert queue.last == 1
    assert queue.add(2, b"x")
    assert [queue.at(frame) for frame in range(3)] == [(BLANK, False), (BLANK, False), (b"x", False)]


def test_that_the_first_guess_is_the_default_and_not_an_empty_input() -> None:
    assert a_queue().at(0) == (BLANK, True)


def test_that_a_guess_repeats_the_last_input_for_ever() -> None:
    queue = filled(b"\x4d")
    assert {queue.at(frame) for frame in range(1, 50)} == {(b"\x4d", True)}


def test_that_a_guess_may_be_the_default_instead() -> None:
    assert filled(b"\x4d", repeats=False).at(1) == (BLANK, True)


def test_that_a_guess_that_comes_true_is_not_wrong() -> None:
    queue = filled(b"\x05")
    queue.at(1)
    queue.add(1, b"\x05")
    assert queue.wrong == NEVER


def test_that_the_first_wrong_guess_is_found_and_stays_the_first() -> None:
    queue = filled(b"\x05")
    for frame in range(1, 6):
        queue.at(frame)
    for frame, value in enumerate([5, 7, 8, 5], start=1):
        queue.add(frame, bytes([value]))
    assert queue.wrong == 2


def test_that_frames_that_were_never_guessed_cannot_be_wrong() -> None:
    queue = filled(b"\x05")
    queue.at(1)
    queue.add(1, b"\x05")
    queue.add(2, b"\x09")
    assert queue.wrong == NEVER
    assert queue.at(3) == (b"\x09", True)


def test_that_forgetting_the_guess_makes_a_new_one_of_what_came_since() -> None:
    queue = filled(b"\x05")
    queue.at(1)
    queue.at(2)
    queue.add(1, b"\x07")
    queue.forget_guess()
    assert (queue.wrong, queue.at(2)) == (NEVER, (b"\x07", True))


def test_that_guesses_before_a_speculative_end_are_still_compared() -> None:
    queue = filled(b"\x05")
    for frame in range(1, 8):
        queue.at(frame)
    queue.forget_guesses_from(4)
    for frame, value in enumerate([5, 5, 6, 6], start=1):
        queue.add(frame, bytes([value]))
    assert queue.wrong == 3


def test_that_discarding_shortens_and_keeps_the_last() -> None:
    queue = filled(bytes(range(10)))
    queue.discard(5)
    assert len(queue) == 5
    with pytest.raises(KeyError):
        queue.at(4)
    queue.discard(100)
    assert (len(queue), queue.at(10)) == (1, (b"\x09", True))


def test_that_cutting_forgets_the_later_inputs() -> None:
    queue = filled(bytes(range(10)))
    queue.cut(3)
    assert (queue.last, len(queue), queue.held(2, 99)) == (3, 4, [b"\x02", b"\x03"])


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=300), st.booleans(), st.integers(0, 4))
def test_that_the_wrong_frame_is_the_first_one_stepped_with_another_input(
    moves: list[tuple[bool, int]], repeats: bool, delay: int
) -> None:
    """Against a model that remembers every single guess."""
    queue = a_queue(repeats=repeats, delay=delay)
    truth: list[bytes] = [BLANK] * delay
    served: dict[int, bytes] = {}
    frame = 0
    for steps, value in moves:
        if steps:
            wrong = [f for f, used in served.items() if f < len(truth) and used != truth[f]]
            if wrong:
                queue.forget_guess()
                for again in range(min(wrong), frame):
                    served[again] = queue.at(again)[0]
            before = queue.at(frame)
            assert queue.at(frame) == before  # asking twice changes nothing
            served[frame] = before[0]
            frame += 1
        else:
            queue.add(len(truth), bytes([value]))
            truth.append(bytes([value]))
            queue.discard(min(frame, len(truth)) - 8)
            assert len(queue) <= max(len(truth) - frame, 0) + 9
        wrong = [f for f, used in served.items() if f < len(truth) and used != truth[f]]
        assert queue.wrong == min(wrong, default=NEVER)
        assert queue.last == len(truth) - 1
