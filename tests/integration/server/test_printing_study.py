"""What a study's functions print goes to the log, also after the starter closed its end of stdout, as MUG Lab does."""

import json
import subprocess
from pathlib import Path

from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.server_driver import ParticipantClient, ServerDriver

STUDY = """\
from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes import stager, static_scene
from mug.server import app


class Start(static_scene.StartScene):
    def on_connect(self, context):
        print("said by the study", context["subject_id"], flush=True)
        return {"greeted": True}


scenes = [Start().scene(scene_id="start"), static_scene.EndScene().scene(scene_id="end")]
app.run(ExperimentConfig().experiment(stager=stager.Stager(scenes=scenes), experiment_id="printing"))
"""


def test_that_a_hook_may_print_when_nobody_reads_stdout(tmp_path: Path) -> None:
    script = tmp_path / "study.py"
    script.write_text(STUDY, encoding="utf-8")
    server = ServerDriver(script, tmp_path / "data")
    server.data_dir.mkdir()
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(server.command(), stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        process.stdout.close()
        server.port, server.token = ready["port"], ready["token"]
        with ParticipantClient(server, "ann") as person:
            person.enter()
            person.finish()
    finally:
        process.terminate()
        process.wait(20)
    assert "said by the study ann" in (tmp_path / "log").read_text(encoding="utf-8")
    with RecordReader(records_path(server.data_dir, "printing")) as reader:
        (head,) = reader.sessions()
        facts = list(reader.facts(head.session_id))
    assert [fact.values for fact in facts if isinstance(fact, f.GlobalsSet)] == [{"greeted": True}]
    assert not [fact for fact in facts if isinstance(fact, f.ErrorReported)]
