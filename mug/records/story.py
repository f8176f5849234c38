"""What happened to one participant, in words: for the console's detail panel, while the session runs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mug.protocol.lab_console import TimelineEntry
from mug.records import facts as f
from mug.records.json_lines import read_lines
from mug.records.reader import RecordReader

__all__ = ["MAX_ENTRIES", "answers_in", "timeline_of"]

MAX_ENTRIES: Final = 500
"""The newest ones are shown."""

_KINDS: Final = (
    "participant_joined",
    "plan_drawn",
    "plan_extended",
    "screening_passed",
    "connected",
    "disconnected",
    "token_renewed",
    "visit_started",
    "wait_started",
    "visit_finished",
    "visit_repeated",
    "group_formed",
    "match_formed",
    "player_dropped",
    "player_returning",
    "player_returned",
    "participant_warned",
    "error_reported",
    "hand_raised",
    "hand_lowered",
    "action_taken",
    "action_acknowledged",
    "note_added",
    "seat_checked",
    "console_action",
    "participant_finished",
    "withdrawn",
)
_WARNINGS: Final = {"ping": "slow connection", "tab": "page in the background", "focus": "away from the page"}


def timeline_of(reader: RecordReader, session_id: str, participant_id: str) -> tuple[TimelineEntry, ...]:
    """Return what happened to a participant, oldest first, the newest `MAX_ENTRIES` of it.

    Raises:
        RecordsDamagedError: A fact is missing or cannot be understood.
    """
    entries: list[TimelineEntry] = []
    names: dict[str, str] = {}
    for fact in reader.facts_naming(session_id, _KINDS, participant_id):
        _take_names(fact, names)
        told = _told(fact, participant_id, names)
        if told is not None:
            text, level, more = told
            kind = str(fact.__struct_config__.tag)
            entries.append(TimelineEntry(at=fact.at, kind=kind, text=text, level=level, more=more))
    return tuple(entries[-MAX_ENTRIES:])


def answers_in(reader: RecordReader, chunks: Iterable[tuple[str, str]]) -> tuple[dict[str, Any], ...]:
    """Return the last answer to each question so far.

    Args:
        reader: The records.
        chunks: Scene and SHA-256 of each chunk of a form, in order.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for scene_id, sha256 in chunks:
        for line in read_lines(reader.find_body(sha256) or b""):
            if isinstance(line, dict) and isinstance(line.get("question_id"), str):
                question_id = line["question_id"]
                found.pop((scene_id, question_id), None)
                found[scene_id, question_id] = {
                    "scene_id": scene_id,
                    "question_id": question_id,
                    "answer": line.get("answer"),
                    "at": line.get("at") if isinstance(line.get("at"), str) else "",
                }
    return tuple(found.values())


def _take_names(fact: f.AnyFact, names: dict[str, str]) -> None:
    """Learn the scenes of visits and what actions were, so that the words need no ids."""
    match fact:
        case f.PlanDrawn() | f.PlanExtended():
            names.update((visit.visit_id, visit.scene_id) for visit in fact.visits)
        case f.VisitRepeated():
            names[fact.visit.visit_id] = fact.visit.scene_id
        case f.ActionTaken():
            names[fact.action_id] = _plain(fact.action)


def _told(fact: f.AnyFact, who: str, names: Mapping[str, str]) -> tuple[str, str, str] | None:
    """The words for a fact, its level and what more there is of it; None where it is not about this participant."""
    match fact:
        case f.MatchFormed():
            if who not in fact.agents.values():
                return None
            agent = next(agent for agent, player in fact.agents.items() if player == who)
            others = [player for player in fact.agents.values() if player != who]
            return f"plays {fact.scene_id} as {agent}{_with(others)} (match {fact.match_id})", "info", ""
        case f.GroupFormed():
            if who not in fact.members:
                return None
            return f"is in a group{_with([member for member in fact.members if member != who])}", "info", ""
        case f.ActionTaken():
            return _action(fact, who)
    if getattr(fact, "participant_id", None) != who:
        return None
    return _own(fact, names)


