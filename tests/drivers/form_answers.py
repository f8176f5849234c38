"""Answers to any form, as rows of the stream `form`: for participants that are programs."""

from typing import Any

from mug.protocol.messages import ChoiceQuestion, FormContent, FormHeading, ScaleQuestion, TextQuestion

__all__ = ["answer_rows"]


def answer_rows(content: FormContent, text: str = "as it comes") -> list[dict[str, Any]]:
    """One row for each question, as a page hands them in for the next time."""
    answers: dict[str, Any] = {}
    for item in content.items:
        match item:
            case TextQuestion():
                answers[item.question_id] = text
            case ChoiceQuestion():
                answers[item.question_id] = [item.choices[0]] if item.multiple else item.choices[0]
            case ScaleQuestion():
                answers[item.question_id] = (item.points + 1) // 2
            case FormHeading():
                pass
    return [
        {
            "at": "2026-01-01T00:00:00.000Z",
            "at_ms": 0.0,
            "question_id": question,
            "answer": answer,
            "submission": content.submissions + 1,
        }
        for question, answer in answers.items()
    ]
