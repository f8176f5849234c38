"""What was done to a session and its participants: the tables of the console and of the seats."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mug.records import facts as f
from mug.records.history import SessionHistory
from mug.records.spool import json_text

__all__ = ["console_rows", "count_console", "ended_by", "paused_seconds", "seat_rows", "times_told"]

Rows = list[dict[str, Any]]


def console_rows(history: SessionHistory) -> Rows:
    """Return one row for each thing that was done, and for each participant to whom it was done, in order."""
    answered = {
        fact.hand_id
        for happening in history.console
        if isinstance(fact := happening.fact, f.ActionTaken) and fact.hand_id
    }
    lowered = {fact.hand_id for happening in history.console if isinstance(fact := happening.fact, f.HandLowered)}
    rows: Rows = []
    for happening in history.console:
        fact = happening.fact
        for said in _said(history, fact):
            if isinstance(fact, f.HandRaised):
                is_answered = fact.hand_id in answered
                said["state"] = "answered" if is_answered else "lowered" if fact.hand_id in lowered else "raised"
            if history.takes(said.get("participant_id")):
                rows.append({"session_id": history.opened.session_id, "at": fact.at, **said})
    return rows


def count_console(history: SessionHistory) -> int:
    """Return how many rows `console_rows` must give, counted from the facts."""
    count = 0
    for happening in history.console:
        match happening.fact:
            case f.ActionTaken(participants=people, skipped=skipped) if people or skipped:
                count += sum(map(history.takes, {*people, *skipped}))
            case fact:
                count += history.takes(getattr(fact, "participant_id", None))
    return count


def _said(history: SessionHistory, fact: f.AnyFact) -> Iterator[dict[str, Any]]:
    match fact:
        case f.ConsoleAction():
            said = {name: value for name, value in fact.detail.items() if name != "token_sha256"}
            detail = json_text(said) if said else None
            yield {
                "action": fact.action,
                "participant_id": fact.participant_id,
                "reason": fact.reason or None,
                "detail": detail,
            }
        case f.SessionEnded():
            yield {"action": "session_ended", "reason": fact.reason or None}
        case f.ServerStarted():
            yield {"action": "server_started", "detail": json_text({"pid": fact.pid, "port": fact.port})}
        case f.SessionOpened():
            yield {"action": "session_opened", "detail": json_text(_opened(fact))}
        case f.ReleaseSet():
            yield {"action": "release_set", "reason": fact.reason or None, "detail": json_text({"mode": fact.mode})}
        case f.StageSet():
            yield {"action": "stage_set", "reason": fact.reason or None, "detail": json_text({"stage": fact.stage})}
        case f.ActionTaken():
            yield from _action(history, fact)
        case f.HandRaised():
            hand = {"action": "hand_raised", "participant_id": fact.participant_id, "action_id": fact.hand_id}
            yield {**hand, "text": fact.text or None}
        case f.HandLowered():
            lowered = {"action": "hand_lowered", "participant_id": fact.participant_id, "action_id": fact.hand_id}
            yield {**lowered, "state": "lowered", "detail": json_text({"by": fact.by})}
        case f.NoteAdded():
            note = {"action": "note", "participant_id": fact.participant_id, "action_id": fact.note_id}
            yield {**note, "text": fact.text or None}
        case f.Withdrawn():
            detail = json_text({"how": fact.how, "bodies": fact.bodies})
            yield {
                "action": "withdrawn",
                "participant_id": fact.participant_id,
                "reason": fact.reason or None,
                "detail": detail,
            }


def _opened(fact: f.SessionOpened) -> dict[str, Any]:
    detail: dict[str, Any] = {"study_hash": fact.study_hash, "versions": fact.versions, "pilot": fact.pilot}
    detail |= {"release": fact.release, "stage": fact.stage}
    given = {"label": fact.label, "expected": fact.expected, "seats": list(fact.seats), "conditions": fact.conditions}
    return detail | {name: value for name, value in given.items() if value}


def _action(history: SessionHistory, fact: f.ActionTaken) -> Iterator[dict[str, Any]]:
    shared: dict[str, Any] = {
        "action": fact.action,
        "action_id": fact.action_id,
        "reason": fact.reason or None,
        "text": fact.text or None,
        "outcome": fact.outcome or None,
        "affected": json_text(fact.affected) if fact.affected else None,
    }
    detail: dict[str, Any] = {}
    if fact.groups:
        detail["groups"] = [list(group) for group in fact.groups]
    if fact.hand_id:
        detail["hand_id"] = fact.hand_id
    people = list(dict.fromkeys((*fact.participants, *fact.skipped)))
    if not people:
        yield shared | ({"detail": json_text(detail)} if detail else {})
    for who in people:
        row = shared | {"participant_id": who}
        own = dict(detail)
        if who in fact.skipped:
            own["skipped"] = fact.skipped[who]
            row["state"] = "skipped"
        else:
            states = history.acknowledged.get((fact.action_id, who), {})
            row |= {"shown_at": states.get("shown"), "read_at": states.get("read")}
            row["state"] = "read" if "read" in states else "shown" if "shown" in states else "recorded"
        yield row | ({"detail": json_text(own)} if own else {})


def seat_rows(history: SessionHistory) -> Rows:
    """Return one row for each check of a desk, and each measured pair of desks, in order."""
    rows: Rows = []
    for fact in history.seats:
        row: dict[str, Any] = {"session_id": history.opened.session_id, "at": fact.at, "rtt_ms": fact.rtt_ms}
        match fact:
            case f.SeatChecked():
                wrong = {name: said for name, said in fact.checks.items() if said not in ("good", "wait")}
                row |= {"check": "desk", "seat": fact.desk, "participant_id": fact.participant_id}
                row |= {"clock_offset_ms": fact.clock_offset_ms, "frame_rate_hz": fact.frame_rate_hz}
                row["problems"] = json_text(wrong) if wrong else None
            case f.SeatsProbed():
                one, other = (*fact.desks, None, None)[:2]
                row |= {"check": "pair", "seat": one, "other_seat": other, "path": fact.path or None}
        if history.takes(row.get("participant_id")):
            rows.append(row)
    return rows


def times_told(history: SessionHistory) -> Counter[str]:
    """Return how many messages each participant got."""
    told: Counter[str] = Counter()
    for happening in history.console:
        fact = happening.fact
        if isinstance(fact, f.ActionTaken) and fact.action == "message":
            told.update(who for who in fact.participants if who not in fact.skipped)
    return told


def ended_by(history: SessionHistory, participant_id: str) -> str | None:
    """Return what the experimenter did to end a participation; None where it ended otherwise, or not yet."""
    for happening in history.console:
        fact = happening.fact
        if not isinstance(fact, f.ActionTaken) or fact.action not in ("exclude", "end"):
            continue
        if participant_id in fact.participants and participant_id not in fact.skipped:
            return fact.action
    return None


def paused_seconds(history: SessionHistory) -> dict[str, float]:
    """Return how long each participant was paused, alone or with the whole session, in seconds."""
    is_held: dict[str, bool] = defaultdict(bool)
    since: dict[str, str] = {}
    sums: dict[str, float] = defaultdict(float)
    all_paused = history.opened.stage == "paused"
    present: list[str] = []

    def settle(who: str, at: str, *, is_over: bool = False) -> None:
        is_paused = (all_paused or is_held[who]) and not is_over
        if is_paused and who not in since:
            since[who] = at
        elif not is_paused and who in since:
            sums[who] += _seconds(since.pop(who), at)

    for at, fact in _timeline(history):
        match fact:
            case f.ParticipantJoined():
                present.append(fact.participant_id)
                settle(fact.participant_id, at)
            case f.ParticipantFinished():
                settle(fact.participant_id, at, is_over=True)
                present = [who for who in present if who != fact.participant_id]
            case f.StageSet():
                all_paused = fact.stage == "paused"
                for who in present:
                    settle(who, at)
            case f.ActionTaken(action="pause" | "resume"):
                for who in fact.participants:
                    if who in present and who not in fact.skipped:
                        is_held[who] = fact.action == "pause"
                        settle(who, at)
    for who in list(since):
        settle(who, history.last_at, is_over=True)
    return {who: round(value, 3) for who, value in sums.items()}


def _timeline(history: SessionHistory) -> list[tuple[str, f.AnyFact]]:
    """Return joins, ends and what the console did in the order of their times; of equal ones joins come first."""
    facts: list[tuple[str, int, f.AnyFact]] = []
    for story in history.participants.values():
        facts.append((story.joined.at, 0, story.joined))
        if story.finished is not None:
            facts.append((story.finished.at, 2, story.finished))
    facts += [(happening.fact.at, 1, happening.fact) for happening in history.console]
    return [(at, fact) for at, _, fact in sorted(facts, key=lambda one: one[:2])]


def _seconds(begin: str, end: str) -> float:
    return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds())
