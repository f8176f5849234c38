"""The settings of a scene that asks for it lie in the export, with their defaults."""

import json
from pathlib import Path
from typing import Any

from mug.data import read_manifest
from mug.records.export import export_session
from mug.records.scene_settings import scene_files
from tests.drivers.recorded_session import RecordedSession

STUDY: dict[str, Any] = {
    "format": 1,
    "id": "exp",
    "chain": [
        {"kind": "start_page", "scene_id": "welcome"},
        {
            "kind": "randomize_order",
            "scenes": [
                {"kind": "static_page", "scene_id": "text", "should_export_metadata": True, "scene_header": "Ä"},
                {"kind": "gym_game", "scene_id": "game", "should_export_metadata": True, "rendering": {"fps": 30}},
            ],
        },
        {"kind": "end_page", "scene_id": "end"},
    ],
}


def test_that_scenes_that_ask_for_it_are_exported_with_their_settings(tmp_path: Path) -> None:
    with RecordedSession(tmp_path, study=STUDY) as session:
        session.writer.flush()
        export_session(session.path, session.session_id, tmp_path / "out")
    folder = tmp_path / "out" / "materials" / "scenes"
    assert sorted(path.name for path in folder.iterdir()) == ["2_text.json", "3_game.json"]
    game = json.loads((folder / "3_game.json").read_text(encoding="utf-8"))
    assert (game["kind"], game["scene_id"], game["node_path"]) == ("gym_game", "game", [1, 1])
    assert (game["rendering"]["fps"], game["rendering"]["game_width"]) == (30, 600), "defaults are said, too"
    assert json.loads((folder / "2_text.json").read_text(encoding="utf-8"))["scene_header"] == "Ä"
    assert {"materials/scenes/2_text.json", "materials/scenes/3_game.json"} <= set(
        read_manifest(tmp_path / "out")["files"]
    )


def test_that_there_is_no_folder_where_no_scene_asks_for_it(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        session.writer.flush()
        export_session(session.path, session.session_id, tmp_path / "out")
    assert not (tmp_path / "out" / "materials" / "scenes").exists()


def test_that_a_study_of_a_newer_version_gives_its_scenes_as_written_and_no_path_leads_out() -> None:
    scene = {"kind": "new_kind", "scene_id": "../x", "should_export_metadata": True, "novel": 1}
    assert scene_files({"format": 99, "chain": [scene, "no node"]}) == {"1_scene.json": {"node_path": [0], **scene}}
