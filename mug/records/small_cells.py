"""What an anonymised export still says of single people: warnings for whoever gives it away."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mug.records.history import SessionHistory

__all__ = ["warnings_of"]


def _written(history: SessionHistory) -> int:
    """Return how many texts people wrote while the session ran."""
    facts = [happening.fact for happening in history.console]
    return sum(bool(getattr(fact, name, "")) for fact in facts for name in ("text", "reason"))


def warnings_of(
    history: SessionHistory,
    answers: Mapping[str, Mapping[tuple[str, str], str]],
    questions: Sequence[Mapping[str, Any]],
    *,
    texts: bool = True,
) -> list[str]:
    """Return sentences about free texts, and about people who are the only ones with their answers.

    Args:
        history: The session, with the participants who are exported.
        answers: Participant -> (scene, question) -> the last answer.
        questions: The rows of the table of questions.
        texts: Whether free texts are in the export.
    """
    found = []
    kinds = {(row["scene_id"], row["question_id"]): row["kind"] for row in questions}
    free = [f"{scene}.{name}" for (scene, name), kind in kinds.items() if kind == "text"]
    if free and texts:
        found.append(
            f"people may have written who they are in {len(free)} free-text question{'s' if len(free) != 1 else ''} "
            f"({', '.join(free)}): read the answers, or leave them out with --drop-texts"
        )
    if texts and (written := _written(history)):
        found.append(
            f"the table console holds {written} text{'s' if written != 1 else ''} that you or participants wrote "
            "(messages, reasons, notes, questions): read whether they say who somebody is, or leave them out with "
            "--drop-texts"
        )
    chosen = [question for question, kind in kinds.items() if kind in ("choice", "choices")]
    people = list(history.participants)
    if chosen and people:
        cells = Counter(tuple(answers.get(who, {}).get(question, "") for question in chosen) for who in people)
        alone = sum(count == 1 for count in cells.values())
        if alone:
            found.append(
                f"{alone} of {len(people)} participants {'is' if alone == 1 else 'are'} the only one with their "
                f"combination of answers to {len(chosen)} choice question{'s' if len(chosen) != 1 else ''}: whoever "
                "knows these answers of somebody finds the rest"
            )
    return found
