"""Policies in a session: what they are, and what their decisions took."""

import math
from collections.abc import Iterable
from typing import Any

from mug.engine.effects import ConnectionId
from mug.engine.inputs import AuthorityMeasured
from mug.engine.live import Core
from mug.engine.state import MatchState, ParticipantState, PolicyKey, SessionState
from mug.ids import MatchId, ParticipantId, VisitId
from mug.protocol.partners import PolicyCardView, PolicyFigures, PortView
from mug.records import facts as f
from mug.records.policies import described_policy

__all__ = ["Policies", "changed_policies", "policy_views"]

_ABOUT = "policy.figures"
_MAX_DECISIONS = 1_000_000_000
_MAX_MS = 86_400_000.0


class Policies:
    """The rules of what pages and the server's processes say of policies."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def reported(self, connection: ConnectionId, participant: ParticipantState, message: PolicyFigures) -> None:
        """A page says what a policy's decisions took in a match; said again it changes nothing."""
        core = self._core
        match = core.state.matches.get(MatchId(message.match_id))
        if match is None or not _took_part(match, participant.participant_id, VisitId(message.visit_id), core.state):
            core.refuse(connection, "foreign_match", "this is not a match of yours", path="match_id", about=_ABOUT)
            return
        if message.agent not in match.agents:
            core.refuse(connection, "invalid", "not an agent of this match", path="agent", about=_ABOUT)
            return
        wrong = _implausible(message)
        if wrong:
            core.refuse(connection, "invalid", "not a possible figure", path=wrong, about=_ABOUT)
            return
        self._keep(match, message.agent, participant.participant_id, message)

    def measured(self, measured: AuthorityMeasured) -> None:
        """A match's process says what a policy's decisions took."""
        match = self._core.state.matches.get(measured.match_id)
        if match is not None and measured.agent in match.agents and not _implausible(measured):
            self._keep(match, measured.agent, "", measured)

    def _keep(
        self, match: MatchState, agent: str, participant_id: str, figures: PolicyFigures | AuthorityMeasured
    ) -> None:
        core = self._core
        known = core.state.policy_figures.get((match.match_id, agent, participant_id))
        if known is not None and figures.decisions <= known.decisions:
            return  # said again; a page that was loaded again in the middle of a match says more at its end
        core.record(
            f.PolicyMeasured(
                at=core.now(),
                match_id=match.match_id,
                agent=agent,
                participant_id=participant_id,
                decisions=figures.decisions,
                median_ms=figures.median_ms,
                p99_ms=figures.p99_ms,
                late=figures.late,
            )
        )
        key = _key_of(core.state, match, agent)
        if key is not None:
            core.changed_policies.add(key)


def policy_views(core: Core) -> tuple[PolicyCardView, ...]:
    """Return all policies of the session, as they were described when it was opened."""
    return changed_policies(core, core.state.policies)


def changed_policies(core: Core, keys: Iterable[PolicyKey]) -> tuple[PolicyCardView, ...]:
    """Return some policies with the figures of the whole session so far.

    While the staff is blind to treatments, the policies of an agent that differ by treatment are one card that says
    nothing of them: neither which there are, nor which letter has one.
    """
    state = core.state
    wanted = sorted(key for key in keys if key in state.policies)
    if not wanted:
        return ()
    figures: dict[PolicyKey, list[f.PolicyMeasured]] = {}
    for (match_id, agent, _), measured in state.policy_figures.items():
        match = state.matches.get(MatchId(match_id))
        key = None if match is None else _key_of(state, match, agent)
        if key is not None:
            figures.setdefault(key, []).append(measured)
    differing = {key[:2] for key in state.policies if key[2]} if core.is_blind else set()
    hidden = dict.fromkeys((*key[:2], "") for key in wanted if key[:2] in differing)
    return (
        *(_view(key, state.policies[key].card, figures.get(key, [])) for key in wanted if key[:2] not in differing),
        *(_view(key, {}, []) for key in hidden),
    )


def _took_part(match: MatchState, who: ParticipantId, visit_id: VisitId, state: SessionState) -> bool:
    visit = state.visits.get(visit_id)
    if visit is None or visit.participant_id != who:
        return False
    return visit_id == match.visit_id or match.visits.get(who) == visit_id


def _implausible(figures: PolicyFigures | AuthorityMeasured) -> str:
    """Return the field that cannot be; "" when all can."""
    if not 0 < figures.decisions <= _MAX_DECISIONS:
        return "decisions"
    if not 0 <= figures.late <= figures.decisions:
        return "late"
    for name in ("median_ms", "p99_ms"):
        value = getattr(figures, name)
        if not (math.isfinite(value) and 0 <= value <= _MAX_MS):
            return name
    return ""


def _key_of(state: SessionState, match: MatchState, agent: str) -> PolicyKey | None:
    """Return which described policy an agent's decisions in a match were made by."""
    treatment = str(match.settings.get("treatment") or "")
    who = match.agents.get(agent, "")
    described = described_policy(state.policies.values(), match.scene_id, agent, who, treatment)
    return None if described is None else (described.scene_id, described.agent, described.treatment)


def _view(key: PolicyKey, card: dict[str, Any], measured: list[f.PolicyMeasured]) -> PolicyCardView:
    scene_id, agent, treatment = key
    return PolicyCardView(
        scene_id=scene_id,
        agent=agent,
        treatment=treatment,
        name=str(card.get("name", "")),
        framework=str(card.get("framework", "")),
        file=str(card.get("file", "")),
        sha256=str(card.get("sha256", "")),
        size=int(card.get("size", 0)),
        inputs=_ports(card.get("inputs")),
        outputs=_ports(card.get("outputs")),
        recurrent=bool(card.get("recurrent")),
        sampling=str(card.get("sampling", "")),
        frame_skip=int(card.get("frame_skip", 1)),
        seed=str(card.get("seed", "")),
        decisions=sum(one.decisions for one in measured),
        median_ms=_middle(measured),
        p99_ms=max((one.p99_ms for one in measured), default=0.0),
        late=sum(one.late for one in measured),
    )


def _ports(ports: Any) -> tuple[PortView, ...]:
    return tuple(
        PortView(name=str(port["name"]), dtype=str(port["dtype"]), shape=tuple(map(int, port["shape"])))
        for port in ports or ()
    )


def _middle(measured: list[f.PolicyMeasured]) -> float:
    """The median of the matches' medians, each counted with its decisions."""
    left = sum(one.decisions for one in measured) / 2
    for one in sorted(measured, key=lambda one: one.median_ms):
        left -= one.decisions
        if left <= 0:
            return one.median_ms
    return 0.0
