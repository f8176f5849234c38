"""The answers to a form, as the server checks them: which questions are answered, and which still must be."""

from itertools import islice
from typing import Any

from mug.engine.payload import Scene
from mug.engine.state import VisitState
from mug.records.json_lines import read_lines
from mug.study.model import FormPage
from mug.study.questions import judge, questions_of

__all__ = ["checked_answers", "unanswered"]

MAX_SUBMISSION = 2**31 - 1
MAX_ROWS = 4_000
"""Rows of a chunk that are looked at, more than a page can put into one: 87,000 empty ones would hold up everybody."""


def checked_answers(scene: Scene, body: bytes) -> dict[str, Any]:
    """Return what a chunk of the stream `form` says, for its fact; nothing for a scene without questions.

    Every row is kept as it came; what is told here is what the last row of each question was worth.

    Returns:
        `answers`: question id -> given, empty or wrong; `submission`: the largest number of a submission in it.
    """
    if not isinstance(scene, FormPage):
        return {}
    questions = {question.question_id: question for question in questions_of(scene)}
    answers: dict[str, str] = {}
    submission = 0
    for row in islice(read_lines(body), MAX_ROWS):
        name = row.get("question_id") if isinstance(row, dict) else None
        if not isinstance(row, dict) or not isinstance(name, str) or name not in questions:
            continue  # a field of the study's own HTML, or nonsense: it is kept, and counts for no question
        answers[name] = judge(questions[name], row.get("answer"))
        number = row.get("submission")
        if type(number) is int and 0 < number <= MAX_SUBMISSION:
            submission = max(submission, number)
    return {"answers": answers, "submission": submission}


def unanswered(scene: Scene, visit: VisitState) -> tuple[str, ...]:
    """Return the questions that keep a visit from being finished, in the order of the page.

    They are those that must be answered and are not, and those whose last answer is none that the question takes.
    """
    if not isinstance(scene, FormPage):
        return ()
    found = {question.question_id: visit.answers.get(question.question_id, "empty") for question in questions_of(scene)}
    required = {question.question_id for question in questions_of(scene) if question.required}
    return tuple(name for name, what in found.items() if what == "wrong" or (what == "empty" and name in required))
