"""A form's lists go on fitting each other whatever is done to its questions, and no answer is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.models.question_list import QuestionItem, QuestionList

PARTS = ("question", "question_id", "answers", "picture")

TEXT = st.sampled_from(["a", "b", "c", "", "long answer"])
TEXTS = st.lists(TEXT, max_size=4).map(tuple)


@st.composite
def lists(draw: st.DrawFn) -> QuestionList:
    count = draw(st.integers(0, 4))
    shared = draw(st.none() | TEXTS)
    items = []
    nested = draw(st.booleans())
    for index in range(count):
        own = None if shared is not None else draw(TEXTS)
        answers = shared if shared is not None else own or ()
        picture: Any = tuple(draw(st.sampled_from(["", "p.png"])) for _ in answers) if nested else draw(TEXT)
        named = draw(st.booleans())
        items.append(
            QuestionItem(text=draw(TEXT), question_id=f"id{index}" if named else "", answers=own, picture=picture)
        )
    return QuestionList(items=tuple(items), shared=shared, parts=PARTS)


def values_of(questions: QuestionList) -> dict[str, tuple[Any, ...]]:
    return questions.values()


def read(values: dict[str, tuple[Any, ...]]) -> QuestionList:
    return QuestionList.of(PARTS, values.__getitem__)


def answers_in(questions: QuestionList) -> set[str]:
    return {answer for index in range(len(questions.items)) for answer in questions.answers_of(index)}


Step = Callable[[QuestionList, int, int], QuestionList]

STEPS: dict[str, Step] = {
    "add": lambda q, i, j: q.with_question("new"),
    "duplicate": lambda q, i, j: q.duplicated(i),
    "delete": lambda q, i, j: q.without(i),
    "move": lambda q, i, j: q.moved(i, j % len(q.items)),
    "text": lambda q, i, j: q.changed(i, text="other"),
    "name": lambda q, i, j: q.changed(i, question_id=f"named{j}"),
    "own": lambda q, i, j: q.with_shared_answers(on=False),
    "shared": lambda q, i, j: q.with_shared_answers(on=True),
    "answer": lambda q, i, j: q.with_answer(i, "fresh", at=j % (len(q.answers_of(i)) + 1)),
}
ANSWER_STEPS: dict[str, Step] = {
    "change": lambda q, i, j: q.with_changed_answer(i, j, "changed"),
    "delete": lambda q, i, j: q.without_answer(i, j),
    "move": lambda q, i, j: q.with_moved_answer(i, j, 0),
    "picture": lambda q, i, j: q.with_answer_picture(i, j, "x.png"),
}


@given(lists(), st.lists(st.tuples(st.sampled_from([*STEPS, *ANSWER_STEPS]), st.integers(0, 9), st.integers(0, 9))))
def test_that_the_lists_fit_each_other_after_any_steps(
    questions: QuestionList, steps: list[tuple[str, int, int]]
) -> None:
    for name, where, which in steps:
        index = where % len(questions.items) if questions.items else 0
        if name == "add" or (name in STEPS and questions.items):
            questions = STEPS[name](questions, index, which)
        elif name in ANSWER_STEPS and questions.items and questions.answers_of(index):
            questions = ANSWER_STEPS[name](questions, index, which % len(questions.answers_of(index)))
        values = values_of(questions)
        count = len(questions.items)
        assert len(values["question"]) == count
        assert len(values["question_id"]) in (0, count)
        assert len(set(values["question_id"])) == len(values["question_id"]) or name == "name"
        if questions.shared is None:
            assert len(values["answers"]) == count
        assert len(values["picture"]) in (0, count)
        for number, picture in enumerate(values["picture"]):
            if isinstance(picture, tuple) and picture:
                assert len(picture) == len(questions.answers_of(number))


@given(lists())
def test_that_what_is_read_is_what_was_written(questions: QuestionList) -> None:
    values = values_of(questions)
    assert values_of(read(values)) == values


@given(lists())
def test_that_no_answer_is_lost_between_shared_and_own(questions: QuestionList) -> None:
    before = answers_in(questions)
    shared = questions.with_shared_answers(on=True)
    assert answers_in(shared) >= before
    own = shared.with_shared_answers(on=False)
    assert answers_in(own) >= before
    assert [item.text for item in own.items] == [item.text for item in questions.items]


@given(lists())
def test_that_sharing_what_is_alike_changes_nothing_for_people(questions: QuestionList) -> None:
    own = questions.with_shared_answers(on=False)
    if questions.shared is not None:
        again = own.with_shared_answers(on=True)
        if questions.items:
            assert again.shared == questions.shared
        assert [again.answers_of(index) for index in range(len(again.items))] == [
            questions.answers_of(index) for index in range(len(questions.items))
        ]


def test_that_names_by_place_stay_so_until_one_is_given() -> None:
    questions = QuestionList.of(
        PARTS, {"question": ("A", "B"), "question_id": (), "answers": (), "picture": ()}.__getitem__
    )
    assert questions.with_question("C").values()["question_id"] == ()
    named = questions.changed(1, question_id="mood")
    assert named.values()["question_id"] == ("q1", "mood")
    assert named.with_question().values()["question_id"] == ("q1", "mood", "q3")
    assert named.duplicated(1).values()["question_id"] == ("q1", "mood", "q3")


def test_that_pictures_of_answers_go_with_their_answers() -> None:
    values = {"question": ("A",), "question_id": (), "answers": ("x", "y"), "picture": (("x.png", "y.png"),)}
    questions = QuestionList.of(PARTS, values.__getitem__)
    assert questions.with_moved_answer(0, 1, 0).values()["picture"] == (("y.png", "x.png"),)
    assert questions.without_answer(0, 0).values()["picture"] == (("y.png",),)
    assert questions.with_answer(0, "z").values()["picture"] == (("x.png", "y.png", ""),)


@pytest.mark.parametrize(
    "values",
    [
        {"question": ("A",), "question_id": ("a", "b"), "answers": (("x",), ("y",)), "picture": ("p", "q")},
        {"question": (), "question_id": ("a",), "answers": (("x",),), "picture": ()},
    ],
)
def test_that_what_a_file_has_too_much_of_is_kept(values: dict[str, tuple[Any, ...]]) -> None:
    questions = QuestionList.of(PARTS, values.__getitem__)
    assert questions.values() == values
    assert "y" in questions.with_shared_answers(on=True).values()["answers"] or not values["question"]
