"""Study code on the server: answers, failures, functions that never return."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from mug.server.calls import CallPool, Outcome

DEADLINE_S = 10.0


class Answers:
    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.changed = threading.Condition()

    def take(self, outcome: Outcome) -> None:
        with self.changed:
            self.outcomes.append(outcome)
            self.changed.notify_all()

    def wait(self, count: int, meanwhile: Callable[[], None] = lambda: None) -> list[Outcome]:
        with self.changed:
            for _ in range(1_000):
                meanwhile()
                if self.changed.wait_for(lambda: len(self.outcomes) >= count, DEADLINE_S / 1_000):
                    return self.outcomes
        raise AssertionError(f"{count} outcomes did not come: {self.outcomes}")


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
    pool = CallPool("test", workers=1, time_limit_s=0.05)
    released = threading.Event()
    pool.submit(released.wait, answers.take)
    pool.submit(lambda: "next", answers.take)
    late, following = answers.wait(2, pool.check)
    assert "did not return" in late.error
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
