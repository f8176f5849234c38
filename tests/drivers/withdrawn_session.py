"""A recorded session in which two people played together and one of them also alone: for tests of withdrawals."""

from pathlib import Path
from typing import Any

from mug.records import facts as f
from tests.drivers.recorded_session import AT, RecordedSession

__all__ = ["ANSWERS", "SECRETS", "record_pair"]

SECRETS = ("PROLIFIC-7731", "Netscape-9", "token-of-ann", "CODE-ANN", "desk-of-ann", "my name is Ann Example")
"""What the records hold of ann besides her data: how she can be known."""

ANSWERS = ("ann-likes-tea", "ann-global", "ann-focus", "ann-note", "0.4711", "ann-hand")
"""What she did and said."""


def columns(rows: int) -> dict[str, list[Any]]:
    return {
        **{f"status.{agent}": ["input"] * rows for agent in ("A", "B")},
        "actions.A": [7] * rows,
        "actions.B": [1] * rows,
        "rewards.A": [0.4711] * rows,
        "rewards.B": [0.25] * rows,
        "terminated.A": [False] * rows,
        "terminated.B": [False] * rows,
        "truncated.A": [False] * rows,
        "truncated.B": [False] * rows,
        "observations.A": [[4711.5, float(row)] for row in range(rows)],
        "observations.B": [[1.5, float(row)] for row in range(rows)],
        "infos.A": [{"ann-info": row} for row in range(rows)],
        "infos.B": [{"steps": row} for row in range(rows)],
        "state_hash": [f"{row:032x}" for row in range(rows)],
    }


def record_pair(data_dir: Path, *, ended: bool = True, session_id: str = "s1", rows: int = 70) -> Path:
    """Record it: ``ann`` plays agent A with ``bob`` as B in match m1, and alone in m2."""
    with RecordedSession(data_dir, session_id) as session:
        session.add(
            f.ParticipantJoined(
                at=AT,
                participant_id="ann",
                seed=99,
                token_sha256="token-of-ann",
                params={"lab": "PROLIFIC-7731"},
                recruiter={"PROLIFIC_PID": "PROLIFIC-7731"},
                environment={"browser": "Netscape-9"},
                seat="desk-of-ann",
            ),
            f.PlanDrawn(
                at=AT,
                participant_id="ann",
                visits=tuple(
                    f.PlannedVisit(visit_id=f"v-ann-{index}", scene_id=scene, node_path=(index,), kind="gym_game")
                    for index, scene in enumerate(("game", "alone", "form"))
                ),
                completion_code="CODE-ANN",
            ),
            f.Connected(at=AT, participant_id="ann", tab_id="tab-of-ann"),
        )
        visits = session.together("m1", {"A": "ann", "B": "bob"})
        for who in ("ann", "bob"):
            begin = {"name": "episode_started", "match_id": "m1", "episode": 0, "seed": 5}
            begin |= {"reset_observations": {"A": [4711.5, 0.0], "B": [1.5, 0.0]}}
            session.lines(who, visits[who], "event", begin, {"name": "focus", "why": f"{who}-focus"})
            chain = session.track(who, "m1", 0, columns(rows), repeated=who == "bob")
            end = {"name": "episode_ended", "match_id": "m1", "episode": 0, "frames": rows, "end": "terminated"}
            end |= {"chain_hash": chain, "final_observations": {"A": [4711.5, 1.0], "B": [1.5, 1.0]}}
            session.lines(who, visits[who], "event", end | {"rewards": {"A": 0.4711, "B": 0.25}})
            session.lines(who, visits[who], "telemetry", {"second": 0, "rtt_ms": 12.5})
        session.add(f.MatchEnded(at=AT, match_id="m1", outcome="completed"))
        session.play("ann", "v-ann-1", "m2", {"A": "ann"})
        session.frames("ann", "v-ann-1", "m2", 0, 0, {"status.A": ["input"] * 5, "actions.A": [7] * 5})
        session.start("ann", "v-ann-2")
        answer = {"question_id": "q1", "answer": "ann-likes-tea", "submission": 1}
        session.lines("ann", "v-ann-2", "form", answer, {"question_id": "q2", "answer": "my name is Ann Example"})
        session.start("bob", visits["bob"])
        session.lines("bob", visits["bob"], "form", {"question_id": "q1", "answer": "bob-likes-coffee"})
        session.add(
            f.GlobalsSet(at=AT, participant_id="ann", values={"liking": "ann-global"}),
            f.ErrorReported(at=AT, participant_id="ann", kind="script", message="my name is Ann Example"),
            f.HandRaised(at=AT, participant_id="ann", hand_id="h1", text="ann-hand"),
            f.ActionTaken(
                at=AT, action_id="a1", action="message", participants=("ann",), text="ann-note", hand_id="h1"
            ),
            f.ActionAcknowledged(at=AT, action_id="a1", participant_id="ann", state="read"),
            f.NoteAdded(at=AT, note_id="n1", text="ann-note", participant_id="ann"),
            f.VisitFinished(
                at=AT,
                participant_id="ann",
                visit_id=visits["ann"],
                outcome="completed",
                counts={"event": 2, "frames": 3},
            ),
        )
        for who in ("ann", "bob"):
            finished = f.ParticipantFinished(
                at=AT, participant_id=who, outcome="complete", completion_code=f"CODE-{who.upper()}", message="thanks"
            )
            session.add(finished)
        if ended:
            session.add(f.SessionEnded(at=AT, reason="done"))
    return session.path
