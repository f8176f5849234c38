"""What becomes of each fact of a session when a participant withdraws: kept, written anew, or taken out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import msgspec

from mug.records import facts as f

__all__ = ["OUT", "Subject", "without_identity", "without_participant"]

OUT: Final = None
"""What stands for a fact that is taken out."""

Kept: TypeAlias = f.AnyFact | None

TAKEN_OUT: Final = "[taken out]"
"""What stands in a text for something that named the participant."""

_PEOPLE: Final = ("participant_id", "visit_id", "after_visit_id")
_LISTS: Final = ("participants", "members", "groups")
_TEXTS: Final = ("text", "reason", "message", "detail")
_LEAST_LETTERS: Final = 4
"""A shorter text is no identifier that could be told from a word or a number in somebody's sentence."""


@dataclass(frozen=True)
class Subject:
    """Who withdraws, and what of the session is about them.

    Attributes:
        participant_id: The present id.
        pseudonym: The id that takes its place; the same one when the data are removed.
        visits: Present visit id -> the id that takes its place.
        identifiers: Texts that name the person: the id, a recruiter's ids, codes.
    """

    participant_id: str
    pseudonym: str
    visits: Mapping[str, str] = field(default_factory=dict)
    identifiers: tuple[str, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """Every id of theirs -> what takes its place."""
        return {self.participant_id: self.pseudonym, **self.visits}

    def clean(self, text: str) -> str:
        """Return a sentence in which nothing names the participant any more."""
        if self.pseudonym != self.participant_id and _is_distinct(self.participant_id):
            text = _word(self.participant_id).sub(self.pseudonym, text)
        for name in self.identifiers:
            if name != self.participant_id and _is_distinct(name):
                text = _word(name).sub(TAKEN_OUT, text)
        return text

    def is_named_in(self, text: str) -> bool:
        """Whether a sentence names the participant."""
        return any(_is_distinct(name) and _word(name).search(text) for name in self.identifiers)


def without_participant(fact: f.AnyFact, who: Subject) -> Kept:
    """Return the fact without what it says of the participant, for a removal. Chunks are not decided here.

    What remains is the frame of the session, so that partners' data still have their place: that somebody of this id
    took part, in which visits and matches, and how that ended.
    """
    own = getattr(fact, "participant_id", None) == who.participant_id
    match fact:
        case f.ParticipantJoined() if own:
            return msgspec.structs.replace(fact, token_sha256="", params={}, environment={}, recruiter={}, seat="")
        case f.PlanDrawn() if own:
            return msgspec.structs.replace(fact, completion_code=None)
        case f.TokenRenewed() if own:
            return msgspec.structs.replace(fact, token_sha256="")
        case f.VisitFinished() if own:
            return msgspec.structs.replace(fact, counts={})
        case f.ScreeningPassed() if own:
            return msgspec.structs.replace(fact, ping_ms=None, measurements=0)
        case f.ParticipantFinished() if own:
            return _bare_end(fact)
        case f.PlayerDropped() if own:
            return msgspec.structs.replace(fact, reason="")
        case f.MatchFormed() if who.participant_id in fact.agents.values():
            blank: dict[str, Any] = {"mug_globals": {}} if "mug_globals" in fact.settings else {}
            return msgspec.structs.replace(fact, settings=fact.settings | blank)
        case f.ConsoleAction() if own:
            return msgspec.structs.replace(fact, reason="", detail={})
        case f.ActionTaken() if who.participant_id in {*fact.participants, *fact.skipped, *fact.affected}:
            return _action_without(fact, who)
        case (
            f.GlobalsSet()
            | f.ErrorReported()
            | f.Connected()
            | f.Disconnected()
            | f.ParticipantWarned()
            | f.EpisodeScored()
            | f.HandRaised()
            | f.HandLowered()
            | f.ActionAcknowledged()
            | f.NoteAdded()
            | f.SeatChecked()
            | f.PolicyMeasured()
        ) if own:
            return OUT
        case f.NoteAdded() if who.is_named_in(fact.text):
            return msgspec.structs.replace(fact, text=who.clean(fact.text))
        case f.ActionTaken() if who.is_named_in(fact.reason) or who.is_named_in(fact.text):
            return msgspec.structs.replace(fact, reason=who.clean(fact.reason), text=who.clean(fact.text))
        case f.StageSet() if who.is_named_in(fact.reason):
            return msgspec.structs.replace(fact, reason=who.clean(fact.reason))
    return fact


def without_identity(fact: f.AnyFact, who: Subject) -> Kept:
    """Return the fact with the new pseudonym and without what identifies the participant; the data stay."""
    own = getattr(fact, "participant_id", None) == who.participant_id
    match fact:
        case f.ParticipantJoined() if own:
            bare = msgspec.structs.replace(
                fact, seed=0, token_sha256="", params={}, environment={}, recruiter={}, seat=""
            )
            return _renamed(bare, who)
        case f.PlanDrawn() if own:
            return _renamed(msgspec.structs.replace(fact, completion_code=None), who)
        case f.ParticipantFinished() if own:
            return _renamed(_bare_end(fact), who)
        case f.GlobalsSet() if own:
            return _renamed(msgspec.structs.replace(fact, values=_cleaned(fact.values, who)), who)
        case f.MatchFormed() if who.participant_id in fact.agents.values():
            return _renamed(msgspec.structs.replace(fact, settings=_cleaned(fact.settings, who)), who)
        case f.ErrorReported() if own:
            return _renamed(msgspec.structs.replace(fact, message=TAKEN_OUT, traceback="", console=()), who)
        case f.Connected() if own:
            return _renamed(msgspec.structs.replace(fact, tab_id=""), who)
        case f.ConsoleAction() if own:
            return _renamed(msgspec.structs.replace(fact, reason="", detail={}), who)
        case f.ActionTaken() if set(fact.participants) == {who.participant_id}:
            return _renamed(msgspec.structs.replace(fact, text="", reason="", pay="", affected={}, skipped={}), who)
        case f.HandRaised() if own:
            return _renamed(msgspec.structs.replace(fact, text=""), who)
        case f.TokenRenewed() if own:
            return _renamed(msgspec.structs.replace(fact, token_sha256=""), who)
        case f.NoteAdded() | f.SeatChecked() if own:
            return OUT
    return _renamed(fact, who)


def _bare_end(fact: f.ParticipantFinished) -> f.ParticipantFinished:
    return msgspec.structs.replace(fact, message="", completion_code=None, redirect_url=None, value=None, pay="")


def _action_without(fact: f.ActionTaken, who: Subject) -> f.ActionTaken:
    """An action on this one alone keeps its kind and its outcome; one on several keeps what concerns the others."""
    others = set(fact.participants) - {who.participant_id}
    kept = msgspec.structs.replace(
        fact,
        skipped={person: why for person, why in fact.skipped.items() if person != who.participant_id},
        affected={person: how for person, how in fact.affected.items() if person != who.participant_id},
        reason=who.clean(fact.reason),
        text=who.clean(fact.text),
    )
    return kept if others else msgspec.structs.replace(kept, reason="", text="", pay="", hand_id="")


# ------------------------------------------------------------------ another name everywhere


def _renamed(fact: f.AnyFact, who: Subject) -> f.AnyFact:
    """Return the fact with every id of theirs replaced, wherever a fact can hold one."""
    if isinstance(fact, f.SessionOpened | f.Withdrawn):
        return fact
    data: dict[str, Any] = msgspec.to_builtins(fact)
    changed = {name: _in_field(name, value, who) for name, value in data.items()}
    if changed == data:
        return fact
    made: f.AnyFact = msgspec.convert(changed, type(fact))
    return made


def _in_field(name: str, value: Any, who: Subject) -> Any:
    names = who.names
    match value:
        case str() if name in _PEOPLE:
            return names.get(value, value)
        case str() if name in _TEXTS:
            return who.clean(value)
        case list() | tuple() if name in _LISTS:
            return [
                _in_field(name, item, who) if isinstance(item, list | tuple) else names.get(item, item)
                for item in value
            ]
        case dict() if name == "agents":
            return {agent: names.get(player, player) for agent, player in value.items()}
        case dict() if name in ("visits", "skipped", "affected"):
            return {names.get(person, person): names.get(said, who.clean(said)) for person, said in value.items()}
        case list() | tuple() if name == "visits":
            return [{key: _in_field(key, item, who) for key, item in visit.items()} for visit in value]
        case dict() if name in ("visit", "detail"):
            return {key: _in_detail(key, item, who) for key, item in value.items()}
    return value


def _in_detail(key: str, value: Any, who: Subject) -> Any:
    if isinstance(value, str):
        return who.names.get(value, who.clean(value))
    return _in_field(key, value, who)


def _cleaned(value: Any, who: Subject) -> Any:
    """Return a JSON value in whose texts nothing names the participant."""
    match value:
        case str():
            return who.clean(value)
        case dict():
            return {key: _cleaned(item, who) for key, item in value.items()}
        case list() | tuple():
            return [_cleaned(item, who) for item in value]
    return value


def _is_distinct(name: str) -> bool:
    return (len(name) >= _LEAST_LETTERS and any(letter.isalpha() for letter in name)) or len(name) >= 8


def _word(name: str) -> re.Pattern[str]:
    """Return what finds a name as a whole word; people write their own in capitals, or not."""
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
