"""Who got which treatment in a session, draw by draw, and whether the draws come out the same again."""

from typing import Any

from mug.records import facts as f
from mug.records.history import SessionHistory
from mug.records.spool import json_text
from mug.study.allocation import draw_arm
from mug.study.decoding import decode_study
from mug.study.treatments import arms_of

__all__ = ["allocation_problems", "allocation_rows", "count_allocation", "treatment_columns"]

Rows = list[dict[str, Any]]

_EVENTS = {"allocation": "drawn", "group": "joined", "return": "returned", "experimenter": "given"}


def allocation_rows(history: SessionHistory) -> Rows:
    """Return one row for each draw of a treatment, and for each place that was joined, given up or taken again."""
    rows: Rows = []
    for order, fact in enumerate(history.allocation):
        if not any(map(history.takes, fact.participants)):
            continue
        row: dict[str, Any] = {
            "session_id": history.opened.session_id,
            "order": order,
            "at": fact.at,
            "event": "released",
            "treatment": fact.treatment,
            "participants": json_text(list(fact.participants)),
            "group_id": fact.group_id or None,
        }
        if isinstance(fact, f.TreatmentAssigned):
            row |= {"event": _EVENTS.get(fact.by, fact.by), "counts": json_text(fact.counts)}
            row |= {"draw": fact.draw} if fact.by == "allocation" else {}
        else:
            row["reason"] = fact.reason or None
        rows.append(row)
    return rows


def count_allocation(history: SessionHistory) -> int:
    """Return how many rows `allocation_rows` must give."""
    return sum(any(map(history.takes, fact.participants)) for fact in history.allocation)


def treatment_columns(history: SessionHistory) -> dict[str, dict[str, Any]]:
    """Return for each participant with a treatment what the table of participants says of it."""
    columns: dict[str, dict[str, Any]] = {}
    for fact in history.allocation:
        for who in fact.participants:
            known = columns.setdefault(who, {})
            if isinstance(fact, f.TreatmentAssigned):
                known |= {"treatment": fact.treatment, "treatment_released": None}
                known.setdefault("treatment_assigned_at", fact.at)
            else:
                known["treatment_released"] = fact.reason or "released"
    for who, exposed in history.exposed.items():
        columns.setdefault(who, {})["treatment_exposed_at"] = exposed.at
    return columns


def allocation_problems(history: SessionHistory) -> list[str]:
    """Draw every treatment again, from the session's seed and what was counted; say which come out otherwise."""
    drawn = [fact for fact in history.allocation if isinstance(fact, f.TreatmentAssigned) and fact.by == "allocation"]
    if not drawn:
        return []
    study, _ = decode_study(history.opened.study)
    if study is None:
        return []  # written by another version of MUG
    weights = {arm.name: arm.weight for arm in arms_of(study)}
    problems: list[str] = []
    for number, fact in enumerate(drawn):
        again = draw_arm(weights, fact.counts, history.opened.seed, fact.draw, study.treatments.allocation)
        if fact.draw != number:
            problems.append(f"the draw of a treatment that is numbered {fact.draw} is number {number} of the session")
        if again != fact.treatment:
            problems.append(f"draw {fact.draw} gave the treatment {fact.treatment!r}; drawn again it is {again!r}")
    return problems
