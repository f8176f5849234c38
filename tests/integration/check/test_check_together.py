"""`mug check` and `mug serve` of games of several people: the real Pyodide under Node, the real child processes."""

import argparse
import io
import json
import sys
from pathlib import Path

import pytest

from mug.check import main
from mug.check.study import snapshot_levels
from mug.check.together import proved
from mug.runtime import prepare_study
from mug.server.errors import StudyRefusedError
from mug.server.freeze import freeze
from mug.server.serve import Options, serve
from mug.study import load, walk

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "unit" / "play"))

from unsound_worlds import SOUND, changed

pytestmark = [pytest.mark.node, pytest.mark.pyodide]

STUDY = """\
id = "pair"

[[chain]]
kind = "start_page"
scene_id = "start"
scene_body = "Hello"

[[chain]]
kind = "gym_game"
scene_id = "game"

[chain.policies]
policy_mapping = {a = "human", b = "human"}

[chain.gameplay]
action_mapping = [{keys = ["ArrowLeft"], action = 0}, {keys = ["ArrowRight"], action = 2}]
default_action = 1
max_steps = 100

[chain.runtime]
environment_initialization_code_filepath = "env.py"

[[chain]]
kind = "end_page"
scene_id = "end"
scene_body = "Bye"
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A two-player study; what was found about it before on this machine is not seen."""
    monkeypatch.setattr("mug.check.environments.SYNC_FRAMES", 130)  # the environments' episodes have 60
    monkeypatch.setattr("mug.check.together._private", lambda key: tmp_path / "kept" / f"{key}.json")
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "study.toml").write_text(STUDY)
    (folder / "env.py").write_text(SOUND)
    return folder


def check(folder: Path) -> tuple[int, str]:
    out = io.StringIO()
    return main(argparse.Namespace(study=str(folder), argv=()), out), out.getvalue()


def levels_of(folder: Path) -> tuple[dict[str, str], list[str], list[str]]:
    """The levels, the errors, and what was said meanwhile."""
    said: list[str] = []
    loaded = load(folder)
    prepared = prepare_study((), lock_path=folder / "study.lock.json")
    levels, problems = snapshot_levels(loaded, prepared, said.append)
    return levels, [problem.message for problem in problems if problem.severity == "error"], said


def test_that_a_sound_study_is_proved_once_and_its_level_kept(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = check(study)
    assert (code, "no errors, no warnings" in text) == (0, True), text
    progress = capsys.readouterr().err
    assert "states are saved with level 'pickle' (tried in CPython and Pyodide)" in progress
    assert "resetting a used environment (Pyodide)" in progress
    entry = json.loads((study / "study.lock.json").read_text())["snapshots"]["game"]
    assert (entry["level"], entry["tried"]) == ("pickle", ["CPython", "Pyodide"])

    assert levels_of(study) == ({"game": "pickle"}, [], [])  # nothing was tried again
    assert dict(freeze(load(study), {"game": "pickle"}).frozen.snapshot_levels) == {"game": "pickle"}

    prepared = prepare_study((), lock_path=study / "study.lock.json")
    game = next(node for _, node in walk(load(study).study) if getattr(node, "scene_id", "") == "game")
    assert proved(load(study), game, prepared) is not None  # type: ignore[arg-type]
    (study / "env.py").write_text(SOUND.replace("% 8", "% 7"))
    assert proved(load(study), game, prepared) is None  # type: ignore[arg-type]
    packages = json.loads((study / "study.lock.json").read_text())["packages"]
    assert [package["name"] for package in packages] == ["numpy"]


def test_that_an_unsound_study_is_refused_with_the_guilty_place(study: Path, tmp_path: Path) -> None:
    (study / "env.py").write_text(changed(head="COUNT = 0", more="global COUNT; COUNT += 1; self.extra = COUNT"))
    code, text = check(study)
    assert code == 1
    assert text.count("error: scene 'game'") == 1  # both Pythons say the same
    assert "env.py:COUNT is not restored" in text
    assert "only)" not in text
    assert "snapshots" not in json.loads((study / "study.lock.json").read_text())
    said = io.StringIO()
    with pytest.raises(StudyRefusedError, match="COUNT is not restored"):
        serve(load(study), Options(port=0, data_dir=tmp_path / "data"), out=io.StringIO(), say=said)
    assert "finding out how states of its environment can be saved" in said.getvalue()
    assert not (tmp_path / "data").exists()


@pytest.mark.long
def test_that_unseeded_chance_is_a_warning_and_what_is_not_installed_here_is_tried_in_pyodide(study: Path) -> None:
    more = "self.extra = float(np.random.default_rng().random())"
    (study / "env.py").write_text(changed(head="import only_in_pyodide", more=more))
    (study / "only_in_pyodide.py").write_text("import pyodide_js\n")
    code, text = check(study)
    assert code == 0, text
    assert "0 errors" not in text
    assert "no errors, 1 warning" in text
    assert "env.extra comes from a clock or from a generator that nobody seeded (/study/env.py, line" in text.replace(
        "(env.py, line", "(/study/env.py, line"
    )
    entry = json.loads((study / "study.lock.json").read_text())["snapshots"]["game"]
    assert entry["tried"] == ["Pyodide"]


def test_that_a_machine_without_node_says_so(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mug.check.together.find_node", lambda: None)
    code, text = check(study)
    assert code == 0, text
    assert "tried in CPython only, not in the browser's Python: Node 20.19 or newer is not installed" in text
    (study / "env.py").write_text(changed(head="import mug_no_such_module"))
    code, text = check(study)
    assert code == 1
    assert "the module 'mug_no_such_module' is not installed in this Python" in text
