"""Study code on the server: answers, failures, functions that never return."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from mug.server.calls import CallPool, Outcome

DEADLINE_S = 60.0


class Answers:
    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.changed = threading.Condition()

    def take(self, outcome: Outcome) -> None:
        with self.changed:
            self.outcomes.append(outcome)
            self.changed.notify_all()

    def wait(self, count: int) -> list[Outcome]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.outcomes) >= count, DEADLINE_S), self.outcomes
            return self.outcomes


@pytest.fixture
def answers() -> Answers:
    return Answers()


def raise_error() -> None:
    raise ValueError("no such condition")


def leave() -> None:
    raise SystemExit(3)


def test_that_values_and_failures_come_back(answers: Answers) -> None:
    pool = CallPool("test", workers=1)
    pool.submit(lambda: {"exclude": False}, answers.take)
    pool.submit(raise_error, answers.take)
    pool.submit(leave, answers.take)
    pool.submit(object, answers.take)
    pool.submit(lambda: float("nan"), answers.take)
    pool.submit(lambda: {"message": "half a character: \ud800"}, answers.take)
    good, bad, left, strange, number, half = answers.wait(6)
    assert good == Outcome(value={"exclude": False})
    assert bad.error == "ValueError: no such condition"
    assert "raise_error" in bad.traceback
    assert "sys.exit" in left.error
    assert "not JSON serializable" in strange.error
    assert "ValueError" in number.error
    assert "UnicodeEncodeError" in half.error
    pool.stop()


def test_that_a_function_that_hangs_is_left_behind_and_the_next_one_runs(answers: Answers) -> None:
    now_s = [10.0]
    pool = CallPool("test", workers=1, time_limit_s=2.0, clock=lambda: now_s[0])
    began, released = threading.Event(), threading.Event()
    pool.submit(lambda: (began.set(), released.wait()), answers.take)
    pool.submit(lambda: "next", answers.take)
    assert began.wait(DEADLINE_S)
    for now_s[0] in (10.0, 12.0):
        pool.check()
        assert answers.outcomes == []
    now_s[0] = 12.1
    pool.check()
    late, following = answers.wait(2)
    assert "did not return within 2 s" in late.error
    assert following.value == "next"
    assert pool.abandoned == 1
    released.set()
    pool.submit(lambda: "again", answers.take)
    assert [outcome.value for outcome in answers.wait(3)][-1] == "again"
    pool.stop()


def test_that_calls_of_one_worker_keep_their_order(answers: Answers) -> None:
    pool = CallPool("test", workers=1)

    def numbered(number: int) -> Callable[[], Any]:
        return lambda: number

    for number in range(50):
        pool.submit(numbered(number), answers.take)
    assert [outcome.value for outcome in answers.wait(50)] == list(range(50))
    pool.stop()
