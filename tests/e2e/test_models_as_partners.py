"""ONNX models act for agents in Chromium: beside keys, twice from the same seed, and with two pages through chaos."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest

from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.export_checks import export_session, step_again, verify_records
from tests.drivers.model_study import MEMORY, write_model_study
from tests.drivers.pair_driver import finish, hands, identical_frames, match_records, play, sit_down, walk_in
from tests.drivers.pair_study import CHAOS, EXAMPLES, example_study
from tests.drivers.server_driver import ServerDriver

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]


@pytest.mark.parametrize(
    ("rallies", "longest"), [(1, 240), pytest.param(5, 900, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_that_a_person_plays_slime_volleyball_against_the_model_and_the_data_hold_its_actions(
    browser: BrowserDriver, tmp_path: Path, artifacts: Path, rallies: int, longest: int
) -> None:
    gameplay = {"num_episodes": rallies, "max_steps": longest}
    study = example_study("slime_volleyball_ai", tmp_path / "slime", gameplay=gameplay)
    with ServerDriver(study, tmp_path / "data") as server, browser.participant(server.port) as anna:
        loaded: list[str] = []
        anna.page.on("response", lambda response: loaded.append(response.url.rpartition("/")[2]))
        anna.open("anna")
        walk_in([anna], "volleyball")
        anna.wait_for_phase("playing")
        hands([anna], 3)
        anna.wait_for_frame(0, 40)
        anna.screenshot(artifacts / "slime-volleyball-ai.png")
        finish([anna])
        assert set(anna.hosts) == {"lab.test"}, f"requests went to other hosts: {anna.hosts}"
        tables = export_session(tmp_path / "data", "slime-volleyball-ai", tmp_path / "out")
    verify_records(tmp_path / "data", "slime-volleyball-ai")
    frames, episodes = tables["frames"], tables["episodes"]
    assert list(episodes["episode"]) == list(range(rallies))
    assert set(frames["status.agent_right"]) == {"policy"}
    assert "input" in set(frames["status.agent_left"])
    assert frames["actions.agent_right"].nunique() >= 2, "the model does more than one thing"
    same_as_here(frames)
    assert step_again(tmp_path / "data", "slime-volleyball-ai", study) == len(frames)
    [policy] = tables["policies"].to_dict("records")
    assert (policy["agent"], policy["framework"], policy["file"]) == ("agent_right", "onnx", "partner.onnx")
    assert policy["inputs"] == "obs float32 any×12"
    assert policy["decisions"] >= len(frames) // policy["frame_skip"]
    assert policy["median_ms"] > 0
    assert (policy["measured_by"], policy["pages"]) == ("page", 1)


def same_as_here(frames: pd.DataFrame) -> None:
    """The recorded actions are those that the model gives outside a browser for the recorded observations."""
    session = onnxruntime.InferenceSession(
        EXAMPLES / "slime_volleyball_ai" / "partner.onnx", providers=["CPUExecutionProvider"]
    )
    seen = frames[[f"observations.agent_right.obs.{number}" for number in range(12)]].to_numpy(np.float32)
    [logits] = session.run(["logits"], {"obs": seen})
    first, second = np.sort(logits, axis=1)[:, :-3:-1].T
    clear = first - second > 1e-3  # where two are nearly alike, another processor's rounding may decide
    assert clear.mean() > 0.98
    np.testing.assert_array_equal(np.argmax(logits, axis=1)[clear], frames["actions.agent_right"].to_numpy(int)[clear])


@pytest.mark.parametrize(
    ("frames", "rollbacks"), [(180, 20), pytest.param(600, 100, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_that_a_model_with_a_memory_acts_alike_on_both_peers_through_delay_jitter_and_loss(
    browser: BrowserDriver, tmp_path: Path, frames: int, rollbacks: int
) -> None:
    players: dict[str, Any] = {"north": "human", "east": "human", "south": MEMORY}
    study = write_model_study(
        tmp_path / "points", players, frames=frames, conditions=CHAOS | {"seed": 7}, input_delay=0
    )
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        sit_down(browser, server.port, ["ann", "ben"]) as people,
    ):
        play(people, "points", 3, every_ms=80)
        finish(people)
        [record] = match_records(data, "points")
        assert identical_frames(record, 2) == frames
        assert record.flags == []
        tables = export_session(data, "points", tmp_path / "out")
    verify_records(data, "points")
    [match] = tables["matches"].to_dict("records")
    assert match["recorders"] == 2
    assert match["desyncs"] == 0
    assert match["compared"] > 0
    found = tables["network"].groupby("participant_id")["rollbacks"].sum()
    assert found.min() >= rollbacks, f"rollbacks: {found.to_dict()}"
    measured = [fact for fact in facts_of(data, "points") if isinstance(fact, f.PolicyMeasured)]
    assert {fact.participant_id for fact in measured} == {"ann", "ben"}
    for fact in measured:
        assert fact.decisions >= frames + rollbacks, f"decisions were not made again: {fact}"
    rows = tables["frames"]
    assert set(rows["status.south"]) == {"policy"}
    assert rows["actions.south"].nunique() >= 3


def facts_of(data: Path, experiment: str) -> list[Any]:
    with RecordReader(records_path(data, experiment)) as reader:
        return [fact for head in reader.sessions() for fact in reader.facts(head.session_id)]
