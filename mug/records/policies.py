"""The table of policies: which policy acted in which match, what it was, and what its decisions took."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mug.records import facts as f
from mug.records.history import SessionHistory

__all__ = ["described_policy", "policy_rows"]

_STAND_IN: Final = "("


def policy_rows(history: SessionHistory) -> list[dict[str, Any]]:
    """Return one row for each match and each agent for which a policy acted.

    An agent that was a person's has a row when a policy took over and decided something.
    """
    measured: dict[tuple[str, str], list[f.PolicyMeasured]] = {}
    for fact in history.policy_figures:
        measured.setdefault((fact.match_id, fact.agent), []).append(fact)
    rows = []
    for match_id, match in history.matches.items():
        for agent, who in match.formed.agents.items():
            figures = measured.get((match_id, agent), [])
            is_policy = who.startswith("policy:")
            if not is_policy and not figures:
                continue
            treatment = str(match.formed.settings.get("treatment") or "")
            described = described_policy(history.policies, match.formed.scene_id, agent, who, treatment)
            rows.append(
                {
                    "session_id": history.opened.session_id,
                    "scene_id": match.formed.scene_id,
                    "match_id": match_id,
                    "agent": agent,
                    "name": who.removeprefix("policy:") if is_policy else _of(described, "name"),
                    **_card(described),
                    **_figures(figures),
                }
            )
    return rows


def described_policy(
    policies: Iterable[f.PolicyDescribed], scene_id: str, agent: str, who: str, treatment: str
) -> f.PolicyDescribed | None:
    """Return what was said of the policy that decided for an agent in a match; None: nothing.

    A scene's policies may differ by treatment: what was said of the match's goes before what was said of all. Whoever
    decided for a person was the stand-in.

    Args:
        policies: What was said when the session was opened.
        scene_id: The match's scene.
        agent: The agent.
        who: Who had it when the match was formed, as `MatchFormed.agents` says.
        treatment: The match's; "": none.
    """
    is_policy = who.startswith("policy:")
    found = [
        one
        for one in policies
        if one.scene_id == scene_id
        and one.treatment in ("", treatment)
        and (one.agent == agent if is_policy else one.agent.startswith(_STAND_IN))
    ]
    own = [one for one in found if one.treatment]
    return next(iter(own or found), None)


def _of(described: f.PolicyDescribed | None, name: str) -> Any:
    return None if described is None else described.card.get(name) or None


def _card(described: f.PolicyDescribed | None) -> dict[str, Any]:
    return {
        **{name: _of(described, name) for name in ("framework", "file", "sha256", "size")},
        "inputs": _ports(_of(described, "inputs")),
        "outputs": _ports(_of(described, "outputs")),
        "recurrent": None if described is None else bool(described.card.get("recurrent")),
        "sampling": _of(described, "sampling"),
        "frame_skip": _of(described, "frame_skip"),
        "chance": _of(described, "seed"),
        "treatment": None if described is None else described.treatment or None,
    }


def _ports(ports: Sequence[Mapping[str, Any]] | None) -> str | None:
    if not ports:
        return None
    return "; ".join(f"{port['name']} {port['dtype']} {_shape(port['shape'])}" for port in ports)


def _shape(shape: Sequence[int]) -> str:
    return "×".join("any" if length < 0 else str(length) for length in shape) or "one number"


def _figures(measured: Sequence[f.PolicyMeasured]) -> dict[str, Any]:
    """Of several pages the largest figures: the slowest computer is the one that the others wait for."""
    if not measured:
        return dict.fromkeys(("decisions", "median_ms", "p99_ms", "late", "measured_by", "pages"))
    pages = len({one.participant_id for one in measured if one.participant_id})
    return {
        "decisions": max(one.decisions for one in measured),
        "median_ms": max(one.median_ms for one in measured),
        "p99_ms": max(one.p99_ms for one in measured),
        "late": max(one.late for one in measured),
        "measured_by": "page" if pages else "server",
        "pages": pages,
    }
