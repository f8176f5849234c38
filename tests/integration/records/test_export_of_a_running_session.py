"""The commands on what a real server recorded: while it runs, after kill -9, after the session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mug.records import library
from tests.drivers.export_checks import export_session, package_errors, verify_folder, verify_records
from tests.drivers.game_study import write_game_study
from tests.drivers.server_driver import ParticipantClient, ServerDriver


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerDriver]:
    with ServerDriver(write_game_study(tmp_path / "study"), tmp_path / "data") as driver:
        yield driver


@pytest.mark.pyodide
def test_that_a_session_is_exported_and_verified_while_it_runs_and_after_kill_9(
    server: ServerDriver, tmp_path: Path
) -> None:
    start = {"name": "episode_started", "at": "2026-03-01T10:00:00.000Z", "at_ms": 1.5, "episode": 0, "seed": 7}
    with ParticipantClient(server, "ann") as person:
        person.enter()
        person.finish()
        match = person.game.config.match_id
        person.put_rows("event", start | {"match_id": match}, {"name": "focus", "at_ms": 2, "note": "NA"})
        person.play_episode(35)
        person.settle()
        assert "whole" in verify_records(server.data_dir, "game")
        running = export_session(server.data_dir, "game", tmp_path / "running")
        assert running["frames"]["frame"].tolist() == list(range(35))
        server.kill()
        person.play_episode(60, episode=1, send=False)  # recorded by the page while the server is away
        server.start()
        person.come_back()
        person.settle()
        assert person.finish().scene_id == "end"
    server.interrupt()
    verified = verify_records(server.data_dir, "game")
    assert "whole" in verified
    tables = export_session(server.data_dir, "game", tmp_path / "out", "--excel")
    for folder in ("running", "out"):
        assert package_errors(tmp_path / folder) == []
        assert "made again" in verify_folder(tmp_path / folder, server.data_dir)
    frames = tables["frames"]
    assert list(zip(frames["episode"], frames["frame"], strict=True)) == (
        [(0, frame) for frame in range(35)] + [(1, frame) for frame in range(60)]
    )
    assert frames["match_id"].unique().tolist() == [match]
    assert frames["actions.human"].tolist() == [frame % 3 for frame in frames["frame"].tolist()]
    assert tables["participants"]["participant_id"].tolist() == ["ann"]
    assert tables["participants"]["connections"].tolist() == [2]
    assert tables["visits"]["scene_id"].tolist() == ["welcome", "car", "end"]
    assert tables["console"]["action"].tolist().count("server_started") == 2
    assert tables["episodes"]["frames"].tolist() == [35, 60]
    assert tables["episodes"]["seed"].tolist()[0] == "7"
    [focus] = [row for row in tables["events"].to_dict("records") if row["name"] == "focus"]
    assert '"note":"NA"' in focus["data"]
    summary = library(server.data_dir)[0]
    assert summary.rows["frames"] == len(frames)
    assert summary.rows["events"] == len(tables["events"])
