"""A study folder whose study file refers to a script's lambdas and methods runs at a real server as the script does."""

from pathlib import Path

import pytest

from mug.protocol.messages import Closed, ShowScene, Welcome
from mug.study import load, write_study
from mug.study.folder_form import folder_form
from tests.drivers.server_driver import ParticipantClient, ServerDriver

SCRIPT = """\
from pathlib import Path

from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes import stager, static_scene
from mug.server.app import run

HERE = Path(__file__).parent


class Greeting(static_scene.StartScene):
    def on_connect(self, context):
        with (HERE / "greeted.txt").open("a", encoding="utf-8") as file:
            file.write(context["subject_id"] + "\\n")


welcome = Greeting().scene("welcome").display(scene_body="Hello")
end = static_scene.EndScene().scene("end").display(scene_body="Bye")
config = (
    ExperimentConfig()
    .experiment(stager.Stager([welcome, end]), "in-python")
    .hosting(port=0)
    .entry_screening(
        entry_callback=lambda context: {"exclude": context["subject_id"] == "never", "message": "Not you, please."}
    )
)
print("the script was run")
run(config)
"""


def served(folder: Path, study: Path) -> None:
    with ServerDriver(study, folder / "data") as server:
        with ParticipantClient(server, "ann") as person:
            person.connect()
            person.wait_for(Welcome)
            assert person.wait_for(ShowScene).scene_id == "welcome"
            greeted = folder / "greeted.txt"
            person.wait_until(lambda: greeted.exists() and greeted.read_text() == "ann\n", "the script's on_connect")
        with ParticipantClient(server, "never") as person:
            person.connect()
            person.wait_for(Welcome)
            closed = person.wait_for(Closed)
            assert (closed.reason, closed.message) == ("screened_out", "Not you, please.")
        assert server.log.count("the script was run") == 1


@pytest.mark.parametrize("kind", ["folder", "script"])
def test_that_what_only_python_says_runs_from_either(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    script = folder / "experiment.py"
    script.write_text(SCRIPT, encoding="utf-8")
    if kind == "folder":
        form = folder_form(load(script))
        assert form.script == script
        write_study(form.study, folder / "study.toml")
    served(folder, folder if kind == "folder" else script)
