"""A random order that a group draws: the group forms, its order is drawn once, and it stays together to its end."""

from mug.engine.clock import derive_seed, short_hash
from mug.engine.groups import group_id_of
from mug.engine.live import Core
from mug.engine.lobby import Place, Room
from mug.engine.state import VisitState
from mug.engine.treatments import assign_group
from mug.ids import ParticipantId, VisitId
from mug.records import facts as f
from mug.study.plan import draw_group_order

__all__ = ["GroupOrders"]


class GroupOrders:
    """The groups of random orders."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def form(self, room: Room, group: tuple[Place, ...], released_by: str) -> None:
        """Put people together for the scenes of a random order: it is drawn, and written into each one's plan."""
        core = self._core
        opened = core.state.opened
        assert opened is not None
        members = tuple(str(place.participant_id) for place in group)
        visits = {str(place.participant_id): str(place.visit_id) for place in group}
        group_id = group_id_of(core.state, members)
        seed = derive_seed("group", opened.seed, group_id, *sorted(visits.values()))
        drawn = draw_group_order(core.frozen.study, room.path, seed)
        _, given = assign_group(core, [place.participant_id for place in group], group_id)
        rounds = core.state.visits[group[0].visit_id].planned.repetition
        core.record(
            *given,
            f.GroupFormed(
                at=core.now(),
                group_id=group_id,
                node_path=room.path,
                repetition=rounds,
                seed=seed,
                members=members,
                visits=visits,
                released_by=released_by,
            ),
            *(
                f.PlanExtended(
                    at=core.now(),
                    participant_id=who,
                    after_visit_id=visit_id,
                    group_id=group_id,
                    visits=tuple(
                        f.PlannedVisit(
                            visit_id=f"v-{short_hash('group visit', opened.session_id, who, visit_id, index)}",
                            scene_id=node.scene_id,
                            node_path=node.node_path,
                            repetition=(*core.state.visits[VisitId(visit_id)].planned.repetition, *node.repetition),
                            kind=node.kind,
                        )
                        for index, node in enumerate(drawn)
                    ),
                )
                for who, visit_id in visits.items()
            ),
        )
        core.say("info", f"{', '.join(members)} are a group (group {group_id})")
        core.changed.update(place.participant_id for place in group)

    def is_broken(self, group_id: str, visit_id: VisitId) -> bool:
        """Whether a member of a group cannot come to another member's present visit any more."""
        state = self._core.state
        group = state.groups[group_id]
        own = state.visits[visit_id]
        number = self._number(group, own)
        for member in group.members:
            who = ParticipantId(member)
            if who == own.participant_id:
                continue
            if state.participants[who].outcome is not None:
                return True
            theirs = self._visits(group, who)
            if number is None or number >= len(theirs):
                return True
            if theirs[number].outcome is not None or theirs[number].match_ids:
                return True
        return False

    def _number(self, group: f.GroupFormed, visit: VisitState) -> int | None:
        """The number of a visit in the group's order."""
        visits = self._visits(group, visit.participant_id)
        return next((number for number, other in enumerate(visits) if other is visit), None)

    def _visits(self, group: f.GroupFormed, who: ParticipantId) -> list[VisitState]:
        """A member's visits of the group's order, in order."""
        state = self._core.state
        plan = state.participants[who].plan
        begin = plan.index(VisitId(group.visits[who])) + 1
        found: list[VisitState] = []
        for visit_id in plan[begin:]:
            visit = state.visits[visit_id]
            if visit.group_id != group.group_id or visit.planned.kind == "group_order":
                break
            found.append(visit)
        return found
