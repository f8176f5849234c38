"""Places in treatments as they stand: who has one, which are free again; a part of a session's durable state."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from mug.ids import ParticipantId
from mug.records import facts as f

__all__ = ["Allocation", "TreatmentPlace"]


@dataclass(slots=True)
class TreatmentPlace:
    """One place in a treatment: of a participant, or of a group.

    Attributes:
        treatment: The treatment.
        group_id: The group that drew it; empty: a participant did.
        members: Who has it. Of a group that lost somebody: those who are left, and who came instead.
        free: Somebody of it dropped out unfinished, so that the place is given again.
    """

    treatment: str
    group_id: str
    members: set[ParticipantId]
    free: bool = False


@dataclass(slots=True)
class Allocation:
    """All places of a session, in the order in which they were drawn.

    Attributes:
        places: The places.
        place_of: Participant -> the place that they have or had.
        of_group: Group -> its place.
    """

    places: list[TreatmentPlace] = field(default_factory=list)
    place_of: dict[ParticipantId, TreatmentPlace] = field(default_factory=dict)
    of_group: dict[str, TreatmentPlace] = field(default_factory=dict)

    @property
    def draws(self) -> int:
        """How many places were drawn so far."""
        return len(self.places)

    def counts(self, treatments: Collection[str]) -> dict[str, int]:
        """Treatment -> how many of its places are completed or running."""
        found = dict.fromkeys(treatments, 0)
        for place in self.places:
            if not place.free:
                found[place.treatment] = found.get(place.treatment, 0) + 1
        return found

    def completed(self, outcomes: Mapping[ParticipantId, str | None]) -> dict[str, int]:
        """Treatment -> how many of its places are completed: everybody who has it came to the end."""
        found: dict[str, int] = {}
        for place in self.places:
            if not place.free and all(outcomes.get(who) == "complete" for who in place.members):
                found[place.treatment] = found.get(place.treatment, 0) + 1
        return found

    def assigned(self, fact: f.TreatmentAssigned) -> None:
        """Take up that somebody has a treatment: by a draw, by joining a group, or by coming back."""
        members = {ParticipantId(who) for who in fact.participants}
        place = self.of_group.get(fact.group_id) if fact.group_id else None
        if place is None and fact.by != "allocation":
            place = next((self.place_of[who] for who in members if who in self.place_of), None)
        if place is None or fact.by == "allocation":
            place = TreatmentPlace(fact.treatment, fact.group_id, set())
            self.places.append(place)
            if fact.group_id:
                self.of_group[fact.group_id] = place
        place.members |= members
        place.free = False
        for who in members:
            self.place_of[who] = place

    def released(self, fact: f.TreatmentReleased) -> None:
        """Take up that somebody dropped out."""
        for name in fact.participants:
            who = ParticipantId(name)
            place = self.place_of.get(who)
            if place is not None:
                place.free = True
                if len(place.members) > 1:
                    place.members.discard(who)
