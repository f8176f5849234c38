"""Games that the server steps, with a real server, real processes, and pages that speak the protocol."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest

from mug.protocol.lab import LabBatch
from mug.protocol.messages import ErrorReply, MatchReady
from mug.protocol.partners import ServerKeys, ServerSeen, ServerStatus, ServerView
from mug.records import RecordReader, records_path
from tests.drivers.export_checks import export_session, step_again, verify_records
from tests.drivers.server_driver import LabDriver, ServerDriver
from tests.drivers.stepped_study import SteppedClient, logged_rows, write_stepped_study

LATENCY_S = 0.1


def facts(server: ServerDriver, kind: str) -> list[Any]:
    with RecordReader(records_path(server.data_dir, "line")) as reader:
        return [fact for head in reader.sessions() for fact in reader.facts(head.session_id, (kind,))]


def check_export(server: ServerDriver, tmp_path: Path) -> dict[str, pd.DataFrame]:
    """Export the session, and compare every row with what the environment itself wrote down."""
    tables = export_session(server.data_dir, "line", tmp_path / "out")
    verify_records(server.data_dir, "line")
    frames, episodes = tables["frames"], tables["episodes"]
    seeds = {(row.match_id, row.episode): int(row.seed) for row in episodes.itertuples()}
    logged = {(row["seed"], row["frame"]): row for row in logged_rows(server.study)}
    assert len(frames) > 0
    for row in frames.to_dict("records"):
        own = logged[seeds[row["match_id"], row["episode"]], row["frame"]]
        for agent, action in own["actions"].items():
            assert int(row[f"actions.{agent}"]) == action, row
            assert row[f"rewards.{agent}"] == own["rewards"][agent], row
    for _, rows in frames.groupby(["match_id", "episode"]):
        assert list(rows["frame"]) == list(range(len(rows)))
    assert set(episodes["agreement"]) == {"server"}
    assert set(episodes["recorders"]) == {0}
    assert set(tables["matches"]["mode"]) == {"server_authoritative"}
    return tables


def no_children(server: ServerDriver) -> Callable[[], bool]:
    process = psutil.Process(server.pid)
    return lambda: not process.children(recursive=True)


def test_that_one_person_plays_to_the_end_and_goes_on(tmp_path: Path) -> None:
    study = write_stepped_study(tmp_path / "study", frames=45, episodes=2)
    with ServerDriver(study, tmp_path / "data") as server, SteppedClient(server, "ann") as ann:
        ann.play().wait_for_match()
        assert ann.welcome is not None
        ann.wait_for_stage("playing")
        ann.press("ArrowRight")
        ann.wait_for_frame(20)
        ann.press()
        assert ann.go_on().scene_id == "after"
        assert ann.seen_views[-1].episode == 1
        assert list(ann.seen_views[-1].objects) == ["north"]
        assert no_children(server)()
        ann.finish()
        server.interrupt()
        tables = check_export(server, tmp_path)
        assert list(tables["episodes"]["frames"]) == [45, 45]
        assert 1 in set(tables["frames"]["actions.north"])
        assert tables["matches"]["outcome"].tolist() == ["completed"]
        assert step_again(server.data_dir, "line", study) == 90


@pytest.mark.long
def test_that_two_people_far_away_play_and_one_comes_back_to_the_same_agent(tmp_path: Path) -> None:
    study = write_stepped_study(
        tmp_path / "study", players=2, frames=150, reconnection_timeout_ms=10_000, dropout_policy="default_action"
    )
    with (
        ServerDriver(study, tmp_path / "data") as server,
        SteppedClient(server, "ann", latency_s=LATENCY_S) as ann,
        SteppedClient(server, "bob", latency_s=LATENCY_S) as bob,
        LabDriver(server) as lab,
    ):
        ann.play()
        bob.play()
        for page in (ann, bob):
            page.wait_for_match()
        assert [page.config.human_agents for page in (ann, bob)] == [("north",), ("east",)]
        ann.wait_for_stage("playing")
        bob.wait_for_frame(5)
        ann.press("ArrowLeft")
        bob.press("ArrowRight")
        bob.wait_for_frame(30)
        shown = lab.wait_for(LabBatch, lambda batch: any(m.state == "playing" and m.frame > 0 for m in batch.matches))
        view = next(match for match in shown.matches if match.frame > 0)
        assert (view.mode, view.hz > 0, len(view.players)) == ("server_authoritative", True, 2)
        bob.drop()
        ann.wait_for(ServerStatus, lambda status: "interrupted" in status.message)
        before = bob.whole_views
        bob.come_back()
        bob.wait_for_match()
        assert bob.config.human_agents == ("east",)
        bob.wait_until(lambda: bob.whole_views > before, "a whole view")
        bob.press("ArrowRight")
        assert {ann.go_on().scene_id, bob.go_on().scene_id} == {"after"}
        server.interrupt()
        frames = check_export(server, tmp_path)["frames"]
        assert len(frames) == 150
        assert "hidden" in set(frames["status.east"])
        assert set(frames["actions.north"]) == {0, -1}
        assert set(frames["actions.east"]) == {0, 1}


@pytest.mark.long
@pytest.mark.parametrize("policy", ["default_action", "end"])
def test_that_a_leaver_is_out_as_the_study_says(tmp_path: Path, policy: str) -> None:
    study = write_stepped_study(
        tmp_path / "study",
        players=2,
        frames=120,
        reconnection_timeout_ms=500,
        dropout_policy=policy,
        partner_disconnect_show_completion_code=False,
    )
    with (
        ServerDriver(study, tmp_path / "data") as server,
        SteppedClient(server, "ann") as ann,
        SteppedClient(server, "bob") as bob,
    ):
        ann.play()
        bob.play()
        for page in (ann, bob):
            page.wait_for_match()
        bob.wait_for_frame(20)
        bob.drop()
        over = ann.over()
        assert over.outcome == ("completed" if policy == "default_action" else "partner_left")
        assert ann.go_on().scene_id == "after"
        bob.connect()
        assert "too long" in bob.over().message
        assert bob.finish("partner_left").scene_id == "after"
        server.interrupt()
        tables = check_export(server, tmp_path)
        assert tables["matches"]["dropped"].tolist() == ["east"]
        frames = len(tables["frames"])
        assert frames == 120 if policy == "default_action" else 20 <= frames < 120
        if policy == "default_action":
            assert tables["frames"]["status.east"].iloc[-1] == "dropped"


def test_that_kill_minus_nine_of_the_server_in_mid_match_loses_no_stored_row(tmp_path: Path) -> None:
    study = write_stepped_study(tmp_path / "study", players=2, frames=120)
    with (
        ServerDriver(study, tmp_path / "data") as server,
        SteppedClient(server, "ann") as ann,
        SteppedClient(server, "bob") as bob,
    ):
        ann.play()
        bob.play()
        for page in (ann, bob):
            page.wait_for_match()
        ann.press("ArrowRight")
        ann.wait_for_frame(50)
        children = psutil.Process(server.pid).children(recursive=True)
        server.kill()
        _, alive = psutil.wait_procs(children, timeout=20)
        assert alive == [], "a process outlives its server"
        server.start()
        for page in (ann, bob):
            seen = len(page.received)
            page.come_back()
            page.wait_for(MatchReady, after=seen)
            page.be_ready()
        ann.wait_for_stage("playing", after=seen)
        assert {ann.go_on().scene_id, bob.go_on().scene_id} == {"after"}
        server.interrupt()
        tables = check_export(server, tmp_path)
        assert len(tables["frames"]) == 120
        assert tables["matches"]["flags"].tolist() == ["server_resumed"]


@pytest.mark.long
@pytest.mark.parametrize("how", ["exception", "exit"])
def test_that_a_world_that_fails_once_goes_on(tmp_path: Path, how: str) -> None:
    env = {"fails_at": [50], "fails_by": how}
    study = write_stepped_study(tmp_path / "study", frames=90, env=env)
    with ServerDriver(study, tmp_path / "data") as server, SteppedClient(server, "ann") as ann:
        ann.play().wait_for_match()
        ann.press("ArrowRight")
        ann.wait_for_stage("restoring")
        assert ann.go_on().scene_id == "after"
        server.interrupt()
        tables = check_export(server, tmp_path)
        assert len(tables["frames"]) == 90
        assert tables["matches"]["flags"].tolist() == ["server_restored"]
        (error,) = facts(server, "error_reported")
        if how == "exception":
            assert "the world broke at frame 50" in error.message
            assert "line_env.py" in error.traceback


@pytest.mark.long
def test_that_a_world_that_fails_twice_ends_the_game_and_not_the_study(tmp_path: Path) -> None:
    study = write_stepped_study(tmp_path / "study", frames=90, env={"fails_at": [50, 40]})
    with ServerDriver(study, tmp_path / "data") as server, SteppedClient(server, "ann") as ann:
        ann.play().wait_for_match()
        over = ann.over()
        assert (over.outcome, "not your fault" in over.message) == ("failed", True)
        assert ann.go_on().scene_id == "after"
        server.interrupt()
        tables = check_export(server, tmp_path)
        assert tables["matches"]["outcome"].tolist() == ["failed"]
        assert len(facts(server, "error_reported")) == 2


@pytest.mark.long
def test_that_nobody_plays_for_another_and_no_process_is_left(tmp_path: Path) -> None:
    study = write_stepped_study(tmp_path / "study", frames=3_000)
    with ServerDriver(study, tmp_path / "data") as server, SteppedClient(server, "ann") as ann:
        ann.play().wait_for_match()
        ann.wait_for_stage("playing")
        with SteppedClient(server, "eve") as eve:
            eve.enter()
            match_id = ann.config.match_id
            for message in (ServerKeys(match_id=match_id, n=0), ServerSeen(match_id=match_id, n=0)):
                assert eve.error(message).code == "foreign_match"
            too_many = ServerKeys(match_id=match_id, n=1, held=tuple(f"k{n}" for n in range(65)))
            assert eve.error(too_many).code == "too_large"
            assert eve.messages(ServerView) == []
        children = psutil.Process(server.pid).children(recursive=True)
        assert len(children) == 1
        assert ann.messages(ErrorReply) == []
        assert server.interrupt() == 0
        _, alive = psutil.wait_procs(children, timeout=20)
        assert alive == []
        assert (records_path(server.data_dir, "line").parent / "process_logs").is_dir()
        frames = check_export(server, tmp_path)["frames"]
        assert len(frames) == len(logged_rows(study)), "what was stepped before Ctrl-C is stored to the last frame"


@pytest.mark.long
def test_that_the_experimenter_pauses_and_ends_a_game(tmp_path: Path) -> None:
    study = write_stepped_study(tmp_path / "study", frames=3_000)
    with (
        ServerDriver(study, tmp_path / "data") as server,
        SteppedClient(server, "ann") as ann,
        LabDriver(server) as lab,
    ):
        ann.play().wait_for_match()
        ann.wait_for_frame(10)
        lab.act("pause", "ann")
        seen = len(ann.received)
        ann.wait_for_stage("paused")
        lab.act("resume", "ann")
        ann.wait_for_stage("playing", after=seen)
        lab.act("advance", "ann")
        ann.wait_until(lambda: ann.scene is not None and ann.scene.scene_id == "after", "the next scene")
        ann.wait_until(no_children(server), "no process")
        lab.wait_for(LabBatch, lambda batch: any(match.state == "called_off" for match in batch.matches))
