"""What an analyst finds of waiting: who played with whom, as what, how long they waited, what was measured."""

import json
from pathlib import Path

import pandas as pd

from mug.data import read_export
from mug.records import facts as f
from mug.records.export import export_session
from mug.records.verify import verify
from tests.drivers.recorded_session import AT, RecordedSession

LATER = "2026-03-01T10:00:07.500Z"
END = "2026-03-01T10:02:00.000Z"


def visit(name: str, scene: str, path: tuple[int, ...], kind: str = "gym_game") -> f.PlannedVisit:
    return f.PlannedVisit(visit_id=f"v-{name}-{scene}", scene_id=scene, node_path=path, kind=kind)


def record(session: RecordedSession) -> None:
    """Anna and Bert are measured, draw an order and play its first game; Cara waits in vain."""
    for name in ("anna", "bert", "cara"):
        plan = (
            visit(name, "order-0", (0,), "group_order"),
            visit(name, "read", (1,), "static_page"),
            visit(name, "end", (2,), "end_page"),
        )
        session.add(
            f.ParticipantJoined(at=AT, participant_id=name, seed=1, token_sha256="t"),
            f.PlanDrawn(at=AT, participant_id=name, visits=plan),
            f.VisitStarted(at=AT, participant_id=name, visit_id=f"v-{name}-order-0"),
            f.WaitStarted(at=AT, participant_id=name, visit_id=f"v-{name}-order-0"),
        )
    pair = ("anna", "bert")
    waits = {name: f"v-{name}-order-0" for name in pair}
    session.add(
        f.PairProbed(at=LATER, probe_id="p-1", participants=("anna", "cara"), rtt_ms=None, accepted=False, limit_ms=90),
        f.PairProbed(
            at=LATER, probe_id="p-2", participants=pair, rtt_ms=41.5, path="p2p", accepted=True, limit_ms=90.0
        ),
        f.GroupFormed(
            at=LATER, group_id="g-1", node_path=(0,), seed=3, members=pair, visits=waits, released_by="experimenter"
        ),
    )
    for name in pair:
        session.add(
            f.PlanExtended(
                at=LATER,
                participant_id=name,
                after_visit_id=waits[name],
                group_id="g-1",
                visits=(visit(name, "duel", (0, 1)), visit(name, "chat", (0, 0))),
            ),
            f.VisitFinished(at=LATER, participant_id=name, visit_id=waits[name], outcome="completed"),
            f.VisitStarted(at=LATER, participant_id=name, visit_id=f"v-{name}-duel"),
        )
    session.add(
        f.MatchFormed(
            at=END,
            match_id="m-1",
            visit_id="v-bert-duel",
            scene_id="duel",
            seed=4,
            agents={"left": "bert", "right": "anna"},
            visits={"bert": "v-bert-duel", "anna": "v-anna-duel"},
            settings={"players": ["left", "right"]},
            group_id="g-1",
            released_by="automatic",
        ),
        f.MatchEnded(at=END, match_id="m-1", outcome="partner_left", reason="gone"),
        f.VisitFinished(at=END, participant_id="cara", visit_id="v-cara-order-0", outcome="waitroom_timeout"),
        f.VisitFinished(at=END, participant_id="cara", visit_id="v-cara-read", outcome="skipped"),
        f.VisitStarted(at=END, participant_id="cara", visit_id="v-cara-end"),
        f.ParticipantFinished(at=END, participant_id="cara", outcome="complete"),
    )


def exported(tmp_path: Path) -> dict[str, pd.DataFrame]:
    with RecordedSession(tmp_path / "data") as session:
        record(session)
        session.writer.flush()
        result = export_session(session.path, session.session_id, tmp_path / "out")
        assert result.problems == ()
        assert verify(session.path).problems == []
    return read_export(tmp_path / "out")


def test_that_visits_say_the_group_the_role_and_the_wait(tmp_path: Path) -> None:
    visits = exported(tmp_path)["visits"].set_index("visit_id")
    waited = visits.loc["v-anna-order-0"]
    assert (waited["kind"], waited["waited_s"], waited["group_id"]) == ("group_order", 7.5, "g-1")
    assert json.loads(waited["partners"]) == ["bert"]
    played = visits.loc["v-anna-duel"]
    assert (played["group_id"], played["agent_id"], played["match_outcome"]) == ("g-1", "right", "partner_left")
    assert json.loads(played["partners"]) == ["bert"]
    assert pd.isna(played["waited_s"])
    assert played["visit_index"] == 1
    alone = visits.loc["v-cara-order-0"]
    assert (alone["outcome"], alone["waited_s"]) == ("waitroom_timeout", 120.0)
    assert pd.isna(alone["group_id"])
    assert pd.isna(alone["partners"])


def test_that_matches_say_their_group_and_who_let_it_go(tmp_path: Path) -> None:
    (match,) = exported(tmp_path)["matches"].to_dict("records")
    assert (match["group_id"], match["released_by"], match["outcome"]) == ("g-1", "automatic", "partner_left")


def test_that_events_have_waits_groups_and_measured_pairs(tmp_path: Path) -> None:
    events = exported(tmp_path)["events"]
    assert list(events[events["name"] == "wait_started"]["participant_id"]) == ["anna", "bert", "cara"]
    formed = events[events["name"] == "group_formed"]
    assert list(formed["participant_id"]) == ["anna", "bert"]
    assert json.loads(formed["data"].iloc[0]) == {
        "group_id": "g-1",
        "members": ["anna", "bert"],
        "released_by": "experimenter",
    }
    probed = events[events["name"] == "pair_probed"]
    assert list(probed["participant_id"]) == ["anna", "cara", "anna", "bert"]
    assert json.loads(probed["data"].iloc[3]) == {
        "partner": "anna",
        "rtt_ms": 41.5,
        "path": "p2p",
        "accepted": True,
        "limit_ms": 90.0,
        "probe_id": "p-2",
    }
    assert json.loads(probed["data"].iloc[1])["rtt_ms"] is None


def test_that_the_plan_of_a_participant_has_the_groups_scenes(tmp_path: Path) -> None:
    people = exported(tmp_path)["participants"].set_index("participant_id")
    assert json.loads(people.loc["anna"]["plan"]) == ["order-0", "duel", "chat", "read", "end"]
    assert json.loads(people.loc["cara"]["plan"]) == ["order-0", "read", "end"]


def test_that_a_skipped_scene_has_no_visit(tmp_path: Path) -> None:
    visits = exported(tmp_path)["visits"]
    assert list(visits[visits["participant_id"] == "cara"]["scene_id"]) == ["order-0", "end"]
