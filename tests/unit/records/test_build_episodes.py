"""The table of the episodes of embedded builds: attempts, ends, scores, and what a withdrawal takes out."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from mug.data import read_export
from mug.records import facts as f
from mug.records.export import ExportOptions, export_session
from mug.records.withdrawn_facts import OUT, Subject, without_participant
from tests.drivers.recorded_session import AT, RecordedSession


def row(name: str, episode: Any, at_ms: float, **more: Any) -> dict[str, Any]:
    return {"name": f"build_episode_{name}", "at": AT, "at_ms": at_ms, "episode": episode, **more}


def scored(visit_id: str, episode: int, score: float) -> f.EpisodeScored:
    return f.EpisodeScored(at=AT, participant_id="anna", visit_id=visit_id, episode=episode, score=score)


def exported(tmp_path: Path, options: ExportOptions | None = None, *, play: bool = True) -> dict[str, pd.DataFrame]:
    with RecordedSession(tmp_path) as session:
        for who in ("anna", "ben"):
            (visit_id,) = session.join(who, ("maze",))
            session.start(who, visit_id)
        if play:
            first, again = row("started", 0, 1_000, data={"level": 1}), row("started", 1, 9_000)
            over = row("ended", 0, 4_500, score=3, data={"steps": 20})
            session.lines("anna", "v-anna-0", "event", {"name": "page_shown", "at": AT, "at_ms": 1}, first, over, again)
            session.lines("anna", "v-anna-0", "event", row("ended", 0, 9_500, score=99), row("started", 1, 200))
            session.lines("anna", "v-anna-0", "event", row("started", "x", 1), row("started", -1, 1))
            session.lines("ben", "v-ben-0", "event", row("ended", 0, 100, score="many", data=[1]))
            session.add(scored("v-anna-0", 0, 30.0))
        session.writer.flush()
        result = export_session(session.path, session.session_id, tmp_path / "out", options or ExportOptions())
        assert result.problems == ()
    return read_export(tmp_path / "out")


def test_that_every_episode_has_a_row_with_its_attempts_its_end_and_its_score(tmp_path: Path) -> None:
    anna, second, ben = exported(tmp_path)["build_episodes"].to_dict("records")
    assert (anna["visit_id"], anna["scene_id"], anna["episode"], anna["attempts"]) == ("v-anna-0", "maze", 0, 1)
    assert (anna["duration_s"], anna["score"], anna["reported_score"]) == (3.5, 30.0, 3.0)
    assert (json.loads(anna["start_data"]), json.loads(anna["data"])) == ({"level": 1}, {"steps": 20})
    assert (second["episode"], second["attempts"]) == (1, 2)
    assert pd.isna(second["ended_at"])
    assert pd.isna(second["score"])
    assert (ben["participant_id"], ben["attempts"]) == ("ben", 0)
    assert pd.isna(ben["score"])
    assert pd.isna(ben["data"])


def test_that_chosen_participants_have_their_episodes_alone(tmp_path: Path) -> None:
    table = exported(tmp_path, ExportOptions(participants=("ben",)))["build_episodes"]
    assert list(table["participant_id"]) == ["ben"]


def test_that_a_session_without_builds_has_no_such_table(tmp_path: Path) -> None:
    assert "build_episodes" not in exported(tmp_path, play=False)


def test_that_a_removal_takes_out_scores() -> None:
    who = Subject("anna", "p-1", {"v-anna-0": "v-1"})
    assert without_participant(scored("v-anna-0", 0, 3.0), who) is OUT
