"""Who was in a group with whom: history, former partners, and who plays which agent next.

All of it is read from the matches of the session's state, so a restarted server knows the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from mug.engine.clock import derive_seed, short_hash
from mug.engine.state import SessionState, VisitState
from mug.ids import MatchId, ParticipantId
from mug.study.matchmaking import GroupHistory

__all__ = ["Played", "can_still_come", "group_history", "group_id_of", "history_of", "in_roles", "known_partners"]


@dataclass(frozen=True, slots=True)
class Played:
    """One match of several people in a participant's past, or the present one.

    Attributes:
        partners: The others, in the order of their agents.
        role: The agent that the participant played.
        outcome: How the match ended; None: it is not over. A participant who dropped out of it: "dropped".
    """

    match_id: MatchId
    scene_id: str
    group_id: str
    partners: tuple[ParticipantId, ...]
    role: str
    outcome: str | None


def group_id_of(state: SessionState, members: Sequence[str]) -> str:
    """Return the id of a set of people: the same however often, and in whatever order, they come together."""
    assert state.opened is not None
    return f"g-{short_hash('group', state.opened.session_id, *sorted(members))}"


def history_of(state: SessionState, who: ParticipantId) -> tuple[Played, ...]:
    """Return every match of several people that a participant was in, oldest first."""
    found: list[Played] = []
    for visit_id in state.participants[who].plan:
        for match_id in state.visits[visit_id].match_ids:
            match = state.matches[match_id]
            role = match.agent_of(who)
            if role is None or len(match.visits) < 2:
                continue
            partners = tuple(partner for partner in match.players.values() if partner != who)
            outcome = "dropped" if role in match.dropped else match.outcome
            found.append(Played(match_id, match.scene_id, match.group_id, partners, role, outcome))
    return tuple(found)


def group_history(state: SessionState, who: ParticipantId) -> GroupHistory | None:
    """Return what matchmakers are told of a participant's past; None: they were in no group yet."""
    played = history_of(state, who)
    if not played:
        return None
    last = played[-1]
    earlier = dict.fromkeys(partner for match in played[:-1] for partner in match.partners)
    return GroupHistory(
        previous_partners=last.partners,
        source_scene_id=last.scene_id,
        group_id=last.group_id or None,
        role=last.role,
        outcome=last.outcome,
        earlier_partners=tuple(earlier),
    )


def known_partners(state: SessionState, who: ParticipantId) -> tuple[ParticipantId, ...]:
    """Return the others of the participant's last group; empty when there was none."""
    for visit_id in reversed(state.participants[who].plan):
        for match_id in reversed(state.visits[visit_id].match_ids):
            match = state.matches[match_id]
            if who in match.visits and len(match.visits) >= 2:
                return tuple(partner for partner in match.players.values() if partner != who)
    return ()


def can_still_come(state: SessionState, who: ParticipantId, path: tuple[int, ...]) -> bool:
    """Return whether a participant is on the way to a scene and not past it."""
    participant = state.participants[who]
    if participant.outcome is not None:
        return False
    ahead = participant.plan[max(participant.position, 0) :]
    return any(_waits_or_will(state.visits[visit_id], path) for visit_id in ahead)


def _waits_or_will(visit: VisitState, path: tuple[int, ...]) -> bool:
    """Whether somebody will yet look for partners in this visit; at a group's order they may come to those inside."""
    planned = visit.planned
    if visit.outcome is not None or visit.match_ids:
        return False
    inside = planned.kind == "group_order" and path[: len(planned.node_path)] == planned.node_path
    return planned.node_path == path or inside


def in_roles(
    state: SessionState, members: Sequence[ParticipantId], agents: Sequence[str], roles: str, seed: object
) -> tuple[ParticipantId, ...]:
    """Put people into the order of the agents that they get.

    Args:
        state: The session.
        members: They, in the order in which they came.
        agents: The agents, as many.
        roles: "arrival"; "keep": as many as possible play what they played last; "swap": as few as possible, and who
            played the n-th agent gets the next one; "random".
        seed: What the lot is drawn from.
    """
    if roles == "random":
        drawn = list(members)
        for last in range(len(drawn) - 1, 0, -1):
            other = derive_seed("roles", seed, last) % (last + 1)
            drawn[last], drawn[other] = drawn[other], drawn[last]
        return tuple(drawn)
    if roles not in ("keep", "swap"):
        return tuple(members)
    before_of = {who: _last_role(state, who, agents) for who in members}

    def cost(order: tuple[ParticipantId, ...]) -> tuple[int, int]:
        same = sum(before_of[who] == place for place, who in enumerate(order))
        if roles == "keep":
            return -same, 0
        places = [(before_of[who], place) for place, who in enumerate(order)]
        turned = sum(before is not None and place == (before + 1) % len(agents) for before, place in places)
        return same, -turned

    return min(permutations(members), key=cost)  # of equal ones the first: the order of arrival


def _last_role(state: SessionState, who: ParticipantId, agents: Sequence[str]) -> int | None:
    """The place among `agents` of what somebody played last; None where that is none of them."""
    played = history_of(state, who)
    return agents.index(played[-1].role) if played and played[-1].role in agents else None
