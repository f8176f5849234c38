"""A group that draws its treatment when it forms plays the game as that treatment says, on every page."""

import json
from pathlib import Path

import pytest
import tomlkit

from mug.study.files import read_study
from mug.study.treatments import apply
from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.export_checks import export_session, step_again, verify_records
from tests.drivers.pair_driver import finish, play, sit_down
from tests.drivers.pair_study import write_pair_study
from tests.drivers.server_driver import ServerDriver

pytestmark = [pytest.mark.browser, pytest.mark.pyodide, pytest.mark.long]

FRAMES = {"short": 60, "middle": 105}


def test_that_both_pages_of_a_group_play_as_its_treatment_says(browser: BrowserDriver, tmp_path: Path) -> None:
    study = write_pair_study(tmp_path / "study", frames=30)
    document = tomlkit.parse((study / "study.toml").read_text(encoding="utf-8"))
    game = next(node for node in document["chain"] if node["kind"] == "gym_game")  # type: ignore[union-attr]
    scene = str(game["scene_id"])
    arms = {
        name: {
            "changes": {
                scene: {"gameplay.max_steps": frames, "content.in_game_scene_body": f"<p>You have {name} time</p>"},
                "end": {"scene_header": f"It was {name}"},
            }
        }
        for name, frames in FRAMES.items()
    }
    last = document["chain"][-1]["scene_id"]  # type: ignore[index]
    for arm in arms.values():
        arm["changes"][str(last)] = arm["changes"].pop("end")
    document["treatments"] = {"per": "group", "arms": arms}
    (study / "study.toml").write_text(tomlkit.dumps(document), encoding="utf-8")
    experiment = str(document["id"])
    data = tmp_path / "data"
    names = ["ann", "ben"]
    with ServerDriver(study, data).start(deadline_s=240) as server, sit_down(browser, server.port, names) as people:
        play(people, scene)
        beside = [person.page.get_by_text("time", exact=False).first.inner_text() for person in people]
        finish(people)
        ends = [person.page.get_by_role("heading").first.inner_text() for person in people]
        tables = export_session(data, experiment, tmp_path / "out")
    [match] = tables["matches"].to_dict("records")
    treatment = match["treatment"]
    assert treatment in FRAMES
    assert beside == [f"You have {treatment} time"] * 2
    assert ends == [f"It was {treatment}"] * 2
    assert len(tables["frames"]) == FRAMES[treatment]
    assert tables["participants"]["treatment"].tolist() == [treatment] * 2
    assert json.loads(tables["allocation"]["participants"][0]) == names
    assert apply(read_study(study / "study.toml"), treatment).chain[-1].scene_header == ends[0]  # type: ignore[union-attr]
    verify_records(data, experiment)
    assert step_again(data, experiment, study) == 2 * FRAMES[treatment]