def _own(fact: f.AnyFact, names: Mapping[str, str]) -> tuple[str, str, str] | None:
    match fact:
        case f.ParticipantJoined():
            return f"joined{f' at {fact.seat}' if fact.seat else ''}", "info", ""
        case f.ScreeningPassed():
            ping = f" with a ping of {fact.ping_ms:.0f} ms" if fact.ping_ms is not None else ""
            return f"passed the screening{ping}", "info", ""
        case f.Connected():
            return "connected", "info", ""
        case f.Disconnected():
            return f"the connection was lost{f' ({fact.reason})' if fact.reason else ''}", "warning", ""
        case f.TokenRenewed():
            return "came in from another browser", "info", ""
        case f.VisitStarted():
            return f"began {names.get(fact.visit_id, fact.visit_id)}", "info", ""
        case f.WaitStarted():
            return "came into the waitroom", "info", ""
        case f.VisitFinished():
            return f"{names.get(fact.visit_id, fact.visit_id)} is over: {_plain(fact.outcome)}", "info", ""
        case f.VisitRepeated():
            return f"was sent back to {fact.visit.scene_id}", "warning", ""
        case f.PlayerDropped():
            reason = f": {fact.reason}" if fact.reason else ""
            return f"is out of match {fact.match_id} ({_plain(fact.policy)}){reason}", "warning", ""
        case f.PlayerReturning():
            return f"loaded the page again during match {fact.match_id}", "warning", ""
        case f.PlayerReturned():
            return f"is back in match {fact.match_id}", "info", ""
        case f.ParticipantWarned():
            return f"was warned: {_WARNINGS.get(fact.kind, fact.kind)}", "warning", fact.message
        case f.ErrorReported():
            more = "\n".join(part for part in (fact.traceback.rstrip(), _console(fact.console)) if part)
            return f"{fact.kind} error: {fact.message}", "error", more
        case f.HandRaised():
            return f"raised a hand{f': {fact.text}' if fact.text else ''}", "warning", ""
        case f.HandLowered():
            return f"the hand is down again (by the {fact.by})", "info", ""
        case f.ActionAcknowledged():
            what = names.get(fact.action_id, fact.action_id[:8])
            done = "the participant has read" if fact.state == "read" else "the page has shown"
            return f"{done} the experimenter's {what}", "info", ""
        case f.NoteAdded():
            return f"note: {fact.text}", "info", ""
        case f.SeatChecked():
            wrong = {name: said for name, said in fact.checks.items() if said not in ("good", "wait")}
            said = "; ".join(f"{name}: {text}" for name, text in wrong.items())
            return f"began at {fact.desk}{f' with trouble: {said}' if said else ''}", "warning" if said else "info", ""
        case f.ConsoleAction():
            return f"experimenter: {_plain(fact.action)}{_because(fact.reason)}", "info", _details(fact.detail)
        case f.ParticipantFinished():
            reason = f" ({_plain(fact.reason)})" if fact.reason else ""
            return f"the participation is over: {_plain(fact.outcome)}{reason}", "info", fact.message
        case f.Withdrawn():
            return f"was withdrawn ({fact.how}){_because(fact.reason)}", "warning", ""
        case _:
            return None


def _action(fact: f.ActionTaken, who: str) -> tuple[str, str, str] | None:
    what = _plain(fact.action)
    if who in fact.skipped:
        return f"experimenter: {what}, not done: {fact.skipped[who]}", "warning", ""
    if who in fact.participants:
        return f"experimenter: {what}{_because(fact.reason)}", "info", fact.text
    if who in fact.affected:
        return f"affected by the experimenter's {what}: {fact.affected[who]}", "warning", ""
    return None


def _with(others: Sequence[str]) -> str:
    named = [f"the policy {who.removeprefix('policy:')}" if who.startswith("policy:") else who for who in others]
    return f" with {', '.join(named)}" if named else ""


def _because(reason: str) -> str:
    return f", because: {reason}" if reason else ""


def _plain(word: str) -> str:
    return word.replace("_", " ")


def _console(lines: Sequence[str]) -> str:
    return "\n".join(("The page's console:", *lines)) if lines else ""


def _details(detail: dict[str, Any]) -> str:
    return json.dumps(detail, ensure_ascii=False) if detail else ""
